"""Quantities with units, as people write them in case files: ``"60 mm/h"``, ``"3 h"``, ``"0.15 m"``.

Every quantity is turned into SI once, here. A bare number is taken as SI.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MM_PER_HOUR = 1e-3 / 3600.0
DAY = 86400.0

UNITS: dict[str, dict[str, float]] = {
    "length": {"m": 1.0, "mm": 1e-3, "cm": 1e-2, "km": 1e3},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "d": DAY},
    "rate": {"m/s": 1.0, "mm/h": MM_PER_HOUR, "mm/min": 1e-3 / 60.0, "mm/d": 1e-3 / DAY, "L/s/ha": 1e-7},
    "discharge": {"m3/s": 1.0, "L/s": 1e-3, "m3/h": 1.0 / 3600.0, "m3/d": 1.0 / DAY},
    "per_time": {"1/s": 1.0, "1/min": 1.0 / 60.0, "1/h": 1.0 / 3600.0, "1/d": 1.0 / DAY},
    "return_period": {"a": 1.0, "yr": 1.0, "year": 1.0, "years": 1.0},
    "speed": {"m/s": 1.0},
    "unit_discharge": {"m2/s": 1.0},
}

# The unit in which a value of each dimension is shown to people; times pick theirs by size.
SHOWN_UNIT = {"rate": "mm/h", "per_time": "1/h"}

_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(\s*)([A-Za-z0-9/]*)\s*$")
_LONGEST = 80  # characters; keeps the pattern away from pathological text


class InputError(ValueError):
    """What a validator found wrong with one value, with what is allowed and how to mend it."""

    def __init__(self, message: str, allowed: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.allowed, self.remedy = message, allowed, remedy


def closest(word: str, options: Iterable[str], cutoff: float = 0.6) -> str:
    """The option most like ``word`` whatever its case, or an empty string where none comes near."""
    by_lower = {option.lower(): option for option in options}
    found = difflib.get_close_matches(word.lower()[:_LONGEST], by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""


def _split(text: str) -> tuple[str, str, str] | None:
    """Number, space and unit of ``"60 mm/h"``; None where the text is no quantity at all."""
    if len(text) > _LONGEST:
        return None
    match = _QUANTITY.match(text.replace("³", "3").replace("²", "2"))
    return (match[1], match[2], match[3]) if match else None


def is_quantity(text: str, dimension: str) -> bool:
    """Whether a text is meant as a quantity rather than, say, a file name such as ``2.tif``."""
    parts = _split(text)
    return parts is not None and (not parts[2] or bool(parts[1]) or parts[2] in UNITS[dimension])


def parse_quantity(value: Any, dimension: str, example: str = "") -> float:
    """Turn ``"60 mm/h"`` or a bare SI number into a float in SI units of ``dimension``.

    Raises InputError (a ValueError) that names the units allowed.
    """
    units = UNITS[dimension]
    name = dimension.replace("_", " ")
    allowed = f"a number with a unit out of {', '.join(units)}; a bare number is in {next(iter(units))}"
    remedy = f'write a number and a unit, for example "{example}"' if example else ""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(f"not a {name}", allowed, remedy)
    if not isinstance(value, str):
        try:
            return float(value)
        except OverflowError:
            raise InputError(f"number too large for a {name}", allowed, remedy) from None
    parts = _split(value)
    if parts is None:
        raise InputError(f"cannot be read as a {name}", allowed, remedy)
    number, _, unit = parts
    if unit and unit not in units:
        near = nearest_unit(unit, dimension)
        remedy = f'did you mean "{number} {near}"?' if near else remedy
        raise InputError(f"unknown unit {unit!r} for a {name}", allowed, remedy)
    return float(number) * (units[unit] if unit else 1.0)


def nearest_unit(word: str, dimension: str) -> str:
    """The unit that a wrong one begins with, any case: ``hours`` is ``h``, ``mm/hr`` is ``mm/h``; or empty."""
    fits = [unit for unit in UNITS[dimension] if word.lower().startswith(unit.lower())]
    return max(fits, key=len, default="")


def show(value: float, dimension: str = "") -> str:
    """Write an SI value in the unit people use for it: ``show(5400.0, "time") == "90 min"``."""
    if not dimension:
        return f"{value:.12g}"
    unit = SHOWN_UNIT.get(dimension, next(iter(UNITS[dimension])))
    if dimension == "time":
        whole = (u for u in ("d", "h", "min") if abs(value) >= UNITS["time"][u] and _whole(value / UNITS["time"][u]))
        unit = next(whole, "s")
    return f"{value / UNITS[dimension][unit]:.12g} {unit}"


def _whole(value: float) -> bool:
    return abs(value - round(value)) <= 1e-9 * max(1.0, abs(value))


@dataclass(frozen=True)
class Quantity:
    """Marks a float of the schema as a quantity with units; reads it and describes it to editors."""

    dimension: str
    example: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read text with units before pydantic checks the float."""
        return core_schema.no_info_before_validator_function(
            lambda value: parse_quantity(value, self.dimension, self.example), handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Number or text, with the units named."""
        units = UNITS[self.dimension]
        return {
            "anyOf": [{"type": "number"}, {"type": "string"}],
            "description": f"{self.dimension.replace('_', ' ')}; a bare number is in {next(iter(units))}; "
            f"units: {', '.join(units)}",
            "examples": [self.example],
        }


Length = Annotated[float, Quantity("length", "0.15 m")]
Duration = Annotated[float, Quantity("time", "3 h")]
Rate = Annotated[float, Quantity("rate", "60 mm/h")]
Discharge = Annotated[float, Quantity("discharge", "2.5 m3/s")]
PerTime = Annotated[float, Quantity("per_time", "2 1/h")]
ReturnPeriod = Annotated[float, Quantity("return_period", "10 a")]
Speed = Annotated[float, Quantity("speed", "2 m/s")]
