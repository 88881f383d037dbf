"""Series: gauges at points, discharge through lines, waterlogging points and rainfall, into one CF file.

Values are gathered in a small buffer and appended, so memory stays bounded and a killed run keeps all but the last few.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.errors import Faults
from floodsim.grid.geometry import faces_on_line
from floodsim.grid.grid import Grid
from floodsim.output.areas import Area, waterlogging_areas
from floodsim.output.maps import DRY_DEPTH
from floodsim.output.netcdf import global_attributes, plain_variable, time_coordinate
from floodsim.output.recorder import Recorder
from floodsim.output.view import Status, View

WATERLOGGING_DEPTH = 0.15
"""Depth (m) from which the area of a waterlogging point counts as flooded; GB 50014-2021, 4.1.4."""

POINT_FIELDS = ("depth", "level", "velocity_x", "velocity_y", "speed")
LINE_FIELDS = ("discharge", "volume")
AREA_FIELDS = ("waterlogging_depth", "waterlogging_volume", "waterlogging_area")


class Series:
    """Observer that records series every ``case.output.series_interval`` into ``path`` (series.nc), or into memory.

    Raises CaseError at once, with all faults, where a point or line misses the domain or a name is used twice.
    """

    def __init__(self, case: Case, grid: Grid, path: Path | None = None) -> None:
        self._cells, self._faces = _gauges(case, grid)
        self.areas = waterlogging_areas(case, grid)
        self._cell_area = grid.cell_area
        template = _template(case, self._cells, grid, self.areas)
        self._recorder = Recorder(template, case.output.series_interval, path)
        self._area_rows = np.concatenate([area.rows for area in self.areas] or [np.zeros(0, int)])
        self._area_columns = np.concatenate([area.columns for area in self.areas] or [np.zeros(0, int)])
        self._area_starts = _starts([area.rows.size for area in self.areas])
        self._line_starts = _starts([faces.shape[0] for faces in self._faces])
        self._all_faces = np.concatenate([*self._faces, np.zeros((0, 4), int)]).astype(np.int64)
        self._discharge = self._volume = np.zeros(len(self._faces))
        self._rain, self._since = 0.0, 0.0

    @property
    def cells(self) -> np.ndarray:
        """All cells (n, 2) at which the series look at the water."""
        areas = np.stack([self._area_rows, self._area_columns], axis=1)
        return np.concatenate([self._cells, areas]).astype(np.int64)

    def start(self, view: View) -> None:
        """Open the file and record the initial state."""
        self._since = view.time
        self._look_at_lines(view)  # the solver follows these faces from now on
        self._recorder.start(view.time, lambda: self._values(view))

    def macro(self, view: View, dt: float) -> None:
        """Add the flow through lines and the rain of a macro step of ``dt`` (s)."""
        self._look_at_lines(view)
        self._volume = self._volume + self._discharge * dt
        self._rain += view.rainfall * dt

    def sync(self, view: View) -> None:
        """Record if values are due."""
        self._recorder.sync(view.time, lambda: self._values(view))

    def close(self, view: View, status: Status) -> None:
        """Record the last state and finish."""
        self._recorder.close(view.time, status, lambda: self._values(view))

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; what was recorded so far is written and closed for good."""
        return self._recorder.memory(status) | {
            "discharge": self._discharge,
            "volume": self._volume,
            "rain": self._rain,
            "since": self._since,
        }

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Go on after the records that a checkpoint knows of, instead of `start`."""
        self._recorder.recall(memory)
        self._look_at_lines(view)  # the solver follows these faces from now on
        self._discharge, self._volume = np.array(memory["discharge"]), np.array(memory["volume"])
        self._rain, self._since = memory["rain"], memory["since"]

    def dataset(self) -> xr.Dataset:
        """The series kept in memory; only without a path, after `close`."""
        return label(self._recorder.dataset())

    def _values(self, view: View) -> dict[str, Any]:
        """Values of a record; the mean of the rain begins anew with each."""
        elapsed = view.time - self._since
        record: dict[str, Any] = {"rainfall": self._rain / elapsed if elapsed > 0 else 0.0}
        self._rain, self._since = 0.0, view.time
        if self._cells.size:
            record |= point_fields(view, self._cells[:, 0], self._cells[:, 1])
        if self._faces:
            record |= {"discharge": self._discharge, "volume": self._volume}
        if self.areas:
            record |= self._waterlogging(view)
        return record

    def _look_at_lines(self, view: View) -> None:
        if self._faces:
            self._discharge = np.add.reduceat(view.discharge(self._all_faces), self._line_starts)

    def _waterlogging(self, view: View) -> Mapping[str, np.ndarray]:
        depth = np.asarray(view.depth[self._area_rows, self._area_columns], np.float64)
        depth[depth < DRY_DEPTH] = 0.0
        flooded = (depth > WATERLOGGING_DEPTH).astype(np.float64)
        return {
            "waterlogging_depth": np.maximum.reduceat(depth, self._area_starts),
            "waterlogging_volume": np.add.reduceat(depth, self._area_starts) * self._cell_area,
            "waterlogging_area": np.add.reduceat(flooded, self._area_starts) * self._cell_area,
        }


def point_fields(view: View, rows: np.ndarray, columns: np.ndarray) -> dict[str, np.ndarray]:
    """Depth, level and velocity at cells, float64 (n,), by the rules for dry cells (velocity 0, no level)."""
    depth = np.asarray(view.depth[rows, columns], np.float64)
    wet = depth >= DRY_DEPTH
    depth = np.where(wet, depth, 0.0)
    velocity_x = np.where(wet, view.velocity_x[rows, columns], 0.0)
    velocity_y = np.where(wet, view.velocity_y[rows, columns], 0.0)
    return {
        "depth": depth,
        "level": np.where(wet, view.bed[rows, columns] + depth, np.nan),
        "velocity_x": velocity_x,
        "velocity_y": velocity_y,
        "speed": np.hypot(velocity_x, velocity_y),
    }


def label(series: xr.Dataset) -> xr.Dataset:
    """Put names on the dims, so that ``series.depth.sel(point="gate")`` works."""
    dims = ("point", "line", "waterlogging_point")
    names = {dim: (dim, series[f"{dim}_name"].values) for dim in dims if dim in series.sizes}
    labelled = series.assign_coords(names)
    labelled.set_close(series.close)  # a new dataset does not know the file that it came from
    return labelled


def _starts(sizes: list[int]) -> np.ndarray:
    return np.cumsum([0, *sizes])[:-1] if sizes else np.zeros(0, int)


def _gauges(case: Case, grid: Grid) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cells (n, 2) of the points and faces of every line."""
    faults = Faults()
    cells, active = [], grid.array("active")
    for number, point in enumerate(case.points):
        cell = grid.cell_of(point.x, point.y)
        if cell is None or not active[cell]:
            faults.add(
                f"point {point.name!r} is outside the domain",
                key=f"points[{number}]",
                value=f"x = {point.x}, y = {point.y}",
                allowed="x from {0:g} to {2:g}, y from {1:g} to {3:g}, where the grid is active".format(*grid.bounds),
                remedy="move the point; it must use the coordinates of the grid",
            )
            continue
        cells.append(cell)
    lines = []
    for number, line in enumerate(case.lines):
        faces = np.asarray(faces_on_line(grid, line.coordinates)).reshape(-1, 4)
        if not faces.size:
            faults.add(
                f"line {line.name!r} crosses no face of the grid",
                key=f"lines[{number}].coordinates",
                remedy="draw the line inside the grid and longer than a cell",
            )
        lines.append(faces)
    for key, named in (("points", case.points), ("lines", case.lines)):
        names = [item.name for item in named]
        for name in sorted({name for name in names if names.count(name) > 1}):
            faults.add("two of them have the same name", key=f"{key}.name", value=name, remedy="rename one")
    faults.raise_if_any()
    return np.array(cells, int).reshape(-1, 2), lines


