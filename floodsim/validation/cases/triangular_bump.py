"""Dam break over a triangular bump (CADAM): 38 m channel, reservoir of 15.5 m, bump of 0.4 m, dry and open beyond.

The measured series of the gauges are not at hand in a form that may be cited. What is held is theory: Ritter's
solution, which friction can only slow down, before anything comes back from the bump; and the pool behind the crest,
which drains down to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.validation.case import FIRST, INERTIAL, MASS_LIMIT, SCHEMES, SECOND, Outcome, Scheme, ValidationCase
from floodsim.validation.pictures import in_time, surface
from floodsim.validation.runs import run

GRAVITY, CELL, END = 9.81, 0.05, 600.0
LENGTH, DAM, BEHIND, ROUGHNESS = 38.0, 15.5, 0.75, 0.0125
FOOT, CREST_AT, HEEL, CREST = 25.5, 28.5, 31.5, 0.4
GAUGES = (0.0, 4.0, 10.0, 13.0, 20.0)
"""Distances from the dam, m."""


def evaluate(scheme: Scheme, _data: Path | None) -> Outcome:
    """Depth at the dam, arrival of the front at the gauges, and the pool in the end."""
    x = np.arange(CELL / 2.0, LENGTH, CELL)
    bed = np.interp(x, [FOOT, CREST_AT, HEEL], [0.0, CREST, 0.0])
    grid = floodsim.make_grid(bed[np.newaxis, :], CELL, roughness=ROUGHNESS)
    case: dict[str, Any] = {
        "clock": {"duration": END},
        "boundaries": [{"name": "end", "kind": "open", "edge": "east"}],
        "points": [{"name": f"{d:g}", "x": DAM + d + CELL / 2.0, "y": CELL / 2.0} for d in GAUGES],
        "solver": {"sync_interval": 0.1},
        "output": {"interval": END, "series_interval": 0.1},
    }
    done = run(case, grid, scheme, np.where(x < DAM, BEHIND, 0.0)[np.newaxis, :])
    series = {d: done.series("depth", "point", f"{d:g}") for d in GAUGES}
    times, at_dam = series[0.0]
    before = (times > 2.0) & (times < 5.0)  # the starting jump is gone, nothing has come back from bump or end wall
    came = {d: float(t[h > 0.01 * BEHIND][0]) for d, (t, h) in series.items()}
    free = {d: d / (2.0 * np.sqrt(GRAVITY * BEHIND)) for d in GAUGES}
    depth = done.last("depth")[0]
    figures = {
        "depth at the dam": float(np.abs(at_dam[before] / (4.0 / 9.0 * BEHIND) - 1.0).max()),
        **{f"frictionless arrival over arrival at {d:g} m": free[d] / came[d] for d in GAUGES[1:]},
        "pool above the crest (m)": float((bed + depth)[x < FOOT].max()) - CREST,
        "mass": done.mass_error,
    }
    still = np.where(x < CREST_AT, np.maximum(CREST - bed, 0.0), 0.0)
    early = times <= 40.0
    pictures = (
        surface(f"after {END:g} s (reference: pool to the crest)", x, bed, still, depth),
        *(
            in_time(f"depth {d:g} m behind the dam", "depth, m", None, (times[early], series[d][1][early]))
            for d in (4.0, 13.0)
        ),
    )
    return Outcome(figures, pictures, done.wall_s, done.cpu_s)


LIMITS = {
    "depth at the dam": 0.02,
    **{f"frictionless arrival over arrival at {d:g} m": 1.0 for d in GAUGES[1:]},
    "pool above the crest (m)": 0.005,
    "mass": MASS_LIMIT,
}
CASES = (
    ValidationCase(
        name="triangular_bump",
        title="Dam break over a triangular bump (CADAM)",
        group="laboratory",
        source="Hiver 2000, in Morris, CADAM: Concerted Action on Dambreak Modelling (HR Wallingford SR 571)",
        peers="theory held here: Ritter's depth 4/9 of the reservoir at the dam; the gauges' series are not at hand",
        evaluate=evaluate,
        limits={FIRST: LIMITS, SECOND: LIMITS},
        outside={INERTIAL: "a dam break: no advection of momentum"},
        seconds=dict(zip(SCHEMES, (6.0, 10.0, 6.0), strict=True)),
    ),
)
