"""The march of one tile among others: whole macro steps without a word, one agreement after each, and back if too long.

The agreement is on the largest wave speed of every time step of the macro step. Where it shows that one process would
have ended the macro step earlier, all tiles go back to its start and take just those steps, so the bits are the same.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.blocks import AWAKE
from floodsim.simulate.march import MACRO_STEPS, March
from floodsim.simulate.tiles.halo import Halo
from floodsim.simulate.tiles.links import Links
from floodsim.simulate.tiles.rewind import Rewind
from floodsim.simulate.view import LiveView
from floodsim.surface.step import Surface, deal, wake


class TileMarch(March):
    """Takes a tile through spans of time together with all others. ``changed`` are cells that inlets take from.

    ``taken`` holds further books that steps change in place, and that go back with the water.
    """

    def __init__(
        self,
        surface: Surface,
        view: LiveView,
        cfl: float,
        team: tuple[Links, Halo],
        changed: tuple[np.ndarray, np.ndarray],
        *taken: np.ndarray,
    ) -> None:
        super().__init__(surface, view, cfl)
        self.links, self.halo = team
        self.rewind = Rewind(surface.state, changed)
        self.taken = taken
        self.rate = self.rise = 0.0
        self.rewound = 0

    def agree(self) -> None:
        """Agree on wave speed and source anew, after what drives the water has been renewed."""
        state = self.surface.state
        rise = float(state.source[1:-1, 1:-1][state.part.own_cells].max())
        own = np.array([self._fastest(), self.surface.edge_speed, rise])
        fastest, edge, self.rise = self.links.greatest(own).tolist()
        self.rate = max(fastest, edge / self.width)

    def longest_step(self) -> float:
        """The step (s) that all tiles allow."""
        return self.allowed(self.rate, self.rise)

    def macro(self, dt: float, count: int) -> int:
        """Take up to ``count`` steps of dt (s), as many as one process would, and renew the halo."""
        surface, state = self.surface, self.surface.state
        self.rewind.begin(surface.edges.passed, *self.taken)
        speeds = np.zeros((2, MACRO_STEPS))
        done = self._steps(dt, count, speeds)
        self.halo.post(state)
        speeds = self.links.greatest(speeds.ravel()).reshape(speeds.shape)
        fast = [number for number in range(count) if self.too_fast(dt, float(speeds[0, number]))]
        taken = fast[0] + 1 if fast else count
        if taken < done:
            self.rewound += done - taken
            self._back()
            self._steps(dt, taken, np.zeros_like(speeds))
        if taken < count:  # some tile has gone on for longer, so no strip sent so far counts
            self.halo.drop()
            self.halo.post(state)
        self.halo.fetch(state)
        wake(surface)
        self.rate = max(float(speeds[0, taken - 1]), float(speeds[1, taken - 1]) / self.width)
        return taken

    def _steps(self, dt: float, count: int, speeds: np.ndarray) -> int:
        """Take steps and note wave speeds of cells and edges; no more than this tile itself finds allowed."""
        self.view.begin_macro()
        for number in range(count):
            self.step(dt)
            self.rewind.stepped(first=number == 0)
            speeds[:, number] = self._fastest(), self.surface.edge_speed
            if self.too_fast(dt, float(speeds[0, number])):
                return number + 1
        return count

    def _fastest(self) -> float:
        """The largest wave speed (1/s) of the tile's own cells."""
        state = self.surface.state
        return float(state.blocks.fastest[state.part.own_blocks].max())

    def _back(self) -> None:
        """Go back to the start of the macro step; blocks that woke since stay awake for once, to be cleared."""
        surface = self.surface
        touched = self.rewind.back()
        surface.state.blocks.awake[touched] = AWAKE
        deal(surface)
