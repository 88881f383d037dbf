"""A whole run in tiles: sets up on the client, hands windows to workers, marches, and leaves one folder of results.

Where a worker is lost, all tiles begin anew from the last checkpoint, and the run goes on to the same bits.
"""

from __future__ import annotations

import copy
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, OutsideError, RunError
from floodsim.grid.grid import Grid
from floodsim.output.catchments import CatchmentSeries, CatchmentTables
from floodsim.output.folder import ResultFolder, claim_folder, folder_status
from floodsim.output.gauges import Series
from floodsim.output.network import NetworkSeries
from floodsim.output.reader import Results, open_results
from floodsim.output.tiled import index_of, tile_file
from floodsim.output.view import Observer, Status
from floodsim.simulate.catchments import make_catchments
from floodsim.simulate.check_bundle import write_bundle
from floodsim.simulate.checkpoint import drop_later
from floodsim.simulate.resume import find_checkpoint, marks_of, records_known, take_up, with_way_on
from floodsim.simulate.run_case import finished, log_file
from floodsim.simulate.setup import Setup, make_setup
from floodsim.simulate.simulation import Progress
from floodsim.simulate.summary import summarise
from floodsim.simulate.tiles.crew import Crew, LostCrewError, Place
from floodsim.simulate.tiles.driver import Team, TiledSimulation, TileOutputs, compact
from floodsim.simulate.tiles.inputs import Ports, Shared, store
from floodsim.simulate.tiles.keeper import TileKeeper
from floodsim.simulate.tiles.plan import Plan, activity, cut_tiles, plan_tiles
from floodsim.simulate.tiles.prepare import LARGE, prepare_by_windows
from floodsim.simulate.tiles.worker import Job
from floodsim.simulate.warm_up import warm_up
from floodsim.surface.state import relief_of

log = logging.getLogger(__name__)

INPUTS = "tiles"
"""Folder beside the results in which workers find what was prepared; it is removed at the end."""
LOSSES_IN_A_ROW = 5
"""Workers that may be lost without any progress of the run before it ends."""


@dataclass(frozen=True)
class Cut:
    """How a run is spread: number of ``workers``, ``tiles`` as `plan.cut_tiles` reads them, ``threads`` of each.

    Tiles, and the client, wait ``patience`` s for a sign of life of each other. Grids of at least ``by_windows_from``
    cells are prepared by windows, where their ground allows it.
    """

    workers: int
    tiles: str | None = None
    threads: int = 1
    patience: float = 120.0
    by_windows_from: int = LARGE


