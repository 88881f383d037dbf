"""What is wrong or doubtful with a network, as a list of findings: object, place, message, remedy. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from floodsim.drainage.check_places import far_nodes, why_far
from floodsim.drainage.draft import shortened
from floodsim.drainage.dummies import dummy_rows
from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind, PumpKind
from floodsim.drainage.paths import parts_of, reaches
from floodsim.drainage.roads import ROAD_FIGURES, ROAD_REMEDY, without_figures
from floodsim.drainage.where import source_in_file
from floodsim.grid.grid import Grid

ERROR, WARNING = "error", "warning"
RIM_TOLERANCE = 0.5
"""A rim may differ from the terrain by this much, in m, before it is reported."""
ADVERSE = 1e-3
"""Rise of a conduit's invert in the direction of flow that is reported, in m: less is the rounding of surveys."""


@dataclass(frozen=True)
class Finding:
    """One thing found: ``severity`` error or warning, ``check`` its kind, the object with its name, its place in m
    (NaN where unknown), what is wrong and what to do about it, and ``source``, where its file has it, if that is known.
    """

    severity: str
    check: str
    object: str
    x: float
    y: float
    message: str
    remedy: str
    source: str = ""

    @property
    def title(self) -> str:
        """The object with where its file has it."""
        return f"{self.object} ({self.source})" if self.source else self.object

    def __str__(self) -> str:
        place = f" at ({self.x:.2f}, {self.y:.2f})" if np.isfinite(self.x) and np.isfinite(self.y) else ""
        return f"{self.severity}: {self.title}{place}: {self.message}\n    remedy: {self.remedy}"


def check_network(network: Network, terrain: Grid | None = None) -> list[Finding]:
    """Check a network, errors first; rims are compared with the terrain (a `Grid` in the same coordinates) if given.

    Errors keep a network from running: no nodes, missing inverts, no path to an outfall, pumps without curve, bad
    sizes, what could not be represented in the hydraulics; so do nodes far outside the terrain. Warnings are doubtful:
    adverse slopes, diameters that shrink downstream, parts apart, rims off the terrain by more than 0.5 m, initial
    depths above the rim.
    """
    found = [finding for check in CHECKS for finding in check(network)]
    if terrain is not None:
        far = far_nodes(network, terrain.bounds)
        found += [*_far(network, far, terrain), *_rims_off_terrain(network, terrain, set(far.tolist()))]
    return sorted(found, key=lambda finding: finding.severity != ERROR)


def _node(network: Network, row: int, severity: str, check: str, message: str, remedy: str) -> Finding:
    nodes = network.nodes
    kind = NodeKind(int(nodes.kind[row])).name.lower()
    place = float(nodes.x[row]), float(nodes.y[row])
    source = source_in_file(network, "node", nodes.name[row])
    return Finding(severity, check, f"{kind} {nodes.name[row]}", *place, message, remedy, source)


def _link(network: Network, row: int, severity: str, check: str, message: str, remedy: str) -> Finding:
    """A finding at the middle between the two nodes of a link."""
    nodes, links = network.nodes, network.links
    ends = [links.start[row], links.end[row]]
    name = f"{LinkKind(int(links.kind[row])).name.lower()} {links.name[row]}"
    x, y = float(nodes.x[ends].mean()), float(nodes.y[ends].mean())
    return Finding(severity, check, name, x, y, message, remedy, source_in_file(network, "link", links.name[row]))


def _empty(network: Network) -> Iterator[Finding]:
    nan = float("nan")
    if not network.nodes.name:
        remedy = "name a file with junctions, outfalls and conduits"
        yield Finding(ERROR, "empty", "network", nan, nan, "holds no nodes", remedy)
    elif not network.outfalls.node.size and not network.storages.node.size:
        remedy = "make the node where the water leaves an outfall"
        yield Finding(ERROR, "no_outfall", "network", nan, nan, "has no outfall 排放口: no water can leave it", remedy)


def _missing_inverts(network: Network) -> Iterator[Finding]:
    for row in np.flatnonzero(np.isnan(network.nodes.invert)).tolist():
        remedy = "measure its invert 井底高程, or let it be interpolated when the tables are converted"
        yield _node(network, row, ERROR, "missing_invert", "has no invert level", remedy)


def _depths(network: Network) -> Iterator[Finding]:
    nodes = network.nodes
    for row in np.flatnonzero(nodes.full_depth < 0.0).tolist():
        message = f"its rim lies {-nodes.full_depth[row]:.2f} m below its invert"
        yield _node(network, row, ERROR, "rim_below_invert", message, "correct rim or invert")
    inside = nodes.kind != NodeKind.OUTFALL
    for row in np.flatnonzero(inside & (nodes.initial_depth > nodes.full_depth + 1e-9)).tolist():
        message = f"its initial depth {nodes.initial_depth[row]:.2f} m is above its rim ({nodes.full_depth[row]:.2f} m)"
        yield _node(network, row, WARNING, "initial_depth", message, "correct the initial depth or the rim")


