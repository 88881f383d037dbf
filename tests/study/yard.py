"""A tiny case (12 x 16 cells, ten minutes) and studies of it that run in a fraction of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CASE = """
name = "bowl"
title = "Rain on a bowl 洼地"

[clock]
duration = "10 min"

[grid]
terrain = "bowl.asc"
crs = "local"

[rainfall]
kind = "uniform"
intensity = "60 mm/h"
duration = "5 min"

[[waterlogging_points]]
name = "hollow 低洼"
x = 80.0
y = 60.0
radius = "20 m"

[[waterlogging_points]]
name = "rim"
x = 15.0
y = 15.0
radius = "10 m"

[standard]
overrides = {recession_central = 240.0}

[solver]
threads = 1

[output]
interval = "5 min"
maps = []
"""


def write_bowl(folder: Path) -> Path:
    """A bowl of 12 x 16 cells of 10 m, closed all round, whose bottom fills under rain; returns the case file."""
    ny, nx = 12, 16
    y, x = np.mgrid[0:ny, 0:nx]
    bed = 0.05 * (np.abs(x - 7.5) + np.abs(y - 5.5))
    head = f"ncols {nx}\nnrows {ny}\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n"
    text = head + "\n".join(" ".join(f"{z:.3f}" for z in row) for row in bed[::-1]) + "\n"
    (folder / "bowl.asc").write_text(text)
    case = folder / "bowl.toml"
    case.write_text(CASE, encoding="utf-8")
    return case


def write_study(folder: Path, text: str, **more: Any) -> Path:
    """Write the case and a study of it; ``text`` are its sections, ``more`` its top-level keys as TOML."""
    write_bowl(folder)
    head = {"name": '"storms"', "case": '"bowl.toml"', **more}
    file = folder / "study.toml"
    file.write_text("\n".join(f"{k} = {v}" for k, v in head.items()) + "\n" + text, encoding="utf-8")
    return file
