"""How a grid is cut into tiles: rectangles of whole blocks, each with about the same work. Pure functions, no water."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output.tiled import label_of
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS, Part, Rectangle

MARGIN = 2
"""Cells beyond the halo whose ground is needed for the slopes at its rim."""


@dataclass(frozen=True)
class Plan:
    """Tiles of a grid of ``shape`` (ny, nx): ``bands`` from south to north, each a row of tiles from west to east."""

    shape: tuple[int, int]
    bands: tuple[tuple[Rectangle, ...], ...]

    @property
    def tiles(self) -> tuple[Rectangle, ...]:
        """The own cells of every tile, band by band."""
        return tuple(tile for band in self.bands for tile in band)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for every tile, by its window, so that files of another cut have other names."""
        return tuple(label_of(tile) for tile in self.tiles)

    def part(self, number: int, halo: int) -> tuple[Part, Rectangle]:
        """What tile ``number`` holds with a halo of so many cells, and the window of the grid that its arrays cover."""
        own = self.tiles[number]
        origin, ends, swept, inner = [], [], [], []
        for axis, block in enumerate((BLOCK_ROWS, BLOCK_COLUMNS)):
            first, last, count = own[2 * axis], own[2 * axis + 1], self.shape[axis]
            start = max(first - halo - MARGIN, 0) // block * block
            origin.append(start)
            ends.append(min(last + halo + MARGIN, count))
            inner += [first - start, last - start]
            swept += [max(first - halo, 0) - start, min(last + halo, count) - start]
        part = Part(self.shape, (origin[0], origin[1]), tuple(inner), tuple(swept))  # type: ignore[arg-type]
        return part, (origin[0], ends[0], origin[1], ends[1])


def activity(grid: Grid) -> np.ndarray:
    """Share of active cells of every block: rain falls on all of them, and the rest is never wet."""
    active = grid.array("active")
    rows = np.add.reduceat(active, np.arange(0, active.shape[0], BLOCK_ROWS), axis=0, dtype=np.int64)
    sums = np.add.reduceat(rows, np.arange(0, active.shape[1], BLOCK_COLUMNS), axis=1)
    return sums / (BLOCK_ROWS * BLOCK_COLUMNS)


def plan_tiles(shape: tuple[int, int], tiles: int, work: np.ndarray | None = None, halo: int = 8) -> Plan:
    """Cut a grid into so many tiles that the most loaded one has the least to do, its halo counted.

    ``work`` (block rows, block columns) is the share of each block that will be wet; without it all count alike.
    Raises CaseError where there are fewer blocks than tiles.
    """
    size = _blocks(shape)
    work = np.ones(size) if work is None else np.maximum(np.asarray(work, float), 0.02)  # dry ground costs a little
    best: tuple[float, Plan] | None = None
    for rows in (n for n in range(1, tiles + 1) if tiles % n == 0):
        columns = tiles // rows
        if rows > size[0] or columns > size[1]:
            continue
        plan = _balanced(shape, work, rows, columns)
        cost = max(_cost(tile, work, shape, halo) for tile in plan.tiles)
        if best is None or cost < best[0] * (1.0 - 1e-9) or (cost <= best[0] and columns < len(best[1].bands[0])):
            best = cost, plan
    if best is None:
        raise CaseError(
            Fault(
                f"the grid of {shape[0]} x {shape[1]} cells cannot be cut into {tiles} tiles",
                key="--workers",
                value=str(tiles),
                allowed=f"tiles of whole blocks of {BLOCK_ROWS} x {BLOCK_COLUMNS} cells: up to {size[0] * size[1]}",
                remedy="use fewer workers and more threads for each",
            )
        )
    return best[1]


