"""What a tile writes to a checkpoint and takes from it: its window of every field, its blocks, its boundary faces.

A checkpoint holds the arrays of the whole grid, so a run may go on in other tiles, or in one process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.output.envelopes import FIELDS, Envelopes
from floodsim.simulate.checkpoint import SMALL, read_manifest
from floodsim.simulate.tiles.view import TileView
from floodsim.surface.ledger import BOOKS
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.step import Surface, deal

SURFACE, ENVELOPES = "run.surface.", "observers.envelopes."
WATER = ("h", "u", "v", "low")

Layout = dict[str, tuple[tuple[int, ...], Any]]


def fields_of(shape: tuple[int, int], real: type, losses: bool, thresholds: int) -> Layout:
    """Shape and type of every field of a checkpoint over a grid of ``shape`` (ny, nx)."""
    padded = shape[0] + 2, shape[1] + 2
    fields: Layout = {SURFACE + name: (padded, real) for name in WATER[:3]}
    if real is np.float32:
        fields[SURFACE + "low"] = padded, np.float32
    if losses:
        fields[SURFACE + "infiltrated"] = shape, np.float32
    fields |= {ENVELOPES + name: (shape, np.float32) for name in FIELDS}
    if thresholds:
        fields[ENVELOPES + "durations"] = (thresholds, *shape), np.float32
    return fields


def own_fields(surface: Surface, envelopes: Envelopes) -> dict[str, tuple[tuple[int, int], np.ndarray]]:
    """By the names of `fields_of` the first row and column in the whole field, and this tile's values."""
    state, part = surface.state, surface.state.part
    rows, columns = part.own_cells
    corner = part.origin[0] + rows.start, part.origin[1] + columns.start
    found = {}
    # Padded fields take the rim of the grid along, where the tile lies at it.
    ends = part.origin[0] + rows.stop == part.whole[0], part.origin[1] + columns.stop == part.whole[1]
    first = [place + (place > 0) for place in corner]
    inner = tuple(
        slice(side.start + (place > 0), side.stop + 1 + at_end)
        for side, place, at_end in zip((rows, columns), corner, ends, strict=True)
    )
    for name in WATER:
        values = getattr(state, name)
        if values.size:
            found[SURFACE + name] = (first[0], first[1]), values[inner]
    if surface.losses.infiltrated.size:
        found[SURFACE + "infiltrated"] = corner, surface.losses.infiltrated[rows, columns]
    memory = envelopes.memory("running")
    for name in (*FIELDS, "durations"):
        found[ENVELOPES + name] = corner, memory[name]
    return found


def block_memory(surface: Surface) -> dict[str, np.ndarray]:
    """What the own blocks and boundary faces hold."""
    blocks, own = surface.state.blocks, surface.state.part.own_blocks
    found = {name: np.ascontiguousarray(getattr(blocks, name)[own]) for name in ("fastest", "awake", *BOOKS)}
    return {**found, "passed": surface.edges.passed[surface.edges.mine]}


def recall_tile(surface: Surface, envelopes: Envelopes, checkpoint: Path, faces: np.ndarray, view: TileView) -> None:
    """Put a tile back to a checkpoint; ``faces`` are the numbers of its boundary faces among all."""
    arrays = _Arrays(checkpoint)
    state, (j, i) = surface.state, surface.state.part.origin
    ny, nx = state.grid.shape
    for name in WATER:
        values = getattr(state, name)
        if values.size:
            values[...] = arrays[SURFACE + name][j : j + ny + 2, i : i + nx + 2]
    if surface.losses.infiltrated.size:
        surface.losses.infiltrated[...] = arrays[SURFACE + "infiltrated"][j : j + ny, i : i + nx]
    bj, bi = j // BLOCK_ROWS, i // BLOCK_COLUMNS
    rows, columns = state.blocks.awake.shape
    for name in ("fastest", "awake", *BOOKS):
        getattr(state.blocks, name)[...] = arrays[SURFACE + name][bj : bj + rows, bi : bi + columns]
    surface.edges.passed[...] = arrays[SURFACE + "passed"][faces]
    deal(surface)
    j0, j1, i0, i1 = (at + shift for at, shift in zip(state.part.own, (j, j, i, i), strict=True))
    memory: dict[str, Any] = {name: arrays[ENVELOPES + name][..., j0:j1, i0:i1] for name in FIELDS}
    if ENVELOPES + "durations" in arrays:
        memory["durations"] = arrays[ENVELOPES + "durations"][..., j0:j1, i0:i1]
    else:  # no thresholds
        memory["durations"] = np.zeros((0, j1 - j0, i1 - i0), np.float32)
    memory["time"] = arrays.values["observers"]["envelopes"]["time"]
    envelopes.recall(view, memory)


class _Arrays:
    """The arrays of a checkpoint by name, mapped; the client has seen to it that they are whole."""

    def __init__(self, path: Path) -> None:
        content = read_manifest(path)
        self.values: dict[str, Any] = content["values"]
        self._path, self._files = path, content["arrays"]
        self._small = dict(np.load(path / SMALL)) if SMALL in content["files"] else {}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def __getitem__(self, name: str) -> np.ndarray:
        file = self._files[name]
        found: np.ndarray = self._small[name] if file == SMALL else np.load(self._path / file, mmap_mode="r")
        return found
