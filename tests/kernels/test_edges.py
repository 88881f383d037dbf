"""Ghost cells of boundary faces by numbers worked out by hand, and what crosses a face against the plain flux."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from floodsim.kernels import edges
from floodsim.kernels.edges import DISCHARGE, LEVEL, NORMAL, OPEN
from tests.kernels.fields import G, random_water
from tests.kernels.reference import face_fluxes

SIDES = [(0, 1), (0, -1), (1, 1), (1, -1)]
"""Axis (0 x, 1 y) and outward sign of an edge."""


def place(axis: int, sign: int) -> list[tuple[int, int]]:
    """Padded indices j, i of the cell two in from an edge, of the one at it and of its ghost, on a 4 x 5 grid."""
    last = 5 if axis == 0 else 4
    ways = [last - 1, last, last + 1] if sign > 0 else [2, 1, 0]
    return [(3, k) if axis == 0 else (k, 2) for k in ways]


def ghost(
    axis: int, sign: int, kind: int, value: float, bed: tuple[float, float, float], depth: tuple[float, float],
    out: float = 0.0, side: float = 0.0, manning: float = 0.03, mine: bool = True,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Depth, outward and tangential velocity of a ghost, and the wave speed told; bed and depth from inside to out."""
    h, u, v = (np.full((6, 7), 9.0) for _ in range(3))  # nothing but the three cells may matter
    z = np.full((6, 7), 9.0, np.float32)
    cells = place(axis, sign)
    for cell, level in zip(cells, bed, strict=True):
        z[cell] = level
    for cell, water in zip(cells, depth, strict=False):
        h[cell] = water
    normal, tangential = (u, v) if axis == 0 else (v, u)
    normal[cells[1]], tangential[cells[1]] = sign * out, side
    faces = np.array([[*cells[2], *cells[1], axis, sign]])
    told = edges.fill_ghosts(
        h, u, v, z, faces, np.array([kind]), np.array([value]), np.array([manning]), np.array([mine]), G
    )
    return float(h[cells[2]]), sign * float(normal[cells[2]]), float(tangential[cells[2]]), told


FLAT = (1.0, 1.0, 1.0)
FALLING = (1.25, 1.125, 1.0)


@pytest.mark.parametrize(("axis", "sign"), SIDES)
def test_an_open_edge_is_an_overfall_for_slow_water_only(axis: int, sign: int) -> None:
    fast = sqrt(G * 0.5)
    assert ghost(axis, sign, OPEN, 0.0, FLAT, (0.5, 0.5), out=0.9 * fast, side=0.3)[:3] == (0.0, 0.9 * fast, 0.3)
    assert ghost(axis, sign, OPEN, 0.0, FLAT, (0.5, 0.5), out=1.1 * fast)[:2] == (0.5, 1.1 * fast)
    assert ghost(axis, sign, OPEN, 1.0, FALLING, (0.5, 0.5), out=0.2)[:2] == (0.5, 0.2)
    assert ghost(axis, sign, OPEN, 1.0, FALLING, (0.5, 0.5), out=-0.2)[:2] == (0.5, 0.0)  # nothing comes in


@pytest.mark.parametrize(("axis", "sign"), SIDES)
def test_normal_flow_leaves_by_manning(axis: int, sign: int) -> None:
    depth, speed, side, told = ghost(axis, sign, NORMAL, 0.01, FALLING, (0.5, 0.125), out=0.7, side=-0.2, manning=0.02)
    assert (depth, side) == (0.125, -0.2)
    assert speed == pytest.approx(0.125 ** (2 / 3) * 0.1 / 0.02)
    assert told == pytest.approx(speed + sqrt(G * 0.125))


