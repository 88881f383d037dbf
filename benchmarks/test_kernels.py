"""Kernels under pytest-benchmark: ``pytest benchmarks/test_kernels.py``; compare runs with ``--benchmark-compare``."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.speed import KEYS, STEP, make_surface
from floodsim.kernels.blocks import stored_depth, wake_blocks
from floodsim.kernels.losses import GREEN_AMPT, loss_rows
from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.step import all_cells, take_step

SIDE = 500


@pytest.mark.parametrize("key", KEYS, ids=lambda key: "-".join(map(str, key)))
def test_step(benchmark, key) -> None:  # type: ignore[no-untyped-def]
    surface = make_surface(*key, SIDE, 1, 1.0)
    benchmark(take_step, surface, STEP)
    assert np.isfinite(surface.state.h).all()
    if benchmark.stats:  # none with --benchmark-disable
        benchmark.extra_info["mcells_per_s"] = SIDE * SIDE / benchmark.stats["min"] / 1e6


def test_green_ampt(benchmark) -> None:  # type: ignore[no-untyped-def]
    surface = make_surface("hllc", 1, "double", SIDE, 1, 1.0)
    state = surface.state
    soaked, net = np.full((SIDE, SIDE), 0.01), np.zeros((1, 1))
    table, classes = np.array([[3e-6, 0.1, 0.3]]), np.zeros((1, 1), np.uint8)
    benchmark(
        lambda: loss_rows(
            0,
            SIDE,
            GREEN_AMPT,
            classes,
            table,
            state.h,
            state.ground.share,
            soaked,
            10.0,
            SIDE,
            SIDE,
            state.source,
            net,
        )
    )
    assert (soaked > 0.01).any()


def test_choice_of_blocks(benchmark) -> None:  # type: ignore[no-untyped-def]
    state = make_surface("hllc", 1, "double", SIDE, 1, 0.1).state
    blocks = state.blocks
    benchmark(wake_blocks, state.h, blocks.fastest, blocks.fed, BLOCK_ROWS, BLOCK_COLUMNS, True, blocks.awake)


def test_stored_volume(benchmark) -> None:  # type: ignore[no-untyped-def]
    state = make_surface("hllc", 1, "double", SIDE, 1, 1.0).state
    sums = np.zeros_like(state.blocks.stored)
    benchmark(stored_depth, state.h, state.low, all_cells(state)[0], BLOCK_ROWS, BLOCK_COLUMNS, sums)
    assert sums.sum() > 0
