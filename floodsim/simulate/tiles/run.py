"""A whole run in tiles: sets up on the client, hands windows to workers, marches, and leaves one folder of results."""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output.catchments import CatchmentSeries
from floodsim.output.folder import ResultFolder, claim_folder, write_json_atomic
from floodsim.output.gauges import Series
from floodsim.output.network import NetworkSeries
from floodsim.output.reader import Results, open_results
from floodsim.output.tiled import INDEX, index_of, tile_file
from floodsim.output.view import Observer, Status
from floodsim.simulate.catchments import make_catchments
from floodsim.simulate.check_bundle import write_bundle
from floodsim.simulate.run_case import log_file
from floodsim.simulate.setup import Setup, make_setup
from floodsim.simulate.simulation import Progress
from floodsim.simulate.summary import summarise
from floodsim.simulate.tiles.crew import Crew
from floodsim.simulate.tiles.driver import Team, TiledSimulation, TileOutputs, compact
from floodsim.simulate.tiles.inputs import Ports, Shared, store
from floodsim.simulate.tiles.plan import Plan, cut_tiles, plan_tiles
from floodsim.simulate.tiles.worker import Job
from floodsim.simulate.warm_up import warm_up
from floodsim.surface.state import relief_of

log = logging.getLogger(__name__)

INPUTS = "tiles"
"""Folder beside the results in which workers find what was prepared; it is removed at the end."""


def run_tiled(
    case: Case,
    out: Path,
    crew: Crew,
    workers: int,
    *,
    tiles: str | None = None,
    grid: Grid | None = None,
    force: bool = False,
    progress: Progress | None = None,
    threads: int = 1,
    patience: float = 120.0,
) -> Results:
    """Run a case on ``workers`` tiles of a crew into the folder ``out``; the bits are those of `run_case`.

    ``tiles`` is a cut as `plan.cut_tiles` reads it; by default the tiles have about the same number of cells to sweep.
    Errors are those of `run_case`.
    """
    began = time.perf_counter()
    folder = claim_folder(out, force)
    try:
        setup = make_setup(case, grid)
        plan = plan_tiles(setup.grid.shape, workers, activity(setup)) if tiles is None else cut_tiles(
            setup.grid.shape, tiles
        )  # fmt: skip
        _check_count(plan, workers, tiles)
        folder.begin({**resolved(case), "provenance": provenance(case)})
        if grid is None:
            write_bundle(folder.check, case, setup)
        series = Series(case, setup.grid, folder.series)
        catchments = CatchmentSeries(case, make_catchments(case, setup), folder.catchments)
        compile_s = warm_up(case, setup.drainage)
        write_json_atomic(folder.path / INDEX, _index(plan))
        simulation, team = _simulation(case, setup, folder, crew, plan, series.cells, threads, patience)
    except BaseException:
        crew.dismiss()
        shutil.rmtree(folder.path / INPUTS, ignore_errors=True)
        folder.abandon()
        raise
    observers: list[Observer] = [TileOutputs(team, simulation.limiter), series, catchments]
    if simulation.coupling is not None:
        observers.append(NetworkSeries(case, simulation.coupling.record, folder.network))
    times = {"setup_s": time.perf_counter() - began - compile_s, "compile_s": compile_s}
    with log_file(folder):
        return _march(simulation, observers, folder, times, progress)


def _march(
    simulation: TiledSimulation,
    observers: list[Observer],
    folder: ResultFolder,
    times: dict[str, float],
    progress: Progress | None,
) -> Results:
    for note in simulation.notes:
        log.warning(note)
    status: Status = "failed"
    try:
        status = simulation.run(observers, progress)
    finally:
        summary = summarise(simulation, status, times)
        summary["tiles"] = {"bands": [list(band) for band in simulation.team.plan.bands],
                            "steps_taken_back": simulation.march.rewound, "halo_cells": simulation.team.halo_cells,
                            "peak_memory_mb": simulation.team.peaks}  # fmt: skip
        folder.finish(summary)
        simulation.team.crew.dismiss()
        shutil.rmtree(folder.path / INPUTS, ignore_errors=True)
    return open_results(folder.path)


def activity(setup: Setup) -> np.ndarray:
    """Share of active cells of every block: rain falls on all of them, and the rest is never wet."""
    from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS

    active = setup.grid.array("active")
    rows = np.add.reduceat(active.astype(np.int64), np.arange(0, active.shape[0], BLOCK_ROWS), axis=0)
    sums = np.add.reduceat(rows, np.arange(0, active.shape[1], BLOCK_COLUMNS), axis=1)
    return sums / (BLOCK_ROWS * BLOCK_COLUMNS)


def _check_count(plan: Plan, workers: int, tiles: str | None) -> None:
    if len(plan.tiles) != workers:
        raise CaseError(
            Fault(
                f"{len(plan.tiles)} tiles do not go with {workers} workers", key="--tiles", value=str(tiles),
                allowed="one tile per worker", remedy="change --workers or --tiles",
            )
        )  # fmt: skip


def _index(plan: Plan) -> dict[str, object]:
    labels, first, names = plan.labels, 0, []
    for band in plan.bands:
        names.append(labels[first : first + len(band)])
        first += len(band)
    return index_of(names, plan.bands)


def _simulation(
    case: Case,
    setup: Setup,
    folder: ResultFolder,
    crew: Crew,
    plan: Plan,
    cells: np.ndarray,
    threads: int,
    patience: float,
) -> tuple[TiledSimulation, Team]:
    """Store what the tiles need, and make the simulation with its tiles; ``cells`` (n, 2) are those of the series."""
    inputs = folder.path / INPUTS
    shared, place, gauges = share(setup, cells)
    store(inputs, setup, shared)
    outputs = [
        {"maps": tile_file(folder.maps, label).absolute(), "envelopes": tile_file(folder.envelopes, label).absolute()}
        for label in plan.labels
    ]
    jobs = [
        Job(number, plan, case, inputs.absolute(), outputs[number], setup.rain.end, threads, patience=patience)
        for number in range(len(plan.tiles))
    ]
    rain = replace(setup.rain, zones=None)
    team = Team(case, shared, setup.grid, rain, plan, crew, place)
    drainage = None if setup.drainage is None else compact(setup.drainage, place, gauges)
    real = np.float64 if case.solver.precision == "double" else np.float32
    return TiledSimulation(case, team, jobs, drainage, setup.notes, real), team


def share(setup: Setup, cells: np.ndarray) -> tuple[Shared, np.ndarray, np.ndarray]:
    """What all tiles are told, and the numbers among its probes of the network's cells and of the gauges of rules."""
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
