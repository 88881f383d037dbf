"""Cuts of a grid: every block in one tile, shares of the work about even, windows that hold what the halo needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.errors import CaseError
from floodsim.simulate.tiles.plan import MARGIN, Plan, cut_tiles, plan_tiles
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS

SHAPES = st.tuples(st.integers(1, 700), st.integers(1, 900))


def once(plan: Plan) -> None:
    """Every cell belongs to one tile, and inner edges lie between blocks."""
    cover = np.zeros(plan.shape, int)
    for j0, j1, i0, i1 in plan.tiles:
        assert j0 < j1 and i0 < i1 and j0 % BLOCK_ROWS == 0 and i0 % BLOCK_COLUMNS == 0
        assert j1 % BLOCK_ROWS == 0 or j1 == plan.shape[0]
        assert i1 % BLOCK_COLUMNS == 0 or i1 == plan.shape[1]
        cover[j0:j1, i0:i1] += 1
    assert (cover == 1).all()


@given(SHAPES, st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_planned_tiles_cover_the_grid_once(shape: tuple[int, int], tiles: int, seed: int) -> None:
    blocks = -(-shape[0] // BLOCK_ROWS), -(-shape[1] // BLOCK_COLUMNS)
    work = np.random.default_rng(seed).random(blocks) ** 4
    try:
        plan = plan_tiles(shape, tiles, work)
    except CaseError:
        fits = [(r, tiles // r) for r in range(1, tiles + 1) if tiles % r == 0]
        assert not any(r <= blocks[0] and c <= blocks[1] for r, c in fits)
        return
    once(plan)
    assert len(plan.tiles) == tiles and len(set(plan.labels)) == tiles


@given(SHAPES, st.data())
def test_tiles_cut_by_hand_cover_the_grid_once(shape: tuple[int, int], data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, -(-shape[0] // BLOCK_ROWS)))
    columns = data.draw(st.integers(1, -(-shape[1] // BLOCK_COLUMNS)))
    plan = cut_tiles(shape, f"{rows}x{columns}")
    once(plan)
    assert [len(band) for band in plan.bands] == [columns] * rows


def test_work_is_shared_evenly() -> None:
    work = np.zeros((40, 10))
    work[:8] = 1.0  # all the water is in the south
    plan = plan_tiles((40 * BLOCK_ROWS, 10 * BLOCK_COLUMNS), 4, work)
    shares = [
        work[j0 // BLOCK_ROWS : j1 // BLOCK_ROWS, i0 // BLOCK_COLUMNS : i1 // BLOCK_COLUMNS].sum()
        for j0, j1, i0, i1 in plan.tiles
    ]
    assert max(shares) <= 1.3 * sum(shares) / 4


@given(SHAPES, st.sampled_from([8, 16, 24, 40]))
def test_windows_hold_the_halo_and_begin_with_a_block(shape: tuple[int, int], halo: int) -> None:
    plan = cut_tiles(shape, f"{min(3, -(-shape[0] // BLOCK_ROWS))}x{min(2, -(-shape[1] // BLOCK_COLUMNS))}")
    for number, own in enumerate(plan.tiles):
        part, window = plan.part(number, halo)
        assert window[0] % BLOCK_ROWS == 0 and window[2] % BLOCK_COLUMNS == 0 and part.origin == (window[0], window[2])
        for axis in (0, 1):
            first, last, count = own[2 * axis], own[2 * axis + 1], shape[axis]
            start = part.origin[axis]
            assert part.own[2 * axis] + start == first and part.own[2 * axis + 1] + start == last
            assert part.swept[2 * axis] + start == max(first - halo, 0)
            assert part.swept[2 * axis + 1] + start == min(last + halo, count)
            assert window[2 * axis] <= max(first - halo - MARGIN, 0)
            assert window[2 * axis + 1] == min(last + halo + MARGIN, count)
        assert part.is_whole == (len(plan.tiles) == 1)


def test_uneven_cuts_count_blocks() -> None:
    plan = cut_tiles((5 * BLOCK_ROWS, 6 * BLOCK_COLUMNS - 3), "1+4x2+1+3")
    once(plan)
    assert [tile[1] - tile[0] for tile in plan.tiles[::3]] == [BLOCK_ROWS, 4 * BLOCK_ROWS]
    for wrong in ("1+3x6", "0x1", "6x1", "x", "2", "-1x2", "2x1x1"):
        with pytest.raises(CaseError, match="--tiles"):
            cut_tiles(plan.shape, wrong)
