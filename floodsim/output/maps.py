"""Maps: depth, level and velocity on the grid every output interval, appended while the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.memory import give_back_memory
from floodsim.names import VARIABLES
from floodsim.output.netcdf import (
    CHUNK,
    MISSING,
    global_attributes,
    ground_dataset,
    map_variable,
    time_coordinate,
)
from floodsim.output.recut import own_parts
from floodsim.output.schedule import Every, same_time
from floodsim.output.sinks import MemorySink, Sink, open_sink
from floodsim.output.tiled import Window
from floodsim.output.view import Status, View

DRY_DEPTH = 1e-6
"""Water shallower than this (m) is written as dry ground."""


class Maps:
    """Observer that records ``case.output.maps`` every ``case.output.interval``, and the last state.

    Writes ``path`` (maps.nc), or keeps everything in memory where there is no path. Dry cells have depth 0, velocity 0
    and no level; cells outside the domain have none of them. ``window`` says which cells of a grid in tiles these are.
    """

    def __init__(self, case: Case, grid: Grid, path: Path | None = None, window: Window | None = None) -> None:
        self.schedule = Every(case.output.interval)
        self._names: list[str] = list(dict.fromkeys(case.output.maps))
        self._template = _template(case, grid, self._names)
        self._path, self._window = path, window
        self._outside = None if grid.array("active").all() else ~grid.array("active")
        self._sink: Sink | None = None
        self._written: float | None = None

    def start(self, view: View) -> None:
        """Open the file and record the initial state."""
        self._sink = open_sink(self._path, self._template)
        self._record(view)

    def macro(self, view: View, dt: float) -> None:
        """Nothing to do between sync instants."""

    def sync(self, view: View) -> None:
        """Record the state if a map is due."""
        if self.schedule.due(view.time):
            self._record(view)

    def close(self, view: View, status: Status) -> None:
        """Record the last state and finish."""
        if self._sink is None:
            return
        if status != "failed":
            self._record(view)
        self._sink.close(status)

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; what was recorded so far is closed for good."""
        assert self._sink is not None, "the run has not begun"
        return {"parts": self._sink.seal(status), "written": self._written}

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Go on after the records that a checkpoint knows of, in whatever windows they lie, instead of `start`."""
        parts = own_parts(self._path, self._template, self._window, memory)
        self._sink = open_sink(self._path, self._template, parts)
        self._written = memory["written"]

    def dataset(self) -> xr.Dataset:
        """The maps kept in memory; only without a path, after `close`."""
        assert isinstance(self._sink, MemorySink), "maps were written to a file"
        return self._sink.dataset()

    def _record(self, view: View) -> None:
        if self._sink is None or (self._written is not None and same_time(view.time, self._written)):
            return
        self._sink.append(np.array([view.time]), _Record(view, self._names, self._outside))
        self._written = view.time
        give_back_memory()


class _Record(Mapping[str, np.ndarray]):
    """The maps (1, ny, nx) of a state, each made when it is asked for, so that there is one at a time."""

    def __init__(self, view: View, names: list[str], outside: np.ndarray | None) -> None:
        self._view, self._names, self._outside = view, names, outside

    def __getitem__(self, name: str) -> np.ndarray:
        values = map_field(self._view, name)
        if self._outside is not None:
            values[self._outside] = MISSING
        return values[np.newaxis]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def map_fields(view: View, names: list[str]) -> dict[str, np.ndarray]:
    """The named fields of a state as new float32 arrays (ny, nx), by the rules for dry cells."""
    return {name: map_field(view, name) for name in names}


def map_field(view: View, name: str) -> np.ndarray:
    """One field of a state as `map_fields` gives it, made some rows at a time."""
    if name not in MAPS:
        raise ValueError(f"no map of {name!r}")
    depth = np.asarray(view.depth)
    field = np.empty(depth.shape, np.float32)
    for first in range(0, len(depth), CHUNK):
        rows = slice(first, first + CHUNK)
        wet = depth[rows] >= DRY_DEPTH
        field[rows] = np.where(wet, MAPS[name](view, depth, rows), MISSING if name == "level" else np.float32(0.0))
    return field


MAPS: dict[str, Callable[[View, np.ndarray, slice], np.ndarray]] = {
    "depth": lambda view, depth, rows: depth[rows],
    "level": lambda view, depth, rows: np.add(view.bed[rows], depth[rows], dtype=np.float64),
    "velocity_x": lambda view, depth, rows: view.velocity_x[rows],
    "velocity_y": lambda view, depth, rows: view.velocity_y[rows],
    "speed": lambda view, depth, rows: np.hypot(view.velocity_x[rows], view.velocity_y[rows]),
}
"""Values of every map where it is wet: of a state, its depths (ny, nx) and a range of rows."""


def _template(case: Case, grid: Grid, names: list[str]) -> xr.Dataset:
    compression = case.output.compression
    ground = ground_dataset(grid, compression)
    ground.attrs = {**global_attributes(case.title or case.name, case.clock.start), **ground.attrs}
    dataset = ground.assign_coords(time=time_coordinate(case.clock.start))
    for name in names:
        empty = np.zeros((0, *grid.shape), np.float32)
        dataset[name] = map_variable(VARIABLES[name], ("time", "y", "x"), empty, grid, compression)
    return dataset
