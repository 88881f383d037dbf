"""What is lost comes back: a tile cut off in mid-run, a checkpoint taken up in other tiles, errors that say why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.errors import CaseError, RunError
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.simulate.tiles.test_bits import drained, ground, network_below, storm


class Killer:
    """Progress that cuts tiles off at given times (s), once each, and may end the run at another."""

    def __init__(self, place: ThreadPlace, deaths: Mapping[float, int], end: float = 1e9) -> None:
        self.place, self.deaths, self.end = place, dict(deaths), end
        self.status = ""

    def start(self, total_seconds: float) -> None:
        pass

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        for when in [when for when in self.deaths if time_s >= when]:
            self.place.kill(self.deaths.pop(when))
        if time_s >= self.end:
            raise KeyboardInterrupt

    def finish(self, status: str) -> None:
        self.status = status


@pytest.mark.parametrize("interval", ["0.001 s", "1 h"])
def test_a_tile_that_is_lost_begins_anew_and_no_bit_changes(interval: str, tmp_path: Path) -> None:
    case = parse_case(drained(network_below(tmp_path / "drain.inp")), tmp_path, {})
    kept = case.model_copy(update={"output": case.output.model_copy(update={"checkpoint_interval": 1e-3})})
    case = kept if interval == "0.001 s" else case
    floodsim.run(case, tmp_path / "one", grid=ground()).close()
    place = ThreadPlace()
    killer = Killer(place, {20.0: 1, 50.0: 0, 60.0: 1})
    with run_tiled(case, tmp_path / "two", place, Cut(2, "2x1"), grid=ground(), progress=killer) as tiled:
        assert tiled.summary["tiles"]["workers_lost"] == 3
    assert killer.status == "complete"
    assert exact_differences(tmp_path / "one", tmp_path / "two") == []
    assert not (tmp_path / "two" / "tiles").exists()


def test_a_run_that_was_ended_goes_on_in_tiles(tmp_path: Path) -> None:
    case = parse_case(storm(output={"checkpoint_interval": "1 min"}), tmp_path, {})
    floodsim.run(case, tmp_path / "one", grid=ground()).close()
    place = ThreadPlace()
    killer = Killer(place, {}, end=40.0)
    with run_tiled(case, tmp_path / "two", place, Cut(2, "2x1"), grid=ground(), progress=killer) as first:
        assert first.status == "interrupted"
        assert first.maps is not None and first.maps.sizes == {"time": 3, "y": 81, "x": 150}
    with run_tiled(case, tmp_path / "two", place, Cut(2, "2x1"), grid=ground(), resume=True) as tiled:
        assert tiled.status == "complete"
    assert exact_differences(tmp_path / "one", tmp_path / "two") == []


def test_workers_that_die_time_and_again_end_the_run(tmp_path: Path) -> None:
    case = parse_case(storm(), tmp_path, {})
    place = ThreadPlace()

    class Deadly(Killer):
        def start(self, total_seconds: float) -> None:
            place.kill(0)

    with pytest.raises(RunError, match="time and again"):
        run_tiled(case, tmp_path / "out", place, Cut(2, "2x1"), grid=ground(), progress=Deadly(place, {}))
    assert floodsim.open_results(tmp_path / "out").status == "failed"


@pytest.mark.parametrize(("workers", "tiles"), [(3, "2x1"), (2, "9x1"), (2, "two"), (100, None)])
def test_cuts_that_cannot_be_are_refused(workers: int, tiles: str | None, tmp_path: Path) -> None:
    case = parse_case(storm(), tmp_path, {})
    with pytest.raises(CaseError, match="--tiles|--workers"):
        run_tiled(case, tmp_path / "out", ThreadPlace(), Cut(workers, tiles), grid=ground())
    assert not (tmp_path / "out").exists()
