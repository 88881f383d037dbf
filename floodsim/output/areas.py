"""Waterlogging points 易涝积水点 as cells of the grid: what the series follow and what the verdict is given on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.case.answer import WaterloggingFile
from floodsim.case.schema import Case
from floodsim.case.zones import ZoneFile
from floodsim.errors import CaseError, Faults
from floodsim.grid.geometry import cells_in_circle, cells_in_polygon
from floodsim.grid.grid import Grid
from floodsim.grid.vector import read_vectors

AREA_KINDS = ("central", "non_central", "important", "hub")
SHAPES = ("Point", "MultiPoint", "Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Area:
    """A waterlogging point on the grid: ``rows`` and ``columns`` (n,) of its cells without roofs.

    ``on_lane`` (n,) bool marks the cells on which the depth limit is judged; all of them where no lane was given.
    """

    name: str
    area_kind: str
    historical: bool
    rows: np.ndarray
    columns: np.ndarray
    on_lane: np.ndarray


def waterlogging_areas(case: Case, grid: Grid) -> list[Area]:
    """Cells of every waterlogging point of a case; roofs and cells outside the domain are left out.

    Raises CaseError with all faults: no cells, an unknown area kind, a name used twice, an unreadable file.
    """
    faults = Faults()
    open_ground = grid.array("active").astype(bool) & (grid.array("building") == 0)
    areas: list[Area] = []
    for key, point in _inline(case):
        inside, lane = _masks(point, grid)
        _add(areas, faults, key, point, inside & open_ground, lane)
    if case.waterlogging_file is not None:
        try:
            for key, point in _from_file(case.waterlogging_file, grid, faults):
                _add(areas, faults, key, point, shape_mask(grid, point["shape"], point["radius"]) & open_ground, None)
        except CaseError as error:
            faults.take(error)
    faults.raise_if_any()
    return areas


def _inline(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, point in enumerate(case.waterlogging_points):
        yield f"waterlogging_points[{number}]", dict(point)


def _masks(point: dict[str, Any], grid: Grid) -> tuple[np.ndarray, np.ndarray | None]:
    if point["polygon"]:
        inside = cells_in_polygon(grid, point["polygon"])
    elif point["x"] is not None and point["y"] is not None:
        inside = cells_in_circle(grid, point["x"], point["y"], point["radius"])
    else:
        inside = np.zeros(grid.shape, bool)
    return inside, cells_in_polygon(grid, point["lane"]) if point["lane"] else None


def _add(
    areas: list[Area], faults: Faults, key: str, point: dict[str, Any], inside: np.ndarray, lane: np.ndarray | None
) -> None:
    """Add one area, or a fault that says why it cannot be."""
    name = point["name"]
    if any(area.name == name for area in areas):
        faults.add(
            "two waterlogging points 易涝积水点 have the same name", key=f"{key}.name", value=name, remedy="rename one"
        )
    if not inside.any():
        faults.add(
            f"waterlogging point 易涝积水点 {name!r} holds no open cell of the domain",
            key=key,
            remedy="give x and y with a radius, or a polygon, inside the domain; it may not lie on roofs only",
        )
        return
    on_lane = inside if lane is None else inside & lane
    if not on_lane.any():
        faults.add(
            f"the lane of waterlogging point 易涝积水点 {name!r} holds no centre of an open cell of the point",
            key=f"{key}.lane",
            remedy="draw the lane inside the point and at least a cell wide, or refine grid.resolution",
        )
        return
    rows, columns = np.nonzero(inside)
    areas.append(Area(name, point["area_kind"], point["historical"], rows, columns, on_lane[rows, columns]))


def _from_file(section: WaterloggingFile, grid: Grid, faults: Faults) -> Iterator[tuple[str, dict[str, Any]]]:
    """Points of a vector layer as dictionaries; attributes that are missing take the defaults."""
    what = "a waterlogging point 易涝积水点 must be a point or a polygon"
    for key, name, row in named_features(section, "waterlogging_file", SHAPES, what, grid, faults):
        kind = row.get(section.area_kind_field)
        kind = "central" if _missing(kind) else str(kind)
        if kind not in AREA_KINDS:
            faults.add(
                "unknown area kind", file=section.file, key=f"{key}: {section.area_kind_field}", value=kind,
                allowed=", ".join(AREA_KINDS), remedy=f"correct the attribute {section.area_kind_field} of the layer",
            )  # fmt: skip
            continue
        shape = row.geometry
        yield key, {"name": name, "area_kind": kind, "historical": True, "shape": shape, "radius": section.radius}


def named_features(
    section: WaterloggingFile | ZoneFile, key: str, shapes: tuple[str, ...], what: str, grid: Grid, faults: Faults
) -> Iterator[tuple[str, str, Any]]:
    """Key, name (or number from 1) and row of every feature of a vector file; a fault where it has another shape."""
    table = read_vectors(section.file, section.layer, section.encoding, key=key, crs_wkt=grid.crs_wkt)
    for number, (_, row) in enumerate(table.iterrows()):
        place = f"{key} feature {number + 1}"
        if row.geometry.geom_type not in shapes:
            faults.add(
                what, file=section.file, key=place, value=row.geometry.geom_type, allowed=", ".join(shapes),
                remedy="choose another layer, or redraw it",
            )  # fmt: skip
            continue
        name = row.get(section.name_field)
        yield place, f"{number + 1}" if _missing(name) else str(name), row


def _missing(value: Any) -> bool:
    return value is None or value != value or value == ""


def shape_mask(grid: Grid, shape: Any, radius: float) -> np.ndarray:
    """Cells of a point (as a circle), a polygon with holes, or several of these."""
    inside = np.zeros(grid.shape, bool)
    if shape.geom_type == "Point":
        return cells_in_circle(grid, shape.x, shape.y, radius)
    if shape.geom_type == "Polygon":
        inside |= cells_in_polygon(grid, list(shape.exterior.coords))
        for hole in shape.interiors:
            inside &= ~cells_in_polygon(grid, list(hole.coords))
        return inside
    for part in getattr(shape, "geoms", ()):
        inside |= shape_mask(grid, part, radius)
    return inside
