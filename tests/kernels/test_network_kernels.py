"""Kernels of the pipe network on a few numbers, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.drainage.sections import ShapeTables, fine_fractions, integrate
from floodsim.drainage.shapes import PROFILES
from floodsim.kernels import network_nodes as nodes
from floodsim.kernels.jit import kernel
from floodsim.kernels.network_sections import depth_of_flow, section_at
from floodsim.kernels.network_structures import curve_at, steps_at, weir_flow

CIRCLE = PROFILES["CIRCULAR"]


@kernel
def _look_up(table, shape, fraction):
    return section_at(table, shape, fraction)


@kernel
def _depth(curve, shape, relative):
    return depth_of_flow(curve, shape, relative)


@kernel
def _depth_and_area(knots, first, last, at, volume):
    return nodes.depth_and_area(knots, first, last, at, volume, 0.0)


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
            found, found_surface, _ = _depth_and_area(knots, 0, 3, at, volume)
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
