"""What the network's own input brings: external and dry-weather inflows, and stages outside its outfalls."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from floodsim.drainage.network import NONE, Network, OutfallKind, Pattern, PatternKind
from floodsim.kernels.network_ends import series_means

DAY = 86400.0


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
        used = sorted({int(row) for row in network.inflows.series if row != NONE})
        place = {row: k for k, row in enumerate(used)}
        self._rows = np.array([place.get(int(row), len(used)) for row in network.inflows.series], int)
        stacked = [np.column_stack((network.series[row].times, network.series[row].values)) for row in used]
        self._points = np.concatenate([np.zeros((0, 2)), *stacked]).astype(float)
        self._first = np.cumsum([0, *(len(rows) for rows in stacked)], dtype=np.int64)
        self._means = np.zeros(len(used) + 1)
        self.active = bool(network.inflows.node.size or network.dry_weather.node.size)
        self._still, self._moving = _stages_at_rest(network)

    def inflow(self, t0: float, t1: float) -> np.ndarray:
        """Mean inflow (nodes,) over [t0, t1]."""
        network = self.network
        total = np.zeros(len(network.nodes.name))
        if not self.active:
            return total
        now = network.options.start + timedelta(seconds=0.5 * (t0 + t1))
        factors = np.array([pattern_factor(pattern, now) for pattern in network.patterns] + [1.0])
        series_means(self._points, self._first, t0, t1, self._means[:-1])
        inflows = network.inflows
        flow = inflows.scale * self._means[self._rows] + inflows.baseline * factors[inflows.pattern]
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
        stage = self._still.copy()
        for kind, row, rows in self._moving:
            if kind == OutfallKind.SERIES:
                series = self.network.series[row]
                stage[rows] = np.interp(t, series.times, series.values)
            else:
                curve, start = self.network.curves[row], self.network.options.start
                day = (start - datetime(start.year, start.month, start.day)).total_seconds()
                stage[rows] = np.interp((t + day) % DAY, curve.x, curve.y, period=DAY)
        return stage


def _stages_at_rest(network: Network) -> tuple[np.ndarray, list[tuple[OutfallKind, int, np.ndarray]]]:
    """Stages of outfalls that do not move (outfalls,), and of the others: kind, series or curve, and who follows it."""
    outfalls = network.outfalls
    stage = network.nodes.invert[outfalls.node].astype(float)
    fixed = outfalls.kind == OutfallKind.FIXED
    stage[fixed] = outfalls.level[fixed]
    moving = []
    for kind, sources in ((OutfallKind.SERIES, outfalls.series), (OutfallKind.TIDAL, outfalls.curve)):
        these = outfalls.kind == kind
        moving += [(kind, int(row), np.flatnonzero(these & (sources == row))) for row in np.unique(sources[these])]
    return stage, moving
