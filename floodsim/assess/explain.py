"""What stands behind a verdict: catchment and cause of every point, capacity of pipes, pump stations and outlets."""

from __future__ import annotations

from typing import Any

from floodsim.assess.capacity_inputs import capacity_statement
from floodsim.assess.capacity_rules import load_capacity_rules
from floodsim.assess.causes import catchments_of, find_cause
from floodsim.assess.outlets import outlets_record
from floodsim.assess.scene import Scene, scene_of
from floodsim.assess.stations import stations_record
from floodsim.errors import CaseError
from floodsim.output.areas import Area
from floodsim.output.reader import Results


def explain(verdict: dict[str, Any], areas: list[Area], results: Results) -> None:
    """Add to a verdict what stands behind it: ``catchment`` and ``cause`` to its points, ``capacity``, ``stations``
    and ``outlets`` of the network.

    Where the network cannot be read any more, ``notes`` says so and the causes are left open.
    """
    points, rules = verdict["points"], load_capacity_rules()
    for point, catchment in zip(points, catchments_of(results), strict=False):
        point["catchment"] = catchment
    scene: Scene | None = None
    capacity = None
    if results.network is not None:
        capacity, verdict["capacity"] = capacity_statement(results)
        try:
            scene = scene_of(results)
        except CaseError as error:
            why = "; ".join(fault.message for fault in error.faults)
            note = {"en": f"causes not looked for in the drains: {why}", "zh": f"未分析排水系统成因：{why}"}
            verdict["notes"].append(note)
    for number, (point, area) in enumerate(zip(points, areas, strict=True)):
        if point["passed"] or point["undetermined"]:  # nothing speaks against the point for certain
            continue
        cause = find_cause(number, area, point, results, scene, capacity, rules)
        if cause is not None:
            point["cause"] = cause
    if scene is not None:
        period = (verdict.get("return_period_a") or {}).get("storm")
        verdict["stations"] = stations_record(results, scene, capacity, period, rules)
        verdict["outlets"] = outlets_record(scene)
