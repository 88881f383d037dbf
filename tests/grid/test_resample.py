"""Resampling against block means, an independent area-weighted sum and closed forms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.grid.frame import Frame
from floodsim.grid.resample import METHODS, area_average, bilinear, majority, nearest, resample


def frame(nx: int, ny: int, dx: float, dy: float | None = None, x0: float = 0.0, y0: float = 0.0) -> Frame:
    return Frame(x0, y0, dx, dx if dy is None else dy, nx, ny)


def nothing(values: np.ndarray) -> np.ndarray:
    return np.zeros(values.shape, bool)


@pytest.mark.parametrize("ratio", [2, 3, 7])
def test_integer_ratios_are_bit_exact_block_means(ratio: int) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(500, 3, (4 * ratio, 5 * ratio)).astype(np.float32)
    expected = values.astype(np.float64).reshape(4, ratio, 5, ratio).sum(axis=(1, 3)) / ratio**2
    got = area_average(values, nothing(values), frame(5 * ratio, 4 * ratio, 0.1), frame(5, 4, 0.1 * ratio))
    assert np.array_equal(got, expected)


def slow_average(values: np.ndarray, source: Frame, target: Frame) -> np.ndarray:
    """Area-weighted mean cell by cell, with exact fractions for the overlaps."""

    def share(s: Frame, t: Frame, k: int, m: int, axis: str) -> Fraction:
        s0, ds, t0, dt = (Fraction(getattr(f, name)) for f in (s, t) for name in (f"{axis}0", f"d{axis}"))
        return max(min(s0 + (m + 1) * ds, t0 + (k + 1) * dt) - max(s0 + m * ds, t0 + k * dt), Fraction(0))

    out = np.empty(target.shape)
    for j in range(target.ny):
        for i in range(target.nx):
            weights = np.array(
                [
                    [
                        float(share(source, target, j, r, "y") * share(source, target, i, c, "x"))
                        for c in range(source.nx)
                    ]
                    for r in range(source.ny)
                ]
            )
            out[j, i] = (weights * values).sum() / weights.sum()
    return out


@given(
    st.integers(1, 8), st.integers(1, 8), st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1)
)  # fmt: skip
def test_any_ratio_is_area_weighted_and_conserves_the_mean(nx: int, ny: int, mx: int, my: int, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(0, 10, (ny, nx))
    source = frame(nx, ny, 12.0, 7.0, 100.0, -50.0)
    target = frame(mx, my, nx * 12.0 / mx, ny * 7.0 / my, 100.0, -50.0)
    got = area_average(values, nothing(values), source, target)
    assert np.allclose(got, slow_average(values, source, target), rtol=0, atol=1e-5)
    assert np.isclose(got.mean(), values.mean(), rtol=1e-9)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).normal(size=(60, 50))
    missing = values > 1.5
    source, target = frame(50, 60, 1.0), frame(19, 23, 2.6)
    whole = {name: method(values, missing, source, target) for name, method in METHODS.items()}
    classes = majority((values * 3).astype(np.int16), missing, source, target)
    monkeypatch.setattr("floodsim.grid.resample.CHUNK_CELLS", 100)
    for name, method in METHODS.items():
        assert np.array_equal(method(values, missing, source, target), whole[name], equal_nan=True), name
    again = majority((values * 3).astype(np.int16), missing, source, target)
    assert np.array_equal(again[0], classes[0]) and np.array_equal(again[1], classes[1])


def test_missing_needs_half_of_the_area() -> None:
    values = np.arange(16.0).reshape(4, 4)
    missing = nothing(values)
    missing[0, 0] = missing[0, 1] = True  # half of the first block
    missing[2:, 2:] = True
    missing[3, 3] = False  # a quarter of the last block is known
    got = area_average(values, missing, frame(4, 4, 1.0), frame(2, 2, 2.0))
    assert got[0, 0] == (4 + 5) / 2
    assert np.isnan(got[1, 1])
    assert not np.isnan(got[0, 1]) and not np.isnan(got[1, 0])


def test_outside_the_source_is_missing() -> None:
    values = np.ones((2, 2))
    target = frame(4, 2, 1.0, x0=-1.0)
    for name in METHODS:
        got = resample(values, nothing(values), frame(2, 2, 1.0), target, name)
        assert np.array_equal(np.isnan(got), [[True, False, False, True]] * 2), name


def test_min_and_max_take_the_extreme_of_every_cell_touched() -> None:
    values = np.random.default_rng(3).normal(size=(6, 9))
    blocks = values.reshape(2, 3, 3, 3)
    source, target = frame(9, 6, 1.0), frame(3, 2, 3.0)
    assert np.array_equal(METHODS["min"](values, nothing(values), source, target), blocks.min(axis=(1, 3)))
    assert np.array_equal(METHODS["max"](values, nothing(values), source, target), blocks.max(axis=(1, 3)))


def test_bilinear_reproduces_a_plane() -> None:
    source, target = frame(20, 15, 2.0), frame(21, 16, 1.7, x0=1.3, y0=1.1)

    def plane(f: Frame) -> np.ndarray:
        x, y = f.x0 + (np.arange(f.nx) + 0.5) * f.dx, f.y0 + (np.arange(f.ny) + 0.5) * f.dy
        return 3.0 + 0.25 * x - 0.5 * y[:, None]

    values = plane(source)
    assert np.allclose(bilinear(values, nothing(values), source, target), plane(target), rtol=0, atol=1e-12)


def test_bilinear_on_a_centre_needs_no_neighbour() -> None:
    values = np.arange(9.0).reshape(3, 3)
    missing = nothing(values)
    missing[1, 2] = True
    got = bilinear(values, missing, frame(3, 3, 1.0), frame(1, 1, 1.0, x0=1.0, y0=1.0))
    assert got[0, 0] == values[1, 1]


def test_nearest_takes_the_cell_of_the_centre() -> None:
    values = np.arange(16.0).reshape(4, 4)
    got = nearest(values, nothing(values), frame(4, 4, 1.0), frame(2, 2, 1.5))
    assert np.array_equal(got, [[values[0, 0], values[0, 2]], [values[2, 0], values[2, 2]]])


def test_majority_goes_by_area_and_ties_go_to_the_smaller_code() -> None:
    codes = np.array([[5, 5, 2, 9], [2, 2, 9, 2]], np.uint8)
    got, lost = majority(codes, nothing(codes), frame(4, 2, 1.0), frame(2, 1, 2.0, 2.0))
    assert got.tolist() == [[2, 2]] and not lost.any()
    # cells of 1.5 m: the first holds 1 m2 of code 1 per 0.5 m2 of code 2
    codes = np.array([[1, 2, 2]], np.int32)
    got, _ = majority(codes, nothing(codes), frame(3, 1, 1.0), frame(2, 1, 1.5, 1.0))
    assert got.tolist() == [[1, 2]]
