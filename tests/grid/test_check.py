"""Placement of what a case names, the check bundle, and the memory that preparing takes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely

from floodsim.errors import CaseError, Faults
from floodsim.grid import check
from floodsim.grid.check import write_check_bundle, write_geotiff
from floodsim.grid.grid import Grid, make_grid
from floodsim.grid.placement import check_placement, edge_cells
from floodsim.grid.prepare import prepare_grid
from tests.grid.makers import make_case, write_tif

X0, Y0 = 410_000.0, 3_393_000.0
WKT = pyproj.CRS(4544).to_wkt()


def town(crs_wkt: str = WKT) -> Grid:
    """40 x 30 cells of 5 m; a blocked house in the middle, the west edge blocked, the north-east corner outside."""
    active, building = np.ones((30, 40), bool), np.zeros((30, 40), np.uint8)
    building[10:15, 10:20] = 2
    building[:, 0] = 2
    active[building == 2] = False
    active[25:, 30:] = False
    bed = np.add.outer(np.arange(30.0), np.arange(40.0))
    return make_grid(bed, 5.0, x0=X0, y0=Y0, active=active, building=building, crs_wkt=crs_wkt)


def at(x: float, y: float) -> dict[str, float]:
    return {"x": X0 + x, "y": Y0 + y}


def line(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(X0 + x, Y0 + y) for x, y in points]


GOOD = {
    "points": [{"name": "P1", **at(12, 12)}],
    "sources": [
        {"name": "S1", **at(22, 22), "discharge": 1},
        {"name": "S2", "kind": "line", "coordinates": line((40, 60), (120, 60)), "discharge": 1},
    ],
    "lines": [{"name": "L1", "coordinates": line((-50, 22), (500, 22))}],
    "waterlogging_points": [
        {"name": "W1", **at(70, 60), "radius": 60},
        {"name": "W2", "polygon": line((5, 5), (30, 5), (30, 30)), "lane": line((10, 5), (20, 5), (20, 15))},
    ],
    "boundaries": [
        {"name": "B1", "kind": "open", "edge": "south", "span": (X0 + 20, X0 + 40)},
        {"name": "B2", "kind": "level", "level": 3, "polygon": line((195, 20), (210, 20), (210, 40), (195, 40))},
        {"name": "B3", "kind": "level", "level": 3, "polygon": line((148, 130), (152, 130), (152, 140), (148, 140))},
    ],
}


def faults_of(grid: Grid | None = None, **sections: object) -> list[str]:
    faults = Faults("case.toml")
    check_placement(make_case(**sections), town() if grid is None else grid, faults)
    return [str(fault) for fault in faults.found]


def test_what_is_well_placed_passes() -> None:
    assert faults_of(**GOOD) == []


@pytest.mark.parametrize(
    ("section", "entry", "words"),
    [
        (
            "points",
            {"name": "P", "x": 5, "y": 5},
            ["points[0]", "point 'P' is outside", "x 410000 .. 410200", "EPSG:4490"],
        ),
        ("points", {"name": "P", "x": Y0 + 5, "y": X0 + 5}, ["x and y look swapped"]),
        ("points", {"name": "P", "x": 35e6 + X0 + 5, "y": Y0 + 5}, ["zone number 35"]),
        ("points", {"name": "P", "x": X0 - 500, "y": Y0}, ["coordinates inside the grid"]),
        ("points", {"name": "P", **at(60, 60)}, ["on a blocked building (row 12, column 12)", "street beside"]),
        ("points", {"name": "P", **at(190, 140)}, ["on a cell outside the domain"]),
        ("sources", {"name": "S", **at(60, 60), "discharge": 1}, ["sources[0]", "source 'S' is on a blocked building"]),
        (
            "sources",
            {"name": "S", "kind": "line", "coordinates": [(0, 0), (9, 9)], "discharge": 1},
            ["is outside the grid"],
        ),
        (
            "sources",
            {"name": "S", "kind": "line", "coordinates": line((52, 52), (90, 70)), "discharge": 1},
            ["source 'S' has only cells that hold no water"],
        ),
        ("lines", {"name": "L", "coordinates": [(0, 0), (9, 9)]}, ["lines[0]", "line 'L' is outside the grid"]),
        (
            "lines",
            {"name": "L", "coordinates": line((55, 60), (90, 60))},
            ["crosses no face between two cells that hold water"],
        ),
        ("lines", {"name": "L", "coordinates": line((22, 22), (22.1, 22))}, ["is shorter than a cell"]),
        ("waterlogging_points", {"name": "W", "x": 1, "y": 1}, ["waterlogging point 'W' is outside the grid"]),
        ("waterlogging_points", {"name": "W", **at(75, 62), "radius": 5}, ["only cells that hold no water"]),
        (
            "waterlogging_points",
            {"name": "W", **at(20, 20), "lane": line((20, 20), (20.5, 20), (20.5, 20.5))},
            ["waterlogging_points[0].lane", "holds no cell centre", "larger than a cell"],
        ),
        ("waterlogging_points", {"name": "W", "polygon": [(0, 0), (1, 0), (1, 1)]}, ["is outside the grid"]),
        (
            "boundaries",
            {"name": "B", "kind": "open", "edge": "east", "span": (0, 10)},
            ["boundary 'B' misses the edge", "span (0.0, 10.0)", "3393000 .. 3393150 (y)"],
        ),
        (
            "boundaries",
            {"name": "B", "kind": "open", "polygon": line((20, 20), (30, 20), (30, 30))},
            ["misses the edge"],
        ),
        (
            "boundaries",
            {"name": "B", "kind": "discharge", "discharge": 1, "edge": "west"},
            ["boundary 'B' (discharge) lies wholly on blocked buildings"],
        ),
        (
            "boundaries",
            {"name": "B", "kind": "level", "level": 1, "edge": "east", "span": (Y0 + 126, Y0 + 150)},
            ["wholly on cells outside the domain"],
        ),
    ],
)
def test_what_is_badly_placed(section: str, entry: dict[str, object], words: list[str]) -> None:
    if words[-1] == "EPSG:4490":
        lon, lat = pyproj.Transformer.from_crs(4544, 4490, always_xy=True).transform(X0 + 50, Y0 + 20)
        entry = {**entry, "x": lon, "y": lat}
    found = faults_of(**{section: [entry]})
    assert len(found) == 1
    for word in words:
        assert word in found[0]


def test_another_zone_is_recognised() -> None:
    x, y = pyproj.Transformer.from_crs(4544, 4543, always_xy=True).transform(X0 + 50, Y0 + 20)
    assert "the coordinates look like EPSG:4543" in faults_of(points=[{"name": "P", "x": x, "y": y}])[0]


def test_waterlogging_file_is_checked(tmp_path: Path) -> None:
    shapes = [shapely.Point(X0 + 12, Y0 + 12), shapely.Point(0, 0), shapely.box(X0 + 5, Y0 + 5, X0 + 30, Y0 + 30)]
    path = tmp_path / "spots.gpkg"
    geopandas.GeoDataFrame({"name": ["甲", "乙", "丙"], "geometry": shapes}, crs=4544).to_file(path)
    found = faults_of(waterlogging_file={"file": path})
    assert len(found) == 1 and "'乙' of spots.gpkg is outside the grid" in found[0]
    assert "no such field" in faults_of(waterlogging_file={"file": path, "name_field": "title"})[0]
    assert "no such file" in faults_of(waterlogging_file={"file": tmp_path / "x.gpkg"})[0]


def test_boundary_file_and_cells(tmp_path: Path) -> None:
    path = tmp_path / "river.gpkg"
    box = shapely.box(X0 + 195, Y0 + 20, X0 + 210, Y0 + 40)
    geopandas.GeoDataFrame({"geometry": [box]}, crs=4544).to_file(path)
    grid = town()
    case = make_case(boundaries=[{"name": "B", "kind": "open", "file": path}, GOOD["boundaries"][0]])  # type: ignore[index]
    east, south = (edge_cells(grid, boundary) for boundary in case.boundaries)
    assert east.tolist() == [[j, 39] for j in range(4, 8)]
    assert south.tolist() == [[0, i] for i in range(4, 8)]


# --- check bundle ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wkt", [WKT, ""])
def test_check_bundle_can_be_read_again(tmp_path: Path, wkt: str) -> None:
    grid, case = town(wkt), make_case(**GOOD)
    folder = tmp_path / "run" / "check"
    boundaries = [("B1", "open", np.array([[0, 4], [0, 5]])), ("none", "open", np.zeros((0, 2), np.int64))]
    sources = [("S1", "point", np.array([[4, 4]])), ("S2", "line", np.array([[12, i] for i in range(20, 27)]))]
    for _ in range(2):  # the second one replaces the first
        write_check_bundle(folder, grid, case, boundaries, sources)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["check"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "active.tif", "bed.tif", "buildings.tif", "check.gpkg", "roughness.tif",
    ]  # fmt: skip
    with rasterio.open(folder / "bed.tif") as file:
        bed = file.read(1, masked=True)[::-1]
        assert tuple(file.bounds) == grid.bounds and file.transform.e < 0
        assert (file.crs.to_epsg() if wkt else file.crs) == (4544 if wkt else None)
    assert np.array_equal(bed.mask, ~grid.array("active") & (grid.array("building") == 0))
    assert np.array_equal(bed.filled(0), np.where(bed.mask, 0, grid.array("bed")))
    with rasterio.open(folder / "active.tif") as file:
        assert np.array_equal(file.read(1)[::-1], grid.array("active"))
    layers = {row[0] for row in pyogrio.list_layers(folder / "check.gpkg")}
    assert layers == {"boundaries", "sources", "points", "lines", "waterlogging_points"}
    squares = pyogrio.read_dataframe(folder / "check.gpkg", layer="sources")
    assert len(squares) == 8 and set(squares["kind"]) == {"point", "line"}
    assert squares.geometry.iloc[0].bounds == (X0 + 20, Y0 + 20, X0 + 25, Y0 + 25)
    areas = pyogrio.read_dataframe(folder / "check.gpkg", layer="waterlogging_points")
    assert areas["part"].tolist() == ["area", "area", "lane"]


def test_a_failure_leaves_the_older_bundle_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid, case, folder = town(), make_case(**GOOD), tmp_path / "check"
    write_check_bundle(folder, grid, case, [], [])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(check, "_write_layers", fail)
    with pytest.raises(RuntimeError):
        write_check_bundle(folder, grid, case, [], [])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["check"]


def test_geotiff_keeps_its_values_and_leaves_no_pieces(tmp_path: Path) -> None:
    grid = make_grid(np.zeros((300, 280)), 2.0, 3.0, x0=-5.0, y0=7.0)
    values = np.random.default_rng(0).normal(size=grid.shape).astype(np.float32)
    write_geotiff(tmp_path / "depth.tif", values, grid, nodata=-1.0)
    with rasterio.open(tmp_path / "depth.tif") as file:
        assert np.array_equal(file.read(1)[::-1], values) and file.nodata == -1.0
        assert file.compression.name == "deflate" and tuple(file.bounds) == grid.bounds
    with pytest.raises(CaseError, match="cannot be written"):
        write_geotiff(tmp_path / "no" / "depth.tif", values, grid)
    with pytest.raises(ValueError, match="shape"):
        write_geotiff(tmp_path / "depth.tif", values[1:], grid)
    assert [path.name for path in tmp_path.iterdir()] == ["depth.tif"]


def test_bundle_without_rasterio_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    with pytest.raises(CaseError, match=r"pip install floodsim\[geo\]"):
        write_check_bundle(tmp_path / "check", town(), make_case(), [], [])
    assert list(tmp_path.iterdir()) == []


# --- memory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", [None, 2.0])
def test_memory_per_cell(tmp_path: Path, resolution: float | None) -> None:
    """At most 60 bytes per cell, with land cover, buildings and nodata."""
    ratio = 1 if resolution is None else 2
    ny, nx = 1200 * ratio, 1000 * ratio
    bed = np.random.default_rng(0).uniform(0, 9, (ny, nx)).astype(np.float32)
    bed[:50, :50] = np.nan
    terrain = write_tif(tmp_path / "dem.tif", bed, x0=X0, y0=Y0, crs="EPSG:4544")
    cover = write_tif(tmp_path / "cover.tif", np.full((ny, nx), 4, np.uint8), x0=X0, y0=Y0, crs="EPSG:4544")
    houses = tmp_path / "houses.gpkg"
    boxes = [
        shapely.box(X0 + x, Y0 + y, X0 + x + 20, Y0 + y + 12) for x in range(100, 900, 40) for y in range(100, 1100, 40)
    ]
    geopandas.GeoDataFrame({"geometry": boxes}, crs=4544).to_file(houses)
    del bed
    ground = {
        "terrain": terrain,
        "roughness": cover,
        "buildings": houses,
        "nodata": "outside",
        "resolution": resolution,
    }
    case = make_case(grid=ground, buildings={"mode": "blocked"}, losses={"kind": "horton", "table": tmp_path / "l.csv"})
    tracemalloc.start()
    grid = prepare_grid(case)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert grid.shape == (1200, 1000) and grid.array("bed").dtype == np.float32
    assert peak / (1200 * 1000) < 60
