"""Values sets of measures by running the case with them: side by side, each once, kept on disk, gone on with later."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floodsim.assess.standard import Standard, load_standard
from floodsim.case.plan import apply_measures
from floodsim.case.schema import Case
from floodsim.errors import OverwriteError, RunError
from floodsim.measures.search import Outcome, Set
from floodsim.study.fingerprint import fingerprint
from floodsim.study.pool import Runner
from floodsim.study.record import SCENARIOS, Record, is_complete, read_record
from floodsim.study.work import Task

WORST = 10.0
"""Excess of a point of which no figure is known."""


@dataclass
class Runs:
    """Runs of a case with sets of measures; their records lie in ``folder``, and a finished one is not run again.

    ``run`` is a pool of workers; ``threads`` are those of each run (0: as the case says). ``tell`` gets a line for
    every record that comes in. Runs of a case or of measures that have changed are replaced only with ``force``.
    """

    case: Case
    folder: Path
    run: Runner
    threads: int = 0
    tell: Callable[[str], None] = lambda text: None
    force: bool = False
    records: dict[Set, Record] = field(default_factory=dict)
    failed: dict[Set, str] = field(default_factory=dict)

    def __call__(self, sets: Sequence[Set]) -> dict[Set, Outcome]:
        """Run what is not known yet of these sets, and give the outcome of each; runs that fail are left out.

        Raises KeyboardInterrupt where a run was stopped, RunError where the very present state cannot be run,
        OverwriteError where finished runs stand in the way.
        """
        (self.folder / SCENARIOS).mkdir(parents=True, exist_ok=True)
        stop = self.folder / SCENARIOS / f".stop-{uuid.uuid4().hex[:12]}"
        tasks = {task.name: (one, task) for one in sets for task in [self._task(one, stop)]}
        waiting = []
        for one, task in tasks.values():
            known = read_record(self.folder, task.name)
            if is_complete(known, task.fingerprint):
                assert known is not None
                self.records[one] = known
                continue
            if known is not None and known["status"] == "complete" and not self.force:
                raise OverwriteError(
                    f"{self.folder}: the run of {show(one)} is that of another case or of other measures; use --force "
                    "to run it again, or another --out"
                )
            waiting.append(task)
        try:
            self._run(waiting, {name: one for name, (one, _) in tasks.items()})
        finally:
            stop.unlink(missing_ok=True)
        return {one: outcome_of(self.records[one], self.case) for one in sets if one in self.records}

    def _run(self, tasks: list[Task], sets: dict[str, Set]) -> None:
        with closing(self.run(tasks)) as records:
            for record in records:
                names = sets[record["name"]]
                if record["status"] == "interrupted":
                    raise KeyboardInterrupt
                if record["status"] != "complete":
                    self.failed[names] = record["reason"]
                    self.tell(f"{show(names)}: failed: {record['reason']}")
                    if not names:
                        raise RunError(f"the present state cannot be run: {record['reason']}")
                    continue
                self.records[names] = record
                passed, of = record["eliminated"]["n"], record["eliminated"]["of"]
                self.tell(f"{show(names)}: {passed} of {of} points, {record['wall_s']:.0f} s")

    def _task(self, names: Set, stop: Path) -> Task:
        case = lean(apply_measures(self.case, sorted(names)))
        if self.threads:
            case = case.model_copy(update={"solver": case.solver.model_copy(update={"threads": self.threads})})
        ordered = case.plan.applied
        return Task(run_name(names), {"measures": ordered}, case, set_fingerprint(case), self.folder, "figures", stop)


def lean(case: Case) -> Case:
    """The case with no maps in between: what only a reader of maps would miss changes no verdict."""
    output = case.output.model_copy(update={"interval": case.clock.duration, "maps": ["depth"]})
    return case.model_copy(update={"output": output})


def set_fingerprint(case: Case) -> str:
    """Hash of all that the verdict of a run depends on, which costs, phases and measures not built do not.

    So a change of cost, or one more candidate, leaves finished runs of other sets valid.
    """
    bare = {"cost": 0.0, "title": "", "phase": "near", "requires": [], "excludes": []}
    built = [measure for measure in case.measures if measure.name in case.plan.applied]
    plan = case.plan.model_copy(update={"currency": "", "sets": []})
    return fingerprint(
        case.model_copy(update={"measures": [measure.model_copy(update=bare) for measure in built], "plan": plan})
    )


def run_name(names: Set) -> str:
    """Short name of a set for its record: the number of measures and a hash of their names."""
    text = "\n".join(sorted(names))
    return f"{len(names)}-{hashlib.sha256(text.encode()).hexdigest()[:12]}" if names else "present"


def show(names: Set) -> str:
    """A set for people."""
    return " + ".join(sorted(names)) or "present state"


def outcome_of(record: Record, case: Case) -> Outcome:
    """How far each point of a run is from passing: the largest of depth, ground floor and time over their limits."""
    standard = load_standard(case.standard.name, case.standard.overrides)
    sill = case.buildings.sill if standard.building_sill is None else standard.building_sill
    return Outcome({name: _excess(point, standard, sill) for name, point in record["points"].items()})


def _excess(point: dict[str, Any], standard: Standard, sill: float) -> float:
    if point["passed"]:
        return 0.0
    limit = standard.recession_limit(point["area_kind"])
    shares = [
        (point["max_lane_depth_m"] or 0.0) / standard.lane_depth - 1.0,
        (point["ground_floor_depth_m"] or 0.0) / sill - 1.0 if sill > 0.0 else 0.0,
        (point["drain_time_s"] or 0.0) / limit - 1.0,
    ]
    worst = max(shares)
    return worst if worst > 0.0 else WORST