@pytest.mark.parametrize(("axis", "sign"), SIDES)
@pytest.mark.parametrize(
    ("level", "depths", "expected"),
    [
        (1.5625, (0.5, 0.5), 0.5),  # uniform flow: the surface goes on parallel to the bed
        (1.5, (0.5, 0.5), 0.4375),  # drawn down: no steeper than between the cells inside
        (1.59375, (0.5, 0.5), 0.5625),  # held up: no steeper than from the cell inside to the edge
        (1.75, (0.5, 0.5), 0.75),  # turns round: level
        (1.65625, (0.25, 0.5), 0.6875),  # rises outward, by no more than to the edge
        (1.75, (0.25, 0.5), 0.8125),  # ... nor more than between the cells inside
        (1.5, (0.25, 0.5), 0.5),  # falls, while it rises inside: level
        (1.5625, (0.0, 0.5), 0.5625),  # dry inside: level
        (0.9, (0.5, 0.5), 0.0),  # below the ground outside
    ],
)
def test_beyond_a_level_on_falling_ground_the_surface_goes_on(
    axis: int, sign: int, level: float, depths: tuple[float, float], expected: float
) -> None:
    found = ghost(axis, sign, LEVEL, level, FALLING, depths, out=0.25, side=0.5)
    assert found[0] == pytest.approx(expected, abs=1e-12)
    assert found[2] == 0.5


@pytest.mark.parametrize(("axis", "sign"), SIDES)
def test_a_level_is_joined_by_the_invariant_of_the_outgoing_wave(axis: int, sign: int) -> None:
    depth, speed, _, told = ghost(axis, sign, LEVEL, 1.25, FLAT, (0.5, 0.5), out=0.25)
    assert depth == 0.25
    assert speed == pytest.approx(0.25 + 2.0 * (sqrt(G * 0.5) - sqrt(G * 0.25)))
    assert told == pytest.approx(abs(speed) + sqrt(G * 0.25))
    # On falling ground depths over the edge are joined, and the discharge inside goes on through the deeper ghost.
    depth, speed, _, _ = ghost(axis, sign, LEVEL, 1.75, FALLING, (0.5, 0.5), out=0.25)
    assert speed == pytest.approx(0.25 * 0.5 / 0.75 + 2.0 * (sqrt(G * 0.5625) - sqrt(G * 0.6875)))
    assert ghost(axis, sign, LEVEL, 2.625, FALLING, (0.5, 0.5), out=0.25)[1] == pytest.approx(
        0.25 * 0.5 + 2.0 * (sqrt(G * 0.5625) - sqrt(G * 1.5625))  # by half at the most
    )
    assert ghost(axis, sign, LEVEL, 1.125, FALLING, (0.5, 0.5), out=0.25)[1] == pytest.approx(
        0.25 * 2.0 + 2.0 * (sqrt(G * 0.5) - sqrt(G * 0.0625))  # to the double at the most
    )
    rising = ghost(axis, sign, LEVEL, 1.75, (1.0, 1.0, 1.25), (0.5, 0.5), out=0.25)
    assert rising[:2] == (0.5, pytest.approx(0.25 + 2.0 * (sqrt(G * 0.375) - sqrt(G * 0.625))))


@pytest.mark.parametrize(("axis", "sign"), SIDES)
def test_a_level_says_nothing_to_water_that_shoots_out(axis: int, sign: int) -> None:
    fast = 1.01 * sqrt(G * 0.5)
    assert ghost(axis, sign, LEVEL, 2.0, FLAT, (0.5, 0.5), out=fast)[:2] == (0.5, fast)
    assert ghost(axis, sign, LEVEL, 2.0, FLAT, (0.5, 0.5), out=0.98 * fast)[0] == 1.0
    assert ghost(axis, sign, LEVEL, 2.0, FLAT, (0.0, 0.0))[0] == 1.0  # and enters dry ground


@pytest.mark.parametrize(("axis", "sign"), SIDES)
@pytest.mark.parametrize(
    ("bed", "depths", "expected"),
    [
        (FLAT, (1.0, 1.0), 1.0),
        ((1.0, 1.125, 1.25), (1.0, 0.875), 0.75),  # a lake: level
        ((1.0, 1.125, 1.25), (1.0, 1.0), 1.0),  # a river: parallel to the bed
        ((1.0, 1.125, 1.25), (1.0, 0.9375), 0.875),  # between the two
        ((1.0, 1.125, 1.25), (1.0, 1.5), 1.5),  # never steeper than the bed
        ((1.0, 1.125, 1.25), (1.5, 1.0), 0.875),  # never falling against it
        (FALLING, (1.0, 1.0), 1.0),
        (FALLING, (0.5, 1.0), 1.125),
        (FALLING, (1.5, 1.0), 1.0),
    ],
)
def test_where_water_is_let_in_bed_and_surface_go_on(
    axis: int, sign: int, bed: tuple[float, float, float], depths: tuple[float, float], expected: float
) -> None:
    depth, speed, side, told = ghost(axis, sign, DISCHARGE, 0.25, bed, depths, out=-0.1, side=0.4)
    assert (depth, side) == (pytest.approx(expected), 0.0)
    assert speed == pytest.approx(-0.25 / expected)
    assert told == pytest.approx(0.25 / expected + sqrt(G * expected))


