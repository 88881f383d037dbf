"""A small run folder whose numbers are known: 8 x 12 cells of 10 m, two houses, one hollow that fills and drains.

It rains for 30 minutes of the hour. The hollow in rows 2-3, columns 2-4 is 0.40 m deep at 20 and 40 min (0.60 m in the
second run), dry at 60 min. The house in columns 5-6 stands beside it, the one in column 10 stands dry.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.verdict import judge
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.folder import write_json_atomic
from tests.output.fake import case
from tests.output.results import write_results

ROWS, COLUMNS, CELL = 8, 12, 10.0
HOLLOW = (slice(2, 4), slice(2, 5))
MASS = {
    "relative_error": 2e-15,
    "terms": {"rain": {"m3": 480.0, "mm": 50.0}, "boundaries": {"m3": -100.0, "mm": -10.4}},
    "meaning": {},
    "boundaries_m3": {"outlet 出口": -100.0},
}


def grid() -> Grid:
    building = np.zeros((ROWS, COLUMNS), np.uint8)
    building[2:4, 5:7] = 1
    building[6:8, 10] = 1
    return make_grid(np.broadcast_to(np.linspace(2, 0, COLUMNS), (ROWS, COLUMNS)), CELL, building=building)


def make_run(path: Path, depth: float = 0.4, judged: bool = True, **sections: Any) -> Path:
    """Write the run into a folder; ``sections`` go into its case."""
    pond = np.zeros((ROWS, COLUMNS))
    pond[HOLLOW] = depth
    steps = [
        (1200.0, {"depth": pond, "velocity_x": 0.5, "rainfall": 1e-5}),
        (1800.0, {"depth": pond, "velocity_x": 0.5, "rainfall": 2e-5}),
        (2400.0, {"depth": pond, "velocity_x": 0.0, "rainfall": 0.0}),
        (3600.0, {"depth": 0.0, "rainfall": 0.0}),
    ]
    points = [
        {"name": "Hollow 低洼", "polygon": [[20, 20], [50, 20], [50, 40], [20, 40]]},
        {"name": "</script><b>Hill", "x": 105.0, "y": 15.0, "radius": 10.0, "area_kind": "important"},
    ]
    little = case(
        clock={"duration": 3600.0, "start": "2025-07-03T12:00:00"},
        title="Yard 大院",
        points=[{"name": "gate", "x": 25.0, "y": 25.0}],
        lines=[{"name": "street", "coordinates": [[60.0, 0.0], [60.0, 80.0]]}],
        waterlogging_points=points,
        output={"interval": 1200.0, "series_interval": 600.0},
        **sections,
    )
    write_results(path, little, grid(), steps, 1800.0)
    summary = {"status": "complete", "rain_end_s": 1800.0, "mass": MASS, "notes": ["a note <of> the run"]}
    write_json_atomic(path / "summary.json", summary)
    if judged:
        judge(path)
    return path
