"""Dam break over a triangular bump (CADAM): 38 m channel, reservoir of 15.5 m, bump of 0.4 m, dry and open beyond.

The measured series of the gauges are not at hand in a form that may be cited. What is asserted follows from theory:
Ritter's solution, which friction can only slow down, before anything comes back from the bump; and the pool behind
the crest, which drains down to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import floodsim
from tests.validation.common import HLLC1, HLLC2, MASS_LIMIT, Figure, Outcome, Scheme, every, run

GRAVITY = 9.81
LENGTH, DAM, BEHIND, ROUGHNESS = 38.0, 15.5, 0.75, 0.0125
FOOT, CREST_AT, HEEL, CREST = 25.5, 28.5, 31.5, 0.4
GAUGES = (0.0, 4.0, 10.0, 13.0, 20.0)
"""Distances from the dam, m."""
LIMITS = {HLLC1: (0.02, 0.005), HLLC2: (0.02, 0.005)}
"""Relative error of the depth at the dam, height of the pool above the crest (m)."""


def evaluate(scheme: Scheme, cell: float = 0.05) -> Outcome:
    """Depth at the dam, arrival of the front at the gauges, and the pool in the end."""
    x = np.arange(cell / 2.0, LENGTH, cell)
    bed = np.interp(x, [FOOT, CREST_AT, HEEL], [0.0, CREST, 0.0])
    grid = floodsim.make_grid(bed[np.newaxis, :], cell, roughness=ROUGHNESS)
    end = 600.0
    case: dict[str, Any] = {
        "clock": {"duration": end},
        "boundaries": [{"name": "end", "kind": "open", "edge": "east"}],
        "points": [{"name": f"{d:g}", "x": DAM + d + cell / 2.0, "y": cell / 2.0} for d in GAUGES],
        "solver": {"sync_interval": 0.1},
        "output": {"interval": end, "series_interval": 0.1},
    }
    done = run(case, grid, scheme, np.where(x < DAM, BEHIND, 0.0)[np.newaxis, :])
    series = {d: done.series("depth", "point", f"{d:g}") for d in GAUGES}
    times, at_dam = series[0.0]
    before = (times > 2.0) & (times < 5.0)  # the starting jump is gone, nothing has come back from bump or end wall
    came = {d: float(t[h > 0.01 * BEHIND][0]) for d, (t, h) in series.items()}
    free = {d: d / (2.0 * np.sqrt(GRAVITY * BEHIND)) for d in GAUGES}
    dam, level = LIMITS[scheme]
    pool = (bed + done.last("depth")[0])[x < FOOT]
    figures = {
        "depth at the dam": Figure(float(np.abs(at_dam[before] / (4.0 / 9.0 * BEHIND) - 1.0).max()), dam),
        **{f"frictionless arrival over arrival at {d:g} m": Figure(free[d] / came[d], 1.0) for d in GAUGES[1:]},
        "pool above the crest": Figure(float(pool.max()) - CREST, level),
        "mass": Figure(done.mass_error, MASS_LIMIT),
    }
    return Outcome(figures, done.wall_s)


@every(LIMITS)
def test_follows_theory(scheme: Scheme) -> None:
    evaluate(scheme).check()
