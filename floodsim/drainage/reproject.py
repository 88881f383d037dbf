"""A network in another coordinate reference system. Lengths stay as they were surveyed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from floodsim.drainage.draft import shortened
from floodsim.drainage.network import Network
from floodsim.errors import CaseError, Fault
from floodsim.grid import crs
from floodsim.grid.extras import need


def to_crs(network: Network, wkt: str, file: str, of: str = "") -> Network:
    """The network with its nodes and the lines of its links in the CRS ``wkt``; ``of`` says whose that is.

    A network without CRS keeps its coordinates and a note says so. Raises CaseError that names ``file`` where
    coordinates cannot be brought over.
    """
    if not wkt:
        return network
    if not network.crs_wkt:
        whose = f"those of {of}, " if of else ""
        note = f"the network names no CRS; its coordinates are taken as {whose}{crs.describe(wkt)}"
        return replace(network, crs_wkt=wkt, notes=(*network.notes, note))
    if crs.same(network.crs_wkt, wkt):
        return network
    nodes, links = network.nodes, network.links
    shapes = [nodes.x, *(line[:, 0] for line in links.vertices)], [nodes.y, *(line[:, 1] for line in links.vertices)]
    x, y = (np.concatenate(parts) for parts in shapes)
    east, north = _moved(x, y, network.crs_wkt, wkt)
    count = nodes.x.size
    lost = np.flatnonzero(np.isfinite(x + y) & ~np.isfinite(east + north))
    if lost.size:
        names = shortened([nodes.name[row] for row in lost[lost < count].tolist()]) or "lines of links"
        message = f"cannot be brought from {crs.describe(network.crs_wkt)} into {crs.describe(wkt)}: {names}"
        remedy = "check the coordinates, and the coordinate reference systems of both"
        raise CaseError(Fault(message, file, value=f"x = {x[lost[0]]:.10g}, y = {y[lost[0]]:.10g}", remedy=remedy))
    ends = np.cumsum([count, *(len(line) for line in links.vertices)])
    moved = np.column_stack((east, north))
    lines = tuple(moved[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True))
    return replace(
        network,
        nodes=replace(nodes, x=east[:count], y=north[:count]),
        links=replace(links, vertices=lines),
        crs_wkt=wkt,
        notes=(
            *network.notes,
            f"coordinates were brought from {crs.describe(network.crs_wkt)} into {crs.describe(wkt)}",
        ),
    )


def _moved(x: np.ndarray, y: np.ndarray, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in another CRS, infinite where there is no way; those that are no numbers stay as they are."""
    pyproj = need("pyproj", "reprojecting")
    move = pyproj.Transformer.from_crs(crs.parse(source), crs.parse(target), always_xy=True)
    known = np.isfinite(x + y)
    east, north = x.copy(), y.copy()
    east[known], north[known] = move.transform(x[known], y[known])
    return east, north
