"""A run cut into pieces gives the same bits as a whole one, whatever takes part in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.simulate.checkpoint import checkpoints
from floodsim.surface.schemes import SCHEMES
from tests.simulate.whole_town import case, town

GRID = town()


class StopAt:
    """Progress that asks its own process to end at given simulated times (s)."""

    def __init__(self, *times: float) -> None:
        self.times = set(times)

    def start(self, total_seconds: float) -> None:
        pass

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        if round(time_s) in self.times:
            os.kill(os.getpid(), signal.SIGTERM)

    def finish(self, status: str) -> None:
        pass


def in_pieces(sections: dict[str, Any], out: Path, *times: float) -> floodsim.Results:
    """Run a case, stopped and continued at each of the times (s)."""
    for piece, stop in enumerate(times):
        part = floodsim.run(sections, out, grid=GRID, resume=piece > 0, progress=StopAt(stop))
        assert part.status == "interrupted" and part.summary["simulated_s"] == stop
        part.close()
        assert [int(path.name) * 5 for path in checkpoints(out / "checkpoint")] == list(times[: piece + 1][-2:])[::-1]
    return floodsim.run(sections, out, grid=GRID, resume=True)


@pytest.mark.parametrize(
    ("scheme", "order", "precision"),
    [(*key, precision) for key in sorted(SCHEMES) for precision in ("double", "single")],
)
def test_every_scheme_continues_to_the_bit(tmp_path: Path, scheme: str, order: int, precision: str) -> None:
    solver = {"scheme": scheme, "order": order, "precision": precision}
    sections = case(tmp_path, solver=solver)
    floodsim.run(sections, tmp_path / "whole", grid=GRID).close()
    with in_pieces(sections, tmp_path / "pieces", 35.0, 135.0, 140.0) as results:
        assert results.status == "complete" and results.summary["resumed_at_s"] == [35.0, 135.0, 140.0]
        assert results.series is not None and results.series.sizes["time"] == 25
    assert exact_differences(tmp_path / "whole", tmp_path / "pieces") == []
    assert {one.name for one in (tmp_path / "pieces").iterdir()} == {one.name for one in (tmp_path / "whole").iterdir()}
