"""The mutable state of the surface: plain padded arrays, and the blocks that say where there is work.

Arrays have shape (ny + 2, nx + 2): one ghost cell around the grid. Depth h in m, velocities u, v in m/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from floodsim.grid.grid import BED_QUANTUM, Grid, quantise_bed
from floodsim.kernels.blocks import block_speeds
from floodsim.surface.part import BLOCK_COLUMNS as BLOCK_COLUMNS
from floodsim.surface.part import BLOCK_ROWS as BLOCK_ROWS
from floodsim.surface.part import Part

GRAVITY = 9.81
WALL_HEIGHT = 64.0
"""Cells outside the domain stand this much (m) above its highest cell."""
STRIP_CELLS = 1 << 20
"""Cells taken at a time where the ground is made."""


@dataclass
class Ground:
    """What the sweep needs to know of the ground, padded, in single precision (exact: see `BED_QUANTUM`).

    ``z`` bed above ``datum`` (m), ``sx, sy`` limited bed increments (m per cell), ``drag`` 4 g n^2 and negative
    outside the domain, ``share`` (ny, nx) of the rain that each cell receives.
    """

    z: np.ndarray
    sx: np.ndarray
    sy: np.ndarray
    drag: np.ndarray
    share: np.ndarray
    datum: float


@dataclass
class Blocks:
    """Per block of BLOCK_ROWS x BLOCK_COLUMNS cells: wave speed, the books of its water, whether it is swept.

    The books are sums over the cells of the block in m of depth: since the start what was clipped and trimmed by the
    sweep, ``rained``, ``soaked`` (what infiltration takes of rain and water) and ``sourced`` (sources), and what was
    ``stored`` when that was last counted. Sums per block do not depend on threads or on how the grid is cut at blocks.
    """

    fastest: np.ndarray
    clipped: np.ndarray
    trimmed: np.ndarray
    rained: np.ndarray
    soaked: np.ndarray
    sourced: np.ndarray
    stored: np.ndarray
    fed: np.ndarray
    always: np.ndarray
    awake: np.ndarray

    @staticmethod
    def over(shape: tuple[int, int], real: type) -> Blocks:
        """Blocks over a grid of ny x nx cells."""
        size = (-(-shape[0] // BLOCK_ROWS), -(-shape[1] // BLOCK_COLUMNS))
        return Blocks(
            fastest=np.zeros(size, real),
            clipped=np.zeros(size),
            trimmed=np.zeros(size),
            rained=np.zeros(size),
            soaked=np.zeros(size),
            sourced=np.zeros(size),
            stored=np.zeros(size),
            fed=np.zeros(size, np.bool_),
            always=np.zeros(size, np.bool_),
            awake=np.zeros(size, np.uint8),
        )


@dataclass
class State:
    """Water on the grid: the present state, the buffer of the next one, and the source of the present beat (m/s).

    ``low`` holds what rounding added to the depth in single precision, and is empty in double.
    """

    grid: Grid
    ground: Ground
    h: np.ndarray
    u: np.ndarray
    v: np.ndarray
    h_next: np.ndarray
    u_next: np.ndarray
    v_next: np.ndarray
    low: np.ndarray
    source: np.ndarray
    blocks: Blocks
    part: Part
    windows: list[np.ndarray] = field(default_factory=list, init=False)

    @property
    def real(self) -> type:
        """The floating point type of the depth."""
        return self.h.dtype.type

    def swap(self) -> None:
        """Make the next state the present one."""
        self.h, self.h_next = self.h_next, self.h
        self.u, self.u_next = self.u_next, self.u
        self.v, self.v_next = self.v_next, self.v


def make_state(
    grid: Grid,
    precision: str = "double",
    depth: np.ndarray | None = None,
    part: Part | None = None,
    relief: Relief | None = None,
    staggered: bool = False,
) -> State:
    """A state at rest on a grid; ``depth`` (ny, nx) in m is the water that stands there.

    Where ``staggered``, u and v will hold discharges at faces (m2/s), which are in single precision always.
    Where the grid is a ``part`` of a larger one, ``relief`` says what must be known of all of that.
    """
    real = np.float64 if precision == "double" else np.float32
    ny, nx = grid.shape
    padded = (ny + 2, nx + 2)
    water = {name: np.zeros(padded, real) for name in ("h", "h_next")}
    motion = np.float32 if staggered else real
    water |= {name: np.zeros(padded, motion) for name in ("u", "v", "u_next", "v_next")}
    low = np.zeros(padded if real is np.float32 else (0, 0), np.float32)
    ground = make_ground(grid, relief)
    source = np.zeros(padded, np.float32)
    blocks, part = Blocks.over(grid.shape, real), part or Part.all_of(grid.shape)
    state = State(grid, ground, low=low, source=source, blocks=blocks, part=part, **water)
    if depth is not None:
        state.h[1:-1, 1:-1] = np.where(grid.array("active"), depth, 0.0)
    refresh_speeds(state)
    return state


def refresh_speeds(state: State) -> None:
    """Compute the wave speeds of all blocks from the present state."""
    real, grid = state.real, state.grid
    block_speeds(state.h, state.u, state.v, real(1 / grid.dx), real(1 / grid.dy), real(GRAVITY),
                 BLOCK_ROWS, BLOCK_COLUMNS, state.blocks.fastest)  # fmt: skip


@dataclass(frozen=True)
class Relief:
    """Lowest and highest bed level (m) of the active cells of a grid, and whether single precision holds all levels."""

    lowest: float
    highest: float
    single: bool

    def joined(self, other: Relief) -> Relief:
        """The relief of two parts together."""
        return Relief(
            min(self.lowest, other.lowest), max(self.highest, other.highest), self.single and other.single
        )  # fmt: skip

    @property
    def datum(self) -> float:
        """Level (m) from which the surface counts, 0 where levels are small."""
        return 0.0 if self.single else float(np.round(self.lowest))

    @property
    def wall(self) -> float:
        """Level (m above the datum) of cells outside the domain."""
        return float(np.ceil(self.highest - self.datum + WALL_HEIGHT))


def relief_of(grid: Grid) -> Relief:
    """The relief of a grid; one without active cells is flat, at level 0."""
    single, lowest, highest = True, np.inf, -np.inf
    for rows in _strips(grid.shape):
        bed, active = quantise_bed(grid.array("bed")[rows]), grid.array("active")[rows]
        single = single and bed.dtype == np.float32
        lowest = min(lowest, float(np.min(bed, where=active, initial=np.inf)))
        highest = max(highest, float(np.max(bed, where=active, initial=-np.inf)))
    return Relief(lowest, highest, single) if np.isfinite(lowest) else Relief(0.0, 0.0, single)


def _strips(shape: tuple[int, ...]) -> list[slice]:
    """Rows taken at a time where something is made of a field, so that what is needed on the way stays small."""
    many = max(STRIP_CELLS // max(shape[1], 1), 1)
    return [slice(first, min(first + many, shape[0])) for first in range(0, shape[0], many)]


def make_ground(grid: Grid, relief: Relief | None = None) -> Ground:
    """Padded single-precision ground of a grid, cells outside the domain turned into walls."""
    relief = relief or relief_of(grid)
    active, datum, wall = grid.array("active"), relief.datum, relief.wall
    z = np.empty((grid.shape[0] + 2, grid.shape[1] + 2), np.float32)
    for rows in _strips(grid.shape):
        bed = quantise_bed(grid.array("bed")[rows])
        z[1:-1, 1:-1][rows] = np.where(active[rows], bed if datum == 0.0 else bed - datum, wall)
    copy_rim(z)
    share = (
        np.ascontiguousarray(grid.array("rain_share"), np.float32)
        if grid.has("rain_share")
        else np.ascontiguousarray(active).view(np.uint8)
    )
    roughness = np.pad(np.ascontiguousarray(grid.array("roughness"), np.float32), 1, mode="edge")
    drag = np.float32(4.0 * GRAVITY) * roughness * roughness
    drag[1:-1, 1:-1][~active] = -1.0
    sx, sy = limited_slopes(z, np.float32(wall))
    return Ground(z, sx, sy, drag, share, datum)


def copy_rim(z: np.ndarray) -> None:
    """Give the ghost cells the values of the cells inside."""
    z[0, 1:-1], z[-1, 1:-1] = z[1, 1:-1], z[-2, 1:-1]
    z[:, 0], z[:, -1] = z[:, 1], z[:, -2]


def limited_slopes(z: np.ndarray, wall: np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Bed increments per cell along x and y, limited by minmod; beside the rim and beside walls the inner one is taken.

    Ghost cells mirror the increment, which is what a closed edge needs; open edges set their own.
    """
    along_x, along_y = np.empty_like(z), np.empty_like(z)
    for rows in _strips(z.shape):
        along_x[rows] = _slopes_of_rows(z[rows], wall)
    for columns in _strips(z.T.shape):
        along_y[:, columns] = _slopes_of_rows(z.T[columns], wall).T
    return along_x, along_y


def _slopes_of_rows(z: np.ndarray, wall: np.float32) -> np.ndarray:
    """Limited increments along the second axis."""
    step, solid = z[:, 1:] - z[:, :-1], z >= wall
    step_l, step_r = step[:, :-1].copy(), step[:, 1:].copy()
    no_l, no_r = solid[:, :-2].copy(), solid[:, 2:].copy()
    no_l[:, 0] = True
    no_r[:, -1] = True
    step_l = np.where(no_l, np.where(no_r, np.float32(0), step_r), step_l)
    step_r = np.where(no_r, step_l, step_r)
    smaller = np.where(np.abs(step_l) < np.abs(step_r), step_l, step_r)
    s = np.zeros_like(z)
    s[:, 1:-1] = np.where((step_l * step_r > 0) & ~solid[:, 1:-1], smaller, np.float32(0))
    s[:, 0], s[:, -1] = -s[:, 1], -s[:, -2]
    return s


def still_water(grid: Grid, level: float) -> np.ndarray:
    """Depth (ny, nx) in m of still water at a level (m) wherever that is above the ground."""
    return np.maximum(np.round(level / BED_QUANTUM) * BED_QUANTUM - grid.array("bed").astype(np.float64), 0.0)
