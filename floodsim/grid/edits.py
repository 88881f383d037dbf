"""Terrain edits: raise, lower, set, breach, wall. Applied in order, on the levels that were read.

Walls and breaches are 4-connected chains of cells: a wall has no gap, not even diagonally, and a breach lets water
through, even where both are thinner than a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from floodsim.case.ground import TerrainEdit
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid.extras import need
from floodsim.grid.frame import Frame, show_bounds
from floodsim.grid.geometry import cells_of_rings, cells_on_line
from floodsim.grid.vector import read_vectors


@dataclass(frozen=True)
class Shape:
    """One polygon (rings, holes included) or one line of an edit; ``value`` is its level or height change in m."""

    rings: list[np.ndarray]
    closed: bool
    value: float | None


@dataclass(frozen=True)
class Change:
    """An edit whose shapes have been read; faults name its ``key``."""

    key: str
    edit: TerrainEdit
    shapes: list[Shape]


@dataclass(frozen=True)
class Touched:
    """Cells that a shape touches: flat index; for lines the place along the line in m of the nearest point, and
    those that the line itself crosses, in its order.
    """

    flat: np.ndarray
    station: np.ndarray
    chain: np.ndarray


def apply_edits(bed: np.ndarray, active: np.ndarray, edits: list[TerrainEdit], frame: Frame, notes: list[str]) -> None:
    """Apply the edits of a case to ``bed`` (ny, nx) in m, in place and in order; inactive cells are left alone.

    Raises CaseError with all faults of all edits; ``bed`` is then half done and not to be used.
    """
    keys = [f"grid.edits[{number}]" + (f" ({edit.name})" if edit.name else "") for number, edit in enumerate(edits)]
    apply_keyed(bed, active, list(zip(keys, edits, strict=True)), frame, notes)


def apply_keyed(
    bed: np.ndarray, active: np.ndarray, edits: list[tuple[str, TerrainEdit]], frame: Frame, notes: list[str]
) -> None:
    """Apply edits as `apply_edits` does, each with the key that faults name."""
    faults = Faults()
    for key, edit in edits:
        try:
            change = read_change(key, edit, frame, notes)
            if not apply_change(bed, active, change, frame):
                faults.found.append(touches_nothing(change, frame))
        except CaseError as error:
            faults.take(error)
    faults.raise_if_any()


def read_change(key: str, edit: TerrainEdit, frame: Frame, notes: list[str]) -> Change:
    """Read the shapes of an edit; raises CaseError."""
    _check_keys(edit, key)
    return Change(key, edit, _shapes(edit, frame, key, notes))


def apply_change(bed: np.ndarray, active: np.ndarray, change: Change, frame: Frame, first: int = 0) -> bool:
    """Apply an edit to the rows of ``frame`` from ``first`` on that ``bed`` holds; whether it touches a cell there.

    Shapes for which `leans_on_ends` must lie in these rows as a whole, or not at all.
    """
    edit, rows, touched_any = change.edit, (first, first + len(bed)), False
    levels, wet, before = bed.reshape(-1), active.reshape(-1), first * frame.nx
    for shape in change.shapes:
        low, high = rows_of(shape, edit, frame)
        if high <= rows[0] or low >= rows[1]:
            continue
        touched = _cells(shape, edit, frame)
        flat, chain = touched.flat - before, touched.chain - before
        keep, on_line = (flat >= 0) & (flat < wet.size), (chain >= 0) & (chain < wet.size)
        keep[keep] = wet[flat[keep]]
        on_line[on_line] = wet[chain[on_line]]
        touched = Touched(flat[keep], touched.station[keep], chain[on_line])
        if len(touched.flat):
            touched_any = True
            levels[touched.flat] = KINDS[edit.kind](levels, touched, shape, edit)
    return touched_any


def rows_of(shape: Shape, edit: TerrainEdit, frame: Frame) -> tuple[int, int]:
    """First and last + 1 row of a frame that a shape may touch, with a row to spare."""
    y = np.concatenate([ring[:, 1] for ring in shape.rings])
    reach = (edit.width or 0.0) / 2 + frame.dy
    low, high = (float(y.min()) - reach - frame.y0) / frame.dy, (float(y.max()) + reach - frame.y0) / frame.dy
    return int(np.floor(low)), int(np.ceil(high)) + 1


def leans_on_ends(shape: Shape, edit: TerrainEdit) -> bool:
    """Whether the levels that a shape sets follow from the ground at its ends."""
    return edit.kind == "breach" and shape.value is None and edit.level is None and not _has_levels(shape)


def touches_nothing(change: Change, frame: Frame) -> Fault:
    """What to say of an edit that touches no cell."""
    edit = change.edit
    where = str(edit.file or f"coordinates from {edit.coordinates[0]}" if edit.coordinates else edit.file)
    remedy = "check the coordinates (x, y in the CRS of the grid)"
    return Fault("touches no cell of the grid", "", change.key, where, show_bounds(frame.bounds), remedy)


# --- what each kind does: new levels of the touched cells --------------------------------------------------------


def _raise(levels: np.ndarray, touched: Touched, shape: Shape, edit: TerrainEdit) -> np.ndarray:
    return levels[touched.flat] + _value(shape, edit.by)


def _lower(levels: np.ndarray, touched: Touched, shape: Shape, edit: TerrainEdit) -> np.ndarray:
    return levels[touched.flat] - _value(shape, edit.by)


def _set(levels: np.ndarray, touched: Touched, shape: Shape, edit: TerrainEdit) -> np.ndarray:
    return np.full(len(touched.flat), _value(shape, edit.level))


def _wall(levels: np.ndarray, touched: Touched, shape: Shape, edit: TerrainEdit) -> np.ndarray:
    """A crest level where one is given (ground above it stays), else ``by`` on top of the ground."""
    ground = levels[touched.flat]
    if edit.by is not None:
        return ground + edit.by
    if edit.level is None and _has_levels(shape):
        return np.maximum(ground, _along(shape, touched))
    return np.maximum(ground, _value(shape, edit.level))


def _breach(levels: np.ndarray, touched: Touched, shape: Shape, edit: TerrainEdit) -> np.ndarray:
    """Nowhere above the level along the line; without a level it falls evenly from end cell to end cell."""
    ground = levels[touched.flat]
    if shape.value is not None or edit.level is not None:
        bottom = np.full(len(ground), _value(shape, edit.level))
    elif _has_levels(shape):
        bottom = _along(shape, touched)
    else:
        ends = np.searchsorted(touched.flat, touched.chain[[0, -1]])
        s0, s1 = touched.station[ends]
        bottom = np.interp(touched.station, [s0, max(s1, s0 + 1e-9)], ground[ends])
        bottom[ends] = ground[ends]
    return np.minimum(ground, bottom)


KINDS: dict[str, Callable[[np.ndarray, Touched, Shape, TerrainEdit], np.ndarray]] = {
    "raise": _raise,
    "lower": _lower,
    "set": _set,
    "breach": _breach,
    "wall": _wall,
}


def _value(shape: Shape, given: float | None) -> float:
    value = shape.value if shape.value is not None else given
    assert value is not None  # _check_keys and _shapes have seen to it
    return value


def _has_levels(shape: Shape) -> bool:
    return shape.value is None and shape.rings[0].shape[1] == 3 and bool(np.isfinite(shape.rings[0][:, 2]).all())


def _along(shape: Shape, touched: Touched) -> np.ndarray:
    """Levels of 3D vertices, linear along the line."""
    points = shape.rings[0]
    return np.interp(touched.station, _stations(points), points[:, 2])


# --- which cells a shape touches ---------------------------------------------------------------------------------


def _cells(shape: Shape, edit: TerrainEdit, frame: Frame) -> Touched:
    if shape.closed and edit.kind != "wall":
        covered = cells_of_rings(frame, [(0, ring) for ring in shape.rings])
        flat = covered.rows.astype(np.int64) * frame.nx + covered.cols
        return Touched(flat, np.zeros(len(flat)), flat)
    parts = [_line_cells(ring, edit.width or 0.0, frame) for ring in shape.rings]
    flat, first = np.unique(np.concatenate([part.flat for part in parts]), return_index=True)
    station = np.concatenate([part.station for part in parts])[first]
    return Touched(flat, station, np.concatenate([part.chain for part in parts]))


def _line_cells(points: np.ndarray, width: float, frame: Frame) -> Touched:
    """The chain of cells that a line crosses and those whose centre is within half the width of it."""
    chain = np.array(cells_on_line(frame, points), np.int64).reshape(-1, 2)
    rows, cols = [chain[:, 0]], [chain[:, 1]]
    half = width / 2
    for start, end in zip(points[:-1, :2], points[1:, :2], strict=True) if width > 0 else ():
        low, high = np.minimum(start, end) - half, np.maximum(start, end) + half
        j0, j1 = np.clip([(low[1] - frame.y0) / frame.dy, (high[1] - frame.y0) / frame.dy + 1], 0, frame.ny).astype(int)
        i0, i1 = np.clip([(low[0] - frame.x0) / frame.dx, (high[0] - frame.x0) / frame.dx + 1], 0, frame.nx).astype(int)
        j, i = (part.reshape(-1) for part in np.mgrid[j0:j1, i0:i1])
        near, _ = _nearest(_centres(j, i, frame), np.stack([start, end]))
        rows.append(j[near <= half])
        cols.append(i[near <= half])
    flat = np.unique(np.concatenate(rows) * frame.nx + np.concatenate(cols))
    _, station = _nearest(_centres(*np.divmod(flat, frame.nx), frame), points)
    return Touched(flat, station, chain[:, 0] * frame.nx + chain[:, 1])


def _centres(rows: np.ndarray, cols: np.ndarray, frame: Frame) -> np.ndarray:
    return np.stack([frame.x0 + (cols + 0.5) * frame.dx, frame.y0 + (rows + 0.5) * frame.dy], axis=1)


def _stations(points: np.ndarray) -> np.ndarray:
    """Length along a line at each vertex, m."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points[:, :2], axis=0).T))])


