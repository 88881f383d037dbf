"""Blocks that sleep, threads and the sums over blocks: none of them changes a bit of the result."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.grid.grid import make_grid
from floodsim.kernels.blocks import ASLEEP, AWAKE, DRAINED, block_speeds, fed_blocks, stored_depth, wake_blocks
from floodsim.surface.step import Surface
from tests.kernels.fields import PLAIN, random_water
from tests.surface.helpers import advance, inner, make_surface, uniform_rain

SHAPE = (36, 70) if PLAIN else (150, 300)


def _breaking_dam(precision: str, threads: int, *, all_awake: bool = False, raining: bool = False) -> Surface:
    """A pond in the middle of dry, rough ground that runs off into it."""
    ny, nx = SHAPE
    y, x = np.mgrid[:ny, :nx] / max(SHAPE)
    bed = 2.0 * x + 0.2 * np.random.default_rng(4).random(SHAPE)
    depth = np.where((x - 0.5) ** 2 + (y - 0.25) ** 2 < 0.005, 1.0, 0.0)
    rain = uniform_rain(50 / 3.6e6, 1e6) if raining else None
    surface = make_surface(make_grid(bed, 2.0, roughness=0.03), depth, precision=precision, threads=threads, rain=rain)
    surface.state.blocks.always[:] = all_awake
    advance(surface, 10.0 if not PLAIN else 1.0, beat=1.0, most=200 if not PLAIN else 3)
    surface.bands.close()
    return surface


def _bits(surface: Surface) -> list[np.ndarray]:
    blocks = surface.state.blocks
    return [
        *(inner(surface, name).copy() for name in ("h", "u", "v")),
        surface.state.low,
        blocks.clipped,
        blocks.trimmed,
    ]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("raining", [False, True])
def test_threads_leave_every_bit_as_it_is(precision: str, raining: bool) -> None:
    alone = _bits(_breaking_dam(precision, 1, raining=raining))
    for threads in (2, 3):
        for one, many in zip(alone, _bits(_breaking_dam(precision, threads, raining=raining)), strict=True):
            np.testing.assert_array_equal(many, one)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_sleeping_blocks_leave_every_bit_as_it_is(precision: str) -> None:
    lazy, busy = _breaking_dam(precision, 1), _breaking_dam(precision, 1, all_awake=True)
    assert (busy.state.blocks.awake == AWAKE).all()
    if not PLAIN:
        assert (lazy.state.blocks.awake != AWAKE).any()
    for one, other in zip(_bits(lazy), _bits(busy), strict=True):
        np.testing.assert_array_equal(other, one)


def test_blocks_wake_where_water_stands_at_their_edge() -> None:
    rows, columns = 4, 5
    h = np.zeros((2 + 3 * rows, 2 + 3 * columns))
    fastest, fed = np.zeros((3, 3)), np.zeros((3, 3), np.bool_)
    awake = np.zeros((3, 3), np.uint8)

    def pattern() -> list[list[int]]:
        wake_blocks(h, fastest, fed, rows, columns, True, awake)
        return awake.tolist()

    h[1 + rows + 1, 1 + columns + 2] = 0.1  # inside the middle block, away from its edges
    fastest[1, 1] = 1.0
    assert pattern() == [[0, 0, 0], [0, 2, 0], [0, 0, 0]]
    h[1 + rows, 1 + columns + 2] = 0.1  # now at its southern edge
    assert pattern() == [[0, 2, 0], [0, 2, 0], [0, 0, 0]]
    h[1 + rows + 1, 2 * columns] = 0.1  # and at its eastern edge
    assert pattern() == [[0, 2, 0], [0, 2, 2], [0, 0, 0]]
    h[:] = 0
    fastest[:] = 0
    fed[2, 0] = True
    assert pattern() == [[0, 1, 0], [0, 1, 1], [2, 0, 0]]  # drained blocks are swept once more
    assert pattern() == [[0, 0, 0], [0, 0, 0], [2, 0, 0]]


@pytest.mark.parametrize("turned", [False, True])
def test_water_in_ghost_cells_wakes_no_block_of_the_rim(turned: bool) -> None:
    h = np.zeros((2 + 8, 2 + 7))  # the blocks of the last column are narrower than the others
    h[4, 8] = h[5, 8] = 0.1  # ghost cells on either side of the edge between two blocks of the last column
    fastest, fed, awake = np.zeros((2, 2)), np.zeros((2, 2), np.bool_), np.zeros((2, 2), np.uint8)
    fastest[1, 1] = 1.0
    wanted = np.array([[ASLEEP, ASLEEP], [ASLEEP, AWAKE]])
    wake_blocks(np.ascontiguousarray(h.T) if turned else h, fastest, fed, 4, 4, True, awake)
    np.testing.assert_array_equal(awake, wanted)


def test_waking_reports_a_change_only_when_other_blocks_are_swept() -> None:
    h, fastest = np.zeros((6, 6)), np.ones((1, 1))
    fed, awake = np.zeros((1, 1), np.bool_), np.zeros((1, 1), np.uint8)
    assert wake_blocks(h, fastest, fed, 4, 4, True, awake)
    assert not wake_blocks(h, fastest, fed, 4, 4, True, awake)
    fastest[:] = 0
    assert not wake_blocks(h, fastest, fed, 4, 4, True, awake)
    assert wake_blocks(h, fastest, fed, 4, 4, True, awake)


def test_a_block_that_ran_dry_stays_until_it_has_been_swept_once_more() -> None:
    h, fastest, fed, awake = np.zeros((6, 6)), np.ones((1, 1)), np.zeros((1, 1), np.bool_), np.zeros((1, 1), np.uint8)
    wake_blocks(h, fastest, fed, 4, 4, True, awake)
    fastest[:] = 0
    for swept in (True, False, False):
        wake_blocks(h, fastest, fed, 4, 4, swept, awake)
        assert awake[0, 0] == DRAINED
    wake_blocks(h, fastest, fed, 4, 4, True, awake)
    assert awake[0, 0] == ASLEEP


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_and_speeds_of_blocks(dtype: type) -> None:
    water = random_water((7, 11), seed=9, dtype=dtype)
    water.low[:] = 1e-9
    sums, again = np.zeros((2, 3)), np.zeros((2, 3))
    stored_depth(water.h, water.low, np.array([[1, 5, 1, 6], [1, 5, 6, 12], [5, 8, 1, 12]]), 4, 5, sums)
    depth = water.inner("h").astype(float) - (np.float32(1e-9) if water.single else 0.0)
    expected = [[depth[j : j + 4, i : i + 5].sum() for i in (0, 5, 10)] for j in (0, 4)]
    np.testing.assert_allclose(sums, expected, rtol=1e-14)
    stored_depth(water.h, water.low, np.array([[1, 8, 1, 12]]), 4, 5, again)
    assert (again == sums).all()  # to the bit
    h, u, v = (water.inner(name).astype(float) for name in ("h", "u", "v"))
    for rdx, rdy in ((0.5, 2.0), (2.0, 0.5)):
        fastest = np.full((2, 3), 9.0, dtype)
        block_speeds(water.h, water.u, water.v, dtype(rdx), dtype(rdy), dtype(9.81), 4, 5, fastest)
        rate = np.maximum((abs(u) + np.sqrt(9.81 * h)) * rdx, (abs(v) + np.sqrt(9.81 * h)) * rdy)
        expected = [[rate[j : j + 4, i : i + 5].max() for i in (0, 5, 10)] for j in (0, 4)]
        np.testing.assert_allclose(fastest, expected, rtol=1e-6)


def test_blocks_with_a_source_are_fed() -> None:
    source, fed = np.zeros((9, 13), np.float32), np.ones((2, 3), np.bool_)
    source[7, 11] = -1e-6
    fed_blocks(source, 4, 5, fed)
    assert fed.tolist() == [[False] * 3, [False, False, True]]
