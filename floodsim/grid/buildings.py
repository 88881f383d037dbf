"""Building polygons on the grid: raised roofs, or blocked cells whose rain falls on the cells around.

A cell is covered when its centre lies inside a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid.extras import need
from floodsim.grid.frame import Frame, show_bounds
from floodsim.grid.geometry import Covered, cells_of_rings
from floodsim.grid.holes import NEIGHBOURS
from floodsim.grid.vector import read_polygons, show_ids

RAISED, BLOCKED = 1, 2
OVERLAP_AREA = 0.01
"""Polygons that share less than this are neighbours whose drawing is a little off, m2."""
SHARE_QUANTUM = 2.0**-14
"""Rain shares are multiples of this, so that their sum is exact in single precision up to a share of 1024."""


@dataclass(frozen=True)
class Footprints:
    """Building polygons on a grid: feature ids, heights (m) by polygon, and the cells they cover by polygon number."""

    ids: np.ndarray
    heights: np.ndarray
    covered: Covered


def read_buildings(case: Case, frame: Frame, notes: list[str]) -> Footprints | None:
    """Read and check the building layer of a case; None where it has none. Raises CaseError."""
    outlines = read_outlines(case, frame, notes)
    if outlines is None:
        return None
    houses = outlines.within(frame)
    note_effect(case, frame, outlines, np.unique(houses.covered.owner).size, notes)
    return houses


@dataclass(frozen=True)
class Outlines:
    """Building polygons as they were read: feature ids, heights (m), rings as pairs of number and coordinates."""

    ids: np.ndarray
    heights: np.ndarray
    rings: list[tuple[int, np.ndarray]]
    bounds: tuple[float, ...]

    def rows(self, frame: Frame) -> np.ndarray:
        """First and last + 1 row (n, 2) that each polygon may cover."""
        low, high = np.full(len(self.heights), np.inf), np.full(len(self.heights), -np.inf)
        for number, ring in self.rings:
            low[number] = min(low[number], ring[:, 1].min())
            high[number] = max(high[number], ring[:, 1].max())
        first, last = np.floor((low - frame.y0) / frame.dy), np.ceil((high - frame.y0) / frame.dy) + 1
        return np.stack([first, last], axis=1)

    def within(self, frame: Frame, rows: tuple[int, int] | None = None) -> Footprints:
        """The polygons on the cells of a frame; with ``rows`` on those of its rows, which then count from the first."""
        if rows is None:
            return Footprints(self.ids, self.heights, cells_of_rings(frame, self.rings))
        low, high = frame.y0 + rows[0] * frame.dy, frame.y0 + rows[1] * frame.dy
        near = [(n, ring) for n, ring in self.rings if ring[:, 1].max() >= low and ring[:, 1].min() <= high]
        covered = cells_of_rings(frame, near)
        inside = (covered.rows >= rows[0]) & (covered.rows < rows[1])
        owner, row, column = (part[inside] for part in covered)
        return Footprints(self.ids, self.heights, Covered(owner, row - np.int32(rows[0]), column))


def read_outlines(case: Case, frame: Frame, notes: list[str]) -> Outlines | None:
    """Read and check the building layer of a case; None where it has none. Raises CaseError."""
    if case.grid.buildings == "none":
        return None
    rules = case.buildings
    file = case.grid.buildings
    layer = read_polygons(file, rules.layer, rules.encoding, key="grid.buildings", crs_wkt=frame.crs_wkt, notes=notes)
    _check_overlaps(layer, case, notes)
    heights = _heights(layer, case, notes)
    rings = polygon_rings(layer.geometry.to_numpy())
    return Outlines(layer.index.to_numpy(), heights, rings, tuple(float(value) for value in layer.total_bounds))


def note_effect(case: Case, frame: Frame, outlines: Outlines, covering: int, notes: list[str]) -> None:
    """Raise CaseError where no polygon covers a cell, or note how many do not; ``covering`` do."""
    if not covering:
        raise CaseError(
            Fault(
                "no building covers a cell of the grid",
                str(case.grid.buildings),
                "grid.buildings",
                show_bounds(outlines.bounds),  # type: ignore[arg-type]
                show_bounds(frame.bounds),
                'check the CRS of the layer, or write buildings = "none"',
            )
        )
    count = len(outlines.heights)
    if covering < count:
        notes.append(
            f"buildings: {count - covering} of {count} are outside the grid or cover no cell centre and have no effect"
        )


def polygon_rings(shapes: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Rings of polygons as (number of the polygon, coordinates) pairs, holes included."""
    shapely = need("shapely", "reading polygons")
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    pieces = np.split(points, np.cumsum(np.bincount(ring, minlength=len(rings)))[:-1])
    return [(int(owner[k]), piece) for k, piece in zip(part, pieces, strict=True)]


