"""Cells and faces of polygons, circles and lines. Knows where cells lie, nothing of ground or water.

A cell belongs to a polygon or circle when its centre lies inside. What lies outside the grid is left away; callers say
so. Coordinates are those of the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from floodsim.grid.frame import Cells
from floodsim.grid.vector import read_polygons

__all__ = [
    "cells_in_circle",
    "cells_in_polygon",
    "cells_of_rings",
    "cells_on_line",
    "faces_on_line",
    "points_in_polygon",
    "read_polygons",
]

Coordinates = Sequence[Sequence[float]] | np.ndarray


class Covered(NamedTuple):
    """Cells by owner: number of the polygon, row and column, each int32 (n,)."""

    owner: np.ndarray
    rows: np.ndarray
    cols: np.ndarray


def cells_of_rings(cells: Cells, rings: Iterable[tuple[int, np.ndarray]]) -> Covered:
    """Cells whose centre lies inside polygons given as (owner, (n, 2) ring) pairs; rings of an owner count even-odd.

    A centre exactly on an edge belongs to the polygon at its north or east, so that neighbours share no cell.
    """
    pairs = list(rings)
    if not pairs:
        return Covered(*(np.zeros(0, np.int32) for _ in range(3)))
    sizes = np.array([len(ring) for _, ring in pairs])
    owner = np.repeat(np.array([number for number, _ in pairs]), sizes)
    start = np.concatenate([np.asarray(ring, np.float64)[:, :2] for _, ring in pairs])
    following = np.arange(1, len(start) + 1)
    last = np.cumsum(sizes)
    following[last - 1] = last - sizes
    return _fill(cells, owner, start, start[following])


def _fill(cells: Cells, owner: np.ndarray, start: np.ndarray, end: np.ndarray) -> Covered:
    """Scanlines through the cell centres: where edges cross them, then the cells between crossings."""
    (ny, nx), (xmin, ymin, _, _) = cells.shape, cells.bounds
    up = start[:, 1] <= end[:, 1]  # so that an edge shared by two polygons gives both the same crossings
    low, high = np.where(up[:, None], start, end), np.where(up[:, None], end, start)
    ua, va = (low[:, 0] - xmin) / cells.dx - 0.5, (low[:, 1] - ymin) / cells.dy - 0.5
    ub, vb = (high[:, 0] - xmin) / cells.dx - 0.5, (high[:, 1] - ymin) / cells.dy - 0.5
    first, stop = (np.clip(np.ceil(v), 0, ny).astype(np.int64) for v in (va, vb))
    count = stop - first
    edge, row = _ranges(first, count)
    share = (row - va[edge]) / (vb - va)[edge]  # an edge that spans a row is not level
    crossing = ua[edge] + share * (ub - ua)[edge]
    column = np.clip(np.ceil(crossing), 0, nx).astype(np.int64)
    order = np.lexsort((column, row, owner[edge]))
    opening, closing = order[0::2], order[1::2]
    span, col = _ranges(column[opening], column[closing] - column[opening])
    at = opening[span]
    return Covered(*(part.astype(np.int32) for part in (owner[edge[at]], row[at], col)))


def _ranges(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each k the numbers first[k] .. first[k] + count[k] - 1: which k, and the number."""
    which = np.repeat(np.arange(len(count)), count)
    begin = np.cumsum(count) - count
    return which, first[which] + np.arange(len(which)) - begin[which]


def cells_in_polygon(grid: Cells, coordinates: Coordinates) -> np.ndarray:
    """Cells whose centre lies inside a polygon, bool (ny, nx); the ring is closed if it is not."""
    covered = cells_of_rings(grid, [(0, np.asarray(coordinates, np.float64))])
    mask = np.zeros(grid.shape, bool)
    mask[covered.rows, covered.cols] = True
    return mask


def cells_in_circle(grid: Cells, x: float, y: float, radius: float) -> np.ndarray:
    """Cells whose centre lies within ``radius`` (m) of a point, bool (ny, nx), and the cell that holds the point."""
    (ny, nx), (xmin, ymin, _, _) = grid.shape, grid.bounds
    mask = np.zeros((ny, nx), bool)
    rows = slice(
        *np.clip([np.floor((y - radius - ymin) / grid.dy), np.ceil((y + radius - ymin) / grid.dy)], 0, ny).astype(int)
    )
    cols = slice(
        *np.clip([np.floor((x - radius - xmin) / grid.dx), np.ceil((x + radius - xmin) / grid.dx)], 0, nx).astype(int)
    )
    north = ymin + (np.arange(rows.start, rows.stop) + 0.5) * grid.dy - y
    east = xmin + (np.arange(cols.start, cols.stop) + 0.5) * grid.dx - x
    mask[rows, cols] = north[:, None] ** 2 + east**2 <= radius**2
    for j, i in cells_on_line(grid, [(x, y), (x, y)]):
        mask[j, i] = True
    return mask


