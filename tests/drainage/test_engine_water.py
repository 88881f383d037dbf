"""Water in motion and at rest: mass, oscillation, filling and emptying, overflow, restart, several engines at once."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.drainage.engine import Engine
from floodsim.errors import CaseError
from tests.drainage.helpers import Sketch, chain

G = 9.81


def two_tanks(offset: float = 0.0) -> Sketch:
    sketch = Sketch()
    a = sketch.storage("a", 0.0, area=20.0, initial_depth=3.5)
    b = sketch.storage("b", 0.0, area=30.0, initial_depth=3.0)
    sketch.conduit("pipe", a, b, 100.0, ("CIRCULAR", 0.8), roughness=1e-4, offset_start=offset, offset_end=offset)
    return sketch


def test_two_tanks_swing_with_the_period_of_their_pipe():
    engine = Engine(two_tanks().network(), safety=0.1)
    area = np.pi * 0.8**2 / 4
    slot = 0.01 * 0.8 * 50.0
    period = 2 * np.pi / np.sqrt(G * area / 100.0 * (1 / (20.0 + slot) + 1 / (30.0 + slot)))
    times, gap = np.arange(0.5, 2 * period, 0.5), []
    for t in times:
        engine.advance(float(t))
        gap.append(engine.head[0] - engine.head[1])
    crossings = times[1:][np.diff(np.sign(gap)) != 0]
    assert crossings[2] - crossings[0] == pytest.approx(period, rel=0.01)
    assert abs(engine.ledger.error) < 1e-12 * engine.ledger.handled


def test_a_closed_network_keeps_its_water_and_comes_to_rest():
    sketch = Sketch()
    ids = [sketch.junction(f"n{k}", 0.1 * (k % 3), initial_depth=2.0 if k < 3 else 0.0) for k in range(6)]
    for k in range(6):
        sketch.conduit(f"c{k}", ids[k], ids[(k + 1) % 6], 40.0, ("CIRCULAR", 0.6))
    engine = Engine(sketch.network())
    engine.advance(6 * 3600.0)
    assert abs(engine.ledger.relative_error) < 1e-12
    assert np.ptp(engine.head) < 5e-3
    assert np.abs(engine.link_flow).max() < 3e-3


def test_still_water_stays_still_on_any_bed():
    sketch = Sketch()
    ids = [sketch.junction(f"n{k}", z, initial_depth=3.0 - z) for k, z in enumerate((0.0, 1.2, 0.4, 2.5))]
    for k in range(3):
        sketch.conduit(f"c{k}", ids[k], ids[k + 1], 30.0, ("EGG", 0.9))
    engine = Engine(sketch.network())
    engine.advance(600.0)
    np.testing.assert_allclose(engine.head, 3.0, atol=1e-12)
    assert np.abs(engine.link_flow).max() < 1e-12


def test_a_wet_well_is_pumped_down_on_time():
    sketch = Sketch()
    well = sketch.storage("well", 0.0, area=12.0, initial_depth=4.0)
    out = sketch.outfall("out", 5.0)
    curve = sketch.curve("PUMP2", [0.5, 100.0], [0.0, 0.03])
    sketch.pump("p", well, out, kind=2, curve=curve, start_depth=3.0, stop_depth=1.0)
    engine = Engine(sketch.network())
    engine.advance(600.0)
    assert engine.depth[well] == pytest.approx(4.0 - 600.0 * 0.03 / 12.0, abs=1e-9)
    engine.advance(3600.0)
    assert engine.depth[well] == pytest.approx(1.0, abs=0.03)
    assert engine.link_flow[0] == 0.0
    assert engine.outfall_volume[0] == pytest.approx(12.0 * (4.0 - engine.depth[well]), rel=1e-12)
    engine.advance(3660.0, np.array([1.0, 0.0]))
    assert engine.link_flow[0] == pytest.approx(0.03)


def test_water_over_the_rim_is_lost_and_booked():
    sketch, _ = chain(3, 150.0, ("CIRCULAR", 0.3), 0.004, 0.013, top=1.0)
    for row in sketch.nodes[:-1]:
        row["full_depth"] = 1.5
    engine = Engine(sketch.network())
    engine.advance(3600.0, np.array([0.5, 0.0, 0.0, 0.0]))
    ledger = engine.ledger
    assert engine.flooding[0] > 0.5 * 1800.0
    assert ledger.inflow == pytest.approx(1800.0)
    assert abs(ledger.relative_error) < 1e-12
    assert engine.depth[0] == pytest.approx(1.5)


def test_ponded_water_waits_over_the_rim_and_drains_back():
    sketch, _ = chain(3, 150.0, ("CIRCULAR", 0.3), 0.004, 0.013, top=1.0)
    for row in sketch.nodes[:-1]:
        row.update(full_depth=1.5, ponded_area=200.0)
    sketch.options = type(sketch.options)(**{**vars(sketch.options), "ponding": True})
    engine = Engine(sketch.network())
    engine.advance(1200.0, np.array([0.3, 0.0, 0.0, 0.0]))
    assert engine.depth[0] > 1.6
    assert engine.ledger.flooding == 0.0
    engine.advance(6 * 3600.0)
    assert engine.depth[0] < 0.1
    assert engine.ledger.outfall == pytest.approx(360.0, rel=0.01)


def test_a_coupled_node_takes_any_head_and_loses_nothing():
    sketch, _ = chain(3, 150.0, ("CIRCULAR", 0.3), 0.004, 0.013, top=1.0)
    for row in sketch.nodes[:-1]:
        row["full_depth"] = 1.5
    engine = Engine(sketch.network(), coupled=np.array([True, False, False, False]))
    engine.advance(100.0, np.array([0.5, 0.0, 0.0, 0.0]))
    assert engine.depth[0] > 3.0
    assert engine.flooding[0] == 0.0


def test_no_more_is_taken_from_a_node_than_it_holds():
    sketch, _ = chain(2, 60.0, ("CIRCULAR", 0.4), 0.01, 0.013, top=1.0)
    engine = Engine(sketch.network())
    engine.advance(60.0, np.array([0.02, 0.0, 0.0]))
    engine.advance(120.0, np.array([-5.0, 0.0, 0.0]))
    assert engine.volume.min() >= 0.0
    assert engine.lateral_volume[0] < 1.2
    assert abs(engine.ledger.relative_error) < 1e-12


def test_a_flap_gate_keeps_the_tide_out():
    for flap in (True, False):
        sketch, nodes = chain(3, 150.0, ("CIRCULAR", 0.5), 0.002, 0.013, top=1.0, kind=2, level=2.0, flap=flap)
        engine = Engine(sketch.network())
        engine.advance(1800.0)
        assert bool(engine.volume.sum() == 0.0) is flap
        assert bool(engine.outfall_volume[0] < 0.0) is not flap
        assert engine.head[nodes[-1]] == 2.0


def test_a_given_outfall_stage_overrules_the_input():
    sketch, nodes = chain(3, 150.0, ("CIRCULAR", 0.5), 0.002, 0.013, top=1.0)
    engine = Engine(sketch.network())
    engine.advance(3600.0, outfall_stage=np.array([1.8]))
    np.testing.assert_allclose(engine.head[nodes[:-1]], 1.8, atol=0.03)
    engine.advance(7200.0, outfall_stage=np.array([np.nan]))
    assert engine.head[nodes[0]] < 1.2


def busy() -> Sketch:
    sketch, nodes = chain(6, 300.0, ("CIRCULAR", 0.5), 0.003, 0.013, top=2.0)
    sketch.inflow(nodes[0], [0.0, 600.0, 1800.0, 3600.0], [0.0, 0.4, 0.1, 0.0])
    return sketch


def test_a_restart_goes_on_bit_for_bit():
    whole, half = Engine(busy().network()), Engine(busy().network())
    half.advance(900.0)
    state = {name: array.copy() for name, array in half.save().items()}
    fresh = Engine(busy().network())
    fresh.restore(state)
    for t in np.arange(60.0, 3601.0, 60.0):
        whole.advance(float(t))
        if t > 900.0:
            fresh.advance(float(t))
    whole_again = Engine(busy().network())
    whole_again.advance(900.0)
    for t in np.arange(960.0, 3601.0, 60.0):
        whole_again.advance(float(t))
    for name, array in whole_again.save().items():
        np.testing.assert_array_equal(array, fresh.save()[name], err_msg=name)
    np.testing.assert_allclose(whole.volume, fresh.volume, rtol=1e-3, atol=1e-6)


def test_engines_side_by_side_do_not_disturb_each_other():
    alone = Engine(busy().network())
    alone.advance(1800.0)
    first, second = Engine(busy().network()), Engine(two_tanks().network())
    for t in np.arange(100.0, 1801.0, 100.0):
        first.advance(float(t))
        second.advance(float(t))
    steps = Engine(busy().network())
    for t in np.arange(100.0, 1801.0, 100.0):
        steps.advance(float(t))
    np.testing.assert_array_equal(first.volume, steps.volume)


def test_a_very_short_link_is_slowed_and_noted_but_steady_flow_is_not():
    sketch = Sketch()
    a, b = sketch.junction("a", 0.2), sketch.junction("b", 0.19)
    out = sketch.outfall("out", 0.0, kind=2, level=2.0)
    sketch.conduit("stub", a, b, 0.5, ("CIRCULAR", 1.5))
    sketch.conduit("main", b, out, 80.0, ("CIRCULAR", 1.5))
    engine = Engine(sketch.network(), least_step=0.5)
    assert any("stub" in note for note in engine.notes)
    engine.advance(2.0 * 3600.0, np.array([1.0, 0.0, 0.0]))
    area = np.pi * 1.5**2 / 4
    slope = (0.013 / area) ** 2 / (1.5 / 4) ** (4 / 3)
    assert engine.head[a] == pytest.approx(2.0 + 80.5 * slope, abs=1e-3)


def test_faults_of_a_network_are_all_reported():
    sketch, _ = chain(2, 60.0, ("CIRCULAR", 0.4), 0.01, 0.013)
    sketch.rows["conduits"][0]["length"] = -1.0
    sketch.sections[1]["shape"] = "HEART"
    with pytest.raises(CaseError) as caught:
        Engine(sketch.network())
    text = str(caught.value)
    assert "c0" in text and "HEART" in text
