"""The planned old town: the model finds the deficiency built in at each point, and none where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import floodsim
from floodsim.case.load import load_case

CASE = Path(__file__).resolve().parents[2] / "cases" / "old_town_plan" / "case.toml"
BUILT_IN = {
    "Railway underpass": ("pumps", "UP-P1"),
    "Jianshe Road crossing": ("pipe", "P-Y209"),
    "Market Street": ("inlets", "Y109"),
    "Riverside bus stop": ("backwater", "OUT-B"),
}


@pytest.mark.slow
def test_each_point_fails_for_the_reason_built_in(tmp_path: Path) -> None:
    case = load_case(CASE, ("clock.duration=72 min", "solver.threads=1"), os.environ)
    results = floodsim.run(case, tmp_path / "r")
    assert results.verdict is not None
    points = {point["name"]: point for point in results.verdict["points"]}
    for name, (kind, element) in BUILT_IN.items():
        (point,) = [point for key, point in points.items() if name in key]
        assert point["cause"]["kind"] == kind, (name, point["cause"]["en"])
        assert element in point["cause"]["elements"], (name, point["cause"]["en"])
        assert point["cause"]["runner_up"] is None
    controls = [point for key, point in points.items() if not any(name in key for name in BUILT_IN)]
    assert len(controls) == 2 and not any("cause" in point for point in controls)
    station = results.verdict["stations"][0]
    assert station["shortfall_m3_s"] > 0.08 and not station["enough"]
    results.close()
