"""The rains that zones are tried with: a ladder of depths, each the storm of the case with another return period, or
with its intensities multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from floodsim.case.schema import Case
from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault
from floodsim.forcing.build import build_rain
from floodsim.forcing.design import STORMS, formula_of, given_depth
from floodsim.forcing.formula import Formula
from floodsim.forcing.summary import mean_rates

MOST_RUNGS = 2000
SAME = 1e-6
SAME_RAIN = 0.01
"""Depths nearer than this (mm) are the same rain."""

Override = tuple[str, Any]


@dataclass(frozen=True)
class Rung:
    """A rain: its depth in mm, the return period in years where the formula of the case gives one, what it replaces."""

    mm: float
    return_period: float | None
    overrides: tuple[Override, ...]


class Law:
    """Depth of the storm of a case by return period, out of its formula: mm against years."""

    def __init__(self, rainfall: Rainfall, formula: Formula) -> None:
        self.formula, self.duration, self.factor = formula, rainfall.duration, rainfall.factor
        self.low, self.high = formula.return_periods

    def mm(self, period: float) -> float:
        """Depth (mm) of the storm at a return period in years."""
        return float(self.formula.depth(period, self.duration)) * 1e3 * self.factor

    def period(self, mm: float, factor: float | None = None) -> float | None:
        """Return period (years) at which the storm, its intensities times ``factor``, has a depth; None outside."""
        depth = mm if factor is None or self.factor == 0.0 else mm * self.factor / factor
        low, high = self.low, self.high
        try:
            if not self.mm(low) - SAME <= depth <= self.mm(high) + SAME:
                return None
            for _ in range(60):
                middle = math.sqrt(low * high)
                low, high = (middle, high) if self.mm(middle) < depth else (low, middle)
            return high if abs(self.mm(high) - depth) < 0.01 else None
        except CaseError:  # a formula that is a table of single return periods knows nothing between them
            return None


def law_of(rainfall: Rainfall) -> Law | None:
    """The law by which the storm of a case grows with its return period; None where no formula gives its depth."""
    formula = formula_of(rainfall)
    stated = given_depth(rainfall) is not None or rainfall.return_period is None
    return None if formula is None or stated or rainfall.kind not in STORMS else Law(rainfall, formula)


@dataclass(frozen=True)
class Rains:
    """Which rains are tried: whole multiples of ``step`` (mm) from ``least`` to ``most`` (mm), those two included, or
    those of given ``periods`` (years).

    ``by`` is "return_period" (default where a formula gives the depth; bounds by default what the formula covers) or
    "depth" (intensities multiplied; by default from one step to three times the rain of the case).
    """

    by: str | None = None
    step: float = 2.0
    least: float | None = None
    most: float | None = None
    periods: tuple[float, ...] = ()


def make_ladder(case: Case, rains: Rains, also: Sequence[float] = ()) -> list[Rung]:
    """The rains to try, in ascending order; ``also`` are return periods (years) to be among them, if in bounds.

    Raises CaseError where the rain of the case does not allow it.
    """
    law = law_of(case.rainfall)
    if rains.periods:
        return _by_periods(case, law, rains.periods)
    if rains.by == "depth" or (rains.by is None and law is None):
        return _by_depth(case, law, rains, also)
    if law is None:
        raise _no_law(case)
    least = law.mm(law.low) if rains.least is None else rains.least
    most = law.mm(law.high) if rains.most is None else rains.most
    wanted = [law.mm(period) for period in also if law.low <= period <= law.high]
    rungs = []
    for mm in _depths(rains.step, least, most, wanted):
        period = law.period(mm)
        if period is None:
            covered = f"{law.mm(law.low):.1f} to {law.mm(law.high):.1f} mm"
            remedy = "choose bounds inside, name --periods, or take --by depth"
            raise CaseError(
                Fault("the formula gives no such rain", "", "--least/--most", f"{mm:g} mm", covered, remedy)
            )
        rungs.append(Rung(mm, period, (("rainfall.return_period", period),)))
    return rungs


def _by_depth(case: Case, law: Law | None, rains: Rains, also: Sequence[float]) -> list[Rung]:
    base, factor = rain_mm(case), case.rainfall.factor
    if not base > 0.0:
        remedy = "state the storm whose shape is to be used"
        raise CaseError(Fault("no rain falls, so none can be made heavier", key="rainfall", remedy=remedy))
    wanted = [] if law is None or factor == 0.0 else [law.mm(p) / factor for p in also if law.low <= p <= law.high]
    least = rains.step if rains.least is None else rains.least
    depths = _depths(rains.step, least, 3.0 * base if rains.most is None else rains.most, wanted)
    periods = [None if law is None else law.period(mm, 1.0) for mm in depths]
    return [
        Rung(mm, period, (("rainfall.factor", factor * mm / base),)) for mm, period in zip(depths, periods, strict=True)
    ]


def _by_periods(case: Case, law: Law | None, periods: Sequence[float]) -> list[Rung]:
    if law is None:
        raise _no_law(case)
    return [Rung(law.mm(p), p, (("rainfall.return_period", p),)) for p in sorted(set(periods))]


def no_rain() -> Rung:
    """The storm of the case without its water."""
    return Rung(0.0, None, (("rainfall.factor", 0.0),))


def rain_mm(case: Case) -> float:
    """Depth of the rain of a case, mm. Raises CaseError for gridded rain, which has no one depth."""
    if case.rainfall.kind == "gridded":
        remedy = "state a design storm or a measured series"
        raise CaseError(Fault("gridded rain has no one depth", key="rainfall.kind", value="gridded", remedy=remedy))
    rain = build_rain(case, None)
    return float(mean_rates(rain) @ (rain.edges[1:] - rain.edges[:-1]) * 1e3)


def _no_law(case: Case) -> CaseError:
    remedy = "name a formula and a return period and leave depth and intensity out, or take --by depth"
    return CaseError(Fault("has no depth by return period", key="rainfall", value=case.rainfall.kind, remedy=remedy))


def _depths(step: float, least: float, most: float, also: Sequence[float] = ()) -> list[float]:
    if not step > 0.0 or not 0.0 < least <= most or (most - least) / step > MOST_RUNGS:
        shown, allowed = f"{least:g} to {most:g} mm in steps of {step:g} mm", f"at most {MOST_RUNGS} steps"
        remedy = "give --least, --most and --step in mm"
        raise CaseError(Fault("no ladder of rains", "", "--least/--most/--step", shown, allowed, remedy))
    found = [least, most, *(mm for mm in also if least < mm < most)]
    for k in range(math.ceil(least / step), math.floor(most / step) + 1):
        if all(abs(k * step - mm) > SAME_RAIN for mm in found):
            found.append(k * step)
    return sorted(set(found))
