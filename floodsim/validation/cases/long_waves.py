"""Long waves: a tide in a channel over uneven ground (Bermudez and Vazquez), a solitary wave up a beach (Synolakis)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.validation.case import FIRST, INERTIAL, MASS_LIMIT, SCHEMES, SECOND, Outcome, Scheme, ValidationCase
from floodsim.validation.norms import norms
from floodsim.validation.pictures import surface
from floodsim.validation.runs import Channel, run_channel

GRAVITY = 9.81
TIDE_LENGTH, TIDE_CELLS, TIDE_END = 14_000.0, 200, 7552.13
"""Channel (m), and the time (s) at which the solution is usually shown."""
TIDE = 4.0 * np.pi / 86_400.0
HEIGHT, SHORE_SLOPE, STILL = 0.0185, 1.0 / 19.85, 1.0
"""Solitary wave (m) on water 1 m deep before a beach."""
RUN_UP = 2.831 * np.sqrt(1.0 / SHORE_SLOPE) * HEIGHT**1.25
"""By the law of Synolakis 1987 for waves that do not break, m."""


def tide(t: np.ndarray | float) -> np.ndarray:
    """Level (m) of the tide at times (s)."""
    return np.asarray(4.0 + 4.0 * np.sin(TIDE * t - np.pi / 2.0))


def evaluate_tide(scheme: Scheme, _data: Path | None) -> Outcome:
    """Errors of depth and discharge: the level is that of the sea all along, and continuity gives the discharge."""
    dx = TIDE_LENGTH / TIDE_CELLS
    x = (np.arange(TIDE_CELLS) + 0.5) * dx
    s = x / TIDE_LENGTH
    bed = -(50.5 - 40.0 * s + 10.0 * np.sin(np.pi * (4.0 * s - 0.5)))
    times = np.arange(0.0, TIDE_END + 30.0, 30.0)
    sea = {"kind": "level", "level": {"values": [(float(t), float(tide(t))) for t in times]}}
    case: dict[str, Any] = {
        "clock": {"duration": TIDE_END},
        "solver": {"sync_interval": TIDE_END / 400},
        "output": {"interval": TIDE_END, "series_interval": TIDE_END},
    }
    found = run_channel(Channel(bed, dx, 0.0, depth=tide(0.0) - bed, first=sea), scheme, "x", case)
    depth = tide(TIDE_END) - bed
    flow = 4.0 * TIDE * np.cos(TIDE * TIDE_END - np.pi / 2.0) * (TIDE_LENGTH - x)
    figures = {
        **norms("depth", "m", found.depth, depth),
        **norms("discharge", "m2/s", found.flow, flow),
        "mass": found.run.mass_error,
    }
    picture = surface(f"after {TIDE_END:g} s, {TIDE_CELLS} cells", x, bed, depth, found.depth)
    return Outcome(figures, (picture,), found.run.wall_s, found.run.cpu_s)


def evaluate_run_up(scheme: Scheme, _data: Path | None) -> Outcome:
    """Error of the highest level that the water reaches on the beach; the wave comes in as the level over its toe."""
    dx, sea, end = 0.05, STILL / SHORE_SLOPE + 2.0, 28.0
    x = np.arange(dx / 2.0, sea + 5.0, dx)
    bed = np.maximum(-STILL, (x - sea) * SHORE_SLOPE)
    speed, steep = np.sqrt(GRAVITY * (STILL + HEIGHT)), np.sqrt(0.75 * HEIGHT)
    crest_at = np.arccosh(np.sqrt(20.0)) / (steep * speed)  # when a twentieth of the height is at the toe at first
    times = np.arange(0.0, end + 0.05, 0.05)
    wave = HEIGHT / np.cosh(steep * speed * (times - crest_at)) ** 2
    first = {"kind": "level", "level": {"values": list(zip(times.tolist(), wave.tolist(), strict=True))}}
    case: dict[str, Any] = {
        "clock": {"duration": end},
        "solver": {"sync_interval": 0.1},
        "output": {"interval": end, "series_interval": end},
    }
    found = run_channel(Channel(bed, dx, 0.0, depth=np.maximum(-bed, 0.0), first=first), scheme, "x", case)
    envelopes = found.run.results.envelopes
    deepest = np.zeros_like(x) if envelopes is None else np.nan_to_num(envelopes["max_depth"].values.astype(float))[0]
    reached = deepest > 1e-3
    highest = float((bed + deepest)[reached][-1])
    figures = {"run-up": abs(highest / RUN_UP - 1.0), "run-up (m)": highest, "mass": found.run.mass_error}
    near = x > sea - 5.0
    wanted = np.where(bed < RUN_UP, np.maximum(RUN_UP - bed, 0.0), 0.0)
    picture = surface("highest level along the beach (reference: run-up)", x[near], bed[near], wanted[near],
                      deepest[near])  # fmt: skip
    return Outcome(figures, (picture,), found.run.wall_s, found.run.cpu_s)


CASES = (
    ValidationCase(
        name="tide", title="Tide in a channel over uneven ground", group="analytic",
        source="Bermudez and Vazquez 1994, doi:10.1016/0045-7930(94)90004-3: asymptotic for slow tides",
        peers="shown as lines that cannot be told apart; the solution leaves out the slope of the surface, some 1 cm",
        evaluate=evaluate_tide,
        limits=dict.fromkeys(
            SCHEMES, {"depth L1/mean": 0.001, "discharge L1/mean": 0.02, "mass": MASS_LIMIT},
        ),
        seconds=dict.fromkeys(SCHEMES, 2.0),
    ),
    ValidationCase(
        name="run_up", title="Solitary wave up a plane beach", group="analytic",
        source="Synolakis 1987, doi:10.1017/S002211208700329X; NTHMP benchmark 1 (H/d = 0.0185, 1 : 19.85)",
        peers="NTHMP 2012 asks for 5 % of the run-up of the analytic solution",
        evaluate=evaluate_run_up,
        limits={FIRST: {"run-up": 0.05, "mass": MASS_LIMIT}, SECOND: {"run-up": 0.05, "mass": MASS_LIMIT}},
        outside={INERTIAL: "no advection of momentum, which carries the tongue up the beach"},
        seconds=dict.fromkeys(SCHEMES, 3.0),
    ),
)  # fmt: skip
