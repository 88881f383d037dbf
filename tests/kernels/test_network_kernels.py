"""Kernels of the pipe network on a few numbers, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.drainage.sections import ShapeTables, fine_fractions, integrate
from floodsim.drainage.shapes import PROFILES
from floodsim.kernels import network_conduits as conduits
from floodsim.kernels import network_nodes as nodes
from floodsim.kernels.jit import kernel
from floodsim.kernels.network_ends import series_means
from floodsim.kernels.network_sections import depth_of_flow, section_at
from floodsim.kernels.network_step import gate_settings
from floodsim.kernels.network_structures import BOTTOM, curve_at, orifice_flow, steps_at, weir_flow

CIRCLE = PROFILES["CIRCULAR"]


@kernel
def _look_up(table, shape, fraction):
    return section_at(table, shape, fraction)


@kernel
def _depth(curve, shape, relative):
    return depth_of_flow(curve, shape, relative)


@kernel
def _depth_and_area(knots, first, last, at, volume, piece):
    nodes.take_piece(knots, last, at, 0, piece)
    return nodes.depth_and_area(knots, first, last, at, volume, 0.0, 0, piece)


def circle_tables():
    tables = ShapeTables()
    scale = tables.add(("circle",), 1.0, lambda: integrate(CIRCLE.profile(), True), False)
    return tables, scale


@pytest.mark.parametrize("part", [0.02, 0.1, 0.237, 0.5, 0.8, 0.93, 1.0])
def test_a_circle_has_the_area_width_and_radius_of_geometry(part: float):
    tables, scale = circle_tables()
    area, width, radius = _look_up(tables.stacked()[0], 0, part)
    angle = 2.0 * np.arccos(1.0 - 2.0 * part)
    exact = (angle - np.sin(angle)) / 8.0
    assert area * scale.area == pytest.approx(exact, rel=2e-3, abs=1e-5)
    assert width * scale.width == pytest.approx(np.sin(angle / 2.0), abs=6e-3)
    assert radius**0.75 * scale.radius == pytest.approx(exact / (angle / 2.0), rel=5e-3)


@pytest.mark.parametrize("part", [0.05, 0.2, 0.5, 0.75, 0.9])
def test_critical_depth_is_found_from_the_flow(part: float):
    tables, scale = circle_tables()
    angle = 2.0 * np.arccos(1.0 - 2.0 * part)
    area, width = (angle - np.sin(angle)) / 8.0, np.sin(angle / 2.0)
    flow = np.sqrt(9.81 * area**3 / width)
    assert _depth(tables.stacked()[1], 0, flow / tables.end_flows(scale)[0]) == pytest.approx(part, abs=2e-3)


def test_published_full_areas_and_radii_of_standard_shapes():
    # SWMM reference manual II: area over height squared and hydraulic radius over height of full sections
    for name, area, radius in (("EGG", 0.5105, 0.1931), ("HORSESHOE", 0.8293, 0.2538), ("CIRCULAR", np.pi / 4, 0.25)):
        shape = PROFILES[name]
        unit = integrate(shape.profile(*shape.proportions(np.array([1.0, 0.0, 0.0, 0.0]))), True)
        assert unit.area[-1] == pytest.approx(area, rel=1e-3)
        assert unit.radius[-1] == pytest.approx(radius, rel=1e-3)
        assert unit.fraction is not fine_fractions()


def test_depth_of_a_volume_inverts_the_table():
    depth = np.array([0.0, 0.5, 0.6, 2.0])
    surface = np.array([1.0, 3.0, 0.5, 0.5])
    knots = np.zeros((4, 4))
    knots[:, nodes.DEPTH], knots[:, nodes.SURFACE] = depth, surface
    knots[1:, nodes.VOLUME] = np.cumsum(0.5 * (surface[1:] + surface[:-1]) * np.diff(depth))
    knots[:-1, nodes.WIDENING] = np.diff(surface) / np.diff(depth)
    for y in (0.0, 0.2, 0.5, 0.57, 1.1, 2.0, 3.7):
        s = np.interp(y, depth, surface)
        fine = np.linspace(0.0, y, 200001)
        volume = np.trapezoid(np.interp(fine, depth, surface), fine)
        for at in (0, 3):
            found, found_surface, _ = _depth_and_area(knots, 0, 3, at, volume, np.zeros((1, 6)))
            assert found == pytest.approx(y, abs=1e-6)
            assert found_surface == pytest.approx(s, rel=1e-4)


def test_a_node_shares_what_it_has_among_its_outflows():
    start, end = np.array([0, 0, 1]), np.array([1, 2, 2])
    flow = np.array([3.0, 1.0, 0.5])
    volume = np.array([2.0, 5.0, 0.0])
    boundless = np.array([0, 0, 1])
    wanted = np.array([-1.0, 0.0, 0.0])
    entering, net, share = np.zeros((3, 2)), np.zeros(3), np.zeros(3)
    nodes.share_out(1.0, start, end, wanted, volume, boundless, flow, np.array([1.0, 2.0, 0.0]), entering, net, share)
    np.testing.assert_allclose(flow, [1.2, 0.4, 0.5])
    np.testing.assert_allclose(share, [0.4, 1.0, 1.0])
    np.testing.assert_allclose(net, [-1.6, 0.7, 0.9])
    np.testing.assert_allclose(entering[1], [1.44, 1.2])
    np.testing.assert_allclose(entering[2], [0.08, 0.4])


def test_curves_are_read_between_points_and_in_steps():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 2.0]])
    assert curve_at(points, 0, 2, 1.0) == (2.0, 1.0)
    assert curve_at(points, 0, 2, 9.0) == (2.0, 0.0)
    assert [steps_at(points, 0, 2, x) for x in (-1.0, 0.0, 1.9, 2.0, 9.0)] == [1.0, 3.0, 3.0, 2.0, 2.0]


def test_a_surcharged_weir_passes_smoothly_into_an_orifice():
    row = np.zeros(9)
    row[0], row[1], row[4] = 1.0, 0.5, 2.0
    below, _ = weir_flow(0, row, 1.84, 1.0, True, False, 1.5 - 1e-9, 0.0)
    above, _ = weir_flow(0, row, 1.84, 1.0, True, False, 1.5 + 1e-9, 0.0)
    assert above == pytest.approx(below, rel=1e-6)


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
@pytest.mark.parametrize(("h1", "h2"), [(1.3, 0.0), (1.9, 0.0), (1.9, 1.6), (2.6, 2.1)])
def test_the_slope_of_a_weir_is_that_of_its_flow(kind: int, h1: float, h2: float):
    row = np.zeros(9)
    row[0], row[1], row[4], row[5] = 1.0, 0.5, 2.0, 0.5

    def flow(head: float):
        return weir_flow(kind, row, 1.84, 1.0, True, False, head, h2)

    _, slope = flow(h1)
    power = {1: 1.67, 2: 2.5}.get(kind, 1.5)
    steeper = {1: power / 1.5}.get(kind, 1.0) if h1 < 1.5 else 1.0  # a side weir is linearised as a straight one
    assert slope * steeper == pytest.approx((flow(h1 + 1e-6)[0] - flow(h1 - 1e-6)[0]) / 2e-6, rel=0.01)


def test_a_bottom_orifice_under_little_water_is_a_weir_along_its_rim():
    """0.414 sqrt(2 g) P h^1.5 of a rectangle of 0.4 m by 1.0 m, until the flow is that of the opening."""
    g = 9.81
    low, _ = orifice_flow(BOTTOM, 0.0, 0.4, 1.0, 0.65, False, 1.0, 0.1, -1.0, g)
    assert low == pytest.approx(0.414 * np.sqrt(2.0 * g) * 2.8 * 0.1**1.5, rel=1e-12)
    deep, _ = orifice_flow(BOTTOM, 0.0, 0.4, 1.0, 0.65, False, 1.0, 0.5, -1.0, g)
    assert deep == pytest.approx(0.65 * 0.4 * np.sqrt(2.0 * g * 0.5), rel=1e-12)


def test_every_gate_moves_at_its_own_speed():
    setting = np.array([0.0, 0.5, 1.0, 0.25])
    gate_settings(10.0, np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.01, 0.0, 0.02, 0.1]), setting)
    np.testing.assert_allclose(setting, [0.1, 1.0, 0.8, 0.0])


@kernel
def _pressure_friction(law, factor, q, area, radius43):
    return conduits.pressure_friction(law, factor, q, area, radius43)


@kernel
def _middle(y1, y2, free1, free2, a1, w1, a2, w2, a_m, w_m, numbers, wholes, table):
    return conduits.middle_storage(y1, y2, free1, free2, a1, w1, a2, w2, a_m, w_m, numbers, wholes, 0, table)


@kernel
def _hand_over(i, j, m1, m2, s1, s2, head, before, wholes, middle, volume, passed):
    conduits.hand_over(0, i, j, m1, m2, s1, s2, head, before, wholes, middle, volume, passed)


@pytest.mark.parametrize("speed", [1e-3, 0.05, 1.2, -3.0])
def test_friction_of_a_force_main_is_that_of_its_law(speed: float):
    """Slope over flow of a full pipe: Hazen-Williams, and Darcy-Weisbach against Colebrook's implicit factor."""
    diameter, rough = 0.5, 0.0005
    area, radius = np.pi * diameter**2 / 4, diameter / 4
    found = _pressure_friction(conduits.HAZEN_WILLIAMS, 0.849 * 120.0, speed * area, area, radius ** (4 / 3))
    hazen = 10.67 * (abs(speed) * area) ** 1.852 / (120.0**1.852 * diameter**4.87)  # its form for round pipes
    assert found * abs(speed) * area == pytest.approx(hazen, rel=0.01)
    found = _pressure_friction(conduits.DARCY_WEISBACH, rough, speed * area, area, radius ** (4 / 3))
    reynolds = abs(speed) * diameter / 1e-6
    f = 0.02
    for _ in range(50):
        f = (-2.0 * np.log10(rough / (3.7 * diameter) + 2.51 / (reynolds * np.sqrt(f)))) ** -2
    f = 64.0 / reynolds if reynolds < 2000.0 else f
    assert found * abs(speed) * area == pytest.approx(f * speed**2 / (2.0 * 9.81 * diameter), rel=0.02)


