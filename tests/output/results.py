"""A whole result folder, written by the observers from a history that a test sets by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.output.envelopes import Envelopes
from floodsim.output.folder import claim_folder, write_json_atomic
from floodsim.output.gauges import Series
from floodsim.output.maps import Maps
from floodsim.output.view import Status
from tests.output.fake import FakeView, play


def write_results(
    path: Path,
    case: Case,
    grid: Grid,
    steps: Iterable[tuple[float, dict[str, Any]]],
    rain_end: float = 0.0,
    status: Status = "complete",
) -> Path:
    folder = claim_folder(path)
    folder.begin(case.model_dump(mode="json"))
    observers = [
        Maps(case, grid, folder.maps),
        Envelopes(case, grid, rain_end, folder.envelopes),
        Series(case, grid, folder.series),
    ]
    play(observers, FakeView(grid), steps, status)
    write_json_atomic(folder.summary, {"status": status})
    return path
