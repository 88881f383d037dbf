"""Nodes of a SWMM input: junctions, outfalls, dividers and storages, their places and inflows, in SI."""

from __future__ import annotations

import math
from typing import Any

from floodsim.drainage.draft import Draft, NodeRow, shortened
from floodsim.drainage.inp_options import Units
from floodsim.drainage.inp_tables import SeriesReader
from floodsim.drainage.inp_text import Fields, InpFile, Row
from floodsim.drainage.network import NONE, DividerKind, NodeKind, OutfallKind, StorageKind, Unsupported

OUTFALL_KINDS = {
    "FREE": OutfallKind.FREE, "NORMAL": OutfallKind.NORMAL, "FIXED": OutfallKind.FIXED,
    "TIDAL": OutfallKind.TIDAL, "TIMESERIES": OutfallKind.SERIES,
}  # fmt: skip
STORAGE_SHAPES = ("TABULAR", "FUNCTIONAL", "CYLINDRICAL", "CONICAL", "PARABOLIC", "PARABOLOID", "PYRAMIDAL")


def read_nodes(inp: InpFile, draft: Draft, units: Units, series: SeriesReader) -> None:
    """Read all sections of nodes into the draft."""
    for row in inp.rows("JUNCTIONS"):
        draft.add_node(_with_depths(Fields(row, draft.faults), 2, units, NodeKind.JUNCTION))
    for row in inp.rows("OUTFALLS"):
        draft.add_node(_outfall(Fields(row, draft.faults), draft, units, series))
    for row in inp.rows("DIVIDERS"):
        draft.add_node(_divider(Fields(row, draft.faults), draft, units))
    for row in inp.rows("STORAGE"):
        draft.add_node(_storage(Fields(row, draft.faults), draft, units))


def _invert(fields: Fields, units: Units) -> float:
    """Invert level in m; NaN where the file leaves it out, which the check of the network reports."""
    return fields.number(1, "invert elevation", math.nan) * units.length


def _with_depths(fields: Fields, first: int, units: Units, kind: NodeKind) -> NodeRow:
    """A junction or divider: full, initial and surcharge depth and ponded area from field ``first`` on."""
    labels = ("maximum depth", "initial depth", "surcharge depth", "ponded area")
    full, initial, surcharge, ponded = (
        fields.number(first + at, label, 0.0, low=0.0) for at, label in enumerate(labels)
    )
    return NodeRow(
        fields.name,
        fields.row.place(),
        kind,
        invert=_invert(fields, units),
        full_depth=full * units.length,
        surcharge_depth=surcharge * units.length,
        ponded_area=ponded * units.area,
        initial_depth=initial * units.length,
    )


def _outfall(fields: Fields, draft: Draft, units: Units, series: SeriesReader) -> NodeRow:
    node = NodeRow(fields.name, fields.row.place(), NodeKind.OUTFALL, _invert(fields, units))
    kind = OUTFALL_KINDS.get(fields.word(2, "type of outfall", OUTFALL_KINDS), OutfallKind.FREE)
    detail: dict[str, Any] = {"kind": kind, "level": 0.0, "curve": NONE, "series": NONE}
    if kind == OutfallKind.FIXED:
        detail["level"] = fields.number(3, "stage of the outfall") * units.length
    elif kind == OutfallKind.TIDAL:
        name = fields.text(3, "tidal curve")
        detail["curve"] = draft.row_of("curve", name, draft.curves, node.place, ("TIDAL",)) if name else NONE
    elif kind == OutfallKind.SERIES:
        name = fields.text(3, "time series")
        detail["series"] = series.row_of(name, units.length, node.place) if name else NONE
    gate = 3 if kind in (OutfallKind.FREE, OutfallKind.NORMAL) else 4
    detail["flap"] = fields.flag(gate, "flap gate")
    if fields.has(gate + 1):
        draft.unsupported.append(Unsupported("OUTFALLS", node.name, "outflow routed onto a subcatchment is not routed"))
    node.detail = detail
    return node


