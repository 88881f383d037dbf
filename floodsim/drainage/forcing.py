"""What the network's own input brings: external and dry-weather inflows, and stages outside its outfalls."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from floodsim.drainage.network import NONE, Network, OutfallKind, Pattern, PatternKind, Series

DAY = 86400.0


def series_mean(series: Series, t0: float, t1: float) -> float:
    """Exact mean of a series over [t0, t1] (s), 0 outside its times."""
    times, values = series.times, series.values
    if times.size == 0 or t1 <= times[0] or t0 >= times[-1]:
        inside = times.size and times[0] <= t0 <= times[-1]
        return float(np.interp(t0, times, values)) if t1 <= t0 and inside else 0.0
    if t1 <= t0:
        return float(np.interp(t0, times, values))
    a, b = max(t0, times[0]), min(t1, times[-1])
    first, last = np.searchsorted(times, a, side="right"), np.searchsorted(times, b, side="left")
    knots = np.concatenate(([a], times[first:last], [b]))
    return float(np.trapezoid(np.interp(knots, times, values), knots) / (t1 - t0))


def pattern_factor(pattern: Pattern, now: datetime) -> float:
    """Factor of a pattern at an instant; that of a pattern for the other kind of day is 1 (weekend, hourly)."""
    weekday = (now.weekday() + 1) % 7
    if pattern.kind == PatternKind.MONTHLY:
        return float(pattern.factors[now.month - 1])
    if pattern.kind == PatternKind.DAILY:
        return float(pattern.factors[weekday])
    return float(pattern.factors[now.hour])


class NetworkForcing:
    """Own inflows (m3/s) and outfall stages (m) of a network over time."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.used = sorted({int(row) for row in network.inflows.series if row != NONE})
        self.place = {row: k for k, row in enumerate(self.used)}
        self.rows = np.array([self.place.get(int(row), len(self.used)) for row in network.inflows.series], int)
        self.active = bool(network.inflows.node.size or network.dry_weather.node.size)

    def inflow(self, t0: float, t1: float) -> np.ndarray:
        """Mean inflow (nodes,) over [t0, t1]."""
        network = self.network
        total = np.zeros(len(network.nodes.name))
        if not self.active:
            return total
        now = network.options.start + timedelta(seconds=0.5 * (t0 + t1))
        factors = np.array([pattern_factor(pattern, now) for pattern in network.patterns] + [1.0])
        means = np.array([series_mean(network.series[row], t0, t1) for row in self.used] + [0.0])
        inflows = network.inflows
        flow = inflows.scale * means[self.rows] + inflows.baseline * factors[inflows.pattern]
        total += np.bincount(inflows.node, flow, total.size)
        dry = network.dry_weather
        if dry.node.size:
            total += np.bincount(dry.node, dry.mean * self._dry_factors(now, factors), total.size)
        return total

    def _dry_factors(self, now: datetime, factors: np.ndarray) -> np.ndarray:
        """Product of the patterns of each dry-weather flow; at weekends the weekend pattern replaces the hourly one."""
        weekend = now.weekday() >= 5
        kinds = np.array([int(pattern.kind) for pattern in self.network.patterns] + [-1])
        rows = self.network.dry_weather.patterns
        used = factors[rows]
        of_weekend = kinds[rows] == PatternKind.WEEKEND
        has_weekend = of_weekend.any(axis=1, keepdims=True)
        idle = (of_weekend & (not weekend)) | ((kinds[rows] == PatternKind.HOURLY) & weekend & has_weekend)
        return np.prod(np.where(idle, 1.0, used), axis=1)

    def stages(self, t: float) -> np.ndarray:
        """Stage outside every outfall (m) at t; its invert where the outfall is free or normal."""
        network, outfalls = self.network, self.network.outfalls
        stage = network.nodes.invert[outfalls.node].astype(float)
        for row, kind in enumerate(outfalls.kind):
            if kind == OutfallKind.FIXED:
                stage[row] = outfalls.level[row]
            elif kind == OutfallKind.SERIES:
                series = network.series[int(outfalls.series[row])]
                stage[row] = np.interp(t, series.times, series.values)
            elif kind == OutfallKind.TIDAL:
                curve = network.curves[int(outfalls.curve[row])]
                start = network.options.start
                day = (start - datetime(start.year, start.month, start.day)).total_seconds()
                stage[row] = np.interp((t + day) % DAY, curve.x, curve.y, period=DAY)
        return stage
