"""Whether a run left the range of the local inertial scheme: how often the flow was faster than its waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from floodsim.simulate.view import LiveView
from floodsim.surface.schemes import froude_numbers

WARN_FROUDE = 0.5
"""Above this Froude number the neglected advection begins to matter (de Almeida and Bates 2013)."""


@dataclass
class Froude:
    """Largest Froude number at any beat where water is deeper than 1 cm, and the largest share of such cells over 1."""

    largest: float = 0.0
    share: float = 0.0
    used: bool = False

    def book(self, view: LiveView) -> None:
        """Look at the state of a staggered scheme; others need no watching."""
        if view.centres is None:
            return
        self.used = True
        for windows in view.surface.state.windows:
            if len(windows):
                largest, share = froude_numbers(view.surface.state, windows, *view.centres)
                self.largest, self.share = max(self.largest, largest), max(self.share, share)

    def summary(self) -> dict[str, Any]:
        """Figures for the summary; empty where the scheme has no such range."""
        return {"largest": self.largest, "share_over_1": self.share} if self.used else {}

    def warnings(self) -> list[str]:
        """What the user must know."""
        if self.largest <= WARN_FROUDE:
            return []
        return [
            f"the inertial scheme left its range: the Froude number reached {self.largest:.2f} (it holds up to about "
            f'{WARN_FROUDE}); compare with solver.scheme = "hllc" where speeds matter'
        ]
