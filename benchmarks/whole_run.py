"""A whole run of rain on bumpy ground: the share of its time inside kernels, and the memory that it holds per cell.

    python benchmarks/whole_run.py --side 1000 --minutes 60 [--precision double] [--scheme hllc] [--order 1]

One thread, everything a case does (forcing, ledger, envelopes, maps, gauges) and every output in memory or on disk.
Prints one line of JSON. Meant for a process of its own: memory is what the process holds at the end of the loop beyond
what it held before there was a grid.
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from floodsim.api import run  # noqa: E402
from floodsim.grid.grid import Grid, make_grid  # noqa: E402
from floodsim.surface import schemes  # noqa: E402

PAGE = resource.getpagesize()


class Stopwatch:
    """CPU seconds of this thread spent inside kernels that Python called."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """The kernel, timed."""

        @functools.wraps(kernel)
        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            try:
                return kernel(*arguments)
            finally:
                self.seconds += time.thread_time() - start

        return timed


def time_kernels() -> Stopwatch:
    """Put a stopwatch around every kernel that a module outside ``kernels`` has imported or reaches by its module."""
    watch = Stopwatch()
    timed: dict[int, Callable[..., Any]] = {}

    def wrapped(value: Any) -> Any:
        return timed.setdefault(id(value), watch.around(value))

    for name, module in list(sys.modules.items()):
        if not name.startswith("floodsim"):
            continue
        for key, value in list(vars(module).items()):
            outside = not name.startswith("floodsim.kernels")
            if outside and hasattr(value, "py_func"):
                setattr(module, key, wrapped(value))
            elif outside and getattr(value, "__name__", "").startswith("floodsim.kernels."):
                setattr(module, key, _Namespace(value, wrapped))
    for chosen, scheme in list(schemes.SCHEMES.items()):
        schemes.SCHEMES[chosen] = replace(scheme, sweep=wrapped(scheme.sweep))
    return watch


class _Namespace:
    """A module of kernels whose kernels are timed."""

    def __init__(self, module: Any, wrapped: Callable[[Any], Any]) -> None:
        for key, value in vars(module).items():
            setattr(self, key, wrapped(value) if hasattr(value, "py_func") else value)


def held() -> int:
    """Bytes that the process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


class Watcher:
    """Follows a run: the memory held in its loop, and the CPU time of the loop alone."""

    def __init__(self, watch: Stopwatch) -> None:
        self.watch, self.memory = watch, 0
        self.kernels = self.loop = 0.0

    def start(self, total_seconds: float) -> None:
        """The loop begins."""
        self.kernels, self.loop = self.watch.seconds, time.thread_time()

    def update(self, time_s: float, stats: Any) -> None:
        """One beat is over."""
        self.memory = max(self.memory, held())

    def finish(self, status: str) -> None:
        """The loop is over."""
        self.kernels, self.loop = self.watch.seconds - self.kernels, time.thread_time() - self.loop


def make_case(options: argparse.Namespace, minutes: float) -> dict[str, Any]:
    """Uniform rain of 60 mm/h over the whole time, on ground that soaks up a little; maps and series as by default."""
    return {
        "name": "rain_on_grid",
        "clock": {"start": "2025-07-01T00:00:00", "duration": f"{minutes} min"},
        "rainfall": {"kind": "uniform", "intensity": "60 mm/h", "duration": f"{minutes} min", "step": "1 min"},
        "losses": {"kind": "horton", "initial_rate": "20 mm/h", "final_rate": "5 mm/h", "decay": "2 1/h"},
        "solver": {"threads": 1, "precision": options.precision, "scheme": options.scheme, "order": options.order},
    }


def make_ground(side: int) -> Grid:
    """Bumpy ground that falls 1 in 500 towards one corner, 2 m cells."""
    random = np.random.default_rng(0)
    fall = (np.arange(side)[:, None] + np.arange(side)[None, :]) * (2.0 / 500.0)
    return make_grid(fall + 0.1 * random.random((side, side)), 2.0, roughness=0.03)


def main() -> None:
    """Run once shortly, so that everything is compiled, then the run that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1000, help="cells along one side")
    parser.add_argument("--minutes", type=float, default=60.0, help="simulated time")
    parser.add_argument("--precision", default="double")
    parser.add_argument("--scheme", default="hllc")
    parser.add_argument("--order", type=int, default=1)
    options = parser.parse_args()
    watch = time_kernels()
    run(make_case(options, 1.0), grid=make_ground(64))
    before, follow = held(), Watcher(watch)
    with tempfile.TemporaryDirectory() as folder:
        results = run(
            make_case(options, options.minutes), Path(folder) / "out", grid=make_ground(options.side), progress=follow
        )
        summary = results.summary
    cells, work = options.side**2, summary["performance"]
    row = {
        "name": "whole run", "scheme": options.scheme, "order": options.order, "precision": options.precision,
        "threads": 1, "cells": cells, "simulated_s": summary["simulated_s"], "steps": work["steps"],
        "loop_cpu_s": round(follow.loop, 2), "kernel_share": round(follow.kernels / follow.loop, 3),
        "resident_bytes_per_cell": round((follow.memory - before) / cells, 1),
        "mcells_per_s": round(work["mcell_updates_per_s"] * work["wall_s"] / follow.loop, 1),
        "mass_error": summary["mass"]["relative_error"],
    }  # fmt: skip
    print(json.dumps(row))


if __name__ == "__main__":
    main()
