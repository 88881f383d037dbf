"""From a case with candidate measures to the plan: present state, every set that was run, the cheapest that passes.

Points of which the standard cannot say anything count as failing. With a screening resolution the search goes on a
coarser grid first; its plan is then checked, repaired and pruned on the grid of the case, and only runs on that grid
count in the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floodsim.case.plan import apply_measures, expanded, with_required
from floodsim.case.schema import Case
from floodsim.case.units import parse_quantity
from floodsim.errors import CaseError, Fault, RunError
from floodsim.measures.evaluate import Runs, set_fingerprint, show
from floodsim.measures.search import EMPTY, Found, Item, Set, find_plan, total
from floodsim.study.pool import Workers, open_pool

FORMAT = 1
SCREEN = "screening"


@dataclass(frozen=True)
class Options:
    """How to search: ``most`` runs on the grid of the case, ``screen`` cell size (m) of a coarser search before."""

    most: int = 60
    screen: float | None = None
    workers: Workers = Workers()
    threads: int = 0
    force: bool = False


def items_of(case: Case) -> list[Item]:
    """The candidates of a case, as the search sees them. Raises CaseError where it has none, or no points."""
    if not case.measures:
        raise CaseError(
            Fault("the case lists no candidate measures", key="measures", remedy="add [[measures]] sections")
        )
    if not case.waterlogging_points and case.waterlogging_file is None:
        remedy = "add [[waterlogging_points]] or [waterlogging_file]"
        raise CaseError(
            Fault("the case names no waterlogging points to eliminate", key="waterlogging_points", remedy=remedy)
        )
    return [
        Item(
            one.name,
            one.cost,
            frozenset(with_required(case, [one.name])) - {one.name},
            frozenset(one.excludes) | {other.name for other in case.measures if one.name in other.excludes},
        )
        for one in case.measures
    ]


def search_measures(case: Case, folder: Path, options: Options, tell: Callable[[str], None]) -> dict[str, Any]:
    """Search for the cheapest set of measures and say all about it, as it stands in measures.json.

    Records of runs go to ``folder`` as they come, so the same call goes on where it was stopped.
    """
    items = items_of(case)
    seeds = [frozenset(expanded(case, [entry.name])) for entry in case.plan.sets]
    screening: Found | None = None
    coarse = None if options.screen is None else coarser(case, options.screen)
    with open_pool(options.workers, options.workers.count, tell) as run:
        if coarse is not None:
            runs = Runs(
                coarse, folder / SCREEN, run, options.threads, lambda text: tell(f"screening: {text}"), options.force
            )
            screening = find_plan(items, runs, most=10 * options.most, seeds=seeds)
            seeds = [screening.best, *seeds]
        runs = Runs(case, folder, run, options.threads, tell, options.force)
        found = find_plan(items, runs, most=options.most, seeds=seeds, singles=screening is None)
    if EMPTY not in found.outcomes:
        raise RunError("the present state could not be run")
    return report_of(case, found, runs, screening, options)


def coarser(case: Case, resolution: float) -> Case:
    """The case on larger cells. Raises CaseError where they are not larger than those of the case."""
    present = case.grid.resolution
    if present is not None and resolution <= present:
        allowed = f"more than {present:g} m, the resolution of the case"
        fault = Fault("is no coarser grid", key="--screen", value=f"{resolution:g} m", allowed=allowed,
                      remedy="give larger cells, or leave --screen out")  # fmt: skip
        raise CaseError(fault)
    return case.model_copy(update={"grid": case.grid.model_copy(update={"resolution": resolution})})


def resolution_of(text: str | None) -> float | None:
    """A cell size as an option gives it, m."""
    try:
        return None if text is None else parse_quantity(text, "length", "8 m")
    except ValueError as error:
        fault = Fault(f"not a cell size: {error}", key="--screen", value=str(text), remedy='write for example "8 m"')
        raise CaseError(fault) from None


def report_of(case: Case, found: Found, runs: Runs, screening: Found | None, options: Options) -> dict[str, Any]:
    """Everything about a search as plain data: measures, sets, plan, frontier, before and after per point."""
    points = list(found.outcomes[EMPTY].excess)
    passable = frozenset().union(*(outcome.passed for outcome in found.outcomes.values()))
    given = {entry.name: frozenset(entry.measures) for entry in case.plan.sets}
    return {
        "format": FORMAT,
        "case": case.name,
        "fingerprint": set_fingerprint(apply_measures(case, [])),
        "currency": case.plan.currency,
        "points": points,
        "measures": [_measure(case, one.name, found, screening) for one in case.measures],
        "present": _set(EMPTY, found, runs),
        "plan": _set(found.best, found, runs),
        "proof": found.proof,
        "screening": None if screening is None else _screening(screening, options),
        "named_sets": [
            {"name": name, **_set(one, found, runs)} for name, one in given.items() if one in found.outcomes
        ],
        "frontier": [_set(one, found, runs) for one in frontier(found)],
        "before_after": [_change(point, found, runs) for point in points],
        "never_passed": sorted(set(points) - passable),
        "sets": [
            _set(one, found, runs) for one in sorted(found.outcomes, key=lambda s: (total(found.costs, s), sorted(s)))
        ],
        "failed": {show(names): reason for names, reason in runs.failed.items()},
    }


def frontier(found: Found) -> list[Set]:
    """Sets that no other beats in cost and in points passed, by cost: what each further point costs."""
    kept: list[Set] = []
    most = -1
    order = sorted(
        found.outcomes,
        key=lambda one: (total(found.costs, one), -len(found.outcomes[one].passed), len(one), sorted(one)),
    )
    for one in order:
        if len(found.outcomes[one].passed) > most:
            kept.append(one)
            most = len(found.outcomes[one].passed)
    return kept


def _set(names: Set, found: Found, runs: Runs) -> dict[str, Any]:
    outcome, record = found.outcomes[names], runs.records[names]
    return {
        "measures": sorted(names),
        "cost": total(found.costs, names),
        "passed": sorted(outcome.passed),
        "n": len(outcome.passed),
        "of": len(outcome.excess),
        "max_depth_m": {point: values["max_depth_m"] for point, values in record["points"].items()},
        "flooded_area_m2": record["flooded_area_m2"],
    }


def _measure(case: Case, name: str, found: Found, screening: Found | None) -> dict[str, Any]:
    """A candidate with what it does alone (with what it requires): on the grid of the case, else on the coarse one."""
    one = next(measure for measure in case.measures if measure.name == name)
    alone = frozenset(with_required(case, [name]))
    source = found if alone in found.outcomes else screening
    before = None if source is None else source.outcomes.get(EMPTY)
    after = None if source is None else source.outcomes.get(alone)
    known = before is not None and after is not None
    return {
        "name": name,
        "title": one.title or name,
        "kind": one.kind,
        "cost": one.cost,
        "phase": one.phase,
        "in_plan": name in found.best,
        "alone": {
            "measures": sorted(alone),
            "on_coarse_grid": source is screening and screening is not None,
            "gains": sorted(after.passed - before.passed) if known and after and before else None,
            "loses": sorted(before.passed - after.passed) if known and after and before else None,
        },
    }


def _change(point: str, found: Found, runs: Runs) -> dict[str, Any]:
    """A point before and after the plan, and the measures of the plan without which it fails, as far as runs show."""
    best = found.best
    needed = [
        name
        for name in sorted(best)
        if (rest := found.outcomes.get(best - {name})) is not None and point not in rest.passed
    ]
    before, after = runs.records[EMPTY]["points"][point], runs.records[best]["points"][point]
    keys = ("passed", "undetermined", "max_depth_m", "max_lane_depth_m", "duration_above_limit_s", "drain_time_s")
    return {
        "point": point,
        "before": {key: before[key] for key in keys},
        "after": {key: after[key] for key in keys},
        "measures": needed if after["passed"] else [],
    }


def _screening(screening: Found, options: Options) -> dict[str, Any]:
    return {
        "resolution_m": options.screen,
        "runs": len(screening.outcomes),
        "plan": sorted(screening.best),
        "cost": total(screening.costs, screening.best),
        "proof": screening.proof,
    }
