"""Tiles on worker processes: strong and weak scaling here, the cost of an exchange, and a model for many workers.

    python benchmarks/scaling.py --json scaling.json      # some minutes; --quick: 1 million cells, fewer repetitions

Every ratio is the median of repetitions in which both sides alternate, by the clock and by CPU time.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.forcing.series import Rain
from floodsim.grid.grid import make_grid
from floodsim.memory import peak_memory_mb
from floodsim.simulate.march import MACRO_STEPS, March
from floodsim.simulate.setup import Setup
from floodsim.simulate.tiles.cluster import DaskPlace, workers_for
from floodsim.simulate.tiles.crew import Crew
from floodsim.simulate.tiles.driver import Team
from floodsim.simulate.tiles.inputs import store
from floodsim.simulate.tiles.links import HALO, Links
from floodsim.simulate.tiles.plan import Plan, cut_tiles, plan_tiles
from floodsim.simulate.tiles.prepare import prepare_by_windows
from floodsim.simulate.tiles.run import share
from floodsim.simulate.tiles.worker import Job
from floodsim.simulate.view import LiveView
from floodsim.surface.bands import Bands, usable_cores
from floodsim.surface.edges import make_edges
from floodsim.surface.losses import Losses
from floodsim.surface.schemes import SCHEMES
from floodsim.surface.state import make_state
from floodsim.surface.step import Surface, renew_forcing

DX, DEPTH = 2.0, 0.2
BYTES = {"double": 24, "single": 16}
WORKERS = [2**k for k in range(1, 13)]


def rainy(rows: int, columns: int) -> Setup:
    """Hilly ground under water, with rain everywhere."""
    y, x = np.mgrid[:rows, :columns]
    bed = (10.0 + 0.3 * np.sin(x / 40.0) * np.cos(y / 30.0)).astype(np.float32)
    grid = make_grid(bed, DX, roughness=0.03)
    rain = Rain(np.array([0.0, 1e6]), np.full((1, 1), 1e-5))
    return Setup(grid, rain, [], [], Losses.none(), np.full(bed.shape, DEPTH), [])


def the_case(precision: str) -> Case:
    return parse_case({"name": "scaling", "clock": {"duration": "1 h"}, "solver": {"precision": precision}}, Path(), {})


class Alone:
    """One process with some threads."""

    def __init__(self, setup: Setup, case: Case, threads: int) -> None:
        scheme = SCHEMES["hllc", 1]
        state = make_state(setup.grid, case.solver.precision, setup.depth)
        self.surface = Surface(state, make_edges(state, []), setup.rain, setup.losses, [], scheme, Bands(threads))
        self.march = March(self.surface, LiveView(self.surface), min(case.solver.cfl, scheme.courant))
        renew_forcing(self.surface, 0.0, 60.0)

    def cross(self, left: float) -> tuple[float, float, int]:
        """Wall and CPU seconds and steps of crossing ``left`` s."""
        wall, cpu, steps = time.perf_counter(), time.process_time(), self.march.counters.steps
        self.march.cross(left, left, [])
        return time.perf_counter() - wall, time.process_time() - cpu, self.march.counters.steps - steps

    def longest(self) -> float:
        return self.march.longest_step()


class Tiled:
    """A tile per worker."""

    def __init__(self, setup: Setup, case: Case, plan: Plan, place: DaskPlace, folder: Path, threads: int) -> None:
        shared, network, _ = share(setup, np.zeros((0, 2), np.int64))
        store(folder, setup, shared)
        files = {name: folder / f"{name}.nc" for name in ("maps", "envelopes")}
        jobs = [Job(k, plan, case, folder, files, 0.0, threads, watch=False) for k in range(len(plan.tiles))]
        self.team = Team(case, shared, setup.grid, setup.rain, plan, Crew(place), network)
        self.team.begin(jobs)
        self.team.renew(0.0, 60.0)
        self.plan, self.waiting, self.cells = plan, 0.0, 0

    def cross(self, left: float) -> tuple[float, float, int]:
        wall = time.perf_counter()
        reports = self.team.cross(left, left)
        wall = time.perf_counter() - wall
        self.waiting = statistics.mean(report["waiting_s"] for report in reports)
        self.cells = sum(report["cells"] for report in reports)
        return wall, sum(report["cpu_s"] for report in reports), reports[0]["steps"]

    def close(self) -> None:
        self.team.crew.dismiss()


def against(first: Callable[[], tuple[float, float, int]], second: Callable[[], tuple[float, float, int]],
            times: int) -> dict[str, Any]:  # fmt: skip
    """Speed of the second over that of the first, in alternation: by the clock and by CPU time per step."""
    pairs = [(first(), second()) for _ in range(times + 1)][1:]  # the first compiles and warms up
    wall = [a[0] / a[2] / (b[0] / b[2]) for a, b in pairs]
    cpu = [a[1] / a[2] / (b[1] / b[2]) for a, b in pairs]
    return {
        "speed_ratio": statistics.median(wall),
        "cpu_ratio": statistics.median(cpu),
        "all_speed_ratios": [round(value, 3) for value in wall],
        "all_cpu_ratios": [round(value, 3) for value in cpu],
        "ms_per_step": [1e3 * statistics.median(one[0] / one[2] for one in side) for side in zip(*pairs, strict=True)],
        "cpu_ms_per_step": [
            1e3 * statistics.median(one[1] / one[2] for one in side) for side in zip(*pairs, strict=True)
        ],
    }


def measure(rows: int, columns: int, precision: str, workers: int, alone: tuple[int, int, int], times: int,
            tiles: str | None = None) -> dict[str, Any]:  # fmt: skip
    """Workers of one thread on rows x columns against one process: ``alone`` rows, columns, threads."""
    case = the_case(precision)
    setup = rainy(rows, columns)
    other = rainy(*alone[:2]) if alone[:2] != (rows, columns) else setup
    one = Alone(other, case, alone[2])
    plan = cut_tiles((rows, columns), tiles) if tiles else plan_tiles((rows, columns), workers)
    left = 2.5 * MACRO_STEPS * one.longest()
    with tempfile.TemporaryDirectory() as folder, workers_for(workers, None, lambda text: None) as place:
        tiled = Tiled(setup, case, plan, place, Path(folder), 1)
        try:
            found = against(lambda: one.cross(left), lambda: tiled.cross(left), times)
            found |= {
                "cells": rows * columns, "workers": workers, "tiles": [list(tile) for tile in plan.tiles],
                "oversubscribed": workers > usable_cores(), "precision": precision,
                "alone": {"rows": alone[0], "columns": alone[1], "threads": alone[2]},
                "waiting_ms_per_cross": 1e3 * tiled.waiting,
                "swept_over_own_cells": tiled.cells / (rows * columns * tiled.cross(left)[2]),
            }  # fmt: skip
        finally:
            tiled.close()
    return found


# --- exchange ----------------------------------------------------------------------------------------------------


def _speak(number: int, pipe: Any, sizes: list[int], times: int) -> None:
    links = Links(number)
    pipe.send(links.address)
    links.connect(pipe.recv(), [1 - number])
    found = {}
    for size in sizes:
        values = np.zeros(size, np.uint8)
        spans = []
        for _ in range(times):
            began = time.perf_counter()
            links.send(1 - number, HALO, values)
            links.receive(1 - number, HALO)
            spans.append(time.perf_counter() - began)
        found[size] = statistics.median(spans)
    spans = []
    for _ in range(times * 5):
        began = time.perf_counter()
        links.greatest(np.zeros(2 * MACRO_STEPS))
        spans.append(time.perf_counter() - began)
    pipe.send((found, statistics.median(spans)))
    links.close()


def exchange(times: int) -> dict[str, Any]:
    """Seconds of swapping strips between two processes by size, of agreeing on largest values, and a line through."""
    context, sizes = multiprocessing.get_context("spawn"), [1 << k for k in (10, 13, 16, 18, 20, 22)]
    pipes = [context.Pipe() for _ in range(2)]
    ends = [context.Process(target=_speak, args=(k, pipes[k][1], sizes, times)) for k in range(2)]
    for process in ends:
        process.start()
    addresses = [pipe[0].recv() for pipe in pipes]
    for pipe in pipes:
        pipe[0].send(addresses)
    (spans, agreed), _ = (pipe[0].recv() for pipe in pipes)
    for process in ends:
        process.join()
    slope, base = np.polyfit(sizes, [spans[size] for size in sizes], 1, w=1.0 / np.array([spans[s] for s in sizes]))
    return {
        "swap_s": {str(size): span for size, span in spans.items()},
        "agree_s": agreed,
        "latency_s": max(float(base), 1e-6),
        "bandwidth_bytes_per_s": 1.0 / max(float(slope), 1e-15),
    }


# --- redundant work and the model --------------------------------------------------------------------------------


def redundant(side: int, halo: int) -> float:
    """Cells of the halo over the own cells of a square tile that has neighbours on all sides."""
    return ((side + 2 * halo) / side) ** 2 - 1.0


def predict(cells: float, workers: int, fitted: dict[str, float], halo: int, bytes_per_cell: int) -> float:
    """Efficiency of workers that share ``cells`` in square tiles: time of a macro step alone over that with neighbours.

    T = 8 (side + 2 halo)^2 / rate + latency + 4 halo (side + halo) bytes / bandwidth + log2(P) agreements; messages
    to all neighbours leave together, and the agreement goes up and down a binary tree.
    """
    side = math.sqrt(cells / workers)
    sides = 2 if workers == 2 else 4
    alone = MACRO_STEPS * cells / workers / fitted["cells_per_s"]
    swept = (side + halo) * side if workers == 2 else (side + 2 * halo) ** 2
    strips = sides * halo * (side + halo) * bytes_per_cell
    spoken = fitted["latency_s"] + strips / fitted["bandwidth_bytes_per_s"]
    agreed = 2.0 * math.ceil(math.log2(workers)) * fitted["agree_s"] / 2.0
    return alone / (MACRO_STEPS * swept / fitted["cells_per_s"] + spoken + agreed)


def model(fitted: dict[str, float], precision: str) -> dict[str, Any]:
    """Predicted efficiencies for 2 to 4096 workers: a fixed city, and a fixed tile per worker."""
    size = BYTES[precision]
    return {
        "fitted": fitted,
        "strong_100_million_cells": {w: round(predict(1e8, w, fitted, 8, size), 3) for w in WORKERS},
        "strong_4_million_cells": {w: round(predict(4e6, w, fitted, 8, size), 3) for w in WORKERS},
        "weak_4_million_cells_each": {w: round(predict(4e6 * w, w, fitted, 8, size), 3) for w in WORKERS},
        "weak_250_thousand_cells_each": {w: round(predict(2.5e5 * w, w, fitted, 8, size), 3) for w in WORKERS},
    }


# --- preparing the ground ----------------------------------------------------------------------------------------


def write_terrain(file: Path, side: int) -> None:
    """A GeoTIFF of side x side cells of 2 m, written strip by strip."""
    import rasterio

    profile = {"driver": "GTiff", "height": side, "width": side, "count": 1, "dtype": "float32", "tiled": True}
    transform = rasterio.transform.from_origin(0.0, DX * side, DX, DX)
    x = np.arange(side)
    with rasterio.open(file, "w", **profile, transform=transform) as tif:
        for first in range(0, side, 256):
            y = np.arange(first, min(first + 256, side))[:, None]
            levels = (10.0 + np.sin(x / 40.0) * np.cos(y / 30.0)).astype(np.float32)
            tif.write(levels, 1, window=((first, first + len(y)), (0, side)))


def prepare(side: int) -> dict[str, Any]:
    """Prepare side x side cells by windows on two workers: seconds, and the peak memory of each process."""
    with tempfile.TemporaryDirectory() as name, workers_for(2, None, lambda text: None) as place:
        folder = Path(name)
        write_terrain(folder / "terrain.tif", side)
        keys = {"terrain": str(folder / "terrain.tif"), "crs": "local"}
        case = parse_case({"name": "large", "clock": {"duration": "1 h"}, "grid": keys}, folder, {})
        idle = place.map(peak_memory_mb, [()] * 2)
        before, began = peak_memory_mb(), time.perf_counter()
        found = prepare_by_windows(case, folder / "ground", place, [], least=1)
        assert found is not None
        return {
            "cells": side * side,
            "seconds": time.perf_counter() - began,
            "field_mb": side * side * 4 / 1e6,
            "client_mb": {"before": before, "peak": peak_memory_mb()},
            "worker_mb": {"before": max(idle), "peak": max(found[1])},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--prepare", action="store_true", help="only the preparation of 100 million cells")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.prepare:
        print(json.dumps(prepare(10_000), indent=2))
        return
    side, times = (1000, 3) if options.quick else (2000, 5)
    found: dict[str, Any] = {"cores": usable_cores(), "side": side, "load": os.getloadavg()}
    found["exchange"] = exchange(20 if options.quick else 100)
    for precision in ("double",) if options.quick else ("double", "single"):
        runs = found[precision] = {}
        runs["two_workers_against_two_threads"] = measure(side, side, precision, 2, (side, side, 2), times)
        runs["one_worker_against_one_thread"] = measure(side, side, precision, 1, (side, side, 1), times)
        runs["strong_2"] = measure(side, side, precision, 2, (side, side, 1), times)
        runs["weak_2"] = measure(side, side, precision, 2, (side // 2, side, 1), times)
        runs["strong_4_oversubscribed"] = measure(side, side, precision, 4, (side, side, 1), times, "2x2")
        per_step = runs["one_worker_against_one_thread"]["cpu_ms_per_step"][0] / 1e3
        fitted = {"cells_per_s": side * side / per_step, **{
            name: found["exchange"][name] for name in ("latency_s", "bandwidth_bytes_per_s", "agree_s")}}  # fmt: skip
        runs["model"] = model(fitted, precision)
    found["redundant"] = {
        f"tile {n} x {n}, halo {halo}": round(redundant(n, halo), 4) for n in (500, 1000, 2000) for halo in (8, 16, 24)
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
