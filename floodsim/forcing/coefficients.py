"""Storm intensity for one return period: i = a / (t + b)^n, its depth and its limits.

Knows no cities and no files. The trade writes a in mm/min and t, b in min; everything that goes in and out is SI.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MM = 1e-3
MINUTE = 60.0


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of i = a / (t + b)^n for one return period: i in mm/min, t and ``b`` in min, ``n`` without unit."""

    a: float
    b: float
    n: float

    def depth(self, t: float | np.ndarray) -> np.ndarray:
        """Depth H(t) = a t / (t + b)^n in m that falls in duration ``t`` (s); same shape as ``t``; 0 at t = 0."""
        minutes = np.asarray(t, np.float64) / MINUTE
        safe = np.where(minutes > 0.0, minutes, 1.0)
        return np.where(minutes > 0.0, self.a * safe / (safe + self.b) ** self.n * MM, 0.0)

    def intensity(self, t: float | np.ndarray) -> np.ndarray:
        """Mean intensity in m/s over duration ``t`` (s, above 0); same shape as ``t``."""
        return self.depth(t) / np.asarray(t, np.float64)

    @property
    def longest(self) -> float:
        """Duration in s beyond which H(t) would fall again (n > 1); infinite for n <= 1."""
        return self.b / (self.n - 1.0) * MINUTE if self.n > 1.0 else np.inf
