"""Measures on pipes: larger ones in place of existing ones, new ones, and flap gates at outfalls."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from floodsim.case.measures import Measure
from floodsim.drainage.alter import Work, distance, with_value
from floodsim.drainage.network import NONE, LinkKind, NodeKind, OutfallKind
from floodsim.drainage.rules import Watched
from floodsim.drainage.sections import ShapeTables, scale_of

DIAMETERS = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0)
"""Diameters of concrete pipes in common use, m, from which ``sizes_up`` counts; no standard's table."""
CONCRETE = 0.013
"""Manning n of new concrete pipes (GB 50014-2021, 5.2: 0.013 to 0.014)."""
NODE_WATCHED = range(Watched.NODE_DEPTH, Watched.GAUGE_DEPTH)


def larger_pipe(work: Work, measure: Measure) -> None:
    """Give conduits a larger section; their crowns (or inverts) stay where they are as far as the nodes allow."""
    rows = [work.link("conduit", name, "conduits", LinkKind.CONDUIT) for name in measure.conduits or []]
    sized = [(row, _section_of(work, measure, row)) for row in dict.fromkeys(rows) if row != NONE]
    replaced = {row for row, _ in sized}
    for row, section in sized:
        if section is not None:
            _replace_section(work, measure, row, *section)
    if measure.keep != "invert":
        _join_inverts(work, replaced)
    for row in replaced:
        _check_cover(work, row, "conduits")


def _section_of(work: Work, measure: Measure, row: int) -> tuple[str, tuple[float, float, float, float]] | None:
    """Shape and size of a conduit's new section; None and a fault where it would not be larger."""
    network = work.network
    name, section = network.links.name[row], int(network.links.section[row])
    old = scale_of(network, section, ShapeTables())
    if measure.sizes_up is not None:
        if network.sections.shape[section] != "CIRCULAR":
            shape = network.sections.shape[section]
            work.fault(f"{name} is no circular pipe", "sizes_up", shape, "CIRCULAR", "give height and width")
            return None
        above = [size for size in DIAMETERS if size > old.height + 1e-9]
        if len(above) < measure.sizes_up:
            allowed = f"at most {len(above)} above {old.height:g} m"
            work.fault(f"there are not so many sizes above that of {name}", "sizes_up", measure.sizes_up, allowed,
                       "give diameter")  # fmt: skip
            return None
        diameter: float | None = above[measure.sizes_up - 1]
    else:
        diameter = measure.diameter
    shape, size, area = _new_section(measure, diameter)
    if area <= old.area * (1.0 + 1e-9):
        key = "diameter" if measure.height is None else "height"
        remedy = f"give a larger section, or take {name} out of conduits"
        work.fault(f"is not larger than {name}", key, f"{area:.3g} m2", f"more than {old.area:.3g} m2", remedy)
        return None
    return shape, size


def _new_section(measure: Measure, diameter: float | None) -> tuple[str, tuple[float, float, float, float], float]:
    """Shape, size and full area (m2) of a pipe or box."""
    if diameter is not None:
        return "CIRCULAR", (diameter, 0.0, 0.0, 0.0), math.pi * diameter**2 / 4.0
    height, width = measure.height or 0.0, measure.width or 0.0
    return "RECT_CLOSED", (height, width, 0.0, 0.0), height * width


def _replace_section(
    work: Work, measure: Measure, row: int, shape: str, size: tuple[float, float, float, float]
) -> None:
    """Put a section in place of a conduit's; with ``keep = crown`` its inverts may then lie below its nodes."""
    network = work.network
    section, links = int(network.links.section[row]), network.links
    rise = 0.0 if measure.keep == "invert" else size[0] - float(network.sections.size[section, 0])
    sections = with_value(network.sections, "shape", section, shape)
    sections = with_value(sections, "size", section, size)
    sections = with_value(sections, "curve", section, NONE)
    sections = with_value(sections, "transect", section, NONE)
    for column in ("offset_start", "offset_end"):
        links = with_value(links, column, row, float(getattr(links, column)[row]) - rise)
    work.network = replace(network, links=links, sections=sections)


def _join_inverts(work: Work, replaced: set[int]) -> None:
    """Lower nodes that only replaced conduits leave; elsewhere the conduit's invert gives way to the node's."""
    links, nodes = work.network.links, work.network.nodes
    ends = {int(node) for row in replaced for node in (links.start[row], links.end[row])}
    for node in sorted(ends):
        at_start, at_end = np.flatnonzero(links.start == node), np.flatnonzero(links.end == node)
        lowest = min([0.0, *links.offset_start[at_start].tolist(), *links.offset_end[at_end].tolist()])
        if lowest < 0.0 and _may_be_lowered(work, node, at_start, replaced):
            shift = -lowest
            start, end = links.offset_start.copy(), links.offset_end.copy()
            start[at_start] += shift
            end[at_end] += shift
            links = replace(links, offset_start=start, offset_end=end)
            nodes = with_value(nodes, "invert", node, float(nodes.invert[node]) - shift)
            nodes = with_value(nodes, "full_depth", node, float(nodes.full_depth[node]) + shift)
    start, end = np.maximum(links.offset_start, 0.0), np.maximum(links.offset_end, 0.0)
    mine = sorted(replaced)
    offset_start, offset_end = links.offset_start.copy(), links.offset_end.copy()
    offset_start[mine], offset_end[mine] = start[mine], end[mine]
    links = replace(links, offset_start=offset_start, offset_end=offset_end)
    work.network = replace(work.network, links=links, nodes=nodes)


