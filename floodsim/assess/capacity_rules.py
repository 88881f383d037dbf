"""The data that the checks of pipes and pump stations go by: classes, runoff coefficients, times, design periods."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from floodsim.assess.tables import MEND, check_origin, numbers, read_table
from floodsim.errors import Faults
from floodsim.output.catchments import SURFACES

SECTIONS = ("classes", "runoff", "inlet_time", "rational", "pipe_return_period", "pumps")


@dataclass(frozen=True)
class CapacityRules:
    """Rules in SI. ``bounds`` years that part the classes, ``colors`` one more; ``runoff`` coefficient by kind of
    ground; ``periods`` (lower, upper) design return period by class of city, of the standard ``periods_of``;
    ``origins`` the sections with their texts, sources, clauses and confidence.
    """

    bounds: tuple[float, ...]
    colors: tuple[str, ...]
    runoff: dict[str, float]
    inlet_time: float
    largest_area: float
    periods: dict[str, tuple[float, float]]
    periods_of: str
    sump_seconds: float
    sump_seconds_underpass: float
    starts_per_hour: float
    origins: dict[str, dict[str, Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, from the least capacity on."""
        inner = tuple(f"{a:g}-{b:g}" for a, b in pairwise(self.bounds))
        return (f"<{self.bounds[0]:g}", *inner, f">{self.bounds[-1]:g}")

    def class_of(self, period: float) -> int:
        """Number of the class of a return period (years); 0 where not even the least is carried."""
        return sum(period >= bound for bound in self.bounds)

    def design_period(self, standard: str, city_class: str) -> tuple[float, float] | None:
        """Lower and upper design return period of storm sewers, None where the standard is another one."""
        return self.periods.get(city_class) if standard == self.periods_of else None


def load_capacity_rules(file: Path | None = None, bounds: tuple[float, ...] | None = None) -> CapacityRules:
    """Read the rules, a user's own where ``file`` is given; ``bounds`` replace the bounds of its classes.

    Raises CaseError with all faults.
    """
    data, source = read_table("capacity.toml", file)
    faults = Faults(source)
    for name in SECTIONS:
        if not isinstance(data.get(name), dict):
            faults.add("missing section", key=name, remedy=MEND)
        else:
            check_origin(data[name], name, faults)
    for name in data.keys() - set(SECTIONS):
        faults.add("unknown section", key=name, allowed=", ".join(SECTIONS), remedy="delete it")
    faults.raise_if_any()
    limits = list(data["classes"].get("bounds", [])) if bounds is None else list(bounds)
    if not numbers(limits) or not limits or min(limits) <= 0 or sorted(set(limits)) != limits:
        faults.add("not rising return periods", key="classes.bounds", value=limits, allowed="above 0, rising",
                   remedy="write for example 2, 3, 5, 10")  # fmt: skip
    runoff = {name: _number(data, "runoff", name, 0.0, 1.0, faults) for name in SURFACES}
    cities = ("super", "mega", "large", "medium", "small")
    periods = {city: _pair(data["pipe_return_period"], city, faults) for city in cities}
    rules = CapacityRules(
        tuple(float(bound) for bound in limits if isinstance(bound, int | float)),
        _colors(data["classes"].get("colors"), len(limits) + 1, faults),
        runoff,
        _number(data, "inlet_time", "value", 60.0, 3600.0, faults),
        _number(data, "rational", "largest_area", 0.0, 1e9, faults),
        periods,
        str(data["pipe_return_period"].get("standard", "")),
        _number(data, "pumps", "sump_seconds", 0.0, 3600.0, faults),
        _number(data, "pumps", "sump_seconds_underpass", 0.0, 3600.0, faults),
        _number(data, "pumps", "starts_per_hour", 0.1, 1000.0, faults),
        data,
    )
    faults.raise_if_any()
    return rules


def _number(data: dict[str, Any], section: str, key: str, low: float, high: float, faults: Faults) -> float:
    value = data[section].get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        faults.add("not a number in range", key=f"{section}.{key}", value=value, allowed=f"{low:g} to {high:g}",
                   remedy=MEND)  # fmt: skip
        return low
    return float(value)


def _pair(section: dict[str, Any], key: str, faults: Faults) -> tuple[float, float]:
    value = section.get(key)
    if not numbers(value) or len(value) != 2 or not 0 < value[0] <= value[1]:  # type: ignore[arg-type,index]
        faults.add("not a range of years", key=f"pipe_return_period.{key}", value=value, remedy=MEND)
        return 1.0, 1.0
    return float(value[0]), float(value[1])  # type: ignore[index]


def _colors(given: Any, count: int, faults: Faults) -> tuple[str, ...]:
    """One colour per class; where the user changed their number the given ones are spread over them."""
    if not isinstance(given, list) or not given or not all(isinstance(color, str) for color in given):
        faults.add("not a list of colours", key="classes.colors", value=given, remedy=MEND)
        return ("#888888",) * count
    last = len(given) - 1
    return tuple(given[round(k * last / max(count - 1, 1))] for k in range(count))
