"""Rain that zones bear: the answer of the bisection is that of a sweep over every rain, and what is open is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.api import bearable_rain
from floodsim.case.load import load_case
from floodsim.cli import main
from floodsim.errors import CaseError
from floodsim.grid.prepare import prepare_grid
from floodsim.output.zones import drainage_zones
from floodsim.report.run import prepare, read_tables
from floodsim.report.tables import Table, all_tables
from floodsim.report.texts import Texts
from floodsim.study.ladder import Rains, Rung, law_of, make_ladder, rain_mm
from floodsim.study.pool import Workers
from floodsim.study.zones import ZONES, Borne, class_of

CASE = """
name = "two_basins"
[clock]
duration = "40 min"
[grid]
terrain = "basins.asc"
crs = "local"
[rainfall]
kind = "chicago"
formula = "shanghai"
return_period = "5 a"
duration = "20 min"
[[waterlogging_points]]
name = "deep hollow"
polygon = [[20, 0], [40, 0], [40, 60], [20, 60]]
[[zones]]
name = "west"
polygon = [[0, 0], [60, 0], [60, 60], [0, 60]]
[[zones]]
name = "east"
polygon = [[70, 0], [130, 0], [130, 60], [70, 60]]
[zone_rule]
area = 500.0
duration = 0.0
[standard]
city_class = "medium"
overrides = {recession_central = 86400.0}
[solver]
threads = 1
[output]
interval = "5 min"
maps = []
"""


def write_basins(folder: Path, text: str = CASE) -> Path:
    """Two basins of 6 x 6 cells of 10 m with a ridge between: the west one a trough, the east one a shallow valley."""
    folder.mkdir(exist_ok=True)
    x = np.arange(13)
    west, east = 0.30 * np.abs(x - 2.5), 0.10 * np.abs(x - 9)
    bed = np.where(x < 6, west, np.where(x > 6, east, 3.0)) * np.ones((6, 1))
    head = "ncols 13\nnrows 6\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n"
    body = "\n".join(" ".join(f"{z:.3f}" for z in row) for row in bed)
    (folder / "basins.asc").write_text(head + body + "\n")
    case = folder / "case.toml"
    case.write_text(text, encoding="utf-8")
    return case


def sweep(case_file: Path, ladder: list[Rung]) -> dict[str, list[bool]]:
    """Whether each zone bears every rung, from runs of their own and by counting cells here."""
    found: dict[str, list[bool]] = {"west": [], "east": []}
    for rung in ladder:
        case = load_case(case_file, list(rung.overrides))
        results = floodsim.run(case)
        assert results.verdict is not None and results.envelopes is not None
        found["west"].append(results.verdict["points"][0]["passed"])
        east = results.envelopes["max_depth"].values[:, 7:] > np.float32(0.15)
        found["east"].append(100.0 * np.count_nonzero(east) <= 500.0)
    return found


def highest(borne: list[bool], ladder: list[Rung]) -> float | None:
    count = borne.index(False) if False in borne else len(borne)
    return ladder[count - 1].mm if count else None


def test_bisection_equals_a_sweep_over_every_rain(tmp_path: Path) -> None:
    case = write_basins(tmp_path)
    rains = Rains(step=4.0)
    ladder = make_ladder(load_case(case), rains, (20.0,))
    swept = sweep(case, ladder)
    for zone, borne in swept.items():
        assert borne == sorted(borne, reverse=True), f"{zone} is not monotone"
        assert True in borne and False in borne, f"{zone} is not bracketed: the test would show little"
    found = {one.zone: one for one in bearable_rain(case, tmp_path / "out", rains=rains)}
    for zone, borne in swept.items():
        assert found[zone].mm == highest(borne, ladder)
        period = found[zone].return_period
        assert period is not None and found[zone].next_mm is not None
        law = law_of(load_case(case).rainfall)
        assert law is not None and law.mm(period) == pytest.approx(found[zone].mm, abs=0.01)
    assert found["west"].rule == "points" and found["west"].why == ["deep hollow"]
    assert found["east"].rule == "area" and found["east"].why == ["area"]
    runs = json.loads((tmp_path / "out" / ZONES).read_text(encoding="utf-8"))["runs"]
    assert len(runs) < len(ladder) / 2, "zones share runs, and not every rain is run"
    for run in runs:
        mine = [k for k, rung in enumerate(ladder) if rung.mm == run["mm"]]
        assert run["borne"] == {zone: borne[mine[0]] for zone, borne in swept.items()}


def test_what_is_not_bracketed_is_said(tmp_path: Path) -> None:
    case = write_basins(tmp_path)
    low = {one.zone: one for one in bearable_rain(case, tmp_path / "low", rains=Rains("depth", 1.0, 1.0, 4.0))}
    assert low["west"].mm == low["east"].mm == 4.0
    assert low["west"].next_mm is None and "may bear more" in low["west"].notes[0]
    high = {one.zone: one for one in bearable_rain(case, tmp_path / "high", rains=Rains("depth", 50.0, 200.0, 300.0))}
    assert high["west"].mm is None and high["west"].next_mm == 200.0
    assert "already at the least rain tried, 200.0 mm" in high["west"].notes[0]


def test_ground_that_is_wet_without_rain(tmp_path: Path) -> None:
    text = CASE.replace("[zone_rule]", '[initial]\nlevel = "0.4 m"\n[zone_rule]')
    case = write_basins(tmp_path, text)
    found = {one.zone: one for one in bearable_rain(case, tmp_path / "out", rains=Rains("depth", 5.0, 5.0, 30.0))}
    assert found["west"].mm is None and "waterlogged without any rain: deep hollow" in found["west"].notes
    # In the east all ground is under water from the start, so no rain adds any: nothing is newly waterlogged.
    assert found["east"].mm == 30.0


def test_runs_are_taken_up_again(tmp_path: Path) -> None:
    case, out, rains = write_basins(tmp_path), tmp_path / "out", Rains(step=8.0)
    first = bearable_rain(case, out, rains=rains)
    stamps = {file.name: file.stat().st_mtime_ns for file in (out / "scenarios").glob("*.json")}
    assert bearable_rain(case, out, rains=rains) == first
    assert {file.name: file.stat().st_mtime_ns for file in (out / "scenarios").glob("*.json")} == stamps


def test_the_command_shows_the_table_and_needs_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("floodsim.cli_study.catch_sigterm", lambda: None)  # the tests keep their own
    command = ["zones", str(write_basins(tmp_path)), "--periods", "2,5,20,50", "--log"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "west" in shown and "east" in shown and "bears mm" in shown
    assert (tmp_path / "results" / "two_basins" / "zones" / ZONES).is_file()
    assert main(command) == 4
    bare = tmp_path / "bare"
    bare.mkdir()
    monkeypatch.chdir(bare)
    assert main(["zones", str(write_basins(bare, CASE.split("[[zones]]")[0]))]) == 2
    assert "no drainage zones" in capsys.readouterr().err
    assert not (bare / "results").exists()


def test_zones_of_a_case_are_checked(tmp_path: Path) -> None:
    text = CASE.replace("[[70, 0], [130, 0], [130, 60], [70, 60]]", "[[700, 0], [800, 0], [800, 60]]")
    case = load_case(write_basins(tmp_path, text))
    with pytest.raises(CaseError, match="'east' holds no open cell"):
        drainage_zones(case, prepare_grid(case))
    asked = load_case(write_basins(tmp_path), ["zone_rule.kind=points"])
    with pytest.raises(CaseError, match="'east' has no waterlogging point"):
        drainage_zones(asked, prepare_grid(asked))
    with pytest.raises(CaseError, match="output.thresholds: lacks the depth"):
        bearable_rain(
            tmp_path / "case.toml", tmp_path / "out", overrides=["zone_rule.duration=60", "output.thresholds=[0.5]"]
        )


def test_ladders(tmp_path: Path) -> None:
    case = load_case(write_basins(tmp_path))
    law = law_of(case.rainfall)
    assert law is not None
    assert rain_mm(case) == pytest.approx(law.mm(5.0), rel=1e-9)
    ladder = make_ladder(case, Rains(), (20.0,))
    depths = [rung.mm for rung in ladder]
    assert depths == sorted(set(depths))
    assert depths[0] == law.mm(2.0) and depths[-1] == law.mm(100.0) and law.mm(20.0) in depths
    for rung in ladder:
        assert rain_mm(load_case(tmp_path / "case.toml", list(rung.overrides))) == pytest.approx(rung.mm, abs=0.01)
    scaled = make_ladder(load_case(tmp_path / "case.toml", ["rainfall.factor=1.2"]), Rains("depth", 10.0, 10.0, 60.0))
    for rung in scaled:
        assert rain_mm(load_case(tmp_path / "case.toml", list(rung.overrides))) == pytest.approx(rung.mm, abs=0.01)
        assert (rung.return_period is not None) == (law.mm(2.0) <= rung.mm <= law.mm(100.0))
    with pytest.raises(CaseError, match="the formula gives no such rain"):
        make_ladder(case, Rains(most=500.0))
    with pytest.raises(CaseError, match="no ladder of rains"):
        make_ladder(case, Rains("depth", -1.0))
    uniform = load_case(tmp_path / "case.toml", ["rainfall.kind=uniform", "rainfall.depth=30 mm"])
    assert [rung.mm for rung in make_ladder(uniform, Rains(step=30.0))] == pytest.approx([30.0, 60.0, 90.0])
    with pytest.raises(CaseError, match="has no depth by return period"):
        make_ladder(uniform, Rains("return_period"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (2.0, 3.0, "2-3"),
        (4.9, 5.5, "3-5"),
        (100.0, None, ">=100"),
        (60.0, 70.0, "50-100"),
        (None, 2.0, "<2"),
        (None, 9.0, ""),
    ],
)
def test_classes(low: float | None, high: float | None, expected: str) -> None:
    rungs = [None if period is None else Rung(1.0, period, ()) for period in (low, high)]
    assert class_of(*rungs) == expected


def test_the_storm_that_the_standard_asks_for_decides(tmp_path: Path) -> None:
    case = write_basins(tmp_path)
    found: list[Borne] = bearable_rain(case, tmp_path / "out", rains=Rains(step=30.0))
    for one in found:
        assert one.required == 20.0
        assert one.passed is (one.return_period is not None and one.return_period >= 20.0)


def test_the_report_of_the_case_shows_what_zones_bear(tmp_path: Path) -> None:
    case, results = write_basins(tmp_path), tmp_path / "results"
    found = bearable_rain(case, results / "zones", rains=Rains(periods=(2.0, 10.0, 20.0, 100.0)))
    floodsim.run(case, results)  # a folder that holds nothing but zones is free for a run

    def zones_of(folder: Path) -> Table:
        run = prepare(floodsim.open_results(folder), 0, read_tables())
        tables = {table.key: table for table in all_tables(run, Texts("en"))}
        run.results.close()
        return tables["zones"]

    table = zones_of(results)
    assert [(row[0], row[1]) for row in table.rows] == [(one.zone, one.mm) for one in found]
    assert not table.notes
    text = case.read_text(encoding="utf-8").replace("area = 500.0", "area = 400.0")
    case.write_text(text, encoding="utf-8")
    floodsim.run(case, results, force=True)
    assert "run `floodsim zones` again" in zones_of(results).notes[0]


@pytest.mark.slow
def test_workers_side_by_side_give_the_same_answer(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    case, rains = write_basins(tmp_path), Rains(step=4.0)
    alone = bearable_rain(case, tmp_path / "alone", rains=rains)
    assert bearable_rain(case, tmp_path / "out", rains=rains, workers=Workers(3)) == alone
