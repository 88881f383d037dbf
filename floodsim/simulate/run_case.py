"""A whole run: takes the result folder, sets up, simulates with all observers, writes the summary."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, RunError
from floodsim.grid.grid import Grid
from floodsim.memory import give_back_memory
from floodsim.output.catchments import CatchmentSeries
from floodsim.output.envelopes import Envelopes
from floodsim.output.folder import ResultFolder, claim_folder, folder_status
from floodsim.output.gauges import Series
from floodsim.output.maps import Maps
from floodsim.output.network import NetworkSeries
from floodsim.output.reader import Results, open_results
from floodsim.output.view import Observer, Status
from floodsim.simulate.catchments import make_catchments
from floodsim.simulate.check_bundle import write_bundle
from floodsim.simulate.checkpoint import drop_later
from floodsim.simulate.resume import (
    Keeper,
    case_differences,
    case_marks,
    find_checkpoint,
    marks_of,
    records_known,
    take_up,
    with_way_on,
)
from floodsim.simulate.setup import Setup, make_setup
from floodsim.simulate.simulation import Progress, Simulation
from floodsim.simulate.summary import summarise
from floodsim.simulate.warm_up import warm_up
from floodsim.surface.bands import Bands

log = logging.getLogger(__name__)
# Notes of a run stand in its log file and its summary; whoever wants them on a stream adds a handler.
logging.getLogger("floodsim").addHandler(logging.NullHandler())


def run_case(
    case: Case,
    out: Path | None = None,
    *,
    grid: Grid | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a case into the folder ``out``, or in memory; ``grid`` replaces the case's terrain.

    With ``resume`` the run in the folder is continued from its last good checkpoint, or begun where it has none; a
    result that is complete is only opened. Ctrl-C ends the run early with status "interrupted". Raises CaseError before
    anything is written, OverwriteError where results stand in the way, RunError where the run had to stop; its partial
    results then say "failed".
    """
    began = time.perf_counter()
    folder = None if out is None else claim_folder(out, force, resume)
    if folder is not None and resume and folder_status(folder.path) == "complete":
        return finished(case, folder)
    with ExitStack() as held:
        bands = held.enter_context(Bands(case.solver.threads))
        try:
            setup = make_setup(case, grid)
            held.callback(setup.close)
            marks = {} if folder is None else marks_of(case, setup.grid)
            found = None
            if folder is not None and resume:
                found, refused = find_checkpoint(folder, marks)
                setup.notes += refused
            observers = _observers(case, setup, folder)
            if folder is not None and found is None:
                folder.begin({**resolved(case), "provenance": provenance(case)})
                if grid is None:
                    write_bundle(folder.check, case, setup)
            compile_s = warm_up(case, setup.drainage)
            simulation = Simulation(case, setup, bands)
            observers.watch_network(simulation)
            if folder is not None and found is not None:
                take_up(found, simulation, observers.named())
                drop_later(folder.checkpoint, found.number)
                folder.go_on(records_known(folder))
            give_back_memory()
        except BaseException:
            if folder is not None:
                folder.abandon()
            raise
        keeper = None
        if folder is not None and case.output.checkpoint_interval > 0.0:
            interval = case.output.checkpoint_interval
            keeper = Keeper(folder.checkpoint, interval, marks, observers.named(), simulation.done)
        times = {"setup_s": time.perf_counter() - began - compile_s, "compile_s": compile_s}
        try:
            with log_file(folder):
                return _simulate(simulation, observers, folder, times, progress, keeper)
        except RunError as error:
            raise with_way_on(error, folder) from error


def finished(case: Case, folder: ResultFolder) -> Results:
    """A result that is complete already. Raises CaseError where it is one of another case."""
    folder.release()
    results = open_results(folder.path)
    before = case_marks(results.case, results.case["provenance"])
    changed = case_differences(before, case_marks(resolved(case), provenance(case)))
    if changed:
        results.close()
        raise CaseError(
            Fault(
                "the folder holds the finished result of another case", str(folder.path), value="; ".join(changed),
                remedy="choose another --out, or use --force to overwrite it",
            )
        )  # fmt: skip
    folder.tidy()
    log.info("%s is complete: nothing to do", folder.path)
    return results


def _simulate(
    simulation: Simulation,
    observers: Observers,
    folder: ResultFolder | None,
    times: dict[str, float],
    progress: Progress | None,
    keeper: Keeper | None,
) -> Results:
    for note in simulation.notes:
        log.warning(note)
    if simulation.done:
        log.info("continued from t = %.0f s", simulation.view.time)
    observers.envelopes.extra = {"limiter_share": lambda: simulation.limiter.map(simulation.view.grid.shape)}
    status: Status = "failed"
    try:
        status = simulation.run(list(observers.named().values()), progress, keeper)
    finally:
        summary = summarise(simulation, status, times)
        if folder is not None and status != "complete" and folder.previous.is_dir():
            summary["notes"].append(f"the older result, which was complete, lies in {folder.previous}")
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

    def watch_network(self, simulation: Simulation) -> None:
        """Add the observer of the network, where there is one."""
        if simulation.coupling is not None:
            self.network = NetworkSeries(simulation.case, simulation.coupling.record, self.network_file)

    def named(self) -> dict[str, Observer]:
        """All observers by the names that checkpoints have for them."""
        network: dict[str, Observer] = {} if self.network is None else {"network": self.network}
        return {
            "maps": self.maps,
            "envelopes": self.envelopes,
            "series": self.series,
            "catchments": self.catchments,
            **network,
        }


def _observers(case: Case, setup: Setup, folder: ResultFolder | None) -> Observers:
    maps, envelopes, series = (None, None, None) if folder is None else (folder.maps, folder.envelopes, folder.series)
    return Observers(
        Maps(case, setup.grid, maps),
        Envelopes(case, setup.grid, setup.rain.end, envelopes),
        Series(case, setup.grid, series),
        CatchmentSeries(case, make_catchments(case, setup), None if folder is None else folder.catchments),
        None if folder is None else folder.network,
    )


def log_file(folder: ResultFolder | None) -> AbstractContextManager[Any]:
    """The log of a run goes into its folder as long as this is entered."""
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
