"""Bisection for many zones at once: every run answers for all of them, so the next rung is chosen for all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Known = Mapping[int, Mapping[str, bool]]
"""Rungs that were tried, and which zones bear each."""


@dataclass(frozen=True)
class Bracket:
    """Between ``low``, the highest rung a zone is known to bear below any that it does not, and ``high``, the lowest it
    does not bear. ``low`` is -1 and ``high`` the number of rungs where none is known. ``steady`` is false where a
    higher rung was borne than one that was not.
    """

    low: int
    high: int
    steady: bool

    @property
    def closed(self) -> bool:
        """Whether nothing is left to try between the two."""
        return self.high - self.low <= 1


def bracket(known: Known, zone: str, rungs: int) -> Bracket:
    """What is known of a zone on a ladder of ``rungs``."""
    high = min((rung for rung, borne in known.items() if not borne[zone]), default=rungs)
    low = max((rung for rung, borne in known.items() if borne[zone] and rung < high), default=-1)
    steady = not any(borne[zone] and rung > high for rung, borne in known.items())
    return Bracket(low, high, steady)


def next_rungs(known: Known, zones: Sequence[str], rungs: int, workers: int = 1) -> list[int]:
    """The rungs to try next, one for each of ``workers`` at most: each halves the widest gap that is left.

    Empty where every zone is bracketed by two neighbouring rungs. Which rung a zone is found to bear does not depend on
    ``workers``, as long as it bears every rung below one that it bears.
    """
    gaps = {(found.low, found.high) for found in (bracket(known, zone, rungs) for zone in zones)}
    found: list[int] = []
    while len(found) < max(workers, 1):
        # The widest first; where several are as wide, the lowest.
        low, high = max(gaps, key=lambda gap: (gap[1] - gap[0], -gap[0]), default=(0, 0))
        if high - low <= 1:
            break
        middle = (low + high) // 2
        found.append(middle)
        gaps = {part for gap in gaps for part in _split(gap, middle)}
    return found


def _split(gap: tuple[int, int], at: int) -> list[tuple[int, int]]:
    """A gap cut at a rung inside it; untouched where the rung is not inside."""
    low, high = gap
    return [(low, at), (at, high)] if low < at < high else [gap]
