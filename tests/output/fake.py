"""A view on arrays that a test sets by hand, and a little case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.output.view import Observer, Status


class FakeView:
    """Padded arrays like those of the solver; every cell is in one of two blocks."""

    def __init__(self, grid: Grid, dtype: type = np.float64, flow: Callable[[], float] = lambda: 0.0) -> None:
        ny, nx = grid.shape
        self.grid, self.time, self.rainfall, self.flow = grid, 0.0, 0.0, flow
        self.padded = {name: np.full((ny + 2, nx + 2), 9.0, dtype) for name in ("depth", "velocity_x", "velocity_y")}
        for padded in self.padded.values():
            padded[1:-1, 1:-1] = 0.0
        self.bed = grid.array("bed")
        self.blocks = np.array([[0, ny // 2, 0, nx], [ny // 2, ny, 0, nx]])

    @property
    def depth(self) -> np.ndarray:
        return self._window("depth")

    @property
    def velocity_x(self) -> np.ndarray:
        return self._window("velocity_x")

    @property
    def velocity_y(self) -> np.ndarray:
        return self._window("velocity_y")

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            self.padded[name][1:-1, 1:-1] = value

    def discharge(self, faces: np.ndarray) -> np.ndarray:
        return self.flow() * faces[:, 3] / len(faces)

    def bands(self, function: Callable[[int, int], None], n: int) -> None:
        function(0, n // 2)
        function(n // 2, n)

    def _window(self, name: str) -> np.ndarray:
        window = self.padded[name][1:-1, 1:-1]
        window.flags.writeable = False
        return window


def case(**sections: Any) -> Case:
    sections.setdefault("clock", {"duration": 600.0, "start": "2024-07-01T08:00:00"})
    return Case.model_validate({"name": "little", **sections})


def play(
    observers: Iterable[Observer],
    view: FakeView,
    steps: Iterable[tuple[float, dict[str, Any]]],
    status: Status = "complete",
    sync: float = 10.0,
) -> None:
    """Run observers over (time, values) steps the way the run loop does; time 0 is the present state of the view."""
    observers = list(observers)
    for observer in observers:
        observer.start(view)
    for time, values in steps:
        dt, view.time = time - view.time, time
        view.rainfall = values.pop("rainfall", view.rainfall)
        view.set(**values)
        for observer in observers:
            observer.macro(view, dt)
            if abs(time / sync - round(time / sync)) < 1e-9:
                observer.sync(view)
    for observer in observers:
        observer.close(view, status)
