"""The local inertial sweep: against a plain NumPy version, and the properties that the scheme promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floodsim.kernels import inertial
from floodsim.kernels.edges import DISCHARGE, LEVEL, NORMAL, OPEN, mirror_ring
from tests.kernels.fields import BLOCK_COLUMNS, BLOCK_ROWS, PLAIN, G, Water, random_water, sized, still_basin

DTYPES = [np.float64, np.float32]
SEEDS = st.integers(0, 2**32 - 1)


def _drag(water: Water) -> np.ndarray:
    return (4.0 * G * water.manning**2).astype(np.float32)


def _step(water: Water, dt: float, windows: np.ndarray | None = None) -> list[np.ndarray]:
    """One step of the given windows; u and v hold discharges, in single precision. Returns the old state."""
    real = water.h.dtype.type
    water.u, water.v = water.u.astype(np.float32), water.v.astype(np.float32)
    new = [np.zeros_like(a) for a in (water.h, water.u, water.v)]
    scratch = np.full(
        (inertial.SCRATCH_ROWS, water.h.shape[1] + 1), np.nan, real
    )  # nothing is read before it is written
    water.fastest[:] = 0
    inertial.sweep(
        water.h, water.u, water.v, *new, water.low, water.z, water.sx, water.sy, _drag(water), water.source,
        water.whole if windows is None else windows, real(dt), real(1 / water.dx), real(1 / water.dy), real(G),
        BLOCK_ROWS, BLOCK_COLUMNS, water.fastest, water.clipped, water.trimmed, scratch,
    )  # fmt: skip
    old = [water.h, water.u, water.v]
    water.h, water.u, water.v = new
    return old


def _flowing(
    shape: tuple[int, int], seed: int, dtype: type = np.float64, dry: float = 0.3, rough: float = 0.5
) -> Water:
    """Random water whose u, v are discharges at faces, none through the rim; ghosts are bare."""
    water = random_water(shape, seed, dtype, dry, rough)
    water.u *= 0.2
    water.v *= 0.2
    for a in (water.h, water.source):
        a[0], a[-1], a[:, 0], a[:, -1] = 0, 0, 0, 0
    water.u[:, :2], water.u[:, -1], water.u[0], water.u[-1] = 0, 0, 0, 0
    water.v[:2], water.v[-1], water.v[:, 0], water.v[:, -1] = 0, 0, 0, 0
    return water


def _reference(water: Water, dt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scheme written over whole arrays (de Almeida et al. 2012, implicit friction), in double precision."""
    h, q, s, z = (a.astype(float) for a in (water.h, water.u, water.v, water.z))
    n2 = (_drag(water).astype(float)) / 4.0

    def along(q: np.ndarray, s: np.ndarray, h: np.ndarray, z: np.ndarray, n2: np.ndarray, d: float) -> np.ndarray:
        """Discharges of the inner faces along the second axis."""
        level = h + z
        depth = np.maximum(level[:, :-1], level[:, 1:]) - np.maximum(z[:, :-1], z[:, 1:])
        depth = np.where(depth > 1e-6, depth, 0.0)
        across = np.zeros_like(depth)
        across[:-1] = (s[:-1, :-1] + s[:-1, 1:] + s[1:, :-1] + s[1:, 1:]) / 4
        smooth = np.zeros_like(depth)
        smooth[:, :-1] = 0.8 * q[:, 1:-1] + 0.1 * (q[:, :-2] + q[:, 2:])
        pushed = smooth - G * dt / d * depth * (level[:, 1:] - level[:, :-1])
        safe = np.maximum(depth, 1e-6)
        k = dt * (n2[:, :-1] + n2[:, 1:]) / 2 * safe ** (-7 / 3)
        new = pushed * 2 / (1 + np.sqrt(1 + 4 * k * np.hypot(pushed, across)))
        new = np.where(depth > 0, new, 0.0)
        out = np.zeros_like(q)
        out[1:-1, 2:-1] = new[1:-1, 1:-1]
        return out

    qx = along(q, s, h, z, n2, water.dx)
    qy = along(s.T, q.T, h.T, z.T, n2.T, water.dy).T
    e, n = np.roll(qx, -1, 1), np.roll(qy, -1, 0)
    out = dt / water.dx * (np.maximum(e, 0) - np.minimum(qx, 0)) + dt / water.dy * (
        np.maximum(n, 0) - np.minimum(qy, 0)
    )
    share = np.where(out > h, h / np.maximum(out, 1e-300), 1.0)
    qx = np.where(qx > 0, qx * np.roll(share, 1, 1), qx * share)
    qy = np.where(qy > 0, qy * np.roll(share, 1, 0), qy * share)
    e, n = np.roll(qx, -1, 1), np.roll(qy, -1, 0)
    h = np.maximum(h - dt * ((e - qx) / water.dx + (n - qy) / water.dy), 0.0) + dt * water.source
    return np.where(h > 1e-10, h, 0.0), qx, qy


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5, 5), (1, 1), (1, 17), (9, 1), (2, 2)] + ([] if PLAIN else [(40, 150), (33, 65)]))
@pytest.mark.parametrize("dry", [0.0, 0.4])
def test_one_step_follows_the_plain_version(dtype: type, shape: tuple[int, int], dry: float) -> None:
    water = _flowing(shape, 7, dtype, dry)
    expected = _reference(water, 0.1)
    _step(water, 0.1)
    inside = (slice(1, -1), slice(1, -1))
    for got, wanted in zip((water.h, water.u, water.v), expected, strict=True):
        np.testing.assert_allclose(got[inside], wanted[inside], rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_lake_with_islands_stays_exactly_at_rest(dtype: type) -> None:
    ny, nx = sized(40, 6), sized(70, 7)
    water = still_basin(3.0 * np.random.default_rng(5).random((ny, nx)), 1.5, dtype)
    before = water.inner("h").copy()
    for _ in range(sized(1000, 5)):
        _step(water, 0.1)
    assert np.abs(water.u).max() == 0
    assert np.abs(water.v).max() == 0
    np.testing.assert_array_equal(water.inner("h"), before)


@settings(max_examples=sized(60, 3))
@given(
    seed=SEEDS,
    ny=st.integers(1, sized(12, 4)),
    nx=st.integers(1, sized(40, 5)),
    dtype=st.sampled_from(DTYPES),
    rough=st.sampled_from([0.01, 0.5, 5.0]),
)
def test_depths_stay_positive_and_water_is_kept(seed: int, ny: int, nx: int, dtype: type, rough: float) -> None:
    water = _flowing((ny, nx), seed, dtype, rough=rough)
    water.source[:] = 0
    start = water.volume()
    for _ in range(sized(60, 4)):
        depth = max(float(water.h.max()), 1e-3)
        _step(water, 0.7 * min(water.dx, water.dy) / np.sqrt(G * depth))
        assert (water.inner("h") >= 0).all()
        assert np.isfinite(water.u).all()
    error = water.volume() + water.trimmed.sum() - water.clipped.sum() - start
    assert abs(error) <= (1e-12 if dtype is np.float64 else 1e-6) * max(start, 1e-3)
    assert water.clipped.sum() <= (1e-12 if dtype is np.float64 else 1e-5) * max(start, 1.0)


@pytest.mark.parametrize("symmetry", ["west-east", "diagonal"])
def test_water_in_a_mirror_moves_like_the_water(symmetry: str) -> None:
    shape = (sized(17, 4), sized(23, 5))
    water, image = _flowing(shape, 3), _flowing(shape, 3)
    turn = (lambda a: a.T) if symmetry == "diagonal" else (lambda a: a[:, ::-1])
    a = {name: np.ascontiguousarray(turn(value)) for name, value in image.plain().items()}
    if symmetry == "diagonal":
        a["u"], a["v"] = a["v"], a["u"]
        image = Water(**a, dx=water.dy, dy=water.dx)
    else:
        a["u"] = -np.roll(a["u"], 1, axis=1)  # the western face of a cell becomes its eastern one
        image = Water(**a, dx=water.dx, dy=water.dy)
    for _ in range(sized(10, 3)):
        _step(water, 0.1)
        _step(image, 0.1)
    np.testing.assert_allclose(turn(image.inner("h")), water.inner("h"), rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_windows(dtype: type) -> None:
    ny, nx = (70, 200) if not PLAIN else (34, 66)
    whole, pieces = (_flowing((ny, nx), 11, dtype) for _ in range(2))
    rows, columns = [*range(1, ny + 1, BLOCK_ROWS), ny + 1], [*range(1, nx + 1, BLOCK_COLUMNS), nx + 1]
    windows = np.array([[a, b, c, d] for a, b in zip(rows, rows[1:], strict=False)
                        for c, d in zip(columns, columns[1:], strict=False)])  # fmt: skip
    order = np.random.default_rng(0).permutation(len(windows))
    for _ in range(sized(20, 1)):
        _step(whole, 0.05)
        _step(pieces, 0.05, windows[order])
    for name in ("h", "u", "v", "low", "fastest", "clipped", "trimmed"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name), err_msg=name)


def _cross(water: Water, old: list[np.ndarray], faces: np.ndarray, kind: int, value: float, dt: float) -> np.ndarray:
    n = len(faces)
    passed = np.zeros(n)
    real = water.h.dtype.type
    inertial.cross_edges(
        old[0], old[1], old[2], water.z, _drag(water), water.h, water.u, water.v, faces, np.full(n, kind),
        np.full(n, value), np.full(n, 0.03), real(dt), real(1 / water.dx), real(1 / water.dy), real(G), passed,
    )  # fmt: skip
    return passed


def _east(water: Water) -> np.ndarray:
    ny, nx = water.inner("h").shape
    return np.array([[j, nx + 1, j, nx, 0, 1] for j in range(1, ny + 1)])


def _west(water: Water) -> np.ndarray:
    return np.array([[j, 0, j, 1, 0, -1] for j in range(1, water.h.shape[0] - 1)])


@pytest.mark.skipif(PLAIN, reason="needs many steps")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("slope", [0.01, 0.05, 0.2])
def test_sheet_flow_stores_what_the_kinematic_wave_stores(slope: float, dtype: type) -> None:
    """Rain on a plane (Henderson and Wooding 1964), with the longest step that the scheme allows."""
    nx, dx, rain = 100, 2.0, float(np.float32(50e-3 / 3600))
    x = (np.arange(nx) + 0.5) * dx
    water = still_basin(np.tile(slope * (nx * dx - x), (2, 1)), -9.0, dtype)
    water.dx = water.dy = dx
    water.manning[:] = 0.03
    water.source[1:-1, 1:-1] = rain
    dt, passed = inertial.FILM_STEP * dx, np.zeros(2)
    for _ in range(round(2400 / dt)):
        passed += _cross(water, _step(water, dt), _east(water), OPEN, 1.0, dt)
    expected = (rain * x * 0.03 / np.sqrt(slope)) ** 0.6
    assert water.inner("h")[0].sum() == pytest.approx(expected.sum(), rel=0.02)
    error = water.volume() - passed.sum() - rain * 2400 * 2 * nx + water.trimmed.sum()
    assert abs(error) < (1e-12 if dtype is np.float64 else 1e-5) * rain * 2400 * 2 * nx


@pytest.mark.skipif(PLAIN, reason="needs many steps")
def test_a_given_discharge_finds_its_normal_depth() -> None:
    """A steady river: Manning's depth between the inflow and an end of normal flow, and the speed at the centres."""
    nx, dx, slope, q = 60, 10.0, 0.002, 0.5
    x = (np.arange(nx) + 0.5) * dx
    water = still_basin(np.tile(slope * (nx * dx - x), (2, 1)), -9.0)
    water.dx = water.dy = dx
    water.manning[:] = 0.03
    inflow = outflow = 0.0
    for _ in range(4000):
        old = _step(water, 1.0)
        inflow = _cross(water, old, _west(water), DISCHARGE, q, 1.0).sum()
        outflow = _cross(water, old, _east(water), NORMAL, slope, 1.0).sum()
    depth = (q * 0.03 / np.sqrt(slope)) ** 0.6
    np.testing.assert_allclose(water.inner("h")[0, 5:-5], depth, rtol=0.01)
    assert inflow == pytest.approx(2 * q / dx, rel=1e-12)
    assert outflow == pytest.approx(-2 * q / dx, rel=1e-3)
    u, v = np.zeros_like(water.h), np.zeros_like(water.h)
    inertial.centre_velocities(water.h, water.u, water.v, water.z, water.whole, u, v)
    np.testing.assert_allclose(u[1:-1, 6:-6], q / depth, rtol=0.02)
    assert np.abs(v).max() == 0
    largest, fast, deep = inertial.froude(water.h, u, v, water.whole, G)
    assert largest == pytest.approx(q / depth / np.sqrt(G * depth), rel=0.1)
    assert (fast, deep) == (0, 2 * nx)
    faces, flow = np.array([[1, 30, 0, 1], [2, 30, 0, 1]]), np.zeros(2)
    inertial.face_discharge(water.u, water.v, faces, dx, dx, flow)
    assert flow.sum() == pytest.approx(2 * q * dx, rel=1e-3)


def test_water_stands_still_at_a_given_level() -> None:
    water = still_basin(np.random.default_rng(3).random((4, 6)), 2.0)
    before = water.h.copy()
    for _ in range(sized(50, 3)):
        passed = _cross(water, _step(water, 0.1), _west(water), LEVEL, 2.0, 0.1)
        assert np.abs(passed).max() == 0
    np.testing.assert_array_equal(water.inner("h"), before[1:-1, 1:-1])


def test_a_higher_level_outside_fills_the_basin() -> None:
    water = still_basin(np.zeros((3, 5)), 0.5)
    water.manning[:] = 0.1
    total = 0.0
    for _ in range(sized(4000, 5)):
        total += _cross(water, _step(water, 0.1), _west(water), LEVEL, 1.0, 0.1).sum()
    assert total > 0
    assert water.volume() == pytest.approx(0.5 * 15 + total, rel=1e-12)
    if not PLAIN:
        np.testing.assert_allclose(water.inner("h"), 1.0, atol=1e-3)


def test_an_overfall_lets_out_critical_flow() -> None:
    water = still_basin(np.zeros((2, 4)), 0.6)
    passed = _cross(water, _step(water, 0.01), _east(water), OPEN, 0.0, 0.01)
    np.testing.assert_allclose(passed, -0.01 * np.sqrt(G) * (2 / 3 * 0.6) ** 1.5, rtol=1e-12)


def test_cells_outside_the_domain_stay_shut() -> None:
    """Their drag is negative; water beside them neither enters nor leaves."""
    water = _flowing((4, 6), 5, dry=0.0)
    drag = _drag(water)
    drag[2, 3] = -1
    water.h[2, 3] = 0
    new = [np.zeros_like(a) for a in (water.h, water.u, water.v)]
    scratch = np.zeros((inertial.SCRATCH_ROWS, water.h.shape[1] + 1))
    water.source[:] = 0
    inertial.sweep(water.h, water.u, water.v, *new, water.low, water.z, water.sx, water.sy, drag, water.source,
                   water.whole, 0.05, 0.5, 0.5, G, BLOCK_ROWS, BLOCK_COLUMNS, water.fastest, water.clipped,
                   water.trimmed, scratch)  # fmt: skip
    assert new[0][2, 3] == 0
    assert new[1][2, 3] == new[1][2, 4] == new[2][2, 3] == new[2][3, 3] == 0


@pytest.mark.skipif(PLAIN, reason="needs many steps")
def test_a_dam_break_with_friction_comes_close_to_the_full_equations() -> None:
    """2 m over 0.5 m on a rough plain: within the range of use, so the wave agrees with finite volumes within 2 %."""
    n, dx, end = 400, 5.0, 300.0
    levels = np.where(np.arange(n) < n // 2, 2.0, 0.5)
    results = []
    for full in (False, True):
        water = still_basin(np.zeros((2, n)), 0.0)
        water.dx = water.dy = dx
        water.manning[:] = 0.05
        water.inner("h")[:] = levels
        for _ in range(round(end / 0.5)):
            if full:
                mirror_ring(water.h, water.u, water.v)
                water.sweep(0.5)
            else:
                _step(water, 0.5)
        results.append(water.inner("h")[0].copy())
    assert np.abs(results[0] - results[1]).mean() < 0.02 * 1.5
    assert np.abs(results[0].sum() - levels.sum()) < 1e-9


@pytest.mark.parametrize("dtype", DTYPES)
def test_speeds_of_cells_are_the_mean_of_those_at_their_faces(dtype: type) -> None:
    water = _flowing((4, 5), seed=12, dtype=dtype)
    u, v = (np.zeros_like(water.h) for _ in range(2))
    inertial.centre_velocities(water.h, water.u, water.v, water.z, water.whole, u, v)
    h, z = water.h.astype(float), water.z.astype(float)

    def at_face(q: float, a: tuple[int, int], b: tuple[int, int]) -> float:
        """Speed at the face between two cells: its discharge over the depth that flows there."""
        deep = max(h[a] + z[a], h[b] + z[b]) - max(z[a], z[b])
        return float(q) / max(deep if deep > 1e-6 else 0.0, 1e-6)

    for j in range(1, 5):
        for i in range(1, 6):
            west, east = (
                at_face(water.u[j, i], (j, i - 1), (j, i)),
                at_face(water.u[j, i + 1], (j, i), (j, i + 1)),
            )
            south, north = (
                at_face(water.v[j, i], (j - 1, i), (j, i)),
                at_face(water.v[j + 1, i], (j, i), (j + 1, i)),
            )
            assert u[j, i] == pytest.approx((west + east) / 2, rel=1e-4, abs=1e-6)
            assert v[j, i] == pytest.approx((south + north) / 2, rel=1e-4, abs=1e-6)


def test_froude_numbers_are_counted_where_water_is_a_centimetre_deep() -> None:
    h, u, v = np.zeros((4, 5)), np.zeros((4, 5)), np.zeros((4, 5))
    h[1, 1:4], u[1, 1:4], v[1, 1:4] = (0.4, 0.1, 0.009), (0.6, 0.9, 9.0), (0.8, -1.2, 9.0)
    largest, fast, deep = inertial.froude(h, u, v, np.array([[1, 3, 1, 4]]), G)
    assert largest == pytest.approx(1.5 / np.sqrt(G * 0.1))
    assert (fast, deep) == (1, 2)


def test_discharge_through_listed_faces_is_theirs_times_their_width() -> None:
    water, flow = _flowing((4, 5), seed=3), np.zeros(2)
    inertial.face_discharge(water.u, water.v, np.array([[2, 3, 0, 1], [3, 4, 1, -1]]), 2.0, 3.0, flow)
    assert flow == pytest.approx([water.u[2, 3] * 3.0, -water.v[3, 4] * 2.0])


def _at_edge(kind: int, value: float, sign: int, axis: int) -> tuple[float, float, float]:
    """What enters (m2/s) a pond 0.5 m deep over an edge, the discharge left on the face, and the depth that it made."""
    h, qx, qy = np.full((5, 6), 0.5), np.full((5, 6), 0.125), np.full((5, 6), 0.125)
    z, drag = np.zeros((5, 6), np.float32), np.full((5, 6), np.float32(4.0 * G * 0.03**2))
    last = 4 if axis == 0 else 3
    inside = (2, last if sign > 0 else 1) if axis == 0 else (last if sign > 0 else 1, 2)
    ghost = (inside[0], inside[1] + sign) if axis == 0 else (inside[0] + sign, inside[1])
    face = ghost if sign > 0 else inside
    h_new, qx_new, qy_new, passed = h.copy(), qx.copy(), qy.copy(), np.zeros(1)
    dt, rdx, rdy = 0.01, 0.5, 0.25
    inertial.cross_edges(
        h, qx, qy, z, drag, h_new, qx_new, qy_new, np.array([[*ghost, *inside, axis, sign]]), np.array([kind]),
        np.array([value]), np.array([0.03]), dt, rdx, rdy, G, passed,
    )  # fmt: skip
    entered = float(passed[0]) / (dt * (rdx if axis == 0 else rdy))
    assert h_new[inside] - 0.5 == pytest.approx(passed[0])
    return entered, float((qx_new if axis == 0 else qy_new)[face]), float(h_new[inside])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_edges_let_through_what_they_are_told(axis: int, sign: int) -> None:
    for kind, value, expected in (
        (DISCHARGE, 0.25, 0.25),
        (DISCHARGE, -0.25, -0.25),
        (NORMAL, 0.01, -(0.5 ** (5 / 3)) * 0.1 / 0.03),
        (OPEN, 0.0, -np.sqrt(G) * (2 / 3 * 0.5) ** 1.5),
        (OPEN, 1.0, -0.125 if sign > 0 else 0.0),  # at the speed inside, and nothing comes in
    ):
        entered, on_face, _ = _at_edge(kind, value, sign, axis)
        assert entered == pytest.approx(expected, rel=1e-6, abs=1e-12)
        assert on_face == pytest.approx(-sign * expected, rel=1e-6, abs=1e-12)
    higher, lower = _at_edge(LEVEL, 0.75, sign, axis)[0], _at_edge(LEVEL, 0.25, sign, axis)[0]
    push = G * 0.01 * (0.5 if axis == 0 else 0.25)  # over one step, by a depth that flows of the higher level
    slowed = 1.0 / (1.0 + G * 0.01 * 0.03**2 * 0.125 / 0.5 ** (7 / 3))
    assert higher == pytest.approx((-sign * 0.125 + push * 0.75 * 0.25) * slowed, rel=2e-3)
    assert lower == pytest.approx((-sign * 0.125 - push * 0.5 * 0.25) * slowed, rel=2e-3)