def _ends(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Invert level of every link at its start and at its end, m."""
    nodes, links = network.nodes, network.links
    return nodes.invert[links.start] + links.offset_start, nodes.invert[links.end] + links.offset_end


def _adverse(network: Network) -> Iterator[Finding]:
    start, end = _ends(network)
    lengths = dict(zip(network.conduits.link.tolist(), network.conduits.length.tolist(), strict=True))
    for row in network.conduits.link.tolist():
        rise = end[row] - start[row]
        if rise > ADVERSE:
            message = f"its invert rises by {rise:.3f} m over {lengths[row]:.1f} m in the direction of flow 逆坡"
            remedy = "check the inverts at both ends, or swap start and end"
            yield _link(network, row, WARNING, "adverse_slope", message, remedy)


def _shrinking(network: Network) -> Iterator[Finding]:
    """Conduits smaller than one that flows into their start, where nothing else leaves that node."""
    links, heights = network.links, _heights(network)
    conduits = network.conduits.link.tolist()
    leaving = np.bincount(links.start, minlength=len(network.nodes.name))
    biggest: dict[int, int] = {}
    for row in conduits:
        node = int(links.end[row])
        if node not in biggest or heights[row] > heights[biggest[node]]:
            biggest[node] = row
    for row in conduits:
        above = biggest.get(int(links.start[row]), NONE)
        if above != NONE and leaving[links.start[row]] == 1 and heights[row] < heights[above] * 0.999:
            message = (
                f"its height {heights[row]:.2f} m is less than the {heights[above]:.2f} m of {links.name[above]} "
                "upstream 管径逆变小"
            )
            yield _link(network, row, WARNING, "shrinking", message, "check the sizes of both")


def _heights(network: Network) -> np.ndarray:
    """Full height of every link's section, m; NaN where it has none or it is a dummy."""
    heights = np.full(len(network.links.name), np.nan)
    has = network.links.section != NONE
    heights[has] = network.sections.size[network.links.section[has], 0]
    heights[heights == 0.0] = np.nan
    return heights


def _parts(network: Network) -> Iterator[Finding]:
    if not network.nodes.name:
        return
    parts = parts_of(network)
    sizes = np.bincount(parts)
    for part in range(sizes.size):
        if part == int(np.argmax(sizes)):
            continue
        rows = np.flatnonzero(parts == part).tolist()
        if len(rows) == 1:
            remedy = "connect it by a link, or delete it"
            yield _node(network, rows[0], WARNING, "alone", "is joined to no link", remedy)
        else:
            names = shortened([network.nodes.name[row] for row in rows], 5)
            message = f"belongs to a part of {len(rows)} nodes ({names}) that is not joined to the rest"
            remedy = "check whether a conduit between them is missing; separate networks are fine"
            yield _node(network, rows[0], WARNING, "part", message, remedy)


def _no_path(network: Network) -> Iterator[Finding]:
    """Nodes from which no way along the links, with the flow, leads to an outfall or a storage."""
    goals = np.isin(network.nodes.kind, (NodeKind.OUTFALL, NodeKind.STORAGE))
    if not goals.any():
        return
    with_flow, any_way = reaches(network, goals), reaches(network, goals, both_ways=True)
    for row in np.flatnonzero(~any_way).tolist():
        remedy = "connect it downstream, or make the last node an outfall 排放口"
        yield _node(network, row, ERROR, "no_path", "has no path to an outfall or a storage", remedy)
    for row in np.flatnonzero(any_way & ~with_flow).tolist():
        remedy = "check the direction (start and end) of the conduits below it"
        message = "reaches an outfall only against the direction of a link"
        yield _node(network, row, WARNING, "against_flow", message, remedy)


def _pumps(network: Network) -> Iterator[Finding]:
    pumps = network.pumps
    for at, row in enumerate(pumps.link):
        if pumps.kind[at] != PumpKind.IDEAL and pumps.curve[at] == NONE:
            yield _link(network, row, ERROR, "pump_curve", "has no curve", "add its curve, or name * for an ideal pump")
        elif pumps.kind[at] == PumpKind.IDEAL:
            message = "has no curve: it passes on whatever flows in, at any head"
            remedy = "give it the curve of its maker 水泵特性曲线"
            yield _link(network, row, WARNING, "pump_curve", message, remedy)
        if 0.0 < pumps.start_depth[at] <= pumps.stop_depth[at]:
            start, stop = pumps.start_depth[at], pumps.stop_depth[at]
            message = f"starts at {start:.2f} m, not above where it stops ({stop:.2f} m)"
            yield _link(network, row, ERROR, "pump_depths", message, "set the start depth above the stop depth")


def _conduits(network: Network) -> Iterator[Finding]:
    nodes, links, conduits = network.nodes, network.links, network.conduits
    reach = np.hypot(nodes.x[links.start] - nodes.x[links.end], nodes.y[links.start] - nodes.y[links.end])
    for at, row in enumerate(conduits.link):
        n, length = conduits.roughness[at], conduits.length[at]
        if not 0.005 <= n <= 0.3 and n > 0.0:
            message = f"its Manning's n is {n:g}"
            yield _link(network, row, WARNING, "roughness", message, "use 0.009 to 0.03 for pipes and ditches")
        start, end = _ends(network)
        drop = abs(start[row] - end[row])
        if drop > length:
            message = f"falls {drop:.2f} m over {length:.2f} m: steeper than 45 degrees"
            yield _link(network, row, WARNING, "steep", message, "check inverts and length; let it drop in a manhole")
        if network.crs_wkt and reach[row] > 1.05 * length + 1.0:
            message = f"is {length:.1f} m long, but its nodes lie {reach[row]:.1f} m apart"
            yield _link(network, row, WARNING, "length", message, "check its length and the places of its nodes")


def _dummies(network: Network) -> Iterator[Finding]:
    """A DUMMY takes all that its node has, at once: a tank or another way out there is vain, and SWMM refuses it."""
    links = network.links
    leaving = np.bincount(links.start, minlength=len(network.nodes.name))
    for row in network.conduits.link[dummy_rows(network)].tolist():
        node = int(links.start[row])
        if network.nodes.kind[node] == NodeKind.STORAGE or leaving[node] > 1:
            what = "the tank" if network.nodes.kind[node] == NodeKind.STORAGE else "the other links that leave"
            message = f"is a DUMMY and passes on at once all that {network.nodes.name[node]} holds, past {what}"
            yield _link(
                network, row, WARNING, "dummy", message, "give it a shape and size, or let it start at a node alone"
            )


def _roads(network: Network) -> Iterator[Finding]:
    for row in network.weirs.link[without_figures(network.weirs)].tolist():
        yield _link(network, row, ERROR, "road_without_figures", ROAD_FIGURES, ROAD_REMEDY)


def _unsupported(network: Network) -> Iterator[Finding]:
    nan = float("nan")
    for item in network.unsupported:
        remedy = "the rest of it is used; run this network with SWMM if that matters"
        if item.by_swmm:
            remedy = 'coupled runs need engine = "swmm" in [drainage] for it, or take it out'
        source = source_in_file(network, "rule" if item.kind == "CONTROLS" else "node", item.name.removeprefix("rule "))
        yield Finding(WARNING, "unsupported", f"{item.kind} {item.name}", nan, nan, item.reason, remedy, source)


def _far(network: Network, rows: np.ndarray, terrain: Grid) -> Iterator[Finding]:
    """Nodes far outside as one finding, at the first of them: most often they share one mistake."""
    if rows.size:
        yield _node(network, int(rows[0]), ERROR, "far_off_terrain", *why_far(network, rows, terrain.bounds))


def _rims_off_terrain(network: Network, terrain: Grid, far: set[int]) -> Iterator[Finding]:
    nodes, bed, active = network.nodes, terrain.array("bed"), terrain.array("active")
    for row in range(len(nodes.name)):
        if row in far or nodes.kind[row] == NodeKind.OUTFALL or not np.isfinite(nodes.x[row] + nodes.y[row]):
            continue
        cell = terrain.cell_of(float(nodes.x[row]), float(nodes.y[row]))
        if cell is None or not active[cell]:
            message = "lies outside the terrain"
            yield _node(network, row, WARNING, "off_terrain", message, "check its place and the coordinate system")
            continue
        rim, street = nodes.invert[row] + nodes.full_depth[row], float(bed[cell])
        if abs(rim - street) > RIM_TOLERANCE:
            side = "above" if rim > street else "below"
            message = f"its rim {rim:.2f} m lies {abs(rim - street):.2f} m {side} the terrain ({street:.2f} m)"
            yield _node(network, row, WARNING, "rim", message, "check the rim 地面高程, its datum and the terrain")


CHECKS: tuple[Callable[[Network], Iterator[Finding]], ...] = (
    _empty,
    _missing_inverts,
    _depths,
    _pumps,
    _no_path,
    _parts,
    _adverse,
    _shrinking,
    _conduits,
    _dummies,
    _roads,
    _unsupported,
)
