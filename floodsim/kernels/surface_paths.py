"""The way of the water over bare ground: cells flooded from the lowest up, and to which neighbour each of them drains.

Priority flood (Barnes, Lehman and Mulla 2014, doi:10.1016/j.cageo.2013.04.024) with the steepest of eight directions
(O'Callaghan and Mark 1984). Ties go to the cell that was met first, so the answer does not depend on anything else.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import kernel

DIAGONAL = 0.5**0.5


@kernel
def flood_paths(bed, active, seeds, level, receiver, order, key, tie, heap, queued):
    """Flood the ground from ``seeds`` (flat cells) and give every cell it reaches its receiver; returns how many.

    ``bed`` and ``active`` (ny, nx). ``level`` (ny, nx) takes the bed with shallow and deep hollows filled up to where
    they spill, NaN where the flood does not come; ``receiver`` (cells,) the flat cell that a cell drains to, -1 for
    seeds; ``order`` (cells,) the cells in the order of the flood, each after its receiver. ``key``, ``tie``, ``heap``
    (cells,) are scratch, ``queued`` (cells,) bool too. A diagonal step needs a cell beside it that is no higher than
    the higher of its two ends, so that no path slips through the corner between two walls.
    """
    ny, nx = bed.shape
    level[:] = np.nan
    receiver[:] = -1
    queued[:] = False
    size, met, done = 0, 0, 0
    for k in range(seeds.size):
        cell = seeds[k]
        if not queued[cell]:
            queued[cell] = True
            level[cell // nx, cell % nx] = bed[cell // nx, cell % nx]
            key[cell], tie[cell] = bed[cell // nx, cell % nx], met
            met += 1
            size = _push(heap, size, key, tie, cell)
    for k in range(order.size):
        order[k] = -1
    while size > 0:
        cell = heap[0]
        size = _pop(heap, size, key, tie)
        j, i = cell // nx, cell % nx
        here = level[j, i]
        order[done] = cell
        done += 1
        if receiver[cell] >= 0:
            _steepest(bed, active, level, queued, key, tie, receiver, j, i)
        for dj in range(-1, 2):
            for di in range(-1, 2):
                b, a = j + dj, i + di
                if b < 0 or a < 0 or b >= ny or a >= nx:
                    continue
                other = b * nx + a
                if queued[other] or not active[b, a] or not _open(bed, active, j, i, b, a):
                    continue
                queued[other] = True
                level[b, a] = max(here, bed[b, a])
                receiver[other] = cell
                key[other], tie[other] = level[b, a], met
                met += 1
                size = _push(heap, size, key, tie, other)
    return done


@kernel
def spread_labels(order, receiver, label):
    """Give every cell without a label (below 0) that of the first labelled cell on its way down, in flood order."""
    for k in range(order.size):
        cell = order[k]
        if cell < 0:
            break
        if label[cell] < 0 and receiver[cell] >= 0:
            label[cell] = label[receiver[cell]]


@kernel
def _open(bed, active, j, i, b, a):
    """Whether water can step from (j, i) to (b, a)."""
    if j == b or i == a:
        return True
    top = max(bed[j, i], bed[b, a])
    return (active[j, a] and bed[j, a] <= top) or (active[b, i] and bed[b, i] <= top)


@kernel
def _steepest(bed, active, level, queued, key, tie, receiver, j, i):
    """Turn a cell to the steepest of the neighbours that the flood has passed; on level water it keeps its way."""
    ny, nx = bed.shape
    cell = j * nx + i
    best, steepest = receiver[cell], 0.0
    for dj in range(-1, 2):
        for di in range(-1, 2):
            b, a = j + dj, i + di
            if b < 0 or a < 0 or b >= ny or a >= nx or (dj == 0 and di == 0):
                continue
            other = b * nx + a
            if not queued[other] or not level[b, a] < level[j, i] or not _open(bed, active, j, i, b, a):
                continue
            slope = level[j, i] - level[b, a]
            if dj != 0 and di != 0:
                slope *= DIAGONAL
            if slope > steepest:
                best, steepest = other, slope
    receiver[cell] = best


@kernel
def _before(key, tie, one, other):
    return key[one] < key[other] or (key[one] == key[other] and tie[one] < tie[other])


@kernel
def _push(heap, size, key, tie, cell):
    """Add a cell to the heap; returns its new size."""
    place = size
    while place > 0:
        above = (place - 1) // 2
        if not _before(key, tie, cell, heap[above]):
            break
        heap[place] = heap[above]
        place = above
    heap[place] = cell
    return size + 1


@kernel
def _pop(heap, size, key, tie):
    """Take the first cell off the heap; returns its new size."""
    size -= 1
    cell = heap[size]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and _before(key, tie, heap[below + 1], heap[below]):
            below += 1
        if not _before(key, tie, heap[below], cell):
            break
        heap[place] = heap[below]
        place = below
    heap[place] = cell
    return size
