"""Whether what a case names by coordinates lies on the grid, on cells that hold water."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from floodsim.case.answer import WaterloggingPoint
from floodsim.case.schema import Case
from floodsim.case.water import Boundary
from floodsim.errors import CaseError, Faults
from floodsim.grid import crs
from floodsim.grid.extras import need
from floodsim.grid.frame import show_bounds
from floodsim.grid.geometry import (
    cells_in_circle,
    cells_in_polygon,
    cells_on_line,
    faces_on_line,
    points_in_polygon,
)
from floodsim.grid.grid import Grid
from floodsim.grid.vector import boundary_polygons, read_vectors

SIDES = {"west": (0, -1), "east": (0, 1), "south": (-1, 0), "north": (1, 0)}
"""Step in row and column that leads out over each edge."""
EDGE_INDEX: dict[int, slice] = {-1: slice(0, 1), 0: slice(None), 1: slice(-1, None)}
"""The first, all, or the last row or column, by the step that leads out."""


def check_placement(case: Case, grid: Grid, faults: Faults) -> None:
    """Record a fault for everything in a case that misses the grid or stands on cells that hold no water.

    Points, point sources and centres of waterlogging points need an active cell; areas and line sources at least one;
    discharge lines at least one face between active cells; boundaries at least one active cell on the outer edge.
    """
    for number, point in enumerate(case.points):
        _check_point(grid, point.x, point.y, f"points[{number}]", f"point {point.name!r}", faults)
    for number, source in enumerate(case.sources):
        key, what = f"sources[{number}]", f"source {source.name!r}"
        if source.kind == "point" and source.x is not None and source.y is not None:
            _check_point(grid, source.x, source.y, key, what, faults)
        elif source.coordinates is not None:
            _check_cells(grid, _mask(grid, source.coordinates), source.coordinates, key, what, faults)
    for number, line in enumerate(case.lines):
        _check_line(grid, line.coordinates, f"lines[{number}]", f"line {line.name!r}", faults)
    for number, area in enumerate(case.waterlogging_points):
        _check_area(grid, area, f"waterlogging_points[{number}]", faults)
    if case.waterlogging_file is not None:
        try:
            _check_waterlogging_file(case, grid, faults)
        except CaseError as error:
            faults.take(error)
    for number, boundary in enumerate(case.boundaries):
        try:
            _check_boundary(grid, boundary, f"boundaries[{number}]", faults)
        except CaseError as error:
            faults.take(error)


def _check_point(grid: Grid, x: float, y: float, key: str, what: str, faults: Faults) -> None:
    cell = grid.cell_of(x, y)
    value = f"x = {x:.10g}, y = {y:.10g}"
    if cell is None:
        faults.add(
            f"{what} is outside the grid",
            key=key,
            value=value,
            allowed=show_bounds(grid.bounds),
            remedy=guess_mistake(grid, x, y),
        )
    elif not grid.array("active")[cell]:
        blocked = grid.array("building")[cell] == 2
        reason = "is on a blocked building" if blocked else "is on a cell outside the domain"
        remedy = "move it to the street beside" if blocked else "move it onto ground with terrain data"
        faults.add(f"{what} {reason} (row {cell[0]}, column {cell[1]})", key=key, value=value, remedy=remedy)


def _check_cells(
    grid: Grid, mask: np.ndarray, coordinates: Sequence[tuple[float, float]], key: str, what: str, faults: Faults
) -> None:
    if (mask & grid.array("active")).any():
        return
    x, y = (float(value) for value in np.mean(np.asarray(coordinates)[:, :2], axis=0))
    value = f"around x = {x:.10g}, y = {y:.10g}"
    if mask.any():
        faults.add(
            f"{what} has only cells that hold no water", key=key, value=value, remedy="move it off the buildings"
        )
        return
    cell = grid.cell_of(x, y)
    said = "holds no cell centre of the grid" if cell is not None else "is outside the grid"
    remedy = "make it larger than a cell" if cell is not None else guess_mistake(grid, x, y)
    faults.add(f"{what} {said}", key=key, value=value, allowed=show_bounds(grid.bounds), remedy=remedy)


def _mask(grid: Grid, coordinates: Sequence[tuple[float, float]]) -> np.ndarray:
    mask = np.zeros(grid.shape, bool)
    for j, i in cells_on_line(grid, coordinates):
        mask[j, i] = True
    return mask


def _check_line(grid: Grid, coordinates: Sequence[tuple[float, float]], key: str, what: str, faults: Faults) -> None:
    faces = faces_on_line(grid, coordinates)
    if len(faces):
        j, i, axis = faces[:, 0], faces[:, 1], faces[:, 2]
        active = np.pad(grid.array("active"), 1)
        if (active[j + 1, i + 1] & active[j + (axis == 0), i + (axis == 1)]).any():
            return
        (x, y), said = coordinates[0], "crosses no face between two cells that hold water"
        remedy = "move it off the edge of the grid and the buildings"
    elif cells_on_line(grid, coordinates):
        (x, y), said, remedy = coordinates[0], "is shorter than a cell", "make it longer than a cell"
    else:
        x, y = coordinates[0]
        said, remedy = "is outside the grid", guess_mistake(grid, x, y)
    value = f"from x = {x:.10g}, y = {y:.10g}"
    faults.add(f"{what} {said}", key=key, value=value, allowed=show_bounds(grid.bounds), remedy=remedy)


def _check_area(grid: Grid, area: WaterloggingPoint, key: str, faults: Faults) -> None:
    what = f"waterlogging point {area.name!r}"
    if area.polygon is not None:
        _check_cells(grid, cells_in_polygon(grid, area.polygon), area.polygon, key, what, faults)
    elif area.x is not None and area.y is not None:
        _check_circle(grid, area.x, area.y, area.radius, key, what, faults)
    if area.lane is not None:
        _check_cells(grid, cells_in_polygon(grid, area.lane), area.lane, f"{key}.lane", f"lane of {what}", faults)


def _check_circle(grid: Grid, x: float, y: float, radius: float, key: str, what: str, faults: Faults) -> None:
    """The centre has to be on the grid; it may stand on a building as long as the circle holds a wet cell."""
    if grid.cell_of(x, y) is None:
        _check_point(grid, x, y, key, what, faults)
    else:
        _check_cells(grid, cells_in_circle(grid, x, y, radius), [(x, y)], key, what, faults)


def _check_waterlogging_file(case: Case, grid: Grid, faults: Faults) -> None:
    given = case.waterlogging_file
    assert given is not None
    layer = read_vectors(given.file, given.layer, given.encoding, key="waterlogging_file", crs_wkt=grid.crs_wkt)
    if given.name_field not in layer.columns:
        faults.add(
            "the layer has no such field",
            file=given.file,
            key="waterlogging_file.name_field",
            value=given.name_field,
            allowed=", ".join(str(name) for name in layer.columns if name != "geometry"),
            remedy="name a field of the layer",
        )
        return
    for name, shape in zip(layer[given.name_field], layer.geometry, strict=True):
        what = f"waterlogging point {str(name)!r} of {given.file.name}"
        if shape.geom_type == "Point":
            _check_circle(grid, shape.x, shape.y, given.radius, "waterlogging_file", what, faults)
        elif shape.geom_type in ("Polygon", "MultiPolygon"):
            parts = [list(part.exterior.coords) for part in getattr(shape, "geoms", [shape])]
            mask = np.any([cells_in_polygon(grid, part) for part in parts], axis=0)
            _check_cells(grid, mask, parts[0], "waterlogging_file", what, faults)
        else:
            faults.add(
                f"{what} is a {shape.geom_type}",
                file=given.file,
                key="waterlogging_file",
                allowed="points and polygons",
                remedy="choose another layer, or redraw it",
            )


def _check_boundary(grid: Grid, boundary: Boundary, key: str, faults: Faults) -> None:
    what = f"boundary {boundary.name!r}"
    cells = edge_cells(grid, boundary, key)
    if len(cells) == 0:
        xmin, ymin, xmax, ymax = grid.bounds
        upright = boundary.edge in ("west", "east")
        low, high = (ymin, ymax) if upright else (xmin, xmax)
        if boundary.edge is not None:
            allowed, value = f"{low:.10g} .. {high:.10g} ({'y' if upright else 'x'})", f"span {boundary.span}"
        else:
            allowed, value = show_bounds(grid.bounds), str(boundary.file or "polygon")
        remedy = "span counts in grid coordinates along the edge; a polygon has to reach over the edge of the grid"
        faults.add(f"{what} misses the edge of the grid", key=key, value=value, allowed=allowed, remedy=remedy)
        return
    if boundary.kind != "closed" and not grid.array("active")[cells[:, 0], cells[:, 1]].any():
        blocked = (grid.array("building")[cells[:, 0], cells[:, 1]] == 2).any()
        reason = "blocked buildings" if blocked else "cells outside the domain"
        faults.add(
            f"{what} ({boundary.kind}) lies wholly on {reason}",
            key=key,
            value=f"{len(cells)} cells",
            remedy="move it to a stretch where water can pass",
        )


def edge_cells(grid: Grid, boundary: Boundary, key: str = "boundaries") -> np.ndarray:
    """Cells inside the faces that a boundary names, int64 (n, 2) of row and column, active or not.

    With ``edge`` the cells along that edge of the grid within ``span`` (centres count). With polygons every cell with a
    face inside one of them (midpoints count) on the outer edge, or between the cell, if active, and one outside the
    domain; the walls of blocked buildings are no edge.
    Raises CaseError for a polygon file that cannot be read.
    """
    polygons = boundary_polygons(boundary, grid, key) if boundary.edge is None else []
    active = grid.array("active")
    around, houses = np.pad(active, 1), np.pad(grid.array("building") == 2, 1)
    (ny, nx), found = grid.shape, []
    for side, (dj, di) in SIDES.items():
        rim = np.zeros(grid.shape, bool)
        rim[EDGE_INDEX[dj], EDGE_INDEX[di]] = True
        if boundary.edge is None:
            beside = (slice(1 + dj, 1 + dj + ny), slice(1 + di, 1 + di + nx))
            rim |= active & ~around[beside] & ~houses[beside]
        j, i = np.nonzero(rim)
        x, y = grid.x[i] + di * grid.dx / 2, grid.y[j] + dj * grid.dy / 2
        take = np.full(len(j), boundary.edge == side)
        if boundary.edge is not None and boundary.span is not None:
            along = x if di == 0 else y
            take &= (along >= min(boundary.span)) & (along <= max(boundary.span))
        for polygon in polygons:
            take |= points_in_polygon(x, y, polygon)
        found.append(np.stack([j[take], i[take]], axis=1))
    return np.unique(np.concatenate(found), axis=0).astype(np.int64)


# --- what went wrong ---------------------------------------------------------------------------------------------


def guess_mistake(grid: Grid, x: float, y: float) -> str:
    """The likeliest reason why a point misses the grid, as a remedy."""
    if grid.cell_of(y, x) is not None:
        return "x and y look swapped (x is east, y is north)"
    if x >= 1e6 and grid.cell_of(x % 1e6, y) is not None:
        return f"x seems to carry the zone number {int(x // 1e6)} in front; leave it out"
    if grid.bounds[0] >= 1e6 and grid.cell_of(grid.bounds[0] // 1e6 * 1e6 + x, y) is not None:
        return f"x seems to lack the zone number {int(grid.bounds[0] // 1e6)} in front"
    if grid.crs_wkt:
        other = _other_crs(grid, x, y)
        if other:
            return f"the coordinates look like {other}; give them in {crs.describe(grid.crs_wkt)}"
    return "give coordinates inside the grid, in its CRS"


def _other_crs(grid: Grid, x: float, y: float) -> str:
    """A common CRS in which the point would lie on the grid, or an empty text."""
    pyproj = need("pyproj", "looking for the CRS of a point")
    if -180 <= x <= 180 and -90 <= y <= 90:
        codes = [4490]
    else:
        own = crs.parse(grid.crs_wkt)
        to_degrees = pyproj.Transformer.from_crs(own, own.geodetic_crs, always_xy=True)
        longitude, _ = to_degrees.transform(
            *(float(np.mean(pair)) for pair in zip(grid.bounds[:2], grid.bounds[2:], strict=True))
        )
        three, six, utm = round((longitude - 75) / 3), int((longitude - 72) // 6), int((longitude + 180) // 6)
        codes = [4534 + zone for zone in range(three - 2, three + 3) if 0 <= zone <= 20]
        codes += [4513 + zone for zone in range(three - 2, three + 3) if 0 <= zone <= 20]
        codes += [4502 + zone for zone in range(six - 1, six + 2) if 0 <= zone <= 10]
        codes += [32601 + zone for zone in range(utm - 1, utm + 2) if 0 <= zone < 60]
    for code in codes:
        there = pyproj.Transformer.from_crs(f"EPSG:{code}", crs.parse(grid.crs_wkt), always_xy=True)
        east, north = there.transform(x, y)
        if grid.cell_of(east, north) is not None:
            return ("degrees, " if code == 4490 else "") + crs.describe(f"EPSG:{code}")
    return ""
