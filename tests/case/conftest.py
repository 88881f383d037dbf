from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from floodsim.case.load import load_case
from floodsim.errors import CaseError, Fault

GOOD = """
name = "old-town"
[clock]
start = 2025-07-03T07:00:00
duration = "3 h"
[grid]
terrain = "dem.asc"
roughness = 0.02
[rainfall]
kind = "uniform"
intensity = "60 mm/h"
duration = "1 h"
[[boundaries]]
name = "river"
kind = "level"
edge = "south"
level = { values = [[0, 3.5], [60, 4.0]], time_unit = "min" }
[[points]]
name = "gate"
x = 10.0
y = 20
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the cases of these tests name."""
    (tmp_path / "dem.asc").write_text("ncols 1\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\n0\n")
    (tmp_path / "rain.csv").write_text("time,mm/h\n0,1\n")
    return tmp_path


@pytest.fixture
def good(folder: Path) -> Path:
    """A case file without a fault."""
    path = folder / "case.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def faults_of_file() -> Callable[..., list[Fault]]:
    """What is wrong with a case file, as a list; it must be wrong."""

    def faults(path: Path, *overrides: str) -> list[Fault]:
        with pytest.raises(CaseError) as caught:
            load_case(path, overrides)
        return caught.value.faults

    return faults
