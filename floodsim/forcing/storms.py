"""Design storms as pure functions: a depth or an intensity law in, blocks of constant intensity out.

Every storm is the difference of an exact cumulative curve over its blocks, so that the blocks add up to its depth.
Knows no cases and no files. All times in s from the start of the storm, depths in m.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from floodsim.forcing.coefficients import Coefficients
from floodsim.forcing.series import Rain

Cumulative = Callable[[np.ndarray], np.ndarray]


def block_edges(duration: float, step: float) -> np.ndarray:
    """Edges (n+1,) of blocks of ``step`` (s) over ``duration`` (s); the last is shorter where they do not divide."""
    count = max(int(np.ceil(duration / step - 1e-9)), 1)
    return np.append(np.arange(count) * step, duration)


def from_cumulative(cumulative: Cumulative, duration: float, step: float) -> Rain:
    """Blocks of the mean intensity of a curve of fallen depth (m) over time (s)."""
    edges = block_edges(duration, step)
    rates = np.diff(cumulative(edges)) / np.diff(edges)
    return Rain(edges, np.maximum(rates, 0.0)[:, None])


def uniform(depth: float, duration: float) -> Rain:
    """Constant intensity: ``depth`` (m) over ``duration`` (s) in one block."""
    return Rain(np.array([0.0, duration]), np.array([[depth / duration]]))


def triangular(depth: float, duration: float, step: float, peak_ratio: float) -> Rain:
    """Intensity that rises straight to 2 depth / duration at ``peak_ratio`` of the duration and falls back to 0."""
    peak = peak_ratio * duration

    def cumulative(t: np.ndarray) -> np.ndarray:
        up, left = np.minimum(t, peak), np.minimum(duration - t, duration - peak)
        rising = up / peak * (up / duration) if peak > 0.0 else np.zeros_like(t)
        falling = left / (duration - peak) * (left / duration) if peak < duration else np.zeros_like(t)
        return depth * np.where(t < peak, rising, 1.0 - falling)

    return from_cumulative(cumulative, duration, step)


def chicago(law: Coefficients, duration: float, step: float, peak_ratio: float) -> Rain:
    """Chicago storm (Keifer and Chu 1957) with exact block means.

    With tp = r T and H(t) the depth of the law: fallen depth is r [H(T) - H((tp - t) / r)] up to tp, and
    r H(T) + (1 - r) H((t - tp) / (1 - r)) after. The total is H(T) for every ``peak_ratio`` r in 0..1, and the peak
    stays finite even where b = 0, because only block means are used.
    """
    r, peak = peak_ratio, peak_ratio * duration
    total = law.depth(duration)

    def cumulative(t: np.ndarray) -> np.ndarray:
        before = total - law.depth(np.maximum(peak - t, 0.0) / r) if r > 0.0 else np.zeros_like(t)
        after = law.depth(np.maximum(t - peak, 0.0) / (1.0 - r)) if r < 1.0 else np.zeros_like(t)
        return np.where(t <= peak, r * before, r * total + (1.0 - r) * after)

    return from_cumulative(cumulative, duration, step)


def alternating_block(law: Coefficients, duration: float, step: float, peak_ratio: float) -> Rain:
    """Alternating block storm: the increments of H(k step), the greatest at the peak, then right, left, right, ...

    ``duration`` must be a multiple of ``step`` (ValueError). Every group of blocks nested around the peak has the depth
    that the law gives for its length, until one side of the storm is full.
    """
    edges = block_edges(duration, step)
    count = edges.size - 1
    if abs(count * step - duration) > 1e-6 * duration:
        raise ValueError("the duration is not a multiple of the step")
    increments = np.sort(np.diff(law.depth(edges)))[::-1]
    peak = min(int(peak_ratio * count), count - 1)
    right, left = list(range(peak + 1, count)), list(range(peak - 1, -1, -1))
    order = [peak]
    while right or left:
        order += ([right.pop(0)] if right else []) + ([left.pop(0)] if left else [])
    rates = np.empty(count)
    rates[order] = np.maximum(increments, 0.0) / step
    return Rain(edges, rates[:, None])


def pattern(times: np.ndarray, shares: np.ndarray, depth: float, duration: float, step: float) -> Rain:
    """A curve of time shares and depth shares (m,), both from 0 to 1, over a depth (m) and a duration (s)."""
    return from_cumulative(lambda t: depth * np.interp(t / duration, times, shares), duration, step)


def shifted(rain: Rain, start: float, factor: float) -> Rain:
    """The same rain ``start`` s later and ``factor`` times as strong."""
    return Rain(rain.edges + start, rain.rates * factor, rain.zones)
