"""EPA SWMM as an engine: takes exactly what it is given, goes on to the bit, leaves nothing behind, says its faults."""

from __future__ import annotations

import copy
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage import swmm_library
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.swmm_engine import SwmmEngine, swmm_model
from floodsim.drainage.swmm_history import BLOCK, History
from floodsim.drainage.swmm_worker import TOTALS, Running
from floodsim.drainage.validate import refuse_unsupported
from floodsim.errors import CaseError, RunError
from floodsim.kernels import swmm as kernels

INP = """\
[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
SURCHARGE_METHOD SLOT
ROUTING_STEP 1
MIN_SURFAREA 1.2
START_DATE 01/01/2000
END_DATE 01/01/2000
END_TIME 01:00:00
[JUNCTIONS]
A 10 2 0 0 0
B 9.8 2 0 0 0
[STORAGE]
T 9 3 0.2 FUNCTIONAL 0 0 20 0 0
[OUTFALLS]
O 9.2 FREE NO
[CONDUITS]
C1 A B 50 0.013 0 0
C2 B T 50 0.013 0 0.5
C3 T O 40 0.013 0.3 0
[XSECTIONS]
C1 CIRCULAR 0.5 0 0 0 2
C2 CIRCULAR 0.6 0 0 0 1
C3 CIRCULAR 0.5 0 0 0 1
[INFLOWS]
A FLOW TS FLOW 1 1
[TIMESERIES]
TS 0:00 0
TS 0:10 0.3
TS 1:00 0.05
[DWF]
B FLOW 0.01
[REPORT]
NODES ALL
LINKS ALL
"""
OPEN = np.array([True, True, False, False])
"""Which of the nodes, in the order of the tables, lie open to a street."""


def network(tmp_path: Path, text: str = INP) -> Network:
    file = tmp_path / "drain.inp"
    file.write_text(text, encoding="utf-8")
    return read_inp(file)


