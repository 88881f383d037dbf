"""Where the cells of a state stand in the whole grid: all of it in one process, or one tile with its halo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK_ROWS, BLOCK_COLUMNS = 32, 64

Rectangle = tuple[int, int, int, int]
"""First and last + 1 row, first and last + 1 column of cells."""


@dataclass(frozen=True)
class Part:
    """A rectangle of the ``whole`` grid (ny, nx) that a state holds.

    ``origin`` is the cell of the whole at the state's first row and column, at a corner of blocks. ``own`` are the
    cells that this state answers for, cut at blocks, and ``swept`` those that it advances: its own and a halo around
    them, both counted from the origin. In one process all of these are the whole grid.
    """

    whole: tuple[int, int]
    origin: tuple[int, int]
    own: Rectangle
    swept: Rectangle

    @staticmethod
    def all_of(shape: tuple[int, int]) -> Part:
        """The whole grid as one part."""
        everything = (0, shape[0], 0, shape[1])
        return Part(shape, (0, 0), everything, everything)

    @property
    def is_whole(self) -> bool:
        """Whether this is the whole grid."""
        return self.origin == (0, 0) and self.own == (0, self.whole[0], 0, self.whole[1])

    @property
    def own_cells(self) -> tuple[slice, slice]:
        """Rows and columns of its own cells."""
        return slice(*self.own[:2]), slice(*self.own[2:])

    @property
    def own_blocks(self) -> tuple[slice, slice]:
        """Rows and columns of its own blocks."""
        j0, j1, i0, i1 = self.own
        return slice(j0 // BLOCK_ROWS, -(-j1 // BLOCK_ROWS)), slice(i0 // BLOCK_COLUMNS, -(-i1 // BLOCK_COLUMNS))

    def holds(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Which cells, counted from the origin, are its own."""
        j0, j1, i0, i1 = self.own
        return (rows >= j0) & (rows < j1) & (columns >= i0) & (columns < i1)
