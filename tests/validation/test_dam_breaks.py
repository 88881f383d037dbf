"""Dam breaks of SWASHES along x and y: Stoker (wet bed), Ritter (dry bed), Dressler (dry bed with friction)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.validation.analytic import solution
from tests.validation.common import (
    HLLC1,
    HLLC2,
    MASS_LIMIT,
    Channel,
    Scheme,
    errors,
    measured_order,
    run_channel,
    schemes_of,
)


@dataclass(frozen=True)
class DamBreak:
    """Choice of SWASHES type 3, domain 1; its length, dam, time, depths behind and before the dam, Manning n."""

    choice: int
    length: float
    dam: float
    time: float
    behind: float
    before: float
    roughness: float = 0.0


CHEZY = 40.0
"""Friction of the Dressler case, m^(1/2)/s."""
DAM_BREAKS = {
    "stoker": DamBreak(1, 10.0, 5.0, 6.0, 0.005, 0.001),
    "ritter": DamBreak(2, 10.0, 5.0, 6.0, 0.005, 0.0),
    # Manning n that equals the Chezy coefficient at the depth over the dam site, 4/9 of the reservoir's.
    "dressler": DamBreak(3, 2000.0, 1000.0, 40.0, 6.0, 0.0, (4.0 / 9.0 * 6.0) ** (1.0 / 6.0) / CHEZY),
}


def evaluate(name: str, scheme: Scheme, cells: int, axis: str = "x") -> dict[str, Any]:
    """Errors of depth and discharge at the time of the solution, and where the front stands."""
    case, wanted = DAM_BREAKS[name], solution(3, 1, DAM_BREAKS[name].choice, cells)
    depth = np.where(wanted.x < case.dam, case.behind, case.before)
    channel = Channel(wanted.bed, wanted.dx, case.roughness, depth)
    clock = {"clock": {"duration": case.time}, "solver": {"sync_interval": case.time}}
    found = run_channel(channel, scheme, axis, {**clock, "output": output(case.time)})
    least = 0.01 * case.behind
    return {
        "depth": errors(found.depth, wanted.depth),
        "flow": errors(found.flow, wanted.flow),
        "front_off": front(wanted.x, found.depth, least) - front(wanted.x, wanted.depth, least),
        "run": found.run,
    }


def output(duration: float) -> dict[str, float]:
    """Output keys for a run of which only the end matters."""
    return {"interval": duration, "series_interval": duration}


def front(x: np.ndarray, depth: np.ndarray, least: float) -> float:
    """The farthest place (m) that is deeper than ``least``."""
    return float(x[depth > least].max())
