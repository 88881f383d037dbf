"""Standards as data: read from the package's TOML files, checked, with a project's overrides on top."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from floodsim.case.units import closest
from floodsim.errors import CaseError, Fault, Faults

Limit = Literal["lower", "upper"]

FILES = {"GB50014-2021": "gb50014_2021.toml", "US-Albuquerque": "us_albuquerque.toml"}
AREA_KINDS = ("central", "non_central", "important", "hub")
CITY_CLASSES = ("super", "mega", "large", "medium", "small")
RULES = ("lane_depth", "ground_floor", "recession", "judgement", "return_period")
RANGES = {"lane_depth": (0.01, 1.0), "building_sill": (0.0, 5.0)}
RECESSION_RANGE = (60.0, 86400.0)
MEND = "mend the file of the standard"


@dataclass(frozen=True)
class Clause:
    """Where a rule stands, what it says, and whether that was verified or is recalled."""

    clause: str
    confidence: str
    text_en: str
    text_zh: str


@dataclass(frozen=True)
class Standard:
    """The rules of a standard. Depths in m, times in s as (lower, upper) limits, return periods in years.

    ``building_sill`` is None where the case's own sill holds. ``overridden`` maps the name of every threshold the
    project replaced to (value of the standard or None, value of the project).
    """

    name: str
    title_en: str
    title_zh: str
    source: str
    lane_depth: float
    recession: dict[str, tuple[float, float]]
    area_names: dict[str, dict[str, str]]
    return_period: dict[str, tuple[float, float]]
    limit: Limit
    clauses: dict[str, Clause]
    building_sill: float | None = None
    overridden: dict[str, tuple[float | None, float]] | None = None

    def recession_limit(self, area_kind: str) -> float:
        """Longest allowed recession time of a kind of area, s; infinite where the standard limits none."""
        lower, upper = self.recession[area_kind]
        return lower if self.limit == "lower" else upper


def load_standard(
    name: str, overrides: dict[str, float] | None = None, limit: Limit | None = None, file: Path | None = None
) -> Standard:
    """Read a standard by name (or from ``file``) and lay a project's thresholds (SI) over it.

    Raises CaseError for an unknown name, a file with faults, an unknown or impossible override.
    """
    if file is None and name not in FILES:
        remedy = "name one of them; standard.overrides replaces single thresholds"
        fault = Fault("unknown standard", key="standard.name", value=name, allowed=", ".join(FILES), remedy=remedy)
        raise CaseError(fault)
    source = resources.files("floodsim.assess") / "standards" / FILES[name] if file is None else file
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        remedy = "install floodsim again, or mend the file"
        raise CaseError(Fault("cannot read the standard", file=str(source), value=str(error), remedy=remedy)) from error
    standard = _parse(data, str(source))
    if limit is not None:
        standard = replace(standard, limit=limit)
    return _override(standard, overrides or {})


def _parse(data: dict[str, Any], file: str) -> Standard:
    faults = Faults(file)
    clauses = {key: _clause(data, key, faults) for key in RULES}
    lane_depth = data.get("lane_depth", {}).get("value")
    low, high = RANGES["lane_depth"]
    if not isinstance(lane_depth, float) or not low <= lane_depth <= high:
        faults.add("not a depth", key="lane_depth.value", value=lane_depth, allowed=f"{low} to {high} m", remedy=MEND)
    recession = {kind: _range(data, "recession", kind, faults) for kind in AREA_KINDS}
    periods = {city: _range(data, "return_period", city, faults) for city in CITY_CLASSES}
    limit = data.get("recession", {}).get("limit")
    if limit not in ("lower", "upper"):
        faults.add("not a choice of limit", key="recession.limit", value=limit, allowed="lower, upper", remedy=MEND)
    for key in ("name", "title_en", "title_zh", "source"):
        if not data.get(key):
            faults.add("missing", key=key, remedy=MEND)
    faults.raise_if_any()
    names = data["recession"].get("names", {})
    area_names = {kind: names.get(kind, {"en": kind, "zh": kind}) for kind in AREA_KINDS}
    head = (data["name"], data["title_en"], data["title_zh"], data["source"])
    return Standard(*head, float(lane_depth), recession, area_names, periods, limit, clauses)


def _clause(data: dict[str, Any], key: str, faults: Faults) -> Clause:
    section = data.get(key, {})
    values = [section.get(part, "") for part in ("clause", "confidence", "text_en", "text_zh")]
    if not all(values):
        faults.add("a rule needs clause, confidence, text_en and text_zh", key=key, remedy=MEND)
    elif values[1] not in ("verified", "recalled"):
        allowed = "verified, recalled"
        faults.add("unknown confidence", key=f"{key}.confidence", value=values[1], allowed=allowed, remedy=MEND)
    return Clause(*values)


def _range(data: dict[str, Any], section: str, key: str, faults: Faults) -> tuple[float, float]:
    value = data.get(section, {}).get(key)
    numbers = isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) for v in value)
    if not numbers or not 0 < value[0] <= value[1]:
        allowed = "[lower, upper], both above 0"
        faults.add("not a range", key=f"{section}.{key}", value=value, allowed=allowed, remedy=MEND)
        return (0.0, 0.0)
    return float(value[0]), float(value[1])


def _override(standard: Standard, overrides: dict[str, float]) -> Standard:
    faults = Faults()
    known = {**RANGES, **{f"recession_{kind}": RECESSION_RANGE for kind in AREA_KINDS}}
    recession, replaced = dict(standard.recession), {}
    for name, value in overrides.items():
        if name not in known:
            near = closest(name, known)
            faults.add(
                "no such threshold",
                key=f"standard.overrides.{name}",
                value=value,
                allowed=", ".join(known),
                remedy=f'did you mean "{near}"?' if near else "take one of the allowed names",
            )
            continue
        low, high = known[name]
        unit = "m" if name in RANGES else "s"
        if not low <= value <= high:
            faults.add(
                "out of range",
                key=f"standard.overrides.{name}",
                value=value,
                allowed=f"{low:g} to {high:g} {unit}",
                remedy=f"write a plain number in {unit}",
            )
        kind = name.removeprefix("recession_")
        if kind in recession:
            before: float | None = standard.recession_limit(kind)
            recession[kind] = (value, value)
        else:
            before = getattr(standard, name)
        replaced[name] = (before, value)
    faults.raise_if_any()
    return replace(
        standard,
        recession=recession,
        lane_depth=overrides.get("lane_depth", standard.lane_depth),
        building_sill=overrides.get("building_sill", standard.building_sill),
        overridden=replaced,
    )
