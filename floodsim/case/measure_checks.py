"""What one field of [[measures]] alone cannot tell: what each kind needs, names that exist, sets that can be built."""

from __future__ import annotations

from collections.abc import Sequence

from floodsim.case.measures import Measure
from floodsim.case.plan import set_faults
from floodsim.case.required import Alternatives, check_corners, need_keys
from floodsim.case.schema import Case
from floodsim.case.units import closest
from floodsim.errors import Faults

COMMON = {"name", "kind", "title", "cost", "phase", "requires", "excludes"}
SECTION: list[Alternatives] = [(("diameter",), ("height", "width"))]
LINE: list[Alternatives] = [(("coordinates",), ("file",))]

NEEDED: dict[str, list[Alternatives]] = {
    "pipe": [(("conduits",),), (("diameter",), ("height", "width"), ("sizes_up",))],
    "new_pipe": [(("start",),), (("end",), ("outfall", "invert_end")), *SECTION],
    "pump": [(("station",), ("start", "end", "flow"))],
    "tank": [(("node",),), (("volume",),), (("depth",),), (("drain_flow",), ("drain_diameter",))],
    "inlets": [(("inlet_class",),), (("nodes",), ("places",), ("coordinates",))],
    "flap": [(("outfalls",),)],
    "rule": [(("text",),)],
    "permeable": LINE,
    "green_roof": [(("retention",),)],
    "channel": [*LINE, (("by",),)],
    "wall": [*LINE, (("by",), ("level",))],
}
SOIL = ("rate", "soil", "conductivity", "suction", "deficit", "initial_rate", "final_rate", "decay", "curve_number")
ALSO: dict[str, tuple[str, ...]] = {
    "pipe": ("keep",),
    "new_pipe": ("invert_start", "invert_end", "length", "roughness"),
    "pump": ("units", "flow", "start_level", "stop_level"),
    "tank": ("crest", "weir_length", "drain_to"),
    "inlets": ("count", "spacing", "reach"),
    "permeable": ("layer", *SOIL),
    "green_roof": ("coordinates", "file", "layer", "runoff_share"),
    "channel": ("width", "layer"),
    "wall": ("width", "layer"),
}
"""Keys that a kind may have besides those it needs."""
APART = (
    ("diameter", "height"), ("diameter", "sizes_up"), ("height", "sizes_up"), ("end", "outfall"), ("station", "start"),
    ("nodes", "places"), ("nodes", "coordinates"), ("places", "coordinates"), ("coordinates", "file"), ("by", "level"),
    ("drain_flow", "drain_diameter"),
)  # fmt: skip
"""Keys that say the same thing in two ways."""
IN_PIPES = ("pipe", "new_pipe", "pump", "tank", "inlets", "flap", "rule")
LOSSES: dict[str, list[Alternatives]] = {
    "constant": [(("rate",),)],
    "green_ampt": [(("soil",), ("conductivity", "suction", "deficit"))],
    "horton": [(("initial_rate", "final_rate", "decay"),)],
    "curve_number": [(("curve_number",),)],
}


def check_measures(case: Case, faults: Faults) -> None:
    """Every measure has what its kind needs, nothing of other kinds, and fits the sections of the case it changes."""
    for number, measure in enumerate(case.measures):
        path = f"measures[{number}]"
        need_keys(faults, path, measure, NEEDED)
        _refuse_foreign(faults, path, measure)
        for one, other in APART:
            if getattr(measure, one) is not None and getattr(measure, other) is not None:
                remedy = f"keep {one} or {other}"
                faults.add(f"gives {one} and {other} at once", key=f"{path}.{other}", value=measure.name, remedy=remedy)
        is_area = measure.kind in ("permeable", "green_roof")
        check_corners(faults, path, measure, "coordinates", 3 if is_area else 2)
        if measure.start is not None and measure.start == measure.end:
            faults.add("is the same node as start", key=f"{path}.end", value=measure.end or "", remedy="name two nodes")
        _check_home(case, faults, path, measure)


