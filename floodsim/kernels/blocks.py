"""Blocks of cells: which of them can change in the next step, and sums over them in a fixed order."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import kernel

ASLEEP, DRAINED, AWAKE = 0, 1, 2
"""States of a block: both buffers dry; dry but swept once more to clear the other buffer; swept."""


@kernel
def wake_blocks(h, fastest, fed, block_rows, block_columns, swept, awake):
    """Decide which blocks are swept next; returns whether the choice differs from the last one.

    A block is awake where it holds water, where ``fed`` says that water may enter it from outside, or where a cell of a
    neighbour along the common edge is wet. ``awake`` (rows, columns) holds the last choice and takes the new one;
    ``swept`` says whether a sweep has followed that choice, and a drained block has thereby been cleared.
    """
    changed = False
    rows, columns = awake.shape
    for bj in range(rows):
        for bi in range(columns):
            state = AWAKE
            if not (fastest[bj, bi] > 0 or fed[bj, bi]) and not _edge_is_wet(
                h, fastest, bj, bi, rows, columns, block_rows, block_columns
            ):
                uncleared = awake[bj, bi] == AWAKE or (awake[bj, bi] == DRAINED and not swept)
                state = DRAINED if uncleared else ASLEEP
            if (state == ASLEEP) != (awake[bj, bi] == ASLEEP):
                changed = True
            awake[bj, bi] = state
    return changed


@kernel
def _edge_is_wet(h, fastest, bj, bi, rows, columns, block_rows, block_columns):
    """Whether any of the four neighbours holds water right at the common edge."""
    j0, i0 = 1 + bj * block_rows, 1 + bi * block_columns
    j1, i1 = min(j0 + block_rows, h.shape[0] - 1), min(i0 + block_columns, h.shape[1] - 1)
    if bj > 0 and fastest[bj - 1, bi] > 0:
        for i in range(i0, i1):
            if h[j0 - 1, i] > 0:
                return True
    if bj < rows - 1 and fastest[bj + 1, bi] > 0:
        for i in range(i0, i1):
            if h[j1, i] > 0:
                return True
    if bi > 0 and fastest[bj, bi - 1] > 0:
        for j in range(j0, j1):
            if h[j, i0 - 1] > 0:
                return True
    if bi < columns - 1 and fastest[bj, bi + 1] > 0:
        for j in range(j0, j1):
            if h[j, i1] > 0:
                return True
    return False


@kernel
def block_speeds(h, u, v, rdx, rdy, g, block_rows, block_columns, fastest):
    """Largest (speed + c) / cell width (1/s) of each block, written to ``fastest``; for the start of a run."""
    fastest[:, :] = 0
    for j in range(1, h.shape[0] - 1):
        bj = (j - 1) // block_rows
        for i in range(1, h.shape[1] - 1):
            bi = (i - 1) // block_columns
            c = np.sqrt(g * h[j, i])
            rate = max((abs(u[j, i]) + c) * rdx, (abs(v[j, i]) + c) * rdy)
            if rate > fastest[bj, bi]:
                fastest[bj, bi] = rate


@kernel
def stored_depth(h, low, windows, block_rows, block_columns, sums):
    """Sum of depth (m) over each block, over the windows only, added to ``sums`` (rows, columns); ``low`` may be empty.

    Where the windows hold the same cells of a block the sum is the same, however they are cut at blocks.
    """
    for k in range(windows.shape[0]):
        for j in range(windows[k, 0], windows[k, 1]):
            bj, first = (j - 1) // block_rows, windows[k, 2]
            while first < windows[k, 3]:
                bi = (first - 1) // block_columns
                last = min((bi + 1) * block_columns + 1, windows[k, 3])
                total = np.float64(0.0)
                for i in range(first, last):
                    total += h[j, i]
                if low.size:
                    for i in range(first, last):
                        total -= low[j, i]
                sums[bj, bi] += total
                first = last


@kernel
def fed_blocks(source, block_rows, block_columns, fed):
    """Mark in ``fed`` (rows, columns) the blocks with a cell whose source is not zero."""
    for bj in range(fed.shape[0]):
        j0, j1 = 1 + bj * block_rows, min(1 + (bj + 1) * block_rows, source.shape[0] - 1)
        for bi in range(fed.shape[1]):
            i0, i1 = 1 + bi * block_columns, min(1 + (bi + 1) * block_columns, source.shape[1] - 1)
            found = False
            for j in range(j0, j1):
                for i in range(i0, i1):
                    if source[j, i] != 0:
                        found = True
                        break
                if found:
                    break
            fed[bj, bi] = found
