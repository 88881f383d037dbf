"""Sockets between tiles: messages by tag, largest values of all, and clear words where another tile is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from floodsim.simulate.tiles.links import DOWN, HALO, Links, LostTileError


def team(count: int, work: Callable[[Links], Any], patience: float = 20.0, together: bool = True) -> list[Any]:
    """What each of so many connected links gives, or the error it ends with; closed ``together``, or each at once."""
    barrier = threading.Barrier(count if together else 1)
    links = [Links(number, patience=patience, key=b"key") for number in range(count)]
    addresses = [one.address for one in links]
    found: list[Any] = [None] * count

    def act(one: Links) -> None:
        try:
            one.connect(addresses, [k for k in range(count) if k != one.number])
            found[one.number] = work(one)
            barrier.wait(20.0)  # closing a link lets go of what it has not sent yet
        except LostTileError as error:
            found[one.number] = error
        finally:
            one.close()

    threads = [threading.Thread(target=act, args=(one,)) for one in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30.0)
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_all_agree_on_the_largest_values(count: int) -> None:
    def work(one: Links) -> list[np.ndarray]:
        values = np.array([one.number, -one.number, np.nan if one.number == count - 1 else 0.0])
        return [one.greatest(values), one.greatest(values + 1.0)]

    for first, second in team(count, work):
        np.testing.assert_array_equal(first, [count - 1, 0, np.nan])
        np.testing.assert_array_equal(second, [count, 1, np.nan])


def test_big_messages_cross_and_tags_keep_them_apart() -> None:
    def work(one: Links) -> bool:
        other = 1 - one.number
        big = np.full(3_000_000, one.number, np.uint8)
        one.send(other, HALO, big)
        one.send(other, DOWN, np.array([7.0]))
        late = np.frombuffer(one.receive(other, DOWN))
        got = np.frombuffer(one.receive(other, HALO), np.uint8)
        return late[0] == 7.0 and got.size == big.size and bool((got == other).all())

    assert team(2, work) == [True, True]


def test_a_tile_that_is_gone_is_named() -> None:
    def work(one: Links) -> Any:
        if one.number == 1:
            return "left"
        return one.receive(1, HALO)

    first, second = team(2, work, together=False)
    assert second == "left" and isinstance(first, LostTileError) and first.tile == 1
    assert "tile 0 has lost tile 1" in str(first)


def test_silence_ends_after_the_patience() -> None:
    done = threading.Event()

    def work(one: Links) -> Any:
        if one.number == 1:
            done.wait(10.0)
            return "silent"
        try:
            return one.receive(1, HALO)
        finally:
            done.set()

    first, _ = team(2, work, patience=0.5, together=False)
    assert "no word from tile 1" in str(first)