def _divider(fields: Fields, draft: Draft, units: Units) -> NodeRow:
    kind = DividerKind[fields.word(3, "type of divider", DividerKind.__members__) or "OVERFLOW"]
    width = {DividerKind.OVERFLOW: 0, DividerKind.CUTOFF: 1, DividerKind.TABULAR: 1, DividerKind.WEIR: 3}[kind]
    node = _with_depths(fields, 4 + width, units, NodeKind.DIVIDER)
    value, curve = 0.0, NONE
    if kind == DividerKind.CUTOFF:
        value = fields.number(4, "cut-off flow", low=0.0) * units.flow
    elif kind == DividerKind.TABULAR:
        curve = draft.row_of("curve", fields.text(4, "diversion curve"), draft.curves, node.place, ("DIVERSION",))
    elif kind == DividerKind.WEIR:
        value = fields.number(6, "weir coefficient", low=0.0) * units.weir
        reason = "the sizes of a weir divider are not kept; dynamic flow does not use it"
        draft.unsupported.append(Unsupported("DIVIDERS", node.name, reason, by_swmm=True))
    node.detail = {"kind": kind, "link_name": fields.text(2, "diverted link"), "value": value, "curve": curve}
    return node


def _storage(fields: Fields, draft: Draft, units: Units) -> NodeRow:
    shape = fields.word(4, "shape of the storage", STORAGE_SHAPES)
    node = NodeRow(
        fields.name,
        fields.row.place(),
        NodeKind.STORAGE,
        invert=_invert(fields, units),
        full_depth=fields.number(2, "maximum depth", above=0.0) * units.length,
        initial_depth=fields.number(3, "initial depth", 0.0, low=0.0) * units.length,
    )
    kind, coefficient, curve = StorageKind.TABULAR, (0.0, 0.0, 0.0), NONE
    if shape == "TABULAR":
        name = fields.text(5, "storage curve")
        curve = draft.row_of("curve", name, draft.curves, node.place, ("STORAGE",)) if name else NONE
    elif shape == "FUNCTIONAL":
        kind, coefficient = StorageKind.POWER, _power_area(fields, units)
    elif shape:
        kind, coefficient = StorageKind.QUADRATIC, _shaped_area(shape, fields, units)
    last = 6 if shape == "TABULAR" else 8
    node.surcharge_depth = fields.number(last, "surcharge depth", 0.0, low=0.0) * units.length
    _note_evaporation(fields, last + 1, draft)
    seepage = _seepage(fields, last + 2, units)
    node.detail = {"kind": kind, "coefficient": coefficient, "curve": curve, "seepage": seepage}
    return node


def _power_area(fields: Fields, units: Units) -> tuple[float, float, float]:
    """c0, c1, c2 of A = c0 + c1 d^c2 (m2, m); SWMM writes A1 A2 A0 for A = A0 + A1 d^A2."""
    names = ("A1", "A2", "A0")
    factor, power, constant = (fields.number(5 + at, f"{name} of the area") for at, name in enumerate(names))
    return constant * units.area, factor * units.area / units.length**power, power


def _shaped_area(shape: str, fields: Fields, units: Units) -> tuple[float, float, float]:
    """Area of a solid as c0 + c1 d + c2 d2 (m2, m), from two axes L, W of its base and a slope or height Z."""
    long, wide = (fields.number(5 + at, name, above=0.0) for at, name in enumerate(("length", "width")))
    slope = fields.number(7, "slope or height", low=0.0)
    long, wide = long * units.length, wide * units.length
    if shape == "CYLINDRICAL":
        return math.pi / 4.0 * long * wide, 0.0, 0.0
    if shape == "CONICAL":  # slope: run over rise along the longer axis
        return math.pi / 4.0 * long * wide, math.pi * wide * slope, math.pi * wide / long * slope**2
    if shape == "PYRAMIDAL":
        return long * wide, 2.0 * (long + wide) * slope, 4.0 * slope**2
    if not slope > 0.0:
        fields.fault("a paraboloid needs the height at which its axes are given", slope, "above 0", "add the height")
        return 0.0, 0.0, 0.0
    return 0.0, math.pi / 4.0 * long * wide / (slope * units.length), 0.0


def _note_evaporation(fields: Fields, at: int, draft: Draft) -> None:
    """A share of evaporation matters only where something evaporates."""
    if fields.number(at, "share of evaporation", 0.0, low=0.0) > 0.0 and draft.evaporates:
        draft.unsupported.append(Unsupported("STORAGE", fields.name, "evaporation is not reckoned"))


