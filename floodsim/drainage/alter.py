"""A network while measures change it: rows appended to its frozen tables, single columns replaced, names looked up.

Rows are only ever added at the end, so every index in the network keeps its meaning.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np

from floodsim.case.drainage import Drainage
from floodsim.case.units import closest
from floodsim.drainage.inlet_rows import Row
from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind
from floodsim.errors import Faults

Table = TypeVar("Table")
INDICES = {"node", "link", "curve", "series", "pattern", "patterns", "section", "transect"}
"""Columns whose rows point into other tables; where nothing is said they point nowhere."""


@dataclass
class Work:
    """What measures change: the network, its section of the case, and inlets that the case's table does not have.

    ``key`` and ``code`` are those of the measure at work: its key for faults, and the prefix of what it builds.
    """

    network: Network
    section: Drainage
    faults: Faults
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    key: str = ""
    code: str = ""

    def node(self, name: str | None, key: str) -> int:
        """Row of a node; NONE and a fault where there is none of that name."""
        return self._find("node", name or "", self.network.nodes.name, key)

    def link(self, what: str, name: str, key: str, kind: LinkKind) -> int:
        """Row of a link of a kind; NONE and a fault where there is none."""
        links = self.network.links
        of_kind = [links.name[row] for row in np.flatnonzero(links.kind == kind)]
        if self._find(what, name, of_kind, key) == NONE:
            return NONE
        return next(row for row, other in enumerate(links.name) if other.upper() == name.upper())

    def _find(self, what: str, name: str, known: Iterable[str], key: str) -> int:
        names = list(known)
        row = next((row for row, other in enumerate(names) if other.upper() == name.upper()), NONE)
        if row == NONE:
            near = closest(name, names)
            remedy = f"did you mean {near}?" if near else f"name a {what} of the network"
            self.faults.add(
                f"names the {what} {name}, which the network does not have", key=f"{self.key}.{key}", value=name,
                allowed=_shown(names), remedy=remedy,
            )  # fmt: skip
        return row

    def fault(self, message: str, key: str, value: object = "", allowed: str = "", remedy: str = "") -> None:
        """Record a fault of the measure at work."""
        place = f"{self.key}.{key}" if key else self.key
        self.faults.add(message, key=place, value=value, allowed=allowed, remedy=remedy)

    def add_node(self, part: str, kind: NodeKind, **values: Any) -> int:
        """Add a node named by the measure; the values are columns of `Nodes`. Returns its row."""
        name = unused(f"{self.code}-{part}", self.network.nodes.name)
        nodes = with_row(self.network.nodes, name=name, kind=kind, **values)
        self.network = replace(self.network, nodes=nodes)
        return len(nodes.name) - 1

    def add_link(self, part: str, kind: LinkKind, start: int, end: int, **values: Any) -> int:
        """Add a link named by the measure between two node rows; ``shape`` and ``size`` make its section."""
        network = self.network
        section, sections = NONE, network.sections
        if "shape" in values:
            section = len(sections.shape)
            sections = with_row(sections, shape=values.pop("shape"), size=values.pop("size"))
        name = unused(f"{self.code}-{part}", network.links.name)
        links = with_row(
            network.links, name=name, kind=kind, start=start, end=end, section=section, vertices=np.zeros((0, 2)),
            **values,
        )  # fmt: skip
        self.network = replace(network, links=links, sections=sections)
        return len(links.name) - 1

    def add_detail(self, table: str, **values: Any) -> None:
        """Add a row to one of the tables of a kind, such as ``conduits`` or ``storages``."""
        self.network = replace(self.network, **{table: with_row(getattr(self.network, table), **values)})

    def rim(self, node: int) -> float:
        """Level of the rim of a node, m."""
        return float(self.network.nodes.invert[node] + self.network.nodes.full_depth[node])


def with_row(table: Table, **values: Any) -> Table:
    """A table with one more row; columns without a value get "", NONE where they point to rows, and 0 elsewhere."""
    made: dict[str, Any] = {}
    for column in fields(table):  # type: ignore[arg-type]
        old = getattr(table, column.name)
        if isinstance(old, tuple):
            made[column.name] = (*old, values.get(column.name, ""))
            continue
        default = NONE if column.name in INDICES else 0
        value = np.empty((1, *old.shape[1:]), old.dtype)
        value[...] = values.get(column.name, default)
        made[column.name] = np.concatenate([old, value])
    unknown = set(values) - set(made)
    if unknown:
        raise KeyError(f"no columns {sorted(unknown)}")
    return type(table)(**made)


def with_value(table: Table, column: str, row: int, value: Any) -> Table:
    """A table with one value of a column replaced."""
    values = getattr(table, column)
    if isinstance(values, tuple):
        changed: Any = (*values[:row], value, *values[row + 1 :])
    else:
        changed = values.copy()
        changed[row] = value
    return replace(table, **{column: changed})  # type: ignore[type-var]


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with a number where it is taken."""
    known = {other.upper() for other in taken}
    number, found = 1, name
    while found.upper() in known:
        number += 1
        found = f"{name}-{number}"
    return found


def distance(network: Network, start: int, end: int) -> float:
    """Distance of two nodes, m; NaN where a place is unknown."""
    nodes = network.nodes
    return math.hypot(float(nodes.x[end] - nodes.x[start]), float(nodes.y[end] - nodes.y[start]))


def _shown(names: list[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
