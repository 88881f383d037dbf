"""Whether a run left the range of the local inertial scheme: how often the flow was faster than its waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from floodsim.simulate.view import LiveView
from floodsim.surface.schemes import froude_numbers
from floodsim.surface.windows import cut_to_own

WARN_FROUDE = 0.5
"""Above this Froude number the neglected advection begins to matter (de Almeida and Bates 2013)."""


def count_froude(view: LiveView) -> tuple[float, int, int]:
    """Largest Froude number of the view's own cells, cells where it is over 1, and cells deeper than 1 cm."""
    assert view.centres is not None
    state, largest, fast, deep = view.surface.state, 0.0, 0, 0
    for windows in state.windows:
        own = cut_to_own(windows, state.part)
        if len(own):
            most, many, cells = froude_numbers(state, own, *view.centres)
            largest, fast, deep = max(largest, most), fast + many, deep + cells
    return largest, fast, deep


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
        self.take(*count_froude(view))

    def take(self, largest: float, fast: int, deep: int) -> None:
        """Take in one look at the whole grid: largest number, cells over 1, cells deeper than 1 cm."""
        self.used = True
        self.largest, self.share = max(self.largest, largest), max(self.share, fast / deep if deep else 0.0)

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
