"""Which cell set the time step, for how long, and how deep and fast the water was there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS, GRAVITY, State


@dataclass
class Limiter:
    """Seconds of simulated time that each cell (row, column) ruled, and the shortest step it called for."""

    staggered: bool = False
    seconds: dict[tuple[int, int], float] = field(default_factory=dict)
    tightest: dict[tuple[int, int], tuple[float, float, float]] = field(default_factory=dict)

    def book(self, state: State, dt: float, lasted: float) -> None:
        """Find the cell behind the present wave speed and credit it with ``lasted`` seconds at step ``dt`` (s)."""
        ruler = find_ruler(state, self.staggered)
        if ruler is not None:
            self.credit(ruler, dt, lasted)

    def credit(self, ruler: Ruler, dt: float, lasted: float) -> None:
        """Credit a cell with ``lasted`` seconds at step ``dt`` (s)."""
        cell = ruler.j, ruler.i
        self.seconds[cell] = self.seconds.get(cell, 0.0) + lasted
        if dt < self.tightest.get(cell, (np.inf, 0.0, 0.0))[0]:
            self.tightest[cell] = (dt, ruler.depth, ruler.speed)

    def top(self, state: State, count: int = 5) -> list[dict[str, Any]]:
        """The cells that ruled longest: place, share of the run, shortest dt (s), depth (m) and speed (m/s) then."""
        total = sum(self.seconds.values()) or 1.0
        ranked = sorted(self.seconds, key=lambda cell: (-self.seconds[cell], cell))[:count]
        grid = state.grid
        return [
            {
                "row": j,
                "column": i,
                "x": float(grid.x[i]),
                "y": float(grid.y[j]),
                "share": self.seconds[j, i] / total,
                "min_dt_s": self.tightest[j, i][0],
                "depth_m": self.tightest[j, i][1],
                "speed_m_s": self.tightest[j, i][2],
            }
            for j, i in ranked
        ]

    def memory(self) -> dict[str, Any]:
        """The cells (k, 2) in the order in which they first ruled, and (k, 4) seconds, shortest step, depth, speed."""
        cells = np.array(list(self.seconds), np.int64).reshape(-1, 2)
        rows = [(seconds, *self.tightest[cell]) for cell, seconds in self.seconds.items()]
        return {"cells": cells, "figures": np.array(rows, float).reshape(-1, 4)}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        self.seconds, self.tightest = {}, {}
        for (j, i), (seconds, dt, depth, speed) in zip(
            memory["cells"].tolist(), memory["figures"].tolist(), strict=True
        ):
            self.seconds[j, i], self.tightest[j, i] = seconds, (dt, depth, speed)

    def describe(self, state: State) -> str:
        """The cell that ruled longest, as a sentence."""
        for cell in self.top(state, 1):
            place = f"row {cell['row']}, column {cell['column']} (x = {cell['x']:.2f}, y = {cell['y']:.2f})"
            return f"{place}, depth {cell['depth_m']:.3g} m, speed {cell['speed_m_s']:.3g} m/s"
        return "no wet cell"

    def map(self, shape: tuple[int, int]) -> np.ndarray:
        """Share of the run that each cell ruled, float32 (ny, nx)."""
        total = sum(self.seconds.values()) or 1.0
        shares = np.zeros(shape, np.float32)
        for cell, seconds in self.seconds.items():
            shares[cell] = seconds / total
        return shares


class Ruler(NamedTuple):
    """The cell (row j, column i of the whole grid) that sets the time step, by the ``rate`` (1/s) of its ``block``.

    ``block`` counts all blocks row by row; ``depth`` m and ``speed`` m/s are those of the cell.
    """

    rate: float
    block: int
    j: int
    i: int
    depth: float
    speed: float


def find_ruler(state: State, staggered: bool = False) -> Ruler | None:
    """The fastest of the cells that a state answers for, the first of them on a tie; None where all is dry."""
    part, own = state.part, state.part.own_blocks
    fastest = state.blocks.fastest[own]
    row, column = (int(k) for k in np.unravel_index(int(np.argmax(fastest)), fastest.shape))
    if fastest[row, column] <= 0:
        return None
    block = row + own[0].start, column + own[1].start
    j, i = fastest_cell(state, block, staggered)
    speed, depth = float(np.hypot(state.u[j + 1, i + 1], state.v[j + 1, i + 1])), float(state.h[j + 1, i + 1])
    if staggered:  # a discharge per width, of which the speed follows
        speed /= max(depth, 1e-6)
    number = (block[0] + part.origin[0] // BLOCK_ROWS) * -(-part.whole[1] // BLOCK_COLUMNS)
    number += block[1] + part.origin[1] // BLOCK_COLUMNS
    return Ruler(float(fastest[row, column]), number, j + part.origin[0], i + part.origin[1], depth, speed)


def fastest_cell(state: State, block: tuple[int, int], staggered: bool) -> tuple[int, int]:
    """Row and column of the cell of a block with the largest (speed + c) / width.

    In a ``staggered`` state, where speeds do not count, that with the largest c.
    """
    j0, i0 = block[0] * BLOCK_ROWS, block[1] * BLOCK_COLUMNS
    part = (slice(j0 + 1, min(j0 + BLOCK_ROWS, state.grid.shape[0]) + 1),
            slice(i0 + 1, min(i0 + BLOCK_COLUMNS, state.grid.shape[1]) + 1))  # fmt: skip
    c = np.sqrt(GRAVITY * state.h[part])
    u, v = (0.0, 0.0) if staggered else (np.abs(state.u[part]), np.abs(state.v[part]))
    rate = np.maximum((u + c) / state.grid.dx, (v + c) / state.grid.dy)
    j, i = np.unravel_index(int(np.argmax(rate)), rate.shape)
    return j0 + int(j), i0 + int(i)
