"""The raster formats: GeoTIFF, Arc/Info ASCII, NetCDF and Zarr. Each gives a frame first and a window of values later.

Values come out with rows from south to north, together with a mask of missing cells. Knows nothing of cases.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from floodsim.errors import CaseError, Fault
from floodsim.grid.extras import need
from floodsim.grid.frame import Frame


class Window(NamedTuple):
    """Values in the type of the file, shape (ny, nx) from south to north, and where they are missing."""

    values: np.ndarray
    missing: np.ndarray


@dataclass(frozen=True)
class RasterFile:
    """A raster file that has been looked at but not yet read. ``key`` is the case key that names it."""

    path: Path
    key: str
    frame: Frame
    read: Callable[[slice, slice, float | None], Window]


def refuse(path: Path, key: str, message: str, *, remedy: str, value: str = "", allowed: str = "") -> NoReturn:
    """Raise one fault about a file."""
    raise CaseError(Fault(message, str(path), key, value, allowed, remedy))


def mask_missing(values: np.ndarray, *nodata: float | None) -> np.ndarray:
    """Cells that are not finite or equal one of the no-data values; each value is compared in the type of the file."""
    missing = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    for value in nodata:
        if value is None or not np.isfinite(value):
            continue
        if values.dtype.kind != "f":
            bounds = np.iinfo(values.dtype)
            if value != int(value) or not bounds.min <= value <= bounds.max:
                continue
        missing |= values == values.dtype.type(value)
    return missing


# --- GeoTIFF -----------------------------------------------------------------------------------------------------


def open_geotiff(path: Path, key: str, variable: str | None) -> RasterFile:
    """Look at a GeoTIFF: one band, axis-aligned, georeferenced."""
    rasterio = need("rasterio", f"reading {path.name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(path) as file:
                bands, transform, nx, ny = file.count, file.transform, file.width, file.height
                crs_wkt = file.crs.to_wkt() if file.crs else ""
    except rasterio.errors.RasterioError as error:
        refuse(path, key, f"cannot be read as a GeoTIFF: {error}", remedy="check that the file is complete")
    if bands != 1:
        refuse(
            path, key, f"has {bands} bands", allowed="one band", remedy="write the band you mean to a file of its own"
        )
    if transform.is_identity:
        refuse(path, key, "has no georeference", remedy="give it one (gdal_translate -a_ullr), or use Arc/Info ASCII")
    if abs(transform.b) > 1e-9 * abs(transform.a) or abs(transform.d) > 1e-9 * abs(transform.e) or transform.a <= 0:
        refuse(
            path,
            key,
            "is rotated, sheared or mirrored",
            value=f"geotransform {tuple(transform)[:6]}",
            allowed="rows along x, columns along y",
            remedy="warp it to an axis-aligned raster first (gdalwarp)",
        )
    north_up = transform.e < 0
    dy = abs(transform.e)
    frame = Frame(transform.c, transform.f - ny * dy if north_up else transform.f, transform.a, dy, nx, ny, crs_wkt)

    def read(rows: slice, cols: slice, nodata: float | None) -> Window:
        return _read_geotiff(path, key, frame, north_up, rows, cols, nodata)

    return RasterFile(path, key, frame, read)


def _read_geotiff(
    path: Path, key: str, frame: Frame, north_up: bool, rows: slice, cols: slice, nodata: float | None
) -> Window:
    rasterio = need("rasterio", f"reading {path.name}")
    first = frame.ny - rows.stop if north_up else rows.start
    window = ((first, first + rows.stop - rows.start), (cols.start, cols.stop))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(path) as file:
                values = file.read(1, window=window)
                own, scale, offset = file.nodata, file.scales[0], file.offsets[0]
    except rasterio.errors.RasterioError as error:
        reason = error.__cause__ or error
        refuse(path, key, f"is damaged or cut short: {reason}", remedy="copy or download the file again")
    if values.dtype.kind == "c":
        allowed = "whole or floating-point numbers"
        refuse(path, key, "holds complex numbers", allowed=allowed, remedy="export the levels as 32-bit floats")
    missing = mask_missing(values, own, nodata)
    if scale != 1.0 or offset != 0.0:
        values = values * scale + offset
    if north_up:
        values, missing = np.ascontiguousarray(values[::-1]), np.ascontiguousarray(missing[::-1])
    return Window(values, missing)


# --- Arc/Info ASCII ----------------------------------------------------------------------------------------------

_ASCII_KEYS = {
    "ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize", "dx", "dy", "nodata_value",
}  # fmt: skip


def open_ascii(path: Path, key: str, variable: str | None) -> RasterFile:
    """Look at an Arc/Info ASCII grid; the CRS comes from a .prj file beside it. Needs no extra library."""
    header, offset = _ascii_header(path, key)
    nx, ny = int(header["ncols"]), int(header["nrows"])
    dx, dy = header.get("dx", header.get("cellsize", 0.0)), header.get("dy", header.get("cellsize", 0.0))
    if nx < 1 or ny < 1 or not dx > 0 or not dy > 0:
        value = f"{nx} columns, {ny} rows, cells of {dx} x {dy}"
        refuse(path, key, "has a header that makes no grid", value=value, remedy="correct ncols, nrows and cellsize")
    x0 = header["xllcorner"] if "xllcorner" in header else header["xllcenter"] - dx / 2
    y0 = header["yllcorner"] if "yllcorner" in header else header["yllcenter"] - dy / 2
    prj = path.with_suffix(".prj")
    frame = Frame(x0, y0, dx, dy, nx, ny, prj.read_text("utf-8", "replace").strip() if prj.is_file() else "")

    def read(rows: slice, cols: slice, nodata: float | None) -> Window:
        values = _ascii_values(path, key, frame, offset)[::-1][rows, cols]
        missing = mask_missing(values, header.get("nodata_value", -9999.0), nodata)
        return Window(np.ascontiguousarray(values), missing)

    return RasterFile(path, key, frame, read)


def _ascii_header(path: Path, key: str) -> tuple[dict[str, float], int]:
    """Header values by lower-case name and the byte where the numbers begin."""
    header: dict[str, float] = {}
    with path.open("rb") as file:
        while True:
            offset = file.tell()
            words = file.readline(200).decode("latin-1").split()
            if len(words) != 2 or not re.match(r"^[A-Za-z_]+$", words[0]) or words[0].lower() == "nan":
                break
            name = words[0].lower()
            if name not in _ASCII_KEYS:
                allowed, remedy = ", ".join(sorted(_ASCII_KEYS)), "delete or correct the line"
                refuse(path, key, f"has an unknown header line: {words[0]}", allowed=allowed, remedy=remedy)
            try:
                header[name] = float(words[1])
            except ValueError:
                message = f"has a header value that is no number: {' '.join(words)}"
                refuse(path, key, message, remedy="write a number; decimals need a point, not a comma")
    wanted = {"ncols", "nrows"} | ({"dx", "dy"} if "dx" in header else {"cellsize"})
    wanted |= {f"{axis}llcorner" for axis in "xy" if f"{axis}llcenter" not in header}
    if lacking := sorted(wanted - set(header)):
        refuse(
            path,
            key,
            f"is no Arc/Info ASCII grid: its header lacks {', '.join(lacking)}",
            allowed="ncols, nrows, xllcorner, yllcorner, cellsize, nodata_value",
            remedy="write these lines at the top, each a name and a number",
        )
    return header, offset


def _ascii_values(path: Path, key: str, frame: Frame, offset: int) -> np.ndarray:
    """All numbers of the file, shape (ny, nx), rows from north to south as in the file."""
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        file.seek(offset)
        try:
            values = np.fromfile(file, dtype=np.float64, sep=" ", count=frame.size)
        except ValueError:
            values = np.empty(0)
        rest = file.read(4096).strip()
    if values.size != frame.size:
        count, word = _first_word_that_is_no_number(path, offset)
        row, column = divmod(count, frame.nx)
        refuse(
            path,
            key,
            f"ends or holds something that is no number at row {row + 1}, column {column + 1} from the north",
            value=repr(word) if word else f"{count} numbers",
            allowed=f"{frame.ny} rows x {frame.nx} columns = {frame.size} numbers",
            remedy="export the file again; decimals need a point, not a comma",
        )
    if rest:
        message = f"holds more numbers than its header says ({frame.ny} rows x {frame.nx} columns)"
        refuse(path, key, message, remedy="correct ncols and nrows, or export the file again")
    return values.reshape(frame.shape)


def _first_word_that_is_no_number(path: Path, offset: int) -> tuple[int, str]:
    """How many numbers come before it, and the word; an empty word where the file just ends."""
    count = 0
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            for word in line.split():
                try:
                    float(word)
                except ValueError:
                    return count, word.decode("latin-1")[:40]
                count += 1
    return count, ""


# --- NetCDF ------------------------------------------------------------------------------------------------------


def open_netcdf(path: Path, key: str, variable: str | None) -> RasterFile:
    """Look at a NetCDF or Zarr variable on uniform one-dimensional coordinates; y may ascend or descend."""
    with _netcdf(path, key) as dataset:
        name = _netcdf_variable(dataset, path, key, variable)
        field = dataset[name].squeeze(drop=True)
        y_name, x_name = _netcdf_axes(field, path, key)
        x0, dx, x_flip = _uniform(field[x_name].values, x_name, path, key)
        y0, dy, y_flip = _uniform(field[y_name].values, y_name, path, key)
        nx, ny = field.sizes[x_name], field.sizes[y_name]
        crs_wkt = _netcdf_crs(dataset, field, x_name)
    frame = Frame(x0, y0, dx, dy, nx, ny, crs_wkt)

    def read(rows: slice, cols: slice, nodata: float | None) -> Window:
        take = {y_name: _turned(rows, ny) if y_flip else rows, x_name: _turned(cols, nx) if x_flip else cols}
        with _netcdf(path, key) as dataset:
            try:
                values = dataset[name].squeeze(drop=True).isel(take).transpose(y_name, x_name).values
            except (OSError, RuntimeError) as error:
                refuse(path, key, f"is damaged or cut short: {error}", remedy="copy or download the file again")
        values = values[:: -1 if y_flip else 1, :: -1 if x_flip else 1]
        return Window(np.ascontiguousarray(values), mask_missing(values, nodata))

    return RasterFile(path, key, frame, read)


def _turned(part: slice, count: int) -> slice:
    return slice(count - part.stop, count - part.start)


def _netcdf(path: Path, key: str) -> Any:
    import xarray as xr

    zarr = path.suffix.lower() == ".zarr"
    if zarr:
        need("zarr", f"reading {path.name}", extra="zarr")
    try:
        return xr.open_dataset(path, engine="zarr" if zarr else None, decode_coords="all", decode_times=False)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        said = "Zarr" if zarr else "NetCDF"
        refuse(path, key, f"cannot be read as {said}: {error}", remedy="check that the file is complete")


def _netcdf_variable(dataset: Any, path: Path, key: str, variable: str | None) -> str:
    flat = [
        str(name)
        for name, field in dataset.data_vars.items()
        if field.dtype.kind in "fiu" and sum(size > 1 for size in field.shape) == 2
    ]
    if variable is not None:
        if variable not in dataset.data_vars:
            refuse(
                path, key, f"has no variable {variable!r}", allowed=", ".join(flat), remedy="correct terrain_variable"
            )
        if variable not in flat:
            message = f"variable {variable!r} is no field of numbers on two dimensions"
            refuse(path, key, message, allowed=", ".join(flat), remedy="name another variable")
        return variable
    if len(flat) != 1:
        said = "several two-dimensional variables" if flat else "no two-dimensional variable"
        refuse(path, key, f"has {said}", value=", ".join(flat), remedy="name one with grid.terrain_variable")
    return flat[0]


_AXES = {
    "x": {"x", "easting", "lon", "longitude", "projection_x_coordinate"},
    "y": {"y", "northing", "lat", "latitude", "projection_y_coordinate"},
}


def _netcdf_axes(field: Any, path: Path, key: str) -> tuple[str, str]:
    """Names of the y and x dimension, told by axis, standard_name or name."""
    found: dict[str, str] = {}
    for dim in field.dims:
        attributes = field[dim].attrs if dim in field.coords else {}
        for axis, names in _AXES.items():
            told = {str(dim).lower(), str(attributes.get("standard_name", "")).lower()}
            if str(attributes.get("axis", "")).lower() == axis or told & names:
                found[axis] = str(dim)
    if set(found) != {"x", "y"} or any(dim not in field.coords for dim in found.values()):
        refuse(
            path,
            key,
            "has no one-dimensional x and y coordinates",
            value=f"dimensions {', '.join(map(str, field.dims))}",
            allowed="coordinate variables named x and y, or with axis or standard_name attributes",
            remedy="convert the file to GeoTIFF (gdal_translate), or regrid curvilinear products first",
        )
    return found["y"], found["x"]


def _uniform(centres: np.ndarray, name: str, path: Path, key: str) -> tuple[float, float, bool]:
    """Outer start, step and whether the coordinate descends; centres may stray from uniform by 1 % of a cell."""
    centres = np.asarray(centres, np.float64)
    if centres.size < 2 or not np.isfinite(centres).all():
        refuse(path, key, f"coordinate {name} needs at least two finite values", remedy="export the file again")
    step = float(f"{(centres[-1] - centres[0]) / (centres.size - 1):.10g}")
    straight = np.linspace(centres[0], centres[-1], centres.size)
    if step == 0 or np.abs(centres - straight).max() > 0.01 * abs(step):
        refuse(path, key, f"coordinate {name} is not uniform", allowed="equal steps", remedy="regrid the file first")
    return float(min(centres[0], centres[-1])) - abs(step) / 2, abs(step), step < 0


def _netcdf_crs(dataset: Any, field: Any, x_name: str) -> str:
    """WKT from the grid mapping, else from attributes; degrees without a CRS count as WGS 84."""
    mapping = field.encoding.get("grid_mapping", field.attrs.get("grid_mapping", ""))
    places = [dataset[mapping].attrs] if mapping in dataset.variables else []
    places += [dataset[name].attrs for name in ("crs", "spatial_ref") if name in dataset.variables]
    for attributes in [*places, field.attrs, dataset.attrs]:
        for name in ("crs_wkt", "spatial_ref", "crs", "epsg_code"):
            if attributes.get(name):
                return str(attributes[name])
    for attributes in places:
        if attributes.get("grid_mapping_name"):
            return str(need("pyproj", "reading a CF grid mapping").CRS.from_cf(attributes).to_wkt())
    return "EPSG:4326" if str(field[x_name].attrs.get("units", "")).startswith("degree") else ""


FORMATS: dict[str, Callable[[Path, str, str | None], RasterFile]] = {
    ".tif": open_geotiff,
    ".tiff": open_geotiff,
    ".asc": open_ascii,
    ".nc": open_netcdf,
    ".nc4": open_netcdf,
    ".zarr": open_netcdf,
}
