"""Surface and network together: levels meet, nothing is lost between the two, and no bit depends on threads."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import floodsim
from floodsim.errors import RunError
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results
from floodsim.simulate.coupling import Coupling, coupling_spans
from floodsim.surface.schemes import SCHEMES
from tests.simulate.networks import street_drain, tank, write_inp


def basin(shape: tuple[int, int] = (10, 10), dx: float = 2.0) -> Grid:
    """A flat walled street at 10 m."""
    return make_grid(np.full(shape, 10.0), dx, roughness=0.02)


def case(network: Path, **more: Any) -> dict[str, Any]:
    sections: dict[str, Any] = {
        "name": "coupled",
        "clock": {"duration": "10 min"},
        "drainage": {"network": str(network)},
        "output": {"interval": "5 min", "series_interval": "1 s"},
        "solver": {"threads": 1, "sync_interval": "1 s", "cfl": 0.5},
    }
    for section, keys in more.items():
        sections[section] = {**sections.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return sections


def total(results: Results) -> float:
    """Water on the street, in the network and between, and films that dried, m3."""
    volumes = results.summary["drainage"]["volumes_m3"]
    terms = results.summary["mass"]["terms"]
    return terms["storage"]["m3"] + terms["infiltration"]["m3"] + volumes["storage"] + volumes["between"]


def closed(results: Results) -> None:
    errors = results.summary["mass"]["errors"]
    assert set(errors) == {"surface", "transfer", "network"}
    assert all(abs(error) < 1e-12 for error in errors.values()), errors
    assert results.summary["drainage"]["volumes_m3"]["owed_to_street"] == 0.0


def flips(flow: np.ndarray) -> int:
    """How often a flow (m3/s) turns; under 0.01 L/s it is at rest."""
    signs = np.sign(flow[np.abs(flow) > 1e-5])
    return int((signs[1:] != signs[:-1]).sum())


def test_a_street_basin_drains_into_a_tank_until_the_levels_meet(tmp_path: Path) -> None:
    """400 m2 of street with 0.5 m of water over a tank of 20 m2 x 5 m: 100 m3 stay, on street and shaft."""
    results = floodsim.run(
        case(tank(tmp_path / "tank.inp"), clock={"duration": "50 min"}, initial={"depth": 0.5}), grid=basin()
    )
    closed(results)
    assert total(results) == pytest.approx(200.0, rel=1e-12)
    assert results.network is not None and results.maps is not None
    depth = results.maps.depth.isel(time=-1).values
    head = float(results.network.node_head.isel(time=-1).sel(node="T"))
    assert head == pytest.approx(10.0 + depth.mean(), abs=2e-3)
    assert depth.mean() * 400.0 == pytest.approx(100.0, rel=0.06)
    assert flips(results.network.inlet_flow.sel(inlet="T").values) <= 5


def test_a_full_tank_comes_up_through_its_lid_and_runs_back(tmp_path: Path) -> None:
    """A pump-in of 0.2 m3/s for 4 min lifts the tank over the street; after it the levels meet without swinging."""
    inflow = "[INFLOWS]\nT FLOW TS FLOW 1 1\n[TIMESERIES]\nTS 0:00 0.2\nTS 0:04 0.2\nTS 0:05 0\nTS 9:00 0\n"
    network = tank(tmp_path / "tank.inp", start=4.9, more=inflow)
    results = floodsim.run(case(network, clock={"duration": "20 min"}), grid=basin())
    closed(results)
    volumes = results.summary["drainage"]["volumes_m3"]
    assert volumes["own_inflows"] == pytest.approx(0.2 * 270.0, rel=1e-9)
    assert volumes["to_street"] > 40.0
    assert total(results) == pytest.approx(98.0 + 54.0, rel=1e-12)
    assert results.network is not None and results.maps is not None
    assert flips(results.network.inlet_flow.sel(inlet="T").values) <= 5
    level = 10.0 + results.maps.depth.isel(time=-1).values.mean()
    assert float(results.network.node_head.isel(time=-1).sel(node="T")) == pytest.approx(level, abs=2e-3)


@pytest.mark.parametrize(
    ("scheme", "order", "precision"),
    [(*key, precision) for key in sorted(SCHEMES) for precision in ("double", "single")],
)
def test_inlets_that_drink_the_street_dry_take_no_more_than_there_is(
    tmp_path: Path, scheme: str, order: int, precision: str
) -> None:
    inlets = tmp_path / "inlets.csv"
    rows = [f"{node},{x},{y},wide,2" for node, x in (("A", 11), ("B", 41), ("C", 71)) for y in (11, 12.5, 20, 31)]
    inlets.write_text("node,x,y,class,count\n" + "\n".join(rows) + "\n")
    wide = {"name": "wide", "kind": "combination", "length": 1.5, "width": 0.6, "kerb_length": 3.0, "kerb_height": 0.2}
    rng = np.random.default_rng(3)
    grid = make_grid(10.0 + 0.3 * rng.random((20, 41)) + 0.02 * np.arange(41), 2.0, roughness=0.02)
    results = floodsim.run(
        case(
            street_drain(tmp_path / "drain.inp"),
            drainage={"inlet_classes": [wide], "inlets": str(inlets)},
            initial={"depth": 0.03},
            rainfall={"kind": "uniform", "intensity": "120 mm/h", "duration": "4 min", "step": "2 min"},
            output={"series_interval": "10 s"},
            solver={
                "scheme": scheme,
                "precision": precision,
                "order": order,
                "sync_interval": "2 s",
                "mass_limit": 1e-5,
            },
        ),
        grid=grid,
    )
    errors = results.summary["mass"]["errors"]
    assert abs(errors["transfer"]) < 1e-12
    assert abs(errors["network"]) < 1e-12
    assert abs(errors["surface"]) < (1e-12 if precision == "double" else 3e-6)
    assert results.maps is not None
    assert float(results.maps.depth.min()) >= 0.0
    volumes = results.summary["drainage"]["volumes_m3"]
    assert volumes["from_street"] > 20.0
    assert volumes["outfalls"] + volumes["storage"] == pytest.approx(
        volumes["from_street"] - volumes["to_street"], rel=1e-12
    )


def storm_over(network: Path, threads: int) -> Results:
    rng = np.random.default_rng(5)
    grid = make_grid(10.0 + 0.2 * rng.random((70, 140)), 2.0, roughness=0.03)
    return floodsim.run(
        case(
            network,
            rainfall={"kind": "uniform", "intensity": "150 mm/h", "duration": "4 min", "step": "2 min"},
            solver={"threads": threads, "sync_interval": "10 s"},
            output={"series_interval": "10 s"},
            clock={"duration": "8 min"},
        ),
        grid=grid,
    )


def test_threads_change_no_bit(tmp_path: Path) -> None:
    network = street_drain(tmp_path / "drain.inp")
    one, three = storm_over(network, 1), storm_over(network, 3)
    for name in ("maps", "envelopes", "series", "network"):
        xr.testing.assert_identical(getattr(one, name).drop_attrs(), getattr(three, name).drop_attrs())
    assert one.summary["mass"] == three.summary["mass"]


def test_files_and_memory_tell_the_same(tmp_path: Path) -> None:
    sections = case(street_drain(tmp_path / "drain.inp"), initial={"depth": 0.1}, clock={"duration": "1 min"})
    memory = floodsim.run(sections, grid=basin((20, 40)))
    with floodsim.run(sections, tmp_path / "out", grid=basin((20, 40))) as files:
        assert memory.network is not None and files.network is not None
        assert files.network.attrs["featureType"] == "timeSeries"
        assert files.network.attrs["floodsim_status"] == "complete"
        for name in memory.network.data_vars:
            np.testing.assert_array_equal(files.network[name].values, memory.network[name].values, err_msg=str(name))
        assert float(files.network.max_link_flow.max()) > 0.0
        assert files.summary["mass"] == memory.summary["mass"]


def test_without_a_network_nothing_is_said_of_one() -> None:
    sections = case(Path("none"), initial={"depth": 0.1}, clock={"duration": "10 s"})
    del sections["drainage"]
    results = floodsim.run(sections, grid=basin())
    assert results.network is None
    assert "errors" not in results.summary["mass"]
    assert "to_pipes" not in results.summary["mass"]["terms"]
    assert "drainage" not in results.summary


def test_an_outfall_on_the_grid_fills_its_cell_and_takes_water_back(tmp_path: Path) -> None:
    """A tank drains by a pipe into the basin; then rain lifts the basin over the tank, and water runs back."""
    network = write_inp(
        tmp_path / "two.inp",
        storages=["T 9 4 3 FUNCTIONAL 0 0 50"],
        outfalls=["O 9.5 FREE NO"],
        conduits=["P T O 20 0.013 0 0"],
        sections=["P CIRCULAR 0.6 0 0 0 1"],
        places=["T -50 9", "O 9 9"],
    )
    results = floodsim.run(
        case(
            network,
            clock={"duration": "80 min"},
            rainfall={
                "kind": "uniform",
                "intensity": "600 mm/h",
                "duration": "5 min",
                "step": "5 min",
                "start": "40 min",
            },
            output={"series_interval": "10 s"},
            solver={"sync_interval": "10 s"},
        ),
        grid=basin(),
    )
    closed(results)
    assert total(results) == pytest.approx(
        results.summary["drainage"]["volumes_m3"]["initial"] + results.summary["mass"]["terms"]["rain"]["m3"], rel=1e-12
    )
    assert results.network is not None and results.maps is not None
    flow = results.network.link_flow.sel(link="P").values
    assert flow.max() > 0.1
    assert flow.min() < -0.02
    head = float(results.network.node_head.isel(time=-1).sel(node="T"))
    assert head == pytest.approx(10.0 + float(results.maps.depth.isel(time=-1).mean()), abs=0.02)


def test_a_flap_gate_keeps_the_street_out(tmp_path: Path) -> None:
    network = write_inp(
        tmp_path / "flap.inp",
        storages=["T 9 4 0 FUNCTIONAL 0 0 50"],
        outfalls=["O 9.5 FREE YES"],
        conduits=["P T O 20 0.013 0 0"],
        sections=["P CIRCULAR 0.6 0 0 0 1"],
        places=["T -50 9", "O 9 9"],
    )
    results = floodsim.run(case(network, initial={"depth": 0.5}), grid=basin())
    closed(results)
    assert results.summary["drainage"]["volumes_m3"]["storage"] == 0.0
    assert results.summary["mass"]["terms"]["storage"]["m3"] == pytest.approx(200.0, rel=1e-12)


def test_a_sealed_lid_keeps_the_water_in_until_it_lifts(tmp_path: Path) -> None:
    network = tank(tmp_path / "tank.inp", start=4.9, more='[INFLOWS]\nT FLOW "" FLOW 1 1 0.02\n')
    sealed = {"name": "heavy", "kind": "sealed", "lift_head": 0.5}
    results = floodsim.run(
        case(network, drainage={"manholes": "heavy", "inlet_classes": [sealed]}, clock={"duration": "20 min"}),
        grid=basin(),
    )
    closed(results)
    assert results.network is not None
    flow = results.network.inlet_flow.sel(inlet="T").values
    heads = results.network.node_head.sel(node="T").values
    assert flow[heads < 10.45].max() == 0.0 == flow[heads < 10.45].min()
    assert flow.min() < -0.015
    assert flips(flow) == 0


def test_roofs_drain_into_the_network_up_to_their_capacity(tmp_path: Path) -> None:
    building = np.zeros((20, 40), np.uint8)
    building[12:16, 5:15] = 1
    bed = np.full(building.shape, 10.0) + 5.0 * building
    grid = make_grid(bed, 2.0, building=building)
    results = floodsim.run(
        case(
            street_drain(tmp_path / "drain.inp"),
            drainage={"roofs": {"capacity": "60 mm/h", "distance": "100 m"}, "manholes": "sealed"},
            rainfall={"kind": "uniform", "intensity": "90 mm/h", "duration": "10 min", "step": "5 min"},
        ),
        grid=grid,
    )
    closed(results)
    roof = 40 * 4.0
    assert results.summary["drainage"]["volumes_m3"]["from_roofs"] == pytest.approx(roof * 0.010, rel=1e-6)
    terms = results.summary["mass"]["terms"]
    assert terms["to_pipes"]["m3"] == pytest.approx(roof * 0.010, rel=1e-6)
    assert terms["rain"]["mm"] == pytest.approx(15.0, rel=1e-6)


def test_each_error_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = street_drain(tmp_path / "drain.inp")
    for part in ("surface", "transfer", "network"):
        errors = {"surface": 0.0, "transfer": 0.0, "network": 0.0, part: 1e-3}
        monkeypatch.setattr(Coupling, "errors", lambda self, ledger, errors=errors: errors)
        with pytest.raises(RunError, match=f"mass error of the {part}"):
            floodsim.run(case(network, initial={"depth": 0.1}, clock={"duration": "10 s"}), grid=basin((20, 40)))


@pytest.mark.parametrize("beat", [1.0, 10.0])
def test_coupling_steps_fill_the_beat_and_spare_the_surface_steps(beat: float) -> None:
    for dt in np.linspace(0.01, 3.0, 300):
        spans = coupling_spans(beat, 1.0, dt)
        assert beat / spans <= 1.0 + 1e-9
        steps = spans * math.ceil(beat / spans / dt * (1.0 - 1e-9))
        assert steps <= round(beat) * math.ceil(1.0 / dt)
    assert coupling_spans(10.0, 1.0, 0.95) == 11  # 11 steps of the surface, where whole seconds would take 20
    assert coupling_spans(10.0, 1.0, 0.25) == 10
    assert coupling_spans(10.0, 2.5, math.inf) == 4
