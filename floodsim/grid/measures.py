"""Measures on the ground: lines lowered or raised as terrain edits, and the cells that an area of a measure covers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from floodsim.case.ground import TerrainEdit
from floodsim.case.measures import Measure
from floodsim.case.plan import applied_measures
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid.edits import apply_keyed
from floodsim.grid.extras import need
from floodsim.grid.frame import frame_of
from floodsim.grid.geometry import cells_in_polygon, cells_of_rings
from floodsim.grid.grid import BED_QUANTUM, Grid
from floodsim.grid.vector import read_polygons


def measure_edits(case: Case) -> list[tuple[str, TerrainEdit]]:
    """Terrain edits of the measures that hold in a case, each with the key of its measure."""
    return [
        (key, TerrainEdit(
            name=measure.name,
            kind="lower" if measure.kind == "channel" else "wall",
            file=measure.file,
            layer=measure.layer,
            coordinates=measure.coordinates,
            by=measure.by,
            level=measure.level,
            width=measure.width,
        ))
        for key, measure in applied_measures(case)
        if measure.kind in ("channel", "wall")
    ]  # fmt: skip


def on_grid(case: Case, grid: Grid) -> Grid:
    """A grid that was made elsewhere, with the lines that the measures of a case lower and raise; raises CaseError."""
    edits = measure_edits(case)
    if not edits:
        return grid
    dataset = grid.dataset.copy()
    bed = grid.array("bed").astype(np.float64)
    apply_keyed(bed, grid.array("active"), edits, frame_of(grid), [])
    bed = np.round(bed / BED_QUANTUM) * BED_QUANTUM
    dataset["bed"] = dataset["bed"].copy(data=bed.astype(dataset["bed"].dtype))
    return replace(grid, dataset=dataset)


def measure_area(measure: Measure, grid: Grid, key: str) -> np.ndarray:
    """Cells (ny, nx) bool whose centre lies in the polygons of a measure; all of them where it names none.

    Raises CaseError where the file has faults or no cell lies inside.
    """
    if measure.coordinates is not None:
        inside = cells_in_polygon(grid, measure.coordinates)
    elif measure.file is not None:
        shapely = need("shapely", "reading areas of measures")
        layer = read_polygons(measure.file, measure.layer, key=f"{key}.file", crs_wkt=grid.crs_wkt)
        parts = [part for shape in layer.geometry for part in shapely.get_parts(shape)]
        rings = [(k, shapely.get_coordinates(ring)) for k, part in enumerate(parts) for ring in shapely.get_rings(part)]
        covered = cells_of_rings(grid, rings)
        inside = np.zeros(grid.shape, bool)
        inside[covered.rows, covered.cols] = True
    else:
        return np.ones(grid.shape, bool)
    if not inside.any():
        bounds = "x from {0:g} to {2:g}, y from {1:g} to {3:g}".format(*grid.bounds)
        remedy = "check the coordinates (x, y in the CRS of the grid), and whether the area is larger than a cell"
        raise CaseError(Fault("covers no cell of the grid", key=key, value=measure.name, allowed=bounds, remedy=remedy))
    return inside
