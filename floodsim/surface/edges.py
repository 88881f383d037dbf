"""Boundaries: which faces of the domain's edge are not closed, and what happens there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from floodsim.forcing.series import TimeSeries
from floodsim.grid.grid import Grid
from floodsim.kernels import edges as kernels
from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS, GRAVITY, State


@dataclass(frozen=True)
class Boundary:
    """One boundary: its faces (n, 6) as `kernels.edges.fill_ghosts` has them, and what drives it.

    ``kind`` is open, level, discharge or rating. ``series`` is the level (m) or the total inflow (m3/s); ``slope``
    makes an open boundary one of normal flow; ``rating`` maps the mean level (m) inside to the total outflow (m3/s).
    """

    name: str
    kind: str
    faces: np.ndarray
    series: TimeSeries | None = None
    slope: float | None = None
    rating: Callable[[float], float] | None = None


@dataclass(frozen=True)
class Stretch:
    """The ground at the faces of one boundary (n,): bed above the datum m, width m, and Manning n up to a factor."""

    bed: np.ndarray
    width: np.ndarray
    roughness: np.ndarray


@dataclass
class Edges:
    """All boundary faces of a run in flat arrays; ``passed`` collects inflow in m of depth over one cell.

    ``mine`` are the faces of cells that the state answers for: all of them, unless it holds a part of the grid only.
    """

    boundaries: list[Boundary]
    stretches: list[Stretch]
    owner: np.ndarray
    faces: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    manning: np.ndarray
    mine: np.ndarray
    passed: np.ndarray

    def volumes(self, cell_area: float) -> np.ndarray:
        """Net inflow of each boundary so far, m3."""
        return np.bincount(self.owner, self.passed, minlength=len(self.boundaries)) * cell_area


def edge_faces(grid: Grid) -> np.ndarray:
    """All faces between active cells and the outside, but for walls of blocked buildings, padded.

    Shape (n, 6): ghost j, i, inner j, i, axis (0 x, 1 y), outward sign.
    """
    active = np.pad(grid.array("active"), 1)
    blocked = np.pad(grid.array("building") == 2, 1)
    faces = []
    for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
        dj, di = (0, sign) if axis == 0 else (sign, 0)
        outside = ~np.roll(active, (-dj, -di), (0, 1))
        house = np.roll(blocked, (-dj, -di), (0, 1))
        j, i = np.nonzero(active & outside & ~house)
        column = np.ones_like(j)
        faces.append(np.stack([j + dj, i + di, j, i, axis * column, sign * column], axis=1))
    return np.concatenate(faces).astype(np.int64)


def face_centres(grid: Grid, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates x, y (m) of the middle of boundary faces."""
    x = grid.x[faces[:, 3] - 1] + np.where(faces[:, 4] == 0, faces[:, 5] * grid.dx / 2, 0.0)
    y = grid.y[faces[:, 2] - 1] + np.where(faces[:, 4] == 1, faces[:, 5] * grid.dy / 2, 0.0)
    return x, y


