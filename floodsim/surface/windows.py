"""Windows: rectangles of awake blocks, dealt out to threads so that each has about the same number of cells."""

from __future__ import annotations

import numpy as np

from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS, Part

WIDEST = 4096
"""Columns of the widest window: its row buffers (17 rows) stay in the second-level cache, and long rows are faster."""


def deal_windows(awake: np.ndarray, shape: tuple[int, int], threads: int, part: Part | None = None) -> list[np.ndarray]:
    """For each thread the windows (n, 4) j0, j1, i0, i1 in padded indices; awake blocks each stand in exactly one.

    ``awake`` (block rows, block columns) is true where a block is swept; ``shape`` is (ny, nx). Of a ``part`` of a
    grid only the cells that it sweeps are dealt out.
    """
    runs = _runs(np.asarray(awake, bool))
    cells = np.cumsum([run[2] - run[1] for run in runs])
    hands: list[list[list[int]]] = [[] for _ in range(threads)]
    for run, reached in zip(runs, cells, strict=True):
        share = (reached - (run[2] - run[1]) / 2) / cells[-1]
        _add(hands[min(int(share * threads), threads - 1)], run)
    dealt = [_to_cells(hand, shape) for hand in hands]
    return dealt if part is None or part.is_whole else [_cut(windows, part) for windows in dealt]


def _cut(windows: np.ndarray, part: Part) -> np.ndarray:
    """Windows cut to what a part sweeps; the halo west of its own cells stands in windows of its own, because sums over
    blocks are counted from the first column of a window.
    """
    (j0, j1, i0, i1), west = (index + 1 for index in part.swept), part.own[2] + 1
    pieces = []
    for first, last in ((i0, west), (west, i1)):
        piece = windows.copy()
        piece[:, :2] = np.clip(piece[:, :2], j0, j1)
        piece[:, 2:] = np.clip(piece[:, 2:], first, last)
        pieces.append(piece[(piece[:, 0] < piece[:, 1]) & (piece[:, 2] < piece[:, 3])])
    return np.concatenate(pieces)


def cut_to_own(windows: np.ndarray, part: Part) -> np.ndarray:
    """Windows (n, 4) in padded indices cut to the cells that a part of a grid answers for."""
    if part.is_whole:
        return windows
    j0, j1, i0, i1 = (index + 1 for index in part.own)
    piece = windows.copy()
    piece[:, :2], piece[:, 2:] = np.clip(piece[:, :2], j0, j1), np.clip(piece[:, 2:], i0, i1)
    return piece[(piece[:, 0] < piece[:, 1]) & (piece[:, 2] < piece[:, 3])]


def _runs(awake: np.ndarray) -> list[tuple[int, int, int]]:
    """Unbroken stretches of awake blocks, row by row: block row, first and last + 1 column; none wider than WIDEST."""
    widest = WIDEST // BLOCK_COLUMNS
    runs = []
    for row in np.flatnonzero(awake.any(axis=1)):
        turns = np.flatnonzero(np.diff(np.concatenate(([False], awake[row], [False])).astype(np.int8)))
        for first, last in zip(turns[::2], turns[1::2], strict=True):
            pieces = -(-(last - first) // widest)
            cuts = np.linspace(first, last, pieces + 1).astype(int)
            runs += [(int(row), int(a), int(b)) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
    return runs


def _add(hand: list[list[int]], run: tuple[int, int, int]) -> None:
    """Put a run into a hand; it grows the window right below it where that has the same columns."""
    row, first, last = run
    for window in reversed(hand):
        if window[1] < row:
            break
        if window[1] == row and window[2:] == [first, last]:
            window[1] = row + 1
            return
    hand.append([row, row + 1, first, last])


def _to_cells(hand: list[list[int]], shape: tuple[int, int]) -> np.ndarray:
    if not hand:
        return np.zeros((0, 4), np.int64)
    blocks = np.array(hand, np.int64)
    rows = np.minimum(blocks[:, :2] * BLOCK_ROWS, shape[0]) + 1
    columns = np.minimum(blocks[:, 2:] * BLOCK_COLUMNS, shape[1]) + 1
    return np.concatenate([rows, columns], axis=1)
