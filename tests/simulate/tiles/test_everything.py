"""A town with all that a case can have, in tiles: the same bits, and every command reads the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.cli import main
from floodsim.output.reader import Results
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.forcing.test_gridded import write_rain
from tests.simulate.tiles.test_bits import drained, ground, network_below
from tests.simulate.whole_town import case, town


def laden(folder: Path) -> dict[str, Any]:
    """The town under moving rain, with soils by class and a rating curve beside all it has."""
    rasterio = pytest.importorskip("rasterio")
    rng = np.random.default_rng(4)
    seconds = np.array([0.0, 60.0, 120.0, 180.0])
    centres_y, centres_x = np.array([22.0, 66.0, 110.0]), np.array([30.0, 90.0, 150.0, 210.0, 270.0])
    rain = rng.uniform(20.0, 250.0, (4, 3, 5))
    write_rain(folder / "rain.nc", rain, centres_x, centres_y, seconds, since="seconds since 2025-07-05 23:58:00")
    profile = {"driver": "GTiff", "height": 33, "width": 65, "count": 1, "dtype": "uint8"}
    place = rasterio.transform.from_origin(0.0, 132.0, 4.0, 4.0)
    with rasterio.open(folder / "soil.tif", "w", **profile, transform=place) as tif:
        tif.write(rng.integers(1, 4, (33, 65)).astype(np.uint8), 1)
    table = "class,conductivity [mm/h],suction [m],deficit\n1,10,0.1,0.2\n2,2,0.2,0.1\n3,,,\n"
    (folder / "soil.csv").write_text(table)
    (folder / "rating.csv").write_text("discharge,level\n0,9.9\n0.4,10.1\n3,10.6\n")
    sections = case(folder, clock={"duration": "160 s"})
    sections["rainfall"] = {"kind": "gridded", "file": str(folder / "rain.nc")}
    sections["losses"] = {"kind": "green_ampt", "table": str(folder / "soil.csv"),
                          "land_cover": str(folder / "soil.tif")}  # fmt: skip
    curve = {
        "name": "weir",
        "kind": "rating",
        "edge": "north",
        "span": [60.0, 120.0],
        "table": str(folder / "rating.csv"),
    }
    sections["boundaries"].append(curve)
    return sections


def in_tiles(parsed: Case, folder: Path) -> Results:
    return run_tiled(parsed, folder, ThreadPlace(), Cut(6, "3x2"), grid=town())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Result folders of the same case in one process and in tiles."""
    folder = tmp_path_factory.mktemp("laden")
    parsed = parse_case(laden(folder), folder, {})
    floodsim.run(parsed, folder / "one", grid=town()).close()
    in_tiles(parsed, folder / "tiles").close()
    return folder / "one", folder / "tiles"


def test_the_laden_town_has_the_same_bits(folders: tuple[Path, Path]) -> None:
    one, tiles = folders
    assert exact_differences(one, tiles) == []
    with floodsim.open_results(one) as a, floodsim.open_results(tiles) as b:
        for name in ("mass", "limiter", "froude", "drainage"):
            assert a.summary[name] == b.summary[name], name
        assert a.series is not None and float(np.ptp(a.series["rainfall"].values)) > 0.0
        assert a.summary["mass"]["terms"]["infiltration"]["m3"] > 0.0


def test_coupling_steps_adapt_alike(tmp_path: Path) -> None:
    sections = drained(network_below(tmp_path / "drain.inp"))
    sections["drainage"] |= {"adaptive": True, "coupling_step": "10 s", "tolerance": 1e-3}
    parsed = parse_case(sections, tmp_path, {})
    with floodsim.run(parsed, tmp_path / "one", grid=ground()) as one:
        assert one.summary["drainage"]["coupling_steps"] > 12  # of 10 s and shorter
        with run_tiled(parsed, tmp_path / "tiles", ThreadPlace(), Cut(6, "3x2"), grid=ground()) as tiles:
            assert tiles.summary["drainage"] == one.summary["drainage"]
    assert exact_differences(tmp_path / "one", tmp_path / "tiles") == []


@pytest.mark.parametrize("name", ["info", "report", "export"])
def test_commands_read_a_folder_of_tiles(name: str, folders: tuple[Path, Path], tmp_path: Path) -> None:
    if name == "export":
        arguments = [["export", str(folder), "max_depth", str(tmp_path / f"{folder.name}.tif")] for folder in folders]
    elif name == "report":
        pytest.importorskip("jinja2")
        arguments = [["report", str(folder), "--out", str(tmp_path / f"{folder.name}.html")] for folder in folders]
    else:
        arguments = [["info", str(folder)] for folder in folders]
    for each in arguments:
        assert main(each) == 0
    if name == "export":
        assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "tiles.tif").read_bytes()


def test_compare_reads_a_folder_of_tiles(folders: tuple[Path, Path]) -> None:
    one, tiles = map(str, folders)
    assert main(["compare", one, tiles, "--exact"]) == 0
    assert main(["compare", tiles, one]) == 0
