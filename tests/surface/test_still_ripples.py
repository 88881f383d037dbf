"""Shortest waves on a pond: they calm down at the default Courant number, and grow where linear theory says so."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.case.answer import Solver
from floodsim.grid.grid import make_grid
from floodsim.simulate.simulation import CALM_COURANT
from floodsim.surface.schemes import CFL_MARGIN
from floodsim.surface.step import renew_forcing, take_step
from tests.surface.helpers import inner, make_surface


def ripples_after(courant: float, steps: int) -> float:
    """Standard deviation of depth (m) that noise of 1e-6 m on a pond 1 m deep has after some steps."""
    noise = 1e-6 * np.random.default_rng(0).standard_normal((40, 40))
    surface = make_surface(make_grid(np.zeros((40, 40)), 2.0, roughness=0.0), 1.0 + noise)
    renew_forcing(surface, 0.0, 10.0)
    for _ in range(steps):
        take_step(surface, courant * 2.0 / np.sqrt(9.81))
    return float(inner(surface).std())


def test_default_step_calms_ripples() -> None:
    assert Solver().cfl * CFL_MARGIN <= CALM_COURANT
    assert ripples_after(Solver().cfl * CFL_MARGIN, 200) < 1e-7


@pytest.mark.parametrize("courant", [0.55, 0.6])
def test_longer_steps_would_grow_them(courant: float) -> None:
    """Of the checkerboard a factor 1 - 2 (nu_x + nu_y) is left after a step, below -1 where the sum exceeds 1."""
    assert ripples_after(courant, 30) > 1e-5
