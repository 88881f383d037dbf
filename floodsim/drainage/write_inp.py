"""A `Network` as a SWMM 5.2 input file: metric units (CMS), offsets as depths, dynamic routing. Opens in EPA SWMM."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from floodsim.drainage.draft import shortened
from floodsim.drainage.files import replace_file
from floodsim.drainage.network import (
    NONE,
    DividerKind,
    Network,
    NodeKind,
    OrificeKind,
    OutfallKind,
    PumpKind,
    StorageKind,
    WeirKind,
)
from floodsim.drainage.write_rules import hour_curves, rule_lines
from floodsim.errors import CaseError, Fault

Cells = Sequence[object]


def write_inp(network: Network, path: str | Path, title: str = "") -> None:
    """Write a network as a SWMM input; the file appears complete or not at all.

    A STREET section is written as the IRREGULAR one it stands for. Raises CaseError where an invert is missing.
    """
    missing = [network.nodes.name[row] for row in np.flatnonzero(np.isnan(network.nodes.invert)).tolist()]
    if missing:
        remedy = "fill the inverts first: SWMM takes a missing one for 0"
        raise CaseError(Fault(f"nodes without invert: {shortened(missing)}", str(path), remedy=remedy))
    replace_file(Path(path), inp_text(network, title).encode("utf-8"))


def inp_text(network: Network, title: str = "") -> str:
    """Text of the SWMM input of a network."""
    parts = [f"[TITLE]\n{title or 'Drainage network, written by floodsim'}\n"]
    for name, rows in _sections(network):
        lines = ["   ".join(_cell(cell) for cell in row) for row in rows]
        if lines:
            parts.append(f"[{name}]\n" + "\n".join(lines) + "\n")
    rules = rule_lines(network)
    if rules:
        parts.append("[CONTROLS]\n" + "\n".join(rules) + "\n")
    return "\n".join(parts)


def _cell(value: object) -> str:
    """A field: numbers so that they read back the same, names with blanks or nothing in quotes."""
    if isinstance(value, bool | np.bool_):
        return "YES" if value else "NO"
    if isinstance(value, float | np.floating):
        return f"{float(value):.15g}"
    text = str(value)
    return f'"{text}"' if not text or any(mark in text for mark in " ;\t") else text


def _sections(network: Network) -> Iterator[tuple[str, Iterable[Cells]]]:
    yield "OPTIONS", _options(network)
    yield from _nodes(network)
    yield from _links(network)
    yield "XSECTIONS", _xsections(network)
    yield "TRANSECTS", _transects(network)
    yield "LOSSES", _losses(network)
    yield "INFLOWS", _inflows(network)
    yield "DWF", _dry_weather(network)
    yield "CURVES", _curves(network)
    yield "TIMESERIES", _series(network)
    yield "PATTERNS", _patterns(network)
    nodes, links = network.nodes, network.links
    yield "REPORT", [("NODES", "ALL"), ("LINKS", "ALL")]
    yield "MAP", [("UNITS", "Meters")]
    yield (
        "COORDINATES",
        [
            (name, float(x), float(y))
            for name, x, y in zip(nodes.name, nodes.x, nodes.y, strict=True)
            if np.isfinite(x + y)
        ],
    )
    yield (
        "VERTICES",
        [
            (name, float(x), float(y))
            for name, points in zip(links.name, links.vertices, strict=True)
            for x, y in points
        ],
    )
    tagged = [("Node", nodes), ("Link", links)]
    yield (
        "TAGS",
        [
            (what, name, tag)
            for what, table in tagged
            for name, tag in zip(table.name, getattr(table, "tag", ()), strict=False)  # type: ignore[attr-defined]
            if tag
        ],
    )


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _options(network: Network) -> Iterator[Cells]:
    options = network.options
    yield "FLOW_UNITS", "CMS"
    yield "FLOW_ROUTING", "DYNWAVE"
    yield "LINK_OFFSETS", "DEPTH"
    yield "ALLOW_PONDING", options.ponding
    yield "START_DATE", options.start.strftime("%m/%d/%Y")
    yield "START_TIME", options.start.strftime("%H:%M:%S")
    yield "REPORT_START_DATE", options.start.strftime("%m/%d/%Y")
    yield "REPORT_START_TIME", options.start.strftime("%H:%M:%S")
    yield "END_DATE", options.end.strftime("%m/%d/%Y")
    yield "END_TIME", options.end.strftime("%H:%M:%S")
    yield "REPORT_STEP", _clock(options.report_step)
    yield "ROUTING_STEP", float(options.routing_step)
    yield "RULE_STEP", _clock(options.rule_step)
    yield "LENGTHENING_STEP", float(options.lengthening_step)
    yield "MIN_SURFAREA", float(options.min_surface_area)
    yield "FORCE_MAIN_EQUATION", options.force_main
    yield "SURCHARGE_METHOD", options.surcharge
    yield "NORMAL_FLOW_LIMITED", options.normal_flow_limited
    yield "INERTIAL_DAMPING", options.inertial_damping


def _nodes(network: Network) -> Iterator[tuple[str, Iterable[Cells]]]:
    nodes = network.nodes

    def depths(row: int) -> Cells:
        return tuple(
            float(column[row])
            for column in (nodes.full_depth, nodes.initial_depth, nodes.surcharge_depth, nodes.ponded_area)
        )

    junctions = np.flatnonzero(nodes.kind == NodeKind.JUNCTION).tolist()
    yield "JUNCTIONS", [(nodes.name[row], nodes.invert[row], *depths(row)) for row in junctions]
    yield "OUTFALLS", [(nodes.name[row], nodes.invert[row], *cells) for row, cells in _outfalls(network)]
    dividers = [(nodes.name[row], nodes.invert[row], *cells, *depths(row)) for row, cells in _dividers(network)]
    yield "DIVIDERS", dividers
    storages = []
    for at, row in enumerate(network.storages.node.tolist()):
        head = (nodes.name[row], nodes.invert[row], nodes.full_depth[row], nodes.initial_depth[row])
        suction, conductivity, deficit = (float(value) for value in network.storages.seepage[at])
        seepage = (suction * 1e3, conductivity * 3.6e6, deficit) if conductivity > 0.0 else ()
        storages.append((*head, *_area(network, at), nodes.surcharge_depth[row], 0.0, *seepage))
    yield "STORAGE", storages


def _outfalls(network: Network) -> Iterator[tuple[int, Cells]]:
    outfalls = network.outfalls
    for at, row in enumerate(outfalls.node.tolist()):
        kind = OutfallKind(int(outfalls.kind[at]))
        gate = bool(outfalls.flap[at])
        if kind == OutfallKind.FIXED:
            yield row, ("FIXED", float(outfalls.level[at]), gate)
        elif kind == OutfallKind.TIDAL:
            yield row, ("TIDAL", network.curves[outfalls.curve[at]].name, gate)
        elif kind == OutfallKind.SERIES:
            yield row, ("TIMESERIES", network.series[outfalls.series[at]].name, gate)
        else:
            yield row, (kind.name, gate)


def _dividers(network: Network) -> Iterator[tuple[int, Cells]]:
    dividers = network.dividers
    for at, row in enumerate(dividers.node.tolist()):
        kind, link = DividerKind(int(dividers.kind[at])), network.links.name[dividers.link[at]]
        if kind == DividerKind.CUTOFF:
            yield row, (link, "CUTOFF", float(dividers.value[at]))
        elif kind == DividerKind.TABULAR:
            yield row, (link, "TABULAR", network.curves[dividers.curve[at]].name)
        else:  # the sizes of a weir divider are not kept, and dynamic routing uses none of them
            yield row, (link, "OVERFLOW")


def _area(network: Network, at: int) -> Cells:
    """The area of a storage in SWMM's words; c0 + c1 d + c2 d2 is a PYRAMIDAL solid, or FUNCTIONAL where c2 is 0."""
    storages = network.storages
    c0, c1, c2 = (float(value) for value in storages.coefficient[at])
    kind = StorageKind(int(storages.kind[at]))
    if kind == StorageKind.TABULAR:
        return "TABULAR", network.curves[storages.curve[at]].name
    if kind == StorageKind.POWER:
        return "FUNCTIONAL", c1, c2, c0
    if c2 == 0.0:
        return "FUNCTIONAL", c1, 1.0, c0
    half = 0.5 * c1 / math.sqrt(c2)  # (L + W) / 2, from c0 = L W, c1 = 2 (L + W) Z, c2 = 4 Z2
    spread = math.sqrt(max(half * half - c0, 0.0))
    return "PYRAMIDAL", half + spread, half - spread, 0.5 * math.sqrt(c2)


