"""Measures on structures: pump units and stations, storage tanks, control rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from floodsim.case.drainage import PumpStation, PumpUnit
from floodsim.case.measures import Measure
from floodsim.drainage.alter import Work, unused
from floodsim.drainage.draft import Draft, LinkRow, NodeRow
from floodsim.drainage.inp_options import Units
from floodsim.drainage.inp_rules import RuleReader
from floodsim.drainage.inp_tables import SeriesReader
from floodsim.drainage.inp_text import InpFile, Row, tokens_of
from floodsim.drainage.network import (
    NONE,
    Curve,
    LinkKind,
    NodeKind,
    OrificeKind,
    PumpKind,
    StorageKind,
    WeirKind,
)
from floodsim.drainage.rules import Action, Operand, Premise, Rule, Watched
from floodsim.errors import Faults

WEIR_COEFFICIENT = 1.8
"""Discharge of a weir in m and s: Q = 1.8 L H^1.5."""
ORIFICE_COEFFICIENT = 0.65
START_DEPTH, STOP_DEPTH = 0.6, 0.3
"""Depths (m) at which the pumps of a new station start and stop, where the measure does not say."""
EMPTY = 0.05
"""Depth (m) at which a tank counts as empty."""
ALWAYS = 100.0
"""Depth (m) up to which the curve of a pump of constant flow goes."""


def pump_units(work: Work, measure: Measure) -> None:
    """Add units to a station, or build a new station between two nodes."""
    sections = work.section.stations
    number = next((k for k, section in enumerate(sections) if section.name == measure.station), NONE)
    model = _first_pump(work, sections[number]) if number != NONE else NONE
    links, pumps = work.network.links, work.network.pumps
    if number != NONE:
        if model == NONE:
            return
        start, end = int(links.start[pumps.link[model]]), int(links.end[pumps.link[model]])
        depths = float(pumps.start_depth[model]), float(pumps.stop_depth[model])
    else:
        start, end = work.node(measure.start, "start"), work.node(measure.end, "end")
        depths = START_DEPTH, STOP_DEPTH
        if NONE in (start, end):
            return
    depths = _depths(work, measure, start, depths)
    kind, curve = (PumpKind.DEPTH, _constant(work, measure.flow)) if measure.flow else (NONE, NONE)
    if measure.flow is None:
        kind, curve = int(pumps.kind[model]), int(pumps.curve[model])
    units = []
    for k in range(measure.units or 1):
        row = work.add_link(f"P{k + 1}", LinkKind.PUMP, start, end)
        work.add_detail("pumps", link=row, kind=kind, curve=curve, start_depth=depths[0], stop_depth=depths[1])
        units.append(_unit(work.network.links.name[row], sections, number, measure))
    _enter_station(work, number, units, measure)


def _first_pump(work: Work, section: PumpStation) -> int:
    """Row in the table of pumps of the first unit of a station."""
    row = work.link("pump", section.units[0].pump, "station", LinkKind.PUMP)
    return NONE if row == NONE else int(np.flatnonzero(work.network.pumps.link == row)[0])


def _depths(work: Work, measure: Measure, node: int, default: tuple[float, float]) -> tuple[float, float]:
    """Start and stop depth in a wet well, m."""
    nodes = work.network.nodes
    invert, rim = float(nodes.invert[node]), work.rim(node)
    start = default[0] if measure.start_level is None else measure.start_level - invert
    stop = default[1] if measure.stop_level is None else measure.stop_level - invert
    if not 0.0 <= stop < start:
        allowed = f"from {invert:g} m (invert of {nodes.name[node]}), stop below start"
        value = f"start {invert + start:g} m, stop {invert + stop:g} m"
        work.fault(
            "the levels do not fit the well", "start_level", value, allowed, "correct start_level and stop_level"
        )
    elif invert + start >= rim:
        allowed = f"below {rim:g} m, the rim of {nodes.name[node]}"
        work.fault("the pumps would start too late", "start_level", f"{invert + start:g} m", allowed, "lower it")
    return start, stop


def _constant(work: Work, flow: float) -> int:
    """Row of a new curve of a pump that gives the same flow at every depth."""
    curves = work.network.curves
    name = unused(f"{work.code}-CURVE", (curve.name for curve in curves))
    made = Curve(name, "PUMP4", np.array([0.0, ALWAYS]), np.array([flow, flow]))
    work.network = replace(work.network, curves=(*curves, made))
    return len(curves)


def _unit(name: str, sections: list[PumpStation], number: int, measure: Measure) -> PumpUnit:
    """The unit as a section of the case; levels that the case gives to the station's first unit hold for it too."""
    like = PumpUnit(pump=name) if number == NONE else sections[number].units[0]
    levels = {
        key: getattr(measure, key) if getattr(measure, key) is not None else getattr(like, key)
        for key in ("start_level", "stop_level")
    }
    return PumpUnit(pump=name, efficiency=like.efficiency, **levels)


def _enter_station(work: Work, number: int, units: list[PumpUnit], measure: Measure) -> None:
    """Put units into their station, so that it counts them."""
    stations = list(work.section.stations)
    if number == NONE:
        stations.append(PumpStation(name=measure.name, units=units))
    else:
        old = stations[number]
        stations[number] = old.model_copy(update={"units": [*old.units, *units]})
    work.section = work.section.model_copy(update={"stations": stations})


