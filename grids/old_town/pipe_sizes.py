"""Sizes and levels of the storm sewers by the rational method 推理公式, two-year rain 重现期 2 a, pipes flowing full.

Pipes are joined crown to crown 管顶平接. They follow the ground where it falls and keep their least slope elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from layout import RAIL_HALF, UNDERPASS, Town, rail_y, stream_y
from pipe_plan import Manhole, Pipe, Plan

from floodsim.forcing.formula_file import load_formula

PERIOD = 2.0
ENTRY_TIME = 10.0
"""Time of the water over ground to the first inlet, min."""
MANNING = 0.013
COVER = 0.7
RUNOFF = {1: 0.90, 2: 0.60, 3: 0.90, 4: 0.15, 5: 0.15, 7: 0.0, 8: 0.40, 9: 0.0, 11: 0.15}
"""Runoff coefficients by class of land cover, within the ranges of GB 50014-2021, table 4.1.8."""
SAMPLE = 4
"""Every fourth cell of the ground is counted for the catchments, along both axes."""
PUMPED_TO = "K44"
LEAST = {"underpass": 0.6, "bay": 0.8}
"""Least diameter of the collectors in the underpass and of the drain of the bus bay, m."""


@dataclass(frozen=True)
class Section:
    """A circular pipe (``width`` 0) or a box; its least slope."""

    height: float
    width: float
    least_slope: float

    def capacity(self, slope: float) -> float:
        """Flow in m3/s when full, by Manning."""
        area, perimeter = 0.785398163397 * self.height**2, 3.14159265359 * self.height
        if self.width:
            area, perimeter = self.width * self.height, 2.0 * (self.width + self.height)
        return area * (area / perimeter) ** (2.0 / 3.0) * slope**0.5 / MANNING

    @property
    def area(self) -> float:
        """Full area, m2."""
        return self.width * self.height if self.width else 0.785398163397 * self.height**2


CIRCLES = tuple(
    Section(d, 0.0, s)
    for d, s in (
        (0.3, 0.0035), (0.4, 0.0025), (0.5, 0.002), (0.6, 0.0018), (0.8, 0.0015), (1.0, 0.0012), (1.2, 0.001),
        (1.4, 0.001), (1.6, 0.0008), (1.8, 0.0008), (2.0, 0.0008),
    )
)  # fmt: skip
BOXES = tuple(
    Section(height, width, 0.0008)
    for height, width in ((1.6, 2.0), (1.6, 2.4), (1.6, 2.8), (1.8, 2.8), (1.8, 3.2), (1.8, 3.6))
)
LOW_OUTLETS = {"OUT-E": 0.10, "OUT-B": 0.20}
"""The outfalls that were laid almost at the bed of the stream, and their height above the bed, m."""
BAY_COVER = 1.2
"""Cover of the drain of the bus bay, m: the bay lies lower than the road."""


@dataclass
class Sized:
    """A pipe with its design flow (m3/s), what went into it, and what was laid."""

    pipe: Pipe
    catchment: float
    runoff: float
    minutes: float
    intensity: float
    flow: float
    needed: Section
    section: Section
    invert_start: float
    invert_end: float

    @property
    def slope(self) -> float:
        """Fall of the invert."""
        return (self.invert_start - self.invert_end) / self.pipe.length


def catchments(plan: Plan, town: Town, cover: np.ndarray) -> dict[str, tuple[float, float]]:
    """Area (ha) and area times runoff coefficient (ha) that drain to each manhole: the nearest one on its side.

    Left out: the stream with its banks, and the land of the railway, which keeps its own water.
    """
    cells = (np.arange(cover.shape[0] // SAMPLE) + 0.5) * SAMPLE
    x, y = np.meshgrid(cells, cells)
    coefficient = np.array([RUNOFF.get(k, 0.0) for k in range(256)])
    runoff = coefficient[cover[SAMPLE // 2 :: SAMPLE, SAMPLE // 2 :: SAMPLE]]
    aside = np.abs(x - UNDERPASS[0])
    trough = (aside < 10.0) & (np.abs(y - UNDERPASS[1]) < 80.0)
    outside = (y < stream_y(x) + 8.0) | ((np.abs(y - rail_y(x)) < RAIL_HALF) & ~trough)
    side = np.where(trough, "underpass", np.where(y > rail_y(x), "north", "south"))
    share = SAMPLE * SAMPLE * 1e-4
    found: dict[str, tuple[float, float]] = {}
    for name in ("north", "south", "underpass"):
        here = [m for m in plan.manholes.values() if m.side == name and not m.name.startswith(("OUT", "UP-WELL"))]
        mine = (side == name) & ~outside
        px, py, weight = x[mine], y[mine], runoff[mine]
        nearest, best = np.zeros(px.size, np.int64), np.full(px.size, 1e18)
        for k, manhole in enumerate(here):
            distance = (px - manhole.x) ** 2 + (py - manhole.y) ** 2
            closer = distance < best
            best[closer], nearest[closer] = distance[closer], k
        areas = np.bincount(nearest, minlength=len(here)) * share
        weights = np.bincount(nearest, weight, minlength=len(here)) * share
        found |= {m.name: (float(a), float(w)) for m, a, w in zip(here, areas, weights, strict=True)}
    return found


def size_pipes(plan: Plan, areas: dict[str, tuple[float, float]], pumped: float) -> list[Sized]:
    """Size every pipe from the heads down; ``pumped`` m3/s reach the manhole to which the underpass is lifted."""
    law = load_formula("chengdu")
    onward = {pipe.start: pipe for pipe in plan.pipes}
    waiting = dict.fromkeys(plan.manholes, 0)
    for pipe in plan.pipes:
        waiting[pipe.end] += 1
    ready = [name for name, count in waiting.items() if count == 0]
    incoming: dict[str, list[Sized]] = {name: [] for name in plan.manholes}
    sized = []
    while ready:
        name = ready.pop()
        if name not in onward:
            continue
        pipe = onward[name]
        made = _size(plan, pipe, incoming[name], areas[name], pumped, law)
        sized.append(made)
        incoming[pipe.end].append(made)
        waiting[pipe.end] -= 1
        if waiting[pipe.end] == 0:
            ready.append(pipe.end)
    order = {id(pipe): k for k, pipe in enumerate(plan.pipes)}
    return sorted(sized, key=lambda one: order[id(one.pipe)])


def _size(plan: Plan, pipe: Pipe, above: list[Sized], area: tuple[float, float], pumped: float, law: object) -> Sized:
    start, end = plan.manholes[pipe.start], plan.manholes[pipe.end]
    minutes = max([ENTRY_TIME, *(one.minutes + _travel(one) for one in above)])
    total = area[0] + sum(one.catchment for one in above)
    runoff = area[1] + sum(one.runoff for one in above)
    intensity = float(law.intensity(PERIOD, 60.0 * minutes))  # type: ignore[attr-defined]
    # With the pumped flow carried along by its equivalent area no pipe below would need a second sum.
    if pipe.start == PUMPED_TO:
        runoff += pumped / (intensity * 1e4)
    flow = intensity * 1e4 * runoff
    cover = BAY_COVER if start.street == "bay" else COVER
    crown = min([start.ground - cover, *(one.invert_end + one.section.height for one in above)])
    least = max([0.0, *(one.needed.height for one in above if not pipe.box)])
    least = LEAST.get(start.street, least)
    for needed in BOXES if pipe.box else CIRCLES + BOXES:
        lower = _lower_crown(needed, pipe, crown, end)
        slope = (crown - lower) / pipe.length
        if needed.height >= least - 1e-9 and needed.capacity(slope) >= flow:
            break
    else:
        raise ValueError(f"no section is large enough for {flow:.2f} m3/s below {pipe.start}")
    laid = needed
    if pipe.old:
        laid = next(section for section in CIRCLES if section.height == pipe.old)
        lower = _lower_crown(laid, pipe, crown, end)
    inverts = round(crown - laid.height, 3), round(lower - laid.height, 3)
    return Sized(pipe, total, runoff, minutes, intensity, flow, needed, laid, *inverts)


def _lower_crown(section: Section, pipe: Pipe, crown: float, end: Manhole) -> float:
    """Crown level at the lower end: below the cover, and at least at the least slope."""
    fall = section.least_slope * pipe.length
    if pipe.end in LOW_OUTLETS:
        return min(crown - fall, end.ground + LOW_OUTLETS[pipe.end] + section.height)
    return crown - fall if pipe.end.startswith("OUT") else min(crown - fall, end.ground - COVER)


def _travel(one: Sized) -> float:
    """Time through a full pipe, min."""
    return one.pipe.length * one.needed.area / one.needed.capacity(one.slope) / 60.0