def _seepage(fields: Fields, at: int, units: Units) -> tuple[float, float, float]:
    """Suction head (m), conductivity (m/s) and moisture deficit; one number alone is the conductivity."""
    count = len(fields.row.tokens) - at
    if count <= 0:
        return 0.0, 0.0, 0.0
    if count == 1:
        return 0.0, fields.number(at, "seepage rate", low=0.0) * units.rain, 0.0
    suction = fields.number(at, "suction head", low=0.0) * units.fine
    conductivity = fields.number(at + 1, "conductivity", low=0.0) * units.rain
    return suction, conductivity, fields.number(at + 2, "moisture deficit", low=0.0)


def read_places(inp: InpFile, draft: Draft) -> None:
    """Coordinates of nodes, vertices of links and tags of both. Places of unknown objects are recorded as faults."""
    for row in inp.rows("COORDINATES"):
        fields, node = Fields(row, draft.faults), draft.node(row.tokens[0])
        x, y = fields.number(1, "x"), fields.number(2, "y")
        if node is None:
            _stray(row, "node", draft)
        else:
            node.x, node.y = x, y
    for row in inp.rows("VERTICES"):
        fields, link = Fields(row, draft.faults), draft.link(row.tokens[0])
        point = fields.number(1, "x"), fields.number(2, "y")
        if link is None:
            _stray(row, "link", draft)
        else:
            link.vertices.append(point)
    for row in inp.rows("TAGS"):
        if len(row.tokens) >= 3 and row.tokens[0].upper() in ("NODE", "LINK"):
            owner = draft.node(row.tokens[1]) if row.tokens[0].upper() == "NODE" else draft.link(row.tokens[1])
            if owner is not None:
                owner.tag = " ".join(row.tokens[2:])


def _stray(row: Row, what: str, draft: Draft) -> None:
    """A place of something that is not there does no harm to the flow: SWMM ignores it, and so does this, aloud."""
    draft.notes.append(f"{row.place()}: the place of a {what} that does not exist is ignored")


def read_inflows(inp: InpFile, draft: Draft, units: Units, series: SeriesReader) -> None:
    """External inflows and dry-weather flow; those of pollutants are left out with a note."""
    pollutants = []
    for row in inp.rows("INFLOWS"):
        fields = Fields(row, draft.faults)
        if fields.text(1, "constituent").upper() != "FLOW":
            pollutants.append(fields.name)
        elif _known(fields, draft):
            draft.inflows.append(_inflow(fields, draft, units, series))
    for row in inp.rows("DWF"):
        fields = Fields(row, draft.faults)
        if fields.text(1, "constituent").upper() != "FLOW":
            pollutants.append(fields.name)
        elif _known(fields, draft):
            mean = fields.number(2, "mean flow") * units.flow
            names = [text for text in row.tokens[3:7] if text]
            rows = [draft.row_of("pattern", name, draft.patterns, row.place()) for name in names]
            patterns = (rows + [NONE] * 4)[:4]
            draft.dry_weather.append({"node": fields.name.upper(), "mean": mean, "patterns": patterns})
    if pollutants:
        draft.notes.append(f"inflows of pollutants are left out: {shortened(pollutants)}")


def _known(fields: Fields, draft: Draft) -> bool:
    if draft.node(fields.name) is not None:
        return True
    names = (node.name for node in draft.nodes.values())
    draft.missing("node", fields.name, fields.row.place(), names, "its inflow would be lost")
    return False


def _inflow(fields: Fields, draft: Draft, units: Units, series: SeriesReader) -> dict[str, Any]:
    place = fields.row.place()
    name, pattern = fields.text(2, "time series", ""), fields.text(7, "pattern", "")
    return {
        "node": fields.name.upper(),
        "series": series.row_of(name, units.flow, place) if name and name != "*" else NONE,
        "scale": fields.number(5, "scale factor", 1.0),
        "baseline": fields.number(6, "baseline", 0.0) * units.flow,
        "pattern": draft.row_of("pattern", pattern, draft.patterns, place) if pattern else NONE,
    }
