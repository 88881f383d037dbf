"""The engine beside EPA SWMM 5.2 on the input files of EPA's regression suite, and on the network of EA Test 8B.

How far an object may lie from SWMM, and from which of its answers, is defined in `floodsim.drainage.compare`. The
numbers here are how many nodes and links lie within, as measured; docs/network_against_swmm.md tells why others do not.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage.compare import compare_with_swmm, drive, outside
from floodsim.drainage.engine import Engine
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.write_inp import write_inp
from tests.drainage.helpers import Sketch

pytest.importorskip("swmm.toolkit", reason="EPA SWMM (swmm-toolkit) is not installed")
DATA = Path(os.environ.get("FLOODSIM_VALIDATION_DATA", "")) / "epa_swmm"
OPTIONS = {"VARIABLE_STEP": 0.5, "ROUTING_STEP": 5, "THREADS": 1, "MINIMUM_STEP": 0.2}


QUICK = [
    ("routing/test3.inp", 1, 12), pytest.param("routing/test5.inp", 10, 10, marks=pytest.mark.slow),
    pytest.param("extran/extran4.inp", 7, 9, marks=pytest.mark.slow),
    ("extran/extran9.inp", 2, 1), ("update_v52/Storage_Shape_Test.inp", 8, 4), ("update_v52/Type5_Pump_Test.inp", 6, 3),
    ("update_v52/control_rules_test.inp", 4, 3), pytest.param("user/user1.inp", 30, 34, marks=pytest.mark.slow),
]  # fmt: skip
"""Input, and the nodes and links that lie within the band."""


def input_file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} of EPA's regression suite is not there; set FLOODSIM_VALIDATION_DATA")
    return path


@pytest.mark.parametrize(("name", "nodes", "links"), QUICK)
def test_nodes_and_links_lie_within_the_band_of_swmm(name: str, nodes: int, links: int, tmp_path: Path):
    found = compare_with_swmm(input_file(name), tmp_path)
    assert found.covered, found.reason
    assert found.nodes.within.sum() >= nodes and found.links.within.sum() >= links, found.row
    assert abs(found.error) < 1e-12


@pytest.mark.slow
def test_all_but_four_of_the_suite_are_covered(tmp_path: Path):
    """Six hours of each, without SWMM's fine steps; docs/network_against_swmm.md has the whole comparison."""
    files = sorted(input_file("extran/extran1.inp").parents[1].rglob("*.inp"))
    found = [compare_with_swmm(file, tmp_path, hours=6.0, fine=False) for file in files]
    left_out = {one.file: one.reason for one in found if not one.covered}
    assert set(left_out) == {"ncdc_format.inp", "porous_pavement.inp", "swc11.inp", "swc17.inp"}, left_out
    assert max(abs(one.error) for one in found) < 1e-12


def test_the_network_of_ea_test_8b_spills_as_in_swmm(tmp_path: Path):
    """Seven pipes of 1.4 m, one open manhole of 1 m2: the pipe part of the UK Environment Agency's Test 8B."""
    sketch = Sketch(min_surface_area=1.0, end=datetime(2026, 1, 1, 5), routing_step=2.0, report_step=60.0)
    inverts = (39.17, 29.46, 27.70, 26.37, 25.70, 24.64, 24.29)
    nodes = [sketch.junction(f"n{k}", z, full_depth=20.0, surcharge_depth=50.0) for k, z in enumerate(inverts)]
    nodes.append(sketch.outfall("out", 23.49))
    for k, length in enumerate((467.0, 104.0, 106.0, 200.0, 114.0, 154.0, 195.0)):
        sketch.conduit(f"c{k}", nodes[k], nodes[k + 1], length, ("CIRCULAR", 1.4), roughness=0.017)
    manhole = 4  # rim 31.46 m, the open one
    sketch.nodes[manhole].update(full_depth=31.46 - inverts[manhole], surcharge_depth=0.0)
    sketch.inflow(nodes[0], [0.0, 0.97 * 3600, 1.97 * 3600, 3.87 * 3600, 5 * 3600], [1.6, 1.6, 6.281, 1.6, 1.6])
    network = sketch.network()
    file = tmp_path / "ea8b.inp"
    write_inp(network, file)
    answers = [run_swmm(file, tmp_path, method, SURCHARGE_METHOD=method, **OPTIONS) for method in ("EXTRAN", "SLOT")]
    engine = Engine(network)
    heads, _ = drive(engine, answers[0], [], False)
    seconds = answers[0].times[1] - answers[0].times[0]
    spilt = [float(answer.flooding.sum() * seconds) for answer in answers]
    # SWMM loses less in the last pipe, full to its free mouth, than the integrated curve says (test_engine_steady)
    assert spilt[0] < engine.ledger.flooding < 1.1 * spilt[0]
    band = outside(heads, np.array([answer.head for answer in answers]))
    assert np.median(np.sqrt((band**2).mean(axis=1))) < 0.1
    assert abs(engine.ledger.relative_error) < 1e-12
