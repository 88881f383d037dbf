"""The whole way: a case of two hollows, `floodsim measures` on it, its files, and going on where it stopped."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from floodsim.cli import main
from floodsim.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_WOULD_OVERWRITE
from floodsim.measures.write import PLAN, PRESENT, REPORT, TABLE
from tests.simulate.networks import write_inp

pytest.importorskip("rasterio")

CASE = """
name = "hollows"
clock = { duration = "20 min" }
grid = { terrain = "dem.asc", crs = "local", resolution = "4 m" }
rainfall = { kind = "uniform", intensity = "240 mm/h", duration = "5 min" }
solver = { threads = 1 }

[drainage]
network = "drain.inp"
manholes = "sealed"
coupling_step = "5 s"

[[drainage.inlet_classes]]
name = "grate"
kind = "grate"
length = "0.75 m"
width = "0.45 m"

[[sources]]
name = "spring"
x = 40.0
y = 2.0
discharge = "10 L/s"

[[waterlogging_points]]
name = "west"
x = 20.0
y = 20.0
radius = "6 m"

[[waterlogging_points]]
name = "east"
x = 60.0
y = 20.0
radius = "6 m"

[[waterlogging_points]]
name = "south"
x = 40.0
y = 2.0
radius = "2.5 m"

[plan]
currency = "CNY"
[[plan.sets]]
name = "engineer"
measures = ["west inlets", "east inlets", "bund"]

[[measures]]
name = "west inlets"
title = "six grates in the west 西侧雨水口"
kind = "inlets"
inlet_class = "grate"
nodes = ["W"]
count = 6
cost = 10

[[measures]]
name = "east inlets"
kind = "inlets"
inlet_class = "grate"
nodes = ["E"]
count = 6
cost = 12

[[measures]]
name = "bund"
kind = "wall"
coordinates = [[50.0, 11.0], [70.0, 11.0]]
by = "0.1 m"
cost = 3
phase = "mid"
"""


def write_case(folder: Path) -> Path:
    """A plain at 10 m with two hollows of 0.4 m (8 x 8 m) where all the rain runs together; a spring in a third."""
    folder.mkdir(exist_ok=True)
    y, x = np.mgrid[0:10, 0:20] * 4.0 + 2.0
    bed = 10.0 + 0.01 * np.minimum(np.hypot(x - 20, y - 20), np.hypot(x - 60, y - 20))
    for centre in (20, 60):
        bed[(np.abs(x - centre) < 4) & (np.abs(y - 20) < 4)] -= 0.4
    bed[(np.abs(x - 40) < 5) & (y < 5)] -= 0.6
    head = "ncols 20\nnrows 10\nxllcorner 0\nyllcorner 0\ncellsize 4\nNODATA_value -9999\n"
    (folder / "dem.asc").write_text(head + "\n".join(" ".join(f"{z:.4f}" for z in row) for row in bed[::-1]))
    write_inp(
        folder / "drain.inp",
        junctions=["W 7 2.6 0 0 0", "E 7 2.6 0 0 0"],
        outfalls=["O 6 FREE NO"],
        conduits=["C1 W E 40 0.013 0 0", "C2 E O 40 0.013 0 0"],
        sections=["C1 CIRCULAR 0.6", "C2 CIRCULAR 0.8"],
        places=["W 20 20", "E 60 20", "O 500 20"],
    )
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    return folder / "case.toml"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    assert main(["measures", str(write_case(folder / "case")), "--out", str(folder / "out"), "--quiet"]) == EXIT_OK
    return folder


def report(folder: Path) -> dict:
    return json.loads((folder / "out" / REPORT).read_text(encoding="utf-8"))


def test_the_plan_is_the_cheapest_that_passes_most(searched: Path) -> None:
    """Each hollow needs its inlets; nothing helps the spring's, which no pipe reaches, and the bund helps nobody."""
    found = report(searched)
    assert found["plan"]["measures"] == ["east inlets", "west inlets"]
    assert (found["plan"]["n"], found["plan"]["of"], found["plan"]["cost"]) == (2, 3, 22.0)
    assert found["never_passed"] == ["south"]
    assert found["proof"] in ("exhaustive", "monotone")
    assert [(one["n"], one["cost"]) for one in found["frontier"]] == [(0, 0.0), (1, 10.0), (2, 22.0)]
    assert found["named_sets"][0]["cost"] == 25.0 >= found["plan"]["cost"]
    alone = {one["name"]: one["alone"]["gains"] for one in found["measures"]}
    assert alone == {"west inlets": ["west"], "east inlets": ["east"], "bund": []}
    because = {one["point"]: one["measures"] for one in found["before_after"]}
    assert because == {"west": ["west inlets"], "east": ["east inlets"], "south": []}
    west = next(one for one in found["before_after"] if one["point"] == "west")
    assert west["before"]["max_depth_m"] > 0.15 >= west["after"]["max_lane_depth_m"]


