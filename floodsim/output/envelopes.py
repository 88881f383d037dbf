"""Envelopes of a run: maxima, arrival, durations and recession per cell, taken at every macro step.

Nine float32 arrays with two thresholds: 36 bytes per cell. The loop over cells is in kernels/envelope.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.kernels.envelope import update_envelopes
from floodsim.names import VARIABLES
from floodsim.output.netcdf import (
    MISSING,
    decode,
    global_attributes,
    ground_dataset,
    map_variable,
    write_whole,
)
from floodsim.output.view import Status, View

SPEED_DEPTH = 0.01
"""Speed counts only where the water is deeper than this, m."""

STRIP = 64
"""Rows of the pieces that windows are cut into, so that the bands get equal shares."""

FIELDS = (
    "max_depth",
    "time_of_max_depth",
    "max_speed",
    "max_unit_discharge",
    "max_hazard",
    "arrival_time",
    "last_time_above",
)


@dataclass(frozen=True)
class DebrisFactor:
    """Debris factor of the hazard rating d (v + 0.5) + DF, by default that of urban land in Defra/EA FD2320.

    ``shallow`` holds up to ``depth`` (m), ``deep`` above it or where the speed exceeds ``speed`` (m/s).
    """

    shallow: float = 0.0
    deep: float = 1.0
    depth: float = 0.25
    speed: float = 2.0


class Envelopes:
    """Observer that keeps the envelopes and writes them at the end.

    ``rain_end`` is the time (s) recession counts from. Writes ``path`` (envelopes.nc) when it closes, or nothing where
    there is no path; `dataset` gives the same in either case. ``extra`` holds functions by variable name that give
    further fields (ny, nx) when the run ends.
    """

    def __init__(
        self, case: Case, grid: Grid, rain_end: float, path: Path | None = None, debris: DebrisFactor | None = None
    ) -> None:
        self._case, self._grid, self._path, self._rain_end = case, grid, path, rain_end
        self._debris = debris or DebrisFactor()
        d = self._debris
        self._debris_values = np.array([d.shallow, d.deep, d.depth, d.speed], np.float32)
        self._thresholds = np.array(case.output.thresholds, np.float32)
        self._tick = tick_of(case.clock.duration)
        self._fields = {name: np.zeros(grid.shape, np.float32) for name in FIELDS}
        self._fields["arrival_time"].fill(np.inf)
        self._fields["last_time_above"].fill(-1.0)
        self._durations = np.zeros((self._thresholds.size, *grid.shape), np.float32)
        self.extra: dict[str, Callable[[], np.ndarray]] = {}
        self._time = 0.0
        self._dataset: xr.Dataset | None = None

    @property
    def bytes_per_cell(self) -> float:
        """Memory the envelopes hold, per cell."""
        return (sum(a.nbytes for a in self._fields.values()) + self._durations.nbytes) / np.prod(self._grid.shape)

    def start(self, view: View) -> None:
        """Take in the initial state."""
        self._time = self._on_tick(view.time)
        self._update(view, 0.0)

    def macro(self, view: View, dt: float) -> None:
        """Take in the state after a macro step; it counts for the whole step."""
        before, self._time = self._time, self._on_tick(view.time)
        self._update(view, self._time - before)

    def sync(self, view: View) -> None:
        """Nothing to do: the macro step before was seen."""

    def close(self, view: View, status: Status) -> None:
        """Finish the envelopes and write them. They are spent afterwards."""
        if self._dataset is None:
            self._dataset = self._finish(view, status)
            if self._path is not None:
                write_whole(self._path, self._dataset)

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs: the envelopes so far (live arrays)."""
        return {**self._fields, "durations": self._durations, "time": self._time}

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Go on from the envelopes of a checkpoint, instead of `start`."""
        for name, field in self._fields.items():
            field[...] = memory[name]
        self._durations[...] = memory["durations"]
        self._time = memory["time"]

    def dataset(self) -> xr.Dataset:
        """The envelopes as a dataset; only after `close`."""
        assert self._dataset is not None, "the run is not over"
        return decode(self._dataset)

    def _on_tick(self, t: float) -> float:
        return round(t / self._tick) * self._tick

    def _update(self, view: View, dt: float) -> None:
        strips = cut_windows(view.blocks, STRIP)
        depth, depth_pitch = flat(view.depth)
        velocity_x, pitch = flat(view.velocity_x)
        velocity_y, pitch_y = flat(view.velocity_y)
        if pitch != pitch_y:
            raise ValueError(f"rows of velocity_x and velocity_y are laid out differently: {pitch} and {pitch_y}")
        t, step, out = np.float32(self._time), np.float32(dt), [self._fields[name] for name in FIELDS]
        arrival, recession = np.float32(self._case.output.arrival_depth), np.float32(self._case.output.recession_depth)

        def update(first: int, last: int) -> None:
            update_envelopes(
                strips[first:last], depth, depth_pitch, velocity_x, velocity_y, pitch, t, step, np.float32(SPEED_DEPTH),
                self._debris_values, arrival, recession, self._thresholds, *out, self._durations,
            )  # fmt: skip

        view.bands(update, len(strips))

    def _finish(self, view: View, status: Status) -> xr.Dataset:
        """The dataset; turns the arrays' working values into missing ones in place, to save memory."""
        fields, outside = self._fields, ~self._grid.array("active")
        still_above = (np.asarray(view.depth) > self._case.output.recession_depth).astype(np.int8)
        last = fields["last_time_above"]
        recession = np.maximum(last - np.float32(self._rain_end), np.float32(0.0))
        recession[last < 0] = MISSING
        last[last < 0] = MISSING
        fields["time_of_max_depth"][fields["max_depth"] <= 0] = MISSING
        fields["arrival_time"][np.isinf(fields["arrival_time"])] = MISSING
        for values in (*fields.values(), recession, *self._durations):
            values[outside] = MISSING
        written = {**fields, "recession_time": recession, "still_above_recession_depth": still_above}
        written |= {name: give() for name, give in self.extra.items()}
        compression = self._case.output.compression
        dataset = ground_dataset(self._grid, compression)
        for name, values in written.items():
            dataset[name] = map_variable(VARIABLES[name], ("y", "x"), values, self._grid, compression)
        if self._thresholds.size:
            durations, dims = VARIABLES["duration_above"], ("threshold", "y", "x")
            dataset["duration_above"] = map_variable(durations, dims, self._durations, self._grid, compression)
            levels = np.array(self._case.output.thresholds)
            dataset["threshold"] = xr.Variable(("threshold",), levels, {"long_name": "depth threshold", "units": "m"})
            dataset["threshold"].encoding["_FillValue"] = None
        return self._describe(dataset, view.time, status)

    def _describe(self, dataset: xr.Dataset, end: float, status: Status) -> xr.Dataset:
        output = self._case.output
        dataset["max_speed"].attrs["comment"] = f"where deeper than {SPEED_DEPTH} m"
        d = self._debris
        dataset["max_hazard"].attrs["comment"] = (
            f"d (v + 0.5) + DF; DF = {d.shallow:g}, or {d.deep:g} where d > {d.depth:g} m or v > {d.speed:g} m/s"
        )
        dataset["arrival_time"].attrs["arrival_depth"] = output.arrival_depth
        for name in ("last_time_above", "recession_time", "still_above_recession_depth"):
            dataset[name].attrs["recession_depth"] = output.recession_depth
        dataset["recession_time"].attrs |= {
            "rain_end": self._rain_end,
            "ancillary_variables": "still_above_recession_depth",
            "comment": "0 where below before the rain ended; missing where never above; a lower bound (the end of the "
            "run less the end of rain) where still_above_recession_depth is 1",
        }
        dataset["still_above_recession_depth"].attrs |= {
            "flag_values": np.array([0, 1], np.int8),
            "flag_meanings": "drained_or_never_wet still_above_at_end_of_run",
        }
        case = self._case
        head = global_attributes(case.title or case.name, case.clock.start)
        times = {"floodsim_status": status, "rain_end": self._rain_end, "end_time": end}
        return dataset.assign_attrs({**head, **dataset.attrs, **times})


