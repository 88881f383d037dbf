"""floodsim from Python: one call from a case to results with their verdict."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from floodsim.assess.lifelines import check_lifelines
from floodsim.assess.standard import load_standard
from floodsim.assess.verdict import judge
from floodsim.case.load import load_case, parse_case
from floodsim.case.schema import Case
from floodsim.case.study import Study, load_study
from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results
from floodsim.simulate.run_case import run_case
from floodsim.simulate.simulation import Progress
from floodsim.simulate.tiles.cluster import workers_for
from floodsim.simulate.tiles.run import Cut, run_tiled
from floodsim.study.batch import Watch, about_study, run_plan
from floodsim.study.collect import open_study
from floodsim.study.ladder import Rains
from floodsim.study.plan import Scenario, make_plan
from floodsim.study.pool import Workers, threads_each
from floodsim.study.zones import Borne
from floodsim.study.zones import bearable_rain as find_bearable_rain
from floodsim.surface.bands import usable_cores


def run(
    case: Case | str | Path | dict[str, Any],
    out: str | Path | None = None,
    *,
    grid: Grid | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    tiles: str | None = None,
    scheduler: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Results:
    """Run a case, judge it, and give the results; see `floodsim.run`. ``tell`` takes the link of the dashboard."""
    if out is None and (resume or workers is not None):
        lacking = "resume" if resume else "a run on workers"
        raise CaseError(Fault(f"{lacking} needs the folder of the run", key="out", remedy="give out"))
    if workers is None and (tiles is not None or scheduler is not None):
        given = "--scheduler" if tiles is None else "--tiles"
        raise CaseError(Fault("needs a number of workers", key=given, remedy="give --workers"))
    if isinstance(case, dict):
        case = parse_case(case, Path.cwd(), os.environ)
    elif not isinstance(case, Case):
        case = load_case(case, (), os.environ)
    load_standard(case.standard.name, case.standard.overrides)  # so that a wrong threshold is known before the run
    check_lifelines(case.lifelines)
    folder = None if out is None else Path(out)
    if workers is None or folder is None:
        results = run_case(case, folder, grid=grid, force=force, resume=resume, progress=progress)
    else:
        cut = Cut(workers, tiles, case.solver.threads or max(usable_cores() // workers, 1))
        with workers_for(workers, scheduler, tell) as place:
            results = run_tiled(case, folder, place, cut, grid=grid, force=force, resume=resume, progress=progress)
    return dataclasses.replace(results, verdict=judge(results))


def plan_study(study: str | Path) -> tuple[Study, list[Scenario]]:
    """A study file and its scenarios, every one of them checked; raises CaseError with the faults of all."""
    asked = load_study(study, os.environ)
    return asked, make_plan(asked, study, os.environ)


def bearable_rain(
    case: str | Path,
    out: str | Path,
    *,
    overrides: Sequence[str] = (),
    measures: Sequence[str] | None = None,
    rains: Rains | None = None,
    workers: Workers | None = None,
    threads: int | None = None,
    watch: Watch | None = None,
) -> list[Borne]:
    """The rain that each drainage zone of a case file bears without waterlogging; see `floodsim.study.zones`."""
    pool = workers or Workers()
    each = threads_each(threads, pool)
    more: dict[str, Any] = {
        "overrides": overrides,
        "measures": measures,
        "env": os.environ,
        "workers": pool,
        "threads": each,
        "watch": watch,
    }
    return find_bearable_rain(case, Path(out).absolute(), rains, **more)


def run_study(
    study: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    threads: int | None = None,
    force: bool = False,
) -> xr.Dataset:
    """Run what is left of a study and open its Dataset; see `floodsim.run_study`."""
    asked, plan = plan_study(study)
    pool = Workers(workers, scheduler)
    run_plan(
        plan,
        Path(out).absolute(),
        keep=asked.keep,
        workers=pool,
        threads=threads_each(threads, pool),
        force=force,
        about=about_study(asked),
    )
    return open_study(out)
