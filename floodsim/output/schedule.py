"""When an observer acts: a plain value, no state."""

from __future__ import annotations

from dataclasses import dataclass

TIME_TOLERANCE = 1e-6
"""Two times nearer than this (s) are the same instant."""


@dataclass(frozen=True)
class Every:
    """Due at every multiple of ``interval`` (s), the start included."""

    interval: float

    def due(self, t: float) -> bool:
        """Whether time ``t`` (s from the start) is a multiple of the interval."""
        return same_time(t, round(t / self.interval) * self.interval)


def same_time(a: float, b: float) -> bool:
    """Whether two times (s) are the same instant."""
    return abs(a - b) <= TIME_TOLERANCE
