"""What pumps lift: the flow of each at the lift it has to overcome, from its curve."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.network import NONE, Network, NodeKind, OutfallKind, PumpKind


def installed_flows(network: Network) -> np.ndarray:
    """Flow (links,) m3/s of every pump of the network, 0 for other links.

    Pumps by head lift from their start level (else the invert of the well) to the invert of their lower node, or to
    the fixed stage there; others give the greatest flow of their curve. An ideal pump has no limit: 0.
    """
    flows = np.zeros(len(network.links.name))
    for row, link in enumerate(network.pumps.link):
        kind, curve = network.pumps.kind[row], int(network.pumps.curve[row])
        if kind == PumpKind.IDEAL or curve == NONE:
            continue
        x, y = network.curves[curve].x, network.curves[curve].y
        if kind in (PumpKind.HEAD, PumpKind.HEAD_AFFINITY):
            flows[link] = max(float(np.interp(_lift(network, row), x, y)), 0.0)
        else:
            flows[link] = float(y.max())
    return flows


def _lift(network: Network, row: int) -> float:
    """Height (m) that a pump lifts over when it starts."""
    link = int(network.pumps.link[row])
    well, target = int(network.links.start[link]), int(network.links.end[link])
    low = network.nodes.invert[well] + network.pumps.start_depth[row]
    high = network.nodes.invert[target]
    if network.nodes.kind[target] == NodeKind.OUTFALL:
        place = np.flatnonzero(network.outfalls.node == target)
        if place.size and network.outfalls.kind[place[0]] == OutfallKind.FIXED:
            high = max(high, float(network.outfalls.level[place[0]]))
    return float(max(high - low, 0.0))
