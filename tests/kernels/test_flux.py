"""The flux through one face against the formula written plainly, and the small functions beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.kernels.first_order import face_fluxes as row_of_fluxes
from floodsim.kernels.first_order import settle, wave_speeds
from floodsim.kernels.flux import inverse_cube_root
from floodsim.kernels.jit import kernel
from tests.kernels.fields import G, random_water, sized
from tests.kernels.reference import after_friction, face_fluxes

TOLERANCE = {np.float64: 1e-6, np.float32: 2e-5}  # wave speeds are in single precision
DEPTHS = st.one_of(st.just(0.0), st.floats(1e-8, 10.0))


@kernel
def roots(x, y):
    for i in range(x.size):
        y[i] = inverse_cube_root(x[i])


@kernel
def settled(h, q_x, q_y, drag, dt, u, v):
    for i in range(h.size):
        u[i], v[i] = settle(h[i], q_x[i], q_y[i], drag[i], dt)


def row_fluxes(water, axis: int) -> list[np.ndarray]:
    """Fluxes of all faces along x (0) or y (1) of the rows inside, through the row kernels."""
    real = water.h.dtype.type
    ny, nx = water.h.shape[0] - 2, water.h.shape[1] - 2
    out = np.zeros((4, ny + axis, nx + 1 - axis), real)
    c = np.zeros_like(water.h)
    for row, speeds in zip(water.h, c, strict=True):
        wave_speeds(row, speeds, real(G))
    g, z, sx, sy = real(G), water.z, water.sx, water.sy
    for j in range(ny + axis):
        if axis == 0:
            k = j + 1
            cells = (water.h[k], water.u[k], water.v[k], z[k], sx[k], c[k])
            left, right = [a[:-1] for a in cells], [a[1:] for a in cells]
        else:
            cells = (water.h, water.v, water.u, z, sy, c)
            left, right = [a[j, 1:-1] for a in cells], [a[j + 1, 1:-1] for a in cells]
        row_of_fluxes(*left, *right, *(out[m, j] for m in range(4)), g)
    return list(out)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(5, 5), (1, 9), (6, 1), (4, 33)])
@pytest.mark.parametrize("axis", [0, 1])
def test_fluxes_follow_the_formula(dtype: type, shape: tuple[int, int], axis: int) -> None:
    water = random_water(shape, seed=3, dtype=dtype)
    state = {name: a.astype(float) for name, a in water.plain().items()}
    low, high = (np.s_[1:-1, :-1], np.s_[1:-1, 1:]) if axis == 0 else (np.s_[:-1, 1:-1], np.s_[1:, 1:-1])
    normal, side, slope = ("u", "v", "sx") if axis == 0 else ("v", "u", "sy")
    expected = face_fluxes(
        *(state["h"][k] for k in (low, high)), *(state[normal][k] for k in (low, high)),
        *(state[side][k] for k in (low, high)), state["z"][high] - state["z"][low],
        state[slope][low], state[slope][high], G,
    )  # fmt: skip
    # The kernel leaves out the pressure of the own cell, which cancels over its four faces: so does the reference.
    for got, wanted in zip(row_fluxes(water, axis), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype] * max(1.0, np.abs(wanted).max()))


@given(above=DEPTHS, step=st.floats(-3.0, 3.0), part=st.sampled_from([0.0, 0.5, 1.0]))
def test_still_water_at_one_level_has_no_flux_at_all(above: float, step: float, part: float) -> None:
    """Whatever the part of the bed step that is a slope: exactly zero, not nearly."""
    water = random_water((1, 2), seed=0)
    z_l, z_r = np.float32(4.0), np.float32(4.0 + np.round(step * 8192) / 8192)
    level = float(max(z_l, z_r)) - 1.0 + np.round(above * 8192) / 8192  # one side may stand dry
    water.u[:], water.v[:] = 0, 0
    water.z[:, :2], water.z[:, 2:] = z_l, z_r
    water.h[:] = np.maximum(level - water.z.astype(float), 0.0)
    water.sx[:], water.sy[:] = np.float32(part) * (z_r - z_l), 0
    for flux in row_fluxes(water, 0):
        assert (flux == 0).all()


def test_a_wall_above_the_water_lets_nothing_through() -> None:
    water = random_water((3, 2), seed=1, dry=0.0)
    water.sx[:], water.h[:, 2:], water.u[:, 2:] = 0, 0, 0
    water.z[:, :2], water.z[:, 2:] = 0, 50
    mass = row_fluxes(water, 0)[0]
    assert (mass[:, 1] == 0).all()
    assert (mass[:, 0] != 0).any()


def test_inverse_cube_root_is_good_to_single_precision() -> None:
    x = np.exp(np.linspace(np.log(1e-7), np.log(1e4), sized(200_000, 2_000))).astype(np.float32)
    y = np.zeros_like(x)
    roots(x, y)
    assert np.abs(y * np.cbrt(x.astype(float)) - 1).max() < 4e-7


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_friction_finds_the_root_of_the_implicit_equation(dtype: type) -> None:
    random = np.random.default_rng(0)
    n = sized(5_000, 200)
    h = np.exp(random.uniform(np.log(1e-7), np.log(10), n)).astype(dtype)
    q_x, q_y = (h * random.standard_normal(n) * 3 for _ in range(2))
    q_x, q_y = q_x.astype(dtype), q_y.astype(dtype)
    manning = np.where(random.random(n) < 0.2, 0.0, random.uniform(0.01, 0.2, n))
    dt = dtype(0.3)
    u, v = np.zeros_like(h), np.zeros_like(h)
    settled(h, q_x, q_y, (4 * G * manning**2).astype(np.float32), dt, u, v)
    expected_u, expected_v = after_friction(
        h.astype(float), q_x.astype(float), q_y.astype(float), manning, float(dt), G
    )
    np.testing.assert_allclose(u, expected_u, rtol=3e-6, atol=1e-12)
    np.testing.assert_allclose(v, expected_v, rtol=3e-6, atol=1e-12)
    smooth = (manning == 0) & (h > 1e-6)
    np.testing.assert_allclose(u[smooth], (q_x / h)[smooth], rtol=4e-16 if dtype is np.float64 else 3e-7)
    assert (u[h <= 1e-6] == 0).all()
