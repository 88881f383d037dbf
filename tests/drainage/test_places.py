"""Networks in another CRS than the terrain, in none, and far away from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest

from floodsim import errors
from floodsim.case.load import parse_case
from floodsim.cli import main
from floodsim.drainage.check_network import ERROR, check_network
from floodsim.drainage.convert import convert_network, read_network
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.read_tables import read_tables
from floodsim.drainage.reproject import to_crs
from floodsim.errors import CaseError
from floodsim.grid import crs
from floodsim.grid.grid import Grid, make_grid
from floodsim.simulate.drainage import make_drainage
from tests.drainage.survey import X0, Y0, frames, tables, write_csv, write_gpkg
from tests.grid.makers import write_tif
from tests.simulate.networks import street_drain


def survey(folder: Path, code: str = "EPSG:4544") -> Path:
    points, lines = frames(*tables())
    return write_gpkg(folder / "survey.gpkg", points.to_crs(code), lines.to_crs(code))


def dem(folder: Path, code: str | None, level: float = 499.9) -> Path:
    place = {"x0": 499_900.0, "y0": 3_389_900.0, "dx": 10.0}
    write_tif(folder / "dem.tif", np.full((40, 60), level, np.float32), **place, crs=code)
    return folder / "dem.tif"


@pytest.mark.parametrize("code", ["EPSG:4545", "EPSG:32648", "EPSG:3857"])
def test_a_network_is_brought_into_the_terrains_crs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    """Its rims then lie on the terrain; without the transformation every node lies far outside."""
    source, terrain = survey(tmp_path, code), dem(tmp_path, "EPSG:4544")
    assert main(["network", "check", str(source), "--terrain", str(terrain)]) == errors.EXIT_OK
    out = " ".join(capsys.readouterr().out.split())
    assert f"coordinates were brought from {code}" in out and "off_terrain" not in out and "outside" not in out


def test_transformed_places_are_those_of_pyproj(tmp_path: Path) -> None:
    network, _ = read_network(survey(tmp_path))
    moved = to_crs(network, str(crs.parse("EPSG:4545").to_wkt()), "survey")
    x, y = pyproj.Transformer.from_crs(4544, 4545, always_xy=True).transform(network.nodes.x, network.nodes.y)
    np.testing.assert_array_equal((moved.nodes.x, moved.nodes.y), (x, y))
    assert [len(line) for line in moved.links.vertices] == [len(line) for line in network.links.vertices]
    np.testing.assert_array_equal(moved.conduits.length, network.conduits.length)
    back = to_crs(moved, network.crs_wkt, "survey")
    np.testing.assert_allclose(back.nodes.x, network.nodes.x, atol=1e-6)
    for one, other in zip(back.links.vertices, network.links.vertices, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_network_without_crs_is_taken_as_the_terrains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, pipes = write_csv(tmp_path, *tables())
    terrain = dem(tmp_path, "EPSG:4544")
    arguments = ["network", "check", str(points), "--lines", str(pipes), "--terrain", str(terrain)]
    assert main(arguments) == errors.EXIT_OK
    out = " ".join(capsys.readouterr().out.split())
    assert "names no CRS; its coordinates are taken as those of the terrain, EPSG:4544" in out


def test_a_terrain_without_crs_is_taken_as_the_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, terrain = survey(tmp_path), dem(tmp_path, None)
    assert main(["network", "check", str(source), "--terrain", str(terrain)]) == errors.EXIT_OK
    assert "the terrain names no CRS" in " ".join(capsys.readouterr().out.split())


def test_a_terrain_in_degrees_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tif(tmp_path / "deg.tif", np.full((4, 6), 5.0, np.float32), x0=105.0, y0=30.6, dx=0.001, crs="EPSG:4490")
    arguments = ["network", "check", str(survey(tmp_path)), "--terrain", str(tmp_path / "deg.tif")]
    assert main(arguments) == errors.EXIT_BAD_INPUT
    said = capsys.readouterr().err
    assert "is in degrees" in said and "gdalwarp -t_srs EPSG:4544" in said


def test_what_cannot_be_transformed_is_refused_with_its_node(tmp_path: Path) -> None:
    network, _ = read_network(survey(tmp_path))
    x = network.nodes.x.copy()
    x[2] = 1e30
    broken = replace(network, nodes=replace(network.nodes, x=x))
    with pytest.raises(CaseError, match=r"survey: cannot be brought from EPSG:4544 .* into EPSG:3857 .*: Y3") as caught:
        to_crs(broken, str(crs.parse("EPSG:3857").to_wkt()), "survey")
    assert caught.value.faults[0].remedy


def test_tables_in_feet_become_metres(tmp_path: Path) -> None:
    """A survey in US feet (EPSG:2263) used to be read as if its feet were metres."""
    points, lines = frames(*tables())
    shift = 300_000.0 - X0, 60_000.0 - Y0  # to where EPSG:32118, the metric twin of 2263, is at home
    both: list[Any] = [
        layer.set_geometry(layer.translate(*shift).set_crs("EPSG:32118", allow_override=True)).to_crs("EPSG:2263")
        for layer in (points, lines)
    ]
    network, _ = read_tables(write_gpkg(tmp_path / "feet.gpkg", *both))
    np.testing.assert_allclose(network.conduits.length[:5], 50.0, rtol=1e-3)
    assert any("foot were brought into EPSG:32618" in note for note in network.notes)


def test_convert_writes_the_crs_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = survey(tmp_path, "EPSG:4545"), tmp_path / "net.inp"
    assert main(["network", "convert", str(source), str(target), "--crs", "EPSG:4544"]) == errors.EXIT_OK
    np.testing.assert_allclose(read_inp(target).nodes.x[:2], [X0, X0 + 50.0], atol=1e-3)
    assert "EPSG:4490" not in convert_network(target, tmp_path / "net.gpkg", to="EPSG:4544").crs_wkt.split("ID[")[0]
    assert "4544" in read_network(tmp_path / "net.gpkg")[0].crs_wkt
    capsys.readouterr()
    for code, part in (("EPSG:4490", "has coordinates in degree"), ("EPSG:1", "is no coordinate reference system")):
        arguments = ["network", "convert", str(source), str(tmp_path / "no.inp"), "--crs", code]
        assert main(arguments) == errors.EXIT_BAD_INPUT
        said = capsys.readouterr().err
        assert part in said and "--crs" in said
    assert not (tmp_path / "no.inp").exists()


def moved(folder: Path, x: Any, y: Any) -> Network:
    network = read_inp(street_drain(folder / "d.inp"))
    return replace(network, nodes=replace(network.nodes, x=x(network.nodes), y=y(network.nodes)))


def town() -> Grid:
    """100 m x 40 m around the nodes of the street, at 500 km east and 3400 km north."""
    grid = make_grid(np.full((20, 50), 10.0), 2.0)
    shifted = grid.dataset.assign_coords(x=grid.dataset.x + 5e5, y=grid.dataset.y + 3.4e6)
    return replace(grid, dataset=shifted)


EAST, NORTH = 5e5, 3.4e6
MISTAKES = {
    "swapped": (lambda n: n.y + NORTH, lambda n: n.x + EAST, "x and y are swapped"),
    "zone": (lambda n: n.x + EAST + 38e6, lambda n: n.y + NORTH, "take its leading digits off"),
    "mm": (lambda n: 1e3 * (n.x + EAST), lambda n: 1e3 * (n.y + NORTH), "divide them by 1000"),
    "degrees": (lambda n: 105.0 + 1e-5 * n.x, lambda n: 30.0 + 1e-5 * n.y, "look like degrees"),
    "elsewhere": (lambda n: n.x, lambda n: n.y, "check the coordinates"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_nodes_far_away_are_one_fault_that_names_the_mistake(tmp_path: Path, mistake: str) -> None:
    x, y, remedy = MISTAKES[mistake]
    found = check_network(moved(tmp_path, x, y), town())
    assert [(one.severity, one.check, one.object) for one in found] == [(ERROR, "far_off_terrain", "junction A")]
    assert "4 nodes lie far outside the terrain (A, B, C, O)" in found[0].message
    assert "x 500000 .. 500100, y 3400000 .. 3400040" in found[0].message and remedy in found[0].remedy


def test_a_network_larger_than_the_terrain_is_not_far(tmp_path: Path) -> None:
    network = moved(tmp_path, lambda n: n.x + EAST + 500.0, lambda n: n.y + NORTH)
    assert {one.check for one in check_network(network, town())} == {"off_terrain"}


def run_on(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """Notes of a case on 100 m x 40 m whose network is ``street_drain`` with other coordinates."""
    file = street_drain(folder / "d.inp")
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    case = parse_case({"name": "x", "clock": {"duration": 10}, "drainage": {"network": str(file)}})
    drainage = make_drainage(case, make_grid(np.full((20, 50), 10.0), 2.0))
    assert drainage is not None
    return drainage.notes


def test_a_run_notes_single_nodes_far_away_and_refuses_a_network_elsewhere(tmp_path: Path) -> None:
    assert not any("far outside" in note for note in run_on(tmp_path))
    told = [note for note in run_on(tmp_path, ("C 71 20", "C 71000 20000")) if "far outside" in note]
    assert len(told) == 1
    assert told[0].startswith("node C lies far outside") and "divide them by 1000" in told[0]
    every = [(f"{name} {x} 20", f"{name} {x}000 20000") for name, x in (("A", 11), ("B", 41), ("C", 71), ("O", 500))]
    with pytest.raises(CaseError, match="no node of the network lies on the grid") as caught:
        run_on(tmp_path, *every)
    assert "divide them by 1000" in caught.value.faults[0].remedy