def _links(network: Network) -> Iterator[tuple[str, Iterable[Cells]]]:
    nodes, links = network.nodes, network.links

    def head(row: int) -> Cells:
        return links.name[row], nodes.name[links.start[row]], nodes.name[links.end[row]]

    conduits, pumps = network.conduits, network.pumps
    yield (
        "CONDUITS",
        [
            (
                *head(row),
                *(float(values[at]) for values in (conduits.length, conduits.roughness)),
                *(float(values[row]) for values in (links.offset_start, links.offset_end)),
                *(float(values[at]) for values in (conduits.initial_flow, conduits.max_flow)),
            )
            for at, row in enumerate(conduits.link.tolist())
        ],
    )
    yield (
        "PUMPS",
        [
            (
                *head(row),
                "*" if pumps.kind[at] == PumpKind.IDEAL else network.curves[pumps.curve[at]].name,
                "ON" if pumps.initial_on[at] else "OFF",
                *(float(values[at]) for values in (pumps.start_depth, pumps.stop_depth)),
            )
            for at, row in enumerate(pumps.link.tolist())
        ],
    )
    orifices = network.orifices
    yield (
        "ORIFICES",
        [
            (
                *head(row),
                OrificeKind(int(orifices.kind[at])).name,
                float(links.offset_start[row]),
                float(orifices.coefficient[at]),
                bool(links.flap[row]),
                float(orifices.gate_time[at] / 3600.0),
            )
            for at, row in enumerate(orifices.link.tolist())
        ],
    )
    yield "WEIRS", [(*head(row), *_weir(network, at)) for at, row in enumerate(network.weirs.link.tolist())]
    yield "OUTLETS", [(*head(row), *_outlet(network, at)) for at, row in enumerate(network.outlets.link.tolist())]


