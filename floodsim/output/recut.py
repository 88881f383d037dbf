"""Records taken over from an earlier cut of the grid, where a run goes on in other tiles or in one process.

What was recorded so far lies in files of the old windows. Every file that goes on begins with a copy of those records
on its own window; the old files stay as they are, since older checkpoints may name them, until the run is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from floodsim.output.netcdf import writing
from floodsim.output.sinks import COPIED, Parts, new_file
from floodsim.output.tiled import Window, label_of, window_of


@dataclass(frozen=True)
class Piece:
    """A window of the grid (None for all of it) and the parts in which its records lie."""

    window: Window | None
    parts: Parts


def own_parts(path: Path | None, template: xr.Dataset, window: Window | None, memory: Mapping[str, Any]) -> Parts:
    """The parts with which a file of a window (None for the whole grid) goes on after a checkpoint.

    ``memory`` has ``parts``, and of a run in tiles ``tiles``: the parts by the label of the tile. Where none of them
    has this very window, the records are copied into ``path``. Raises RunError where the disk does not take them.
    """
    tiles: Mapping[str, Parts] = memory.get("tiles", {"": memory["parts"]})
    label = "" if window is None else label_of(window)
    if path is None or label in tiles:
        return [(name, count) for name, count in tiles[label]]
    with writing(path):
        return recut(path, template, window, [Piece(window_of(one), parts) for one, parts in tiles.items()])


def recut(path: Path, template: xr.Dataset, window: Window | None, pieces: Sequence[Piece]) -> Parts:
    """Copy the records of pieces that cover a window (None: the whole grid) into one file; gives it as a part."""
    own = window or (0, template.sizes["y"], 0, template.sizes["x"])
    with new_file(path, template) as target:
        for variable in target.variables.values():
            variable.set_auto_maskandscale(False)
            if variable.dimensions[:1] == ("time",):
                _fill(target, variable, path.parent, own, pieces)
        count = len(target.dimensions["time"])
    return [(path.name, count)]


def _fill(target: Any, variable: Any, folder: Path, own: Window, pieces: Sequence[Piece]) -> None:
    """Write all records of a variable, a few at a time, each put together from the pieces."""
    name, dims = variable.name, variable.dimensions[1:]
    shape = tuple(len(target.dimensions[dim]) for dim in dims)
    if not dims:
        pieces = pieces[:1]
    many = max(1, COPIED // max(variable.dtype.itemsize * int(np.prod(shape, dtype=np.int64)), 1))
    total = sum(count for _, count in pieces[0].parts)
    for first in range(0, total, many):
        last = min(first + many, total)
        records = np.zeros((last - first, *shape), variable.dtype)
        for piece in pieces:
            there, here = _common(piece.window, own, dims)
            if here is None:
                continue
            for file, at, span in _spans(piece.parts, first, last):
                with netCDF4.Dataset(folder / file) as source:
                    source[name].set_auto_maskandscale(False)
                    taken = slice(at - first, at - first + span.stop - span.start)
                    records[(taken, *here)] = source[name][(span, *there)]
        variable[first:last] = records


def _spans(parts: Parts, first: int, last: int) -> Iterator[tuple[str, int, slice]]:
    """Files that hold records ``first`` to ``last`` - 1: number of the first record in each, and where it lies."""
    begin = 0
    for name, count in parts:
        low, high = max(first, begin), min(last, begin + count)
        if low < high:
            yield name, low, slice(low - begin, high - begin)
        begin += count


def _common(window: Window | None, own: Window, dims: tuple[str, ...]) -> tuple[Any, Any]:
    """Where a window has cells of ``own``, by dim: in its own file, and in that of ``own``; None, None if nowhere."""
    window = window or (0, max(own[1], 0), 0, max(own[3], 0))
    there, here = [], []
    for dim in dims:
        if dim not in ("y", "x"):
            there.append(slice(None))
            here.append(slice(None))
            continue
        k = 0 if dim == "y" else 2
        low, high = max(window[k], own[k]), min(window[k + 1], own[k + 1])
        if low >= high:
            return None, None
        there.append(slice(low - window[k], high - window[k]))
        here.append(slice(low - own[k], high - own[k]))
    return tuple(there), tuple(here)
