"""Subcatchments of a SWMM input: what area drains to which node. The run does not use them; the capacity check does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floodsim.drainage.inp_options import read_options
from floodsim.drainage.inp_text import Fields, read_inp_text
from floodsim.errors import Faults

HECTARE, ACRE = 1e4, 4046.8564224


@dataclass(frozen=True)
class Subcatchment:
    """An area (m2) that drains to ``outlet`` (a node, or another subcatchment), ``impervious`` share of it paved."""

    name: str
    outlet: str
    area: float
    impervious: float


def read_subcatchments(path: str | Path) -> list[Subcatchment]:
    """Read [SUBCATCHMENTS] of a SWMM input. Raises CaseError with every fault, by section and line."""
    faults = Faults(path)
    inp = read_inp_text(Path(path), faults)
    unit = ACRE if read_options(inp, faults).units.us else HECTARE
    found = []
    for row in inp.rows("SUBCATCHMENTS"):
        fields = Fields(row, faults)
        outlet = fields.text(2, "outlet")
        area, paved = fields.number(3, "area"), fields.number(4, "share of impervious ground")
        found.append(Subcatchment(row.tokens[0], outlet, area * unit, min(max(paved / 100.0, 0.0), 1.0)))
    faults.raise_if_any()
    return found


def node_of(name: str, outlets: dict[str, str], nodes: set[str]) -> str | None:
    """Node that a subcatchment drains to in the end, upper case; None where its way ends at none or in a circle."""
    passed = set()
    place = outlets.get(name.upper(), "")
    while place not in nodes:
        if place in passed or place not in outlets:
            return None
        passed.add(place)
        place = outlets[place]
    return place
