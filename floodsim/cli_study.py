"""Commands that run many scenarios: the study 方案组合, and the rain that drainage zones bear."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from floodsim.cli_options import DEBUG, DISPLAY, EPILOG, FILE, FOLDER, FORCE, MEASURES, SET, names_in, refuse_overwrite
from floodsim.cli_study_progress import StudyProgress
from floodsim.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_RUN_FAILED

if TYPE_CHECKING:
    from floodsim.case.study import Study
    from floodsim.study.batch import Left, Outcome
    from floodsim.study.pool import Workers
    from floodsim.study.slurm import Job
    from floodsim.study.zones import Borne

BATCH_EXAMPLES = (
    """\b
Examples:
  floodsim batch studies/storms.toml --dry-run
  floodsim batch studies/storms.toml --workers 4
  floodsim batch studies/storms.toml --scheduler tcp://node1:8786 --workers 16
  floodsim batch studies/storms.toml --slurm --jobs 20 --threads 8 --sbatch time=12:00:00 --submit

"""
    + EPILOG
)


class Share(click.ParamType):
    """``K/N``: the K-th of N equal shares."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Two whole numbers, the first no greater than the second."""
        if isinstance(value, tuple):
            return value
        first, _, last = str(value).partition("/")
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
            self.fail(f"{value!r} is not K/N with 1 <= K <= N, such as 3/20", param, ctx)
        return int(first), int(last)


WORKERS = click.option(
    "--workers", type=click.IntRange(1, 4096), default=1, show_default=True, help="Scenarios run at the same time."
)
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help='Dask scheduler, such as tcp://node1:8786; or "slurm": workers as jobs.',
)
THREADS = click.option(
    "--threads", type=click.IntRange(0, 1024), help="Threads of each scenario; default the cores over the workers."
)


@click.command("batch", short_help="Run all scenarios of a study; go on; compare.", epilog=BATCH_EXAMPLES)
@click.argument("study_file", metavar="STUDY", type=FILE)
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder of the study; default results/<name of the study>.")
@click.option("--dry-run", is_flag=True, help="List the scenarios and what they will cost; run nothing.")
@WORKERS
@SCHEDULER
@THREADS
@click.option("--share", type=Share(), default=(1, 1), help="Run only the K-th of N shares of the scenarios.")
@click.option("--slurm", is_flag=True, help="Write the sbatch script of a job array to DIR/batch.sbatch; run nothing.")
@click.option("--jobs", type=click.IntRange(1, 10_000), help="With --slurm: jobs in the array; default one a scenario.")
@click.option("--sbatch", metavar="KEY=VALUE", multiple=True, help="Option of SLURM jobs, such as time=12:00:00.")
@click.option("--submit", is_flag=True, help="With --slurm: also hand the script to sbatch.")
@FORCE
@DISPLAY
@DEBUG
def batch_command(
    study_file: Path,
    out: Path | None,
    dry_run: bool,
    workers: int,
    scheduler: str | None,
    threads: int | None,
    share: tuple[int, int],
    slurm: bool,
    jobs: int | None,
    sbatch: tuple[str, ...],
    submit: bool,
    force: bool,
    display: str | None,
) -> int:
    """Run all scenarios that STUDY spans, and collect them: study.nc, comparison.csv, comparison.xlsx.

    The same command goes on where it stopped: finished scenarios are not run again. One that fails does not stop the
    others; the exit code is then 3.
    """
    from floodsim.api import plan_study
    from floodsim.study.batch import about_study, run_plan, survey
    from floodsim.study.pool import threads_each
    from floodsim.study.slurm import Job, read_options

    if not slurm and (jobs or submit):
        raise click.UsageError("--jobs and --submit belong to --slurm.")
    pool = pool_of(workers, scheduler, threads, sbatch)
    study, plan = plan_study(study_file)
    folder = (out or Path("results") / study.name).absolute()
    each = threads_each(threads, pool)
    if dry_run:
        show_plan(survey(plan, folder, max(each, 1)), workers)
        return EXIT_OK
    if slurm:
        job = Job(min(jobs or len(plan), len(plan)), workers, threads or 1, read_options(sbatch))
        write_script(study, study_file.absolute(), folder, job, submit)
        return EXIT_OK
    catch_sigterm()
    options: dict[str, Any] = {"keep": study.keep, "force": force, "share": share, "about": about_study(study)}
    with progress_for(display, workers) as progress:
        outcome = run_plan(plan, folder, workers=pool, threads=each, watch=progress, **options)
    return show_outcome(outcome)


