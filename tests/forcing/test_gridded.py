from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from floodsim.errors import CaseError
from floodsim.forcing import gridded
from floodsim.forcing.build import build_rain, rain_and_warnings
from floodsim.grid.grid import Grid, make_grid
from tests.forcing.helpers import make_case

UTM48 = "EPSG:32648"
X0, Y0 = 412_000.0, 3_392_000.0  # a corner in Chengdu, UTM 48 N


def write_rain(path: Path, values: np.ndarray, x: Any, y: Any, seconds: Any, **more: Any) -> Path:
    """NetCDF of rain (time, y, x); ``more`` overrides names, units, CRS and the like."""
    given = {"names": ("time", "y", "x"), "unit": "mm/h", "since": "seconds since 2024-07-01 08:00:00",
             "axis_unit": "m", "crs": None, "calendar": "standard"} | more  # fmt: skip
    with netCDF4.Dataset(str(path), "w") as data:
        coordinates = {"time": seconds, "y": y, "x": x}
        roles = dict(zip(given["names"], given.get("order", ("time", "y", "x")), strict=True))
        for name, role in roles.items():
            data.createDimension(name, len(coordinates[role]))
            variable = data.createVariable(name, "f8", (name,))
            variable.units = given["since"] if role == "time" else given["axis_unit"]
            if role == "time":
                variable.calendar = given["calendar"]
            variable[:] = coordinates[role]
        rain = data.createVariable("rain", "f4", given["names"], fill_value=-999.0)
        rain[:] = np.transpose(values, [("time", "y", "x").index(role) for role in roles.values()])
        if given["unit"]:
            rain.units = given["unit"]
        if given["crs"]:
            import pyproj

            rain.grid_mapping = "crs"
            data.createVariable("crs", "i4").crs_wkt = pyproj.CRS(given["crs"]).to_wkt()
    return path


def local_grid(shape: tuple[int, int] = (4, 6), **more: Any) -> Grid:
    return make_grid(np.zeros(shape), 10.0, **more)


def utm_grid(shape: tuple[int, int] = (40, 60), dx: float = 50.0) -> Grid:
    import pyproj

    return make_grid(np.zeros(shape), dx, x0=X0, y0=Y0, crs_wkt=pyproj.CRS(UTM48).to_wkt())


def build(path: Path, grid: Grid, duration: float = 7200.0, **keys: Any):
    return build_rain(make_case(duration, **({"kind": "gridded", "file": path} | keys)), grid)


VALUES = np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 4)
X, Y = np.array([4.0, 24.0, 44.0, 64.0]), np.array([4.0, 24.0, 64.0])


def test_nearest_pixel_of_each_cell_and_only_those(tmp_path) -> None:
    rain = build(write_rain(tmp_path / "r.nc", VALUES, X, Y, [0, 3600]), local_grid())
    assert rain.zones is not None and rain.zones.dtype == np.uint16
    assert rain.rates.shape == (2, 8)  # two rows and four columns of pixels lie nearest to the 4 x 6 cells
    field = rain.rates[1][rain.zones] * 3.6e6
    assert field[0, 0] == pytest.approx(12.0)
    assert field[3, 5] == pytest.approx(19.0)
    assert list(rain.edges) == [0.0, 3600.0, 7200.0]


def test_descending_rows_and_swapped_axes_give_the_same_rain(tmp_path) -> None:
    plain = build(write_rain(tmp_path / "a.nc", VALUES, X, Y, [0, 3600]), local_grid())
    flipped = write_rain(tmp_path / "b.nc", VALUES[:, ::-1], X, Y[::-1], [0, 3600])
    swapped = write_rain(tmp_path / "c.nc", VALUES, X, Y, [0, 3600], names=("time", "x", "y"), order=("time", "x", "y"))
    assert plain.zones is not None
    for path in (flipped, swapped):
        other = build(path, local_grid())
        assert other.zones is not None
        assert np.array_equal(other.rates[:, other.zones], plain.rates[:, plain.zones])


