"""A whole run: takes the result folder, sets up, simulates with all observers, writes the summary."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.output.envelopes import Envelopes
from floodsim.output.folder import ResultFolder, claim_folder
from floodsim.output.gauges import Series
from floodsim.output.maps import Maps
from floodsim.output.reader import Results, open_results
from floodsim.output.view import Status
from floodsim.simulate.check_bundle import write_bundle
from floodsim.simulate.setup import Setup, make_setup
from floodsim.simulate.simulation import Progress, Simulation
from floodsim.simulate.summary import summarise
from floodsim.simulate.warm_up import warm_up
from floodsim.surface.bands import Bands

log = logging.getLogger(__name__)


def run_case(
    case: Case,
    out: Path | None = None,
    *,
    grid: Grid | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a case into the folder ``out``, or in memory; ``grid`` replaces the case's terrain.

    Ctrl-C ends the run early with status "interrupted". Raises CaseError before anything is written, OverwriteError
    where results stand in the way, RunError where the run had to stop; its partial results then say "failed".
    """
    began = time.perf_counter()
    folder = None if out is None else claim_folder(out, force)
    with Bands(case.solver.threads) as bands:
        try:
            setup = make_setup(case, grid)
            observers = _observers(case, setup, folder)
            if folder is not None:
                folder.begin({**resolved(case), "provenance": provenance(case)})
                if grid is None:
                    write_bundle(folder.check, case, setup)
            compile_s = warm_up(case.solver)
            simulation = Simulation(case, setup, bands)
        except BaseException:
            if folder is not None:
                folder.abandon()
            raise
        times = {"setup_s": time.perf_counter() - began - compile_s, "compile_s": compile_s}
        with _log_file(folder):
            return _simulate(simulation, observers, folder, times, progress)


def _simulate(
    simulation: Simulation,
    observers: tuple[Maps, Envelopes, Series],
    folder: ResultFolder | None,
    times: dict[str, float],
    progress: Progress | None,
) -> Results:
    for note in simulation.notes:
        log.warning(note)
    observers[1].extra = {"limiter_share": lambda: simulation.limiter.map(simulation.view.grid.shape)}
    status: Status = "failed"
    try:
        status = simulation.run(list(observers), progress)
    finally:
        summary = summarise(simulation, status, times)
        log.info(
            "%s at t = %.0f s, relative mass error %.3g",
            status,
            simulation.view.time,
            summary["mass"]["relative_error"],
        )
        if folder is not None:
            folder.finish(summary)
    if folder is not None:
        return open_results(folder.path)
    maps, envelopes, series = (observer.dataset() for observer in observers)
    return Results(None, maps, envelopes, series, summary, None, resolved(simulation.case), status)


def _observers(case: Case, setup: Setup, folder: ResultFolder | None) -> tuple[Maps, Envelopes, Series]:
    maps, envelopes, series = (None, None, None) if folder is None else (folder.maps, folder.envelopes, folder.series)
    return (
        Maps(case, setup.grid, maps),
        Envelopes(case, setup.grid, setup.rain.end, envelopes),
        Series(case, setup.grid, series),
    )


def _log_file(folder: ResultFolder | None) -> AbstractContextManager[Any]:
    return nullcontext() if folder is None else _LogTo(folder.log)


class _LogTo:
    """Copies floodsim's log into a file as long as it is entered."""

    def __init__(self, file: Path) -> None:
        self._handler = logging.FileHandler(file, encoding="utf-8", delay=False)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger = logging.getLogger("floodsim")

    def __enter__(self) -> None:
        self._level = self._logger.level
        self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self._handler)

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level)
        self._handler.close()
