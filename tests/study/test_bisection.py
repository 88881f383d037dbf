"""Bisection for many zones at once finds what trying every rung finds, with fewer runs."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from floodsim.study.bisection import bracket, next_rungs


def search(thresholds: dict[str, int], rungs: int, workers: int) -> tuple[dict[str, int], int, int]:
    """What each zone is found to bear (highest rung, -1 for none), the number of rungs run and of rounds."""
    known: dict[int, dict[str, bool]] = {}
    rounds = 0
    while chosen := next_rungs(known, list(thresholds), rungs, workers):
        assert len(chosen) == len(set(chosen)) <= max(workers, 1)
        assert not set(chosen) & set(known), "a rung was run twice"
        known |= {rung: {zone: rung <= top for zone, top in thresholds.items()} for rung in chosen}
        rounds += 1
    found = {zone: bracket(known, zone, rungs) for zone in thresholds}
    assert all(one.closed and one.steady for one in found.values())
    return {zone: one.low for zone, one in found.items()}, len(known), rounds


@given(st.integers(1, 200), st.lists(st.integers(-1, 250), min_size=1, max_size=6), st.integers(1, 5))
def test_it_equals_trying_every_rung(rungs: int, tops: list[int], workers: int) -> None:
    thresholds = {f"zone {k}": top for k, top in enumerate(tops)}
    found, runs, _ = search(thresholds, rungs, workers)
    assert found == {zone: min(top, rungs - 1) for zone, top in thresholds.items()}
    assert runs <= min(rungs, len(tops) * (math.ceil(math.log2(rungs + 1)) + 1) * workers)


def test_zones_share_their_runs() -> None:
    _, alone, _ = search({"a": 37}, 128, 1)
    _, together, _ = search({f"{k}": 37 for k in range(50)}, 128, 1)
    assert alone == together <= 8


def test_more_workers_need_fewer_rounds() -> None:
    rounds = [search({"a": 37}, 1000, workers)[2] for workers in (1, 3, 7)]
    assert rounds[0] == 10 and rounds[1] <= 6 and rounds[2] <= 4


def test_a_zone_that_bears_more_than_what_it_does_not_is_not_steady() -> None:
    known = {2: {"a": True}, 4: {"a": False}, 6: {"a": True}}
    found = bracket(known, "a", 8)
    assert (found.low, found.high, found.steady) == (2, 4, False)
