"""Steady flow against hand-made solutions: surcharged head lines, backwater and drawdown curves, the hydraulic jump."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from floodsim.drainage.engine import Engine
from tests.drainage.helpers import Sketch, chain

G = 9.81


def settle(engine: Engine, inflow: dict[int, float], hours: float = 6.0) -> Engine:
    lateral = np.zeros(engine.depth.size)
    for node, flow in inflow.items():
        lateral[node] = flow
    engine.advance(hours * 3600.0, lateral)
    return engine


def test_a_surcharged_head_line_is_that_of_manning():
    length, diameter, n, q = 80.0, 0.6, 0.013, 0.45
    sketch, nodes = chain(8, 8 * length, ("CIRCULAR", diameter), 0.002, n, top=10.0, kind=2, level=10.5)
    engine = settle(Engine(sketch.network()), {0: q})
    area, radius = np.pi * diameter**2 / 4, diameter / 4
    slope = (n * q / area) ** 2 / radius ** (4 / 3)
    expected = 10.5 + slope * length * (8 - np.arange(9))
    np.testing.assert_allclose(engine.head[nodes], expected, atol=1e-3)
    np.testing.assert_allclose(engine.link_flow, q, rtol=1e-6)


def test_local_losses_add_velocity_heads():
    q, diameter = 0.3, 0.5
    sketch = Sketch()
    a, b = sketch.junction("a", 0.0), sketch.outfall("b", 0.0, kind=2, level=3.0)
    sketch.conduit("ab", a, b, 50.0, ("CIRCULAR", diameter), loss_entry=0.5, loss_exit=1.0, loss_average=0.2)
    engine = settle(Engine(sketch.network()), {a: q}, 2.0)
    area = np.pi * diameter**2 / 4
    friction = (0.013 * q / area) ** 2 / (diameter / 4) ** (4 / 3) * 50.0
    assert engine.head[a] == pytest.approx(3.0 + friction + 1.7 * (q / area) ** 2 / (2 * G), abs=2e-3)


@pytest.mark.parametrize(("q", "n"), [(12.0, 0.02), (18.0, 0.013)])
def test_a_short_culvert_between_wide_channels_loses_by_friction_alone(q: float, n: float):
    """Full at its head and nearly so at its foot; losses at mouths are for who states them, as in SWMM."""
    height, width, length, stage = 2.1, 4.1, 23.0, 2.0
    sketch = Sketch()
    a, b = sketch.junction("a", 0.0), sketch.junction("b", 0.0)
    c, d = sketch.junction("c", 0.0), sketch.outfall("d", 0.0, kind=2, level=stage)
    for name, start, end in (("above", a, b), ("below", c, d)):
        sketch.conduit(name, start, end, 120.0, ("RECT_OPEN", 4.0, 25.0))
    sketch.conduit("culvert", b, c, length, ("RECT_CLOSED", height, width), roughness=n)
    engine = settle(Engine(sketch.network()), {a: q}, 3.0)
    foot = min(engine.head[c], height)
    area, radius = width * 0.5 * (height + foot), width * height / (2.0 * (width + height))
    assert engine.link_flow[2] == pytest.approx(q, rel=1e-3)
    friction = (n * q / area) ** 2 / radius ** (4 / 3) * length
    assert engine.head[b] - engine.head[c] == pytest.approx(friction, abs=0.1 * (q / area) ** 2 / (2.0 * G))


@pytest.mark.parametrize(("law", "factor"), [("H-W", 120.0), ("D-W", 0.0015)])
def test_a_force_main_follows_its_own_law(law: str, factor: float):
    q, diameter, length = 0.25, 0.4, 600.0
    sketch = Sketch(force_main=law)
    a, b = sketch.junction("a", 0.0), sketch.outfall("b", 0.0, kind=2, level=4.0)
    sketch.conduit("main", a, b, length, ("FORCE_MAIN", diameter, factor))
    engine = settle(Engine(sketch.network()), {a: q}, 3.0)
    speed = q / (np.pi * diameter**2 / 4)
    if law == "H-W":
        slope = (speed / (0.849 * factor * (diameter / 4) ** 0.63)) ** (1 / 0.54)
    else:
        reynolds = speed * diameter / 1.0e-6
        f = 0.25 / np.log10(factor / (3.7 * diameter) + 5.74 / reynolds**0.9) ** 2
        slope = f / diameter * speed**2 / (2 * G)
    assert engine.head[a] - 4.0 == pytest.approx(slope * length, rel=5e-3)


class Channel:
    """A rectangular channel in steady flow, solved as an ordinary differential equation."""

    def __init__(self, width: float, slope: float, n: float, q: float) -> None:
        self.width, self.slope, self.n, self.q = width, slope, n, q
        self.critical = (q**2 / (G * width**2)) ** (1 / 3)
        self.normal = brentq(lambda y: self.friction(y) - slope, 1e-3, 50.0)

    def friction(self, y: float) -> float:
        area = self.width * y
        radius = area / (self.width + 2 * y)
        return (self.n * self.q / area) ** 2 / radius ** (4 / 3)

    def profile(self, depth: float, x0: float, x1: float, at: np.ndarray) -> np.ndarray:
        """Depths at stations ``at`` of the curve that passes ``depth`` at x0, integrated towards x1."""

        def rise(x: float, y: np.ndarray) -> list[float]:
            froude2 = self.q**2 * self.width / (G * (self.width * y[0]) ** 3)
            return [(self.slope - self.friction(y[0])) / (1.0 - froude2)]

        found = solve_ivp(rise, (x0, x1), [depth], dense_output=True, max_step=1.0, rtol=1e-8)
        return found.sol(at)[0]


def test_backwater_m1_lies_on_the_integrated_curve():
    channel = Channel(2.0, 0.001, 0.015, 3.0)
    level = 2.2
    sketch, nodes = chain(40, 2000.0, ("RECT_OPEN", 5.0, 2.0), channel.slope, channel.n, top=2.0, kind=2, level=level)
    engine = settle(Engine(sketch.network()), {0: channel.q})
    x = 50.0 * np.arange(40)
    expected = channel.profile(level, 2000.0, 0.0, x)
    assert channel.normal > channel.critical
    np.testing.assert_allclose(engine.depth[nodes[:-1]], expected, rtol=0.01)


def test_drawdown_m2_lies_on_the_integrated_curve():
    channel = Channel(2.0, 0.001, 0.015, 3.0)
    sketch, nodes = chain(60, 1500.0, ("RECT_OPEN", 5.0, 2.0), channel.slope, channel.n, top=1.5)
    engine = settle(Engine(sketch.network()), {0: channel.q})
    x = 25.0 * np.arange(60)
    expected = channel.profile(channel.critical * 1.0005, 1500.0, 0.0, x)
    np.testing.assert_allclose(engine.depth[nodes[:-1]], expected, rtol=0.01)
    assert engine.depth[nodes[-1]] == pytest.approx(channel.critical, rel=0.01)


def test_steep_flow_s2_runs_from_critical_to_normal_depth():
    mild, steep = Channel(2.0, 0.0005, 0.015, 3.0), Channel(2.0, 0.02, 0.015, 3.0)
    dx, reaches = 5.0, 40
    sketch = Sketch()
    bed = np.concatenate((0.0005 * dx * np.arange(reaches, 0, -1), -0.02 * dx * np.arange(reaches + 1)))
    nodes = [sketch.junction(f"n{k}", z) for k, z in enumerate(bed[:-1])]
    nodes.append(sketch.outfall("out", bed[-1]))
    for k in range(2 * reaches):
        sketch.conduit(f"c{k}", nodes[k], nodes[k + 1], dx, ("RECT_OPEN", 5.0, 2.0), roughness=0.015)
    engine = settle(Engine(sketch.network()), {0: 3.0}, 2.0)
    depth = engine.depth[nodes]
    assert depth[reaches] == pytest.approx(mild.critical, rel=0.15)
    x = dx * np.arange(4, reaches)
    expected = steep.profile(depth[reaches + 4], x[0], x[-1], x)
    np.testing.assert_allclose(depth[reaches + 4 : -1], expected, rtol=0.01)
    assert depth[-2] == pytest.approx(steep.normal, rel=0.01)


def test_a_hydraulic_jump_stands_where_the_conjugate_depths_meet():
    channel = Channel(2.0, 0.02, 0.015, 3.0)
    length, dx, level = 200.0, 4.0, 2.0
    sketch, nodes = chain(50, length, ("RECT_OPEN", 8.0, 2.0), channel.slope, channel.n, top=4.0, kind=2, level=level)
    engine = settle(Engine(sketch.network()), {0: channel.q}, 2.0)
    shooting = channel.normal
    froude2 = channel.q**2 / (G * channel.width**2 * shooting**3)
    conjugate = 0.5 * shooting * (np.sqrt(1.0 + 8.0 * froude2) - 1.0)
    # the curve under the jump ends where it reaches critical depth: integrate depth upwards from the level instead
    depths = np.linspace(level, conjugate, 4001)
    froude2 = channel.q**2 / (G * channel.width**2 * depths**3)
    run = (1.0 - froude2) / (channel.slope - np.array([channel.friction(y) for y in depths]))
    front = length + np.trapezoid(run, depths)
    depth = engine.depth[nodes]
    found = dx * int(np.argmax(depth[:-1] > 0.5 * (shooting + conjugate)))
    assert found == pytest.approx(front, abs=2.5 * dx)
    np.testing.assert_allclose(depth[5 : int(front / dx) - 3], shooting, rtol=0.02)


@pytest.mark.parametrize("q", [5.0, 5.5, 6.5])
def test_a_full_pipe_to_a_free_mouth_loses_what_the_integrated_curve_says(q: float):
    diameter, n, slope, length = 1.4, 0.017, 0.8 / 195.0, 195.0
    sketch = Sketch()
    a, b = sketch.junction("a", 0.8), sketch.outfall("b", 0.0)
    sketch.conduit("ab", a, b, length, ("CIRCULAR", diameter), roughness=n)
    engine = settle(Engine(sketch.network()), {a: q}, 2.0)

    def rise(x: float, y: np.ndarray) -> list[float]:
        angle = 2.0 * np.arccos(1.0 - 2.0 * min(y[0] / diameter, 0.99999))
        area, width = diameter**2 / 8 * (angle - np.sin(angle)), diameter * np.sin(angle / 2)
        friction = (n * q / area) ** 2 / (2.0 * area / (diameter * angle)) ** (4 / 3)
        return [(friction - slope) / (1.0 - q**2 * width / (G * area**3))]

    def closes(x: float, y: np.ndarray) -> float:
        return float(y[0] - 0.9999 * diameter)

    closes.terminal = True  # type: ignore[attr-defined]
    mouth = engine.depth[b]
    curve = solve_ivp(rise, (0.0, length), [1.0005 * mouth], max_step=0.05, events=closes)
    full = (n * q / (np.pi * diameter**2 / 4)) ** 2 / (diameter / 4) ** (4 / 3)
    expected = diameter + (full - slope) * (length - curve.t[-1])
    assert engine.depth[a] == pytest.approx(expected, rel=0.03)


def test_backwater_m1_in_a_partly_full_pipe_lies_on_the_integrated_curve():
    level = 1.7
    diameter, n, slope, q, dx, reaches = 2.0, 0.015, 0.001, 2.0, 20.0, 60
    shape = ("CIRCULAR", diameter)
    sketch, nodes = chain(reaches, dx * reaches, shape, slope, n, top=slope * dx * reaches, kind=2, level=level)
    engine = settle(Engine(sketch.network()), {0: q})

    def rise(x: float, y: np.ndarray) -> list[float]:
        angle = 2.0 * np.arccos(1.0 - 2.0 * y[0] / diameter)
        area, width = diameter**2 / 8 * (angle - np.sin(angle)), diameter * np.sin(angle / 2)
        friction = (n * q / area) ** 2 / (2.0 * area / (diameter * angle)) ** (4 / 3)
        return [(friction - slope) / (1.0 - q**2 * width / (G * area**3))]

    x = dx * np.arange(1, reaches + 1)
    curve = solve_ivp(rise, (0.0, dx * reaches), [level], dense_output=True, max_step=1.0, rtol=1e-8)
    np.testing.assert_allclose(engine.depth[nodes[:-1]][::-1], curve.sol(x)[0], rtol=0.01)


def circle(y: float, diameter: float) -> tuple[float, float, float]:
    """Area, width and hydraulic radius of a circle filled to y."""
    angle = 2.0 * np.arccos(1.0 - 2.0 * y / diameter)
    area = diameter**2 / 8 * (angle - np.sin(angle))
    return area, diameter * np.sin(angle / 2), 2.0 * area / (diameter * angle)


@pytest.mark.parametrize(("dx", "near"), [(20.0, 160.0), (30.0, 30.0), (40.0, 40.0)], ids=["20", "30", "40"])
def test_drawdown_m2_in_a_partly_full_pipe_stands_still_on_the_integrated_curve(dx: float, near: float):
    """Reaches of 20 to 45 depths; within ``near`` m of the mouth upwind momentum of short reaches is of first order."""
    diameter, n, slope, q = 2.0, 0.015, 0.001, 2.0
    reaches = int(1200.0 / dx)
    sketch, nodes = chain(reaches, dx * reaches, ("CIRCULAR", diameter), slope, n, top=slope * dx * reaches)
    engine = settle(Engine(sketch.network()), {0: q}, 4.0)
    lateral = np.zeros(reaches + 1)
    lateral[0] = q
    seen = []
    for k in range(60):
        engine.advance(4.0 * 3600.0 + k + 1.0, lateral)
        seen.append(engine.depth[nodes[:-1]].copy())
    assert np.ptp(seen, axis=0).max() < 1e-4

    def froude2(y: float) -> float:
        area, width, _ = circle(y, diameter)
        return q**2 * width / (G * area**3)

    def rise(x: float, y: np.ndarray) -> list[float]:
        area, _, radius = circle(y[0], diameter)
        return [(slope - (n * q / area) ** 2 / radius ** (4 / 3)) / (1.0 - froude2(y[0]))]

    critical = brentq(lambda y: froude2(y) - 1.0, 1e-3, diameter - 1e-3)
    length = dx * reaches
    curve = solve_ivp(rise, (length, 0.0), [1.0005 * critical], dense_output=True, max_step=0.5, rtol=1e-8)
    x = dx * np.arange(reaches)
    away = x < length - near
    np.testing.assert_allclose(seen[-1][away], curve.sol(x)[0][away], rtol=0.01)
    np.testing.assert_allclose(seen[-1], curve.sol(x)[0], rtol=0.025)
