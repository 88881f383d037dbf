"""Where water is exchanged: inlets out of a table, out of a SWMM input, and manholes where there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from floodsim.case.drainage import Drainage, InletClass
from floodsim.case.units import closest
from floodsim.drainage.check_inlets import check_inlets, in_short, open_cell
from floodsim.drainage.inlet_rows import Row, table_rows, usage_rows
from floodsim.drainage.inlets import ClassTable, Inlets, class_table
from floodsim.drainage.inp_inlets import InletDesign
from floodsim.drainage.inp_inlets import Inlets as InpInlets
from floodsim.drainage.network import Network, NodeKind
from floodsim.errors import Faults
from floodsim.grid.grid import Grid

RIM_DIFFERENCE = 0.5
"""Difference of rim and street (m) from which the user is told."""


@dataclass
class Placing:
    """What is being placed, with what is found on the way."""

    section: Drainage
    network: Network
    grid: Grid
    faults: Faults
    notes: list[str] = field(default_factory=list)
    classes: list[InletClass] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.node_row = {name.upper(): row for row, name in enumerate(self.network.nodes.name)}
        self.classes = list(self.section.inlet_classes)
        for name in ("manhole", "sealed"):
            if name not in self.class_names():
                self.classes.append(InletClass(name=name, kind=name))
        self.open_ground = self.grid.array("active") & (self.grid.array("building") == 0)

    def class_names(self) -> list[str]:
        """Names of the classes known so far."""
        return [entry.name for entry in self.classes]


def place_inlets(
    section: Drainage,
    network: Network,
    inp_inlets: InpInlets,
    grid: Grid,
    notes: list[str],
    more: Sequence[Row] = (),
) -> tuple[Inlets, ClassTable]:
    """All inlets and grid outfalls of a case, with their cells, crests and classes; ``notes`` is for the user.

    ``more`` inlets come after those of the table and of the SWMM input.

    Raises CaseError with every fault of the table of inlets and of the inlets of the SWMM input.
    """
    placing = Placing(section, network, grid, Faults())
    rows = table_rows(section.inlets, placing.faults) if section.inlets is not None else []
    rows += [*_inp_rows(inp_inlets, placing), *(replace(row) for row in more)]
    for row in rows:
        _check_row(row, placing)
    placing.faults.raise_if_any()
    placing.notes += in_short(check_inlets(rows, network, grid))
    taken = {row.node.upper() for row in rows}
    if section.manholes != "none":
        rows += _manhole_rows(placing, taken)
    cells = [_cell(row, placing) for row in rows]
    placing.faults.raise_if_any()
    kept = [(row, cell) for row, cell in zip(rows, cells, strict=True) if cell is not None]
    outfalls = _grid_outfalls(placing) if section.outfalls == "grid" else []
    notes += placing.notes
    table = class_table(placing.classes)
    inlets = _freeze(kept, outfalls, table, placing, notes)
    return inlets, table


def _inp_rows(inp_inlets: InpInlets, placing: Placing) -> list[Row]:
    """Rows out of [INLETS] and [INLET_USAGE]; a class of the case with the name of a design replaces it."""
    rows = []
    designs: dict[str, list[InletDesign]] = {}
    for design in inp_inlets.designs:
        designs.setdefault(design.name.upper(), []).append(design)
    for use, row in zip(inp_inlets.uses, usage_rows(inp_inlets), strict=True):
        name = use.design
        if name not in placing.class_names():
            made = _class_of(name, designs[name.upper()], placing)
            if made is None:
                continue
            placing.classes.append(made)
        if use.max_flow > 0.0:
            limited = next(entry for entry in placing.classes if entry.name == name)
            name = f"{name} at most {use.max_flow:g} m3/s"
            if name not in placing.class_names():
                placing.classes.append(limited.model_copy(update={"name": name, "max_flow": use.max_flow}))
        rows.append(replace(row, kind=name))
    return rows


def _class_of(name: str, designs: Sequence[InletDesign], placing: Placing) -> InletClass | None:
    """The inlet class of a SWMM inlet design; None and a fault where it has no counterpart."""
    grate = next((one for one in designs if one.kind in ("GRATE", "DROP_GRATE")), None)
    kerb = next((one for one in designs if one.kind in ("CURB", "DROP_CURB")), None)
    slot = next((one for one in designs if one.kind == "SLOTTED"), None)
    sizes: dict[str, object] = {"name": name}
    if grate is not None:
        word = "P_BAR-50x100" if grate.grate.upper() == "P_BAR-50X100" else grate.grate
        sizes |= {"length": grate.length, "width": grate.width, "grate": word}
        if word == "GENERIC":
            sizes |= {"open_share": grate.open_share, "splash_speed": grate.splash_speed or 20.0}
    if kerb is not None:
        sizes |= {"kerb_length": kerb.length, "kerb_height": kerb.width}
    if grate is not None or kerb is not None:
        kind = "combination" if grate is not None and kerb is not None else "grate" if grate is not None else "kerb"
        return InletClass.model_validate({**sizes, "kind": kind})
    if slot is not None:
        return InletClass.model_validate({**sizes, "kind": "slotted", "length": slot.length, "width": slot.width})
    curve = next((one for one in placing.network.curves if one.name.upper() == designs[0].curve.upper()), None)
    if curve is None or curve.kind != "RATING":
        placing.faults.add(
            f"the inlet {name} captures by a curve of the flow that approaches it",
            key="drainage.network",
            value=designs[0].curve,
            allowed="a RATING curve of depth and flow",
            remedy=f'add a class named "{name}" to [[drainage.inlet_classes]]; it replaces the one of the file',
        )
        return None
    points = [(float(x), float(y)) for x, y in zip(curve.x, curve.y, strict=True)]
    return InletClass(name=name, kind="curve", curve=points)


def _manhole_rows(placing: Placing, taken: set[str]) -> list[Row]:
    """A manhole of the default class at every node on the grid that has no inlet."""
    names = placing.network.nodes.name
    rows = [names[row] for row in nodes_on_grid(placing.network, placing.grid)]
    return [Row(name, name, placing.section.manholes, "") for name in rows if name.upper() not in taken]


def nodes_on_grid(network: Network, grid: Grid) -> np.ndarray:
    """Rows of the nodes, but for outfalls, that lie within the bounds of the grid."""
    nodes = network.nodes
    xmin, ymin, xmax, ymax = grid.bounds
    inside = (nodes.x >= xmin) & (nodes.x <= xmax) & (nodes.y >= ymin) & (nodes.y <= ymax)
    return np.flatnonzero(inside & (nodes.kind != NodeKind.OUTFALL))


def _check_row(row: Row, placing: Placing) -> None:
    """A row names a node and a class that exist."""
    source = placing.section.inlets if row.place.startswith("line") else placing.section.network
    for what, name, known in (
        ("node", row.node, placing.network.nodes.name),
        ("inlet class", row.kind, tuple(placing.class_names())),
    ):
        found = row.node.upper() in placing.node_row if what == "node" else name in known
        if not found:
            near = closest(name, known)
            placing.faults.add(
                f"names the {what} {name}, which does not exist ({row.place})", file=source or "",
                key="drainage.inlets", value=name, remedy=f"did you mean {near}?" if near else f"add the {what}",
            )  # fmt: skip


def _cell(row: Row, placing: Placing) -> tuple[int, int] | None:
    """Row and column of the cell of an inlet, on open ground; None where there is none near."""
    nodes, node = placing.network.nodes, placing.node_row[row.node.upper()]
    if math.isnan(row.x) or math.isnan(row.y):
        row.x, row.y = float(nodes.x[node]), float(nodes.y[node])
    cell = None if math.isnan(row.x) else placing.grid.cell_of(row.x, row.y)
    if cell is None:
        if row.place:
            placing.faults.add(
                f"the inlet {row.name} lies outside the grid ({row.place})",
                key="drainage.inlets",
                value=f"x = {row.x:.10g}, y = {row.y:.10g}",
                allowed="x from {0:g} to {2:g}, y from {1:g} to {3:g}".format(*placing.grid.bounds),
                remedy="check the coordinates; they must be those of the grid",
            )
        return None
    found = open_cell(placing.open_ground, cell)
    if found is None and not row.place:  # of the others the check of inlets tells
        placing.notes.append(f"manhole {row.name} lies on a building or outside the domain and is closed")
    return found


def _grid_outfalls(placing: Placing) -> list[tuple[int, tuple[int, int]]]:
    """Rows of the outfalls that lie on active cells, with their cells."""
    nodes, found = placing.network.nodes, []
    for row, node in enumerate(placing.network.outfalls.node):
        x, y = float(nodes.x[node]), float(nodes.y[node])
        cell = None if math.isnan(x) else placing.grid.cell_of(x, y)
        if cell is not None and placing.grid.array("active")[cell]:
            found.append((row, cell))
    return found


def _freeze(
    kept: list[tuple[Row, tuple[int, int]]],
    outfalls: list[tuple[int, tuple[int, int]]],
    table: ClassTable,
    placing: Placing,
    notes: list[str],
) -> Inlets:
    """Frozen arrays; cells that several inlets share stand once."""
    order: dict[tuple[int, int], int] = {}
    for cell in [*(cell for _, cell in kept), *(cell for _, cell in outfalls)]:
        order.setdefault(cell, len(order))
    cells = np.array(list(order), np.int64).reshape(-1, 2)
    bed = placing.grid.array("bed")[cells[:, 0], cells[:, 1]].astype(np.float64)
    nodes = placing.network.nodes
    rows = np.zeros((len(kept), 5), np.int64)
    crest, clogging = np.zeros(len(kept)), np.zeros(len(kept))
    apart = []
    for k, (row, cell) in enumerate(kept):
        node, kind = placing.node_row[row.node.upper()], table.names.index(row.kind)
        rows[k] = order[cell], node, kind, row.count, row.placement
        rim, street = float(nodes.invert[node] + nodes.full_depth[node]), float(bed[order[cell]])
        crest[k] = (street if row.own_place else max(rim, street)) if math.isnan(row.crest) else row.crest
        clogging[k] = table.clogging[kind] if math.isnan(row.clogging) else row.clogging
        if not row.own_place and abs(rim - street) > RIM_DIFFERENCE:
            apart.append(f"{row.node} ({rim - street:+.2f} m)")
    if apart:
        shown = ", ".join(apart[:6]) + (f" and {len(apart) - 6} more" if len(apart) > 6 else "")
        notes.append(f"rims more than {RIM_DIFFERENCE} m off the street; the higher of the two is the crest: {shown}")
    names = tuple(row.name for row, _ in kept)
    places = (np.array([row for row, _ in outfalls], np.int64), np.array([order[c] for _, c in outfalls], np.int64))
    x, y = placing.grid.x[cells[:, 1]], placing.grid.y[cells[:, 0]]
    return Inlets(names, rows, 1.0 - clogging, crest, cells[:, 0] + 1, cells[:, 1] + 1, bed, x, y, *places)
