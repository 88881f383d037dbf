"""Speed of the surface: cells per second against the memory bandwidth and against plain NumPy, all in one process.

    python benchmarks/speed.py [--quick] [--threads 1 2] [--json FILE]

Each line is the best of several repetitions; one thread is timed with its CPU time, so other work on the machine
disturbs little, several threads with the clock. Ratios compare figures taken within seconds of each other.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.peers import measure_all  # noqa: E402
from floodsim.forcing.series import Rain  # noqa: E402
from floodsim.grid.grid import make_grid  # noqa: E402
from floodsim.kernels.jit import kernel  # noqa: E402
from floodsim.surface.bands import Bands  # noqa: E402
from floodsim.surface.edges import make_edges  # noqa: E402
from floodsim.surface.losses import Losses  # noqa: E402
from floodsim.surface.schemes import SCHEMES  # noqa: E402
from floodsim.surface.state import State, make_state  # noqa: E402
from floodsim.surface.step import Surface, renew_forcing, take_step  # noqa: E402
from tests.kernels.reference import reference_step  # noqa: E402

BYTES = {"double": 88, "single": 64}
"""Bytes that one update of a cell has to move: state in, state out with its read for ownership, ground, source."""
STEP = 1e-3

COMPILE = """
import sys, time
start = time.process_time()
sys.path.insert(0, {root!r})
from benchmarks.speed import make_surface, STEP
from floodsim.surface.step import take_step
imported = time.process_time()
surface = make_surface("hllc", 1, {precision!r}, 64, 1, 1.0)
take_step(surface, STEP)
print(imported - start, time.process_time() - imported)
"""


@dataclass
class Row:
    """One measurement; ``triad_share`` is the bandwidth used over that of the triad, on as many threads."""

    name: str
    scheme: str
    order: int
    precision: str
    threads: int
    cells: int
    mcells_per_s: float
    triad_share: float
    cells_per_triad_element: float
    numpy_ratio: float | None = None
    bytes_per_cell: float | None = None


@kernel
def triad(a, b, c):  # type: ignore[no-untyped-def]
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


def best(function: Callable[[], object], seconds: float, threads: int = 1) -> float:
    """Shortest time (s) of a call, out of at least three within the given seconds."""
    clock = time.thread_time if threads == 1 else time.perf_counter
    function()
    shortest, end, count = np.inf, time.perf_counter() + seconds, 0
    while count < 3 or (time.perf_counter() < end and count < 200):
        start = clock()
        function()
        shortest = min(shortest, clock() - start)
        count += 1
    return float(shortest)


def triad_rate(threads: int, seconds: float) -> float:
    """Elements of 24 bytes that STREAM's triad moves in a second."""
    n = 4_000_000
    a, b, c = np.zeros(n), np.random.default_rng(0).random(n), np.ones(n)
    with Bands(threads) as bands:
        return n / best(lambda: bands.split(lambda i, k: triad(a[i:k], b[i:k], c[i:k]), n), seconds, threads)


KEYS = [(*scheme, precision) for scheme in SCHEMES for precision in ("double", "single")]


def make_surface(scheme: str, order: int, precision: str, side: int, threads: int, wet: float) -> Surface:
    """Bumpy ground with rough banks; water of some centimetres on a share of the rows, and moving."""
    random = np.random.default_rng(0)
    grid = make_grid(0.3 * random.random((side, side)), 2.0, roughness=0.03)
    depth = 0.31 + 0.05 * random.random((side, side)) - np.asarray(grid.array("bed"), float)
    depth[int(round(wet * side)) :] = 0.0
    state = make_state(grid, precision, depth, staggered=SCHEMES[scheme, order].staggered)
    rain = Rain(np.array([0.0, 1e9]), np.array([[1e-5]])) if wet == 1.0 else Rain.none()
    surface = Surface(state, make_edges(state, []), rain, Losses.none(), [], SCHEMES[scheme, order], Bands(threads))
    renew_forcing(surface, 0.0, 10.0)
    return surface


