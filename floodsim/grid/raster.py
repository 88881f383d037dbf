"""Rasters brought onto the cells of the grid: the terrain, which makes the frame, and layers, which follow it.

The rules are written in `terrain_frame` (extent, cell size) and in `floodsim.grid.resample` (values).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from floodsim.case.ground import GridSection
from floodsim.case.paths import FOLDERS
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid import crs
from floodsim.grid.frame import SNAP, Cells, Extent, Frame, aligned, cover, frame_of, refuse_too_many, show_bounds
from floodsim.grid.rasterfiles import FORMATS, RasterFile, Window
from floodsim.grid.resample import reproject, resample, resample_classes

LOWEST, HIGHEST = -500.0, 9000.0
"""Ground levels outside this range are taken for undeclared no-data values, m."""
MAX_DEPTH = 500.0
"""Deepest water at the start that is believed, m."""


def open_raster(path: Path, key: str, variable: str | None = None) -> RasterFile:
    """Look at a raster file without reading its values; raises CaseError (missing, wrong suffix, damaged, rotated)."""
    path = Path(path)
    if not path.is_file() and not (path.is_dir() and path.suffix.lower() in FOLDERS):
        raise CaseError(
            Fault("no such file", str(path), key, remedy="check the path; it counts from the case file's folder")
        )
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        remedy = "convert it to GeoTIFF (gdal_translate)"
        raise CaseError(Fault("is no raster that can be read", str(path), key, path.suffix, ", ".join(FORMATS), remedy))
    raster = reader(path, key, variable)
    if not (math.isfinite(raster.frame.x0) and math.isfinite(raster.frame.y0)):
        raise CaseError(Fault("has no finite corner coordinates", str(path), key, remedy="export the file again"))
    return raster


@dataclass(frozen=True)
class Terrain:
    """The terrain of a case, not yet read: its file, the frame of the grid, and whether it is to be reprojected."""

    raster: RasterFile
    frame: Frame
    moved: bool


def find_terrain(case: Case, notes: list[str]) -> Terrain:
    """Look at the terrain of a case and lay the grid's frame. Raises CaseError; notes what was decided."""
    section = case.grid
    if section.terrain is None:
        raise CaseError(
            Fault("is missing", key="grid.terrain", remedy="name a GeoTIFF, Arc/Info ASCII, NetCDF or Zarr of levels")
        )
    raster = open_raster(section.terrain, "grid.terrain", section.terrain_variable)
    wkt = crs.grid_crs(section.crs, raster.frame, str(raster.path), notes)
    own = raster.frame.crs_wkt
    moved = bool(wkt and own) and not crs.same(own, wkt)
    frame = moved_frame(section, raster, wkt) if moved else terrain_frame(section, raster, wkt, notes)
    refuse_too_many(frame, str(raster.path), "grid.terrain")
    return Terrain(raster, frame, moved)


def read_terrain(case: Case, notes: list[str]) -> tuple[np.ndarray, Frame]:
    """Ground levels on the cells of the grid, float64 (ny, nx) in m with NaN where there are none, and the frame.

    Raises CaseError. What was decided on the way is appended to ``notes``.
    """
    terrain, section = find_terrain(case, notes), case.grid
    bed = terrain_values(case, terrain, terrain.frame)
    source, frame = terrain.raster.frame, terrain.frame
    if terrain.moved:
        notes.append(
            f"terrain: reprojected from {crs.describe(source.crs_wkt)} to {crs.describe(frame.crs_wkt)} on cells of "
            f"{frame.dx:g} m, resampling {section.resampling}"
        )
    elif aligned(source, frame) is None:
        notes.append(
            f"terrain: cells of {source.dx:g} x {source.dy:g} m became {frame.dx:g} x {frame.dy:g} m, "
            f"resampling {section.resampling}"
        )
    return bed, frame


def terrain_values(case: Case, terrain: Terrain, frame: Frame) -> np.ndarray:
    """Ground levels on the cells of ``frame``, all or part of the grid's; float64 (ny, nx) in m, NaN without data."""
    window, source = _read_around(terrain.raster, frame, case.grid.nodata_value, terrain.moved)
    _refuse_absurd_levels(window, terrain.raster)
    bring = reproject if terrain.moved else resample
    return bring(window.values, window.missing, source, frame, case.grid.resampling)


