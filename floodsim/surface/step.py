"""One step of the surface, and the beat on which everything that drives it is renewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from floodsim.forcing.series import Rain
from floodsim.kernels.blocks import ASLEEP, fed_blocks, stored_depth, wake_blocks
from floodsim.kernels.edges import fill_ghosts, mirror_ring
from floodsim.kernels.losses import loss_rows, rain_rows
from floodsim.surface.bands import Bands
from floodsim.surface.edges import Edges, renew_edges
from floodsim.surface.ledger import BOOKS, Ledger
from floodsim.surface.losses import Losses
from floodsim.surface.schemes import SCRATCH_COLUMNS, Scheme
from floodsim.surface.sources import Source, add_sources
from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS, GRAVITY, State
from floodsim.surface.windows import deal_windows


@dataclass
class Surface:
    """All that takes part in a step: state, edges, what drives them, threads and the ledger."""

    state: State
    edges: Edges
    rain: Rain
    losses: Losses
    sources: list[Source]
    scheme: Scheme
    bands: Bands
    ledger: Ledger = field(default_factory=Ledger)
    edge_speed: float = 0.0
    mean_rain: float = 0.0

    def __post_init__(self) -> None:
        columns = min(SCRATCH_COLUMNS, self.state.h.shape[1] + 24)
        shape = (self.scheme.scratch_rows, columns)
        self.scratch: list[np.ndarray] = [np.zeros(shape, self.state.real) for _ in range(self.bands.threads)]
        self.zones = np.zeros((1, 1), np.uint8) if self.rain.zones is None else self.rain.zones
        size = self.state.blocks.fastest.shape
        self.rain_rate = np.zeros(size)
        count_stored(self.state, all_cells(self.state))
        self.ledger.initial = self.ledger.storage = float(self.state.blocks.stored.sum()) * self.state.grid.cell_area


def all_cells(state: State) -> list[np.ndarray]:
    """One window over the whole grid."""
    ny, nx = state.grid.shape
    return [np.array([[1, ny + 1, 1, nx + 1]])]


def count_stored(state: State, windows: list[np.ndarray]) -> None:
    """Sum up the depth of each block inside the windows, which holds all water."""
    state.blocks.stored[:] = 0.0
    for hand in windows:
        stored_depth(state.h, state.low, hand, BLOCK_ROWS, BLOCK_COLUMNS, state.blocks.stored)


def renew_forcing(surface: Surface, t0: float, t1: float, given: Mapping[int, np.ndarray] | None = None) -> None:
    """Set rain, losses, sources and boundaries for the beat [t0, t1] (s), and book what they bring, block by block.

    ``given`` holds discharges of boundaries as in `renew_edges`.
    """
    state, beat = surface.state, t1 - t0
    rain = _rain(surface, surface.rain.mean(t0, t1))
    state.blocks.rained += rain * beat
    surface.rain_rate = rain
    surface.mean_rain = float(rain.sum()) / (state.grid.shape[0] * state.grid.shape[1])
    if surface.losses.kind:
        state.blocks.soaked += (rain - _after_losses(surface, beat)) * beat
    add_sources(state, surface.sources, t0, t1)
    fed_blocks(state.source, BLOCK_ROWS, BLOCK_COLUMNS, state.blocks.fed)
    state.blocks.fed |= state.blocks.always
    renew_edges(state, surface.edges, t0, t1, given)
    set_ghosts(surface)
    wake(surface, force=True)


def _rain(surface: Surface, rates: np.ndarray) -> np.ndarray:
    """Let it rain by ``rates`` (zones,) m/s into the source; sums (m/s) over the cells of each block."""
    state, sums = surface.state, np.zeros(surface.state.blocks.fastest.shape)

    def band(a: int, b: int) -> None:
        rain_rows(a * BLOCK_ROWS, min(b * BLOCK_ROWS, state.grid.shape[0]), rates, surface.zones, state.ground.share,
                  BLOCK_ROWS, BLOCK_COLUMNS, state.source, sums)  # fmt: skip

    surface.bands.split(band, len(sums))
    return sums


def _after_losses(surface: Surface, beat: float) -> np.ndarray:
    """Let what infiltrates over a beat (s) out of the source; sums (m/s) of what is left over the cells of a block."""
    state, take, sums = surface.state, surface.losses, np.zeros(surface.state.blocks.fastest.shape)

    def band(a: int, b: int) -> None:
        loss_rows(a * BLOCK_ROWS, min(b * BLOCK_ROWS, state.grid.shape[0]), take.kind, take.classes, take.table,
                  state.h, state.ground.share, take.infiltrated, beat, BLOCK_ROWS, BLOCK_COLUMNS, state.source,
                  sums)  # fmt: skip

    surface.bands.split(band, len(sums))
    return sums


def wake(surface: Surface, *, force: bool = False, swept: bool = False) -> None:
    """Choose the blocks to sweep next, and deal them out to the threads where the choice has changed.

    ``swept`` says that a sweep has followed the last choice.
    """
    state, blocks = surface.state, surface.state.blocks
    changed = wake_blocks(state.h, blocks.fastest, blocks.fed, BLOCK_ROWS, BLOCK_COLUMNS, swept, blocks.awake)
    if changed or force or not state.windows:
        deal(surface)


def deal(surface: Surface) -> None:
    """Deal out the blocks that were chosen."""
    state = surface.state
    state.windows = deal_windows(state.blocks.awake != ASLEEP, state.grid.shape, surface.bands.threads, state.part)


def set_ghosts(surface: Surface) -> None:
    """Let the ghost cells follow the present water and what drives the boundaries."""
    if not surface.scheme.ghosts:
        return
    state, edges = surface.state, surface.edges
    mirror_ring(state.h, state.u, state.v)
    if len(edges.faces):
        surface.edge_speed = fill_ghosts(
            state.h, state.u, state.v, state.ground.z, edges.faces, edges.kind, edges.value, edges.manning,
            edges.mine, GRAVITY,
        )  # fmt: skip


def take_step(surface: Surface, dt: float) -> None:
    """Advance the water by dt (s)."""
    set_ghosts(surface)
    surface.state.blocks.fastest[:] = 0
    _sweep(surface, dt)
    if len(surface.edges.faces):
        surface.scheme.cross(surface.state, surface.edges, dt)
    surface.state.swap()
    wake(surface, swept=True)


def _sweep(surface: Surface, dt: float) -> None:
    s, ground, blocks = surface.state, surface.state.ground, surface.state.blocks
    real = s.real
    numbers = (real(dt), real(1 / s.grid.dx), real(1 / s.grid.dy), real(GRAVITY), BLOCK_ROWS, BLOCK_COLUMNS)

    def job(windows: np.ndarray, scratch: np.ndarray) -> Callable[[], None]:
        return lambda: surface.scheme.sweep(
            s.h, s.u, s.v, s.h_next, s.u_next, s.v_next, s.low, ground.z, ground.sx, ground.sy, ground.drag, s.source,
            windows, *numbers, blocks.fastest, blocks.clipped, blocks.trimmed, scratch,
        )  # fmt: skip

    hands = [(hand, scratch) for hand, scratch in zip(s.windows, surface.scratch, strict=True) if len(hand)]
    surface.bands.run([job(hand, scratch) for hand, scratch in hands])


def settle_ledger(surface: Surface) -> Ledger:
    """Bring the ledger up to the present state."""
    state, area = surface.state, surface.state.grid.cell_area
    count_stored(state, state.windows)
    volumes = surface.edges.volumes(area)
    boundaries = {b.name: float(v) for b, v in zip(surface.edges.boundaries, volumes, strict=True)}
    surface.ledger.settle(books_of(state), boundaries, area)
    return surface.ledger


def books_of(state: State) -> dict[str, np.ndarray]:
    """The books of the blocks that a state answers for, by name (block rows, block columns), m of depth."""
    return {name: np.ascontiguousarray(getattr(state.blocks, name)[state.part.own_blocks]) for name in BOOKS}
