"""Gridded rain out of NetCDF files (radar, satellite, reanalysis): every cell takes the pixel nearest to its centre.

Only the pixels and times that the run needs are read, a stretch of time at a time. Zones are the pixels in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing import blocks as lay
from floodsim.forcing import netcdf
from floodsim.forcing.measured import cover_warnings, to_rate
from floodsim.forcing.netcdf import KEY
from floodsim.forcing.series import Rain
from floodsim.grid.grid import Grid

CHUNK = 4_000_000  # values read at once
BAND = 256  # rows of cells located at once


def gridded_rain(rainfall: Rainfall, start: datetime, duration: float, grid: Grid) -> tuple[Rain, list[str]]:
    """Rain of a NetCDF file within the run [0, duration] (s), and warnings. ``start`` is the instant of t = 0.

    Raises CaseError with every fault: no such variable, unit, CRS or time, cells without a pixel, missing values.
    """
    if rainfall.file is None:
        raise CaseError(Fault("gridded rain needs a file", key=KEY, remedy="name a NetCDF file"))
    with _opened(rainfall.file) as dataset:
        return _read(dataset, rainfall, start, duration, grid)


def _read(dataset: Any, rainfall: Rainfall, start: datetime, duration: float, grid: Grid) -> tuple[Rain, list[str]]:
    faults = Faults(str(rainfall.file))
    layout = netcdf.find_layout(dataset, rainfall, faults)
    unit = netcdf.unit_of(layout.variable, rainfall.unit, faults)
    moments, labels = netcdf.moments(layout, start, faults)
    faults.raise_if_any()
    blocks = lay.lay_blocks(moments + rainfall.start, rainfall.stamp, rainfall.gaps, rainfall.record)
    if blocks.step <= 0.0:
        faults.add("one time says nothing of its length", key="rainfall.record", remedy="give the length of a record")
        faults.raise_if_any()
    kept = lay.check_cover(blocks, duration, faults, KEY, labels, "time")
    window, zones, pixels = locate(layout, grid, netcdf.transformer(dataset, layout, rainfall.crs, grid), faults)
    faults.raise_if_any()
    starts, ends = blocks.starts[kept], blocks.ends[kept]
    rates = np.empty((starts.size, pixels.size))
    for part, values in _chunks(layout, kept, window, pixels):
        rates[part] = to_rate(values, unit, (ends - starts)[part])
    _check(rates, labels[kept], faults)
    faults.raise_if_any()
    return lay.to_rain(starts, ends, rates, zones), cover_warnings(starts, ends, duration)


def locate(
    layout: netcdf.Layout, grid: Grid, to_file: Any, faults: Faults
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """Window (rows, columns) of the file, zone of each cell (ny, nx), and pixels of the zones, numbered in the window.

    Records a fault where an active cell lies over half a pixel outside the file. Inactive cells take the nearest zone.
    """
    rows, columns, outside = _nearest_pixels(layout, grid, to_file)
    active = grid.array("active")
    lost = int(np.count_nonzero(outside & active))
    if lost:
        faults.add(
            f"{lost} cells of the grid lie outside the rain file",
            key=KEY,
            value=f"grid {tuple(round(value, 1) for value in grid.bounds)}",
            allowed=f"pixels x {layout.x.min():g} to {layout.x.max():g}, y {layout.y.min():g} to {layout.y.max():g}",
            remedy="take a file that covers the grid, or check the CRS (rainfall.crs)",
        )
    used = (int(rows.min()), int(rows.max()) + 1), (int(columns.min()), int(columns.max()) + 1)
    window = slice(*used[0]), slice(*used[1])
    width = used[1][1] - used[1][0]
    flat = (rows - used[0][0]) * width + (columns - used[1][0])
    present = np.zeros((used[0][1] - used[0][0]) * width, bool)
    present[flat.ravel()] = True
    pixels = np.flatnonzero(present)
    kind = np.uint16 if pixels.size <= 65536 else np.int32
    number = (np.cumsum(present) - 1).clip(0).astype(kind)
    return window, number[flat], pixels


def _nearest_pixels(layout: netcdf.Layout, grid: Grid, to_file: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of the pixel nearest to each cell (ny, nx), and whether the cell lies outside the file."""
    shape = grid.shape
    rows, columns, outside = np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(shape, bool)
    for first in range(0, shape[0], BAND):
        band = slice(first, min(first + BAND, shape[0]))
        x, y = np.meshgrid(grid.x, grid.y[band])
        if to_file is not None:
            x, y = to_file.transform(x, y)
        if layout.degrees and layout.x.max() > 180.0:
            x = np.mod(x, 360.0)
        columns[band], out_x = _nearest(layout.x, x)
        rows[band], out_y = _nearest(layout.y, y)
        outside[band] = out_x | out_y
    return rows, columns, outside


def _nearest(centres: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the nearest of the monotonic ``centres`` (m,); whether a point lies over half a spacing outside them."""
    ascending = centres if centres[-1] > centres[0] else centres[::-1]
    between = (ascending[1:] + ascending[:-1]) / 2.0
    index = np.searchsorted(between, points)
    first, last = ascending[1] - ascending[0], ascending[-1] - ascending[-2]
    slack = 1e-6 * first
    inside = (points >= ascending[0] - first / 2 - slack) & (points <= ascending[-1] + last / 2 + slack)
    if ascending is not centres:
        index = centres.size - 1 - index
    return index.astype(np.int32), ~inside


def _chunks(
    layout: netcdf.Layout, kept: slice, window: tuple[slice, slice], pixels: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Positions in the kept times and their values (times, zones); NaN where the file has none."""
    area = (window[0].stop - window[0].start) * (window[1].stop - window[1].start)
    length = max(1, CHUNK // area)
    for first in range(kept.start, kept.stop, length):
        stretch = slice(first, min(first + length, kept.stop))
        order = {"t": stretch, "y": window[0], "x": window[1]}
        raw: np.ma.MaskedArray = np.ma.asarray(layout.variable[tuple(order[axis] for axis in layout.axes)], float)
        values: np.ndarray = np.ma.filled(raw, np.nan)
        values = np.transpose(values, [layout.axes.index(axis) for axis in "tyx"]).reshape(stretch.stop - first, -1)
        yield slice(first - kept.start, stretch.stop - kept.start), values[:, pixels]


def _check(rates: np.ndarray, labels: np.ndarray, faults: Faults) -> None:
    """Faults for missing, negative and impossible rain; one value per time speaks for its pixels."""
    missing = ~np.isfinite(rates).all(axis=1)
    if missing.any():
        shown = ", ".join(str(label) for label in labels[missing][:5])
        faults.add(
            f"missing values over the grid at {int(missing.sum())} times: {shown}",
            key=KEY,
            remedy="fill the gaps in the file before the run",
        )
    with np.errstate(invalid="ignore"):
        worst = np.where(
            np.nanmin(rates, axis=1, initial=0.0) < 0.0,
            np.nanmin(rates, axis=1, initial=0.0),
            np.nanmax(rates, axis=1, initial=0.0),
        )
    lay.check_values(worst, worst, labels, faults, KEY, "time")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import netCDF4  # slow to load, and only gridded rain needs it

    try:
        dataset = netCDF4.Dataset(str(path))
    except (OSError, RuntimeError) as error:
        message = "cannot read the file" if path.exists() else "there is no such file"
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CaseError(Fault(f"{message}: {reason}", str(path), KEY, remedy="name a complete NetCDF file")) from None
    try:
        yield dataset
    finally:
        dataset.close()
