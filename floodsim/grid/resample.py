"""From one set of cells to another: exact area average, extremes, nearest, bilinear, majority of area, reprojection.

Rules that all of them keep: a target cell is missing where less than half of its area has data (average, min, max,
majority), or where its centre lies on a missing cell (nearest), or where one of the centres it leans on is missing
(bilinear). Knows arrays and frames, no files and no cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from floodsim.grid.extras import need
from floodsim.grid.frame import SNAP, Frame, aligned

CHUNK_CELLS = 500_000
"""Source cells handled at once, so that double-precision copies stay small."""


class Overlap(NamedTuple):
    """Which source cells a row of target cells covers: entries sorted by target, weights in source cells."""

    cells: np.ndarray
    weight: np.ndarray
    starts: np.ndarray


def overlap(source: tuple[float, float, int], target: tuple[float, float, int]) -> Overlap:
    """Overlap of one axis; ``source`` and ``target`` are outer start, step and count."""
    (s0, ds, ns), (t0, dt, nt) = source, target
    edges = (t0 - s0 + np.arange(nt + 1) * dt) / ds
    whole = np.round(edges)
    edges = np.clip(np.where(np.abs(edges - whole) < SNAP, whole, edges), 0, ns)
    first = np.minimum(np.floor(edges[:-1]), ns - 1).astype(np.int64)
    counts = np.maximum(np.ceil(edges[1:]).astype(np.int64) - first, 1)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    index = np.repeat(first - starts, counts) + np.arange(counts.sum())
    low, high = np.repeat(edges[:-1], counts), np.repeat(edges[1:], counts)
    return Overlap(index, np.maximum(np.minimum(high, index + 1) - np.maximum(low, index), 0.0), starts)


def _axes(source: Frame, target: Frame) -> tuple[Overlap, Overlap]:
    rows = overlap((source.y0, source.dy, source.ny), (target.y0, target.dy, target.ny))
    cols = overlap((source.x0, source.dx, source.nx), (target.x0, target.dx, target.nx))
    return rows, cols


def _chunks(rows: Overlap, width: int) -> Iterator[tuple[slice, slice, Overlap]]:
    """Target rows, the source rows they need, and the overlap counted from the first of those."""
    count = len(rows.starts)
    ends = np.append(rows.starts[1:], len(rows.cells))
    per_row = max(len(rows.cells) / count, 1.0) * max(width, 1)
    step = max(int(CHUNK_CELLS / per_row), 1)
    for j0 in range(0, count, step):
        j1 = min(j0 + step, count)
        a, b = rows.starts[j0], ends[j1 - 1]
        first, last = int(rows.cells[a]), int(rows.cells[b - 1]) + 1
        part = Overlap(rows.cells[a:b] - first, rows.weight[a:b], rows.starts[j0:j1] - a)
        yield slice(j0, j1), slice(first, last), part


def _sums(values: np.ndarray, rows: Overlap, cols: Overlap) -> np.ndarray:
    """Weighted sums over the source cells of each target cell."""
    across = np.add.reduceat(values[:, cols.cells] * cols.weight, cols.starts, axis=1)
    return np.add.reduceat(across[rows.cells] * rows.weight[:, None], rows.starts, axis=0)


def _enough(source: Frame, target: Frame) -> float:
    """Half the area of a target cell, in source cells."""
    return 0.5 * (target.dx / source.dx) * (target.dy / source.dy) * (1 - 1e-9)


def area_average(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame) -> np.ndarray:
    """Exact area-weighted average, float64 (ny, nx) of ``target``; the mean is conserved, missing cells are NaN."""
    rows, cols = _axes(source, target)
    out = np.empty(target.shape)
    for here, there, part in _chunks(rows, len(cols.cells)):
        have = (~missing[there]).astype(np.float64)
        area = _sums(have, part, cols)
        total = _sums(np.where(missing[there], 0.0, values[there]).astype(np.float64), part, cols)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[here] = np.where(area >= _enough(source, target), total / area, np.nan)
    return out


def _extreme(pick: np.ufunc) -> Callable[..., np.ndarray]:
    def extreme(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame) -> np.ndarray:
        rows, cols = _axes(source, target)
        out = np.empty(target.shape)
        for here, there, part in _chunks(rows, len(cols.cells)):
            known = np.where(missing[there], np.nan, values[there])
            across = pick.reduceat(known[:, cols.cells], cols.starts, axis=1)
            best = pick.reduceat(across[part.cells], part.starts, axis=0)
            area = _sums((~missing[there]).astype(np.float64), part, cols)
            out[here] = np.where(area >= _enough(source, target), best, np.nan)
        return out

    return extreme


def nearest(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame) -> np.ndarray:
    """Value of the source cell that holds the centre of each target cell, float64."""
    j, j_in = _positions(source.y0, source.dy, source.ny, target.y0, target.dy, target.ny)
    i, i_in = _positions(source.x0, source.dx, source.nx, target.x0, target.dx, target.nx)
    pick = np.ix_(np.floor(j).astype(np.int64), np.floor(i).astype(np.int64))
    out = values[pick].astype(np.float64)
    out[missing[pick] | ~j_in[:, None] | ~i_in] = np.nan
    return out


def bilinear(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame) -> np.ndarray:
    """Bilinear between the four nearest source centres, flat within half a cell of the edge, float64."""
    j, j_in = _positions(source.y0, source.dy, source.ny, target.y0, target.dy, target.ny)
    i, i_in = _positions(source.x0, source.dx, source.nx, target.x0, target.dx, target.nx)
    (j0, j1, fj), (i0, i1, fi) = _pairs(j, source.ny), _pairs(i, source.nx)
    out = np.empty(target.shape)
    step = max(CHUNK_CELLS // max(target.nx, 1), 1)
    for a in range(0, target.ny, step):
        b = min(a + step, target.ny)
        first, last = int(j0[a]), int(j1[b - 1]) + 1
        known = np.where(missing[first:last], np.nan, values[first:last]).astype(np.float64)
        low, high = known[j0[a:b] - first], known[j1[a:b] - first]
        row = low + (high - low) * fj[a:b, None]
        out[a:b] = row[:, i0] + (row[:, i1] - row[:, i0]) * fi
    out[~j_in] = np.nan
    out[:, ~i_in] = np.nan
    return out


def _positions(s0: float, ds: float, ns: int, t0: float, dt: float, nt: int) -> tuple[np.ndarray, np.ndarray]:
    """Target centres in source cells from the outer edge, kept inside, and whether they were inside."""
    place = (t0 - s0 + (np.arange(nt) + 0.5) * dt) / ds
    return np.clip(place, 0, np.nextafter(ns, 0)), (place >= 0) & (place <= ns)


def _pairs(place: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of the two centres around each place and the share of the second; one centre where it is hit."""
    place = np.clip(place - 0.5, 0, count - 1)
    whole = np.round(place)
    place = np.where(np.abs(place - whole) < SNAP, whole, place)
    low = np.floor(place).astype(np.int64)
    return low, np.ceil(place).astype(np.int64), place - low