def test_water_let_in_is_critical_at_least_and_taken_out_as_it_is() -> None:
    critical = (0.25**2 / G) ** (1 / 3)
    depth, speed, _, _ = ghost(0, 1, DISCHARGE, 0.25, FLAT, (0.0, 0.0))
    assert (depth, speed) == (pytest.approx(critical), pytest.approx(-0.25 / critical))
    depth, speed, _, _ = ghost(0, 1, DISCHARGE, -0.25, FLAT, (0.01, 0.01))
    assert (depth, speed) == (pytest.approx(0.01), pytest.approx(25.0))
    assert ghost(0, 1, DISCHARGE, -0.25, FLAT, (0.0, 0.0))[:2] == (0.0, 0.0)


def test_wave_speeds_of_ghosts_that_belong_elsewhere_are_not_told() -> None:
    assert ghost(0, 1, NORMAL, 0.01, FALLING, (0.5, 0.5), mine=False)[3] == 0.0


def expected_mass(water, cell: tuple[int, int], axis: int) -> float:
    """Mass flux (m2/s) through the western (southern) face of a cell by the plain formula."""
    j, i = cell
    west = (j, i - 1) if axis == 0 else (j - 1, i)
    normal, side, slope = (water.u, water.v, water.sx) if axis == 0 else (water.v, water.u, water.sy)
    values = [np.array([float(a[k])]) for a in (water.h, normal, side) for k in (west, cell)]
    dz = np.array([float(water.z[cell]) - float(water.z[west])])
    s_l, s_r = np.array([float(slope[west])]), np.array([float(slope[cell])])
    return float(face_fluxes(*values, dz, s_l, s_r, G).mass[0])


@pytest.mark.parametrize(("axis", "sign"), SIDES)
def test_what_crosses_an_edge_is_the_flux_of_its_face(axis: int, sign: int) -> None:
    water = random_water((4, 5), seed=6, dry=0.0)
    _, inside, outside = place(axis, sign)
    faces = np.array([[*outside, *inside, axis, sign]])
    dt, rdx, rdy = 0.05, 1 / water.dx, 1 / water.dy
    h_new, passed = water.h.copy(), np.array([0.5])
    inward = -sign * expected_mass(water, outside if sign > 0 else inside, axis) * dt * (rdx if axis == 0 else rdy)

    def cross(kind: int, value: float) -> float:
        passed[:], h_new[:] = 0.5, water.h
        edges.cross_edges(water.h, water.u, water.v, water.z, water.sx, water.sy, h_new, faces, np.array([kind]),
                          np.array([value]), dt, rdx, rdy, G, passed)  # fmt: skip
        return float(h_new[inside] - water.h[inside])

    assert cross(OPEN, 0.0) == 0.0
    assert passed[0] - 0.5 == pytest.approx(inward, rel=1e-5)
    wanted = 0.75 * dt * (rdx if axis == 0 else rdy)
    assert cross(DISCHARGE, 0.75) == pytest.approx(wanted - inward, rel=1e-5, abs=1e-7)
    assert passed[0] - 0.5 == pytest.approx(wanted)
    assert cross(DISCHARGE, -1e3) == -water.h[inside]  # no more than there is
    assert passed[0] - 0.5 == pytest.approx(inward - water.h[inside], rel=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_discharge_through_listed_faces_is_their_flux_times_their_width(axis: int) -> None:
    water = random_water((4, 5), seed=8, dry=0.0)
    faces, flow = np.array([[2, 3, axis, 1], [3, 4, axis, -1]]), np.zeros(2)
    edges.face_discharge(water.h, water.u, water.v, water.z, water.sx, water.sy, faces, water.dx, water.dy, G, flow)
    width = water.dy if axis == 0 else water.dx
    expected = [expected_mass(water, (2, 3), axis) * width, -expected_mass(water, (3, 4), axis) * width]
    assert flow == pytest.approx(expected, rel=1e-5)
