"""The commands report and compare: what is written where, and what is said on the terminal.

Like cli.py it imports what a command needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from floodsim.cli_options import DEBUG, EPILOG, FILE, FOLDER, FORCE, LANG, refuse_overwrite
from floodsim.errors import EXIT_DIFFERENT, EXIT_OK

MOST_DIFFERENCES = 20


@click.command("report", short_help="Write the report of one run or several: one page, Excel, layers.")
@click.argument("results", metavar="RESULTS...", nargs=-1, required=True, type=FOLDER)
@click.option("--out", "page", type=FILE, metavar="FILE.html", help="The page; default RESULTS/report.html.")
@LANG
@click.option("--excel", type=FILE, metavar="FILE.xlsx", help="Also write every table to Excel.")
@click.option("--gis", type=FOLDER, metavar="DIR", help="Also write GeoTIFF, GeoPackage and QGIS styles there.")
@click.option("--hazard", type=FILE, metavar="FILE.toml", help="Hazard classes of your own.")
@click.option("--damage", type=FILE, metavar="FILE.toml", help="Damage curves and values per area of your own.")
@FORCE
@DEBUG
def report_command(
    results: tuple[Path, ...],
    page: Path | None,
    lang: str,
    excel: Path | None,
    gis: Path | None,
    hazard: Path | None,
    damage: Path | None,
    force: bool,
) -> None:
    """Write the report of one run, or of several side by side, as one HTML page that needs no network.

    The page prints to PDF in the form of a planning report.
    """
    page = page_of(results, page)
    for path in (page, excel, gis):
        refuse_overwrite(path, force)
    make_report(results, page, lang, excel, gis, hazard, damage)


@click.command("compare", short_help="What changes from one result to another.", epilog=EPILOG)
@click.argument("a", metavar="A", type=FOLDER)
@click.argument("b", metavar="B", type=FOLDER)
@click.option("--exact", is_flag=True, help="Only say whether every array is equal to the bit: exit code 0, else 5.")
@click.option("--out", "page", type=FILE, metavar="FILE.html", help="Write a page with the maps of difference.")
@click.option("--gis", type=FOLDER, metavar="DIR", help="Write the differences as GeoTIFF there.")
@LANG
@FORCE
@DEBUG
def compare_command(
    a: Path, b: Path, exact: bool, page: Path | None, gis: Path | None, lang: str, force: bool
) -> int | None:
    """Compare two results on the same grid: verdicts that changed, points, areas, maps of difference (B less A)."""
    if exact:
        if page is not None or gis is not None:
            raise click.UsageError("--exact writes nothing: leave out --out and --gis.")
        return compare_exactly(a, b)
    for path in (page, gis):
        refuse_overwrite(path, force)
    compare_runs(a, b, page, gis, lang)
    return None


def page_of(results: Sequence[Path], page: Path | None) -> Path:
    """Where the report goes: the file asked for, else report.html in the folder of the first run."""
    from floodsim.output.folder import REPORT

    return page or results[0] / REPORT


def make_report(
    folders: Sequence[Path],
    page: Path,
    lang: str,
    excel: Path | None,
    gis: Path | None,
    hazard: Path | None,
    damage: Path | None,
) -> None:
    """Write the report of one run or several, and say what was written."""
    from floodsim.cli_show import print_notes, print_pairs
    from floodsim.report.build import write_report
    from floodsim.report.run import open_runs, read_tables

    tables = read_tables(hazard, damage)
    runs = open_runs(folders)
    try:
        write_report(runs, page, lang=lang, excel=excel, gis=gis, tables=tables)
        print_notes(f"{run.folder}: {run.statement}" for run in runs if run.statement)
    finally:
        for run in runs:
            run.close()
    size = f"{page.stat().st_size / 1e6:.1f} MB"
    print_pairs([("report", f"{page} ({size})"), ("tables", str(excel or "")), ("layers", str(gis or ""))])


def compare_exactly(a: Path, b: Path) -> int:
    """Say what differs between the arrays of two results, to the bit; the exit code says whether anything does."""
    from floodsim.assess.compare import exact_differences
    from floodsim.cli_show import print_notes, print_pairs

    found = exact_differences(a, b)
    print_notes(found[:MOST_DIFFERENCES])
    if len(found) > MOST_DIFFERENCES:
        print_notes([f"and {len(found) - MOST_DIFFERENCES} more"])
    print_pairs([("exact", "the results differ" if found else "every array is equal to the bit")])
    return EXIT_DIFFERENT if found else EXIT_OK


def compare_runs(a: Path, b: Path, page: Path | None, gis: Path | None, lang: str) -> None:
    """Show what changes from A to B on the terminal; write page and layers where asked."""
    from floodsim.assess.compare import compare
    from floodsim.cli_show import print_notes, print_pairs, print_table
    from floodsim.output.reader import open_results
    from floodsim.report.comparison import comparison_tables, target, write_comparison
    from floodsim.report.run import prepare, read_tables
    from floodsim.report.texts import Texts

    t = Texts(lang)
    with open_results(a) as first, open_results(b) as second:
        comparison = compare(first, second)
        for table in comparison_tables(comparison, t):
            numeric = [k for k, column in enumerate(table.columns) if column.form]
            rows = [
                [t(cell) if column.kind == "verdict" else cell for cell, column in zip(row, table.columns, strict=True)]
                for row in table.shown()
            ]
            if rows:
                print_table(table.title, [column.head for column in table.columns], rows, right=numeric)
        print_pairs([("target", target(comparison, t)), ("page", str(page or "")), ("layers", str(gis or ""))])
        print_notes(f"{run.folder}: {run.statement}" for run in (first, second) if run.statement)
        if page is not None or gis is not None:
            tables = read_tables()
            runs = (prepare(first, 0, tables), prepare(second, 1, tables))
            write_comparison(*runs, comparison, page, gis, lang)
