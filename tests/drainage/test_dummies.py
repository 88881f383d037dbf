"""What our engine takes over from SWMM by other means, and what it refuses by name because it would run differently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.case.load import parse_case
from floodsim.drainage.dummies import with_dummies_as_pumps
from floodsim.drainage.engine import Engine
from floodsim.drainage.measures import network_of
from floodsim.drainage.network import LinkKind, PumpKind
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.validate import refuse_unsupported, validate_network
from floodsim.drainage.write_inp import write_inp
from floodsim.errors import CaseError
from tests.drainage.helpers import options

INP = (
    options()
    + """\
[JUNCTIONS]
A 10 3
B 9 3
C 8.9 3
[OUTFALLS]
O 8.5 FREE NO
[CONDUITS]
D A B 100 0.01 0 0
P1 B C 50 0.013 0 0
P2 C O 100 0.013 0 0
[XSECTIONS]
D DUMMY 0 0 0 0
P1 CIRCULAR 0.6 0 0 0
P2 CIRCULAR 0.6 0 0 0
[TIMESERIES]
Q 0:00 0
Q 0:10 0.2
Q 0:30 0.05
Q 1:00 0.1
[INFLOWS]
A FLOW Q FLOW 1 1
[REPORT]
NODES ALL
LINKS ALL
"""
)
TANK = "[STORAGE]\nS 9 3 0 FUNCTIONAL 0 0 20 0 {}\n[CONDUITS]\nPS S C 30 0.013\n[XSECTIONS]\nPS CIRCULAR 0.5\n"


def written(folder: Path, more: str = "") -> Path:
    path = folder / "net.inp"
    path.write_text(INP + more, encoding="utf-8")
    return path


def test_a_dummy_passes_on_what_arrives_as_in_swmm(tmp_path: Path) -> None:
    """Also as the pump that it is written as, SWMM lets the same flow through; the water balance closes."""
    network = with_dummies_as_pumps(read_inp(written(tmp_path)))
    assert network.links.kind.tolist() == [LinkKind.PUMP, LinkKind.CONDUIT, LinkKind.CONDUIT]
    assert network.pumps.kind.tolist() == [PumpKind.IDEAL] and network.pumps.link.tolist() == [0]
    assert network.conduits.length.tolist() == [50.0, 100.0]
    validate_network(network)
    engine = Engine(network)
    flows = []
    for minute in range(1, 61):
        engine.advance(60.0 * minute)
        flows.append(float(engine.water.flow[0]))
    minutes = np.arange(1, 61)
    np.testing.assert_allclose(flows, np.interp(minutes, [0, 10, 30, 60], [0, 0.2, 0.05, 0.1]), atol=2e-3)
    assert abs(engine.ledger.relative_error) < 1e-12
    answer = run_swmm(written(tmp_path), tmp_path)
    (tmp_path / "pump").mkdir()
    write_inp(network, tmp_path / "pump.inp")
    with (tmp_path / "pump.inp").open("a", encoding="utf-8") as file:
        file.write("[REPORT]\nNODES ALL\nLINKS ALL\n")
    pump = run_swmm(tmp_path / "pump.inp", tmp_path / "pump", REPORT_STEP="00:01:00", ROUTING_STEP=1)
    np.testing.assert_allclose(answer.flow[answer.links.index("D")], flows, atol=3e-3)
    np.testing.assert_allclose(pump.flow[pump.links.index("D")], flows, atol=3e-3)


def test_a_case_runs_dummies_and_says_so(tmp_path: Path) -> None:
    file = written(tmp_path)
    network = network_of(
        parse_case({"name": "x", "clock": {"duration": 10}, "drainage": {"network": str(file)}})
    ).network
    assert any("DUMMY conduits" in note and ": D" in note for note in network.notes)
    refuse_unsupported(network)
    with pytest.raises(CaseError, match=r"\[CONDUITS\] line 16, D: conduit D cannot be run: it is a DUMMY") as caught:
        Engine(read_inp(file))
    assert 'engine = "swmm"' in caught.value.faults[0].remedy


@pytest.mark.parametrize(
    ("losses", "rates", "said", "remedy"),
    [
        ("1", "[EVAPORATION]\nCONSTANT 0.0\nDRY_ONLY NO\n", "", ""),
        ("1", "", "", ""),
        ("1", "[EVAPORATION]\nCONSTANT 3.0\n", "evaporation", "take it out"),
        ("1", "[EVAPORATION]\nTIMESERIES Q\n", "evaporation", "take it out"),
        ("0 50 20 0.2", "", "", ""),
    ],
)
def test_tanks_that_lose_water(tmp_path: Path, losses: str, rates: str, said: str, remedy: str) -> None:
    """A share that evaporates is no matter where nothing does."""
    network = with_dummies_as_pumps(read_inp(written(tmp_path, TANK.format(losses) + rates)))
    if not said:
        refuse_unsupported(network)
        return
    with pytest.raises(CaseError, match=rf"\[STORAGE\] line \d+, S: STORAGE S cannot be run: {said}") as caught:
        refuse_unsupported(network)
    assert remedy in caught.value.faults[0].remedy
