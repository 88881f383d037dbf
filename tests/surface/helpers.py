"""Small surfaces for tests, advanced without the simulation loop."""

from __future__ import annotations

import math

import numpy as np

from floodsim.forcing.series import Rain
from floodsim.grid.grid import Grid
from floodsim.surface.bands import Bands
from floodsim.surface.edges import Boundary, edge_faces, make_edges
from floodsim.surface.losses import Losses
from floodsim.surface.schemes import SCHEMES
from floodsim.surface.sources import Source
from floodsim.surface.state import make_state
from floodsim.surface.step import Surface, renew_forcing, settle_ledger, take_step


def make_surface(
    grid: Grid,
    depth: np.ndarray | None = None,
    *,
    precision: str = "double",
    rain: Rain | None = None,
    boundaries: list[Boundary] | None = None,
    sources: list[Source] | None = None,
    losses: Losses | None = None,
    threads: int = 1,
) -> Surface:
    state = make_state(grid, precision, depth)
    edges = make_edges(state, boundaries or [])
    return Surface(
        state, edges, rain or Rain.none(), losses or Losses.none(), sources or [], SCHEMES["hllc", 1], Bands(threads)
    )


def advance(surface: Surface, end: float, *, beat: float = 10.0, cfl: float = 0.6, most: int = 100_000) -> int:
    """Step to ``end`` (s) on a beat; returns the number of steps."""
    steps, width = 0, min(surface.state.grid.dx, surface.state.grid.dy)
    for number in range(round(end / beat)):
        left = beat
        renew_forcing(surface, number * beat, (number + 1) * beat)
        while left > 0.0 and steps < most:
            rate = max(float(surface.state.blocks.fastest.max()), surface.edge_speed / width, 4 * cfl / beat)
            whole = math.ceil(left * rate / cfl * (1 - 1e-12))
            take_step(surface, left / whole)
            left = left - left / whole if whole > 1 else 0.0
            steps += 1
    settle_ledger(surface)
    return steps


def side_faces(grid: Grid, axis: int, sign: int) -> np.ndarray:
    """Edge faces of one side of a grid."""
    faces = edge_faces(grid)
    return faces[(faces[:, 4] == axis) & (faces[:, 5] == sign)]


def uniform_rain(intensity: float, until: float) -> Rain:
    return Rain(np.array([0.0, until]), np.full((1, 1), intensity))


def inner(surface: Surface, name: str = "h") -> np.ndarray:
    return getattr(surface.state, name)[1:-1, 1:-1]
