"""What is written: the page, Excel, layers for a GIS, the comparison of two results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from floodsim.output.reader import Results
from floodsim.report.files import write_text
from floodsim.report.page import report_page
from floodsim.report.run import Run, Tables, prepare, read_tables
from floodsim.report.texts import Texts

DEFAULT_LANGUAGE = "zh"


def write_report(
    results: Sequence[Results],
    page: Path,
    *,
    lang: str = DEFAULT_LANGUAGE,
    excel: Path | None = None,
    gis: Path | None = None,
    tables: Tables | None = None,
) -> None:
    """Write the report of one run or several as one HTML page, and where asked as an Excel file and layers for a GIS.

    ``lang`` is "zh" or "en"; ``tables`` are the user's own hazard classes and damage curves. Raises CaseError where
    results have nothing to report, an extra is missing or something cannot be written.
    """
    used = tables or read_tables()
    runs = [prepare(one, number, used) for number, one in enumerate(results)]
    write_text(page, report_page(runs, lang))
    if excel is not None:
        from floodsim.report.excel import write_excel

        write_excel(runs, excel, Texts(lang))
    if gis is not None:
        write_gis(runs, gis, Texts(lang))


def write_gis(runs: Sequence[Run], folder: Path, t: Texts) -> None:
    """Layers of every run; each of several runs gets a folder of its own."""
    from floodsim.report.gis import write_layers

    for run in runs:
        write_layers(run, folder if len(runs) == 1 else folder / f"{run.number + 1}_{run.name}", t)
