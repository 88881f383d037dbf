"""What a network meets at its ends: means of inflow series over a step, and levels in the mouths of its outfalls."""

from __future__ import annotations

from floodsim.kernels.jit import inline, kernel
from floodsim.kernels.network_conduits import (
    BED_END,
    BED_START,
    CRITICAL_FLOW,
    END,
    HEIGHT,
    LINK,
    NORMAL_FLOW,
    SHAPE,
    START,
)
from floodsim.kernels.network_sections import depth_of_flow


@inline
def between(points, k, t):
    """Value at t of the piece of a series from row k to the next of ``points`` (time, value)."""
    rise = points[k + 1, 1] - points[k, 1]
    return points[k, 1] + rise * (t - points[k, 0]) / (points[k + 1, 0] - points[k, 0])


@kernel
def series_means(points, first, t0, t1, means):
    """Exact mean over [t0, t1] (s) of every series, 0 outside its times; at one instant its value there.

    ``points`` (k, 2) times and values of all series one after the other, linear between; ``first`` (n + 1,) where each
    begins. Where two points share a time the later one counts from it on.
    """
    for n in range(means.size):
        means[n] = 0.0
        low, last = first[n], first[n + 1] - 1
        if last < low or t1 < points[low, 0] or t0 > points[last, 0]:
            continue
        if last == low:
            means[n] = points[low, 1] if t1 <= t0 else 0.0
            continue
        a, b = max(t0, points[low, 0]), min(t1, points[last, 0])
        high = last
        while high - low > 1:  # the last piece that begins no later than a
            middle = (low + high) // 2
            if points[middle, 0] <= a:
                low = middle
            else:
                high = middle
        if t1 <= t0:
            means[n] = points[low, 1] if points[low + 1, 0] <= points[low, 0] else between(points, low, a)
            continue
        total, k = 0.0, low
        while a < b:
            end = min(points[k + 1, 0], b)
            if end > a:
                total += between(points, k, 0.5 * (a + end)) * (end - a)
                a = end
            k += 1
        means[n] = total / (t1 - t0)


@kernel
def show_mouths(mouths, numbers, wholes, critical, normal, invert, flow, head, depth):
    """Raise the level of outfalls to that in the mouth of a conduit that flows out, the lower of critical and normal.

    ``mouths`` (n, 2): row of the conduit, and 1 where its end, 0 where its start lies at the outfall.
    """
    for m in range(mouths.shape[0]):
        c = mouths[m, 0]
        q = flow[wholes[c, LINK]] if mouths[m, 1] == 1 else -flow[wholes[c, LINK]]
        if q <= 0.0:
            continue
        fall = numbers[c, NORMAL_FLOW] if mouths[m, 1] == 1 else -numbers[c, NORMAL_FLOW]
        part = depth_of_flow(critical, wholes[c, SHAPE], q / numbers[c, CRITICAL_FLOW])
        if fall > 0.0:
            part = min(part, depth_of_flow(normal, wholes[c, SHAPE], q / fall))
        node, bed = wholes[c, START], numbers[c, BED_START]
        if mouths[m, 1] == 1:
            node, bed = wholes[c, END], numbers[c, BED_END]
        head[node] = max(head[node], bed + part * numbers[c, HEIGHT])
        depth[node] = head[node] - invert[node]
