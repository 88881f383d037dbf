"""Holes, terrain edits and depressions: closed forms and flood fill."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from floodsim.case.ground import GridSection, TerrainEdit
from floodsim.errors import CaseError
from floodsim.grid.edits import apply_edits
from floodsim.grid.frame import Frame
from floodsim.grid.holes import components, treat_holes
from floodsim.grid.pits import depression_depth
from floodsim.grid.prepare import prepare_grid
from tests.grid.makers import make_case, write_asc

FRAME = Frame(0.0, 0.0, 2.0, 2.0, 30, 20)


def edited(bed: np.ndarray, *edits: dict[str, object], frame: Frame = FRAME) -> np.ndarray:
    out = bed.astype(np.float64)
    apply_edits(out, np.ones(bed.shape, bool), [TerrainEdit.model_validate(edit) for edit in edits], frame, [])
    return out


def reach(free: np.ndarray, start: tuple[int, int], diagonal: bool = False) -> np.ndarray:
    """Flood fill over free cells by sides, or by sides and corners."""
    seen, todo = np.zeros(free.shape, bool), [start]
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)] + ([(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else [])
    while todo:
        j, i = todo.pop()
        if 0 <= j < free.shape[0] and 0 <= i < free.shape[1] and free[j, i] and not seen[j, i]:
            seen[j, i] = True
            todo += [(j + dj, i + di) for dj, di in steps]
    return seen


# --- holes -------------------------------------------------------------------------------------------------------


def test_fill_keeps_a_constant_and_stays_between_the_rim(tmp_path: Path) -> None:
    bed = np.full((9, 9), 7.0)
    bed[:, 5:] = 9.0
    bed[1:3, 1:3] = np.nan  # wholly in the constant part
    bed[5:8, 4:6] = np.nan
    bed[0, 8] = np.nan  # in the corner of the grid
    notes: list[str] = []
    active = treat_holes(bed, Frame(0, 0, 1, 1, 9, 9), GridSection(nodata="fill", max_fill_cells=6), notes)
    assert active.all()
    assert np.allclose(bed[1:3, 1:3], 7.0, rtol=1e-15) and bed[0, 8] == 9.0
    assert (bed[5:8, 4] < 8).all() and (bed[5:8, 5] > 8).all() and (np.abs(bed[5:8, 4:6] - 8) < 1).all()
    assert notes == ["terrain: 11 cells without data in 3 holes were filled from their rims"]


def test_fill_weights_by_the_inverse_square_of_distance() -> None:
    bed = np.array([[1.0, np.nan, np.nan, 4.0]])
    treat_holes(bed, Frame(0, 0, 1, 1, 4, 1), GridSection(nodata="fill"), [])
    assert np.allclose(bed, [[1, (1 + 4 / 4) / (1 + 1 / 4), (1 / 4 + 4) / (1 / 4 + 1), 4]])


def test_components_join_by_sides_only() -> None:
    mask = np.array([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 1]], bool)
    rows, cols, label = components(mask)
    assert list(zip(rows, cols, strict=True)) == [tuple(cell) for cell in np.argwhere(mask)]
    assert label.tolist() == [0, 1, 1, 2, 1, 2, 2, 1] and len(set(label)) == 3


# --- edits -------------------------------------------------------------------------------------------------------


def test_raise_lower_and_set_in_order() -> None:
    square = [(4, 4), (12, 4), (12, 12), (4, 12), (4, 4)]
    bed = np.zeros(FRAME.shape)
    inside = np.zeros(FRAME.shape, bool)
    inside[2:6, 2:6] = True
    assert np.array_equal(edited(bed, {"kind": "raise", "by": 2, "coordinates": square}), np.where(inside, 2.0, 0.0))
    both = [{"kind": "set", "level": 5, "coordinates": square}, {"kind": "lower", "by": "50 cm", "coordinates": square}]
    assert np.array_equal(edited(bed, *both), np.where(inside, 4.5, 0.0))
    assert np.array_equal(edited(bed, *both[::-1]), np.where(inside, 5.0, 0.0))


def test_a_line_has_its_width() -> None:
    got = edited(np.zeros(FRAME.shape), {"kind": "raise", "by": 1, "coordinates": [(10, 20), (40, 20)], "width": 10})
    x, y = np.meshgrid(2 * np.arange(30) + 1, 2 * np.arange(20) + 1)
    near = shapely.distance(shapely.LineString([(10, 20), (40, 20)]), shapely.points(x, y)) <= 5
    assert near.sum() > 60 and np.array_equal(got == 1, near)


def test_inactive_cells_are_left_alone() -> None:
    bed, active = np.zeros(FRAME.shape), np.ones(FRAME.shape, bool)
    bed[5, :3], active[5, :3] = np.nan, False
    apply_edits(bed, active, [TerrainEdit(kind="wall", level=3, coordinates=[(0, 11), (60, 11)])], FRAME, [])
    assert np.isnan(bed[5, :3]).all() and (bed[5, 3:] == 3).all()


places = st.tuples(st.floats(0.5, 59.5), st.floats(0.5, 39.5))


@given(st.floats(3, 37), st.lists(places, max_size=4), st.floats(3, 37), st.integers(0, 99))
def test_walls_are_watertight(left: float, middle: list[tuple[float, float]], right: float, seed: int) -> None:
    """Neither side by side nor corner to corner does water below the crest get from one bank to the other."""
    bed = np.random.default_rng(seed).uniform(0, 1, FRAME.shape)
    line = [(-5.0, left), *[(x, min(max(y, 3), 37)) for x, y in middle], (65.0, right)]
    got = edited(bed, {"kind": "wall", "level": 2, "coordinates": line})
    wet = reach(got < 2, (0, 0), diagonal=True)
    assert wet[0].all() and not wet[-1].any()
    changed = got != bed
    assert (got[changed] == 2).all()
    line_cells = shapely.box(*(part.ravel() for part in boxes())).reshape(FRAME.shape)  # type: ignore[attr-defined]
    assert (shapely.distance(line_cells[changed], shapely.LineString(line)) < 1e-9).all()


def boxes() -> tuple[np.ndarray, ...]:
    x, y = np.meshgrid(2.0 * np.arange(30), 2.0 * np.arange(20))
    return x, y, x + 2, y + 2


@given(st.lists(places, min_size=2, max_size=5, unique=True), st.integers(0, 99))
def test_breaches_are_connected(line: list[tuple[float, float]], seed: int) -> None:
    bed = np.random.default_rng(seed).uniform(1, 2, FRAME.shape)
    got = edited(bed, {"kind": "breach", "level": 0.5, "coordinates": line})
    start, end = ((int(y // 2), int(x // 2)) for x, y in (line[0], line[-1]))
    assert reach(got <= 0.5, start)[end]
    assert (got <= bed).all() and (got[got != bed] == 0.5).all()


@given(st.lists(places, min_size=2, max_size=2, unique=True), st.integers(0, 99))
def test_a_breach_without_level_falls_evenly_between_its_ends(line: list[tuple[float, float]], seed: int) -> None:
    bed = np.random.default_rng(seed).uniform(1, 2, FRAME.shape)
    got = edited(bed, {"kind": "breach", "coordinates": line})
    start, end = ((int(y // 2), int(x // 2)) for x, y in (line[0], line[-1]))
    top = max(bed[start], bed[end])
    assert reach(got <= top + 1e-12, start)[end]
    assert got[start] == bed[start] and got[end] == bed[end] and (got <= bed).all()


def test_breach_level_runs_along_3d_vertices(tmp_path: Path) -> None:
    line = shapely.LineString([(1, 5, 4.0), (41, 5, 2.0), (41, 35, -1.0)])
    geopandas.GeoDataFrame({"geometry": [line]}).to_file(tmp_path / "ditch.gpkg")
    got = edited(np.full(FRAME.shape, 9.0), {"kind": "breach", "file": tmp_path / "ditch.gpkg"})
    assert np.allclose(got[2, :21], np.linspace(4, 2, 21))
    assert np.allclose(got[2:18, 20], np.linspace(2, -1, 16))
    assert (got < 9).sum() == 21 + 15


def test_level_field_and_a_ring_wall_with_an_island(tmp_path: Path) -> None:
    ring = shapely.Polygon([(10, 10), (30, 10), (30, 30), (10, 30)], [[(16, 16), (24, 16), (24, 24), (16, 24)]])
    shapes = geopandas.GeoDataFrame({"crest": ["3.5"], "geometry": [ring]})
    shapes.to_file(tmp_path / "walls.geojson")
    got = edited(np.zeros(FRAME.shape), {"kind": "wall", "file": tmp_path / "walls.geojson", "level_field": "crest"})
    outer, inner = reach(got == 0, (0, 0), diagonal=True), reach(got == 0, (10, 10), diagonal=True)
    assert not (outer & inner).any() and not inner[6, 6] and set(np.unique(got)) == {0.0, 3.5}
    flat = edited(np.zeros(FRAME.shape), {"kind": "set", "file": tmp_path / "walls.geojson", "level_field": "crest"})
    assert (flat == 3.5).sum() == 100 - 16


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"kind": "raise", "coordinates": [(1, 1), (9, 9)]}, "raise needs by"),
        ({"kind": "set", "coordinates": [(1, 1), (9, 9)]}, "set needs level"),
        ({"kind": "wall", "coordinates": [(1, 1), (9, 9)]}, "wall needs level or by"),
        ({"kind": "wall", "by": 1, "level": 2, "coordinates": [(1, 1), (9, 9)]}, "contradict"),
        ({"kind": "breach", "level": 2}, "needs either file or coordinates"),
        ({"kind": "breach", "coordinates": [(1, 1), (1, 1)]}, "two different points"),
        ({"kind": "breach", "coordinates": [(1, 1), (9, 1), (9, 9), (1, 1)]}, "follows a line, not a polygon"),
        ({"kind": "set", "level": 1, "coordinates": [(100, 100), (120, 100)]}, "touches no cell of the grid"),
        ({"kind": "set", "level_field": "z", "coordinates": [(1, 1), (9, 9)]}, "level_field needs a file"),
        ({"kind": "set", "level": 1, "file": "nothing.gpkg"}, "no such file"),
    ],
)
def test_bad_edits(edit: dict[str, object], words: str) -> None:
    with pytest.raises(CaseError) as caught:
        edited(np.zeros(FRAME.shape), {"name": "dyke", **edit})
    assert words in str(caught.value) and "grid.edits[0] (dyke)" in str(caught.value)


def test_bad_edit_features(tmp_path: Path) -> None:
    shapes = [shapely.Point(3, 3), shapely.LineString([(3, 3), (9, 9)])]
    geopandas.GeoDataFrame({"z": [1.0, None], "geometry": shapes}).to_file(tmp_path / "mixed.gpkg")
    with pytest.raises(CaseError) as caught:
        edited(np.zeros(FRAME.shape), {"kind": "set", "file": tmp_path / "mixed.gpkg", "level_field": "z"})
    assert "is a Point" in str(caught.value) and "no number in z" in str(caught.value)
    with pytest.raises(CaseError, match="no such field"):
        edited(np.zeros(FRAME.shape), {"kind": "set", "file": tmp_path / "mixed.gpkg", "level_field": "level"})
    with pytest.raises(CaseError, match="no level in its vertices"):
        edited(np.zeros(FRAME.shape), {"kind": "wall", "file": tmp_path / "mixed.gpkg"})


# --- depressions -------------------------------------------------------------------------------------------------


def test_depression_depth_against_a_priority_queue() -> None:
    import heapq

    rng = np.random.default_rng(4)
    ground = rng.uniform(0, 10, (25, 31))
    ground[10, 10] = -np.inf
    ny, nx = ground.shape
    level = np.full(ground.shape, np.inf)
    queue = [(ground[j, i], j, i) for j in range(ny) for i in range(nx) if j in (0, ny - 1) or i in (0, nx - 1)]
    queue.append((-np.inf, 10, 10))
    heapq.heapify(queue)
    while queue:
        h, j, i = heapq.heappop(queue)
        if h >= level[j, i]:
            continue
        level[j, i] = h
        for a, b in ((j + 1, i), (j - 1, i), (j, i + 1), (j, i - 1)):
            if 0 <= a < ny and 0 <= b < nx:
                heapq.heappush(queue, (max(h, ground[a, b]), a, b))
    expected = np.where(np.isinf(ground), 0, level - np.where(np.isinf(ground), 0, ground))
    got = depression_depth(ground)
    assert got is not None and np.allclose(got, expected)


def test_a_pit_is_noted_with_its_place(tmp_path: Path) -> None:
    bed = np.full((10, 10), 5.0)
    bed[3:5, 6] = 3.25
    notes: list[str] = []
    prepare_grid(make_case(grid={"terrain": write_asc(tmp_path / "dem.asc", bed, dx=2), "crs": "local"}), notes)
    assert any("closed depressions deeper than 0.5 m: 1, the deepest 1.75 m at x = 13, y = 7" in note for note in notes)
