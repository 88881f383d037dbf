"""Rain on a tilted V-catchment (Di Giammarco et al. 1996; Panday and Huyakorn 2004): two planes and a channel."""

from __future__ import annotations

from typing import Any

import numpy as np

import floodsim
from tests.validation.common import HLLC1, HLLC2, INERTIAL, MASS_LIMIT, Figure, Outcome, Scheme, every, run

CELL, REACH = 20.0, 5
"""Cell size (m), and cells of the channel below the planes: there the whole discharge can be read."""
RAIN_S, RATE = 90 * 60.0, 10.8e-3 / 3600.0
EQUILIBRIUM = 4.86
"""All the rain on 1620 m x 1000 m, m3/s."""
LIMITS = {HLLC1: 0.002, HLLC2: 0.002, INERTIAL: 0.002}
"""Relative error of the equilibrium discharge."""


def evaluate(scheme: Scheme) -> Outcome:
    """Errors of the discharge at the end of the rain, of its largest value, and of the volume of rain."""
    x, y = np.arange(-800.0, 820.0, CELL) + CELL / 2.0 - 10.0, (np.arange(50 + REACH) - REACH + 0.5) * CELL
    channel = np.abs(x) < 10.0
    bed = 0.05 * np.maximum(np.abs(x) - 10.0, 0.0) + 0.02 * (y[:, np.newaxis] + REACH * CELL)
    planes = np.arange(y.size)[:, np.newaxis] >= REACH
    grid = floodsim.make_grid(
        bed,
        CELL,
        roughness=np.where(channel, 0.15, 0.015) * np.ones_like(bed),
        active=planes | channel,
        rain_share=(planes * np.ones_like(bed)).astype(np.float32),
    )
    middle, row = float(grid.x[channel][0]), 2.0 * CELL
    case: dict[str, Any] = {
        "clock": {"duration": 2.0 * RAIN_S},
        "rainfall": {"kind": "uniform", "intensity": RATE, "duration": RAIN_S, "step": RAIN_S},
        "boundaries": [{"name": "outlet", "kind": "open", "edge": "south"}],
        "lines": [{"name": "outlet", "coordinates": [(middle - 10.0, row), (middle + 10.0, row)]}],
        "output": {"interval": 2.0 * RAIN_S, "series_interval": 60.0},
    }
    done = run(case, grid, scheme)
    times, discharge = done.series("discharge", "line", "outlet")
    terms = done.results.summary["mass"]["terms"]
    figures = {
        "end of rain": Figure(abs(discharge[times == RAIN_S][0] / EQUILIBRIUM - 1.0), LIMITS[scheme]),
        "overshoot": Figure(discharge.max() / EQUILIBRIUM - 1.0, LIMITS[scheme]),
        "rain": Figure(abs(terms["rain"]["m3"] / (EQUILIBRIUM * RAIN_S) - 1.0), 1e-5),
        "mass": Figure(done.mass_error, MASS_LIMIT),
    }
    return Outcome(figures, done.wall_s)


@every(LIMITS)
def test_reaches_equilibrium(scheme: Scheme) -> None:
    evaluate(scheme).check()
