"""Every awake cell belongs to exactly one window, and the threads get fair shares."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.windows import WIDEST, deal_windows


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 5), columns=st.integers(1, 20), threads=st.integers(1, 5), data=st.data())
def test_windows_cover_awake_blocks_once(rows: int, columns: int, threads: int, data: st.DataObject) -> None:
    awake = np.array(data.draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns)))
    awake = awake.reshape(rows, columns)
    ny = rows * BLOCK_ROWS - data.draw(st.integers(0, BLOCK_ROWS - 1))
    nx = columns * BLOCK_COLUMNS - data.draw(st.integers(0, BLOCK_COLUMNS - 1))
    covered = np.zeros((ny + 2, nx + 2), int)
    hands = deal_windows(awake, (ny, nx), threads)
    assert len(hands) == threads
    for hand in hands:
        for j0, j1, i0, i1 in hand:
            assert i1 - i0 <= WIDEST
            covered[j0:j1, i0:i1] += 1
    expected = np.kron(awake, np.ones((BLOCK_ROWS, BLOCK_COLUMNS), int))[:ny, :nx]
    assert np.array_equal(covered[1:-1, 1:-1], expected)
    assert covered[0].sum() + covered[-1].sum() + covered[:, 0].sum() + covered[:, -1].sum() == 0


def test_full_grid_is_one_tall_window_per_thread() -> None:
    hands = deal_windows(np.ones((32, 10), bool), (32 * BLOCK_ROWS, 10 * BLOCK_COLUMNS), 2)
    assert [len(hand) for hand in hands] == [1, 1]
    assert [int(hand[0, 1] - hand[0, 0]) for hand in hands] == [16 * BLOCK_ROWS, 16 * BLOCK_ROWS]


def test_nothing_awake() -> None:
    assert [len(hand) for hand in deal_windows(np.zeros((3, 3), bool), (90, 190), 2)] == [0, 0]
