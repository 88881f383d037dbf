"""Buildings and the water beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.assess.buildings import Buildings, buildings_of, worst_beside
from floodsim.output.reader import open_results
from tests.assess.yard import make_run


def test_water_beside_a_building_counts_not_water_on_its_roof() -> None:
    label = np.array([[0, 1, 1, 0], [0, 0, 2, 0], [0, 0, 0, 0]], np.int32)
    depth = np.array([[0.1, 9.0, 9.0, 0.3], [0.0, 0.2, 9.0, 0.05], [0.0, 0.0, np.nan, 5.0]])
    np.testing.assert_allclose(worst_beside(Buildings(label, np.ones(2), "cells"), depth), [0.3, 0.2])


def test_connected_cells_are_buildings_where_there_is_no_file(tmp_path: Path) -> None:
    with open_results(make_run(tmp_path / "r")) as results:
        found = buildings_of(results)
        assert results.envelopes is not None
        beside = worst_beside(found, results.envelopes["max_depth"].values)
    assert found.source == "cells" and found.area.tolist() == [400.0, 200.0]
    np.testing.assert_allclose(beside, [0.4, 0.0], atol=1e-4)


def test_polygons_of_the_file_are_buildings(tmp_path: Path) -> None:
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    shapes = [
        shapely.box(900, 0, 950, 50),  # outside
        shapely.box(50, 20, 60, 40), shapely.box(60, 20, 70, 40),  # wall to wall: two houses of one block of cells
        shapely.box(1, 1, 2, 2),  # holds no centre of a cell
        shapely.box(100, 60, 110, 80),
    ]  # fmt: skip
    geopandas.GeoDataFrame({"n": range(5)}, geometry=shapes).to_file(tmp_path / "houses.gpkg")
    section = {"buildings": str(tmp_path / "houses.gpkg")}
    with open_results(make_run(tmp_path / "r", grid=section)) as results:
        found = buildings_of(results)
        assert results.envelopes is not None
        beside = worst_beside(found, results.envelopes["max_depth"].values)
    assert found.source == "file" and found.area.tolist() == [200.0, 200.0, 200.0] and found.unresolved == 2
    np.testing.assert_allclose(beside, [0.4, 0.0, 0.0], atol=1e-4)
