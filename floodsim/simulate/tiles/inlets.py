"""The street's side of a pipe network in one tile: takes what the client's exchange has planned out of its cells."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.roofs import RoofCells
from floodsim.kernels import exchange as kernels
from floodsim.simulate.tiles.inputs import Ports, cut_roofs, within
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS, Part, Rectangle
from floodsim.surface.step import Surface, wake


class TileInlets:
    """Inlets, outfalls and roofs within a tile's window. Water is taken in the halo too, but booked by its owner only.

    ``cell_j``, ``cell_i`` (n,) are padded rows and columns of the cells; ``taken`` (ports,) m3 since the last `open`.
    """

    def __init__(self, ports: Ports | None, part: Part, window: Rectangle, surface: Surface) -> None:
        self.surface = surface
        cells = np.zeros((0, 2), np.int64) if ports is None else ports.cells
        port_cells = np.zeros(0, np.int64) if ports is None else ports.port_cells
        self._cells = np.flatnonzero(within(cells, window))
        place = np.full(len(cells), -1, np.int64)
        place[self._cells] = np.arange(self._cells.size)
        self.port_ids = np.flatnonzero(place[port_cells] >= 0)
        self._port_cells = place[port_cells[self.port_ids]]
        self.cell_j = cells[self._cells, 0] - window[0] + 1
        self.cell_i = cells[self._cells, 1] - window[2] + 1
        self._flow, self.taken = np.zeros(self.port_ids.size), np.zeros(self.port_ids.size)
        self._share = np.zeros(self._cells.size)
        own = part.holds(self.cell_j - 1, self.cell_i - 1)
        self._mine, self._my_ports = np.flatnonzero(own), np.flatnonzero(own[self._port_cells])
        self.own_cells, self.own_ports = self._cells[self._mine], self.port_ids[self._my_ports]
        self._velocities = [np.zeros_like(surface.state.h)] * 2 if surface.scheme.staggered else None
        self._roofs: RoofCells | None = None
        self._my_roofs = self.own_roofs = np.zeros(0, np.int64)
        if ports is not None and ports.roofs is not None:
            self._roofs, numbers = cut_roofs(ports.roofs, window)
            self._my_roofs = np.flatnonzero(part.holds(self._roofs.cell_j - 1, self._roofs.cell_i - 1))
            self.own_roofs = numbers[self._my_roofs]

    def roofs_take(self, t0: float, t1: float) -> np.ndarray:
        """Take the roofs' share of the rain of a beat [t0, t1] (s) out of the source; own volumes (m3)."""
        if self._roofs is None:
            return np.zeros(0)
        surface, state = self.surface, self.surface.state
        self._roofs.take(t1 - t0, state.grid.cell_area, surface.rain.mean(t0, t1), surface.zones, state.source)
        return self._roofs.taken[self._my_roofs]

    def own_source(self) -> np.ndarray:
        """Source (m/s) of the own cells."""
        return self.surface.state.source[self.cell_j, self.cell_i][self._mine]

    def open(self, port_flow: np.ndarray, source: np.ndarray) -> None:
        """Take over flows (m3/s) of all ports and the source (m/s) of all cells for the coupling step that begins."""
        blocks = self.surface.state.blocks
        self._flow[:] = port_flow[self.port_ids]
        self.surface.state.source[self.cell_j, self.cell_i] = source[self._cells]
        self.taken[:] = 0.0
        fed = self._port_cells[self._flow < 0.0]
        if fed.size:
            blocks.fed[(self.cell_j[fed] - 1) // BLOCK_ROWS, (self.cell_i[fed] - 1) // BLOCK_COLUMNS] = True
            wake(self.surface)

    def take(self, dt: float) -> None:
        """Take the share of the next step of dt (s) out of the depths."""
        state = self.surface.state
        u, v = self._velocities or (state.u, state.v)
        kernels.take_from_cells(
            dt, state.grid.cell_area, self.cell_j, self.cell_i, self._port_cells, self._flow, state.h, u, v,
            self._share, self.taken,
        )  # fmt: skip

    def own_taken(self) -> np.ndarray:
        """Volume (m3) taken since `open` at the own ports."""
        return self.taken[self._my_ports]
