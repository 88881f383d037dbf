"""Coupling steps that follow the exchange: less error for fewer steps, the same steps every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.grid.grid import make_grid
from floodsim.output.reader import Results
from floodsim.simulate.pace import FINEST, Pace
from tests.simulate.networks import street_drain


def burst(tmp_path: Path, step: float, **more: object) -> Results:
    """Fifteen dry minutes, a burst of rain, and the slow emptying after it."""
    across = 0.02 * np.abs(np.arange(20) - 10.0)[:, None]
    grid = make_grid(10.0 + across - 0.004 * np.arange(50)[None, :], 2.0, roughness=0.02)
    return floodsim.run(
        {
            "name": "burst",
            "clock": {"duration": "70 min"},
            "drainage": {"network": str(street_drain(tmp_path / "d.inp")), "coupling_step": step, **more},
            "rainfall": {
                "kind": "uniform",
                "intensity": "150 mm/h",
                "duration": "5 min",
                "step": "5 min",
                "start": "15 min",
            },
            "solver": {"threads": 1, "sync_interval": "20 s"},
            "output": {"series_interval": "20 s", "interval": "20 min"},
        },
        grid=grid,
    )


def volumes(results: Results) -> np.ndarray:
    assert results.network is not None
    return results.network.inlet_volume.values.astype(float)


def test_steps_that_follow_the_exchange_err_less_and_cost_less(tmp_path: Path) -> None:
    exact = volumes(burst(tmp_path, 0.5))
    fixed = burst(tmp_path, 20.0 / 3.0)
    adaptive = burst(tmp_path, 20.0, adaptive=True)
    again = burst(tmp_path, 20.0, adaptive=True)
    errors = [float(np.sqrt(np.mean((volumes(one) - exact) ** 2))) for one in (fixed, adaptive)]
    assert errors[1] < 0.8 * errors[0], errors
    assert adaptive.summary["drainage"]["coupling_steps"] < 0.9 * fixed.summary["drainage"]["coupling_steps"]
    assert abs(adaptive.summary["mass"]["errors"]["transfer"]) < 1e-12
    np.testing.assert_array_equal(volumes(adaptive), volumes(again))


def test_steps_halve_and_double_within_their_limits() -> None:
    pace, still, rush = Pace(8.0, 0.1), np.array([1.0]), np.array([2.0])
    for _ in range(6):
        pace.note(still, rush, pace.step, pace.step)
        pace.decide()
    assert pace.parts == FINEST and pace.step == 0.5
    copy = Pace(8.0, 0.1)
    copy.recall(pace.memory())
    assert copy == pace
    pace.note(rush, rush * 1.1, pace.step, pace.step)  # an error between a quarter of the tolerance and all of it
    pace.decide()
    assert pace.parts == FINEST
    pace.decide()  # nothing was exchanged: nothing is known
    assert pace.parts == FINEST
    for _ in range(6):
        pace.note(rush, rush, pace.step, pace.step)
        pace.decide()
    assert pace.step == 8.0
    fixed = Pace(8.0)
    fixed.note(still, rush, 8.0, 8.0)
    fixed.decide()
    assert fixed.step == 8.0 == pytest.approx(fixed.longest)
