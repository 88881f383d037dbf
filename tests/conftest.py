"""What every test may use: the validation data, and settings of the test tools."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The first example of a property compiles kernels, so a time limit for single examples would say nothing.
settings.register_profile("floodsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("floodsim"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "floodsim")

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def validation_data() -> Path:
    """Folder of published validation data, out of FLOODSIM_VALIDATION_DATA; the test is skipped where it is not set."""
    folder = os.environ.get("FLOODSIM_VALIDATION_DATA", "")
    if not folder:
        pytest.skip("FLOODSIM_VALIDATION_DATA is not set")
    path = Path(folder)
    assert path.is_dir(), f"FLOODSIM_VALIDATION_DATA names no folder: {folder}"
    return path
