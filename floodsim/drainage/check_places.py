"""Nodes far from the terrain, and what most likely happened to their coordinates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from floodsim.drainage.draft import shortened
from floodsim.drainage.network import Network
from floodsim.grid.frame import Extent, show_bounds

NEAR = 1000.0
"""Nodes this near the terrain, in m, or twice its diagonal, belong to a network larger than the terrain."""
ZONE = 1e6
"""Eastings with the number of their zone are this many m times that number, plus the easting."""
MOST = 0.5
"""Part of the far nodes that has to fall on the terrain for a mistake to be named."""


def far_nodes(network: Network, bounds: Extent) -> np.ndarray:
    """Rows of the nodes that lie farther outside ``bounds`` than 1 km and twice its diagonal."""
    x, y = network.nodes.x, network.nodes.y
    xmin, ymin, xmax, ymax = bounds
    away = np.hypot(np.maximum(np.maximum(xmin - x, x - xmax), 0.0), np.maximum(np.maximum(ymin - y, y - ymax), 0.0))
    return np.flatnonzero(away > max(NEAR, 2.0 * float(np.hypot(xmax - xmin, ymax - ymin))))


def why_far(network: Network, rows: np.ndarray, bounds: Extent) -> tuple[str, str]:
    """What is wrong with far nodes and what to do, in words; mistakes that would explain most of them are named."""
    nodes = network.nodes
    x, y = nodes.x[rows], nodes.y[rows]
    names = shortened([nodes.name[row] for row in rows.tolist()], 5)
    what = f"{rows.size} nodes lie" if rows.size > 1 else "lies"
    message = f"{what} far outside the terrain" + (f" ({names})" if rows.size > 1 else "")
    message += f": the terrain covers {show_bounds(bounds)}"
    return message, _remedy(x, y, bounds)


def _remedy(x: np.ndarray, y: np.ndarray, bounds: Extent) -> str:
    xmin, ymin, xmax, ymax = bounds
    for said, east, north in _mistakes(x, y, bounds):
        if np.mean((xmin <= east) & (east <= xmax) & (ymin <= north) & (north <= ymax)) >= MOST:
            return said
    if np.all((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)) and max(abs(xmax), abs(ymax)) > 1000.0:
        return "the coordinates look like degrees: bring them into the coordinate reference system of the terrain"
    return "check the coordinates, and the coordinate reference systems of network and terrain"


def _mistakes(x: np.ndarray, y: np.ndarray, bounds: Extent) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Usual mistakes: the remedy, and the coordinates as they would be after it."""
    yield "x and y are swapped: x is east, y is north; exchange them", y, x
    zones = np.floor(x / ZONE) * ZONE
    yield "x carries the number of its zone: take its leading digits off", x - zones, y
    zone = float(np.floor(bounds[0] / ZONE) * ZONE)
    yield f"the terrain carries the number of its zone: add {zone:.0f} to x", x + zone, y
    yield "the coordinates are in mm: divide them by 1000", x / 1000.0, y / 1000.0
    yield "the coordinates are in feet: multiply them by 0.3048", x * 0.3048, y * 0.3048
