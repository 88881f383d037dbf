"""Street inlets of a SWMM input: their designs and where they are used, in SI. For the exchange with the street."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from floodsim.drainage.inp_options import Units, read_options
from floodsim.drainage.inp_text import Fields, InpFile, read_inp_text
from floodsim.errors import Faults

GRATES = (
    "P_BAR-50", "P_BAR-50X100", "P_BAR-30", "CURVED_VANE", "TILT_BAR-45", "TILT_BAR-30", "RETICULINE", "GENERIC",
)  # fmt: skip
KINDS = ("GRATE", "CURB", "DROP_GRATE", "DROP_CURB", "SLOTTED", "CUSTOM")


@dataclass(frozen=True)
class InletDesign:
    """One opening of an inlet: ``kind`` in SWMM's word; ``length``, ``width`` (grate, slot) or height (curb) in m;
    ``grate`` bar pattern, ``open_share`` and ``splash_speed`` m/s of a GENERIC one; ``throat`` of a curb opening;
    ``curve`` of a CUSTOM inlet. Two rows of one name, GRATE and CURB, are a combination.
    """

    name: str
    kind: str
    length: float = 0.0
    width: float = 0.0
    grate: str = ""
    open_share: float = 0.0
    splash_speed: float = 0.0
    throat: str = ""
    curve: str = ""


@dataclass(frozen=True)
class InletUse:
    """Inlets of a design along a street ``conduit`` that drain to ``node``: ``count`` per side, ``clogged`` 0 to 1,
    ``max_flow`` m3/s per inlet (0: no limit), local depression m and its width m, ``placement``; ``place`` is
    where it stands in the file.
    """

    conduit: str
    design: str
    node: str
    count: int = 1
    clogged: float = 0.0
    max_flow: float = 0.0
    depression: float = 0.0
    depression_width: float = 0.0
    placement: str = "AUTOMATIC"
    place: str = ""


@dataclass(frozen=True)
class Inlets:
    """All inlets of an input."""

    designs: tuple[InletDesign, ...] = ()
    uses: tuple[InletUse, ...] = ()


def read_inlets(path: str | Path, faults: Faults | None = None) -> Inlets:
    """Read [INLETS] and [INLET_USAGE] of a SWMM input.

    Raises CaseError with every fault, by section and line, unless ``faults`` collects them.
    """
    found = Faults(path) if faults is None else faults
    inp = read_inp_text(Path(path), found)
    inlets = inlets_of(inp, read_options(inp, found).units, found)
    if faults is None:
        found.raise_if_any()
    return inlets


def inlets_of(inp: InpFile, units: Units, faults: Faults) -> Inlets:
    """Inlets of an input that has been split into rows; records faults."""
    designs = [_design(Fields(row, faults), units) for row in inp.rows("INLETS")]
    names = {design.name.upper() for design in designs}
    uses = [_use(Fields(row, faults), names, units) for row in inp.rows("INLET_USAGE")]
    return Inlets(tuple(designs), tuple(uses))


def _design(fields: Fields, units: Units) -> InletDesign:
    kind = fields.word(1, "type of inlet", KINDS)
    if kind == "CUSTOM":
        return InletDesign(fields.name, kind, curve=fields.text(2, "curve"))
    length = fields.number(2, "length", above=0.0) * units.length
    width = fields.number(3, "width or height", above=0.0) * units.length
    if kind in ("GRATE", "DROP_GRATE"):
        grate = fields.word(4, "type of grate", GRATES)
        generic = grate == "GENERIC"
        share = fields.number(5, "open share", above=0.0, high=1.0) if generic else 0.0
        splash = fields.number(6, "splash speed", 0.0, low=0.0) * units.length if generic else 0.0
        return InletDesign(fields.name, kind, length, width, grate, share, splash)
    throat = fields.word(4, "throat", ("HORIZONTAL", "INCLINED", "VERTICAL"), "VERTICAL") if kind == "CURB" else ""
    return InletDesign(fields.name, kind, length, width, throat=throat)


def _use(fields: Fields, designs: set[str], units: Units) -> InletUse:
    design = fields.text(1, "inlet")
    if design and design.upper() not in designs:
        remedy = "add it to [INLETS], or correct the name"
        fields.fault(f"names the inlet {design}, which does not exist", design, remedy=remedy)
    count = fields.number(3, "number of inlets", 1.0, low=1.0)
    return InletUse(
        fields.name,
        design,
        fields.text(2, "node"),
        1 if math.isnan(count) else int(count),
        fields.number(4, "share clogged", 0.0, low=0.0, high=100.0) / 100.0,
        fields.number(5, "largest flow", 0.0, low=0.0) * units.flow,
        fields.number(6, "local depression", 0.0, low=0.0) * units.length,
        fields.number(7, "width of the depression", 0.0, low=0.0) * units.length,
        fields.word(8, "placement", ("AUTOMATIC", "ON_GRADE", "ON_SAG"), "AUTOMATIC"),
        fields.row.place(),
    )
