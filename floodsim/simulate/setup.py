"""From a case and its grid to everything that takes part in a run. All faults are found before the first step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.case.water import Boundary as BoundarySection
from floodsim.case.water import Source as SourceSection
from floodsim.drainage.read_inp import read_inp
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.build import build_series, rain_and_warnings, rating_table
from floodsim.forcing.green_roofs import rain_on_ground
from floodsim.forcing.series import Rain
from floodsim.grid.geometry import cells_on_line, points_in_polygon
from floodsim.grid.grid import Grid
from floodsim.grid.measures import on_grid
from floodsim.grid.placement import check_placement
from floodsim.grid.prepare import prepare_grid
from floodsim.grid.raster import depth_raster
from floodsim.grid.roughness import loss_classes
from floodsim.grid.vector import boundary_polygons
from floodsim.output.areas import waterlogging_areas
from floodsim.output.zones import drainage_zones
from floodsim.simulate.coupling import Drainage
from floodsim.simulate.drainage import make_drainage
from floodsim.surface.edges import Boundary, edge_faces, face_centres
from floodsim.surface.loss_table import single_row, table_rows
from floodsim.surface.losses import KINDS, Losses
from floodsim.surface.permeable import permeable_ground
from floodsim.surface.sources import Source
from floodsim.surface.state import still_water


@dataclass(frozen=True)
class Rating:
    """Outflow (m3/s) by the level (m): linear between the rows of a table, constant beyond them."""

    levels: np.ndarray
    discharges: np.ndarray

    def __call__(self, level: float) -> float:
        """Outflow (m3/s) at a level (m)."""
        return float(np.interp(level, self.levels, self.discharges))


SIDES = {"west": (0, -1), "east": (0, 1), "south": (1, -1), "north": (1, 1)}


@dataclass
class Setup:
    """The ready-made parts of a run; ``depth`` (ny, nx) is the water at the start, ``notes`` are for the user."""

    grid: Grid
    rain: Rain
    boundaries: list[Boundary]
    sources: list[Source]
    losses: Losses
    depth: np.ndarray | None
    notes: list[str]
    drainage: Drainage | None = None

    def close(self) -> None:
        """End what the network's engine has running."""
        if self.drainage is not None:
            self.drainage.engine.close()


def make_setup(case: Case, grid: Grid | None = None, *, ready: bool = False) -> Setup:
    """Prepare everything a case names; ``grid`` replaces the case's terrain, and is ``ready`` where it is this terrain
    with all that the case does to it. Raises CaseError with all faults found.
    """
    notes: list[str] = []
    faults = Faults()
    try:
        if grid is None:
            grid = prepare_grid(case, notes=notes)
        elif not ready:
            grid = on_grid(case, grid)
    except CaseError as error:
        faults.take(error)
        _check_water(case, faults)
        raise CaseError(faults.found) from None
    check_placement(case, grid, faults)
    misplaced = {fault.key for fault in faults.found}
    parts: dict[str, Any] = {}
    builders: dict[str, Callable[[Case, Grid], Any]] = {
        "rain": rain_on_ground,
        "boundaries": place_boundaries,
        "sources": place_sources,
        "losses": make_losses,
        "depth": initial_depth,
        "areas": waterlogging_areas,
        "zones": drainage_zones,
        "drainage": make_drainage,
    }
    for name, build in builders.items():
        try:
            parts[name] = build(case, grid)
        except CaseError as error:
            # What is misplaced holds no cells either; that need not be said twice.
            faults.found += [one for one in error.faults if one.key.split(" feature ")[0] not in misplaced]
    faults.raise_if_any()
    rain, warnings = parts.pop("rain")
    if parts["drainage"] is not None:
        warnings = warnings + parts["drainage"].notes
    for name in ("areas", "zones"):  # found again where they are used; here they only had to be without a fault
        parts.pop(name)
    return Setup(grid=grid, rain=rain, notes=notes + warnings, **parts)


def _check_water(case: Case, faults: Faults) -> None:
    """Record what is wrong with rain, series and tables, as far as that can be said without a grid."""
    checks: list[Callable[[], object]] = []
    if case.rainfall.kind != "gridded":
        checks.append(lambda: rain_and_warnings(case, None))
    if case.drainage is not None:
        checks.append(partial(read_inp, case.drainage.network))
    nowhere = np.zeros((0, 6), np.int64)
    for number, section in enumerate(case.boundaries):
        checks.append(partial(_boundary, section, nowhere, case, f"boundaries[{number}]"))
    for number, source in enumerate(case.sources):
        checks.append(partial(build_series, source.discharge, case, f"sources[{number}].discharge"))
    for check in checks:
        try:
            check()
        except CaseError as error:
            faults.take(error)


