"""Tanks that lose water to the ground, such as infiltration basins, as the network engine wants them."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.network import Network
from floodsim.drainage.node_tables import storage_depths, storage_surface


def seeping_tanks(network: Network, points: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Numbers of the tanks that seep, in the columns of `floodsim.kernels.network_seepage`, and the curves' points with
    the areas of these tanks over their depths after them.
    """
    storages = network.storages
    rows = np.flatnonzero(storages.seepage[:, 1] > 0.0)
    wholes, stacked, at = np.zeros((rows.size, 3), np.int64), [points], len(points)
    for tank, row in enumerate(rows.tolist()):
        depth = storage_depths(network, row, float(network.nodes.full_depth[storages.node[row]]))
        stacked.append(np.column_stack((depth, storage_surface(network, row, depth))))
        wholes[tank] = storages.node[row], at, at + depth.size - 1
        at += depth.size
    numbers = np.ascontiguousarray(storages.seepage[rows])
    return {"tank_numbers": numbers, "tank_wholes": wholes}, np.concatenate(stacked)
