"""Measures on a network: every kind against sizes, levels and volumes worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.drainage.alter import Work
from floodsim.drainage.measures import network_of
from floodsim.drainage.network import LinkKind, NodeKind, PumpKind
from floodsim.errors import CaseError
from floodsim.simulate.drainage import make_drainage
from tests.measures.town import make_case, street


def altered(folder: Path, *measures: dict[str, Any]) -> Work:
    """The network after measures, proved whole by the engine's own check."""
    case = make_case(folder, list(measures))
    assert make_drainage(case, street()) is not None
    return network_of(case)


def link(work: Work, name: str) -> dict[str, float]:
    """Inverts at both ends and size of a link, m."""
    links, nodes = work.network.links, work.network.nodes
    row = links.name.index(name)
    section = int(links.section[row])
    return {
        "row": row,
        "start": float(nodes.invert[links.start[row]] + links.offset_start[row]),
        "end": float(nodes.invert[links.end[row]] + links.offset_end[row]),
        "height": float(work.network.sections.size[section, 0]),
        "width": float(work.network.sections.size[section, 1]),
    }


def node(work: Work, name: str) -> tuple[float, float]:
    """Invert and rim of a node, m."""
    row = work.network.nodes.name.index(name)
    return float(work.network.nodes.invert[row]), work.rim(row)


def test_larger_pipes_keep_their_crowns_and_lower_the_manholes_they_alone_leave(tmp_path: Path) -> None:
    """C1 and C2 go from 0.3 to 0.5 m: 0.2 m deeper, and so are A and B; at C the old drop of 0.3 m takes it up."""
    work = altered(tmp_path, {"name": "M", "kind": "pipe", "conduits": ["C1", "c2"], "diameter": 0.5})
    first, second = link(work, "C1"), link(work, "C2")
    assert (first["start"], first["end"]) == pytest.approx((6.8, 6.7))
    assert (second["start"], second["end"]) == pytest.approx((6.7, 6.6))
    assert first["height"] == second["height"] == 0.5
    assert node(work, "A") == pytest.approx((6.8, 10.0))
    assert node(work, "B") == pytest.approx((6.7, 10.0))
    assert node(work, "C") == pytest.approx((6.5, 10.0))
    assert link(work, "C3")["start"] == pytest.approx(6.5)


def test_a_larger_pipe_alone_rests_on_the_manhole_that_others_leave(tmp_path: Path) -> None:
    """C1 alone goes to a box of 0.5 m: A may be lowered by 0.2 m, but B, which C2 leaves, stays at 6.9 m."""
    work = altered(tmp_path, {"name": "M", "kind": "pipe", "conduits": ["C1"], "height": 0.5, "width": 0.8})
    first = link(work, "C1")
    assert (first["start"], first["end"], first["width"]) == pytest.approx((6.8, 6.9, 0.8))
    assert node(work, "B")[0] == 6.9
    row = work.network.links.section[int(first["row"])]
    assert work.network.sections.shape[row] == "RECT_CLOSED"


def test_sizes_up_and_kept_inverts(tmp_path: Path) -> None:
    """0.3 m and two sizes up is 0.5 m; three conduits of one measure each count from their own size."""
    many = {"name": "M", "kind": "pipe", "conduits": ["C1", "C3"], "sizes_up": 2, "keep": "invert"}
    work = altered(tmp_path, many)
    assert link(work, "C1")["height"] == 0.5
    assert link(work, "C3")["height"] == 1.0
    assert link(work, "C1")["start"] == 7.0
    assert node(work, "A")[0] == 7.0


def test_faults_of_larger_pipes_come_together(tmp_path: Path) -> None:
    measures = [
        {"name": "none", "kind": "pipe", "conduits": ["C9", "P1"], "diameter": 1.0},
        {"name": "small", "kind": "pipe", "conduits": ["C3"], "diameter": 0.5},
        {"name": "high", "kind": "pipe", "conduits": ["C4"], "diameter": 2.5, "keep": "invert"},
    ]
    with pytest.raises(CaseError) as found:
        network_of(make_case(tmp_path, measures))
    text = str(found.value)
    assert "names the conduit C9" in text and "names the conduit P1" in text
    assert "is not larger than C3" in text and "more than 0.283 m2" in text  # pi 0.6^2 / 4
    assert "1.50 m above the rim of S" in text
    assert "measures[0] (none).conduits" in text


