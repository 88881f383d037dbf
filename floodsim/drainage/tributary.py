"""What drains into each link of a network: area, constant flow and time of concentration, gathered from the top down.

Loops and forks: a node with several conduits out of it shares what comes by their full flows; pumps of a node take all
that comes to it, and below them flows what they lift; weirs, orifices and outlets take part only where nothing else
leads on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from floodsim.drainage.full_flow import FullFlow
from floodsim.drainage.network import LinkKind, Network

SLOW = 0.75
"""Velocity (m/s) in conduits without fall: the least in the design of storm sewers (GB 50014-2021, section 5.2)."""


@dataclass
class Tributary:
    """Per link: ``area`` m2 of ground and ``runoff`` m2 of it times its runoff coefficient, ``base`` m3/s of constant
    flow, ``time`` s of concentration to its upper end. Per node: ``node_runoff``, ``node_base``, ``node_time``.
    ``forks`` and ``cut`` count nodes that share flow and loops that were cut.
    """

    area: np.ndarray
    runoff: np.ndarray
    base: np.ndarray
    time: np.ndarray
    node_area: np.ndarray
    node_runoff: np.ndarray
    node_base: np.ndarray
    node_time: np.ndarray
    forks: int = 0
    cut: list[str] = field(default_factory=list)


def gather(
    network: Network,
    full: FullFlow,
    area: np.ndarray,
    runoff: np.ndarray,
    base: np.ndarray,
    lifted: np.ndarray,
    inlet_time: float,
) -> Tributary:
    """Gather ``area``, ``runoff`` m2 and ``base`` m3/s (nodes,) down the network.

    ``lifted`` (links,) m3/s is what each pump brings to its lower node; ``inlet_time`` s what water takes to an inlet.
    Time in a conduit is its length over its velocity when full.
    """
    links, count = network.links, len(network.nodes.name)
    travel = np.zeros(len(links.name))
    velocity = np.where(full.velocity > 0.0, full.velocity, SLOW)
    travel[network.conduits.link] = network.conduits.length / velocity
    out, share, forks = _shares(network, full)
    zero = np.zeros(len(links.name))
    found = Tributary(zero, zero.copy(), zero.copy(), zero.copy(), area.copy(), runoff.copy(), base.copy(),
                      np.full(count, inlet_time), forks)  # fmt: skip
    for node in _from_the_top(network, out, found.cut):
        for link in out[node]:
            part, end = share[link], links.end[link]
            found.area[link], found.runoff[link] = part * found.node_area[node], part * found.node_runoff[node]
            found.base[link], found.time[link] = part * found.node_base[node], found.node_time[node]
            if links.kind[link] == LinkKind.PUMP:
                found.node_base[end] += lifted[link]
                continue
            found.node_area[end] += found.area[link]
            found.node_runoff[end] += found.runoff[link]
            found.node_base[end] += found.base[link]
            if part > 0.0:
                found.node_time[end] = max(found.node_time[end], found.node_time[node] + travel[link])
    return found


def _shares(network: Network, full: FullFlow) -> tuple[list[list[int]], np.ndarray, int]:
    """Links out of every node, the share of its flow that each takes, and how many nodes share theirs."""
    links = network.links
    out: list[list[int]] = [[] for _ in network.nodes.name]
    for link, node in enumerate(links.start.tolist()):
        out[node].append(link)
    flow = np.zeros(len(links.name))
    flow[network.conduits.link] = full.flow
    share, forks = np.zeros(len(links.name)), 0
    for below in out:
        for kind in (LinkKind.PUMP, LinkKind.CONDUIT, None):
            chosen = [link for link in below if kind is None or links.kind[link] == kind]
            if not chosen:
                continue
            weight = flow[chosen] if kind == LinkKind.CONDUIT else np.ones(len(chosen))
            share[chosen] = weight / weight.sum() if weight.sum() > 0.0 else 1.0 / len(chosen)
            forks += kind == LinkKind.CONDUIT and len(chosen) > 1
            break
    return out, share, forks


def _from_the_top(network: Network, out: list[list[int]], cut: list[str]) -> list[int]:
    """Nodes so that each comes after those above it; where a loop leaves no choice the highest is taken and named."""
    links, nodes = network.links, network.nodes
    waiting = np.bincount(links.end, minlength=len(nodes.name))
    ready = [int(node) for node in np.flatnonzero(waiting == 0)[::-1]]
    left = set(range(len(nodes.name)))
    order = []
    while left:
        if not ready:
            node = max(left, key=lambda row: (nodes.invert[row], -row))
            cut.append(nodes.name[node])
            ready.append(node)
        node = ready.pop()
        if node not in left:
            continue
        left.remove(node)
        order.append(node)
        for link in out[node]:
            end = int(links.end[link])
            waiting[end] -= 1
            if waiting[end] == 0 and end in left:
                ready.append(end)
    return order