def cut_tiles(shape: tuple[int, int], text: str) -> Plan:
    """Tiles as a user writes them: "3x2" is three bands of two tiles, of equal size up to whole blocks.

    Uneven cuts name rows and columns in blocks: "1+4x2+1+3" is two bands, of 1 and 4 rows of blocks, with three tiles.
    The last of them may be a part of a block. Raises CaseError.
    """
    size, found = _blocks(shape), re.fullmatch(r"([0-9+]+)x([0-9+]+)", text.strip().lower())
    sides = [] if found is None else [_side(word, count) for word, count in zip(found.groups(), size, strict=True)]
    if len(sides) != 2 or any(side is None for side in sides):
        raise CaseError(
            Fault(
                "are no tiles of this grid", key="--tiles", value=text,
                allowed=f"ROWSxCOLUMNS, such as 2x1, up to {size[0]}x{size[1]}; or blocks, that add up to these",
                remedy="leave it out, and the tiles are chosen by the work on them",
            )
        )  # fmt: skip
    rows, columns = sides
    assert rows is not None and columns is not None
    return Plan(shape, tuple(tuple(_cells(r, c, shape) for c in columns) for r in rows))


def _side(word: str, count: int) -> list[tuple[int, int]] | None:
    """First and last + 1 block of each tile along one side of ``count`` blocks; None where that cannot be."""
    numbers = [int(part) for part in word.split("+") if part]
    if len(numbers) == 1 and 1 <= numbers[0] <= count:
        cuts = [count * k // numbers[0] for k in range(numbers[0] + 1)]
    elif min(numbers, default=0) >= 1 and sum(numbers) == count:
        cuts = [0, *np.cumsum(numbers).tolist()]
    else:
        return None
    return list(zip(cuts[:-1], cuts[1:], strict=True))


def _blocks(shape: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // BLOCK_ROWS), -(-shape[1] // BLOCK_COLUMNS)


def _cells(rows: tuple[int, int], columns: tuple[int, int], shape: tuple[int, int]) -> Rectangle:
    """Cells of a rectangle of blocks."""
    return (rows[0] * BLOCK_ROWS, min(rows[1] * BLOCK_ROWS, shape[0]),
            columns[0] * BLOCK_COLUMNS, min(columns[1] * BLOCK_COLUMNS, shape[1]))  # fmt: skip


def _balanced(shape: tuple[int, int], work: np.ndarray, rows: int, columns: int) -> Plan:
    """Bands of about the same work, and in each band tiles of about the same."""
    bands = []
    for band in _cuts(work.sum(axis=1), rows):
        across = _cuts(work[band[0] : band[1]].sum(axis=0), columns)
        bands.append(tuple(_cells(band, column, shape) for column in across))
    return Plan(shape, tuple(bands))


def _cuts(work: np.ndarray, pieces: int) -> list[tuple[int, int]]:
    """Cut a row of works into pieces of at least one item whose largest sum is about the least."""
    reached, cuts = np.concatenate([[0.0], np.cumsum(work)]), [0]
    for piece in range(1, pieces):
        wanted = reached[cuts[-1]] + (reached[-1] - reached[cuts[-1]]) / (pieces - piece + 1)
        nearest = int(np.argmin(np.abs(reached - wanted)))
        cuts.append(min(max(nearest, cuts[-1] + 1), len(work) - (pieces - piece)))
    cuts.append(len(work))
    return list(zip(cuts[:-1], cuts[1:], strict=True))


def _cost(tile: Rectangle, work: np.ndarray, shape: tuple[int, int], halo: int) -> float:
    """Cells to advance in a tile with its halo; those of a halo at the side cost more, for they lie in short rows."""
    j0, j1, i0, i1 = tile
    part = work[j0 // BLOCK_ROWS : -(-j1 // BLOCK_ROWS), i0 // BLOCK_COLUMNS : -(-i1 // BLOCK_COLUMNS)]
    wet = float(part.mean())
    ends = (j0 > 0) + (j1 < shape[0])
    sides = (i0 > 0) + (i1 < shape[1])
    return wet * ((j1 - j0) * (i1 - i0) + halo * (ends * (i1 - i0) + 2.0 * sides * (j1 - j0)))
