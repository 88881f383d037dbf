"""One proof that a network is whole: lengths of columns, rows that exist, numbers that make sense, known shapes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from floodsim.case.units import closest
from floodsim.drainage.dummies import DUMMY, dummy_rows
from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind, OutfallKind, StorageKind, Unsupported
from floodsim.drainage.roads import ROAD_FIGURES, ROAD_REMEDY, without_figures
from floodsim.drainage.rules import Operand, Watched
from floodsim.drainage.shapes import PROFILES
from floodsim.drainage.where import place_in_file
from floodsim.errors import Faults

REMEDY = "take it out of the network or replace it by an element that is known; EPA SWMM by itself can run it uncoupled"
BY_SWMM = 'set engine = "swmm" in [drainage], or take it out of the network'
BY_FLOODSIM = 'set engine = "floodsim" in [drainage], or take it out'
READER = "this is a fault of the program that made the tables, not of the survey: build every column from the same rows"
TABLES = (
    "nodes", "links", "storages", "outfalls", "dividers", "sections", "conduits", "pumps", "orifices", "weirs",
    "outlets", "inflows", "dry_weather",
)  # fmt: skip
ONCE = "every name once"
CONDUIT_NUMBERS = (
    ("length", "more than 0 m", "measure it along the pipe, or let it follow from the places of its nodes"),
    ("roughness", "Manning n above 0, for pipes 0.009 to 0.03", "0.013 is usual for concrete pipes"),
    ("barrels", "1 or more", "use 1 for a single pipe"),
)
NODE_NUMBERS = (
    ("invert", "invert level 井底高程", "a finite number of m above datum",
     "measure it, or convert the tables with `floodsim network convert`, which fills gaps between known inverts"),
    ("full_depth", "depth from rim to invert", "0 m or more", "compare rim 地面高程 and invert; one of them is wrong"),
    ("surcharge_depth", "surcharge depth", "0 m or more", "use 0, or how far the head may rise above the rim"),
    ("ponded_area", "ponded area", "0 m2 or more", "use 0 where nothing ponds"),
    ("initial_depth", "initial depth", "0 m or more", "use 0 for a dry start"),
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
            key=_item_place(network, item),
            allowed="what the network engine knows: see the list of elements in its documentation",
            remedy=BY_SWMM if item.by_swmm else REMEDY,
        )
    names = network.links.name
    for link in network.conduits.link[dummy_rows(network)].tolist():
        faults.add(
            f"conduit {names[link]} cannot be run: it is a DUMMY",
            key=place_in_file(network, "link", names[link], f"[XSECTIONS] {names[link]}"),
            value=DUMMY,
            allowed="shapes with a size",
            remedy=f"replace it by an ideal pump, as runs of a case do, or {BY_SWMM}",
        )
    for row in np.flatnonzero(without_figures(network.weirs)):
        name = names[network.weirs.link[row]]
        faults.add(
            f"weir {name} cannot be run: {ROAD_FIGURES}",
            key=place_in_file(network, "link", name, f"[WEIRS] {name}"),
            value=float(network.weirs.coefficient[row]),
            allowed="a coefficient above 0, or a width above 0 and PAVED or GRAVEL",
            remedy=ROAD_REMEDY,
        )
    faults.raise_if_any()


def refuse_for_swmm(network: Network, file: str = "") -> None:
    """Raise `CaseError` that names everything in the input that EPA SWMM cannot run beside a street."""
    faults = Faults(file)
    for item in network.unsupported:
        if not item.by_swmm:
            faults.add(
                f"{item.kind} {item.name} cannot be run beside a street: {item.reason}",
                key=_item_place(network, item),
                allowed="what does not depend on rain, subcatchments or weather of the input",
                remedy=REMEDY,
            )
    for rule in network.rules:
        for side in (side for premise in rule.premises for side in (premise.left, premise.right)):
            watched = (side, *(item for item in side.formula if isinstance(item, Operand)))
            for gauge in (item for item in watched if item.watched == Watched.GAUGE_DEPTH):
                faults.add(
                    f"rule {rule.name} looks at the depth on the street at {network.gauges[gauge.row]}: "
                    "EPA SWMM does not know it",
                    key=place_in_file(network, "rule", rule.name, f"[CONTROLS] rule {rule.name}"),
                    value=f"GAUGE {network.gauges[gauge.row]} DEPTH",
                    allowed="nodes, links and times of the network",
                    remedy=BY_FLOODSIM,
                )
    faults.raise_if_any()


def _item_place(network: Network, item: Unsupported) -> str:
    """Where a thing that is not supported stands: it is a node or a rule."""
    what, name = ("rule", item.name.removeprefix("rule ")) if item.kind == "CONTROLS" else ("node", item.name)
    return place_in_file(network, what, name, f"{item.kind} {item.name}")


def _columns(network: Network, faults: Faults) -> bool:
    """Whether all columns of each table have the same length."""
    whole = True
    for table_name in TABLES:
        table = getattr(network, table_name)
        lengths = {column.name: len(getattr(table, column.name)) for column in fields(table)}
        if len(set(lengths.values())) > 1:
            whole = False
            faults.add(
                "columns of a table differ in length",
                key=f"table {table_name}",
                value=", ".join(f"{name} {length}" for name, length in lengths.items()),
                allowed="one length for all columns",
                remedy=READER,
            )
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
            names = [network.links.name[row] for row in np.setxor1d(rows, wanted) if 0 <= row < links]
            faults.add(
                f"links of kind {kind.name} and the rows of their table do not agree",
                key=f"table {table}",
                value=", ".join(names[:5]) or "the same link twice",
                allowed=f"each of the {wanted.size} links of this kind once",
                remedy=READER,
            )
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
        faults.add(
            "points to a row that does not exist",
            key=f"table {key}",
            value=", ".join(str(int(row)) for row in wrong[:5]),
            allowed=f"{least} to {count - 1}" if count else "nothing: that table is empty",
            remedy=READER,
        )


def _nodes(network: Network, faults: Faults) -> None:
    nodes = network.nodes
    for name in sorted({name for name in nodes.name if nodes.name.count(name) > 1}) if _repeats(nodes.name) else []:
        faults.add(
            "two nodes have this name", key=f"node {name}", value=name, allowed=ONCE, remedy="rename one of them"
        )
    for column, words, allowed, remedy in NODE_NUMBERS:
        values = getattr(nodes, column)
        bad = ~np.isfinite(values) if column == "invert" else ~((values >= 0.0) & np.isfinite(values))
        for i in np.flatnonzero(bad):
            kind = NodeKind(int(nodes.kind[i])).name.lower()
            faults.add(
                f"{words} of a {kind} is no sound number",
                key=place_in_file(network, "node", nodes.name[i], f"{kind} {nodes.name[i]}"),
                value=float(values[i]),
                allowed=allowed,
                remedy=remedy,
            )


def _repeats(names: tuple[str, ...]) -> bool:
    return len(set(names)) < len(names)


def _conduits(network: Network, faults: Faults) -> None:
    links, conduits = network.links, network.conduits
    if _repeats(links.name):
        for name in sorted({name for name in links.name if links.name.count(name) > 1}):
            faults.add(
                "two links have this name", key=f"link {name}", value=name, allowed=ONCE, remedy="rename one of them"
            )
    for i in np.flatnonzero(links.start == links.end):
        kind, node = LinkKind(int(links.kind[i])).name.lower(), network.nodes.name[links.start[i]]
        faults.add(
            "a link starts and ends at the same node",
            key=place_in_file(network, "link", links.name[i], f"{kind} {links.name[i]}"),
            value=node,
            allowed="two different nodes",
            remedy="correct the name of one end",
        )
    dummies = dummy_rows(network)
    for column, allowed, remedy in CONDUIT_NUMBERS:
        values = getattr(conduits, column)
        sound = (values > 0.0) & np.isfinite(values)
        sound[dummies] = True  # a DUMMY has no use for them
        for k in np.flatnonzero(~sound):
            name = links.name[conduits.link[k]]
            key = place_in_file(network, "link", name, f"[CONDUITS] {name}")
            faults.add(f"{column} of a conduit", key=key, value=float(values[k]), allowed=allowed, remedy=remedy)
    for link in conduits.link[links.section[conduits.link] < 0]:
        faults.add(
            "a conduit has no cross-section",
            key=place_in_file(network, "link", links.name[link], f"[CONDUITS] {links.name[link]}"),
            allowed="a row in [XSECTIONS]",
            remedy="give its shape and size, as CIRCULAR 0.6",
        )


def _sections(network: Network, faults: Faults) -> None:
    links, sections = network.links, network.sections
    known = {*PROFILES, "CUSTOM", "IRREGULAR", "STREET", DUMMY}
    for link in range(len(links.name)):
        row = links.section[link]
        if row < 0 or links.kind[link] == LinkKind.PUMP:
            continue
        shape, size = sections.shape[row], sections.size[row]
        name = links.name[link]
        key = place_in_file(network, "section", name, place_in_file(network, "link", name, f"[XSECTIONS] {name}"))
        if links.kind[link] == LinkKind.CONDUIT and shape not in known:
            near = closest(shape, sorted(known))
            remedy = f"did you mean {near}?" if near else "use one of those allowed, or CUSTOM with a curve"
            faults.add("unknown shape", key=key, value=shape, allowed=", ".join(sorted(known)), remedy=remedy)
        elif shape not in ("IRREGULAR", "STREET", DUMMY) and not size[0] > 0.0:
            remedy = "write the full height in m (not mm)"
            faults.add("height of the section", key=key, value=float(size[0]), allowed="more than 0 m", remedy=remedy)
        elif shape == "CUSTOM" and sections.curve[row] < 0:
            remedy = "name a curve of kind SHAPE in [CURVES]"
            faults.add("a CUSTOM section has no shape curve", key=key, allowed="a SHAPE curve", remedy=remedy)
        elif shape in ("IRREGULAR", "STREET") and sections.transect[row] < 0:
            remedy = "name a section of [TRANSECTS] or [STREETS]"
            faults.add(f"the section {shape} has no transect", key=key, allowed="the name of one", remedy=remedy)


def _details(network: Network, faults: Faults) -> None:
    names, links = network.nodes.name, network.links.name
    for row, node in enumerate(network.storages.node):
        if network.storages.kind[row] == StorageKind.TABULAR and network.storages.curve[row] < 0:
            remedy = "name a curve of kind STORAGE (depth, area) in [CURVES], or use FUNCTIONAL"
            faults.add(
                "a tabular storage has no curve",
                key=place_in_file(network, "node", names[node], f"[STORAGE] {names[node]}"),
                allowed="a STORAGE curve",
                remedy=remedy,
            )
    outfalls = network.outfalls
    for row, node in enumerate(outfalls.node):
        missing = (outfalls.kind[row] == OutfallKind.TIDAL and outfalls.curve[row] < 0) or (
            outfalls.kind[row] == OutfallKind.SERIES and outfalls.series[row] < 0
        )
        if missing:
            remedy = "name a TIDAL curve or a series of levels, or make the outfall FREE, NORMAL or FIXED"
            faults.add(
                "an outfall has no stage curve or series",
                key=place_in_file(network, "node", names[node], f"[OUTFALLS] {names[node]}"),
                value=OutfallKind(int(outfalls.kind[row])).name,
                allowed="a curve or series of stages",
                remedy=remedy,
            )
    for row, link in enumerate(network.pumps.link):
        if network.pumps.kind[row] != 0 and network.pumps.curve[row] < 0:
            remedy = "name the curve of its maker 水泵特性曲线 in [CURVES], or * for an ideal pump"
            faults.add(
                "a pump has no curve",
                key=place_in_file(network, "link", links[link], f"[PUMPS] {links[link]}"),
                allowed="a PUMP1 to PUMP5 curve",
                remedy=remedy,
            )
    for curve in network.curves:
        if curve.x.size != curve.y.size or curve.x.size == 0 or np.any(np.diff(curve.x) < 0.0):
            faults.add(
                "a curve needs as many y as x, and rising x",
                key=place_in_file(network, "curve", curve.name, f"[CURVES] {curve.name}"),
                value=f"{curve.x.size} x, {curve.y.size} y",
                allowed="one y for each x, x never falling, one point or more",
                remedy="sort its points by x and take out what stands twice",
            )
    if not np.any(network.nodes.kind == NodeKind.OUTFALL) and not network.storages.node.size and not names:
        faults.add(
            "the network has no nodes",
            key="[JUNCTIONS]",
            allowed="junctions, storages and an outfall",
            remedy="name the file that holds the drainage network",
        )
