"""One proof that a network is whole: lengths of columns, rows that exist, numbers that make sense, known shapes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind, OutfallKind, StorageKind, WeirKind
from floodsim.drainage.shapes import PROFILES
from floodsim.errors import Faults

REMEDY = "remove it from the network, or run this network with the SWMM engine"
TABLES = (
    "nodes", "links", "storages", "outfalls", "dividers", "sections", "conduits", "pumps", "orifices", "weirs",
    "outlets", "inflows", "dry_weather",
)  # fmt: skip
NODE_ROWS = (("storages", "node"), ("outfalls", "node"), ("links", "start"), ("links", "end"), ("inflows", "node"),
             ("dry_weather", "node"))  # fmt: skip
KINDS = (("conduits", LinkKind.CONDUIT), ("pumps", LinkKind.PUMP), ("orifices", LinkKind.ORIFICE),
         ("weirs", LinkKind.WEIR), ("outlets", LinkKind.OUTLET))  # fmt: skip


def validate_network(network: Network, file: str = "") -> None:
    """Raise `CaseError` with every fault of the network; ``file`` is named in the messages."""
    faults = Faults(file)
    if _columns(network, faults) and _rows(network, faults):
        _nodes(network, faults)
        _conduits(network, faults)
        _sections(network, faults)
        _details(network, faults)
    faults.raise_if_any()


def refuse_unsupported(network: Network, file: str = "") -> None:
    """Raise `CaseError` that names everything in the input that the engine cannot run."""
    faults = Faults(file)
    for item in network.unsupported:
        faults.add(
            f"{item.kind} {item.name} cannot be run: {item.reason}",
            key=item.name,
            remedy=REMEDY,
        )
    names, conduits = network.links.name, network.conduits
    for column, what in (("seepage", "loses water by seepage"), ("culvert", "has the inlet control of a culvert")):
        for row in np.flatnonzero(getattr(conduits, column) > 0):
            name = names[conduits.link[row]]
            faults.add(f"conduit {name} cannot be run: it {what}", key=name, remedy=REMEDY)
    for row in np.flatnonzero(network.weirs.kind == WeirKind.ROADWAY):
        name = names[network.weirs.link[row]]
        if not network.weirs.coefficient[row] > 0.0:
            faults.add(f"weir {name} cannot be run: the tables of roadway weirs are not known", key=name, remedy=REMEDY)
    faults.raise_if_any()


def _columns(network: Network, faults: Faults) -> bool:
    """Whether all columns of each table have the same length."""
    whole = True
    for table_name in TABLES:
        table = getattr(network, table_name)
        lengths = {column.name: len(getattr(table, column.name)) for column in fields(table)}
        if len(set(lengths.values())) > 1:
            whole = False
            faults.add("columns of a table differ in length", key=table_name, value=lengths)
    return whole


def _rows(network: Network, faults: Faults) -> bool:
    """Whether every index points at a row that exists."""
    nodes, links = len(network.nodes.name), len(network.links.name)
    found = len(faults.found)
    for table, column in NODE_ROWS:
        _inside(getattr(getattr(network, table), column), nodes, f"{table}.{column}", faults)
    for table, kind in KINDS:
        rows = getattr(network, table).link
        _inside(rows, links, f"{table}.link", faults)
        wanted = np.flatnonzero(network.links.kind == kind)
        if not np.array_equal(np.sort(rows), wanted):
            faults.add(f"links of kind {kind.name} and the table do not agree", key=table)
    _inside(network.links.section, len(network.sections.shape), "links.section", faults, optional=True)
    curves = len(network.curves)
    for table in ("storages", "outfalls", "sections", "pumps", "weirs", "outlets"):
        _inside(getattr(network, table).curve, curves, f"{table}.curve", faults, optional=True)
    _inside(network.outfalls.series, len(network.series), "outfalls.series", faults, optional=True)
    _inside(network.inflows.series, len(network.series), "inflows.series", faults, optional=True)
    _inside(network.inflows.pattern, len(network.patterns), "inflows.pattern", faults, optional=True)
    _inside(network.dry_weather.patterns.ravel(), len(network.patterns), "dry_weather.patterns", faults, optional=True)
    _inside(network.sections.transect, len(network.transects), "sections.transect", faults, optional=True)
    return len(faults.found) == found


def _inside(rows: np.ndarray, count: int, key: str, faults: Faults, optional: bool = False) -> None:
    least = NONE if optional else 0
    wrong = rows[(rows < least) | (rows >= count)]
    if wrong.size:
        faults.add("index to a row that does not exist", key=key, value=wrong[:5], allowed=f"{least} to {count - 1}")


def _nodes(network: Network, faults: Faults) -> None:
    nodes = network.nodes
    for name in sorted({name for name in nodes.name if nodes.name.count(name) > 1}) if _repeats(nodes.name) else []:
        faults.add("two nodes have this name", key=name)
    for column in ("invert", "full_depth", "surcharge_depth", "ponded_area", "initial_depth"):
        values = getattr(nodes, column)
        bad = ~np.isfinite(values) if column == "invert" else ~(values >= 0.0)
        for i in np.flatnonzero(bad):
            faults.add(f"{column} of a node must be a number" + ("" if column == "invert" else ", 0 or more"),
                       key=nodes.name[i], value=values[i])  # fmt: skip


def _repeats(names: tuple[str, ...]) -> bool:
    return len(set(names)) < len(names)


def _conduits(network: Network, faults: Faults) -> None:
    links, conduits = network.links, network.conduits
    if _repeats(links.name):
        for name in sorted({name for name in links.name if links.name.count(name) > 1}):
            faults.add("two links have this name", key=name)
    for i in np.flatnonzero(links.start == links.end):
        faults.add("a link starts and ends at the same node", key=links.name[i])
    for column, allowed in (("length", "more than 0 m"), ("roughness", "Manning n over 0"), ("barrels", "1 or more")):
        values = getattr(conduits, column)
        for k in np.flatnonzero(~(values > 0.0)):
            faults.add(f"{column} of a conduit", key=links.name[conduits.link[k]], value=values[k], allowed=allowed)
    for link in conduits.link[links.section[conduits.link] < 0]:
        faults.add("a conduit has no cross-section", key=links.name[link])


def _sections(network: Network, faults: Faults) -> None:
    links, sections = network.links, network.sections
    known = {*PROFILES, "CUSTOM", "IRREGULAR", "STREET"}
    for link in range(len(links.name)):
        row = links.section[link]
        if row < 0 or links.kind[link] == LinkKind.PUMP:
            continue
        shape, size = sections.shape[row], sections.size[row]
        if links.kind[link] == LinkKind.CONDUIT and shape not in known:
            faults.add("shape of cross-section not known", key=links.name[link], value=shape,
                       allowed=", ".join(sorted(known)))  # fmt: skip
        elif shape not in ("IRREGULAR", "STREET") and not size[0] > 0.0:
            faults.add("height of a cross-section", key=links.name[link], value=size[0], allowed="more than 0 m")
        elif shape == "CUSTOM" and sections.curve[row] < 0:
            faults.add("a CUSTOM section has no shape curve", key=links.name[link])
        elif shape in ("IRREGULAR", "STREET") and sections.transect[row] < 0:
            faults.add("a section has no transect", key=links.name[link])


def _details(network: Network, faults: Faults) -> None:
    names, links = network.nodes.name, network.links.name
    for row, node in enumerate(network.storages.node):
        if network.storages.kind[row] == StorageKind.TABULAR and network.storages.curve[row] < 0:
            faults.add("a tabular storage has no curve", key=names[node])
    outfalls = network.outfalls
    for row, node in enumerate(outfalls.node):
        missing = (outfalls.kind[row] == OutfallKind.TIDAL and outfalls.curve[row] < 0) or (
            outfalls.kind[row] == OutfallKind.SERIES and outfalls.series[row] < 0
        )
        if missing:
            faults.add("an outfall has no stage curve or series", key=names[node])
    for row, link in enumerate(network.pumps.link):
        if network.pumps.kind[row] != 0 and network.pumps.curve[row] < 0:
            faults.add("a pump has no curve", key=links[link])
    for curve in network.curves:
        if curve.x.size != curve.y.size or curve.x.size == 0 or np.any(np.diff(curve.x) < 0.0):
            faults.add("a curve needs as many y as x, and rising x", key=curve.name)
    if not np.any(network.nodes.kind == NodeKind.OUTFALL) and not network.storages.node.size and not names:
        faults.add("the network has no nodes")
