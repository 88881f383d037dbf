"""Ground prepared by windows is the ground prepared whole, to the bit; what needs the whole is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.errors import CaseError
from floodsim.grid import windows
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
    monkeypatch.setattr(windows.strips, "__defaults__", (400,))
    found = prepare_by_windows(case, tmp_path / "ground", ThreadPlace(), [], least=1)
    assert found is not None
    whole = prepare_grid(case)
    assert found[0].bounds == whole.bounds and len(found[1]) > 4
    for name in ("bed", "active", "building", "roughness"):
        assert found[0].array(name).dtype == whole.array(name).dtype
        np.testing.assert_array_equal(found[0].array(name), whole.array(name))
    for axis in ("x", "y"):
        np.testing.assert_array_equal(found[0].dataset[axis], whole.dataset[axis])


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
