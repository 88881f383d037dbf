"""Lifelines: when water comes, how deep, how long; layers with faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floodsim.assess.lifelines import check_lifelines, judge_lifelines
from floodsim.case.answer import Lifelines
from floodsim.errors import CaseError
from floodsim.output.reader import open_results
from tests.assess.yard import make_run

geopandas = pytest.importorskip("geopandas")
shapely = pytest.importorskip("shapely")


def layer(path: Path, **kinds: Any) -> Path:
    shapes = {
        "house by the hollow": shapely.box(50, 20, 70, 40),
        "in the hollow": shapely.Point(35, 25),
        "on the roof of it": shapely.Point(65, 35),
        "on the hill": shapely.box(80, 50, 90, 60),
        "elsewhere": shapely.Point(900, 900),
    } | kinds
    frame = geopandas.GeoDataFrame(
        {"name": list(shapes), "kind": ["hospital"] * len(shapes)}, geometry=list(shapes.values())
    )
    frame.to_file(path)
    return path


def judged(tmp_path: Path, threshold: float = 0.15) -> dict[str, dict[str, Any]]:
    section = {"file": str(layer(tmp_path / "life.gpkg")), "threshold": threshold}
    with open_results(make_run(tmp_path / "r", lifelines=section)) as results:
        return {facility["name"]: facility for facility in judge_lifelines(results)}


def test_when_how_deep_how_long(tmp_path: Path) -> None:
    found = judged(tmp_path)
    for name in ("house by the hollow", "in the hollow", "on the roof of it"):
        facility = found[name]
        assert facility["reached"] and facility["max_depth_m"] == pytest.approx(0.4, abs=1e-4)
        assert facility["reached_s"] == 1200.0 and facility["time_of_max_depth_s"] == 1200.0
        assert facility["duration_s"] == 2400.0 and facility["duration_from"] == "envelopes"
        assert facility["still_flooded"] is False
    assert found["on the hill"]["reached"] is False and found["on the hill"]["reached_s"] is None
    assert found["elsewhere"]["in_domain"] is False and found["elsewhere"]["reached"] is None


def test_a_threshold_that_the_envelopes_do_not_know(tmp_path: Path) -> None:
    facility = judged(tmp_path, 0.2)["in the hollow"]
    assert facility["duration_from"] == "maps" and facility["duration_s"] == 2400.0


def test_a_threshold_that_is_not_reached(tmp_path: Path) -> None:
    facility = judged(tmp_path, 0.5)["in the hollow"]
    assert facility["reached"] is False and facility["duration_s"] == 0.0 and facility["reached_s"] is None


def test_they_stand_in_the_verdict(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "r", lifelines={"file": str(layer(tmp_path / "life.gpkg"))})
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    assert [facility["name"] for facility in verdict["lifelines"]][:2] == ["house by the hollow", "in the hollow"]


def test_faults_are_known_before_the_run(tmp_path: Path) -> None:
    check_lifelines(None)
    file = layer(tmp_path / "life.gpkg", road=shapely.LineString([(0, 0), (50, 50)]))
    with pytest.raises(CaseError) as caught:
        check_lifelines(Lifelines(file=file, name_field="nam", kind_field="sort"))
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "lifelines.name_field" in text and "lifelines.kind_field" in text and "LineString" in text
    with pytest.raises(CaseError, match="no such file"):
        check_lifelines(Lifelines(file=tmp_path / "none.gpkg"))
