"""The cause of each failing waterlogging point 积水成因, from where the element sits that holds its water back.

Water over an inlet of the pond is held back by the inlet itself, as far as the head below stands lower than the street,
and for the rest by what lies below: `head_line` says by which pipe, station or outfall. Water that came over the rim of
the catchment is weighed against the rain on it. Reads nothing but the files of a run and those its case names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from floodsim.assess.capacity import Capacity
from floodsim.assess.capacity_rules import CapacityRules
from floodsim.assess.cause_texts import told
from floodsim.assess.head_line import DEAD_END, OUTFALL, PUMPS, HeadLine, Walk
from floodsim.assess.scene import Scene
from floodsim.output.areas import Area
from floodsim.output.catchments import SURFACES
from floodsim.output.reader import Results, seconds_from_start

KINDS = ("inlets", "pipe", "pumps", "backwater", "no_outlet", "outside")
POND_DEPTH = 0.10
"""Depth (m) from which cells beside a point belong to its pond; set by floodsim."""
OUTSIDE_SHARE = 0.5
"""Share of the water that arrives from outside from which that is the cause; half of it makes a runner-up."""
CLOSE = 0.5
"""A second cause with this part of the share of the first is a runner-up."""
NAMED = 0.3
"""Elements that lose this part of what the worst one loses are named with it."""
LEAST_HEAD = 0.005
"""Depth (m) over an inlet from which it counts."""


@dataclass
class Blame:
    """What the drains of a pond are to blame for: ``part`` m (weighted by inlets) by kind, and by element of a kind."""

    part: dict[str, float] = field(default_factory=dict)
    elements: dict[str, dict[int, float]] = field(default_factory=dict)

    def add(self, kind: str, amount: float, element: int = -1) -> None:
        """Blame an element of a kind (row of a link, or of a node) for an amount."""
        if amount > 0.0:
            self.part[kind] = self.part.get(kind, 0.0) + amount
            rows = self.elements.setdefault(kind, {})
            rows[element] = rows.get(element, 0.0) + amount

    def shares(self) -> dict[str, float]:
        """Share of each kind, all together 1."""
        whole = sum(self.part.values())
        return {kind: amount / whole for kind, amount in self.part.items()} if whole > 0.0 else {}

    def named(self, kind: str) -> list[int]:
        """Elements of a kind that count, worst first."""
        rows = self.elements.get(kind, {})
        most = max(rows.values(), default=0.0)
        found = [row for row in rows if row >= 0 and rows[row] >= NAMED * most]
        return sorted(found, key=lambda row: -rows[row])[:5]


@dataclass(frozen=True)
class Pond:
    """The water of a point at its deepest: time (s), level (m) over its deepest cell, its cells (ny, nx) bool, and the
    inlets (rows) in it that can take water.
    """

    time: float
    cells: np.ndarray
    level: np.ndarray
    inlets: np.ndarray


def catchments_of(results: Results) -> list[dict[str, Any]]:
    """Catchment of every point: area by kind of ground (m2), rain (m3, mm), what crossed its rim (m3), its inlets."""
    found = results.catchments
    if found is None or "waterlogging_point" not in found.sizes:
        return []
    grid, rows = results.grid, []
    inside = _inlets_inside(results)
    for k in range(found.sizes["waterlogging_point"]):
        area = found["catchment_area"].values[:, k]
        rain = float(found["catchment_rain"].values[-1, k])
        own = found["catchment_cell_point"].values == k
        rows.append(
            {
                "cells": int(own.sum()),
                "footprint_m2": float(own.sum()) * grid.cell_area,
                "area_m2": float(area.sum()),
                **{f"{name}_m2": float(value) for name, value in zip(SURFACES, area, strict=True)},
                "rain_m3": rain,
                "rain_mm": 1e3 * rain / float(area.sum()) if area.sum() > 0 else None,
                "inflow_m3": float(found["catchment_inflow"].values[-1, k]),
                "outflow_m3": float(found["catchment_outflow"].values[-1, k]),
                "inlets": inside[k],
            }
        )
    return rows


def _inlets_inside(results: Results) -> list[int]:
    """Number of inlets that take water in the catchment of each point."""
    found, series = results.catchments, results.network
    assert found is not None
    points, grid = found.sizes["waterlogging_point"], results.grid
    if series is None or "inlet_kind" not in found:
        return [0] * points
    member: dict[tuple[int, int], list[int]] = {}
    names = ("catchment_cell_point", "catchment_cell_row", "catchment_cell_column")
    for k, row, column in zip(*(found[name].values.tolist() for name in names), strict=True):
        member.setdefault((row, column), []).append(k)
    counts = [0] * points
    places = zip(series["inlet_x"].values, series["inlet_y"].values, strict=True)
    for k, (x, y) in enumerate(places):
        cell = grid.cell_of(float(x), float(y))
        if cell is None or str(found["inlet_kind"].values[k]) == "sealed":
            continue
        for point in member.get(cell, []):
            counts[point] += int(found["inlet_count"].values[k])
    return counts


def find_cause(
    number: int, area: Area, point: dict[str, Any], results: Results, scene: Scene | None, capacity: Capacity | None,
    rules: CapacityRules,
) -> dict[str, Any] | None:  # fmt: skip
    """The cause of a failing point, with its evidence in both languages; None where nothing can be said.

    Without a network only water from outside can be named.
    """
    if point["time_of_max_depth_s"] is None:
        return None
    time = float(point["time_of_max_depth_s"])
    outside, weighed = _outside(number, time, results, rules)
    blame, seen = Blame(), {"time_s": time, **weighed}
    if scene is not None:
        pond = _pond(number, area, time, results, scene)
        seen |= _blame_drains(pond, scene, blame)
    shares = blame.shares()
    ranked = sorted(shares, key=lambda kind: (-shares[kind], KINDS.index(kind)))
    first = ranked[0] if ranked else None
    runner = ranked[1] if len(ranked) > 1 and shares[ranked[1]] >= CLOSE * shares[ranked[0]] else None
    shares = {**shares, "outside": outside}
    if outside > OUTSIDE_SHARE:
        first, runner = "outside", first
    elif outside > OUTSIDE_SHARE / 2 and first is not None:
        runner = "outside"
    if first is None:
        return None
    record = told(first, shares[first], blame, seen, scene, capacity)
    record["runner_up"] = None if runner is None else told(runner, shares[runner], blame, seen, scene, capacity)
    record["shares"] = {kind: share for kind, share in shares.items() if share > 0.0}
    return record


def _outside(number: int, time: float, results: Results, rules: CapacityRules) -> tuple[float, dict[str, Any]]:
    """Share of the water that came over the rim of the catchment until a time (s), and the volumes behind it."""
    found = results.catchments
    if found is None or "catchment_rain" not in found:
        return 0.0, {}
    k = int(np.argmin(np.abs(seconds_from_start(found) - time)))
    area = found["catchment_area"].values[:, number]
    coefficients = np.array([rules.runoff[name] for name in SURFACES])
    runoff = float(coefficients @ area) / max(float(area.sum()), 1e-9)
    rain = float(found["catchment_rain"].values[k, number])
    entered = float(found["catchment_inflow"].values[k, number])
    net = max(entered - float(found["catchment_outflow"].values[k, number]), 0.0)
    own = runoff * rain
    share = net / (net + own) if net + own > 0.0 else 0.0
    return share, {"own_runoff_m3": own, "entered_m3": entered, "net_inflow_m3": net, "outside_share": share}


def _pond(number: int, area: Area, time: float, results: Results, scene: Scene) -> Pond:
    """The pond of a point: connected water over `POND_DEPTH` in its catchment, and the open inlets in or beside it."""
    from scipy.ndimage import binary_dilation, label

    assert results.envelopes is not None and results.catchments is not None
    depth = np.nan_to_num(results.envelopes["max_depth"].values)
    own = np.zeros(scene.grid.shape, bool)
    found = results.catchments
    mine = found["catchment_cell_point"].values == number
    own[found["catchment_cell_row"].values[mine], found["catchment_cell_column"].values[mine]] = True
    own[area.rows, area.columns] = True
    parts, _ = label((depth > POND_DEPTH) & own, np.ones((3, 3), int))
    touched = np.unique(parts[area.rows, area.columns])
    cells = np.isin(parts, touched[touched > 0])
    near = binary_dilation(cells, np.ones((3, 3), bool)) if cells.any() else cells
    at = scene.inlet_cells
    inlets = np.flatnonzero(scene.inlet_open & near[at[:, 0], at[:, 1]]) if len(at) else np.zeros(0, np.int64)
    return Pond(time, cells, scene.grid.array("bed") + depth, inlets)


def _blame_drains(pond: Pond, scene: Scene, blame: Blame) -> dict[str, Any]:
    """Share the depth over every inlet of the pond among the inlet and what lies below it; gives the evidence."""
    seen: dict[str, Any] = {"pond_m2": float(pond.cells.sum()) * scene.grid.cell_area, "inlets": int(pond.inlets.size)}
    if not pond.inlets.size:
        blame.add("no_outlet", 1.0)
        return seen
    near = scene.around(pond.time)
    line = HeadLine(scene.network, scene.full, scene.head[near].mean(axis=0), scene.flow[near].mean(axis=0))
    walks: dict[int, Walk] = {}
    lost, water, count = 0.0, 0.0, 0
    for k in pond.inlets:
        node, crest = int(scene.inlet_node[k]), float(scene.inlet_crest[k])
        street = float(pond.level[tuple(scene.inlet_cells[k])])
        over = max(street - crest, 0.0)
        if over < LEAST_HEAD:
            continue
        weight = int(scene.inlet_count[k])
        head = float(line.head[node])
        held = min(max(head - crest, 0.0), over)
        blame.add("inlets", weight * (over - held), node)
        lost, water, count = lost + weight * (street - head), water + weight * over, count + weight
        if held > 0.0:
            walks.setdefault(node, line.walk(node))
            _blame_below(walks[node], node, weight * held, blame)
    if not blame.part:
        blame.add("inlets", 1.0)
    seen |= {"inlets_in_water": count, "taken_m3_s": float(scene.taken[near][:, pond.inlets].mean(axis=0).sum())}
    if count:
        seen |= {"street_over_head_m": lost / count, "depth_over_inlets_m": water / count}
    seen["walks"] = walks
    return seen


def _blame_below(walk: Walk, node: int, amount: float, blame: Blame) -> None:
    """Share ``amount`` among the elements below a node, by what each adds to the water over it."""
    parts = [("pipe", part.link, part.surcharge) for part in walk.parts if part.surcharge > 0.0]
    if walk.end == PUMPS:
        parts.append(("pumps", walk.node, walk.drowned if walk.parts else amount))
    elif walk.end == OUTFALL:
        parts.append(("backwater", walk.node, walk.drowned))
    elif walk.end == DEAD_END:
        parts.append(("no_outlet", walk.node, walk.drowned if walk.parts else amount))
    whole = sum(max(value, 0.0) for _, _, value in parts)
    if whole <= 0.0:
        blame.add("inlets", amount, node)
        return
    for kind, element, value in parts:
        blame.add(kind, amount * max(value, 0.0) / whole, element)
