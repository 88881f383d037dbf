"""Make the storm sewers of the synthetic old town: network.inp, inlets.csv and the design table hydraulics.csv.

Run ``python grids/old_town/network.py [--out DIR]`` with floodsim installed; the result is the same on every machine.
Nothing in it was surveyed: town and sewers do not exist.
"""

from __future__ import annotations

import argparse
import math
from datetime import datetime
from pathlib import Path

import numpy as np
from layout import Town, make_town
from pipe_plan import Manhole, Plan, half_width, make_plan
from pipe_sizes import Section, Sized, catchments, size_pipes
from recipe import ORIGIN, rasters, street_sags

from floodsim.drainage.draft import Draft, LinkRow, NodeRow, SectionRow, freeze
from floodsim.drainage.network import (
    NONE,
    Curve,
    LinkKind,
    Network,
    NodeKind,
    Options,
    OrificeKind,
    OutfallKind,
    PumpKind,
    StorageKind,
    WeirKind,
)
from floodsim.drainage.rules import Action, Operand, Premise, Rule, Watched
from floodsim.drainage.write_inp import write_inp
from floodsim.errors import Faults

TITLE = "SYNTHETIC storm sewers of a synthetic old town, made by grids/old_town/network.py"
PUMPS = (("UP-P1", 1.5, 0.7), ("UP-P2", 1.9, 0.8), ("UP-P3", 2.3, 0.9))
"""Units of the underpass station: name, start and stop depth in the wet well, m."""
PUMP_CURVE = ((1.0, 0.0068), (3.0, 0.0058), (5.0, 0.0044), (7.0, 0.0026), (8.5, 0.0))
"""Head (m) and flow (m3/s) of one unit: about 5 L/s at the 4 m that it has to lift, three units 15 L/s."""
PUMPED = 0.075
"""Flow (m3/s) that the station was meant to give, for which the sewer below it is sized."""
WELL_FLOOR, WELL_AREA = 479.0, 24.0
FEEDERS = ("UP-N", "UP-S")
"""Manholes whose pipes feed the wet well: sharp edges at the inlet, at the outlet the whole velocity head is lost."""
TANK_PLACE = (482.0, 425.0)
"""Below the square north of Renmin Road."""
TANK_AREA, TANK_FLOOR, TANK_DEPTH = 1200.0, 482.50, 2.3
TANK_FROM, TANK_WEIR = "K24", (1.25, 6.0, 0.9)
"""Manhole beside the tank, and its weir: crest above the invert of the main, length, height, m."""
TANK_DRAIN = 0.4
"""Diameter of the orifice that empties the tank, m; its gate opens when the main is low again."""
GATE_DEPTH = 0.7
FEW_INLETS = ("Market Street", 60.0)
"""The sag with too few inlets, and how far around its centre (m)."""
SAG_REACH = 45.0
LOW_STREETS = {"underpass": 5.0, "bay": 3.0}
"""Places with a gully row of their own, and how far aside of the middle it lies, m: clear of walls and kerbs."""
SAG_GULLIES = (("K73-S", "K73", (294.5, 834.5)), ("K73-N", "K73", (296.5, 853.5)))
"""Gully rows at the lowest places of the crossing, which lie away from the kerbs beside its manhole."""
INLET_COLUMNS = "name,node,class,x,y,count,clogging"


def make_network(plan: Plan, pipes: list[Sized]) -> Network:
    """The frozen network of a sized plan."""
    draft = Draft(Faults("network.inp"), _options())
    inverts = _inverts(plan, pipes)
    for name, manhole in plan.manholes.items():
        draft.add_node(_node(manhole, inverts[name]))
    for one in pipes:
        draft.add_link(_conduit(one, inverts))
    _add_station(draft)
    _add_tank(draft, plan, inverts)
    network = freeze(draft)
    draft.faults.raise_if_any()
    return network


def _options() -> Options:
    start, end = datetime(2025, 7, 3, 12), datetime(2025, 7, 3, 17)
    return Options(
        start=start,
        end=end,
        routing_step=1.0,
        min_surface_area=2.0,
        normal_flow_limited="BOTH",  # what EPA SWMM takes where a file is silent
        inertial_damping="PARTIAL",
    )


def _inverts(plan: Plan, pipes: list[Sized]) -> dict[str, float]:
    """Invert of every node: that of its lowest pipe."""
    inverts = dict.fromkeys(plan.manholes, math.inf)
    for one in pipes:
        for name, level in ((one.pipe.start, one.invert_start), (one.pipe.end, one.invert_end)):
            inverts[name] = min(inverts[name], level)
    return inverts | {"UP-WELL": WELL_FLOOR}