def _conduit(**columns: float):
    """Numbers and integers of one circular conduit, 2 m2 in a bore of 1.5 m and 40 m long, and its tables."""
    numbers, wholes = np.zeros((1, 19)), np.zeros((1, 17), np.int64)
    numbers[0, conduits.HEIGHT], numbers[0, conduits.AREA], numbers[0, conduits.LENGTH] = 1.5, 2.0, 40.0
    for name, value in columns.items():
        column = getattr(conduits, name)
        (wholes if name in ("AT_START", "AT_END") else numbers)[0, column] = value
    return numbers, wholes, circle_tables()[0].stacked()[0]


def test_the_middle_of_a_conduit_is_held_by_its_nodes():
    """A quarter of the length on either side; where one end stands above the crown, as much of it has filled."""
    numbers, wholes, table = _conduit()
    free = _middle(0.6, 0.8, 0.6, 0.8, 0.7, 1.4, 1.0, 1.5, 0.85, 1.45, numbers, wholes, table)
    np.testing.assert_allclose(free, [8.5, 8.5, 14.5, 14.5])
    filled = 0.3 / (0.3 + 0.7)  # the pressurised part against what the other end lacks to the crown
    growth = 2.0 * 0.7 / 1.0**2 * (2.0 - 1.4)
    found = _middle(1.5, 0.8, 1.8, 0.8, 2.0, 0.0, 1.0, 1.5, 1.4, 0.9, numbers, wholes, table)
    held = 10.0 * (1.4 + filled * 0.6)
    np.testing.assert_allclose(found, [held, held, 10.0 * growth, 10.0 * 0.9 * (1.0 - filled)], rtol=1e-6)
    turned = _middle(0.8, 1.5, 0.8, 1.8, 1.0, 1.5, 2.0, 0.0, 1.4, 0.9, numbers, wholes, table)
    np.testing.assert_allclose(turned, [held, held, 10.0 * 0.9 * (1.0 - filled), 10.0 * growth], rtol=1e-6)


