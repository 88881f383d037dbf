"""The halo of a tile: strips of the neighbours' cells, renewed after every macro step."""

from __future__ import annotations

import numpy as np

from floodsim.simulate.tiles.links import HALO, Links
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS, Part, Rectangle
from floodsim.surface.state import State

Window = tuple[slice, slice]


class Halo:
    """Who needs which of a tile's cells, and who sends which. ``parts`` are those of all tiles by number."""

    def __init__(self, links: Links, parts: list[Part]) -> None:
        self.links = links
        me = parts[links.number]
        self._out: dict[int, Window] = {}
        self._into: dict[int, Window] = {}
        for number, part in enumerate(parts):
            if number == links.number:
                continue
            wanted = _common(_placed(me, me.own), _placed(part, part.swept))
            given = _common(_placed(part, part.own), _placed(me, me.swept))
            if wanted is not None:
                self._out[number] = _padded(wanted, me)
            if given is not None:
                self._into[number] = _padded(given, me)

    @property
    def neighbours(self) -> list[int]:
        """The tiles with which strips are exchanged."""
        return sorted({*self._out, *self._into})

    @property
    def cells(self) -> int:
        """Cells that are sent with every exchange."""
        return sum((a.stop - a.start) * (b.stop - b.start) for a, b in self._out.values())

    def post(self, state: State) -> None:
        """Send the neighbours the strips that they need of the present state."""
        for peer, window in self._out.items():
            content = b"".join(array[window].tobytes() for array in _water(state))
            self.links.send(peer, HALO, np.frombuffer(content, np.uint8))

    def drop(self) -> None:
        """Take in strips that turned out to be of no use."""
        for peer in self._into:
            self.links.receive(peer, HALO)

    def fetch(self, state: State) -> None:
        """Put the neighbours' strips into the present state, and wake the blocks they lie in where they are wet."""
        for peer, window in self._into.items():
            content = self.links.receive(peer, HALO)
            shape = window[0].stop - window[0].start, window[1].stop - window[1].start
            cells, first = shape[0] * shape[1], 0
            for array in _water(state):
                array[window] = np.frombuffer(content, array.dtype, cells, first).reshape(shape)
                first += cells * array.itemsize
            _mark_wet(state, window)


def _water(state: State) -> list[np.ndarray]:
    """The arrays of which neighbours hold strips."""
    return [state.h, state.u, state.v, *([state.low] if state.low.size else [])]


def _mark_wet(state: State, window: Window) -> None:
    """Set the wave speed of the blocks of a strip to something, where it holds water; it is not looked at otherwise."""
    rows, columns = window
    wet = state.h[window] > 0
    for bj in range((rows.start - 1) // BLOCK_ROWS, (rows.stop - 2) // BLOCK_ROWS + 1):
        a = slice(max(bj * BLOCK_ROWS + 1 - rows.start, 0), max((bj + 1) * BLOCK_ROWS + 1 - rows.start, 0))
        for bi in range((columns.start - 1) // BLOCK_COLUMNS, (columns.stop - 2) // BLOCK_COLUMNS + 1):
            left, right = bi * BLOCK_COLUMNS + 1 - columns.start, (bi + 1) * BLOCK_COLUMNS + 1 - columns.start
            if wet[a, max(left, 0) : max(right, 0)].any():
                state.blocks.fastest[bj, bi] = max(state.blocks.fastest[bj, bi], 1.0)


def _placed(part: Part, cells: Rectangle) -> Rectangle:
    """A rectangle of a part in the rows and columns of the whole grid."""
    j, i = part.origin
    return cells[0] + j, cells[1] + j, cells[2] + i, cells[3] + i


def _common(a: Rectangle, b: Rectangle) -> Rectangle | None:
    j0, j1, i0, i1 = max(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), min(a[3], b[3])
    return (j0, j1, i0, i1) if j0 < j1 and i0 < i1 else None


def _padded(cells: Rectangle, part: Part) -> Window:
    """Rows and columns in the padded arrays of a part."""
    j, i = part.origin[0] - 1, part.origin[1] - 1
    return slice(cells[0] - j, cells[1] - j), slice(cells[2] - i, cells[3] - i)
