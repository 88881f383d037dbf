"""Compile (or load from the cache) every kernel that a run will need, before its clock starts."""

from __future__ import annotations

import time

import numpy as np

from floodsim.case.ground import Clock
from floodsim.case.schema import Case
from floodsim.drainage.exchange import warm_up_exchange
from floodsim.forcing.series import Rain, TimeSeries
from floodsim.grid.grid import make_grid
from floodsim.output.envelopes import Envelopes
from floodsim.simulate.coupling import Drainage
from floodsim.simulate.setup import Setup
from floodsim.simulate.simulation import Simulation
from floodsim.surface.bands import Bands
from floodsim.surface.edges import Boundary, edge_faces
from floodsim.surface.losses import KINDS, Losses


def warm_up(wanted: Case, drainage: Drainage | None = None) -> float:
    """Run one tiny beat with the scheme, precision, losses and lines a case will need; returns how long that took, s.

    Of a network the kernels are compiled too; its state is the same afterwards.
    """
    began = time.perf_counter()
    solver = wanted.solver
    if drainage is not None:
        drainage.engine.warm_up()
        warm_up_exchange(np.float64 if solver.precision == "double" else np.float32)
    grid = make_grid(np.zeros((4, 4)), 10.0)
    beat = min(solver.sync_interval, 1.0)
    case = Case(
        name="warm-up",
        clock=Clock(duration=beat),
        solver=solver.model_copy(update={"sync_interval": beat, "mass_limit": 1.0}),
    )
    losses = Losses.none()
    if wanted.losses.kind != "none":
        tight = np.zeros((1, 1), np.uint8), np.zeros((1, 3))
        losses = Losses(KINDS["constant"], *tight, np.zeros(grid.shape, np.float32))
    edge = Boundary("edge", "level", edge_faces(grid), TimeSeries.constant(0.1))
    rain = Rain(np.array([0.0, beat]), np.full((1, 1), 1e-5))
    setup = Setup(grid, rain, [edge], [], losses, None, [])
    with Bands(1) as bands:
        simulation = Simulation(case, setup, bands)
        if wanted.lines or wanted.waterlogging_points or wanted.waterlogging_file is not None:
            simulation.view.discharge(np.array([[1, 1, 0, 1]]))
        simulation.run([Envelopes(case, grid, beat)])
    return time.perf_counter() - began
