"""Which keys each ``kind`` of rainfall, loss, edit, boundary or source needs, and which it refuses.

The tables say it; the functions only read them. Rainfall and losses leave keys that their kind does not use alone,
so that a case can switch kinds; elsewhere a key without effect is a mistake and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from floodsim.case.ground import Losses, Section, TerrainEdit
from floodsim.case.measures import Measure
from floodsim.case.schema import Case
from floodsim.case.units import show
from floodsim.case.water import Boundary, Rainfall, Source
from floodsim.errors import Faults

Kinded = Rainfall | Losses | TerrainEdit | Boundary | Source | Measure
Alternatives = tuple[tuple[str, ...], ...]  # any one of these sets of keys will do

_STORM: Alternatives = (("formula", "return_period"), ("formula_file", "return_period"))
_DEPTH_OR_STORM: Alternatives = (("depth",), *_STORM)

RAINFALL: dict[str, list[Alternatives]] = {
    "none": [],
    "uniform": [(("intensity",), *_DEPTH_OR_STORM)],
    "chicago": [_STORM],
    "triangular": [_DEPTH_OR_STORM],
    "alternating_block": [_STORM],
    "scs": [_DEPTH_OR_STORM],
    "pattern": [(("pattern",),), _DEPTH_OR_STORM],
    "series": [(("file",),), (("unit",),)],
    "gridded": [(("file",),)],
}
DESIGN_STORMS = ("chicago", "triangular", "alternating_block", "scs", "pattern")

LOSSES: dict[str, list[Alternatives]] = {
    "none": [],
    "constant": [(("rate",), ("table",))],
    "green_ampt": [(("soil",), ("conductivity", "suction", "deficit"), ("table",))],
    "horton": [(("initial_rate", "final_rate", "decay"), ("table",))],
    "curve_number": [(("curve_number",), ("table",))],
}

EDITS: dict[str, list[Alternatives]] = {
    "raise": [(("by",), ("level_field",))],
    "lower": [(("by",), ("level_field",))],
    "set": [(("level",), ("level_field",))],
    "breach": [(("level",), ("level_field",))],
    "wall": [(("by",), ("level",), ("level_field",))],
}
EDITS_REFUSED = {"raise": ("level",), "lower": ("level",), "set": ("by",), "breach": ("by",)}

BOUNDARIES: dict[str, list[Alternatives]] = {
    "closed": [],
    "open": [],
    "level": [(("level",),)],
    "discharge": [(("discharge",),)],
    "rating": [(("table",),)],
}
_BOUNDARY_OWN = {"open": "slope", "level": "level", "discharge": "discharge", "rating": "table"}
BOUNDARIES_REFUSED = {kind: tuple(key for owner, key in _BOUNDARY_OWN.items() if owner != kind) for kind in BOUNDARIES}

SOURCES: dict[str, list[Alternatives]] = {"point": [(("x", "y"),)], "line": [(("coordinates",),)]}
SOURCES_REFUSED = {"point": ("coordinates",), "line": ("x", "y")}


def _given(section: Section, key: str) -> bool:
    """Whether the case gives a key. ``rate`` has a default of 0, so that only a key that was written counts."""
    return getattr(section, key) is not None and (key != "rate" or key in section.model_fields_set)


def need_keys(faults: Faults, path: str, section: Kinded, table: Mapping[str, list[Alternatives]]) -> None:
    """Every group of alternatives of the section's kind has to be met by one of them."""
    kind = section.kind
    for alternatives in table[kind]:
        if any(all(_given(section, key) for key in keys) for keys in alternatives):
            continue
        begun = next((keys for keys in alternatives if any(_given(section, key) for key in keys)), alternatives[0])
        missing = [key for key in begun if not _given(section, key)]
        faults.add(
            f'kind "{kind}" needs {missing[0]}',
            key=f"{path}.{missing[0]}",
            allowed=" | ".join(" and ".join(keys) for keys in alternatives),
            remedy=f"add {' and '.join(missing)} to {path}{_meaning(section, missing)}",
        )


def _meaning(section: Section, keys: Sequence[str]) -> str:
    """What the schema says of keys, as the end of a sentence; empty where it says nothing."""
    told = [(key, type(section).model_fields[key].description) for key in keys]
    return "".join(f"; {key}: {description}" for key, description in told if description)


def _refuse(faults: Faults, path: str, section: Kinded, table: Mapping[str, Sequence[str]]) -> None:
    """Keys that have no effect for the section's kind."""
    kind = section.kind
    for key in table.get(kind, ()):
        if getattr(section, key) is not None:
            faults.add(
                f'has no effect for kind "{kind}"',
                key=f"{path}.{key}",
                value=_brief(getattr(section, key)),
                remedy=f"take {key} out, or change kind",
            )


