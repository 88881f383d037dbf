"""Broken input: every fault says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from floodsim.errors import CaseError
from floodsim.grid.prepare import prepare_grid
from tests.grid.makers import make_case, write_asc, write_tif

LEVELS = np.arange(48, dtype=np.float32).reshape(6, 8)
HERE = {"x0": 400_000, "y0": 3_400_000, "dx": 2, "crs": "EPSG:4544"}


def no_file(folder: Path) -> dict[str, object]:
    return {"terrain": folder / "nothing.tif"}


def wrong_suffix(folder: Path) -> dict[str, object]:
    (folder / "dem.png").write_bytes(b"x")
    return {"terrain": folder / "dem.png"}


def not_a_tif(folder: Path) -> dict[str, object]:
    (folder / "dem.tif").write_bytes(b"this is no image")
    return {"terrain": folder / "dem.tif"}


def cut_tif(folder: Path) -> dict[str, object]:
    values = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
    path = write_tif(folder / "dem.tif", values, **HERE, compress="deflate")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return {"terrain": path}


def two_bands(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", np.stack([LEVELS, LEVELS]), **HERE)}


def rotated(folder: Path) -> dict[str, object]:
    import rasterio

    turn = rasterio.Affine(2, 0.4, 4e5, 0.4, -2, 3.4e6)
    with rasterio.open(
        folder / "dem.tif",
        "w",
        driver="GTiff",
        width=8,
        height=6,
        count=1,
        dtype="float32",
        transform=turn,
        crs="EPSG:4544",
    ) as file:
        file.write(LEVELS, 1)
    return {"terrain": folder / "dem.tif"}


def cut_asc(folder: Path) -> dict[str, object]:
    path = write_asc(folder / "dem.asc", LEVELS)
    path.write_text(path.read_text()[:-60])
    return {"terrain": path, "crs": "local"}


def comma_asc(folder: Path) -> dict[str, object]:
    path = write_asc(folder / "dem.asc", LEVELS)
    path.write_text(path.read_text().replace("17.0", "17,5"))
    return {"terrain": path, "crs": "local"}


def long_asc(folder: Path) -> dict[str, object]:
    path = write_asc(folder / "dem.asc", LEVELS)
    path.write_text(path.read_text() + "1 2 3\n")
    return {"terrain": path, "crs": "local"}


def headless_asc(folder: Path) -> dict[str, object]:
    (folder / "dem.asc").write_text("1 2 3\n4 5 6\n")
    return {"terrain": folder / "dem.asc", "crs": "local"}


def huge_asc(folder: Path) -> dict[str, object]:
    head = "ncols 100000\nnrows 100000\nxllcorner 0\nyllcorner 0\ncellsize 1\n"
    (folder / "dem.asc").write_text(head + "1 2 3\n")
    return {"terrain": folder / "dem.asc", "crs": "local"}


def tiny_cells(folder: Path) -> dict[str, object]:
    return {"terrain": write_asc(folder / "dem.asc", LEVELS, dx=1000), "crs": "local", "resolution": 0.01}


def cut_netcdf(folder: Path) -> dict[str, object]:
    path = folder / "dem.nc"
    xr.Dataset({"z": (("y", "x"), LEVELS)}, {"y": np.arange(6.0), "x": np.arange(8.0)}).to_netcdf(path)
    path.write_bytes(path.read_bytes()[:700])
    return {"terrain": path, "crs": "local"}


def two_variables(folder: Path) -> dict[str, object]:
    fields = {"ground": (("y", "x"), LEVELS), "surface": (("y", "x"), LEVELS)}
    xr.Dataset(fields, {"y": np.arange(6.0), "x": np.arange(8.0)}).to_netcdf(folder / "dem.nc")
    return {"terrain": folder / "dem.nc", "crs": "local"}


def no_such_variable(folder: Path) -> dict[str, object]:
    return {**two_variables(folder), "terrain_variable": "dtm"}


def bent_axis(folder: Path) -> dict[str, object]:
    axes = {"y": np.arange(6.0), "x": np.arange(8.0) ** 1.1}
    xr.Dataset({"z": (("y", "x"), LEVELS)}, axes).to_netcdf(folder / "dem.nc")
    return {"terrain": folder / "dem.nc", "crs": "local"}


def no_axes(folder: Path) -> dict[str, object]:
    xr.Dataset({"z": (("a", "b"), LEVELS)}).to_netcdf(folder / "dem.nc")
    return {"terrain": folder / "dem.nc", "crs": "local"}


def no_crs(folder: Path) -> dict[str, object]:
    return {"terrain": write_asc(folder / "dem.asc", LEVELS)}


def in_degrees(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, x0=104.06, y0=30.6, dx=0.001, crs="EPSG:4490")}


def in_degrees_without_size(folder: Path) -> dict[str, object]:
    return {**in_degrees(folder), "crs": "EPSG:4544"}


def in_degrees_but_local(folder: Path) -> dict[str, object]:
    return {**in_degrees(folder), "crs": "local"}


def unnamed_degrees(folder: Path) -> dict[str, object]:
    return {"terrain": write_asc(folder / "dem.asc", LEVELS, x0=104.06, y0=30.6, dx=0.001), "crs": "EPSG:4544"}


def crs_in_degrees(folder: Path) -> dict[str, object]:
    return {**in_degrees(folder), "crs": "EPSG:4490"}


def nonsense_crs(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, **HERE), "crs": "EPSG:0815"}


def crs_in_feet(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, x0=1e6, y0=2e5, dx=10, crs="EPSG:2263")}


def extent_beside(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, **HERE), "extent": (0, 0, 100, 100)}


def extent_swapped(folder: Path) -> dict[str, object]:
    extent = (3_400_000, 400_000, 3_400_010, 400_010)
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, **HERE), "extent": extent}


def extent_turned(folder: Path) -> dict[str, object]:
    extent = (400_010, 3_400_000, 400_000, 3_400_010)
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, **HERE), "extent": extent}


def coarse(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS, **HERE), "resolution": 100}


def hole(folder: Path) -> dict[str, object]:
    values = LEVELS.copy()
    values[2, 3] = values[4, 4] = np.nan
    return {"terrain": write_tif(folder / "dem.tif", values, **HERE)}


def large_hole(folder: Path) -> dict[str, object]:
    values = LEVELS.copy()
    values[1:4, 2:5] = np.nan
    return {"terrain": write_tif(folder / "dem.tif", values, **HERE), "nodata": "fill", "max_fill_cells": 8}


def all_missing(folder: Path) -> dict[str, object]:
    return {"terrain": write_tif(folder / "dem.tif", LEVELS * np.nan, **HERE), "nodata": "outside"}


def undeclared_nodata(folder: Path) -> dict[str, object]:
    values = LEVELS.copy()
    values[0, 0] = -9999
    return {"terrain": write_tif(folder / "dem.tif", values, **HERE)}


@pytest.mark.parametrize(
    ("make", "key", "words"),
    [
        (no_file, "grid.terrain", "no such file"),
        (wrong_suffix, "grid.terrain", ".tif, .tiff, .asc, .nc, .nc4"),
        (not_a_tif, "grid.terrain", "cannot be read as a GeoTIFF"),
        (cut_tif, "grid.terrain", "damaged or cut short"),
        (two_bands, "grid.terrain", "has 2 bands"),
        (rotated, "grid.terrain", "gdalwarp"),
        (cut_asc, "grid.terrain", "6 rows x 8 columns = 48 numbers"),
        (comma_asc, "grid.terrain", "row 4, column 2 from the north"),
        (long_asc, "grid.terrain", "more numbers than its header says"),
        (headless_asc, "grid.terrain", "header lacks cellsize, ncols, nrows, xllcorner, yllcorner"),
        (huge_asc, "grid.terrain", "too many cells: 100000 rows x 100000 columns"),
        (tiny_cells, "grid.terrain", "at most 2000000000 cells"),
        (cut_netcdf, "grid.terrain", "cannot be read as NetCDF"),
        (two_variables, "grid.terrain", "grid.terrain_variable"),
        (no_such_variable, "grid.terrain", "ground, surface"),
        (bent_axis, "grid.terrain", "coordinate x is not uniform"),
        (no_axes, "grid.terrain", "dimensions a, b"),
        (no_crs, "grid.terrain", 'grid.crs = "EPSG:4544" (or the one it is in), or grid.crs = "local"'),
        (in_degrees, "grid.terrain", 'grid.crs = "EPSG:4544" and grid.resolution'),
        (in_degrees_without_size, "grid.resolution", "the terrain's cells are about 1"),
        (in_degrees_but_local, "grid.terrain", "cannot hold degrees"),
        (unnamed_degrees, "grid.terrain", "look like degrees"),
        (crs_in_degrees, "grid.crs", 'grid.crs = "EPSG:4544"'),
        (nonsense_crs, "grid.crs", "EPSG:0815"),
        (crs_in_feet, "grid.terrain", "a projected CRS in metres"),
        (extent_beside, "grid.extent", "x 400000 .. 400016, y 3400000 .. 3400012"),
        (extent_swapped, "grid.extent", "x and y look swapped"),
        (extent_turned, "grid.extent", "xmin < xmax"),
        (coarse, "grid.resolution", "larger than the whole terrain"),
        (
            hole,
            "grid.nodata",
            "2 of 48 cells of the grid have no data; the first (from the south-west) is at row 2, column 3",
        ),
        (large_hole, "grid.max_fill_cells", "a hole of 9 cells"),
        (all_missing, "grid.terrain", "no data at all"),
        (undeclared_nodata, "grid.terrain", "grid.nodata_value = -9999.0"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_bad_terrain(tmp_path: Path, make: Callable[[Path], dict[str, object]], key: str, words: str) -> None:
    with pytest.raises(CaseError) as caught:
        prepare_grid(make_case(grid=make(tmp_path)))
    assert len(caught.value.faults) == 1
    fault = caught.value.faults[0]
    assert fault.key == key
    assert words in str(fault)


def test_no_terrain_at_all() -> None:
    with pytest.raises(CaseError, match=r"grid.terrain: is missing"):
        prepare_grid(make_case())


def test_faults_of_all_layers_come_together(tmp_path: Path) -> None:
    edits = [{"kind": "raise", "coordinates": [(0, 0), (5, 5)]}, {"kind": "wall", "level": 1}]
    ground = {
        "terrain": write_asc(tmp_path / "dem.asc", LEVELS), "crs": "local", "edits": edits,
        "roughness": tmp_path / "n.tif", "buildings": tmp_path / "houses.gpkg",
    }  # fmt: skip
    with pytest.raises(CaseError) as caught:
        prepare_grid(make_case(grid=ground))
    keys = [fault.key for fault in caught.value.faults]
    assert keys == ["grid.edits[0]", "grid.edits[1]", "grid.roughness", "grid.buildings"]


def test_missing_extra_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tif(tmp_path / "dem.tif", LEVELS, **HERE)
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(CaseError, match=r"pip install floodsim\[geo\]"):
        prepare_grid(make_case(grid={"terrain": path}))