def _weir(network: Network, at: int) -> Cells:
    weirs, row = network.weirs, network.weirs.link[at]
    kind = WeirKind(int(weirs.kind[at]))
    cells: list[object] = [
        kind.name.replace("V_NOTCH", "V-NOTCH"),
        float(network.links.offset_start[row]),
        float(weirs.coefficient[at]),
        bool(network.links.flap[row]),
        float(weirs.end_contractions[at]),
        float(weirs.end_coefficient[at]),
        bool(weirs.surcharges[at]),
    ]
    if kind == WeirKind.ROADWAY:
        cells += [float(weirs.road_width[at]), ("*", "PAVED", "GRAVEL")[int(weirs.road_paved[at])]]
    if weirs.curve[at] != NONE:
        cells += [] if kind == WeirKind.ROADWAY else ["*", "*"]
        cells.append(network.curves[weirs.curve[at]].name)
    return cells


def _outlet(network: Network, at: int) -> Cells:
    outlets, row = network.outlets, network.outlets.link[at]
    of = "HEAD" if outlets.by_head[at] else "DEPTH"
    crest, gate = float(network.links.offset_start[row]), bool(network.links.flap[row])
    if outlets.curve[at] != NONE:
        return crest, f"TABULAR/{of}", network.curves[outlets.curve[at]].name, gate
    return crest, f"FUNCTIONAL/{of}", float(outlets.coefficient[at]), float(outlets.exponent[at]), gate


