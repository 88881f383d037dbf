"""Where the file of a network has an object: section and line of a SWMM input, row of a table."""

from __future__ import annotations

from floodsim.drainage.network import Network


def place_in_file(network: Network, what: str, name: str, default: str = "") -> str:
    """Place of a ``node``, ``link``, ``section``, ``curve`` or ``rule``, with its name, or ``default``."""
    return network.places.get((what, name.upper()), default)


def source_in_file(network: Network, what: str, name: str) -> str:
    """The same without the name, to stand beside it; empty where it is not known."""
    return place_in_file(network, what, name).rsplit(", ", 1)[0]