def pool_of(workers: int, scheduler: str | None, threads: int | None, sbatch: tuple[str, ...]) -> Workers:
    """The workers that the options ask for; options of sbatch matter to workers that are SLURM jobs."""
    from floodsim.study.pool import SLURM, Workers
    from floodsim.study.slurm import Job, dask_options, read_options

    job = Job(workers, 1, threads or 1, read_options(sbatch))
    return Workers(workers, scheduler, dask_options(job) if scheduler == SLURM else None)


def catch_sigterm() -> None:
    """Let SIGTERM, by which a batch system takes the node away, do what Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)


def write_script(study: Study, file: Path, folder: Path, job: Job, at_once: bool) -> None:
    """Write the sbatch script of a study into its folder, and say what to do with it; ``at_once`` submits it too."""
    from floodsim.cli_show import print_pairs
    from floodsim.study.batch import about_study, prepare_folder
    from floodsim.study.slurm import LOGS, SCRIPT, sbatch_script, submit

    prepare_folder(folder, about_study(study))
    (folder / LOGS).mkdir(exist_ok=True)
    script = folder / SCRIPT
    command = (sys.executable, "-m", "floodsim")
    script.write_text(sbatch_script(study.name, command, file, folder, job), encoding="utf-8")
    answer = submit(script) if at_once else f"sbatch {script}"
    print_pairs([("script", str(script)), ("jobs", f"{job.count} of {job.cores} cores"), ("submit", answer)])


def progress_for(display: str | None, workers: int) -> StudyProgress:
    """The table of progress that suits stderr: live on a terminal, lines elsewhere, none if quiet."""
    stream = None if display == "quiet" else sys.stderr
    return StudyProgress(stream, live=display is None and sys.stderr.isatty(), workers=workers)


def show_plan(left: Left, workers: int) -> None:
    """Every scenario with what is known of it and what it will cost, on stdout."""
    from floodsim.cli_progress import duration_text
    from floodsim.cli_show import print_notes, print_pairs, print_table

    rows = [
        (
            scenario.name,
            left.state[scenario.name],
            f"{scenario.cost.cells}",
            f"{scenario.cost.updates / 1e9:.3g}",
            duration_text(left.seconds[scenario.name]),
            f"{scenario.cost.memory_mb:.0f}",
        )
        for scenario in left.plan
    ]
    columns = ("scenario", "state", "cells", "billion updates", "about", "MB")
    print_table("Scenarios", columns, rows, right=range(2, 6))
    if any(one.case.drainage is not None for one in left.plan) and "finished" not in left.state.values():
        print_notes(["the time that the network of pipes takes is not in these figures until a scenario was run"])
    rest = sum(left.seconds[one.name] for one in left.plan if left.state[one.name] != "finished")
    counts = ", ".join(f"{count} {state}" for state, count in left.count().items())
    cells = max(one.cost.memory_mb for one in left.plan) * workers
    print_pairs([
        ("scenarios", f"{len(left.plan)}: {counts}"),
        ("left", f"about {duration_text(rest / workers)} on {workers} worker(s), {cells:.0f} MB"),
    ])  # fmt: skip


def show_outcome(outcome: Outcome) -> int:
    """The table that sets the scenarios side by side, what failed and why, where everything lies; the exit code."""
    from floodsim.cli_show import print_notes, print_pairs, print_table
    from floodsim.study.collect import DATASET, EXCEL, TABLE, comparison

    heads, rows = comparison(outcome.plan, outcome.records)
    wanted = [heads.index(head) for head in SHOWN]
    shown = [[FORMS.get(heads[k], "{}").format(row[k]) if row[k] is not None else "-" for k in wanted] for row in rows]
    print_table("Scenarios side by side", SHOWN, shown, right=range(2, len(SHOWN)))
    print_notes(f"{name}: {reason}" for name, reason in outcome.failed.items())
    print_notes(outcome.notes)
    done = sum((outcome.records.get(one.name) or {}).get("status") == "complete" for one in outcome.plan)
    files = ", ".join(name for name in (DATASET, TABLE, EXCEL) if (outcome.folder / name).is_file())
    print_pairs([("finished", f"{done} of {len(outcome.plan)} scenarios"), ("results", f"{outcome.folder}: {files}")])
    if outcome.stopped:
        return EXIT_INTERRUPTED
    return EXIT_RUN_FAILED if outcome.failed else EXIT_OK


SHOWN = (
    "scenario",
    "status",
    "rain mm",
    "eliminated",
    "of",
    "depth m",
    "volume m3",
    "flooded area m2",
    "mass error",
    "wall s",
)
"""Columns of the comparison that fit a terminal; comparison.csv has all of them."""

FORMS = {
    "rain mm": "{:.1f}",
    "depth m": "{:.2f}",
    "volume m3": "{:.0f}",
    "flooded area m2": "{:.0f}",
    "mass error": "{:.1e}",
    "wall s": "{:.1f}",
}


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


ZONES_EXAMPLES = (
    """\b
