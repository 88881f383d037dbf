"""The matrix of a study: which scenarios it spans, what each replaces in the case, and how faults are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import floodsim
from floodsim.case.study import dotted, load_study
from floodsim.errors import CaseError
from floodsim.study.plan import Scenario, make_plan, scenario_name
from tests.study.yard import write_study


def plan_of(file: Path) -> list[Scenario]:
    return make_plan(load_study(file), file)


def faults_of(file: Path) -> list[str]:
    with pytest.raises(CaseError) as caught:
        plan_of(file)
    return [str(fault) for fault in caught.value.faults]


def test_every_combination_is_a_scenario(tmp_path: Path) -> None:
    file = write_study(
        tmp_path,
        '[matrix]\nclimate_factor = [1.0, 1.2]\norder = [1, 2]\nscheme = ["hllc", "inertial"]\n'
        '[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [0.02, 0.05]\n'
        '[[variants]]\nname = "dry"\n[[variants]]\nname = "wet"\nset = {initial.depth = "0.1 m"}\n'
        '[[leave_out]]\nscheme = "inertial"\norder = 2\n[[leave_out]]\nvariant = "wet"\naxes = {n = 0.05}\n',
    )
    plan = plan_of(file)
    assert len(plan) == 2 * 2 * 2 * 3 - 2 * 3
    assert len({one.name for one in plan}) == len({one.fingerprint for one in plan}) == len(plan)
    for one in plan:
        assert list(one.axes) == ["variant", "climate_factor", "n", "scheme", "order"]
        assert one.case.rainfall.factor == one.axes["climate_factor"]
        assert one.case.grid.roughness == one.axes["n"]
        assert (one.case.solver.scheme, one.case.solver.order) == (one.axes["scheme"], one.axes["order"])
        assert one.case.initial.depth == (0.1 if one.axes["variant"] == "wet" else None)
        assert not (one.axes["scheme"] == "inertial" and one.axes["order"] == 2)
    assert plan[0].name == "dry_x1_n-0.02_hllc_order1"


def test_units_and_the_clock_that_follows_the_storm(tmp_path: Path) -> None:
    text = '[set]\nrainfall.start = "2 min"\n[matrix]\nduration = ["10 min", "1 h"]\nresolution = ["20 m"]\n'
    plan = plan_of(write_study(tmp_path, text, drain_time='"30 min"'))
    assert [one.case.rainfall.duration for one in plan] == [600.0, 3600.0]
    assert [one.case.clock.duration for one in plan] == [120.0 + 600.0 + 1800.0, 120.0 + 3600.0 + 1800.0]
    assert [one.name for one in plan] == ["D10min_20m", "D1h_20m"]
    assert plan[0].cost.cells == 6 * 8
    assert plan[1].cost.updates > plan[0].cost.updates


def test_a_study_without_axes_is_its_case(tmp_path: Path) -> None:
    (only,) = plan_of(write_study(tmp_path, ""))
    assert (only.name, only.axes) == ("base", {})


def test_tables_in_a_study_are_keys_not_whole_sections() -> None:
    assert dotted({"grid": {"resolution": "8 m", "edits": []}, "a.b": {"c": 1}}) == {
        "grid.resolution": "8 m", "grid.edits": [], "a.b": {"c": 1},
    }  # fmt: skip


def test_all_faults_of_the_study_file_at_once(tmp_path: Path) -> None:
    file = write_study(
        tmp_path,
        'colour = "red"\n[matrix]\nreturn_period = ["2 h"]\nscheme = ["roe"]\nclimate_factor = [1.0, 20.0]\n'
        '[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = []\n',
    )
    found = "\n".join(faults_of(file))
    for part in ("colour: unknown key", "matrix.return_period[0]: unknown unit 'h'", "matrix.scheme[0]: not one of",
                 "matrix.climate_factor[1]: out of range", "axes[0].values: needs at least 1"):  # fmt: skip
        assert part in found
    assert found.count(str(file)) == 5


def test_names_are_looked_up(tmp_path: Path) -> None:
    file = write_study(
        tmp_path,
        '[matrix]\nvariant = ["dri"]\norder = [1, 1]\n[[variants]]\nname = "dry"\n'
        '[[axes]]\nname = "scheme"\nkey = "a"\nvalues = [1]\n[[leave_out]]\naxes = {m = 1}\n',
    )
    found = "\n".join(faults_of(file))
    for part in ('did you mean "dry"?', "matrix.order: stands twice", "axes[0].name: name of an axis that studies have",
                 "leave_out[0].axes: no such name"):  # fmt: skip
        assert part in found


def test_faults_of_every_case_each_once_before_anything_runs(tmp_path: Path) -> None:
    file = write_study(
        tmp_path,
        '[set]\nrainfall.intensity = "60 mm/hr"\n[matrix]\nclimate_factor = [1.0, 1.1, 1.2]\n'
        '[[axes]]\nname = "n"\nkey = "grid.roughnes"\nvalues = [0.02]\n',
    )
    found = faults_of(file)
    assert len(found) == 2
    assert all("(scenario x1_n-0.02 and 2 more)" in text for text in found)
    assert any("rainfall.intensity" in text and "study.toml" in text for text in found)
    assert any('did you mean "roughness"?' in text for text in found)


def test_no_scenario_left_and_missing_case(tmp_path: Path) -> None:
    file = write_study(tmp_path, "[matrix]\norder = [1]\n[[leave_out]]\norder = 1\n")
    assert "leaves no scenario" in faults_of(file)[0]
    (tmp_path / "bowl.toml").unlink()
    assert "no such file" in faults_of(file)[0]


def test_the_fingerprint_sees_input_and_keys_but_not_names_and_places(tmp_path: Path) -> None:
    here, there = tmp_path / "a", tmp_path / "b"
    for folder in (here, there):
        folder.mkdir()
    text = "[matrix]\norder = [1]\n"
    (first,) = plan_of(write_study(here, text))
    (moved,) = plan_of(write_study(there, text, set='{title = "Other", solver.threads = 2}'))
    assert moved.fingerprint == first.fingerprint
    (keyed,) = plan_of(write_study(there, text, set="{grid.roughness = 0.031}"))
    assert keyed.fingerprint != first.fingerprint
    file = write_study(there, text)
    (there / "bowl.asc").write_text((there / "bowl.asc").read_text().replace("0.050", "0.051"))
    (changed,) = plan_of(file)
    assert changed.fingerprint != first.fingerprint


def test_the_study_that_comes_with_the_cases() -> None:
    plan = plan_of(Path(__file__).resolve().parents[2] / "cases" / "old_town_plan" / "study.toml")
    assert len(plan) == 8 and len({one.fingerprint for one in plan}) == 8
    assert [one.axes["return_period"] for one in plan if not one.case.plan.applied] == [5.0, 10.0, 20.0, 50.0]
    assert {one.case.clock.duration for one in plan} == {3 * 3600.0}


def test_the_study_of_the_readme_is_one(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    blocks = re.findall(r"```toml\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.S)
    (text,) = [block for block in blocks if "[matrix]" in block]
    file = tmp_path / "storms.toml"
    file.write_text(text.replace('"cases/', f'"{root}/cases/'), encoding="utf-8")
    assert len(plan_of(file)) == 3 * 2 * 2 * 2


def test_names_are_fit_for_folders() -> None:
    assert (
        scenario_name({"return_period": 50.0, "measures": ["tank", "pump 2"], "resolution": 4.0})
        == "P50_tank+pump-2_4m"
    )
    assert scenario_name({"measures": []}) == "present"
    assert "/" not in scenario_name({"file": "../a/b.csv"})


MEASURES = """
[[measures]]
name = "ditch"
kind = "channel"
coordinates = [[65.0, 55.0], [95.0, 55.0]]
by = "1 m"
cost = 30
[[measures]]
name = "wall"
kind = "wall"
coordinates = [[25.0, 25.0], [25.0, 95.0]]
by = "0.5 m"
cost = 12.5
excludes = ["ditch"]
[[plan.sets]]
name = "dig"
measures = ["ditch"]
"""


def test_sets_of_measures_are_an_axis(tmp_path: Path) -> None:
    file = write_study(tmp_path, '[matrix]\nmeasures = [[], ["wall"], ["dig"]]\n', keep='"figures"')
    case = tmp_path / "bowl.toml"
    case.write_text(case.read_text(encoding="utf-8") + MEASURES, encoding="utf-8")
    plan = plan_of(file)
    assert [one.name for one in plan] == ["present", "wall", "dig"]
    assert [one.case.plan.applied for one in plan] == [[], ["wall"], ["ditch"]]
    assert len({one.fingerprint for one in plan}) == 3
    with floodsim.run_study(file, tmp_path / "out") as data:
        assert list(data["measures"].values) == ["present", "wall", "ditch"]
        assert data["measures_cost"].values.tolist() == [0.0, 12.5, 30.0]
        deepest = data["max_depth"].sel(point="hollow 低洼").values
        assert deepest[2] > deepest[0] + 0.05, "the ditch takes the water of the hollow"


def test_measures_that_do_not_exist_or_exclude_each_other(tmp_path: Path) -> None:
    file = write_study(tmp_path, '[matrix]\nmeasures = [["wal"], ["wall", "dig"]]\n')
    case = tmp_path / "bowl.toml"
    case.write_text(case.read_text(encoding="utf-8") + MEASURES, encoding="utf-8")
    found = faults_of(file)
    assert len(found) == 2 and all(f"{file}: matrix.measures" in text for text in found)
    assert "(scenario wal)" in found[0] and "did you mean wall?" in found[0]
    assert "wall excludes ditch (scenario wall+dig)" in found[1]
