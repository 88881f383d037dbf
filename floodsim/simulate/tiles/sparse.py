"""What the client's observers see of a run in tiles: single cells, flows through faces, and nothing of the fields."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from floodsim.grid.grid import Grid


class SparseField:
    """A field over the grid that is known at single cells; ``field[rows, columns]`` works for those."""

    def __init__(self, cells: np.ndarray, columns: int, dtype: type) -> None:
        self._columns = columns
        flat = cells[:, 0] * columns + cells[:, 1]
        self._order = np.argsort(flat, kind="stable")
        self._flat = flat[self._order]
        self.values: np.ndarray = np.zeros(len(cells), dtype)

    def __getitem__(self, key: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        wanted = np.asarray(key[0]) * self._columns + np.asarray(key[1])
        if not self._flat.size:
            return np.zeros(wanted.shape, self.values.dtype)
        place = np.minimum(np.searchsorted(self._flat, wanted), self._flat.size - 1)
        if (self._flat[place] != wanted).any():
            raise KeyError("a cell is looked at that the tiles do not report")
        return self.values[self._order[place]]


class SparseView:
    """The `output.view.View` of the client: ``cells`` (n, 2) are those that tiles report.

    Faces that an observer asks for are followed by the tiles from then on; ``new_faces`` says that there are some.
    """

    def __init__(self, grid: Grid, cells: np.ndarray, real: type) -> None:
        columns = grid.shape[1]
        self.grid, self.time, self.rainfall = grid, 0.0, 0.0
        self.depth, self.velocity_x, self.velocity_y = (SparseField(cells, columns, real) for _ in range(3))
        self.bed = SparseField(cells, columns, np.float64)
        self.followed: list[np.ndarray] = []
        self.flows = np.zeros(0)
        self.new_faces = False

    @property
    def faces(self) -> np.ndarray:
        """All faces that are followed (n, 4), in the order of ``flows``."""
        return np.concatenate([np.zeros((0, 4), np.int64), *self.followed])

    def discharge(self, faces: np.ndarray) -> np.ndarray:
        """Mean flow (m3/s) through ``faces`` (n, 4) over the last macro step; the first call begins it."""
        first = 0
        for known in self.followed:
            if known is faces:
                return self.flows[first : first + len(faces)]
            first += len(known)
        self.followed.append(faces)
        self.flows = np.concatenate([self.flows, np.zeros(len(faces))])
        self.new_faces = True
        return np.zeros(len(faces))

    @property
    def blocks(self) -> np.ndarray:
        """No windows: the client holds no field."""
        return np.zeros((0, 4), np.int64)

    def bands(self, function: Callable[[int, int], None], n: int) -> None:
        """Run ``function(first, last)`` over range(n)."""
        function(0, n)
