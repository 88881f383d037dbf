"""Buildings: encodings, repairs, overlaps, raised roofs and the rain of blocked cells."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from floodsim.errors import CaseError
from floodsim.grid.buildings import Footprints, block_cells
from floodsim.grid.frame import Frame
from floodsim.grid.geometry import cells_of_rings
from floodsim.grid.grid import Grid
from floodsim.grid.prepare import prepare_grid
from floodsim.grid.vector import read_polygons, read_vectors
from tests.grid.makers import make_case, write_tif

X0, Y0 = 400_000.0, 3_400_000.0
BED = np.add.outer(np.arange(20.0), np.arange(30.0)).astype(np.float32)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def layer(path: Path, shapes: list[object], crs: str | None = "EPSG:4544", **fields: object) -> Path:
    frame = geopandas.GeoDataFrame({**fields, "geometry": shapes}, crs=crs)
    pyogrio.write_dataframe(frame, path)
    return path


def prepare(
    folder: Path, houses: Path, notes: list[str] | None = None, roughness: float = 0.03, **rules: object
) -> Grid:
    terrain = write_tif(folder / "dem.tif", BED, x0=X0, y0=Y0, crs="EPSG:4544")
    case = make_case(grid={"terrain": terrain, "buildings": houses, "roughness": roughness}, buildings=rules)
    return prepare_grid(case, notes)


# --- raised ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_raised_roofs_stand_on_the_highest_ground(tmp_path: Path, suffix: str) -> None:
    crs = "EPSG:4490" if suffix == "geojson" else "EPSG:4544"
    shapes = geopandas.GeoSeries([box(2, 3, 6, 5), box(10, 10, 11, 12)], crs="EPSG:4544").to_crs(crs)
    houses = layer(tmp_path / f"houses.{suffix}", list(shapes), crs, tall=[3.0, None])
    notes: list[str] = []
    grid = prepare(tmp_path, houses, notes, height=6, height_field="tall")
    inside = np.zeros(BED.shape, bool)
    inside[3:5, 2:6] = inside[10:12, 10:11] = True
    expected = BED.copy()
    expected[3:5, 2:6] = BED[4, 5] + 3
    expected[10:12, 10] = BED[11, 10] + 6  # no attribute: buildings.height
    assert np.array_equal(grid.array("bed"), expected)
    assert np.array_equal(grid.array("building"), inside.astype(np.uint8))
    assert np.array_equal(grid.array("roughness"), np.where(inside, np.float32(0.02), np.float32(0.03)))
    assert grid.array("active").all() and not grid.has("rain_share")
    assert any("1 have no height in tall" in note for note in notes)


def test_the_higher_roof_counts_where_buildings_overlap(tmp_path: Path) -> None:
    houses = layer(tmp_path / "houses.gpkg", [box(2, 2, 6, 6), box(4, 4, 8, 8)])
    notes: list[str] = []
    bed = prepare(tmp_path, houses, notes).array("bed")
    assert bed[5, 5] == BED[7, 7] + 5 and bed[2, 2] == BED[5, 5] + 5
    assert any("1 pair of buildings overlap: feature 1 and 2" in note for note in notes)
    with pytest.raises(CaseError, match="feature 1 and 2") as caught:
        prepare(tmp_path, houses, overlap="refuse")
    assert caught.value.faults[0].key == "buildings.overlap"


def test_neighbours_that_only_touch_do_not_overlap(tmp_path: Path) -> None:
    houses = layer(tmp_path / "houses.gpkg", [box(2, 2, 6, 6), box(6, 2, 8, 8)])
    prepare(tmp_path, houses, overlap="refuse")


def test_broken_polygons_are_repaired_and_small_ones_noted(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(X0 + x, Y0 + y) for x, y in [(2, 2), (8, 8), (8, 2), (2, 8)]])
    houses = layer(tmp_path / "houses.gpkg", [bow_tie, box(12.1, 12.1, 12.3, 12.3), None])
    notes: list[str] = []
    building = prepare(tmp_path, houses, notes).array("building")
    assert building[3, 2] == 1 and building[3, 7] == 1 and building[2, 5] == 0  # both wings, not the gap between them
    text = "\n".join(notes)
    assert "1 invalid polygons were repaired: feature 1" in text
    assert "1 of 2 are outside the grid or cover no cell centre" in text
    assert "1 features without geometry" in text


# --- encodings and CRS -------------------------------------------------------------------------------------------

NAMES = ["天府广场", "春熙路地下通道", "人民南路"]


def shapefile(folder: Path, encoding: str, cpg: bool) -> Path:
    path = folder / "houses.shp"
    frame = geopandas.GeoDataFrame(
        {"名称": NAMES, "geometry": [box(2 * k, 2, 2 * k + 1, 4) for k in range(3)]}, crs=4544
    )
    pyogrio.write_dataframe(frame, path, encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink(missing_ok=True)
    return path


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("cpg", [True, False])
def test_chinese_attributes_of_shapefiles(tmp_path: Path, encoding: str, cpg: bool) -> None:
    path = shapefile(tmp_path, encoding, cpg)
    assert NAMES[0].encode(encoding) in path.with_suffix(".dbf").read_bytes()
    assert read_polygons(path)["名称"].tolist() == NAMES
    assert read_polygons(path, encoding=encoding)["名称"].tolist() == NAMES


def test_unknown_and_wrong_encodings(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "GBK", False)
    with pytest.raises(CaseError, match="unknown encoding"):
        read_polygons(path, encoding="klingon")
    with pytest.raises(CaseError, match=r'encoding = "GBK"'):
        read_polygons(path, encoding="utf-8")


def test_layers_are_brought_into_the_crs_asked_for(tmp_path: Path) -> None:
    lon, lat = 104.06, 30.66
    path = tmp_path / "points.geojson"
    geopandas.GeoDataFrame({"geometry": [shapely.Point(lon, lat)]}, crs=4326).to_file(path)
    wkt = pyproj.CRS(4544).to_wkt()
    point = read_vectors(path, crs_wkt=wkt).geometry.iloc[0]
    x, y = pyproj.Transformer.from_crs(4326, 4544, always_xy=True).transform(lon, lat)
    assert np.allclose([point.x, point.y], [x, y], atol=1e-6)
    assert read_vectors(path, crs_wkt="").geometry.iloc[0].x == lon  # a local grid takes coordinates as they are


def test_geojson_in_metres_without_crs_is_taken_as_the_grids(tmp_path: Path) -> None:
    path = tmp_path / "houses.geojson"
    geopandas.GeoDataFrame({"geometry": [box(2, 2, 4, 4)]}).to_file(path)
    notes: list[str] = []
    assert prepare(tmp_path, path, notes).array("building")[2:4, 2:4].all()
    assert any("coordinates are no degrees" in note for note in notes)


# --- faults ------------------------------------------------------------------------------------------------------


def test_bad_layers(tmp_path: Path) -> None:
    lines = layer(tmp_path / "lines.gpkg", [shapely.LineString([(X0, Y0), (X0 + 9, Y0)])])
    far = layer(tmp_path / "far.gpkg", [shapely.box(0, 0, 9, 9)])
    damaged = tmp_path / "damaged.gpkg"
    damaged.write_bytes(lines.read_bytes()[:3000])
    text = tmp_path / "houses.dxf"
    text.write_text("x")
    several = layer(tmp_path / "several.gpkg", [box(0, 0, 1, 1)])
    pyogrio.write_dataframe(geopandas.GeoDataFrame({"geometry": [box(0, 0, 1, 1)]}, crs=4544), several, layer="more")
    alone = shapefile(tmp_path, "GBK", False)
    alone.with_suffix(".shx").unlink()
    empty = layer(tmp_path / "empty.gpkg", [None])
    for path, words in (
        (lines, "1 features are no polygons: feature 1"),
        (far, "no building covers a cell"),
        (damaged, "check that the file is complete"),
        (text, ".gpkg, .geojson, .json, .shp"),
        (several, "several, more"),
        (alone, "check that the file is complete"),
        (empty, "no features with geometry"),
        (tmp_path / "none.gpkg", "no such file"),
    ):
        with pytest.raises(CaseError) as caught:
            prepare(tmp_path, path)
        assert words in str(caught.value), path.name
        assert caught.value.faults[0].key == "grid.buildings"
    with pytest.raises(CaseError, match="has no layer 'roofs'"):
        prepare(tmp_path, several, layer="roofs")


def test_bad_heights(tmp_path: Path) -> None:
    houses = layer(tmp_path / "houses.gpkg", [box(2, 2, 4, 4)], height=[12000.0])
    with pytest.raises(CaseError, match="no such field") as caught:
        prepare(tmp_path, houses, height_field="hoehe")
    assert caught.value.faults[0].allowed == "height"
    with pytest.raises(CaseError, match="heights above 1000 m: feature 1"):
        prepare(tmp_path, houses, height_field="height")


# --- blocked -----------------------------------------------------------------------------------------------------


def blocked(active: np.ndarray, *rings: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    frame = Frame(0, 0, 1, 1, active.shape[1], active.shape[0])
    pairs = [(k, np.asarray(shapely.box(*ring).exterior.coords)) for k, ring in enumerate(rings)]
    houses = Footprints(np.arange(len(rings)), np.full(len(rings), 5.0), cells_of_rings(frame, pairs))
    return block_cells(active, houses, frame, "houses.gpkg")


def test_rain_of_a_blocked_building_falls_around_it(tmp_path: Path) -> None:
    grid = prepare(tmp_path, layer(tmp_path / "houses.gpkg", [box(10, 5, 14, 8)]), mode="blocked")
    inside = np.zeros(BED.shape, bool)
    inside[5:8, 10:14] = True
    rim = np.zeros(BED.shape, bool)
    rim[4:9, 9:15] = True
    rim &= ~inside
    share = grid.array("rain_share")
    assert np.array_equal(grid.array("active"), ~inside) and np.array_equal(grid.array("building"), 2 * inside)
    assert share.dtype == np.float32 and (share[inside] == 0).all() and (share[~inside & ~rim] == 1).all()
    assert np.allclose(share[rim], 1 + 12 / 18, atol=1e-4)
    assert share[grid.array("active")].sum(dtype=np.float64) == BED.size
    assert np.array_equal(grid.array("bed"), BED)  # the ground below stays known


def test_an_enclosed_building_passes_its_rain_to_the_nearest_free_cell() -> None:
    active = np.ones((9, 40), bool)
    active[:, 30:] = False
    # a middle house inside a block of four others that closes round it
    building, share = blocked(active, (4, 4, 5, 5), (2, 2, 7, 4), (2, 5, 7, 7), (2, 4, 4, 5), (5, 4, 7, 5))
    assert (building == 2).sum() == 25 and not active[2:7, 2:7].any()
    assert share[active].sum(dtype=np.float64) == 9 * 30 and (share[~active] == 0).all()
    assert share.max() > 1


def test_houses_from_edge_to_edge_still_find_a_free_cell() -> None:
    active = np.ones((3, 50), bool)
    _, share = blocked(active, (0, 0, 20, 3), (20, 0, 49, 3))
    assert np.array_equal(np.argwhere(active)[:, 1], [49, 49, 49])
    assert share[active].sum(dtype=np.float64) == 150


def test_no_free_cell_at_all_is_refused() -> None:
    with pytest.raises(CaseError, match="block every cell"):
        blocked(np.ones((4, 4), bool), (0, 0, 4, 4))


corners = st.tuples(st.floats(-3, 28), st.floats(-3, 18), st.floats(1, 12), st.floats(1, 9))


@given(st.lists(corners, min_size=1, max_size=12), st.integers(0, 99))
def test_rain_is_conserved_exactly(houses: list[tuple[float, float, float, float]], seed: int) -> None:
    active = np.random.default_rng(seed).uniform(size=(17, 27)) > 0.1
    before = int(active.sum())
    was = active.copy()
    try:
        building, share = blocked(active, *[(x, y, x + w, y + h) for x, y, w, h in houses])
    except CaseError:
        assert not active.any()
        return
    assert share[active].sum(dtype=np.float64) == before
    assert (share[active] >= 1).all() and (share[~active] == 0).all()
    assert np.array_equal(building == 2, was & ~active)


def test_rain_is_conserved_with_many_buildings_on_many_cells() -> None:
    """Building number times cell number leaves 32 bits here."""
    active = np.ones((1500, 1600), bool)
    _, share = blocked(active, *[(x, y, x + 2, y + 2) for x in range(5, 1590, 30) for y in range(5, 1490, 30)])
    assert share[active].sum(dtype=np.float64) == 1500 * 1600
    assert abs(share.max() - 4 / 3) < 1e-4
