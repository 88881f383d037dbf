"""The summary of a run: status, mass ledger, cost, and what limited the time step."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim import __version__
from floodsim.memory import peak_memory_mb
from floodsim.simulate.simulation import Simulation
from floodsim.surface.ledger import TERMS


def summarise(simulation: Simulation, status: str, times: dict[str, float]) -> dict[str, Any]:
    """The content of summary.json; volumes in m3 and in mm over the domain, times in s."""
    surface, counters, case = simulation.surface, simulation.counters, simulation.case
    grid = surface.state.grid
    active = int(np.count_nonzero(grid.array("active")))
    wall = counters.wall
    ledger = surface.ledger
    coupling = simulation.coupling
    return {
        "status": status,
        "case": case.name,
        "floodsim": __version__,
        "simulated_s": simulation.view.time,
        "duration_s": case.clock.duration,
        "resumed_at_s": counters.resumed,
        "rain_end_s": surface.rain.end,
        "grid": {
            "rows": grid.shape[0],
            "columns": grid.shape[1],
            "active_cells": active,
            "dx_m": grid.dx,
            "dy_m": grid.dy,
        },
        "solver": case.solver.model_dump() | {"threads": surface.bands.threads},
        "mass": {
            "relative_error": ledger.relative_error,
            "terms": {
                name: {"m3": volume, "mm": 1000.0 * volume / (active * grid.cell_area) if active else 0.0}
                for name, volume in ledger.terms().items()
            },
            "meaning": {name: meaning for name, meaning in TERMS.items() if name in ledger.terms()},
            "boundaries_m3": ledger.boundaries,
            **({} if coupling is None else {"errors": coupling.errors(ledger)}),
        },
        **({} if coupling is None else {"drainage": coupling.summary()}),
        "performance": {
            "wall_s": wall,
            **times,
            "steps": counters.steps,
            "mean_dt_s": simulation.view.time / max(counters.steps, 1),
            "mcell_updates_per_s": counters.cells / max(wall, 1e-9) / 1e6,
            "peak_memory_mb": peak_memory_mb(),
        },
        "limiter": simulation.limiter.top(surface.state),
        "froude": simulation.froude.summary(),
        "notes": simulation.notes + simulation.froude.warnings(),
    }
