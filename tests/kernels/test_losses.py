"""Infiltration against the ordinary differential equations, solved by other means, and the closed SCS formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.kernels.losses import (
    CONSTANT,
    CURVE_NUMBER,
    GREEN_AMPT,
    HORTON,
    NONE,
    curve_number,
    green_ampt,
    horton,
    loss_rows,
    rain_rows,
)

MM_H = 1e-3 / 3600


def _integrated(rate, start: float, beat: float) -> float:  # type: ignore[no-untyped-def]
    """Depth (m) that infiltrates over a beat at a rate that depends on the depth so far and the time."""
    from scipy.integrate import solve_ivp

    solution = solve_ivp(lambda t, f: rate(t, f), (0.0, beat), [start], rtol=1e-10, atol=1e-14, method="LSODA")
    return float(solution.y[0, -1] - start)


@pytest.mark.parametrize("conductivity", [1 * MM_H, 10 * MM_H, 120 * MM_H])
@pytest.mark.parametrize("suction", [0.05, 0.3])
@pytest.mark.parametrize("soaked", [1e-4, 0.01, 0.2])
@pytest.mark.parametrize("beat", [10.0, 600.0])
def test_green_ampt_solves_its_equation(conductivity: float, suction: float, soaked: float, beat: float) -> None:
    """dF/dt = K (1 + psi / F) (Green and Ampt 1911)."""
    head = suction * 0.3
    expected = _integrated(lambda t, f: conductivity * (1 + head / f), soaked, beat)
    assert green_ampt(conductivity, head, soaked, beat) == pytest.approx(expected, rel=1e-6)


def test_green_ampt_from_dry_ground_and_without_suction() -> None:
    k, head, beat = 10 * MM_H, 0.06, 300.0
    grown = green_ampt(k, head, 0.0, beat)
    assert grown - head * np.log1p(grown / head) == pytest.approx(k * beat, rel=1e-9)  # the closed form for F(0) = 0
    assert green_ampt(k, 0.0, 0.0, beat) == k * beat
    assert green_ampt(0.0, head, 0.0, beat) == 0.0


@pytest.mark.parametrize(("start", "end", "decay"), [(76, 13, 4.14), (200, 5, 2.0), (30, 0, 6.0)])
@pytest.mark.parametrize("hours", [0.0, 0.2, 1.5])
@pytest.mark.parametrize("beat", [10.0, 900.0])
def test_horton_solves_its_equation(start: float, end: float, decay: float, hours: float, beat: float) -> None:
    """f = fc + (f0 - fc) exp(-k t) (Horton 1940): while the ground takes all it can, F runs along its integral."""
    f0, fc, k, t0 = start * MM_H, end * MM_H, decay / 3600, hours * 3600
    soaked = fc * t0 + (f0 - fc) / k * (1 - np.exp(-k * t0))
    expected = _integrated(lambda t, f: fc + (f0 - fc) * np.exp(-k * (t0 + t)), soaked, beat)
    assert horton(f0, fc, k, soaked, beat) == pytest.approx(expected, rel=1e-6)


def test_horton_recovers_no_capacity_while_it_is_not_full() -> None:
    """On the depth infiltrated, not on the time since rain began: slow rain leaves the ground its capacity."""
    f0, fc, k = 76 * MM_H, 13 * MM_H, 4.14 / 3600
    assert horton(f0, fc, k, 0.0, 60.0) > horton(f0, fc, k, 0.01, 60.0) > fc * 60.0
    assert horton(f0, f0, k, 0.01, 60.0) == pytest.approx(f0 * 60.0)
    assert horton(f0, fc, 0.0, 0.0, 60.0) == pytest.approx(fc * 60.0)


@given(number=st.floats(30, 99), ratio=st.floats(0.05, 0.3), depth=st.floats(0.0, 0.3), beats=st.integers(1, 40))
def test_curve_number_sums_up_to_the_closed_formula(number: float, ratio: float, depth: float, beats: int) -> None:
    """TR-55: Q = (P - Ia)^2 / (P - Ia + S); the loss is P - Q, whatever the steps in which the rain came."""
    retention = 0.0254 * (1000 / number - 10)
    abstraction = ratio * retention
    soaked = 0.0
    for _ in range(beats):
        soaked += curve_number(retention, abstraction, soaked, depth / beats)
    beyond = max(depth - abstraction, 0.0)
    runoff = beyond**2 / (beyond + retention)
    assert soaked == pytest.approx(depth - runoff, rel=1e-6, abs=1e-9)


def test_a_storm_over_green_ampt_ground_follows_the_equation_to_ponding_and_beyond() -> None:
    """Rain above the capacity from some instant on: F = P until then, the equation after."""
    k, head, rain = 5 * MM_H, 0.05, 40 * MM_H
    source, h = np.zeros((3, 3), np.float32), np.zeros((3, 3))
    table = np.array([[k, head / 0.25, 0.25]])
    soaked, share, net = np.zeros((1, 1)), np.ones((1, 1), np.float32), np.zeros((1, 1))
    beat, total = 5.0, 7200.0
    for _ in range(int(total / beat)):
        source[1, 1] = rain
        loss_rows(0, 1, GREEN_AMPT, np.zeros((1, 1), np.uint8), table, h, share, soaked, beat, 4, 4, source, net)
    ponding = k * head / (rain - k)  # depth at which the capacity has come down to the rain
    left = total - ponding / rain
    expected = ponding + _integrated(lambda t, f: k * (1 + head / f), ponding, left)
    assert soaked[0, 0] == pytest.approx(expected, rel=2e-3)


def test_losses_never_take_more_than_rain_and_water_and_spare_roofs() -> None:
    random = np.random.default_rng(0)
    ny, nx, beat = 5, 6, 10.0
    for kind, row in {
        NONE: (0, 0, 0),
        CONSTANT: (50 * MM_H, 0, 0),
        GREEN_AMPT: (50 * MM_H, 0.1, 0.3),
        HORTON: (90 * MM_H, 20 * MM_H, 1e-3),
        CURVE_NUMBER: (0.05, 0.01, 0),
    }.items():
        table = np.array([row, row], float)
        classes = random.integers(0, 2, (ny, nx)).astype(np.uint8)
        h = np.where(random.random((ny + 2, nx + 2)) < 0.5, 0.0, 1e-4 * random.random((ny + 2, nx + 2)))
        share = np.where(random.random((ny, nx)) < 0.3, 0.0, 1.0).astype(np.float32)
        source, rain = np.zeros((ny + 2, nx + 2), np.float32), np.zeros((3, 2))
        rain_rows(0, ny, np.array([20 * MM_H]), np.zeros((1, 1), np.uint8), share, 2, 4, source, rain)
        before, soaked, net = source.copy(), np.zeros((ny, nx)), np.zeros((3, 2))
        loss_rows(0, ny, kind, classes, table, h, share, soaked, beat, 2, 4, source, net)
        taken = (before - source).astype(float)[1:-1, 1:-1] * beat
        np.testing.assert_allclose(taken, soaked, atol=1e-12)
        assert (taken <= before[1:-1, 1:-1] * beat + h[1:-1, 1:-1] + 1e-9).all()
        assert (taken[share == 0] == 0).all()
        assert (taken >= 0).all()
        assert taken.sum() > 0 or kind == NONE
        for sums, field in ((net, source), (rain, before)):
            inside = field[1:-1, 1:-1].astype(float)
            expected = [[inside[j : j + 2, i : i + 4].sum() for i in (0, 4)] for j in (0, 2, 4)]
            np.testing.assert_allclose(sums, expected, rtol=1e-6)


def test_rain_of_a_zone_falls_on_its_cells() -> None:
    zones = np.array([[0, 1], [2, 1]], np.uint8)
    share = np.array([[1, 0.5], [1, 0]], np.float32)
    source, rain = np.zeros((4, 4), np.float32), np.zeros((2, 1))
    rain_rows(0, 2, np.array([1e-5, 2e-5, 3e-5]), zones, share, 1, 2, source, rain)
    np.testing.assert_allclose(source[1:-1, 1:-1], [[1e-5, 1e-5], [3e-5, 0]], rtol=1e-6)
    np.testing.assert_allclose(rain, [[2e-5], [3e-5]], rtol=1e-6)
