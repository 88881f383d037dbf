"""The old town: four points fail by design, one named set of measures passes all, and the search does no worse."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import floodsim
from floodsim.case.load import load_case
from floodsim.case.plan import apply_measures
from floodsim.cli import main
from floodsim.errors import EXIT_OK

pytest.importorskip("rasterio")

CASE = Path(__file__).parents[2] / "cases" / "old_town_plan" / "case.toml"
FULL = "full plan 推荐方案"
COARSE = ("grid.resolution=8", "clock.duration=130 min")
BY_DESIGN = {"Railway underpass", "Jianshe Road crossing", "Market Street", "Riverside bus stop"}


def failing(names: list[str], *overrides: str) -> set[str]:
    case = apply_measures(load_case(CASE, overrides, os.environ), names)
    results = floodsim.run(case)
    assert results.verdict is not None
    assert max(abs(error) for error in results.summary["mass"]["errors"].values()) < 1e-11
    return {point["name"] for point in results.verdict["points"] if not point["passed"]}


def test_candidates_are_sound() -> None:
    """Every measure names what the network has, and the named set costs what its parts cost."""
    from floodsim.drainage.measures import network_of

    case = load_case(CASE, (), os.environ)
    built = apply_measures(case, [FULL])
    work = network_of(built)
    assert {"M1-P1", "M1-P2", "M6-P1"} <= set(work.network.links.name)
    costs = {measure.name: measure.cost for measure in case.measures}
    assert sum(costs[name] for name in built.plan.applied) == 375.0


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [COARSE, ()], ids=["8 m", "4 m"])
def test_the_present_fails_by_design_and_the_named_set_passes(overrides: tuple[str, ...]) -> None:
    assert failing([], *overrides) == BY_DESIGN
    assert failing([FULL], *overrides) == set()


@pytest.mark.slow
def test_the_search_finds_a_set_no_dearer_than_the_named_one(tmp_path: Path) -> None:
    sets = [part for override in COARSE for part in ("--set", override)]
    arguments = ["measures", str(CASE), "--out", str(tmp_path / "out"), "--workers", "2", "--no-results", "--quiet"]
    assert main([*arguments, *sets]) == EXIT_OK
    report = json.loads((tmp_path / "out" / "measures.json").read_text(encoding="utf-8"))
    named = next(one for one in report["named_sets"] if one["name"] == FULL)
    assert named["n"] == report["plan"]["n"] == 6
    assert report["plan"]["cost"] <= named["cost"]
    assert report["proof"] in ("exhaustive", "monotone")
    assert {one["point"] for one in report["before_after"] if one["measures"]} == BY_DESIGN
    assert report["never_passed"] == []
