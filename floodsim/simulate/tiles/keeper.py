"""Checkpoints of a run in tiles: the same tree of arrays as in one process, to which every tile writes its windows."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np

from floodsim.output.view import Status
from floodsim.simulate.checkpoint import Writer, prune, split
from floodsim.simulate.resume import Keeper

log = logging.getLogger("floodsim.simulate.resume")


class TileKeeper(Keeper):
    """Writes checkpoints of one run in tiles; see `Keeper`."""

    def keep(self, simulation: Any, status: Status) -> None:
        """Make results so far safe and write the checkpoint. Raises RunError where the disk does not take them."""
        if simulation.done == self.kept:
            return
        began = time.monotonic()
        crew, fields = simulation.team.crew, simulation.team.fields()
        seen = {name: observer.memory(status) for name, observer in self.observers.items()}
        seen["envelopes"] = {"time": seen["maps"].pop("envelopes_at")}
        if not simulation.case.output.thresholds:  # one process has this array, without a layer
            seen["envelopes"]["durations"] = np.zeros((0, *simulation.team.plan.shape), np.float32)
        values, arrays = split({"run": simulation.memory(), "observers": seen})
        with Writer(self.folder, simulation.done) as writer:
            for name, array in arrays.items():
                writer.put(name, np.asarray(array))
            files = {name: writer.window(name, shape, dtype).absolute() for name, (shape, dtype) in fields.items()}
            crew.ask("save", files)
            writer.commit(values, self.marks)
        prune(self.folder)
        self.kept, self._last = simulation.done, time.monotonic()
        log.info("checkpoint at t = %.0f s, written in %.1f s", simulation.view.time, self._last - began)
