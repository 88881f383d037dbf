"""Which column of a survey table means what: found by alias, saved as TOML, edited by hand and used again."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from floodsim.case.units import closest
from floodsim.drainage.aliases import LINE_ALIASES, MATERIALS, POINT_ALIASES, match_columns, plain, unit_in
from floodsim.drainage.files import replace_file
from floodsim.drainage.inp_text import to_float
from floodsim.drainage.sheets import Sheet
from floodsim.errors import CaseError, Fault, Faults

SNAP = 0.5
"""Ends of lines within this distance of a point, in m, belong to it."""
LARGEST_PIPE_M = 20.0
"""Sizes whose median is above this are mm: no pipe is 20 m wide."""
DEEPEST = 20.0
"""Levels whose median is at most this, under rims more than this above them, are depths: no manhole is 20 m deep."""
SIZE_UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
LEVELS = ("elevation", "depth")


@dataclass(frozen=True)
class TableMap:
    """One table: where it is, and the column of every field. ``levels``: what inverts are, elevation or depth."""

    file: str = ""
    layer: str = ""
    encoding: str = ""
    levels: str = "elevation"
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """How to read a pair of tables. ``keep`` names the systems to take (empty: all); ``materials`` Manning's n."""

    points: TableMap = TableMap()
    lines: TableMap = TableMap()
    size_unit: str = "mm"
    crs: str = ""
    snap: float = SNAP
    keep: tuple[str, ...] = ()
    materials: dict[str, float] = field(default_factory=lambda: dict(MATERIALS))


def detect_mapping(points: Sheet, lines: Sheet, notes: list[str]) -> Mapping:
    """Find the columns by their aliases and settle units and levels by rules; each decision goes to ``notes``."""
    point_columns = match_columns(points.header, POINT_ALIASES, cut=points.file.suffix.lower() == ".shp")
    line_columns = match_columns(lines.header, LINE_ALIASES, cut=lines.file.suffix.lower() == ".shp")
    _turn_axes(points, point_columns, notes)
    if "invert" in point_columns and "depth" in point_columns and point_columns["depth"] == point_columns["invert"]:
        del point_columns["depth"]
    line_levels = _line_levels(points, point_columns, lines, line_columns, notes)
    mapping = Mapping(
        TableMap(str(points.file), points.layer, "", _levels(points, point_columns, "invert", notes), point_columns),
        TableMap(str(lines.file), lines.layer, "", line_levels, line_columns),
        _size_unit(lines, line_columns, notes),
    )
    for title, columns in ((points.title, point_columns), (lines.title, line_columns)):
        shown = ", ".join(f"{name} = {column}" for name, column in columns.items())
        notes.append(f"{title}: columns {shown or 'none recognised'}")
    return mapping


def _turn_axes(points: Sheet, columns: dict[str, str], notes: list[str]) -> None:
    """Chinese surveys call the northing X and the easting Y: the size of the numbers tells, x is east here."""
    if points.shapes or plain(columns.get("x", "")) != "x" or plain(columns.get("y", "")) != "y":
        return
    x, y = column_values(points, columns["x"]), column_values(points, columns["y"])
    if not x or not y:
        return
    east = 1e5 <= median(y) <= 9e5 or median(y) >= 1.3e7  # easting of a Gauss-Kruger zone, without or with its number
    if 2e6 <= median(x) <= 6e6 and east:
        columns["x"], columns["y"] = columns["y"], columns["x"]
        notes.append(f"X is the northing and Y the easting, as in Chinese surveys: the median of X is {median(x):.0f}")


def column_values(sheet: Sheet, column: str | None) -> list[float]:
    """The numbers in a column."""
    if column is None or column not in sheet.header:
        return []
    at = sheet.header.index(column)
    found = (to_float(row[at]) for row in sheet.rows)
    return [value for value in found if value is not None]


def _size_unit(lines: Sheet, columns: dict[str, str], notes: list[str]) -> str:
    """Unit of pipe sizes: that in the header, else mm where the median is above 20, else m."""
    column = columns.get("size") or columns.get("height")
    if column is None:
        return "mm"
    stated = unit_in(column)
    if stated:
        notes.append(f"sizes are in {stated}, as the column {column} says")
        return stated
    at = lines.header.index(column)
    values = [value for row in lines.rows for value in first_numbers(row[at])]
    unit = "mm" if values and median(values) > LARGEST_PIPE_M else "m"
    side = "above" if unit == "mm" else "at most"
    notes.append(f"sizes are taken in {unit}: the median of {column} is {side} {LARGEST_PIPE_M:g}")
    return unit


def first_numbers(text: str) -> list[float]:
    """The numbers in a size such as DN300, 1000x800 or 1.2*1.0."""
    for mark in ("x", "X", "*", "×", "Ｘ", "/"):
        text = text.replace(mark, " ")
    words = [word.strip("dDnNφΦØ") for word in text.split()]
    return [value for word in words if (value := to_float(word)) is not None]


def _levels(sheet: Sheet, columns: dict[str, str], name: str, notes: list[str]) -> str:
    """Whether a column of inverts holds elevations or depths: its values against those of the rims decide."""
    values, rims = column_values(sheet, columns.get(name)), column_values(sheet, columns.get("rim"))
    if not values or not rims:
        return "elevation"
    if abs(median(values)) <= DEEPEST < median(rims) - median(values):
        notes.append(
            f"{columns[name]} is taken as depth under the rim: its median {median(values):.2f} m is at most "
            f"{DEEPEST:g} and more than {DEEPEST:g} m below that of {columns['rim']}"
        )
        return "depth"
    notes.append(f"{columns[name]} is taken as elevation: its median {median(values):.2f} m is near that of the rims")
    return "elevation"