def bytes_per_cell(state: State) -> float:
    """Memory that the state and its ground hold, over the cells."""
    arrays = [*vars(state).values(), *vars(state.ground).values(), *vars(state.blocks).values()]
    return sum(a.nbytes for a in arrays if isinstance(a, np.ndarray)) / np.prod(state.grid.shape)


def numpy_rate(surface: Surface) -> float:
    """Cells per second of the scheme written plainly in NumPy, in double precision, on the same water."""
    state, ground = surface.state, surface.state.ground
    arrays = {
        "h": state.h.astype(float), "u": state.u.astype(float), "v": state.v.astype(float), "z": ground.z,
        "sx": ground.sx, "sy": ground.sy, "source": state.source,
        "manning": np.sqrt(np.maximum(ground.drag, 0.0) / (4 * 9.81)),
    }  # fmt: skip
    return state.grid.shape[0] * state.grid.shape[1] / best(lambda: reference_step(arrays, STEP, 2.0, 2.0, 9.81), 1.0)


def measure(name: str, key: tuple[str, int, str], side: int, threads: int, wet: float, seconds: float) -> Row:
    """Measure whole steps: ghost cells, sweep, choice of the blocks to sweep next."""
    scheme, order, precision = key
    surface = make_surface(scheme, order, precision, side, threads, wet)
    cells = side * side
    element = triad_rate(threads, seconds / 3)
    rate = cells / best(lambda: take_step(surface, STEP), seconds, threads)
    element = max(element, triad_rate(threads, seconds / 3))
    plain = numpy_rate(surface) if wet == 1.0 and (scheme, order) == ("hllc", 1) and threads == 1 else None
    surface.bands.close()
    share = rate * BYTES[precision] / (element * 24)
    return Row(
        name, scheme, order, precision, threads, cells, round(rate / 1e6, 1), round(share, 3), round(rate / element, 4),
        None if plain is None else round(rate / plain, 1), round(bytes_per_cell(surface.state), 1),
    )  # fmt: skip


def compile_seconds(precision: str) -> dict[str, float]:
    """CPU seconds to import and to compile what a step needs, in a fresh process: cold, and out of the cache."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "cached"):
            command = [sys.executable, "-c", COMPILE.format(root=str(ROOT), precision=precision)]
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
            result[f"import_{name}"], result[name] = round(float(out[0]), 2), round(float(out[1]), 2)
    return result


def whole_runs(quick: bool) -> list[dict[str, object]]:
    """Whole runs of rain on the ground, each in a process of its own: share of kernels, memory per cell."""
    sizes = [(1000, 10.0)] if quick else [(1000, 60.0), (3162, 5.0)]
    found = []
    for side, minutes in sizes:
        command = [
            sys.executable,
            str(ROOT / "benchmarks/whole_run.py"),
            "--side",
            str(side),
            "--minutes",
            str(minutes),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print("whole run:", found[-1], flush=True)
    return found


def show(row: Row) -> None:
    numpy_part = f"{row.numpy_ratio:5.1f} x NumPy" if row.numpy_ratio else ""
    print(
        f"{row.name:8s} {row.scheme} {row.order} {row.precision:6s} {row.threads} thr {row.cells / 1e6:6.2f} M cells "
        f"{row.mcells_per_s:8.1f} Mcell/s  {100 * row.triad_share:5.1f} % of triad  {numpy_part}",
        flush=True,
    )


def main() -> None:
    """Measure, print, and write the figures to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 million cells only, short repetitions")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    sides = [1000] if options.quick else [1000, 2000, 3162]
    seconds = 1.0 if options.quick else 4.0
    rows = []
    for key in KEYS:
        for side in sides:
            for threads in options.threads:
                rows.append(measure("all wet", key, side, threads, 1.0, seconds))
                show(rows[-1])
                gc.collect()
        rows.append(measure("10 % wet", key, 1000, 1, 0.1, seconds))
        show(rows[-1])
    compiled = {precision: compile_seconds(precision) for precision in ("double", "single")}
    print("compile (CPU s):", compiled)
    runs = whole_runs(options.quick)
    peers = measure_all()
    if options.json:
        options.json.write_text(
            json.dumps(
                {"rows": [asdict(row) for row in rows], "whole_runs": runs, "peers": peers, "compile_s": compiled},
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
