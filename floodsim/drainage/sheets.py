"""Tables out of GeoPackage, shapefile, GeoJSON, CSV and Excel, every row with its place in the file."""

from __future__ import annotations

import csv
import importlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floodsim.errors import CaseError, Fault
from floodsim.forcing.table import read_lines
from floodsim.grid.extras import need
from floodsim.grid.vector import SUFFIXES, read_vectors

TEXT, EXCEL = (".csv", ".txt", ".tsv"), (".xlsx", ".xlsm")
ALL = (*SUFFIXES, *TEXT, *EXCEL)


@dataclass(frozen=True)
class Sheet:
    """One table: its file and layer (or sheet), column names, rows of texts with their places, and shapes if any."""

    file: Path
    layer: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    places: list[str]
    shapes: list[Any] | None = None
    crs_wkt: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def title(self) -> str:
        """File and layer, for people."""
        return f"{self.file.name}" + (f", {self.layer}" if self.layer else "")

    def kind(self) -> str:
        """``point``, ``line`` or ``polygon`` by its shapes; empty where it has none."""
        names = {str(shape.geom_type).removeprefix("Multi") for shape in self.shapes or ()}
        return {"Point": "point", "LineString": "line"}.get(names.pop(), "polygon") if len(names) == 1 else ""


def read_sheets(file: Path, layer: str | None = None, encoding: str | None = None) -> list[Sheet]:
    """All tables of a file, or the one named. Raises CaseError where it cannot be read."""
    if not file.is_file():
        raise CaseError(Fault("no such file", str(file), remedy="check the path"))
    suffix = file.suffix.lower()
    if suffix in TEXT:
        return [_text_sheet(file)]
    if suffix in EXCEL:
        return _excel_sheets(file, layer)
    if suffix in SUFFIXES:
        names = [layer] if layer else _layers(file)
        return [_vector_sheet(file, name, encoding) for name in names]
    remedy = "save it as one of those; .xls as .xlsx"
    raise CaseError(
        Fault("is no table that can be read", str(file), value=suffix, allowed=", ".join(ALL), remedy=remedy)
    )


def text_of(value: Any) -> str:
    """A cell as text: empty for nothing, whole numbers without a point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value).strip()
    return "" if text.lower() in ("nan", "none", "null", "<na>", "nat") else text


def _text_sheet(file: Path) -> Sheet:
    lines = read_lines(file, "")
    first = next((line for line in lines if line.strip()), "")
    separator = next((mark for mark in ("\t", ";", ",", "，") if mark in first), ",")
    rows = [(number, row) for number, row in enumerate(csv.reader(lines, delimiter=separator), start=1) if any(row)]
    if len(rows) < 2:
        raise CaseError(Fault("holds no rows of data under a header", str(file), remedy="add a header and rows"))
    header = tuple(cell.strip() for cell in rows[0][1])
    body = [tuple(text_of(cell) for cell in row[: len(header)]) for _, row in rows[1:]]
    body = [row + ("",) * (len(header) - len(row)) for row in body]
    return Sheet(file, "", header, body, [f"row {number}" for number, _ in rows[1:]])


def _excel_sheets(file: Path, layer: str | None) -> list[Sheet]:
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError:
        message = "reading Excel needs the package openpyxl, which is not installed"
        raise CaseError(Fault(message, str(file), remedy="pip install floodsim[tables], or save it as CSV")) from None
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        raise CaseError(
            Fault(f"cannot be read as Excel: {error}", str(file), remedy="save it again as .xlsx")
        ) from None
    with_names = [layer] if layer else list(book.sheetnames)
    if layer and layer not in book.sheetnames:
        sheets_there = ", ".join(book.sheetnames)
        raise CaseError(
            Fault(f"has no sheet {layer}", str(file), allowed=sheets_there, remedy="name one of its sheets")
        )
    sheets = [_excel_sheet(file, name, book[name]) for name in with_names]
    book.close()
    found = [sheet for sheet in sheets if sheet.rows]
    if not found:
        raise CaseError(Fault("holds no rows of data under a header", str(file), remedy="add a header and rows"))
    return found


def _excel_sheet(file: Path, name: str, cells: Any) -> Sheet:
    """The header is the first row with at least two texts; titles above it are skipped."""
    header: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    places: list[str] = []
    for number, row in enumerate(cells.iter_rows(values_only=True), start=1):
        texts = tuple(text_of(cell) for cell in row)
        if not header:
            if sum(bool(text) for text in texts) >= 2:
                header = texts
        elif any(texts):
            rows.append((texts + ("",) * len(header))[: len(header)])
            places.append(f"sheet {name} row {number}")
    return Sheet(file, name, header, rows, places)


def _layers(file: Path) -> list[str]:
    pyogrio = need("pyogrio", f"reading {file.name}")
    try:
        listed = pyogrio.list_layers(file)
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        message = f"cannot be read: {error}"
        raise CaseError(Fault(message, str(file), remedy="check that the file is complete")) from None
    return [str(row[0]) for row in listed if row[1] is not None]


def _vector_sheet(file: Path, layer: str, encoding: str | None) -> Sheet:
    notes: list[str] = []
    frame = read_vectors(file, layer, encoding, notes=notes)
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    columns = [[text_of(value) for value in frame[name]] for name in names]
    rows: list[tuple[str, ...]] = list(zip(*columns, strict=True)) if columns else [()] * len(frame)
    title = layer if file.suffix.lower() == ".gpkg" else ""
    places = [(f"layer {title} " if title else "") + f"feature {fid}" for fid in frame.index]
    wkt = "" if frame.crs is None else str(frame.crs.to_wkt())
    return Sheet(file, layer, tuple(names), rows, places, list(frame.geometry), wkt, tuple(notes))
