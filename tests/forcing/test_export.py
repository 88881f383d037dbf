from __future__ import annotations

import csv
from datetime import datetime

import netCDF4
import numpy as np
import pytest

from floodsim.errors import CaseError, OverwriteError
from floodsim.forcing.build import build_rain, rain_and_warnings
from floodsim.forcing.export import swmm_dat, swmm_series, write_csv, write_netcdf, write_swmm
from floodsim.forcing.plot import plot_storm
from floodsim.forcing.series import Rain
from floodsim.forcing.summary import storm_summary, storm_table
from tests.forcing.helpers import depths_mm, make_case

START = datetime(2024, 7, 1, 8, 0)
CASE = make_case(kind="chicago", formula="shanghai", return_period=5, peak_ratio=0.405)
RAIN = build_rain(CASE, None)
ZONED = Rain(np.array([0.0, 600.0]), np.array([[1e-5, 4e-5]]), np.array([[0, 0, 1], [0, 0, 0]], np.uint16))


def test_table_has_one_row_per_block() -> None:
    rows = storm_table(RAIN)
    assert len(rows) == 24
    time, rate, depth = rows[9]
    assert (time, depth) == (45.0, pytest.approx(13.896, abs=0.0005))
    assert rate == pytest.approx(depth * 12.0)


def test_summary_compares_the_peak_block_with_the_formula() -> None:
    summary = storm_summary(*(rain_and_warnings(CASE, None)[0], CASE.rainfall), ["look out"])
    assert summary["total_mm"] == pytest.approx(76.404, abs=0.0005)
    assert summary["peak_block_mm"] == pytest.approx(13.896, abs=0.0005)
    assert summary["formula_block_mm"] == pytest.approx(14.964, abs=0.0005)
    assert summary["block_over_formula"] == pytest.approx(0.9286, abs=0.0001)
    assert summary["peak_mm_h"] == pytest.approx(13.896 * 12, abs=0.006)
    assert summary["peak_block_begin_min"] == 45.0
    assert summary["warnings"] == ["look out"]


def test_summary_of_zones_weighs_their_cells() -> None:
    summary = storm_summary(ZONED)
    assert summary["total_mm"] == pytest.approx((5 * 6.0 + 24.0) / 6)
    assert (summary["least_zone_mm"], summary["greatest_zone_mm"]) == (pytest.approx(6.0), pytest.approx(24.0))
    assert summary["formula"] is None


def test_csv_comes_back_as_the_same_rain(tmp_path) -> None:
    path = tmp_path / "storm.csv"
    write_csv(RAIN, path)
    rows = list(csv.DictReader(path.open()))
    assert sum(float(row["depth_mm"]) for row in rows) == pytest.approx(76.404, abs=0.0005)
    back = build_rain(make_case(kind="series", file=path, unit="mm/h", column="intensity_mm_h", time_unit="min"), None)
    assert back.edges == pytest.approx(RAIN.edges)
    assert back.rates == pytest.approx(RAIN.rates, rel=1e-8)


def test_swmm_rain_file_comes_back_as_the_same_rain(tmp_path) -> None:
    path = tmp_path / "storm.dat"
    write_swmm(RAIN, path, START, "G1")
    back = build_rain(make_case(kind="series", file=path, unit="mm", station="G1"), None)
    assert back.edges == pytest.approx(RAIN.edges)
    assert depths_mm(back) == pytest.approx(depths_mm(RAIN), abs=1e-6)


def test_swmm_series_ends_with_no_rain(tmp_path) -> None:
    lines = swmm_series(RAIN, datetime(2024, 12, 31, 23, 0), "S").splitlines()
    assert lines[0] == "[TIMESERIES]"
    assert lines[2].split()[:3] == ["S", "12/31/2024", "23:00:00"]
    assert lines[-1].split() == ["S", "01/01/2025", "01:00:00", "0.000000"]
    write_swmm(RAIN, tmp_path / "storm.inp", START)
    assert (tmp_path / "storm.inp").read_text().startswith("[TIMESERIES]")


def test_swmm_rain_file_is_refused_where_it_cannot_say_the_blocks() -> None:
    with pytest.raises(CaseError, match="whole minutes") as caught:
        swmm_dat(Rain(np.array([0.0, 90.0, 180.0]), np.ones((2, 1)) * 1e-6), START)
    assert caught.value.faults[0].key == "rainfall.step"


def test_netcdf_follows_cf(tmp_path) -> None:
    path = tmp_path / "storm.nc"
    write_netcdf(RAIN, path, START)
    with netCDF4.Dataset(str(path)) as data:
        rain = data["rainfall"]
        assert (rain.standard_name, rain.units, rain.cell_methods) == ("rainfall_rate", "m s-1", "time: mean")
        bounds = data["time_bnds"][:]
        assert data["time"].bounds == "time_bnds"
        assert data["time"].units == "seconds since 2024-07-01 08:00:00"
        assert float((rain[:, 0] * (bounds[:, 1] - bounds[:, 0])).sum()) * 1e3 == pytest.approx(76.404, abs=0.0005)


@pytest.mark.parametrize("write", [write_csv, lambda *a, **k: write_netcdf(*a, START, **k), plot_storm])
def test_nothing_is_overwritten_or_left_half_written(tmp_path, write) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    with pytest.raises(OverwriteError):
        write(RAIN, path)
    assert path.read_text() == "mine"
    write(RAIN, path, force=True)
    assert path.read_bytes() != b"mine"
    with pytest.raises(CaseError, match="cannot write"):
        write(RAIN, tmp_path / "no" / "folder")
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_plot_is_a_png(tmp_path) -> None:
    path = tmp_path / "storm.png"
    plot_storm(RAIN, path, "Shanghai P = 5 a")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert path.stat().st_size > 10_000
