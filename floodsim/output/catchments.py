"""Where water comes from: the catchments of waterlogging points and what crosses their rims, into one CF file.

Beside them stands what drains to each node and what each inlet is, so that capacity and causes can be judged from
files. The catchments are given; this observer follows the water over their rims.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.output.netcdf import global_attributes, plain_variable, time_coordinate
from floodsim.output.recorder import Recorder
from floodsim.output.view import Status, View

SURFACES = ("roof", "paved", "unpaved")
"""Kinds of ground by how they shed rain: roofs, ground that takes no water, ground that infiltrates."""
SERIES = ("catchment_inflow", "catchment_outflow", "catchment_rain")


@dataclass(frozen=True)
class InletTable:
    """Inlets of a run: names, node (row), class and kind of the class, crest (m), and how many each stands for."""

    names: tuple[str, ...]
    node: np.ndarray
    classes: tuple[str, ...]
    kinds: tuple[str, ...]
    crest: np.ndarray
    count: np.ndarray


@dataclass(frozen=True)
class CatchmentTables:
    """Catchments of waterlogging points and nodes.

    ``points`` names; ``owner``, ``rows``, ``columns`` (cells,) the cells of each; ``point_area`` (3, points) m2 by
    `SURFACES`, as rain falls on them; ``faces`` (n, 4) j, i, axis, sign of the rims, positive into the catchment, and
    ``face_owner`` (n,). ``nodes`` names and ``node_area`` (3, nodes) m2 of ground that drains to their inlets;
    ``undrained`` (3,) m2 that drains to none. Empty where there is no network.
    """

    points: tuple[str, ...]
    owner: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    point_area: np.ndarray
    faces: np.ndarray
    face_owner: np.ndarray
    nodes: tuple[str, ...]
    node_area: np.ndarray
    undrained: np.ndarray
    inlets: InletTable | None


class CatchmentSeries:
    """Observer of what crosses the rims of catchments, every ``case.output.series_interval``, into ``path`` or memory.

    ``inflow`` and ``outflow`` (points,) are the volumes (m3) so far over the faces with flow inwards and outwards.
    """

    def __init__(self, case: Case, tables: CatchmentTables, path: Path | None = None) -> None:
        self.tables = tables
        self._recorder = Recorder(_template(case, tables), case.output.series_interval, path)
        count = len(tables.points)
        self.inflow, self.outflow, self.rain = np.zeros(count), np.zeros(count), 0.0

    def start(self, view: View) -> None:
        """Open the file, have the solver follow the rims from now on, and record the initial state."""
        if self.tables.faces.size:
            view.discharge(self.tables.faces)
        self._recorder.start(view.time, self._values)

    def macro(self, view: View, dt: float) -> None:
        """Add the flow over the rims and the rain of a macro step of ``dt`` (s)."""
        self.rain += view.rainfall * dt
        if self.tables.faces.size:
            flow, count = view.discharge(self.tables.faces), self.inflow.size
            owner = self.tables.face_owner
            self.inflow += np.bincount(owner, np.maximum(flow, 0.0), minlength=count) * dt
            self.outflow += np.bincount(owner, np.maximum(-flow, 0.0), minlength=count) * dt

    def sync(self, view: View) -> None:
        """Record if values are due."""
        self._recorder.sync(view.time, self._values)

    def close(self, view: View, status: Status) -> None:
        """Record the last state and finish."""
        self._recorder.close(view.time, status, self._values)

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; what was recorded so far is written and closed for good."""
        volumes = {"inflow": self.inflow, "outflow": self.outflow, "rain": self.rain}
        return self._recorder.memory(status) | volumes

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Go on after the records that a checkpoint knows of, instead of `start`."""
        self._recorder.recall(memory)
        if self.tables.faces.size:
            view.discharge(self.tables.faces)
        self.inflow[:], self.outflow[:] = memory["inflow"], memory["outflow"]
        self.rain = memory["rain"]

    def dataset(self) -> xr.Dataset:
        """What was kept in memory; only without a path, after `close`."""
        return self._recorder.dataset()

    def _values(self) -> dict[str, np.ndarray]:
        rain = self.rain * self.tables.point_area.sum(axis=0)
        return {"catchment_inflow": self.inflow, "catchment_outflow": self.outflow, "catchment_rain": rain}


def _template(case: Case, tables: CatchmentTables) -> xr.Dataset:
    """The empty file with everything that does not change."""
    dataset = xr.Dataset(coords={"time": time_coordinate(case.clock.start)})
    dataset = dataset.assign_coords(surface=xr.Variable(("surface",), np.array(SURFACES, object)))
    if tables.points:
        dataset = _points(dataset, tables)
    if tables.nodes:
        dataset = _nodes(dataset, tables)
    return dataset.assign_attrs(global_attributes(case.title or case.name, case.clock.start))


def _named(names: tuple[str, ...], dim: str, long_name: str) -> xr.Variable:
    return xr.Variable((dim,), np.array(names, object), {"long_name": long_name})


def _points(dataset: xr.Dataset, tables: CatchmentTables) -> xr.Dataset:
    dim, cell = "waterlogging_point", ("catchment_cell",)

    def places(values: np.ndarray, long_name: str) -> xr.Variable:
        return plain_variable("", cell, values.astype(np.int32), long_name=long_name)

    area = plain_variable("", ("surface", dim), tables.point_area, long_name="area of the catchment", units="m2")
    empty = np.zeros((0, len(tables.points)))
    series = {name: plain_variable(name, ("time", dim), empty) for name in SERIES}
    return dataset.assign(series).assign(
        waterlogging_point_name=_named(tables.points, dim, "name of the waterlogging point"),
        catchment_cell_point=places(tables.owner, "number of the waterlogging point of the cell, from 0"),
        catchment_cell_row=places(tables.rows, "row of the cell from the south, from 0"),
        catchment_cell_column=places(tables.columns, "column of the cell from the west, from 0"),
        catchment_area=area,
    )


def _nodes(dataset: xr.Dataset, tables: CatchmentTables) -> xr.Dataset:
    area = plain_variable(
        "", ("surface", "node"), tables.node_area, long_name="ground that drains to the inlets of the node", units="m2"
    )
    undrained = plain_variable("", ("surface",), tables.undrained, long_name="ground that meets no inlet", units="m2")
    dataset = dataset.assign(
        node_name=_named(tables.nodes, "node", "name of the node"), node_area=area, undrained_area=undrained
    )
    inlets = tables.inlets
    if inlets is None or not inlets.names:
        return dataset
    dim = ("inlet",)
    return dataset.assign(
        inlet_name=_named(inlets.names, "inlet", "name of the inlet"),
        inlet_node=plain_variable("", dim, inlets.node.astype(np.int32), long_name="row of the node, from 0"),
        inlet_class=_named(inlets.classes, "inlet", "class of the inlet"),
        inlet_kind=_named(inlets.kinds, "inlet", "kind of the class; a sealed lid takes nothing from the street"),
        inlet_crest=plain_variable("", dim, inlets.crest, long_name="level of the inlet", units="m"),
        inlet_count=plain_variable("", dim, inlets.count.astype(np.int32), long_name="inlets that it stands for"),
    )
