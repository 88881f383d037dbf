"""Outlines of cells: the rings around a set of cells, for drawing and for a GIS."""

from __future__ import annotations

import numpy as np

from floodsim.grid.grid import Grid

Ring = list[tuple[float, float]]


def rings(rows: np.ndarray, columns: np.ndarray, grid: Grid) -> list[Ring]:
    """Closed rings (x, y) around cells given as rows and columns (n,); outer ones counter-clockwise, holes clockwise.

    Cells that only touch at a corner get rings of their own.
    """
    cells = set(zip(rows.tolist(), columns.tolist(), strict=True))
    after = _edges(cells)
    xmin, ymin, _, _ = grid.bounds
    found = []
    while after:
        start = min(after)
        node, way = start, (0, 0)
        ring: list[tuple[int, int]] = []
        while True:
            following = _turn(after[node], node, way)
            after[node].remove(following)
            if not after[node]:
                del after[node]
            step = (following[0] - node[0], following[1] - node[1])
            if step != way:
                ring.append(node)
            node, way = following, step
            if node == start:
                break
        found.append([(xmin + i * grid.dx, ymin + j * grid.dy) for j, i in [*ring, ring[0]]])
    return found


def _edges(cells: set[tuple[int, int]]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Edges between a cell of the set and one outside, from node (row, column) to nodes, with the set on the left."""
    after: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for j, i in cells:
        sides = (
            ((j - 1, i), (j, i), (j, i + 1)),
            ((j, i + 1), (j, i + 1), (j + 1, i + 1)),
            ((j + 1, i), (j + 1, i + 1), (j + 1, i)),
            ((j, i - 1), (j + 1, i), (j, i)),
        )
        for neighbour, start, end in sides:
            if neighbour not in cells:
                after.setdefault(start, []).append(end)
    return after


def _turn(choices: list[tuple[int, int]], node: tuple[int, int], way: tuple[int, int]) -> tuple[int, int]:
    """Where two cells touch at a corner, turn left, so that each keeps a ring of its own."""
    if len(choices) == 1:
        return choices[0]
    left = (node[0] + way[1], node[1] - way[0])
    return left if left in choices else choices[0]
