"""The command line as a user types it, and two small cases with answers known beforehand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
Result = subprocess.CompletedProcess[str]
Floodsim = Callable[..., Result]

POOL = """
name = "pool"
title = "Rain on a flat yard with walls"

[clock]
duration = "15 min"

[grid]
terrain = "terrain.asc"
crs = "local"

[rainfall]
kind = "uniform"
intensity = "60 mm/h"
duration = "10 min"

[output]
interval = "5 min"

[[points]]
name = "middle"
x = 100.0
y = 75.0

[[waterlogging_points]]
name = "gate"
x = 100.0
y = 75.0
radius = "20 m"
"""


def call_floodsim(folder: Path, *arguments: object, **environment: str) -> Result:
    """Run ``floodsim ARGUMENTS`` in a folder; keywords add environment variables."""
    return subprocess.run(
        [sys.executable, "-m", "floodsim", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture
def floodsim(tmp_path: Path) -> Floodsim:
    """Run ``floodsim ARGUMENTS`` in the test's own folder."""
    return partial(call_floodsim, tmp_path)


def write_terrain(path: Path, bed: np.ndarray, cell: float = 10.0) -> None:
    """Arc/Info ASCII grid with its south-west corner at 0, 0; ``bed`` (ny, nx) in m, rows from south to north."""
    ny, nx = bed.shape
    head = f"ncols {nx}\nnrows {ny}\nxllcorner 0\nyllcorner 0\ncellsize {cell}\nNODATA_value -9999\n"
    path.write_text(head + "\n".join(" ".join(f"{z:.3f}" for z in row) for row in bed[::-1]) + "\n")


def write_pool(folder: Path) -> Path:
    """Case of 15 x 20 flat, closed cells of 10 m under 10 mm of rain: in the end 10 mm of water stand everywhere."""
    write_terrain(folder / "terrain.asc", np.full((15, 20), 5.0))
    case = folder / "pool.toml"
    case.write_text(POOL, encoding="utf-8")
    return case


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """The case of `write_pool` in the test's own folder."""
    return write_pool(tmp_path)


@pytest.fixture
def long_run(tmp_path: Path) -> Path:
    """Case that no machine finishes within a test: a day of water surging to and fro in 160 000 cells."""
    x = np.linspace(-1.0, 1.0, 400)
    write_terrain(tmp_path / "bowl.asc", x[:, None] ** 2 + x[None, :] ** 2, cell=2.0)
    case = tmp_path / "long.toml"
    case.write_text(
        'name = "long"\nclock = {duration = "1 d"}\ninitial = {level = "1.5 m"}\n'
        'grid = {terrain = "bowl.asc", crs = "local"}\n'
        'rainfall = {kind = "uniform", intensity = "30 mm/h", duration = "1 d"}\n',
        encoding="utf-8",
    )
    return case