def _refuse_foreign(faults: Faults, path: str, measure: Measure) -> None:
    """Keys that have no effect for the kind of a measure."""
    allowed = {*COMMON, *ALSO.get(measure.kind, ())}
    for alternatives in NEEDED[measure.kind]:
        allowed.update(key for keys in alternatives for key in keys)
    for key in type(measure).model_fields:
        if key not in allowed and getattr(measure, key) is not None:
            shown = ", ".join(sorted(allowed - COMMON))
            message = f'has no effect for kind "{measure.kind}"'
            faults.add(message, key=f"{path}.{key}", allowed=shown, remedy=f"take {key} out, or change kind")


def _check_home(case: Case, faults: Faults, path: str, measure: Measure) -> None:
    """What a measure changes has to be in the case."""
    if measure.kind in IN_PIPES and case.drainage is None:
        remedy = "add a section [drainage] with the network, or take the measure out"
        faults.add(f'kind "{measure.kind}" changes a network, and the case has none', key=path, remedy=remedy)
    if measure.kind == "inlets" and case.drainage is not None and measure.inlet_class is not None:
        known = [entry.name for entry in case.drainage.inlet_classes]
        if measure.inlet_class not in known:
            _unknown(faults, f"{path}.inlet_class", "inlet class", measure.inlet_class, known)
    if measure.kind == "pump" and case.drainage is not None and measure.station is not None:
        known = [station.name for station in case.drainage.stations]
        if measure.station not in known:
            _unknown(faults, f"{path}.station", "pump station", measure.station, known)
    if measure.kind == "permeable":
        _check_soil(case, faults, path, measure)


def _check_soil(case: Case, faults: Faults, path: str, measure: Measure) -> None:
    """Permeable ground is described in the parameters of the case's losses."""
    kind = case.losses.kind
    if kind == "none":
        remedy = 'set losses.kind, for example "constant" with rate = "0 mm/h"'
        faults.add("the case has no losses that could change", key=path, value='losses.kind = "none"', remedy=remedy)
        return
    given = [key for key in SOIL if getattr(measure, key) is not None]
    wanted = LOSSES[kind][0]
    if tuple(given) not in {tuple(key for key in SOIL if key in keys) for keys in wanted}:
        allowed = " | ".join(" and ".join(keys) for keys in wanted)
        faults.add(
            f'does not give the parameters of losses.kind = "{kind}"', key=path, value=", ".join(given) or "none",
            allowed=allowed, remedy=f"give {allowed.replace('|', 'or')}",
        )  # fmt: skip


def check_plan(case: Case, faults: Faults) -> None:
    """Names of measures and sets stand once and mean measures that can be built together."""
    names = [measure.name for measure in case.measures]
    for number, measure in enumerate(case.measures):
        for key in ("requires", "excludes"):
            for other in getattr(measure, key):
                if other == measure.name:
                    remedy = "take it out"
                    faults.add("names the measure itself", key=f"measures[{number}].{key}", value=other, remedy=remedy)
                elif other not in names:
                    _unknown(faults, f"measures[{number}].{key}", "measure", other, names)
        both = [other for other in measure.requires if other in measure.excludes]
        if both:
            remedy = "take it out of one of the two"
            faults.add("is required and excluded", key=f"measures[{number}].excludes", value=both[0], remedy=remedy)
    taken = set(names)
    for number, entry in enumerate(case.plan.sets):
        if entry.name in taken:
            remedy = "rename the set"
            faults.add("another measure or set has this name", key=f"plan.sets[{number}].name", value=entry.name,
                       remedy=remedy)  # fmt: skip
        taken.add(entry.name)
        set_faults(case, entry.measures, f"plan.sets[{number}].measures", faults)
    set_faults(case, case.plan.applied, "plan.applied", faults)


def _unknown(faults: Faults, key: str, what: str, name: str, known: Sequence[str]) -> None:
    near = closest(name, known)
    remedy = f"did you mean {near}?" if near else f"name a {what} of the case"
    faults.add(f"names a {what} that does not exist", key=key, value=name, allowed=", ".join(known), remedy=remedy)
