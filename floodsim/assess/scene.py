"""What a run left about the drains of its waterlogging points: inlets, heads and flows, gathered once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.assess.capacity_inputs import case_of, drained_case, refuse_other_network
from floodsim.case.schema import Case
from floodsim.drainage.full_flow import FullFlow, full_flows
from floodsim.drainage.network import Network
from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results, seconds_from_start

WINDOW = 300.0
"""Half of the time (s) around the peak of a point over which heads and flows are averaged."""


@dataclass(frozen=True)
class Scene:
    """Network and series of a run. ``seconds`` (t,), ``head`` (t, nodes) m, ``flow`` (t, links) m3/s, ``taken``
    (t, inlets) m3/s; ``inlet_cells`` (inlets, 2) row and column, ``inlet_node``, ``inlet_crest`` m, ``inlet_count``,
    ``inlet_open`` whether it takes water from the street at all.
    """

    case: Case
    grid: Grid
    network: Network
    full: FullFlow
    seconds: np.ndarray
    head: np.ndarray
    flow: np.ndarray
    taken: np.ndarray
    inlet_names: tuple[str, ...]
    inlet_cells: np.ndarray
    inlet_node: np.ndarray
    inlet_crest: np.ndarray
    inlet_count: np.ndarray
    inlet_open: np.ndarray

    def around(self, time: float) -> np.ndarray:
        """Records (bool) within `WINDOW` of a time (s), at least the nearest."""
        near = np.abs(self.seconds - time) <= WINDOW
        near[int(np.argmin(np.abs(self.seconds - time)))] = True
        return near


def scene_of(results: Results) -> Scene:
    """Gather the scene of a run with a network. Raises CaseError with what is missing or no longer fits."""
    series, found = results.network, results.catchments
    if series is None or found is None or "node_name" not in found:
        remedy = "run the case again"
        raise CaseError(Fault("the results hold no network", file=str(results.folder or ""), remedy=remedy))
    case, network = drained_case(case_of(results))
    refuse_other_network(network, found, results)
    grid, count = results.grid, found.sizes.get("inlet", 0)
    cells = np.zeros((count, 2), np.int64)
    for k in range(count):
        cell = grid.cell_of(float(series["inlet_x"].values[k]), float(series["inlet_y"].values[k]))
        cells[k] = cell if cell is not None else (0, 0)
    taken = series["inlet_flow"].values.astype(float) if count else np.zeros((series.sizes["time"], 0))
    kinds = [str(kind) for kind in found["inlet_kind"].values] if count else []
    return Scene(
        case,
        grid,
        network,
        full_flows(network),
        seconds_from_start(series),
        series["node_head"].values.astype(float),
        series["link_flow"].values.astype(float) if "link_flow" in series else np.zeros((series.sizes["time"], 0)),
        taken,
        tuple(str(name) for name in found["inlet_name"].values) if count else (),
        cells,
        found["inlet_node"].values.astype(np.int64) if count else np.zeros(0, np.int64),
        found["inlet_crest"].values.astype(float) if count else np.zeros(0),
        found["inlet_count"].values.astype(np.int64) if count else np.zeros(0, np.int64),
        np.array([kind != "sealed" for kind in kinds], bool),
    )
