"""The thread pool: every piece once, errors reach the caller, the pool survives them."""

from __future__ import annotations

import threading

import pytest

from floodsim.surface.bands import Bands, usable_cores


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 3, 100])
def test_split_covers_the_range_once(threads: int, n: int) -> None:
    seen: list[int] = []
    lock = threading.Lock()

    def note(first: int, last: int) -> None:
        with lock:
            seen.extend(range(first, last))

    with Bands(threads) as bands:
        bands.split(note, n)
    assert sorted(seen) == list(range(n))


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_error_of_any_band_is_raised_after_all_have_ended(broken: int) -> None:
    ended: list[int] = []

    def job(number: int) -> None:
        ended.append(number)
        if number == broken:
            raise ValueError(f"band {number}")

    with Bands(3) as bands:
        with pytest.raises(ValueError, match=f"band {broken}"):
            bands.run([lambda number=number: job(number) for number in range(3)])
        assert sorted(ended) == [0, 1, 2]
        bands.run([lambda: ended.append(9)] * 3)
    assert ended.count(9) == 3


def test_zero_threads_means_all_cores() -> None:
    with Bands(0) as bands:
        assert bands.threads == usable_cores() >= 1
