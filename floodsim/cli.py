"""The command line: reads options, calls the floor that does the work, says plainly what came of it.

Commands import what they need when they run, so that ``--help`` answers at once. All reading of environment variables
and all mapping from errors to exit codes stands here.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from floodsim import __version__
from floodsim.cli_capacity import capacity_command
from floodsim.cli_measures import measures_command
from floodsim.cli_options import (
    DEBUG,
    DISPLAY,
    EPILOG,
    FILE,
    FOLDER,
    FORCE,
    MEASURES,
    SET,
    SPREAD,
    Settings,
    names_in,
    refuse_overwrite,
)
from floodsim.cli_report import compare_command, report_command
from floodsim.cli_study import batch_command, zones_command
from floodsim.cli_validate import validate_command
from floodsim.errors import (
    EXIT_BAD_INPUT,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_RUN_FAILED,
    EXIT_UNEXPECTED,
    CaseError,
    Fault,
    FloodsimError,
)

if TYPE_CHECKING:
    from floodsim.case.schema import Case

STORM_EXAMPLES = """\b
Examples:
  floodsim storm --list
  floodsim storm --formula NAME -P 50 --duration "3 h" --csv storm.csv
  floodsim storm cases/old_town/case.toml --png storm.png"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@DEBUG
def cli() -> None:
    """Urban flood simulation: from a case file to a verdict per waterlogging point 易涝积水点."""


