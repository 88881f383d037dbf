"""The report of a small run whose numbers are known: page, tables, Excel, layers for a GIS, commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim import errors
from floodsim.cli import main
from floodsim.output.reader import open_results
from floodsim.report.build import write_report
from floodsim.report.chart import Curve, hydrograph, ticks
from floodsim.report.run import Run, prepare, read_tables
from floodsim.report.tables import all_tables
from floodsim.report.texts import Texts
from tests.assess.yard import make_run

pytest.importorskip("jinja2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run") / "yard")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return prepare(open_results(make_run(tmp_path_factory.mktemp("open") / "yard")), 0, read_tables())


def page(folder: Path, path: Path, lang: str = "en") -> str:
    with open_results(folder) as results:
        write_report([results], path, lang=lang)
    return path.read_text(encoding="utf-8")


def data_of(html: str) -> dict[str, Any]:
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert text
    return json.loads(text[1])


def test_tables_hold_the_numbers_of_the_run(run: Run) -> None:
    tables = {table.key: table for table in all_tables(run, Texts("en"))}
    hollow, hill = tables["points"].shown()
    assert hollow[0] == "Hollow 低洼" and hollow[2:7] == ["fail", "0.40", "0.40", "600", "240"]
    assert hollow[8] == "10" and hill[2] == "pass"  # the rain ends at 30 min, the last wet value stands at 40 min
    arr = {row[0]: (row[2], row[4]) for row in tables["hazard_arr"].rows}
    assert arr["H2"] == (pytest.approx(0.06), 1) and arr["H3"] == (0.0, 0)
    assert [row[1] for row in tables["buildings"].rows] == [1, 0, 1, 0, 0]
    depth_duration = np.array([row[1:] for row in tables["depth_duration"].rows], float)
    assert depth_duration[1].tolist() == pytest.approx([0, 0.06, 0, 0]) and depth_duration.sum() == pytest.approx(0.06)
    assert dict(tables["damage"].rows)["footprint that would be lost in full"] == "66 m²"  # 0.165 x 400 m2
    assert tables["balance"].rows[0] == ["rain", 480.0, 50.0]


def test_what_is_not_verified_says_so(run: Run) -> None:
    tables = {table.key: table for table in all_tables(run, Texts("en"))}
    for key in ("hazard_arr", "hazard_defra", "damage"):
        assert "unverified" in tables[key].note
    assert "set by floodsim" in tables["hazard_risk"].note and "set by floodsim" in tables["depth_duration"].note
    clauses = [row[0] for row in tables["standard"].rows]
    assert clauses[:3] == ["4.1.4", "4.1.4", "4.1.5"] and "4.1.5" in tables["points"].note


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_stands_alone(folder: Path, tmp_path: Path, lang: str) -> None:
    html = page(folder, tmp_path / "r.html", lang)
    markup = re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert not re.search(r"""(src|href)=["']?(https?:|//|[\w./]+\.(js|css|png))""", markup)
    assert not re.search(r"@import|url\((?!['\"]?(data:|#))", re.search(r"<style>(.*?)</style>", html, re.S)[1])  # type: ignore[index]
    assert "sourceMappingURL" not in html
    target = {"en": "1 of 2 historical waterlogging points eliminated", "zh": "历史易涝积水点2处，消除1处"}
    assert target[lang] in markup and "4.1.4" in markup


def test_names_cannot_break_out_of_the_page(folder: Path, tmp_path: Path) -> None:
    html = page(folder, tmp_path / "r.html")
    assert "</script><b>Hill" not in html and "&lt;/script&gt;&lt;b&gt;Hill" in html and "a note &lt;of&gt;" in html
    places = data_of(html)["runs"][0]["places"]
    assert [place["kind"] for place in places] == ["waterlogging", "waterlogging", "gauge", "line"]
    assert places[1]["name"] == "</script><b>Hill"
    assert places[0]["rings"] == [[[20, 20], [50, 20], [50, 40], [20, 40], [20, 20]]]
    assert max(places[0]["series"]["depth"]) == pytest.approx(0.4, abs=1e-3)


