"""The drains in the report: causes, catchments, capacity, pump stations and outlets."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from floodsim.assess.verdict import judge
from floodsim.output.reader import open_results
from floodsim.report.build import write_report
from floodsim.report.drains import CAUSE_COLORS
from floodsim.report.run import Run, prepare, read_tables
from floodsim.report.tables import all_tables
from floodsim.report.texts import Texts
from tests.assess.sag import inlets, network, run
from tests.report.browser import BROWSER, DRIVER, MISSING, Browser

pytest.importorskip("jinja2")
STORM = {"kind": "chicago", "formula": "shanghai", "return_period": 5, "duration": "30 min", "peak_ratio": 0.4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bowl that floods because its pumps are too small."""
    path = tmp_path_factory.mktemp("drains")
    stations = [{"name": "PS 泵站", "units": [{"pump": "P1"}]}]
    drain = network(path / "n.inp", pump=0.02, sizes=(0.8, 0.3, 0.8))
    run(drain, inlets(path / "i.csv"), path / "run", stations=stations, rainfall=STORM).close()
    return path / "run"


@pytest.fixture(scope="module")
def opened(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    copy = tmp_path_factory.mktemp("open") / "run"
    shutil.copytree(folder, copy)
    return prepare(open_results(copy), 0, read_tables())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_of_the_drains(opened: Run, lang: str) -> None:
    tables = {table.key: table for table in all_tables(opened, Texts(lang))}
    cause = tables["causes"].shown()[0]
    assert cause[0] == "sag 低点" and cause[2] == "PS 泵站, P1"
    catchment = tables["catchments"].shown()[0]
    assert catchment[1:5] == ["1.00", "0.00", "1.00", "0.00"]
    assert [row[0] for row in tables["capacity"].rows][0] == "P <2 a"
    assert sum(row[2] for row in tables["capacity"].rows) == pytest.approx(100.0)
    assert tables["conduits"].rows[0][0] == "C2"
    station = tables["stations"].rows[0]
    assert station[4] == pytest.approx(0.02) and station[6] == "fail"
    assert station[1] is not None and station[2] > station[1] > 0.1
    assert not tables.get("outlets")  # the pumps lift straight into the only outfall


def test_first_screen_says_which_point_why_and_where(folder: Path, tmp_path: Path) -> None:
    html = page(folder, tmp_path / "r.html")
    summary = html.split('data-name="background"')[0]
    assert "pumps too small" in summary and "PS 泵站" in summary and CAUSE_COLORS["pumps"] in summary
    assert html.count("<polyline points=") >= 2 and "carry less than the 2 a" in html
    place = data_of(html)["runs"][0]["places"][0]
    assert place["color"] == CAUSE_COLORS["pumps"] and len(place["catchment"]) == 1
    drains = data_of(html)["runs"][0]["drains"]
    assert [pipe["text"].split(":")[0] for pipe in drains["pipes"]] == ["C1", "C2"]
    assert "泵站排水能力不足" in page(folder, tmp_path / "z.html", "zh")


def test_layers_of_the_drains(opened: Run, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    from floodsim.report.gis import write_layers

    write_layers(opened, tmp_path, Texts("en"))
    catchment = geopandas.read_file(tmp_path / "report.gpkg", layer="catchments")
    assert catchment.area.sum() == pytest.approx(1e4) and catchment["cause"][0] == "pumps"
    conduits = geopandas.read_file(tmp_path / "report.gpkg", layer="conduits")
    assert set(conduits["name"]) == {"C1", "C2"} and (tmp_path / "conduits.qml").is_file()
    points = geopandas.read_file(tmp_path / "report.gpkg", layer="waterlogging_points")
    assert points["cause"][0] == "pumps" and "PS 泵站" in points["elements"][0]
    assert len(geopandas.read_file(tmp_path / "report.gpkg", layer="stations")) == 1


def test_network_that_changed_after_the_run_is_said(folder: Path) -> None:
    """Without its network a verdict is given all the same, and says what it could not look at."""
    inp = folder.parent / "n.inp"
    text = inp.read_text(encoding="utf-8")
    try:
        inp.write_text(text.replace("B ", "BB "), encoding="utf-8")
        with open_results(folder) as results:
            verdict = judge(results)
        assert "cause" not in verdict["points"][0] or verdict["points"][0]["cause"]["kind"] == "outside"
        assert any("causes not looked for" in note["en"] for note in verdict["notes"])
        assert "not checked" in verdict["capacity"]["statement"]["en"]
    finally:
        inp.write_text(text, encoding="utf-8")
        judge(folder)


@pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)
def test_pipes_and_catchments_are_shown_on_demand(folder: Path, tmp_path: Path) -> None:
    page(folder, tmp_path / "r.html")
    with Browser() as browser:
        browser.open(tmp_path / "r.html")
        browser.wait("document.documentElement.dataset.ready")
        before = browser.run("return document.querySelectorAll('.map path').length")
        browser.run("document.querySelector('input.pipes').click()")
        browser.wait("document.querySelector('.map').dataset.group === 'pipes:true'")
        assert "Pipe carries P" in browser.run("return document.querySelector('.map .legend').textContent")
        browser.run("document.querySelector('input.catchments').click()")
        browser.wait(f"document.querySelectorAll('.map path').length > {before}")
        browser.run("document.querySelector('input.pipes').click()")
        assert "Pipe carries P" not in browser.run("return document.querySelector('.map .legend').textContent")
        assert browser.console() == []


def page(folder: Path, path: Path, lang: str = "en") -> str:
    with open_results(folder) as results:
        write_report([results], path, lang=lang)
    return path.read_text(encoding="utf-8")


def data_of(html: str) -> dict[str, Any]:
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert text
    return json.loads(text[1])
