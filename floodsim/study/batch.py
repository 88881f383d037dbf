"""A study from its folder's point of view: what is finished, what is left, run the rest, collect everything."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from floodsim.case.study import Study
from floodsim.errors import CaseError, Fault, OverwriteError
from floodsim.output.folder import write_json_atomic
from floodsim.output.netcdf import write_fault
from floodsim.study.collect import write_collection
from floodsim.study.cost import seconds_of, speeds
from floodsim.study.hold import holding
from floodsim.study.plan import Scenario
from floodsim.study.pool import Workers, open_pool
from floodsim.study.record import SCENARIOS, Record, is_complete, read_record
from floodsim.study.work import Task

STUDY = "study.json"
STATES = ("finished", "changed", "failed", "new")


@dataclass(frozen=True)
class Left:
    """Scenarios of a study by what is known of them, with the estimated wall time of each, s."""

    plan: list[Scenario]
    state: dict[str, str]
    records: dict[str, Record]
    seconds: dict[str, float]

    def count(self) -> dict[str, int]:
        """How many scenarios are in each state, states without any left out."""
        counts = Counter(self.state.values())
        return {state: counts[state] for state in STATES if counts[state]}


@dataclass(frozen=True)
class Outcome:
    """What came of a study: its folder, the records of its scenarios, whether it was stopped, notes for the user."""

    folder: Path
    plan: list[Scenario]
    records: dict[str, Record]
    stopped: bool
    notes: list[str]

    @property
    def failed(self) -> dict[str, str]:
        """Scenarios that failed, with the reason."""
        found = ((name, self.records.get(name)) for name in (scenario.name for scenario in self.plan))
        return {name: record["reason"] for name, record in found if record and record["status"] == "failed"}

    @property
    def complete(self) -> bool:
        """Whether every scenario of the study is finished."""
        return all(is_complete(self.records.get(one.name), one.fingerprint) for one in self.plan)


class Watch(Protocol):
    """Who looks on while a study runs."""

    def start(self, left: Left, tasks: Sequence[Scenario], folder: Path) -> None:
        """Say what will run."""
        ...

    def tell(self, text: str) -> None:
        """Pass on something worth knowing."""
        ...

    def finished(self, record: Record) -> None:
        """Take the record of a scenario that has ended."""
        ...


class Silent:
    """A watch that shows nothing."""

    def start(self, left: Left, tasks: Sequence[Scenario], folder: Path) -> None:
        """Nothing."""

    def tell(self, text: str) -> None:
        """Nothing."""

    def finished(self, record: Record) -> None:
        """Nothing."""


def survey(plan: list[Scenario], folder: Path, threads: int = 1) -> Left:
    """What the folder of a study holds of each scenario of its plan, and what the rest will cost."""
    records, state = {}, {}
    for scenario in plan:
        record = read_record(folder, scenario.name)
        state[scenario.name] = "new"
        if record is not None:
            records[scenario.name] = record
            same = record["fingerprint"] == scenario.fingerprint
            state[scenario.name] = ("finished" if same else "changed") if record["status"] == "complete" else "failed"
    done = [(one.cost, records[one.name]["wall_s"]) for one in plan if state[one.name] == "finished"]
    measured = speeds(done)
    seconds = {scenario.name: seconds_of(scenario.cost, threads, measured) for scenario in plan}
    return Left(plan, state, records, seconds)


def run_plan(
    plan: list[Scenario],
    folder: Path,
    *,
    keep: str = "all",
    workers: Workers | None = None,
    threads: int = 0,
    force: bool = False,
    share: tuple[int, int] = (1, 1),
    watch: Watch | None = None,
    about: dict[str, Any] | None = None,
) -> Outcome:
    """Run what is left of a plan (or the k-th of n shares of it) into a folder, and collect all that is finished.

    A finished scenario is not run again; one whose case or input has changed since is run again only with ``force``.
    ``threads`` are those of each scenario (0: as the case says). ``about`` is written to study.json.

    Raises OverwriteError where changed scenarios stand in the way, CaseError where the folder is not that of a study.
    """
    workers, watch = workers or Workers(), watch or Silent()
    left = survey(plan, folder, max(threads, 1))
    _refuse_changed(left, force)
    prepare_folder(folder, {**(about or {}), "scenarios": [_told(one) for one in plan]})
    mine = [one for one in plan[share[0] - 1 :: share[1]] if left.state[one.name] != "finished"]
    stop = folder / SCENARIOS / f".stop-{uuid.uuid4().hex[:12]}"
    tasks = [_task(one, folder, keep, threads, stop) for one in mine]
    watch.start(left, mine, folder)
    stopped = False
    try:
        with open_pool(workers, len(tasks), watch.tell) as run, closing(run(tasks)) as records:
            for record in records:
                stopped |= record["status"] == "interrupted"
                left.records[record["name"]] = record
                watch.finished(record)
                if stopped:
                    break
    except KeyboardInterrupt:
        stopped = True
    finally:
        stop.unlink(missing_ok=True)
    return _collect(plan, folder, left.records, stopped, str((about or {}).get("title", "")))


def _task(scenario: Scenario, folder: Path, keep: str, threads: int, stop: Path) -> Task:
    case = scenario.case
    if threads:
        case = case.model_copy(update={"solver": case.solver.model_copy(update={"threads": threads})})
    return Task(scenario.name, scenario.axes, case, scenario.fingerprint, folder, keep, stop)


def _collect(plan: list[Scenario], folder: Path, mine: dict[str, Record], stopped: bool, title: str) -> Outcome:
    """Read every record there is, also those of other processes, and write the tables. The last to come sees all."""
    with holding(folder / ".collect.lock"):
        found = {scenario.name: read_record(folder, scenario.name) for scenario in plan}
        fitting = {one.name: one.fingerprint for one in plan}
        records = {k: r for k, r in found.items() if r is not None and r["fingerprint"] == fitting[k]}
        # What failed without leaving a record (its worker died) is known to this process only.
        records = {k: r for k, r in mine.items() if r["fingerprint"] == fitting.get(k)} | records
        notes = write_collection(folder, plan, records, title)
    return Outcome(folder, plan, records, stopped, notes + _strangers(plan, folder))


def _strangers(plan: list[Scenario], folder: Path) -> list[str]:
    """A note on scenarios in the folder that the study no longer has; they are left where they are."""
    known = {scenario.name for scenario in plan}
    other = sorted(file.stem for file in (folder / SCENARIOS).glob("*.json") if file.stem not in known)
    if not other:
        return []
    return [
        f"{len(other)} scenarios in the folder are not of this study and were left alone: {', '.join(other[:3])} ..."
    ]


def _refuse_changed(left: Left, force: bool) -> None:
    changed = [name for name, state in left.state.items() if state == "changed"]
    if changed and not force:
        shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise OverwriteError(
            f"{len(changed)} finished scenarios ({shown}) were run with another case, input or version of floodsim; "
            "use --force to run them again, or another --out"
        )


def prepare_folder(folder: Path, about: dict[str, Any]) -> None:
    """Make the folder of a study, with ``about`` in study.json.

    Raises CaseError where it holds other things or cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()) and not (folder / STUDY).is_file():
            message = "the folder holds other things than a study; it is left alone"
            raise CaseError(Fault(message, str(folder), "--out", remedy="choose another --out"))
        (folder / SCENARIOS).mkdir(parents=True, exist_ok=True)
        write_json_atomic(folder / STUDY, about)
    except OSError as error:
        raise CaseError(write_fault(folder, error)) from error


def _told(scenario: Scenario) -> dict[str, Any]:
    return {"name": scenario.name, "axes": scenario.axes, "fingerprint": scenario.fingerprint}


def about_study(study: Study) -> dict[str, Any]:
    """What study.json says of a study file."""
    return study.model_dump(mode="json")
