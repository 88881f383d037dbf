"""Buildings of a run and the water beside them: which ones, how large, how deep, in which class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.errors import CaseError
from floodsim.grid.geometry import cells_of_rings
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results


@dataclass(frozen=True)
class Buildings:
    """Buildings as cells: ``label`` (ny, nx) int32 holds the number of the building from 1, 0 on open ground.

    ``area`` (n,) in m2: the footprint of building k+1. ``source`` is "file" where every building is a polygon of the
    case's file, "cells" where connected cells count as one building, so that houses wall to wall are one.
    ``unresolved`` counts polygons too small to hold the centre of a cell.
    """

    label: np.ndarray
    area: np.ndarray
    source: str
    unresolved: int = 0

    @property
    def count(self) -> int:
        """Number of buildings on the grid."""
        return int(self.area.size)


def buildings_of(results: Results) -> Buildings:
    """The buildings of a run: polygons of the file its case names if it still can be read, else connected cells."""
    grid = results.grid
    covered = grid.array("building") > 0
    file = (results.case.get("grid") or {}).get("buildings")
    if isinstance(file, str) and Path(file).is_file():
        try:
            return _from_file(Path(file), results.case.get("buildings") or {}, grid, covered)
        except CaseError:
            pass  # without the geo extra, or the file has changed: cells tell as much as the run knew
    from scipy import ndimage

    label, count = ndimage.label(covered)
    area = np.bincount(label.ravel(), minlength=count + 1)[1:] * grid.cell_area
    return Buildings(label.astype(np.int32), area, "cells")


def worst_beside(buildings: Buildings, field: np.ndarray) -> np.ndarray:
    """Largest value of ``field`` (ny, nx) in the open cells beside each building, (n,); 0 where it has none."""
    label, worst = buildings.label, np.zeros(buildings.count + 1)
    open_field = np.where(label == 0, np.nan_to_num(field), 0)
    for here, there in _neighbours():
        np.maximum.at(worst, label[here], open_field[there])
    return worst[1:]


def _neighbours() -> list[tuple[Any, Any]]:
    head, tail, every = slice(None, -1), slice(1, None), slice(None)
    pairs = [((head, every), (tail, every)), ((every, head), (every, tail))]
    return [*pairs, *((there, here) for here, there in pairs)]


def _from_file(file: Path, section: dict[str, Any], grid: Grid, covered: np.ndarray) -> Buildings:
    from floodsim.grid.vector import read_polygons

    shapes = read_polygons(file, section.get("layer"), section.get("encoding"), crs_wkt=grid.crs_wkt)
    rings = [
        (number, np.asarray(ring.coords)[:, :2])
        for number, shape in enumerate(shapes.geometry, 1)
        for part in getattr(shape, "geoms", (shape,))
        for ring in (part.exterior, *part.interiors)
    ]
    cells = cells_of_rings(grid, rings)
    label = np.zeros(grid.shape, np.int32)
    label[cells.rows, cells.cols] = cells.owner
    label[~covered] = 0
    keep = np.unique(label[covered & (label > 0)])
    consecutive = np.zeros(len(shapes) + 1, np.int32)
    consecutive[keep] = np.arange(1, keep.size + 1)
    label = consecutive[label]
    area = np.asarray(shapes.geometry.area, float)[keep - 1]
    return Buildings(label, area, "file", len(shapes) - keep.size)
