"""Rain, infiltration and sources: what the ledger books is what the ground received."""

from __future__ import annotations

import numpy as np
import pytest

from floodsim.forcing.series import Rain, TimeSeries
from floodsim.grid.grid import make_grid
from floodsim.surface.losses import KINDS, Losses, retention
from floodsim.surface.sources import Source
from floodsim.surface.step import renew_forcing, settle_ledger
from tests.surface.helpers import advance, inner, make_surface, uniform_rain

MM_H = 1e-3 / 3600.0


def losses(kind: str, row: tuple[float, float, float], shape: tuple[int, int]) -> Losses:
    return Losses(KINDS[kind], np.zeros((1, 1), np.uint8), np.array([row]), np.zeros(shape, np.float32))


@pytest.mark.parametrize("precision", ["double", "single"])
def test_rain_in_a_tray(precision: str) -> None:
    grid = make_grid(np.zeros((40, 70)), 2.0)
    surface = make_surface(grid, precision=precision, rain=uniform_rain(60 * MM_H, 600.0))
    advance(surface, 900.0)
    assert inner(surface) == pytest.approx(0.010, rel=1e-5)
    assert surface.ledger.rain == pytest.approx(0.010 * 40 * 70 * 4.0, rel=1e-6)


def test_rain_by_zones_and_shares() -> None:
    grid = make_grid(np.zeros((2, 4)), 10.0, active=np.array([[1, 1, 1, 0]] * 2, bool))
    zones = np.array([[0, 0, 1, 1]] * 2, np.uint8)
    rain = Rain(np.array([0.0, 5.0, 10.0]), np.array([[1e-5, 2e-5], [0.0, 4e-5]]), zones)
    surface = make_surface(grid, rain=rain)
    renew_forcing(surface, 0.0, 10.0)
    assert surface.state.source[1:-1, 1:-1] == pytest.approx(np.array([[0.5e-5, 0.5e-5, 3e-5, 0.0]] * 2))
    assert settle_ledger(surface).rain == pytest.approx(2 * (0.5e-5 + 0.5e-5 + 3e-5) * 10.0 * 100.0)


def test_constant_loss_takes_no_more_than_there_is() -> None:
    grid = make_grid(np.zeros((8, 8)), 2.0)
    surface = make_surface(
        grid, rain=uniform_rain(5 * MM_H, 600.0), losses=losses("constant", (12 * MM_H, 0, 0), (8, 8))
    )
    advance(surface, 900.0)
    assert inner(surface).max() == 0.0
    assert surface.ledger.infiltration == pytest.approx(surface.ledger.rain, rel=1e-6)
    assert abs(surface.ledger.relative_error) < 1e-12


def test_green_ampt_total_is_the_implicit_solution() -> None:
    """Ponded from the start (deep water): K t = F - psi ln(1 + F / psi), psi = (suction + depth) deficit."""
    conductivity, suction, deficit, pond = 10.9 * MM_H, 0.110, 0.263, 1.0
    grid = make_grid(np.zeros((4, 4)), 2.0)
    table = losses("green_ampt", (conductivity, suction, deficit), (4, 4))
    surface = make_surface(grid, np.full((4, 4), pond), losses=table)
    advance(surface, 3600.0)
    soaked = float(table.infiltrated.mean())
    psi = (suction + pond - soaked / 2) * deficit
    assert soaked - psi * np.log(1.0 + soaked / psi) == pytest.approx(conductivity * 3600.0, rel=0.01)
    assert surface.ledger.infiltration == pytest.approx(soaked * 64.0, rel=1e-5)


def test_curve_number_runoff() -> None:
    """TR-55: Q = (P - Ia)^2 / (P - Ia + S), here for CN 80 and 100 mm in 5 h."""
    storage = retention(80.0)
    assert storage == pytest.approx(0.0635)
    abstraction = 0.2 * storage
    grid = make_grid(np.zeros((4, 4)), 2.0)
    surface = make_surface(
        grid, rain=uniform_rain(20 * MM_H, 18000.0), losses=losses("curve_number", (storage, abstraction, 0), (4, 4))
    )
    advance(surface, 18000.0, beat=60.0)
    runoff = (0.1 - abstraction) ** 2 / (0.1 - abstraction + storage)
    assert inner(surface).mean() == pytest.approx(runoff, rel=1e-4)


def test_sources_bring_and_take() -> None:
    grid = make_grid(np.zeros((10, 10)), 2.0)
    series = TimeSeries(np.array([0.0, 50.0, 100.0]), np.array([0.0, 2.0, 0.0]))
    line = Source("line", np.array([[2, 2], [2, 3], [2, 4]]), series)
    drain = Source("drain", np.array([[8, 8]]), TimeSeries.constant(-0.2))
    surface = make_surface(grid, sources=[line, drain])
    advance(surface, 200.0)
    ledger = surface.ledger
    assert ledger.storage == pytest.approx(ledger.sources - ledger.infiltration, rel=1e-9)
    assert 0.0 < ledger.storage < 100.0
    assert inner(surface).min() >= 0.0
    assert abs(ledger.relative_error) < 1e-12


def test_still_lake_in_the_mountains_is_exact() -> None:
    """Above 2048 m the bed no longer fits single precision; a datum is taken off."""
    bed = 3500.0 + np.random.default_rng(5).random((20, 20))
    grid = make_grid(bed, 2.0)
    assert grid.array("bed").dtype == np.float64
    depth = np.maximum(3500.6 - grid.array("bed"), 0.0)
    surface = make_surface(grid, np.round(depth * 8192) / 8192)
    advance(surface, 50.0)
    assert np.abs(inner(surface, "u")).max() < 1e-10