def test_a_new_pipe_joins_inverts_and_knows_its_length(tmp_path: Path) -> None:
    work = altered(tmp_path, {"name": "M", "kind": "new_pipe", "start": "A", "end": "C", "diameter": 0.4})
    made = link(work, "M1-PIPE")
    assert (made["start"], made["end"], made["height"]) == (7.0, 6.5, 0.4)
    at = list(work.network.conduits.link).index(made["row"])
    assert work.network.conduits.length[at] == 60.0  # from x = 11 to x = 71
    assert work.network.conduits.roughness[at] == 0.013
    with pytest.raises(CaseError, match="the pipe would rise"):
        altered(tmp_path, {"name": "M", "kind": "new_pipe", "start": "C", "end": "A", "diameter": 0.4})


def test_a_new_pipe_may_end_in_an_outfall_of_its_own(tmp_path: Path) -> None:
    new = {"name": "M", "kind": "new_pipe", "start": "A", "outfall": [11.0, 50.0], "invert_end": 6.4, "diameter": 0.4}
    work = altered(tmp_path, new)
    made, nodes = link(work, "M1-PIPE"), work.network.nodes
    row = int(work.network.links.end[int(made["row"])])
    assert nodes.kind[row] == NodeKind.OUTFALL
    assert (made["end"], float(nodes.full_depth[row])) == pytest.approx((6.4, 0.4))
    assert bool(work.network.outfalls.flap[list(work.network.outfalls.node).index(row)])


def test_pump_units_join_their_station_with_its_levels(tmp_path: Path) -> None:
    work = altered(tmp_path, {"name": "M", "kind": "pump", "station": "PS", "units": 2, "flow": "50 L/s"})
    pumps, names = work.network.pumps, work.network.links.name
    assert [names[row] for row in pumps.link] == ["P1", "M1-P1", "M1-P2"]
    assert (pumps.start_depth == 1.0).all() and (pumps.stop_depth == 0.4).all()
    assert list(pumps.kind[1:]) == [PumpKind.DEPTH, PumpKind.DEPTH]
    curve = work.network.curves[int(pumps.curve[1])]
    assert set(curve.y) == {0.05}
    units = work.section.stations[0].units
    assert [unit.pump for unit in units] == ["P1", "M1-P1", "M1-P2"]
    assert units[2].efficiency == 0.8


def test_more_pump_units_lift_more_water(tmp_path: Path) -> None:
    """0.1 m3/s by the old unit, 0.05 by each of two new ones: 600 s from a well kept full by its inflow."""
    more = {"name": "M", "kind": "pump", "station": "PS", "units": 2, "flow": "50 L/s"}
    volumes = []
    for applied in ([], ["M"]):
        case = make_case(tmp_path, [more], applied)
        assert case.drainage is not None
        text = case.drainage.network.read_text() + '[INFLOWS]\nW FLOW "" FLOW 1 1 0.3\n'
        case.drainage.network.write_text(text)
        summary = floodsim.run(case, grid=street()).summary
        volumes.append(summary["drainage"]["stations"][0]["volume_m3"])
    filling = 30.0 * 0.5 / 0.3  # s until the first start
    assert volumes[0] == pytest.approx(0.1 * (600.0 - filling), rel=0.02)
    assert volumes[1] == pytest.approx(0.2 * (600.0 - filling), rel=0.02)


