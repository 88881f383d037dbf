"""The loop: lands on every beat, repeats to the bit, and stops with a clear word when it must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import floodsim
from floodsim.case.load import parse_case
from floodsim.errors import CaseError, RunError
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results
from floodsim.simulate.march import MACRO_STEPS
from floodsim.simulate.setup import make_setup
from floodsim.simulate.simulation import Simulation
from floodsim.surface.bands import Bands
from floodsim.surface.schemes import SCHEMES


def hills(seed: int = 7, shape: tuple[int, int] = (70, 140)) -> Grid:
    """Rough ground with pits, a wall and a few houses; more than one block each way."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    bed = 3.0 - 0.01 * x + np.sin(x / 9.0) * np.cos(y / 7.0) * 0.4 + rng.random(shape) * 0.05
    building = np.zeros(shape, np.uint8)
    building[20:30, 40:50] = 1
    bed[20:30, 40:50] += 5.0
    active = np.ones(shape, bool)
    active[60:, :10] = False
    return make_grid(bed, 3.0, roughness=0.03, active=active, building=building)


def storm(**more: Any) -> dict[str, Any]:
    case: dict[str, Any] = {
        "name": "storm",
        "clock": {"duration": "6 min"},
        "rainfall": {"kind": "uniform", "intensity": "90 mm/h", "duration": "4 min", "step": "2 min"},
        "losses": {"kind": "horton", "initial_rate": "60 mm/h", "final_rate": "6 mm/h", "decay": "2 1/h"},
        "boundaries": [{"name": "east", "kind": "open", "edge": "east"}],
        "sources": [{"name": "spring", "x": 100.0, "y": 100.0, "discharge": "0.5 m3/s"}],
        "points": [{"name": "gauge", "x": 200.0, "y": 100.0}],
        "lines": [{"name": "section", "coordinates": [[250.0, 3.0], [250.0, 200.0]]}],
        "waterlogging_points": [{"name": "low", "x": 200.0, "y": 100.0}],
        "output": {"interval": "2 min", "series_interval": "1 min"},
        "solver": {"threads": 1},
    }
    for section, keys in more.items():
        case[section] = {**case.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return case


def same_bits(one: Results, other: Results, *, maps: bool = True) -> None:
    assert one.envelopes is not None and other.envelopes is not None
    xr.testing.assert_identical(one.envelopes.drop_attrs(), other.envelopes.drop_attrs())
    assert one.series is not None and other.series is not None
    if maps:
        assert one.maps is not None and other.maps is not None
        xr.testing.assert_identical(one.maps.drop_attrs(), other.maps.drop_attrs())
        xr.testing.assert_identical(one.series.drop_attrs(), other.series.drop_attrs())
        assert one.summary["mass"] == other.summary["mass"]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize(("scheme", "order"), sorted(SCHEMES))
def test_threads_and_repetition_change_no_bit(scheme: str, order: int, precision: str) -> None:
    grid = hills()
    solver = {"scheme": scheme, "order": order, "precision": precision, "threads": 1}
    one = floodsim.run(storm(solver=solver), grid=grid)
    again = floodsim.run(storm(solver=solver), grid=grid)
    three = floodsim.run(storm(solver={**solver, "threads": 3}), grid=grid)
    limit = 1e-12 if precision == "double" else 1e-6
    assert abs(one.summary["mass"]["relative_error"]) < limit
    same_bits(one, again)
    same_bits(one, three)


def test_inertial_scheme_says_where_it_leaves_its_range() -> None:
    steep = make_grid(np.tile(20.0 - 0.4 * np.arange(40.0), (10, 1)), 2.0, roughness=0.015)
    case = storm(solver={"scheme": "inertial"}, sources=[], points=[], lines=[], waterlogging_points=[])
    case["initial"] = {"depth": 0.2}
    results = floodsim.run(case, grid=steep)
    assert results.summary["froude"]["largest"] > 0.5
    assert any("inertial scheme left its range" in note for note in results.summary["notes"])
    assert floodsim.run({**case, "solver": {}}, grid=steep).summary["froude"] == {}


def test_output_frequency_changes_no_envelope() -> None:
    grid = hills()
    coarse = floodsim.run(storm(), grid=grid)
    fine = floodsim.run(storm(output={"interval": "10 s", "series_interval": "10 s"}), grid=grid)
    same_bits(coarse, fine, maps=False)
    assert fine.maps is not None and coarse.maps is not None
    xr.testing.assert_identical(fine.maps.sel(time=coarse.maps.time).drop_attrs(), coarse.maps.drop_attrs())


def test_file_and_memory_tell_the_same(tmp_path: Any) -> None:
    grid = hills()
    memory = floodsim.run(storm(), grid=grid)
    with floodsim.run(storm(), tmp_path / "out", grid=grid) as files:
        assert memory.envelopes is not None and files.envelopes is not None
        for name in ("max_depth", "arrival_time", "limiter_share"):
            np.testing.assert_allclose(files.envelopes[name].values, memory.envelopes[name].values, atol=1e-3)
        assert files.summary["mass"] == memory.summary["mass"]
        assert files.verdict == {**memory.verdict}
    assert not list((tmp_path / "out").glob("*.part"))


def test_ledger_closes_and_agrees_with_the_maps() -> None:
    results = floodsim.run(storm(output={"maps": ["depth"]}), grid=hills())
    mass = results.summary["mass"]
    assert abs(mass["relative_error"]) < 1e-13
    assert mass["terms"]["created_by_clipping"]["m3"] == 0.0
    assert results.maps is not None
    stored = float(results.maps.depth.isel(time=-1).sum()) * 9.0
    assert stored == pytest.approx(mass["terms"]["storage"]["m3"], rel=1e-5)
    assert mass["terms"]["rain"]["mm"] == pytest.approx(6.0, rel=1e-6)


def test_line_volume_is_what_passed() -> None:
    """A line just inside the only open edge carries what leaves through it, but for what is stored between."""
    shape = (20, 60)
    bed = np.tile(1.0 - 0.01 * np.arange(60), (20, 1))
    grid = make_grid(bed, 2.0, roughness=0.02)
    case = storm(clock={"duration": "20 min"}, losses={"kind": "none"}, sources=[], points=[], waterlogging_points=[])
    case["lines"] = [{"name": "brink", "coordinates": [[118.0, 40.0], [118.0, 0.0]]}]
    results = floodsim.run(case, grid=grid)
    assert results.series is not None
    passed = -float(results.series.volume.isel(time=-1).values[0])
    left = -results.summary["mass"]["boundaries_m3"]["east"]
    assert abs(passed) == pytest.approx(left, rel=0.03)
    assert shape[0] * 2.0 == 40.0


class Recorder:
    """Notes what an observer is shown."""

    def __init__(self) -> None:
        self.syncs: list[float] = []
        self.macros: list[tuple[float, float]] = []
        self.closed: list[str] = []

    def start(self, view: Any) -> None:
        assert view.time == 0.0

    def macro(self, view: Any, dt: float) -> None:
        self.macros.append((view.time, dt))

    def sync(self, view: Any) -> None:
        self.syncs.append(view.time)

    def close(self, view: Any, status: str) -> None:
        self.closed.append(status)


def simulate(case: dict[str, Any], grid: Grid, *observers: Any, before: Any = None) -> Simulation:
    model = parse_case(case)
    with Bands(1) as bands:
        simulation = Simulation(model, make_setup(model, grid), bands)
        if before is not None:
            before(simulation)
        simulation.run(list(observers))
    return simulation


def test_clock_lands_on_every_beat_and_macro_steps_fill_it() -> None:
    recorder = Recorder()
    simulation = simulate(storm(), hills(), recorder)
    assert recorder.syncs == [10.0 * k for k in range(1, 37)]
    assert sum(dt for _, dt in recorder.macros) == pytest.approx(360.0, rel=1e-12)
    assert recorder.closed == ["complete"]
    assert simulation.counters.steps >= len(recorder.macros) >= simulation.counters.steps / MACRO_STEPS


def test_limiter_accounts_for_the_whole_run() -> None:
    simulation = simulate(storm(), hills())
    shares = simulation.limiter.map(simulation.view.grid.shape)
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)
    top = simulation.limiter.top(simulation.surface.state)[0]
    assert shares[top["row"], top["column"]] == pytest.approx(top["share"], rel=1e-5)
    assert top["min_dt_s"] * (np.sqrt(9.81 * top["depth_m"]) + top["speed_m_s"]) <= 0.65 * 3.0 * 1.0001


