"""Measures on inlets: more of them, at nodes, at places, or along a street."""

from __future__ import annotations

import numpy as np

from floodsim.case.measures import Measure
from floodsim.drainage.alter import Work
from floodsim.drainage.inlet_rows import Row
from floodsim.drainage.network import NONE, NodeKind

SPACING = 20.0
"""Distance (m) of new inlets along a street, where the measure does not say."""
REACH = 60.0
"""Farthest node (m) that a new inlet drains to, where the measure does not say."""


def more_inlets(work: Work, measure: Measure) -> None:
    """Record the inlets of a measure; they are placed on the grid with those of the case."""
    nodes = work.network.nodes
    count, kind = measure.count or 1, measure.inlet_class or ""
    if measure.nodes is not None:
        for k, name in enumerate(measure.nodes, start=1):
            node = work.node(name, "nodes")
            if node != NONE:
                work.rows.append(Row(f"{work.code}-{k}", nodes.name[node], kind, work.key, count=count))
        return
    key = "places" if measure.places is not None else "coordinates"
    places = measure.places if measure.places is not None else _along(measure)
    reach = measure.reach or REACH
    usable = np.flatnonzero((nodes.kind != NodeKind.OUTFALL) & np.isfinite(nodes.x) & np.isfinite(nodes.y))
    for k, (x, y) in enumerate(places, start=1):
        away = np.hypot(nodes.x[usable] - x, nodes.y[usable] - y)
        nearest = int(np.argmin(away)) if usable.size else NONE
        if nearest == NONE or away[nearest] > reach:
            found = f"the nearest is {away[nearest]:.0f} m away" if nearest != NONE else "the network has none"
            work.fault(
                f"no node for the inlet at x = {x:.10g}, y = {y:.10g}: {found}", key, f"{x:.10g}, {y:.10g}",
                f"a node within {reach:g} m", "move the place, or give a larger reach",
            )  # fmt: skip
            continue
        name = nodes.name[int(usable[nearest])]
        work.rows.append(Row(f"{work.code}-{k}", name, kind, work.key, x, y, count, own_place=True))


def _along(measure: Measure) -> list[tuple[float, float]]:
    """Places along the line of a measure: the first half a spacing from its start."""
    points = np.asarray(measure.coordinates, np.float64)
    station = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    spacing = measure.spacing or SPACING
    number = max(int(round(station[-1] / spacing)), 1)
    at = (np.arange(number) + 0.5) * station[-1] / number
    x, y = (np.interp(at, station, points[:, axis]) for axis in (0, 1))
    return list(zip(x.tolist(), y.tolist(), strict=True))
