"""Thacker's oscillations of SWASHES: planar surface in a parabola (1D), radial and planar in a paraboloid (2D)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.case.load import parse_case
from floodsim.simulate.setup import make_setup
from floodsim.simulate.simulation import Simulation
from floodsim.surface.bands import Bands
from floodsim.surface.state import refresh_speeds
from tests.validation.analytic import solution, solution_2d
from tests.validation.common import (
    HLLC1,
    HLLC2,
    MASS_LIMIT,
    Channel,
    Figure,
    Outcome,
    Scheme,
    errors,
    every,
    measured_order,
    run,
    run_channel,
)

GRAVITY = 9.81
# Periods (s) by the formulas of Thacker 1981, doi:10.1017/S0022112081001882, with the depth and radius of SWASHES;
# SWASHES gives the state after a whole number of periods, which is that of the start and of every other period's end.
PERIOD_1D = 2.0 * math.pi / math.sqrt(2.0 * GRAVITY * 0.5)
PERIOD_RADIAL = 2.0 * math.pi / math.sqrt(8.0 * GRAVITY * 0.1)
PERIOD_PLANAR = 2.0 * math.pi / math.sqrt(2.0 * GRAVITY * 0.1)
SHORE = 5e-9
"""Relative mass error of the planar case in first order: in long steps (solver.cfl = 0.6) a drying cell can give more
than it holds, and what is cut off is new water (none at 0.5 and below)."""

FIRST = {"parabola": 0.0205, "radial": 0.052, "planar": 0.095}
SECOND = {"parabola": 0.0062, "radial": 0.042, "planar": 0.039}
LIMITS = {HLLC1: FIRST, HLLC2: SECOND}
"""Mean error of depth over mean depth after one period; 200 cells (parabola), 100 x 100 cells (radial, planar).

On 100 cells a first-order code with Audusse's reconstruction has 0.227 in the planar case, with Chen and Noelle's
0.223, with surface reconstruction 0.092; a second-order one 0.036 (prototypes made beforehand).
"""


def evaluate_parabola(scheme: Scheme, cells: int, axis: str = "x") -> Outcome:
    """Error of depth after one period of the planar surface in a parabola, 4 m long."""
    wanted = solution(4, 1, 1, cells)
    found = run_channel(Channel(wanted.bed, wanted.dx, depth=wanted.depth), scheme, axis, timing(PERIOD_1D))
    figures = {
        "depth": Figure(errors(found.depth, wanted.depth).relative, LIMITS[scheme]["parabola"]),
        "mass": Figure(found.run.mass_error, MASS_LIMIT),
    }
    return Outcome(figures, found.run.wall_s)


def evaluate_radial(scheme: Scheme, cells: int) -> Outcome:
    """Error of depth after one period of the radial oscillation in a paraboloid, 4 m square."""
    wanted = solution_2d(1, 1, 1, cells)
    grid = floodsim.make_grid(wanted.bed, wanted.dx, roughness=0.0)
    done = run(timing(PERIOD_RADIAL), grid, scheme, wanted.depth)
    depth = done.last("depth")
    figures = {
        "depth": Figure(errors(depth, wanted.depth).relative, LIMITS[scheme]["radial"]),
        "asymmetry": Figure(float(np.abs(depth - depth.T).max()), 1e-6),
        "mass": Figure(done.mass_error, MASS_LIMIT),
    }
    return Outcome(figures, done.wall_s)


def evaluate_planar(scheme: Scheme, cells: int) -> Outcome:
    """Error of depth after one turn of the planar surface in a paraboloid, 4 m square.

    The water moves at the start, which no case can say, so the state is set by hand.
    """
    wanted = solution_2d(1, 1, 2, cells)
    grid = floodsim.make_grid(wanted.bed, wanted.dx, roughness=0.0)
    keys = timing(PERIOD_PLANAR)
    keys["solver"] |= {"scheme": scheme.scheme, "order": scheme.order}
    case = parse_case({"name": "planar", **keys}, Path.cwd(), {})
    with Bands(1) as bands:
        setup = make_setup(case, grid)
        setup.depth = wanted.depth.copy()
        simulation = Simulation(case, setup, bands)
        state = simulation.surface.state
        state.u[1:-1, 1:-1], state.v[1:-1, 1:-1] = wanted.velocity_x, wanted.velocity_y
        refresh_speeds(state)
        assert simulation.run([]) == "complete"
    stats = simulation.stats()
    figures = {
        "depth": Figure(errors(simulation.view.depth, wanted.depth).relative, LIMITS[scheme]["planar"]),
        "mass": Figure(abs(stats["mass_error"]), SHORE if scheme == HLLC1 else MASS_LIMIT),
    }
    return Outcome(figures, simulation.view.time / stats["sim_per_wall"])


def timing(period: float) -> dict[str, Any]:
    """Keys of a run over one period, of which only the end matters."""
    return {
        "clock": {"duration": period},
        "solver": {"sync_interval": period, "threads": 1},
        "output": {"interval": period, "series_interval": period},
    }


@every(LIMITS)
@pytest.mark.parametrize("axis", ["x", "y"])
def test_parabola(axis: str, scheme: Scheme) -> None:
    evaluate_parabola(scheme, 200, axis).check()


@every(LIMITS)
def test_radial(scheme: Scheme) -> None:
    evaluate_radial(scheme, 100).check()


@every(LIMITS)
def test_planar(scheme: Scheme) -> None:
    evaluate_planar(scheme, 100).check()


@every(LIMITS)
def test_planar_converges(scheme: Scheme) -> None:
    cells = (50, 100, 200)
    found = [evaluate_planar(scheme, n).figures["depth"].value for n in cells]
    assert measured_order(cells, found) >= 0.75, found