def test_a_new_station_gets_its_own_name(tmp_path: Path) -> None:
    new = {"name": "lift", "kind": "pump", "start": "C", "end": "O", "flow": "20 L/s", "start_level": 7.5}
    work = altered(tmp_path, new)
    assert [station.name for station in work.section.stations] == ["PS", "lift"]
    row = work.network.links.name.index("M1-P1")
    at = list(work.network.pumps.link).index(row)
    assert (work.network.pumps.start_depth[at], work.network.pumps.stop_depth[at]) == pytest.approx((1.0, 0.3))
    with pytest.raises(CaseError, match="the pumps would start too late"):
        altered(tmp_path, {**new, "start_level": 10.5})
    with pytest.raises(CaseError, match="the levels do not fit the well"):
        altered(tmp_path, {**new, "stop_level": 7.6})


def test_a_tank_holds_its_volume_below_the_crest(tmp_path: Path) -> None:
    new = {"name": "M", "kind": "tank", "node": "B", "volume": 90.0, "depth": 1.5, "crest": 8.4, "drain_flow": "5 L/s"}
    work = altered(tmp_path, new)
    storages, nodes = work.network.storages, work.network.nodes
    row = nodes.name.index("M1-TANK")
    assert (float(nodes.invert[row]), work.rim(row)) == pytest.approx((6.9, 10.0))
    area = storages.coefficient[list(storages.node).index(row), 0]
    assert area * 1.5 == pytest.approx(90.0)
    assert link(work, "M1-WEIR")["start"] == pytest.approx(8.4)
    rule = work.network.rules[-1]
    assert rule.premises[0].right.value == pytest.approx(1.55)  # half of B's depth of 3.1 m
    kinds = [work.network.links.kind[work.network.links.name.index(name)] for name in ("M1-WEIR", "M1-DRAIN")]
    assert kinds == [LinkKind.WEIR, LinkKind.PUMP]


def test_a_tank_that_drains_by_gravity_lies_above_what_it_drains_to(tmp_path: Path) -> None:
    deep = {"name": "M", "kind": "tank", "node": "A", "volume": 90.0, "depth": 3.0, "drain_diameter": 0.2}
    with pytest.raises(CaseError, match="cannot empty by gravity"):
        altered(tmp_path, deep)
    work = altered(tmp_path, {**deep, "depth": 1.0, "crest": 8.5, "drain_to": "B"})
    drain = work.network.links.name.index("M1-DRAIN")
    assert bool(work.network.links.flap[drain])
    assert work.network.nodes.name[work.network.links.end[drain]] == "B"
    with pytest.raises(CaseError, match="the weir lies outside its node"):
        altered(tmp_path, {**deep, "crest": 10.0})


def test_a_tank_fills_over_its_weir_and_empties_again(tmp_path: Path) -> None:
    """0.08 m3/s for 200 s into B, whose pipe is stopped by a full outfall: what rises over the crest is kept."""
    new = {"name": "M", "kind": "tank", "node": "B", "volume": 60.0, "depth": 2.0, "crest": 7.6, "drain_flow": "20 L/s"}
    case = make_case(tmp_path, [new], clock={"duration": "20 min"})
    assert case.drainage is not None
    pulse = "[TIMESERIES]\nT 0:00 0.2\nT 0:05 0.2\nT 0:05:01 0\nT 1:00 0\n[INFLOWS]\nB FLOW T FLOW 1 1\n"
    case.drainage.network.write_text(case.drainage.network.read_text() + pulse)
    results = floodsim.run(case, grid=street())
    assert results.network is not None
    depth = results.network.node_depth.sel(node="M1-TANK").values
    assert depth.max() > 0.5
    assert depth[-1] < depth.max() - 0.3  # 20 L/s for some 10 min off 30 m2 is 0.4 m
    assert max(abs(error) for error in results.summary["mass"]["errors"].values()) < 1e-12


