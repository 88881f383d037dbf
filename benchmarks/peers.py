"""Other open models on the item that floodsim runs beside them: rain on bumpy, sloping ground under 5 cm of water.

    python benchmarks/peers.py [floodsim | floodsim-inertial | landlab | anuga]

Each runs in a process of its own with one thread. Without a name all run that are installed, and a table is printed.
`pip install landlab anuga` brings the peers. Cells are squares of 2 m; ANUGA gets as many triangles as there are cells.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

SIDE, WIDTH, DEPTH, RAIN, MANNING, SECONDS = 300, 2.0, 0.05, 60e-3 / 3600.0, 0.03, 60.0


def ground() -> np.ndarray:
    """Bed (m) of the item: 1 in 500 towards a corner, with 2 cm of roughness."""
    random = np.random.default_rng(0)
    fall = (np.arange(SIDE)[:, None] + np.arange(SIDE)[None, :]) * (WIDTH / 500.0)
    return fall + 0.02 * random.random((SIDE, SIDE))


def run_floodsim(scheme: str = "hllc") -> dict[str, Any]:
    """The first-order or the inertial scheme in double precision."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from floodsim.api import run
    from floodsim.grid.grid import make_grid

    case = {
        "name": "peers",
        "clock": {"start": "2025-07-01T00:00:00", "duration": SECONDS},
        "rainfall": {"kind": "uniform", "intensity": RAIN, "duration": SECONDS, "step": SECONDS},
        "initial": {"depth": DEPTH},
        "solver": {"threads": 1, "scheme": scheme},
        "output": {"interval": SECONDS, "maps": ["depth"]},
    }
    grid = make_grid(ground(), WIDTH, roughness=MANNING)
    run(case, grid=grid)  # compiles
    start = time.process_time()
    steps = run(case, grid=grid).summary["performance"]["steps"]
    return result("floodsim " + scheme, steps, time.process_time() - start, SIDE * SIDE)


def run_landlab() -> dict[str, Any]:
    """OverlandFlow, the local inertial scheme of de Almeida et al. (2012)."""
    import landlab
    from landlab.components import OverlandFlow

    grid = landlab.RasterModelGrid((SIDE, SIDE), xy_spacing=WIDTH)
    grid.add_field("topographic__elevation", ground().ravel(), at="node")
    grid.add_field("surface_water__depth", np.full(SIDE * SIDE, DEPTH), at="node")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    flow = OverlandFlow(grid, mannings_n=MANNING, rainfall_intensity=RAIN, steep_slopes=True)
    time_s, steps, start = 0.0, 0, time.process_time()
    while time_s < SECONDS:
        dt = min(float(flow.calc_time_step()), SECONDS - time_s)
        flow.run_one_step(dt)
        time_s, steps = time_s + dt, steps + 1
    return result(f"landlab {landlab.__version__} OverlandFlow", steps, time.process_time() - start, SIDE * SIDE)


def run_anuga() -> dict[str, Any]:
    """ANUGA with its default algorithm, on triangles as many as the cells of the others."""
    import anuga

    half = SIDE // 2
    domain = anuga.rectangular_cross_domain(half, half, len1=SIDE * WIDTH, len2=SIDE * WIDTH)
    bed = ground()
    cell = lambda a: np.clip((np.asarray(a) / WIDTH).astype(int), 0, SIDE - 1)  # noqa: E731
    domain.set_store(False)
    domain.set_quantity("elevation", lambda x, y: bed[cell(y), cell(x)])
    domain.set_quantity("friction", MANNING)
    domain.set_quantity("stage", expression=f"elevation + {DEPTH}")
    wall = anuga.Reflective_boundary(domain)
    domain.set_boundary(dict.fromkeys(domain.get_boundary_tags(), wall))
    anuga.Rate_operator(domain, rate=RAIN)
    steps, start = 0, time.process_time()
    for _ in domain.evolve(yieldstep=SECONDS, finaltime=SECONDS):
        steps += int(domain.number_of_steps)
    seconds = time.process_time() - start
    return result(f"anuga {anuga.__version__} {domain.get_flow_algorithm()}", steps, seconds, len(domain))


def result(name: str, steps: int, seconds: float, cells: int) -> dict[str, Any]:
    """Steps, CPU seconds for the item, and million cells (or triangles) advanced per second."""
    rate = cells * steps / seconds / 1e6
    return {"name": name, "cells": cells, "steps": steps, "cpu_s": round(seconds, 3), "mcells_per_s": round(rate, 2)}


MODELS: dict[str, Callable[[], dict[str, Any]]] = {
    "floodsim": run_floodsim,
    "floodsim-inertial": lambda: run_floodsim("inertial"),
    "landlab": run_landlab,
    "anuga": run_anuga,
}


def measure_all() -> list[dict[str, Any]]:
    """Run every model that is installed, one after the other, and print a line for each."""
    rows = []
    for name in MODELS:
        if not name.startswith("floodsim") and find_spec(name) is None:
            print(f"{name}: not installed here, skipped", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, str(Path(__file__).resolve()), name], capture_output=True, text=True, cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
            )  # fmt: skip
        if done.returncode:
            print(f"{name}: installed, but failed: {done.stderr.strip().splitlines()[-1]}", flush=True)
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        print(
            f"{row['name']:32s} {row['steps']:5d} steps {row['cpu_s']:8.2f} CPU s {row['mcells_per_s']:8.2f} Mcell/s "
            f"{row['cpu_s'] / rows[0]['cpu_s']:6.1f} x the time of {rows[0]['name']}",
            flush=True,
        )
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(MODELS[sys.argv[1]]()))
    else:
        measure_all()