def test_blown_up_water_stops_the_run_and_closes_the_observers() -> None:
    recorder = Recorder()

    def poison(simulation: Simulation) -> None:
        simulation.surface.state.h[10, 10] = np.nan

    with pytest.raises(RunError, match="remedy"):
        simulate(storm(), hills(), recorder, before=poison)
    assert recorder.closed == ["failed"]


def test_mass_limit_stops_the_run() -> None:
    def leak(simulation: Simulation) -> None:
        simulation.surface.ledger.initial += 1.0

    with pytest.raises(RunError, match="mass error"):
        simulate(storm(), hills(), before=leak)


def test_one_observer_that_cannot_close_does_not_keep_others_open() -> None:
    class Broken(Recorder):
        def close(self, view: Any, status: str) -> None:
            raise RunError("disk full")

    recorder = Recorder()
    with pytest.raises(RunError, match="disk full"):
        simulate(storm(), hills(), Broken(), recorder)
    assert recorder.closed == ["failed"]


def test_interruption_closes_with_its_name() -> None:
    class Impatient(Recorder):
        def sync(self, view: Any) -> None:
            if view.time >= 30.0:
                raise KeyboardInterrupt

    recorder = Impatient()
    simulation = simulate(storm(), hills(), recorder)
    assert recorder.closed == ["interrupted"]
    assert simulation.view.time == 30.0


def test_all_faults_of_a_setup_come_at_once() -> None:
    case = storm(points=[{"name": "far", "x": 1e6, "y": 0.0}])
    case["boundaries"] = [
        {"name": "lake", "kind": "level", "edge": "west", "span": [900.0, 950.0], "level": "2 m"},
        {"name": "sea", "kind": "level", "edge": "south", "level": {"values": [[0, 1.0], [60, 2.0]]}},
    ]
    with pytest.raises(CaseError) as caught:
        floodsim.run(case, grid=hills())
    text = str(caught.value)
    for part in ("far", "lake", "boundaries[1].level"):
        assert part in text


def test_still_water_from_a_level_and_nothing_moves_before_rain() -> None:
    case = storm(rainfall={"start": "3 min"}, initial={"level": "2.9 m"}, clock={"duration": "4 min"}, sources=[])
    case["boundaries"], case["losses"] = [], {"kind": "none"}
    results = floodsim.run(case, grid=hills())
    assert results.maps is not None
    start, before_rain, end = (results.maps.isel(time=k) for k in range(3))
    assert np.array_equal(start.depth.values, before_rain.depth.values, equal_nan=True)
    assert float(abs(before_rain.velocity_x).max()) == 0.0
    assert float(end.depth.sum()) > float(start.depth.sum())