def test_several_runs_side_by_side(folder: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "deep", 0.6)
    with open_results(folder) as a, open_results(other) as b:
        write_report([a, b], tmp_path / "both.html", lang="en")
    html = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert len(data_of(html)["runs"]) == 2 and html.count('<article class="run"') == 2
    assert "fail, 0.40 m, 10 min" in html and "fail, 0.60 m, 10 min" in html


def test_a_run_without_verdict_has_a_page(tmp_path: Path) -> None:
    assert "Maximum depth" in page(make_run(tmp_path / "r", judged=False), tmp_path / "r.html")


def test_measures_find_their_place(folder: Path, tmp_path: Path) -> None:
    """What a later study adds to the verdict is shown on the first screen and on the sheet."""
    copy = make_run(tmp_path / "r")
    verdict = json.loads((copy / "verdict.json").read_text(encoding="utf-8"))
    verdict["measures"] = [{"point": "Hollow 低洼", "text": {"en": "a DN1000 pipe"}, "cost_text": {"en": "1.2 M CNY"}}]
    verdict["points"][0]["cause"] = {"en": "the outlet is drowned"}
    (copy / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    html = page(copy, tmp_path / "r.html")
    assert html.count("a DN1000 pipe") == 2 and html.count("1.2 M CNY") == 2 and "the outlet is drowned" in html


def test_what_a_run_has_built_and_its_cost_stand_on_the_first_screen(folder: Path, tmp_path: Path) -> None:
    copy = make_run(tmp_path / "plan")
    case = json.loads((copy / "case.json").read_text(encoding="utf-8"))
    case["measures"] = [
        {"name": "pump", "title": "second pump 增设水泵", "kind": "pump", "phase": "near", "cost": 90.0},
        {"name": "tank", "title": "a tank", "kind": "tank", "phase": "mid", "cost": 30.0},
    ]
    case["plan"] = {"applied": ["pump"], "currency": "万元"}
    (copy / "case.json").write_text(json.dumps(case), encoding="utf-8")
    alone = page(copy, tmp_path / "a.html")
    with open_results(folder) as a, open_results(copy) as b:
        write_report([a, b], tmp_path / "b.html", lang="en")
    both = (tmp_path / "b.html").read_text(encoding="utf-8")
    first = alone[: alone.index('data-name="background"')]
    assert "for 90 万元: 1 of the measures" in first and "second pump 增设水泵" in first and "a tank" not in first
    assert "<td>Measures built</td><td>present state</td><td>second pump 增设水泵</td>" in both
    assert re.search(r"<td>Cost</td><td>0[^<]*</td><td>90 万元</td>", both)


def test_excel_holds_the_tables(run: Run, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from floodsim.report.excel import write_excel

    write_excel([run], tmp_path / "t.xlsx", Texts("zh"))
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    sheet = book["易涝积水点评定表"]
    assert sheet["A3"].value == "Hollow 低洼" and sheet["C3"].value == "不达标"
    assert sheet["D3"].value == pytest.approx(0.4, abs=1e-4) and sheet["D3"].number_format == "0.00"
    assert len(book.sheetnames) == len(all_tables(run, Texts("zh"))) == len(set(book.sheetnames))


def test_a_name_is_no_formula_in_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from floodsim.report.excel import _sheet
    from floodsim.report.tables import Column, Table

    book = openpyxl.Workbook()
    _sheet(book, "x", Table("x", "x", [Column("name")], [["=1+1"]], "=2+2"), Texts("en"))
    book.save(tmp_path / "t.xlsx")
    cells = openpyxl.load_workbook(tmp_path / "t.xlsx")["x"]
    assert [cells[name].data_type for name in ("A3", "A4")] == ["s", "s"] and cells["A3"].value == "=1+1"


def test_layers_for_a_gis(run: Run, tmp_path: Path) -> None:
    rasterio, geopandas = pytest.importorskip("rasterio"), pytest.importorskip("geopandas")
    import xml.etree.ElementTree as ElementTree

    from floodsim.report.gis import write_layers

    write_layers(run, tmp_path / "gis", Texts("en"))
    with rasterio.open(tmp_path / "gis" / "max_depth.tif") as file:
        depth = file.read(1)[::-1]
    assert np.nanmax(depth) == pytest.approx(0.4, abs=1e-4) and np.isnan(depth[2, 5])
    with rasterio.open(tmp_path / "gis" / "arr.tif") as file:
        assert (file.read(1) == 2).sum() == 6
    points = geopandas.read_file(tmp_path / "gis" / "report.gpkg", layer="waterlogging_points")
    assert points["verdict"].tolist() == ["fail", "pass"] and points.area.iloc[0] == pytest.approx(600.0)
    styles = sorted(path.name for path in (tmp_path / "gis").glob("*.qml"))
    assert {"max_depth.qml", "arr.qml", "waterlogging_points.qml"} <= set(styles)
    for name in styles:
        assert ElementTree.parse(tmp_path / "gis" / name).getroot().tag == "qgis"


def test_a_hydrograph_is_drawn_to_scale() -> None:
    minutes = np.array([0.0, 60.0, 120.0])
    svg = hydrograph(
        minutes,
        np.array([0.0, 30.0, 30.0]),
        [Curve("depth", "#000", np.array([0.0, 1.0, 0.5]))],
        "m",
        0.15,
        Texts("en"),
    )
    points = [tuple(map(float, pair.split(","))) for pair in re.search(r'points="([^"]+)"', svg)[1].split()]  # type: ignore[index]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11) and (y0 - y2) / (y0 - y1) == pytest.approx(0.5, abs=0.01)
    assert svg.count("<rect") == 1 and "stroke-dasharray" in svg
    assert ticks(1.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] and ticks(5.0) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_commands(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.html"
    assert main(["report", str(folder), "--out", str(out), "--lang", "en"]) == errors.EXIT_OK
    assert out.stat().st_size > 200_000 and not list(tmp_path.glob("*.part"))
    assert main(["report", str(folder), "--out", str(out)]) == errors.EXIT_WOULD_OVERWRITE
    assert main(["report", str(folder), "--out", str(tmp_path / "no" / "r.html")]) == errors.EXIT_BAD_INPUT
    assert main(["report", str(tmp_path / "none"), str(tmp_path)]) == errors.EXIT_BAD_INPUT
    said = capsys.readouterr().err
    assert "no such result folder" in said and "holds no summary.json" in said


def test_compare_commands(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same, other = make_run(tmp_path / "same"), make_run(tmp_path / "deep", 0.6)
    assert main(["compare", str(folder), str(same), "--exact"]) == errors.EXIT_OK
    assert main(["compare", str(folder), str(other), "--exact"]) == errors.EXIT_DIFFERENT
    assert "max_depth: 6 values differ, by up to 0.2" in capsys.readouterr().out
    arguments = [
        "compare",
        str(folder),
        str(other),
        "--lang",
        "en",
        "--out",
        str(tmp_path / "c.html"),
        "--gis",
        str(tmp_path / "g"),
    ]
    assert main(arguments) == errors.EXIT_OK
    said = capsys.readouterr().out
    assert "same verdict" in said and "A: 1 of 2 eliminated; B: 1 of 2" in said
    assert (tmp_path / "g" / "change_of_max_depth.tif").is_file()
    layers = data_of((tmp_path / "c.html").read_text(encoding="utf-8"))["runs"][0]["layers"]
    assert [layer["key"] for layer in layers] == ["change", "max_depth_A", "max_depth_B"]
    assert main(["compare", str(folder), str(other), "--exact", "--gis", "x"]) == errors.EXIT_BAD_INPUT


def test_a_recalled_formula_says_so() -> None:
    from floodsim.report.tables import _formula_text

    assert "from memory" in _formula_text("chengdu", Texts("en"))
    assert _formula_text("one of my own", Texts("en")) == "one of my own"