def terrain_frame(section: GridSection, raster: RasterFile, wkt: str, notes: list[str]) -> Frame:
    """The grid's frame where the terrain is in the grid's CRS.

    All terrain cells that ``grid.extent`` covers at least in part are kept (it snaps outward to the cells of the
    terrain). With ``grid.resolution``, cells of that size are counted from the south-west corner of those; a strip at
    the north or east that is narrower than one of them is left away.
    """
    frame = replace(raster.frame, crs_wkt=wkt)
    if section.extent is not None:
        check_extent(section.extent, frame.bounds, str(raster.path))
        window = cover(frame, section.extent)
        assert window is not None  # check_extent has seen to it
        frame = frame.part(*window)
    size = section.resolution
    if size is None or (math.isclose(size, frame.dx, rel_tol=1e-9) and math.isclose(size, frame.dy, rel_tol=1e-9)):
        return frame
    nx, ny = (math.floor(count * step / size + SNAP) for count, step in ((frame.nx, frame.dx), (frame.ny, frame.dy)))
    if nx < 1 or ny < 1:
        raise CaseError(
            Fault(
                "is larger than the whole terrain",
                key="grid.resolution",
                value=f"{size:g} m",
                allowed=f"at most {min(frame.nx * frame.dx, frame.ny * frame.dy):g} m",
                remedy="give a cell size in m; streets need some 2 to 5 m",
            )
        )
    east, north = frame.nx * frame.dx - nx * size, frame.ny * frame.dy - ny * size
    if max(east, north) > SNAP * size:
        notes.append(f"terrain: a strip of {east:g} m at the east and {north:g} m at the north fills no whole cell")
    return replace(frame, dx=size, dy=size, nx=nx, ny=ny)


