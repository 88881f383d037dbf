"""What a conduit carries full under gravity: Manning's formula at the slope of its bed (GB 50014-2021, section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.drainage.network import Network
from floodsim.drainage.sections import ShapeTables, scale_of

PRESSURE_SHAPES = ("FORCE_MAIN",)


@dataclass(frozen=True)
class FullFlow:
    """Conduits (n,) full: ``height`` m, ``slope`` of the bed (falling from start to end), ``area`` m2 of one barrel,
    ``velocity`` m/s and ``flow`` m3/s of all barrels; 0 where the bed does not fall. ``bed_start``, ``bed_end`` m.
    ``pressure`` marks mains, which are not made to flow under gravity.
    """

    height: np.ndarray
    slope: np.ndarray
    area: np.ndarray
    velocity: np.ndarray
    flow: np.ndarray
    bed_start: np.ndarray
    bed_end: np.ndarray
    pressure: np.ndarray


def full_flows(network: Network) -> FullFlow:
    """Full flow of every conduit, open channels to their banks; v = R^(2/3) S^(1/2) / n."""
    conduits, links, nodes = network.conduits, network.links, network.nodes
    rows = conduits.link
    tables = ShapeTables()
    scales = [scale_of(network, int(links.section[row]), tables) for row in rows]
    area, radius = np.array([s.area for s in scales]), np.array([s.radius for s in scales])
    bed_start = nodes.invert[links.start[rows]] + links.offset_start[rows]
    bed_end = nodes.invert[links.end[rows]] + links.offset_end[rows]
    slope = (bed_start - bed_end) / conduits.length
    velocity = radius ** (2.0 / 3.0) * np.sqrt(np.maximum(slope, 0.0)) / conduits.roughness
    shapes = [network.sections.shape[int(links.section[row])] for row in rows]
    return FullFlow(
        np.array([s.height for s in scales]),
        slope,
        area,
        velocity,
        velocity * area * conduits.barrels,
        bed_start,
        bed_end,
        np.array([shape in PRESSURE_SHAPES for shape in shapes], bool),
    )
