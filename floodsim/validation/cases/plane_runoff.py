"""Rain on a plane, and rain on a plane that loses water to the ground: the kinematic wave in closed form.

With q = a h^(5/3), a = sqrt(S) / n (Henderson and Wooding 1964), under a net rain e = i - f: the outflow of a plane of
length L grows as a (e t)^(5/3) up to e L. After the rain every depth moves on at its own speed while the ground goes on
taking f. What leaves then began at x0 and brings q = e x0 - f (L - x0), a time (h0 - h) / f after the rain; without
losses it brings q = a h^(5/3) with L = q / e + (5/3) a h^(2/3) t. What the full equations add is of the order of
1 / (Froude number^2 x kinematic wave number), under 1e-3 on these planes (Woolhiser and Liggett 1967), but where the
rising outflow meets its equilibrium at an angle: there every scheme is 4 to 5 % off for some seconds.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.validation.case import MASS_LIMIT, SCHEMES, SECOND, Outcome, Scheme, ValidationCase
from floodsim.validation.pictures import in_time
from floodsim.validation.runs import run

LENGTH, CELL, ROUGHNESS, REACH = 100.0, 1.0, 0.03, 5
"""Plane (m), cell (m), Manning n, and cells of bare plane below it, so that the whole outflow crosses a line."""
RATE, RAIN_S, END, BEAT = 60e-3 / 3600.0, 1200.0, 2400.0, 5.0
SLOPES = (0.01, 0.05, 0.2)
POWER = 5.0 / 3.0


def outflow(times: np.ndarray, slope: float, loss: float) -> np.ndarray:
    """Unit discharge (m2/s) at the foot of the plane at times (s), by the kinematic wave; ``loss`` in m/s."""
    a, net = np.sqrt(slope) / ROUGHNESS, RATE - loss
    rising = np.minimum(a * (net * np.clip(times, 0.0, RAIN_S)) ** POWER, net * LENGTH)
    x0 = np.linspace(LENGTH, loss * LENGTH / RATE, 20_001)[:-1]
    q = net * x0 - loss * (LENGTH - x0)
    h0, h = (net * x0 / a) ** (1 / POWER), (q / a) ** (1 / POWER)
    after = (h0 - h) / loss if loss else (LENGTH - x0) / (POWER * a * h ** (POWER - 1))
    return np.where(times <= RAIN_S, rising, np.interp(times - RAIN_S, after, q, right=0.0))


def stored(slope: float, loss: float) -> float:
    """Water on the plane at equilibrium, m3 per metre of width."""
    net = RATE - loss
    return float((net * ROUGHNESS / np.sqrt(slope)) ** 0.6 * LENGTH**1.6 / 1.6)


def evaluate(loss: float, scheme: Scheme, _data: Path | None) -> Outcome:
    """The worst over all slopes: errors of outflow over that at equilibrium, and of the water on the plane."""
    figures: dict[str, float] = {}
    pictures, wall, cpu = [], 0.0, 0.0
    for slope in SLOPES:
        x = np.arange(CELL / 2, LENGTH + REACH * CELL, CELL)
        plane = x < LENGTH
        grid = floodsim.make_grid(
            slope * (x[-1] - x)[np.newaxis, :], CELL, roughness=ROUGHNESS,
            rain_share=plane[np.newaxis, :].astype(np.float32),
        )  # fmt: skip
        case: dict[str, Any] = {
            "clock": {"duration": END},
            "rainfall": {"kind": "uniform", "intensity": RATE, "duration": RAIN_S, "step": RAIN_S},
            "losses": {"kind": "constant", "rate": loss} if loss else {"kind": "none"},
            "boundaries": [{"name": "foot", "kind": "open", "edge": "east"}],
            "lines": [{"name": "foot", "coordinates": [(LENGTH, CELL), (LENGTH, 0.0)]}],
            "solver": {"sync_interval": BEAT},
            "output": {"interval": RAIN_S, "series_interval": BEAT},
        }
        done = run(case, grid, scheme)
        times, found = done.series("discharge", "line", "foot")
        found, wanted = np.abs(found) / CELL, outflow(times, slope, loss)
        steady = (RATE - loss) * LENGTH
        maps = done.results.maps
        on_plane = np.nan if maps is None else float(maps["depth"].values[1, 0, plane].astype(float).sum() * CELL)
        gap = np.abs(found - wanted) / steady
        off = {
            "outflow while it rises, mean": gap[times < RAIN_S].mean(),
            "outflow while it rises, largest": gap[times < RAIN_S].max(),
            "outflow at equilibrium": gap[times == RAIN_S][0],
            "outflow while it falls, mean": gap[times > RAIN_S].mean(),
            "outflow while it falls, largest": gap[times > RAIN_S].max(),
            "water on the plane": abs(on_plane / stored(slope, loss) - 1.0),
            "mass": done.mass_error,
        }
        figures = {name: max(float(value), figures.get(name, 0.0)) for name, value in off.items()}
        pictures.append(in_time(f"outflow, slope {slope:g}", "m2/s", (times, wanted), (times, found)))
        wall, cpu = wall + done.wall_s, cpu + done.cpu_s
    return Outcome(figures, tuple(pictures), wall, cpu)


DRYING = (
    "where a sheet that dries out passes from full increments to none, at about half the fall of a cell in depth, a "
    "small step of depth runs down the flattest plane: 4 % of the outflow at equilibrium for some seconds (12 % where "
    "all the increments went at once)"
)
CASES = tuple(
    ValidationCase(
        name=name,
        title=title,
        group="analytic",
        source="Henderson and Wooding 1964, doi:10.1029/JZ069i008p01531; with losses by the same characteristics",
        peers="prototypes, water on the plane at slopes of 0.01 to 0.2 over that of theory: Audusse's reconstruction "
        "0.86 to 2.11, Chen and Noelle's 0.76 to 1.02, surface reconstruction 1.015 to 1.018",
        evaluate=partial(evaluate, loss),
        limits=dict.fromkeys(
            SCHEMES,
            {
                "outflow while it rises, mean": 0.006,
                "outflow at equilibrium": 0.001,
                "outflow while it falls, mean": 0.006,
                "outflow while it falls, largest": 0.03,
                "water on the plane": 0.015,
                "mass": MASS_LIMIT,
            },
        ),
        known={(SECOND, "outflow while it falls, largest"): DRYING} if not loss else {},
        seconds=dict.fromkeys(SCHEMES, 3.0),
    )
    for name, title, loss in (
        ("plane_runoff", "Rain on planes (kinematic wave)", 0.0),
        ("plane_runoff_losses", "Rain on planes that lose a third of it to the ground (kinematic wave)", RATE / 3),
    )
)
