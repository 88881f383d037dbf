"""How the ground of a case is cut into windows that can be prepared one by one, and what cannot be.

Shapes (edits, measures, buildings) are read once, and rasters looked at. A window holds more rows than it writes where
a roof, or a breach that falls from end to end, leans on ground beyond them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Faults
from floodsim.grid.buildings import Outlines, read_outlines
from floodsim.grid.edits import Change, leans_on_ends, read_change, rows_of
from floodsim.grid.frame import Frame, aligned
from floodsim.grid.measures import measure_edits
from floodsim.grid.raster import Terrain, layer_holds_classes, open_raster, why_not_by_windows
from floodsim.grid.rasterfiles import RasterFile
from floodsim.grid.roughness import check_number, class_raster

STRIP = 4_000_000
"""Cells of one window."""
HELD = 16_000_000
"""Cells that a window may hold; where roofs or breaches want more, the ground is prepared whole."""
WORK = "work.pickle"
ROUGHNESS, CLASSES = "roughness", "loss_class"

Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Strip:
    """First and last + 1 row that are written, and those that are held for it."""

    rows: tuple[int, int]
    held: tuple[int, int]


@dataclass(frozen=True)
class Work:
    """All that a window needs besides its own cells; ``layers`` says which rasters hold classes."""

    case: Case
    frame: Frame
    changes: list[Change]
    outlines: Outlines | None
    strips: list[Strip]
    layers: dict[str, bool]


def whole_because(case: Case) -> str:
    """What of a case's ground needs the whole grid at once; empty where windows may do."""
    grid = case.grid
    reasons = {
        "grid.terrain is missing": grid.terrain is None,
        "an ASCII terrain has no windows": grid.terrain is not None and grid.terrain.suffix.lower() == ".asc",
        'grid.nodata = "fill" follows holes': grid.nodata == "fill",
    }
    return "; ".join(text for text, holds in reasons.items() if holds)


def uneven(case: Case, terrain: Terrain) -> str:
    """Why the terrain needs to be brought onto the grid as a whole; empty where windows come to the same bits."""
    frame, source = terrain.frame, terrain.raster.frame
    if terrain.moved:
        return "grid.terrain is reprojected"
    ratios = [frame.dx / source.dx, frame.dy / source.dy]
    starts = [(frame.x0 - source.x0) / source.dx, (frame.y0 - source.y0) / source.dy]
    even = all(abs(value - round(value)) < 1e-6 for value in ratios + starts) and case.grid.resampling == "average"
    if even or aligned(source, frame) is not None:
        return ""
    return "cells of grid.terrain do not go evenly into those of the grid, or are not averaged"


def layer_files(case: Case) -> dict[str, tuple[Path, str]]:
    """Rasters over the grid besides the terrain, and their keys; raises CaseError."""
    found = {}
    if isinstance(case.grid.roughness, int | float):
        check_number(float(case.grid.roughness))
    else:
        found[ROUGHNESS] = case.grid.roughness, "grid.roughness"
    if case.losses.kind != "none" and case.losses.table is not None:
        found[CLASSES] = class_raster(case)
    return found


def uneven_layers(case: Case, frame: Frame) -> str:
    """Which rasters need to be brought onto the grid as a whole, and why; empty where none does."""
    reasons = []
    for name, (path, key) in layer_files(case).items():
        raster = open_raster(path, key)
        coarser = raster.frame.dx > frame.dx or raster.frame.dy > frame.dy
        reason = why_not_by_windows(raster, frame)
        if not reason and coarser and name == ROUGHNESS and raster.frame.size and not _whole_numbers(raster):
            reason = "holds numbers on cells larger than those of the grid"
        if reason:
            reasons.append(f"{key} {reason}")
    return "; ".join(reasons)


def _whole_numbers(raster: RasterFile) -> bool:
    """Whether the type of a raster is one for classes."""
    return raster.read(slice(0, 1), slice(0, 1), None).values.dtype.kind in "iu"


def plan(case: Case, frame: Frame, notes: list[str]) -> Work:
    """Read the shapes of a case and cut its grid into windows. Raises CaseError with all faults of them."""
    faults = Faults()
    listed = [(f"grid.edits[{n}]" + (f" ({e.name})" if e.name else ""), e) for n, e in enumerate(case.grid.edits)]
    changes, outlines = [], None
    for key, edit in [*listed, *measure_edits(case)]:
        try:
            changes.append(read_change(key, edit, frame, notes))
        except CaseError as error:
            faults.take(error)
    try:
        outlines = read_outlines(case, frame, notes)
    except CaseError as error:
        faults.take(error)
    faults.raise_if_any()
    raised = outlines.rows(frame) if outlines is not None and case.buildings.mode == "raised" else np.zeros((0, 2))
    leaning = [rows_of(s, c.edit, frame) for c in changes for s in c.shapes if leans_on_ends(s, c.edit)]
    cuts = [Strip((j0, j1), _held((j0, j1), frame.ny, raised, leaning)) for j0, j1, _, _ in strips(frame)]
    return Work(case, frame, changes, outlines, cuts, {})


def _held(rows: tuple[int, int], ny: int, roofs: np.ndarray, leaning: list[tuple[int, int]]) -> tuple[int, int]:
    """Rows to hold so that all roofs over ``rows`` are whole, and all breaches over these."""
    near = roofs[(roofs[:, 0] < rows[1]) & (roofs[:, 1] > rows[0])]
    low, high = min([rows[0], *near[:, 0]]), max([rows[1], *near[:, 1]])
    for _ in leaning:  # each may reach further ones
        for first, last in leaning:
            if first < high and last > low:
                low, high = min(low, first), max(high, last)
    return int(max(low, 0)), int(min(high, ny))


def too_much(work: Work) -> str:
    """Why windows would be hardly smaller than the grid; empty where they are."""
    most = max(strip.held[1] - strip.held[0] for strip in work.strips) * work.frame.nx
    return "" if most <= HELD else f"a building or a breach reaches over {most} cells of a window"


def strips(frame: Frame, cells: int = STRIP) -> Iterator[Window]:
    """Windows of whole rows, of about so many cells."""
    rows = max(cells // frame.nx, 1)
    for first in range(0, frame.ny, rows):
        yield first, min(first + rows, frame.ny), 0, frame.nx


def save(work: Work, folder: Path) -> None:
    """Write what all windows need into a folder that every worker can read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WORK).write_bytes(pickle.dumps(work))


def load(folder: Path) -> Work:
    """What `save` wrote."""
    work: Work = pickle.loads((folder / WORK).read_bytes())
    return work


def holds_classes(folder: Path, number: int) -> dict[str, bool]:
    """Whether the layers hold classes, as far as window ``number`` can tell."""
    work = load(folder)
    part = rows_part(work.frame, work.strips[number].rows)
    files = layer_files(work.case)
    return {name: layer_holds_classes(open_raster(path, key), part) for name, (path, key) in files.items()}


def with_layers(work: Work, told: list[dict[str, bool]]) -> Work:
    """The work, with what all windows together say of the layers."""
    return replace(work, layers={name: any(one[name] for one in told) for name in told[0]})


def rows_part(frame: Frame, rows: tuple[int, int]) -> Frame:
    """The frame of some rows of a frame."""
    return frame.part(slice(*rows), slice(0, frame.nx))
