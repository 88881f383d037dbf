"""Rain on a tilted V-catchment (Di Giammarco et al. 1996; Panday and Huyakorn 2004): two planes and a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.validation.case import MASS_LIMIT, SCHEMES, Outcome, Scheme, ValidationCase
from floodsim.validation.pictures import in_time
from floodsim.validation.runs import run

CELL, REACH = 20.0, 5
"""Cell size (m), and cells of the channel below the planes: there the whole discharge can be read."""
RAIN_S, RATE = 90 * 60.0, 10.8e-3 / 3600.0
EQUILIBRIUM = 4.86
"""All the rain on 1620 m x 1000 m, m3/s."""


def evaluate(scheme: Scheme, _data: Path | None) -> Outcome:
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
    rain = done.results.summary["mass"]["terms"]["rain"]["m3"]
    figures = {
        "equilibrium": abs(float(discharge[times == RAIN_S][0]) / EQUILIBRIUM - 1.0),
        "overshoot": float(discharge.max()) / EQUILIBRIUM - 1.0,
        "rain": abs(rain / (EQUILIBRIUM * RAIN_S) - 1.0),
        "mass": done.mass_error,
    }
    level = (np.array([0.0, RAIN_S]), np.full(2, EQUILIBRIUM))
    picture = in_time("discharge at the outlet (reference: all the rain)", "m3/s", level, (times, discharge))
    return Outcome(figures, (picture,), done.wall_s, done.cpu_s)


CASES = (
    ValidationCase(
        name="v_catchment",
        title="Rain on a tilted V-catchment",
        group="intercomparison",
        source="Di Giammarco et al. 1996, doi:10.1016/S0022-1694(96)80022-4; Panday and Huyakorn 2004, "
        "doi:10.1016/j.advwatres.2004.02.016",
        peers="every published model reaches the equilibrium of 4.86 m3/s before the rain ends",
        evaluate=evaluate,
        limits=dict.fromkeys(SCHEMES, {"equilibrium": 0.002, "overshoot": 0.002, "rain": 1e-5, "mass": MASS_LIMIT}),
        seconds=dict.fromkeys(SCHEMES, 2.0),
    ),
)
