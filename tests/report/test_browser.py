"""The page in headless Chromium: it opens without network or errors, answers to a person's hands, and prints."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from floodsim.assess.verdict import judge
from floodsim.grid.grid import make_grid
from floodsim.output.reader import open_results
from floodsim.report.build import write_report
from tests.assess.yard import make_run
from tests.output.fake import case
from tests.output.results import write_results
from tests.report.browser import BROWSER, DRIVER, MISSING, Browser

pytest.importorskip("jinja2")
if not (BROWSER and DRIVER):
    warnings.warn(MISSING, stacklevel=1)
    pytest.skip(MISSING, allow_module_level=True)

READY = "document.documentElement.dataset.ready"
PIXELS = """
const canvas = document.querySelector('.map canvas');
const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let filled = 0;
for (let k = 3; k < data.length; k += 4) filled += data[k] > 0;
return filled;
"""
AREA = "const box = document.querySelector('.map path.leaflet-interactive').getBoundingClientRect();"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    with open_results(make_run(folder / "a")) as a, open_results(make_run(folder / "b", 0.6)) as b:
        write_report([a, b], folder / "report.html", lang="en")
    return folder / "report.html"


@pytest.fixture
def opened(browser: Browser, page: Path) -> Iterator[Browser]:
    """The page, freshly open; afterwards nothing may stand in the console, and nothing may have been fetched."""
    browser.open(page)
    browser.wait(READY)
    yield browser
    fetched = browser.run("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in fetched if not name.startswith("data:")] == []
    assert browser.console() == []


def shown(browser: Browser, name: str) -> None:
    browser.wait(f"document.querySelector('.map').dataset.shown === '{name}'")


def test_it_opens_on_verdict_and_map(opened: Browser, tmp_path: Path) -> None:
    shown(opened, "max_depth")
    assert opened.run(PIXELS) == 6
    assert opened.run("return document.querySelector('article .target').textContent").startswith("1 of 2")
    assert opened.run("return document.querySelector('.verdicts').getBoundingClientRect().top < window.innerHeight")
    assert opened.run("return document.querySelectorAll('.map .legend i').length") == 8
    assert len(opened.screenshot(tmp_path / "open.png")) > 20_000


def test_layers_and_time(opened: Browser) -> None:
    opened.run("const s = document.querySelector('.layer'); s.value = 'arr'; s.dispatchEvent(new Event('change'));")
    shown(opened, "arr")
    assert "H1" in opened.run("return document.querySelector('.map .legend').textContent")
    opened.run("const s = document.querySelector('.layer'); s.value = 'depth'; s.dispatchEvent(new Event('change'));")
    shown(opened, "depth:0")
    assert opened.run(PIXELS) == 0
    opened.run("const s = document.querySelector('.slider'); s.value = 1; s.dispatchEvent(new Event('input'));")
    shown(opened, "depth:1")
    assert opened.run(PIXELS) == 6
    assert opened.run("return document.querySelector('.clock').textContent") == "0:20"
    opened.run("document.querySelector('.play').click()")
    shown(opened, "depth:3")
    opened.run("document.querySelector('.play').click()")


def test_pan_and_zoom(opened: Browser) -> None:
    before = opened.run(f"{AREA} return [box.x, box.y, box.width]")
    x, y = opened.run("const b = document.querySelector('.map').getBoundingClientRect(); return [b.x + 60, b.y + 150]")
    opened.drag((x, y), (x + 80, y + 40))
    time.sleep(0.4)
    moved = opened.run(f"{AREA} return [box.x, box.y, box.width]")
    assert moved[0] - before[0] > 40 and moved[1] - before[1] > 20
    opened.run("document.querySelector('.leaflet-control-zoom-in').click()")
    opened.wait(f"(function () {{ {AREA} return box.width > {1.5 * before[2]}; }})()")


def test_a_point_opens_its_series_and_its_sheet(opened: Browser) -> None:
    x, y = opened.run(f"{AREA} return [box.x + box.width / 4, box.y + box.height / 4]")
    opened.click(x, y)
    opened.wait("document.querySelector('.map').dataset.open === 'Hollow 低洼'")
    assert opened.run("return document.querySelector('.series .u-over') !== null")
    assert "depth m" in opened.run("return document.querySelector('.series .u-legend').textContent")
    opened.run("document.querySelector('.series header a').click()")
    assert opened.run("return location.hash") == "#sheet-0-0"
    sheet = opened.run("return document.querySelector(':target').textContent")
    assert "Hollow 低洼" in sheet and "4.1.4" in sheet
    assert opened.run("return document.querySelectorAll(':target svg polyline').length") == 1


def test_any_place_tells_its_depth_in_time(opened: Browser) -> None:
    shown(opened, "max_depth")
    x, y = opened.run(
        "const b = document.querySelector('.map canvas').getBoundingClientRect();"
        "return [b.x + b.width * 0.9, b.y + b.height * 0.2]"
    )
    opened.click(x, y)
    opened.wait("document.querySelector('.map').dataset.open === 'here'")
    assert "none" in opened.run("return document.querySelector('.leaflet-popup').textContent")


def test_the_other_run(opened: Browser) -> None:
    opened.run("const s = document.getElementById('run'); s.value = 1; s.dispatchEvent(new Event('change'));")
    opened.wait("document.querySelectorAll('.map')[1].dataset.shown === 'max_depth'")
    assert opened.run("return document.querySelector('article:not([hidden]) h2').textContent").startswith("b:")


def test_it_prints(opened: Browser, tmp_path: Path) -> None:
    opened.wait("[...document.querySelectorAll('.stack img')].every(image => image.complete && image.naturalWidth)")
    pdf = opened.print(tmp_path / "report.pdf")
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 6
    assert re.search(rb"/Subtype\s*/Image", pdf), "the maps are missing"


@pytest.mark.slow
def test_a_large_run_is_small_and_quick(browser: Browser, tmp_path: Path) -> None:
    """250 000 cells, 72 maps, 20 points: under 15 MB, open in under 3 s."""
    from scipy import ndimage

    random, n = np.random.default_rng(1), 500
    bed = ndimage.gaussian_filter(random.standard_normal((n, n)), 12) * 25 + ndimage.gaussian_filter(
        random.standard_normal((n, n)), 2
    )
    film = random.random((n, n)) * 0.03
    points = [{"name": f"P{k}", "x": 100.0 + 180 * (k % 5), "y": 100.0 + 220 * (k // 5)} for k in range(20)]
    little = case(
        clock={"duration": 21600.0},
        waterlogging_points=points,
        output={"interval": 300.0, "series_interval": 60.0, "maps": ["depth"]},
    )
    steps = [
        (60.0 * k, {"depth": np.maximum(0, film * (k % 7 > 3) + np.sin(k / 115) * 0.8 - bed)}) for k in range(1, 361)
    ]
    folder = write_results(tmp_path / "r", little, make_grid(bed, 2.0), steps, 7200.0)
    judge(folder)
    with open_results(folder) as results:
        assert results.maps is not None and results.maps.sizes["time"] == 73
        write_report([results], tmp_path / "large.html")
    assert (tmp_path / "large.html").stat().st_size < 15e6
    began = time.monotonic()
    browser.open(tmp_path / "large.html")
    browser.wait(READY)
    took = time.monotonic() - began
    print(f"{(tmp_path / 'large.html').stat().st_size / 1e6:.1f} MB, {took:.2f} s")  # noqa: T201
    assert took < 3.0 and int(browser.run(f"return {READY}")) < 3000
    assert browser.console() == []
