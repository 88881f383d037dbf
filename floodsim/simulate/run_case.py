"""A whole run: takes the result folder, sets up, simulates with all observers, writes the summary."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.output.catchments import CatchmentSeries
from floodsim.output.envelopes import Envelopes
from floodsim.output.folder import ResultFolder, claim_folder
from floodsim.output.gauges import Series
from floodsim.output.maps import Maps
from floodsim.output.network import NetworkSeries
from floodsim.output.reader import Results, open_results
from floodsim.output.view import Observer, Status
from floodsim.simulate.catchments import make_catchments
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
            compile_s = warm_up(case, setup.drainage)
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
    observers: Observers,
    folder: ResultFolder | None,
    times: dict[str, float],
    progress: Progress | None,
) -> Results:
    for note in simulation.notes:
        log.warning(note)
    observers.envelopes.extra = {"limiter_share": lambda: simulation.limiter.map(simulation.view.grid.shape)}
    status: Status = "failed"
    try:
        status = simulation.run(observers.all(simulation), progress)
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
    maps, envelopes, series = (one.dataset() for one in (observers.maps, observers.envelopes, observers.series))
    network = None if observers.network is None else observers.network.dataset()
    catchments, case = observers.catchments.dataset(), resolved(simulation.case)
    return Results(None, maps, envelopes, series, summary, None, case, status, network, catchments)


@dataclass
class Observers:
    """What watches a run, and the file of the network's observer, which is made once there is a network in motion."""

    maps: Maps
    envelopes: Envelopes
    series: Series
    catchments: CatchmentSeries
    network_file: Path | None
    network: NetworkSeries | None = None

    def all(self, simulation: Simulation) -> list[Observer]:
        """All observers of a simulation."""
        found: list[Observer] = [self.maps, self.envelopes, self.series, self.catchments]
        if simulation.coupling is not None:
            self.network = NetworkSeries(simulation.case, simulation.coupling.record, self.network_file)
            found.append(self.network)
        return found


def _observers(case: Case, setup: Setup, folder: ResultFolder | None) -> Observers:
    maps, envelopes, series = (None, None, None) if folder is None else (folder.maps, folder.envelopes, folder.series)
    return Observers(
        Maps(case, setup.grid, maps),
        Envelopes(case, setup.grid, setup.rain.end, envelopes),
        Series(case, setup.grid, series),
        CatchmentSeries(case, make_catchments(case, setup), None if folder is None else folder.catchments),
        None if folder is None else folder.network,
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
