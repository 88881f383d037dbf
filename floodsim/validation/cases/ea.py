"""UK Environment Agency 2D benchmark (SC080035, SC120002): Tests 1, 2 and 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.validation.case import Curve, Outcome, Picture, Scheme
from floodsim.validation.norms import measured_order
from floodsim.validation.pictures import in_time
from floodsim.validation.runs import Run, data_folder, read_columns, run

HIGH, SILL = 10.35, 10.25
VOLUME_2, VOLUME_4 = 97_200.0, 285_000.0
DRY_IN_ALL_MODELS = (15, 16)
LOWEST = 13
WALLS_REACHED = 189.0 * 60.0
"""Test 4: when the front reaches the outer edges (s), open in the reference run; its gauges feel it later still."""
ARRIVED = 0.01
"""Depth (m) at which the water counts as arrived."""


def disconnected_bed(x: np.ndarray) -> np.ndarray:
    """Bed level (m) of Test 1 at x (m): a rise to the sill at 300 m, a pool behind it, a rise again."""
    rise = 9.6487 + 0.002130 * x
    pool = 10.0 + 0.25 * np.cos(2.0 * np.pi * (x - 300.0) / 400.0)
    end = 10.0 + 0.25 * np.cos(1.5 * np.pi) + 0.003927 * (x - 600.0)
    return np.where(x <= 263.5, rise, np.where(x <= 600.0, pool, end))


def pitted_bed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bed level (m) of Test 2: a slope to the south-east with a pit every 500 m."""
    pits = np.sin(np.pi * x / 500.0) ** 2 * np.sin(np.pi * y / 500.0) ** 2
    return 10.2347 - (x + 200.0) / 2000.0 - (2200.0 - y) / 1500.0 - 0.5 * pits


def gauges(file: Path) -> list[dict[str, Any]]:
    """Output points of a test as keys of a case."""
    points = read_columns(file)
    rows = zip(points["Point ID"], points["X"], points["Y"], strict=True)
    return [{"name": f"{number:.0f}", "x": x, "y": y} for number, x, y in rows]


def inflow(file: Path, south: float, north: float) -> dict[str, Any]:
    """Keys of the inflow over a stretch of the western edge (y from south to north, m)."""
    series = read_columns(file)
    values = [(60.0 * t, q) for t, q in zip(series["Time (min)"], series["Inflow (cumecs)"], strict=True)]
    return {
        "name": "inflow", "kind": "discharge", "edge": "west", "span": (south, north), "discharge": {"values": values},
    }  # fmt: skip


def evaluate_disconnected(scheme: Scheme, data: Path | None) -> Outcome:
    """Errors of level at both points while the outside stands high, and at the end."""
    folder = data_folder(data, "ea", "test1")
    series = read_columns(folder / "Test1BC.csv")
    grid = floodsim.make_grid(np.tile(disconnected_bed(np.arange(5.0, 700.0, 10.0)), (10, 1)), 10.0, roughness=0.03)
    outside = [(60.0 * t, z) for t, z in zip(series["Time (mins)"], series["Water level (m)"], strict=True)]
    duration = 20.0 * 3600.0
    case: dict[str, Any] = {
        "clock": {"duration": duration},
        "initial": {"level": 9.7},
        "boundaries": [{"name": "outside", "kind": "level", "edge": "west", "level": {"values": outside}}],
        "points": gauges(folder / "Test1output.csv"),
        "output": {"interval": duration, "series_interval": 60.0},
    }
    done = run(case, grid, scheme)
    figures, pictures = {}, []
    reference = read_columns(folder / "anuga_4.1.0_reference.csv")
    for name in ("1", "2"):
        times, level = done.series("level", "point", name)
        high = (times >= 4 * 3600.0) & (times <= 11 * 3600.0)
        figures[f"point {name}, 4 to 11 h (m)"] = float(np.abs(level[high] - HIGH).max())
        figures[f"point {name}, 20 h (m)"] = abs(float(level[-1]) - SILL)
        pictures.append(in_time(f"level at point {name} (reference: ANUGA 4.1.0)", "level, m",
                                (reference["time_s"], reference[f"level{name}"]), (times, level)))  # fmt: skip
    figures["mass"] = done.mass_error
    return Outcome(figures, tuple(pictures), done.wall_s, done.cpu_s)


