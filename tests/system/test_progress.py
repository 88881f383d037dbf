"""The two ways a run shows its progress."""

from __future__ import annotations

import io

import pytest

from floodsim.cli_progress import BarProgress, LogProgress, clock_text, duration_text, progress_for

STATS = {"steps": 40, "dt": 0.25, "mass_error": 2e-15, "wet_cells": 1234, "sim_per_wall": 31.4, "eta_s": 250.0}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0 s"),
        (12.3, "12 s"),
        (59.6, "1 min 00 s"),
        (250.0, "4 min 10 s"),
        (3900.0, "1 h 05 min"),
        (266400, "3 d 02 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_clock() -> None:
    assert clock_text(3.0 * 3600.0 + 62.0) == "03:01:02"
    assert clock_text(100.0 * 3600.0) == "100:00:00"


def test_log_writes_one_line_per_interval() -> None:
    stream, wall = io.StringIO(), [0.0]
    log = LogProgress(stream, now=lambda: wall[0])
    log.start(3600.0)
    for second in range(1, 31):
        wall[0] = float(second)
        log.update(60.0 * second, STATS)
    log.finish("complete")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "start: 1 h 00 min to simulate"
    assert [line.split()[0] for line in lines[1:4]] == ["00:10:00", "00:20:00", "00:30:00"]
    for part in ("50.0 %", "steps 40", "dt 0.25 s", "wet cells 1234", "31.4 x real time", "2.0e-15", "left 4 min 10 s"):
        assert part in lines[3]
    assert lines[-1] == "complete after 30 s"


def test_log_ends_with_where_the_run_stood() -> None:
    stream = io.StringIO()
    log = LogProgress(stream, now=lambda: 0.0)
    log.start(100.0)
    log.update(25.0, STATS)
    assert "00:00:25" not in stream.getvalue()
    log.finish("interrupted")
    assert "00:00:25  25.0 %" in stream.getvalue()
    assert stream.getvalue().endswith("interrupted after 0 s\n")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bar_shows_time_left_speed_and_mass_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    stream = Terminal()
    with progress_for("auto", stream) as bar:
        assert isinstance(bar, BarProgress)
        bar.start(100.0)
        bar.update(25.0, STATS)
        bar.bar.refresh()
        bar.finish("complete")
    for part in ("00:00:25", "25%", "31.4 x real time", "mass error 2.0e-15", "4 min 10 s left", "complete"):
        assert part in stream.getvalue()


def test_bar_gives_the_terminal_back_when_the_run_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with pytest.raises(ZeroDivisionError), progress_for("bar", stream) as bar:
        assert bar is not None
        bar.start(100.0)
        raise ZeroDivisionError
    hidden, shown = stream.getvalue().rfind("\x1b[?25l"), stream.getvalue().rfind("\x1b[?25h")
    assert -1 < hidden < shown


def test_log_where_there_is_no_terminal() -> None:
    with progress_for("auto", io.StringIO()) as progress:
        assert isinstance(progress, LogProgress)
    with progress_for("quiet") as progress:
        assert progress is None
