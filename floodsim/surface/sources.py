"""Point and line sources: discharges that enter or leave through listed cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.forcing.series import TimeSeries
from floodsim.surface.state import State


@dataclass(frozen=True)
class Source:
    """A discharge (m3/s, negative takes water away) spread evenly over cells (n, 2) of j, i."""

    name: str
    cells: np.ndarray
    discharge: TimeSeries


def add_sources(state: State, sources: list[Source], t0: float, t1: float) -> float:
    """Add the mean discharges over [t0, t1] (s) to the source field; returns the volume (m3) they come to.

    What is taken away is limited to the water and rain of each cell.
    """
    area, beat, volume = state.grid.cell_area, t1 - t0, 0.0
    for source in sources:
        rate = source.discharge.mean(t0, t1) / (area * len(source.cells))
        for j, i in source.cells:
            here = (j + 1, i + 1)
            before = float(state.source[here])
            state.source[here] = max(before + rate, -float(state.h[here]) / beat)
            volume += (float(state.source[here]) - before) * area * beat
    return volume
