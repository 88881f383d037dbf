"""Applying measures to a case: which ones hold, by name or by the name of a set, and whether they go together."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from floodsim.case.measures import Measure
from floodsim.case.schema import Case
from floodsim.case.units import closest
from floodsim.errors import Faults

OPTION = "--measures"


def apply_measures(case: Case, names: Sequence[str]) -> Case:
    """The case with exactly these measures, given by their names or names of sets; none for the present state.

    A pure function: ground, losses, rain on roofs and network are changed where they are made from the new case, which
    is complete and runs again. Raises CaseError for unknown names, for measures that exclude each other and for those
    that lack one they require.
    """
    faults = Faults()
    wanted = expanded(case, names)
    set_faults(case, wanted, OPTION, faults, sets=True)
    faults.raise_if_any()
    applied = [measure.name for measure in case.measures if measure.name in wanted]
    return case.model_copy(update={"plan": case.plan.model_copy(update={"applied": applied})})


def applied_measures(case: Case) -> list[tuple[str, Measure]]:
    """The measures that hold in a case, in the order of the case, each with its key for faults."""
    return [
        (f"measures[{number}] ({measure.name})", measure)
        for number, measure in enumerate(case.measures)
        if measure.name in case.plan.applied
    ]


def expanded(case: Case, names: Sequence[str]) -> list[str]:
    """Names of measures, those of sets replaced by their measures; each once, in the order given."""
    sets = {entry.name: entry.measures for entry in case.plan.sets}
    measures = {measure.name for measure in case.measures}
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys([name] if name in measures else sets.get(name, [name]))
    return list(found)


def with_required(case: Case, names: Sequence[str]) -> list[str]:
    """Names of measures, and of all that they require, directly or not; each once."""
    required = {measure.name: measure.requires for measure in case.measures}
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += required.get(name, [])
    return list(found)


def clashes(measures: Collection[Measure]) -> list[tuple[str, str, str]]:
    """Why measures cannot be built together: (measure, "requires" or "excludes", the other one)."""
    names = {measure.name for measure in measures}
    found = []
    for measure in measures:
        found += [(measure.name, "requires", other) for other in measure.requires if other not in names]
        found += [(measure.name, "excludes", other) for other in measure.excludes if other in names]
    return found


def set_faults(case: Case, names: Sequence[str], key: str, faults: Faults, *, sets: bool = False) -> None:
    """Record what is wrong with a list of measures: unknown or repeated names, and clashes between them."""
    by_name = {measure.name: measure for measure in case.measures}
    known = [*by_name, *(entry.name for entry in case.plan.sets if sets)]
    for name in dict.fromkeys(names):
        if name not in by_name:
            near = closest(name, known)
            remedy = f"did you mean {near}?" if near else "add it to [[measures]], or correct the name"
            allowed = ", ".join(known) or "the case has no [[measures]]"
            faults.add("names a measure that does not exist", key=key, value=name, allowed=allowed, remedy=remedy)
        if list(names).count(name) > 1:
            faults.add("names a measure twice", key=key, value=name, remedy="take one of them out")
    for name, word, other in clashes([by_name[name] for name in dict.fromkeys(names) if name in by_name]):
        remedy = f"add {other}" if word == "requires" else f"take {name} or {other} out"
        faults.add(f"{name} {word} {other}", key=key, value=", ".join(names), remedy=remedy)
