"""Catchments of a run: what crosses their rims closes with what stands in them; ground of nodes adds up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results, open_results
from tests.simulate.networks import street_drain

HOUR = 3600.0


def bowls() -> Grid:
    """A high bowl in the west that runs over into a low one in the east: ridge at column 10, 0.3 m over the west."""
    x = np.arange(20)
    profile = np.where(x < 10, 5.0, 4.0)
    profile[10] = 5.3
    return make_grid(np.broadcast_to(profile, (10, 20)), 10.0)


def run(grid: Grid, out: Path | None = None, **sections: object) -> Results:
    case = {
        "name": "bowls",
        "clock": {"duration": "1 h"},
        "rainfall": {"kind": "uniform", "intensity": "600 mm/h", "duration": "50 min"},
        "solver": {"threads": 1},
        "output": {"interval": "30 min", "series_interval": "5 min"},
        **sections,
    }
    return floodsim.run(case, out, grid=grid)


def test_what_runs_over_the_rim_is_found_below_it(tmp_path: Path) -> None:
    points = [{"name": "low", "x": 150, "y": 50, "radius": 20}]
    run(bowls(), tmp_path / "r", waterlogging_points=points).close()
    with open_results(tmp_path / "r") as results:
        found, grid = results.catchments, results.grid
        assert found is not None and results.maps is not None
        inside = np.zeros(grid.shape, bool)
        inside[found["catchment_cell_row"].values, found["catchment_cell_column"].values] = True
        assert inside[:, 11:].all() and not inside[:, :10].any()
        stored = float(results.maps["depth"].isel(time=-1).values[inside].sum()) * grid.cell_area
        rain = float(found["catchment_rain"].values[-1, 0])
        net = float(found["catchment_inflow"].values[-1, 0] - found["catchment_outflow"].values[-1, 0])
        assert rain == pytest.approx(0.5 * inside.sum() * grid.cell_area, rel=1e-6)
        assert net > 0.1 * rain
        assert stored == pytest.approx(rain + net, rel=2e-3)  # maps keep a tenth of a millimetre
        assert found["catchment_area"].values.sum() == pytest.approx(inside.sum() * grid.cell_area)


def test_ground_of_nodes_adds_up_to_the_domain(tmp_path: Path) -> None:
    bed = np.broadcast_to(10.0 - 0.005 * (np.arange(20) * 10.0), (10, 20)).copy()
    bed += 0.1 * np.abs(np.arange(10)[:, None] - 2.0)  # a gutter along y = 25 m; the manholes lie at y = 20 m
    building = np.zeros(bed.shape, np.uint8)
    building[7:9, 3:6] = 1
    grid = make_grid(bed, 10.0, building=building)
    edge = [{"name": "out", "kind": "open", "edge": "east"}]
    results = run(
        grid, drainage={"network": str(street_drain(tmp_path / "n.inp"))}, boundaries=edge, clock={"duration": "1 min"}
    )
    found = results.catchments
    assert found is not None
    area = found["node_area"]
    whole = area.values.sum() + found["undrained_area"].values.sum()
    assert whole == pytest.approx(200 * 100.0)
    by_surface = area.sum("node").values + found["undrained_area"].values
    assert by_surface == pytest.approx([600.0, 19400.0, 0.0])
    # k rows off the gutter water runs down diagonally and meets it k columns further east; manholes: columns 1, 4, 7
    assert area.sum("surface").values.tolist() == pytest.approx([400.0, 1800.0, 2700.0, 0.0])
    assert [str(kind) for kind in found["inlet_kind"].values] == ["manhole"] * 3
