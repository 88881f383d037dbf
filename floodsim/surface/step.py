"""One step of the surface, and the beat on which everything that drives it is renewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from floodsim.forcing.series import Rain
from floodsim.kernels.blocks import ASLEEP, fed_blocks, stored_depth, wake_blocks
from floodsim.kernels.edges import fill_ghosts, mirror_ring
from floodsim.kernels.losses import loss_rows, rain_rows
from floodsim.surface.bands import Bands
from floodsim.surface.edges import Edges, renew_edges
from floodsim.surface.ledger import Ledger
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
    planned_loss: float = 0.0
    mean_rain: float = 0.0

    def __post_init__(self) -> None:
        columns = min(SCRATCH_COLUMNS, self.state.h.shape[1] + 24)
        shape = (self.scheme.scratch_rows, columns)
        self.scratch: list[np.ndarray] = [np.zeros(shape, self.state.real) for _ in range(self.bands.threads)]
        self.zones = np.zeros((1, 1), np.uint8) if self.rain.zones is None else self.rain.zones
        self.ledger.initial = self.ledger.storage = stored_volume(self.state, all_cells(self.state))


def all_cells(state: State) -> list[np.ndarray]:
    """One window over the whole grid."""
    ny, nx = state.grid.shape
    return [np.array([[1, ny + 1, 1, nx + 1]])]


def stored_volume(state: State, windows: list[np.ndarray]) -> float:
    """Water inside the windows, m3; summed by rows, so the sum is the same however they are dealt out."""
    rows = np.zeros(state.grid.shape[0])
    for hand in windows:
        stored_depth(state.h, state.low, hand, rows)
    return float(rows.sum()) * state.grid.cell_area


def renew_forcing(surface: Surface, t0: float, t1: float) -> None:
    """Set rain, losses, sources and boundaries for the beat [t0, t1] (s), and book what they bring."""
    state, bands, beat = surface.state, surface.bands, t1 - t0
    ny = state.grid.shape[0]
    area = state.grid.cell_area
    rain, net = np.zeros(ny), np.zeros(ny)
    rates = surface.rain.mean(t0, t1)
    bands.split(lambda a, b: rain_rows(a, b, rates, surface.zones, state.ground.share, state.source, rain), ny)
    surface.ledger.rain += float(rain.sum()) * area * beat
    surface.mean_rain = float(rain.sum()) / (ny * state.grid.shape[1])
    if surface.losses.kind:
        take = surface.losses
        bands.split(
            lambda a, b: loss_rows(a, b, take.kind, take.classes, take.table, state.h, state.ground.share,
                                   take.infiltrated, beat, state.source, net), ny)  # fmt: skip
        surface.planned_loss += float((rain - net).sum()) * area * beat
    surface.ledger.sources += add_sources(state, surface.sources, t0, t1)
    fed_blocks(state.source, BLOCK_ROWS, BLOCK_COLUMNS, state.blocks.fed)
    state.blocks.fed |= state.blocks.always
    renew_edges(state, surface.edges, t0, t1)
    _set_ghosts(surface)
    wake(surface, force=True)


def wake(surface: Surface, *, force: bool = False) -> None:
    """Choose the blocks to sweep next, and deal them out to the threads where the choice has changed."""
    state, blocks = surface.state, surface.state.blocks
    changed = wake_blocks(state.h, blocks.fastest, blocks.fed, BLOCK_ROWS, BLOCK_COLUMNS, blocks.awake)
    if changed or force or not state.windows:
        state.windows = deal_windows(blocks.awake != ASLEEP, state.grid.shape, surface.bands.threads)


def _set_ghosts(surface: Surface) -> None:
    if not surface.scheme.ghosts:
        return
    state, edges = surface.state, surface.edges
    mirror_ring(state.h, state.u, state.v)
    if len(edges.faces):
        surface.edge_speed = fill_ghosts(
            state.h, state.u, state.v, state.ground.z, edges.faces, edges.kind, edges.value, edges.manning, GRAVITY
        )


def take_step(surface: Surface, dt: float) -> None:
    """Advance the water by dt (s)."""
    _set_ghosts(surface)
    surface.state.blocks.fastest[:] = 0
    _sweep(surface, dt)
    if len(surface.edges.faces):
        surface.scheme.cross(surface.state, surface.edges, dt)
    surface.state.swap()
    wake(surface)


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
    state, ledger, area = surface.state, surface.ledger, surface.state.grid.cell_area
    ledger.storage = stored_volume(state, state.windows)
    ledger.infiltration = surface.planned_loss + float(state.blocks.trimmed.sum()) * area
    ledger.clipped = float(state.blocks.clipped.sum()) * area
    volumes = surface.edges.volumes(area)
    ledger.boundaries = {b.name: float(v) for b, v in zip(surface.edges.boundaries, volumes, strict=True)}
    return ledger
