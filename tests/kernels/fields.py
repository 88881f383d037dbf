"""Arrays that a sweep needs, and calls of it; sizes shrink where kernels run as plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numba import config

from floodsim.kernels.edges import mirror_ring
from floodsim.kernels.first_order import SCRATCH_ROWS, sweep

G = 9.81
BLOCK_ROWS, BLOCK_COLUMNS = 32, 64
PLAIN = bool(config.DISABLE_JIT)
"""Kernels run as plain Python: some thousand times slower."""


def sized(compiled: int, plain: int) -> int:
    """A number of cells or steps that fits the way in which kernels run."""
    return plain if PLAIN else compiled


@dataclass
class Water:
    """Water on padded ground; ``sweep`` moves it, and counts per block go to ``fastest``, ``clipped``, ``trimmed``."""

    h: np.ndarray
    u: np.ndarray
    v: np.ndarray
    z: np.ndarray
    sx: np.ndarray
    sy: np.ndarray
    manning: np.ndarray
    source: np.ndarray
    dx: float = 1.0
    dy: float = 1.0
    low: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.single = self.h.dtype == np.float32
        self.low = np.zeros(self.h.shape if self.single else (0, 0), np.float32)
        ny, nx = self.h.shape[0] - 2, self.h.shape[1] - 2
        blocks = (-(-ny // BLOCK_ROWS), -(-nx // BLOCK_COLUMNS))
        self.fastest = np.zeros(blocks, self.h.dtype)
        self.clipped, self.trimmed = np.zeros(blocks), np.zeros(blocks)
        self.whole = np.array([[1, ny + 1, 1, nx + 1]])

    def sweep(self, dt: float, windows: np.ndarray | None = None) -> None:
        """One step of the given windows; the ghost ring is taken as it stands."""
        windows = self.whole if windows is None else windows
        real = self.h.dtype.type
        new = [np.zeros_like(a) for a in (self.h, self.u, self.v)]
        drag = (4.0 * G * self.manning**2).astype(np.float32)
        scratch = np.full((SCRATCH_ROWS, self.h.shape[1]), np.nan, real)  # nothing may be read before it is written
        self.fastest[:] = 0
        sweep(self.h, self.u, self.v, *new, self.low, self.z, self.sx, self.sy, drag, self.source, windows,
              real(dt), real(1 / self.dx), real(1 / self.dy), real(G), BLOCK_ROWS, BLOCK_COLUMNS,
              self.fastest, self.clipped, self.trimmed, scratch)  # fmt: skip
        self.h, self.u, self.v = new

    def run(self, steps: int, cfl: float = 0.6) -> None:
        """Steps of a closed basin, each as long as the wave speeds allow (0.1 s at most)."""
        for _ in range(steps):
            mirror_ring(self.h, self.u, self.v)
            c = np.sqrt(G * self.h)
            rate = max(float(np.max((abs(self.u) + c) / self.dx)), float(np.max((abs(self.v) + c) / self.dy)), 1e-9)
            self.sweep(min(cfl / rate, 0.1))

    def inner(self, name: str) -> np.ndarray:
        return getattr(self, name)[1:-1, 1:-1]

    def volume(self) -> float:
        low = self.low[1:-1, 1:-1].astype(float).sum() if self.single else 0.0
        return float(self.inner("h").astype(float).sum()) - low

    def plain(self) -> dict[str, np.ndarray]:
        """The arrays by name, as the reference takes them."""
        return {f.name: getattr(self, f.name).copy() for f in fields(self) if f.init and f.name not in ("dx", "dy")}


def quantised(z: np.ndarray) -> np.ndarray:
    """Ground whose differences are exact in single precision."""
    return (np.round(z * 8192) / 8192).astype(np.float32)


def slopes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minmod increments of padded ground per cell along x and y; ghosts mirror them."""
    out = []
    for ground in (z, z.T):
        step = np.diff(ground, axis=1)
        before, after = step[:, :-1].copy(), step[:, 1:].copy()
        before[:, 0], after[:, -1] = after[:, 0], before[:, -1]
        s = np.zeros_like(ground)
        s[:, 1:-1] = np.where(before * after > 0, np.where(abs(before) < abs(after), before, after), 0)
        s[:, 0], s[:, -1] = -s[:, 1], -s[:, -2]
        out.append(s)
    return out[0], np.ascontiguousarray(out[1].T)


def padded_ground(z: np.ndarray) -> np.ndarray:
    """Ground with a ghost ring that goes on level."""
    return np.pad(quantised(z), 1, mode="edge")


def random_water(
    shape: tuple[int, int], seed: int, dtype: type = np.float64, dry: float = 0.3, rough: float = 0.5
) -> Water:
    """Random depths (a share of them dry), velocities of the wet cells, and ground; ghosts included."""
    random = np.random.default_rng(seed)
    padded = (shape[0] + 2, shape[1] + 2)
    h = np.where(random.random(padded) < dry, 0.0, random.random(padded) ** 2).astype(dtype)
    u, v = (np.where(h > 0, random.standard_normal(padded), 0.0).astype(dtype) for _ in range(2))
    z = quantised(rough * random.random(padded))
    sx, sy = slopes(z)
    manning = random.uniform(0.01, 0.1, padded).astype(np.float32)
    source = (1e-3 * random.random(padded)).astype(np.float32)
    return Water(h, u, v, z, sx, sy, manning, source, dx=2.0, dy=1.5)


def still_basin(z: np.ndarray, level: float, dtype: type = np.float64) -> Water:
    """Water at rest at a level over ground (ny, nx), closed all round, without friction, rain or losses."""
    ground = padded_ground(z)
    h = np.maximum(level - ground.astype(float), 0.0).astype(dtype)
    zero = np.zeros_like(h)
    nothing = np.zeros(h.shape, np.float32)
    return Water(h, zero.copy(), zero.copy(), ground, *slopes(ground), nothing, nothing.copy())
