"""Intensity formulas 暴雨强度公式: from a return period to the coefficients of i = a / (t + b)^n.

A `Formula` is a value made from a data file (`formula_file`). Form (4.1.9) of GB 50014-2021 and its relatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log, log10
from typing import Any

import numpy as np

from floodsim.errors import CaseError, Fault
from floodsim.forcing.coefficients import MINUTE, Coefficients

LITRES = {"exact": 1e4 / 60.0, "167": 167.0}
"""L/(s ha) that make 1 mm/min, by convention. Both occur in official tables; they differ by 0.2 %."""

SAMPLING = {
    "annual_maxima": "annual maxima 年最大值法",
    "multiple_per_year": "several maxima per year 年多个样法",
    "unknown": "unknown sampling",
}
CONFIDENCE = ("verified", "second-hand", "recalled")


@dataclass(frozen=True)
class Formula:
    """An intensity formula of a city or zone, fitted to ``durations`` (s) and ``return_periods`` (years)."""

    name: str
    city: str
    city_zh: str
    source: str
    confidence: str
    sampling: str
    variant: str
    unit: str
    parameters: Mapping[str, Any] = field(repr=False)
    convention: str = "exact"
    zone: str = ""
    zone_zh: str = ""
    year: int | None = None
    note: str = ""
    durations: tuple[float, float] = (300.0, 10800.0)
    return_periods: tuple[float, float] = (2.0, 100.0)
    least_return_period: float = 0.0

    @property
    def title(self) -> str:
        """City and zone, in English and Chinese."""
        english = ", ".join(part for part in (self.city, self.zone) if part)
        chinese = " ".join(part for part in (self.city_zh, self.zone_zh) if part)
        return f"{english} {chinese}".strip()

    def coefficients(self, return_period: float) -> Coefficients:
        """Coefficients in mm/min form for ``return_period`` in years.

        Raises CaseError where the formula is not defined, with the return periods that are.
        """
        if not return_period > 0.0 or return_period < self.least_return_period:
            least = f"{self.least_return_period:g} years or more" if self.least_return_period else "above 0 years"
            raise self.refuse(return_period, f"is not defined at P = {return_period:g}", least, "choose a longer one")
        a, b, n = VARIANTS[self.variant](self, return_period)
        if self.unit == "L/s/ha":
            a /= LITRES[self.convention]
        if not (a > 0.0 and b >= 0.0 and n > 0.0 and (b > 0.0 or n < 1.0)):
            message = f"gives no rain curve at P = {return_period:g}: a = {a:.4g}, b = {b:.4g}, n = {n:.4g}"
            raise self.refuse(return_period, message, "a > 0, b >= 0, n > 0, n < 1 where b = 0", "choose a longer one")
        return Coefficients(a, b, n)

    def intensity(self, return_period: float, t: float | np.ndarray) -> np.ndarray:
        """Mean intensity in m/s of duration ``t`` (s) at ``return_period`` (years); same shape as ``t``."""
        return self.coefficients(return_period).intensity(t)

    def depth(self, return_period: float, t: float | np.ndarray) -> np.ndarray:
        """Depth in m of duration ``t`` (s) at ``return_period`` (years); same shape as ``t``."""
        return self.coefficients(return_period).depth(t)

    def warnings(self, return_period: float | None = None, t: float | None = None) -> list[str]:
        """What a user should know before relying on the formula at ``return_period`` (years) and duration ``t`` (s)."""
        found = []
        if self.confidence == "recalled":
            found.append(f"coefficients of {self.name} are unverified (given from memory): check the official print")
        elif self.confidence == "second-hand":
            found.append(f"coefficients of {self.name} come from a second-hand copy: check the official print")
        if self.sampling == "multiple_per_year":
            found.append(
                f"{self.name} was fitted to several maxima per year 年多个样法: not to be used with the return periods "
                "of table 4.1.3 of GB 50014-2021, which are those of annual maxima"
            )
        elif self.sampling == "unknown":
            found.append(
                f"{self.name}: sampling unknown; table 4.1.3 of GB 50014-2021 asks for annual maxima 年最大值法"
            )
        low, high = self.return_periods
        if return_period is not None and not low <= return_period <= high:
            found.append(
                f"return period {return_period:g} a is outside the {low:g} to {high:g} a that {self.name} covers"
            )
        short, long = self.durations
        if t is not None and not short <= t <= long:
            found.append(
                f"duration {t / MINUTE:g} min is outside the {short / MINUTE:g} to {long / MINUTE:g} min that "
                f"{self.name} covers; longer storms need a depth of their own (rainfall.depth)"
            )
        return found

    def refuse(self, return_period: float, message: str, allowed: str, remedy: str) -> CaseError:
        """The error for a return period that the formula does not know."""
        return CaseError(
            Fault(
                f"formula {self.name} {message}",
                key="rainfall.return_period",
                value=f"{return_period:g} a",
                allowed=allowed,
                remedy=remedy,
            )
        )


def _standard(formula: Formula, period: float) -> tuple[float, float, float]:
    """A (1 + C lgP) / (t + b P^kb)^(n (lgP)^kn); GB 50014-2021 eq. 4.1.9 where kb = kn = 0."""
    given = formula.parameters
    lg = log10(period)
    n = given["n"] * lg ** given["n_exponent"] if given["n_exponent"] else given["n"]
    return given["A"] * (1.0 + given["C"] * lg), given["b"] * period ** given["b_exponent"], n


def _interval(formula: Formula, period: float) -> tuple[float, float, float]:
    """A, b, n = p1 + p2 ln(P - p3) per range of P; a bound that two ranges share belongs to the upper one."""
    ranges = formula.parameters["ranges"]
    for row in reversed(ranges):
        if row["P"][0] <= period <= row["P"][1]:
            a, b, n = (row[key][0] + row[key][1] * log(period - row[key][2]) for key in ("A", "b", "n"))
            return a, b, n
    allowed = ", ".join(f"{row['P'][0]:g} to {row['P'][1]:g} a" for row in ranges)
    raise formula.refuse(period, f"has no range that holds P = {period:g}", allowed, "choose one inside a range")


def _table(formula: Formula, period: float) -> tuple[float, float, float]:
    """A, b, n listed per return period; nothing is read between the rows."""
    rows = formula.parameters["rows"]
    for row in rows:
        if abs(row["P"] - period) <= 1e-9 * period:
            return row["A"], row["b"], row["n"]
    allowed = ", ".join(f"{row['P']:g}" for row in rows) + " a"
    remedy = "choose a listed one, or the interval form of the city if there is one"
    raise formula.refuse(period, f"has no row for P = {period:g}", allowed, remedy)


VARIANTS: dict[str, Callable[[Formula, float], tuple[float, float, float]]] = {
    "standard": _standard,
    "interval": _interval,
    "table": _table,
}
