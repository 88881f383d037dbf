"""Cases and files that the forcing tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.forcing.series import Rain


def make_case(run: float = 7200.0, clock_start: str = "2024-07-01T08:00:00", **rainfall: Any) -> Case:
    return Case(name="t", clock={"start": clock_start, "duration": run}, rainfall=rainfall)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def depths_mm(rain: Rain) -> np.ndarray:
    return rain.rates[:, 0] * np.diff(rain.edges) * 1e3
