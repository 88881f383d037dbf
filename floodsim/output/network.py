"""The pipe network in results: series of nodes, links, inlets and pump stations, and their maxima, into one CF file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.output.netcdf import global_attributes, plain_variable, time_coordinate
from floodsim.output.recorder import Recorder
from floodsim.output.view import Status, View

DIMS = ("node", "link", "inlet", "station")
SERIES = {
    "node": ("node_head", "node_depth", "node_overflow"),
    "link": ("link_flow", "link_velocity", "link_filling"),
    "inlet": ("inlet_flow", "inlet_volume"),
    "station": ("station_level", "station_flow", "units_running", "station_starts", "station_energy"),
}
MAXIMA = {
    "node": ("max_node_depth", "max_node_head", "time_of_max_node_depth", "overflow_volume"),
    "link": ("max_link_flow", "max_link_velocity", "max_link_filling", "surcharged_time"),
}


@dataclass(frozen=True)
class NetworkTables:
    """What does not change: names (as tuples) and, as arrays, places (m), levels (m) and which nodes belong together.

    ``link_start``, ``link_end``, ``inlet_node`` are rows of nodes.
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    inlets: tuple[str, ...]
    stations: tuple[str, ...]
    node_x: np.ndarray
    node_y: np.ndarray
    node_invert: np.ndarray
    node_rim: np.ndarray
    link_start: np.ndarray
    link_end: np.ndarray
    inlet_node: np.ndarray
    inlet_x: np.ndarray
    inlet_y: np.ndarray


class NetworkView(Protocol):
    """Read-only look at a network in motion."""

    @property
    def tables(self) -> NetworkTables: ...  # noqa: D102

    def values(self) -> Mapping[str, np.ndarray]:
        """Present values of every variable of `SERIES`, each as long as its dim."""
        ...

    def maxima(self) -> Mapping[str, np.ndarray]:
        """Values so far of every variable of `MAXIMA`."""
        ...


class NetworkSeries:
    """Observer that records the network every ``case.output.series_interval`` into ``path`` (network.nc), or memory."""

    def __init__(self, case: Case, network: NetworkView, path: Path | None = None) -> None:
        self.network = network
        self._recorder = Recorder(_template(case, network.tables), case.output.series_interval, path)

    def start(self, view: View) -> None:
        """Open the file and record the initial state."""
        self._recorder.start(view.time, self._values)

    def macro(self, view: View, dt: float) -> None:
        """Nothing: the network keeps its own means and maxima."""

    def sync(self, view: View) -> None:
        """Record if values are due."""
        self._recorder.sync(view.time, self._values)

    def close(self, view: View, status: Status) -> None:
        """Record the last state and the maxima, and finish."""
        self._recorder.close(view.time, status, self._values, self.network.maxima())

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; what was recorded so far is written and closed for good."""
        return self._recorder.memory(status)

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Go on after the records that a checkpoint knows of, instead of `start`."""
        self._recorder.recall(memory)

    def dataset(self) -> xr.Dataset:
        """What was kept in memory; only without a path, after `close`."""
        return label_network(self._recorder.dataset())

    def _values(self) -> dict[str, np.ndarray]:
        return {name: np.array(values, np.float32) for name, values in self.network.values().items()}


def label_network(network: xr.Dataset) -> xr.Dataset:
    """Put names on the dims, so that ``network.node_head.sel(node="MH1")`` works."""
    labelled = network.assign_coords(
        {dim: (dim, network[f"{dim}_name"].values) for dim in DIMS if dim in network.sizes}
    )
    labelled.set_close(network.close)  # a new dataset does not know the file that it came from
    return labelled


def _template(case: Case, tables: NetworkTables) -> xr.Dataset:
    """The empty file; kinds of which there are none are left out."""
    named = {"node": tables.nodes, "link": tables.links, "inlet": tables.inlets, "station": tables.stations}
    dims = {dim: names for dim, names in named.items() if names}
    dataset = xr.Dataset(coords={"time": time_coordinate(case.clock.start)})
    for dim, names in dims.items():
        attributes = {"long_name": f"name of the {dim}"}
        if dim == "node":  # CF allows the role once in a file
            attributes["cf_role"] = "timeseries_id"
        dataset = dataset.assign_coords({f"{dim}_name": xr.Variable((dim,), np.array(names, object), attributes)})
    dataset = dataset.assign_coords(_places(tables, dims))
    for dim, names in dims.items():
        for name in SERIES[dim]:
            dataset[name] = plain_variable(name, ("time", dim), np.zeros((0, len(names)), np.float32))
            dataset[name].encoding |= {"zlib": True, "complevel": 1, "shuffle": True}
        for name in MAXIMA.get(dim, ()):
            dataset[name] = plain_variable(name, (dim,), np.zeros(len(names), np.float32))
    head = global_attributes(case.title or case.name, case.clock.start)
    return dataset.assign_attrs({**head, "featureType": "timeSeries"})


def _places(tables: NetworkTables, dims: Mapping[str, tuple[str, ...]]) -> dict[str, xr.Variable]:
    """Coordinates of nodes and inlets, levels of nodes, and how links and inlets hang on nodes."""

    def variable(dim: str, values: np.ndarray, **attributes: str) -> xr.Variable:
        return plain_variable("", (dim,), values, **attributes)

    x = {"standard_name": "projection_x_coordinate", "units": "m"}
    y = {"standard_name": "projection_y_coordinate", "units": "m"}
    row = "row of the node, from 0"
    places = {
        "node_x": variable("node", tables.node_x, long_name="x of the node", **x),
        "node_y": variable("node", tables.node_y, long_name="y of the node", **y),
        "node_invert": variable("node", tables.node_invert, long_name="invert level", units="m"),
        "node_rim": variable("node", tables.node_rim, long_name="rim level", units="m"),
        "link_start": variable("link", tables.link_start.astype(np.int32), long_name=f"start: {row}"),
        "link_end": variable("link", tables.link_end.astype(np.int32), long_name=f"end: {row}"),
        "inlet_node": variable("inlet", tables.inlet_node.astype(np.int32), long_name=row),
        "inlet_x": variable("inlet", tables.inlet_x, long_name="x of the inlet's cell", **x),
        "inlet_y": variable("inlet", tables.inlet_y, long_name="y of the inlet's cell", **y),
    }
    return {name: place for name, place in places.items() if name.split("_")[0] in dims}
