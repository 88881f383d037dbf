"""The catchments of a run, traced on its ground before it begins: of waterlogging points and of nodes."""

from __future__ import annotations

import numpy as np

from floodsim.case.drainage import Drainage as DrainageSection
from floodsim.case.schema import Case
from floodsim.grid.catchments import Paths, trace_paths
from floodsim.grid.grid import Grid
from floodsim.kernels import exchange as kernels
from floodsim.kernels.losses import CURVE_NUMBER
from floodsim.output.areas import Area, waterlogging_areas
from floodsim.output.catchments import SURFACES, CatchmentTables, InletTable
from floodsim.simulate.coupling import Drainage
from floodsim.simulate.setup import Setup
from floodsim.surface.edges import Boundary
from floodsim.surface.losses import Losses

OUTLETS = ("open", "level", "rating")
TIGHT_RETENTION = 0.02
"""SCS retention S (m) up to which ground counts as paved: curve numbers from 93 on (TR-55 gives pavement 98)."""

NOTHING = CatchmentTables(
    (), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((3, 0)),
    np.zeros((0, 4), np.int64), np.zeros(0, np.int64), (), np.zeros((3, 0)), np.zeros(3), None,
)  # fmt: skip
"""The catchments of a case without points and network."""


def make_catchments(case: Case, setup: Setup) -> CatchmentTables:
    """Trace the catchments of a case that has been set up."""
    grid = setup.grid
    areas = waterlogging_areas(case, grid)
    if not areas and setup.drainage is None:
        return NOTHING
    paths = trace_paths(grid, _leaves(grid, setup.boundaries))
    cover = surface_areas(grid, setup.losses)
    masks = [_catchment(area, grid, paths) for area in areas]
    cells = [np.nonzero(mask) for mask in masks]
    rims = [rim_faces(mask, grid, setup.boundaries) for mask in masks]
    drainage, section = setup.drainage, case.drainage
    nodes: tuple[str, ...] = ()
    node_area, undrained, inlets = np.zeros((3, 0)), np.zeros(3), None
    if drainage is not None and section is not None:
        nodes = drainage.engine.network.nodes.name
        node_area, undrained = _node_areas(grid, paths, cover, drainage, section)
        inlets = _inlet_table(drainage, section)
    return CatchmentTables(
        tuple(area.name for area in areas),
        np.repeat(np.arange(len(areas)), [rows.size for rows, _ in cells]),
        np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in cells)]),
        np.concatenate([np.zeros(0, np.int64), *(columns for _, columns in cells)]),
        np.array([[float(cover[k][mask].sum()) for mask in masks] for k in range(3)]).reshape(3, len(areas)),
        np.concatenate([np.zeros((0, 4), np.int64), *rims]),
        np.repeat(np.arange(len(areas)), [len(faces) for faces in rims]),
        nodes,
        node_area,
        undrained,
        inlets,
    )


def _leaves(grid: Grid, boundaries: list[Boundary]) -> np.ndarray:
    """Cells (ny, nx) beside a boundary where water can leave."""
    leaves = np.zeros(grid.shape, bool)
    for boundary in boundaries:
        if boundary.kind in OUTLETS:
            leaves[boundary.faces[:, 2] - 1, boundary.faces[:, 3] - 1] = True
    return leaves


def _catchment(area: Area, grid: Grid, paths: Paths) -> np.ndarray:
    target = np.zeros(grid.shape, bool)
    target[area.rows, area.columns] = True
    return paths.catchment(target)


def surface_areas(grid: Grid, losses: Losses) -> np.ndarray:
    """Area (3, ny, nx) m2 on which rain falls in every cell, by `SURFACES`; that of blocked roofs lies beside them."""
    active = grid.array("active")
    share = grid.array("rain_share").astype(float) if grid.has("rain_share") else np.ones(grid.shape)
    raised = grid.array("building") == 1
    roof = np.where(raised, share, np.maximum(share - 1.0, 0.0))
    ground = np.where(raised, 0.0, np.minimum(share, 1.0))
    limit = TIGHT_RETENTION if losses.kind == CURVE_NUMBER else 0.0
    soft = np.broadcast_to((losses.table[:, 0] > limit)[losses.classes], grid.shape)
    parts = {"roof": roof, "paved": np.where(soft, 0.0, ground), "unpaved": np.where(soft, ground, 0.0)}
    return np.stack([np.where(active, parts[name], 0.0) for name in SURFACES]) * grid.cell_area


