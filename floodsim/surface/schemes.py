"""The schemes: which kernels move the water, and how each deals with boundaries, discharges and output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.kernels import edges as first_order_edges
from floodsim.kernels import first_order, inertial, second_order
from floodsim.surface.edges import Edges
from floodsim.surface.state import GRAVITY, State
from floodsim.surface.windows import WIDEST

SCRATCH_COLUMNS = WIDEST + 24
"""Columns of the row buffers: room for the cells beyond a window, and rows that do not start a multiple of 4 KiB apart,
which would make the processor wait for its own writes (up to 40 % of the time in single precision)."""

FILM_STEP = 0.5
"""Longest step of second order, s per m of cell width: a film on steep ground that starts to run within a longer one
leaves its cell before the Courant number has seen it move (water was made at 2 s/m on slopes of 0.3, none at 1)."""

CFL_MARGIN = 0.65 / 0.6
"""A step is kept for a few more while the water speeds up: its Courant number may grow by this factor."""


@dataclass(frozen=True)
class Scheme:
    """What a step needs to know of a scheme.

    ``cross(state, edges, dt)`` books what crossed the boundaries after a sweep; ``discharge(state, faces, dt, flow)``
    writes the flow (m3/s) through inner faces (n, 4). ``courant`` is the largest Courant number of a new step,
    ``film_step`` the longest step in s per m of cell width. ``ghosts``: whether ghost cells must be filled before a
    sweep. ``staggered``: the arrays u, v of the state hold discharges at faces (m2/s), so velocities for output come
    from `velocities_at_centres`. ``reach`` is how many cells away water is felt within one step.
    """

    sweep: Callable[..., Any]
    scratch_rows: int
    courant: float
    cross: Callable[[State, Edges, float], None]
    discharge: Callable[[State, np.ndarray, float, np.ndarray], None]
    reach: int
    film_step: float = np.inf
    ghosts: bool = True
    staggered: bool = False

    def longest_step(self, state: State) -> float:
        """Longest step (s) apart from the Courant number."""
        return self.film_step * min(state.grid.dx, state.grid.dy)


def _numbers(state: State, dt: float) -> tuple[Any, Any, Any, Any]:
    real = state.real
    return real(dt), real(1 / state.grid.dx), real(1 / state.grid.dy), real(GRAVITY)


def _cross_first_order(state: State, edges: Edges, dt: float) -> None:
    ground = state.ground
    first_order_edges.cross_edges(
        state.h, state.u, state.v, ground.z, ground.sx, ground.sy, state.h_next, edges.faces, edges.kind, edges.value,
        *_numbers(state, dt), edges.passed,
    )  # fmt: skip


def _cross_second_order(state: State, edges: Edges, dt: float) -> None:
    ground = state.ground
    second_order.cross_edges(
        state.h, state.u, state.v, ground.z, ground.sx, ground.sy, ground.drag, state.h_next, edges.faces, edges.kind,
        edges.value, *_numbers(state, dt), edges.passed,
    )  # fmt: skip


def _cross_inertial(state: State, edges: Edges, dt: float) -> None:
    ground = state.ground
    inertial.cross_edges(
        state.h, state.u, state.v, ground.z, ground.drag, state.h_next, state.u_next, state.v_next, edges.faces,
        edges.kind, edges.value, edges.manning, *_numbers(state, dt), edges.passed,
    )  # fmt: skip


def _discharge_first_order(state: State, faces: np.ndarray, dt: float, flow: np.ndarray) -> None:
    ground, grid = state.ground, state.grid
    first_order_edges.face_discharge(
        state.h, state.u, state.v, ground.z, ground.sx, ground.sy, faces, grid.dx, grid.dy, state.real(GRAVITY), flow
    )


def _discharge_second_order(state: State, faces: np.ndarray, dt: float, flow: np.ndarray) -> None:
    ground, grid = state.ground, state.grid
    real, rdx, rdy, g = _numbers(state, dt)
    second_order.face_discharge(
        state.h, state.u, state.v, ground.z, ground.sx, ground.sy, ground.drag, faces, real, rdx, rdy, grid.dx, grid.dy,
        g, flow,
    )  # fmt: skip


def _discharge_inertial(state: State, faces: np.ndarray, dt: float, flow: np.ndarray) -> None:
    inertial.face_discharge(state.u, state.v, faces, state.grid.dx, state.grid.dy, flow)


def velocities_at_centres(state: State, windows: np.ndarray, u: np.ndarray, v: np.ndarray) -> None:
    """Velocities (m/s) of a staggered state, written to padded ``u, v`` inside the windows (n, 4)."""
    inertial.centre_velocities(state.h, state.u, state.v, state.ground.z, windows, u, v)


def froude_numbers(state: State, windows: np.ndarray, u: np.ndarray, v: np.ndarray) -> tuple[float, int, int]:
    """Largest Froude number among cells deeper than 1 cm, the number of them where it is over 1, and their number."""
    largest, fast, deep = inertial.froude(state.h, u, v, windows, GRAVITY)
    return float(largest), int(fast), int(deep)


SCHEMES: dict[tuple[str, int], Scheme] = {
    ("hllc", 1): Scheme(
        first_order.sweep, first_order.SCRATCH_ROWS, 0.65, _cross_first_order, _discharge_first_order, 1
    ),
    ("hllc", 2): Scheme(
        second_order.sweep,
        second_order.SCRATCH_ROWS,
        second_order.CFL_LIMIT / CFL_MARGIN,
        _cross_second_order,
        _discharge_second_order,
        reach=2,
        film_step=FILM_STEP,
    ),  # fmt: skip
    ("inertial", 1): Scheme(
        inertial.sweep,
        inertial.SCRATCH_ROWS,
        inertial.CFL_LIMIT / CFL_MARGIN,
        _cross_inertial,
        _discharge_inertial,
        reach=3,
        film_step=inertial.FILM_STEP,
        ghosts=False,
        staggered=True,
    ),  # fmt: skip
}
"""Schemes by name and order; each serves both precisions."""
