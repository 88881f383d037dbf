"""Terrain out of each format, on the right cells, in the right CRS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyproj
import pytest
import xarray as xr

from floodsim.grid.frame import Frame
from floodsim.grid.grid import BED_QUANTUM, Grid
from floodsim.grid.prepare import prepare_grid
from floodsim.grid.raster import depth_raster
from tests.grid.makers import make_case, write_asc, write_tif

LEVELS = np.arange(48, dtype=np.float32).reshape(6, 8) / 4  # exact in steps of BED_QUANTUM


def prepare(path: Path, notes: list[str] | None = None, **grid: object) -> Grid:
    return prepare_grid(make_case(grid={"terrain": path, "crs": "local", **grid}), notes)


@pytest.mark.parametrize("south_up", [False, True])
def test_geotiff_rows_end_up_from_south_to_north(tmp_path: Path, south_up: bool) -> None:
    path = write_tif(tmp_path / "dem.tif", LEVELS, x0=100, y0=50, dx=2, dy=3, south_up=south_up)
    grid = prepare(path)
    assert np.array_equal(grid.array("bed"), LEVELS)
    assert grid.bounds == (100, 50, 116, 68)
    assert (grid.dx, grid.dy) == (2, 3)
    assert grid.array("active").all() and grid.array("bed").flags.c_contiguous


def test_ascii_corner_and_centre_headers_mean_the_same(tmp_path: Path) -> None:
    corner = write_asc(tmp_path / "corner.asc", LEVELS, x0=10, y0=20, dx=2)
    centre = tmp_path / "centre.ASC"
    centre.write_text(
        corner.read_text().replace("xllcorner 10", "XLLCENTER 11").replace("yllcorner 20", "YLLCENTER 21")
    )
    for path in (corner, centre):
        grid = prepare(path)
        assert np.array_equal(grid.array("bed"), LEVELS)
        assert grid.bounds == (10, 20, 26, 32)


def test_ascii_needs_no_geographic_library(tmp_path: Path) -> None:
    path = write_asc(tmp_path / "dem.asc", LEVELS)
    code = (
        "import sys\n"
        "for name in ('rasterio', 'geopandas', 'pyogrio', 'shapely', 'pyproj'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from floodsim.case.schema import Case\n"
        "from floodsim.grid.prepare import prepare_grid\n"
        "edits = [{'kind': 'wall', 'coordinates': [(0, 0), (5, 5)], 'level': 20}]\n"
        f"ground = {{'terrain': Path({str(path)!r}), 'crs': 'local', 'edits': edits}}\n"
        "case = Case.model_validate({'name': 't', 'clock': {'duration': 60}, 'grid': ground})\n"
        "print(float(prepare_grid(case).array('bed').max()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "20.0", done.stderr


@pytest.mark.parametrize("descending", [False, True])
def test_netcdf_y_either_way_with_crs_of_the_grid_mapping(tmp_path: Path, descending: bool) -> None:
    wkt = pyproj.CRS("EPSG:4544").to_wkt()
    values, y = (LEVELS[::-1], np.arange(6)[::-1]) if descending else (LEVELS, np.arange(6))
    dataset = xr.Dataset(
        {"ground": (("time", "y", "x"), values[None], {"grid_mapping": "crs"}), "crs": ((), 0, {"crs_wkt": wkt})},
        {"y": 3_400_000.0 + 5 * y, "x": 400_000.0 + 5 * np.arange(8)},
    )
    dataset.to_netcdf(tmp_path / "dem.nc")
    grid = prepare(tmp_path / "dem.nc", crs=None)
    assert np.array_equal(grid.array("bed"), LEVELS)
    assert grid.bounds == (399_997.5, 3_399_997.5, 400_037.5, 3_400_027.5)
    assert pyproj.CRS(grid.crs_wkt).to_epsg() == 4544


@pytest.mark.parametrize("where", ["spatial_ref", "global"])
def test_netcdf_crs_from_other_places(tmp_path: Path, where: str) -> None:
    dataset = xr.Dataset(
        {"z": (("northing", "easting"), LEVELS)}, {"northing": np.arange(6.0), "easting": np.arange(8.0)}
    )
    if where == "global":
        dataset.attrs["crs"] = "EPSG:4543"
    else:
        dataset["spatial_ref"] = ((), 0, {"spatial_ref": pyproj.CRS("EPSG:4543").to_wkt()})
    dataset.to_netcdf(tmp_path / "dem.nc")
    assert pyproj.CRS(prepare(tmp_path / "dem.nc", crs=None).crs_wkt).to_epsg() == 4543


def test_extent_keeps_every_cell_it_covers_in_part(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dem.tif", LEVELS, dx=2)
    grid = prepare(path, extent=(3.9, 2.0, 8.1, 100.0))
    assert grid.bounds == (2, 2, 10, 12)
    assert np.array_equal(grid.array("bed"), LEVELS[1:, 1:5])


@pytest.mark.parametrize("suffix", ["tif", "asc", "nc"])
def test_resolution_counts_from_the_south_west_and_averages(tmp_path: Path, suffix: str) -> None:
    if suffix == "tif":
        path = write_tif(tmp_path / "dem.tif", LEVELS, x0=7)
    elif suffix == "asc":
        path = write_asc(tmp_path / "dem.asc", LEVELS, x0=7)
    else:
        path = tmp_path / "dem.nc"
        axes = {"y": np.arange(6) + 0.5, "x": np.arange(8) + 7.5}
        xr.Dataset({"z": (("y", "x"), LEVELS)}, axes).to_netcdf(path)
    notes: list[str] = []
    grid = prepare(path, notes, resolution=3)
    blocks = LEVELS[:, :6].reshape(2, 3, 2, 3).mean(axis=(1, 3))
    assert grid.bounds == (7, 0, 13, 6)
    assert np.array_equal(grid.array("bed"), np.round(blocks / BED_QUANTUM) * BED_QUANTUM)
    assert any("resampling average" in note for note in notes)
    assert any("strip of 2 m at the east and 0 m at the north" in note for note in notes)


def test_nodata_of_file_and_case_and_scaled_integers(tmp_path: Path) -> None:
    raw = np.arange(12, dtype=np.int16).reshape(3, 4)
    raw[0, 0], raw[2, 3] = -32768, 777
    path = write_tif(tmp_path / "dem.tif", raw, nodata=-32768)
    grid = prepare(path, nodata="outside", nodata_value=777)
    assert np.argwhere(~grid.array("active")).tolist() == [[0, 0], [2, 3]]
    assert grid.array("bed")[0, 0] == 10  # outside cells are walls as high as the highest ground
    assert np.isfinite(grid.array("bed")).all()


def test_high_ground_keeps_its_steps(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dem.tif", LEVELS.astype(np.float64) + 3500.0 + BED_QUANTUM)
    bed = prepare(path).array("bed")
    assert bed.dtype == np.float64 and np.array_equal(bed, LEVELS.astype(np.float64) + 3500.0 + BED_QUANTUM)


def plane_in_degrees(tmp_path: Path, crs: str = "EPSG:4490") -> tuple[Path, Frame]:
    """Ground that rises by 1 m per 0.001 degree to the east and 2 m to the north, around 104.06 E, 30.66 N."""
    step, nx, ny = 0.0001, 120, 100
    lon, lat = 104.060 + (np.arange(nx) + 0.5) * step, 30.660 + (np.arange(ny) + 0.5) * step
    values = 500 + (lon - 104.06) * 1e3 + (lat[:, None] - 30.66) * 2e3
    path = write_tif(tmp_path / "degrees.tif", values, x0=104.06, y0=30.66, dx=step, crs=crs)
    return path, Frame(104.06, 30.66, step, step, nx, ny)


@pytest.mark.parametrize("code", [4490, 4326])
def test_degrees_are_reprojected_with_x_to_the_east(tmp_path: Path, code: int) -> None:
    path, _ = plane_in_degrees(tmp_path, f"EPSG:{code}")
    forward = pyproj.Transformer.from_crs(code, 4544, always_xy=True)
    x, y = forward.transform(104.066, 30.665)
    notes: list[str] = []
    extent = (x - 200, y - 200, x + 200, y + 200)
    grid = prepare(path, notes, crs="EPSG:4544", resolution=5, resampling="bilinear", extent=extent)
    assert 400_000 < x < 420_000 and 3_390_000 < y < 3_400_000  # easting and northing, not the other way round
    assert grid.bounds[0] % 5 == 0 and grid.bounds[0] <= x - 200 < grid.bounds[0] + 5
    back = pyproj.Transformer.from_crs(4544, code, always_xy=True)
    lon, lat = back.transform(*np.meshgrid(grid.x, grid.y))
    expected = 500 + (lon - 104.06) * 1e3 + (lat - 30.66) * 2e3
    assert np.abs(grid.array("bed") - expected).max() < 0.02  # an eighth of a cell of the source is 0.014 m
    row, column = grid.cell_of(x, y)  # type: ignore[misc]
    assert abs(grid.array("bed")[row, column] - 516.0) < 0.15
    assert any("reprojected from EPSG:" in note for note in notes)


def test_another_zone_is_reprojected_too(tmp_path: Path) -> None:
    """EPSG:4543 (102 E) to 4544 (105 E): a plane in the source is found again through pyproj."""
    x0, y0 = pyproj.Transformer.from_crs(4490, 4543, always_xy=True).transform(103.5, 30.0)
    x0, y0 = round(x0), round(y0)
    x, y = x0 + 10 * (np.arange(80) + 0.5), y0 + 10 * (np.arange(60) + 0.5)
    path = write_tif(
        tmp_path / "dem.tif", 100 + (x - x0) / 10 + (y[:, None] - y0) / 20, x0=x0, y0=y0, dx=10, crs="EPSG:4543"
    )
    grid = prepare(path, crs="EPSG:4544", nodata="outside")
    assert (grid.dx, grid.dy) == (10, 10)
    back = pyproj.Transformer.from_crs(4544, 4543, always_xy=True)
    east, north = back.transform(*np.meshgrid(grid.x, grid.y))
    inner = (east > x0 + 20) & (east < x0 + 780) & (north > y0 + 20) & (north < y0 + 580)
    assert grid.array("active")[inner].all() and not grid.array("active").all()
    error = grid.array("bed") - (100 + (east - x0) / 10 + (north - y0) / 20)
    assert np.abs(error[inner]).max() < 0.3  # averages over pixels of 1 m rise lie within an eighth of a pixel or so


def test_own_crs_named_again_changes_nothing(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dem.tif", LEVELS, x0=400_000, y0=3_400_000, dx=2, crs="EPSG:4544")
    for asked in (None, "EPSG:4544"):
        notes: list[str] = []
        grid = prepare(path, notes, crs=asked)
        assert np.array_equal(grid.array("bed"), LEVELS) and notes == []
        assert pyproj.CRS(grid.crs_wkt).to_epsg() == 4544
    notes = []
    assert prepare(path, notes).crs_wkt == "" and "left aside" in notes[0]


def test_depth_raster_is_dry_where_it_says_nothing(tmp_path: Path) -> None:
    grid = prepare(write_tif(tmp_path / "dem.tif", LEVELS, dx=2))
    depth = np.full((4, 4), 0.5, np.float32)
    depth[0, 0] = -9999
    got = depth_raster(write_tif(tmp_path / "depth.tif", depth, dx=2, nodata=-9999), grid)
    expected = np.zeros((6, 8))
    expected[:4, :4] = 0.5
    expected[0, 0] = 0
    assert np.array_equal(got, expected)
