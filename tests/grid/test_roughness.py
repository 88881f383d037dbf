"""Manning n and loss classes out of numbers, rasters and tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from floodsim.errors import CaseError
from floodsim.grid.grid import Grid
from floodsim.grid.prepare import prepare_grid
from floodsim.grid.roughness import NO_CLASS, built_in_table, loss_classes, read_table
from tests.grid.makers import make_case, write_tif

CODES = np.repeat(np.repeat(np.array([[1, 2, 4], [7, 1, 6]], np.uint8), 4, axis=0), 4, axis=1)  # (8, 12)


def prepare(folder: Path, layer: Path | float, notes: list[str] | None = None, **sections: object) -> Grid:
    terrain = write_tif(folder / "dem.tif", np.zeros((4, 6), np.float32), dx=2)
    ground = {"terrain": terrain, "crs": "local", "roughness": layer}
    return prepare_grid(make_case(grid=ground, **sections), notes)


def test_built_in_table_is_complete_and_tells_its_sources() -> None:
    table = read_table(built_in_table())
    names = {entry.name for entry in table.values()}
    assert {"road", "paved", "roof", "grass", "shrub", "trees", "water", "bare soil", "railway"} <= names
    with built_in_table().open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert row["source"] and row["confidence"] in {"high", "medium", "low"}
            assert float(row["low"]) <= float(row["manning"]) <= float(row["high"])


def test_classes_get_their_n_by_majority_of_area(tmp_path: Path) -> None:
    codes = CODES.copy()
    codes[0, 0] = 6  # one of four square metres: road stays the majority
    notes: list[str] = []
    grid = prepare(tmp_path, write_tif(tmp_path / "cover.tif", codes), notes)
    table = read_table(built_in_table())
    expected = [[table[code].manning for code in row] for row in CODES[::2, ::2].tolist()]
    assert np.array_equal(grid.array("roughness"), np.array(expected, np.float32))
    assert "cover.tif holds land-cover classes (majority of area), n from land_cover.csv" in notes[0]


def test_n_is_averaged_over_area(tmp_path: Path) -> None:
    n = np.random.default_rng(0).uniform(0.01, 0.2, (8, 12))
    grid = prepare(tmp_path, write_tif(tmp_path / "n.tif", n))
    assert np.allclose(grid.array("roughness"), n.reshape(4, 2, 6, 2).mean(axis=(1, 3)), rtol=1e-6)
    assert grid.array("roughness").dtype == np.float32


def test_floating_point_classes_and_a_table_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(
        "class,name,manning\n1,道路,0.018\n2,x,0.02\n4,草,0.05\n6,树,0.1\n7,水,0.03\n".encode("gbk")
    )
    cover = write_tif(tmp_path / "cover.tif", CODES.astype(np.float32))
    grid = prepare(tmp_path, cover, roughness={"table": tmp_path / "own.csv"})
    assert grid.array("roughness")[0, 0] == np.float32(0.018)
    assert read_table(tmp_path / "own.csv")[1].name == "道路"


def test_classes_in_another_crs_follow_by_mode(tmp_path: Path) -> None:
    terrain = write_tif(
        tmp_path / "dem.tif", np.zeros((10, 10), np.float32), x0=410_000, y0=3_393_000, dx=5, crs="EPSG:4544"
    )
    cover = write_tif(
        tmp_path / "cover.tif", np.full((30, 30), 4, np.uint8), x0=104.05, y0=30.64, dx=0.001, crs="EPSG:4490"
    )
    grid = prepare_grid(make_case(grid={"terrain": terrain, "roughness": cover}))
    assert (grid.array("roughness") == np.float32(0.045)).all()


def test_missing_classes_and_cells(tmp_path: Path) -> None:
    codes = CODES.copy()
    codes[:4, :4] = 77
    cover = write_tif(tmp_path / "cover.tif", codes)
    with pytest.raises(CaseError) as caught:
        prepare(tmp_path, cover)
    text = str(caught.value)
    assert "class 77 (4 cells) is not in the table land_cover.csv" in text and "roughness.default" in text
    notes: list[str] = []
    grid = prepare(tmp_path, cover, notes, roughness={"default": 0.044})
    assert grid.array("roughness")[0, 0] == np.float32(0.044) and "class 77 (4 cells) got" in "".join(notes)
    holes = write_tif(tmp_path / "holes.tif", codes, nodata=77)
    with pytest.raises(CaseError, match="has no data on 4 cells of the grid, the first at row 0, column 0"):
        prepare(tmp_path, holes)
    assert prepare(tmp_path, holes, roughness={"default": 0.044}).array("roughness")[1, 1] == np.float32(0.044)


def test_bad_layers_and_tables(tmp_path: Path) -> None:
    strickler = write_tif(tmp_path / "k.tif", np.full((8, 12), 33.5))
    with pytest.raises(CaseError, match="neither Manning n nor classes"):
        prepare(tmp_path, strickler)
    with pytest.raises(CaseError, match="out of range on 24 cells"):
        prepare(tmp_path, write_tif(tmp_path / "n.tif", np.full((8, 12), 0.001)))
    with pytest.raises(CaseError, match="out of range"):
        prepare(tmp_path, 0.0)
    far = write_tif(tmp_path / "far.tif", CODES, x0=1e6)
    with pytest.raises(CaseError, match="does not overlap the grid"):
        prepare(tmp_path, far)
    cover = write_tif(tmp_path / "cover.tif", CODES)
    (tmp_path / "a.csv").write_text("code,n\n1,0.02\n")
    with pytest.raises(CaseError, match="no column class, manning"):
        prepare(tmp_path, cover, roughness={"table": tmp_path / "a.csv"})
    (tmp_path / "b.csv").write_text("class,name,manning\n1,a,0.02\n1,b,0.03\ntwo,c,0.1\n4,d,9\n")
    with pytest.raises(CaseError) as caught:
        prepare(tmp_path, cover, roughness={"table": tmp_path / "b.csv"})
    text = str(caught.value)
    assert "class 1 a second time" in text and "line 4 needs a whole number" in text and "n of class 4" in text
    with pytest.raises(CaseError, match="no such file"):
        prepare(tmp_path, cover, roughness={"table": tmp_path / "c.csv"})


def test_loss_classes_index_their_codes(tmp_path: Path) -> None:
    cover = write_tif(tmp_path / "cover.tif", CODES)
    losses = {"kind": "horton", "table": tmp_path / "losses.csv"}
    grid = prepare(tmp_path, cover, losses=losses)
    codes = grid.dataset["loss_class"].attrs["codes"]
    assert codes == [1, 2, 4, 6, 7] and grid.array("loss_class").dtype == np.uint8
    assert np.array_equal(np.array(codes)[grid.array("loss_class")], CODES[::2, ::2])
    again, listed = loss_classes(make_case(losses={"land_cover": cover}), grid)
    assert listed == codes and np.array_equal(again, grid.array("loss_class"))


def test_loss_classes_need_a_class_raster_that_covers(tmp_path: Path) -> None:
    losses = {"kind": "horton", "table": tmp_path / "losses.csv"}
    with pytest.raises(CaseError, match="needs a land-cover raster"):
        prepare(tmp_path, 0.03, losses=losses)
    n = write_tif(tmp_path / "n.tif", np.full((8, 12), 0.1))
    with pytest.raises(CaseError, match="no land-cover classes"):
        prepare(tmp_path, n, losses=losses)
    part = write_tif(tmp_path / "part.tif", CODES[:, :6])
    with pytest.raises(CaseError, match="has no class on 12 cells, the first at row 0, column 3"):
        prepare(tmp_path, 0.03, losses={**losses, "land_cover": part})
    grid = prepare(tmp_path, 0.03, losses={**losses, "land_cover": part}, roughness={"default": 0.05})
    assert grid.dataset["loss_class"].attrs["codes"][-1] == NO_CLASS
    assert np.count_nonzero(grid.array("loss_class") == len(grid.dataset["loss_class"].attrs["codes"]) - 1) == 12
