"""The second-order sweep: order, exact solutions, and the properties it shares with the first-order one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodsim.kernels import first_order, second_order
from floodsim.kernels.edges import DISCHARGE, OPEN, mirror_ring
from tests.kernels.fields import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    PLAIN,
    G,
    Water,
    quantised,
    random_water,
    sized,
    slopes,
    still_basin,
)

DTYPES = [np.float64, np.float32]
SEEDS = st.integers(0, 2**32 - 1)


def _step(water: Water, dt: float, windows: np.ndarray | None = None, scheme: Any = second_order) -> None:
    """One step of the given windows; the ghost ring is taken as it stands."""
    real = water.h.dtype.type
    new = [np.zeros_like(a) for a in (water.h, water.u, water.v)]
    scratch = np.full((scheme.SCRATCH_ROWS, water.h.shape[1] + 1), np.nan, real)  # nothing is read before it is written
    water.fastest[:] = 0
    scheme.sweep(
        water.h, water.u, water.v, *new, water.low, water.z, water.sx, water.sy, _drag(water), water.source,
        water.whole if windows is None else windows, real(dt), real(1 / water.dx), real(1 / water.dy), real(G),
        BLOCK_ROWS, BLOCK_COLUMNS, water.fastest, water.clipped, water.trimmed, scratch,
    )  # fmt: skip
    water.h, water.u, water.v = new


def _drag(water: Water) -> np.ndarray:
    return (4.0 * G * water.manning**2).astype(np.float32)


def _run(water: Water, end: float, scheme: Any = second_order, longest: float = 1e9, most: int = 10**9) -> int:
    """Closed basin up to a time at the Courant number of the scheme; returns the number of steps."""
    t, steps, cfl = 0.0, 0, getattr(scheme, "CFL_LIMIT", 0.6)
    while t < end * (1 - 1e-12) and steps < most:
        mirror_ring(water.h, water.u, water.v)
        c = np.sqrt(G * water.h)
        rate = max(float(((abs(water.u) + c) / water.dx).max()), float(((abs(water.v) + c) / water.dy).max()), 1e-9)
        dt = min(cfl / rate, longest, end - t)
        _step(water, dt, scheme=scheme)
        t, steps = t + dt, steps + 1
    return steps


# A simple wave on still water over a level bed, before it breaks (Stoker 1957): along x = x0 + (3 c - 2 c0) t the
# depth keeps its value, and u = 2 (c - c0).
LENGTH, CALM = 20.0, 1.0


def _hump(x: np.ndarray) -> np.ndarray:
    return CALM + 0.1 * np.exp(-(((x - 6.0) / 1.5) ** 2))


def _simple_wave(x: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
    """Depth and velocity at time t, by bisection on the foot of the characteristic."""
    c0 = np.sqrt(G * CALM)
    low, high = x - 6.0 * t - 1.0, x + 1.0
    for _ in range(60):
        foot = (low + high) / 2
        ahead = foot + (3.0 * np.sqrt(G * _hump(foot)) - 2.0 * c0) * t > x
        low, high = np.where(ahead, low, foot), np.where(ahead, foot, high)
    h = _hump((low + high) / 2)
    return h, 2.0 * (np.sqrt(G * h) - c0)


def _mean(of: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Cell means of depth and discharge / depth over n cells, by Gauss points."""
    points, weights = np.polynomial.legendre.leggauss(4)
    dx = LENGTH / n
    x = (np.arange(n)[:, None] + 0.5 + points / 2) * dx
    h, u = of(x)
    mean = (h * weights).sum(axis=1) / 2
    return mean, (h * u * weights).sum(axis=1) / 2 / mean


def _wave_error(n: int, axis: int, scheme: Any = second_order) -> float:
    """L1 error of depth after the hump has gone four of its lengths, one row of cells in a channel along an axis."""
    h, u = _mean(lambda x: _simple_wave(x, 0.0), n)
    water = still_basin(np.zeros((3, n) if axis == 0 else (n, 3)), 1.0)
    water.dx = water.dy = LENGTH / n
    inside = water.inner("h") if axis == 0 else water.inner("h").T
    inside[:] = h
    (water.inner("u") if axis == 0 else water.inner("v").T)[:] = u
    end = 2.0
    _run(water, end, scheme)
    exact = _mean(lambda x: _simple_wave(x, end), n)[0]
    got = water.inner("h") if axis == 0 else water.inner("h").T
    return float(np.abs(got[1] - exact).mean())