def rim_faces(mask: np.ndarray, grid: Grid, boundaries: list[Boundary]) -> np.ndarray:
    """Faces (n, 4) around the cells of a mask, positive inwards: towards active cells, and on boundaries."""
    active = grid.array("active")
    found = [np.zeros((0, 4), np.int64)]
    for axis, one, other in ((0, np.s_[:, 1:], np.s_[:, :-1]), (1, np.s_[1:], np.s_[:-1])):
        way = mask[one].astype(np.int64) - mask[other]  # 1: flow along the axis enters the mask
        j, i = np.nonzero((way != 0) & active[one] & active[other])
        column = np.full_like(j, axis)
        found.append(np.stack([j + (axis == 1), i + (axis == 0), column, way[j, i]], axis=1))
    for boundary in boundaries:
        j, i, axis_of, outward = (boundary.faces[:, k] for k in (2, 3, 4, 5))
        own = mask[j - 1, i - 1]
        rows = j - 1 + ((axis_of == 1) & (outward > 0))
        columns = i - 1 + ((axis_of == 0) & (outward > 0))
        found.append(np.stack([rows, columns, axis_of, -outward], axis=1)[own])
    return np.concatenate(found).astype(np.int64)


def _node_areas(
    grid: Grid, paths: Paths, cover: np.ndarray, drainage: Drainage, section: DrainageSection
) -> tuple[np.ndarray, np.ndarray]:
    """Ground (3, nodes) m2 that drains to the inlets of each node, and what (3,) drains to none."""
    inlets, nodes = drainage.exchange.inlets, len(drainage.engine.network.nodes.name)
    kinds = _kinds(drainage, section)
    opened = np.array([kind != "sealed" for kind in kinds], bool)
    place = inlets.rows[:, kernels.CELL]
    nx = grid.shape[1]
    flat = (inlets.cell_j - 1) * nx + inlets.cell_i - 1
    label = np.full(paths.end.size, -1, np.int64)
    used = np.unique(place[opened])
    label[flat[used]] = used
    label = _into_ponds(paths, paths.labels(label), used, flat)
    areas = np.zeros((3, nodes))
    cover = cover.reshape(3, -1).copy()
    if drainage.roofs is not None:  # downpipes lead their rain past the street
        roofs = drainage.roofs
        cells = (roofs.cell_j - 1) * nx + roofs.cell_i - 1
        np.add.at(areas[0], roofs.node, cover[0, cells])
        cover[0, cells] = 0.0
    weight = np.where(opened, inlets.rows[:, kernels.COUNT], 0).astype(float)
    shared = np.bincount(place, weight, minlength=flat.size)
    own = label >= 0
    for k in range(3):
        at_cell = np.bincount(label[own], cover[k, own], minlength=flat.size)
        part = np.divide(at_cell, shared, out=np.zeros(at_cell.size), where=shared > 0)
        areas[k] += np.bincount(inlets.rows[:, kernels.NODE], weight * part[place], minlength=nodes)
    return areas, cover[:, ~own].sum(axis=1)


def _into_ponds(paths: Paths, label: np.ndarray, used: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Labels, with what ends in a hollow without an inlet at its bottom given to the lowest inlet in its pond."""
    level = paths.level.ravel()
    owner = paths.end[flat[used]]
    wet = (owner >= 0) & (level[flat[used]] < paths.spill[np.maximum(owner, 0)])
    best = np.full(paths.ends.size, -1, np.int64)
    for k in np.argsort(-level[flat[used]], kind="stable"):
        if wet[k]:
            best[owner[k]] = used[k]  # the lowest comes last
    lost = (label < 0) & (paths.end >= 0)
    label[lost] = best[paths.end[lost]]
    return label


def _kinds(drainage: Drainage, section: DrainageSection) -> tuple[str, ...]:
    """Kind of the class of every inlet."""
    known: dict[str, str] = {entry.name: entry.kind for entry in section.inlet_classes}
    names, rows = drainage.exchange.table.names, drainage.exchange.inlets.rows
    kinds = [
        known.get(name, "sealed" if name == "sealed" else "grate" if name != "manhole" else name) for name in names
    ]
    return tuple(kinds[row] for row in rows[:, kernels.CLASS])


def _inlet_table(drainage: Drainage, section: DrainageSection) -> InletTable:
    inlets, names = drainage.exchange.inlets, drainage.exchange.table.names
    rows = inlets.rows
    classes = tuple(names[row] for row in rows[:, kernels.CLASS])
    return InletTable(
        inlets.names, rows[:, kernels.NODE], classes, _kinds(drainage, section), inlets.crest, rows[:, kernels.COUNT]
    )
