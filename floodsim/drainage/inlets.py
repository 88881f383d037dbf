"""Inlets between street and network: their classes as rows of numbers, where they lie and how high.

Coefficients: HEC-22 (FHWA, 4th ed. 2024), chapter 7, for grates, kerb openings and slots, written as 2/3 Cw;
splash-over speeds of its figure 7.8 as cubic fits (UDFCD); manholes by Rubinato et al. (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np

from floodsim.case.drainage import InletClass
from floodsim.kernels import exchange as kernels

FOOT = 0.3048
GRATES: dict[str, tuple[float, tuple[float, float, float, float]]] = {
    "P_BAR-50": (0.90, (2.22, 4.03, 0.65, 0.06)),
    "P_BAR-50X100": (0.80, (0.74, 2.44, 0.27, 0.02)),
    "P_BAR-30": (0.60, (1.76, 3.12, 0.45, 0.03)),
    "CURVED_VANE": (0.35, (0.30, 4.85, 1.31, 0.15)),
    "TILT_BAR-45": (0.17, (0.99, 2.64, 0.36, 0.03)),
    "TILT_BAR-30": (0.34, (0.51, 2.34, 0.20, 0.01)),
    "RETICULINE": (0.80, (0.28, 2.28, 0.18, 0.01)),
}
"""Open share (HEC-22, table 7.5) and a, b, c, d of the splash-over speed a + b L - c L2 + d L3 (ft/s, L in ft)."""
WEIR = {"manhole": 0.54, "sealed": 0.54, "slotted": 1.5 * 0.31}
WEIR_DEFAULT = 1.5 * 0.37
ORIFICE = {"manhole": 0.167, "sealed": 0.167, "slotted": 0.8}
ORIFICE_DEFAULT = 0.67
LONGEST_FIT = 4.0 * FOOT
"""Length (m) to which the splash-over fits hold; longer grates are taken as this long."""


@dataclass(frozen=True)
class ClassTable:
    """Inlet classes as rows: ``numbers`` (classes, 17), ``wholes`` (classes, 3) and ``points`` of capture curves."""

    names: tuple[str, ...]
    numbers: np.ndarray
    wholes: np.ndarray
    points: np.ndarray
    clogging: np.ndarray


@dataclass(frozen=True)
class Inlets:
    """All inlets, and the cells where water is exchanged.

    ``names``; ``rows`` (n, 5) whole numbers: place of the cell in ``cell_j``, ``cell_i`` (padded), node, class, count,
    placement; ``clean`` (n,) share not clogged; ``crest`` (n,) m. ``bed``, ``cell_x``, ``cell_y`` (cells,) m.
    ``outfall_rows`` (m,) rows of the network's outfalls that lie on the grid, ``outfall_cells`` (m,) their cells.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    clean: np.ndarray
    crest: np.ndarray
    cell_j: np.ndarray
    cell_i: np.ndarray
    bed: np.ndarray
    cell_x: np.ndarray
    cell_y: np.ndarray
    outfall_rows: np.ndarray
    outfall_cells: np.ndarray


def splash_speed(grate: str, length: float) -> float:
    """Speed (m/s) from which water jumps over a grate of ``length`` (m)."""
    a, b, c, d = GRATES[grate.upper()][1]
    feet = min(length, LONGEST_FIT) / FOOT
    return (a + b * feet - c * feet**2 + d * feet**3) * FOOT


def class_table(classes: Sequence[InletClass]) -> ClassTable:
    """Rows of numbers of inlet classes, as `kernels.exchange` reads them."""
    numbers = np.zeros((len(classes), kernels.COLUMNS))
    wholes = np.zeros((len(classes), 3), np.int64)
    points: list[tuple[float, float]] = []
    for row, entry in enumerate(classes):
        numbers[row] = _numbers(entry)
        wholes[row, kernels.METHOD] = _method(entry)
        if entry.kind == "curve" and entry.curve:
            wholes[row, kernels.FIRST] = len(points)
            points += entry.curve
            wholes[row, kernels.LAST] = len(points) - 1
    curves = np.array(points, np.float64).reshape(-1, 2)
    clogging = np.array([entry.clogging for entry in classes])
    return ClassTable(tuple(entry.name for entry in classes), numbers, wholes, curves, clogging)


def _method(entry: InletClass) -> int:
    if entry.kind in ("curve", "sealed"):
        return kernels.CURVE if entry.kind == "curve" else kernels.SEALED
    capture = entry.capture or ("depth" if entry.kind == "manhole" else "hec22")
    return kernels.HEC22 if capture == "hec22" else kernels.BY_DEPTH


def _numbers(entry: InletClass) -> np.ndarray:
    """The 17 numbers of a class."""
    values = np.zeros(kernels.COLUMNS)
    weir = entry.weir or WEIR.get(entry.kind, WEIR_DEFAULT)
    orifice = entry.orifice or ORIFICE.get(entry.kind, ORIFICE_DEFAULT)
    values[[kernels.WEIR, kernels.KERB_WEIR]] = weir
    values[[kernels.ORIFICE, kernels.KERB_ORIFICE]] = orifice
    values[kernels.OUT_ORIFICE] = entry.surcharge_orifice or orifice
    values[kernels.LIFT] = entry.lift_head if entry.kind == "sealed" else 0.0
    values[kernels.MAX_FLOW] = entry.max_flow or 0.0
    length, width = entry.length or 0.0, entry.width or 0.0
    if entry.kind in ("manhole", "sealed", "curve"):
        values[kernels.PERIMETER] = pi * entry.diameter
        values[kernels.AREA] = pi * entry.diameter**2 / 4.0
        values[kernels.LENGTH] = values[kernels.WIDTH] = entry.diameter
        values[kernels.SPLASH] = entry.splash_speed
    elif entry.kind in ("grate", "combination"):
        standard = entry.grate != "GENERIC"
        share = GRATES[entry.grate.upper()][0] if standard else entry.open_share
        values[kernels.PERIMETER] = length + 2.0 * width
        values[kernels.AREA] = share * length * width
        values[kernels.LENGTH], values[kernels.WIDTH] = length, width
        values[kernels.SPLASH] = splash_speed(entry.grate, length) if standard else entry.splash_speed
    elif entry.kind == "slotted":
        # On grade a slot acts as a kerb opening of its length (HEC-22, 7.2.3); without a height it is none in a sag.
        values[[kernels.PERIMETER, kernels.AREA]] = length, length * width
        values[kernels.KERB_FREE] = length
    values[kernels.OUT_AREA] = values[kernels.AREA]
    if entry.kind in ("kerb", "combination"):
        kerb, height = entry.kerb_length or 0.0, entry.kerb_height or 0.0
        values[kernels.KERB_FREE] = max(kerb - length, 0.0)
        values[kernels.KERB_HIDDEN] = min(kerb, length)
        values[kernels.KERB_HEIGHT] = height
        values[kernels.OUT_AREA] += kerb * height
    values[kernels.CROSS_SLOPE] = entry.cross_slope
    return values
