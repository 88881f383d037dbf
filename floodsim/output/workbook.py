"""Tables as an Excel workbook, a sheet each: what a search or a study found, for whoever goes on in Excel."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from floodsim.output.netcdf import replacing, writing

LONGEST_TITLE = 31
"""Characters that Excel takes for the name of a sheet."""


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> list[str]:
    """Write tables, heads first, by title; the file is whole or absent. Returns a note where openpyxl is not installed.

    Raises RunError where the disk is full.
    """
    try:
        openpyxl: Any = importlib.import_module("openpyxl")
    except ImportError:
        return [f"no {path.name}: pip install floodsim[tables]"]
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title[:LONGEST_TITLE])
        for row in rows:
            sheet.append(list(row))
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a name that begins with = is no formula
        sheet.freeze_panes = "B2"
    with writing(path), replacing(path) as temporary:
        book.save(temporary)
    return []
