"""Error norms and measured orders of convergence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Errors(NamedTuple):
    """Norms of an error: mean, root mean square, largest; and the mean over the mean of the reference."""

    l1: float
    l2: float
    linf: float
    relative: float


def errors(found: np.ndarray, wanted: np.ndarray) -> Errors:
    """Norms of ``found - wanted``, arrays of one shape."""
    off = np.abs(np.asarray(found, float) - wanted)
    mean = float(np.abs(wanted).mean())
    l1 = float(off.mean())
    return Errors(l1, float(np.sqrt((off**2).mean())), float(off.max()), l1 / mean if mean > 0.0 else math.nan)


def norms(name: str, unit: str, found: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """The norms of an error as figures of a case: L1, L2, Linf in ``unit``, and L1 over the mean of the reference."""
    off = errors(found, wanted)
    return {
        f"{name} L1/mean": off.relative,
        f"{name} L1 ({unit})": off.l1,
        f"{name} L2 ({unit})": off.l2,
        f"{name} Linf ({unit})": off.linf,
    }


def measured_order(cells: Sequence[int], found: Sequence[float]) -> float:
    """Order of convergence: the slope of log(error) over log(1 / cells), by least squares."""
    return float(-np.polyfit(np.log(cells), np.log(found), 1)[0])


def misfit(found: np.ndarray, wanted: np.ndarray) -> float:
    """1 less the efficiency of Nash and Sutcliffe 1970: squared errors over the variance of the reference."""
    return float(((found - wanted) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum())
