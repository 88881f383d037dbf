"""Rows of survey tables as points and pipes with plain values: SI, levels as elevations where the row itself allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from floodsim.drainage.aliases import OUTFALL_WORDS, STORAGE_WORDS, UNKNOWN_MATERIAL, roughness_of
from floodsim.drainage.inp_sections import MAY_BE_ZERO, SHAPES
from floodsim.drainage.inp_text import to_float
from floodsim.drainage.mapping import SIZE_UNITS, Mapping, TableMap, first_numbers
from floodsim.drainage.sheets import Sheet
from floodsim.errors import Faults

SHAPE_WORDS = {
    "圆": "CIRCULAR", "circ": "CIRCULAR", "明渠": "RECT_OPEN", "明沟": "RECT_OPEN", "边沟": "RECT_OPEN",
    "矩": "RECT_CLOSED", "方": "RECT_CLOSED", "箱": "RECT_CLOSED", "rect": "RECT_CLOSED", "卵": "EGG",
    "马蹄": "HORSESHOE",
}  # fmt: skip
NOT_IN_TABLES = ("IRREGULAR", "STREET", "CUSTOM", "FORCE_MAIN", "DUMMY")


@dataclass
class PointRow:
    """A manhole, inlet or outfall; NaN where the table says nothing. ``depth`` is rim above invert."""

    name: str
    place: str
    x: float
    y: float
    rim: float
    invert: float
    depth: float
    outfall: bool
    system: str
    more: dict[str, float] = field(default_factory=dict)
    flap: bool = False


@dataclass
class PipeRow:
    """A pipe; ``start`` and ``end`` empty where its shape has to tell. ``invert`` and ``depth`` of both ends, m."""

    name: str
    place: str
    start: str
    end: str
    shape: str
    size: tuple[float, float, float, float]
    roughness: float
    length: float
    invert: list[float]
    depth: list[float]
    offset: list[float]
    system: str
    line: Any = None
    more: dict[str, float] = field(default_factory=dict)
    flap: bool = False


class Cells:
    """Reads the fields of one row through a mapping and records faults at its place."""

    def __init__(self, sheet: Sheet, at: int, table: TableMap, faults: Faults) -> None:
        self.row, self.faults = sheet.rows[at], faults
        self.where = f"{sheet.places[at]}"
        self.columns = table.columns
        self.index = {name: sheet.header.index(column) for name, column in table.columns.items()}
        self.file = str(sheet.file)
        self.name = self.text("name")

    @property
    def place(self) -> str:
        """Row and name, for people."""
        return f"{self.where}, {self.name}" if self.name else self.where

    def fault(self, message: str, value: object = "", allowed: str = "", remedy: str = "") -> None:
        """Record a fault at this row."""
        self.faults.add(message, key=self.place, value=value, allowed=allowed, remedy=remedy, file=self.file)

    def text(self, name: str) -> str:
        """The text of a field, empty where there is no such column."""
        return self.row[self.index[name]].strip() if name in self.index else ""

    def number(self, name: str, default: float = math.nan) -> float:
        """The number of a field; the default where it is empty, a fault where it is something else."""
        text = self.text(name)
        if not text:
            return default
        value = to_float(text)
        if value is None:
            self.fault(f"{self.columns[name]} is no number", text, remedy="correct the cell, or leave it empty")
            return default
        return value


def check_columns(sheet: Sheet, table: TableMap, needed: tuple[str, ...], title: str, faults: Faults) -> bool:
    """Record columns that a mapping names and the table lacks, and fields without which nothing can be read."""
    before = len(faults.found)
    header = ", ".join(column for column in sheet.header if column)
    for name, column in table.columns.items():
        if column not in sheet.header:
            remedy = f"correct {title}.columns.{name} in the mapping file"
            faults.add(f"has no column {column}", file=sheet.file, key=sheet.layer, allowed=header, remedy=remedy)
    for name in needed:
        if name not in table.columns:
            remedy = f"name it in a mapping file, as {title}.columns.{name}"
            message = f"no column for {name} is recognised"
            faults.add(message, file=sheet.file, key=sheet.layer, value=header, remedy=remedy)
    return len(faults.found) == before


def point_rows(sheet: Sheet, mapping: Mapping, faults: Faults) -> Iterator[PointRow]:
    """The points of a table that belong to one of the systems to keep."""
    for at in range(len(sheet.rows)):
        cells = Cells(sheet, at, mapping.points, faults)
        if not cells.name:
            cells.fault("has no name", remedy="give every point a name of its own")
            continue
        if not kept(cells.text("system"), mapping.keep):
            continue
        rim, invert, depth = cells.number("rim"), cells.number("invert"), cells.number("depth")
        if mapping.points.levels == "depth" and not math.isnan(invert):
            depth, invert = invert, math.nan
        if depth < 0.0:
            cells.fault("its depth is negative", depth, "at least 0", "correct the depth")
        if math.isnan(invert):
            invert = rim - depth
        if rim < invert:
            message = "its rim lies below its invert"
            cells.fault(message, f"{rim:g} and {invert:g}", remedy="correct one of them")
        shape = sheet.shapes[at] if sheet.shapes else None
        x = shape.centroid.x if shape is not None else cells.number("x")
        y = shape.centroid.y if shape is not None else cells.number("y")
        kind = cells.text("kind").lower()
        if kind == "divider" or any(word in kind for word in STORAGE_WORDS):
            cells.fault(f"a {kind} cannot be read from a table", kind, remedy="add it to the SWMM input by hand")
        outfall = any(word in kind for word in OUTFALL_WORDS)
        more = {name: cells.number(name, 0.0) for name in ("surcharge_depth", "ponded_area", "initial_depth")}
        more["stage"] = cells.number("stage")
        yield PointRow(
            cells.name, cells.place, x, y, rim, invert, depth, outfall, cells.text("system"), more, _yes(cells)
        )


def pipe_rows(sheet: Sheet, mapping: Mapping, faults: Faults, notes: list[str]) -> Iterator[PipeRow]:
    """The pipes of a table that belong to one of the systems to keep."""
    unknown: dict[str, int] = {}
    for at in range(len(sheet.rows)):
        cells = Cells(sheet, at, mapping.lines, faults)
        if not kept(cells.text("system"), mapping.keep):
            continue
        kind = cells.text("kind").lower()
        if kind not in ("", "conduit"):
            remedy = "keep pumps, weirs, orifices and outlets in a SWMM input"
            cells.fault(f"a {kind} cannot be read from a table", kind, remedy=remedy)
            continue
        line = sheet.shapes[at] if sheet.shapes else None
        start, end = cells.text("start"), cells.text("end")
        if line is None and not (start and end):
            missing = "start" if not start else "end"
            cells.fault(f"has no {missing} node", remedy="name the points at both ends")
            continue
        cells.name = cells.name or (f"{start}-{end}" if start and end else f"pipe_{at + 1}")
        shape, size = _section(cells, mapping)
        invert = [cells.number("invert_start"), cells.number("invert_end")]
        depth = [cells.number("depth_start"), cells.number("depth_end")]
        if mapping.lines.levels == "depth":
            depth = [d if math.isnan(i) else i for i, d in zip(invert, depth, strict=True)]
            invert = [math.nan, math.nan]
        more = {name: cells.number(name, 0.0) for name in ("loss_entry", "loss_exit")}
        more["barrels"] = cells.number("barrels", 1.0)
        length = cells.number("length")
        if length <= 0.0:
            cells.fault("its length is not positive", length, "above 0", "correct or clear it: the shape then tells")
        n = _roughness(cells, mapping, unknown)
        yield PipeRow(
            cells.name, cells.place, start, end, shape, size, n, length, invert, depth,
            [cells.number("offset_start"), cells.number("offset_end")], cells.text("system"), line, more, _yes(cells),
        )  # fmt: skip
    for material, count in unknown.items():
        shown = f"material {material}" if material else "no material"
        notes.append(f"{sheet.title}: {count} pipes of {shown}: Manning's n {UNKNOWN_MATERIAL} is assumed")


def kept(system: str, keep: tuple[str, ...]) -> bool:
    """Whether a system is one of those to keep; one that is not stated always is."""
    return not keep or not system or any(name in system for name in keep)


def _yes(cells: Cells) -> bool:
    return cells.text("flap").lower() in ("yes", "y", "true", "1", "是", "有")


def _roughness(cells: Cells, mapping: Mapping, unknown: dict[str, int]) -> float:
    stated = cells.number("roughness")
    if not math.isnan(stated) and not 0.005 <= stated <= 0.3:
        cells.fault("its Manning's n is out of range", stated, "0.005 to 0.3", "correct it, or leave it empty")
    if not math.isnan(stated):
        return stated
    material = cells.text("material")
    n = roughness_of(material, mapping.materials) if material else None
    if n is None:
        unknown[material] = unknown.get(material, 0) + 1
    return UNKNOWN_MATERIAL if n is None else n


def _section(cells: Cells, mapping: Mapping) -> tuple[str, tuple[float, float, float, float]]:
    """Shape and sizes in m: one number is a diameter, width x height a closed rectangle, unless a shape is named."""
    unit = SIZE_UNITS[mapping.size_unit]
    word = cells.text("shape")
    shape = word.upper() if word.upper() in SHAPES else next(
        (name for part, name in SHAPE_WORDS.items() if part in word.lower()), ""
    )  # fmt: skip
    if word and not shape or shape in NOT_IN_TABLES:
        cells.fault("unknown shape", word, ", ".join(SHAPE_WORDS), "correct it, or clear it for circle or rectangle")
        return "CIRCULAR", (1.0, 0.0, 0.0, 0.0)
    height, width = cells.number("height"), cells.number("width", 0.0)
    numbers = first_numbers(cells.text("size")) if math.isnan(height) else [width, height] if width else [height]
    if not numbers or not all(value > 0.0 for value in numbers):
        text = cells.text("size") or cells.text("height")
        remedy = "write a diameter, or width x height such as 1000x800"
        cells.fault("has no size" if not text else "its size cannot be read", text, remedy=remedy)
        return "CIRCULAR", (1.0, 0.0, 0.0, 0.0)
    shape = shape or ("CIRCULAR" if len(numbers) == 1 else "RECT_CLOSED")
    tall = numbers[1] if len(numbers) > 1 else numbers[0]
    wide = numbers[0] if len(numbers) > 1 and len(SHAPES[shape]) > 1 else 0.0
    if len(SHAPES[shape]) > 1 and not wide and 1 not in MAY_BE_ZERO.get(shape, ()):
        cells.fault(f"a {shape} needs width and height", cells.text("size"), remedy="write width x height")
    third, fourth = (
        cells.number(name, 0.0) * (unit if meaning == "l" else 1.0)
        for name, meaning in zip(("size3", "size4"), (SHAPES[shape] + "----")[2:4], strict=True)
    )
    if not 0.05 <= tall * unit <= 20.0:
        cells.fault(
            "its size is implausible", f"{tall * unit:g} m", "0.05 to 20 m", "check size_unit in the mapping: mm or m"
        )
    return shape, (tall * unit, wide * unit, third, fourth)