def evaluate_depressions(scheme: Scheme, data: Path | None) -> Outcome:
    """Height of the pits above their spill levels, depth where all models stay dry, volume that came in."""
    folder = data_folder(data, "ea", "test2")
    sills, cell, duration = read_columns(folder / "sills_20m.csv"), 20.0, 48.0 * 3600.0
    centres = np.arange(cell / 2.0, 2000.0, cell)
    grid = floodsim.make_grid(pitted_bed(*np.meshgrid(centres, centres)), cell, roughness=0.03)
    pits = list(zip(sills["point"].astype(int), sills["x"], sills["y"], sills["spill_level"], strict=True))
    case: dict[str, Any] = {
        "clock": {"duration": duration},
        "boundaries": [inflow(folder / "Test2_BC.csv", 1900.0, 2000.0)],
        "points": [{"name": str(number), "x": x, "y": y} for number, x, y, _ in pits],
        "output": {"interval": duration, "series_interval": 300.0},
    }
    done = run(case, grid, scheme)
    figures: dict[str, float] = {}
    above, end = [], {}
    for number, _, _, spill in pits:
        end[number] = done.series("level", "point", str(number))[1][-1]
        depth = done.series("depth", "point", str(number))[1][-1]
        if number in DRY_IN_ALL_MODELS:
            figures[f"depth at point {number} (m)"] = float(depth)
        elif number != LOWEST and depth > 0.0:  # the lowest one has no outlet
            above.append(float(end[number] - spill))
    figures |= {
        "pits above their sills (m)": max(above),
        "inflow": abs(done.entered() / VOLUME_2 - 1.0),
        "mass": done.mass_error,
    }
    numbers = sills["point"]
    levels = np.array([end[number] for number in numbers.astype(int)])
    curves = (
        Curve("spill level", numbers, sills["spill_level"], "reference"),
        Curve("floodsim", numbers, levels, "result"),
    )
    picture = Picture("levels of the points after 48 h", "point", "level, m", curves)
    return Outcome(figures, (picture,), done.wall_s, done.cpu_s)


def simulate_plain(scheme: Scheme, folder: Path, cell: float) -> Run:
    """Run Test 4: flat, dry, closed but for the inflow over 20 m of the western edge."""
    grid = floodsim.make_grid(np.zeros((round(2000.0 / cell), round(1000.0 / cell))), cell, roughness=0.05)
    duration = 5.0 * 3600.0
    case: dict[str, Any] = {
        "clock": {"duration": duration},
        "boundaries": [inflow(folder / "Test4BC.csv", 990.0, 1010.0)],
        "points": gauges(folder / "Test4output.csv"),
        "output": {"interval": duration, "series_interval": 10.0},
    }
    return run(case, grid, scheme)


def evaluate_plain(cell: float, scheme: Scheme, data: Path | None) -> Outcome:
    """The worst errors of peak, depth and arrival among the gauges, and the volume that came in.

    The reference stands at every 60 s: arrivals are those of both series at its instants, linear between them.
    """
    folder = data_folder(data, "ea", "test4")
    wanted = read_columns(folder / "reference_lisflood_dg2_5m.csv")
    peaks = read_columns(folder / "reference_summary.csv")["peak_dg2_5m"]
    done = simulate_plain(scheme, folder, cell)
    peak, rmse, late, pictures = [], [], [], []
    for number, highest in enumerate(peaks, start=1):
        times, depth = done.series("depth", "point", str(number))
        series, early = wanted[f"h{number}"], wanted["time_s"] < WALLS_REACHED
        found = np.interp(wanted["time_s"], times, depth)
        peak.append(abs(float(depth.max()) / highest - 1.0))
        rmse.append(float(np.sqrt(((found - series)[early] ** 2).mean())))
        late.append(abs(arrival(wanted["time_s"], found) / arrival(wanted["time_s"], series) - 1.0))
        if number in (1, 4, 6):
            pictures.append(in_time(f"depth at point {number} (reference: LISFLOOD-FP DG2)", "depth, m",
                                    (wanted["time_s"], series), (times, depth)))  # fmt: skip
    figures = {
        "peak": max(peak),
        "rmse (m)": max(rmse),
        "arrival": max(late),
        "rmse, mean of points 2 to 5 (m)": float(np.mean(rmse[1:5])),
        "arrival, mean of points 2 to 5": float(np.mean(late[1:5])),
        "inflow": abs(done.entered() / VOLUME_4 - 1.0),
        "mass": done.mass_error,
    }
    return Outcome(figures, tuple(pictures), done.wall_s, done.cpu_s)


def arrival(times: np.ndarray, depth: np.ndarray) -> float:
    """When (s) the depth passes `ARRIVED`, linear between the instants given (from time 0, dry)."""
    k = int(np.argmax(depth > ARRIVED))
    before, shallow = (float(times[k - 1]), float(depth[k - 1])) if k else (0.0, 0.0)
    return before + (float(times[k]) - before) * (ARRIVED - shallow) / (float(depth[k]) - shallow)


def evaluate_refined(scheme: Scheme, data: Path | None) -> Outcome:
    """How the errors of Test 4 shrink from cells of 20 m to 10 m; point 1 is a few cells from the inflow."""
    found = [evaluate_plain(cell, scheme, data) for cell in (20.0, 10.0)]
    figures = {
        f"order of {name}": measured_order(
            (1, 2), [outcome.figures[f"{name}, mean of points 2 to 5{unit}"] for outcome in found]
        )
        for name, unit in (("rmse", " (m)"), ("arrival", ""))
    }
    return Outcome(figures, found[1].pictures, found[1].wall_s, found[1].cpu_s)
