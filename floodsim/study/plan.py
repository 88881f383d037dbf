"""From a study file to its scenarios: every combination of its axes as a case of its own, checked before any runs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from floodsim.assess.lifelines import check_lifelines
from floodsim.assess.standard import load_standard
from floodsim.assess.zones import check_zone_rule
from floodsim.case.load import load_case
from floodsim.case.overrides import OPTION
from floodsim.case.plan import OPTION as MEASURES
from floodsim.case.plan import apply_measures
from floodsim.case.schema import Case
from floodsim.case.study import LeftOut, Study, axes_of
from floodsim.case.units import show
from floodsim.errors import CaseError, Fault
from floodsim.forcing.build import build_rain
from floodsim.study.cost import Cost, cost_of
from floodsim.study.fingerprint import fingerprint

KEYS = {
    "return_period": "rainfall.return_period",
    "duration": "rainfall.duration",
    "climate_factor": "rainfall.factor",
    "resolution": "grid.resolution",
    "scheme": "solver.scheme",
    "order": "solver.order",
    "precision": "solver.precision",
}
"""The key of the case that each axis of the matrix sets."""

MOST_SCENARIOS = 100_000
LONGEST_NAME = 120
PRESENT = "present"
"""What the state without measures is called."""

Override = tuple[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One combination: its name (also of its folder), its value on every axis, its case, what it will cost."""

    name: str
    axes: dict[str, Any]
    case: Case
    fingerprint: str
    cost: Cost


def make_plan(study: Study, file: str | Path = "", env: Mapping[str, str] | None = None) -> list[Scenario]:
    """All scenarios of a study in the order of its axes. ``file`` stands for the study in faults.

    Raises CaseError with every fault of every case, each only once.
    """
    base = load_case(study.case, (), env)
    found: list[Scenario] = []
    faults: dict[Fault, list[str]] = {}
    for axes in combinations(study, str(file)):
        name = scenario_name(axes)
        try:
            case = load_case(study.case, overrides(study, axes, base), env)
            if "measures" in axes:
                case = apply_measures(case, axes["measures"])
            check_case(case)
            found.append(Scenario(name, axes, case, fingerprint(case), cost_of(case)))
        except CaseError as error:
            for fault in error.faults:
                faults.setdefault(_of_study(fault, str(file)), []).append(name)
    if faults:
        raise CaseError([_where(fault, names) for fault, names in faults.items()])
    return _told_apart(found)


def combinations(study: Study, file: str = "") -> list[dict[str, Any]]:
    """The value on every axis of each scenario; those that `LeftOut` names are left out. Raises CaseError if none."""
    names, values = [], []
    for key, choices in axes_of(study):
        number = re.fullmatch(r"axes\[(\d+)]\.values", key)
        names.append(study.axes[int(number[1])].name if number else key.removeprefix("matrix."))
        values.append(choices)
    total = 1
    for choices in values:
        total *= len(choices)
    if total > MOST_SCENARIOS:
        allowed, remedy = f"at most {MOST_SCENARIOS}", "shorten the axes, or make several studies"
        raise CaseError(Fault("too many scenarios", file, "matrix", str(total), allowed, remedy))
    every = [dict(zip(names, choice, strict=True)) for choice in itertools.product(*values)]
    kept = [axes for axes in every if not any(_is_left_out(axes, left) for left in study.leave_out)]
    if not kept:
        raise CaseError(Fault("leaves no scenario", file, "leave_out", remedy="take some of them out"))
    return kept


def _is_left_out(axes: Mapping[str, Any], left: LeftOut) -> bool:
    wanted = {key: value for key, value in left if value is not None and key != "axes"} | left.axes
    return bool(wanted) and all(key in axes and axes[key] == value for key, value in wanted.items())


def overrides(study: Study, axes: Mapping[str, Any], base: Case) -> list[Override]:
    """What a scenario replaces in the case: keys of the study, of its variant, of its axes, then its clock."""
    variants = {one.name: one.set for one in study.variants}
    keys = {**KEYS, **{axis.name: axis.key for axis in study.axes}}
    found = [*study.set.items(), *variants.get(axes.get("variant", ""), {}).items()]
    found += [(keys[name], value) for name, value in axes.items() if name in keys]
    if study.drain_time is not None:
        said = dict(found)
        rain = base.rainfall
        end = _seconds(said.get("rainfall.start", rain.start)) + _seconds(said.get("rainfall.duration", rain.duration))
        found.append(("clock.duration", end + study.drain_time))
    return found


def _seconds(value: Any) -> float:
    from floodsim.case.units import parse_quantity

    try:
        return parse_quantity(value, "time")
    except ValueError:
        return 0.0  # the case says what is wrong with it


def check_case(case: Case) -> None:
    """What can be known of a case before its grid is made (standard, facilities, zones, rain)."""
    load_standard(case.standard.name, case.standard.overrides)
    check_lifelines(case.lifelines)
    check_zone_rule(case)
    if case.rainfall.kind != "gridded":
        build_rain(case, None)


def _of_study(fault: Fault, file: str) -> Fault:
    """A fault of a value that the study put there is the study's, not that of an option nobody gave."""
    if fault.key == MEASURES:
        return replace(fault, file=file, key="matrix.measures")
    return replace(fault, file=file) if fault.file == OPTION else fault


def _where(fault: Fault, names: Sequence[str]) -> Fault:
    """A fault with the scenarios that have it."""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return replace(fault, message=f"{fault.message} (scenario {names[0]}{others})")


def scenario_name(axes: Mapping[str, Any]) -> str:
    """Short name out of the values on every axis, fit for a folder: ``P10_D2h_x1.15_inertial``."""
    parts = [label(axis, value) for axis, value in axes.items()]
    text = "_".join(re.sub(r"[^\w.+\-]+", "-", part).strip("-") for part in parts)
    return text[:LONGEST_NAME].strip("._-+") or "base"


def label(axis: str, value: Any) -> str:
    """The value on an axis as people read it in one word."""
    if axis == "return_period":
        return f"P{value:g}"
    if axis == "duration":
        return "D" + show(value, "time").replace(" ", "")
    if axis == "climate_factor":
        return f"x{value:g}"
    if axis == "measures":
        return "+".join(value) or PRESENT
    if axis == "resolution":
        return f"{value:g}m"
    if axis == "order":
        return f"order{value}"
    return str(value) if axis in ("variant", "scheme", "precision") else f"{axis}={value}"


def _told_apart(scenarios: list[Scenario]) -> list[Scenario]:
    """Scenarios whose names would share a folder get a number; folders of some systems know no capital letters."""
    taken: dict[str, int] = {}
    found = []
    for scenario in scenarios:
        key = scenario.name.lower()
        taken[key] = taken.get(key, 0) + 1
        number = f"~{taken[key]}" if taken[key] > 1 else ""
        found.append(replace(scenario, name=scenario.name + number))
    return found