def give(engine: SwmmEngine, first: int, last: int) -> None:
    """Coupling steps of all lengths with inflows that jump, turn and stop, and a stage that comes and goes."""
    rng = np.random.default_rng(4)
    for k in range(last):
        lateral = rng.uniform(-0.002, 0.08, 4) * (rng.random(4) < 0.6) * OPEN
        span = (0.25, 1.0, 2.5, 1.0 / 3.0)[k % 4]
        stage = np.array([(np.nan, 9.4, np.nan)[k // 9 % 3]])
        if k >= first:
            engine.advance(engine.time + span, lateral, stage)


def test_what_is_handed_over_is_what_swmm_books(tmp_path: Path) -> None:
    """SWMM's own sums of what entered and left are, to rounding, those of the columns, less what is on its way."""
    model = replace(swmm_model(network(tmp_path), OPEN), folder=tempfile.mkdtemp(dir=tmp_path))
    running, rng = Running(model), np.random.default_rng(2)
    handed = np.zeros(4)
    for k in range(300):
        span = (0.5, 1.0, 0.7, 3.3)[k % 4]
        volumes = (span * rng.uniform(-0.02, 0.2, 4) * (rng.random(4) < 0.7) * OPEN).astype(np.float32)
        handed += volumes
        running.advance(running.clock[kernels.TIME] + span, volumes, np.full(1, np.nan))
    nodes = running.nodes
    totals = (swmm_library.ctypes.c_double * TOTALS)()
    running.library.swmm_getSystemRoutingTotals(totals)
    entered = handed.sum() - nodes[:, kernels.DUE].sum() + nodes[:, kernels.OWN_VOLUME].sum()
    net = totals[0] + totals[4] - totals[6]  # dry-weather and external inflow, outflow with negative inflows
    assert entered - nodes[model.outfalls, kernels.PASSED].sum() == pytest.approx(net, rel=1e-11)
    assert nodes[model.outfalls, kernels.PASSED].sum() > 10.0
    assert np.all(
        np.abs(nodes[:, kernels.DUE]) <= 0.2 * 1.0
    )  # half a step's inflow, and what swings where steps change
    for place, row in enumerate(running.rows):  # the bulk reading beside one call at a time
        for column, code in ((kernels.HEAD, 304), (kernels.DEPTH, 303), (kernels.VOLUME, 305)):
            assert nodes[place, column] == running.library.swmm_getValue(code, int(row))
    assert not Path(model.folder).exists()
    assert "ERROR" not in running.close()


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_a_steady_inflow_is_handed_over_steadily(tmp_path: Path, step: float) -> None:
    """Half a step's inflow is always under way: it is not made up for again in every step."""
    model = replace(swmm_model(network(tmp_path), OPEN), folder=tempfile.mkdtemp(dir=tmp_path))
    running = Running(model)
    rates = np.array([0.2, 0.05, 0.0, 0.0], np.float32)
    for k in range(1, 301):
        running.advance(step * k, step * rates, np.full(1, np.nan))
        assert running.nodes[:, kernels.GIVEN] == pytest.approx(rates, rel=1e-6)
        assert running.nodes[:, kernels.DUE] == pytest.approx(0.5 * step * rates, rel=1e-6)
    running.close()


def test_the_water_surface_of_a_node_counts_every_barrel(tmp_path: Path) -> None:
    """C1 is two pipes of 0.5 m by 50 m: the surface at its ends is more than one of them could have at its widest."""
    model = replace(swmm_model(network(tmp_path), OPEN), folder=tempfile.mkdtemp(dir=tmp_path))
    running = Running(model)
    running.advance(300.0, np.array([60.0, 15.0, 0.0, 0.0], np.float32), np.full(1, np.nan))
    surface = running.nodes[:, kernels.SURFACE]
    half_c1, half_c2 = 0.5 * 25.0, 0.6 * 25.0
    assert half_c1 < surface[0] < 2 * half_c1
    assert half_c1 + half_c2 < surface[1] < 2 * half_c1 + half_c2
    running.close()


def test_the_ledger_closes_to_what_swmm_loses(tmp_path: Path) -> None:
    engine = SwmmEngine(network(tmp_path), OPEN)
    give(engine, 0, 120)
    handed = engine.lateral_volume - engine.own_volume
    ledger = engine.ledger
    assert handed[2:].tolist() == [0.0, 0.0] and handed[0] > 1.0
    assert engine.own_volume[1] == pytest.approx(0.01 * (engine.time - 0.125), rel=1e-9)  # half of the first step
    assert ledger.inflow == pytest.approx(handed.sum() + engine.own_volume.sum(), rel=1e-14)
    assert 0.0 < abs(ledger.error) < engine.allowed_error < 0.1 * (ledger.handled + 50.0)
    assert engine.summary()["swmm"] == {"version": "5.2.4", "continuity_error": ledger.relative_error}
    assert engine.steps > engine.time / 1.0
    engine.close()


def test_alone_it_is_swmm(tmp_path: Path) -> None:
    """With nothing but its own inflows it comes to the heads and flows of SWMM run on the file the ordinary way."""
    engine = SwmmEngine(network(tmp_path), OPEN)
    answer = run_swmm(tmp_path / "drain.inp", tmp_path, VARIABLE_STEP=0, REPORT_STEP="00:05:00", THREADS=1)
    rows = [answer.nodes.index(name) for name in engine.network.nodes.name]
    links = [answer.links.index(name) for name in engine.network.links.name]
    for k, t in enumerate(answer.times):
        while engine.time < t - 0.5:
            engine.advance(engine.time + 1.0)
        assert engine.head == pytest.approx(answer.head[rows, k], abs=2e-5)
        assert engine.link_flow == pytest.approx(answer.flow[links, k], abs=2e-5)
    assert engine.ledger.outfall > 100.0
    assert engine.ledger.relative_error == pytest.approx(-answer.continuity, abs=2e-4)
    engine.close()


def test_a_restart_goes_on_to_the_bit(tmp_path: Path) -> None:
    engine = SwmmEngine(network(tmp_path), OPEN)
    give(engine, 0, BLOCK + 2)
    state = copy.deepcopy(engine.save())
    twin = copy.deepcopy(engine)
    give(engine, BLOCK + 2, BLOCK + 20)
    for _ in ("copied", "restored"):
        give(twin, BLOCK + 2, BLOCK + 20)
        for name in ("head", "link_flow", "volume", "lateral_volume", "own_volume", "outfall_volume", "link_volume"):
            np.testing.assert_array_equal(getattr(twin, name), getattr(engine, name), err_msg=name)
        assert twin.ledger == engine.ledger
        twin.restore(state)
    state["heads"][0] += 1e-9
    with pytest.raises(ValueError, match="another version"):
        twin.restore(state)
    for one in (engine, twin):
        one.close()


def test_a_history_gives_back_every_bit() -> None:
    rng, history = np.random.default_rng(1), History(5, 2)
    steps = []
    for k in range(3 * BLOCK + 7):
        volumes = (rng.standard_normal(5) * (rng.random(5) < 0.5)).astype(np.float32)
        steps.append((0.37 * k, volumes, np.array([np.nan, 9.0 + rng.random()])))
        history.add(*steps[-1])
    other = History(5, 2)
    other.recall(history.memory())
    for given, back in zip(steps, other.steps(), strict=True):
        assert given[0] == back[0]
        np.testing.assert_array_equal(given[1], back[1])
        np.testing.assert_array_equal(given[2], back[2])
    assert len(other) == len(steps)
    with pytest.raises(ValueError, match="11 numbers"):
        History(6, 2).recall(history.memory())


def test_swmm_refuses_with_section_object_and_line(tmp_path: Path) -> None:
    two = INP.replace("[XSECTIONS]\n", "C4 A O 90 0.013 0 0\n[XSECTIONS]\nC4 CIRCULAR 0.3 0 0 0 1\n")
    with pytest.raises(CaseError) as error:
        SwmmEngine(network(tmp_path, two), OPEN, "drain.inp")
    assert {fault.key for fault in error.value.faults} >= {"outfall O"}
    first = error.value.faults[0]
    assert first.file == "drain.inp" and "ERROR 141" in first.message and first.remedy
    report = "\n  ERROR 205: invalid keyword CIRKULAR at line 3 of [XSECT] section:\n  C1 CIRKULAR 0.5\n"
    (fault,) = swmm_library.said_faults(report, "[OPTIONS]\n[XSECTIONS]\nC1   CIRKULAR 0.5\n", "a.inp")
    assert (fault.key, fault.value) == ("[XSECTIONS] C1", "C1 CIRKULAR 0.5")
    assert not list(Path(tempfile.gettempdir()).glob(f"floodsim-swmm-*/{tmp_path.name}"))


def test_without_the_package_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swmm_library, "find_spec", lambda name: None)
    with pytest.raises(CaseError, match=r'pip install "floodsim\[swmm\]"'):
        SwmmEngine(network(tmp_path), OPEN)


def test_tanks_seep(tmp_path: Path) -> None:
    seeping = network(tmp_path, INP.replace("FUNCTIONAL 0 0 20 0 0", "FUNCTIONAL 0 0 20 0 0 50 20 0.2"))
    engine = SwmmEngine(seeping, OPEN)
    give(engine, 0, 40)
    assert engine.ledger.seepage > 1e-3
    engine.close()


def test_rules_on_street_depths_name_the_other_engine(tmp_path: Path) -> None:
    rule = INP + "[CONTROLS]\nRULE R\nIF GAUGE underpass DEPTH > 0.2\nTHEN CONDUIT C1 STATUS = CLOSED\n"
    with pytest.raises(CaseError, match='set engine = "floodsim"') as error:
        SwmmEngine(network(tmp_path, rule), OPEN)
    assert error.value.faults[0].key.startswith("[CONTROLS] line ") and error.value.faults[0].key.endswith(", rule R")


def test_weir_dividers_run(tmp_path: Path) -> None:
    """What our engine refuses for want of numbers SWMM takes from its own tables."""
    text = INP.replace("[STORAGE]", "[DIVIDERS]\nD 9.9 C2 WEIR 0.1 0.5 1.5 2 0 0 0\n[STORAGE]", 1)
    text = text.replace("C2 B T", "C2 D T").replace("[XSECTIONS]\n", "[WEIRS]\nW B D ROADWAY 0.1 0 NO 0 0 YES 8 PAVED\n"
                        "[XSECTIONS]\nW RECT_OPEN 1 6 0 0\n")  # fmt: skip
    drained = network(tmp_path, text)
    with pytest.raises(CaseError) as error:
        refuse_unsupported(drained)
    assert [re.sub(r"line \d+", "line", fault.key) for fault in error.value.faults] == ["[DIVIDERS] line, D"]
    assert all('engine = "swmm"' in fault.remedy for fault in error.value.faults)
    engine = SwmmEngine(drained, np.ones(5, bool))
    for k in range(200):
        engine.advance(k + 1.0, 0.2 * (np.array(drained.nodes.name) == "A"))
    assert engine.link_flow[drained.links.name.index("W")] > 0.1
    engine.close()


def alive(number: int) -> bool:
    """Whether a process runs; one that waits for its parent to look does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(number: int) -> None:
    for _ in range(100):
        if not alive(number):
            return
        time.sleep(0.1)
    raise AssertionError("the process of SWMM outlives")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_process_ends_with_its_engine_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    engine = SwmmEngine(network(tmp_path), OPEN)
    number = engine._running()._child.pid
    os.kill(number, signal.SIGTERM)  # as a batch system sends it to every process of a job
    give(engine, 0, 3)
    assert alive(number)
    os.kill(number, signal.SIGKILL)
    with pytest.raises(RunError, match="ended with code -9"):
        give(engine, 3, 9)
    engine = SwmmEngine(engine.network, OPEN)
    number = engine._running()._child.pid
    engine.close()
    wait_for_end(number)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_process_ends_where_its_starter_is_killed(tmp_path: Path) -> None:
    network(tmp_path)
    code = (
        "import os, signal, numpy as np\n"
        "from floodsim.drainage.read_inp import read_inp\n"
        "from floodsim.drainage.swmm_engine import SwmmEngine\n"
        f"engine = SwmmEngine(read_inp({str(tmp_path / 'drain.inp')!r}), np.ones(4, bool))\n"
        "print(engine._running()._child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    place = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=place)
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_for_end(int(done.stdout))
    assert list(tmp_path.glob("floodsim-swmm-*")) == []