def _check_overlaps(layer: Any, case: Case, notes: list[str]) -> None:
    """Note or refuse pairs of polygons that share ground."""
    shapely = need("shapely", "reading polygons")
    shapes = layer.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other])) > OVERLAP_AREA
    if not shared.any():
        return
    ids = layer.index.to_numpy()
    pairs = [f"{ids[a]} and {ids[b]}" for a, b in zip(one[shared], other[shared], strict=True)]
    count = "1 pair" if len(pairs) == 1 else f"{len(pairs)} pairs"
    message = f"{count} of buildings overlap: feature {'; '.join(pairs[:8])}{' ...' if len(pairs) > 8 else ''}"
    if case.buildings.overlap == "refuse":
        remedy = 'correct the layer, or write overlap = "warn" (the higher roof then counts)'
        raise CaseError(Fault(message, str(case.grid.buildings), "buildings.overlap", "refuse", remedy=remedy))
    notes.append(f"buildings: {message}; the higher roof counts")


def _heights(layer: Any, case: Case, notes: list[str]) -> np.ndarray:
    """Height of every polygon in m; features whose attribute is no positive number get buildings.height."""
    rules = case.buildings
    heights = np.full(len(layer), float(rules.height))
    if rules.height_field is None:
        return heights
    if rules.height_field not in layer.columns:
        fields = ", ".join(str(name) for name in layer.columns if name != "geometry")
        raise CaseError(
            Fault(
                "the layer has no such field",
                str(case.grid.buildings),
                "buildings.height_field",
                rules.height_field,
                fields,
                "name a field of the layer",
            )
        )
    import pandas as pd

    given = pd.to_numeric(layer[rules.height_field], errors="coerce").to_numpy(np.float64)
    usable = np.isfinite(given) & (given > 0)
    high = given > 1000
    if high.any():
        raise CaseError(
            Fault(
                f"heights above 1000 m: {show_ids(layer.index[high])}",
                str(case.grid.buildings),
                "buildings.height_field",
                f"{given[high][0]:g}",
                "0 .. 1000 m",
                "heights count in m above the ground; convert them, or correct these features",
            )
        )
    if not usable.all():
        notes.append(
            f"buildings: {int((~usable).sum())} have no height in {rules.height_field} and got buildings.height = "
            f"{rules.height:g} m: {show_ids(layer.index[~usable])}"
        )
    return np.where(usable, given, heights)


def raise_roofs(
    bed: np.ndarray, roughness: np.ndarray, active: np.ndarray, houses: Footprints, roof_n: float
) -> np.ndarray:
    """Lift covered cells to the highest ground under their polygon plus its height; returns ``building`` uint8.

    ``bed`` and ``roughness`` are changed in place. Where polygons overlap the higher roof counts.
    """
    owner, rows, cols = _on(houses.covered, active)
    top = np.full(len(houses.heights), -np.inf)
    np.maximum.at(top, owner, bed[rows, cols])
    np.maximum.at(bed, (rows, cols), (top + houses.heights)[owner])
    roughness[rows, cols] = roof_n
    building = np.zeros(bed.shape, np.uint8)
    building[rows, cols] = RAISED
    return building


def block_cells(active: np.ndarray, houses: Footprints, frame: Frame, file: str) -> tuple[np.ndarray, np.ndarray]:
    """Take covered cells out of ``active`` (in place); returns ``building`` uint8 and ``rain_share`` float32.

    The rain of a building's cells is shared equally by the free cells around its outline (by sides and corners), so
    that the shares of active cells sum up to the number of cells that were active before, exactly. A building without
    a free cell around it passes its rain to the nearest free cell. Raises CaseError where there is none.
    """
    covered = _on(houses.covered, active)
    building = np.zeros(active.shape, np.uint8)
    building[covered.rows, covered.cols] = BLOCKED
    active[covered.rows, covered.cols] = False
    if not active.any():
        raise CaseError(all_blocked(file))
    share = active.astype(np.float32)
    share_rain(covered, len(houses.heights), active, share)
    return building, share


