"""Boundaries: what crosses them is what they were told, and the ledger sees every drop."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.forcing.series import TimeSeries
from floodsim.grid.grid import make_grid
from floodsim.surface.edges import Boundary, critical_level, edge_faces, make_edges, share_discharge
from floodsim.surface.state import make_state
from tests.surface.helpers import advance, inner, make_surface, side_faces

PRECISIONS = ["double", "single"]
CLOSURE = {"double": 1e-13, "single": 1e-6}


def test_edge_faces_go_round_the_active_cells() -> None:
    active = np.ones((4, 5), bool)
    active[0, 0] = False
    active[2, 2] = False  # a hole inside
    faces = edge_faces(make_grid(np.zeros((4, 5)), 2.0, active=active))
    assert len(faces) == 2 * (4 + 5) - 2 + 2 + 4  # the rim less one corner, its two inner sides, and four of the hole
    padded = np.pad(active, 1)
    assert padded[faces[:, 2], faces[:, 3]].all()
    assert not padded[faces[:, 0], faces[:, 1]].any()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("axis", "sign"), [(0, -1), (0, 1), (1, -1), (1, 1)])
def test_discharge_brings_exactly_what_it_says(precision: str, axis: int, sign: int) -> None:
    grid = make_grid(np.zeros((20, 20)), 5.0, roughness=0.03)
    flow = TimeSeries(np.array([0.0, 100.0, 200.0]), np.array([0.0, 3.0, 3.0]))
    boundary = Boundary("in", "discharge", side_faces(grid, axis, sign), flow)
    surface = make_surface(grid, precision=precision, boundaries=[boundary])
    advance(surface, 200.0)
    ledger = surface.ledger
    assert ledger.boundaries["in"] == pytest.approx(3.0 * 50.0 + 3.0 * 100.0, rel=1e-6)
    assert abs(ledger.relative_error) < CLOSURE[precision]
    assert ledger.clipped == 0.0


def test_withdrawal_stops_where_there_is_no_water() -> None:
    grid = make_grid(np.zeros((6, 6)), 2.0)
    pump = Boundary("out", "discharge", side_faces(grid, 0, 1), TimeSeries.constant(-5.0))
    surface = make_surface(grid, np.full((6, 6), 0.05), boundaries=[pump])
    advance(surface, 1200.0)
    assert inner(surface).min() >= 0.0
    assert -0.05 * 144.0 <= surface.ledger.boundaries["out"] < -0.9 * 0.05 * 144.0
    assert abs(surface.ledger.relative_error) < 1e-12


def test_level_boundary_fills_the_basin_to_its_level() -> None:
    grid = make_grid(np.full((10, 30), 480.0), 5.0, roughness=0.03)
    sea = Boundary("sea", "level", side_faces(grid, 0, -1), TimeSeries.constant(481.5))
    surface = make_surface(grid, boundaries=[sea])
    advance(surface, 10_000.0)  # a fixed level reflects: the basin sloshes, and only friction calms it
    assert np.allclose(inner(surface), 1.5, atol=0.005)
    assert abs(surface.ledger.relative_error) < 1e-12


def test_level_boundary_at_rest_stays_at_rest() -> None:
    bed = np.random.default_rng(3).random((12, 15)) * 2.0
    grid = make_grid(bed, 2.0)
    depth = np.maximum(1.25 - np.round(bed * 8192) / 8192, 0.0)
    sides = [Boundary(f"{axis}{sign}", "level", side_faces(grid, axis, sign), TimeSeries.constant(1.25))
             for axis in (0, 1) for sign in (-1, 1)]  # fmt: skip
    surface = make_surface(grid, depth, boundaries=sides)
    advance(surface, 100.0)
    assert np.abs(inner(surface, "u")).max() < 1e-12
    assert np.abs(inner(surface, "v")).max() < 1e-12


@pytest.mark.parametrize("slope", [0.001, 0.01])
def test_normal_flow_leaves_at_normal_depth(slope: float) -> None:
    """Uniform flow in a wide channel: h = (n q / sqrt(S))^(3/5), Manning."""
    n, q = 0.03, 0.5
    x = (np.arange(60) + 0.5) * 5.0
    grid = make_grid(np.tile(slope * (300.0 - x), (3, 1)), 5.0, roughness=n)
    inflow = Boundary("in", "discharge", side_faces(grid, 0, -1), TimeSeries.constant(q * 15.0))
    out = Boundary("out", "open", side_faces(grid, 0, 1), slope=slope)
    surface = make_surface(grid, boundaries=[inflow, out])
    advance(surface, 1500.0)
    normal = (n * q / np.sqrt(slope)) ** 0.6
    assert inner(surface)[1, 20:] == pytest.approx(normal, rel=0.01)
    assert inner(surface)[1, -1] == pytest.approx(normal, rel=0.01)


@pytest.mark.parametrize("tilt", [0.0, 0.01, -0.01])
def test_open_edge_lets_water_out_and_none_in(tilt: float) -> None:
    x = (np.arange(30) + 0.5) * 2.0
    grid = make_grid(np.tile(1.0 + tilt * x, (4, 1)), 2.0, roughness=0.02)
    out = Boundary("out", "open", side_faces(grid, 0, 1))
    surface = make_surface(grid, np.full((4, 30), 0.5), boundaries=[out])
    before = surface.ledger.initial
    advance(surface, 600.0)
    assert surface.ledger.boundaries["out"] < -0.3 * before
    assert abs(surface.ledger.relative_error) < 1e-12


def test_overfall_is_critical() -> None:
    """Subcritical flow over a free edge: the unit discharge is close to sqrt(g h^3) of the depth at the brink."""
    q = 0.8
    grid = make_grid(np.zeros((3, 200)), 1.0, roughness=0.01)
    inflow = Boundary("in", "discharge", side_faces(grid, 0, -1), TimeSeries.constant(q * 3.0))
    out = Boundary("out", "open", side_faces(grid, 0, 1))
    surface = make_surface(grid, np.full((3, 200), 0.6), boundaries=[inflow, out])
    advance(surface, 600.0)
    brink = inner(surface)[1, -1]
    assert q / np.sqrt(9.81 * brink**3) == pytest.approx(1.0, abs=0.1)


def test_rating_holds_its_own_equilibrium() -> None:
    """Inflow 2 m3/s against a rating Q = 4 (level - 10): the pond settles at 10.5 m."""
    grid = make_grid(np.full((10, 10), 10.0), 5.0, roughness=0.02)
    inflow = Boundary("in", "discharge", side_faces(grid, 0, -1), TimeSeries.constant(2.0))
    out = Boundary("out", "rating", side_faces(grid, 0, 1), rating=lambda level: max(4.0 * (level - 10.0), 0.0))
    surface = make_surface(grid, boundaries=[inflow, out])
    advance(surface, 6000.0)
    assert inner(surface).mean() == pytest.approx(0.5, abs=0.01)
    assert abs(surface.ledger.relative_error) < 1e-12


def test_inflow_seeks_the_low_ground() -> None:
    bed = np.zeros((10, 10))
    bed[:7, 0] = 3.0  # only the three northern cells of the western edge lie low
    grid = make_grid(bed, 2.0)
    state = make_state(grid)
    faces = side_faces(grid, 0, -1)
    stretch = make_edges(state, [Boundary("in", "discharge", faces)]).stretches[0]
    unit = share_discharge(stretch, np.zeros(len(faces)), 1.2)
    assert unit.sum() * 2.0 == pytest.approx(1.2)
    assert np.all(unit[faces[:, 2] <= 7] == 0.0)


def test_critical_level_of_a_rectangular_section() -> None:
    bed, width = np.full(4, 2.0), np.full(4, 1.5)
    level = critical_level(bed, width, 12.0)
    assert level - 2.0 == pytest.approx(((12.0 / 6.0) ** 2 / 9.81) ** (1.0 / 3.0), rel=1e-9)
