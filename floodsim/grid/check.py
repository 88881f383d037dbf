"""Files to look at before a run: the prepared ground as GeoTIFF, everything with a place as GeoPackage."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid import crs
from floodsim.grid.extras import need
from floodsim.grid.grid import Grid
from floodsim.grid.vector import read_vectors

Placed = Sequence[tuple[str, str, np.ndarray]]
"""Named things on cells: name, kind, cells as (n, 2) integers of row and column."""


def write_geotiff(path: Path, array: np.ndarray, grid: Grid, nodata: float | None = None) -> None:
    """Write an array (ny, nx) of a grid as a compressed, north-up GeoTIFF; booleans become 0 and 1.

    The file appears only when it is complete. Raises CaseError without rasterio or where it cannot be written.
    """
    rasterio = need("rasterio", f"writing {Path(path).name}")
    path, array = Path(path), np.asarray(array)
    if array.shape != grid.shape:
        raise ValueError(f"array of shape {array.shape} on a grid of shape {grid.shape}")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    (ny, nx), (xmin, _, _, ymax) = grid.shape, grid.bounds
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": nx,
        "height": ny,
        "count": 1,
        "dtype": array.dtype.name,
        "transform": rasterio.Affine(grid.dx, 0.0, xmin, 0.0, -grid.dy, ymax),
        "crs": rasterio.CRS.from_wkt(crs.parse(grid.crs_wkt).to_wkt()) if grid.crs_wkt else None,
        "nodata": nodata,
        "compress": "deflate",
        "predictor": 3 if array.dtype.kind == "f" else 2,
        "BIGTIFF": "IF_SAFER",
    }
    if min(nx, ny) >= 256:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    partial = path.with_name(path.name + ".part")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(partial, "w", **profile) as file:
                file.write(array[::-1], 1)
        os.replace(partial, path)
    except (OSError, rasterio.errors.RasterioError) as error:
        raise CaseError(
            Fault(f"cannot be written: {error}", str(path), remedy="check folder, rights and free space")
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def write_check_bundle(folder: Path, grid: Grid, case: Case, boundaries: Placed, sources: Placed) -> None:
    """Write bed, roughness, buildings and active cells as GeoTIFF and check.gpkg with all that has a place.

    ``boundaries`` and ``sources`` are (name, kind, (n, 2) cells as row, column). Layers of check.gpkg: boundaries and
    sources (squares of cells), points, lines, waterlogging_points. An older bundle is replaced; if anything fails, it
    stays as it was. Raises CaseError without the geo extra or where the folder cannot be written.
    """
    folder = Path(folder)
    need("rasterio", "writing the check bundle")
    pyogrio = need("pyogrio", "writing the check bundle")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise CaseError(
            Fault(f"cannot be written: {error.strerror}", str(folder), remedy="choose another folder")
        ) from error
    try:
        os.chmod(work, 0o755)
        _write_rasters(work, grid)
        _write_layers(work / "check.gpkg", grid, case, boundaries, sources)
        _swap(work, folder)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        remedy = "check folder, rights and free space"
        raise CaseError(Fault(f"cannot be written: {error}", str(folder), remedy=remedy)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one."""
    if not folder.exists():
        os.rename(work, folder)
        return
    old = work.with_name(work.name + "-old")
    os.rename(folder, old)
    try:
        os.rename(work, folder)
    except OSError:
        os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write_rasters(folder: Path, grid: Grid) -> None:
    outside = ~grid.array("active") & (grid.array("building") != 2)
    for name, variable in (("bed", "bed"), ("roughness", "roughness")):
        write_geotiff(folder / f"{name}.tif", np.where(outside, -9999, grid.array(variable)), grid, nodata=-9999)
    write_geotiff(folder / "buildings.tif", grid.array("building"), grid)
    write_geotiff(folder / "active.tif", grid.array("active"), grid)


def _write_layers(path: Path, grid: Grid, case: Case, boundaries: Placed, sources: Placed) -> None:
    geopandas = need("geopandas", "writing check.gpkg")
    pyogrio = need("pyogrio", "writing check.gpkg")
    layers = {
        "boundaries": _squares(grid, boundaries),
        "sources": _squares(grid, sources),
        "points": _points(case),
        "lines": _lines(case),
        "waterlogging_points": _areas(grid, case),
    }
    for name, rows in layers.items():
        if rows:
            frame = geopandas.GeoDataFrame(rows, geometry="geometry", crs=grid.crs_wkt or None)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a local grid has no CRS, on purpose
                pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=False)


def _squares(grid: Grid, things: Placed) -> list[dict[str, Any]]:
    shapely = need("shapely", "writing check.gpkg")
    xmin, ymin, _, _ = grid.bounds
    rows = []
    for name, kind, cells in things:
        for j, i in np.asarray(cells, np.int64).reshape(-1, 2).tolist():
            west, south = xmin + i * grid.dx, ymin + j * grid.dy
            square = shapely.box(west, south, west + grid.dx, south + grid.dy)
            rows.append({"name": name, "kind": kind, "row": j, "column": i, "geometry": square})
    return rows


def _points(case: Case) -> list[dict[str, Any]]:
    shapely = need("shapely", "writing check.gpkg")
    return [{"name": point.name, "geometry": shapely.Point(point.x, point.y)} for point in case.points]


def _lines(case: Case) -> list[dict[str, Any]]:
    shapely = need("shapely", "writing check.gpkg")
    return [{"name": line.name, "geometry": shapely.LineString(line.coordinates)} for line in case.lines]


def _areas(grid: Grid, case: Case) -> list[dict[str, Any]]:
    """Waterlogging points as areas: circles drawn as polygons, lanes as areas of their own."""
    shapely = need("shapely", "writing check.gpkg")
    rows: list[dict[str, Any]] = []
    for area in case.waterlogging_points:
        told = {"name": area.name, "area_kind": area.area_kind}
        if area.polygon is not None:
            rows.append({**told, "part": "area", "geometry": shapely.Polygon(area.polygon)})
        elif area.x is not None and area.y is not None:
            rows.append({**told, "part": "area", "geometry": shapely.Point(area.x, area.y).buffer(area.radius)})
        if area.lane is not None:
            rows.append({**told, "part": "lane", "geometry": shapely.Polygon(area.lane)})
    given = case.waterlogging_file
    if given is not None:
        layer = read_vectors(given.file, given.layer, given.encoding, key="waterlogging_file", crs_wkt=grid.crs_wkt)
        for row in layer.to_dict("records"):
            shape = row["geometry"].buffer(given.radius) if row["geometry"].geom_type == "Point" else row["geometry"]
            kind = str(row.get(given.area_kind_field) or "")
            rows.append({"name": str(row.get(given.name_field)), "area_kind": kind, "part": "area", "geometry": shape})
    return rows
