"""Hazard and risk classes: limits as data (tables/hazard.toml), pure functions on arrays, maps of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.tables import check_origin, read_table
from floodsim.errors import Faults

LIMITS = {"arr": ("depth", "speed", "product"), "defra": ("rating",), "risk": ("depth",)}
"""The schemes, and the limits that their classes have."""


COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Level:
    """One class of a scheme: short name, meaning in both languages, colour (#rrggbb)."""

    name: str
    en: str
    zh: str
    color: str


@dataclass(frozen=True)
class Scheme:
    """A scheme of classes 1, 2, ... from harmless to worst; class 0 is none.

    ``limits`` holds for each quantity (SI) the limits of the classes: for "arr" upper ones of all classes but the last,
    else the values the classes begin at. ``settings`` are further numbers. ``note`` says what to know of ``source``.
    """

    key: str
    en: str
    zh: str
    source: str
    confidence: str
    note: dict[str, str]
    levels: tuple[Level, ...]
    limits: dict[str, tuple[float, ...]]
    settings: dict[str, float]


def load_schemes(file: Path | None = None) -> dict[str, Scheme]:
    """The schemes "arr", "defra" and "risk" from a TOML file, by default the one that comes with floodsim.

    Raises CaseError with every fault of the file.
    """
    data, source = read_table("hazard.toml", file)
    faults = Faults(source)
    schemes = {key: _scheme(key, data.get(key, {}), faults) for key in LIMITS}
    faults.raise_if_any()
    return schemes


def arr_class(
    depth: np.ndarray, speed: np.ndarray, product: np.ndarray | None = None, scheme: Scheme | None = None
) -> np.ndarray:
    """Hazard class 1 to 6 of Australian Rainfall and Runoff (Smith, Davey and Cox 2014), 0 where dry; uint8.

    ``depth`` (m), ``speed`` (m/s) and ``product`` (m2/s, default depth times speed) are instantaneous, or the maxima of
    a run each by itself: limits grow with the class, so those give exactly the worst class of the run. Missing
    values count as dry.
    """
    limits = (scheme or load_schemes()["arr"]).limits
    depth, speed = np.nan_to_num(depth), np.nan_to_num(speed)
    product = depth * speed if product is None else np.nan_to_num(product)
    count = len(limits["depth"])
    result = np.full(depth.shape, count + 1, np.uint8)
    for number in range(count, 0, -1):
        deepest, fastest, strongest = (np.float32(limits[name][number - 1]) for name in LIMITS["arr"])
        result[(depth <= deepest) & (speed <= fastest) & (product <= strongest)] = number
    result[depth <= 0] = 0
    return result


def defra_class(hazard: np.ndarray, scheme: Scheme | None = None) -> np.ndarray:
    """Class 1 to 4 of the hazard rating d (v + 0.5) + DF of Defra/EA FD2320/FD2321, 0 where the rating is 0; uint8."""
    breaks = (scheme or load_schemes()["defra"]).limits["rating"][1:]
    rating = np.nan_to_num(hazard)
    return np.where(rating > 0, 1 + np.searchsorted(breaks, rating, side="right"), 0).astype(np.uint8)


def risk_class(
    max_depth: np.ndarray, recession: np.ndarray, limit: float, max_speed: np.ndarray, scheme: Scheme | None = None
) -> np.ndarray:
    """Waterlogging risk 1 (low) to 3 (high), 0 where shallower than the first class; uint8. Classes set by floodsim.

    ``recession`` (s) is the time from the end of rain until drained, ``limit`` (s) the longest allowed one;
    ``max_depth`` in m, ``max_speed`` in m/s. Missing values count as none.
    """
    scheme = scheme or load_schemes()["risk"]
    depth, speed = np.nan_to_num(max_depth), np.nan_to_num(max_speed)
    worst = len(scheme.levels)
    begins = np.array(scheme.limits["depth"], np.float32)
    result = np.searchsorted(begins, depth.astype(np.float32), side="right").astype(np.uint8)
    long = (depth >= np.float32(scheme.settings["long_depth"])) & (np.nan_to_num(recession) > limit)
    result[(result > 0) & long] = worst
    fast = (result > 0) & (speed >= scheme.settings["fast"])
    result[fast] = np.minimum(result[fast] + 1, worst)
    return result


def hazard_maps(envelopes: Any, recession_limit: float, schemes: dict[str, Scheme]) -> dict[str, np.ndarray]:
    """The worst class of every cell during a run, uint8 (ny, nx) by scheme; buildings and cells outside are 0.

    ``envelopes`` is the dataset of the run; ``recession_limit`` in s.
    """
    depth, speed = envelopes["max_depth"].values, envelopes["max_speed"].values
    maps = {
        "arr": arr_class(depth, speed, envelopes["max_unit_discharge"].values, schemes["arr"]),
        "defra": defra_class(envelopes["max_hazard"].values, schemes["defra"]),
        "risk": risk_class(depth, envelopes["recession_time"].values, recession_limit, speed, schemes["risk"]),
    }
    closed = (envelopes["building"].values > 0) | ~envelopes["active"].values.astype(bool)
    for classes in maps.values():
        classes[closed] = 0
    return maps


def _scheme(key: str, data: dict[str, Any], faults: Faults) -> Scheme:
    check_origin(data, key, faults)
    classes = data.get("classes", [])
    if not isinstance(classes, list) or len(classes) < 2 or not all(isinstance(c, dict) for c in classes):
        faults.add(
            "a scheme needs two classes or more", key=f"{key}.classes", remedy="list them from harmless to worst"
        )
        classes = []
    levels = []
    for number, row in enumerate(classes):
        texts = [row.get(part) for part in ("name", "en", "zh", "color")]
        if not all(isinstance(text, str) and text for text in texts) or not COLOR.fullmatch(str(texts[-1])):
            message = "a class needs name, en, zh and a color #rrggbb"
            faults.add(message, key=f"{key}.classes[{number}]", remedy="fill them in")
        levels.append(Level(*(str(text) for text in texts)))
    limits = {name: _limits(key, name, classes, faults) for name in LIMITS[key]}
    settings = {name: float(value) for name, value in data.items() if isinstance(value, int | float)}
    wanted = {"risk": ("long_depth", "fast")}.get(key, ())
    for name in wanted:
        if settings.get(name, 0.0) <= 0:
            faults.add("must be a number above 0", key=f"{key}.{name}", value=data.get(name, ""), remedy="put one in")
    note = {"en": str(data.get("note_en", "")), "zh": str(data.get("note_zh", ""))}
    en, zh, origin, confidence = (str(data.get(part, "")) for part in ("en", "zh", "source", "confidence"))
    return Scheme(key, en, zh, origin, confidence, note, tuple(levels), limits, settings)


def _limits(key: str, name: str, classes: list[dict[str, Any]], faults: Faults) -> tuple[float, ...]:
    """Limits of one quantity, which must not fall from class to class."""
    rows = classes[:-1] if key == "arr" else classes
    found = [row.get(name) for row in rows]
    given = [float(v) for v in found if isinstance(v, int | float) and not isinstance(v, bool) and v >= 0]
    if len(given) != len(found) or given != sorted(given):
        faults.add(
            "every class needs this limit, none below that of the class before",
            key=f"{key}.classes: {name}",
            value=found,
            allowed="numbers from 0 up, in SI units",
            remedy="order the classes from harmless to worst",
        )
    return tuple(given)
