"""From a network to the arrays that its kernels work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.drainage.culverts import inlet_rating
from floodsim.drainage.network import Network, NodeKind, OrificeKind, OutfallKind, PumpKind, WeirKind
from floodsim.drainage.node_tables import SLOT, HalfConduits, NodeTables, depth_of_volume, node_tables
from floodsim.drainage.roads import by_road_tables
from floodsim.drainage.sections import GRAVITY, Scale, ShapeTables, scale_of
from floodsim.drainage.seeping_tanks import seeping_tanks
from floodsim.kernels import network_conduits as cc
from floodsim.kernels import network_structures as cs
from floodsim.kernels.network_step import Layout

OWN_PART = 0.25
"""Part of a conduit whose water follows the level of one end alone; the rest follows the depth in its middle."""
LIP = 0.1
"""A conduit whose mouth lies this part of its height over the invert of its node takes in no momentum from others."""
PRESSURE_LAWS = {"H-W": cc.HAZEN_WILLIAMS, "D-W": cc.DARCY_WEISBACH}
LIMITS = {"NONE": 0, "SLOPE": cc.BY_SLOPE, "FROUDE": cc.BY_FROUDE, "BOTH": cc.BY_SLOPE | cc.BY_FROUDE}
DAMPING = {"NONE": cc.UNDAMPED, "PARTIAL": cc.PARTIAL, "FULL": cc.FULL}
PUMP_KINDS = {
    PumpKind.IDEAL: cs.PUMP_IDEAL,
    PumpKind.VOLUME: cs.PUMP_STEPS,
    PumpKind.DEPTH_STEPS: cs.PUMP_STEPS,
    PumpKind.HEAD: cs.PUMP_HEAD,
    PumpKind.DEPTH: cs.PUMP_DEPTH,
    PumpKind.HEAD_AFFINITY: cs.PUMP_AFFINITY,
}


@dataclass(frozen=True)
class Plan:
    """The layout, and what the engine needs besides: node tables, rim depths, sections and notes for the engineer."""

    layout: Layout
    tables: NodeTables
    full_depth: np.ndarray
    scales: list[Scale]
    per_second: np.ndarray
    mouths: np.ndarray
    notes: list[str]


def plan_network(network: Network, coupled: np.ndarray, safety: float, least_step: float) -> Plan:
    """Lay out a checked network. ``coupled`` (nodes,) bool: nodes open to a street, which never lose water themselves.

    ``least_step`` s: links too short for it get more inertia (steady flow is the same), which the notes list.
    """
    shapes = ShapeTables()
    scales = [scale_of(network, int(network.links.section[link]), shapes) for link in network.conduits.link]
    table, critical, normal = shapes.stacked()
    full_depth = _full_depths(network, scales)
    numbers, wholes = _conduit_rows(network, scales, shapes)
    halves = _halves(network, scales, numbers)
    ponded = np.where(coupled | (not network.options.ponding), 0.0, network.nodes.ponded_area)
    tables = node_tables(network, halves, table, full_depth, ponded)
    rim = tables.volume_at(full_depth + network.nodes.surcharge_depth)
    notes = _slow_short_links(network, tables, full_depth, numbers, wholes, safety, least_step)
    points, firsts = _curve_points(network)
    points = _with_inlet_ratings(network, scales, table, numbers, wholes, points)
    tanks, points = seeping_tanks(network, points)
    layout = Layout(
        invert=network.nodes.invert.astype(float),
        boundless=(network.nodes.kind == NodeKind.OUTFALL).astype(np.int64),
        first=tables.first.astype(np.int64),
        knots=tables.knots,
        most=np.where(coupled | (ponded > 0.0), np.inf, rim),
        rim=full_depth + network.nodes.surcharge_depth,
        start=network.links.start.astype(np.int64),
        end=network.links.end.astype(np.int64),
        table=table,
        critical=critical,
        normal=normal,
        conduit_numbers=numbers,
        conduit_wholes=wholes,
        points=points,
        **tanks,
        **_pump_rows(network, firsts, points),
        **_orifice_rows(network),
        **_weir_rows(network, firsts),
        **_outlet_rows(network, firsts),
    )
    return Plan(layout, tables, full_depth, scales, _gate_rates(network), _mouths(network), notes)


def _mouths(network: Network) -> np.ndarray:
    """Conduits at an outfall (n, 2): the row, and whether it is the end (1) or the start (0) that lies there."""
    outfall, links, link = network.nodes.kind == NodeKind.OUTFALL, network.links, network.conduits.link
    ends, starts = np.flatnonzero(outfall[links.end[link]]), np.flatnonzero(outfall[links.start[link]])
    towards = np.repeat([1, 0], [ends.size, starts.size])
    return np.column_stack((np.concatenate((ends, starts)), towards)).astype(np.int64)


def _full_depths(network: Network, scales: list[Scale]) -> np.ndarray:
    """Rim above invert, at least the crown of the highest conduit (m)."""
    depth = network.nodes.full_depth.astype(float).copy()
    links = network.links
    for scale, link in zip(scales, network.conduits.link, strict=True):
        for node, offset in ((links.start[link], links.offset_start[link]), (links.end[link], links.offset_end[link])):
            if network.nodes.kind[node] != NodeKind.STORAGE:
                depth[node] = max(depth[node], offset + scale.height)
    return depth


def _conduit_rows(network: Network, scales: list[Scale], shapes: ShapeTables) -> tuple[np.ndarray, np.ndarray]:
    conduits, links, nodes = network.conduits, network.links, network.nodes
    link = conduits.link.astype(np.int64)
    start, end = links.start[link], links.end[link]
    n = conduits.roughness
    numbers = np.zeros((link.size, 19))
    wholes = np.zeros((link.size, 17), np.int64)
    bed1 = nodes.invert[start] + links.offset_start[link]
    bed2 = nodes.invert[end] + links.offset_end[link]
    barrels = conduits.barrels.astype(float)
    height, area, width, radius = (
        np.array([getattr(scale, name) for scale in scales], float) for name in ("height", "area", "width", "radius")
    )
    ends = np.array([shapes.end_flows(scale) for scale in scales], float).reshape(-1, 2) * barrels[:, None]
    slope = (bed1 - bed2) / conduits.length
    numbers[:, cc.BED_START], numbers[:, cc.BED_END] = bed1, bed2
    numbers[:, cc.HEIGHT], numbers[:, cc.AREA], numbers[:, cc.WIDTH] = height, area * barrels, width * barrels
    numbers[:, cc.SLOT_WIDTH] = [scale.width * (1.0 if scale.open_top else SLOT) for scale in scales]
    numbers[:, cc.SLOT_WIDTH] *= barrels
    numbers[:, cc.RADIUS43] = radius ** (4.0 / 3.0)
    numbers[:, cc.LENGTH], numbers[:, cc.MASS] = conduits.length, 1.0
    numbers[:, cc.LOSS_ENTRY], numbers[:, cc.LOSS_EXIT] = conduits.loss_entry, conduits.loss_exit
    numbers[:, cc.LOSS_AVERAGE] = conduits.loss_average
    numbers[:, cc.MAX_FLOW] = np.where(conduits.max_flow > 0.0, conduits.max_flow, 1e9)
    normal_end = np.zeros(link.size, bool)
    for row, node in enumerate(network.outfalls.node):
        if network.outfalls.kind[row] == OutfallKind.NORMAL:
            normal_end |= (start == node) | (end == node)
    numbers[:, cc.CRITICAL_FLOW] = np.where(normal_end & (np.abs(slope) > 1e-6), 1e-12, ends[:, 0])
    for k, row in enumerate(link):
        section = links.section[row]
        if network.sections.shape[section] == "FORCE_MAIN":
            law = PRESSURE_LAWS[network.options.force_main]
            factor = float(network.sections.size[section, 1])
            wholes[k, cc.PRESSURE_LAW] = law
            numbers[k, cc.PRESSURE_FACTOR] = 0.849 * factor if law == cc.HAZEN_WILLIAMS else factor
    numbers[:, cc.FRICTION] = GRAVITY * n**2
    numbers[:, cc.NORMAL_FLOW] = np.sign(slope) * np.sqrt(np.abs(slope)) / n * ends[:, 1]
    numbers[:, cc.CONVEYANCE] = np.sign(slope) * np.sqrt(np.abs(slope)) / n * radius ** (2.0 / 3.0)
    numbers[:, cc.SEEPAGE] = conduits.seepage * barrels
    wholes[:, cc.INLET_FIRST] = wholes[:, cc.INLET_LAST] = -1
    wholes[:, cc.LINK], wholes[:, cc.START], wholes[:, cc.END] = link, start, end
    wholes[:, cc.SHAPE] = [scale.shape for scale in scales]
    wholes[:, cc.LIP_START] = links.offset_start[link] > LIP * height
    wholes[:, cc.LIP_END] = links.offset_end[link] > LIP * height
    outfall = nodes.kind == NodeKind.OUTFALL
    wholes[:, cc.DROP_START] = outfall[start] | (links.offset_start[link] > 0.0)
    wholes[:, cc.DROP_END] = outfall[end] | (links.offset_end[link] > 0.0)
    wholes[:, cc.AT_START], wholes[:, cc.AT_END] = outfall[start], outfall[end]
    wholes[:, cc.LOSSES] = (conduits.loss_entry + conduits.loss_exit + conduits.loss_average) > 0.0
    wholes[:, cc.LIMIT] = LIMITS[network.options.normal_flow_limited]
    wholes[:, cc.DAMPING] = DAMPING[network.options.inertial_damping]
    outfall_flap = np.zeros(len(nodes.name), bool)
    outfall_flap[network.outfalls.node[network.outfalls.flap.astype(bool)]] = True
    wholes[:, cc.FLAP] = links.flap[link].astype(bool) | outfall_flap[end]
    return numbers, wholes


def _halves(network: Network, scales: list[Scale], numbers: np.ndarray) -> HalfConduits:
    """Both ends of every conduit with the length whose water they hold."""
    links, link = network.links, network.conduits.link
    length, width, height = numbers[:, cc.LENGTH], numbers[:, cc.WIDTH], numbers[:, cc.HEIGHT]
    outfall = network.nodes.kind == NodeKind.OUTFALL
    at_start = np.where(outfall[links.start[link]], 0.0, OWN_PART)
    at_end = np.where(outfall[links.end[link]], 0.0, OWN_PART)
    parts = ((links.start, links.offset_start, at_start), (links.end, links.offset_end, at_end))
    shape = np.array([scale.shape for scale in scales], np.int64)
    top = np.array([scale.open_top for scale in scales], bool)
    columns = []
    for node, offset, part in parts:
        keep = part > 0.0
        area = (part * length * width)[keep]
        columns.append((node[link][keep], offset[link][keep], height[keep], area, shape[keep], top[keep]))
    return HalfConduits(*(np.concatenate(pair) for pair in zip(*columns, strict=True)))


def _slow_short_links(
    network: Network,
    tables: NodeTables,
    full_depth: np.ndarray,
    numbers: np.ndarray,
    wholes: np.ndarray,
    safety: float,
    least_step: float,
) -> list[str]:
    """Give links that would ask for steps under ``least_step`` more inertia; returns a note for each."""
    stiffness = np.zeros(len(network.nodes.name))
    k = GRAVITY * numbers[:, cc.AREA] / numbers[:, cc.LENGTH]
    np.add.at(stiffness, wholes[:, cc.START], k)
    np.add.at(stiffness, wholes[:, cc.END], k)
    surface = np.empty(stiffness.size)
    for i, depth in enumerate(full_depth):
        rows = tables.knots[tables.first[i] : tables.first[i + 1]]
        surface[i] = min(np.interp(depth, rows[:, 0], rows[:, 1]), rows[-1, 1])
    surface[network.nodes.kind == NodeKind.OUTFALL] = np.inf
    allowed = 0.5 * surface * (2.0 * safety / least_step) ** 2
    for node in np.flatnonzero(stiffness > allowed):
        rows = np.flatnonzero((wholes[:, cc.START] == node) | (wholes[:, cc.END] == node))
        numbers[rows, cc.MASS] = np.maximum(numbers[rows, cc.MASS], k[rows] / _cap(k[rows], allowed[node]))
    return [
        f"{network.links.name[wholes[c, cc.LINK]]}: {numbers[c, cc.LENGTH]:.3g} m is too short for steps of "
        f"{least_step:g} s; its inertia is {numbers[c, cc.MASS]:.3g} times the real one (steady flow is unchanged)"
        for c in np.flatnonzero(numbers[:, cc.MASS] > 1.0 + 1e-9)
    ]


def _cap(parts: np.ndarray, total: float) -> float:
    """The level to which the largest of ``parts`` must be cut so that they sum to ``total``."""
    rising = np.sort(parts)
    before = np.concatenate(([0.0], np.cumsum(rising)[:-1]))
    levels = (total - before) / np.arange(rising.size, 0, -1)
    return float(levels[np.flatnonzero(levels <= rising)[0]])


def _curve_points(network: Network) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """All curves stacked as (x, y) rows, and the first and last row of each."""
    stacked, spans, at = [np.zeros((0, 2))], [], 0
    for curve in network.curves:
        stacked.append(np.column_stack((curve.x, curve.y)).astype(float))
        spans.append((at, at + curve.x.size - 1))
        at += curve.x.size
    points = np.concatenate(stacked)
    return (points if points.size else np.zeros((1, 2))), spans


def _with_inlet_ratings(
    network: Network,
    scales: list[Scale],
    table: np.ndarray,
    numbers: np.ndarray,
    wholes: np.ndarray,
    points: np.ndarray,
) -> np.ndarray:
    """The points of all curves with the ratings of culvert inlets after them; their rows go into ``wholes``."""
    stacked, at = [points], len(points)
    for c in np.flatnonzero(network.conduits.culvert > 0):
        scale, cells = scales[c], table[scales[c].shape]
        area = np.append(cells[:, 0], 1.0) * scale.area
        width = np.append(cells[:, 3], cells[-1, 3] + cells[-1, 4]) * scale.width
        slope = (numbers[c, cc.BED_START] - numbers[c, cc.BED_END]) / numbers[c, cc.LENGTH]
        heads, flows = inlet_rating(int(network.conduits.culvert[c]), scale.height, slope, area, width, GRAVITY)
        stacked.append(np.column_stack((heads, flows * network.conduits.barrels[c])))
        wholes[c, cc.INLET_FIRST], wholes[c, cc.INLET_LAST] = at, at + heads.size - 1
        at += heads.size
    return np.concatenate(stacked)


def _structure_wholes(
    network: Network, link: np.ndarray, kind: np.ndarray, curve: np.ndarray | None, spans: list[tuple[int, int]]
) -> np.ndarray:
    wholes = np.full((link.size, 8), -1, np.int64)
    outfall_flap = np.zeros(len(network.nodes.name), bool)
    outfall_flap[network.outfalls.node[network.outfalls.flap.astype(bool)]] = True
    wholes[:, cs.LINK], wholes[:, cs.KIND] = link, kind
    wholes[:, cs.START], wholes[:, cs.END] = network.links.start[link], network.links.end[link]
    wholes[:, cs.FLAP] = network.links.flap[link].astype(bool) | outfall_flap[network.links.end[link]]
    wholes[:, cs.FLAG] = 0
    if curve is not None:
        for row in np.flatnonzero(curve >= 0):
            wholes[row, cs.FIRST], wholes[row, cs.LAST] = spans[int(curve[row])]
    return wholes


def _crest(network: Network, link: np.ndarray) -> np.ndarray:
    return network.nodes.invert[network.links.start[link]] + network.links.offset_start[link]


def _pump_rows(network: Network, spans: list[tuple[int, int]], points: np.ndarray) -> dict[str, np.ndarray]:
    pumps = network.pumps
    link = pumps.link.astype(np.int64)
    kind = np.array([PUMP_KINDS[PumpKind(int(k))] for k in pumps.kind], np.int64)
    wholes = _structure_wholes(network, link, kind, pumps.curve, spans)
    for row in np.flatnonzero(pumps.kind == PumpKind.VOLUME):
        first, last = wholes[row, cs.FIRST], wholes[row, cs.LAST]
        volume = points[first : last + 1, 0]
        points[first : last + 1, 0] = depth_of_volume(network, int(network.links.start[link[row]]), volume)
    numbers = np.column_stack((pumps.start_depth, pumps.stop_depth)).astype(float).reshape(-1, 2)
    return {"pump_numbers": numbers, "pump_wholes": wholes}


def _sizes(network: Network, link: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Height, the four sizes and shape of the openings of structures."""
    section = network.links.section[link]
    size = network.sections.size[section] if link.size else np.zeros((0, 4))
    return size[:, 0], size, [network.sections.shape[row] for row in section]