def storage_tank(work: Work, measure: Measure) -> None:
    """Build a tank beside a node: it fills over a weir and empties by a pump, or by a flapped pipe."""
    node = work.node(measure.node, "node")
    target = node if measure.drain_to is None else work.node(measure.drain_to, "drain_to")
    if NONE in (node, target):
        return
    nodes = work.network.nodes
    invert, rim, depth = float(nodes.invert[node]), work.rim(node), measure.depth or 0.0
    crest = measure.crest if measure.crest is not None else invert + 0.5 * float(nodes.full_depth[node])
    if not invert < crest < rim:
        allowed = f"above {invert:g} m (invert) and below {rim:g} m (rim of {nodes.name[node]})"
        work.fault("the weir lies outside its node", "crest", f"{crest:g} m", allowed, "correct crest")
        return
    floor, area = crest - depth, (measure.volume or 0.0) / depth
    tank = work.add_node("TANK", NodeKind.STORAGE, x=nodes.x[node], y=nodes.y[node], invert=floor,
                         full_depth=rim - floor)  # fmt: skip
    work.add_detail("storages", node=tank, kind=StorageKind.POWER, coefficient=(area, 0.0, 0.0))
    weir = work.add_link("WEIR", LinkKind.WEIR, node, tank, offset_start=crest - invert, shape="RECT_OPEN",
                         size=(rim - crest, measure.weir_length or 3.0, 0.0, 0.0))  # fmt: skip
    work.add_detail("weirs", link=weir, kind=WeirKind.TRANSVERSE, coefficient=WEIR_COEFFICIENT, surcharges=True)
    if measure.drain_flow is not None:
        _drain_by_pump(work, measure.drain_flow, tank, target)
        return
    if floor < float(nodes.invert[target]) - 1e-9:
        remedy = "give a lower drain_to or a smaller depth, or drain_flow for a pump"
        allowed = f"at least {float(nodes.invert[target]):g} m, the invert of {nodes.name[target]}"
        message = "the tank cannot empty by gravity: its floor lies too low"
        work.fault(message, "drain_diameter", f"{floor:g} m", allowed, remedy)
    drain = work.add_link("DRAIN", LinkKind.ORIFICE, tank, target, flap=True, shape="CIRCULAR",
                          size=(measure.drain_diameter or 0.0, 0.0, 0.0, 0.0))  # fmt: skip
    work.add_detail("orifices", link=drain, kind=OrificeKind.SIDE, coefficient=ORIFICE_COEFFICIENT)


def _drain_by_pump(work: Work, flow: float, tank: int, target: int) -> None:
    """A pump that empties a tank as long as the node it lifts to is less than half full."""
    curve = _constant(work, flow)
    pump = work.add_link("DRAIN", LinkKind.PUMP, tank, target)
    work.add_detail("pumps", link=pump, kind=PumpKind.DEPTH, curve=curve, stop_depth=EMPTY)
    half = 0.5 * float(work.network.nodes.full_depth[target])
    low = Premise("IF", Operand(Watched.NODE_DEPTH, target), "<", Operand(Watched.CONSTANT, value=half))
    name = unused(f"{work.code}-DRAIN", (rule.name for rule in work.network.rules))
    rule = Rule(name, (low,), (Action(pump, 1.0),), (Action(pump, 0.0),))
    work.network = replace(work.network, rules=(*work.network.rules, rule))


def control_rule(work: Work, measure: Measure) -> None:
    """Add the rules of a text to the network; one that bears the name of an existing rule takes its place."""
    network = work.network
    found = Faults()
    draft = _draft(work, found)
    text = measure.text or ""
    lines = [tokens for line in text.splitlines() if (tokens := tokens_of(line))]
    if lines and lines[0][0].upper() != "RULE":
        lines.insert(0, ("RULE", work.code))
    rows = [Row("CONTROLS", number, tokens) for number, tokens in enumerate(lines, start=1)]
    RuleReader(draft, Units("CMS"), SeriesReader(InpFile(Path("rules")), draft)).read(rows)
    for fault in found.found:
        work.fault(f"{fault.message} ({fault.key})", "text", fault.value, fault.allowed, fault.remedy)
    for item in draft.unsupported:
        work.fault(f"{item.name} cannot be run: {item.reason}", "text", remedy="write it without expressions")
    if not rows:
        work.fault("holds no rule", "text", remedy="write IF, THEN and maybe ELSE clauses")
    new = {rule.name.upper() for rule in draft.rules}
    rules = (*(rule for rule in network.rules if rule.name.upper() not in new), *draft.rules)
    work.network = replace(network, rules=rules, curves=tuple(draft.curves), gauges=tuple(draft.gauges))


def _draft(work: Work, faults: Faults) -> Draft:
    """The names of the network, as the reader of rules looks them up."""
    network = work.network
    names = network.nodes.name
    draft = Draft(faults, network.options, curves=list(network.curves), series=list(network.series))
    draft.gauges = list(network.gauges)
    for name in names:
        draft.add_node(NodeRow(name, name))
    for row, name in enumerate(network.links.name):
        start, end = names[network.links.start[row]], names[network.links.end[row]]
        draft.add_link(LinkRow(name, name, LinkKind(int(network.links.kind[row])), start, end))
    return draft
