"""UK Environment Agency 2D benchmark, Test 1 (SC120002): flooding of a disconnected water body over a sill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from tests.validation.common import (
    HLLC1,
    HLLC2,
    INERTIAL,
    MASS_LIMIT,
    Figure,
    Outcome,
    Scheme,
    every,
    read_columns,
    run,
)

HOURS = 20.0
HIGH, SILL = 10.35, 10.25
LIMITS = {HLLC1: 0.01, HLLC2: 0.01, INERTIAL: 0.01}
"""Error of level in m. ANUGA 4.1.0 (reference series in the data): 0.0017 from 4 h to 11 h, 0.0061 at 20 h."""


def bed(x: np.ndarray) -> np.ndarray:
    """Bed level (m) at x (m): a rise to the sill at 300 m, a pool behind it, a rise again."""
    rise = 9.6487 + 0.002130 * x
    pool = 10.0 + 0.25 * np.cos(2.0 * np.pi * (x - 300.0) / 400.0)
    return np.where(
        x <= 263.5, rise, np.where(x <= 600.0, pool, 10.0 + 0.25 * np.cos(1.5 * np.pi) + 0.003927 * (x - 600.0))
    )


def evaluate(scheme: Scheme, data: Path) -> Outcome:
    """Errors of level at both points while the outside stands high, and at the end."""
    folder, limit = data / "ea" / "test1", LIMITS[scheme]
    series, points = read_columns(folder / "Test1BC.csv"), read_columns(folder / "Test1output.csv")
    grid = floodsim.make_grid(np.tile(bed(np.arange(5.0, 700.0, 10.0)), (10, 1)), 10.0, roughness=0.03)
    outside = [(60.0 * t, z) for t, z in zip(series["Time (mins)"], series["Water level (m)"], strict=True)]
    gauges = zip(points["Point ID"], points["X"], points["Y"], strict=True)
    case: dict[str, Any] = {
        "clock": {"duration": HOURS * 3600.0},
        "initial": {"level": 9.7},
        "boundaries": [{"name": "outside", "kind": "level", "edge": "west", "level": {"values": outside}}],
        "points": [{"name": f"{n:.0f}", "x": x, "y": y} for n, x, y in gauges],
        "output": {"interval": HOURS * 3600.0, "series_interval": 60.0},
    }
    done = run(case, grid, scheme)
    figures = {}
    for name in ("1", "2"):
        times, level = done.series("level", "point", name)
        high = (times >= 4 * 3600.0) & (times <= 11 * 3600.0)
        figures[f"high {name}"] = Figure(float(np.abs(level[high] - HIGH).max()), limit)
        figures[f"end {name}"] = Figure(abs(float(level[-1]) - SILL), limit)
    figures["mass"] = Figure(done.mass_error, MASS_LIMIT)
    return Outcome(figures, done.wall_s)


@every(LIMITS)
def test_pool_fills_and_keeps_its_water(scheme: Scheme, validation_data: Path) -> None:
    evaluate(scheme, validation_data).check()
