"""The pictures that cases share: a surface along a channel, a hydrograph."""

from __future__ import annotations

import numpy as np

from floodsim.validation.case import Curve, Picture


def surface(title: str, x: np.ndarray, bed: np.ndarray, wanted: np.ndarray, found: np.ndarray) -> Picture:
    """Levels (m) along x (m): ground, and the surface where there is water, by depths wanted and found (n,)."""

    def level(depth: np.ndarray) -> np.ndarray:
        return np.where(depth > 0.0, bed + depth, np.nan)

    curves = (
        Curve("ground", x, bed, "ground"),
        Curve("reference", x, level(wanted), "reference"),
        Curve("floodsim", x, level(found), "result"),
    )
    return Picture(title, "x, m", "level, m", curves)


def in_time(
    title: str, y_label: str, wanted: tuple[np.ndarray, np.ndarray] | None, found: tuple[np.ndarray, np.ndarray]
) -> Picture:
    """A quantity in time (s)."""
    curves = [] if wanted is None else [Curve("reference", *wanted, "reference")]
    return Picture(title, "time, s", y_label, (*curves, Curve("floodsim", *found, "result")))
