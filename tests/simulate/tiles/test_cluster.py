"""Tiles in real processes: Dask workers of this machine, one of them killed in mid-run."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import load_case, parse_case
from floodsim.case.schema import Case
from floodsim.errors import CaseError
from floodsim.grid.grid import Grid
from floodsim.simulate.tiles.cluster import DaskPlace, workers_for
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.simulate.tiles.test_bits import ground, storm

CASES = Path(__file__).parents[3] / "cases"


class Assassin:
    """Progress that sends SIGKILL to a worker at given simulated times (s)."""

    def __init__(self, place: DaskPlace, times: list[float], choose: random.Random) -> None:
        self.place, self.times, self.choose = place, sorted(times), choose
        self.killed = 0

    def start(self, total_seconds: float) -> None:
        pass

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        if self.times and time_s >= self.times[0]:
            self.times.pop(0)
            time.sleep(self.choose.random() * 0.05)
            pids = self.place.client.run(os.getpid)
            os.kill(self.choose.choice(sorted(pids.values())), signal.SIGKILL)
            self.killed += 1

    def finish(self, status: str) -> None:
        pass


def kept(case: Case, seconds: float) -> Case:
    return case.model_copy(update={"output": case.output.model_copy(update={"checkpoint_interval": seconds})})


def with_deaths(case: Case, times: list[float], tmp_path: Path, grid: Grid | None) -> list[str]:
    """Differences between a run in one process and one in two whose workers are killed at ``times`` (s)."""
    floodsim.run(case, tmp_path / "one", grid=grid).close()
    with workers_for(2, None, lambda text: None) as place:
        assassin = Assassin(place, times, random.Random(7))
        with run_tiled(case, tmp_path / "two", place, Cut(2), grid=grid, progress=assassin) as tiled:
            assert tiled.status == "complete"
            assert tiled.summary["tiles"]["workers_lost"] >= 1
        assert assassin.killed == len(times) or not assassin.times
    return exact_differences(tmp_path / "one", tmp_path / "two")


def test_a_killed_worker_is_replaced_and_no_bit_changes(tmp_path: Path) -> None:
    assert with_deaths(kept(parse_case(storm(), tmp_path, {}), 0.5), [40.0], tmp_path, ground()) == []


@pytest.mark.slow
def test_ten_deaths_in_the_drained_old_town(tmp_path: Path) -> None:
    settings = ["clock.duration=20 min", "rainfall.duration=60 min", "output.interval=5 min"]
    case = kept(load_case(CASES / "old_town_drained" / "case.toml", settings, {}), 3.0)
    choose = random.Random(3)
    times = [choose.uniform(20.0, 1180.0) for _ in range(10)]
    assert with_deaths(case, times, tmp_path, None) == []


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no Dask scheduler answers"):
        floodsim.run(storm(), tmp_path / "out", grid=ground(), workers=2, scheduler="tcp://127.0.0.1:1")
    assert not (tmp_path / "out").exists()
