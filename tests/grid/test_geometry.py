"""Cells and faces of shapes against shapely, flood fill and closed forms."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from floodsim.grid.geometry import (
    cells_in_circle,
    cells_in_polygon,
    cells_of_rings,
    cells_on_line,
    faces_on_line,
    points_in_polygon,
)
from floodsim.grid.grid import make_grid

GRID = make_grid(np.zeros((12, 17)), 2.0, 3.0, x0=100.0, y0=-20.0)
X, Y = np.meshgrid(GRID.x, GRID.y)
places = st.tuples(st.floats(90, 145), st.floats(-30, 25))
inside = st.tuples(st.floats(100.01, 133.99), st.floats(-19.99, 15.99))


@given(st.lists(places, min_size=3, max_size=9, unique=True))
def test_polygon_cells_are_those_whose_centre_is_inside(points: list[tuple[float, float]]) -> None:
    polygon = shapely.Polygon(points)
    got = cells_in_polygon(GRID, points)
    clear = shapely.distance(polygon.exterior, shapely.points(X, Y)) > 1e-9
    assert np.array_equal(got[clear], points_in_polygon(X, Y, points)[clear])
    if polygon.is_valid:
        assert np.array_equal(got[clear], shapely.contains_xy(polygon, X, Y)[clear])


def test_polygons_side_by_side_share_no_cell_and_leave_none_out() -> None:
    # the common edge runs through centres of cells
    rings = [
        (0, np.array([(100, -20), (121, -20), (109, 16), (100, 16)], float)),
        (1, np.array([(134, 16), (109, 16), (121, -20), (134, -20)], float)),
    ]
    covered = cells_of_rings(GRID, rings)
    assert np.bincount(covered.rows * 17 + covered.cols, minlength=12 * 17).tolist() == [1] * (12 * 17)


def test_a_hole_is_left_out() -> None:
    outer, hole = (
        np.array([(100, -20), (134, -20), (134, 16), (100, 16)]),
        np.array([(110, -8), (120, -8), (120, 4), (110, 4)]),
    )
    covered = cells_of_rings(GRID, [(0, outer), (0, hole)])
    assert len(covered.rows) == 12 * 17 - 5 * 4
    assert len(cells_of_rings(GRID, []).rows) == 0


def test_circle_holds_the_centres_within_and_at_least_one_cell() -> None:
    got = cells_in_circle(GRID, 117.3, -2.2, 9.0)
    assert np.array_equal(got, np.hypot(X - 117.3, Y + 2.2) <= 9.0)
    tiny = cells_in_circle(GRID, 100.1, 15.9, 0.01)
    assert np.argwhere(tiny).tolist() == [[11, 0]]
    assert not cells_in_circle(GRID, 500.0, 500.0, 5.0).any()


@given(st.lists(inside, min_size=2, max_size=6))
def test_line_cells_share_sides_and_hold_the_vertices(points: list[tuple[float, float]]) -> None:
    cells = cells_on_line(GRID, points)
    assert len(set(cells)) == len(cells)
    for x, y in points:
        assert GRID.cell_of(x, y) in cells
    seen = {cells[0]}
    for j, i in cells[1:]:
        assert seen & {(j - 1, i), (j + 1, i), (j, i - 1), (j, i + 1)}
        seen.add((j, i))
    line = shapely.LineString(points) if len(set(points)) > 1 else shapely.Point(points[0])
    for j, i in cells:
        west, south = 100 + 2 * i, -20 + 3 * j
        assert line.distance(shapely.box(west, south, west + 2, south + 3)) < 1e-9


def test_line_outside_has_no_cells_and_a_long_one_is_clipped() -> None:
    assert cells_on_line(GRID, [(0, 0), (50, 50)]) == []
    cells = cells_on_line(GRID, [(-1e9, -1.0), (1e9, -1.0)])
    assert cells == [(6, i) for i in range(17)]


def test_faces_of_straight_lines() -> None:
    north = faces_on_line(GRID, [(110, -20), (110, 16)])
    assert north.tolist() == [[j, 5, 0, 1] for j in range(12)]  # flow to the east goes from left to right
    east = faces_on_line(GRID, [(100, -8), (134, -8)])
    assert east.tolist() == [[4, i, 1, -1] for i in range(17)]
    assert faces_on_line(GRID, [(134, -8), (100, -8)])[:, 3].tolist() == [1] * 17
    assert faces_on_line(GRID, [(0, 0), (1, 1)]).shape == (0, 4)


@given(st.lists(inside, min_size=2, max_size=5), st.floats(-2, 2), st.floats(-2, 2))
def test_faces_carry_a_uniform_flow_as_the_line_does(points: list[tuple[float, float]], u: float, v: float) -> None:
    """A uniform flow has the same discharge through any staircase as through the straight line between its ends."""
    faces = faces_on_line(GRID, points)
    flux = np.where(faces[:, 2] == 0, u * GRID.dy, v * GRID.dx) * faces[:, 3]
    start, end = (np.floor((np.array(p) - [100, -20]) / [2, 3] + 0.5) * [2, 3] for p in (points[0], points[-1]))
    along = end - start
    assert np.isclose(flux.sum(), u * along[1] - v * along[0], atol=1e-9)


@given(inside, inside, st.floats(0.05, 0.95))
def test_faces_separate_the_two_sides(one: tuple[float, float], other: tuple[float, float], share: float) -> None:
    """A line from edge to edge cuts the grid: flood fill over faces not in the staircase cannot cross it."""
    start, end = (100.0, -20 + 36 * share), (134.0, one[1])
    faces = {tuple(face[:3]) for face in faces_on_line(GRID, [start, other, end]).tolist()}
    seen = np.zeros(GRID.shape, bool)
    todo = [(11, i) for i in range(17) if (12, i, 1) not in faces] or [(11, 0)]
    if min(start[1], other[1], end[1]) < -18.4 or max(start[1], other[1], end[1]) > 14.4:
        return  # too near the edge to have cells on both sides everywhere
    while todo:
        j, i = todo.pop()
        if seen[j, i]:
            continue
        seen[j, i] = True
        for a, b, face in (
            (j + 1, i, (j + 1, i, 1)),
            (j - 1, i, (j, i, 1)),
            (j, i + 1, (j, i + 1, 0)),
            (j, i - 1, (j, i, 0)),
        ):
            if 0 <= a < 12 and 0 <= b < 17 and face not in faces:
                todo.append((a, b))
    assert not seen[0].any()
