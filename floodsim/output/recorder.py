"""What every series does with its records: gather some, hand them to a sink, and go on after a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.output.schedule import Every, same_time
from floodsim.output.sinks import MemorySink, Sink, open_sink
from floodsim.output.view import Status

BUFFERED = 32
"""Records held back before they are written, so that memory stays bounded and a killed run keeps all but the last."""

Values = Callable[[], Mapping[str, Any]]
"""Gives the values of a record, asked only where a record is made."""


class Recorder:
    """Records of one file, every ``interval`` (s), into ``path`` or into memory; ``template`` says which and how long.

    Values that the template does not hold are left out, and so is a second record of the same instant.
    """

    def __init__(self, template: xr.Dataset, interval: float, path: Path | None) -> None:
        self.template = template
        self._schedule = Every(interval)
        self._path = path
        self._times: list[float] = []
        self._records: list[Mapping[str, Any]] = []
        self._last: float | None = None
        self._sink: Sink | None = None

    def start(self, time: float, values: Values) -> None:
        """Open the file and record the initial state."""
        self._sink = open_sink(self._path, self.template)
        self._record(time, values)

    def sync(self, time: float, values: Values) -> None:
        """Record if values are due; write when the buffer is full."""
        if self._schedule.due(time):
            self._record(time, values)
        if len(self._times) >= BUFFERED:
            self._flush()

    def close(self, time: float, status: Status, values: Values, fixed: Mapping[str, Any] | None = None) -> None:
        """Record the last state of a run that did not fail, write what is left and finish.

        ``fixed`` are values of variables that have no time.
        """
        if self._sink is None:
            return
        if status != "failed":
            self._record(time, values)
        self._flush()
        if fixed:
            self._sink.put({name: value for name, value in fixed.items() if name in self.template})
        self._sink.close(status)

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; what was recorded so far is written and closed for good."""
        assert self._sink is not None, "the run has not begun"
        self._flush()
        return {"parts": self._sink.seal(status), "last": self._last}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on after the records that a checkpoint knows of, instead of `start`."""
        self._sink = open_sink(self._path, self.template, memory["parts"])
        self._last = memory["last"]

    def dataset(self) -> xr.Dataset:
        """What was kept in memory; only without a path, after `close`."""
        assert isinstance(self._sink, MemorySink), "the records were written to a file"
        return self._sink.dataset()

    def _record(self, time: float, values: Values) -> None:
        if self._last is not None and same_time(time, self._last):
            return
        self._last = time
        self._times.append(time)
        self._records.append({name: np.array(value) for name, value in values().items() if name in self.template})

    def _flush(self) -> None:
        if self._times and self._sink is not None:
            stacked = {name: np.stack([record[name] for record in self._records]) for name in self._records[0]}
            self._sink.append(np.array(self._times), stacked)
            self._times, self._records = [], []
