"""Storage of nodes: water surface and volume against depth, from chamber, storage curve and half conduits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.drainage.network import Network, NodeKind, StorageKind
from floodsim.kernels.network_nodes import DEPTH, SURFACE, VOLUME, WIDENING
from floodsim.kernels.network_sections import CELLS

SLOT = 0.01
"""Width of the slot over a full conduit, over its greatest width; it stores, and conveys nothing."""
CROWN = 96
"""Hundredths of the height above which a closed conduit keeps its surface, as in SWMM: a roof that closes on the water
would lift it too fast. It adds 1 % to the volume of a circle.
"""
FADING = 15.0
"""Over the crown the surface of a closed conduit fades by exp(-15 (y / H - 1)), as under SWMM's EXTRAN method: water
gets under pressure gradually. It stores 3 % of a full circle (SWMM's SLOT method stores 8 %).
"""
FRACTIONS = np.array(
    [
        0.0,
        0.01,
        0.03,
        0.06,
        0.1,
        0.15,
        0.2,
        0.3,
        0.4,
        0.5,
        0.6,
        0.7,
        0.8,
        0.85,
        0.9,
        0.94,
        0.96,
        0.98,
        1.0,
        1.02,
        1.04,
        1.07,
        1.1,
        1.14,
        1.19,
        1.25,
        1.32,
        1.4,
    ]
)
LEAST_SURFACE = 0.01
"""Least water surface of a storage node in m2, where its curve says less."""
EDGE = 1e-4
"""Part of a section's height over which the water surface changes where it would jump."""


@dataclass(frozen=True)
class HalfConduits:
    """Ends of conduits (n,): ``node`` row, ``offset`` m above its invert, ``height``, greatest ``width`` times stored
    ``length`` (m), row of the ``shape`` table, and whether the top is ``open``.
    """

    node: np.ndarray
    offset: np.ndarray
    height: np.ndarray
    area: np.ndarray
    shape: np.ndarray
    open: np.ndarray


@dataclass(frozen=True)
class NodeTables:
    """Knots of all nodes one after the other (k, 4) and ``first`` (nodes + 1,) where those of each begin."""

    knots: np.ndarray
    first: np.ndarray

    def volume_at(self, depth: np.ndarray) -> np.ndarray:
        """Volume (m3) of every node at its ``depth`` (nodes,), beyond the last knot with the last surface."""
        volume = np.zeros(depth.size)
        for i, y in enumerate(depth):
            rows = self.knots[self.first[i] : self.first[i + 1]]
            k = max(int(np.searchsorted(rows[:, DEPTH], y, side="right")) - 1, 0)
            more = max(y - rows[k, DEPTH], 0.0)
            volume[i] = rows[k, VOLUME] + more * (rows[k, SURFACE] + 0.5 * rows[k, WIDENING] * more)
        return volume


def surfaces_of_halves(halves: HalfConduits, table: np.ndarray, which: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Water surface (m2) of halves ``which`` at ``depth`` (m) of their node; the slot above the crown."""
    part = (depth - halves.offset[which]) / halves.height[which]
    x = np.clip(part, 0.0, 1.0) * CELLS
    k = np.minimum(x.astype(int), CELLS - 1)
    rows = table[halves.shape[which], k]
    width = rows[:, 3] + (x - k) * rows[:, 4]
    closed = ~halves.open[which]
    crown = table[halves.shape[which], CROWN, 3]
    # twice: the middle of the conduit, which has no table of its own, stands as high
    kept = width + 2.0 * np.maximum(crown - width, 0.0)
    fading = 2.0 * crown * np.exp(-FADING * np.maximum(part - 1.0, 0.0))
    width = np.where(closed & (part > 0.01 * CROWN), kept, width)
    width = np.where(closed & (part > 1.0 - 0.5 * EDGE), np.maximum(fading, SLOT), width)
    return np.where(part < -0.5 * EDGE, 0.0, width) * halves.area[which]


def storage_depths(network: Network, row: int, full_depth: float) -> np.ndarray:
    """Depths (m) at which the area of storage ``row`` is taken; it is linear in between."""
    if network.storages.kind[row] == StorageKind.TABULAR:
        return np.union1d(network.curves[int(network.storages.curve[row])].x, [full_depth])
    return np.linspace(0.0, max(full_depth, 1e-3), 41)


def storage_surface(network: Network, row: int, depth: np.ndarray) -> np.ndarray:
    """Area (m2) of storage ``row`` at ``depth`` (m): from its curve, constant beyond it, or its formula."""
    storages = network.storages
    if storages.kind[row] == StorageKind.TABULAR:
        curve = network.curves[int(storages.curve[row])]
        return _extended(depth, curve.x, curve.y)
    c0, c1, c2 = storages.coefficient[row]
    if storages.kind[row] == StorageKind.POWER:
        with np.errstate(divide="ignore"):
            return c0 + (c1 * depth**c2 if c1 != 0.0 else 0.0) + np.zeros_like(depth)
    return c0 + c1 * depth + c2 * depth**2


def depth_of_volume(network: Network, node: int, volume: np.ndarray) -> np.ndarray:
    """Depth (m) at which a wet well holds ``volume`` (m3) by itself, without the conduits beside it.

    A junction counts as a well whose full depth holds the greatest of the volumes, as in SWMM.
    """
    full = float(network.nodes.full_depth[node])
    rows = np.flatnonzero(network.storages.node == node)
    if rows.size == 0:
        return volume / max(float(volume.max()), 1e-9) * full
    depth = np.linspace(0.0, full, 1001)
    area = storage_surface(network, int(rows[0]), depth)
    held = np.concatenate(([0.0], np.cumsum(0.5 * (area[1:] + area[:-1]) * np.diff(depth))))
    return np.interp(volume, held, depth)


def _extended(x: np.ndarray, xp: np.ndarray, fp: np.ndarray) -> np.ndarray:
    """Linear interpolation that goes on with the slope of the last piece where the area grows upwards."""
    inside = np.interp(x, xp, fp)
    if xp.size < 2 or fp[-1] <= fp[-2]:
        return inside
    slope = (fp[-1] - fp[-2]) / (xp[-1] - xp[-2])
    return inside + np.where(x > xp[-1], slope * (x - xp[-1]), 0.0)


def node_tables(
    network: Network, halves: HalfConduits, table: np.ndarray, full_depth: np.ndarray, ponded: np.ndarray
) -> NodeTables:
    """Tables of all nodes. ``full_depth`` (nodes,) m; ``ponded`` (nodes,) m2 over the rim, 0 where nothing ponds.

    The surface of a junction is that of its conduits but at least the chamber; a storage adds both.
    """
    count = len(network.nodes.name)
    owner, depth = _knot_depths(network, halves, full_depth, ponded)
    surface = np.zeros(depth.size)
    first = np.searchsorted(owner, np.arange(count + 1))
    order = np.argsort(halves.node, kind="stable")
    begin = np.searchsorted(halves.node[order], np.arange(count + 1))
    links = begin[owner + 1] - begin[owner]
    knot = np.repeat(np.arange(depth.size), links)
    place = np.arange(knot.size) - np.repeat(np.cumsum(links) - links, links)
    half = order[begin[owner[knot]] + place]
    np.add.at(surface, knot, surfaces_of_halves(halves, table, half, depth[knot]))
    is_storage = network.nodes.kind[owner] == NodeKind.STORAGE
    surface = np.where(is_storage, surface, np.maximum(surface, network.options.min_surface_area))
    for row, node in enumerate(network.storages.node):
        rows = slice(first[node], first[node + 1])
        surface[rows] = np.maximum(surface[rows] + storage_surface(network, row, depth[rows]), LEAST_SURFACE)
    over = (ponded[owner] > 0.0) & (depth > full_depth[owner] + 0.5 * EDGE)
    surface = np.where(over, ponded[owner], surface)
    return NodeTables(_integrated(owner, depth, surface), first)


def _integrated(owner: np.ndarray, depth: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Knots with volume and widening, by the trapezoidal rule, which is exact for a surface linear in between."""
    knots = np.zeros((depth.size, 4))
    knots[:, DEPTH], knots[:, SURFACE] = depth, surface
    same = owner[1:] == owner[:-1]
    rise = np.where(same, np.diff(depth), 1.0)
    knots[:-1, WIDENING] = np.where(same, np.diff(surface) / rise, 0.0)
    slices = np.where(same, 0.5 * (surface[1:] + surface[:-1]) * rise, 0.0)
    starts = np.concatenate(([True], ~same))
    for begin, stop in zip(np.flatnonzero(starts), np.append(np.flatnonzero(starts)[1:], depth.size), strict=True):
        knots[begin + 1 : stop, VOLUME] = np.cumsum(slices[begin : stop - 1])
    return knots


def _knot_depths(
    network: Network, halves: HalfConduits, full_depth: np.ndarray, ponded: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Owner and depth of every knot, sorted, none closer together than a hair."""
    parts = np.concatenate((FRACTIONS, [-EDGE]))
    depths = [(halves.offset[:, None] + parts[None, :] * halves.height[:, None]).ravel()]
    owners = [np.repeat(halves.node, parts.size)]
    everyone = np.arange(len(network.nodes.name))
    depths += [np.zeros(everyone.size), full_depth]
    owners += [everyone, everyone]
    ponds = np.flatnonzero(ponded > 0.0)
    depths.append(full_depth[ponds] + EDGE)
    owners.append(ponds)
    for row, node in enumerate(network.storages.node):
        own = storage_depths(network, row, float(full_depth[node]))
        depths.append(own)
        owners.append(np.full(own.size, node))
    depth, owner = np.concatenate(depths), np.concatenate(owners)
    keep = depth >= 0.0
    depth, owner = depth[keep], owner[keep]
    order = np.lexsort((depth, owner))
    depth, owner = depth[order], owner[order]
    apart = np.concatenate(([True], (np.diff(depth) > 1e-7) | (owner[1:] != owner[:-1])))
    return owner[apart], depth[apart]
