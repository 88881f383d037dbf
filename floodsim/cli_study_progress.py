"""One table of progress for all scenarios of a study: live on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from floodsim.cli_progress import duration_text

if TYPE_CHECKING:
    from floodsim.study.batch import Left
    from floodsim.study.plan import Scenario
    from floodsim.study.record import Record

SHOWN = 12
"""Running scenarios that get a line of their own."""


class StudyProgress:
    """What has ended, what runs and how long the rest will take.

    ``live`` draws one table over and over, else each scenario that ends gets a line; ``stream`` None shows nothing.
    """

    def __init__(
        self, stream: TextIO | None, live: bool, workers: int = 1, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.stream = stream
        self.live = live
        self.workers = max(workers, 1)
        self.now = now
        self.begun = now()
        self.seconds: dict[str, float] = {}
        self.ended: dict[str, str] = {}
        self.folder: Path | None = None
        self._stack = ExitStack()

    def __enter__(self) -> StudyProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def start(self, left: Left, tasks: Sequence[Scenario], folder: Path) -> None:
        """Begin the table with what is finished already and what will run; later calls add what will run next."""
        first = self.folder is None
        self.seconds |= {one.name: max(left.seconds[one.name], 1e-3) for one in tasks}
        self.folder = folder
        if not first:
            return
        self.begun = self.now()
        counts = ", ".join(f"{count} {state}" for state, count in left.count().items())
        self.tell(f"{len(left.plan)} scenarios: {counts}; {self.workers} worker(s)")
        if self.live and tasks and self.stream is not None:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self.stream)
            self._stack.enter_context(Live(get_renderable=self.table, console=console, refresh_per_second=2))

    def tell(self, text: str) -> None:
        """One line on the stream."""
        if self.stream is not None:
            self.stream.write(text + "\n")
            self.stream.flush()

    def finished(self, record: Record) -> None:
        """Count a scenario that ended; without a live table it gets a line."""
        self.ended[record["name"]] = record["status"]
        if not self.live:
            self.tell(self._line(record))

    def _line(self, record: Record) -> str:
        took = f"{duration_text(record['total_s'])}  " if "total_s" in record else ""
        more = f": {record['reason']}" if record.get("reason") else ""
        return (
            f"{len(self.ended)}/{len(self.seconds)}  {record['name']}  {record['status']}{more}  {took}"
            f"left {duration_text(self.left(self._running()))}"
        )

    def _running(self) -> dict[str, dict[str, Any]]:
        from floodsim.study.hold import notes
        from floodsim.study.record import SCENARIOS

        found = {} if self.folder is None else notes(self.folder / SCENARIOS)
        return {name: note for name, note in found.items() if name in self.seconds and name not in self.ended}

    def left(self, running: dict[str, dict[str, Any]]) -> float:
        """Seconds that the rest will take: by the estimates at first, then by how fast those proved to pass."""
        done = sum(self.seconds.get(name, 0.0) for name in self.ended)
        done += sum(self.seconds[name] * note["share"] for name, note in running.items())
        rest = max(sum(self.seconds.values()) - done, 0.0)
        elapsed = self.now() - self.begun
        return rest * elapsed / done if done > 0.0 and elapsed > 1.0 else rest / self.workers

    def table(self) -> Any:
        """The table as it stands now."""
        from rich import box
        from rich.table import Table

        running = self._running()
        failed = sum(status == "failed" for status in self.ended.values())
        title = (
            f"{len(self.ended)} of {len(self.seconds)} scenarios, {failed} failed, "
            f"{duration_text(self.now() - self.begun)} so far, {duration_text(self.left(running))} left"
        )
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("running", "done", "since", "on"):
            table.add_column(head)
        for name, note in list(running.items())[:SHOWN]:
            since = duration_text(max(time.time() - note["since"], 0.0))
            bar = "#" * round(20 * note["share"])
            table.add_row(name, f"{bar:<20} {100 * note['share']:3.0f} %", since, f"{note['host']} {note['pid']}")
        if len(running) > SHOWN:
            table.add_row(f"and {len(running) - SHOWN} more", "", "", "")
        return table
