"""Measures in a case: what each kind needs, names and sets that go together, and a resolved case that runs again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.case.load import parse_case
from floodsim.case.plan import apply_measures, with_required
from floodsim.errors import CaseError
from floodsim.simulate.check_measures import check_candidates
from tests.measures.town import make_case, street

WALL = {"kind": "wall", "coordinates": [[11, 21], [69, 21]], "by": 0.3}
PIPE = {"kind": "pipe", "conduits": ["C1"], "diameter": 0.5}


def said(error: pytest.ExceptionInfo[CaseError]) -> list[str]:
    return [f"{fault.key}: {fault.message}" for fault in error.value.faults]


def test_every_fault_of_every_measure_comes_at_once(tmp_path: Path) -> None:
    measures: list[dict[str, Any]] = [
        {"name": "a", **PIPE, "by": 1.0},
        {"name": "b", "kind": "pipe", "conduits": ["C1"]},
        {"name": "c", "kind": "tank", "node": "A", "volume": 10},
        {"name": "d", **WALL, "requires": ["e", "d"]},
        {"name": "d", "kind": "inlets", "inlet_class": "grat", "nodes": ["A"], "places": [[1, 1]]},
        {"name": "f", "kind": "permeable", "coordinates": [[0, 0], [1, 1]], "soil": "clay"},
        {"name": "g", "kind": "pump", "station": "PX", "flow": 1.0},
        {"name": "h", "kind": "wall", "coordinates": [[0, 0], [1, 1]]},
    ]
    with pytest.raises(CaseError) as found:
        make_case(tmp_path, measures, ["a", "zz"])
    assert set(said(found)) == {
        'measures[0].by: has no effect for kind "pipe"',
        'measures[1].diameter: kind "pipe" needs diameter',
        'measures[2].depth: kind "tank" needs depth',
        'measures[2].drain_flow: kind "tank" needs drain_flow',
        "measures[3].requires: names a measure that does not exist",
        "measures[3].requires: names the measure itself",
        "measures[4].name: name stands twice, first in measures[3]",
        "measures[4].places: gives nodes and places at once",
        "measures[4].inlet_class: names a inlet class that does not exist",
        "measures[5].coordinates: too few points for a polygon",
        "measures[5]: the case has no losses that could change",
        "measures[6].station: names a pump station that does not exist",
        'measures[7].by: kind "wall" needs by',
        "plan.applied: names a measure that does not exist",
    }


def test_a_measure_has_a_cost_and_a_phase(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as found:
        parse_case({"name": "x", "clock": {"duration": 60}, "measures": [{"name": "w", **WALL, "phase": "soon"}]})
    assert set(said(found)) == {
        "measures[0].cost: required key is missing",
        "measures[0].phase: not one of the choices",
    }


def test_network_measures_need_a_network(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="changes a network, and the case has none"):
        parse_case({"name": "x", "clock": {"duration": 60}, "measures": [{"name": "p", "cost": 1, **PIPE}]})


def test_sets_and_names_are_applied_in_the_order_of_the_case(tmp_path: Path) -> None:
    measures = [{"name": "w", **WALL}, {"name": "p", **PIPE, "excludes": ["q"]}, {"name": "q", **PIPE}]
    sets = [{"name": "all of it", "measures": ["p", "w"]}]
    case = make_case(tmp_path, measures, [], plan={"sets": sets})
    assert apply_measures(case, ["all of it"]).plan.applied == ["w", "p"]
    assert apply_measures(apply_measures(case, ["w"]), []).plan.applied == []
    assert case.plan.applied == []
    with pytest.raises(CaseError, match="p excludes q"):
        apply_measures(case, ["p", "q"])
    with pytest.raises(CaseError, match="did you mean all of it"):
        apply_measures(case, ["all of"])


def test_required_measures_have_to_be_there(tmp_path: Path) -> None:
    measures = [
        {"name": "w", **WALL, "requires": ["p"]},
        {"name": "p", **PIPE, "requires": ["v"]},
        {"name": "v", **WALL},
    ]
    case = make_case(tmp_path, measures, [])
    with pytest.raises(CaseError, match="w requires p"):
        apply_measures(case, ["w"])
    assert with_required(case, ["w"]) == ["w", "p", "v"]
    with pytest.raises(CaseError, match="w requires p"):
        make_case(tmp_path, measures, [], plan={"sets": [{"name": "s", "measures": ["w"]}]})


def test_the_resolved_case_names_what_was_built_and_runs_again(tmp_path: Path) -> None:
    case = make_case(tmp_path, [{"name": "w", **WALL}], [], clock={"duration": "1 min"})
    applied = apply_measures(case, ["w"])
    results = floodsim.run(applied, tmp_path / "out", grid=street())
    stored = json.loads((tmp_path / "out" / "case.json").read_text())
    assert stored["plan"]["applied"] == ["w"]
    stored.pop("provenance")
    assert parse_case(stored, tmp_path) == applied
    assert results.grid.array("bed").max() == pytest.approx(10.3, abs=1e-4)


def test_candidates_are_tried_before_any_run(tmp_path: Path) -> None:
    measures = [{"name": "p", "kind": "pipe", "conduits": ["C9"], "diameter": 1.0}, {"name": "q", **PIPE}]
    with pytest.raises(CaseError) as found:
        check_candidates(make_case(tmp_path, measures, []), street())
    assert said(found) == ["measures[0] (p).conduits: names the conduit C9, which the network does not have"]
