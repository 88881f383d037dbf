"""From a case's section [drainage] and its grid to the parts of a coupled run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from floodsim.case.schema import Case
from floodsim.case.units import closest
from floodsim.drainage.check_places import far_nodes, why_far
from floodsim.drainage.engine import Engine
from floodsim.drainage.exchange import Exchange
from floodsim.drainage.inlet_rows import Row
from floodsim.drainage.inlets import Inlets
from floodsim.drainage.inp_inlets import read_inlets
from floodsim.drainage.measures import network_of
from floodsim.drainage.network import Network
from floodsim.drainage.place_inlets import nodes_on_grid, place_inlets
from floodsim.drainage.pump_report import make_stations, with_levels
from floodsim.drainage.roofs import roof_cells
from floodsim.drainage.swmm_engine import SwmmEngine
from floodsim.drainage.validate import refuse_for_swmm, refuse_unsupported, validate_network
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid.frame import show_bounds
from floodsim.grid.grid import Grid
from floodsim.simulate.coupling import Drainage
from floodsim.simulate.pace import Pace


def make_drainage(case: Case, grid: Grid) -> Drainage | None:
    """Network, engine, inlets, roofs and pump stations of a case; None where it has no network.

    Raises CaseError with the faults of the network, of the inlets and of the stations.
    """
    if case.drainage is None:
        return None
    altered = network_of(case)
    case = case.model_copy(update={"drainage": altered.section})
    return couple(case, grid, altered.network, altered.section.network, altered.rows)


def couple(case: Case, grid: Grid, network: Network, file: Path, more: Sequence[Row] = ()) -> Drainage:
    """The parts of a coupled run for a network that has been read from a SWMM input ``file``; ``more`` inlets."""
    section = case.drainage
    assert section is not None
    notes: list[str] = []
    validate_network(network, str(file))
    (refuse_for_swmm if section.engine == "swmm" else refuse_unsupported)(network, str(file))
    network = _on_clock(network, case, notes)
    faults = Faults()
    stations = make_stations(section.stations, network, faults)
    network = with_levels(network, section.stations)
    inlets, table = place_inlets(section, network, read_inlets(file), grid, notes, more)
    _check_places(network, inlets, grid, file, notes)
    gauges = _gauges(network, case, grid, faults)
    faults.raise_if_any()
    nodes = len(network.nodes.name)
    coupled = np.zeros(nodes, bool)
    coupled[nodes_on_grid(network, grid)] = True
    coupled[inlets.rows[:, 1]] = True
    engine = SwmmEngine(network, coupled, str(file)) if section.engine == "swmm" else Engine(network, coupled=coupled)
    roofs = None
    if section.roofs is not None:
        rows = np.unique(inlets.rows[:, 1])
        x, y = network.nodes.x[rows], network.nodes.y[rows]
        roofs = roof_cells(grid, x, y, rows, section.roofs.capacity, section.roofs.distance)
        if not roofs.node.size:
            notes.append("drainage.roofs: no roof cell has a node within drainage.roofs.distance")
    exchange = Exchange(inlets, table, engine.inertia, grid.cell_area, float(np.sqrt(grid.cell_area)))
    pace = Pace(section.coupling_step, section.tolerance if section.adaptive else 0.0)
    return Drainage(engine, exchange, stations, roofs, gauges, pace, [*engine.notes, *notes])


def _on_clock(network: Network, case: Case, notes: list[str]) -> Network:
    """The network with the clock of the case, for patterns and rules that follow the calendar."""
    start = datetime.fromisoformat(case.clock.start)
    if network.options.start == start:
        return network
    if network.patterns or network.rules or network.series:
        notes.append(
            f"the network's start {network.options.start.isoformat()} is replaced by clock.start = {case.clock.start}; "
            "its series count from there"
        )
    return replace(network, options=replace(network.options, start=start))


def _gauges(network: Network, case: Case, grid: Grid, faults: Faults) -> np.ndarray:
    """Padded cells (k, 2) of the points of the case whose depth the rules of the network look at."""
    cells = []
    points = {point.name: grid.cell_of(point.x, point.y) for point in case.points}
    for name in network.gauges:
        cell = points.get(name)
        if cell is None:
            near = closest(name, points)
            remedy = f"did you mean {near}?" if near else f'add a point named "{name}" to [[points]]'
            allowed = ", ".join(points)
            message = "a rule names the gauge, which is no point of the case"
            faults.add(message, key="drainage.network [CONTROLS]", value=name, allowed=allowed, remedy=remedy)
        else:
            cells.append(cell)
    return np.array(cells, np.int64).reshape(-1, 2) + 1


def _check_places(network: Network, inlets: Inlets, grid: Grid, file: Path, notes: list[str]) -> None:
    """Something has to be exchanged, else the network lies elsewhere; single nodes far away are noted."""
    far = far_nodes(network, grid.bounds)
    message, remedy = why_far(network, far, grid.bounds) if far.size else ("", "")
    if not inlets.names and not inlets.outfall_rows.size:
        remedy = remedy or "check [COORDINATES]: they must be in the reference system of the grid"
        allowed = show_bounds(grid.bounds)
        fault = Fault("no node of the network lies on the grid", str(file), "drainage.network", "", allowed, remedy)
        raise CaseError(fault)
    if far.size:
        name = f"node {network.nodes.name[far[0]]} " if far.size == 1 else ""
        notes.append(f"{name}{message}: {remedy}")
