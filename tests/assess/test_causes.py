"""The cause of a flooded point: each deficiency alone is named, with its element, and not once it is cured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floodsim.output.reader import Results
from tests.assess.sag import inlets, network, run


def point_of(results: Results) -> dict[str, Any]:
    assert results.verdict is not None
    (point,) = results.verdict["points"]
    return point


def cause_of(results: Results) -> dict[str, Any]:
    point = point_of(results)
    assert not point["passed"], point["max_depth_m"]
    return point["cause"]


def test_sound_drains_keep_the_point_dry(tmp_path: Path) -> None:
    results = run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv"))
    point = point_of(results)
    assert point["passed"] and "cause" not in point
    assert point["catchment"]["area_m2"] == pytest.approx(1e4)
    assert point["catchment"]["rain_mm"] == pytest.approx(30.0, rel=1e-6)
    assert point["catchment"]["inlets"] == 12
    assert point["catchment"]["inflow_m3"] == 0.0


def test_too_few_inlets(tmp_path: Path) -> None:
    cause = cause_of(run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv", count=1, clogging=0.7)))
    assert cause["kind"] == "inlets" and cause["elements"] == ["A"] and cause["runner_up"] is None
    assert cause["share"] > 0.9 and cause["evidence"]["taken_m3_s"] < 0.1
    assert "inlets" in cause["en"] and "雨水口" in cause["zh"]


@pytest.mark.parametrize(
    "small", [pytest.param("C1", marks=pytest.mark.slow), "C2", pytest.param("C3", marks=pytest.mark.slow)]
)
def test_pipe_too_small_is_named(tmp_path: Path, small: str) -> None:
    sizes = tuple(0.2 if f"C{k}" == small else 0.8 for k in (1, 2, 3))
    cause = cause_of(run(network(tmp_path / "n.inp", sizes=sizes), inlets(tmp_path / "i.csv")))  # type: ignore[arg-type]
    assert cause["kind"] == "pipe" and cause["elements"][0] == small, cause["en"]
    evidence = cause["evidence"]
    assert evidence["flow_m3_s"] > evidence["full_flow_m3_s"] and evidence["head_falls_m"] > evidence["bed_falls_m"]
    assert small in cause["en"] and small in cause["zh"]


def test_drowned_outlet(tmp_path: Path) -> None:
    results = run(network(tmp_path / "n.inp", outfall="FIXED 10.3 YES"), inlets(tmp_path / "i.csv"))
    cause = cause_of(results)
    assert cause["kind"] == "backwater" and cause["elements"] == ["O"], cause["en"]
    assert cause["evidence"]["over_crown_m"] == pytest.approx(10.3 - 7.55, abs=0.01)
    (outlet,) = results.verdict["outlets"]  # type: ignore[index]
    assert outlet["flap"] and outlet["over_crown_m"] == pytest.approx(2.75, abs=0.01)
    assert outlet["design_stage_m"] == pytest.approx(10.3) and outlet["reach_m"] == pytest.approx(150.0)
    assert outlet["back_m3"] < 0.1


def test_pumps_too_small(tmp_path: Path) -> None:
    stations = [{"name": "PS 泵站", "units": [{"pump": "P1"}]}]
    results = run(network(tmp_path / "n.inp", pump=0.02), inlets(tmp_path / "i.csv"), stations=stations)
    cause = cause_of(results)
    assert cause["kind"] == "pumps" and cause["elements"] == ["PS 泵站", "P1"], cause["en"]
    assert cause["evidence"]["installed_m3_s"] == pytest.approx(0.02) and cause["evidence"]["lifted_m3_s"] > 0.019
    (station,) = results.verdict["stations"]  # type: ignore[index]
    assert station["shortfall_m3_s"] > 0.1 and station["installed_m3_s"] == pytest.approx(0.02)
    assert station["without_largest_m3_s"] == 0.0
    # from the stop level at 5.5 m to the crown of the inlet pipe at 7.8 m on 10 m2
    assert station["sump_m3"] == pytest.approx(23.0, rel=1e-3)
    assert station["sump_s"] == pytest.approx(23.0 / 0.02, rel=1e-3)


def test_strong_pumps_are_not_named(tmp_path: Path) -> None:
    point = point_of(run(network(tmp_path / "n.inp", pump=0.3), inlets(tmp_path / "i.csv")))
    assert point["passed"] and "cause" not in point


def test_power_lost(tmp_path: Path) -> None:
    stations = [{"name": "PS", "units": [{"pump": "P1"}], "power_lost_at": "5 min"}]
    cause = cause_of(run(network(tmp_path / "n.inp", pump=0.3), inlets(tmp_path / "i.csv"), stations=stations))
    assert cause["kind"] == "pumps" and cause["evidence"]["units_running"] == 0
    assert "0 of 1 units" in cause["en"]


def test_hollow_without_an_inlet(tmp_path: Path) -> None:
    cause = cause_of(run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv", count=4, x=12.0, y=12.0)))
    assert cause["kind"] == "no_outlet" and cause["evidence"]["inlets"] == 0


def test_inflow_from_outside(tmp_path: Path) -> None:
    """A brook of 1.5 m3/s breaks in over the western edge, where the drain could take what falls on the bowl."""
    brook = [{"name": "brook", "kind": "discharge", "edge": "west", "discharge": "1.5 m3/s"}]
    cause = cause_of(run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv"), boundaries=brook))
    assert cause["kind"] == "outside", cause["en"]
    assert cause["evidence"]["entered_m3"] > 1000.0
    assert cause["runner_up"]["kind"] in ("pipe", "inlets")
    assert point_of(run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv")))["passed"]


def test_a_point_that_could_not_be_judged_has_no_cause(tmp_path: Path) -> None:
    """The run ends while it rains: nothing is known against the point yet."""
    results = run(network(tmp_path / "n.inp"), inlets(tmp_path / "i.csv"), clock={"duration": "10 min"})
    point = point_of(results)
    assert point["undetermined"] and "cause" not in point