def test_present_and_plan_are_results_that_say_what_is_built(searched: Path) -> None:
    for name, built in ((PRESENT, []), (PLAN, ["west inlets", "east inlets"])):
        folder = searched / "out" / name
        assert json.loads((folder / "case.json").read_text(encoding="utf-8"))["plan"]["applied"] == built
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        assert {row["point"]: row["cost_text"]["en"] for row in verdict["measures"]} == {
            "west": "10 CNY", "east": "12 CNY",
        }  # fmt: skip
        assert verdict["measures"][0]["text"]["zh"] == "six grates in the west 西侧雨水口"
        assert verdict["eliminated"]["n"] == (2 if built else 0)


def test_the_table_lists_every_measure(searched: Path) -> None:
    with (searched / "out" / TABLE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["measure"] for row in rows] == ["west inlets", "east inlets", "bund"]
    assert [row["in the plan"] for row in rows] == ["yes", "yes", "no"]


def test_the_report_says_what_to_build_and_what_it_costs(searched: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    out = searched / "out"
    for lang, said in (
        ("zh", ("推荐方案消除3处中的2处，投资22 CNY", "现有措施的任何组合均不能消除：south", "中期")),
        ("en", ("The plan eliminates 2 of 3 points for 22 CNY.", "Cost against points eliminated", "mid term")),
    ):
        page = tmp_path / f"{lang}.html"
        assert main(["report", str(out / PLAN), "--lang", lang, "--out", str(page)]) == EXIT_OK
        text = page.read_text(encoding="utf-8")
        assert [words for words in said if words not in text] == []
        assert "six grates in the west 西侧雨水口" in text


def test_the_same_command_runs_nothing_again(searched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = report(searched)
    arguments = ["measures", str(searched / "case" / "case.toml"), "--out", str(searched / "out")]
    assert main(arguments) == EXIT_OK
    said = capsys.readouterr()
    assert "points," not in said.err and "full results" not in said.err
    assert "2 of 3 points for 22 CNY" in said.out
    assert report(searched) == before


def test_a_lost_record_is_run_again_and_a_new_cost_needs_no_run(
    searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the record of the present state only that is run; dearer east inlets change the plan's cost alone."""
    (searched / "out" / "scenarios" / "present.json").unlink()
    arguments = ["measures", str(searched / "case" / "case.toml"), "--out", str(searched / "out"), "--no-results"]
    assert main([*arguments, "--set", "measures.1.cost=20"]) == EXIT_OK
    said = capsys.readouterr().err
    assert [line.split(":")[0] for line in said.splitlines() if " points," in line] == ["present state"]
    assert report(searched)["plan"]["cost"] == 30.0


def test_another_case_is_not_searched_in_the_same_folder(searched: Path) -> None:
    arguments = ["measures", str(searched / "case" / "case.toml"), "--out", str(searched / "out")]
    assert main([*arguments, "--set", "rainfall.intensity=90 mm/h"]) == EXIT_WOULD_OVERWRITE
    assert main([*arguments, "--set", "measures.0.count=7", "--quiet"]) == EXIT_WOULD_OVERWRITE


def test_the_command_refuses_what_cannot_be_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = str(write_case(tmp_path / "case"))
    assert (
        main(["measures", case, "--out", str(tmp_path / "out"), "--set", "measures=[]", "--set", "plan={}"])
        == EXIT_BAD_INPUT
    )
    assert "lists no candidate measures" in capsys.readouterr().err
    assert main(["measures", case, "--out", str(tmp_path / "out"), "--set", 'measures.0.nodes=["X"]']) == EXIT_BAD_INPUT
    assert "names the node X" in capsys.readouterr().err
    assert main(["measures", case, "--out", str(tmp_path / "out"), "--screen", "3 m"]) == EXIT_BAD_INPUT
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    assert main(["measures", case, "--out", str(tmp_path / "mine")]) == EXIT_BAD_INPUT


def test_run_with_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = str(write_case(tmp_path / "case"))
    arguments = ["run", case, "--out", str(tmp_path / "out"), "--quiet", "--set", "clock.duration=60", "--measures"]
    assert main([*arguments, "engineer, bund"]) == EXIT_OK
    stored = json.loads((tmp_path / "out" / "case.json").read_text(encoding="utf-8"))
    assert stored["plan"]["applied"] == ["west inlets", "east inlets", "bund"]
    assert main([*arguments, "bnd"]) == EXIT_BAD_INPUT
    assert "did you mean bund?" in capsys.readouterr().err