def _template(case: Case, cells: np.ndarray, grid: Grid, areas: list[Area]) -> xr.Dataset:
    dataset = xr.Dataset(coords={"time": time_coordinate(case.clock.start)})
    dataset["rainfall"] = plain_variable("rainfall", ("time",), np.zeros(0), cell_methods="time: mean")
    if case.points:
        dataset = _named(dataset, "point", [point.name for point in case.points])
        dataset = _placed(dataset, grid, cells[:, 0], cells[:, 1])
        dataset = _series(dataset, POINT_FIELDS, "point")
    if case.lines:
        dataset = _named(dataset, "line", [line.name for line in case.lines])
        dataset = _series(dataset, LINE_FIELDS, "line")
    if areas:
        dataset = _series(_areas(dataset, areas), AREA_FIELDS, "waterlogging_point")
        dataset["waterlogging_area"].attrs["depth"] = WATERLOGGING_DEPTH
    dims = [dim for dim in ("point", "line", "waterlogging_point") if dim in dataset.sizes]
    if dims:  # CF allows the role once in a file
        dataset[f"{dims[0]}_name"].attrs["cf_role"] = "timeseries_id"
    head = global_attributes(case.title or case.name, case.clock.start)
    return dataset.assign_attrs({**head, "featureType": "timeSeries"})


