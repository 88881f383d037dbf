"""Round trips: .inp, GeoPackage and the command line; EPA SWMM opens what is written and says the same."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim import errors
from floodsim.cli import main
from floodsim.drainage.convert import convert_network, read_network
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.write_inp import inp_text, write_inp
from tests.drainage.survey import frames, tables, write_csv, write_gpkg
from tests.grid.makers import write_tif


def differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """Paths at which two networks differ; what a reader notes, and STREET sections written as surveyed ones, aside."""
    if dataclasses.is_dataclass(a):
        for column in dataclasses.fields(a):
            if column.name not in ("notes", "unsupported", "shape", "crs_wkt", "places"):
                yield from differences(getattr(a, column.name), getattr(b, column.name), f"{path}.{column.name}")
    elif isinstance(a, np.ndarray):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True):
            yield path
    elif isinstance(a, tuple):
        if len(a) != len(b):
            yield path
        for at, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from differences(x, y, f"{path}[{at}]")
    elif isinstance(a, float):
        if not np.isclose(a, b, rtol=1e-9, equal_nan=True):
            yield path
    elif a != b:
        yield f"{path}: {a!r} {b!r}"


def test_every_published_example_survives_writing(validation_data: Path, tmp_path: Path) -> None:
    for file in sorted((validation_data / "epa_swmm").rglob("*.inp")):
        network = read_inp(file)
        write_inp(network, tmp_path / file.name)
        again = read_inp(tmp_path / file.name)
        assert list(differences(network, again)) == [], file.name
        streets = {"STREET": "IRREGULAR"}
        assert tuple(streets.get(shape, shape) for shape in network.sections.shape) == again.sections.shape


SAME = {"VARIABLE_STEP": 0, "INERTIAL_DAMPING": "NONE", "NORMAL_FLOW_LIMITED": "BOTH", "REPORT_STEP": "00:05:00",
        "ROUTING_STEP": 5, "THREADS": 1, "HEAD_TOLERANCE": 0}  # fmt: skip


@pytest.mark.parametrize("name", ["extran/extran1", "extran/extran5", "extran/extran6", "extran/extran8a",
                                  "extran/extran10", "update_v52/Type5_Pump_Test"])  # fmt: skip
def test_swmm_says_the_same_of_what_is_written(validation_data: Path, tmp_path: Path, name: str) -> None:
    """Feet and CFS in, metres and CMS out: weirs, orifices, pumps, storages, transects and series included.

    95 % of the heads of SWMM itself on both files agree to 1 cm, peaks of several metres; what is left is its tolerance
    of iteration, a fixed number of feet or of metres, and pumps that switch a step earlier or later for it.
    """
    source = validation_data / "epa_swmm" / f"{name}.inp"
    written = tmp_path / "written.inp"
    write_inp(read_inp(source), written)
    before = run_swmm(source, tmp_path, "before", **SAME)
    after = run_swmm(written, tmp_path, "after", **SAME)
    assert before.nodes == after.nodes and before.links == after.links
    np.testing.assert_allclose(after.lateral, before.lateral, atol=1e-5)
    error = np.abs(after.head - before.head)
    assert np.quantile(error, 0.95) < 0.01 and error.mean() < 0.01
    assert np.abs(before.head - before.head[:, :1]).max() > 0.05, "nothing moved, nothing was tested"


def test_geopackage_round_trip(tmp_path: Path) -> None:
    survey = write_gpkg(tmp_path / "survey.gpkg", *frames(*tables()))
    network = convert_network(survey, tmp_path / "net.gpkg")
    again, _ = read_network(tmp_path / "net.gpkg")
    assert list(differences(network, again)) == []
    assert again.sections.shape == network.sections.shape and "4544" in again.crs_wkt


def test_tables_to_inp_and_the_mapping(tmp_path: Path) -> None:
    points, pipes = write_csv(tmp_path, *tables(), "gbk")
    mapping = tmp_path / "map.toml"
    first = convert_network(points, tmp_path / "a.inp", pipes, mapping)
    assert mapping.is_file()
    second = convert_network(points, tmp_path / "b.inp", None, mapping)
    assert list(differences(first, second)) == []
    assert list(differences(first, read_inp(tmp_path / "a.inp"))) == []
    answer = run_swmm(tmp_path / "a.inp", tmp_path)
    assert answer.nodes == list(first.nodes.name)


def test_names_with_blanks_and_marks(tmp_path: Path) -> None:
    points, lines = tables()
    points["Y2"][0] = "井 2;b"
    lines["Y1-Y2"][1] = lines["Y2-Y3"][0] = "井 2;b"
    network, _ = read_network(*write_csv(tmp_path, points, lines))
    (tmp_path / "net.inp").write_text(inp_text(network), encoding="utf-8")
    assert read_inp(tmp_path / "net.inp").nodes.name == network.nodes.name


def listing(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, pipes = write_csv(tmp_path, *tables())
    target, mapping = tmp_path / "net.inp", tmp_path / "map.toml"
    convert = ["network", "convert", str(points), str(target), "--lines", str(pipes), "--mapping", str(mapping)]
    assert main(convert) == errors.EXIT_OK
    out = capsys.readouterr().out
    assert "7, of these 1 outfalls" in out and f"wrote {target}" in out.replace("\n", "") and "sizes are in mm" in out
    assert main(convert) == errors.EXIT_WOULD_OVERWRITE
    assert main([*convert, "--force"]) == errors.EXIT_OK
    capsys.readouterr()
    assert main(["network", "check", str(target)]) == errors.EXIT_OK
    assert "found  0 errors, 0 warnings" in capsys.readouterr().out
    assert listing(tmp_path) == ["map.toml", "net.inp", "pipes.csv", "points.csv"]


def test_checking_against_a_terrain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey = write_gpkg(tmp_path / "survey.gpkg", *frames(*tables()))
    place = {"x0": 499_900.0, "y0": 3_389_900.0, "dx": 10.0}
    write_tif(tmp_path / "dem.tif", np.full((40, 60), 499.9, np.float32), **place, crs="EPSG:4544")
    assert main(["network", "check", str(survey), "--terrain", str(tmp_path / "dem.tif")]) == errors.EXIT_OK
    assert "0 errors, 0 warnings" in capsys.readouterr().out
    write_tif(tmp_path / "low.tif", np.full((40, 60), 499.2, np.float32), **place, crs="EPSG:4544")
    assert main(["network", "check", str(survey), "--terrain", str(tmp_path / "low.tif")]) == errors.EXIT_OK
    out = capsys.readouterr().out
    assert "0 errors, 6 warnings" in out and "junction Y1" in out and "0.80 m above the terrain" in out


@pytest.mark.parametrize("target", ["net.inp", "net.gpkg"])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    points, pipes = write_csv(tmp_path, *tables())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", target)

    monkeypatch.setattr(os, "replace", full)
    command = ["network", "convert", str(points), str(tmp_path / target), "--lines", str(pipes)]
    assert main(command) == errors.EXIT_RUN_FAILED
    assert "No space left" in capsys.readouterr().err
    assert listing(tmp_path) == ["pipes.csv", "points.csv"]


def test_networks_without_places_cannot_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network: Network = read_network(*write_csv(tmp_path, *tables()))[0]
    text = inp_text(network)
    source = tmp_path / "net.inp"
    source.write_text(text[: text.index("[COORDINATES]")], encoding="utf-8")
    assert main(["network", "convert", str(source), str(tmp_path / "net.gpkg")]) == errors.EXIT_BAD_INPUT
    assert "without coordinates" in capsys.readouterr().err
    assert listing(tmp_path) == ["net.inp", "pipes.csv", "points.csv"]