def _nearest(places: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of places (n, 2) from a polyline, and how far along it the nearest point is, m."""
    distance, station = np.full(len(places), np.inf), np.zeros(len(places))
    begin = _stations(points)
    for k, (start, end) in enumerate(zip(points[:-1, :2], points[1:, :2], strict=True)):
        way = end - start
        length = float(np.hypot(*way))
        share = np.clip((places - start) @ way / length**2, 0, 1) if length else np.zeros(len(places))
        far = np.hypot(*(places - start - share[:, None] * way).T)
        closer = far < distance
        distance[closer], station[closer] = far[closer], (begin[k] + share * length)[closer]
    return distance, station


# --- reading and checking ----------------------------------------------------------------------------------------

_NEEDS = {"raise": ("by",), "lower": ("by",), "set": ("level",), "wall": ("level", "by"), "breach": ()}


def _check_keys(edit: TerrainEdit, key: str) -> None:
    """Raise CaseError with everything that an edit lacks or says twice."""
    faults = Faults()
    if (edit.file is None) == (edit.coordinates is None):
        faults.add("needs either file or coordinates", key=key, remedy="give one of them")
    needs = _NEEDS[edit.kind]
    given = [name for name in (*needs, "level_field") if getattr(edit, name) is not None]
    three_d = edit.kind == "wall" and edit.file is not None  # levels may be in the vertices
    if needs and not given and not three_d:
        faults.add(f"{edit.kind} needs {' or '.join(needs)}", key=key, remedy=f'write {needs[0]} = "0.5 m"')
    if edit.by is not None and edit.level is not None:
        faults.add("by and level contradict each other", key=key, remedy="keep one of them")
    if edit.kind == "wall" and edit.by is not None and edit.level_field is not None:
        faults.add("by and level_field contradict each other for a wall", key=key, remedy="keep one of them")
    if edit.level_field is not None and edit.file is None:
        faults.add("level_field needs a file", key=key, remedy="add file, or give level")
    points = edit.coordinates
    if points is not None and len(set(points)) < 2:
        remedy = "write [[x, y], [x, y], ...]"
        faults.add("needs at least two different points", key=f"{key}.coordinates", value=points, remedy=remedy)
    if edit.kind == "breach" and points is not None and _is_ring(points):
        faults.add(
            "a breach follows a line, not a polygon", key=f"{key}.coordinates", remedy="leave out the closing point"
        )
    faults.raise_if_any()


def _is_ring(points: list[tuple[float, float]]) -> bool:
    return len(points) >= 4 and points[0] == points[-1]


def _shapes(edit: TerrainEdit, frame: Frame, key: str, notes: list[str]) -> list[Shape]:
    if edit.coordinates is not None:
        return [Shape([np.asarray(edit.coordinates, np.float64)], _is_ring(edit.coordinates), None)]
    assert edit.file is not None  # _check_keys has seen to it
    shapely = need("shapely", "reading terrain edits")
    layer = read_vectors(edit.file, edit.layer, edit.encoding, key=f"{key}.file", crs_wkt=frame.crs_wkt, notes=notes)
    if edit.level_field is not None and edit.level_field not in layer.columns:
        fields = ", ".join(str(name) for name in layer.columns if name != "geometry")
        remedy = "name a field of the layer"
        raise CaseError(
            Fault("the layer has no such field", str(edit.file), f"{key}.level_field", edit.level_field, fields, remedy)
        )
    faults, shapes = Faults(edit.file), []
    for fid, row in zip(layer.index, layer.to_dict("records"), strict=True):
        value = _number(row[edit.level_field]) if edit.level_field is not None else None
        if edit.level_field is not None and value is None:
            message = f"feature {fid} has no number in {edit.level_field}"
            faults.add(message, key=key, value=row[edit.level_field], remedy="fill the field in, or delete the feature")
            continue
        for part in shapely.get_parts(row["geometry"]):
            shape = _shape(shapely, part, value)
            if shape is None or (shape.closed and edit.kind == "breach"):
                allowed = "lines" if edit.kind == "breach" else "lines and polygons"
                remedy = "choose another layer, or delete the feature"
                faults.add(f"feature {fid} is a {part.geom_type}", key=key, allowed=allowed, remedy=remedy)
            elif (
                edit.kind == "wall"
                and edit.by is None
                and edit.level is None
                and value is None
                and not _has_levels(shape)
            ):
                faults.add(
                    f"feature {fid} has no level in its vertices", key=key, remedy="give by, level or level_field"
                )
            else:
                shapes.append(shape)
    faults.raise_if_any()
    return shapes


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _shape(shapely: object, part: object, value: float | None) -> Shape | None:
    """A part of a feature as a Shape, with levels of vertices where it has them; None for points."""
    get = shapely.get_coordinates  # type: ignore[attr-defined]
    has_z = bool(part.has_z)  # type: ignore[attr-defined]
    kind = part.geom_type  # type: ignore[attr-defined]
    if kind in ("LineString", "LinearRing"):
        return Shape([get(part, include_z=has_z)], False, value)
    if kind == "Polygon":
        return Shape([get(ring, include_z=has_z) for ring in shapely.get_rings(part)], True, value)  # type: ignore[attr-defined]
    return None
