"""From the ground sections of a case to a Grid: the order in which terrain, edits, roughness and buildings come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Faults
from floodsim.grid.buildings import Footprints, block_cells, raise_roofs, read_buildings
from floodsim.grid.edits import apply_edits, apply_keyed
from floodsim.grid.frame import Frame
from floodsim.grid.grid import Grid, make_grid
from floodsim.grid.holes import treat_holes
from floodsim.grid.measures import measure_edits
from floodsim.grid.pits import note_pits
from floodsim.grid.raster import read_terrain
from floodsim.grid.roughness import loss_classes, manning


def prepare_grid(case: Case, notes: list[str] | None = None) -> Grid:
    """Read and prepare the ground of a case; raises CaseError with every fault that can be found at once.

    The order is: terrain on its cells, cells without data, terrain edits and measures, roughness, loss classes,
    buildings. Cells outside the domain keep no level of their own; they get the highest active one, so that they never
    look like a place for water. Where ``losses.table`` is given, ``loss_class`` indexes the class codes in its
    attribute ``codes``. What the user should know is appended to ``notes``.
    """
    notes = [] if notes is None else notes
    bed, frame = read_terrain(case, notes)
    active = treat_holes(bed, frame, case.grid, notes)
    faults = Faults()
    _collect(faults, apply_edits, bed, active, case.grid.edits, frame, notes)
    _collect(faults, apply_keyed, bed, active, measure_edits(case), frame, notes)
    roughness = _collect(faults, manning, case, frame, active, notes)
    losses = _collect(faults, loss_classes, case, frame, active) if _wants_losses(case) else None
    houses = _collect(faults, read_buildings, case, frame, notes)
    faults.raise_if_any()
    return _assemble(case, frame, bed, active, roughness, losses, houses, notes)


def _collect(faults: Faults, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; its faults are kept for later, and its result is then None."""
    try:
        return function(*arguments)
    except CaseError as error:
        faults.take(error)
        return None


def _wants_losses(case: Case) -> bool:
    return case.losses.kind != "none" and case.losses.table is not None


def _assemble(
    case: Case,
    frame: Frame,
    bed: np.ndarray,
    active: np.ndarray,
    roughness: np.ndarray,
    losses: tuple[np.ndarray, list[int]] | None,
    houses: Footprints | None,
    notes: list[str],
) -> Grid:
    """Put buildings on the ground and everything into a Grid."""
    outside = ~active
    building = np.zeros(frame.shape, np.uint8)
    extra: dict[str, np.ndarray] = {}
    if houses is not None and case.buildings.mode == "raised":
        building = raise_roofs(bed, roughness, active, houses, case.roughness.building)
    elif houses is not None:
        building, extra["rain_share"] = block_cells(active, houses, frame, str(case.grid.buildings))
    if losses is not None:
        extra["loss_class"] = losses[0]
    note_pits(bed, outside, building == 2, frame, notes)
    bed[outside] = np.max(bed, where=~outside, initial=-np.inf)
    grid = make_grid(
        bed,
        frame.dx,
        frame.dy,
        x0=frame.x0,
        y0=frame.y0,
        roughness=roughness,
        active=active,
        building=building,
        crs_wkt=frame.crs_wkt,
        **extra,
    )
    if losses is not None:
        grid.dataset["loss_class"].attrs["codes"] = losses[1]
    return grid