def codes_in(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """The class codes that occur, ascending, in the type of ``values``."""
    if values.dtype != np.uint8:
        return np.unique(values[~missing])
    found = np.zeros(256, bool)  # much quicker than sorting
    found[values[~missing]] = True
    return np.flatnonzero(found).astype(np.uint8)


def majority(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Class with the largest area in each target cell (the smaller code on a tie), and where it is missing."""
    rows, cols = _axes(source, target)
    out, lost = np.zeros(target.shape, values.dtype), np.ones(target.shape, bool)
    for here, there, part in _chunks(rows, len(cols.cells)):
        best = np.zeros(out[here].shape)
        known = np.zeros(out[here].shape)
        for code in codes_in(values[there], missing[there]):
            area = _sums(((values[there] == code) & ~missing[there]).astype(np.float64), part, cols)
            known += area
            more = area > best + 1e-9
            out[here][more] = code
            best = np.maximum(best, area)
        lost[here] = known < _enough(source, target)
    return out, lost


METHODS: dict[str, Callable[..., np.ndarray]] = {
    "average": area_average,
    "min": _extreme(np.fmin),
    "max": _extreme(np.fmax),
    "nearest": nearest,
    "bilinear": bilinear,
}


def resample(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame, method: str) -> np.ndarray:
    """Values on the cells of ``target`` in the same CRS, float64 with NaN where missing; equal cells are copied."""
    same = aligned(source, target)
    if same is not None:
        out = values[same].astype(np.float64)
        out[missing[same]] = np.nan
        return out
    return METHODS[method](values, missing, source, target)


def resample_classes(
    values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame
) -> tuple[np.ndarray, np.ndarray]:
    """Classes on the cells of ``target`` in the same CRS by majority of area, and where they are missing."""
    same = aligned(source, target)
    if same is not None:
        return values[same].copy(), missing[same].copy()
    return majority(values, missing, source, target)


def reproject(values: np.ndarray, missing: np.ndarray, source: Frame, target: Frame, method: str) -> np.ndarray:
    """Values on the cells of ``target`` in another CRS by `rasterio.warp`, float64 with NaN where missing.

    ``method`` is one of `METHODS` or ``mode`` (for classes, which pass through float64 unharmed). CRS axes are taken as
    x = east, y = north, whatever order the authority's definition names them in.
    """
    warp = need("rasterio.warp", "reprojecting a raster")
    enums = need("rasterio.enums", "reprojecting a raster")
    known = values.astype(np.float64)
    known[missing] = np.nan
    out = np.full(target.shape, np.nan)
    warp.reproject(
        known,
        out,
        src_transform=south_up_transform(source),
        dst_transform=south_up_transform(target),
        src_crs=source.crs_wkt,
        dst_crs=target.crs_wkt,
        src_nodata=math.nan,
        dst_nodata=math.nan,
        resampling=enums.Resampling[method],
    )
    return out


def south_up_transform(frame: Frame) -> Any:
    """Affine transform of an array whose first row is the southernmost."""
    affine = need("rasterio", "reprojecting a raster").Affine
    return affine(frame.dx, 0.0, frame.x0, 0.0, frame.dy, frame.y0)
