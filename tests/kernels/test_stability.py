"""How long a step may be, and what single precision keeps of the water."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.kernels.edges import mirror_ring
from tests.kernels.fields import PLAIN, Water, sized, still_basin

SIZE = sized(60, 12)


def dam_over_bumps(dtype: type = np.float64) -> Water:
    """A dam breaks without friction over hills and noise."""
    y, x = np.mgrid[:SIZE, :SIZE] * 1.0
    noise = 0.3 * np.random.default_rng(0).random((SIZE, SIZE))
    water = still_basin(0.4 * (1 + np.sin(0.7 * x) * np.cos(0.5 * y)) + noise, 0.0, dtype)
    water.h[1:-1, 1:-1] = np.where(x < SIZE / 3, 2.0, 0.0)
    return water


def round_dam(dtype: type = np.float64) -> Water:
    """A column of water collapses on dry, flat ground."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2 + 0.5
    water = still_basin(np.zeros((SIZE, SIZE)), 0.0, dtype)
    water.h[1:-1, 1:-1] = np.where(x**2 + y**2 < (SIZE / 6) ** 2, 5.0, 0.0)
    return water


def diagonal_dam(dtype: type = np.float64) -> Water:
    """A dam that stands at 45 degrees to the grid, on dry ground."""
    y, x = np.mgrid[:SIZE, :SIZE]
    water = still_basin(np.zeros((SIZE, SIZE)), 0.0, dtype)
    water.h[1:-1, 1:-1] = np.where(x + y < SIZE, 1.0, 0.0)
    return water


@pytest.mark.parametrize("case", [dam_over_bumps, round_dam, diagonal_dam])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_longest_step_allowed_neither_clips_nor_grows(case, dtype: type) -> None:  # type: ignore[no-untyped-def]
    water = case(dtype)
    start, head = water.volume(), float((water.h + water.z).max())
    water.run(sized(400, 4), cfl=0.65)
    assert water.clipped.sum() <= (0.0 if dtype is np.float64 else 1e-6 * start)
    assert abs(water.volume() + water.trimmed.sum() - water.clipped.sum() - start) < 1e-6 * start
    assert np.abs(water.u).max() < 3 * np.sqrt(9.81 * head)  # a dry bed takes 2 sqrt(g h)
    assert float((water.h + water.z)[water.h > 0].max()) <= head * 1.001


@pytest.mark.skipif(PLAIN, reason="a few steps of a small dam break do not show it")
def test_longer_steps_clip() -> None:
    """What the limit guards against; and the alarm that a run would raise."""
    water = round_dam()
    start = water.volume()
    water.run(400, cfl=0.75)
    assert water.clipped.sum() > 1e-3 * start


@pytest.mark.parametrize("intensity", [5.0, 50.0])
def test_single_precision_keeps_every_drop_of_a_long_rain(intensity: float) -> None:
    """Twenty thousand steps of 0.08 s over an 8 m pond: a step brings about one last digit of its depth."""
    n, steps, dt = 24, sized(20_000, 20), 0.08
    y, x = np.mgrid[:n, :n]
    water = still_basin(0.02 * x + 0.05 * np.random.default_rng(1).random((n, n)) - 8.0 * (x < n / 2), 0.0, np.float32)
    water.dx = water.dy = 2.0
    water.manning[:] = 0.03
    water.source[1:-1, 1:-1] = intensity / 3.6e6
    start = water.volume()
    assert float(water.source[1, 1]) * dt < 2 * np.spacing(np.float32(8.0))
    for _ in range(steps):
        mirror_ring(water.h, water.u, water.v)
        water.sweep(dt)
    rain = float(water.source[1, 1]) * float(np.float32(dt)) * n * n * steps
    error = water.volume() - start + water.trimmed.sum() - water.clipped.sum() - rain
    assert abs(error) < 1e-6 * rain * (1 if not PLAIN else 100)
    assert (water.volume() - start) > 0.99 * rain


@pytest.mark.parametrize("wall", ["inactive", "step"])
def test_a_bore_reflects_on_a_wall_of_cells_as_on_the_closed_edge(wall: str) -> None:
    """Same level behind the bore that comes back, same shape of it."""
    from floodsim.grid.grid import make_grid
    from tests.surface.helpers import advance, make_surface

    n, extra, end = sized(200, 12), 4, sized(40, 1)
    levels = []
    for cells in (n, n + extra):
        x = 0.5 * np.arange(cells)
        depth = np.tile(np.where(x < 0.15 * n, 1.0, 0.2), (3, 1))
        bed, active = np.zeros((3, cells)), np.ones((3, cells), bool)
        depth[:, n:] = 0.0
        if wall == "step":
            bed[:, n:] = 5.0
        else:
            active[:, n:] = False
        surface = make_surface(make_grid(bed, 0.5, roughness=0.0, active=active), depth)
        advance(surface, float(end), beat=1.0)
        levels.append(surface.state.h[2, 1 : n + 1].copy())
    at_the_edge, at_the_wall = levels
    if not PLAIN:
        assert at_the_edge[-1] > 0.8  # the bore has come and gone back
    np.testing.assert_allclose(at_the_wall[-5:], at_the_edge[-5:], rtol=0.005)
    assert np.abs(at_the_wall - at_the_edge).mean() < 0.002
