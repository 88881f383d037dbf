"""Ground prepared window by window, so that no process ever holds all of it; the bits are those of `prepare_grid`.

A look at every window of a `Work` finds what must be known of the whole (lowest and highest level, cells without data,
classes); `fill` then writes every window to its place in files that can be mapped, and `finish` shares out the rain of
blocked buildings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid.buildings import BLOCKED, RAISED, all_blocked, note_effect, raise_roofs, share_rain
from floodsim.grid.edits import apply_change, touches_nothing
from floodsim.grid.frame import Frame
from floodsim.grid.geometry import Covered
from floodsim.grid.grid import Grid, quantise_bed
from floodsim.grid.raster import find_terrain, open_raster, read_layer_window, terrain_values
from floodsim.grid.roughness import ManningLaw, Survey, loss_codes, loss_index, manning_law, survey
from floodsim.grid.window_plan import CLASSES, ROUGHNESS, Strip, Work, layer_files, load, rows_part

FIELDS: dict[str, type] = {"roughness": np.float32, "active": np.bool_, "building": np.uint8}
"""Fields besides the bed, and their types."""


@dataclass(frozen=True)
class Look:
    """What a first look at a window found: lowest and highest level (m; inf and -inf without any), missing cells.

    ``free`` says whether any cell holds water, ``touched`` which edits touch a cell there, ``covering`` are the
    polygons of buildings that cover one.
    """

    lowest: float
    highest: float
    missing: int
    first_missing: tuple[int, int] | None
    free: bool
    touched: np.ndarray
    covering: np.ndarray
    surveys: dict[str, Survey]

    def joined(self, other: Look) -> Look:
        """Two windows together, this one first."""
        return Look(
            min(self.lowest, other.lowest), max(self.highest, other.highest), self.missing + other.missing,
            self.first_missing or other.first_missing, self.free or other.free, self.touched | other.touched,
            np.union1d(self.covering, other.covering),
            {name: seen.joined(other.surveys[name]) for name, seen in self.surveys.items()},
        )  # fmt: skip


@dataclass(frozen=True)
class Law:
    """What follows for every window from the looks at all of them."""

    highest: float
    roughness: ManningLaw | None
    codes: list[int] | None


def look(folder: Path, number: int) -> Look:
    """First pass: prepare a window, and say what is in it."""
    work = load(folder)
    ground = _prepare(work, work.strips[number])
    known = ground.bed[~ground.missing]
    first = None
    if ground.missing.any():
        j, i = divmod(int(np.argmax(ground.missing)), work.frame.nx)
        first = work.strips[number].rows[0] + j, i
    rows = work.strips[number].rows
    surveys = {name: survey(*_layer(work, name, rows), work.layers[name], ~ground.missing, rows[0])
               for name in work.layers}  # fmt: skip
    lowest, highest = float(np.min(known, initial=np.inf)), float(np.max(known, initial=-np.inf))
    missing = int(np.count_nonzero(ground.missing))
    return Look(lowest, highest, missing, first, bool(ground.active.any()), ground.touched, ground.covering, surveys)


def check(work: Work, seen: Look, notes: list[str]) -> Law:
    """Raise CaseError for what `prepare_grid` would refuse, or append its notes; gives what follows for all windows."""
    _check_missing(work.case, work.frame, seen, notes)
    faults = Faults()
    faults.found += [touches_nothing(change, work.frame)
                     for change, touched in zip(work.changes, seen.touched, strict=True) if not touched]  # fmt: skip
    case, law, codes = work.case, None, None
    try:
        if ROUGHNESS in work.layers:
            file = layer_files(case)[ROUGHNESS][0]
            law = manning_law(case, file, work.layers[ROUGHNESS], seen.surveys[ROUGHNESS], notes)
        if CLASSES in work.layers:
            codes = loss_codes(case, work.layers[CLASSES], seen.surveys[CLASSES])
    except CaseError as error:
        faults.take(error)
    try:
        if work.outlines is not None:
            note_effect(case, work.frame, work.outlines, seen.covering.size, notes)
            if not seen.free:
                raise CaseError(all_blocked(str(case.grid.buildings)))
    except CaseError as error:
        faults.take(error)
    faults.raise_if_any()
    return Law(seen.highest, law, codes)


def _check_missing(case: Case, frame: Frame, seen: Look, notes: list[str]) -> None:
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


def begin(work: Work, folder: Path, seen: Look) -> None:
    """Begin the files of the fields; they hold nothing yet."""
    types: dict[str, Any] = {"bed": quantise_bed(np.array([seen.lowest, seen.highest])).dtype, **FIELDS}
    if CLASSES in work.layers:
        types[CLASSES] = np.uint8
    if _blocks(work):
        types["rain_share"] = np.float32
    for name, dtype in types.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=work.frame.shape)


def fill(folder: Path, number: int, law: Law) -> None:
    """Second pass: prepare a window and write it."""
    work = load(folder)
    strip, case = work.strips[number], work.case
    ground = _prepare(work, strip)
    ground.bed[ground.missing] = law.highest
    if law.roughness is None:
        roughness = np.full(ground.bed.shape, case.grid.roughness, np.float32)
    else:
        roughness = law.roughness.on(*_layer(work, ROUGHNESS, strip.rows))
    roughness[ground.building == RAISED] = case.roughness.building
    levels = quantise_bed(ground.bed)
    values = {"bed": levels, "active": ground.active, "roughness": roughness, "building": ground.building}
    if law.codes is not None:
        values[CLASSES] = loss_index(*_layer(work, CLASSES, strip.rows), ~ground.missing, law.codes)
    if _blocks(work):
        values["rain_share"] = ground.active
    for name, part in values.items():
        field = np.load(folder / f"{name}.npy", mmap_mode="r+")
        field[strip.rows[0] : strip.rows[1]] = part
        field.flush()


def finish(work: Work, folder: Path) -> None:
    """Share out the rain of blocked buildings, which may reach over several windows."""
    if work.outlines is None or not _blocks(work):
        return
    fields = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("active", "building")}
    covered = work.outlines.within(work.frame).covered
    inside = fields["building"][covered.rows, covered.cols] == BLOCKED
    share = np.load(folder / "rain_share.npy", mmap_mode="r+")
    share_rain(Covered(*(part[inside] for part in covered)), len(work.outlines.heights), fields["active"], share)
    share.flush()


def mapped_grid(work: Work, folder: Path, law: Law) -> Grid:
    """The grid in the files of a folder, mapped: nothing is read before it is used."""
    frame = work.frame
    coords = {"y": frame.y0 + (np.arange(frame.ny) + 0.5) * frame.dy,
              "x": frame.x0 + (np.arange(frame.nx) + 0.5) * frame.dx}  # fmt: skip
    names = ["bed", *FIELDS, *(name for name in ("rain_share", CLASSES) if (folder / f"{name}.npy").exists())]
    fields = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}
    dataset = xr.Dataset({name: (("y", "x"), values) for name, values in fields.items()}, coords=coords)
    if law.codes is not None:
        dataset[CLASSES].attrs["codes"] = law.codes
    return Grid(dataset, float(frame.dx), float(frame.dy), frame.crs_wkt)


@dataclass(frozen=True)
class _Ground:
    """The rows that a window writes: bed float64 (m), cells that hold water, those without terrain, buildings."""

    bed: np.ndarray
    active: np.ndarray
    missing: np.ndarray
    building: np.ndarray
    touched: np.ndarray
    covering: np.ndarray


def _prepare(work: Work, strip: Strip) -> _Ground:
    case, frame, (first, last) = work.case, work.frame, strip.held
    bed = terrain_values(case, find_terrain(case, []), rows_part(frame, strip.held))
    missing = np.isnan(bed)
    active = ~missing
    touched = np.array([apply_change(bed, active, change, frame, first) for change in work.changes], bool)
    building, covering = np.zeros(bed.shape, np.uint8), np.zeros(0, np.int64)
    if work.outlines is not None:
        houses = work.outlines.within(frame, (first, last))
        covering = np.unique(houses.covered.owner).astype(np.int64)
        if _blocks(work):
            rows, columns = houses.covered.rows, houses.covered.cols
            building[rows, columns] = np.where(active[rows, columns], BLOCKED, 0)
            active[building == BLOCKED] = False
        else:  # the roughness of roofs is set later
            building = raise_roofs(bed, np.empty(bed.shape, np.float32), active, houses, 0.0)
    own = slice(strip.rows[0] - first, strip.rows[1] - first)
    return _Ground(bed[own], active[own], missing[own], building[own], touched, covering)


def _blocks(work: Work) -> bool:
    return work.outlines is not None and work.case.buildings.mode == "blocked"


def _layer(work: Work, name: str, rows: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Values of a layer on rows of the grid, and where they are missing."""
    return read_layer_window(open_raster(*layer_files(work.case)[name]), rows_part(work.frame, rows), work.layers[name])
