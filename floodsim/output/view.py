"""What an observer may see of a running simulation, and what an observer is. Knows no files and no solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from floodsim.grid.grid import Grid

Status = Literal["running", "complete", "interrupted", "failed"]


class View(Protocol):
    """Read-only look at the live state. Arrays have shape (ny, nx) unless said otherwise.

    ``depth`` (m), ``velocity_x`` and ``velocity_y`` (m/s, 0 where dry) are float64 or float32 and may be windows of
    padded arrays: elements of a row are adjacent, rows need not be. ``bed`` is in m. ``blocks`` (n, 4) int holds
    windows j0, j1, i0, i1 (half open) that do not overlap and outside of which every cell is dry. ``rainfall`` is the
    mean rate over the domain during the last macro step, m/s. ``time`` is in s from the start.
    """

    @property
    def time(self) -> float: ...  # noqa: D102

    @property
    def grid(self) -> Grid: ...  # noqa: D102

    @property
    def depth(self) -> np.ndarray: ...  # noqa: D102

    @property
    def velocity_x(self) -> np.ndarray: ...  # noqa: D102

    @property
    def velocity_y(self) -> np.ndarray: ...  # noqa: D102

    @property
    def bed(self) -> np.ndarray: ...  # noqa: D102

    @property
    def blocks(self) -> np.ndarray: ...  # noqa: D102

    @property
    def rainfall(self) -> float: ...  # noqa: D102

    def discharge(self, faces: np.ndarray) -> np.ndarray:
        """Solver flux through ``faces`` (n, 4: j, i, axis, sign), shape (n,), m3/s, the sign applied.

        The mean over the last macro step, so that volumes through lines close exactly; 0 before the first step. Asking
        at the start, and then always with the same array, gives exact answers from the first step on.
        """
        ...

    def bands(self, function: Callable[[int, int], None], n: int) -> None:
        """Call ``function(first, last)`` for ranges that together cover range(n), on threads, and wait for all."""
        ...


class Observer(Protocol):
    """Something that watches a run and writes or keeps what it saw. The run knows nothing else of it.

    A run that continues calls `recall` instead of `start`, with what `memory` gave at the checkpoint: arrays, plain
    values and dictionaries of them, and under ``parts`` where the records lie that must not change any more.
    """

    def start(self, view: View) -> None:
        """See the initial state and open what will be written."""
        ...

    def macro(self, view: View, dt: float) -> None:
        """See the state after a macro step of ``dt`` (s)."""
        ...

    def sync(self, view: View) -> None:
        """See the state at a sync instant (a multiple of solver.sync_interval); its macro step was seen before."""
        ...

    def memory(self, status: Status) -> dict[str, Any]:
        """What `recall` needs; records so far are safe on the disk. ``status`` is what they say of the run."""
        ...

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Take up the state that `memory` gave; the view shows the water of that instant."""
        ...

    def close(self, view: View, status: Status) -> None:
        """See the last state and finish, whether the run is complete, interrupted or failed."""
        ...
