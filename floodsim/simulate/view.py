"""What observers see of a run: windows on the live state, never copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from floodsim.grid.grid import Grid
from floodsim.surface.schemes import velocities_at_centres
from floodsim.surface.step import Surface


@dataclass
class Track:
    """Faces whose flow is summed over the steps of a macro step; ``passed`` in m3, ``elapsed`` in s."""

    faces: np.ndarray
    padded: np.ndarray
    flow: np.ndarray
    passed: np.ndarray
    elapsed: float = 0.0


@dataclass
class LiveView:
    """The `output.view.View` of a running simulation."""

    surface: Surface
    time: float = 0.0
    tracks: list[Track] = field(default_factory=list)
    centres: tuple[np.ndarray, np.ndarray] | None = None

    def __post_init__(self) -> None:
        if self.surface.scheme.staggered:
            self.centres = np.zeros_like(self.surface.state.h), np.zeros_like(self.surface.state.h)

    def refresh(self) -> None:
        """Bring velocities at cell centres up to the state, where it holds discharges at faces."""
        if self.centres is not None:
            for windows in self.surface.state.windows:
                velocities_at_centres(self.surface.state, windows, *self.centres)

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self.surface.state.grid

    @property
    def depth(self) -> np.ndarray:
        """Depth (ny, nx), m."""
        return self.surface.state.h[1:-1, 1:-1]

    @property
    def velocity_x(self) -> np.ndarray:
        """Velocity along x (ny, nx), m/s."""
        return (self.surface.state.u if self.centres is None else self.centres[0])[1:-1, 1:-1]

    @property
    def velocity_y(self) -> np.ndarray:
        """Velocity along y (ny, nx), m/s."""
        return (self.surface.state.v if self.centres is None else self.centres[1])[1:-1, 1:-1]

    @property
    def bed(self) -> np.ndarray:
        """Bed level (ny, nx), m."""
        return self.grid.array("bed")

    @property
    def blocks(self) -> np.ndarray:
        """Windows that may hold water, (n, 4) of j0, j1, i0, i1."""
        return np.concatenate(self.surface.state.windows) - 1

    @property
    def rainfall(self) -> float:
        """Mean rainfall rate over the grid, m/s."""
        return self.surface.mean_rain

    def discharge(self, faces: np.ndarray) -> np.ndarray:
        """Mean solver flux (m3/s) through ``faces`` (n, 4) over the last macro step; the first call begins it."""
        for track in self.tracks:
            if track.faces is faces:
                return track.passed / track.elapsed if track.elapsed > 0.0 else track.passed
        padded = faces + np.array([1, 1, 0, 0])
        self.tracks.append(Track(faces, padded, np.zeros(len(faces)), np.zeros(len(faces))))
        return self.tracks[-1].passed.copy()

    def bands(self, function: Callable[[int, int], None], n: int) -> None:
        """Run ``function(first, last)`` over range(n) on the threads of the run."""
        self.surface.bands.split(function, n)

    def begin_macro(self) -> None:
        """Forget the flows of the last macro step."""
        for track in self.tracks:
            track.passed, track.elapsed = np.zeros(len(track.faces)), 0.0

    def follow(self, dt: float) -> None:
        """Add what the step about to be taken, of dt (s), carries through the tracked faces."""
        for track in self.tracks:
            self.surface.scheme.discharge(self.surface.state, track.padded, dt, track.flow)
            track.passed += track.flow * dt
            track.elapsed += dt
