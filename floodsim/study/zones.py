"""The rain that each drainage zone 排水分区 bears without waterlogging, found by bisection over runs that all share.

Every run starts from the state the case states and is judged in every zone, so one run moves the brackets of all.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import floodsim
from floodsim.assess.standard import load_standard
from floodsim.assess.zones import check_zone_rule
from floodsim.case.answer import Output
from floodsim.case.ground import Clock
from floodsim.case.load import load_case, parse_case
from floodsim.case.plan import apply_measures
from floodsim.case.resolve import resolved
from floodsim.case.schema import Case
from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault, RunError
from floodsim.grid.prepare import prepare_grid
from floodsim.output.folder import ZONES as ZONE_FOLDER
from floodsim.output.folder import write_json_atomic
from floodsim.output.reader import Results
from floodsim.output.zones import DrainageZone, drainage_zones
from floodsim.study.batch import Left, Silent, Watch, prepare_folder, survey
from floodsim.study.bisection import Bracket, bracket, next_rungs
from floodsim.study.cost import cost_of
from floodsim.study.fingerprint import fingerprint
from floodsim.study.ladder import Rains, Rung, make_ladder, no_rain
from floodsim.study.plan import Scenario, check_case
from floodsim.study.pool import Runner, Workers, open_pool
from floodsim.study.record import SCENARIOS, Record, is_complete
from floodsim.study.work import Task

ZONES = "zones.json"
"""The answer, in the folder `floodsim.output.folder.ZONES` of a case's results."""