@pytest.mark.skipif(PLAIN, reason="needs fine grids")
@pytest.mark.parametrize("axis", [0, 1])
def test_the_order_on_a_smooth_wave_is_near_two(axis: int) -> None:
    errors = [_wave_error(n, axis) for n in (100, 200, 400)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders.min() > 1.7, (errors, orders)
    assert _wave_error(100, axis, first_order) > 4 * errors[0]


def _vortex(x: np.ndarray, y: np.ndarray, strength: float = 0.6) -> tuple[np.ndarray, ...]:
    """Depth and velocities of a vortex whose pressure holds its water on its circles."""
    square = x**2 + y**2
    turn = strength * np.exp(0.5 * (1.0 - square))
    return 1.0 - strength**2 / (2.0 * G) * np.exp(1.0 - square), -turn * y, turn * x


@pytest.mark.skipif(PLAIN, reason="needs fine grids")
def test_the_order_on_a_vortex_is_near_two() -> None:
    """A vortex in balance that drifts with the flow; the hump of its rim leaves no trace at the closed edges."""
    errors = []
    for n in (50, 100, 200):
        dx, drift, end = 10.0 / n, 0.3, 2.0
        x, y = np.meshgrid((np.arange(n) + 0.5) * dx, (np.arange(n) + 0.5) * dx)
        water = still_basin(np.zeros((n, n)), 1.0)
        water.dx = water.dy = dx
        h, u, v = _vortex(x - 4.7, y - 5.0)
        water.inner("h")[:], water.inner("u")[:], water.inner("v")[:] = h, u + drift, v
        t = 0.0
        while t < end * (1 - 1e-12):
            # open to the drift at both ends
            mirror_ring(water.h, water.u, water.v)
            water.u[:, 0], water.u[:, -1] = water.u[:, 1], water.u[:, -2]
            dt = min(0.45 * dx / (0.3 + 0.7 + 3.2), end - t)
            _step(water, dt)
            t += dt
        error = np.abs(water.inner("h") - _vortex(x - 4.7 - drift * end, y - 5.0)[0])
        errors.append(error[n // 5 : -n // 5, n // 5 : -n // 5].mean())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders.min() > 1.7, (errors, orders)


def _bowl(n: int, scheme: Any = second_order) -> tuple[float, float, Water]:
    """Thacker's (1981) radial swing in a bowl 100 cells across, one period: relative L1 error, depth created, water."""
    width, a, r0, h0 = 2.5, 1.0, 0.8, 0.1
    dx = width / n
    x, y = np.meshgrid(*2 * ((np.arange(n) + 0.5) * dx - width / 2,))
    square = (x**2 + y**2) / a**2
    k, omega = (a**2 - r0**2) / (a**2 + r0**2), np.sqrt(8 * G * h0) / a
    bed = quantised(h0 * (square - 1.0))
    water = still_basin(bed.astype(float), -9.0)
    water.dx = water.dy = dx
    root = np.sqrt(1 - k**2)
    exact = np.maximum(h0 * (root / (1 - k) - 1 - square * (root**2 / (1 - k) ** 2 - 1)) - h0 * (square - 1), 0.0)
    water.inner("h")[:] = exact
    _run(water, 2 * np.pi / omega, scheme)
    error = np.abs(water.inner("h") - exact).sum() / exact.sum()
    return float(error), float(water.clipped.sum() / exact.sum()), water


@pytest.mark.skipif(PLAIN, reason="needs fine grids")
def test_water_swings_in_a_bowl() -> None:
    error, created, water = _bowl(100)
    assert error < 0.01
    assert created < 1e-12
    assert (water.h >= 0).all()
    assert error < 0.3 * _bowl(100, first_order)[0]


@pytest.mark.skipif(PLAIN, reason="needs fine grids")
def test_a_dam_break_on_a_dry_bed_comes_closer_than_at_first_order() -> None:
    """Ritter (1892)."""
    errors = []
    for scheme in (second_order, first_order):
        n, dx, end = 400, 0.25, 6.0
        water = still_basin(np.zeros((3, n)), 0.0)
        water.dx = water.dy = dx
        water.inner("h")[:, : n // 2] = 1.0
        _run(water, end, scheme)
        s = ((np.arange(n) + 0.5) * dx - 50.0) / end
        c = np.sqrt(G)
        exact = np.where(s < -c, 1.0, np.where(s > 2 * c, 0.0, (2 * c - s) ** 2 / (9 * G)))
        errors.append(np.abs(water.inner("h")[1] - exact).mean())
    assert errors[0] < 0.0013
    assert errors[0] < 0.35 * errors[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rough", ["noise", "hills"])
def test_a_lake_with_islands_stays_exactly_at_rest(dtype: type, rough: str) -> None:
    ny, nx = sized(40, 6), sized(70, 7)
    y, x = np.mgrid[:ny, :nx]
    bed = 3.0 * np.random.default_rng(5).random((ny, nx))
    bed = bed if rough == "noise" else 1.0 + np.sin(x / 3.0) * np.cos(y / 2.0)
    water = still_basin(bed, 1.5, dtype)
    before = water.inner("h").copy()
    assert (before == 0).any()
    _run(water, 1e9, longest=0.1, most=sized(1000, 5))
    assert np.abs(water.u).max() == 0
    assert np.abs(water.v).max() == 0
    np.testing.assert_array_equal(water.inner("h"), before)


def _wild(seed: int, ny: int, nx: int, dtype: type, rain: float = 0.0) -> Water:
    """Closed basin with random ground and patches of water already moving."""
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
    water = _wild(seed, ny, nx, dtype)
    start = water.volume()
    for _ in range(sized(60, 4)):
        _run(water, 1e9, longest=0.1, most=1)
        assert (water.inner("h") >= 0).all()
        assert np.isfinite(water.h).all()
        assert np.isfinite(water.u).all()
    error = water.volume() + water.trimmed.sum() - water.clipped.sum() - start
    assert abs(error) <= (1e-13 if dtype is np.float64 else 1e-6) * max(start, 1e-3)
    assert water.clipped.sum() <= (1e-12 if dtype is np.float64 else 1e-5) * max(start, 1.0)


@pytest.mark.parametrize("symmetry", ["west-east", "south-north", "diagonal"])
def test_water_in_a_mirror_moves_like_the_water(symmetry: str) -> None:
    turn = {"west-east": lambda a: a[:, ::-1], "south-north": lambda a: a[::-1], "diagonal": lambda a: a.T}[symmetry]
    water = _wild(3, sized(17, 4), sized(23, 5), np.float64, rain=1e-4)
    a = {name: np.ascontiguousarray(turn(value)) for name, value in water.plain().items()}
    if symmetry == "diagonal":
        a["u"], a["v"], a["sx"], a["sy"] = a["v"], a["u"], a["sy"], a["sx"]
    for name in {"west-east": ("u", "sx"), "south-north": ("v", "sy"), "diagonal": ()}[symmetry]:
        a[name] = -a[name]
    image = Water(**a, dx=water.dx, dy=water.dy)
    for one in (water, image):
        _run(one, 1e9, longest=0.1, most=sized(10, 3))
    np.testing.assert_allclose(turn(image.inner("h")), water.inner("h"), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_windows(dtype: type) -> None:
    ny, nx = (70, 200) if not PLAIN else (34, 66)
    whole, pieces = (random_water((ny, nx), seed=11, dtype=dtype) for _ in range(2))
    rows, columns = [*range(1, ny + 1, BLOCK_ROWS), ny + 1], [*range(1, nx + 1, BLOCK_COLUMNS), nx + 1]
    windows = np.array([[a, b, c, d] for a, b in zip(rows, rows[1:], strict=False)
                        for c, d in zip(columns, columns[1:], strict=False)])  # fmt: skip
    order = np.random.default_rng(0).permutation(len(windows))
    for _ in range(sized(20, 1)):
        _step(whole, 0.01)
        _step(pieces, 0.01, windows[order])
    for name in ("h", "u", "v", "low", "fastest", "clipped", "trimmed"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name), err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_films_on_steep_ground_move_as_at_first_order(dtype: type) -> None:
    """Shallower than the bed rises over half a cell, wet all round: the two schemes are one, up to rounding."""
    ny, nx = 5, 12
    ground = quantised(0.5 * np.arange(nx + 2)[None, :] + 0.5 * np.arange(ny + 2)[:, None])
    random = np.random.default_rng(2)
    h = (0.01 * (1 + 0.1 * random.random(ground.shape))).astype(dtype)
    u, v = ((0.3 * random.random(ground.shape)).astype(dtype) for _ in range(2))
    manning = np.full(h.shape, 0.03, np.float32)
    args = (ground, *slopes(ground), manning, np.zeros(h.shape, np.float32))
    water, other = (Water(h.copy(), u.copy(), v.copy(), *args) for _ in range(2))
    _step(water, 0.05)
    _step(other, 0.05, scheme=first_order)
    core = (slice(2, -2), slice(2, -2))
    for name in ("h", "u", "v"):
        np.testing.assert_allclose(water.inner(name)[core], other.inner(name)[core], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_flux_at_a_listed_face_is_that_of_the_sweep(dtype: type) -> None:
    """Each cell's new depth follows from the fluxes that `flux_between` gives for its four faces, rims included."""
    shape = sized(9, 3), sized(21, 4)
    water = random_water(shape, seed=4, dtype=dtype, dry=0.2)
    water.source[:] = 0
    mirror_ring(water.h, water.u, water.v)
    water.u[:, 0] = 0.3  # one side is no mirror
    before = water.plain()
    dt, rdx, rdy, g = (dtype(a) for a in (0.02, 1 / water.dx, 1 / water.dy, G))
    drag = _drag(water)
    args = [before[k] for k in ("h", "u", "v", "z", "sx", "sy")]

    def flux(jl: int, il: int, jr: int, ir: int) -> float:
        return float(second_order.flux_between(*args, drag, jl, il, jr, ir, dt, rdx, rdy, g))

    _step(water, 0.02)
    for j in range(1, shape[0] + 1):
        for i in range(1, shape[1] + 1):
            along = flux(j, i, j, i + 1) - flux(j, i - 1, j, i)
            across = flux(j, i, j + 1, i) - flux(j - 1, i, j, i)
            expected = max(float(before["h"][j, i]) - 0.02 * (along / water.dx + across / water.dy), 0.0)
            assert water.h[j, i] == pytest.approx(expected, abs=1e-14 if dtype is np.float64 else 1e-6)


def test_nothing_crosses_a_wall() -> None:
    water = random_water((sized(8, 3), sized(12, 4)), seed=9, dry=0.1)
    mirror_ring(water.h, water.u, water.v)
    water.z[:] = np.pad(water.z[1:-1, 1:-1], 1, mode="edge")
    water.sx, water.sy = slopes(water.z)
    args = (water.h, water.u, water.v, water.z, water.sx, water.sy, _drag(water))
    ny, nx = water.inner("h").shape
    for i in range(1, nx + 1):
        assert second_order.flux_between(*args, 0, i, 1, i, 0.02, 0.5, 0.5, G) == 0.0
        assert second_order.flux_between(*args, ny, i, ny + 1, i, 0.02, 0.5, 0.5, G) == 0.0
    for j in range(1, ny + 1):
        assert second_order.flux_between(*args, j, 0, j, 1, 0.02, 0.5, 0.5, G) == 0.0
        assert second_order.flux_between(*args, j, nx, j, nx + 1, 0.02, 0.5, 0.5, G) == 0.0


def _slope(axis: int, sign: int, ghost: tuple[float, float] = (0.0, 0.0)) -> tuple[Any, ...]:
    """Arguments of `flux_between`: uniform flow of 0.5 m at 0.75 m/s from a rim down a slope that goes on outside.

    ``sign`` is 1 where the rim lies at the western (southern) side; ``ghost`` is what its ghosts have more of depth and
    of bed than uniform flow, at the same discharge.
    """
    n, slope, depth, speed = 6, 0.0625, 0.5, 0.75
    water = random_water((n, n), seed=0, dry=0.0)
    rim = 0 if sign > 0 else -1
    bed, deep = np.arange(n + 2.0)[::-sign] * slope, np.full(n + 2, depth)
    bed[rim] += ghost[1]
    deep[rim] += ghost[0]
    lay = (lambda a: np.tile(a, (n + 2, 1))) if axis == 0 else (lambda a: np.tile(a[:, None], (1, n + 2)))
    water.z[:], water.h[:], water.manning[:] = lay(bed), lay(deep), 0.0
    along, across = (water.u, water.v) if axis == 0 else (water.v, water.u)
    along[:], across[:] = sign * speed * depth / water.h, 0.0
    water.sx[:], water.sy[:] = (-sign * slope, 0.0) if axis == 0 else (0.0, -sign * slope)
    return water.h, water.u, water.v, water.z, water.sx, water.sy, _drag(water)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_uniform_flow_passes_the_rim_as_it_passes_the_faces_inside(axis: int, sign: int) -> None:
    args = _slope(axis, sign)
    for k in range(4):
        left = k if sign > 0 else 6 - k
        cells = (3, left, 3, left + 1) if axis == 0 else (left, 3, left + 1, 3)
        flux = float(second_order.flux_between(*args, *cells, 1e-9, 0.5, 0.5, G))
        assert sign * flux == pytest.approx(0.5 * 0.75, rel=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("ghost", [(0.0, 0.03125), (0.0625, 0.0), (-0.125, 0.0625)])
def test_a_ghost_on_running_ground_meets_its_neighbour_half_way(
    axis: int, sign: int, ghost: tuple[float, float]
) -> None:
    """At its face it has the mean depth and level of the two, and the discharge of its own middle."""
    h, u, v, z, sx, sy, drag = _slope(axis, sign, ghost)
    rim, inside = (0, 1) if sign > 0 else (7, 6)
    out, near = ((3, rim), (3, inside)) if axis == 0 else ((rim, 3), (inside, 3))
    found = second_order.predict_cell(h, u, v, z, sx, sy, drag, *out, 0.02, 0.5, 0.5, G)
    surface, bed, speed, rest = (4, 5, 6, 8) if axis == 0 else (9, 10, 12, 13)
    assert found[:3] == pytest.approx([h[out], u[out], v[out]])
    assert sign * found[surface] == pytest.approx(((h[near] + z[near]) - (h[out] + z[out])) / 2)
    assert sign * found[bed] == pytest.approx((z[near] - z[out]) / 2)
    face = h[out] + sign * (found[surface] - found[bed])
    own = u[out] if axis == 0 else v[out]
    assert face == pytest.approx((h[out] + h[near]) / 2)
    assert face * (own + sign * found[speed]) == pytest.approx(h[out] * own)
    assert found[rest] == 0.0


def test_what_crosses_an_edge_is_the_flux_of_its_face_or_what_was_given() -> None:
    water = random_water((4, 5), seed=6, dry=0.0)
    args = (water.h, water.u, water.v, water.z, water.sx, water.sy, _drag(water))
    faces = np.array([[0, 2, 1, 2, 1, -1], [3, 6, 3, 5, 0, 1], [5, 4, 4, 4, 1, 1]])
    kind, value = np.array([OPEN, DISCHARGE, DISCHARGE]), np.array([9.0, 0.75, -0.25])
    dt, rdx, rdy = 0.01, 1 / water.dx, 1 / water.dy
    h_new, passed = water.h.copy(), np.full(3, 0.5)
    second_order.cross_edges(*args, h_new, faces, kind, value, dt, rdx, rdy, G, passed)
    in_south = float(second_order.flux_between(*args, 0, 2, 1, 2, dt, rdx, rdy, G)) * dt * rdy
    out_east = float(second_order.flux_between(*args, 3, 5, 3, 6, dt, rdx, rdy, G)) * dt * rdx
    out_north = float(second_order.flux_between(*args, 4, 4, 5, 4, dt, rdx, rdy, G)) * dt * rdy
    np.testing.assert_allclose(passed - 0.5, [in_south, 0.75 * dt * rdx, -0.25 * dt * rdy], rtol=1e-9)
    assert h_new[1, 2] == water.h[1, 2]
    assert h_new[3, 5] - water.h[3, 5] == pytest.approx(0.75 * dt * rdx + out_east)
    assert h_new[4, 4] - water.h[4, 4] == pytest.approx(-0.25 * dt * rdy + out_north)
    flow = np.zeros(2)
    inner = np.array([[2, 3, 0, 1], [3, 4, 1, -1]])
    second_order.face_discharge(*args, inner, dt, rdx, rdy, water.dx, water.dy, G, flow)
    along = float(second_order.flux_between(*args, 2, 2, 2, 3, dt, rdx, rdy, G)) * water.dy
    across = -float(second_order.flux_between(*args, 2, 4, 3, 4, dt, rdx, rdy, G)) * water.dx
    np.testing.assert_allclose(flow, [along, across], rtol=1e-9)
