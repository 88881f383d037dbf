"""The padded ground: quantised bed, limited slopes, walls around the domain."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.grid.grid import make_grid
from floodsim.surface.state import make_ground, still_water
from tests.surface.helpers import advance, inner, make_surface


def test_slopes_are_limited_and_mirrored() -> None:
    bed = np.tile(np.array([0.0, 1.0, 3.0, 3.5, 3.0, 3.0]), (3, 1))
    ground = make_ground(make_grid(bed, 1.0))
    assert ground.sx[2, 1:-1].tolist() == [1.0, 1.0, 0.5, 0.0, 0.0, 0.0]
    assert ground.sx[2, 0] == -1.0
    assert not ground.sy.any()
    turned = make_ground(make_grid(bed.T.copy(), 1.0))
    assert np.array_equal(turned.sy[1:-1, 1:-1], ground.sx[1:-1, 1:-1].T)


def test_cells_outside_are_walls_without_slope() -> None:
    active = np.ones((4, 6), bool)
    active[:, 3] = False
    ground = make_ground(make_grid(np.tile(np.arange(6.0), (4, 1)), 1.0, active=active))
    assert (ground.z[1:-1, 4] > 60.0).all()
    assert ground.sx[2, 3] == 1.0  # beside the wall the inner increment holds
    assert ground.sx[2, 4] == 0.0


def test_water_does_not_pass_a_wall_one_cell_thick() -> None:
    active = np.ones((20, 21), bool)
    active[:, 10] = False
    depth = np.zeros((20, 21))
    depth[:, :10] = 2.0
    surface = make_surface(make_grid(np.zeros((20, 21)), 1.0, active=active), depth)
    advance(surface, 100.0)
    assert inner(surface)[:, 10:].max() == 0.0
    assert surface.ledger.storage == pytest.approx(400.0, rel=1e-12)


def test_still_water_stands_level_above_the_bed() -> None:
    grid = make_grid(np.array([[0.0, 0.3, 2.0]]), 1.0)
    assert still_water(grid, 1.0)[0] == pytest.approx([1.0, 0.7, 0.0], abs=1e-4)


def test_arrays_of_any_layout_become_rows() -> None:
    """Kernels take rows of contiguous arrays: fields that lie by columns, or repeat one row, must give the same."""
    rng = np.random.default_rng(1)
    bed, active, n = rng.random((5, 7)), rng.random((5, 7)) > 0.2, rng.random(7)
    shares = rng.random((5, 7)).astype(np.float32)
    rows = make_ground(make_grid(bed, 1.0, roughness=np.tile(n, (5, 1)), active=active, rain_share=shares))
    fields = {"active": np.asfortranarray(active), "rain_share": np.asfortranarray(shares)}
    other = make_ground(make_grid(np.asfortranarray(bed), 1.0, roughness=np.broadcast_to(n, (5, 7)), **fields))
    for name in ("z", "sx", "sy", "drag", "share"):
        assert getattr(other, name).flags.c_contiguous, name
        assert np.array_equal(getattr(rows, name), getattr(other, name)), name
