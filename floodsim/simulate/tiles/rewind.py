"""Taking back a macro step that turned out too long: the water at its start, kept without copying it."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.blocks import ASLEEP
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.state import State


class Rewind:
    """The water at the start of a macro step, so that it can be taken back; costs one more set of arrays.

    Steps go to and fro between two sets of arrays; after the first one the set with the start is put aside, and the
    third takes its place. Blocks that are not swept hold no water in any of the sets. ``cells`` are rows and columns
    (padded) that are changed before a step, by inlets.
    """

    def __init__(self, state: State, cells: tuple[np.ndarray, np.ndarray]) -> None:
        self._state, self._cells = state, cells
        self._spare = [np.zeros_like(array) for array in (state.h, state.u, state.v)]
        self._low = state.low.copy()
        self._stale = np.zeros(state.blocks.awake.shape, bool)  # blocks with water in the spare set
        self._awake = self._touched = self._stale
        self._windows: list[np.ndarray] = []
        self._books: list[tuple[np.ndarray, np.ndarray]] = []
        self._water: list[np.ndarray] = []

    def begin(self, *books: np.ndarray) -> None:
        """Remember what the steps to come change in place: remainders, ``books``, and the cells of inlets."""
        state = self._state
        self._books = [(book, book.copy()) for book in (state.blocks.clipped, state.blocks.trimmed, *books)]
        self._water = [array[self._cells] for array in (state.h, state.u, state.v)]
        self._windows = list(state.windows)
        if state.low.size:
            _copy(state.low, self._low, self._windows)
        self._awake = state.blocks.awake != ASLEEP
        self._touched = self._awake.copy()

    def stepped(self, first: bool) -> None:
        """Note a step; after the ``first`` the start lies in the arrays to be written next, and is put aside."""
        state = self._state
        awake = state.blocks.awake != ASLEEP
        self._touched |= awake
        if first:
            for array in self._spare:
                _blank(array, self._stale & ~awake)
            aside = [state.h_next, state.u_next, state.v_next]
            state.h_next, state.u_next, state.v_next = self._spare
            self._spare, self._stale = aside, self._awake

    def back(self) -> np.ndarray:
        """Put the start back; returns the blocks swept since, which must be swept again to clear what they left."""
        state = self._state
        garbage = [state.h, state.u, state.v]
        state.h, state.u, state.v = self._spare
        self._spare, self._stale = garbage, self._touched
        for array, water in zip((state.h, state.u, state.v), self._water, strict=True):
            array[self._cells] = water
        for book, copy in self._books:
            book[...] = copy
        if state.low.size:
            _blank(state.low, self._touched & ~self._awake)
            _copy(self._low, state.low, self._windows)
        return self._touched


def _copy(source: np.ndarray, target: np.ndarray, windows: list[np.ndarray]) -> None:
    for hand in windows:
        for j0, j1, i0, i1 in hand.tolist():
            target[j0:j1, i0:i1] = source[j0:j1, i0:i1]


def _blank(array: np.ndarray, blocks: np.ndarray) -> None:
    """Set an array to zero in the cells of the marked blocks."""
    for bj, bi in np.argwhere(blocks).tolist():
        rows = slice(1 + bj * BLOCK_ROWS, min(1 + (bj + 1) * BLOCK_ROWS, array.shape[0] - 1))
        array[rows, 1 + bi * BLOCK_COLUMNS : min(1 + (bi + 1) * BLOCK_COLUMNS, array.shape[1] - 1)] = 0
