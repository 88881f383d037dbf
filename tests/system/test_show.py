"""What the terminal shows of results: figures, verdict table, colours only where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floodsim import cli_results, cli_show
from floodsim.errors import CaseError, Fault
from floodsim.output.reader import Results

POINT: dict[str, Any] = {
    "name": "桥下 underpass",
    "passed": False,
    "undetermined": False,
    "max_depth_m": 0.4321,
    "max_lane_depth_m": 0.25,
    "duration_above_limit_s": 5400.0,
    "drain_time_s": 3000.0,
    "drain_time_is_lower_bound": True,
    "recession_limit_s": 3600.0,
    "reasons": [{"en": "depth on the lane reaches 0.25 m", "zh": "车道积水深度达0.25 m"}],
}
DRY = {
    "name": "school",
    "passed": True,
    "undetermined": False,
    "max_depth_m": 0.0,
    "max_lane_depth_m": 0.0,
    "duration_above_limit_s": None,
    "drain_time_s": None,
    "drain_time_is_lower_bound": False,
    "recession_limit_s": 1800.0,
    "reasons": [],
}
VERDICT = {
    "judged": True,
    "standard": "GB50014-2021",
    "points": [POINT, DRY],
    "target": "1 of 2 eliminated",
    "target_zh": "消除1处",
}


SUMMARY = {
    "status": "complete",
    "simulated_s": 1800.0,
    "duration_s": 3600.0,
    "grid": {"rows": 10, "columns": 20, "active_cells": 150, "dx_m": 5.0, "dy_m": 5.0},
    "solver": {"scheme": "hllc", "order": 1, "precision": "double", "threads": 2},
    "mass": {
        "relative_error": -2e-15,
        "terms": {"rain": {"m3": 1234.567, "mm": 10.5}, "boundaries": {"m3": -100.0, "mm": -0.85}},
        "meaning": {"rain": "rain that reached the ground"},
        "boundaries_m3": {"east gate": -100.0},
    },
    "performance": {
        "wall_s": 12.0, "steps": 1200, "mean_dt_s": 1.5, "mcell_updates_per_s": 20.0, "peak_memory_mb": 100.0,
    },
    "limiter": [
        {"x": 12.5, "y": 17.5, "share": 0.25, "min_dt_s": 0.125, "depth_m": 0.5, "speed_m_s": 3.0},
    ],
    "notes": ["cells were filled"],
}  # fmt: skip


def test_verdict_row_in_minutes_and_metres() -> None:
    assert cli_results.verdict_row(POINT) == ("桥下 underpass", "fail 不达标", "0.43", "0.25", "90", "> 50", "60")
    assert cli_results.verdict_row(DRY) == ("school", "pass 达标", "0.00", "0.00", "-", "-", "30")
    assert cli_results.verdict_row({**POINT, "undetermined": True})[1] == "undetermined 未定"


def test_results_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(Path("out"), None, None, None, SUMMARY, VERDICT, {"name": "pool", "title": "A pool"}, "complete")
    cli_results.show_results(results)
    shown = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    for line in (
        "case A pool",
        "status complete",
        "simulated 30 min 00 s of 1 h 00 min",
        "took 12 s, 1200 steps of 1.5 s, 100 MB",
        "mass error -2.0e-15 of all water handled",
        "rain 1234.57 10.5 rain that reached the ground",
        "east gate -100",
        "12.5 17.5 25.0 0.125 0.50 3.00",
        "note: cells were filled",
        "note: 桥下 underpass: depth on the lane reaches 0.25 m 车道积水深度达0.25 m",
        "target 1 of 2 eliminated 消除1处",
    ):
        assert line in lines
    assert "\x1b" not in shown


def test_partial_results_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = {"judged": False, "statement": {"en": "no verdict", "zh": "未评定"}, "points": []}
    cli_results.show_results(Results(None, None, None, None, {}, verdict, {"name": "pool"}, "interrupted"))
    shown = capsys.readouterr().out
    assert "interrupted: the run was interrupted: the results end early" in shown
    assert "no verdict 未评定" in shown


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    cli_results.show_verdict(VERDICT)
    plain = capsys.readouterr().out
    assert "\x1b[" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    cli_results.show_verdict(VERDICT)
    assert "\x1b[1;31mfail" in capsys.readouterr().out


def test_faults_read_as_the_error_does(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [Fault("too low", "case.toml", "grid.roughness", "-1", "0.005 to 2", "correct it"), Fault("[odd] text")]
    cli_show.show_faults(CaseError(faults))
    shown = capsys.readouterr().err
    assert shown.startswith("2 faults; nothing was run or written\n")
    for fault in faults:
        assert str(fault) in shown


def test_long_lines_are_not_folded_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    cli_show.print_notes(["word " * 200])
    assert len(capsys.readouterr().out.splitlines()) == 1
