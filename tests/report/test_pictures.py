"""Pictures, colours, outlines: what a pixel or a ring says is what the field says."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from floodsim.grid.grid import make_grid
from floodsim.report.layers import pooled
from floodsim.report.outline import rings
from floodsim.report.png import palette_png
from floodsim.report.ramps import class_colors, ramp

RAMPS = ("depth", "speed", "duration", "arrival", "change")


def test_a_picture_is_read_back_by_another_program() -> None:
    colors = np.array([[0, 0, 0, 0], [255, 0, 0, 255], [1, 2, 3, 255]], np.uint8)
    index = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    shown = matplotlib.image.imread(io.BytesIO(palette_png(index, colors)), format="png")
    np.testing.assert_array_equal(np.rint(shown * 255).astype(np.uint8), colors[index[::-1]])


@pytest.mark.parametrize("key", RAMPS)
def test_every_colour_of_a_ramp_is_its_own(key: str) -> None:
    colors = ramp(key).colors
    assert len(np.unique(colors[1:], axis=0)) == len(colors) - 1 <= 255
    assert colors[0, 3] == 0 and (colors[1:, 3] == 255).all()
    assert len(ramp(key).values()) == len(colors) == len(ramp(key).edges) + 1


def test_depth_is_read_back_within_a_class() -> None:
    depth = ramp("depth")
    field = np.array([[0.0, 0.009, np.nan, 0.02, 0.151, 0.4999, 0.7, 1.5, 3.0, 9.0]])
    values = [depth.values()[k] for k in depth.index(field)[0]]
    assert values[:3] == [None, None, None] and values[-1] == 4.0
    np.testing.assert_allclose(values[3:-1], field[0, 3:-1], rtol=0.06, atol=0.005)


def test_durations_are_shown_in_minutes() -> None:
    index = ramp("duration").index(np.array([[30.0, 3600.0 * 1.01]]))[0]
    assert index[0] == 0 and ramp("duration").values()[index[1]] == pytest.approx(62, abs=3)


def test_equal_class_colours_are_told_apart() -> None:
    assert len(np.unique(class_colors(["#ffffff", "#ffffff", "#000000", "#000000"])[1:], axis=0)) == 4


def test_blocks_keep_the_worst() -> None:
    field = np.arange(35, dtype=float).reshape(5, 7)
    field[0, 0] = np.nan
    np.testing.assert_array_equal(pooled(field, 3), [[16, 19, 20], [30, 33, 34]])
    np.testing.assert_array_equal(pooled(field, 3, np.nanmin), [[1, 3, 6], [21, 24, 27]])
    np.testing.assert_array_equal(pooled(np.nan_to_num(field).astype(np.uint8) % 7, 3)[:, 2], [6, 6])
    assert np.isnan(pooled(np.full((2, 2), np.nan), 2)).all()


def area(ring: list[tuple[float, float]]) -> float:
    x, y = np.array(ring).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


@given(hnp.arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_rings_hold_the_area_of_the_cells(mask: np.ndarray) -> None:
    grid = make_grid(np.zeros(mask.shape), 2.5, x0=100.0, y0=50.0)
    found = rings(*np.nonzero(mask), grid)
    assert all(ring[0] == ring[-1] for ring in found)
    assert sum(map(area, found)) == pytest.approx(mask.sum() * 6.25)


def test_a_hole_and_corners() -> None:
    grid = make_grid(np.zeros((4, 4)), 1.0)
    frame = np.ones((3, 3), bool)
    frame[1, 1] = False
    assert sorted(map(area, rings(*np.nonzero(frame), grid))) == [-1.0, 9.0]
    assert [area(ring) for ring in rings(np.array([0, 1]), np.array([0, 1]), grid)] == [1.0, 1.0]
