"""The command measures 工程措施比选: the cheapest set of measures that eliminates the waterlogging points."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from floodsim.cli_options import DEBUG, EPILOG, FILE, FOLDER, FORCE, SET, Settings
from floodsim.cli_study import SCHEDULER, THREADS, WORKERS
from floodsim.errors import EXIT_OK

if TYPE_CHECKING:
    from floodsim.case.schema import Case
    from floodsim.measures.plan import Options

EXAMPLES = (
    """\b
Examples:
  floodsim measures cases/old_town_plan/case.toml --out results/plan --workers 4
  floodsim measures cases/old_town_plan/case.toml --out results/plan --screen "8 m"

"""
    + EPILOG
)


@click.command("measures", short_help="Find the cheapest measures that pass every point.", epilog=EXAMPLES)
@click.argument("case_file", metavar="CASE", type=FILE)
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the search; default results/<case>_measures.")
@SET
@WORKERS
@SCHEDULER
@THREADS
@click.option("--most-runs", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Runs at the most.")
@click.option(
    "--screen", metavar="SIZE", help='Search on cells of this size first, such as "8 m"; then check its plan.'
)
@click.option("--results/--no-results", default=True, show_default=True, help="Full results of present state and plan.")
@FORCE
@click.option("--quiet", is_flag=True, help="Show no progress.")
@DEBUG
def measures_command(
    case_file: Path,
    out: Path | None,
    overrides: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    threads: int | None,
    most_runs: int,
    screen: str | None,
    results: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Run CASE as it is, with single measures and with sets of them, and find the cheapest set that passes most points.

    Writes measures.json, measures.csv, measures.xlsx and, as folders for `floodsim report`, the results of the present
    state and of the plan. The same command goes on where it stopped: finished sets are not run again.
    """
    from floodsim.case.load import load_case

    settings = click.get_current_context().ensure_object(Settings)
    case = load_case(case_file, overrides, settings.environment)
    settings.case_file = case_file

    from floodsim.measures.plan import Options, resolution_of
    from floodsim.study.pool import Workers, threads_each

    pool = Workers(workers, scheduler)
    options = Options(most_runs, resolution_of(screen), pool, threads_each(threads, pool), force)
    folder = (out or Path("results") / f"{case.name}_measures").absolute()
    signal.signal(signal.SIGTERM, _interrupt)
    run_search(case, folder, options, results, quiet)
    return EXIT_OK


def run_search(case: Case, folder: Path, options: Options, results: bool, quiet: bool) -> None:
    """Check everything, search, write and show; nothing is written where anything is wrong with the case."""
    from floodsim.measures.plan import coarser, items_of, search_measures
    from floodsim.measures.write import take_folder, write_results, write_search
    from floodsim.simulate.check_measures import check_candidates
    from floodsim.simulate.setup import make_setup

    items_of(case)
    if options.screen is not None:
        coarser(case, options.screen)
    check_candidates(case, make_setup(case).grid)
    take_folder(folder, case, options.force)

    def tell(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    report = search_measures(case, folder, options, tell)
    notes = write_search(folder, report)
    if results:
        write_results(folder, case, report, tell, options.force)
    show_search(report, notes, folder)


def show_search(report: dict[str, Any], notes: list[str], folder: Path) -> None:
    """The plan, the points before and after, the frontier and what nothing helps, on stdout."""
    from floodsim.cli_show import print_notes, print_pairs, print_table
    from floodsim.measures.write import tables

    sheets = tables(report)
    for name, title in (("measures", "Measures"), ("points", "Points before and after the plan"),
                        ("frontier", "Cost against points eliminated")):  # fmt: skip
        heads, *rows = sheets[name]
        numeric = [k for k, _ in enumerate(heads) if any(isinstance(row[k], int | float) for row in rows)]
        print_table(title, heads, [[_shown(cell) for cell in row] for row in rows], right=numeric)
    plan, money = report["plan"], report["currency"]
    proof = {
        "exhaustive": "every cheaper set was run",
        "monotone": "every cheaper set was run, or lies within one that was run and fails, taken that no measure harms",
        "none": "not proved within the runs allowed (--most-runs)",
    }
    print_pairs([
        ("plan", " + ".join(plan["measures"]) or "nothing has to be built"),
        ("eliminated", f"{plan['n']} of {plan['of']} points for {plan['cost']:g} {money}"),
        ("cheapest", proof[report["proof"]]),
        ("no set helps", ", ".join(report["never_passed"])),
        ("runs", f"{len(report['sets'])} sets" + _screened(report)),
        ("results", str(folder)),
    ])  # fmt: skip
    for one in report["named_sets"]:
        notes.append(f"set {one['name']}: {one['n']} of {one['of']} points for {one['cost']:g} {money}")
    print_notes([*notes, *(f"{name}: {reason}" for name, reason in report["failed"].items())])


def _screened(report: dict[str, Any]) -> str:
    screening = report["screening"]
    return "" if screening is None else f", {screening['runs']} on cells of {screening['resolution_m']:g} m before"


def _shown(cell: Any) -> str:
    return "-" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
