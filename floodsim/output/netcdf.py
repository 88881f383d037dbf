"""What all NetCDF files of results share: metadata out of names.py, coordinates, errors in writing."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

import floodsim
from floodsim.errors import Fault, OutsideError
from floodsim.grid.grid import Grid
from floodsim.names import VARIABLES, Variable

CHUNK = 512
LARGE = 1 << 28
"""Bytes from which on a dataset is written variable by variable."""
MISSING = np.float32(np.nan)
GROUND = ("bed", "building", "roughness", "active")


def write_whole(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset under a temporary name first, so that the file is whole or absent.

    Of a large one a variable is encoded at a time, for that takes several copies of it.
    """
    large = dataset.nbytes > LARGE
    names = list(dataset.data_vars)
    steps = [dataset[[name]] for name in names] if large and names else [dataset]
    with writing(path), replacing(path) as temporary:
        for number, step in enumerate(steps):
            mode: Literal["w", "a"] = "a" if number else "w"
            step.to_netcdf(temporary, mode=mode, engine="netcdf4", format="NETCDF4")


def decode(dataset: xr.Dataset) -> xr.Dataset:
    """Decode times the way every reader of floodsim does: dates as dates, durations as seconds."""
    return xr.decode_cf(dataset, decode_timedelta=False)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to write a file under; it takes its place when it is complete, and is gone otherwise."""
    temporary = path.with_name(path.name + ".part")
    try:
        yield temporary
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of the file system and of the NetCDF library into an `OutsideError` that says what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise OutsideError(str(write_fault(path, error))) from error


def write_fault(path: Path, error: Exception) -> Fault:
    """What is wrong where a file or folder cannot be written, and what to do about it."""
    folder = next(one for one in (path, *path.absolute().parents) if one.is_dir())
    number = getattr(error, "errno", None) or 0
    remedy = "check the permissions and the disk, then run again with another result folder"
    value = str(error)
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        value += f" ({free / 1e6:.0f} MB free)"
        # The NetCDF library has numbers of its own, below 0, and does not say that a disk is full.
        full = number in (errno.ENOSPC, errno.EDQUOT) or (number <= 0 and free < 50e6)
        if full:
            remedy = "the disk is full: free space or choose a result folder on another disk, then run again"
        elif not os.access(folder, os.W_OK):
            remedy = "the folder is read-only: choose another result folder or change its permissions"
    return Fault("cannot write", file=str(path), value=value, remedy=remedy)


def global_attributes(title: str, start: str) -> dict[str, str]:
    """Global attributes of a result file of a run that is under way; ``start`` is the ISO time of t = 0."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Conventions": "CF-1.11",
        "title": title,
        "source": f"floodsim {floodsim.__version__}",
        "history": f"{now} created by floodsim {floodsim.__version__}",
        "floodsim_start": start,
        "floodsim_status": "running",
    }


def time_coordinate(start: str) -> xr.Variable:
    """An empty time coordinate in seconds since ``start`` (ISO)."""
    attributes = {
        "standard_name": "time",
        "long_name": "time",
        "axis": "T",
        "units": f"seconds since {start}",
        "calendar": "proleptic_gregorian",
    }
    return xr.Variable(("time",), np.zeros(0), attributes, {"_FillValue": None, "chunksizes": (1024,)})


def ground_dataset(grid: Grid, compression: int) -> xr.Dataset:
    """Coordinates, grid mapping and the ground variables of a grid, ready for a file."""
    dataset = xr.Dataset(
        coords={"y": _axis("y", grid.y), "x": _axis("x", grid.x)}, attrs={"dx": grid.dx, "dy": grid.dy}
    )
    if grid.crs_wkt:
        dataset["crs"] = xr.Variable((), np.int32(0), grid_mapping(grid.crs_wkt))
    for name in GROUND:
        values = grid.array(name)
        values = values.astype(np.uint8) if values.dtype == bool else values
        dataset[name] = map_variable(VARIABLES[name], ("y", "x"), values, grid, compression)
        dataset[name].encoding.pop("least_significant_digit", None)
    return dataset


def grid_mapping(crs_wkt: str) -> dict[str, Any]:
    """Attributes of a CF grid mapping variable, with the WKT also where GDAL and QGIS look for it."""
    attributes: dict[str, Any] = {"crs_wkt": crs_wkt, "spatial_ref": crs_wkt}
    try:
        from pyproj import CRS
    except ImportError:  # the WKT alone says it all; the single parameters are a courtesy
        return attributes
    return {**CRS.from_wkt(crs_wkt).to_cf(), **attributes}


def map_variable(
    variable: Variable, dims: tuple[str, ...], values: np.ndarray, grid: Grid, compression: int
) -> xr.Variable:
    """A variable on the grid with its metadata, compression, chunks and, for floats, its missing value."""
    ny, nx = grid.shape
    attributes = describe(variable)
    if grid.crs_wkt:
        attributes["grid_mapping"] = "crs"
    chunks = (1,) * (len(dims) - 2) + (min(CHUNK, ny), min(CHUNK, nx))
    encoding: dict[str, Any] = {"chunksizes": chunks, "_FillValue": None}
    if compression:
        encoding |= {"zlib": True, "complevel": compression, "shuffle": True}
    if values.dtype.kind == "f":
        encoding["_FillValue"] = values.dtype.type(np.nan)
        if variable.decimals is not None:
            encoding["least_significant_digit"] = variable.decimals
    return xr.Variable(dims, values, attributes, encoding)


def describe(variable: Variable) -> dict[str, Any]:
    """CF attributes of a variable, and its Chinese name where it has one."""
    chinese = {"long_name_zh": variable.long_name_zh} if variable.long_name_zh else {}
    return {**variable.attributes(), **chinese}


def plain_variable(name: str, dims: tuple[str, ...], values: np.ndarray, **attributes: Any) -> xr.Variable:
    """A variable off the grid with its metadata; ``attributes`` add to or replace those of the table."""
    table = describe(VARIABLES[name]) if name else {}
    encoding = {"_FillValue": np.nan if values.dtype.kind == "f" and "time" in dims else None}
    return xr.Variable(dims, values, {**table, **attributes}, encoding)


def _axis(name: str, values: np.ndarray) -> xr.Variable:
    attributes = {
        "standard_name": f"projection_{name}_coordinate",
        "long_name": f"{name} of cell centres",
        "units": "m",
        "axis": name.upper(),
    }
    return xr.Variable((name,), np.asarray(values, np.float64), attributes, {"_FillValue": None})
