"""Ground prepared window by window, so that no process ever holds all of it; the bits are those of `prepare_grid`.

Two passes: a look at every window finds what must be known of the whole (lowest and highest level, cells without data),
then every window is written to its place in files that can be mapped. Only plain ground can be prepared so; what cannot
is named by `whole_because`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid.frame import Frame, aligned
from floodsim.grid.grid import Grid, quantise_bed
from floodsim.grid.raster import Terrain, find_terrain, terrain_values

FIELDS: dict[str, type] = {"roughness": np.float32, "active": np.bool_, "building": np.uint8}
"""Fields besides the bed, and their types."""
STRIP = 4_000_000
"""Cells of one window."""

Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Look:
    """What a first look at a window found: lowest and highest level (m; inf and -inf without any), missing cells."""

    lowest: float
    highest: float
    missing: int
    first_missing: tuple[int, int] | None

    def joined(self, other: Look) -> Look:
        """Two windows together, this one first."""
        return Look(
            min(self.lowest, other.lowest), max(self.highest, other.highest), self.missing + other.missing,
            self.first_missing or other.first_missing,
        )  # fmt: skip


def whole_because(case: Case) -> str:
    """What of a case's ground needs the whole grid at once; empty where windows do."""
    grid = case.grid
    reasons = {
        "grid.terrain is missing": grid.terrain is None,
        "an ASCII terrain has no windows": grid.terrain is not None and grid.terrain.suffix.lower() == ".asc",
        'grid.nodata = "fill" follows holes': grid.nodata == "fill",
        "grid.edits follow lines and polygons": bool(grid.edits),
        "grid.buildings are polygons": grid.buildings != "none",
        "grid.roughness is a raster": not isinstance(grid.roughness, int | float),
        "losses.table needs classes": case.losses.kind != "none" and case.losses.table is not None,
    }
    return "; ".join(text for text, holds in reasons.items() if holds)


def plain_terrain(case: Case, notes: list[str]) -> Terrain | None:
    """The terrain of a case where its cells are those of the grid or divide them evenly; None where they do not."""
    terrain = find_terrain(case, notes)
    frame, source = terrain.frame, terrain.raster.frame
    ratios = [frame.dx / source.dx, frame.dy / source.dy]
    starts = [(frame.x0 - source.x0) / source.dx, (frame.y0 - source.y0) / source.dy]
    even = all(abs(value - round(value)) < 1e-6 for value in ratios + starts) and case.grid.resampling == "average"
    return terrain if not terrain.moved and (even or aligned(source, frame) is not None) else None


def strips(frame: Frame, cells: int = STRIP) -> Iterator[Window]:
    """Windows of whole rows, of about so many cells."""
    rows = max(cells // frame.nx, 1)
    for first in range(0, frame.ny, rows):
        yield first, min(first + rows, frame.ny), 0, frame.nx


def look(case: Case, window: Window) -> Look:
    """First pass: read a window, and say what is in it."""
    bed = _read(case, window)
    missing = np.isnan(bed)
    count = int(np.count_nonzero(missing))
    first = None
    if count:
        j, i = divmod(int(np.argmax(missing)), bed.shape[1])
        first = window[0] + j, window[2] + i
    lowest, highest = np.min(bed, where=~missing, initial=np.inf), np.max(bed, where=~missing, initial=-np.inf)
    return Look(float(lowest), float(highest), count, first)


def begin(folder: Path, frame: Frame, seen: Look) -> None:
    """Begin the files of the fields; they hold nothing yet."""
    folder.mkdir(parents=True, exist_ok=True)
    types: dict[str, Any] = {"bed": quantise_bed(np.array([seen.lowest, seen.highest])).dtype, **FIELDS}
    for name, dtype in types.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=frame.shape)


def fill(case: Case, folder: Path, window: Window, seen: Look) -> None:
    """Second pass: prepare a window and write it; ``seen`` is what all looks together found."""
    j0, j1, i0, i1 = window
    bed = _read(case, window)
    active = ~np.isnan(bed)
    bed[~active] = seen.highest
    assert isinstance(case.grid.roughness, int | float)  # `whole_because` has seen to it
    values = {
        "bed": quantise_bed(bed), "active": active,
        "roughness": np.float32(case.grid.roughness), "building": np.uint8(0),
    }  # fmt: skip
    for name, part in values.items():
        field = np.load(folder / f"{name}.npy", mmap_mode="r+")
        field[j0:j1, i0:i1] = part
        field.flush()


def check(case: Case, frame: Frame, seen: Look, notes: list[str]) -> None:
    """Raise CaseError for what `prepare_grid` would refuse, or append its note."""
    section = case.grid
    if seen.missing == frame.size:
        remedy = "check grid.nodata_value"
        raise CaseError(Fault("holds no data at all", str(section.terrain), "grid.terrain", remedy=remedy))
    if seen.first_missing is None:
        return
    if section.nodata == "refuse":
        j, i = seen.first_missing
        x, y = frame.x0 + (i + 0.5) * frame.dx, frame.y0 + (j + 0.5) * frame.dy
        raise CaseError(
            Fault(
                f"{seen.missing} of {frame.size} cells of the grid have no data; the first (from the south-west) is at "
                f"row {j}, column {i}, x = {x:.10g}, y = {y:.10g}",
                str(section.terrain), "grid.nodata", section.nodata,
                remedy='nodata = "outside" leaves them out of the domain, grid.extent can avoid them',
            )
        )  # fmt: skip
    notes.append(f"terrain: {seen.missing} of {frame.size} cells have no data and are outside the domain")


def mapped_grid(folder: Path, frame: Frame) -> Grid:
    """The grid in the files of a folder, mapped: nothing is read before it is used."""
    coords = {"y": frame.y0 + (np.arange(frame.ny) + 0.5) * frame.dy,
              "x": frame.x0 + (np.arange(frame.nx) + 0.5) * frame.dx}  # fmt: skip
    fields = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("bed", *FIELDS)}
    dataset = xr.Dataset({name: (("y", "x"), values) for name, values in fields.items()}, coords=coords)
    return Grid(dataset, float(frame.dx), float(frame.dy), frame.crs_wkt)


def _read(case: Case, window: Window) -> np.ndarray:
    """Levels of a window, float64 with NaN where there are none."""
    terrain = find_terrain(case, [])
    rows, columns = slice(*window[:2]), slice(*window[2:])
    return terrain_values(case, terrain, terrain.frame.part(rows, columns))