def moved_frame(section: GridSection, raster: RasterFile, wkt: str) -> Frame:
    """The grid's frame where the terrain is reprojected: edges on multiples of the cell size, snapped outward.

    The cell size is ``grid.resolution``, else the terrain's where that is in metres; a terrain in degrees needs one.
    """
    file = str(raster.path)
    bounds = crs.transform_bounds(raster.frame.bounds, raster.frame.crs_wkt, wkt)
    if not all(map(math.isfinite, bounds)):
        raise CaseError(
            Fault(f"cannot be brought into {crs.describe(wkt)}", file, "grid.terrain", remedy="correct grid.crs")
        )
    dx, dy = section.resolution, section.resolution
    if dx is None or dy is None:
        if crs.parse(raster.frame.crs_wkt).is_geographic:
            near = math.sqrt((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / raster.frame.size)
            raise CaseError(
                Fault(
                    "is needed, because the terrain is in degrees and is reprojected",
                    key="grid.resolution",
                    remedy=f"write a cell size in m; the terrain's cells are about {near:.2g} m",
                )
            )
        dx, dy = raster.frame.dx, raster.frame.dy
    if section.extent is not None:
        check_extent(section.extent, bounds, file)
    xmin, ymin, xmax, ymax = section.extent or bounds
    i0, j0 = math.floor(xmin / dx + SNAP), math.floor(ymin / dy + SNAP)
    i1, j1 = math.ceil(xmax / dx - SNAP), math.ceil(ymax / dy - SNAP)
    return Frame(i0 * dx, j0 * dy, dx, dy, i1 - i0, j1 - j0, wkt)


def check_extent(extent: Extent, bounds: Extent, file: str) -> None:
    """Raise CaseError for an extent that is turned round or lies beside the raster."""
    xmin, ymin, xmax, ymax = extent
    if xmin >= xmax or ymin >= ymax:
        raise CaseError(
            Fault(
                "is empty",
                file,
                "grid.extent",
                repr(extent),
                "xmin < xmax and ymin < ymax",
                "order: xmin, ymin, xmax, ymax",
            )
        )
    if xmin >= bounds[2] or xmax <= bounds[0] or ymin >= bounds[3] or ymax <= bounds[1]:
        turned = ymin < bounds[2] and ymax > bounds[0] and xmin < bounds[3] and xmax > bounds[1]
        remedy = "x and y look swapped" if turned else "give the extent in the coordinates of the grid's CRS"
        raise CaseError(
            Fault("does not overlap the terrain", file, "grid.extent", repr(extent), show_bounds(bounds), remedy)
        )


def _read_around(raster: RasterFile, frame: Frame, nodata: float | None, moved: bool) -> tuple[Window, Frame]:
    """The part of a raster that a frame needs, with a margin of two cells; an empty window if they do not meet."""
    source = raster.frame
    wanted = crs.transform_bounds(frame.bounds, frame.crs_wkt, source.crs_wkt) if moved else frame.bounds
    xmin, ymin, xmax, ymax = wanted
    margin_x, margin_y = 2 * source.dx, 2 * source.dy
    part = cover(source, (xmin - margin_x, ymin - margin_y, xmax + margin_x, ymax + margin_y))
    if part is None:
        return Window(np.zeros((0, 0)), np.zeros((0, 0), bool)), source
    refuse_too_many(source.part(*part), str(raster.path), raster.key)
    return raster.read(*part, nodata), source.part(*part)


def _refuse_absurd_levels(window: Window, raster: RasterFile) -> None:
    values = window.values
    wrong = ((values < LOWEST) | (values > HIGHEST)) & ~window.missing
    if wrong.any():
        first = float(values[wrong][0])
        raise CaseError(
            Fault(
                f"holds levels that cannot be: {np.count_nonzero(wrong)} cells, the first {first:g} m",
                str(raster.path),
                raster.key,
                allowed=f"{LOWEST:g} .. {HIGHEST:g} m",
                remedy=f"if that means no data, write grid.nodata_value = {first!r}",
            )
        )


def _layer_part(raster: RasterFile, frame: Frame) -> tuple[Window, Frame, bool]:
    """Window of a layer around the grid, its frame, and whether it is in another CRS than the grid.

    A layer without CRS is taken to be in the grid's; on a local grid every layer is.
    """
    own = raster.frame.crs_wkt
    moved = bool(own and frame.crs_wkt) and not crs.same(own, frame.crs_wkt)
    window, source = _read_around(raster, frame, None, moved)
    if window.values.size == 0:
        bounds = show_bounds(raster.frame.bounds)
        raise CaseError(
            Fault(
                "does not overlap the grid",
                str(raster.path),
                raster.key,
                f"{bounds} in {crs.describe(own)}",
                f"{show_bounds(frame.bounds)} in {crs.describe(frame.crs_wkt)}",
                "check the coordinate reference systems of both files",
            )
        )
    return window, source, moved


def holds_classes(window: Window) -> bool:
    """Whether a layer holds land-cover classes: whole-number type, or a value above 2 (no Manning n is)."""
    if window.values.dtype.kind in "iu":
        return True
    return bool(np.max(window.values, where=~window.missing, initial=-np.inf) > 2.0)


def read_layer(raster: RasterFile, frame: Frame) -> tuple[np.ndarray, np.ndarray, bool]:
    """A layer on the cells of the grid: values (ny, nx), where they are missing, and whether they are classes.

    Classes (integers) go by majority of area, numbers (float64) by area average. Raises CaseError.
    """
    window, source, moved = _layer_part(raster, frame)
    if not holds_classes(window):
        bring = reproject if moved else resample
        numbers = bring(window.values, window.missing, source, frame, "average")
        return numbers, np.isnan(numbers), False
    window = _whole(window, raster)
    if moved:
        turned = reproject(window.values, window.missing, source, frame, "mode")
        lost = np.isnan(turned)
        return np.where(lost, 0, turned).astype(window.values.dtype), lost, True
    classes, lost = resample_classes(window.values, window.missing, source, frame)
    return classes, lost, True


def why_not_by_windows(raster: RasterFile, frame: Frame) -> str:
    """Why a layer comes to other bits where it is read window by window of a frame; empty where it does not."""
    source = raster.frame
    if source.crs_wkt and frame.crs_wkt and not crs.same(source.crs_wkt, frame.crs_wkt):
        return "is in another CRS"
    ratios = [max(a, b) / min(a, b) for a, b in ((frame.dx, source.dx), (frame.dy, source.dy))]
    starts = [(frame.x0 - source.x0) / min(frame.dx, source.dx), (frame.y0 - source.y0) / min(frame.dy, source.dy)]
    even = all(abs(value - round(value)) < SNAP for value in ratios + starts)
    return "" if even else "has cells that do not go evenly with those of the grid"


def read_layer_window(raster: RasterFile, frame: Frame, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    """A layer on a window of the grid, ``classes`` or numbers: values (ny, nx), and where they are missing.

    Only where `why_not_by_windows` has nothing to say. A window beside the layer has no data. Raises CaseError.
    """
    window, source = _read_around(raster, frame, None, False)
    if window.values.size == 0:
        return np.zeros(frame.shape, window.values.dtype), np.ones(frame.shape, bool)
    if classes:
        return resample_classes(*_whole(window, raster), source, frame)
    numbers = resample(*window, source, frame, "average")
    return numbers, np.isnan(numbers)


def layer_holds_classes(raster: RasterFile, frame: Frame) -> bool:
    """Whether the part of a layer in the grid's CRS that lies around a window holds classes, as `holds_classes`."""
    window, _ = _read_around(raster, frame, None, False)
    return window.values.size > 0 and holds_classes(window)


def _whole(window: Window, raster: RasterFile) -> Window:
    """Class codes as integers; raises CaseError where a floating-point layer is neither n nor classes."""
    values, missing = window
    if values.dtype.kind in "iu":
        return window
    broken = ~missing & ((values != np.round(values)) | (np.abs(values) > 2**31 - 1))
    if broken.any():
        raise CaseError(
            Fault(
                "holds neither Manning n nor classes",
                str(raster.path),
                raster.key,
                f"{float(values[broken][0]):g}",
                "n up to 2 s m^-1/3, or whole numbers for classes",
                "convert the raster to one of them",
            )
        )
    return Window(np.where(missing, 0, values).astype(np.int32), missing)


def depth_raster(path: Path, grid: Cells, key: str = "initial.depth") -> np.ndarray:
    """Water depth out of a raster on the cells of a grid, float64 (ny, nx) in m by area average; no data means dry.

    Raises CaseError for a file that cannot be read, does not overlap the grid or holds negative depths.
    """
    raster = open_raster(path, key)
    frame = frame_of(grid)
    window, source, moved = _layer_part(raster, frame)
    wrong = ~window.missing & ((window.values < 0) | (window.values > MAX_DEPTH))
    if wrong.any():
        shown = f"{float(window.values[wrong][0]):g} m on {np.count_nonzero(wrong)} cells"
        allowed, remedy = f"0 .. {MAX_DEPTH:g} m", "give water depths, not levels"
        raise CaseError(Fault("holds depths that cannot be", str(path), key, shown, allowed, remedy))
    bring = reproject if moved else resample
    return np.nan_to_num(bring(window.values, window.missing, source, frame, "average"), nan=0.0)