def _node(manhole: Manhole, invert: float) -> NodeRow:
    row = NodeRow(manhole.name, manhole.name, invert=invert, full_depth=round(round(manhole.ground, 3) - invert, 3))
    row.x, row.y = round(ORIGIN[0] + manhole.x, 2), round(ORIGIN[1] + manhole.y, 2)
    if manhole.street == "outfall":
        flap = manhole.name != "OUT-W"
        row.kind, row.full_depth = NodeKind.OUTFALL, 0.0
        row.detail = {"kind": OutfallKind.FREE, "level": 0.0, "curve": NONE, "series": NONE, "flap": flap}
    if manhole.name == "UP-WELL":
        row.kind, row.detail = NodeKind.STORAGE, _constant_area(WELL_AREA)
        row.initial_depth = PUMPS[0][2]
    return row


def _constant_area(area: float) -> dict[str, object]:
    return {"kind": StorageKind.POWER, "coefficient": (area, 0.0, 0.0), "curve": NONE, "seepage": (0.0, 0.0, 0.0)}


def _section(section: Section) -> SectionRow:
    if section.width:
        return SectionRow("RECT_CLOSED", (section.height, section.width, 0.0, 0.0))
    return SectionRow("CIRCULAR", (section.height, 0.0, 0.0, 0.0))


def _conduit(one: Sized, inverts: dict[str, float]) -> LinkRow:
    start, end = one.pipe.start, one.pipe.end
    name = f"P-{start}"
    row = LinkRow(name, name, LinkKind.CONDUIT, start, end)
    row.offset_start = round(one.invert_start - inverts[start], 3)
    row.offset_end = round(one.invert_end - inverts[end], 3)
    row.section = _section(one.section)
    zeros = ("loss_entry", "loss_exit", "loss_average", "initial_flow", "max_flow", "seepage")
    row.detail = dict.fromkeys(zeros, 0.0)
    if start in FEEDERS:
        row.detail |= {"loss_entry": 0.5, "loss_exit": 1.0}
    row.detail |= {"length": one.pipe.length, "roughness": 0.013, "barrels": 1, "culvert": 0}
    return row


def _add_station(draft: Draft) -> None:
    """The pumps at the underpass: they lift to the street south of it."""
    heads, flows = (np.array(column) for column in zip(*PUMP_CURVE, strict=True))
    draft.curves.append(Curve("UP-PUMP", "PUMP3", heads, flows))
    for name, start, stop in PUMPS:
        row = LinkRow(name, name, LinkKind.PUMP, "UP-WELL", "K44")
        row.detail = {"kind": PumpKind.HEAD, "curve": len(draft.curves) - 1, "initial_on": False}
        row.detail |= {"start_depth": start, "stop_depth": stop}
        draft.add_link(row)


def _add_tank(draft: Draft, plan: Plan, inverts: dict[str, float]) -> None:
    """The tank beside the box culvert: water comes over a weir and leaves by a gated orifice to the next manhole."""
    below = next(pipe.end for pipe in plan.pipes if pipe.start == TANK_FROM)
    x, y = ORIGIN[0] + TANK_PLACE[0], ORIGIN[1] + TANK_PLACE[1]
    tank = NodeRow("TANK", "TANK", NodeKind.STORAGE, TANK_FLOOR, TANK_DEPTH, x=x, y=y)
    tank.detail = _constant_area(TANK_AREA)
    draft.add_node(tank)
    crest, length, height = TANK_WEIR
    weir = LinkRow("TANK-WEIR", "TANK-WEIR", LinkKind.WEIR, TANK_FROM, "TANK", offset_start=crest)
    weir.section = SectionRow("RECT_OPEN", (height, length, 0.0, 0.0))
    weir.detail = {"kind": WeirKind.TRANSVERSE, "coefficient": 1.8, "end_coefficient": 0.0, "end_contractions": 0.0}
    weir.detail |= {"surcharges": True, "curve": NONE, "road_width": 0.0, "road_paved": 0}
    drain = LinkRow("TANK-DRAIN", "TANK-DRAIN", LinkKind.ORIFICE, "TANK", below, flap=True)
    drain.section = SectionRow("CIRCULAR", (TANK_DRAIN, 0.0, 0.0, 0.0))
    drain.detail = {"kind": OrificeKind.SIDE, "coefficient": 0.65, "gate_time": 120.0}
    draft.add_link(weir)
    draft.add_link(drain)
    rows = {name: row for row, name in enumerate(draft.nodes)}
    gate = list(draft.links).index("TANK-DRAIN")
    level = Operand(Watched.NODE_DEPTH, rows[below.upper()])
    low = Premise("IF", level, "<", Operand(Watched.CONSTANT, value=GATE_DEPTH))
    draft.rules.append(Rule("TANK-GATE", (low,), (Action(gate, 1.0),), (Action(gate, 0.0),), 1.0))