def run_tiled(
    case: Case,
    out: Path,
    place: Place,
    cut: Cut,
    *,
    grid: Grid | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a case in tiles at a place into the folder ``out``; the bits, and the errors, are those of `run_case`."""
    began = time.perf_counter()
    folder = claim_folder(out, force, resume)
    if resume and folder_status(folder.path) == "complete":
        return finished(case, folder)
    try:
        run = _prepare(case, folder, cut, place, grid, resume)
        compile_s = warm_up(case, run.setup.drainage)
    except BaseException:
        shutil.rmtree(folder.path / INPUTS, ignore_errors=True)
        folder.abandon()
        raise
    times = {"setup_s": time.perf_counter() - began - compile_s, "compile_s": compile_s}
    try:
        with log_file(folder):
            run.go(progress, times, resume)
    except RunError as error:
        raise with_way_on(error, folder) from error
    finally:
        run.crew.dismiss()
        shutil.rmtree(folder.path / INPUTS, ignore_errors=True)
    return open_results(folder.path)


def _prepare(case: Case, folder: ResultFolder, cut: Cut, place: Place, grid: Grid | None, resume: bool) -> Run:
    """Set up on the client, cut the grid into tiles, and store what they need."""
    shutil.rmtree(folder.path / INPUTS, ignore_errors=True)
    notes: list[str] = []
    by_windows = None if grid is not None else prepare_by_windows(
        case, folder.path / INPUTS, place, notes, cut.by_windows_from
    )  # fmt: skip
    setup = make_setup(case, grid) if by_windows is None else make_setup(case, by_windows[0], ready=True)
    setup.notes[:0] = notes
    shape = setup.grid.shape
    plan = cut_tiles(shape, cut.tiles) if cut.tiles else plan_tiles(shape, cut.workers, activity(setup.grid))
    if len(plan.tiles) != cut.workers:
        raise CaseError(
            Fault(
                f"{len(plan.tiles)} tiles do not go with {cut.workers} workers", key="--tiles", value=str(cut.tiles),
                allowed="one tile per worker", remedy="change --workers or --tiles",
            )
        )  # fmt: skip
    marks = marks_of(case, setup.grid)
    found, refused = find_checkpoint(folder, marks) if resume else (None, [])
    setup.notes += refused
    if found is None:
        folder.begin({**resolved(case), "provenance": provenance(case)})
        if grid is None and by_windows is None:
            write_bundle(folder.check, case, setup)
    tables = make_catchments(case, setup)
    shared, network, gauges = share(setup, Series(case, setup.grid).cells)
    store(folder.path / INPUTS, setup, shared)
    setup.depth = None
    return Run(case, folder, cut, plan, setup, shared, (network, gauges), tables, marks, Crew(place))


@dataclass
class Run:
    """A run that has been prepared. `go` builds simulation and observers, again and again where workers are lost."""

    case: Case
    folder: ResultFolder
    cut: Cut
    plan: Plan
    setup: Setup
    shared: Shared
    places: tuple[np.ndarray, np.ndarray]
    catchments: CatchmentTables
    marks: dict[str, Any]
    crew: Crew

    def go(self, progress: Progress | None, times: dict[str, float], resume: bool) -> None:
        """Run to the end; raises RunError where that cannot be, with a status and a checkpoint that are valid."""
        stuck, reached, lost = 0, -1, 0
        while True:
            simulation: TiledSimulation | None = None
            status: Status = "failed"
            try:
                simulation, observers, keeper = self._build(resume or lost > 0)
                status = simulation.run(
                    list(observers.values()), None if progress is None else Patient(progress), keeper
                )
            except LostCrewError as error:
                done = -1 if simulation is None else simulation.done
                stuck, reached = (0, done) if done > reached else (stuck + 1, reached)
                lost += 1
                if stuck >= LOSSES_IN_A_ROW:
                    self._finish(simulation, "failed", times, lost)
                    raise OutsideError(f"workers were lost time and again: {error}") from error
                log.warning("%s; all tiles go back to the last checkpoint", error)
                continue
            except BaseException:
                self._finish(simulation, "failed", times, lost)
                if progress is not None:
                    progress.finish("failed")
                raise
            self._finish(simulation, status, times, lost)
            if progress is not None:
                progress.finish(status)
            return

    def _build(self, resume: bool) -> tuple[TiledSimulation, Mapping[str, Observer], TileKeeper | None]:
        """Simulation, observers and keeper, at the last checkpoint or at the start."""
        case, folder = self.case, self.folder
        found = find_checkpoint(folder, self.marks)[0] if resume else None
        if found is None:
            folder.go_on([], index_of(self.plan.bands))
        simulation = self._simulation()
        observers: dict[str, Observer] = {
            "maps": TileOutputs(simulation.team, simulation.limiter),
            "series": Series(case, self.setup.grid, folder.series),
            "catchments": CatchmentSeries(case, self.catchments, folder.catchments),
        }
        if simulation.coupling is not None:
            observers["network"] = NetworkSeries(case, simulation.coupling.record, folder.network)
        if found is not None:
            simulation.team.checkpoint = found.path
            take_up(found, simulation, observers)
            drop_later(folder.checkpoint, found.number)
            folder.go_on(records_known(folder), index_of(self.plan.bands))
            log.info("continued from t = %.0f s", simulation.view.time)
        else:
            for note in simulation.notes:
                log.warning(note)
        interval = case.output.checkpoint_interval
        keeper = TileKeeper(folder.checkpoint, interval, self.marks, observers, simulation.done) if interval else None
        return simulation, observers, keeper

    def _simulation(self) -> TiledSimulation:
        """A simulation at the start, with tiles of its own."""
        case, setup, plan, folder = self.case, self.setup, self.plan, self.folder
        jobs = [
            Job(
                number, plan, case, (folder.path / INPUTS).absolute(),
                {name: tile_file(file, label).absolute()
                 for name, file in (("maps", folder.maps), ("envelopes", folder.envelopes))},
                setup.rain.end, self.cut.threads, patience=self.cut.patience,
            )
            for number, label in enumerate(plan.labels)
        ]  # fmt: skip
        network, gauges = self.places
        team = Team(case, self.shared, setup.grid, replace(setup.rain, zones=None), plan, self.crew, network)
        drainage = None
        if setup.drainage is not None:  # a copy, so that another attempt begins with what was set up
            drainage = compact(copy.deepcopy(setup.drainage), network, gauges)
            setup.close()
        return TiledSimulation(case, team, jobs, drainage, list(setup.notes))

    def _finish(self, simulation: TiledSimulation | None, status: Status, times: dict[str, float], lost: int) -> None:
        """Write the summary, as far as there is something to say."""
        if simulation is None:
            self.folder.finish({"status": status, "notes": self.setup.notes})
            return
        summary = summarise(simulation, status, times)
        summary["tiles"] = {
            "windows": [list(tile) for tile in self.plan.tiles],
            "halo_cells": simulation.team.halo_cells,
            "steps_taken_back": simulation.march.rewound,
            "workers_lost": lost,
            "peak_memory_mb": simulation.team.peaks,
        }
        error = summary["mass"]["relative_error"]
        log.info("%s at t = %.0f s, relative mass error %.3g", status, simulation.view.time, error)
        self.folder.finish(summary)


class Patient:
    """Passes progress on, but for its end, which is known only once no worker was lost."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def start(self, total_seconds: float) -> None:
        """The run begins."""
        self._progress.start(total_seconds)

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """The run stands at ``time_s``."""
        self._progress.update(time_s, stats)

    def finish(self, status: str) -> None:
        """Not yet."""


def share(setup: Setup, cells: np.ndarray) -> tuple[Shared, np.ndarray, np.ndarray]:
    """What all tiles are told, and the numbers among its probes of the network's cells and of the gauges of rules.

    ``cells`` (n, 2) are those at which the series look.
    """
    grid, drainage = setup.grid, setup.drainage
    none, ports = np.zeros((0, 2), np.int64), None
    inlets, gauges = none, none
    if drainage is not None:
        exchange = drainage.exchange
        inlets = np.stack([exchange.inlets.cell_j, exchange.inlets.cell_i], axis=1) - 1
        gauges = drainage.gauges - 1
        ports = Ports(inlets, exchange.port_cells, drainage.roofs)
    probes, number = np.unique(np.concatenate([inlets, gauges, cells.reshape(-1, 2)]), axis=0, return_inverse=True)
    number = number.reshape(-1)
    shared = Shared(
        grid.x, grid.y, grid.dx, grid.dy, grid.crs_wkt, relief_of(grid), (setup.rain.edges, setup.rain.rates),
        (setup.losses.kind, setup.losses.table), setup.boundaries, setup.sources, ports, probes,
    )  # fmt: skip
    return shared, number[: len(inlets)], number[len(inlets) : len(inlets) + len(gauges)]
