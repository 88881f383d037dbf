"""Drainage zones 排水分区 as cells of the grid, with the waterlogging points that lie in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from floodsim.case.schema import Case
from floodsim.case.zones import ZoneFile
from floodsim.errors import CaseError, Faults
from floodsim.grid.geometry import cells_in_polygon
from floodsim.grid.grid import Grid
from floodsim.output.areas import Area, named_features, shape_mask, waterlogging_areas

SHAPES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class DrainageZone:
    """A drainage zone on the grid: ``rows`` and ``columns`` (n,) of its cells without roofs.

    ``rule`` says how it is judged: by its waterlogging ``points``, or by the "area" that stands too deep.
    """

    name: str
    rows: np.ndarray
    columns: np.ndarray
    points: tuple[str, ...]
    rule: str


def drainage_zones(case: Case, grid: Grid) -> list[DrainageZone]:
    """Cells and points of every drainage zone of a case; a point belongs to the zone that holds most of its cells.

    Raises CaseError with all faults: a zone without open cells, a name used twice, an unreadable file, a zone that is
    to be judged by points and has none.
    """
    if not case.zones and case.zone_file is None:
        return []
    faults = Faults()
    open_ground = grid.array("active").astype(bool) & (grid.array("building") == 0)
    areas = waterlogging_areas(case, grid)
    masks: dict[str, np.ndarray] = {}
    for key, name, mask in _masks(case, grid, faults):
        if name in masks:
            faults.add("two drainage zones 排水分区 have the same name", key=key, value=name, remedy="rename one")
        elif not (mask & open_ground).any():
            remedy = "draw it inside the domain, in the coordinates of the grid"
            faults.add(f"drainage zone 排水分区 {name!r} holds no open cell of the domain", key=key, remedy=remedy)
        masks[name] = mask & open_ground
    points = _points_of(masks, areas)
    for name in masks:
        if case.zone_rule.kind == "points" and not points[name]:
            remedy = 'add one, or let zone_rule.kind be "auto" or "area"'
            faults.add(f"drainage zone {name!r} has no waterlogging point to be judged by", key="zones", remedy=remedy)
    faults.raise_if_any()
    by_area = case.zone_rule.kind == "area"
    return [
        DrainageZone(name, cells[0], cells[1], points[name], "area" if by_area or not points[name] else "points")
        for name, cells in ((name, np.nonzero(mask)) for name, mask in masks.items())
    ]


def _masks(case: Case, grid: Grid, faults: Faults) -> Iterator[tuple[str, str, np.ndarray]]:
    """Key, name and cells (ny, nx) of every zone."""
    for number, zone in enumerate(case.zones):
        yield f"zones[{number}]", zone.name, cells_in_polygon(grid, zone.polygon)
    if case.zone_file is None:
        return
    try:
        yield from _from_file(case.zone_file, grid, faults)
    except CaseError as error:
        faults.take(error)


def _from_file(section: ZoneFile, grid: Grid, faults: Faults) -> Iterator[tuple[str, str, np.ndarray]]:
    what = "a drainage zone 排水分区 must be a polygon"
    for key, name, row in named_features(section, "zone_file", SHAPES, what, grid, faults):
        yield key, name, shape_mask(grid, row.geometry, 0.0)


def _points_of(masks: dict[str, np.ndarray], areas: list[Area]) -> dict[str, tuple[str, ...]]:
    """Names of the waterlogging points in each zone."""
    found: dict[str, list[str]] = {name: [] for name in masks}
    for area in areas:
        inside = {name: int(np.count_nonzero(mask[area.rows, area.columns])) for name, mask in masks.items()}
        home = max(inside, key=lambda name: inside[name], default="")
        if home and inside[home] > 0:
            found[home].append(area.name)
    return {name: tuple(names) for name, names in found.items()}
