"""How long coupling steps are: as the case says, or as the exchange asks where the case lets it.

The decision is a function of exchange flows alone and falls at beats, so the same case takes the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

CALM = 0.25
"""Steps grow where the error is below this part of the tolerance: halving then doubling must not alternate."""
FINEST = 16
"""The longest step is cut into at most this many."""


@dataclass
class Pace:
    """Length of coupling steps; ``tolerance`` 0 keeps them at ``longest`` (s).

    The flow of a step is planned at its beginning and held. Planned anew at its end it would have been that of the next
    step, so half the difference, times the step, is the volume misplaced in time. Where that sum over all inlets and
    the beat passes ``tolerance`` of the volume exchanged, steps are halved; below a quarter of it they are doubled.
    """

    longest: float
    tolerance: float = 0.0
    parts: int = 1
    misplaced: float = 0.0
    moved: float = 0.0
    steps: int = 0

    @property
    def step(self) -> float:
        """Longest coupling step (s) allowed now."""
        return self.longest / self.parts

    def note(self, before: np.ndarray, now: np.ndarray, dt: float, ahead: float) -> None:
        """Take in flows (inlets,) m3/s of the last step, of ``dt`` (s), and of the next, of ``ahead`` (s)."""
        self.steps += 1
        self.misplaced += 0.5 * dt * float(np.abs(now - before).sum())
        self.moved += ahead * float(np.abs(now).sum())

    def decide(self) -> None:
        """Choose the steps of the next beat by those of the last one."""
        if self.tolerance > 0.0 and self.moved > 0.0:
            error = self.misplaced / self.moved
            if error > self.tolerance:
                self.parts = min(2 * self.parts, FINEST)
            elif error < CALM * self.tolerance:
                self.parts = max(self.parts // 2, 1)
        self.misplaced = self.moved = 0.0

    def memory(self) -> dict[str, Any]:
        """What beats to come depend on."""
        return {"parts": self.parts, "misplaced": self.misplaced, "moved": self.moved, "steps": self.steps}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        for name, value in memory.items():
            setattr(self, name, value)
