"""Hazard classes as data and pure functions on arrays."""

from __future__ import annotations

import numpy as np

ARR_LIMITS = ((0.3, 2.0, 0.3), (0.5, 2.0, 0.6), (1.2, 2.0, 0.6), (2.0, 2.0, 1.0), (4.0, 4.0, 4.0))
"""Upper limits of depth (m), speed (m/s) and depth times speed (m2/s) of classes H1 to H5; all else is H6."""

ARR_MEANINGS = {
    0: "dry",
    1: "generally safe for people, vehicles and buildings",
    2: "unsafe for small vehicles",
    3: "unsafe for vehicles, children and the elderly",
    4: "unsafe for people and vehicles",
    5: "unsafe for people and vehicles; weak buildings at risk",
    6: "unsafe for people and vehicles; all buildings at risk",
}

DEFRA_BREAKS = (0.75, 1.25, 2.0)
"""Hazard ratings that part low, danger for some, for most, for all (some editions end at 2.5)."""

DEFRA_MEANINGS = {0: "dry", 1: "low hazard", 2: "danger for some", 3: "danger for most", 4: "danger for all"}


def arr_class(depth: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Hazard class 1 to 6 of Australian Rainfall and Runoff (Smith, Davey and Cox 2014), 0 where dry; uint8.

    ``depth`` (m) and ``speed`` (m/s) are instantaneous or, to be safe, envelopes; missing values count as dry.
    """
    depth, speed = np.nan_to_num(depth), np.nan_to_num(speed)
    product = depth * speed
    result = np.full(depth.shape, 6, np.uint8)
    for number in range(len(ARR_LIMITS), 0, -1):
        deepest, fastest, strongest = ARR_LIMITS[number - 1]
        result[(depth <= deepest) & (speed <= fastest) & (product <= strongest)] = number
    result[depth <= 0] = 0
    return result


def defra_class(hazard: np.ndarray, breaks: tuple[float, float, float] = DEFRA_BREAKS) -> np.ndarray:
    """Class 1 to 4 of the hazard rating d (v + 0.5) + DF of Defra/EA FD2320/FD2321, 0 where the rating is 0; uint8."""
    rating = np.nan_to_num(hazard)
    return np.where(rating > 0, 1 + np.searchsorted(breaks, rating, side="right"), 0).astype(np.uint8)
