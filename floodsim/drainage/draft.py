"""A network while it is being read: rows by name, each with the place it came from; `freeze` makes the frozen tables.

Readers of every format fill the same rows, so that names are resolved and faults worded in one place. SI throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from floodsim.case.units import closest
from floodsim.drainage.network import (
    NONE,
    Conduits,
    Curve,
    Dividers,
    DryWeather,
    Inflows,
    LinkKind,
    Links,
    Network,
    NodeKind,
    Nodes,
    Options,
    Orifices,
    Outfalls,
    Outlets,
    Pattern,
    Pumps,
    Sections,
    Series,
    Storages,
    Transect,
    Unsupported,
    Weirs,
)
from floodsim.drainage.rules import Rule
from floodsim.errors import Faults

WHOLE = {"node", "link", "kind", "curve", "series", "pattern", "patterns", "section", "culvert", "road_paved"}
TRUTHS = {"flap", "initial_on", "surcharges", "by_head"}
Table = TypeVar("Table")
SUGGESTIONS = 50
"""Names are compared for a suggestion only as long as fewer faults than this were found: it takes time."""


@dataclass
class SectionRow:
    """A cross-section: SWMM's shape, its four numbers in SI, and the rows of its shape curve or transect."""

    shape: str
    size: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    curve: int = NONE
    transect: int = NONE


