"""Progress of a run as a person sees it: a live bar on a terminal, a plain line now and then in a batch log.

Both follow the progress protocol of the run: ``start(total_seconds)``, ``update(time_s, stats)``, ``finish(status)``.
They write to stderr, so that stdout holds nothing but the answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

LOG_INTERVAL = 10.0
"""Wall seconds between two lines of a batch log."""
PREPARING = "preparing (the first run on a machine also compiles, which takes about half a minute)"


class Progress(Protocol):
    """What the run tells while it goes on; times in simulated seconds."""

    def start(self, total_seconds: float) -> None:
        """The run begins; it will simulate ``total_seconds``."""

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """The run stands at ``time_s``; ``stats`` has steps, dt, mass_error, wet_cells, sim_per_wall, eta_s."""

    def finish(self, status: str) -> None:
        """The run ended as ``complete``, ``interrupted`` or ``failed``."""


@contextmanager
def progress_for(style: str, stream: TextIO | None = None) -> Iterator[Progress | None]:
    """Progress display of ``style`` "bar", "log", "quiet" or "auto" (a bar if stderr is a terminal, else a log).

    Whatever happens in between, the terminal is given back as it was.
    """
    stream = sys.stderr if stream is None else stream
    if style == "auto":
        style = "bar" if stream.isatty() else "log"
    if style == "bar":
        display = BarProgress(stream)
        with display.bar:
            yield display
    else:
        yield LogProgress(stream) if style == "log" else None


def duration_text(seconds: float) -> str:
    """Seconds as people say them: ``0.4 s``, ``12 s``, ``4 min 10 s``, ``1 h 05 min``, ``3 d 02 h``."""
    if 0.0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = max(int(seconds + 0.5), 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{days} d {hours % 24:02d} h"
    if hours:
        return f"{hours} h {minutes % 60:02d} min"
    if minutes:
        return f"{minutes} min {whole % 60:02d} s"
    return f"{whole} s"


def clock_text(seconds: float) -> str:
    """Simulated time as ``hh:mm:ss``."""
    whole = max(int(seconds + 0.5), 0)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class LogProgress:
    """One plain line at the start, every `LOG_INTERVAL` wall seconds, and at the end."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self.stream = stream
        self.now = now
        self.total = 0.0
        self.last_line = ""
        self.begun = self.written = now()

    def start(self, total_seconds: float) -> None:
        """Say how long a time is to be simulated."""
        self.total = total_seconds
        self.begun = self.written = self.now()
        self._write(f"start: {duration_text(total_seconds)} to simulate")

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """Write a line if the last one is old enough."""
        share = 100.0 * time_s / self.total if self.total else 100.0
        self.last_line = (
            f"{clock_text(time_s)} {share:5.1f} %  steps {stats['steps']}  dt {stats['dt']:.3g} s  "
            f"wet cells {stats['wet_cells']}  {stats['sim_per_wall']:.3g} x real time  "
            f"mass error {stats['mass_error']:.1e}  left {duration_text(stats['eta_s'])}"
        )
        if self.now() - self.written >= LOG_INTERVAL:
            self.written = self.now()
            self._write(self.last_line)

    def finish(self, status: str) -> None:
        """Write where the run stood last, and how it ended."""
        if self.last_line:
            self._write(self.last_line)
        self._write(f"{status} after {duration_text(self.now() - self.begun)}")

    def _write(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


class BarProgress:
    """A live bar: simulated time, share, simulated per wall time, mass error, time left."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[mass]}"),
            TextColumn("{task.fields[left]}"),
            console=Console(file=stream),
            transient=True,  # nothing is left of it where the run does not even start
        )
        self.task = self.bar.add_task(PREPARING, total=None, speed="", mass="", left="")

    def start(self, total_seconds: float) -> None:
        """Turn the pulse of the preparation into an empty bar."""
        self.bar.live.transient = False
        self.bar.update(self.task, total=total_seconds, description=clock_text(0.0))

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """Move the bar; it is drawn anew some ten times a second, however often this is called."""
        self.bar.update(
            self.task,
            completed=time_s,
            description=clock_text(time_s),
            speed=f"{stats['sim_per_wall']:.3g} x real time",
            mass=f"mass error {stats['mass_error']:.1e}",
            left=f"{duration_text(stats['eta_s'])} left",
        )

    def finish(self, status: str) -> None:
        """Show the status in place of the time left; the bar stays on the screen."""
        self.bar.update(self.task, left=status)
