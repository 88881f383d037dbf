"""A network from tables of points (manholes, inlets, outfalls) and lines (pipes), as surveyors deliver them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.drainage.aliases import LINE_ALIASES, POINT_ALIASES, match_columns
from floodsim.drainage.draft import Draft, LinkRow, NodeRow, SectionRow, freeze, shortened
from floodsim.drainage.fill_inverts import fill_inverts
from floodsim.drainage.mapping import Mapping, detect_mapping, with_files
from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind, OutfallKind
from floodsim.drainage.sheets import Sheet, read_sheets
from floodsim.drainage.snapping import snap_pipes
from floodsim.drainage.table_rows import PipeRow, PointRow, check_columns, pipe_rows, point_rows
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid import crs
from floodsim.grid.extras import need


def read_tables(
    source: str | Path,
    lines: str | Path | None = None,
    mapping: Mapping | None = None,
    faults: Faults | None = None,
) -> tuple[Network, Mapping]:
    """Read a network of points and pipes; returns it with the mapping that was used.

    ``source`` holds the points, and the pipes as well where it is a GeoPackage or workbook with both; else ``lines``
    does, or the mapping names it. Without ``mapping`` the columns are found by alias, and mm or m, depth or elevation
    by rules that `Network.notes` states. Missing inverts are filled where they lie between known ones; every value
    that was filled, snapped or assumed is noted. Raises CaseError with all faults by row, unless ``faults`` collects.
    """
    found = Faults(source) if faults is None else faults
    notes: list[str] = []
    point_sheet, line_sheet = _pick(Path(source), None if lines is None else Path(lines), mapping)
    notes += [*point_sheet.notes, *line_sheet.notes]
    used = detect_mapping(point_sheet, line_sheet, notes) if mapping is None else mapping
    used = with_files(used, point_sheet, line_sheet)
    network = _read(point_sheet, line_sheet, used, found, notes)
    if faults is None or network is None:
        found.raise_if_any()
    assert network is not None  # without faults there is one
    return network, used


def _pick(source: Path, lines: Path | None, mapping: Mapping | None) -> tuple[Sheet, Sheet]:
    """The table of points and that of lines out of one or two files."""
    points_map, lines_map = (mapping.points, mapping.lines) if mapping else (None, None)
    layer, encoding = (points_map.layer or None, points_map.encoding or None) if points_map else (None, None)
    if lines is None and lines_map and lines_map.file and Path(lines_map.file).is_file():
        lines = Path(lines_map.file)
    sheets = read_sheets(source, layer if lines else None, encoding)
    if lines is not None and lines.resolve() != source.resolve():
        line_layer, line_encoding = (lines_map.layer or None, lines_map.encoding or None) if lines_map else (None, None)
        return _one(sheets, "points"), _one(read_sheets(lines, line_layer, line_encoding), "lines")
    if lines is not None:
        sheets = read_sheets(source, None, encoding)
    named = {sheet.layer: sheet for sheet in sheets}
    if points_map and lines_map and points_map.layer in named and lines_map.layer in named and len(named) > 1:
        return named[points_map.layer], named[lines_map.layer]
    return _one(sheets, "points"), _one(sheets, "lines")


def _one(sheets: list[Sheet], what: str) -> Sheet:
    """The one sheet of points, or of lines, by its shapes or by its columns."""
    if len(sheets) == 1 and not (what == "lines" and _looks_like(sheets[0]) == "points"):
        return sheets[0]
    fits = [sheet for sheet in sheets if _looks_like(sheet) == what]
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(sheet.layer or sheet.file.name for sheet in sheets)
    message = f"holds {'no' if not fits else 'several'} tables of {what}"
    option = "give the file of the pipes with --lines" if what == "lines" else "name its layer in a mapping file"
    raise CaseError(Fault(message, str(sheets[0].file), value=names, remedy=option))


def _looks_like(sheet: Sheet) -> str:
    if sheet.kind():
        return {"point": "points", "line": "lines"}.get(sheet.kind(), "")
    lines = match_columns(sheet.header, LINE_ALIASES)
    if "start" in lines and "end" in lines:
        return "lines"
    return "points" if "name" in match_columns(sheet.header, POINT_ALIASES) else ""


def _read(points: Sheet, lines: Sheet, mapping: Mapping, faults: Faults, notes: list[str]) -> Network | None:
    """The network; None where the columns do not allow to read any row."""
    place = () if points.shapes else ("x", "y")
    ends = () if lines.shapes else ("start", "end")
    sound = check_columns(points, mapping.points, ("name", *place), "points", faults)
    if not (check_columns(lines, mapping.lines, ends, "lines", faults) and sound):
        return None
    wkt = _to_plane(points, lines, mapping, notes)
    draft = Draft(faults, notes=notes, crs_wkt=wkt)
    faults.file = str(points.file)
    named = _unique(list(point_rows(points, mapping, faults)), draft)
    faults.file = str(lines.file)  # all that is found from here on concerns the pipes
    pipes = list(pipe_rows(lines, mapping, faults, notes))
    pipes = snap_pipes(pipes, list(named.values()), mapping.snap, faults, notes)
    pipes = [pipe for pipe in pipes if _has_points(pipe, named, draft)]
    for pipe in pipes:
        _measure(pipe, named, faults)
    fill_inverts(named, pipes, notes)
    for point in named.values():
        draft.add_node(_node(point))
    for pipe in pipes:
        draft.add_link(_link(pipe, named))
    _note_ends(named, pipes, notes)
    return freeze(draft)


def _to_plane(points: Sheet, lines: Sheet, mapping: Mapping, notes: list[str]) -> str:
    """Bring the shapes of both tables into one projected CRS, in place; returns its WKT, empty where none is known."""
    stated = str(crs.parse(mapping.crs).to_wkt()) if mapping.crs else ""
    source = stated or points.crs_wkt or lines.crs_wkt
    if not source:
        return ""
    target = source
    if not crs.in_metres(source):
        place = points.shapes[0].centroid if points.shapes else lines.shapes[0].centroid if lines.shapes else None
        if place is None:
            message = f"coordinates that are no metres ({crs.describe(source)}) in columns of a table"
            remedy = "save the points in metres, or as a GeoPackage with its CRS"
            raise CaseError(Fault(message, str(points.file), remedy=remedy))
        west, south, _, _ = crs.transform_bounds((place.x, place.y, place.x, place.y), source, "EPSG:4326")
        target = str(crs.parse(crs.suggest(west, south)).to_wkt())
        what = "degrees" if crs.parse(source).is_geographic else crs.parse(source).axis_info[0].unit_name
        notes.append(f"coordinates in {what} were brought into {crs.describe(target)}")
    for sheet in (points, lines):
        own = stated or sheet.crs_wkt or source
        if sheet.shapes is not None and not crs.same(own, target):
            _reproject(sheet, own, target)
            notes.append(f"{sheet.title}: reprojected from {crs.describe(own)}")
    return target


def _reproject(sheet: Sheet, source: str, target: str) -> None:
    shapely, pyproj = need("shapely", "reprojecting"), need("pyproj", "reprojecting")
    move = pyproj.Transformer.from_crs(crs.parse(source), crs.parse(target), always_xy=True).transform

    def moved(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(move(xy[:, 0], xy[:, 1]))

    assert sheet.shapes is not None
    shapes = [shapely.transform(shapely.force_2d(shape), moved) for shape in sheet.shapes]
    lost = [place for place, shape in zip(sheet.places, shapes, strict=True) if not np.isfinite(shape.bounds).all()]
    if lost:
        message = f"cannot be brought from {crs.describe(source)} into {crs.describe(target)}: {shortened(lost)}"
        remedy = "check the coordinates and the CRS of the file; crs in a mapping file states another"
        raise CaseError(Fault(message, str(sheet.file), remedy=remedy))
    sheet.shapes[:] = shapes


def _unique(points: list[PointRow], draft: Draft) -> dict[str, PointRow]:
    """Points by name; a second one of the same name, and one without a place, is a fault."""
    named: dict[str, PointRow] = {}
    for point in points:
        first = named.setdefault(point.name.upper(), point)
        if first is not point:
            remedy = "delete one, or give each a name of its own"
            draft.faults.add(f"point {point.name} stands twice, first in {first.place}", key=point.place, remedy=remedy)
        if not math.isfinite(point.x + point.y):
            draft.faults.add("has no coordinates", key=point.place, remedy="fill in X and Y")
    return named


def _has_points(pipe: PipeRow, points: dict[str, PointRow], draft: Draft) -> bool:
    sound = True
    for name in (pipe.start, pipe.end):
        if name.upper() not in points:
            draft.missing("point", name, pipe.place, (point.name for point in points.values()))
            sound = False
    if sound and pipe.start.upper() == pipe.end.upper():
        remedy = "correct one of its two points"
        draft.faults.add(f"pipe {pipe.name} starts and ends at {pipe.start}", key=pipe.place, remedy=remedy)
        sound = False
    return sound


def _measure(pipe: PipeRow, points: dict[str, PointRow], faults: Faults) -> None:
    """Length of a pipe that states none: that of its shape, else the distance of its points."""
    if not math.isnan(pipe.length):
        return
    start, end = points[pipe.start.upper()], points[pipe.end.upper()]
    pipe.length = float(pipe.line.length) if pipe.line is not None else math.hypot(start.x - end.x, start.y - end.y)
    if pipe.length <= 0.0:
        remedy = "correct the coordinates, or state its length"
        faults.add("has no length: both its points lie at one place", key=pipe.place, remedy=remedy)


def _node(point: PointRow) -> NodeRow:
    rim = point.invert + point.depth if math.isnan(point.rim) else point.rim
    depth = round(rim - point.invert, 9)  # 500.1 - 498 is 2.1, not 2.1000000000000227
    node = NodeRow(
        point.name,
        point.place,
        NodeKind.OUTFALL if point.outfall else NodeKind.JUNCTION,
        point.invert,
        0.0 if math.isnan(depth) or point.outfall else depth,  # an outfall is as high as its pipes
        point.more["surcharge_depth"],
        point.more["ponded_area"],
        point.more["initial_depth"],
        point.x,
        point.y,
        point.system,
    )
    if point.outfall:
        stage = point.more["stage"]
        kind = OutfallKind.FREE if math.isnan(stage) else OutfallKind.FIXED
        level = 0.0 if math.isnan(stage) else stage
        node.detail = {"kind": kind, "level": level, "curve": NONE, "series": NONE, "flap": point.flap}
    return node


def _link(pipe: PipeRow, points: dict[str, PointRow]) -> LinkRow:
    offsets = [
        round(max(level - points[name.upper()].invert, 0.0), 9)
        for level, name in zip(pipe.invert, (pipe.start, pipe.end), strict=True)
    ]
    detail: dict[str, Any] = {
        "length": pipe.length,
        "roughness": pipe.roughness,
        "barrels": pipe.more["barrels"],
        "loss_entry": pipe.more["loss_entry"],
        "loss_exit": pipe.more["loss_exit"],
    }
    detail |= dict.fromkeys(("loss_average", "initial_flow", "max_flow", "seepage", "culvert"), 0.0)
    inner = [] if pipe.line is None else [(float(p[0]), float(p[1])) for p in pipe.line.coords[1:-1]]
    start, end = (0.0 if math.isnan(offset) else offset for offset in offsets)
    section = SectionRow(pipe.shape, pipe.size)
    return LinkRow(
        pipe.name, pipe.place, LinkKind.CONDUIT, pipe.start, pipe.end, start, end, pipe.flap, section, inner,
        pipe.system, detail,
    )  # fmt: skip


def _note_ends(points: dict[str, PointRow], pipes: list[PipeRow], notes: list[str]) -> None:
    """Where no outfall is marked, name the points that might be one."""
    if any(point.outfall for point in points.values()):
        return
    left = {pipe.start.upper() for pipe in pipes}
    last = sorted({points[pipe.end.upper()].name for pipe in pipes if pipe.end.upper() not in left})
    notes.append(f"no point is marked as outfall 出水口; pipes end at {shortened(last) or 'no point'}")