@dataclass
class NodeRow:
    """A node; ``detail`` holds the columns of its `Storages`, `Outfalls` or `Dividers` row."""

    name: str
    place: str
    kind: NodeKind = NodeKind.JUNCTION
    invert: float = math.nan
    full_depth: float = 0.0
    surcharge_depth: float = 0.0
    ponded_area: float = 0.0
    initial_depth: float = 0.0
    x: float = math.nan
    y: float = math.nan
    tag: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class LinkRow:
    """A link between two nodes by name; ``detail`` holds the columns of its table (`Conduits` and so on)."""

    name: str
    place: str
    kind: LinkKind
    start: str
    end: str
    offset_start: float = 0.0
    offset_end: float = 0.0
    flap: bool = False
    section: SectionRow | None = None
    vertices: list[tuple[float, float]] = field(default_factory=list)
    tag: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Draft:
    """Everything read so far. Names are found whatever their case, as SWMM does."""

    faults: Faults
    options: Options = field(default_factory=Options)
    nodes: dict[str, NodeRow] = field(default_factory=dict)
    links: dict[str, LinkRow] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)
    control_scales: dict[int, float] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    transects: list[Transect] = field(default_factory=list)
    inflows: list[dict[str, Any]] = field(default_factory=list)
    dry_weather: list[dict[str, Any]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    crs_wkt: str = ""
    gauges: list[str] = field(default_factory=list)
    evaporates: bool = False
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    named: dict[int, dict[str, int]] = field(default_factory=dict)
    indexed: dict[int, int] = field(default_factory=dict)

    def add_node(self, node: NodeRow) -> None:
        """Take a node; a fault where the name is taken."""
        self._add(node, self.nodes, "node")

    def add_link(self, link: LinkRow) -> None:
        """Take a link; a fault where the name is taken."""
        self._add(link, self.links, "link")

    def _add(self, row: Any, table: dict[str, Any], what: str) -> None:
        first = table.get(row.name.upper())
        if first is None:
            table[row.name.upper()] = row
            return
        remedy = f"give every {what} a name of its own; SWMM takes A1 and a1 for the same"
        self.faults.add(f"{what} {row.name} stands twice, first at {first.place}", key=row.place, remedy=remedy)

    def node(self, name: str) -> NodeRow | None:
        """A node by its name."""
        return self.nodes.get(name.upper())

    def link(self, name: str) -> LinkRow | None:
        """A link by its name."""
        return self.links.get(name.upper())

    def missing(self, what: str, name: str, place: str, known: Iterable[str], consequence: str = "") -> None:
        """Record that a row names something that does not exist."""
        near = closest(name, known) if len(self.faults.found) < SUGGESTIONS else ""
        remedy = f"did you mean {near}?" if near else f"add the {what}, or correct the name"
        message = f"names the {what} {name}, which does not exist" + (f"; {consequence}" if consequence else "")
        self.faults.add(message, key=place, value=name, remedy=remedy)

    def row_of(self, what: str, name: str, rows: list[Any], place: str, kinds: Iterable[str] = ()) -> int:
        """Row of a curve, series, pattern or transect by name; NONE and a fault where there is none of those kinds."""
        kinds = tuple(kinds)
        index = self._index_of(rows).get(name.upper(), NONE)
        if index == NONE:
            self.missing(what, name, place, (row.name for row in rows))
        elif kinds and rows[index].kind not in kinds:
            self.faults.add(
                f"the {what} {name} is of another kind",
                key=place,
                value=rows[index].kind,
                allowed=", ".join(kinds),
                remedy=f"name a {what} of the right kind, or correct its type",
            )
            return NONE
        return index

    def _index_of(self, rows: list[Any]) -> dict[str, int]:
        """Row numbers by name of one of the lists above, brought up to date as the list grows."""
        named, done = self.named.setdefault(id(rows), {}), self.indexed.get(id(rows), 0)
        for index in range(done, len(rows)):
            named.setdefault(rows[index].name.upper(), index)
        self.indexed[id(rows)] = len(rows)
        return named


def freeze(draft: Draft) -> Network:
    """Make the frozen network; links that name no existing node are recorded as faults and left out."""
    order = {key: row for row, key in enumerate(draft.nodes)}
    nodes = list(draft.nodes.values())
    links = [link for link in draft.links.values() if _has_ends(link, draft)]
    _raise_rims(draft, links)
    numbers = {link.name.upper(): row for row, link in enumerate(links)}
    sections = [link.section for link in links if link.section is not None]
    section_rows = iter(range(len(sections)))
    details: dict[LinkKind, list[dict[str, Any]]] = {kind: [] for kind in LinkKind}
    for row, link in enumerate(links):
        details[link.kind].append({"link": row, **link.detail})
    by_kind = {kind: [(order[n.name.upper()], n) for n in nodes if n.kind == kind] for kind in NodeKind}
    return Network(
        nodes=_node_table(nodes),
        links=Links(
            name=tuple(link.name for link in links),
            kind=np.array([link.kind for link in links], np.int64),
            start=np.array([order[link.start.upper()] for link in links], np.int64),
            end=np.array([order[link.end.upper()] for link in links], np.int64),
            offset_start=np.array([link.offset_start for link in links], np.float64),
            offset_end=np.array([link.offset_end for link in links], np.float64),
            section=np.array([next(section_rows) if link.section else NONE for link in links], np.int64),
            flap=np.array([link.flap for link in links], bool),
            vertices=tuple(np.array(link.vertices, np.float64).reshape(-1, 2) for link in links),
            **_tags(Links, links),
        ),
        storages=columns(Storages, [{"node": row, **node.detail} for row, node in by_kind[NodeKind.STORAGE]], 3),
        outfalls=columns(Outfalls, [{"node": row, **node.detail} for row, node in by_kind[NodeKind.OUTFALL]]),
        dividers=columns(Dividers, _dividers(by_kind[NodeKind.DIVIDER], numbers, draft)),
        sections=_section_table(sections),
        conduits=columns(Conduits, details[LinkKind.CONDUIT]),
        pumps=columns(Pumps, details[LinkKind.PUMP]),
        orifices=columns(Orifices, details[LinkKind.ORIFICE]),
        weirs=columns(Weirs, details[LinkKind.WEIR]),
        outlets=columns(Outlets, details[LinkKind.OUTLET]),
        inflows=columns(Inflows, [{**row, "node": order[row["node"]]} for row in draft.inflows]),
        dry_weather=columns(DryWeather, [{**row, "node": order[row["node"]]} for row in draft.dry_weather], 4),
        curves=tuple(draft.curves),
        series=tuple(draft.series),
        patterns=tuple(draft.patterns),
        transects=tuple(draft.transects),
        rules=tuple(draft.rules),
        options=draft.options,
        unsupported=tuple(draft.unsupported),
        notes=tuple(draft.notes),
        crs_wkt=draft.crs_wkt,
        gauges=tuple(draft.gauges),
        places=draft.places
        | {("node", key): node.place for key, node in draft.nodes.items()}
        | {("link", key): link.place for key, link in draft.links.items()},
    )


def columns(table: type[Table], rows: list[dict[str, Any]], width: int = 1) -> Table:
    """A frozen table of arrays from rows; ``width`` is that of its one column of several values."""
    made: dict[str, np.ndarray] = {}
    for column in fields(table):  # type: ignore[arg-type]
        kind = np.int64 if column.name in WHOLE else np.bool_ if column.name in TRUTHS else np.float64
        values: np.ndarray = np.array([row[column.name] for row in rows], kind)
        wide = column.name in ("coefficient", "patterns", "seepage") and width > 1
        made[column.name] = values.reshape(-1, width) if wide else values
    return table(**made)


def _tags(table: type[Any], rows: list[Any]) -> dict[str, Any]:
    """The tags, where the table has a column for them."""
    return {"tag": tuple(row.tag for row in rows)} if "tag" in {column.name for column in fields(table)} else {}


def _node_table(nodes: list[NodeRow]) -> Nodes:
    numbers = ("x", "y", "invert", "full_depth", "surcharge_depth", "ponded_area", "initial_depth")
    return Nodes(
        name=tuple(node.name for node in nodes),
        kind=np.array([node.kind for node in nodes], np.int64),
        **{key: np.array([getattr(node, key) for node in nodes], np.float64) for key in numbers},
        **_tags(Nodes, nodes),
    )


def _section_table(rows: list[SectionRow]) -> Sections:
    return Sections(
        tuple(row.shape for row in rows),
        np.array([row.size for row in rows], np.float64).reshape(-1, 4),
        np.array([row.curve for row in rows], np.int64),
        np.array([row.transect for row in rows], np.int64),
    )


def _has_ends(link: LinkRow, draft: Draft) -> bool:
    found = True
    for name in (link.start, link.end):
        if draft.node(name) is None:
            draft.missing("node", name, link.place, (node.name for node in draft.nodes.values()))
            found = False
    if found and link.start.upper() == link.end.upper():
        remedy = "correct one of its two nodes"
        draft.faults.add(f"link {link.name} starts and ends at {link.start}", key=link.place, remedy=remedy)
        found = False
    return found


def _raise_rims(draft: Draft, links: list[LinkRow]) -> None:
    """Rim of a node no lower than the crowns of what it joins, as SWMM has it; storages keep theirs."""
    crowns: dict[str, float] = {}
    for link in links:
        height = link.section.size[0] if link.section else 0.0
        ends = [(link.start, link.offset_start)] + (
            [(link.end, link.offset_end)] if link.kind == LinkKind.CONDUIT else []
        )
        for name, offset in ends if link.section else []:
            crowns[name.upper()] = max(crowns.get(name.upper(), 0.0), offset + height)
    raised = []
    for key, node in draft.nodes.items():
        crown = crowns.get(key, 0.0)
        if node.kind == NodeKind.STORAGE or not node.full_depth < crown:
            continue
        if node.full_depth > 0.0 and crown > node.full_depth + 1e-9 and node.kind != NodeKind.OUTFALL:
            raised.append(f"{node.name} by {crown - node.full_depth:.3g} m")
        node.full_depth = crown
    if raised:
        draft.notes.append(f"rims below the crown of a link were raised to it, as SWMM does: {shortened(raised)}")


def shortened(items: list[str], most: int = 8) -> str:
    """A list as text, its tail as a count."""
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _dividers(dividers: list[tuple[int, NodeRow]], numbers: dict[str, int], draft: Draft) -> list[dict[str, Any]]:
    rows = []
    for row, node in dividers:
        name = node.detail["link_name"]
        if name.upper() not in numbers:
            draft.missing("link", name, node.place, (link.name for link in draft.links.values()))
        detail = {key: value for key, value in node.detail.items() if key != "link_name"}
        rows.append({**detail, "node": row, "link": numbers.get(name.upper(), NONE)})
    return rows
