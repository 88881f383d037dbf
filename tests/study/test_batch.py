"""Studies that run: finished scenarios stay, failing ones are told, the tables hold what the runs hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.api import plan_study
from floodsim.errors import CaseError, OverwriteError
from floodsim.study.batch import Outcome, run_plan, survey
from floodsim.study.collect import VERDICTS
from tests.study.yard import write_study

TWO = '[matrix]\nclimate_factor = [1.0, 6.0]\n[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [0.03]\n'


def run(file: Path, out: Path, **options: object) -> Outcome:
    study, plan = plan_study(file)
    return run_plan(plan, out, keep=study.keep, **options)  # type: ignore[arg-type]


def stamps(out: Path) -> dict[str, int]:
    return {file.stem: file.stat().st_mtime_ns for file in (out / "scenarios").glob("*.json")}


def test_scenarios_are_those_of_single_runs(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO), tmp_path / "out"
    data = floodsim.run_study(file, out)
    assert data["max_depth"].dims == ("scenario", "point")
    assert list(data["scenario"].values) == ["x1_n-0.03", "x6_n-0.03"]
    for name, factor in (("x1_n-0.03", 1.0), ("x6_n-0.03", 6.0)):
        alone = floodsim.run(out / "scenarios" / name / "case.json")
        mine = data.set_index(scenario="scenario").sel(scenario=name)
        assert float(mine["climate_factor"]) == factor
        assert alone.verdict is not None
        for point in alone.verdict["points"]:
            here = mine.sel(point=point["name"])
            assert float(here["max_depth"]) == point["max_depth_m"]
            assert float(here["max_volume"]) == point["max_volume_m3"]
            assert int(here["verdict"]) == VERDICTS["pass" if point["passed"] else "fail"]
        assert float(mine["mass_error"]) == alone.summary["mass"]["relative_error"]
        assert float(mine["rain_mm"]) == pytest.approx(5.0 * factor)
    rows = list(csv.DictReader((out / "comparison.csv").open(encoding="utf-8-sig")))
    assert [row["points that fail"] for row in rows] == ["", "hollow 低洼"]
    assert set(data.coords) >= {"return_period", "rain_duration", "scheme", "order", "measures", "n"}
    data.close()


def test_finished_scenarios_are_not_run_again_and_new_ones_join(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO, keep='"figures"'), tmp_path / "out"
    first = run(file, out)
    assert first.complete and not first.failed
    assert not (out / "scenarios" / "x1_n-0.03").exists(), "only figures were to be kept"
    before = stamps(out)
    file = write_study(tmp_path, TWO.replace("6.0]", "6.0, 2.0]"), keep='"figures"')
    assert survey(plan_study(file)[1], out).count() == {"finished": 2, "new": 1}
    assert run(file, out).complete
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 3
    (out / "scenarios" / "x2_n-0.03.json").unlink()
    run(file, out)
    assert stamps(out)["x2_n-0.03"] > after["x2_n-0.03"]


def test_a_changed_case_is_refused_without_force(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO, keep='"figures"'), tmp_path / "out"
    run(file, out)
    before = stamps(out)
    case = tmp_path / "bowl.toml"
    case.write_text(case.read_text(encoding="utf-8").replace("60 mm/h", "50 mm/h"), encoding="utf-8")
    with pytest.raises(OverwriteError, match="2 finished scenarios .* use --force"):
        run(file, out)
    assert stamps(out) == before
    assert run(file, out, force=True).records["x1_n-0.03"]["rain_mm"] == pytest.approx(5.0 * 50 / 60)


def test_a_failing_scenario_does_not_stop_the_others(tmp_path: Path) -> None:
    text = TWO + '[[variants]]\nname = "good"\n[[variants]]\nname = "strict"\n' + (
        'set = {grid.extent = [0, 0, 60, 60]}\n'  # the hollow lies outside: known only once the grid is made
    )  # fmt: skip
    file, out = write_study(tmp_path, text), tmp_path / "out"
    outcome = run(file, out)
    assert sorted(outcome.failed) == ["strict_x1_n-0.03", "strict_x6_n-0.03"]
    assert all("waterlogging_points[0]" in reason for reason in outcome.failed.values())
    with floodsim.open_study(out) as data:
        assert list(data["status"].values) == ["complete", "complete", "failed", "failed"]
        assert np.isnan(data["max_depth"].values[2:]).all()
        assert (data["verdict"].values[2:] == VERDICTS["not run"]).all()
    assert survey(outcome.plan, out).count() == {"finished": 2, "failed": 2}
    before = stamps(out)
    again = run(file, out)  # what failed is tried again
    assert len(again.failed) == 2
    assert sum(stamps(out)[name] > before[name] for name in before) == 2


def test_shares_are_disjoint_and_together_everything(tmp_path: Path) -> None:
    text = '[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [0.02, 0.03, 0.04, 0.05, 0.06]\n'
    file, out = write_study(tmp_path, text, keep='"figures"'), tmp_path / "out"
    seen: list[set[str]] = []
    for k in (1, 2, 3):
        run(file, out, share=(k, 3))
        seen.append(set(stamps(out)))
    assert [len(names) for names in seen] == [2, 4, 5]
    with floodsim.open_study(out) as data:
        assert (data["status"] == "complete").all()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO), tmp_path / "out"
    out.mkdir()
    (out / "thesis.doc").write_text("years of work")
    with pytest.raises(CaseError, match="other things than a study"):
        run(file, out)
    assert [entry.name for entry in out.iterdir()] == ["thesis.doc"]


def test_a_damaged_record_is_run_again(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO, keep='"figures"'), tmp_path / "out"
    run(file, out)
    record = out / "scenarios" / "x1_n-0.03.json"
    record.write_text(record.read_text()[:100])
    assert run(file, out).complete
    assert json.loads(record.read_text())["status"] == "complete"


def test_open_study_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="not the folder of a study"):
        floodsim.open_study(tmp_path)
    (tmp_path / "study.nc").write_bytes(b"nothing")
    with pytest.raises(CaseError, match="damaged"):
        floodsim.open_study(tmp_path)


def test_maps_of_all_scenarios_open_as_one_lazy_dataset(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, TWO), tmp_path / "out"
    floodsim.run_study(file, out).close()
    maps = floodsim.open_study_maps(out)
    assert maps["max_depth"].dims == ("scenario", "y", "x") and maps["max_depth"].chunks is not None
    assert maps["climate_factor"].values.tolist() == [1.0, 6.0]
    for name in maps["scenario"].values:
        alone = floodsim.open_results(out / "scenarios" / str(name))
        assert alone.envelopes is not None
        np.testing.assert_array_equal(maps["max_depth"].sel(scenario=name), alone.envelopes["max_depth"])
    with pytest.raises(CaseError, match="no such map"):
        floodsim.open_study_maps(out, ["max_dept"])
    coarse = write_study(tmp_path, '[matrix]\nresolution = ["10 m", "20 m"]\n')
    floodsim.run_study(coarse, tmp_path / "coarse").close()
    with pytest.raises(CaseError, match="different grids"):
        floodsim.open_study_maps(tmp_path / "coarse")
    few = write_study(tmp_path, TWO, keep='"figures"')
    floodsim.run_study(few, tmp_path / "few").close()
    with pytest.raises(CaseError, match="kept its maps"):
        floodsim.open_study_maps(tmp_path / "few")