@pytest.mark.parametrize(
    ("unit", "rate"),
    [
        ("mm/h", 1e-3 / 3600),
        ("mm hr-1", 1e-3 / 3600),
        ("kg m-2 s-1", 1e-3),
        ("m s-1", 1.0),
        ("mm", 1e-3 / 1800),
        ("kg m-2", 1e-3 / 1800),
        ("m", 1.0 / 1800),
        ("mm d-1", 1e-3 / 86400),
    ],
)
def test_units(tmp_path, unit: str, rate: float) -> None:
    value = 1e-5 / rate
    path = write_rain(tmp_path / "r.nc", np.full((2, 3, 4), value), X, Y, [0, 1800], unit=unit)
    assert build(path, local_grid()).rates == pytest.approx(1e-5, rel=1e-6)


def test_times_in_hours_stamped_at_the_end(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", VALUES, X, Y, [1, 2], since="hours since 2024-7-1 8:00:00")
    assert list(build(path, local_grid(), stamp="end").edges) == [0.0, 3600.0, 7200.0]


def test_degrees_are_transformed_to_the_grid(tmp_path) -> None:
    """A field that equals longitude + 10 latitude comes out within half a pixel of the truth at each cell."""
    import pyproj

    lon, lat = np.arange(104.0, 104.3, 0.01), np.arange(30.5, 30.8, 0.01)[::-1]
    field = lon[None, :] + 10.0 * lat[:, None]
    path = write_rain(tmp_path / "r.nc", np.stack([field, field]), lon, lat, [0, 3600], names=("time", "lat", "lon"),
                      axis_unit="degrees_north", order=("time", "y", "x"))  # fmt: skip
    grid = utm_grid()
    rain = build(path, grid)
    x, y = np.meshgrid(grid.x, grid.y)
    to_degrees = pyproj.Transformer.from_crs(UTM48, "EPSG:4326", always_xy=True)
    true_lon, true_lat = to_degrees.transform(x, y)
    assert rain.zones is not None
    found = rain.rates[0][rain.zones] * 3.6e6
    nearest = np.round(true_lon, 2) + 10.0 * np.round(true_lat, 2)
    assert np.abs(found - nearest).max() < 1e-3  # single precision of the file
    assert rain.rates.shape[1] < lon.size * lat.size / 10


def test_longitudes_up_to_360(tmp_path) -> None:
    import pyproj

    grid = make_grid(np.zeros((3, 3)), 100.0, x0=500_000.0, y0=5_600_000.0, crs_wkt=pyproj.CRS("EPSG:32630").to_wkt())
    lon, lat = np.arange(356.0, 358.0, 0.1), np.arange(50.0, 51.0, 0.1)
    values = np.broadcast_to(lon, (2, lat.size, lon.size))
    path = write_rain(tmp_path / "r.nc", values, lon, lat, [0, 3600], names=("time", "lat", "lon"), axis_unit="degrees")
    assert build(path, grid).rates * 3.6e6 == pytest.approx(357.0, abs=0.01)


def test_projected_file_says_its_crs(tmp_path) -> None:
    grid = utm_grid((4, 4), 100.0)
    x, y = X0 + np.array([50.0, 350.0]), Y0 + np.array([50.0, 350.0])
    values = np.array([[[1.0, 2.0], [3.0, 4.0]]] * 2)
    rain = build(write_rain(tmp_path / "r.nc", values, x, y, [0, 3600], crs=UTM48), grid)
    assert rain.zones is not None
    assert rain.zones.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]


def test_reading_in_chunks_changes_nothing(tmp_path, monkeypatch) -> None:
    values = np.random.default_rng(1).random((50, 3, 4))
    path = write_rain(tmp_path / "r.nc", values, X, Y, np.arange(50) * 300)
    whole = build(path, local_grid(), 6000.0)
    monkeypatch.setattr(gridded, "CHUNK", 25)
    parts = build(path, local_grid(), 6000.0)
    assert whole.rates.shape == (20, 8)
    assert np.array_equal(whole.rates, parts.rates)


def test_missing_values_elsewhere_do_no_harm(tmp_path) -> None:
    values = VALUES.copy()
    values[:, 2, :] = np.nan  # a row that no cell of the grid uses
    build(write_rain(tmp_path / "r.nc", np.ma.masked_invalid(values), X, Y, [0, 3600]), local_grid())