def make_inlets(plan: Plan, town: Town, level: np.ndarray, cover: np.ndarray) -> list[str]:
    """Rows of inlets.csv: street inlets at the lowest kerb near each manhole, on both sides."""
    sags = {sag.name: sag.centre for sag in street_sags(town)}
    few, reach = FEW_INLETS
    scarce = [m for m in plan.manholes.values() if _distance(m, sags[few]) < reach]
    only = min(scarce, key=lambda m: (round(_distance(m, sags[few]), 2), m.name))
    rows = []
    for manhole in plan.manholes.values():
        if manhole.street == "outfall" or manhole.name == "UP-WELL" or (manhole in scarce and manhole is not only):
            continue
        in_sag = any(_distance(manhole, centre) < SAG_REACH for name, centre in sags.items() if name != few)
        double = in_sag or manhole.street in ("main", *LOW_STREETS)
        count = 4 if manhole.street in LOW_STREETS else 2 if in_sag else 1
        for side, sign in (("L", 1.0), ("R", -1.0)):
            place = _kerb(manhole, sign, level, cover)
            if place is None or (manhole is only and side == "R"):
                continue
            x, y = ORIGIN[0] + place[0], ORIGIN[1] + place[1]
            clogged = "0.5" if manhole is only else ""
            kind = "double" if double else "single"
            rows.append(f"{manhole.name}-{side},{manhole.name},{kind},{x:.2f},{y:.2f},{count},{clogged}")
    for name, node, (x, y) in SAG_GULLIES:
        rows.append(f"{name},{node},double,{ORIGIN[0] + x:.2f},{ORIGIN[1] + y:.2f},8,")
    return rows


def _distance(manhole: Manhole, place: tuple[float, float]) -> float:
    return math.hypot(manhole.x - place[0], manhole.y - place[1])


def _kerb(manhole: Manhole, sign: float, level: np.ndarray, cover: np.ndarray) -> tuple[float, float] | None:
    """Lowest place of the gutter near a manhole, on one side of its street; away from the middle of a crossing."""
    tx, ty = manhole.direction
    if manhole.street == "lane":
        return (manhole.x - sign * 2.0 * ty, manhole.y + sign * 2.0 * tx)
    aside = LOW_STREETS.get(manhole.street, half_width(manhole.street) - 0.7)
    along = range(15, 24) if manhole.crossing else range(15)
    best: tuple[float, float, float] | None = None
    for s in (step for k in along for step in ((k, -k) if k else (0,))):
        x, y = manhole.x + s * tx - sign * aside * ty, manhole.y + s * ty + sign * aside * tx
        if not (1.0 < x < level.shape[1] - 1.0 and 1.0 < y < level.shape[0] - 1.0) or cover[int(y), int(x)] != 1:
            continue
        if best is None or level[int(y), int(x)] < best[0]:
            best = (float(level[int(y), int(x)]), x, y)
    return None if best is None else best[1:]


def design_table(pipes: list[Sized]) -> list[str]:
    """Rows of hydraulics.csv 水力计算表, one per pipe."""
    head = "pipe,from,to,length_m,needed_height_m,needed_width_m,height_m,width_m,slope,catchment_ha,runoff_ha,time_min"
    rows = [f"{head},intensity_L_s_ha,design_flow_m3s,capacity_m3s,velocity_m_s"]
    for one in pipes:
        section, capacity = one.section, one.section.capacity(one.slope)
        sizes = (one.needed.height, one.needed.width, section.height, section.width)
        rows.append(
            f"P-{one.pipe.start},{one.pipe.start},{one.pipe.end},{one.pipe.length:.2f},"
            + ",".join(f"{size:g}" for size in sizes)
            + f",{one.slope:.5f},{one.catchment:.4f},{one.runoff:.4f},{one.minutes:.2f},{one.intensity * 1e7:.1f}"
            + f",{one.flow:.4f},{capacity:.4f},{capacity / section.area:.2f}"
        )
    return rows


def make_all(folder: Path) -> None:
    """Write network.inp, inlets.csv and hydraulics.csv into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    town = make_town()
    level, cover = rasters(town, 1.0)
    plan = make_plan(town, level)
    pipes = size_pipes(plan, catchments(plan, town, cover), PUMPED)
    write_inp(make_network(plan, pipes), folder / "network.inp", TITLE)
    for name, rows in (
        ("inlets.csv", [INLET_COLUMNS, *make_inlets(plan, town, level, cover)]),
        ("hydraulics.csv", design_table(pipes)),
    ):
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Read the options and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    make_all(parser.parse_args().out)


if __name__ == "__main__":
    main()
