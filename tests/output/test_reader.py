"""Opening results: what is there, what is said when it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.errors import CaseError
from floodsim.grid.grid import make_grid
from floodsim.output.reader import export_envelope, open_results, seconds_from_start, select_field
from tests.output.fake import case
from tests.output.results import write_results

BED = np.arange(12.0).reshape(3, 4)
STEPS = [(10.0, {"depth": BED / 10}), (20.0, {"depth": BED / 20}), (30.0, {"depth": BED / 40})]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pyproj = pytest.importorskip("pyproj")
    building = np.zeros((3, 4), np.uint8)
    building[1, 1] = 1
    grid = make_grid(
        BED, 10.0, 5.0, x0=500_000.0, y0=3_400_000.0, building=building, crs_wkt=pyproj.CRS.from_epsg(4544).to_wkt()
    )
    little = case(
        output={"interval": 10.0, "series_interval": 10.0}, points=[{"name": "桥", "x": 500_005.0, "y": 3_400_001.0}]
    )
    return write_results(tmp_path / "r", little, grid, STEPS)


def test_everything_is_there(folder: Path) -> None:
    with open_results(folder) as results:
        assert results.status == "complete" and results.statement == "" and results.verdict is None
        assert results.case["name"] == "little" and results.summary == {"status": "complete"}
        assert results.maps is not None and results.envelopes is not None and results.series is not None
        np.testing.assert_array_equal(seconds_from_start(results.maps), [0.0, 10.0, 20.0, 30.0])
        np.testing.assert_allclose(results.envelopes.max_depth, BED / 10, rtol=1e-6)
        np.testing.assert_allclose(results.series.depth.sel(point="桥"), 0.0)
        grid = results.grid
        assert (grid.dx, grid.dy, grid.shape) == (10.0, 5.0, (3, 4)) and "4544" in grid.crs_wkt
        assert grid.bounds == (500_000.0, 3_400_000.0, 500_040.0, 3_400_015.0)
        np.testing.assert_array_equal(grid.array("bed"), BED)
        assert grid.array("active").dtype == bool and grid.array("building")[1, 1] == 1


def test_select_a_field(folder: Path) -> None:
    with open_results(folder) as results:
        np.testing.assert_allclose(select_field(results, "depth"), BED / 40, atol=5e-5)
        np.testing.assert_allclose(select_field(results, "depth", "10 s"), BED / 10, atol=5e-5)
        np.testing.assert_allclose(select_field(results, "depth", 20.0), BED / 20, atol=5e-5)
        np.testing.assert_allclose(select_field(results, "duration_above", threshold=0.5)[2, 3], 20.0)
        with pytest.raises(CaseError, match=r"no map at this time(.|\n)*0 s to 30 s(.|\n)*nearest is at 10 s"):
            select_field(results, "depth", 14.0)
        with pytest.raises(CaseError, match=r"unknown unit"):
            select_field(results, "depth", "2 weeks")
        with pytest.raises(CaseError, match=r"thresholds(.|\n)*0.15 m, 0.5 m"):
            select_field(results, "duration_above")
        with pytest.raises(CaseError, match=r"no such variable(.|\n)*max_dept\n(.|\n)*max_depth"):
            select_field(results, "max_dept")
        with pytest.raises(CaseError, match="whole run"):
            select_field(results, "max_depth", 10.0)


def test_export_is_north_up_and_placed(folder: Path, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    export_envelope(folder, "max_depth", tmp_path / "m.tif")
    with rasterio.open(tmp_path / "m.tif") as raster:
        np.testing.assert_allclose(raster.read(1), (BED / 10)[::-1], rtol=1e-6)
        assert raster.bounds[:] == (500_000.0, 3_400_000.0, 500_040.0, 3_400_015.0)
        assert raster.crs.to_epsg() == 4544
    export_envelope(folder, "still_above_recession_depth", tmp_path / "f.tif")
    with rasterio.open(tmp_path / "f.tif") as raster:
        np.testing.assert_array_equal(raster.read(1), (BED / 40 > 0.15)[::-1])
    export_envelope(folder, "depth", tmp_path / "d.tif", "20 s")
    with rasterio.open(tmp_path / "d.tif") as raster:
        np.testing.assert_allclose(raster.read(1), (BED / 20)[::-1], atol=5e-5)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no such result folder"):
        open_results(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(CaseError, match="is a file"):
        open_results(tmp_path / "file")
    with pytest.raises(CaseError, match=r"not a result folder(.|\n)*remedy"):
        open_results(tmp_path)


@pytest.mark.parametrize("name", ["maps.nc", "envelopes.nc", "series.nc"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_truncated_file(folder: Path, name: str, share: float) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CaseError, match=rf"{name}: damaged(.|\n)*--force"):
        open_results(folder)


@pytest.mark.parametrize("name", ["summary.json", "case.json", "verdict.json"])
def test_damaged_json(folder: Path, name: str) -> None:
    (folder / name).write_text('{"status": ')
    with pytest.raises(CaseError, match=rf"{name}: damaged"):
        open_results(folder)


def test_missing_file_of_a_complete_run(folder: Path) -> None:
    (folder / "envelopes.nc").unlink()
    with pytest.raises(CaseError, match=r"envelopes.nc: a file of the results is missing"):
        open_results(folder)


def test_partial_results_say_so(folder: Path, tmp_path: Path) -> None:
    (folder / "envelopes.nc").unlink()
    (folder / "summary.json").write_text('{"status": "running"}')
    with open_results(folder) as results:
        assert results.envelopes is None and results.maps is not None
        assert "under way, or was killed" in results.statement
        assert results.grid.shape == (3, 4)
        with pytest.raises(CaseError, match=r"no such variable(.|\n)*was killed"):
            select_field(results, "max_depth")


def test_dask_arrays_in_the_chunks_of_the_file(folder: Path) -> None:
    with open_results(folder, dask=True) as lazy, open_results(folder) as eager:
        assert lazy.maps is not None and eager.maps is not None
        assert lazy.maps.depth.chunks is not None and len(lazy.maps.depth.chunks[0]) == 4
        np.testing.assert_array_equal(lazy.maps.depth.max("time").compute(), eager.maps.depth.max("time"))
