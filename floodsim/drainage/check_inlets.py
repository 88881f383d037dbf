"""What is wrong or doubtful with inlets before any run: nodes, places, ground, levels, doubles. Changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from floodsim.case.units import closest
from floodsim.drainage.check_network import ERROR, RIM_TOLERANCE, WARNING, Finding
from floodsim.drainage.inlet_rows import Row
from floodsim.drainage.network import Network, NodeKind
from floodsim.grid.grid import Grid

REACH = 2
"""Cells that an inlet on a building is moved at most to find open ground."""
STREET_SLOPE = 0.05
"""A street may fall this much between an inlet and the rim of its node before the two are reported as apart."""
FARTHEST = 100.0
"""Distance of an inlet from its node, in m, from which the node is doubted."""
SHOWN = 3
"""Findings of one kind that a note tells in full."""


def check_inlets(rows: Sequence[Row], network: Network, terrain: Grid | None = None) -> list[Finding]:
    """Check inlets against the nodes they drain to and, if given, a terrain in the same coordinates.

    Errors are what a run refuses: nodes that do not exist, places outside the terrain. Warnings: no open ground within
    2 cells, ground and rim or crest apart, a node far away, an outfall as node, the same inlet or name twice.
    """
    nodes = {name.upper(): row for row, name in enumerate(network.nodes.name)}
    found = []
    open_ground = None if terrain is None else terrain.array("active") & (terrain.array("building") == 0)
    for row in rows:
        node = nodes.get(row.node.upper())
        if node is None:
            near = closest(row.node, network.nodes.name)
            remedy = f"did you mean {near}?" if near else "add the node, or correct the name"
            message = f"drains to the node {row.node}, which does not exist"
            found.append(_finding(row, row.x, row.y, ERROR, "inlet_node", message, remedy))
        else:
            found += _at_node(row, node, network)
            if terrain is not None and open_ground is not None:
                found += _on_ground(row, node, network, terrain, open_ground)
    return found + list(_doubles(rows, network, nodes))


def in_short(findings: Sequence[Finding]) -> list[str]:
    """One note for each kind of doubt, with the first few objects; errors are left to those who refuse them."""
    kinds: dict[str, list[Finding]] = {}
    for one in findings:
        if one.severity != ERROR:
            kinds.setdefault(one.check, []).append(one)
    notes = []
    for group in kinds.values():
        told = "; ".join(f"{one.title} at ({one.x:.2f}, {one.y:.2f}) {one.message}" for one in group[:SHOWN])
        more = f"; and {len(group) - SHOWN} more of this kind" if len(group) > SHOWN else ""
        notes.append(f"{told}{more}: {group[0].remedy}")
    return notes


def open_cell(open_ground: np.ndarray, cell: tuple[int, int]) -> tuple[int, int] | None:
    """The cell itself or the nearest within 2 cells that is open ground (``open_ground`` (y, x)); None without one."""
    if open_ground[cell]:
        return cell
    j0, i0 = max(cell[0] - REACH, 0), max(cell[1] - REACH, 0)
    near = np.argwhere(open_ground[j0 : cell[0] + REACH + 1, i0 : cell[1] + REACH + 1]) + (j0, i0)
    if not len(near):
        return None
    best = near[np.argmin(((near - cell) ** 2).sum(axis=1))]
    return int(best[0]), int(best[1])


def _finding(row: Row, x: float, y: float, severity: str, check: str, message: str, remedy: str) -> Finding:
    return Finding(severity, check, f"inlet {row.name}", x, y, message, remedy, row.place)


def _place(row: Row, node: int, network: Network) -> tuple[float, float]:
    """Its own place, or that of its node."""
    own = math.isfinite(row.x + row.y)
    return (row.x, row.y) if own else (float(network.nodes.x[node]), float(network.nodes.y[node]))


def _at_node(row: Row, node: int, network: Network) -> Iterator[Finding]:
    nodes = network.nodes
    x, y = _place(row, node, network)
    if nodes.kind[node] == NodeKind.OUTFALL:
        message, remedy = f"drains straight to the outfall {row.node}", "name the manhole that it is joined to"
        yield _finding(row, x, y, WARNING, "inlet_outfall", message, remedy)
    away = _away(x, y, node, network)
    if away > FARTHEST:
        remedy = "check its place, its node and the coordinate systems of both"
        yield _finding(row, x, y, WARNING, "inlet_far", f"lies {away:.0f} m from its node {row.node}", remedy)


def _away(x: float, y: float, node: int, network: Network) -> float:
    """Distance of a place from a node, m; 0 where the node has no coordinates."""
    away = math.hypot(x - float(network.nodes.x[node]), y - float(network.nodes.y[node]))
    return away if math.isfinite(away) else 0.0


def _on_ground(row: Row, node: int, network: Network, terrain: Grid, open_ground: np.ndarray) -> Iterator[Finding]:
    x, y = _place(row, node, network)
    if not math.isfinite(x + y):
        message, remedy = "has no place, nor has its node", "fill in x and y, or give the node coordinates"
        yield _finding(row, x, y, ERROR, "inlet_place", message, remedy)
        return
    cell = terrain.cell_of(x, y)
    if cell is None:
        remedy = "check its coordinates; they must be those of the terrain"
        yield _finding(row, x, y, ERROR, "inlet_off_terrain", "lies outside the terrain", remedy)
        return
    ground = open_cell(open_ground, cell)
    if ground is None:
        message = "lies on a building, on blocked ground or where the terrain has no data: it takes no water"
        yield _finding(row, x, y, WARNING, "inlet_closed", message, "move it to the street")
        return
    yield from _levels(row, node, network, float(terrain.array("bed")[ground]), (x, y))


def _levels(row: Row, node: int, network: Network, street: float, place: tuple[float, float]) -> Iterator[Finding]:
    """Crest and rim against the street; where an inlet lies at its node, the rim is the node's affair."""
    x, y = place
    if math.isfinite(row.crest) and abs(row.crest - street) > RIM_TOLERANCE:
        message = f"has its crest at {row.crest:.2f} m, {abs(row.crest - street):.2f} m off the street ({street:.2f} m)"
        remedy = "crest is a level in m above datum, not a depth; leave it empty to take that of the street"
        yield _finding(row, x, y, WARNING, "inlet_crest", message, remedy)
    away = _away(x, y, node, network)
    rim = float(network.nodes.invert[node] + network.nodes.full_depth[node])
    if row.own_place and abs(rim - street) > RIM_TOLERANCE + STREET_SLOPE * away:
        side = "above" if rim > street else "below"
        message = (
            f"drains to {row.node}, {away:.0f} m away, whose rim {rim:.2f} m lies {abs(rim - street):.2f} m {side} "
            f"the street at the inlet ({street:.2f} m)"
        )
        yield _finding(row, x, y, WARNING, "inlet_rim", message, "check the node, its rim 地面高程 and the terrain")


def _doubles(rows: Sequence[Row], network: Network, nodes: dict[str, int]) -> Iterator[Finding]:
    """The same name twice, and the same class twice at one place of its own (to the centimetre)."""
    names: dict[str, Row] = {}
    places: dict[tuple[str, float, float], Row] = {}
    for row in rows:
        node = nodes.get(row.node.upper())
        x, y = (row.x, row.y) if node is None else _place(row, node, network)
        first = names.setdefault(row.name.upper(), row)
        if first is not row:
            message = f"has the name of another ({first.place or first.node})"
            remedy = "rename one, or take it out where both are the same: it would take water twice"
            yield _finding(row, x, y, WARNING, "inlet_name", message, remedy)
        elif row.own_place and (twin := places.setdefault((row.kind, round(x, 2), round(y, 2)), row)) is not row:
            message = f"stands at the place of {twin.name} ({twin.place}), of the same class {row.kind}"
            remedy = "take one out, or write their number as count"
            yield _finding(row, x, y, WARNING, "inlet_double", message, remedy)
