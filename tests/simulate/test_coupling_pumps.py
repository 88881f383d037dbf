"""Pump stations in coupled runs: standby, failed units, power, starts and energy; rules that look at the street."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.write_inp import write_inp as write_network
from floodsim.errors import CaseError
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results
from tests.simulate.networks import write_inp
from tests.simulate.test_coupling import basin, closed

CURVES = "[CURVES]\nQ PUMP3 0 0.1\nQ 10 0.1\n"
"""A pump that lifts 0.1 m3/s against any head up to 10 m."""


def pumped(path: Path, *, starts: tuple[float, float] = (1.0, 1.5), more: str = "", inflow: float = 0.08) -> Path:
    """A wet well of 30 m2 (floor 4 m) outside the grid, fed steadily; two equal pumps lift into a river at 9 m."""
    return write_inp(
        path,
        storages=["W 4 6 0.5 FUNCTIONAL 0 0 30"],
        junctions=["S 9 1 0 0 0"],
        outfalls=["R 8.9 FIXED 9 NO", "D 8.9 FREE NO"],
        conduits=["C S D 20 0.013 0 0"],
        sections=["C CIRCULAR 0.3 0 0 0 1"],
        pumps=[f"P1 W R Q OFF {starts[0]} 0.4", f"P2 W R Q OFF {starts[1]} 0.4"],
        places=["W -50 0", "R -90 0", "S 9 9", "D -90 9"],
        more=CURVES + f'[INFLOWS]\nW FLOW "" FLOW 1 1 {inflow}\n' + more,
    )


def run(network: Path, minutes: int, stations: list[dict[str, Any]], grid: Grid | None = None, **more: Any) -> Results:
    sections = {
        "name": "pumps",
        "clock": {"duration": f"{minutes} min"},
        "drainage": {"network": str(network), "stations": stations},
        "output": {"interval": "5 min", "series_interval": "10 s"},
        "solver": {"threads": 1, "cfl": 0.5},
        **more,
    }
    return floodsim.run(sections, grid=basin() if grid is None else grid)


def test_starts_energy_and_volume_of_a_pump_that_cycles(tmp_path: Path) -> None:
    """In: 0.08, out: 0.1 m3/s between depths 1.0 and 0.4 on 30 m2: it fills in 225 s and empties in 900 s."""
    unit = {"pump": "P1", "efficiency": 0.8}
    results = run(pumped(tmp_path / "p.inp", starts=(1.0, 5.0)), 60, [{"name": "PS", "units": [unit, {"pump": "P2"}]}])
    closed(results)
    station = results.summary["drainage"]["stations"][0]
    first, second = station["units"]
    assert first["starts"] == first["most_starts_per_hour"] == 4
    assert second["starts"] == 0
    assert first["volume_m3"] == pytest.approx(first["hours"] * 3600.0 * 0.1, rel=2e-3)
    lift = 9.0 - (4.0 + 0.7)  # mean depth between start and stop
    assert first["energy_kwh"] == pytest.approx(9810.0 * first["volume_m3"] * lift / 0.8 / 3.6e6, rel=0.02)
    assert results.network is not None
    series = results.network.sel(station="PS")
    assert float(series.station_level.max()) == pytest.approx(5.0, abs=0.02)
    assert float(series.station_starts.isel(time=-1)) == 4.0
    assert set(np.unique(series.units_running.values)) == {0.0, 1.0}
    assert float(series.station_energy.isel(time=-1)) == pytest.approx(station["energy_kwh"], rel=1e-6)


def test_a_standby_unit_runs_only_for_one_that_has_failed(tmp_path: Path) -> None:
    units = [{"pump": "P1", "fails_at": "20 min", "repaired_at": "40 min"}, {"pump": "P2", "standby": True}]
    network = pumped(tmp_path / "p.inp", starts=(0.8, 0.8), inflow=0.1)
    results = run(network, 60, [{"name": "PS", "units": units}])
    closed(results)
    first, second = results.summary["drainage"]["stations"][0]["units"]
    assert second["hours"] * 60.0 == pytest.approx(20.0, abs=0.5)
    assert first["hours"] * 60.0 == pytest.approx(40.0 - 90.0 / 60.0, abs=1.0)
    assert results.network is not None
    flow = results.network.link_flow
    minutes = (flow.time.values - flow.time.values[0]) / np.timedelta64(60, "s")
    failed = (minutes > 20.2) & (minutes < 39.8)
    assert float(flow.sel(link="P1").values[failed].max()) == 0.0
    assert float(flow.sel(link="P2").values[~failed & (minutes < 20.0)].max()) == 0.0


def test_without_power_the_well_fills_and_after_it_the_pumps_empty_it(tmp_path: Path) -> None:
    units = [
        {"pump": "P1", "start_level": 4.9, "stop_level": 4.3},
        {"pump": "P2", "start_level": 5.2, "stop_level": 4.3},
    ]
    station = {"name": "PS", "units": units, "power_lost_at": "20 min", "power_back_at": "30 min"}
    results = run(pumped(tmp_path / "p.inp"), 50, [station])
    closed(results)
    assert results.network is not None
    series = results.network.sel(station="PS")
    minutes = (series.time.values - series.time.values[0]) / np.timedelta64(60, "s")
    dark = (minutes > 20.2) & (minutes <= 30.0)
    assert float(series.station_flow.values[dark].max()) == 0.0
    level = series.station_level.values
    at = [float(level[np.argmin(np.abs(minutes - when))]) for when in (20, 30, 45)]
    assert at[1] - at[0] == pytest.approx(0.08 * 600.0 / 30.0, abs=0.02)
    assert series.units_running.values[(minutes > 30.5) & (minutes < 33.0)].max() == 2.0
    assert at[2] < 5.0


def test_a_rule_reads_the_depth_on_the_street(tmp_path: Path) -> None:
    """The pump stands until the underpass is 0.2 m deep, whatever the level of the well; it stops below 0.1 m."""
    rules = (
        "[CONTROLS]\nRULE START\nIF GAUGE underpass DEPTH > 0.2\nTHEN PUMP P1 STATUS = ON\nPRIORITY 2\n"
        "RULE STOP\nIF GAUGE underpass DEPTH < 0.1\nTHEN PUMP P1 STATUS = OFF\nPRIORITY 2\n"
    )
    network = write_inp(
        tmp_path / "rule.inp",
        storages=["W 4 5.9 5 FUNCTIONAL 0 0 30"],
        outfalls=["R 8.9 FIXED 9 NO"],
        pumps=["P1 W R Q OFF 0 0"],
        places=["W 9 9", "R -90 0"],
        more=CURVES + rules,
    )
    bed = np.full((10, 10), 10.0)
    results = run(
        network,
        40,
        [],
        make_grid(bed, 2.0, roughness=0.02),
        points=[{"name": "other", "x": 1.0, "y": 1.0}, {"name": "underpass", "x": 15.0, "y": 15.0}],
        rainfall={"kind": "uniform", "intensity": "1000 mm/h", "duration": "20 min", "step": "5 min"},
    )
    closed(results)
    assert results.series is not None and results.network is not None
    depth = results.series.depth.sel(point="underpass").values
    flow = results.network.link_flow.sel(link="P1").values
    first = int(np.argmax(flow > 0.0))
    assert first > 0
    assert depth[first] == pytest.approx(0.2, abs=0.01)
    assert (flow[1:first] == 0.0).all()
    last = len(flow) - 1 - int(np.argmax(flow[::-1] > 0.0))
    assert depth[last] == pytest.approx(0.1, abs=0.01)


def test_faults_of_stations_and_gauges(tmp_path: Path) -> None:
    network = pumped(
        tmp_path / "p.inp", more="[CONTROLS]\nRULE A\nIF GAUGE low DEPTH > 0.2\nTHEN PUMP P1 STATUS = ON\n"
    )
    with pytest.raises(CaseError) as caught:
        run(network, 1, [{"name": "PS", "units": [{"pump": "P3"}]}], points=[{"name": "lows", "x": 1.0, "y": 1.0}])
    text = str(caught.value)
    assert "is no pump of the network" in text
    assert "allowed: P1, P2" in text
    assert "a rule names the gauge" in text
    assert "did you mean lows" in text


def test_a_rule_with_a_gauge_is_written_as_it_was_read(tmp_path: Path) -> None:
    rule = '[CONTROLS]\nRULE A\nIF GAUGE "low point" DEPTH > 0.2\nAND GAUGE B DEPTH <= 0.3\nTHEN PUMP P1 STATUS = ON\n'
    first = read_inp(pumped(tmp_path / "p.inp", more=rule))
    write_network(first, tmp_path / "again.inp")
    again = read_inp(tmp_path / "again.inp")
    assert again.gauges == first.gauges == ("low point", "B")
    assert again.rules == first.rules
