"""Rain on a steel model of city blocks, experiment C1 of Cea et al. 2008: the measured hydrograph of the outlet."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.grid.grid import Grid
from tests.validation.common import HLLC1, HLLC2, MASS_LIMIT, Figure, Outcome, Scheme, every, read_columns, run

CELL, OUTSIDE, TROUGH = 0.01, 900.0, -0.4
"""Cell of the terrain (m), levels that stand for outside, and the level below which the collecting trough lies."""
ROUGHNESS, RATE, RAIN_S, END = 0.0095, 317e-3 / 3600.0, 45.0, 120.0
LIMITS = {HLLC1: (0.10, 0.10), HLLC2: (0.10, 0.10)}
"""Relative error of the peak, and 1 less the Nash-Sutcliffe efficiency.

The measured volume is 90 % of the rain. When the rain ends the outflow of a model that conserves water is at 98 % of
the rain, which is 11 % over the measured peak; peaks are therefore also compared over the volumes that ran off.
"""


def evaluate(scheme: Scheme, data: Path, coarser: int) -> Outcome:
    """Errors of the outflow; ``coarser`` cells of the terrain along x and y make one of the grid."""
    grid, row = terrain(data / "cea2008" / "topo.asc", coarser)
    xmin, _, xmax, _ = grid.bounds
    case: dict[str, Any] = {
        "clock": {"duration": END},
        "rainfall": {"kind": "uniform", "intensity": RATE, "duration": RAIN_S, "step": RAIN_S},
        "boundaries": [{"name": "outlet", "kind": "open", "edge": "south"}],
        "lines": [{"name": "outlet", "coordinates": [(xmin, row), (xmax, row)]}],
        "solver": {"sync_interval": 0.5},
        "output": {"interval": END, "series_interval": 0.5},
    }
    done = run(case, grid, scheme, threads=0)
    times, discharge = done.series("discharge", "line", "outlet")
    measured = read_columns(data / "cea2008" / "c1_outlet_hydrograph.csv")
    wanted = measured["discharge_m3_s"]
    off = np.interp(measured["time_s"], times, discharge) - wanted
    volume = np.trapezoid(discharge, times) / np.trapezoid(wanted, measured["time_s"])
    peak, misfit = LIMITS[scheme]
    figures = {
        "peak": Figure(abs(discharge.max() / wanted.max() - 1.0), peak),
        "peak over volume": Figure(abs(discharge.max() / wanted.max() / volume - 1.0), peak),
        "misfit": Figure(float((off**2).sum() / ((wanted - wanted.mean()) ** 2).sum()), misfit),
        "mass": Figure(done.mass_error, MASS_LIMIT),
    }
    return Outcome(figures, done.wall_s)


def terrain(file: Path, coarser: int) -> tuple[Grid, float]:
    """The grid, and the y (m) of the edge over which the water falls into the trough, on which no rain lands."""
    fine = np.loadtxt(file, skiprows=6)[::-1]
    fine = fine[: fine.shape[0] // coarser * coarser, : fine.shape[1] // coarser * coarser]
    bottom = int((fine < TROUGH).any(axis=1).sum())
    fine = fine[bottom - coarser :]  # one row of the grid is enough of a trough
    fine = fine[: fine.shape[0] // coarser * coarser]
    blocks = fine.reshape(fine.shape[0] // coarser, coarser, fine.shape[1] // coarser, coarser)
    inside = blocks < OUTSIDE
    count = inside.sum(axis=(1, 3))
    bed = np.where(inside, blocks, 0.0).sum(axis=(1, 3)) / np.maximum(count, 1)
    active = 2 * count > coarser**2
    share = np.where(bed > TROUGH, count / coarser**2, 0.0) * active
    grid = floodsim.make_grid(
        bed, CELL * coarser, roughness=ROUGHNESS, active=active, rain_share=share.astype(np.float32)
    )
    return grid, CELL * coarser


@cache
def evaluated(scheme: Scheme, data: Path, coarser: int) -> Outcome:
    """The outcome, worked out once for all tests."""
    return evaluate(scheme, data, coarser)


GRIDS = [pytest.param(2, id="2cm"), pytest.param(1, id="1cm", marks=pytest.mark.slow)]
"""Cells of the terrain that make one of the grid."""


@every(LIMITS)
@pytest.mark.parametrize("coarser", GRIDS)
def test_outflow(scheme: Scheme, coarser: int, validation_data: Path) -> None:
    evaluated(scheme, validation_data, coarser).check("peak over volume", "misfit", "mass")


@every(LIMITS)
@pytest.mark.parametrize("coarser", GRIDS)
@pytest.mark.xfail(strict=True, reason="11.6 % on 2 cm, 12.7 % on 1 cm: the gauge holds 90 % of the rain")
def test_peak(scheme: Scheme, coarser: int, validation_data: Path) -> None:
    evaluated(scheme, validation_data, coarser).check("peak")