def _may_be_lowered(work: Work, node: int, leaving: np.ndarray, replaced: set[int]) -> bool:
    """A junction whose every outgoing link is replaced, and whose depth no rule looks at."""
    network = work.network
    watched = {
        operand.row
        for rule in network.rules
        for premise in rule.premises
        for operand in (premise.left, premise.right)
        if operand.watched in NODE_WATCHED
    }
    return bool(
        network.nodes.kind[node] == NodeKind.JUNCTION
        and leaving.size
        and set(leaving.tolist()) <= replaced
        and node not in watched
    )


def _check_cover(work: Work, row: int, key: str) -> None:
    """A crown above the rim of its node is a fault; the rim of an outfall is its crown."""
    network = work.network
    links, height = network.links, float(network.sections.size[int(network.links.section[row]), 0])
    for end in ("start", "end"):
        node = int(getattr(links, end)[row])
        crown = float(getattr(links, f"offset_{end}")[row]) + height
        depth = float(network.nodes.full_depth[node])
        if network.nodes.kind[node] == NodeKind.OUTFALL:
            nodes = with_value(work.network.nodes, "full_depth", node, max(depth, crown))
            work.network = replace(work.network, nodes=nodes)
        elif crown > depth + 1e-6:
            name, where = links.name[row], network.nodes.name[node]
            work.fault(
                f"the crown of {name} would stand {crown - depth:.2f} m above the rim of {where}", key, name,
                f"a height of at most {height - crown + depth:.2f} m there", "take a lower section, such as a box",
            )  # fmt: skip


def new_pipe(work: Work, measure: Measure) -> None:
    """Lay a pipe between two nodes, or to a new free outfall with a flap gate."""
    start = work.node(measure.start, "start")
    end = _new_outfall(work, measure) if measure.outfall is not None else work.node(measure.end, "end")
    if NONE in (start, end):
        return
    nodes = work.network.nodes
    inverts = []
    for key, node in (("invert_start", start), ("invert_end", end)):
        given, floor = getattr(measure, key), float(nodes.invert[node])
        if given is not None and given < floor - 1e-9:
            work.fault(f"lies below the invert of {nodes.name[node]}", key, f"{given:g} m", f"at least {floor:g} m",
                       "give a higher level")  # fmt: skip
        inverts.append(floor if given is None else given)
    if inverts[0] < inverts[1] - 1e-9:
        remedy = "exchange start and end, or give invert_start and invert_end"
        work.fault(
            "the pipe would rise", "", f"from {inverts[0]:.3f} to {inverts[1]:.3f} m", "a pipe that falls", remedy
        )
    length = measure.length or distance(work.network, start, end)
    if not length > 0.0:
        work.fault("the length of the pipe is not known", "length", length, "more than 0 m", "give length")
        return
    shape, size, _ = _new_section(measure, measure.diameter)
    offsets = inverts[0] - float(nodes.invert[start]), inverts[1] - float(nodes.invert[end])
    row = work.add_link("PIPE", LinkKind.CONDUIT, start, end, offset_start=max(offsets[0], 0.0),
                        offset_end=max(offsets[1], 0.0), shape=shape, size=size)  # fmt: skip
    work.add_detail("conduits", link=row, length=length, roughness=measure.roughness or CONCRETE, barrels=1)
    _check_cover(work, row, "diameter" if measure.height is None else "height")


def _new_outfall(work: Work, measure: Measure) -> int:
    """A free outfall with a flap gate at the place and level that the measure gives."""
    assert measure.outfall is not None
    x, y = measure.outfall
    node = work.add_node("OUT", NodeKind.OUTFALL, x=x, y=y, invert=measure.invert_end or 0.0)
    work.add_detail("outfalls", node=node, kind=OutfallKind.FREE, flap=True)
    return node


def flap_gates(work: Work, measure: Measure) -> None:
    """Fit outfalls with flap gates."""
    outfalls, names = work.network.outfalls, work.network.nodes.name
    for name in measure.outfalls or []:
        node = work.node(name, "outfalls")
        if node == NONE:
            continue
        found = np.flatnonzero(outfalls.node == node)
        if not found.size:
            known = ", ".join(names[row] for row in outfalls.node)
            work.fault(f"{name} is no outfall", "outfalls", name, known, "name an outfall")
        elif outfalls.flap[found[0]]:
            work.fault(f"{name} has a flap gate already", "outfalls", name, remedy="take it out of the measure")
        else:
            outfalls = with_value(outfalls, "flap", int(found[0]), True)
    work.network = replace(work.network, outfalls=outfalls)
