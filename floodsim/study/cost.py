"""What a scenario will cost, estimated from its case alone: cells, updates of cells, time, memory.

Estimates serve to list scenarios and to show the time left; they are good to a factor of some two, until scenarios of
the same study have been run and lend their speed. A network of pipes is not in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from floodsim.case.schema import Case
from floodsim.grid.raster import open_raster

WAVE_SPEED = 4.0
"""Velocity and wave speed (m/s) that set the time step of a typical run: a metre of water that flows at 1 m/s."""

RATES = {
    ("hllc", 1, "double"): 60e6,
    ("hllc", 1, "single"): 100e6,
    ("hllc", 2, "double"): 15e6,
    ("hllc", 2, "single"): 25e6,
    ("inertial", 1, "double"): 100e6,
    ("inertial", 1, "single"): 150e6,
}
"""Updates of cells per second and thread that are assumed before anything was run."""

BYTES = {"double": 150.0, "single": 110.0}
"""Memory per cell: state, ground, envelopes."""


@dataclass(frozen=True)
class Cost:
    """``cells`` of the grid, their ``updates`` (cells x time steps), ``kind`` of solver, memory in MB."""

    cells: int
    updates: float
    kind: tuple[str, int, str]
    memory_mb: float


def cost_of(case: Case) -> Cost:
    """What a case will cost. Raises CaseError where its terrain cannot be opened."""
    solver = case.solver
    kind = (solver.scheme, solver.order, solver.precision)
    cells, size = _cells(case)
    steps = case.clock.duration * WAVE_SPEED / (solver.cfl * size)
    steps = max(steps, case.clock.duration / solver.sync_interval)
    return Cost(cells, cells * steps, kind, 120.0 + cells * BYTES[solver.precision] / 1e6)


def _cells(case: Case) -> tuple[int, float]:
    """Cells of the grid and their size, m, from the head of the terrain."""
    section = case.grid
    if section.terrain is None:
        return 0, section.resolution or 1.0
    frame = open_raster(section.terrain, "grid.terrain", section.terrain_variable).frame
    size = section.resolution or min(frame.dx, frame.dy)
    left, bottom, right, top = section.extent or frame.bounds
    if section.extent is None and right - left < 360.0 and size > right - left:
        size = frame.dx  # in degrees; the true cell size is known only after reprojection
    return max(math.ceil((right - left) / size), 1) * max(math.ceil((top - bottom) / size), 1), size


def speeds(done: Iterable[tuple[Cost, float]]) -> dict[tuple[str, int, str], float]:
    """Updates per second of each kind of solver, out of (cost, wall seconds) of scenarios that were run."""
    updates: dict[tuple[str, int, str], float] = {}
    seconds: dict[tuple[str, int, str], float] = {}
    for cost, wall in done:
        updates[cost.kind] = updates.get(cost.kind, 0.0) + cost.updates
        seconds[cost.kind] = seconds.get(cost.kind, 0.0) + wall
    return {kind: updates[kind] / seconds[kind] for kind in updates if updates[kind] > 0.0 and seconds[kind] > 0.0}


def seconds_of(cost: Cost, threads: int, measured: dict[tuple[str, int, str], float]) -> float:
    """Estimated wall time of a scenario, s; ``measured`` speeds (of the same threads) go before assumed ones."""
    if cost.kind in measured:
        return cost.updates / measured[cost.kind]
    return cost.updates / (RATES[cost.kind] * max(threads, 1))