def _xsections(network: Network) -> Iterator[Cells]:
    links, sections = network.links, network.sections
    conduit = {row: at for at, row in enumerate(network.conduits.link.tolist())}
    for row in np.flatnonzero(links.section != NONE).tolist():
        at = int(links.section[row])
        shape, size = sections.shape[at], [float(value) for value in sections.size[at]]
        if shape in ("IRREGULAR", "STREET"):
            yield links.name[row], "IRREGULAR", network.transects[sections.transect[at]].name
            continue
        if shape == "FORCE_MAIN" and network.options.force_main == "D-W":
            size[1] *= 1e3
        barrels = int(network.conduits.barrels[conduit[row]]) if row in conduit else 1
        if shape == "CUSTOM":
            yield links.name[row], shape, size[0], network.curves[sections.curve[at]].name, 0, 0, barrels
            continue
        culvert = int(network.conduits.culvert[conduit[row]]) if row in conduit else 0
        yield links.name[row], shape, *size, barrels, *([culvert] if culvert else [])


def _transects(network: Network) -> Iterator[Cells]:
    for one in network.transects:
        yield "NC", one.roughness_left, one.roughness_right, one.roughness_channel
        banks = (float(one.left_bank), float(one.right_bank))
        yield "X1", one.name, one.station.size, *banks, 0, 0, float(one.length_factor), 0, 0
        for level, station in zip(one.level, one.station, strict=True):
            yield "GR", float(level), float(station)


def _losses(network: Network) -> Iterator[Cells]:
    links, conduits = network.links, network.conduits
    for at, row in enumerate(conduits.link.tolist()):
        values = [float(column[at]) for column in (conduits.loss_entry, conduits.loss_exit, conduits.loss_average)] + [
            float(conduits.seepage[at] * 3.6e6)
        ]
        if links.flap[row] or any(values):
            yield links.name[row], *values[:3], bool(links.flap[row]), values[3]


def _inflows(network: Network) -> Iterator[Cells]:
    inflows = network.inflows
    for at, node in enumerate(inflows.node.tolist()):
        series = network.series[inflows.series[at]].name if inflows.series[at] != NONE else ""
        pattern = (network.patterns[inflows.pattern[at]].name,) if inflows.pattern[at] != NONE else ()
        scale, baseline = float(inflows.scale[at]), float(inflows.baseline[at])
        yield network.nodes.name[node], "FLOW", series, "FLOW", 1.0, scale, baseline, *pattern


def _dry_weather(network: Network) -> Iterator[Cells]:
    flows = network.dry_weather
    for at, node in enumerate(flows.node.tolist()):
        patterns = [network.patterns[row].name for row in flows.patterns[at].tolist() if row != NONE]
        yield network.nodes.name[node], "FLOW", float(flows.mean[at]), *patterns


def _curves(network: Network) -> Iterator[Cells]:
    in_hours = hour_curves(network)
    for row, curve in enumerate(network.curves):
        scale = 3600.0 if curve.kind == "TIDAL" or row in in_hours else 1.0
        for at, (x, y) in enumerate(zip(curve.x / scale, curve.y, strict=True)):
            yield curve.name, *((curve.kind,) if at == 0 else ()), float(x), float(y)


def _series(network: Network) -> Iterator[Cells]:
    """Hours from the start, or dates where a series begins before it."""
    start = network.options.start
    for series in network.series:
        dated = bool(series.times.size) and series.times[0] < 0.0
        for seconds, value in zip(series.times.tolist(), series.values.tolist(), strict=True):
            if dated:
                instant = start + timedelta(seconds=round(seconds))
                yield series.name, instant.strftime("%m/%d/%Y"), instant.strftime("%H:%M:%S"), value
            else:
                yield series.name, seconds / 3600.0, value


def _patterns(network: Network) -> Iterator[Cells]:
    for pattern in network.patterns:
        yield pattern.name, pattern.kind.name, *(float(factor) for factor in pattern.factors)