def _named(dataset: xr.Dataset, dim: str, names: list[str]) -> xr.Dataset:
    label = {"long_name": f"name of the {dim.replace('_', ' ')}"}
    return dataset.assign_coords({f"{dim}_name": xr.Variable((dim,), np.array(names, object), label)})


def _placed(dataset: xr.Dataset, grid: Grid, rows: np.ndarray, columns: np.ndarray) -> xr.Dataset:
    """Add where the cells of the points lie."""

    def place(axis: str) -> dict[str, str]:
        return {"standard_name": f"projection_{axis}_coordinate", "long_name": f"{axis} of the cell", "units": "m"}

    bed = grid.array("bed")[rows, columns].astype(np.float64)
    return dataset.assign_coords(
        point_x=plain_variable("", ("point",), grid.x[columns], **place("x")),
        point_y=plain_variable("", ("point",), grid.y[rows], **place("y")),
        point_bed=plain_variable("bed", ("point",), bed),
    )


def _series(dataset: xr.Dataset, names: tuple[str, ...], dim: str) -> xr.Dataset:
    empty = np.zeros((0, dataset.sizes[dim]))
    return dataset.assign({name: plain_variable(name, ("time", dim), empty) for name in names})


def _areas(dataset: xr.Dataset, areas: list[Area]) -> xr.Dataset:
    """Add the waterlogging points and their cells, so that a verdict needs nothing but the results."""
    dim, cell = "waterlogging_point", ("waterlogging_cell",)
    dataset = _named(dataset, dim, [area.name for area in areas])
    owner = np.repeat(np.arange(len(areas), dtype=np.int32), [area.rows.size for area in areas])

    def joined(field: str, dtype: type) -> np.ndarray:
        return np.concatenate([getattr(area, field) for area in areas]).astype(dtype)

    def named(values: np.ndarray, dims: tuple[str, ...], long_name: str) -> xr.Variable:
        return plain_variable("", dims, values, long_name=long_name)

    historical = np.array([area.historical for area in areas], np.int8)
    kinds = np.array([area.area_kind for area in areas], object)
    return dataset.assign(
        area_kind=named(kinds, (dim,), "kind of area, which sets the allowed recession time"),
        historical=named(historical, (dim,), "known from earlier floods"),
        waterlogging_cell_point=named(owner, cell, "number of the waterlogging point of the cell, from 0"),
        waterlogging_cell_row=named(joined("rows", np.int32), cell, "row of the cell from the south, from 0"),
        waterlogging_cell_column=named(joined("columns", np.int32), cell, "column of the cell from the west, from 0"),
        waterlogging_cell_on_lane=named(joined("on_lane", np.int8), cell, "the depth limit is judged on the cell"),
    )
