"""Inlet control of culverts against the equations of FHWA HDS-5, and water that conduits lose to the ground."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.drainage.culverts import INLETS, inlet_rating
from floodsim.drainage.engine import Engine
from tests.drainage.helpers import Sketch

G, FOOT = 9.81, 0.3048
WIDTH, HEIGHT, SLOPE = 1.5, 1.2, 0.02


def box() -> tuple[np.ndarray, np.ndarray]:
    depth = np.linspace(0.0, HEIGHT, 101)
    return WIDTH * depth, np.full(101, WIDTH)


@pytest.mark.parametrize("code", sorted(INLETS))
def test_a_rating_meets_the_equations_at_both_ends(code: int):
    form, k, m, c, y = INLETS[code]
    heads, flows = inlet_rating(code, HEIGHT, SLOPE, *box(), G)
    assert np.all(np.diff(heads) > 0.0) and np.all(np.diff(flows) >= 0.0) and flows[0] == 0.0
    shift = 0.7 * SLOPE if code in (5, 37, 46) else -0.5 * SLOPE
    x = 6.0  # ft^0.5/s, submerged
    flow = x * FOOT**0.5 * WIDTH * HEIGHT * HEIGHT**0.5
    assert np.interp(flow, flows, heads) == pytest.approx(HEIGHT * (c * x**2 + y + shift), rel=0.01)
    x = 1.5  # unsubmerged
    flow = x * FOOT**0.5 * WIDTH * HEIGHT * HEIGHT**0.5
    critical = ((flow / WIDTH) ** 2 / G) ** (1 / 3)
    expected = 1.5 * critical + HEIGHT * (k * x**m + shift) if form == 1 else HEIGHT * k * x**m
    assert np.interp(flow, flows, heads) == pytest.approx(expected, rel=0.02)


def test_a_culvert_backs_water_up_to_the_head_of_its_inlet():
    q = 5.0
    sketch = Sketch()
    pond, out = sketch.storage("pond", 0.0, area=50.0, full_depth=20.0), sketch.outfall("out", -0.6)
    sketch.conduit("culvert", pond, out, 30.0, ("RECT_CLOSED", HEIGHT, WIDTH), roughness=0.010, culvert=12)
    engine = Engine(sketch.network())
    engine.advance(3600.0, np.array([q, 0.0]))
    _, _, _, c, y = INLETS[12]
    x = q / (WIDTH * HEIGHT * HEIGHT**0.5) / FOOT**0.5
    assert x > 4.0
    assert engine.depth[pond] == pytest.approx(HEIGHT * (c * x**2 + y - 0.5 * 0.6 / 30.0), abs=0.01)
    assert abs(engine.ledger.relative_error) < 1e-12


def test_a_conduit_loses_water_to_the_ground_and_the_ledger_knows():
    rate, length, width = 1e-4, 100.0, 2.0
    sketch = Sketch()
    a, b = (
        sketch.storage("a", 0.0, area=10.0, initial_depth=1.0),
        sketch.storage("b", 0.0, area=10.0, initial_depth=1.0),
    )
    sketch.conduit("ditch", a, b, length, ("RECT_OPEN", 2.0, width), roughness=0.03, seepage=rate)
    engine = Engine(sketch.network())
    engine.advance(600.0)
    ledger = engine.ledger
    assert ledger.seepage == pytest.approx(rate * length * width * 600.0, rel=1e-6)
    assert abs(ledger.relative_error) < 1e-12
    np.testing.assert_allclose(engine.depth, 1.0 - ledger.seepage / (20.0 + length * width), rtol=1e-3)