def points_in_polygon(x: np.ndarray, y: np.ndarray, coordinates: Coordinates) -> np.ndarray:
    """Whether points (n,) lie inside a polygon (even-odd), bool (n,)."""
    ring = np.asarray(coordinates, np.float64)
    inside = np.zeros(np.shape(x), bool)
    for (xa, ya), (xb, yb) in zip(ring[:, :2], np.roll(ring, -1, axis=0)[:, :2], strict=True):
        if ya != yb:
            spans = (ya <= y) != (yb <= y)
            with np.errstate(over="ignore"):  # far above or below a short edge, where it does not matter
                inside ^= spans & (x < xa + (y - ya) / (yb - ya) * (xb - xa))
    return inside


def cells_on_line(grid: Cells, coordinates: Coordinates) -> list[tuple[int, int]]:
    """Cells (j, i) that a line crosses, in its order, each once; consecutive ones share a side.

    Where the line leaves the grid and comes back the chain is interrupted.
    """
    (ny, nx), (xmin, ymin, _, _) = grid.shape, grid.bounds
    points = np.asarray(coordinates, np.float64)[:, :2]
    rows, cols = _walk((points - [xmin, ymin]) / [grid.dx, grid.dy], nx, ny)
    return list(dict.fromkeys(zip(rows.tolist(), cols.tolist(), strict=True)))


def faces_on_line(grid: Cells, coordinates: Coordinates) -> np.ndarray:
    """Staircase of faces that approximates a line, int64 (n, 4): j, i, axis, sign.

    Axis 0 is the face between (j, i-1) and (j, i), axis 1 the one between (j-1, i) and (j, i); i = 0, i = nx, j = 0 and
    j = ny are faces on the outer edge. Sign is +1 where flow along positive x (axis 0) or y (axis 1) crosses the line
    from its left to its right. The staircase runs along cell edges through the nodes nearest to the line.
    """
    (ny, nx), (xmin, ymin, _, _) = grid.shape, grid.bounds
    points = np.asarray(coordinates, np.float64)[:, :2]
    rows, cols = _walk((points - [xmin, ymin]) / [grid.dx, grid.dy] + 0.5, nx + 1, ny + 1)
    faces = []
    for j0, i0, j1, i1 in zip(rows[:-1], cols[:-1], rows[1:], cols[1:], strict=True):
        if abs(j1 - j0) + abs(i1 - i0) != 1:
            continue  # same node twice, or a gap where the line was outside
        if i0 == i1:  # going north, west is left
            faces.append((min(j0, j1), i0, 0, 1 if j1 > j0 else -1))
        else:  # going east, south is right
            faces.append((j0, min(i0, i1), 1, -1 if i1 > i0 else 1))
    return np.array(faces, np.int64).reshape(-1, 4)


def _walk(points: np.ndarray, nx: int, ny: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells passed by a polyline in units of cells, clipped to 0..nx, 0..ny; steps change one index by one."""
    rows, cols = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start, end in zip(points[:-1], points[1:], strict=True):
        part = _clip(start, end, nx, ny)
        if part is not None:
            j, i = _walk_segment(*part, nx, ny)
            rows.append(j)
            cols.append(i)
    return np.concatenate(rows), np.concatenate(cols)


def _walk_segment(start: np.ndarray, end: np.ndarray, nx: int, ny: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells of one segment in order: every crossing of a cell edge is one step along one axis."""
    top = np.array([nx - 1, ny - 1])
    first = np.clip(np.floor(start), 0, top).astype(np.int64)
    last = np.clip(np.floor(end), 0, top).astype(np.int64)
    times, steps = [], []
    for axis in (0, 1):
        way = 1 if last[axis] >= first[axis] else -1
        passed = np.arange(first[axis], last[axis], way) + (1 if way > 0 else 0)
        length = end[axis] - start[axis]
        times.append((passed - start[axis]) / (length if length else 1.0))
        steps.append(np.array([[way * (axis == 0), way * (axis == 1)]] * len(passed)).reshape(-1, 2))
    order = np.argsort(np.concatenate(times), kind="stable")
    path = first + np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(np.concatenate(steps)[order], axis=0)])
    return path[:, 1].astype(np.int64), path[:, 0].astype(np.int64)


def _clip(start: np.ndarray, end: np.ndarray, nx: int, ny: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The part of a segment inside 0..nx, 0..ny (Liang-Barsky), or None."""
    enter, leave = 0.0, 1.0
    way = end - start
    for axis, top in ((0, nx), (1, ny)):
        if way[axis] == 0:
            if not 0 <= start[axis] <= top:
                return None
            continue
        near, far = sorted(((0 - start[axis]) / way[axis], (top - start[axis]) / way[axis]))
        enter, leave = max(enter, near), min(leave, far)
    if enter > leave:
        return None
    first = start if enter == 0.0 else start + enter * way
    last = end if leave == 1.0 else start + leave * way
    return first, last
