"""Verdicts on result folders whose answer is worked out by hand.

One row of cells, 10 m wide; every waterlogging point is one cell, with two dry cells between. It rains for an hour.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.assess.verdict import beside, judge
from floodsim.errors import CaseError
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results, open_results
from tests.output.fake import case
from tests.output.results import write_results

HOUR = 3600.0
RAIN_END = HOUR
CELLS = 12


def street(buildings: tuple[int, ...] = ()) -> Grid:
    building = np.zeros((1, CELLS), np.uint8)
    building[0, list(buildings)] = 1
    return make_grid(np.zeros((1, CELLS)), 10.0, building=building)


def point(name: str, column: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "x": 10.0 * column + 5.0, "y": 5.0, "radius": 1.0, **more}


def judged(
    path: Path,
    points: list[dict[str, Any]],
    depths: list[tuple[float, dict[int, float]]],
    *,
    grid: Grid | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Judge a run with depths by column at times (h); the last time ends the run."""
    status, limit = more.pop("status", "complete"), more.pop("limit", None)
    steps = []
    for time, by_column in depths:
        row = np.zeros((1, CELLS))
        for column, depth in by_column.items():
            row[0, column] = depth
        steps.append((time * HOUR, {"depth": row}))
    output = {"series_interval": 360.0, "interval": HOUR, **more.pop("output", {})}
    little = case(clock={"duration": depths[-1][0] * HOUR}, output=output, waterlogging_points=points, **more)
    write_results(path / "r", little, grid or street(), steps, RAIN_END, status)
    verdict = judge(path / "r", limit)
    assert json.loads((path / "r" / "verdict.json").read_text(encoding="utf-8")) == json.loads(json.dumps(verdict))
    return verdict


def test_dry_and_shallow_points_pass(tmp_path: Path) -> None:
    points = [point("dry", 0), point("shallow", 3)]
    verdict = judged(tmp_path, points, [(0.5, {3: 0.15}), (1.5, {3: 0.1}), (2.0, {})])
    dry, shallow = verdict["points"]
    assert dry["passed"] and shallow["passed"] and not shallow["reasons"]
    assert dry["max_depth_m"] == 0.0 and dry["time_of_max_depth_s"] is None and dry["drain_time_s"] is None
    assert shallow["max_depth_m"] == pytest.approx(0.15) and shallow["time_of_max_depth_s"] == 0.5 * HOUR
    assert shallow["area_above_limit_m2"] == 0.0 and shallow["max_volume_m3"] == pytest.approx(15.0)
    assert [(c["rule"], c["clause"], c["passed"]) for c in shallow["clauses"]] == [
        ("lane_depth", "4.1.4", True), ("ground_floor", "4.1.4", True), ("recession", "4.1.5", True),
    ]  # fmt: skip
    assert verdict["eliminated"] == {"n": 2, "of": 2} and verdict["judged"]
    assert verdict["target"] == "2 of 2 historical waterlogging points eliminated"


def test_deep_lane_fails_although_it_drains(tmp_path: Path) -> None:
    verdict = judged(tmp_path, [point("deep", 3)], [(0.5, {3: 0.1}), (1.0, {3: 0.4}), (2.0, {3: 0.3}), (3.0, {3: 0.1})])
    (deep,) = verdict["points"]
    assert not deep["passed"] and not deep["undetermined"]
    assert deep["max_depth_m"] == pytest.approx(0.4) and deep["area_above_limit_m2"] == 100.0
    assert deep["duration_above_limit_s"] == 1.5 * HOUR  # 0.5 h to 1 h, and 1 h to 2 h
    assert deep["drain_time_s"] == 1.0 * HOUR and not deep["still_flooded"]
    (reason,) = deep["reasons"]
    assert "0.400 m" in reason["en"] and "0.150 m" in reason["en"] and "clause 4.1.4" in reason["en"]
    assert "0.400 m" in reason["zh"] and "第4.1.4条" in reason["zh"]
    assert verdict["eliminated"] == {"n": 0, "of": 1}