@cli.command("run", short_help="Run a case: maps, series, mass ledger, verdict.", epilog=EPILOG)
@click.argument("case_file", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the results; default results/<name of the case>.")
@SET
@FORCE
@click.option("--resume", is_flag=True, help="Continue the run in DIR from its last checkpoint, if it has one.")
@click.option("--checkpoint-every", type=click.FloatRange(0), metavar="MIN", help="Wall-clock minutes; 0: never.")
@click.option("--threads", type=click.IntRange(0, 1024), help="Threads to use; 0: all cores this process may use.")
@MEASURES
@SPREAD
@DISPLAY
@DEBUG
def run_command(
    case_file: Path,
    out: Path | None,
    overrides: tuple[str, ...],
    force: bool,
    resume: bool,
    checkpoint_every: float | None,
    threads: int | None,
    measures: str | None,
    display: str | None,
    **spread: Any,
) -> int:
    """Run CASE and write maps, envelopes, series, the mass ledger and the verdict.

    CASE is a TOML, YAML or JSON file; the case.json of an earlier run repeats that run. Ctrl-C and SIGTERM end the run
    early and leave a readable partial result and a checkpoint. The same command with --resume goes on from there, to
    the bit; it begins a run that has no checkpoint and leaves one alone that is complete. DIR --resume does the same.
    """
    if case_file.is_dir() and resume:
        case_file, out = case_file / "case.json", out or case_file
    if case_file.is_dir():
        raise click.UsageError(f"{case_file} is a folder: give a case file, or --resume to continue the run in it.")
    if resume and force:
        raise click.UsageError("--resume continues a run, --force begins it anew: give one of them.")
    if threads is not None:
        overrides = (*overrides, f"solver.threads={threads}")
    if checkpoint_every is not None:
        overrides = (*overrides, f"output.checkpoint_interval={60.0 * checkpoint_every}")
    case = _load(case_file, overrides)  # first of all: a fault is shown before the solver is even imported
    if measures is not None:
        from floodsim.case.plan import apply_measures

        case = apply_measures(case, names_in(measures))

    from floodsim.api import run
    from floodsim.cli_progress import progress_for
    from floodsim.cli_results import show_results
    from floodsim.output.folder import folder_status

    folder = out or Path("results") / case.name
    if resume and folder_status(folder) == "complete":
        click.echo(f"{folder} is complete: nothing to do", err=True)
    signal.signal(signal.SIGTERM, _interrupt)  # a batch system that takes the node away is a Ctrl-C
    with progress_for(display or "auto") as progress:
        results = run(case, folder, force=force, resume=resume, progress=progress, tell=_say, **spread)
    show_results(results)
    return {"complete": EXIT_OK, "interrupted": EXIT_INTERRUPTED}.get(results.status, EXIT_RUN_FAILED)


@cli.command("check", short_help="Validate a case and prepare its ground; run nothing.")
@click.argument("case_file", metavar="CASE", type=FILE)
@click.option("--out", type=FOLDER, metavar="DIR", help="Also write the prepared ground there, for a look in a GIS.")
@SET
@FORCE
@DEBUG
def check_command(case_file: Path, out: Path | None, overrides: tuple[str, ...], force: bool) -> None:
    """Read CASE and everything it names, prepare the grid and the rain, and say what was found. Runs nothing."""
    case = _load(case_file, overrides)

    from floodsim.assess.standard import load_standard
    from floodsim.cli_show import show_check
    from floodsim.simulate.check_bundle import write_bundle
    from floodsim.simulate.check_measures import check_candidates
    from floodsim.simulate.setup import make_setup

    load_standard(case.standard.name, case.standard.overrides)
    if out is not None:
        _refuse_other_things(out, force)
    setup = make_setup(case)
    check_candidates(case, setup.grid)
    if out is not None:
        write_bundle(out.resolve(), case, setup)
        setup.notes.append(f"wrote the prepared ground to {out}")
    show_check(case, setup)


@cli.command("storm", short_help="Show, draw or export one storm.", epilog=STORM_EXAMPLES)
@click.argument("case_file", metavar="[CASE]", type=FILE, required=False)
@click.option("--list", "listing", is_flag=True, help="List the intensity formulas 暴雨强度公式, and end.")
@click.option("--formula", metavar="NAME", help="A formula by name.")
@click.option("--formula-file", type=FILE, metavar="FILE", help="A formula data file of your own.")
@click.option("--return-period", "-P", metavar="P", help='Return period 重现期, such as 50 or "50 a".')
@click.option("--kind", help="Shape of the storm 雨型: chicago, triangular, alternating_block ... (default chicago).")
@click.option("--duration", metavar="TIME", help='Duration 降雨历时, such as "2 h" (default 2 h).')
@click.option("--step", metavar="TIME", help='Length of the rain blocks, such as "5 min" (default 5 min).')
@click.option("--peak-ratio", "-r", metavar="R", help="Position of the peak 雨峰系数, 0 to 1 (default 0.4).")
@click.option("--csv", "csv_file", type=FILE, metavar="FILE", help="Write the blocks as CSV.")
@click.option("--png", "png_file", type=FILE, metavar="FILE", help="Draw the hyetograph.")
@click.option("--swmm", "swmm_file", type=FILE, metavar="FILE", help="Write for SWMM: .dat a rain file, else a series.")
@click.option("--netcdf", "netcdf_file", type=FILE, metavar="FILE", help="Write the blocks as CF NetCDF.")
@SET
@FORCE
@DEBUG
def storm_command(
    case_file: Path | None,
    listing: bool,
    overrides: tuple[str, ...],
    force: bool,
    csv_file: Path | None,
    png_file: Path | None,
    swmm_file: Path | None,
    netcdf_file: Path | None,
    **keys: str | Path | None,
) -> None:
    """Show, draw or export one storm: that of CASE, or one made from a formula and the options below."""
    from floodsim import cli_storm

    if listing:
        cli_storm.list_formulas()
        return
    stated = {key: str(value) for key, value in keys.items() if value is not None}
    if (case_file is None) == (not stated):
        raise click.UsageError("Give either a CASE, or a --formula with a --return-period (or --list).")
    case = cli_storm.case_of(stated, overrides, os.environ) if case_file is None else _load(case_file, overrides)
    exports = {"csv": csv_file, "png": png_file, "swmm": swmm_file, "netcdf": netcdf_file}
    for file in exports.values():
        refuse_overwrite(file, force)
    cli_storm.show_storm(case, exports, force)


@cli.command("schema", short_help="Print the JSON Schema of case files.")
@click.option("--study", is_flag=True, help="That of study files instead.")
@click.option("--out", type=FILE, metavar="FILE", help="Write to a file instead of the screen.")
@FORCE
@DEBUG
def schema_command(study: bool, out: Path | None, force: bool) -> None:
    """Print the JSON Schema of case files (or of study files): every key, its unit, default and allowed range.

    Editors that know JSON Schema complete and check case files by it.
    """
    import json

    from floodsim.case.load import json_schema
    from floodsim.case.schema import Case
    from floodsim.case.study import Study

    text = json.dumps(json_schema(Study if study else Case), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        refuse_overwrite(out, force)
        out.write_text(text, encoding="utf-8")


@cli.command("export", short_help="Write one map or envelope as a GeoTIFF.")
@click.argument("results", metavar="RESULTS", type=FOLDER)
@click.argument("variable", metavar="VARIABLE")
@click.argument("file", metavar="FILE.tif", type=FILE)
@click.option("--time", "when", metavar="TIME", help='For maps: simulated time, such as "90 min"; default the last.')
@click.option("--threshold", type=float, metavar="M", help="For duration_above: which of its depths, in m.")
@FORCE
@DEBUG
def export_command(
    results: Path, variable: str, file: Path, when: str | None, threshold: float | None, force: bool
) -> None:
    """Write one map or envelope of RESULTS as a GeoTIFF, such as max_depth or depth."""
    from floodsim.output.reader import export_envelope

    refuse_overwrite(file, force)
    export_envelope(results, variable, file, when, threshold)
    click.echo(f"wrote {file}")


@cli.command("info", short_help="Say how a run ended, or what a case states.")
@click.argument("path", metavar="RESULTS|CASE", type=click.Path(path_type=Path))
@SET
@DEBUG
def info_command(path: Path, overrides: tuple[str, ...]) -> None:
    """Say how a run ended (status, mass ledger, what set the time step, verdicts), or what a case states."""
    if path.is_dir():
        from floodsim.cli_results import show_results
        from floodsim.output.reader import open_results

        show_results(open_results(path))
    else:
        from floodsim.cli_show import show_case

        show_case(_load(path, overrides))


@cli.group("network", short_help="Check or convert a drainage network 排水管网.")
@DEBUG
def network_group() -> None:
    """Check or convert a drainage network: a SWMM input, or survey tables of points and pipes."""


LINES = click.option(
    "--lines", type=FILE, metavar="FILE", help="Table of the pipes, where SOURCE holds only the points."
)


@network_group.command("check", short_help="Say what is wrong with a network, object by object.")
@click.argument("source", metavar="SOURCE", type=FILE)
@LINES
@click.option("--terrain", type=FILE, metavar="TIF", help="Terrain to compare the rims with.")
@click.option("--inlets", type=FILE, metavar="CSV", help="Table of the inlets, as drainage.inlets names it.")
@click.option("--mapping", type=FILE, metavar="MAP.toml", help="Which column means what.")
@DEBUG
def network_check_command(
    source: Path, lines: Path | None, terrain: Path | None, inlets: Path | None, mapping: Path | None
) -> int:
    """Say what is wrong or doubtful with the network in SOURCE: .inp, .gpkg, .shp, .csv or .xlsx.

    Missing or adverse inverts, shrinking pipes, parts without outfall, rims off the terrain, pumps without curve, rules
    that name nothing; inlets off their node or off the terrain, or there twice. The exit code is 2 where anything keeps
    the network from running.
    """
    from floodsim.cli_network import check_file

    return check_file(source, lines, mapping, terrain, inlets)


@network_group.command("convert", short_help="Write a network as a SWMM input or a GeoPackage.")
@click.argument("source", metavar="SOURCE", type=FILE)
@click.argument("target", metavar="TARGET", type=FILE)
@LINES
@click.option("--mapping", type=FILE, metavar="MAP.toml", help="Which column means what; written if it does not exist.")
@click.option("--crs", metavar="EPSG:CODE", help="Bring the coordinates into this CRS, such as that of the terrain.")
@FORCE
@DEBUG
def network_convert_command(
    source: Path, target: Path, lines: Path | None, mapping: Path | None, crs: str | None, force: bool
) -> None:
    """Write the network in SOURCE (.inp, .gpkg, .shp, .csv, .xlsx) to TARGET (.inp or .gpkg)."""
    from floodsim.cli_network import convert_file

    refuse_overwrite(target, force)
    convert_file(source, target, lines, mapping, crs)


cli.add_command(report_command)
cli.add_command(compare_command)
cli.add_command(measures_command)
cli.add_command(batch_command)
cli.add_command(zones_command)
cli.add_command(capacity_command)
cli.add_command(validate_command)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _load(case_file: Path, overrides: Sequence[str]) -> Case:
    """Load a case with this process's environment."""
    from floodsim.case.load import load_case

    case = load_case(case_file, overrides, os.environ)
    click.get_current_context().ensure_object(Settings).case_file = case_file
    return case


def _refuse_other_things(folder: Path, force: bool) -> None:
    """A folder for the prepared ground is replaced as a whole, so one with anything else in it is never taken."""
    bundle = {"active.tif", "bed.tif", "buildings.tif", "roughness.tif", "check.gpkg"}
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in bundle) if folder.is_dir() else []
    if others:
        message = "the folder holds other things than the prepared ground of an earlier check; it is left alone"
        raise CaseError(Fault(message, str(folder), "--out", others[0], remedy="choose another --out"))
    refuse_overwrite(folder, force)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code, one of `floodsim.errors.EXIT_CODES`.

    ``arguments`` default to those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show 易涝积水点 must not end the run
    settings = Settings(environment=os.environ)
    try:
        code = cli.main(arguments, prog_name="floodsim", obj=settings, standalone_mode=False)
        return code if isinstance(code, int) else EXIT_OK
    except click.ClickException as error:
        error.show()
        return EXIT_BAD_INPUT
    except (Exception, KeyboardInterrupt) as error:
        if settings.debug:
            traceback.print_exc()
        return _explain(error, settings.case_file)


def _explain(error: BaseException, case_file: Path | None) -> int:
    """Say on stderr what went wrong and return the exit code for it."""
    from floodsim import cli_show

    if isinstance(error, click.Abort | KeyboardInterrupt):
        cli_show.show_error("interrupted")
        return EXIT_INTERRUPTED
    if isinstance(error, CaseError):
        cli_show.show_faults(error if case_file is None else error.in_file(case_file))
        return error.exit_code
    if isinstance(error, FloodsimError):
        cli_show.show_error(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        cli_show.show_error(f"{error.filename or 'input or output'}: {error.strerror}")
        return EXIT_RUN_FAILED if error.errno in (errno.ENOSPC, errno.EDQUOT) else EXIT_BAD_INPUT
    if isinstance(error, MemoryError):
        cli_show.show_error('out of memory; use a coarser grid.resolution, or solver.precision = "single"')
        return EXIT_RUN_FAILED
    cli_show.show_unexpected(error)
    return EXIT_UNEXPECTED
