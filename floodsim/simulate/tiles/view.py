"""What the observers of a tile see: its own cells, as if they were the whole grid."""

from __future__ import annotations

import numpy as np

from floodsim.grid.grid import Grid
from floodsim.simulate.view import LiveView
from floodsim.surface.step import Surface
from floodsim.surface.windows import cut_to_own


class TileView(LiveView):
    """The `output.view.View` of a tile, without its halo."""

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        state = surface.state
        rows, columns = state.part.own_cells
        self._own = state.part.own_cells
        self._grid = Grid(state.grid.dataset.isel(y=rows, x=columns), state.grid.dx, state.grid.dy, state.grid.crs_wkt)

    @property
    def grid(self) -> Grid:
        """The grid of the own cells."""
        return self._grid

    @property
    def depth(self) -> np.ndarray:
        """Depth of the own cells, m."""
        return super().depth[self._own]

    @property
    def velocity_x(self) -> np.ndarray:
        """Velocity along x of the own cells, m/s."""
        return super().velocity_x[self._own]

    @property
    def velocity_y(self) -> np.ndarray:
        """Velocity along y of the own cells, m/s."""
        return super().velocity_y[self._own]

    @property
    def blocks(self) -> np.ndarray:
        """Windows of the own cells that may hold water, (n, 4) of j0, j1, i0, i1."""
        state = self.surface.state
        j, _, i, _ = state.part.own
        return cut_to_own(np.concatenate(state.windows), state.part) - np.array([j + 1, j + 1, i + 1, i + 1])