def place_boundaries(case: Case, grid: Grid) -> list[Boundary]:
    """Boundaries with their faces and series; a face belongs to the first boundary that claims it.

    A cell outside that has become the ghost of one face is open to all its neighbours, so in a corner of the domain's
    edge a boundary takes the other faces of its ghosts along.
    """
    every = edge_faces(grid)
    ghost = every[:, 0] * (grid.shape[1] + 2) + every[:, 1]
    x, y = face_centres(grid, every)
    taken = np.zeros(len(every), bool)
    faults, placed = Faults(), []
    for number, section in enumerate(case.boundaries):
        key = f"boundaries[{number}]"
        try:
            mine = _claim(section, grid, every, x, y, key) & ~taken
            if not mine.any():
                faults.add(
                    "no face of the domain's edge lies there, or another boundary has it already",
                    key=key,
                    value=section.name,
                    remedy="check edge and span, or the polygon; write `floodsim check --out DIR` and look in a GIS",
                )
                continue
            if section.kind != "closed":
                mine |= np.isin(ghost, ghost[mine]) & ~taken
            taken |= mine
            if section.kind != "closed":
                placed.append(_boundary(section, every[mine], case, key))
        except CaseError as error:
            faults.take(error)
    faults.raise_if_any()
    return placed


def _claim(
    section: BoundarySection, grid: Grid, faces: np.ndarray, x: np.ndarray, y: np.ndarray, key: str
) -> np.ndarray:
    """Which of the edge faces a boundary means."""
    if section.edge is None:
        inside = np.zeros(len(faces), bool)
        for polygon in boundary_polygons(section, grid, key):
            inside |= points_in_polygon(x, y, polygon)
        return inside
    axis, sign = SIDES[section.edge]
    rim = (0, grid.shape[1 - axis] + 1)[sign > 0]
    mine = (faces[:, 4] == axis) & (faces[:, 5] == sign) & (faces[:, 1 - axis] == rim)
    if section.span is not None:
        along = y if axis == 0 else x
        mine &= (along >= min(section.span)) & (along <= max(section.span))
    return mine


def _boundary(section: BoundarySection, faces: np.ndarray, case: Case, key: str) -> Boundary:
    series, rating = None, None
    if section.kind == "level" and section.level is not None:
        series = build_series(section.level, case, f"{key}.level")
    elif section.kind == "discharge" and section.discharge is not None:
        series = build_series(section.discharge, case, f"{key}.discharge")
    elif section.kind == "rating" and section.table is not None:
        rating = Rating(*rating_table(section.table, f"{key}.table"))

    return Boundary(section.name, section.kind, faces, series, section.slope, rating)


def place_sources(case: Case, grid: Grid) -> list[Source]:
    """Point and line sources with their cells (inside the domain only) and series."""
    faults, placed = Faults(), []
    for number, section in enumerate(case.sources):
        key = f"sources[{number}]"
        try:
            series = build_series(section.discharge, case, f"{key}.discharge")
            placed.append(Source(section.name, _source_cells(section, grid, key), series))
        except CaseError as error:
            faults.take(error)
    faults.raise_if_any()
    return placed


def _source_cells(section: SourceSection, grid: Grid, key: str) -> np.ndarray:
    if section.kind == "point" and section.x is not None and section.y is not None:
        cell = grid.cell_of(section.x, section.y)
        cells = [] if cell is None else [cell]
    else:
        cells = list(cells_on_line(grid, section.coordinates or []))
    active = grid.array("active")
    cells = [cell for cell in cells if active[cell]]
    if not cells:
        raise CaseError(
            Fault(
                "lies outside the domain",
                key=key,
                value=section.name,
                remedy="move it onto open ground",
            )
        )
    return np.array(cells, np.int64)


def make_losses(case: Case, grid: Grid) -> Losses:
    """The infiltration model of a case on a grid; roofs and blocked cells do not infiltrate unless the case says so."""
    section = case.losses
    if section.kind == "none":
        return Losses.none()
    if section.table is not None:
        classes, codes = _loss_classes(case, grid)
        table = table_rows(section, codes)
    else:
        classes, table = np.zeros((1, 1), np.uint8), np.array([single_row(section)])
    classes, table = permeable_ground(case, grid, classes, table)
    roofs = grid.array("building") > 0
    if roofs.any() and not section.roofs:
        classes = np.where(roofs, np.uint8(len(table)), np.broadcast_to(classes, grid.shape)).astype(np.uint8)
        table = np.vstack([table, _tight(section.kind)])
    return Losses(KINDS[section.kind], classes, table, np.zeros(grid.shape, np.float32))


def _loss_classes(case: Case, grid: Grid) -> tuple[np.ndarray, list[int]]:
    """Class of each cell and the codes they stand for, as the grid was prepared or out of the case's raster."""
    if grid.has("loss_class"):
        return grid.array("loss_class"), grid.dataset["loss_class"].attrs["codes"]
    return loss_classes(case, grid, grid.array("active"))


def _tight(kind: str) -> tuple[float, float, float]:
    """Parameters of ground that takes nothing."""
    return (0.0, 0.0, 0.0) if kind != "horton" else (0.0, 0.0, 1.0)


def initial_depth(case: Case, grid: Grid) -> np.ndarray | None:
    """Water at the start (ny, nx) in m, or None where the grid starts dry."""
    if case.initial.level is not None:
        return still_water(grid, case.initial.level)
    if case.initial.depth is None:
        return None
    if isinstance(case.initial.depth, float):
        return np.full(grid.shape, case.initial.depth) if case.initial.depth > 0.0 else None
    return depth_raster(case.initial.depth, grid)
