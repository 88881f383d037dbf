"""Catchments on grounds whose divides are known."""

from __future__ import annotations

import numpy as np

from floodsim.grid.catchments import trace_paths
from floodsim.grid.grid import make_grid

NY, NX = 30, 40


def east_edge() -> np.ndarray:
    leaves = np.zeros((NY, NX), bool)
    leaves[:, -1] = True
    return leaves


def test_a_plane_drains_straight_and_every_cell_once() -> None:
    bed = np.broadcast_to(np.linspace(4.0, 0.0, NX), (NY, NX))
    paths = trace_paths(make_grid(bed, 5.0), east_edge())
    target = np.zeros((NY, NX), bool)
    target[10:13, 30] = True
    expected = np.zeros((NY, NX), bool)
    expected[10:13, :31] = True
    assert (paths.catchment(target) == expected).all()
    assert paths.order.size == NY * NX and np.unique(paths.order).size == NY * NX
    place = np.empty(NY * NX, int)
    place[paths.order] = np.arange(NY * NX)
    drains = paths.receiver >= 0
    assert (place[paths.receiver[drains]] < place[drains]).all()


def test_a_ridge_parts_two_bowls() -> None:
    """Two bowls beside each other, each a catchment of its own up to the ridge at column 20."""
    x = np.arange(NX)
    profile = np.minimum(np.abs(x - 9.0), np.abs(x - 30.0)) * 0.1
    bed = profile + 0.05 * np.abs(np.arange(NY)[:, None] - 15.0)
    paths = trace_paths(make_grid(bed, 5.0))
    target = np.zeros((NY, NX), bool)
    target[14:17, 29:32] = True
    found = paths.catchment(target)
    assert found[:, 20:].all() and not found[:, :20].any()


def test_rim_of_a_deep_hollow_holds_what_lies_behind_it() -> None:
    """A point on the flank of a pit 0.5 m deep gets all that runs into the pit; one on the slope beside it does not."""
    bed = np.broadcast_to(np.linspace(4.0, 0.0, NX), (NY, NX)).copy()
    bed[12:18, 18:24] -= 1.2
    paths = trace_paths(make_grid(bed, 5.0), east_edge())
    flank, slope = np.zeros((NY, NX), bool), np.zeros((NY, NX), bool)
    flank[12, 20], slope[5, 20] = True, True
    assert paths.catchment(flank)[12:18, 18:24].all() and paths.catchment(flank)[12:18, :18].all()
    assert paths.catchment(slope).sum() == 21


def test_shallow_puddles_are_passed_over() -> None:
    bed = np.broadcast_to(np.linspace(4.0, 0.0, NX), (NY, NX)).copy()
    bed[15, 20] -= 0.15  # 0.05 m below the next cell downhill
    paths = trace_paths(make_grid(bed, 5.0), east_edge())
    assert paths.ends.size == NY
    target = np.zeros((NY, NX), bool)
    target[14:17, 30] = True  # the puddle spills to one of three cells of the same level
    assert paths.catchment(target)[15, :21].all()


def test_no_path_slips_between_walls_that_touch_at_a_corner() -> None:
    bed = np.zeros((6, 6))
    bed[:3, 3] = bed[3, :3] = 5.0  # a yard in the south-west corner, closed by two walls that touch at (2, 3), (3, 2)
    paths = trace_paths(make_grid(bed, 5.0))
    target = np.zeros((6, 6), bool)
    target[4:, 4:] = True
    assert not paths.catchment(target)[:3, :3].any()


def test_inactive_ground_belongs_to_nobody() -> None:
    active = np.ones((NY, NX), bool)
    active[:, 20] = False
    bed = np.broadcast_to(np.linspace(4.0, 0.0, NX), (NY, NX))
    paths = trace_paths(make_grid(bed, 5.0, active=active), east_edge())
    target = np.zeros((NY, NX), bool)
    target[15, -1] = True
    found = paths.catchment(target)
    assert found[15, 21:].all() and not found[:, :21].any()
    assert (paths.end.reshape(NY, NX)[:, 20] == -1).all()