Examples:
  floodsim zones cases/old_town/case.toml --workers 2
  floodsim zones cases/old_town/case.toml --by depth --most 150 --step 5
  floodsim zones cases/old_town/case.toml --periods 2,3,5,10,20,30,50,100

"""
    + EPILOG
)


class Periods(click.ParamType):
    """Return periods in years, with commas between."""

    name = "P,P,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Numbers above 0."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            found = ()
        if not found or not all(0.0 < period <= 10_000.0 for period in found):
            self.fail(f"{value!r} is not a list of return periods in years, such as 2,5,10,20", param, ctx)
        return found


@click.command("zones", short_help="The rain that each drainage zone 排水分区 bears.", epilog=ZONES_EXAMPLES)
@click.argument("case_file", metavar="CASE", type=FILE)
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder; default results/<name of the case>/zones.")
@click.option(
    "--by",
    type=click.Choice(["return_period", "depth"]),
    help="What is made heavier; default the return period where a formula gives the depth.",
)
@click.option("--step", type=float, default=2.0, show_default=True, metavar="MM", help="Between rains, mm.")
@click.option("--least", type=float, metavar="MM", help="The least rain tried, mm.")
@click.option("--most", type=float, metavar="MM", help="The heaviest rain tried, mm.")
@click.option("--periods", type=Periods(), default=(), help="Try exactly the storms of these return periods, years.")
@WORKERS
@SCHEDULER
@THREADS
@SET
@MEASURES
@FORCE
@DISPLAY
@DEBUG
def zones_command(
    case_file: Path,
    out: Path | None,
    by: str | None,
    step: float,
    least: float | None,
    most: float | None,
    periods: tuple[float, ...],
    workers: int,
    scheduler: str | None,
    threads: int | None,
    overrides: tuple[str, ...],
    measures: str | None,
    force: bool,
    display: str | None,
) -> None:
    """Find the heaviest rain that each zone bears without waterlogging 可应对降雨量, by bisection over shared runs.

    CASE names zones under [[zones]] or [zone_file]; [zone_rule] says when one counts as waterlogged. Writes zones.json,
    which the report of the case shows. Stopped in the middle, the same command goes on.
    """
    from floodsim.api import bearable_rain
    from floodsim.case.read import read_data
    from floodsim.output.folder import ZONES as ZONE_FOLDER
    from floodsim.study.ladder import Rains
    from floodsim.study.zones import ZONES

    pool = pool_of(workers, scheduler, threads, ())
    name = str(read_data(case_file).get("name", case_file.stem))
    folder = (out or Path("results") / name / ZONE_FOLDER).absolute()
    refuse_overwrite(folder / ZONES, force)
    catch_sigterm()
    rains = Rains(by, step, least, most, periods)
    with progress_for(display, workers) as progress:
        found = bearable_rain(
            case_file, folder, overrides=overrides, measures=None if measures is None else names_in(measures),
            rains=rains, workers=pool, threads=threads, watch=progress,
        )  # fmt: skip
    show_zones(found, folder / ZONES)


def show_zones(found: Sequence[Borne], file: Path) -> None:
    """The table of zones and what they bear on stdout, then what must be known of each."""
    from floodsim.cli_show import print_notes, print_pairs, print_table

    def number(value: float | None, form: str) -> str:
        return "-" if value is None else form.format(value)

    words = {True: "pass 达标", False: "fail 不达标", None: "-"}
    rows = [
        (
            one.zone,
            number(one.mm, "{:.1f}"),
            number(one.return_period, "{:.1f}"),
            one.klass or "-",
            number(one.next_mm, "{:.1f}"),
            ", ".join(one.why) or "-",
            number(one.required, "{:g}"),
            words[one.passed],
        )
        for one in found
    ]
    columns = ("zone 排水分区", "bears mm", "P a", "class a", "not mm", "what gives way", "asked a", "verdict")
    print_table("Rain that zones bear 排水分区可应对降雨量", columns, rows, right=(1, 2, 3, 4, 6))
    print_notes(f"{one.zone}: {note}" for one in found for note in one.notes)
    print_pairs([("written", str(file))])