def test_inlets_along_a_street_find_their_manholes(tmp_path: Path) -> None:
    """80 m with one every 20 m: at 10, 30, 50 and 70 m, nearest to A (11), B (41), B and C (71)."""
    along = {"name": "M", "kind": "inlets", "inlet_class": "grate", "coordinates": [[0, 21], [80, 21]], "count": 3}
    work = altered(tmp_path, {**along, "reach": "25 m"})
    assert [(row.node, row.x, row.y, row.count) for row in work.rows] == [
        ("A", 10.0, 21.0, 3), ("B", 30.0, 21.0, 3), ("B", 50.0, 21.0, 3), ("C", 70.0, 21.0, 3),
    ]  # fmt: skip
    drainage = make_drainage(make_case(tmp_path, [{**along, "reach": "25 m"}]), street())
    assert drainage is not None
    inlets = drainage.exchange.inlets
    mine = [k for k, name in enumerate(inlets.names) if name.startswith("M1-")]
    assert len(mine) == 4
    cells = inlets.rows[mine, 0]
    assert inlets.cell_x[cells] == pytest.approx([11.0, 31.0, 51.0, 71.0])  # centres of cells of 2 m
    with pytest.raises(CaseError, match="the nearest is 1[01] m away"):
        altered(tmp_path, {**along, "reach": "5 m"})


def test_inlets_at_nodes_take_more_water(tmp_path: Path) -> None:
    """0.1 m on the street: three grates take over twice what one takes; the water of their cell sinks meanwhile."""
    taken = []
    for count in (1, 3):
        more = {"name": "M", "kind": "inlets", "inlet_class": "grate", "nodes": ["B"], "count": count}
        case = make_case(tmp_path, [more], initial={"depth": 0.1}, clock={"duration": "10 s"})
        assert case.drainage is not None
        section = case.drainage.model_copy(update={"manholes": "none"})
        results = floodsim.run(case.model_copy(update={"drainage": section}), grid=street())
        taken.append(results.summary["drainage"]["volumes_m3"]["from_street"])
    assert 2.0 * taken[0] < taken[1] < 3.0 * taken[0]


def test_flap_gates(tmp_path: Path) -> None:
    work = altered(tmp_path, {"name": "M", "kind": "flap", "outfalls": ["O"]})
    outfalls, names = work.network.outfalls, work.network.nodes.name
    assert {names[row]: bool(flap) for row, flap in zip(outfalls.node, outfalls.flap, strict=True)} == {
        "O": True, "R": False,
    }  # fmt: skip
    with pytest.raises(CaseError, match="B is no outfall"):
        altered(tmp_path, {"name": "M", "kind": "flap", "outfalls": ["B"]})


def test_rules_are_added_or_take_the_place_of_their_name(tmp_path: Path) -> None:
    text = "RULE OLD\nIF NODE W DEPTH > 2\nTHEN PUMP P1 STATUS = ON\nPRIORITY 3"
    work = altered(tmp_path, {"name": "M", "kind": "rule", "text": text})
    assert [(rule.name, rule.premises[0].right.value, rule.priority) for rule in work.network.rules] == [("OLD", 2, 3)]
    work = altered(tmp_path, {"name": "M", "kind": "rule", "text": "IF NODE B DEPTH > 1\nTHEN PUMP P1 STATUS = OFF"})
    assert [rule.name for rule in work.network.rules] == ["OLD", "M1"]
    with pytest.raises(CaseError, match="names the node X, which does not exist"):
        altered(tmp_path, {"name": "M", "kind": "rule", "text": "IF NODE X DEPTH > 1\nTHEN PUMP P1 STATUS = OFF"})
    with pytest.raises(CaseError, match="holds no rule"):
        altered(tmp_path, {"name": "M", "kind": "rule", "text": "\n"})


def test_the_present_network_is_as_it_was_read(tmp_path: Path) -> None:
    everything = [
        {"name": "p", "kind": "pipe", "conduits": ["C1"], "diameter": 0.5},
        {"name": "n", "kind": "new_pipe", "start": "A", "end": "C", "diameter": 0.4},
    ]
    before = network_of(make_case(tmp_path, everything, [])).network
    after = network_of(make_case(tmp_path, everything)).network
    again = network_of(make_case(tmp_path, everything, [])).network
    assert np.array_equal(before.sections.size, again.sections.size)
    assert len(after.links.name) == len(before.links.name) + 1
    assert math.isclose(float(before.nodes.invert[0]), 7.0)
