"""The cases that come with floodsim load, and what they name lies where it should."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from floodsim.case.load import load_case
from floodsim.case.schema import Case
from floodsim.forcing.build import build_rain
from floodsim.grid.geometry import faces_on_line
from floodsim.grid.prepare import prepare_grid
from floodsim.grid.roughness import loss_classes
from floodsim.surface.loss_table import table_rows

pytest.importorskip("rasterio")
CASES = Path(__file__).parents[2] / "cases"


def old_town(*overrides: str) -> Case:
    return load_case(CASES / "old_town" / "case.toml", overrides)


@pytest.fixture
def block(validation_data: Path) -> Case:
    env = {**os.environ, "FLOODSIM_VALIDATION_DATA": str(validation_data)}
    return load_case(CASES / "gistoswmm5_block" / "case.toml", env=env)


@pytest.mark.parametrize(("period", "depth"), [(3, 56.669), (10, 75.819), (50, 100.9)])
def test_old_town_rain_is_that_of_the_formula(period: int, depth: float) -> None:
    """Depth of two hours: i = 44.594 (1 + 0.651 lg P) / (t + 27.346)^(0.953 (lg P)^-0.017) mm/min, t = 120."""
    case = old_town(f"rainfall.return_period={period}", "grid.resolution=8")
    rain = build_rain(case, prepare_grid(case))
    fallen = 1000.0 * rain.mean(0.0, case.clock.duration)[0] * case.clock.duration
    assert fallen == pytest.approx(depth, rel=1e-3)
    assert rain.end == 7200.0


def test_old_town_infiltrates_on_unpaved_ground_only() -> None:
    case = old_town()
    grid = prepare_grid(case)
    classes, codes = loss_classes(case, grid)
    conductivity = table_rows(case.losses, codes)[:, 0][classes]
    unpaved = np.isin(grid.array("roughness"), np.float32([0.045, 0.09, 0.1, 0.04]))  # grass, shrub, rural, railway
    assert (conductivity[unpaved & (grid.array("building") == 0)] > 0).all()
    assert 0.2 < (conductivity > 0).mean() < 0.35


def test_old_town_gauges_stand_in_the_low_spots_and_not_on_roofs() -> None:
    case = old_town()
    grid = prepare_grid(case)
    assert grid.shape == (250, 250)
    for point in case.points:
        cell = grid.cell_of(point.x, point.y)
        assert cell is not None
        assert grid.array("building")[cell] == 0, point.name
        around = grid.array("bed")[cell[0] - 3 : cell[0] + 4, cell[1] - 3 : cell[1] + 4]
        assert grid.array("bed")[cell] < np.median(around), point.name


def test_old_town_boundaries_cover_the_stream_bed() -> None:
    case = old_town()
    grid = prepare_grid(case)
    bed = grid.array("bed")
    for boundary, column in zip(case.boundaries, (0, -1), strict=True):
        assert boundary.span is not None
        lowest = grid.y[np.argmin(bed[:, column])]
        assert boundary.span[0] < lowest < boundary.span[1], boundary.name


def test_old_town_lines_span_what_they_measure() -> None:
    """The lowest cell along each line lies inside it, not at an end, where water could go around."""
    case = old_town()
    grid = prepare_grid(case)
    for line in case.lines:
        faces = faces_on_line(grid, line.coordinates)
        levels = grid.array("bed")[faces[:, 0], faces[:, 1]]
        assert levels.min() < min(levels[0], levels[-1]) - 0.05, line.name


def test_block_holds_the_heaviest_two_hours_of_the_record(block: Case) -> None:
    grid = prepare_grid(block)
    rain = build_rain(block, grid)
    hours = 1000.0 * 7200.0 * rain.mean(3300.0, 10500.0)[0]  # 14:55 to 16:55
    assert hours == pytest.approx(16.8, abs=1e-6)
    assert 1000.0 * block.clock.duration * rain.mean(0.0, block.clock.duration)[0] == pytest.approx(19.2, abs=1e-6)


def test_block_is_the_ragged_outline_of_the_terrain(block: Case) -> None:
    grid = prepare_grid(block)
    active = grid.array("active")
    assert grid.shape == (231, 234)
    assert active.sum() == 31677
    assert grid.crs_wkt == ""
    for point in block.points:
        cell = grid.cell_of(point.x, point.y)
        assert cell is not None
        assert active[cell], point.name


def test_block_has_loss_parameters_for_every_class(block: Case) -> None:
    grid = prepare_grid(block)
    classes, codes = loss_classes(block, grid, grid.array("active"))
    rows = table_rows(block.losses, codes)
    vegetation = rows[codes.index(61)]
    assert vegetation == pytest.approx([4.21e-3 / 3600, 0.0889, 0.217])
    assert (rows[[codes.index(code) for code in (10, 20, 31)], 0] == 0).all()
    assert (classes[grid.array("active")] < len(codes)).all()
