"""Share of a coupled run that street inlets and pipes take, on generated ground over a generated town of pipes.

    python benchmarks/coupled.py [--cells 2000000] [--inlets 2000] [--minutes 5] [--profile] [--json FILE]

One thread, CPU time. The network's part is all of `Coupling`: roofs, exchange, taking water out of cells, the engine,
its records and the observer that writes network.nc; the rest of the loop is the surface. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.network import FALL, Town  # noqa: E402
from floodsim.api import run  # noqa: E402
from floodsim.drainage.write_inp import write_inp  # noqa: E402
from floodsim.grid.grid import Grid, make_grid  # noqa: E402
from floodsim.output.network import NetworkSeries  # noqa: E402
from floodsim.simulate.coupling import Coupling  # noqa: E402

WIDTH = 4.0
"""Width of a cell, m."""
PARTS = {"renew": Coupling.renew, "open": Coupling.open, "before_step": Coupling.before_step, "close": Coupling.close}


class Stopwatch:
    """CPU seconds of the loop, and of the network's parts in it."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self.loop = 0.0

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed under a name."""

        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*arguments)
            finally:
                self.parts[name] = self.parts.get(name, 0.0) + time.thread_time() - start

        return timed

    def watch(self) -> None:
        """Put the watch around all that belongs to the network."""
        for name, function in PARTS.items():
            setattr(Coupling, name, self.around(name, function))
        for name in ("macro", "sync"):
            setattr(NetworkSeries, name, self.around(f"output {name}", getattr(NetworkSeries, name)))

    def start(self, total_seconds: float) -> None:
        """The loop begins."""
        self.parts.clear()
        self.loop = time.thread_time()

    def update(self, time_s: float, stats: Any) -> None:
        """One beat is over."""

    def finish(self, status: str) -> None:
        """The loop is over."""
        self.loop = time.thread_time() - self.loop


def make_ground(rows: int, columns: int) -> Grid:
    """Streets that fall along x as the town of pipes does, with bumps of 10 cm."""
    random = np.random.default_rng(0)
    bed = 30.0 - FALL * WIDTH * np.arange(columns)[None, :] + 0.1 * random.random((rows, columns))
    return make_grid(bed, WIDTH, roughness=0.025)


def make_case(folder: Path, inlets: int, columns: int, minutes: float) -> dict[str, Any]:
    """Heavy rain, a grate at every manhole but none at wells, tanks and outfalls."""
    town = Town(inlets, inflows=False, columns=columns)
    network = town.network()
    write_inp(network, folder / "town.inp")
    rows = ["node,x,y,class,count"]
    for node in town.sketch.nodes:
        if node["kind"] == 0:
            rows.append(f"{node['name']},{node['x'] + 2.0},{node['y'] + 3.0},grate,2")
    (folder / "inlets.csv").write_text("\n".join(rows) + "\n")
    return {
        "name": "coupled",
        "clock": {"start": "2026-01-01T00:00:00", "duration": f"{minutes} min"},
        "rainfall": {"kind": "uniform", "intensity": "100 mm/h", "duration": f"{minutes} min", "step": "1 min"},
        "drainage": {
            "network": str(folder / "town.inp"),
            "inlets": str(folder / "inlets.csv"),
            "inlet_classes": [{"name": "grate", "kind": "grate", "length": 0.75, "width": 0.45}],
            "coupling_step": "1 s",
        },
        "solver": {"threads": 1},
        "output": {"interval": "5 min", "series_interval": "1 min"},
    }


def measure(cells: int, inlets: int, minutes: float, watch: Stopwatch) -> dict[str, Any]:
    """Run the coupled case and give the network's share of its loop."""
    columns = max(round(np.sqrt(cells * 1.25)), 64)
    rows = max(round(cells / columns), 64)
    abreast = max(int((columns * WIDTH - 60.0) // 1100.0), 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = make_case(folder, inlets, abreast, minutes)
        results = run(case, folder / "out", grid=make_ground(rows, columns), progress=watch)
        summary = results.summary
    network = sum(watch.parts.values())
    drainage = summary["drainage"]
    return {
        "cells": rows * columns, "inlets": drainage["inlets"], "nodes": drainage["nodes"],
        "simulated_s": summary["simulated_s"], "steps": summary["performance"]["steps"],
        "coupling_steps": drainage["coupling_steps"], "network_steps": drainage["steps"],
        "loop_cpu_s": round(watch.loop, 2), "network_cpu_s": round(network, 2),
        "network_share": round(network / watch.loop, 4),
        "ms_per_coupling_step": round(1e3 * network / drainage["coupling_steps"], 2),
        "parts_s": {name: round(value, 3) for name, value in watch.parts.items()},
        "mass_errors": summary["mass"]["errors"],
    }  # fmt: skip


def main() -> None:
    """Run once shortly, so that everything is compiled, then the run that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=2_000_000)
    parser.add_argument("--inlets", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=5.0, help="simulated time")
    parser.add_argument("--profile", action="store_true", help="print where Python spends its time")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    watch = Stopwatch()
    watch.watch()
    measure(90_000, 200, 1.0, watch)
    profile = cProfile.Profile()
    if options.profile:
        profile.enable()
    row = measure(options.cells, options.inlets, options.minutes, watch)
    if options.profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    print(json.dumps(row))
    if options.json:
        options.json.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()