def test_the_middle_belongs_to_the_node_that_water_falls_from_and_never_to_an_outfall():
    ends = (0.6, 0.8, 0.6, 0.8, 0.7, 1.4, 1.0, 1.5, 0.85, 1.45)
    numbers, wholes, table = _conduit(AT_END=1)
    np.testing.assert_allclose(_middle(*ends, numbers, wholes, table), [8.5, 0.0, 14.5, 0.0])
    numbers, wholes, table = _conduit(AT_START=1)
    np.testing.assert_allclose(_middle(*ends, numbers, wholes, table), [0.0, 8.5, 0.0, 14.5])
    numbers, wholes, table = _conduit()
    falls = (0.6, 0.4, 0.6, -0.5, 0.7, 1.4, 0.4, 1.2, 0.55, 1.3)  # critical 0.4 m in the lower mouth, its node below
    np.testing.assert_allclose(
        _middle(*falls, numbers, wholes, table), [10.0 * (1.1 + 0.4), 0.0, 10.0 * (2.6 + 1.4), 0.0]
    )
    back = (0.4, 0.6, -0.5, 0.6, 0.4, 1.2, 0.7, 1.4, 0.55, 1.3)
    np.testing.assert_allclose(
        _middle(*back, numbers, wholes, table), [0.0, 10.0 * (1.1 + 0.4), 0.0, 10.0 * (2.6 + 1.4)]
    )