def _line_levels(
    points: Sheet, point_columns: dict[str, str], lines: Sheet, columns: dict[str, str], notes: list[str]
) -> str:
    values = column_values(lines, columns.get("invert_start"))
    rims = column_values(points, point_columns.get("rim"))
    if values and rims and abs(median(values)) <= DEEPEST < median(rims) - median(values):
        notes.append(f"{columns['invert_start']} is taken as depth under the rim: its median is {median(values):.2f} m")
        return "depth"
    return "elevation"


def save_mapping(mapping: Mapping, path: Path) -> None:
    """Write a mapping as TOML, with a word on every key; files are written relative to it where they can be."""
    text = [
        "# Which column of the survey tables means what. Edit it and use it again with --mapping.",
        f'crs = {_text(mapping.crs)}  # "EPSG:4544" and so on; empty: that of the files',
        f"snap = {mapping.snap!r}  # m: ends of lines this near a point belong to it",
        f"size_unit = {_text(mapping.size_unit)}  # of pipe sizes: mm, cm or m",
        f"keep = [{', '.join(_text(name) for name in mapping.keep)}]  # systems to take, such as 雨水; empty: all",
    ]
    for title, table in (("points", mapping.points), ("lines", mapping.lines)):
        text += [
            f"\n[{title}]",
            f"file = {_text(_relative(table.file, path))}",
            f"layer = {_text(table.layer)}",
            f"encoding = {_text(table.encoding)}  # of shapefiles: GBK, UTF-8; empty: found out",
            f"levels = {_text(table.levels)}  # inverts are elevation or depth under the rim",
            f"\n[{title}.columns]",
            *(f"{name} = {_text(column)}" for name, column in table.columns.items()),
        ]
    text += ["\n[materials]  # Manning's n; the first word that a material contains counts"]
    text += [f"{_text(word)} = {n!r}" for word, n in mapping.materials.items()]
    replace_file(path, ("\n".join(text) + "\n").encode("utf-8"))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping; files count from its folder. Raises CaseError with all that is wrong in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseError(Fault(f"cannot read the file: {error.strerror}", str(path), remedy="check the path")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(Fault(f"is no TOML file: {error}", str(path), remedy="correct the line it names")) from None
    faults = Faults(path)
    _check_keys(data, {"crs", "snap", "size_unit", "keep", "points", "lines", "materials"}, "", faults)
    unit = str(data.get("size_unit", "mm"))
    if unit not in SIZE_UNITS:
        faults.add("unknown unit", key="size_unit", value=unit, allowed=", ".join(SIZE_UNITS), remedy="correct it")
    snap = data.get("snap", SNAP)
    if not isinstance(snap, int | float) or isinstance(snap, bool) or not 0.0 <= snap <= 100.0:
        faults.add("is no distance", key="snap", value=snap, allowed="0 to 100 m", remedy="correct it")
    materials = data.get("materials", MATERIALS)
    for word, n in materials.items():
        if not isinstance(n, int | float) or not 0.005 <= n <= 0.3:
            faults.add(
                "is no Manning's n", key=f"materials.{word}", value=n, allowed="0.005 to 0.3", remedy="correct it"
            )
    points = _table(data.get("points", {}), "points", POINT_ALIASES, path, faults)
    lines = _table(data.get("lines", {}), "lines", LINE_ALIASES, path, faults)
    faults.raise_if_any()
    keep = tuple(str(name) for name in data.get("keep", ()))
    return Mapping(points, lines, unit, str(data.get("crs", "")), float(snap), keep, dict(materials))


def _table(data: Any, title: str, aliases: dict[str, Any], path: Path, faults: Faults) -> TableMap:
    if not isinstance(data, dict):
        faults.add("is no table", key=title, value=data, remedy=f"write [{title}]")
        return TableMap()
    _check_keys(data, {"file", "layer", "encoding", "levels", "columns"}, f"{title}.", faults)
    levels = str(data.get("levels", "elevation"))
    if levels not in LEVELS:
        faults.add(
            "unknown levels", key=f"{title}.levels", value=levels, allowed=", ".join(LEVELS), remedy="correct it"
        )
    columns = {str(name): str(column) for name, column in data.get("columns", {}).items()}
    _check_keys(columns, set(aliases), f"{title}.columns.", faults)
    file = str(data.get("file", ""))
    file = str(path.parent / file) if file and not Path(file).is_absolute() else file
    return TableMap(file, str(data.get("layer", "")), str(data.get("encoding", "")), levels, columns)


def _check_keys(data: dict[str, Any], known: set[str], prefix: str, faults: Faults) -> None:
    for key in data:
        if key not in known:
            near = closest(key, known)
            remedy = f"did you mean {prefix}{near}?" if near else "delete it"
            faults.add("unknown key", key=prefix + key, allowed=", ".join(sorted(known)), remedy=remedy)


def with_files(mapping: Mapping, points: Sheet, lines: Sheet) -> Mapping:
    """The mapping with the tables it was used on."""
    return replace(
        mapping,
        points=replace(mapping.points, file=str(points.file), layer=points.layer),
        lines=replace(mapping.lines, file=str(lines.file), layer=lines.layer),
    )


def _relative(file: str, path: Path) -> str:
    try:
        return Path(file).resolve().relative_to(path.resolve().parent).as_posix()
    except ValueError:
        return Path(file).resolve().as_posix()


def _text(value: str) -> str:
    """A TOML string; JSON escapes are a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)
