"""Whether drainage zones 排水分区 are waterlogged by one run, by the rule of the case. Knows nothing of other runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.assess.standard import load_standard
from floodsim.assess.verdict import SAME_DEPTH
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.output.reader import Results
from floodsim.output.zones import DrainageZone, drainage_zones


def check_zone_rule(case: Case) -> None:
    """Raise CaseError where the run of a case would not keep what its zones are judged by."""
    depth = load_standard(case.standard.name, case.standard.overrides).lane_depth
    asked = (case.zones or case.zone_file is not None) and case.zone_rule.duration > 0.0
    if asked and not any(abs(t - depth) < SAME_DEPTH for t in case.output.thresholds):
        raise CaseError(
            Fault(
                "lacks the depth that zones are judged by",
                key="output.thresholds",
                value=str(list(case.output.thresholds)),
                allowed=f"{depth:g} m among them, as zone_rule.duration asks how long ground is deeper",
                remedy=f"add {depth:g} to output.thresholds, or set zone_rule.duration = 0",
            )
        )


def judge_zones(case: Case, results: Results) -> dict[str, dict[str, Any]]:
    """What a complete, judged run says of each drainage zone of its case, by name.

    ``failing`` and ``undetermined`` name waterlogging points; ``deep_area_m2`` is the open ground that stood deeper
    than the standard's limit for longer than ``zone_rule.duration``; ``max_depth_m`` the greatest depth on open ground.
    """
    if results.envelopes is None:
        raise CaseError(Fault("the results hold no envelopes", remedy="run the case again"))
    zones = drainage_zones(case, results.grid)
    if not zones:
        return {}
    depth = load_standard(case.standard.name, case.standard.overrides).lane_depth
    deepest = np.nan_to_num(results.envelopes["max_depth"].values)
    deep = deepest > np.float32(depth)
    if case.zone_rule.duration > 0.0:
        deep &= _longer(results, depth, case.zone_rule.duration)
    points = {point["name"]: point for point in (results.verdict or {}).get("points", [])}
    return {zone.name: _judge(zone, deep, deepest, points, results.grid.cell_area) for zone in zones}


def _longer(results: Results, depth: float, duration: float) -> np.ndarray:
    """Where water was deeper than ``depth`` (m) for longer than ``duration`` (s), (ny, nx)."""
    assert results.envelopes is not None
    levels = results.envelopes["threshold"].values
    match = np.flatnonzero(np.abs(levels - depth) < SAME_DEPTH)
    times = results.envelopes["duration_above"].isel(threshold=int(match[0])).values
    return np.nan_to_num(times) > duration


def _judge(
    zone: DrainageZone, deep: np.ndarray, deepest: np.ndarray, points: dict[str, Any], cell_area: float
) -> dict[str, Any]:
    cells = (zone.rows, zone.columns)
    mine = [points[name] for name in zone.points if name in points]
    return {
        "rule": zone.rule,
        "points": len(mine),
        "failing": [p["name"] for p in mine if not p["passed"] and not p["undetermined"]],
        "undetermined": [p["name"] for p in mine if p["undetermined"]],
        "deep_area_m2": float(np.count_nonzero(deep[cells]) * cell_area),
        "max_depth_m": float(deepest[cells].max()),
        "area_m2": float(zone.rows.size * cell_area),
    }
