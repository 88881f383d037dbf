"""Series in time, as the run uses them: plain arrays of seconds from the start and SI values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TimeSeries:
    """Values at times, linear in between and constant outside. ``times`` in s, ascending; ``values`` in SI."""

    times: np.ndarray
    values: np.ndarray

    @staticmethod
    def constant(value: float) -> TimeSeries:
        """A series that never changes."""
        return TimeSeries(np.zeros(1), np.full(1, float(value)))

    def at(self, t: float) -> float:
        """Value at time t (s)."""
        return float(np.interp(t, self.times, self.values))

    def mean(self, t0: float, t1: float) -> float:
        """Exact mean over [t0, t1] (s); the value at t0 where the interval is empty."""
        if t1 <= t0:
            return self.at(t0)
        inside = self.times[(self.times > t0) & (self.times < t1)]
        knots = np.concatenate(([t0], inside, [t1]))
        return float(np.trapezoid(np.interp(knots, self.times, self.values), knots) / (t1 - t0))


@dataclass(frozen=True)
class Rain:
    """Rain in blocks of constant intensity, uniform or by zones.

    ``edges`` (n+1,) block edges in s, ascending; ``rates`` (n, zones) in m/s; ``zones`` (ny, nx) integer zone of each
    cell, or None where one zone covers the grid. No rain falls outside the edges.
    """

    edges: np.ndarray
    rates: np.ndarray
    zones: np.ndarray | None = None

    @staticmethod
    def none() -> Rain:
        """No rain at all."""
        return Rain(np.array([0.0, 0.0]), np.zeros((1, 1)))

    @property
    def end(self) -> float:
        """Time of the end of the last block in which it rains, s; 0 where it never does."""
        wet = np.flatnonzero(self.rates.max(axis=1) > 0.0)
        return float(self.edges[wet[-1] + 1]) if wet.size else 0.0

    def mean(self, t0: float, t1: float) -> np.ndarray:
        """Exact mean intensity of each zone over [t0, t1] (s), shape (zones,), m/s; that at t0 if they are equal."""
        first = max(int(np.searchsorted(self.edges, t0, side="right")) - 1, 0)
        last = min(int(np.searchsorted(self.edges, t1, side="left")), self.edges.size - 1)
        if t1 <= t0:
            inside = self.edges[0] <= t0 < self.edges[-1]
            return self.rates[first].astype(np.float64) if inside else np.zeros(self.rates.shape[1])
        overlap = np.minimum(self.edges[first + 1 : last + 1], t1) - np.maximum(self.edges[first:last], t0)
        return np.maximum(overlap, 0.0) @ self.rates[first:last] / (t1 - t0)
