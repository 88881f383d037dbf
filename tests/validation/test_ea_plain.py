"""UK Environment Agency 2D benchmark, Test 4 (SC120002): flood propagation over a plain, against LISFLOOD-FP DG2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from tests.validation.common import (
    HLLC1,
    HLLC2,
    INERTIAL,
    MASS_LIMIT,
    Figure,
    Outcome,
    Run,
    Scheme,
    every,
    read_columns,
    run,
)

HOURS = 5.0
WALLS_REACHED = 189.0 * 60.0
"""When the front reaches the outer edges (s), which are open in the reference run; its gauges feel it later still."""
VOLUME = 285_000.0

LIMITS: dict[Scheme, dict[str, float]] = {
    HLLC1: {"peak": 0.014, "rmse": 0.004, "arrival": 60.0},
    HLLC2: {"peak": 0.014, "rmse": 0.004, "arrival": 60.0},
    INERTIAL: {"peak": 0.014, "rmse": 0.004, "arrival": 60.0},
}
"""Relative error of peak, root mean square error (m) until the walls are reached, arrival of 1 cm (s).

What another finite-volume code reaches against the same reference: 1.4 %, 0.6 to 4 mm, 60 s.
"""

DIFFUSIVE = "on 5 m the front is 100 to 350 s early, depth off by 5 to 10 mm, peak by up to 1.8 %"
"""First order: its diffusion, about sqrt(g h) dx / 2, is a sixth of that of the flood wave itself on this plain; the
errors shrink with the cell. The same equations in second order come within 50 s and 2 mm."""


def evaluate(scheme: Scheme, data: Path, cell: float = 5.0) -> Outcome:
    """The worst gauge's errors of peak, depth and arrival, and the volume that came in."""
    folder, limits = data / "ea" / "test4", LIMITS[scheme]
    wanted, peaks = (
        read_columns(folder / "reference_lisflood_dg2_5m.csv"),
        read_columns(folder / "reference_summary.csv"),
    )
    done = simulate(scheme, folder, cell)
    figures = {}
    for number, peak in enumerate(peaks["peak_dg2_5m"], start=1):
        times, depth = done.series("depth", "point", str(number))
        series, early = wanted[f"h{number}"], wanted["time_s"] < WALLS_REACHED
        off = np.interp(wanted["time_s"], times, depth) - series
        late = arrival(times, depth) - wanted["time_s"][series > 0.01][0]
        figures |= {
            f"peak {number}": Figure(abs(depth.max() / peak - 1.0), limits["peak"]),
            f"rmse {number}": Figure(float(np.sqrt((off[early] ** 2).mean())), limits["rmse"]),
            f"arrival {number}": Figure(abs(late), limits["arrival"]),
        }
    entered = done.results.summary["mass"]["terms"]["boundaries"]["m3"]
    figures |= {"inflow": Figure(abs(entered / VOLUME - 1.0), 1e-6), "mass": Figure(done.mass_error, MASS_LIMIT)}
    return Outcome(figures, done.wall_s)


def simulate(scheme: Scheme, folder: Path, cell: float) -> Run:
    """Run the case: flat, dry, closed but for the inflow over 20 m of the western edge."""
    series, points = read_columns(folder / "Test4BC.csv"), read_columns(folder / "Test4output.csv")
    grid = floodsim.make_grid(np.zeros((round(2000.0 / cell), round(1000.0 / cell))), cell, roughness=0.05)
    inflow = [(60.0 * t, q) for t, q in zip(series["Time (min)"], series["Inflow (cumecs)"], strict=True)]
    gauges = zip(points["Point ID"], points["X"], points["Y"], strict=True)
    case: dict[str, Any] = {
        "clock": {"duration": HOURS * 3600.0},
        "boundaries": [
            {
                "name": "inflow",
                "kind": "discharge",
                "edge": "west",
                "span": (990.0, 1010.0),
                "discharge": {"values": inflow},
            }
        ],
        "points": [{"name": f"{n:.0f}", "x": x, "y": y} for n, x, y in gauges],
        "output": {"interval": HOURS * 3600.0, "series_interval": 10.0},
    }
    return run(case, grid, scheme, threads=0)


def arrival(times: np.ndarray, depth: np.ndarray) -> float:
    """First time (s) at which the depth is over 1 cm."""
    return float(times[depth > 0.01][0])


@every(LIMITS, pytest.mark.slow)
def test_agrees_with_another_code(scheme: Scheme, validation_data: Path, request: pytest.FixtureRequest) -> None:
    if scheme == HLLC1:
        request.applymarker(pytest.mark.xfail(strict=True, reason=DIFFUSIVE))
    evaluate(scheme, validation_data).check()


@every({HLLC1: None})
def test_first_order_comes_nearer_with_the_cell(scheme: Scheme, validation_data: Path) -> None:
    found = [evaluate(scheme, validation_data, cell).figures for cell in (20.0, 10.0)]
    for name in ("arrival", "rmse"):
        coarse, fine = (sum(figures[f"{name} {point}"].value for point in (2, 3, 4, 5)) for figures in found)
        assert fine < 0.75 * coarse, name
