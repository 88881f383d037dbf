"""Lakes at rest of SWASHES, a bump below or above the surface, closed or beside a given level: nothing may move."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.grid.grid import BED_QUANTUM
from tests.validation.analytic import solution
from tests.validation.common import HLLC1, HLLC2, INERTIAL, Channel, Figure, Outcome, Scheme, every, run_channel

LAKES = {"immersed": (4, 0.5), "emerged": (5, 0.1)}
"""Choice of SWASHES type 1, and level in m."""
LIMITS = {HLLC1: 1e-12, HLLC2: 1e-12, INERTIAL: 1e-12}
"""Largest speed, m/s."""


def evaluate(name: str, scheme: Scheme, cells: int, axis: str = "x", *, open_end: bool = False) -> Outcome:
    """Largest speed and error of level after 200 s; levels are multiples of the step to which beds are rounded."""
    choice, level = LAKES[name]
    wanted = solution(1, 1, choice, cells)
    level = round(level / BED_QUANTUM) * BED_QUANTUM
    last = {"kind": "level", "level": level} if open_end else {}
    keys = {
        "clock": {"duration": 200.0},
        "initial": {"level": level},
        "solver": {"sync_interval": 20.0},
        "output": {"interval": 200.0, "series_interval": 200.0},
    }
    found = run_channel(Channel(wanted.bed, wanted.dx, last=last), scheme, axis, keys)
    speed = np.divide(found.flow, found.depth, out=np.zeros(cells), where=found.depth > 0.0)
    figures = {
        "speed": Figure(float(np.abs(speed).max()), LIMITS[scheme]),
        "depth": Figure(float(np.abs(found.depth - wanted.depth).max()), BED_QUANTUM),
        "mass": Figure(found.run.mass_error, 1e-13),
    }
    return Outcome(figures, found.run.wall_s)


@every(LIMITS)
@pytest.mark.parametrize("open_end", [False, True], ids=["closed", "level"])
@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("name", LAKES)
def test_stays_at_rest(name: str, axis: str, scheme: Scheme, open_end: bool) -> None:
    evaluate(name, scheme, 100, axis, open_end=open_end).check()