def make_edges(state: State, boundaries: list[Boundary]) -> Edges:
    """Gather boundaries into flat arrays and shape the ground of their ghost cells."""
    kinds = {"open": kernels.OPEN, "level": kernels.LEVEL, "discharge": kernels.DISCHARGE, "rating": kernels.DISCHARGE}
    faces = np.concatenate([b.faces for b in boundaries]) if boundaries else np.zeros((0, 6), np.int64)
    owner = np.repeat(np.arange(len(boundaries)), [len(b.faces) for b in boundaries])
    kind = np.array([kernels.NORMAL if b.slope else kinds[b.kind] for b in boundaries], np.int64)[owner]
    value = np.array([b.slope or 0.0 for b in boundaries], float)[owner]
    manning = np.sqrt(state.ground.drag[faces[:, 2], faces[:, 3]].astype(float) / (4.0 * GRAVITY))
    stretches = [_stretch(state, boundary.faces) for boundary in boundaries]
    mine = state.part.holds(faces[:, 2] - 1, faces[:, 3] - 1)
    passed = np.zeros(len(faces))
    edges = Edges(boundaries, stretches, owner, faces, kind, value, np.maximum(manning, 1e-3), mine, passed)
    _shape_ghosts(state, edges)
    fed = np.isin(kind, (kernels.LEVEL, kernels.DISCHARGE))
    state.blocks.always[(faces[fed, 2] - 1) // BLOCK_ROWS, (faces[fed, 3] - 1) // BLOCK_COLUMNS] = True
    return edges


def _shape_ghosts(state: State, edges: Edges) -> None:
    """Ground of the ghost cells: it goes on at discharges and where it falls away, else it is level."""
    ground = state.ground
    gj, gi, j, i, axis, sign = edges.faces.T
    along = np.where(axis == 0, ground.sx[j, i], ground.sy[j, i])
    falling = (edges.kind == kernels.OPEN) & (sign * along < 0.0)
    edges.value[falling] = 1.0
    falling_level = (edges.kind == kernels.LEVEL) & (sign * along < 0.0)
    running = falling | falling_level | (edges.kind == kernels.NORMAL) | (edges.kind == kernels.DISCHARGE)
    along = np.where(
        edges.kind == kernels.NORMAL, -sign * edges.value * np.where(axis == 0, state.grid.dx, state.grid.dy), along
    )
    along = np.where(running, along, 0.0).astype(np.float32)
    ground.z[gj, gi] = ground.z[j, i] + sign * along
    ground.sx[gj, gi] = np.where(axis == 0, along, 0.0)
    ground.sy[gj, gi] = np.where(axis == 1, along, 0.0)
    closed_x, closed_y = (~running) & (axis == 0), (~running) & (axis == 1)
    ground.sx[gj[closed_x], gi[closed_x]] = -ground.sx[j[closed_x], i[closed_x]]
    ground.sy[gj[closed_y], gi[closed_y]] = -ground.sy[j[closed_y], i[closed_y]]


def renew_edges(
    state: State, edges: Edges, t0: float, t1: float, given: Mapping[int, np.ndarray] | None = None
) -> None:
    """Set what drives the boundaries over the beat [t0, t1] (s): mean levels, and discharges of each face.

    ``given`` holds the discharges (m2/s) of boundaries by number, where not all their faces belong to this state.
    """
    for number, boundary in enumerate(edges.boundaries):
        mine = edges.owner == number
        if given is not None and number in given:
            edges.value[mine] = given[number]
        elif boundary.kind == "level" and boundary.series is not None:
            edges.value[mine] = boundary.series.mean(t0, t1) - state.ground.datum
        elif is_shared(boundary):
            depth = inner_depth(state, edges.faces[mine])
            edges.value[mine] = discharges(boundary, edges.stretches[number], depth, state.ground.datum, t0, t1)


def is_shared(boundary: Boundary) -> bool:
    """Whether the discharge of each face of a boundary depends on the water at all of them."""
    return (boundary.kind == "discharge" and boundary.series is not None) or boundary.rating is not None


def discharges(
    boundary: Boundary, stretch: Stretch, depth: np.ndarray, datum: float, t0: float, t1: float
) -> np.ndarray:
    """Unit discharge into the grid (m2/s) of each face of a boundary over [t0, t1] (s), by the ``depth`` (m) inside."""
    if boundary.rating is not None:
        return share_discharge(stretch, depth, -boundary.rating(_mean_level(stretch, depth) + datum))
    assert boundary.series is not None
    return share_discharge(stretch, depth, boundary.series.mean(t0, t1))


def inner_depth(state: State, faces: np.ndarray) -> np.ndarray:
    """Depth (m) in the cells inside boundary faces, float64."""
    return state.h[faces[:, 2], faces[:, 3]].astype(float)


def _stretch(state: State, faces: np.ndarray) -> Stretch:
    j, i = faces[:, 2], faces[:, 3]
    width = np.where(faces[:, 4] == 0, state.grid.dy, state.grid.dx)
    drag = np.maximum(state.ground.drag[j, i].astype(float), 0.0)
    return Stretch(state.ground.z[j, i].astype(float), width, np.sqrt(drag) + 1e-12)


def _mean_level(stretch: Stretch, depth: np.ndarray) -> float:
    """Level (m above the datum) averaged over the wet width of a boundary; the lowest bed where it is dry."""
    wet = depth > 0.0
    if not wet.any():
        return float(stretch.bed.min())
    return float(np.average((stretch.bed + depth)[wet], weights=stretch.width[wet]))


def share_discharge(stretch: Stretch, depth: np.ndarray, total: float) -> np.ndarray:
    """Unit discharge (m2/s) of each face so that together they carry ``total`` (m3/s), in the ratio of conveyance.

    The level is the higher of the water inside and the one at which the total would pass critically, so that a dry
    stretch fills from its lowest cells. Outflow follows the water that is there.
    """
    bed, width, n = stretch.bed, stretch.width, stretch.roughness
    level = float((bed + depth)[np.argmin(bed)])
    if total > 0.0:
        level = max(level, critical_level(bed, width, total))
        depth = np.maximum(level - bed, 0.0)
    conveyance = width * depth ** (5.0 / 3.0) / n
    if conveyance.sum() <= 0.0:
        return np.zeros(len(bed))
    return total * conveyance / conveyance.sum() / width


def critical_level(bed: np.ndarray, width: np.ndarray, total: float) -> float:
    """Level (m) at which critical flow over a stepped section carries ``total`` (m3/s); by bisection."""
    low, high = float(bed.min()), float(bed.min()) + (total**2 / GRAVITY / width.min() ** 2) ** (1 / 3) + 1e-6
    for _ in range(60):
        middle = (low + high) / 2
        carried = np.sqrt(GRAVITY) * np.sum(width * np.maximum(middle - bed, 0.0) ** 1.5)
        low, high = (middle, high) if carried < total else (low, middle)
    return high
