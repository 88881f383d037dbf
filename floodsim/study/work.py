"""One scenario on one worker: hold it, run it, judge it, seal it with its record. Knows nothing of who hands it out."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from floodsim.assess.verdict import judge
from floodsim.assess.zones import judge_zones
from floodsim.case.schema import Case
from floodsim.errors import CaseError, FloodsimError
from floodsim.output.folder import folder_status
from floodsim.output.reader import Results
from floodsim.simulate.run_case import run_case
from floodsim.study.hold import holding
from floodsim.study.record import SCENARIOS, Record, figures, head, is_complete, read_record, write_record

BEAT = 1.0
"""Seconds between two notes of a run's progress."""


@dataclass(frozen=True)
class Task:
    """A scenario for a worker. ``folder`` is that of the study, ``stop`` a file whose existence ends every run.

    ``keep`` is "all" for a result folder of its own, "figures" for a run in memory of which only the record stays.
    """

    name: str
    axes: dict[str, Any]
    case: Case
    fingerprint: str
    folder: Path
    keep: str
    stop: Path


class Beat:
    """Progress of a run: notes the share done, and ends the run where the study was stopped."""

    def __init__(self, note: Callable[[float], None], stop: Path) -> None:
        self.note = note
        self.stop = stop
        self.total = 1.0
        self.last = time.monotonic()

    def start(self, total_seconds: float) -> None:
        """Remember how long a time is to be simulated."""
        self.total = total_seconds

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """Note the share done, about once a second; raises KeyboardInterrupt where the study was stopped."""
        now = time.monotonic()
        if now - self.last >= BEAT:
            self.last = now
            self.note(time_s / self.total)
            if self.stop.exists():
                raise KeyboardInterrupt

    def finish(self, status: str) -> None:
        """Nothing is left to do: the record says how the run ended."""


def run_task(task: Task) -> Record:
    """Run a scenario unless it is finished, and return its record; a run that fails gives a record with the reason.

    Whoever comes second waits for the first and takes its record. A run that was stopped gives a record with status
    "interrupted", which is not written.
    """
    lock = task.folder / SCENARIOS / f"{task.name}.lock"
    try:
        with holding(lock, task.stop.exists) as note:
            found = read_record(task.folder, task.name)
            if found is not None and is_complete(found, task.fingerprint):
                return found
            return _run(task, note)
    except KeyboardInterrupt:
        if not task.stop.exists():
            raise
        return _interrupted(task)


def _run(task: Task, note: Callable[[float], None]) -> Record:
    if task.stop.exists():
        return _interrupted(task)
    began = time.time()
    try:
        record = head(task.name, task.axes, task.fingerprint) | _figures(task, note)
    except (FloodsimError, OSError, MemoryError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        record = _failed(task, error)
    record |= {
        "host": platform.node(),
        "total_s": time.time() - began,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if record["status"] != "interrupted":
        write_record(task.folder, task.name, record)
    return record


def _figures(task: Task, note: Callable[[float], None]) -> Record:
    out = task.folder / SCENARIOS / task.name if task.keep == "all" else None
    results = _simulate(task, out, Beat(note, task.stop))
    try:
        if results.status != "complete":
            return {"status": results.status, "reason": results.statement}
        judged = dataclasses.replace(results, verdict=judge(results))
        zones = judge_zones(task.case, judged)
        return figures(judged) | ({"zones": zones} if zones else {})
    finally:
        results.close()


def _simulate(task: Task, out: Path | None, progress: Beat) -> Results:
    """Run the case; a run that was broken off is continued from its last checkpoint, that of another case replaced."""
    if out is None or folder_status(out) is None:
        return run_case(task.case, out, progress=progress)
    try:
        return run_case(task.case, out, resume=True, progress=progress)
    except CaseError:  # what lies there belongs to another state of the case, or the case has faults itself
        return run_case(task.case, out, force=True, progress=progress)


def _interrupted(task: Task) -> Record:
    return head(task.name, task.axes, task.fingerprint) | {"status": "interrupted", "reason": "the study was stopped"}


def _failed(task: Task, error: BaseException) -> Record:
    return head(task.name, task.axes, task.fingerprint) | {"status": "failed", "reason": reason_of(error)}


def reason_of(error: BaseException) -> str:
    """Why a scenario failed, in one line; an error that floodsim did not foresee is named by its type."""
    if isinstance(error, CaseError):
        text = "; ".join(str(fault).splitlines()[0] for fault in error.faults)
    elif isinstance(error, FloodsimError):
        text = str(error).splitlines()[0]
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]
