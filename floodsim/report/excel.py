"""The tables of a report as an Excel workbook, a sheet each, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from floodsim.report.extras import need
from floodsim.report.files import write_whole
from floodsim.report.run import Run
from floodsim.report.tables import Column, Table, all_tables
from floodsim.report.texts import Texts

FORMATS = {
    "{:.0f}": "0",
    "{:.1f}": "0.0",
    "{:.2f}": "0.00",
    "{:.3f}": "0.000",
    "{:,.1f}": "#,##0.0",
    "{:,.3f}": "#,##0.000",
}
WIDEST = 60


def write_excel(runs: Sequence[Run], path: Path, t: Texts) -> None:
    """Write every table of every run into one workbook. Raises CaseError without openpyxl or where it cannot."""
    openpyxl = need("openpyxl", "writing Excel")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for run in runs:
        for table in all_tables(run, t):
            prefix = f"{run.number + 1} " if len(runs) > 1 else ""
            _sheet(book, prefix + table.title, table, t)
    write_whole(path, book.save)


def _sheet(book: Any, title: str, table: Table, t: Texts) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_sheet_name(title, book.sheetnames))
    sheet.append([table.title])
    sheet.append([column.head for column in table.columns])
    for number in (1, 2):
        for cell in sheet[number]:
            cell.font = Font(bold=True)
    for row in table.rows:
        sheet.append([_cell(value, column, t) for value, column in zip(row, table.columns, strict=True)])
    for row in sheet.iter_rows(min_row=3):
        for cell, column in zip(row, table.columns, strict=True):
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a name that begins with = is no formula
            cell.number_format = FORMATS.get(column.form, "General")
    for note in (table.note, *table.notes):
        if note:
            sheet.append([note])
            sheet.cell(sheet.max_row, 1).data_type = "s"
    for k, column in enumerate(table.columns, 1):
        shown = [len(column.head), *(len(str(row[k - 1])) for row in table.rows)]
        sheet.column_dimensions[get_column_letter(k)].width = min(max(shown) * 1.4 + 2, WIDEST)
    sheet.freeze_panes = "A3"


def _cell(value: Any, column: Column, t: Texts) -> Any:
    if column.kind == "verdict":
        return t(value)
    if column.kind == "confidence":
        return t.confidence(value)
    if isinstance(value, float) and value != value:
        return None
    text = value.item() if hasattr(value, "item") else value
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text) if isinstance(text, str) else text


def _sheet_name(title: str, taken: Sequence[str]) -> str:
    """At most 31 characters, without what Excel refuses, and unlike the others."""
    base = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "table"
    name, number = base, 1
    while name.lower() in {other.lower() for other in taken}:
        number += 1
        name = f"{base} {number}"[:31]
    return name