def tick_of(duration: float) -> float:
    """Resolution of time (s): a power of two of which single precision holds every multiple up to ``duration`` (s).

    With times and steps on ticks, sums of steps in float32 are exact, however small the steps.
    """
    return float(2.0 ** np.ceil(np.log2(duration / 2.0**23)))


def cut_windows(windows: np.ndarray, rows: int) -> np.ndarray:
    """Cut windows (n, 4: j0, j1, i0, i1) into strips of at most ``rows`` rows, shape (m, 4), int64."""
    pieces = [
        (j, min(j + rows, j1), i0, i1) for j0, j1, i0, i1 in np.asarray(windows).tolist() for j in range(j0, j1, rows)
    ]
    return np.array(pieces, np.int64).reshape(-1, 4)


def flat(array: np.ndarray) -> tuple[np.ndarray, int]:
    """A one-dimensional contiguous view of a window of a padded array, and its pitch: [j, i] is at j * pitch + i."""
    ny, nx = array.shape
    row, item = array.strides[0] // array.itemsize, array.strides[1]
    if nx > 1 and item != array.itemsize:
        raise ValueError("elements of a row must be adjacent")
    length = (ny - 1) * row + nx
    return np.lib.stride_tricks.as_strided(array, (length,), (array.itemsize,), writeable=False), row
