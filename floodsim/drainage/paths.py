"""Ways through a network of nodes and links: connected parts, and which nodes reach a goal."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.network import Network


def parts_of(network: Network) -> np.ndarray:
    """Number from 0 of the connected part of every node, shape (n,), links taken both ways."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count, links = len(network.nodes.name), network.links
    ones = np.ones(links.start.size, np.int8)
    graph = coo_matrix((ones, (links.start, links.end)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def reaches(network: Network, goals: np.ndarray, *, both_ways: bool = False) -> np.ndarray:
    """Whether each node (n,) reaches one of the ``goals`` (n,) along the links, with the flow or both ways."""
    links = network.links
    above: list[list[int]] = [[] for _ in network.nodes.name]
    for start, end in zip(links.start.tolist(), links.end.tolist(), strict=True):
        above[end].append(start)
        if both_ways:
            above[start].append(end)
    reached = np.asarray(goals, bool).copy()
    waiting = np.flatnonzero(reached).tolist()
    while waiting:
        for node in above[waiting.pop()]:
            if not reached[node]:
                reached[node] = True
                waiting.append(node)
    return reached
