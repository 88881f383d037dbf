"""Every shipped surface case, shortened and on coarser cells, against numbers kept from an earlier version.

The numbers hold a change of the physics to account: whoever moves them says why.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.case.load import load_case
from floodsim.output.reader import Results

CASES = Path(__file__).parents[2] / "cases"


def run(name: str, *overrides: str) -> Results:
    return floodsim.run(load_case(CASES / name / "case.toml", overrides, os.environ))


def volumes(results: Results) -> dict[str, float]:
    assert abs(results.summary["mass"]["relative_error"]) < 1e-12
    terms: dict[str, Any] = results.summary["mass"]["terms"]
    assert terms["created_by_clipping"]["m3"] == 0.0
    return {name: term["m3"] for name, term in terms.items()}


def test_old_town() -> None:
    results = run("old_town", "grid.resolution=8", "clock.duration=90 min")
    terms = volumes(results)
    assert terms["rain"] == pytest.approx(69719.4, rel=1e-5)
    assert terms["infiltration"] == pytest.approx(4062.0, rel=0.02)
    assert terms["storage"] == pytest.approx(42147.0, rel=0.02)
    assert results.verdict is not None
    depths = {point["name"]: point["max_depth_m"] for point in results.verdict["points"]}
    expected = {
        "Railway underpass": 3.12,
        "Textile mill compound": 0.31,
        "Jianshe Road crossing": 0.595,
        "School gate": 0.156,
        "Market Street": 0.44,
        "Riverside bus stop": 0.065,
    }
    assert depths == pytest.approx(expected, abs=0.01)
    envelopes = results.envelopes
    assert envelopes is not None
    roofs = envelopes.max_depth.values[envelopes.building.values > 0]
    assert float((roofs < 0.05).mean()) > 0.98  # water runs off the roofs


def test_gistoswmm5_block(validation_data: Path) -> None:
    results = run("gistoswmm5_block", "grid.resolution=2", "clock.duration=100 min")
    terms = volumes(results)
    assert terms["rain"] == pytest.approx(235.76, rel=1e-4)
    assert terms["infiltration"] == pytest.approx(150.6, rel=0.02)
    assert results.verdict is not None
    depths = [point["max_depth_m"] for point in results.verdict["points"]]
    assert depths == pytest.approx([0.104, 0.170, 0.096], abs=0.01)
    assert results.envelopes is not None
    assert float(results.envelopes.max_speed.max()) < 4.0  # puddles below banks do not race
