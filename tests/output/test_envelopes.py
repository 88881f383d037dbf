"""envelopes.nc from histories whose answer is worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from floodsim.errors import RunError
from floodsim.grid.grid import make_grid
from floodsim.names import VARIABLES
from floodsim.output.envelopes import DebrisFactor, Envelopes, cut_windows, flat, tick_of
from floodsim.output.view import Status
from tests.output.fake import FakeView, case, play

GRID = make_grid(np.arange(15.0).reshape(3, 5), 2.0, active=np.arange(15).reshape(3, 5) != 14)

# Columns: always dry; below 0.15 m before the rain ends at 30 s; drained at 60 s; still deep at the end; wet late.
HISTORY = [
    (10.0, {"depth": [0.0, 0.20, 0.20, 0.60, 0.0]}),
    (20.0, {"depth": [0.0, 0.10, 0.70, 0.60, 0.0], "velocity_x": 2.0}),
    (40.0, {"depth": [0.0, 0.10, 0.30, 0.60, 0.0], "velocity_x": 0.0}),
    (50.0, {"depth": [0.0, 0.10, 0.20, 0.60, 0.2]}),
    (60.0, {"depth": [0.0, 0.10, 0.14, 0.60, 0.1]}),
    (100.0, {"depth": [0.0, 0.0, 0.05, 0.30, 0.0]}),
]
NAN = np.nan


def observed(
    path: Path | None, dtype: type = np.float64, status: Status = "complete", debris: DebrisFactor | None = None
) -> xr.Dataset:
    envelopes = Envelopes(case(clock={"duration": 100.0}), GRID, 30.0, path, debris)
    play([envelopes], FakeView(GRID, dtype), HISTORY, status)
    return envelopes.dataset()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_by_hand(tmp_path: Path, dtype: type) -> None:
    observed(tmp_path / "envelopes.nc", dtype)
    expected = {
        "max_depth": [0.0, 0.2, 0.7, 0.6, 0.2],
        "time_of_max_depth": [NAN, 10.0, 20.0, 10.0, 50.0],
        "max_speed": [0.0, 2.0, 2.0, 2.0, 0.0],
        "max_unit_discharge": [0.0, 0.2, 1.4, 1.2, 0.0],
        "max_hazard": [0.0, 0.25, 0.7 * 2.5 + 1, 0.6 * 2.5 + 1, 0.1],
        "arrival_time": [NAN, 10.0, 10.0, 10.0, 50.0],
        "last_time_above": [NAN, 10.0, 50.0, 100.0, 50.0],
        "recession_time": [NAN, 0.0, 20.0, 70.0, 20.0],
        "still_above_recession_depth": [0, 0, 0, 1, 0],
    }
    with xr.open_dataset(tmp_path / "envelopes.nc", decode_timedelta=False) as found:
        for name, values in expected.items():
            np.testing.assert_allclose(found[name][1], values, rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(found.duration_above.sel(threshold=0.15)[1], [0.0, 10.0, 50.0, 100.0, 10.0])
        np.testing.assert_allclose(found.duration_above.sel(threshold=0.5)[1], [0.0, 0.0, 10.0, 60.0, 0.0])
        assert np.isnan(found.max_depth[2, 4]) and np.isnan(found.duration_above[0, 2, 4])
        assert found.attrs["rain_end"] == 30.0 and found.attrs["end_time"] == 100.0
        assert found.floodsim_status == "complete"


def test_metadata(tmp_path: Path) -> None:
    observed(tmp_path / "e.nc")
    with xr.open_dataset(tmp_path / "e.nc", decode_timedelta=False) as found:
        for name in found.data_vars:
            for attribute, value in VARIABLES[str(name)].attributes().items():
                assert found[name].attrs[attribute] == value
        assert found.recession_time.attrs["recession_depth"] == 0.15
        assert found.recession_time.attrs["ancillary_variables"] == "still_above_recession_depth"
        assert found.still_above_recession_depth.attrs["flag_meanings"].split()[1] == "still_above_at_end_of_run"
        assert found.arrival_time.attrs["arrival_depth"] == 0.01
        assert "DF = 0, or 1 where d > 0.25 m or v > 2 m/s" in found.max_hazard.attrs["comment"]
        assert found.Conventions == "CF-1.11"
    assert list(tmp_path.iterdir()) == [tmp_path / "e.nc"]


def test_initial_water_counts_at_the_start() -> None:
    view, envelopes = FakeView(GRID), Envelopes(case(), GRID, 0.0)
    view.set(depth=0.8)
    play([envelopes], view, [(10.0, {"depth": 0.4})])
    found = envelopes.dataset()
    assert found.max_depth[0, 0] == np.float32(0.8)
    assert found.arrival_time[0, 0] == 0.0 and found.time_of_max_depth[0, 0] == 0.0
    assert found.duration_above.sel(threshold=0.5)[0, 0] == 0.0
    assert found.duration_above.sel(threshold=0.15)[0, 0] == 10.0


def test_debris_factor_is_a_choice() -> None:
    found = observed(None, debris=DebrisFactor(shallow=0.5, deep=2.0, depth=0.65, speed=9.0))
    np.testing.assert_allclose(found.max_hazard[1], [0.0, 0.75, 0.7 * 2.5 + 2, 0.6 * 2.5 + 0.5, 0.6], rtol=1e-6)


def test_interrupted_run_says_so(tmp_path: Path) -> None:
    observed(tmp_path / "e.nc", status="interrupted")
    with xr.open_dataset(tmp_path / "e.nc", decode_timedelta=False) as found:
        assert found.floodsim_status == "interrupted"
        assert found.max_depth[1, 2] == np.float32(0.7)


def test_memory_holds_what_the_file_holds(tmp_path: Path) -> None:
    memory = observed(tmp_path / "e.nc")
    with xr.open_dataset(tmp_path / "e.nc", decode_timedelta=False) as file:
        xr.testing.assert_identical(memory.drop_attrs(), file.drop_attrs().load())


def test_memory_per_cell() -> None:
    assert Envelopes(case(), GRID, 0.0).bytes_per_cell == 36.0
    assert Envelopes(case(output={"thresholds": []}), GRID, 0.0).bytes_per_cell == 28.0


def test_no_thresholds(tmp_path: Path) -> None:
    envelopes = Envelopes(case(output={"thresholds": []}), GRID, 0.0, tmp_path / "e.nc")
    play([envelopes], FakeView(GRID), [(10.0, {"depth": 1.0})])
    with xr.open_dataset(tmp_path / "e.nc", decode_timedelta=False) as found:
        assert "duration_above" not in found and found.max_depth[0, 0] == 1.0


def test_durations_do_not_drift_over_a_long_run() -> None:
    """Uneven steps over two days: plain float32 sums would drift, sums on ticks are exact."""
    grid, duration, steps = make_grid(np.zeros((1, 1)), 1.0), 2 * 86400.0, 20_000
    envelopes, view = Envelopes(case(clock={"duration": duration}), grid, 0.0), FakeView(grid)
    view.blocks = np.array([[0, 1, 0, 1]])
    view.set(depth=1.0)
    times = np.sort(np.random.default_rng(0).random(steps)) * duration
    play([envelopes], view, [(float(t), {}) for t in times])
    total = float(envelopes.dataset().duration_above[0, 0, 0])
    assert total == pytest.approx(times[-1], abs=tick_of(duration))


@pytest.mark.parametrize("duration", [60.0, 3600.0, 86400.0, 366 * 86400.0])
def test_ticks_are_held_exactly(duration: float) -> None:
    tick = tick_of(duration)
    count = int(duration / tick)
    assert np.float32(count * tick) == count * tick and np.float32((count - 1) * tick) == (count - 1) * tick
    assert tick <= duration * 2.5e-7


def test_strips_cover_the_windows_once() -> None:
    windows = np.array([[0, 130, 3, 9], [130, 131, 0, 2], [5, 5, 0, 9]])
    count = np.zeros((131, 9), int)
    strips = cut_windows(windows, 64)
    for j0, j1, i0, i1 in strips:
        assert 0 < j1 - j0 <= 64
        count[j0:j1, i0:i1] += 1
    expected = np.zeros_like(count)
    expected[0:130, 3:9] = 1
    expected[130, 0:2] = 1
    np.testing.assert_array_equal(count, expected)
    assert cut_windows(np.zeros((0, 4), int), 64).shape == (0, 4)


def test_flat_view_of_a_window() -> None:
    padded = np.arange(42.0).reshape(6, 7)
    values, pitch = flat(padded[1:-1, 1:-1])
    assert pitch == 7 and values.flags.c_contiguous and np.shares_memory(values, padded)
    for j in range(4):
        np.testing.assert_array_equal(values[j * pitch : j * pitch + 5], padded[1 + j, 1:6])
    with pytest.raises(ValueError, match="adjacent"):
        flat(padded.T)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    envelopes = Envelopes(case(), GRID, 0.0, tmp_path / "no" / "e.nc")
    with pytest.raises(RunError, match="cannot write"):
        play([envelopes], FakeView(GRID), [])
    assert list(tmp_path.iterdir()) == []


def test_further_fields_are_asked_for_at_the_end() -> None:
    envelopes, shares = Envelopes(case(), GRID, 0.0), np.zeros(GRID.shape, np.float32)
    envelopes.extra = {"limiter_share": lambda: shares}
    envelopes.start(FakeView(GRID))
    shares[1, 2] = 0.75
    envelopes.close(FakeView(GRID), "complete")
    found = envelopes.dataset().limiter_share
    assert found[1, 2] == 0.75 and found.attrs["long_name"] == VARIABLES["limiter_share"].long_name
