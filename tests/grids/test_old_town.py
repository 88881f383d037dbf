"""The synthetic old town: the recipe makes what is shipped, and the ground is what the README promises."""

from __future__ import annotations

import heapq
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio")

GRID = Path(__file__).parents[2] / "grids" / "old_town"
CASE = Path(__file__).parents[2] / "cases" / "old_town" / "case.toml"
SPOTS_AT_1M = {  # least depth in m that the low spot holds before it spills
    "Railway underpass": 2.5,
    "Textile mill compound": 0.45,
    "Jianshe Road crossing": 0.35,
    "School gate": 0.04,
    "Market Street": 0.28,
    "Riverside bus stop": 0.09,
}
RASTERS = ["terrain.tif", "land_cover.tif"]
VECTORS = ["buildings.geojson", "waterlogging_points.geojson", "walls.geojson", "breaches.geojson"]


def read_raster(path: Path) -> np.ndarray:
    """Values of a raster, rows from south to north."""
    with rasterio.open(path) as file:
        return file.read(1)[::-1]


def read_features(name: str) -> list[dict]:
    return json.loads((GRID / name).read_text(encoding="utf-8"))["features"]


def inside(shape: tuple[int, int], ring: list[list[float]], cell: float) -> np.ndarray:
    """Cells whose centre lies in a ring of map coordinates; rows from south to north."""
    from rasterio.features import geometry_mask

    north = 3_482_000.0 + shape[0] * cell
    transform = rasterio.transform.from_origin(475_000.0, north, cell, cell)
    return ~geometry_mask([{"type": "Polygon", "coordinates": [ring]}], shape, transform)[::-1]


def spill_levels(bed: np.ndarray, outlet: np.ndarray) -> np.ndarray:
    """Level at which each cell spills to the outlet cells, over 4-neighbours (priority flood)."""
    ny, nx = bed.shape
    level = np.full(bed.shape, np.inf)
    queue = [(float(bed[j, i]), int(j), int(i)) for j, i in np.argwhere(outlet)]
    for z, j, i in queue:
        level[j, i] = z
    heapq.heapify(queue)
    while queue:
        z, j, i = heapq.heappop(queue)
        for b, a in ((j + 1, i), (j - 1, i), (j, i + 1), (j, i - 1)):
            if 0 <= b < ny and 0 <= a < nx and level[b, a] == np.inf:
                level[b, a] = max(z, float(bed[b, a]))
                heapq.heappush(queue, (level[b, a], b, a))
    return level


def stream_outlet(bed: np.ndarray) -> np.ndarray:
    """Cells of the stream bed at the east edge."""
    outlet = np.zeros(bed.shape, bool)
    outlet[:, -1] = bed[:, -1] < bed[:, -1].min() + 0.3
    return outlet


