"""The envelope kernel against the definitions, written out plainly in NumPy."""

from __future__ import annotations

import platform

import numba
import numpy as np
import pytest

from floodsim.kernels.envelope import update_envelopes

SHAPE = (5, 5)
ARRIVAL, RECESSION, SPEED_DEPTH = 0.01, 0.15, 0.01
THRESHOLDS = (0.15, 0.5)
DEBRIS = (0.0, 1.0, 0.25, 2.0)


def plain(times: list[float], states: list[tuple[np.ndarray, ...]]) -> dict[str, np.ndarray]:
    """All envelopes from the whole history at once, in double precision."""
    depth, u, v = (np.stack([state[k] for state in states]).astype(np.float64) for k in range(3))
    t = np.array(times)[:, None, None]
    dt = np.diff(times, prepend=times[0])[:, None, None]
    speed = np.where(depth > np.float32(SPEED_DEPTH), np.hypot(u, v), 0.0)
    shallow, deep, factor_depth, factor_speed = DEBRIS
    factor = np.where((depth > factor_depth) | (speed > factor_speed), deep, shallow)
    factor = np.where(depth > np.float32(SPEED_DEPTH), factor, 0.0)
    above = depth > np.float32(RECESSION)
    return {
        "max_depth": depth.max(axis=0),
        "time_of_max_depth": np.where(depth.max(axis=0) > 0, np.array(times)[depth.argmax(axis=0)], 0.0),
        "max_speed": speed.max(axis=0),
        "max_unit_discharge": (depth * np.hypot(u, v)).max(axis=0),
        "max_hazard": (depth * (speed + 0.5) + factor).max(axis=0),
        "arrival_time": np.where(depth > np.float32(ARRIVAL), t, np.inf).min(axis=0),
        "last_time_above": np.where(above, t, -1.0).max(axis=0),
        "duration_above": np.stack([((depth > np.float32(limit)) * dt).sum(axis=0) for limit in THRESHOLDS]),
    }


def sweep(
    times: list[float], states: list[tuple[np.ndarray, ...]], windows: np.ndarray, padding: int
) -> dict[str, np.ndarray]:
    out = {name: np.zeros(SHAPE, np.float32) for name in list(plain(times, states))[:-1]}
    out["arrival_time"] += np.float32(np.inf)
    out["last_time_above"] -= np.float32(1.0)
    out["duration_above"] = np.zeros((len(THRESHOLDS), *SHAPE), np.float32)
    pitch = SHAPE[1] + padding
    before = times[0]
    for t, state in zip(times, states, strict=True):
        flat = [np.pad(values, ((0, 0), (0, padding)), constant_values=7.0).ravel() for values in state]
        update_envelopes(
            windows, flat[0], pitch, flat[1], flat[2], pitch, np.float32(t), np.float32(t - before),
            np.float32(SPEED_DEPTH), np.array(DEBRIS, np.float32), np.float32(ARRIVAL), np.float32(RECESSION),
            np.array(THRESHOLDS, np.float32), *out.values(),
        )  # fmt: skip
        before = t
    return out


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_random_history(dtype: type, padding: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    times = [0.0, *np.cumsum(random.choice([0.5, 1.25, 2.0], 12)).tolist()]
    states = [
        (
            (random.random(SHAPE) ** 3 * (random.random(SHAPE) > 0.3)).astype(dtype),
            random.normal(0, 1.5, SHAPE).astype(dtype),
            random.normal(0, 1.5, SHAPE).astype(dtype),
        )
        for _ in times
    ]
    windows = np.array([[0, 2, 0, 5], [2, 5, 0, 3], [2, 5, 3, 5]])
    found, expected = sweep(times, states, windows, padding), plain(times, states)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=2e-6, atol=1e-7, err_msg=name)


def test_cells_outside_the_windows_are_left_alone() -> None:
    state = (np.ones(SHAPE), np.ones(SHAPE), np.ones(SHAPE))
    found = sweep([0.0, 1.0], [state, state], np.array([[1, 2, 1, 3]]), 0)
    touched = np.zeros(SHAPE, bool)
    touched[1, 1:3] = True
    np.testing.assert_array_equal(found["max_depth"] > 0, touched)
    np.testing.assert_array_equal(found["duration_above"][0] > 0, touched)
    np.testing.assert_array_equal(np.isfinite(found["arrival_time"]), touched)


def test_hazard_by_hand() -> None:
    """0.3 m at 1 m/s: 0.3 (1 + 0.5) + 1 = 1.45; 0.2 m at 2.5 m/s is fast: 0.6 + 1; 5 mm counts no speed: 0.0025."""
    depth, speed = np.zeros(SHAPE), np.zeros(SHAPE)
    depth[0, :3], speed[0, :3] = (0.3, 0.2, 0.005), (1.0, 2.5, 9.0)
    found = sweep([0.0], [(depth, speed, 0 * speed)], np.array([[0, 5, 0, 5]]), 0)
    np.testing.assert_allclose(found["max_hazard"][0, :4], [1.45, 1.6, 0.0025, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found["max_speed"][0, :4], [1.0, 2.5, 0.0, 0.0], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_is_vectorised(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(update_envelopes, "py_func"):
        pytest.skip("Numba is switched off")
    fresh = numba.njit(error_model="numpy")(update_envelopes.py_func)  # cached code cannot be inspected
    monkeypatch.setitem(sweep.__globals__, "update_envelopes", fresh)
    state = tuple(np.zeros(SHAPE, dtype) for _ in range(3))
    sweep([0.0], [state], np.array([[0, 5, 0, 5]]), 0)
    (assembly,) = fresh.inspect_asm().values()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("the assembly of another processor")
    assert "sqrtps" in assembly
    assert dtype is np.float32 or "cvtpd2ps" in assembly