def _brief(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else type(value).__name__.lower()


def _one_of(faults: Faults, path: str, section: Section, keys: Sequence[str]) -> None:
    """Exactly one of the keys that say where something lies."""
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        faults.add(
            f"gives {' and '.join(given)} at once" if given else f"does not say where it lies: no {' or '.join(keys)}",
            key=f"{path}.{given[-1] if given else keys[0]}",
            allowed=f"exactly one of {', '.join(keys)}",
            remedy=f"keep one of {', '.join(given)}" if given else f"add {' or '.join(keys)}",
        )


def check_corners(faults: Faults, path: str, section: Section, key: str, least: int) -> None:
    """A line has two points or more, a polygon three."""
    value = getattr(section, key)
    if value is not None and len(value) < least:
        what = "polygon" if least == 3 else "line"
        faults.add(
            f"too few points for a {what}",
            key=f"{path}.{key}",
            value=f"{len(value)} points",
            allowed=f"at least {least}",
            remedy="write [[x, y], [x, y], ...]",
        )


def _only_with(faults: Faults, path: str, section: Section, key: str, owner: str) -> None:
    """A key that says more about another key makes no sense without it."""
    if getattr(section, key) is not None and getattr(section, owner) is None:
        faults.add(f"has no effect without {owner}", key=f"{path}.{key}", remedy=f"add {owner}, or take {key} out")


def check_rainfall(case: Case, faults: Faults) -> None:
    """Each kind of rain has what it is made from."""
    need_keys(faults, "rainfall", case.rainfall, RAINFALL)


def check_losses(case: Case, faults: Faults) -> None:
    """Each kind of loss has its parameters, and Horton's rate falls."""
    losses = case.losses
    need_keys(faults, "losses", losses, LOSSES)
    first, last = losses.initial_rate, losses.final_rate
    if losses.kind == "horton" and first is not None and last is not None and first < last:
        faults.add(
            "larger than losses.initial_rate; capacity falls with time",
            key="losses.final_rate",
            value=show(last, "rate"),
            allowed=f"at most {show(first, 'rate')}",
            remedy="exchange initial_rate and final_rate",
        )


def check_land_cover(case: Case, faults: Faults) -> None:
    """Parameters per class need a raster of classes."""
    losses = case.losses
    if losses.kind != "none" and losses.table and not losses.land_cover and not isinstance(case.grid.roughness, Path):
        faults.add(
            "a table of parameters needs a raster of land-cover classes",
            key="losses.land_cover",
            remedy="add losses.land_cover, or let grid.roughness be the land-cover raster",
        )


def check_initial(case: Case, faults: Faults) -> None:
    """Water at the start is given by level or by depth."""
    if case.initial.level is not None and case.initial.depth is not None:
        faults.add(
            "gives level and depth at once",
            key="initial.depth",
            allowed="exactly one of level, depth",
            remedy="keep one of level, depth",
        )


def check_edits(case: Case, faults: Faults) -> None:
    """Each terrain edit says where, and by how much or to which level."""
    for number, edit in enumerate(case.grid.edits):
        path = f"grid.edits[{number}]"
        _one_of(faults, path, edit, ("file", "coordinates"))
        need_keys(faults, path, edit, EDITS)
        _refuse(faults, path, edit, EDITS_REFUSED)
        check_corners(faults, path, edit, "coordinates", 2)
        _only_with(faults, path, edit, "level_field", "file")
        _only_with(faults, path, edit, "layer", "file")


def check_boundaries(case: Case, faults: Faults) -> None:
    """Each boundary says where it lies and has what its kind needs."""
    for number, boundary in enumerate(case.boundaries):
        path = f"boundaries[{number}]"
        _one_of(faults, path, boundary, ("edge", "polygon", "file"))
        need_keys(faults, path, boundary, BOUNDARIES)
        _refuse(faults, path, boundary, BOUNDARIES_REFUSED)
        check_corners(faults, path, boundary, "polygon", 3)
        _only_with(faults, path, boundary, "span", "edge")
        _only_with(faults, path, boundary, "layer", "file")


def check_sources(case: Case, faults: Faults) -> None:
    """Each source says where its water enters."""
    for number, source in enumerate(case.sources):
        path = f"sources[{number}]"
        need_keys(faults, path, source, SOURCES)
        _refuse(faults, path, source, SOURCES_REFUSED)
        check_corners(faults, path, source, "coordinates", 2)


def check_waterlogging(case: Case, faults: Faults) -> None:
    """Each waterlogging point is a circle (x, y, radius) or a polygon."""
    for number, point in enumerate(case.waterlogging_points):
        path = f"waterlogging_points[{number}]"
        circle = point.x is not None or point.y is not None
        if circle == (point.polygon is not None):
            faults.add(
                "gives a circle and a polygon at once" if circle else "does not say where it lies",
                key=f"{path}.polygon" if circle else f"{path}.x",
                allowed="x and y (with radius), or polygon",
                remedy="keep one of them" if circle else "add x and y, or polygon",
            )
        elif circle and (point.x is None or point.y is None):
            missing = "x" if point.x is None else "y"
            faults.add(f"needs {missing}", key=f"{path}.{missing}", allowed="x and y", remedy=f"add {missing}")
        check_corners(faults, path, point, "polygon", 3)
        check_corners(faults, path, point, "lane", 3)