def all_blocked(file: str) -> Fault:
    """What to say where no cell is left free."""
    remedy = 'leave streets free, or write mode = "raised"'
    return Fault("buildings block every cell of the grid", file, "buildings.mode", "blocked", remedy=remedy)


def share_rain(covered: Covered, polygons: int, active: np.ndarray, share: np.ndarray) -> None:
    """Add the rain of blocked cells to ``share`` (ny, nx), in place; ``active`` are the free cells, and there are some.

    Only cells on and around polygons are looked at, so both arrays may be mapped files.
    """
    flat = covered.rows.astype(np.int64) * active.shape[1] + covered.cols
    # Of a cell that polygons share the last one has the rain.
    _, last = np.unique(flat[::-1], return_index=True)
    sole = np.sort(flat.size - 1 - last)
    owned = Covered(*(part[sole] for part in covered))
    cells = np.bincount(owned.owner, minlength=polygons)
    receiver, target = _free_rim(covered, active)
    enclosed = np.setdiff1d(np.flatnonzero(cells), receiver)
    nearest = [_nearest_free(owned, int(number), active) for number in enclosed]
    receiver = np.concatenate([receiver, enclosed])
    target = np.concatenate([target, np.array(nearest, np.int64)])
    np.add.at(share.reshape(-1), target, _equal_parts(cells, receiver).astype(np.float32))


def _equal_parts(cells: np.ndarray, receiver: np.ndarray) -> np.ndarray:
    """Split cells[p] into equal multiples of `SHARE_QUANTUM` over the receivers of p; the first ones take the rest."""
    order = np.argsort(receiver, kind="stable")
    sorted_receiver = receiver[order]
    count = np.bincount(receiver, minlength=len(cells))
    begin = np.cumsum(count) - count
    rank = np.empty(len(receiver), np.int64)
    rank[order] = np.arange(len(receiver)) - begin[sorted_receiver]
    quanta = np.round(cells / SHARE_QUANTUM).astype(np.int64)
    each, rest = np.divmod(quanta, np.maximum(count, 1))
    return (each[receiver] + (rank < rest[receiver])) * SHARE_QUANTUM


def _on(covered: Covered, active: np.ndarray) -> Covered:
    inside = active[covered.rows, covered.cols]
    return Covered(*(part[inside] for part in covered))


def _free_rim(covered: Covered, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of polygon number and flat index of an active cell that touches it by a side or corner, each once."""
    ny, nx = active.shape
    keys = []
    for dj, di in NEIGHBOURS:
        j, i = covered.rows + dj, covered.cols + di
        inside = (j >= 0) & (j < ny) & (i >= 0) & (i < nx)
        flat = j[inside].astype(np.int64) * nx + i[inside]
        free = active.reshape(-1)[flat]
        keys.append(covered.owner[inside][free].astype(np.int64) * active.size + flat[free])
    receiver, target = np.divmod(np.unique(np.concatenate(keys)), active.size)
    return receiver, target


def _nearest_free(owned: Covered, number: int, active: np.ndarray) -> int:
    """Flat index of the active cell nearest (in cells) to the middle of a polygon; there is at least one."""
    mine = owned.owner == number
    row, col = owned.rows[mine].mean(), owned.cols[mine].mean()
    ny, nx = active.shape
    reach = 8
    while True:
        j0, i0 = max(int(row) - reach, 0), max(int(col) - reach, 0)
        j, i = np.nonzero(active[j0 : int(row) + reach + 1, i0 : int(col) + reach + 1])
        far = (j + j0 - row) ** 2 + (i + i0 - col) ** 2
        whole = reach > max(ny, nx)
        if len(j) and (whole or far.min() <= reach**2):
            best = int(np.argmin(far))
            return int((j[best] + j0) * nx + i[best] + i0)
        reach *= 4