CLASSES = (2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
"""Return periods (years) that part the classes of bearable rain; set by floodsim, after those of pipes and cities."""


@dataclass(frozen=True)
class Borne:
    """What a zone bears. ``mm`` and ``return_period`` (years) are those of the heaviest rain borne, None where it bears
    not even the least; ``next_mm`` is the least rain that it does not bear, None where it bears all that were tried.

    ``passed`` says whether ``return_period`` reaches what the standard asks of the city, None where that is unknown;
    ``why`` what gives way first: names of waterlogging points, or "area".
    """

    zone: str
    rule: str
    mm: float | None
    return_period: float | None
    next_mm: float | None
    next_return_period: float | None
    klass: str
    required: float | None
    passed: bool | None
    why: list[str]
    notes: list[str]


class Search:
    """One search on a ladder of rains: what zones are like without rain, which rungs were run, who bears them."""

    def __init__(self, case: Case, zones: Sequence[DrainageZone], ladder: Sequence[Rung]) -> None:
        self.case, self.zones, self.ladder = case, zones, ladder
        self.dry: dict[str, Any] = {}
        self.records: dict[int, Record] = {}

    @property
    def known(self) -> dict[int, dict[str, bool]]:
        """Rungs that were run, and which zones bear them."""
        return {
            rung: {name: not self.reasons(name, zone) for name, zone in record["zones"].items()}
            for rung, record in self.records.items()
        }

    def reasons(self, name: str, zone: dict[str, Any]) -> list[str]:
        """What makes a zone waterlogged: points that fail or are undetermined, or "area"; empty where nothing does."""
        if zone["rule"] == "points":
            return [*zone["failing"], *zone["undetermined"]]
        beyond = zone["deep_area_m2"] - self.dry[name]["deep_area_m2"]
        return ["area"] if beyond > self.case.zone_rule.area else []

    def next(self, workers: int) -> list[int]:
        """The rungs to run next; empty at the end."""
        return next_rungs(self.known, [zone.name for zone in self.zones], len(self.ladder), workers)

    def borne(self, required: float | None) -> list[Borne]:
        """What each zone bears, as far as it is known."""
        known = self.known
        return [self._borne(zone, bracket(known, zone.name, len(self.ladder)), required) for zone in self.zones]

    def _borne(self, zone: DrainageZone, found: Bracket, required: float | None) -> Borne:
        low = self.ladder[found.low] if found.low >= 0 else None
        high = self.ladder[found.high] if found.high < len(self.ladder) else None
        why = self.reasons(zone.name, self.records[found.high]["zones"][zone.name]) if high is not None else []
        return Borne(
            zone.name, zone.rule, None if low is None else low.mm, None if low is None else low.return_period,
            None if high is None else high.mm, None if high is None else high.return_period,
            class_of(low, high), required, _passed(low, high, required), why, self._notes(zone, found, low, high),
        )  # fmt: skip

    def _notes(self, zone: DrainageZone, found: Bracket, low: Rung | None, high: Rung | None) -> list[str]:
        notes = []
        dry = self.reasons(zone.name, self.dry[zone.name])
        if dry:
            notes.append(f"waterlogged without any rain: {', '.join(dry)}")
        elif low is None and high is not None:
            notes.append(f"waterlogged already at the least rain tried, {high.mm:.1f} mm")
        if high is None and low is not None:
            notes.append(f"bears the heaviest rain tried, {low.mm:.1f} mm; it may bear more")
        if not found.steady:
            notes.append("bears a heavier rain than one it does not bear: between the two the answer is not sharp")
        if high is not None and self.records[found.high]["zones"][zone.name]["undetermined"]:
            notes.append("the run ends too early for the recession time: lengthen clock.duration")
        return notes


def _passed(low: Rung | None, high: Rung | None, required: float | None) -> bool | None:
    """Whether a zone bears the storm that the standard asks for; None where the rains tried do not tell."""
    if required is None:
        return None
    if low is not None and low.return_period is not None and low.return_period >= required * (1.0 - 1e-9):
        return True
    beaten = high is not None and high.return_period is not None and high.return_period <= required * (1.0 + 1e-9)
    return False if beaten else None


def class_of(low: Rung | None, high: Rung | None) -> str:
    """The class of return periods of the heaviest rain borne: "<2", "2-3" ... ">=100" a; empty where none is known."""
    if low is None:
        first = None if high is None else high.return_period
        return f"<{first:g}" if first is not None and first <= CLASSES[0] * 1.001 else ""
    if low.return_period is None:
        return ""
    passed = [bound for bound in CLASSES if low.return_period >= bound * (1.0 - 1e-6)]
    if len(passed) == len(CLASSES):
        return f">={CLASSES[-1]:g}"
    return f"{passed[-1]:g}-{CLASSES[len(passed)]:g}" if passed else f"<{CLASSES[0]:g}"


def bearable_rain(
    case_file: str | Path,
    folder: Path,
    rains: Rains | None = None,
    *,
    overrides: Sequence[Any] = (),
    measures: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    workers: Workers | None = None,
    threads: int = 0,
    watch: Watch | None = None,
) -> list[Borne]:
    """Find the heaviest rain that each drainage zone of a case bears, and write zones.json into ``folder``.

    ``measures`` are built, by name or name of a set; None as the case says. ``rains`` say which are tried; the one that
    the standard asks of the city is always among them, if it can be. Runs that the folder holds already are not run
    again. Raises CaseError where the case has no zones or faults, RunError where a run fails, KeyboardInterrupt where
    it was stopped; the same call goes on from there.
    """
    workers, watch = workers or Workers(), watch or Silent()

    def loaded(more: Sequence[Any] = ()) -> Case:
        case = load_case(case_file, [*overrides, *more], env)
        return case if measures is None else apply_measures(case, measures)

    case = loaded()
    check_zone_rule(case)
    zones = drainage_zones(case, prepare_grid(case))
    if not zones:
        remedy = 'add [[zones]] with name and polygon, or [zone_file] with file = "zones.geojson"'
        raise CaseError(Fault("the case has no drainage zones 排水分区", str(case_file), "zones", remedy=remedy))
    section = case.standard
    required = load_standard(section.name, section.overrides).return_period.get(section.city_class, (None, None))[0]
    ladder = make_ladder(case, rains or Rains(), () if required is None else (required,))
    every = [no_rain(), *ladder]
    plan = [_scenario(rung, loaded(rung.overrides)) for rung in every]
    prepare_folder(folder, {"case": resolved(case), "scenarios": [one.name for one in plan]})
    left = survey(plan, folder, max(threads, 1))
    stop = folder / SCENARIOS / f".stop-{uuid.uuid4().hex[:12]}"
    tasks = [
        Task(one.name, one.axes, _with(one.case, threads), one.fingerprint, folder, "figures", stop) for one in plan
    ]
    try:
        with open_pool(workers, len(tasks), watch.tell) as run:
            search = _search(Search(case, zones, ladder), left, tasks, run, workers, watch)
    finally:
        stop.unlink(missing_ok=True)
    found = search.borne(required)
    write_json_atomic(folder / ZONES, _report(case, search, found))
    return found


def _search(search: Search, left: Left, tasks: Sequence[Task], run: Runner, workers: Workers, watch: Watch) -> Search:
    """Take over what was run before, then run rung after rung until every zone is bracketed by neighbours.

    ``tasks`` are the run without rain, which goes first and side by side with others, and one for every rung.
    """
    dry, rungs_of = tasks[0], tasks[1:]
    rungs = next_rungs({}, [zone.name for zone in search.zones], len(rungs_of), workers.count - 1)
    for rung, task in enumerate(rungs_of):
        record = left.records.get(task.name)
        if record is not None and is_complete(record, task.fingerprint):
            search.records[rung] = record
    if search.records or workers.count == 1:
        rungs = []
    asked = [dry, *(rungs_of[rung] for rung in rungs)]
    while asked:
        names = {task.name for task in asked}
        watch.start(left, [one for one in left.plan if one.name in names], dry.folder)
        records = _run(run, asked, watch)
        if not search.dry:
            search.dry = records.pop(0)["zones"]
        search.records |= dict(zip(rungs, records, strict=True))
        rungs = search.next(workers.count)
        asked = [rungs_of[rung] for rung in rungs]
    return search


def _run(run: Runner, tasks: Sequence[Task], watch: Watch) -> list[Record]:
    """Run tasks; their records in the same order."""
    found = {}
    with closing(run(tasks)) as records:
        for record in records:
            if record["status"] == "interrupted":
                raise KeyboardInterrupt
            if record["status"] != "complete":
                raise RunError(f"the run of {record['name']} failed: {record['reason']}")
            found[record["name"]] = record
            watch.finished(record)
    return [found[task.name] for task in tasks]


def _scenario(rung: Rung, case: Case) -> Scenario:
    axes = {"rain_mm": rung.mm} | ({} if rung.return_period is None else {"return_period": rung.return_period})
    check_case(case)
    return Scenario(f"rain_{rung.mm:.2f}mm", axes, case, fingerprint(case), cost_of(case))


def _with(case: Case, threads: int) -> Case:
    if not threads:
        return case
    return case.model_copy(update={"solver": case.solver.model_copy(update={"threads": threads})})


def town_of(case: Case) -> str:
    """Fingerprint of what zones bear rain with: the case without its rain, its clock and what it writes."""
    same = {"rainfall": Rainfall(), "clock": Clock(duration=3600.0), "output": Output()}
    return fingerprint(case.model_copy(update=same))


def read_zones(results: Results) -> tuple[dict[str, Any], bool] | None:
    """What `bearable_rain` found for the case of some results, and whether it was found for another state of it.

    It is looked for in the folder ``zones`` of the results. None where nothing is there, or it is damaged.
    """
    if results.folder is None:
        return None
    try:
        found = json.loads((results.folder / ZONE_FOLDER / ZONES).read_text(encoding="utf-8"))
        known = found["zones"], found["rain"], found["made"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        case = parse_case({key: value for key, value in results.case.items() if key != "provenance"})
        return (found, town_of(case) != found.get("town")) if known else None
    except (CaseError, OSError):  # its input files are no longer there
        return found, True


def _report(case: Case, search: Search, found: Sequence[Borne]) -> dict[str, Any]:
    """The content of zones.json: what zones bear, the rule, and every run it rests on."""
    runs = []
    for rung, record in sorted(search.records.items()):
        storm = search.ladder[rung]
        borne = search.known[rung]
        runs.append({"mm": storm.mm, "return_period": storm.return_period, "borne": borne, "name": record["name"]})
    return {
        "floodsim": floodsim.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "case": case.name,
        "town": town_of(case),
        "standard": case.standard.name,
        "city_class": case.standard.city_class,
        "rain": {"kind": case.rainfall.kind, "formula": case.rainfall.formula, "duration_s": case.rainfall.duration},
        "rule": case.zone_rule.model_dump(mode="json"),
        "ladder_mm": [rung.mm for rung in search.ladder],
        "zones": [asdict(one) for one in found],
        "runs": runs,
    }
