"""Damage to buildings: depth above the ground floor through a curve, times a value per area that the user gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.tables import MEND, check_origin, numbers, read_table
from floodsim.case.units import closest
from floodsim.errors import Faults


@dataclass(frozen=True)
class Curve:
    """A depth-damage curve: ``depth`` (n,) m above the ground floor, ``fraction`` (n,) of the full value lost."""

    key: str
    en: str
    zh: str
    source: str
    confidence: str
    note: dict[str, str]
    depth: np.ndarray
    fraction: np.ndarray

    def lost(self, depth: np.ndarray) -> np.ndarray:
        """Fraction lost at depths (m) above the ground floor: none at or below it, linear between the points."""
        return np.where(depth > 0, np.interp(depth, self.depth, self.fraction), 0.0)


@dataclass(frozen=True)
class DamageTable:
    """The curve that holds, and the value of a building per m2 of footprint (None: not stated, so no money)."""

    curve: Curve
    currency: str
    value_per_m2: float | None


def load_damage(file: Path | None = None) -> DamageTable:
    """Read curves and unit values from a TOML file, by default the one that comes with floodsim.

    Raises CaseError with every fault of the file.
    """
    data, source = read_table("damage.toml", file)
    faults = Faults(source)
    found = data.get("curves")
    curves = found if isinstance(found, dict) else {}
    for key, section in curves.items():
        _check_curve(f"curves.{key}", section if isinstance(section, dict) else {}, faults)
    chosen, value = data.get("curve"), data.get("value_per_m2")
    if chosen not in curves:
        near = closest(str(chosen), curves)
        faults.add(
            "no such curve",
            key="curve",
            value=chosen or "",
            allowed=", ".join(curves),
            remedy=f'did you mean "{near}"?' if near else "name one of the sections curves.*",
        )
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (plain and 0 < value < 1e9):
        faults.add(
            "not a value per m2", key="value_per_m2", value=value, allowed="above 0",
            remedy="a plain number, or leave it out",
        )  # fmt: skip
    faults.raise_if_any()
    row = curves[chosen]
    curve = Curve(
        str(chosen), row["en"], row["zh"], row["source"], row["confidence"],
        {"en": row.get("note_en", ""), "zh": row.get("note_zh", "")},
        np.array(row["depth"], float), np.array(row["fraction"], float),
    )  # fmt: skip
    return DamageTable(curve, str(data.get("currency", "")), None if value is None else float(value))


def assess_damage(depth: np.ndarray, area: np.ndarray, sill: float, table: DamageTable) -> dict[str, Any]:
    """Damage to buildings with water of ``depth`` (n,) m beside them and footprints ``area`` (n,) m2.

    The floor lies ``sill`` (m) above the street. One storey counts. ``lost_area_m2`` is the footprint that would be
    lost in full, ``loss`` its value, None where no value per area was given.
    """
    above = np.asarray(depth, float) - sill
    fraction = table.curve.lost(above)
    entered = above > 0
    lost = float((fraction * area).sum())
    return {
        "buildings": int(depth.size),
        "entered": int(entered.sum()),
        "entered_area_m2": float(area[entered].sum()),
        "deepest_above_floor_m": float(above.max(initial=0.0)),
        "lost_area_m2": lost,
        "loss": None if table.value_per_m2 is None else lost * table.value_per_m2,
        "currency": table.currency,
        "value_per_m2": table.value_per_m2,
        "sill_m": sill,
    }


def _check_curve(key: str, section: dict[str, Any], faults: Faults) -> None:
    check_origin(section, key, faults)
    depth, fraction = section.get("depth", []), section.get("fraction", [])
    if not (numbers(depth) and numbers(fraction) and len(depth) == len(fraction) >= 2):
        faults.add("depth and fraction must be lists of numbers of the same length", key=key, remedy=MEND)
        return
    if depth[0] < 0 or any(a >= b for a, b in zip(depth, depth[1:], strict=False)):
        faults.add("depths must rise from 0 m up", key=f"{key}.depth", value=depth, remedy="put them in order")
    if min(fraction) < 0 or max(fraction) > 1:
        faults.add("a fraction is no share", key=f"{key}.fraction", value=fraction, allowed="0 to 1", remedy=MEND)