def test_the_lane_decides_where_there_is_one(tmp_path: Path) -> None:
    """Kerb 0.3 m, crown 0.1 m: the lane at the crown passes; recession is judged on the whole area."""
    whole = [[0, 0], [20, 0], [20, 10], [0, 10]]
    lane = {"name": "lane", "polygon": whole, "lane": [[10, 0], [20, 0], [20, 10], [10, 10]]}
    points = [lane, {"name": "whole", "polygon": whole}]
    verdict = judged(tmp_path, points, [(0.5, {0: 0.3, 1: 0.1}), (2.0, {0: 0.2}), (3.0, {})])
    assert [p["passed"] for p in verdict["points"]] == [True, False]
    first = verdict["points"][0]
    assert first["max_lane_depth_m"] == pytest.approx(0.1) and first["max_depth_m"] == pytest.approx(0.3)
    assert first["area_m2"] == 200.0 and first["drain_time_s"] == HOUR


@pytest.mark.parametrize(
    ("kind", "hours", "limit", "passed"),
    [
        ("central", 3.0, None, True), ("central", 3.2, None, False), ("central", 1.2, "lower", False),
        ("non_central", 4.0, None, True), ("important", 2.2, None, False), ("important", 2.0, None, True),
        ("hub", 0.5, None, True), ("hub", 0.6, None, False), ("central", 1.0, "lower", True),
    ],
)  # fmt: skip
def test_recession_by_kind_of_area(tmp_path: Path, kind: str, hours: float, limit: Any, passed: bool) -> None:
    """The kerb holds 0.2 m until the given time after the rain; the lane stays dry, so only recession can fail."""
    polygon, lane = [[0, 0], [20, 0], [20, 10], [0, 10]], [[10, 0], [20, 0], [20, 10], [10, 10]]
    points = [{"name": "p", "polygon": polygon, "lane": lane, "area_kind": kind}]
    verdict = judged(tmp_path, points, [(0.5, {0: 0.2}), (1.0 + hours, {0: 0.2}), (8.0, {})], limit=limit)
    (found,) = verdict["points"]
    assert found["passed"] is passed and found["drain_time_s"] == pytest.approx(hours * HOUR, abs=0.01)
    assert verdict["recession_limit_used"] == (limit or "upper")
    if not passed:
        assert f"{hours:.2f} h after the end of rain" in found["reasons"][0]["en"]
    lower = {"central": 1.0, "non_central": 1.5, "important": 0.5, "hub": 0.5}[kind]
    assert found["within_lower_limit"] is (passed and hours <= lower)


def test_ground_floors_beside_buildings(tmp_path: Path) -> None:
    """Cell 4 is a roof: 0.12 m at its wall is above a sill of 0.1 m, 0.12 m a cell further away is not asked."""
    grid = street(buildings=(4,))
    polygon = [[20, 0], [60, 0], [60, 10], [20, 10]]
    points = [{"name": "walls", "polygon": polygon}]
    sill = {"buildings": {"sill": 0.1}}
    wet = judged(tmp_path / "a", points, [(0.5, {3: 0.12, 4: 3.0}), (2.0, {})], grid=grid, **sill)["points"][0]
    assert not wet["passed"] and "0.120 m" in wet["reasons"][0]["en"] and "底层" in wet["reasons"][0]["zh"]
    assert wet["ground_floor_depth_m"] == pytest.approx(0.12) and wet["sill_m"] == 0.1
    assert wet["max_depth_m"] == pytest.approx(0.12), "the water on the roof is not the street's"
    dry = judged(tmp_path / "b", points, [(0.5, {2: 0.12, 5: 0.1}), (2.0, {})], grid=grid, **sill)["points"][0]
    assert dry["passed"]


