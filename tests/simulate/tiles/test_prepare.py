"""Ground prepared by windows is the ground prepared whole, to the bit; what needs the whole is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from floodsim.case.ground import TerrainEdit
from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.errors import CaseError
from floodsim.grid import window_plan
from floodsim.grid.prepare import prepare_grid
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.prepare import prepare_by_windows

rasterio = pytest.importorskip("rasterio")


def terrain(folder: Path, high: float) -> Path:
    """A GeoTIFF of 90 x 70 cells of 1 m with a corner without data."""
    levels = (high + np.random.default_rng(1).random((90, 70)) * 30.0).astype(np.float32)
    levels[:12, 50:] = -9999.0
    file = folder / "terrain.tif"
    profile = {"driver": "GTiff", "height": 90, "width": 70, "count": 1, "dtype": "float32", "nodata": -9999.0}
    with rasterio.open(file, "w", **profile, transform=rasterio.transform.from_origin(500.0, 900.0, 1.0, 1.0)) as tif:
        tif.write(levels, 1)
    return file


def the_case(folder: Path, high: float = 10.0, **grid: Any) -> Case:
    keys = {"terrain": str(terrain(folder, high)), "nodata": "outside", "crs": "local", **grid}
    return parse_case({"name": "large", "clock": {"duration": "1 min"}, "grid": keys}, folder, {})


@pytest.mark.parametrize("high", [10.0, 3000.0])
@pytest.mark.parametrize("grid", [{}, {"resolution": "2 m"}, {"extent": [510.0, 815.0, 560.0, 895.0]}])
def test_windows_come_to_the_whole(high: float, grid: dict[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    case = the_case(tmp_path, high, **grid)
    monkeypatch.setattr(window_plan.strips, "__defaults__", (400,))
    found = prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), [], least=1)
    assert found is not None
    whole = prepare_grid(case)
    assert found[0].bounds == whole.bounds and len(found[1]) > 4
    for name in ("bed", "active", "building", "roughness"):
        assert found[0].array(name).dtype == whole.array(name).dtype
        np.testing.assert_array_equal(found[0].array(name), whole.array(name))
    for axis in ("x", "y"):
        np.testing.assert_array_equal(found[0].dataset[axis], whole.dataset[axis])


def shapes(folder: Path, count: int = 14) -> Path:
    """Houses of all sizes, some overlapping, some outside, one so wide that its middle has no free cell beside it."""
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    rng = np.random.default_rng(8)
    corners = np.column_stack([rng.uniform(495.0, 560.0, count), rng.uniform(805.0, 895.0, count)])
    boxes = [
        shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, rng.uniform(2, 14, (count, 2)), strict=True)
    ]
    boxes += [shapely.box(520.0, 840.0, 550.0, 866.0), shapely.box(530.0, 848.0, 534.0, 853.0)]
    file = folder / "houses.gpkg"
    geopandas.GeoDataFrame({"tall": rng.uniform(3, 9, len(boxes)), "geometry": boxes}).to_file(file)
    return file


def cover(folder: Path, size: float, dtype: str = "uint8") -> Path:
    """Land cover on cells of a size (m), with a hole, two rows short of the grid in the south."""
    nx, ny = int(80 / size), int(88 / size)
    codes = np.random.default_rng(2).integers(1, 5, (ny, nx)).astype(dtype)
    codes[3:5, 4:6] = 0
    file = folder / f"cover{size:g}{dtype}.tif"
    profile = {"driver": "GTiff", "height": ny, "width": nx, "count": 1, "dtype": dtype, "nodata": 0}
    transform = rasterio.transform.from_origin(500.0, 900.0, size, size)
    with rasterio.open(file, "w", **profile, transform=transform) as tif:
        tif.write(codes, 1)
    return file


def everything(folder: Path, mode: str, size: float, dtype: str) -> Case:
    """Walls, channels, breaches, areas, houses, land cover with n and infiltration by class."""
    table, soils = folder / "n.csv", folder / "soils.csv"
    table.write_text("class,name,manning\n1,a,0.02\n2,b,0.03\n3,c,0.05\n")
    soils.write_text("class,name,rate [mm/h]\n1,a,5\n2,b,10\n3,c,20\n")
    edits = [
        {"kind": "wall", "by": "2 m", "coordinates": [[505.0, 812.0], [555.0, 893.0]], "width": "3 m"},
        {
            "kind": "raise",
            "by": "0.4 m",
            "coordinates": [[500, 850], [570, 850], [530, 880], [500, 850]],
        },
        {"kind": "lower", "by": "0.7 m", "coordinates": [[500.0, 830.0], [570.0, 833.0]], "width": "4 m"},
    ]
    keys = {
        "terrain": str(terrain(folder, 10.0)), "nodata": "outside", "crs": "local", "edits": edits,
        "buildings": str(shapes(folder)), "roughness": str(cover(folder, size, dtype)),
    }  # fmt: skip
    case = {
        "name": "large", "clock": {"duration": "1 min"}, "grid": keys,
        "buildings": {"mode": mode, "height_field": "tall"},
        "roughness": {"table": str(table), "default": 0.04},
        "losses": {"kind": "constant", "table": str(soils)},
    }  # fmt: skip
    parsed = parse_case(case, folder, {})
    falling = [  # from end to end, the second one from the end of the first
        TerrainEdit(kind="breach", coordinates=[(510.0, 815.0), (552.0, 862.0)], width=2.0),
        TerrainEdit(kind="breach", coordinates=[(552.0, 862.0), (515.0, 890.0)]),
    ]
    parsed.grid.edits[1:1] = falling
    return parsed


@pytest.mark.parametrize(
    ("mode", "size", "dtype"), [("raised", 1.0, "uint8"), ("blocked", 2.0, "uint8"), ("raised", 0.5, "float32")]
)
def test_all_that_shapes_the_ground_comes_to_the_whole(
    mode: str, size: float, dtype: str, tmp_path: Path, monkeypatch: Any
) -> None:
    case = everything(tmp_path, mode, size, dtype)
    monkeypatch.setattr(window_plan.strips, "__defaults__", (500,))
    notes: list[str] = []
    found = prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), notes, least=1)
    assert found is not None, notes
    told: list[str] = []
    whole = prepare_grid(case, told)
    assert set(found[0].dataset.data_vars) == set(whole.dataset.data_vars) and found[0].has("loss_class")
    for name in whole.dataset.data_vars:
        np.testing.assert_array_equal(found[0].array(str(name)), whole.array(str(name)), str(name))
        assert found[0].array(str(name)).dtype == whole.array(str(name)).dtype
    assert found[0].dataset["loss_class"].attrs == whole.dataset["loss_class"].attrs
    assert found[0].bounds == whole.bounds
    assert {note for note in told if "depressions" not in note} == set(notes)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_terrain_of_other_formats_is_read_by_windows(suffix: str, tmp_path: Path, monkeypatch: Any) -> None:
    levels = (10.0 + np.random.default_rng(1).random((90, 70)) * 30.0).astype(np.float32)
    coords = {"y": 990.5 - np.arange(90), "x": 500.5 + np.arange(70)}
    dataset = xr.Dataset({"bed": (("y", "x"), levels)}, coords)
    file = tmp_path / f"terrain{suffix}"
    if suffix == ".zarr":
        pytest.importorskip("zarr", reason="zarr is not installed: terrain in Zarr is not tested")
        dataset.to_zarr(file)
    else:
        dataset.to_netcdf(file)
    case = the_case(tmp_path, terrain=str(file))
    monkeypatch.setattr(window_plan.strips, "__defaults__", (400,))
    found = prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), [], least=1)
    assert found is not None
    np.testing.assert_array_equal(found[0].array("bed"), prepare_grid(case).array("bed"))
    np.testing.assert_allclose(found[0].array("bed"), levels[::-1], atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edits": [{"kind": "raise", "by": "1 m", "coordinates": [[0.0, 0.0], [1.0, 1.0]]}]}, "touches no cell"),
        ({"roughness": "cover1uint8.tif"}, "has no data on"),
    ],
)
def test_faults_are_those_of_one_piece(change: dict[str, Any], message: str, tmp_path: Path, monkeypatch: Any) -> None:
    cover(tmp_path, 1.0)
    case = the_case(tmp_path, **change)
    monkeypatch.setattr(window_plan.strips, "__defaults__", (400,))
    with pytest.raises(CaseError, match=message) as by_windows:
        prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), [], least=1)
    with pytest.raises(CaseError) as whole:
        prepare_grid(case)
    assert by_windows.value.faults == whole.value.faults


def test_what_needs_the_whole_grid_is_named(tmp_path: Path) -> None:
    notes: list[str] = []
    case = the_case(tmp_path, nodata="fill")
    assert prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), notes, least=1) is None
    assert "grid.nodata" in notes[0]
    assert prepare_by_windows(the_case(tmp_path, resolution="1.7 m"), tmp_path, ThreadPlace(), [], least=1) is None
    assert prepare_by_windows(the_case(tmp_path), tmp_path, ThreadPlace(), []) is None  # too small to be worth it


def test_cells_without_data_are_refused_as_in_one_piece(tmp_path: Path) -> None:
    case = the_case(tmp_path, nodata="refuse")
    with pytest.raises(CaseError, match="240 of 6300 cells of the grid have no data") as by_windows:
        prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), [], least=1)
    with pytest.raises(CaseError) as whole:
        prepare_grid(case)
    assert by_windows.value.faults[0].message == whole.value.faults[0].message