def _orifice_rows(network: Network) -> dict[str, np.ndarray]:
    orifices = network.orifices
    link = orifices.link.astype(np.int64)
    kind = np.where(orifices.kind == OrificeKind.SIDE, cs.SIDE, cs.BOTTOM)
    wholes = _structure_wholes(network, link, kind, None, [])
    height, size, shape = _sizes(network, link)
    numbers = np.zeros((link.size, cs.COLUMNS))
    numbers[:, cs.CREST], numbers[:, cs.HEIGHT], numbers[:, cs.WIDTH] = _crest(network, link), height, size[:, 1]
    numbers[:, cs.COEFFICIENT] = orifices.coefficient
    numbers[:, cs.ROUND] = [name == "CIRCULAR" for name in shape]
    return {"orifice_numbers": numbers, "orifice_wholes": wholes}


def _weir_rows(network: Network, spans: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    weirs = network.weirs
    link = weirs.link.astype(np.int64)
    by_coefficient = (weirs.kind == WeirKind.ROADWAY) & ~by_road_tables(weirs)
    kind = np.where(by_coefficient, cs.TRANSVERSE, weirs.kind)
    wholes = _structure_wholes(network, link, kind, weirs.curve, spans)
    wholes[:, cs.FLAG] = weirs.surcharges
    height, size, _ = _sizes(network, link)
    numbers = np.zeros((link.size, cs.COLUMNS))
    numbers[:, cs.CREST], numbers[:, cs.HEIGHT], numbers[:, cs.WIDTH] = _crest(network, link), height, size[:, 1]
    numbers[:, cs.COEFFICIENT], numbers[:, cs.ENDS] = weirs.coefficient, weirs.end_coefficient
    # a triangular weir gives its top width, from which its side slope follows; a trapezoidal one gives the slope
    triangular = kind == cs.V_NOTCH
    numbers[:, cs.SLOPE] = np.where(triangular, size[:, 1] / np.maximum(2.0 * height, 1e-9), size[:, 2])
    numbers[:, cs.CONTRACTIONS] = weirs.end_contractions
    numbers[:, cs.ROAD_WIDTH], numbers[:, cs.ROAD_SURFACE] = weirs.road_width, weirs.road_paved
    return {"weir_numbers": numbers, "weir_wholes": wholes}


def _outlet_rows(network: Network, spans: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    outlets = network.outlets
    link = outlets.link.astype(np.int64)
    wholes = _structure_wholes(network, link, np.zeros(link.size, np.int64), outlets.curve, spans)
    wholes[:, cs.FLAG] = outlets.by_head
    numbers = np.zeros((link.size, cs.COLUMNS))
    numbers[:, cs.CREST] = _crest(network, link)
    numbers[:, cs.COEFFICIENT], numbers[:, cs.EXPONENT] = outlets.coefficient, outlets.exponent
    return {"outlet_numbers": numbers, "outlet_wholes": wholes}


def _gate_rates(network: Network) -> np.ndarray:
    """Greatest change of each link's setting, 1/s; 0 where it changes at once."""
    rates = np.zeros(len(network.links.name))
    slow = network.orifices.gate_time > 0.0
    rates[network.orifices.link[slow]] = 1.0 / network.orifices.gate_time[slow]
    return rates
