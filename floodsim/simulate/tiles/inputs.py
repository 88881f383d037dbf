"""What all tiles of a run need to know, and the windows of it that each one holds.

Fields over the grid lie as plain ``.npy`` files in a folder that every worker can read; a tile maps them and takes its
window, so that no field passes through the client or the scheduler. All else is small and the same for all tiles.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from floodsim.drainage.roofs import RoofCells
from floodsim.forcing.series import Rain
from floodsim.grid.grid import Grid
from floodsim.simulate.setup import Setup
from floodsim.surface.edges import Boundary
from floodsim.surface.losses import Losses
from floodsim.surface.part import Part, Rectangle
from floodsim.surface.sources import Source
from floodsim.surface.state import Relief

GROUND = ("bed", "roughness", "active", "building", "rain_share")
SMALL = "small.pickle"


@dataclass(frozen=True)
class Ports:
    """Where a network meets the grid: ``cells`` (n, 2) of inlets and outfalls, the place of each port among them."""

    cells: np.ndarray
    port_cells: np.ndarray
    roofs: RoofCells | None


@dataclass(frozen=True)
class Shared:
    """All of a run that has no field over the grid; faces, cells and coordinates are those of the whole grid.

    ``probes`` (n, 2) are the cells at which the client looks at the water.
    """

    x: np.ndarray
    y: np.ndarray
    dx: float
    dy: float
    crs_wkt: str
    relief: Relief
    rain: tuple[np.ndarray, np.ndarray]
    losses: tuple[int, np.ndarray]
    boundaries: list[Boundary]
    sources: list[Source]
    ports: Ports | None
    probes: np.ndarray


@dataclass
class TileSetup:
    """The window of a run that a tile holds. ``faces`` are the numbers of its boundary faces among all."""

    grid: Grid
    rain: Rain
    boundaries: list[Boundary]
    owners: list[int]
    faces: np.ndarray
    sources: list[Source]
    losses: Losses
    depth: np.ndarray | None


def store(folder: Path, setup: Setup, shared: Shared) -> None:
    """Write everything that tiles need into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    grid, losses = setup.grid, setup.losses
    fields: dict[str, np.ndarray | None] = {name: grid.array(name) for name in GROUND if grid.has(name)}
    fields |= {"zones": setup.rain.zones, "depth": setup.depth}
    if losses.kind and losses.classes.size > 1:
        fields["classes"] = losses.classes
    for name, values in fields.items():
        if values is not None and not (folder / f"{name}.npy").exists():  # the ground may lie there already
            np.save(folder / f"{name}.npy", values)
    (folder / SMALL).write_bytes(pickle.dumps(shared))


def load_shared(folder: Path) -> Shared:
    """The small part of what `store` wrote."""
    shared: Shared = pickle.loads((folder / SMALL).read_bytes())
    return shared


def load_window(folder: Path, shared: Shared, window: Rectangle) -> TileSetup:
    """What a tile holds whose arrays cover a ``window`` of the grid."""
    j0, j1, i0, i1 = window
    shape = (j1 - j0, i1 - i0)

    def field(name: str) -> np.ndarray | None:
        file = folder / f"{name}.npy"
        return np.array(np.load(file, mmap_mode="r")[j0:j1, i0:i1]) if file.exists() else None

    fields = {name: values for name in GROUND if (values := field(name)) is not None}
    coords = {"y": shared.y[j0:j1], "x": shared.x[i0:i1]}
    dataset = xr.Dataset({name: (("y", "x"), values) for name, values in fields.items()}, coords=coords)
    kind, table = shared.losses
    classes = field("classes")
    losses = Losses(
        kind,
        np.zeros((1, 1), np.uint8) if classes is None else classes,
        table,
        np.zeros(shape if kind else (0, 0), np.float32),
    )
    boundaries, owners, faces = _boundaries(shared.boundaries, window)
    return TileSetup(
        Grid(dataset, shared.dx, shared.dy, shared.crs_wkt),
        Rain(*shared.rain, field("zones")),
        boundaries,
        owners,
        faces,
        _sources(shared.sources, window),
        losses,
        field("depth"),
    )


def _boundaries(boundaries: list[Boundary], window: Rectangle) -> tuple[list[Boundary], list[int], np.ndarray]:
    """Boundaries cut to a window, their numbers among all, and the numbers of their faces among all."""
    found, owners, numbers, first = [], [], [np.zeros(0, np.int64)], 0
    shift = np.array([window[0], window[2], window[0], window[2], 0, 0])
    for number, boundary in enumerate(boundaries):
        here = within(boundary.faces[:, 2:4] - 1, window)
        if here.any():
            found.append(replace(boundary, faces=boundary.faces[here] - shift))
            owners.append(number)
            numbers.append(first + np.flatnonzero(here))
        first += len(boundary.faces)
    return found, owners, np.concatenate(numbers)


def _sources(sources: list[Source], window: Rectangle) -> list[Source]:
    cut = []
    for source in sources:
        here = within(source.cells, window)
        if here.any():
            cells = source.cells[here] - np.array([window[0], window[2]])
            cut.append(replace(source, cells=cells, of=len(source.cells)))
    return cut


def cut_roofs(roofs: RoofCells, window: Rectangle) -> tuple[RoofCells, np.ndarray]:
    """Roof cells within a window, and their numbers among all."""
    here = np.flatnonzero(within(np.stack([roofs.cell_j, roofs.cell_i], axis=1) - 1, window))
    cut = RoofCells(
        roofs.cell_j[here] - window[0], roofs.cell_i[here] - window[2], roofs.weight[here], roofs.node[here],
        roofs.capacity, np.zeros(here.size),
    )  # fmt: skip
    return cut, here


def within(cells: np.ndarray, window: Rectangle) -> np.ndarray:
    """Which of the cells (n, 2) lie in a window."""
    j, i = cells[:, 0], cells[:, 1]
    return (j >= window[0]) & (j < window[1]) & (i >= window[2]) & (i < window[3])


def owned(part: Part, cells: np.ndarray) -> np.ndarray:
    """Numbers of the cells (n, 2) of the whole grid that are a part's own."""
    return np.flatnonzero(part.holds(cells[:, 0] - part.origin[0], cells[:, 1] - part.origin[1]))


def shares_ghosts(boundaries: list[Boundary], columns: int) -> bool:
    """Whether a ghost cell serves faces of several cells, so that water is felt across it within one step."""
    faces = np.concatenate([np.zeros((0, 6), np.int64), *(boundary.faces for boundary in boundaries)])
    width = columns + 2
    ghost, inner = faces[:, 0] * width + faces[:, 1], faces[:, 2] * width + faces[:, 3]
    return np.unique(ghost).size < np.unique(np.stack([ghost, inner], axis=1), axis=0).shape[0]
