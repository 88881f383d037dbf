"""maps.nc as a reader sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from floodsim.errors import RunError
from floodsim.grid.grid import Grid, make_grid
from floodsim.names import VARIABLES
from floodsim.output.maps import Maps
from floodsim.output.sinks import FileSink
from tests.output.fake import FakeView, case, play

ROOT = Path(__file__).resolve().parents[2]
MAPS = ["depth", "level", "velocity_x", "velocity_y", "speed"]


def ramp(crs_wkt: str = "") -> Grid:
    bed = np.linspace(500.0, 501.0, 12).reshape(3, 4)
    active = np.ones((3, 4), bool)
    active[2, 3] = False
    building = np.zeros((3, 4), np.uint8)
    building[0, 0] = 1
    return make_grid(bed, 10.0, x0=1000.0, y0=2000.0, active=active, building=building, crs_wkt=crs_wkt)


STEPS = [
    (5.0, {"depth": 1.0}),
    (10.0, {"depth": 0.5, "velocity_x": 3.0, "velocity_y": 4.0}),
    (20.0, {"depth": [[0.0, 1e-7, 0.2, 0.3]] * 3}),
    (30.0, {"depth": 0.25}),
    (36.0, {"depth": 0.125}),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_rules_for_dry_cells(tmp_path: Path, dtype: type) -> None:
    grid = ramp()
    maps = Maps(case(output={"interval": 20.0, "maps": MAPS}), grid, tmp_path / "maps.nc")
    play([maps], FakeView(grid, dtype), STEPS)
    with xr.open_dataset(tmp_path / "maps.nc") as found:
        assert found.floodsim_status == "complete"
        start = np.datetime64("2024-07-01T08:00:00")
        np.testing.assert_array_equal((found.time.values - start) / np.timedelta64(1, "s"), [0.0, 20.0, 36.0])
        np.testing.assert_allclose(found.depth[1, 0], [0.0, 0.0, 0.2, 0.3], atol=5e-5)
        np.testing.assert_array_equal(np.isnan(found.level[1, 0]), [True, True, False, False])
        np.testing.assert_allclose(found.level[1, 0, 2:], grid.array("bed")[0, 2:] + [0.2, 0.3], atol=2e-4)
        np.testing.assert_allclose(found.velocity_x[1, 0], [0.0, 0.0, 3.0, 3.0], atol=5e-5)
        np.testing.assert_allclose(found.speed[1, 0], [0.0, 0.0, 5.0, 5.0], atol=5e-5)
        np.testing.assert_allclose(found.depth[2].values[grid.array("active")], 0.125)
        assert np.isnan(found.depth[:, 2, 3]).all() and np.isnan(found.velocity_y[:, 2, 3]).all()
        np.testing.assert_array_equal(found.bed, grid.array("bed"))
        np.testing.assert_array_equal(found.active, grid.array("active"))
        np.testing.assert_array_equal(found.building, grid.array("building"))


def test_metadata_is_cf_and_comes_from_the_table(tmp_path: Path) -> None:
    pyproj = pytest.importorskip("pyproj")
    wkt = pyproj.CRS.from_epsg(4544).to_wkt()
    grid = ramp(wkt)
    play([Maps(case(title="a town", output={"maps": MAPS}), grid, tmp_path / "m.nc")], FakeView(grid), STEPS)
    with netCDF4.Dataset(tmp_path / "m.nc") as file:
        assert file.Conventions == "CF-1.11" and file.title == "a town" and "floodsim" in file.source + file.history
        assert file["time"].units == "seconds since 2024-07-01T08:00:00" and file["time"].dtype == np.float64
        assert file["x"].standard_name == "projection_x_coordinate" and file["x"].axis == "X"
        assert file["y"].standard_name == "projection_y_coordinate" and file["y"].units == "m"
        assert (np.diff(file["y"][:]) > 0).all()
        assert pyproj.CRS.from_wkt(file["crs"].crs_wkt).to_epsg() == 4544
        assert pyproj.CRS.from_wkt(file["crs"].spatial_ref).to_epsg() == 4544
        assert file["crs"].grid_mapping_name == "transverse_mercator"
        for name in MAPS:
            variable = file[name]
            for attribute, value in VARIABLES[name].attributes().items():
                assert variable.getncattr(attribute) == value
            assert variable.grid_mapping == "crs" and np.isnan(variable.getncattr("_FillValue"))
            assert variable.filters()["zlib"] and variable.filters()["shuffle"] and variable.filters()["complevel"] == 1
            assert variable.least_significant_digit == 4
            assert variable.chunking() == [1, 3, 4]
        assert file["bed"].standard_name == VARIABLES["bed"].standard_name
        assert "least_significant_digit" not in file["bed"].ncattrs()


def test_a_gis_places_it(tmp_path: Path) -> None:
    rasterio, pyproj = pytest.importorskip("rasterio"), pytest.importorskip("pyproj")
    grid = ramp(pyproj.CRS.from_epsg(4544).to_wkt())
    play([Maps(case(), grid, tmp_path / "m.nc")], FakeView(grid), STEPS)
    if "netCDF" not in rasterio.drivers.raster_driver_extensions().values():
        pytest.skip("this GDAL reads no NetCDF")
    with rasterio.open(f"netcdf:{tmp_path / 'm.nc'}:depth") as raster:
        assert raster.bounds[:] == (1000.0, 2000.0, 1040.0, 2030.0)
        assert raster.crs.to_epsg() == 4544


def test_local_grid_has_no_grid_mapping(tmp_path: Path) -> None:
    grid = ramp()
    play([Maps(case(output={"compression": 0}), grid, tmp_path / "m.nc")], FakeView(grid), STEPS)
    with netCDF4.Dataset(tmp_path / "m.nc") as file:
        assert "crs" not in file.variables
        assert "grid_mapping" not in file["depth"].ncattrs()
        assert not file["depth"].filters()["zlib"]


def test_chunks_are_bounded(tmp_path: Path) -> None:
    grid = make_grid(np.zeros((600, 700)), 1.0)
    play([Maps(case(), grid, tmp_path / "m.nc")], FakeView(grid), [])
    with netCDF4.Dataset(tmp_path / "m.nc") as file:
        assert file["depth"].chunking() == [1, 512, 512]


def test_memory_holds_what_the_file_holds(tmp_path: Path) -> None:
    grid, little = ramp(), case(output={"interval": 10.0, "maps": MAPS, "compression": 0})
    kept, written = Maps(little, grid), Maps(little, grid, tmp_path / "m.nc")
    play([kept, written], FakeView(grid), STEPS)
    with xr.open_dataset(tmp_path / "m.nc", decode_timedelta=False) as file:
        memory = kept.dataset()
        assert set(memory.variables) == set(file.variables)
        for name in memory.variables:
            if memory[name].dtype.kind == "f":
                np.testing.assert_allclose(memory[name], file[name], atol=1e-4)
            else:
                np.testing.assert_array_equal(memory[name], file[name])
            assert memory[name].attrs == {k: v for k, v in file[name].attrs.items() if k != "least_significant_digit"}
        assert memory.attrs["floodsim_status"] == "complete"


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from floodsim.output.maps import Maps
from tests.output.fake import FakeView, case
from tests.output.test_maps import ramp
grid = ramp()
view, maps = FakeView(grid), Maps(case(output={"interval": 10.0}), grid, Path(sys.argv[1]))
maps.start(view)
view.time = 10.0
view.set(depth=0.5)
maps.sync(view)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_run_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "maps.nc"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    with xr.open_dataset(path) as found:
        assert found.floodsim_status == "running"
        assert found.sizes["time"] == 2
        np.testing.assert_allclose(found.depth[1, 0], 0.5)


FULL = """
import resource, sys
import numpy as np
from pathlib import Path
from floodsim.errors import RunError
from floodsim.grid.grid import make_grid
from floodsim.output.maps import Maps
from tests.output.fake import FakeView, case, play
grid = make_grid(np.zeros((300, 300)), 1.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
view, maps = FakeView(grid), Maps(case(output={"interval": 10.0, "compression": 0}), grid, Path(sys.argv[1]))
try:
    play([maps], view, [(10.0 * k, {"depth": 0.5}) for k in range(1, 9)])
except RunError as error:
    print(error)
    maps.close(view, "failed")  # says nothing more
    sys.exit(3)
"""


@pytest.mark.skipif(os.name == "nt", reason="limits")
def test_a_full_disk_is_a_run_error(tmp_path: Path) -> None:
    path = tmp_path / "maps.nc"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert str(path) in done.stdout and "cannot write" in done.stdout and "remedy" in done.stdout


def test_a_folder_that_is_not_there_is_a_run_error(tmp_path: Path) -> None:
    grid = ramp()
    with pytest.raises(RunError, match=r"cannot write(.|\n)*remedy"):
        Maps(case(), grid, tmp_path / "no" / "maps.nc").start(FakeView(grid))


def test_failed_run_keeps_what_was_good(tmp_path: Path) -> None:
    grid = ramp()
    view = FakeView(grid)
    play(
        [Maps(case(output={"interval": 10.0}), grid, tmp_path / "m.nc")],
        view,
        [*STEPS, (37.0, {"depth": np.nan})],
        "failed",
    )
    with xr.open_dataset(tmp_path / "m.nc") as found:
        assert found.floodsim_status == "failed"
        assert found.sizes["time"] == 4
        assert np.isfinite(found.depth.values[:, grid.array("active")]).all()


def test_a_record_cut_short_by_ctrl_c_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = ramp()
    view, maps = FakeView(grid), Maps(case(output={"interval": 10.0}), grid, tmp_path / "m.nc")
    maps.start(view)
    sink = maps._sink
    assert isinstance(sink, FileSink)

    def cut_short(times: np.ndarray, records: dict[str, np.ndarray]) -> None:
        sink._file["time"][1:2] = times
        raise KeyboardInterrupt

    view.time = 10.0
    view.set(depth=0.5)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sink, "append", cut_short)
        maps.sync(view)
    maps.close(view, "interrupted")
    with xr.open_dataset(tmp_path / "m.nc") as found:
        assert found.sizes["time"] == 2
        np.testing.assert_allclose(found.depth[1, 0], 0.5)
