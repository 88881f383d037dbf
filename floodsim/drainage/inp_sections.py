"""Cross-sections of a SWMM input: [XSECTIONS], surveyed [TRANSECTS] and [STREETS], in SI."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.draft import Draft, LinkRow, SectionRow
from floodsim.drainage.inp_options import Units
from floodsim.drainage.inp_text import Fields, InpFile, Row, pairs
from floodsim.drainage.network import LinkKind, Transect
from floodsim.drainage.standard_sizes import standard_size

# What SWMM's numbers after the shape mean: l a length, n a pure number (slope, exponent, code), - not used.
SHAPES = {
    "CIRCULAR": "l", "FORCE_MAIN": "lf", "FILLED_CIRCULAR": "ll", "RECT_CLOSED": "ll", "RECT_OPEN": "lln",
    "TRAPEZOIDAL": "llnn", "TRIANGULAR": "ll", "HORIZ_ELLIPSE": "ll", "VERT_ELLIPSE": "ll", "ARCH": "ll",
    "PARABOLIC": "ll", "POWER": "lln", "RECT_TRIANGULAR": "lll", "RECT_ROUND": "lll", "MODBASKETHANDLE": "lll",
    "EGG": "l", "HORSESHOE": "l", "GOTHIC": "l", "CATENARY": "l", "SEMIELLIPTICAL": "l", "BASKETHANDLE": "l",
    "SEMICIRCULAR": "l", "DUMMY": "", "CUSTOM": "l", "IRREGULAR": "", "STREET": "",
}  # fmt: skip
MAY_BE_ZERO = {"FILLED_CIRCULAR": {1}, "TRAPEZOIDAL": {1}}
ORIFICE_SHAPES = ("CIRCULAR", "RECT_CLOSED")
WEIR_SHAPES = ("RECT_OPEN", "TRIANGULAR", "TRAPEZOIDAL")
OPEN_SHAPES = ("RECT_OPEN", "TRAPEZOIDAL", "TRIANGULAR", "PARABOLIC", "POWER", "IRREGULAR", "STREET")


def read_sections(inp: InpFile, draft: Draft, units: Units) -> None:
    """Give the links their cross-sections; conduits and orifices and weirs without one are faults."""
    read_transects(inp, draft, units)
    read_streets(inp, draft, units)
    for row in inp.rows("XSECTIONS"):
        fields, link = Fields(row, draft.faults), draft.link(row.tokens[0])
        if link is None:
            names = (other.name for other in draft.links.values())
            draft.missing("link", row.tokens[0], row.place(), names)
        else:
            draft.places["section", link.name.upper()] = row.place()
            _section(fields, link, draft, units)
    for link in draft.links.values():
        if link.section is None:
            if link.kind in (LinkKind.CONDUIT, LinkKind.ORIFICE, LinkKind.WEIR):
                remedy = "add a row for it in [XSECTIONS]"
                draft.faults.add("has no cross-section", key=link.place, remedy=remedy)
        elif link.kind == LinkKind.CONDUIT and link.detail["roughness"] == 0.0 and link.section.shape != "DUMMY":
            remedy = "write Manning's n as field 5 of its row, for concrete 0.013"
            draft.faults.add("Manning's n is 0", key=link.place, value=0.0, allowed="above 0", remedy=remedy)


def _section(fields: Fields, link: LinkRow, draft: Draft, units: Units) -> None:
    allowed = {LinkKind.ORIFICE: ORIFICE_SHAPES, LinkKind.WEIR: WEIR_SHAPES}.get(link.kind, tuple(SHAPES))
    shape = fields.word(1, "shape", allowed)
    link.section = SectionRow(shape or "CIRCULAR")
    if shape in ("IRREGULAR", "STREET"):
        _surveyed(fields, shape, link, draft)
    elif shape == "CUSTOM":
        height = fields.number(2, "full height", above=0.0) * units.length
        curve = draft.row_of("curve", fields.text(3, "shape curve"), draft.curves, fields.row.place(), ("SHAPE",))
        link.section = SectionRow(shape, (height, 0.0, 0.0, 0.0), curve)
        link.detail["barrels"] = fields.number(4, "barrels", 1.0, low=1.0)
    elif shape:
        link.section = SectionRow(shape, _size(fields, shape, link, draft, units))
        if link.kind == LinkKind.CONDUIT:
            link.detail["barrels"] = fields.number(6, "barrels", 1.0, low=0.0) or 1.0
            link.detail["culvert"] = int(fields.number(7, "culvert code", 0.0, low=0.0, high=57.0) or 0.0)


def _size(fields: Fields, shape: str, link: LinkRow, draft: Draft, units: Units) -> tuple[float, float, float, float]:
    if shape in ("ARCH", "HORIZ_ELLIPSE", "VERT_ELLIPSE") and fields.number(3, "width", 0.0) == 0.0:
        return _standard_size(fields, shape)
    size = [0.0, 0.0, 0.0, 0.0]
    for at, meaning in enumerate(SHAPES[shape]):
        label = ("full height", "width", "third size", "fourth size")[at]
        if meaning == "n":
            size[at] = fields.number(2 + at, label, 0.0, low=0.0)
        elif meaning == "f":
            roughness = fields.number(2 + at, "roughness of the force main", above=0.0)
            size[at] = roughness * (units.fine if draft.options.force_main == "D-W" else 1.0)
        else:
            least = {"low": 0.0} if at in MAY_BE_ZERO.get(shape, ()) else {"above": 0.0}
            size[at] = fields.number(2 + at, label, **least) * units.length
    if shape == "TRAPEZOIDAL" and size[1] == 0.0 and size[2] == 0.0 and size[3] == 0.0:
        fields.fault("the section has no width and no slopes", remedy="give the bottom width or the side slopes")
    return size[0], size[1], size[2], size[3]


def _standard_size(fields: Fields, shape: str) -> tuple[float, float, float, float]:
    """Height and width in m of a pipe named by the code of its standard size."""
    code = fields.number(2, "code of the standard size", above=0.0)
    size = None if np.isnan(code) else standard_size(shape, int(code))
    if size is None and not np.isnan(code):
        fields.fault("unknown standard size", code, remedy="give full height and width instead")
    return (*(size or (0.0, 0.0)), 0.0, 0.0)


def _surveyed(fields: Fields, shape: str, link: LinkRow, draft: Draft) -> None:
    what = "transect" if shape == "IRREGULAR" else "street"
    name = fields.text(2, what)
    row = draft.row_of(what, name, draft.transects, fields.row.place()) if name else -1
    height = width = 0.0
    if row >= 0:
        transect = draft.transects[row]
        height, width = float(np.ptp(transect.level)), float(np.ptp(transect.station))
        if link.kind == LinkKind.CONDUIT:
            link.detail["roughness"] = transect.roughness_channel
    link.section = SectionRow(shape, (height, width, 0.0, 0.0), transect=row)


def read_transects(inp: InpFile, draft: Draft, units: Units) -> None:
    """[TRANSECTS] in HEC-2 form: NC roughness (it holds for all that follow), X1 banks and factors, GR points."""
    left = right = channel = 0.0
    head: Row | None = None
    points: list[tuple[float, float]] = []
    for row in inp.rows("TRANSECTS"):
        fields, word = Fields(row, draft.faults), row.tokens[0].upper()
        if word in ("NC", "X1") and head is not None:
            _finish(head, points, (left, right, channel), draft, units)
            head, points = None, []
        if word == "NC":
            given = [fields.number(at, "Manning's n", 0.0, low=0.0) for at in (1, 2, 3)]
            channel = given[2] or channel
            left, right = given[0] or left or channel, given[1] or right or channel
        elif word == "X1":
            head = row
        elif word == "GR":
            points += pairs(row.tokens[1:], fields, "the transect")
        else:
            fields.fault("is no row of a transect", word, "NC, X1, GR", "correct the row")
    if head is not None:
        _finish(head, points, (left, right, channel), draft, units)


def _finish(
    head: Row, points: list[tuple[float, float]], n: tuple[float, float, float], draft: Draft, units: Units
) -> None:
    fields = Fields(head, draft.faults, head.tokens[1] if len(head.tokens) > 1 else "")
    name = fields.text(1, "name of the transect")
    stretch = fields.number(8, "width factor", 0.0, low=0.0) or 1.0
    shift = fields.number(9, "elevation offset", 0.0)
    length_factor = fields.number(7, "length factor", 0.0, low=0.0) or 1.0
    station = np.array([p[1] for p in points], float) * stretch * units.length
    level = (np.array([p[0] for p in points], float) + shift) * units.length
    if station.size < 2 or np.any(np.diff(station) < 0.0):
        fields.fault(
            "a transect needs at least two points with ascending stations",
            f"{station.size} points",
            remedy="give GR rows of level and station, from left to right",
        )
        station, level = np.array([0.0, 1.0]), np.zeros(2)
    if not n[2] > 0.0:
        fields.fault("has no roughness", remedy="write an NC row with Manning's n before it")
    banks = [fields.number(at, "bank station", 0.0) * stretch * units.length for at in (3, 4)]
    if banks[1] <= banks[0]:  # no overbanks: all of it is channel
        banks = [float(station[0]), float(station[-1])]
    draft.transects.append(Transect(name, station, level, *n, banks[0], banks[1], length_factor))


def read_streets(inp: InpFile, draft: Draft, units: Units) -> None:
    """[STREETS] as transects: backing, curb, depressed gutter and crown, one side (a wall at the crown) or both."""
    for row in inp.rows("STREETS"):
        fields = Fields(row, draft.faults)
        crown = fields.number(1, "width to the crown", above=0.0) * units.length
        curb = fields.number(2, "curb height", above=0.0) * units.length
        slope = fields.number(3, "cross slope", above=0.0) / 100.0
        n = fields.number(4, "Manning's n", above=0.0)
        depression = fields.number(5, "gutter depression", 0.0, low=0.0) * units.length
        gutter = fields.number(6, "gutter width", 0.0, low=0.0) * units.length
        sides = int(fields.number(7, "sides", 2.0, low=1.0, high=2.0) or 2.0)
        back = fields.number(8, "backing width", 0.0, low=0.0) * units.length
        rise = fields.number(9, "backing slope", 0.0, low=0.0) / 100.0 if back else 0.0
        n_back = fields.number(10, "backing roughness", 0.0, low=0.0) if back else 0.0
        kerb = curb + depression
        edge = depression + slope * gutter
        half = [(0.0, kerb + rise * back), (back, kerb), (back, 0.0), (back + gutter, edge)]
        half.append((back + crown, edge + slope * (crown - gutter)))
        half = [point for at, point in enumerate(half) if at == 0 or point != half[at - 1]]
        top = half[0][1]
        if sides == 1:
            points = [*half, (back + crown, max(top, half[-1][1]))]
        else:
            whole = 2.0 * (back + crown)
            points = half + [(whole - x, z) for x, z in reversed(half[:-1])]
        station, level = np.array(points).T
        right = back + crown if sides == 1 else back + 2.0 * crown
        draft.transects.append(Transect(row.tokens[0], station, level, n_back or n, n_back or n, n, back, right))
