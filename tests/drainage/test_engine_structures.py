"""Orifices, weirs, outlets, pumps and rules against the formulas they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.drainage.engine import Engine
from floodsim.drainage.rules import Action, Operand, Premise, Rule, Watched
from tests.drainage.helpers import Sketch

G = 9.81


def tank(depth: float = 2.0, level: float = -5.0) -> tuple[Sketch, int, int]:
    """A tank so wide that its level stands, beside an outfall of given level."""
    sketch = Sketch()
    a = sketch.storage("a", 0.0, area=1e7, initial_depth=depth)
    b = sketch.outfall("b", -5.0, kind=2, level=level)
    return sketch, a, b


def flow(sketch: Sketch, seconds: float = 60.0) -> float:
    engine = Engine(sketch.network())
    engine.advance(seconds)
    return float(engine.link_flow[0])


@pytest.mark.parametrize(
    ("kind", "shape", "level", "expected"),
    [
        (0, ("CIRCULAR", 0.4), -5.0, 0.65 * np.pi * 0.04 * np.sqrt(2 * G * (2.0 - 0.7))),
        (0, ("RECT_CLOSED", 0.3, 0.5), -5.0, 0.65 * 0.15 * np.sqrt(2 * G * (2.0 - 0.65))),
        (0, ("RECT_CLOSED", 0.3, 0.5), 1.5, 0.65 * 0.15 * np.sqrt(2 * G * 0.5)),
        (1, ("CIRCULAR", 0.4), -5.0, 0.65 * np.pi * 0.04 * np.sqrt(2 * G * 1.5)),
    ],
)
def test_an_orifice_under_water_is_torricelli_s(kind: int, shape: tuple, level: float, expected: float):
    sketch, a, b = tank(level=level)
    sketch.orifice("o", a, b, shape, kind=kind, offset_start=0.5, coefficient=0.65)
    assert flow(sketch) == pytest.approx(expected, rel=1e-4)


def test_a_side_orifice_that_is_not_drowned_is_a_weir():
    sketch, a, b = tank(depth=0.6)
    sketch.orifice("o", a, b, ("RECT_CLOSED", 0.4, 1.0), offset_start=0.5, coefficient=0.65)
    full = 0.65 * 0.4 * np.sqrt(2 * G * 0.2)
    assert flow(sketch) == pytest.approx(full * 0.25**1.5, rel=1e-4)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"kind": 0}, 1.84 * 2.0 * 0.5**1.5),
        ({"kind": 0, "end_contractions": 2.0}, 1.84 * (2.0 - 0.1 * 2 * 0.5) * 0.5**1.5),
        ({"kind": 2, "coefficient": 1.38}, 1.38 * 1.0 * 0.5**2.5),
        ({"kind": 3, "end_coefficient": 1.4}, 1.84 * 2.0 * 0.5**1.5 + 1.4 * 0.5 * 0.5**2.5),
    ],
)
def test_free_weirs_follow_their_formulas(more: dict, expected: float):
    sketch, a, b = tank()
    shape = ("TRIANGULAR", 1.0, 2.0) if more["kind"] == 2 else ("TRAPEZOIDAL", 1.0, 2.0, 0.5, 0.5)
    sketch.weir("w", a, b, shape, offset_start=1.5, **more)
    assert flow(sketch) == pytest.approx(expected, rel=1e-4)


def test_tailwater_holds_a_weir_back_as_villemonte_found():
    sketch, a, b = tank(level=1.8)
    sketch.weir("w", a, b, ("RECT_OPEN", 1.0, 2.0), offset_start=1.5)
    expected = 1.84 * 2.0 * 0.5**1.5 * (1.0 - 0.6**1.5) ** 0.385
    assert flow(sketch) == pytest.approx(expected, rel=1e-4)


def test_water_runs_back_over_a_weir_unless_a_flap_closes():
    for flap, expected in ((False, -1.84 * 2.0 * 0.5**1.5), (True, 0.0)):
        sketch, a, b = tank(depth=0.0, level=2.0)
        sketch.weir("w", a, b, ("RECT_OPEN", 1.0, 2.0), offset_start=1.5, flap=flap)
        assert flow(sketch, 5.0) == pytest.approx(expected, rel=1e-3)


def test_outlets_follow_formula_or_table_by_depth_or_head():
    sketch, a, b = tank(level=1.0)
    sketch.outlet("f", a, b, offset_start=0.5, coefficient=0.2, exponent=0.6)
    assert flow(sketch) == pytest.approx(0.2 * 1.5**0.6, rel=1e-6)
    sketch, a, b = tank(level=1.0)
    curve = sketch.curve("RATING", [0.0, 1.0, 2.0], [0.0, 0.3, 0.4])
    sketch.outlet("t", a, b, offset_start=0.5, by_head=True, curve=curve)
    assert flow(sketch) == pytest.approx(0.3, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "x", "y", "expected"),
    [
        (1, [1e7, 3e7], [0.1, 0.2], 0.2),
        (2, [1.0, 3.0], [0.1, 0.2], 0.2),
        (3, [0.0, 4.0], [0.4, 0.0], 0.2),
        (4, [0.0, 4.0], [0.0, 0.4], 0.2),
        (5, [0.0, 4.0], [0.4, 0.0], 0.2),
    ],
)
def test_pumps_read_their_curves(kind: int, x: list[float], y: list[float], expected: float):
    sketch = Sketch()
    a = sketch.storage("a", 0.0, area=1e7, initial_depth=2.0)
    b = sketch.outfall("b", 4.0)
    sketch.pump("p", a, b, kind=kind, curve=sketch.curve(f"PUMP{kind}", x, y))
    assert flow(sketch) == pytest.approx(expected, rel=1e-4)


def test_an_ideal_pump_takes_what_comes():
    sketch = Sketch()
    a, b = sketch.junction("a", 0.0), sketch.outfall("b", 4.0)
    sketch.pump("p", a, b)
    engine = Engine(sketch.network())
    engine.advance(600.0, np.array([0.25, 0.0]))
    assert engine.link_flow[0] == pytest.approx(0.25, rel=1e-3)
    assert engine.volume[a] <= 1.01 * 0.25 * 5.0  # what one step of 5 s brings


def test_a_gate_takes_its_time():
    sketch, a, b = tank()
    sketch.orifice("o", a, b, ("RECT_CLOSED", 0.4, 1.0), coefficient=0.65, gate_time=100.0)
    shut = Action(0, value=0.0)
    start = Premise("IF", Operand(Watched.TIME), ">=", Operand(Watched.CONSTANT, value=0.0))
    sketch.rules.append(Rule("shut", (start,), (shut,)))
    engine = Engine(sketch.network())
    engine.advance(50.0)
    assert engine.water.setting[0] == pytest.approx(0.5, abs=0.01)
    engine.advance(150.0)
    assert engine.link_flow[0] == 0.0


def ruled(rules: list[Rule]) -> Engine:
    sketch = Sketch()
    a = sketch.storage("a", 0.0, area=100.0, initial_depth=1.0)
    b = sketch.outfall("b", 4.0)
    sketch.pump("p", a, b, kind=2, curve=sketch.curve("PUMP2", [0.0, 9.0], [0.0, 0.5]), initial_on=False)
    sketch.curves.append(sketch.curves[0].__class__("c", "CONTROL", np.array([0.0, 4.0]), np.array([0.0, 2.0])))
    sketch.series.append(sketch_series())
    sketch.rules.extend(rules)
    return Engine(sketch.network())


def sketch_series():
    from floodsim.drainage.network import Series

    return Series("s", np.array([0.0, 1000.0]), np.array([0.0, 1.0]))


DEEP = Premise("IF", Operand(Watched.NODE_DEPTH, 0), ">", Operand(Watched.CONSTANT, value=2.0))


def test_a_rule_switches_with_its_premise_and_back_with_else():
    engine = ruled([Rule("r", (DEEP,), (Action(0, value=1.0),), (Action(0, value=0.0),))])
    engine.advance(100.0, np.array([0.5, 0.0]))
    assert engine.link_flow[0] == 0.0
    engine.advance(300.0, np.array([0.5, 0.0]))
    assert engine.depth[0] > 2.0
    assert engine.link_flow[0] == pytest.approx(0.5)
    engine.advance(900.0)
    assert engine.link_flow[0] == 0.0
    assert engine.depth[0] == pytest.approx(2.0, abs=0.05)


def test_the_higher_priority_is_heard():
    always = Premise("IF", Operand(Watched.TIME), ">=", Operand(Watched.CONSTANT, value=0.0))
    on, off = (Action(0, value=1.0),), (Action(0, value=0.0),)
    for first, second, running in ((1.0, 2.0, False), (2.0, 1.0, True), (1.0, 1.0, True)):
        engine = ruled([Rule("on", (always,), on, (), first), Rule("off", (always,), off, (), second)])
        engine.advance(20.0)
        assert bool(engine.link_flow[0] > 0.0) is running


def test_settings_come_from_curves_and_series():
    always = Premise("IF", Operand(Watched.NODE_DEPTH, 0), ">=", Operand(Watched.CONSTANT, value=0.0))
    engine = ruled([Rule("c", (always,), (Action(0, curve=1),))])
    engine.advance(5.0)
    assert engine.target[0] == pytest.approx(0.5, rel=0.02)
    engine = ruled([Rule("s", (always,), (Action(0, series=0),))])
    engine.advance(500.0)
    assert engine.target[0] == pytest.approx(0.495, abs=0.01)


def test_a_controller_brings_the_level_to_its_set_point():
    goal = Premise("IF", Operand(Watched.NODE_DEPTH, 0), "<>", Operand(Watched.CONSTANT, value=1.5))
    engine = ruled([Rule("pid", (goal,), (Action(0, pid=(-2.0, 400.0, 0.0)),))])
    engine.advance(6 * 3600.0, np.array([0.2, 0.0]))
    assert engine.depth[0] == pytest.approx(1.5, abs=0.05)
    assert engine.link_flow[0] == pytest.approx(0.2, rel=0.1)
