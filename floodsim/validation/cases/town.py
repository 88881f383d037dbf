"""Refinement on the project's own town: the maximum depth at its points on cells of 8 m to 1 m."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

import floodsim
from floodsim.case.load import load_case
from floodsim.validation.case import (
    FIRST,
    INERTIAL,
    MASS_LIMIT,
    SECOND,
    Curve,
    Limits,
    Outcome,
    Picture,
    Scheme,
    ValidationCase,
)
from floodsim.validation.runs import Meter, checkout

CASE = Path("cases", "old_town", "case.toml")
DURATION = 75 * 60.0
"""The storm's peak, at 48 min, and what follows within half an hour; the low places go on filling after that."""
STREAM = "stream"
"""The point in the stream, whose bed is cut into the ground by cells of any size."""


def depths(scheme: Scheme, cell: float) -> tuple[dict[str, float], float, float, float]:
    """Maximum depth (m) at the points by the first words of their names, mass error, seconds by clock and processor."""
    keys = {
        "grid.resolution": cell, "clock.duration": DURATION, "solver.scheme": f'"{scheme.scheme}"',
        "solver.order": scheme.order, "solver.threads": 1, "output.interval": DURATION, "output.series_interval": 60.0,
    }  # fmt: skip
    case = load_case(checkout() / CASE, [f"{key}={value}" for key, value in keys.items()], {})
    meter = Meter()
    results = floodsim.run(case, progress=meter)
    if results.status != "complete" or results.series is None:
        raise KeyboardInterrupt
    highest = results.series["depth"].max("time")
    found = {str(name): float(highest.sel(point=name)) for name in results.series["point"].values}
    performance = results.summary["performance"]
    return found, abs(results.summary["mass"]["relative_error"]), float(performance["wall_s"]), meter.cpu_s


def evaluate(cells: tuple[float, ...], scheme: Scheme, _data: Path | None) -> Outcome:
    """Mean change of the maximum depths from each cell size to the next finer one, and how fast it shrinks."""
    runs = {cell: depths(scheme, cell) for cell in cells}
    names = [name for name in runs[cells[0]][0] if not name.startswith(STREAM)]
    table = np.array([[runs[cell][0][name] for name in names] for cell in cells])
    change = np.abs(np.diff(table, axis=0)).mean(axis=1)
    figures = {
        f"mean change, {a:g} m to {b:g} m (m)": float(c) for a, b, c in zip(cells, cells[1:], change, strict=False)
    }
    figures["last change over the first"] = float(change[-1] / change[0])
    figures |= {
        f"{name.split(' ')[0]}, {cells[-1]:g} m (m)": float(d) for name, d in zip(names, table[-1], strict=True)
    }
    figures["mass"] = max(mass for _, mass, _, _ in runs.values())
    size = np.array(cells)
    lines = [Curve(name.split(" ")[0], size, table[:, k], "result") for k, name in enumerate(names)]
    shrinks = (Curve("mean change to the next finer", size[:-1], change, "result"),)
    pictures = (
        Picture("maximum depth at the points", "cell, m", "depth, m", tuple(lines)),
        Picture("mean change of the maximum depth at the points", "cell, m", "m", shrinks),
    )
    return Outcome(figures, pictures, sum(run[2] for run in runs.values()), sum(run[3] for run in runs.values()))


def _case(name: str, cells: tuple[float, ...], schemes: dict[Scheme, float], shrinks: Limits) -> ValidationCase:
    return ValidationCase(
        name=name, title=f"Old town on cells of {cells[0]:g} m to {cells[-1]:g} m", group="own",
        source="the finer grids of the same town", peers="none: the town is synthetic",
        evaluate=partial(evaluate, cells),
        limits={scheme: {**shrinks, "mass": MASS_LIMIT} for scheme in schemes},
        seconds=schemes, checkout=str(CASE),
    )  # fmt: skip


SHRINKS: Limits = {"last change over the first": 0.5}
CASES = (
    _case("old_town_refined", (8.0, 4.0, 2.0), {FIRST: 60.0, SECOND: 200.0, INERTIAL: 60.0}, SHRINKS),
    _case("old_town_refined_1m", (8.0, 4.0, 2.0, 1.0), {FIRST: 700.0}, {}),
)
