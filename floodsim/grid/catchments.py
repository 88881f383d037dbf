"""Catchments on the bare ground: where the water of each cell runs to, traced before any water is in motion.

Hollows shallower than `SHALLOW` are passed over, as a street puddle is; deeper ones keep what runs into them. Buildings
stand in the bed, so paths go around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.grid.grid import Grid
from floodsim.kernels.surface_paths import flood_paths, spread_labels

SHALLOW = 0.10
"""Depth (m) up to which a hollow counts as roughness of the ground and not as a pond of its own; set by floodsim."""
MAX_ROUNDS = 12
"""Floods at most. Each finds the hollows within those of the last; what is left then is passed over."""


@dataclass(frozen=True)
class Paths:
    """Ways of the water over a grid, cells as flat numbers row * nx + column.

    ``receiver`` (cells,) where each cell drains to, -1 at the ends; ``order`` (reached,) so that a cell comes after its
    receiver; ``level`` (ny, nx) m bed with shallow hollows filled, NaN outside; ``end`` (cells,) number of the end that
    a cell drains to, -1 outside; ``spill`` (ends,) m level at which the hollow of an end runs over into another one,
    infinite where it cannot, and -infinite for ``ends`` where water leaves the domain.
    """

    receiver: np.ndarray
    order: np.ndarray
    level: np.ndarray
    end: np.ndarray
    ends: np.ndarray
    spill: np.ndarray

    def labels(self, label: np.ndarray) -> np.ndarray:
        """Labels (cells,) with every -1 replaced by the first label on the way down; -1 where there is none."""
        spread = np.array(label, np.int64).ravel()
        spread_labels(self.order, self.receiver, spread)
        return spread

    def above(self, target: np.ndarray) -> np.ndarray:
        """Cells (ny, nx) whose water passes through ``target`` (ny, nx) bool, the target with them."""
        label = np.where(np.asarray(target, bool).ravel(), 1, -1)
        return (self.labels(label) == 1).reshape(self.level.shape)

    def catchment(self, target: np.ndarray) -> np.ndarray:
        """Catchment (ny, nx) of ``target`` (ny, nx) bool: all that passes through it, and through hollows it lies in.

        A hollow counts where it would stand more than `SHALLOW` deep on the target before it runs over.
        """
        inside = np.asarray(target, bool) & np.isfinite(self.level)
        found = self.above(inside)
        owner = self.end.reshape(self.level.shape)
        ponds = np.unique(owner[inside & (self.level < self.spill[np.maximum(owner, 0)] - SHALLOW)])
        return found | np.isin(owner, ponds[ponds >= 0])


def trace_paths(grid: Grid, leaves: np.ndarray | None = None, shallow: float = SHALLOW) -> Paths:
    """Trace the ways of the water. ``leaves`` (ny, nx) bool marks cells on open edges, where it leaves the domain.

    Ends are those cells and the lowest cell of every hollow deeper than ``shallow`` (m); a domain without open edges
    drains to its hollows.
    """
    bed = np.ascontiguousarray(grid.array("bed"), np.float64)
    active = np.ascontiguousarray(grid.array("active"), bool)
    ny, nx = bed.shape
    out = np.zeros((ny, nx), bool) if leaves is None else np.asarray(leaves, bool) & active
    seeds = np.flatnonzero(out)
    level, receiver, order = np.full((ny, nx), np.nan), np.full(ny * nx, -1, np.int64), np.zeros(ny * nx, np.int64)
    scratch = np.zeros(ny * nx), np.zeros(ny * nx, np.int64), np.zeros(ny * nx, np.int64), np.zeros(ny * nx, bool)
    for _ in range(MAX_ROUNDS):
        count = int(flood_paths(bed, active, seeds, level, receiver, order, *scratch))
        more = _more_ends(bed, active, level, shallow)
        if not more.size:
            break
        seeds = np.concatenate([seeds, more])
    end = np.full(ny * nx, -1, np.int64)
    end[seeds] = np.arange(seeds.size)
    spread_labels(order[:count], receiver, end)
    spill = _spills(level, end.reshape(ny, nx), seeds.size)
    spill[out.ravel()[seeds]] = -np.inf
    return Paths(receiver, order[:count], level, end, seeds, spill)


def _more_ends(bed: np.ndarray, active: np.ndarray, level: np.ndarray, shallow: float) -> np.ndarray:
    """Lowest cell of every part that the flood has not reached, else of every hollow deeper than ``shallow``."""
    missed = active & ~np.isfinite(level)
    if missed.any():
        return _lowest(bed, missed)
    depth = np.where(active, level - bed, 0.0)
    lowest = _lowest(bed, depth > 0.0)
    return lowest[depth.ravel()[lowest] > shallow]


def _lowest(bed: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lowest cell, as a flat number, of every connected part of a mask."""
    from scipy.ndimage import label, minimum_position

    parts, count = label(mask, np.ones((3, 3), int))
    places = minimum_position(bed, parts, np.arange(1, count + 1)) if count else []
    return np.array([j * bed.shape[1] + i for j, i in places], np.int64)


def _spills(level: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """Lowest level (ends,) over which the hollow of each end runs into that of another."""
    spill = np.full(count, np.inf)
    pairs = (
        (np.s_[:-1, :], np.s_[1:, :]), (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]), (np.s_[:-1, 1:], np.s_[1:, :-1]),
    )  # fmt: skip
    for one, other in pairs:
        a, b = end[one], end[other]
        apart = (a != b) & (a >= 0) & (b >= 0)
        over = np.maximum(level[one], level[other])[apart]
        np.minimum.at(spill, a[apart], over)
        np.minimum.at(spill, b[apart], over)
    return spill
