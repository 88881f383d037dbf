"""Runs in tiles give the bits of the run in one process, whatever the cut. Tiles are threads here, over sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.grid.grid import Grid, make_grid
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.run import Cut, run_tiled
from floodsim.surface.schemes import SCHEMES
from tests.simulate.networks import write_inp

TILINGS = ["1x1", "2x1", "1x2", "3x2", "1+2x2+1"]
SIZES = {"1x1": 1, "2x1": 2, "1x2": 2, "3x2": 6, "1+2x2+1": 4}


def ground(seed: int = 3) -> Grid:
    """Three by three blocks, the last ones cut: hills, pits, houses both ways, a lake cut off, a hole of one cell."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:81, :150]
    bed = 3.0 - 0.01 * x + np.sin(x / 9.0) * np.cos(y / 7.0) * 0.4 + rng.random(x.shape) * 0.05
    building = np.zeros(x.shape, np.uint8)
    for house in (np.s_[24:40, 100:120], np.s_[4:12, 60:70]):
        building[house] = 1
        bed[house] += 5.0
    active = np.ones(x.shape, bool)
    active[70:, :10] = False
    active[10, 64] = active[31:33, 30] = False
    return make_grid(bed, 3.0, roughness=0.03, active=active, building=building)


def storm(**more: Any) -> dict[str, Any]:
    """Rain, infiltration, every kind of boundary, sources, gauges and lines."""
    case: dict[str, Any] = {
        "name": "storm",
        "clock": {"duration": "90 s"},
        "rainfall": {"kind": "uniform", "intensity": "200 mm/h", "duration": "60 s", "step": "20 s"},
        "losses": {"kind": "horton", "initial_rate": "60 mm/h", "final_rate": "6 mm/h", "decay": "2 1/h"},
        "boundaries": [
            {"name": "east", "kind": "open", "edge": "east"},
            {"name": "river", "kind": "discharge", "edge": "south", "discharge": "6 m3/s", "span": [150.0, 300.0]},
            {"name": "sea", "kind": "level", "edge": "north", "level": "2.2 m", "span": [60.0, 260.0]},
            {"name": "slope", "kind": "open", "edge": "west", "slope": 0.005, "span": [0.0, 100.0]},
        ],
        "sources": [
            {"name": "spring", "x": 193.0, "y": 95.0, "discharge": "0.5 m3/s"},
            {"name": "weir", "kind": "line", "coordinates": [[150.0, 90.0], [250.0, 100.0]], "discharge": "1 m3/s"},
        ],
        "points": [{"name": "gauge", "x": 200.0, "y": 100.0}, {"name": "other", "x": 30.0, "y": 100.0}],
        "lines": [{"name": "section", "coordinates": [[250.0, 3.0], [250.0, 200.0]]}],
        "waterlogging_points": [{"name": "low", "x": 192.0, "y": 96.0, "radius": 20.0}],
        "output": {"interval": "30 s", "series_interval": "10 s"},
        "solver": {"threads": 1},
    }
    for section, keys in more.items():
        case[section] = {**case.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return case


def both(case: dict[str, Any], grid: Grid, tiling: str, tmp_path: Path) -> list[str]:
    """What differs between the run in one process and in tiles, in arrays and in the figures of mass."""
    parsed = parse_case(case, tmp_path, {})
    one = floodsim.run(parsed, tmp_path / "one", grid=grid)
    with run_tiled(parsed, tmp_path / "tiles", ThreadPlace(), Cut(SIZES[tiling], tiling), grid=grid) as tiled:
        found = exact_differences(tmp_path / "one", tmp_path / "tiles")
        for name in ("mass", "limiter", "froude", "drainage"):
            if one.summary.get(name) != tiled.summary.get(name):
                found.append(f"{name}: {one.summary.get(name)} and {tiled.summary.get(name)}")
        if one.summary["performance"]["steps"] != tiled.summary["performance"]["steps"]:
            found.append("steps")
    one.close()
    return found


@pytest.mark.parametrize("tiling", TILINGS)
def test_every_tiling_gives_the_bits_of_one_process(tiling: str, tmp_path: Path) -> None:
    assert both(storm(), ground(), tiling, tmp_path) == []


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize(("scheme", "order"), sorted(SCHEMES))
def test_every_scheme_and_precision(scheme: str, order: int, precision: str, tmp_path: Path) -> None:
    solver = {"scheme": scheme, "order": order, "precision": precision, "threads": 1}
    assert both(storm(solver=solver), ground(), "3x2", tmp_path) == []


def drained(network: Path, **more: Any) -> dict[str, Any]:
    """A storm on streets over three manholes in different tiles, an outfall on the grid, roofs and a depth gauge."""
    roofs = {"capacity": "60 mm/h", "distance": "100 m"}
    return storm(
        drainage={"network": str(network), "coupling_step": "2 s", "roofs": roofs},
        points=[{"name": "gauge", "x": 200.0, "y": 100.0}],
        solver={"threads": 1, "sync_interval": "10 s"},
        **more,
    )


def network_below(path: Path) -> Path:
    """Manholes on both sides of the cuts at rows 32 and column 64 (96 m and 192 m), and an outfall beside them."""
    return write_inp(
        path,
        junctions=["A -1 2.5 0 0 0", "B -1.2 2.5 0 0 0", "C -1.4 2.5 0 0 0", "D -1.5 2.5 0 0 0"],
        outfalls=["O -2 FREE NO"],
        conduits=["C1 A B 90 0.013 0 0", "C2 B C 60 0.013 0 0", "C3 C D 60 0.013 0 0", "C4 D O 60 0.013 0 0"],
        sections=[f"C{k} CIRCULAR 0.4 0 0 0 1" for k in (1, 2, 3, 4)],
        places=["A 100 94", "B 190 94", "C 194 98", "D 190 98", "O 260 130"],
        more="[CONTROLS]\nRULE R\nIF NODE A DEPTH > 1\nTHEN CONDUIT C4 STATUS = OPEN\n",
    )


@pytest.mark.parametrize("tiling", ["2x1", "3x2"])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_network_below_gives_the_bits_of_one_process(tiling: str, precision: str, tmp_path: Path) -> None:
    case = drained(network_below(tmp_path / "drain.inp"))
    case["solver"]["precision"] = precision
    assert both(case, ground(), tiling, tmp_path) == []