def test_inactive_cells_need_no_rain(tmp_path) -> None:
    active = np.ones((4, 12), bool)
    active[:, 7:] = False
    grid = local_grid((4, 12), active=active)
    rain = build(write_rain(tmp_path / "r.nc", VALUES, X, Y, [0, 3600]), grid)
    assert rain.zones is not None and rain.zones.shape == (4, 12)


def test_partial_cover_is_a_warning(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", VALUES, X, Y, [0, 1800])
    case = make_case(kind="gridded", file=path)
    assert "end 3600 s before the end of the run" in rain_and_warnings(case, local_grid())[1][0]


def test_longer_than_one_block_gap(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", np.ones((4, 3, 4)), X, Y, [0, 600, 1800, 2400])
    with pytest.raises(CaseError, match="missing after time 2024-07-01T08:10:00"):
        build(path, local_grid())
    rain = build(path, local_grid(), gaps="dry")
    assert rain.mean(1200.0, 1800.0).max() == 0.0


MASKED = np.ma.masked_equal(np.where(VALUES == 13.0, -999.0, VALUES), -999.0)
BROKEN: list[tuple[np.ndarray, dict[str, Any], dict[str, Any], str, str]] = [
    (MASKED, {}, {}, "missing values over the grid at 1 times: 2024-07-01T09:00:00", "rainfall.file"),
    (VALUES - 5.0, {}, {}, "negative rain at time 2024-07-01T08:00:00", "rainfall.file"),
    (VALUES * 1e3, {}, {}, "above 3000 mm/h", "rainfall.file"),
    (VALUES, {"unit": "furlong"}, {}, "unit of the rain is missing or unknown", "rainfall.unit"),
    (VALUES, {"unit": ""}, {}, "unit of the rain is missing or unknown", "rainfall.unit"),
    (VALUES, {"since": "fortnights since 2024-07-01"}, {}, "cannot read the unit of time", "rainfall.file"),
    (VALUES, {"since": "seconds since 2025-07-01"}, {}, "does not overlap the run", "rainfall.file"),
    (VALUES, {"calendar": "noleap"}, {}, "calendar is not that of the clock", "rainfall.file"),
    (VALUES, {}, {"variable": "snow"}, "no variable 'snow' over time, y and x", "rainfall.variable"),
    (VALUES, {"names": ("step", "y", "x")}, {}, "which variable is the rain", "rainfall.variable"),
    (VALUES, {"crs": UTM48}, {}, "the grid has no CRS", "grid.crs"),
    (VALUES, {}, {"crs": "EPSG:99999999"}, "cannot read the CRS", "rainfall.crs"),
]


@pytest.mark.parametrize(("values", "layout", "keys", "message", "key"), BROKEN)
def test_broken_file_is_refused(
    tmp_path, values: np.ndarray, layout: dict[str, Any], keys: dict[str, Any], message: str, key: str
) -> None:
    path = write_rain(tmp_path / "r.nc", values, X, Y, [0, 3600], **layout)
    with pytest.raises(CaseError) as caught:
        build(path, local_grid(), **keys)
    fault = next(fault for fault in caught.value.faults if message in fault.message)
    assert (fault.file, fault.key) == (str(path), key)
    assert fault.remedy


def test_file_without_crs_on_a_grid_with_one(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", VALUES, X0 + X, Y0 + Y, [0, 3600])
    with pytest.raises(CaseError, match="does not say its CRS"):
        build(path, utm_grid((4, 4), 10.0))
    assert build(path, utm_grid((4, 4), 10.0), crs=UTM48).rates.shape == (2, 6)


def test_grid_outside_the_file(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", VALUES, X, Y, [0, 3600])
    with pytest.raises(CaseError, match="8 cells of the grid lie outside") as caught:
        build(path, local_grid((4, 9)), 7200.0)
    assert "covers the grid" in caught.value.faults[0].remedy


def test_times_that_go_backwards_and_no_file_at_all(tmp_path) -> None:
    path = write_rain(tmp_path / "r.nc", VALUES, X, Y, [3600, 0])
    with pytest.raises(CaseError, match="repeat or go backwards"):
        build(path, local_grid())
    with pytest.raises(CaseError, match="no such file"):
        build(tmp_path / "nowhere.nc", local_grid())
    (tmp_path / "text.nc").write_text("no NetCDF")
    with pytest.raises(CaseError, match="cannot read the file"):
        build(tmp_path / "text.nc", local_grid())
