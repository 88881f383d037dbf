"""Point and line sources: discharges that enter or leave through listed cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.forcing.series import TimeSeries
from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS, State


@dataclass(frozen=True)
class Source:
    """A discharge (m3/s, negative takes water away) spread evenly over cells (n, 2) of j, i.

    ``of`` is the number of cells it is spread over, where the state holds only some of them.
    """

    name: str
    cells: np.ndarray
    discharge: TimeSeries
    of: int = 0


def add_sources(state: State, sources: list[Source], t0: float, t1: float) -> None:
    """Add the mean discharges over [t0, t1] (s) to the source field, and book what that comes to, block by block.

    What is taken away is limited to the water and rain of each cell.
    """
    beat, booked = t1 - t0, state.blocks.sourced
    for source in sources:
        rate = source.discharge.mean(t0, t1) / (state.grid.cell_area * (source.of or len(source.cells)))
        for j, i in source.cells:
            here = (j + 1, i + 1)
            before = float(state.source[here])
            state.source[here] = max(before + rate, -float(state.h[here]) / beat)
            booked[j // BLOCK_ROWS, i // BLOCK_COLUMNS] += (float(state.source[here]) - before) * beat
