"""series.nc: gauges, lines, waterlogging points and rainfall, by hand."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from floodsim.case.schema import Case
from floodsim.errors import CaseError
from floodsim.grid.grid import Grid, make_grid
from floodsim.names import VARIABLES
from floodsim.output import recorder
from floodsim.output.gauges import Series, label
from tests.output.fake import FakeView, case, play


def town() -> Grid:
    building = np.zeros((6, 8), np.uint8)
    building[2, 2] = 1
    active = np.ones((6, 8), bool)
    active[5, 7] = False
    return make_grid(np.full((6, 8), 100.0), 10.0, building=building, active=active)


def gauged(**changes: object) -> Case:
    sections: dict = {
        "output": {"series_interval": 20.0},
        "points": [{"name": "桥", "x": 15.0, "y": 5.0}, {"name": "gate", "x": 75.0, "y": 45.0}],
        "lines": [{"name": "street", "coordinates": [[40.0, 0.0], [40.0, 60.0]]}],
        "waterlogging_points": [
            {"name": "下穿", "x": 25.0, "y": 25.0, "radius": 11.0, "area_kind": "hub"},
            {
                "name": "school",
                "polygon": [[40, 0], [80, 0], [80, 20], [40, 20]],
                "lane": [[40, 0], [80, 0], [80, 10], [40, 10]],
                "historical": False,
            },
        ],
    }
    return case(**{**sections, **changes})


def depths(value: float) -> np.ndarray:
    return value * np.linspace(0.0, 1.0, 48).reshape(6, 8)


STEPS = [
    (5.0, {"depth": depths(1.0), "rainfall": 2e-5}),
    (10.0, {"depth": depths(2.0), "rainfall": 0.0}),
    (20.0, {"velocity_x": 3.0, "velocity_y": -4.0}),
    (30.0, {"depth": depths(1.0), "rainfall": 1e-5}),
    (40.0, {"depth": 0.0, "rainfall": 0.0}),
    (45.0, {"depth": 0.2}),
]


def test_by_hand(tmp_path: Path) -> None:
    flows = iter([0.0, 1.0, 2.0, 3.0, 4.0, -1.0, 2.0])
    view, path = FakeView(town(), flow=lambda: next(flows)), tmp_path / "series.nc"
    play([Series(gauged(), town(), path)], view, STEPS)
    with xr.open_dataset(path) as opened:
        found = label(opened)
        start = np.datetime64("2024-07-01T08:00:00")
        np.testing.assert_array_equal((found.time.values - start) / np.timedelta64(1, "s"), [0.0, 20.0, 40.0, 45.0])
        np.testing.assert_allclose(found.depth.sel(point="桥"), [0.0, 2.0 / 47, 0.0, 0.2])
        np.testing.assert_allclose(found.level.sel(point="gate"), [np.nan, 100.0 + 2.0 * 39 / 47, np.nan, 100.2])
        np.testing.assert_allclose(found.velocity_y.sel(point="gate"), [0.0, -4.0, 0.0, -4.0])
        np.testing.assert_allclose(found.speed.sel(point="gate"), [0.0, 5.0, 0.0, 5.0])
        assert (float(found.point_x[1]), float(found.point_y[1]), float(found.point_bed[1])) == (75.0, 45.0, 100.0)
        np.testing.assert_allclose(found.discharge.sel(line="street"), [0.0, 3.0, -1.0, 2.0])
        np.testing.assert_allclose(found.volume.sel(line="street"), [0.0, 45.0, 45.0 + 40.0 - 10.0, 85.0])
        rain = found.rainfall.values
        np.testing.assert_allclose(rain * [0.0, 20.0, 20.0, 5.0], [0.0, 5 * 2e-5, 10 * 1e-5, 0.0])
        # the cells beside (2, 2) are (1, 2), (2, 1), (2, 3), (3, 2): numbers 10, 17, 19, 26 of 47; (2, 2) is a roof
        under = np.array([10, 17, 19, 26]) * 2.0 / 47
        np.testing.assert_allclose(found.waterlogging_depth.sel(waterlogging_point="下穿"), [0, under.max(), 0, 0.2])
        np.testing.assert_allclose(found.waterlogging_volume[1, 0], under.sum() * 100.0)
        np.testing.assert_allclose(found.waterlogging_area[:, 0], [0.0, 400.0, 0.0, 400.0])
        np.testing.assert_allclose(found.waterlogging_area.sel(waterlogging_point="school")[1], 800.0)


def test_waterlogging_cells_are_in_the_file(tmp_path: Path) -> None:
    play([Series(gauged(), town(), tmp_path / "s.nc")], FakeView(town()), STEPS)
    with xr.open_dataset(tmp_path / "s.nc") as found:
        assert list(found.area_kind.values) == ["hub", "central"]
        assert list(found.historical.values) == [1, 0]
        school = found.waterlogging_cell_point.values == 1
        np.testing.assert_array_equal(found.waterlogging_cell_row.values[school], [0] * 4 + [1] * 4)
        np.testing.assert_array_equal(found.waterlogging_cell_column.values[school], [4, 5, 6, 7] * 2)
        np.testing.assert_array_equal(found.waterlogging_cell_on_lane.values[school], [1] * 4 + [0] * 4)
        assert found.waterlogging_cell_on_lane.values[~school].all()


def test_metadata(tmp_path: Path) -> None:
    play([Series(gauged(), town(), tmp_path / "s.nc")], FakeView(town()), STEPS)
    with netCDF4.Dataset(tmp_path / "s.nc") as file:
        assert file.featureType == "timeSeries" and file.Conventions == "CF-1.11"
        assert [name for name in file.variables if "cf_role" in file[name].ncattrs()] == ["point_name"]
        assert file["point_name"][:].tolist() == ["桥", "gate"]
        assert "point_name" in file["depth"].coordinates.split()
        for name in ("depth", "level", "speed", "discharge", "volume", "waterlogging_depth"):
            for attribute, value in VARIABLES[name].attributes().items():
                assert file[name].getncattr(attribute) == value
        assert file["rainfall"].cell_methods == "time: mean"
        assert file["waterlogging_area"].depth == 0.15


def test_rainfall_alone(tmp_path: Path) -> None:
    play([Series(case(), town(), tmp_path / "s.nc")], FakeView(town()), [(60.0, {"rainfall": 1e-5})])
    with xr.open_dataset(tmp_path / "s.nc") as found:
        np.testing.assert_allclose(found.rainfall, [0.0, 1e-5])
        assert set(found.variables) == {"time", "rainfall"}


def test_values_are_appended_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "BUFFERED", 2)
    series, view = Series(gauged(output={"series_interval": 10.0}), town(), tmp_path / "s.nc"), FakeView(town())
    series.start(view)
    lengths = []
    for time in (10.0, 20.0, 30.0, 40.0):
        view.time = time
        series.macro(view, 10.0)
        series.sync(view)
        lengths.append(len(series._recorder._sink._file.dimensions["time"]))  # type: ignore[union-attr]
    assert lengths == [2, 2, 4, 4]
    series.close(view, "interrupted")
    with xr.open_dataset(tmp_path / "s.nc") as found:
        assert found.sizes["time"] == 5 and found.floodsim_status == "interrupted"


def test_memory_holds_what_the_file_holds(tmp_path: Path) -> None:
    kept, written = Series(gauged(), town()), Series(gauged(), town(), tmp_path / "s.nc")
    play([kept, written], FakeView(town()), STEPS)
    with xr.open_dataset(tmp_path / "s.nc") as file:
        xr.testing.assert_identical(kept.dataset().drop_attrs(), label(file.load()).drop_attrs())


def test_all_faults_of_gauges_at_once() -> None:
    wrong = gauged(
        points=[
            {"name": "out", "x": -5.0, "y": 5.0},
            {"name": "hole", "x": 75.0, "y": 55.0},
            {"name": "a", "x": 5.0, "y": 5.0},
            {"name": "a", "x": 15.0, "y": 5.0},
        ],
        lines=[{"name": "far", "coordinates": [[500.0, 0.0], [500.0, 9.0]]}],
    )
    with pytest.raises(CaseError) as caught:
        Series(wrong, town())
    text = str(caught.value)
    assert len(caught.value.faults) == 4
    for part in ("'out' is outside", "'hole' is outside", "'far' crosses no face", "same name", "x from 0 to 80"):
        assert part in text


def test_faults_of_waterlogging_points() -> None:
    wrong = gauged(
        waterlogging_points=[
            {"name": "roof", "x": 25.0, "y": 25.0, "radius": 1.0},
            {"name": "away", "x": 900.0, "y": 900.0},
            {"name": "lane", "x": 15.0, "y": 15.0, "lane": [[0, 0], [1, 0], [1, 1]]},
            {"name": "two", "x": 65.0, "y": 15.0, "radius": 1.0},
            {"name": "two", "x": 55.0, "y": 15.0, "radius": 1.0},
        ]
    )
    with pytest.raises(CaseError) as caught:
        Series(wrong, town())
    assert len(caught.value.faults) == 4
    for part in (
        "'roof' holds no open cell",
        "'away' holds no open cell",
        "lane of waterlogging point",
        "the same name",
    ):
        assert part in str(caught.value)


def test_waterlogging_points_out_of_a_file(tmp_path: Path) -> None:
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    ring = shapely.Polygon([(40, 0), (80, 0), (80, 30), (40, 30)], [[(50, 10), (60, 10), (60, 20), (50, 20)]])
    frame = geopandas.GeoDataFrame(
        {"名称": ["下穿", None], "kind": ["hub", None]}, geometry=[shapely.Point(5.0, 55.0), ring], crs="EPSG:4544"
    )
    frame.to_file(tmp_path / "points.gpkg")
    section = {"file": str(tmp_path / "points.gpkg"), "name_field": "名称", "area_kind_field": "kind", "radius": 1.0}
    areas = Series(case(waterlogging_file=section), town()).areas
    assert [(area.name, area.area_kind, area.rows.size) for area in areas] == [("下穿", "hub", 1), ("2", "central", 11)]
    assert (1, 5) not in set(zip(areas[1].rows, areas[1].columns, strict=True))
    frame["kind"] = ["bridge", "hub"]
    frame.to_file(tmp_path / "points.gpkg")
    with pytest.raises(CaseError, match=r"unknown area kind(.|\n)*bridge(.|\n)*central, non_central"):
        Series(case(waterlogging_file=section), town())