@pytest.mark.parametrize(
    ("ends", "volumes", "passed"),
    [
        ({}, [1.0, 2.15, 2.85], [0.0, 0.0, 0.0]),  # half of what the two differ by
        ({"AT_END": 1}, [1.0, 2.4, 3.0], [0.0, 0.0, -0.4]),
        ({"AT_START": 1}, [1.0, 2.0, 3.1], [0.0, -0.1, 0.0]),
    ],
)
def test_what_the_middle_gained_beyond_the_forecast_is_handed_over(
    ends: dict[str, int], volumes: list[float], passed: list[float]
):
    """The levels rose by 0.1 and 0.2 m on 2 and 1 m2 of conduit, so 0.2 m3 each were foretold."""
    _, wholes, _ = _conduit(**ends)
    head, before = np.array([0.0, 5.1, 4.2]), np.array([0.0, 5.0, 4.0])
    middle, volume, out = np.array([[6.0, 7.0, 2.0, 1.0]]), np.array([1.0, 2.0, 3.0]), np.zeros(3)
    _hand_over(1, 2, 6.6, 7.3, 2.5, 1.5, head, before, wholes, middle, volume, out)
    np.testing.assert_allclose(volume, volumes)
    np.testing.assert_allclose(out, passed, atol=1e-12)
    np.testing.assert_allclose(middle, [[6.6, 7.3, 2.5, 1.5]])
    for bottom in (0.0, 0.05):  # a node gives no more than it has
        middle[:], volume[:], out[:] = [6.0, 7.0, 2.0, 1.0], [9.0, bottom, bottom], 0.0
        _hand_over(1, 2, 5.0, 6.0, 2.5, 1.5, head, before, wholes, middle, volume, out)
        assert volume.min() >= 0.0
        assert volume.sum() + out.sum() == pytest.approx(9.0 + 2 * bottom)
        if ends:
            assert volume[1 if "AT_END" in ends else 2] == 0.0


def test_means_of_series_are_those_of_the_trapezoidal_rule():
    series = [np.array([[0.0, 1.0], [60.0, 3.0], [60.0, 5.0], [100.0, 0.0]]), np.array([[50.0, 2.0], [70.0, 4.0]]),
              np.array([[30.0, 7.0]])]  # fmt: skip
    points, first = np.concatenate(series), np.array([0, 4, 6, 7])
    means = np.zeros(3)
    for t0, t1 in ((-20.0, -5.0), (-10.0, 10.0), (10.0, 20.0), (50.0, 65.0), (60.0, 90.0), (0.0, 200.0), (99.0, 130.0)):
        fine = np.linspace(t0, t1, 20001)[:-1] + (t1 - t0) / 40000.0
        wanted = [np.interp(fine, *rows.T, left=0.0, right=0.0).mean() for rows in series[:2]]
        series_means(points, first, t0, t1, means)
        np.testing.assert_allclose(means, [*wanted, 0.0], atol=5e-4)
    for t, wanted in (
        (30.0, (2.0, 0.0, 7.0)),
        (60.0, (5.0, 3.0, 0.0)),
        (100.0, (0.0, 0.0, 0.0)),
        (70.0, (3.75, 4.0, 0.0)),
    ):
        series_means(points, first, t, t, means)
        np.testing.assert_allclose(means, wanted)
