"""Steady flows of SWASHES along x and y: over a bump, and in the MacDonald channels with Manning friction and rain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.validation.analytic import Solution, solution
from tests.validation.common import Channel, Scheme, errors, run_channel

APPROACH = 60.0
"""Length (m) of the uniform reach laid before a channel that begins in supercritical flow."""


@dataclass(frozen=True)
class SteadyFlow:
    """Type, domain, choice of SWASHES; its length (m), inflow (m2/s), depth at the end (m, none: free), Manning n.

    ``level`` is still water at the start (m); none: dry. ``rain`` in m/s. ``duration`` (s) is enough to be steady.
    ``entry`` is the depth (m) of a flow that enters supercritical. No boundary of the model sets both depth and
    discharge, so such a channel begins with a reach of normal flow at this depth, which is an exact solution too.
    """

    kind: int
    domain: int
    choice: int
    length: float
    inflow: float
    end: float | None
    duration: float
    roughness: float = 0.0
    level: float | None = None
    rain: float = 0.0
    entry: float | None = None


FLOWS = {
    "bump_subcritical": SteadyFlow(1, 1, 1, 25.0, 4.42, 2.0, 400.0, level=2.0),
    "bump_transcritical": SteadyFlow(1, 1, 2, 25.0, 1.53, 0.66, 400.0, level=0.66),
    "bump_shock": SteadyFlow(1, 1, 3, 25.0, 0.18, 0.33, 400.0, level=0.33),
    "long_subcritical": SteadyFlow(2, 1, 2, 1000.0, 2.0, 0.748324, 3000.0, 0.033),
    "long_supercritical": SteadyFlow(2, 1, 4, 1000.0, 2.5, None, 3000.0, 0.04, entry=0.741514),
    "long_sub_to_super": SteadyFlow(2, 1, 6, 1000.0, 2.0, None, 3000.0, 0.0218),
    "long_super_to_sub": SteadyFlow(2, 1, 8, 1000.0, 2.0, 1.33475, 4000.0, 0.0218, entry=0.543791),
    "short_shock": SteadyFlow(2, 2, 2, 100.0, 2.0, 2.87871, 1000.0, 0.0328, level=2.87871),
    "short_supercritical": SteadyFlow(2, 2, 4, 100.0, 2.0, None, 500.0, 0.03, entry=0.673334),
    "short_sub_to_super": SteadyFlow(2, 2, 6, 100.0, 2.0, None, 500.0, 0.0328, level=0.617944),
    "undulating": SteadyFlow(2, 3, 2, 5000.0, 2.0, 1.125, 14000.0, 0.03, level=1.125),
    "rain_subcritical": SteadyFlow(2, 4, 2, 1000.0, 1.0, 0.748324, 4000.0, 0.033, rain=1e-3),
    "rain_supercritical": SteadyFlow(2, 4, 4, 1000.0, 2.5, None, 3000.0, 0.04, rain=1e-3, entry=0.741514),
}


def evaluate(name: str, scheme: Scheme, cells: int, axis: str = "x") -> dict[str, Any]:
    """Errors of depth and discharge at the end of the run, and how far the depth still moved in its last tenth."""
    flow = FLOWS[name]
    wanted = solution(flow.kind, flow.domain, flow.choice, cells)
    channel, before = lay_out(flow, wanted)
    case = {
        "clock": {"duration": flow.duration},
        "solver": {"sync_interval": flow.duration / 200.0},
        "output": {"interval": flow.duration / 10.0, "series_interval": flow.duration / 10.0},
        "rainfall": rainfall(flow),
    }
    found = run_channel(channel, scheme, axis, case)
    depths = found.run.results.maps["depth"].values.astype(float)
    return {
        "depth": errors(found.depth[before:], wanted.depth),
        "flow": errors(found.flow[before:], wanted.flow),
        "drift": float(np.abs(depths[-1] - depths[-2]).max()),
        "wanted": wanted, "found": found,
        "run": found.run,
    }


def lay_out(flow: SteadyFlow, wanted: Solution) -> tuple[Channel, int]:
    """The channel of a flow, and how many cells of it lie before the analytic solution."""
    bed, dx, before = wanted.bed, wanted.dx, 0
    if flow.entry is not None:
        before = int(np.ceil(APPROACH / dx))
        slope = flow.roughness**2 * flow.inflow**2 / flow.entry ** (10.0 / 3.0)
        bed = np.concatenate([bed[0] + slope * dx * np.arange(before, 0, -1), bed])
    depth = None if flow.level is None else np.maximum(flow.level - bed, 0.0)
    last: Mapping[str, Any] = {"kind": "open"}
    if flow.end is not None:
        last = {"kind": "level", "level": 1.5 * bed[-1] - 0.5 * bed[-2] + flow.end}
    return Channel(bed, dx, flow.roughness, depth, {"kind": "discharge", "discharge": flow.inflow}, last), before


def rainfall(flow: SteadyFlow) -> dict[str, Any]:
    """Rain that lasts for the whole run."""
    if not flow.rain:
        return {}
    return {"kind": "uniform", "duration": flow.duration, "step": flow.duration / 100.0, "depth": flow.rain * flow.duration}
