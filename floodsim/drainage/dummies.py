"""DUMMY conduits 虚拟管: they pass on what arrives at their upper node, without delay, storage or backwater.

In SWMM's dynamic routing (Rossman 2017, reference manual II) that is what an ideal pump does, so they run as such.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from floodsim.drainage.draft import shortened
from floodsim.drainage.network import NONE, LinkKind, Network, PumpKind

DUMMY = "DUMMY"


def dummy_rows(network: Network) -> np.ndarray:
    """Rows of the conduits (in their table) whose section is a DUMMY."""
    section = network.links.section[network.conduits.link]
    return np.flatnonzero([row != NONE and network.sections.shape[row] == DUMMY for row in section.tolist()])


def with_dummies_as_pumps(network: Network) -> Network:
    """The network with its DUMMY conduits as ideal pumps that always run; a note names them. Names and rows stay."""
    rows = dummy_rows(network)
    if not rows.size:
        return network
    conduits, pumps, links = network.conduits, network.pumps, network.links
    link = conduits.link[rows]
    kept = np.setdiff1d(np.arange(conduits.link.size), rows)
    kind, section = links.kind.copy(), links.section.copy()
    kind[link], section[link] = LinkKind.PUMP, NONE
    added = {
        "link": link,
        "kind": np.full(rows.size, PumpKind.IDEAL),
        "curve": np.full(rows.size, NONE),
        "initial_on": np.ones(rows.size, bool),
        "start_depth": np.zeros(rows.size),
        "stop_depth": np.zeros(rows.size),
    }
    names = shortened([links.name[row] for row in link.tolist()])
    return replace(
        network,
        links=replace(links, kind=kind, section=section),
        conduits=replace(conduits, **{one.name: getattr(conduits, one.name)[kept] for one in fields(conduits)}),
        pumps=replace(
            pumps,
            **{name: np.concatenate((getattr(pumps, name), new)).astype(new.dtype) for name, new in added.items()},
        ),
        notes=(*network.notes, f"DUMMY conduits pass on what arrives, as ideal pumps do: {names}"),
    )