def reachable(start: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Cells connected with ``start`` through ``free`` cells over 4-neighbours."""
    found = start & free
    while True:
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        grown &= free
        if (grown == found).all():
            return found
        found = grown


def check_railway(bed: np.ndarray, cell: float) -> None:
    """North and south of the railway are joined below 1 m over the street by the underpass, and by nothing else."""
    band = bed[round(500 / cell) : round(720 / cell)]
    y, x = (np.indices(band.shape) + 0.5) * cell
    y += 500.0
    free = band < np.median(bed[round(660 / cell)]) + 1.2
    north, south = y > 700.0, y < 520.0
    assert (reachable(north, free) & south).any(), "the underpass is closed"
    underpass = (np.abs(x - 430) < 20) & (np.abs(y - 640) < 40)
    assert not (reachable(north, free & ~underpass) & south).any(), "water slips through the embankment"


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old_town")
    subprocess.run([sys.executable, str(GRID / "recipe.py"), "--out", str(folder)], check=True)
    return folder


@pytest.mark.parametrize("name", RASTERS)
def test_recipe_makes_the_shipped_rasters(remade: Path, name: str) -> None:
    with rasterio.open(remade / name) as new, rasterio.open(GRID / name) as shipped:
        assert (new.read(1) == shipped.read(1)).all()
        assert new.transform == shipped.transform
        assert new.crs == shipped.crs
        assert new.crs.to_epsg() == 4544


@pytest.mark.parametrize("name", VECTORS)
def test_recipe_makes_the_shipped_vectors(remade: Path, name: str) -> None:
    assert (remade / name).read_bytes() == (GRID / name).read_bytes()


def test_recipe_makes_coarser_rasters_of_the_same_town(tmp_path: Path) -> None:
    command = [sys.executable, str(GRID / "recipe.py"), "--resolution", "5", "--out", str(tmp_path)]
    subprocess.run(command, check=True)
    coarse, fine = read_raster(tmp_path / "terrain.tif"), read_raster(GRID / "terrain.tif")
    assert coarse.shape == (200, 200)
    assert (coarse == fine[2::5, 2::5]).all()  # centres of 5 m cells are centres of 1 m cells


def test_recipe_refuses_a_resolution_that_does_not_divide_the_town(tmp_path: Path) -> None:
    command = [sys.executable, str(GRID / "recipe.py"), "--resolution", "7", "--out", str(tmp_path / "no")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "divides 1000 m" in done.stderr
    assert not (tmp_path / "no").exists()


def test_shipped_files_are_small() -> None:
    assert sum(path.stat().st_size for path in GRID.iterdir() if path.is_file()) < 4_000_000


def test_levels_are_exact_in_single_precision_and_complete() -> None:
    terrain = read_raster(GRID / "terrain.tif")
    assert terrain.shape == (1000, 1000)
    assert terrain.dtype == np.float32
    assert ((terrain.astype(np.float64) * 1024) % 1 == 0).all()
    assert 478 < terrain.min() < terrain.max() < 500


def test_buildings_make_a_dense_town() -> None:
    features = read_features("buildings.geojson")
    covered = sum(_area(item["geometry"]["coordinates"][0]) for item in features)
    assert len(features) > 400
    assert 0.28e6 < covered < 0.45e6
    assert all(2 <= item["properties"]["floors"] <= 7 for item in features)
    assert all(item["properties"]["synthetic"] == 1 for item in features)


def test_buildings_do_not_overlap() -> None:
    shapely = pytest.importorskip("shapely")
    shapes = [shapely.geometry.shape(item["geometry"]) for item in read_features("buildings.geojson")]
    assert all(shape.is_valid for shape in shapes)
    assert shapely.union_all(shapes).area == pytest.approx(sum(shape.area for shape in shapes), abs=0.5)


def test_six_named_low_spots_are_pits_of_the_bare_ground() -> None:
    bed = read_raster(GRID / "terrain.tif").astype(float)
    held = spill_levels(bed, stream_outlet(bed)) - bed
    spots = read_features("waterlogging_points.geojson")
    found = {
        s["properties"]["name"]: held[inside(bed.shape, s["geometry"]["coordinates"][0], 1.0)].max() for s in spots
    }
    assert found.keys() == SPOTS_AT_1M.keys()
    assert all(found[name] >= least for name, least in SPOTS_AT_1M.items()), found
    assert all(s["properties"]["name_zh"] for s in spots)


def test_stream_falls_all_the_way_to_the_east_edge() -> None:
    bed = read_raster(GRID / "terrain.tif").astype(float)
    thalweg = bed[:160].min(axis=0)
    assert (np.diff(thalweg) <= 0.01).all()
    assert thalweg[0] - thalweg[-1] == pytest.approx(1.5, abs=0.1)


def test_only_the_underpass_leads_through_the_embankment() -> None:
    check_railway(read_raster(GRID / "terrain.tif").astype(float), 1.0)


@pytest.mark.parametrize("cell", [3.125, 4.0, 8.0])
def test_prepared_grid_keeps_railway_stream_and_low_spots(cell: float) -> None:
    from floodsim.case.load import load_case
    from floodsim.grid.prepare import prepare_grid

    grid = prepare_grid(load_case(CASE, [f"grid.resolution={cell}"]))
    bed = grid.array("bed").astype(float)
    assert grid.dx == cell
    assert bed.shape == (round(1000 / cell),) * 2
    check_railway(bed, cell)
    outlet = stream_outlet(bed)
    level = spill_levels(bed, outlet)
    entry = round(60 / cell)
    assert level[entry, 0] < bed[entry, 0] + 0.5, "the stream is dammed"
    held = np.where(grid.array("building") > 0, 0.0, level - bed)
    for spot in read_features("waterlogging_points.geojson"):
        name = spot["properties"]["name"]
        area = inside(bed.shape, spot["geometry"]["coordinates"][0], cell)
        if SPOTS_AT_1M[name] > 0.2:  # the two shallow dips of single streets vanish in coarse cells
            assert held[area].max() > 0.8 * SPOTS_AT_1M[name], name


def _area(ring: list[list[float]]) -> float:
    x, y = (np.array(ring).T - np.array([[475_000.0], [3_482_000.0]])).tolist()
    return abs(sum(a * d - b * c for a, b, c, d in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True))) / 2
