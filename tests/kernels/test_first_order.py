"""The first-order sweep: against the plain reference, and the properties that the scheme promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodsim.simulate.simulation import CALM_COURANT
from tests.kernels.fields import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    PLAIN,
    Water,
    padded_ground,
    random_water,
    sized,
    slopes,
    still_basin,
)
from tests.kernels.reference import reference_step

DTYPES = [np.float64, np.float32]
TOLERANCE = {np.float64: 1e-7, np.float32: 3e-6}  # wave speeds and friction are in single precision
SHAPES = [(5, 5), (1, 1), (1, 17), (9, 1), (7, 31)] + ([] if PLAIN else [(40, 150), (33, 65)])
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dry", [0.0, 0.4])
def test_one_step_follows_the_reference(dtype: type, shape: tuple[int, int], dry: float) -> None:
    water = random_water(shape, seed=7, dtype=dtype, dry=dry)
    expected = reference_step(water.plain(), 0.05, water.dx, water.dy, 9.81)
    water.sweep(0.05)
    scale = TOLERANCE[dtype]
    np.testing.assert_allclose(water.inner("h"), expected["h"], rtol=0, atol=scale)
    # Where next to nothing is left, the velocity is a quotient of two rounding errors: compare what flows.
    for name in ("u", "v"):
        got, wanted = water.inner(name) * water.inner("h"), expected[name] * expected["h"]
        np.testing.assert_allclose(got, wanted, rtol=0, atol=4 * scale)
    for name in ("clipped", "trimmed"):
        folded = _by_block(expected[name])
        np.testing.assert_allclose(getattr(water, name), folded, rtol=1e-4, atol=scale * water.h.size)


def _by_block(values: np.ndarray) -> np.ndarray:
    ny, nx = values.shape
    rows, columns = range(0, ny, BLOCK_ROWS), range(0, nx, BLOCK_COLUMNS)
    return np.array([[values[j : j + BLOCK_ROWS, i : i + BLOCK_COLUMNS].sum() for i in columns] for j in rows])


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_wave_speed_of_a_block_is_its_largest(dtype: type) -> None:
    shape = (40, 150) if not PLAIN else (34, 66)
    water = random_water(shape, seed=2, dtype=dtype)
    water.sweep(0.01)
    h, u, v = (water.inner(name).astype(float) for name in ("h", "u", "v"))
    c = np.sqrt(9.81 * h)
    rate = np.maximum((abs(u) + c) / water.dx, (abs(v) + c) / water.dy)
    for (bj, bi), got in np.ndenumerate(water.fastest):
        block = rate[bj * BLOCK_ROWS : (bj + 1) * BLOCK_ROWS, bi * BLOCK_COLUMNS : (bi + 1) * BLOCK_COLUMNS]
        assert got == pytest.approx(block.max(), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rough", ["noise", "hills"])
def test_a_lake_with_islands_stays_exactly_at_rest(dtype: type, rough: str) -> None:
    ny, nx = sized(40, 6), sized(70, 7)
    random = np.random.default_rng(5)
    y, x = np.mgrid[:ny, :nx]
    hills = 1.0 + np.sin(x / 3.0) * np.cos(y / 2.0)
    bed = 3.0 * random.random((ny, nx)) if rough == "noise" else hills
    water = still_basin(bed, 1.5, dtype)
    before = water.inner("h").copy()
    assert (before == 0).any()
    assert (before > 1).any()
    water.run(sized(1000, 5))
    assert np.abs(water.u).max() == 0
    assert np.abs(water.v).max() == 0
    np.testing.assert_array_equal(water.inner("h"), before)


def _basin(seed: int, ny: int, nx: int, dtype: type, rain: float = 0.0) -> Water:
    """Closed basin with random ground, random patches of water that is already moving, and rain."""
    random = np.random.default_rng(seed)
    water = still_basin(random.random((ny, nx)) * random.choice([0.01, 0.3, 5.0]), 0.0, dtype)
    wet = random.random(water.h.shape) < 0.5
    water.h[:] = np.where(wet, random.random(water.h.shape) ** 3, 0.0)
    water.u[:] = np.where(wet, random.standard_normal(water.h.shape), 0.0)
    water.v[:] = np.where(wet, random.standard_normal(water.h.shape), 0.0)
    water.manning[:] = random.choice([0.0, 0.03])
    water.source[1:-1, 1:-1] = rain
    return water


@settings(max_examples=sized(60, 3))
@given(seed=SEEDS, ny=st.integers(1, sized(12, 4)), nx=st.integers(1, sized(40, 5)), dtype=st.sampled_from(DTYPES))
def test_depths_stay_positive_and_water_is_kept(seed: int, ny: int, nx: int, dtype: type) -> None:
    water = _basin(seed, ny, nx, dtype)
    start = water.volume()
    for _ in range(sized(60, 4)):
        water.run(1, CALM_COURANT)  # no run passes it unasked; in longer steps a cell may have less than it gives
        assert (water.inner("h") >= 0).all()
        assert np.isfinite(water.h).all()
        assert np.isfinite(water.u).all()
    error = water.volume() + water.trimmed.sum() - water.clipped.sum() - start
    assert abs(error) <= (1e-13 if dtype is np.float64 else 1e-6) * max(start, 1e-3)
    assert water.clipped.sum() <= (1e-12 if dtype is np.float64 else 1e-5) * max(start, 1.0)


def _turned(water: Water, symmetry: str) -> Water:
    """The same water seen in a mirror: west and east changed, south and north changed, or both axes swapped."""
    turn = {"west-east": lambda a: a[:, ::-1], "south-north": lambda a: a[::-1], "diagonal": lambda a: a.T}[symmetry]
    a = {name: np.ascontiguousarray(turn(value)) for name, value in water.plain().items()}
    if symmetry == "diagonal":
        a["u"], a["v"], a["sx"], a["sy"] = a["v"], a["u"], a["sy"], a["sx"]
    for name in {"west-east": ("u", "sx"), "south-north": ("v", "sy"), "diagonal": ()}[symmetry]:
        a[name] = -a[name]
    return Water(**a, dx=water.dx, dy=water.dy)


@settings(max_examples=sized(40, 3))
@given(
    seed=SEEDS,
    ny=st.integers(1, sized(9, 4)),
    nx=st.integers(1, sized(20, 4)),
    dtype=st.sampled_from(DTYPES),
    symmetry=st.sampled_from(["west-east", "south-north", "diagonal"]),
)
def test_water_in_a_mirror_moves_like_the_water(seed: int, ny: int, nx: int, dtype: type, symmetry: str) -> None:
    """Up to rounding of the wave speeds, which are in single precision."""
    water = _basin(seed, ny, nx, dtype, rain=1e-4)
    image = _turned(water, symmetry)
    water.run(sized(10, 3))
    image.run(sized(10, 3))
    back = _turned(image, symmetry)
    small = 1e-6 if dtype is np.float64 else 1e-4
    np.testing.assert_allclose(back.h, water.h, rtol=0, atol=small)
    np.testing.assert_allclose(back.u * back.h, water.u * water.h, rtol=0, atol=10 * small)
    np.testing.assert_allclose(back.v * back.h, water.v * water.h, rtol=0, atol=10 * small)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_windows(dtype: type) -> None:
    shape = (70, 200) if not PLAIN else (34, 66)
    ny, nx = shape
    whole = random_water(shape, seed=11, dtype=dtype)
    pieces = random_water(shape, seed=11, dtype=dtype)
    cut_rows = [*range(1, ny + 1, BLOCK_ROWS), ny + 1]
    cut_columns = [*range(1, nx + 1, BLOCK_COLUMNS), nx + 1]
    windows = [
        [j0, j1, i0, i1]
        for j0, j1 in zip(cut_rows, cut_rows[1:], strict=False)
        for i0, i1 in zip(cut_columns, cut_columns[1:], strict=False)
    ]
    order = np.random.default_rng(0).permutation(len(windows))
    for _ in range(sized(20, 1)):
        whole.sweep(0.02)
        pieces.sweep(0.02, np.array(windows)[order])
    for name in ("h", "u", "v", "low", "fastest", "clipped", "trimmed"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name), err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sinks_take_no_more_than_there_is(dtype: type) -> None:
    """A sink that asks for more leaves the cell dry; what it could not take is booked as trimmed, negative."""
    water = still_basin(np.zeros((5, 5)), 0.001, dtype)
    water.source[3, 3] = -1.0
    start = water.volume()
    water.run(1)
    dt = 0.1
    assert water.h[3, 3] == 0
    assert water.volume() - start == pytest.approx(-dt - water.trimmed.sum(), abs=1e-9 if water.single else 1e-13)
    assert water.trimmed.sum() == pytest.approx(0.001 - dt, rel=1e-3)


def test_slopes_of_the_helper_are_those_of_the_ground() -> None:
    """The helper that builds test grounds agrees with the one of the surface."""
    from floodsim.surface.state import limited_slopes

    z = padded_ground(np.random.default_rng(1).random((6, 8)))
    for mine, theirs in zip(slopes(z), limited_slopes(z, np.float32(64.0)), strict=True):
        np.testing.assert_array_equal(mine[1:-1, 1:-1], theirs[1:-1, 1:-1])