def test_run_too_short_to_judge(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.2}), (2.0, {3: 0.2})])["points"]
    assert not found["passed"] and found["still_flooded"] and found["drain_time_is_lower_bound"]
    assert found["drain_time_s"] == HOUR
    reasons = " ".join(reason["en"] for reason in found["reasons"])
    assert "1.00 h after the end of rain, too short" in reasons and "clock.duration to 4.00 h" in reasons
    polygon, lane = [[0, 0], [20, 0], [20, 10], [0, 10]], [[10, 0], [20, 0], [20, 10], [10, 10]]
    points = [{"name": "p", "polygon": polygon, "lane": lane}]
    (only,) = judged(tmp_path / "lane", points, [(2.0, {0: 0.2})])["points"]
    assert not only["passed"] and only["undetermined"]


def test_still_flooded_after_the_limit(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.2}), (4.5, {3: 0.2})])["points"]
    assert not found["passed"] and not found["undetermined"]
    assert any("still flooded when the run ends, 3.50 h" in reason["en"] for reason in found["reasons"])


def test_run_that_ends_before_the_rain(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.05})])["points"]
    assert not found["passed"] and found["undetermined"]
    assert "before the rain at 1.00 h" in found["reasons"][0]["en"]


def test_historical_points_are_counted(tmp_path: Path) -> None:
    points = [point("a", 0), point("b", 3), point("c", 6, historical=False), point("d", 9)]
    verdict = judged(tmp_path, points, [(0.5, {3: 0.3, 6: 0.3}), (2.0, {})])
    assert [p["passed"] for p in verdict["points"]] == [True, False, False, True]
    assert verdict["eliminated"] == {"n": 2, "of": 3}
    assert "历史易涝积水点3处，消除2处" in verdict["target_zh"]


def test_overrides_and_small_storms_are_told(tmp_path: Path) -> None:
    more = {
        "standard": {"city_class": "large", "overrides": {"lane_depth": 0.3}},
        "rainfall": {"kind": "uniform", "intensity": "10 mm/h", "return_period": 10.0},
        "output": {"thresholds": [0.3], "recession_depth": 0.3},
    }
    verdict = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.25}), (2.0, {})], **more)
    assert verdict["points"][0]["passed"] and verdict["city_class"] == "large"
    assert verdict["overridden"] == {"lane_depth": {"standard": 0.15, "project": 0.3}}
    assert verdict["return_period_a"] == {"storm": 10.0, "lower": 30.0, "upper": 50.0}
    (note,) = verdict["notes"]
    assert "10 a" in note["en"] and "30年" in note["zh"]


def test_recession_measured_to_a_greater_depth_is_no_proof(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, [point("p", 3)], [(0.5, {}), (2.0, {})], output={"recession_depth": 0.3})["points"]
    assert not found["passed"] and found["undetermined"]
    assert "output.recession_depth" in found["reasons"][0]["en"]


def test_duration_is_told_only_where_it_was_kept(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.2}), (2.0, {})], output={"thresholds": [0.5]})["points"]
    assert found["duration_above_limit_s"] is None


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_partial_results_get_no_verdict(tmp_path: Path, status: str) -> None:
    verdict = judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.05}), (2.0, {})], status=status)
    assert not verdict["judged"] and verdict["points"] == []
    assert status in verdict["statement"]["en"] and "未评定" in verdict["statement"]["zh"]


def test_run_without_points(tmp_path: Path) -> None:
    verdict = judged(tmp_path, [], [(2.0, {})])
    assert verdict["points"] == [] and verdict["eliminated"] == {"n": 0, "of": 0}


def test_results_in_memory(tmp_path: Path) -> None:
    judged(tmp_path, [point("p", 3)], [(0.5, {3: 0.2}), (2.0, {})])
    with open_results(tmp_path / "r") as opened:
        assert opened.verdict is not None
        memory = Results(None, None, opened.envelopes, opened.series, case=opened.case)
        assert judge(memory) == opened.verdict
        with pytest.raises(CaseError, match="hold no envelopes"):
            judge(Results(None, opened.maps, None, opened.series, case=opened.case))


def test_beside_a_building() -> None:
    building = np.zeros((4, 4), bool)
    building[1, 1] = building[3, 2] = building[3, 3] = True
    rows, columns = np.nonzero(beside(building))
    found = set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert found == {(0, 1), (2, 1), (1, 0), (1, 2), (2, 2), (2, 3), (3, 1)}
