"""Roofs that drain into the network: which cells, to which node, and how much of their rain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.grid.grid import Grid
from floodsim.kernels.exchange import take_roof_rain


@dataclass
class RoofCells:
    """Cells that carry roof rain: padded ``cell_j``, ``cell_i``, ``weight`` (part of the rain that is roof rain), node.

    ``capacity`` m/s of rain that downpipes take; ``taken`` (n,) m3 over the last beat.
    """

    cell_j: np.ndarray
    cell_i: np.ndarray
    weight: np.ndarray
    node: np.ndarray
    capacity: float
    taken: np.ndarray

    def take(self, beat: float, cell_area: float, rates: np.ndarray, zones: np.ndarray, source: np.ndarray) -> None:
        """Move the rain of a beat (s) from the source (padded, m/s) into the downpipes; ``rates`` (zones,) m/s."""
        zone = np.zeros(self.node.size, np.int64) if zones.size == 1 else zones[self.cell_j - 1, self.cell_i - 1]
        take_roof_rain(
            beat, cell_area, self.cell_j, self.cell_i, rates[zone], self.weight, self.capacity, source, self.taken
        )

    def inflow(self, beat: float, nodes: int) -> np.ndarray:
        """Flow of the roofs into each node (nodes,) during the beat (s), m3/s."""
        return np.bincount(self.node, self.taken, minlength=nodes) / beat


def roof_cells(
    grid: Grid, x: np.ndarray, y: np.ndarray, rows: np.ndarray, capacity: float, distance: float
) -> RoofCells:
    """Roof cells with the nearest of the nodes ``rows`` at x, y (m), as far as it is no further than ``distance`` (m).

    Raised buildings carry their rain themselves. The rain of blocked ones falls onto the cells beside them, whose
    ``rain_share`` is then over 1: what is over 1 is roof rain.
    """
    share = grid.array("rain_share") if grid.has("rain_share") else np.ones(grid.shape, np.float32)
    weight = np.where(grid.array("building") == 1, share, np.maximum(share - 1.0, 0.0)).astype(np.float64)
    j, i = np.nonzero((weight > 0.0) & grid.array("active"))
    node, near = nearest(grid.x[i], grid.y[j], x, y, distance)
    j, i, node = j[near], i[near], rows[node[near]] if rows.size else np.zeros(0, np.int64)
    return RoofCells(j + 1, i + 1, weight[j, i], node.astype(np.int64), capacity, np.zeros(j.size))


def nearest(
    px: np.ndarray, py: np.ndarray, x: np.ndarray, y: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """For points px, py the number of the nearest of x, y, and whether it is within the distance.

    Points are sorted into squares of that size, so that each looks only at its own and the eight around it.
    """
    found, best = np.zeros(px.size, np.int64), np.full(px.size, np.inf)
    squares: dict[tuple[int, int], list[int]] = {}
    for k in range(x.size):
        squares.setdefault((int(x[k] // distance), int(y[k] // distance)), []).append(k)
    pi, pj = (px // distance).astype(np.int64), (py // distance).astype(np.int64)
    order = np.lexsort((pi, pj))
    cuts = np.flatnonzero((np.diff(pi[order]) != 0) | (np.diff(pj[order]) != 0)) + 1
    for group in np.split(order, cuts) if px.size else []:
        a, b = int(pi[group[0]]), int(pj[group[0]])
        around = [k for da in (-1, 0, 1) for db in (-1, 0, 1) for k in squares.get((a + da, b + db), [])]
        if around:
            near = np.array(sorted(around))
            away = (px[group, None] - x[near]) ** 2 + (py[group, None] - y[near]) ** 2
            found[group], best[group] = near[np.argmin(away, axis=1)], away.min(axis=1)
    return found, best <= distance**2
