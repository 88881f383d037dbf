"""Down the head line from a node: how much of the water over its crown each element below it is to blame for.

The height of the head over the crown of a pipe's upper end is that over its lower end plus what the pipe loses beyond
its own fall. Followed downstream with the flow until a pipe ends free, at an outfall or at pumps, the parts add up
exactly to the surcharge of the first node, but for steps between the crowns of two pipes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.drainage.full_flow import FullFlow
from floodsim.drainage.network import LinkKind, Network, NodeKind

STILL = 1e-4
"""Flow (m3/s) below which a link says nothing about where the water goes."""
FREE, OUTFALL, PUMPS, DEAD_END = "free", "outfall", "pumps", "dead end"


@dataclass(frozen=True)
class Part:
    """An element on the way: its link (row), what it adds (m) to the surcharge above it, its flow (m3/s, downwards),
    heads (m) at both ends, and for conduits the full flow (m3/s).
    """

    link: int
    surcharge: float
    flow: float
    head_up: float
    head_down: float
    full_flow: float


@dataclass(frozen=True)
class Walk:
    """The way down from a node: its parts, how it ends, at which node (row), and how far (m) that end is drowned."""

    parts: tuple[Part, ...]
    end: str
    node: int
    drowned: float


class HeadLine:
    """The state of a network at one time: ``head`` (nodes,) m, ``flow`` (links,) m3/s from start to end."""

    def __init__(self, network: Network, full: FullFlow, head: np.ndarray, flow: np.ndarray) -> None:
        self.network, self.full, self.head, self.flow = network, full, head, flow
        links = network.links
        self.row = np.full(len(links.name), -1)
        self.row[network.conduits.link] = np.arange(network.conduits.link.size)
        self.at: list[list[int]] = [[] for _ in network.nodes.name]
        for link, (start, end) in enumerate(zip(links.start.tolist(), links.end.tolist(), strict=True)):
            self.at[start].append(link)
            self.at[end].append(link)

    def walk(self, node: int) -> Walk:
        """Follow the water down from a node until nothing below it holds it back."""
        kinds = self.network.nodes.kind
        parts: list[Part] = []
        passed, drowned = {node}, 0.0
        while True:
            if kinds[node] == NodeKind.OUTFALL:
                return Walk(tuple(parts), OUTFALL, node, drowned)
            link = self._way_on(node, passed)
            if link < 0:
                return Walk(tuple(parts), DEAD_END, node, drowned)
            if self.network.links.kind[link] == LinkKind.PUMP:
                return Walk(tuple(parts), PUMPS, node, drowned)
            part, below, drowned = self._part(link, node)
            parts.append(part)
            passed.add(below)
            node = below
            if drowned <= 0.0:  # the pipe ends free: what lies below holds nothing back
                return Walk(tuple(parts), FREE, node, drowned)

    def _way_on(self, node: int, passed: set[int]) -> int:
        """The link by which most water leaves a node, pumps first; where none flows, one that leads down; -1: none."""
        links = self.network.links
        best, most, down = -1, STILL, -1
        for link in self.at[node]:
            start = int(links.start[link])
            other = int(links.end[link]) if start == node else start
            if links.kind[link] == LinkKind.PUMP:
                if start == node:
                    return link
                continue
            if other in passed:
                continue
            out = float(self.flow[link]) * (1.0 if start == node else -1.0)
            if out > most:
                best, most = link, out
            if start == node and (down < 0 or links.kind[link] == LinkKind.CONDUIT):
                down = link
        return best if best >= 0 else down

    def _crown(self, link: int, node: int) -> float:
        """Level of the crown of a conduit at one of its ends, of a structure its crest."""
        links, nodes = self.network.links, self.network.nodes
        offset = links.offset_start if links.start[link] == node else links.offset_end
        row = self.row[link]
        height = float(self.full.height[row]) if row >= 0 else 0.0
        return float(nodes.invert[node] + offset[link]) + height

    def _part(self, link: int, node: int) -> tuple[Part, int, float]:
        """The part of a link that is entered at a node, the node below, and how far its lower end is drowned."""
        links, row = self.network.links, self.row[link]
        forward = links.start[link] == node
        below = int(links.end[link] if forward else links.start[link])
        up, down = float(self.head[node]), float(self.head[below])
        flow = float(self.flow[link]) * (1.0 if forward else -1.0)
        if row < 0:
            crest = float(self.network.nodes.invert[links.start[link]] + links.offset_start[link])
            drowned = max(down - crest, 0.0)
            return Part(link, up - max(down, crest), flow, up, down, np.nan), below, drowned
        over, drowned = up - self._crown(link, node), down - self._crown(link, below)
        lost = over - max(drowned, 0.0)
        return Part(link, lost, flow, up, down, float(self.full.flow[row])), below, drowned
