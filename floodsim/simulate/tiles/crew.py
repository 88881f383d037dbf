"""The tiles of a run as the client sees them: one order to all, the answers of all.

Where the tiles live is the business of a `Place`: workers of a Dask cluster, or threads of this process. Orders and
answers go over sockets of their own, because a call of a Dask actor takes ten times as long.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Client, Connection, wait
from typing import Any, Protocol

from floodsim.errors import OutsideError
from floodsim.simulate.tiles.links import LostTileError, keep_alive
from floodsim.simulate.tiles.worker import Job, Tile

WRITING = ("start_outputs", "sync", "seal", "finish", "go_on")
"""Orders upon which tiles write files; the NetCDF library bears no two threads, and these need no other tile."""


class LostCrewError(OutsideError):
    """A worker is gone, so all tiles have to begin anew from a common state."""


class Place(Protocol):
    """Where tiles can be made. ``shared`` says that they live in one process."""

    shared: bool

    def house(self, jobs: Sequence[Job]) -> list[tuple[str, int]]:
        """Make a tile of every job and let it wait for orders at the addresses given. Raises RunError."""
        ...

    def map(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The results of a function for every set of arguments, before there are tiles."""
        ...

    def clear(self) -> None:
        """Let go of all tiles."""
        ...


class Crew:
    """A tile per worker. Every order waits for all answers and gives them by number of the tile."""

    def __init__(self, place: Place) -> None:
        self._place, self._patience = place, 120.0
        self._lines: list[Connection[Any, Any]] = []
        self.lost = False

    def enlist(self, jobs: Sequence[Job]) -> None:
        """Make a tile of every job; those of an earlier call are let go. Raises RunError or LostCrewError."""
        self.dismiss()
        self._patience = max(job.patience for job in jobs)
        key = secrets.token_bytes(16)
        addresses = self._place.house([replace(job, key=key) for job in jobs])
        try:
            self._lines = [Client(address, authkey=key) for address in addresses]
        except (OSError, EOFError) as error:
            raise LostCrewError(f"a worker is gone before the run began: {error}") from error
        for line in self._lines:
            keep_alive(line.fileno())
        self.lost = False

    def ask(self, order: str, *arguments: Any) -> list[Any]:
        """Give the same order to all tiles, and wait for all as long as they give signs of life.

        Raises LostCrewError where a worker is lost, else the first error that a tile raised by itself.
        """
        answers: list[tuple[bool, Any]] = [(False, None)] * len(self._lines)
        for number, line in enumerate(self._lines):
            try:
                line.send((order, arguments))
            except OSError as error:
                answers[number] = (False, LostTileError(number, f"the worker of tile {number} is gone: {error}"))
            if order in WRITING and self._place.shared:
                wait([line])
        waiting: dict[Any, int] = {
            line: number for number, line in enumerate(self._lines) if answers[number][1] is None
        }
        heard = dict.fromkeys(waiting, time.monotonic())
        while waiting:
            for ready in wait(list(waiting), timeout=self._patience / 4.0):
                heard[ready] = time.monotonic()
                answer = self._answer(waiting[ready])
                if answer is not None:
                    answers[waiting.pop(ready)] = answer
            for line in [line for line in waiting if time.monotonic() - heard[line] > self._patience]:
                number = waiting.pop(line)
                reason = f"it has given no sign of life for {self._patience:.0f} s"
                answers[number] = False, LostTileError(number, f"the worker of tile {number} is gone: {reason}")
        errors = [content for good, content in answers if not good]
        if not errors:
            return [content for _, content in answers]
        self.lost = True
        cause = first_cause(errors)
        raise LostCrewError(str(cause)) from cause if isinstance(cause, LostTileError) else cause

    def _answer(self, number: int) -> tuple[bool, Any] | None:
        """What a tile has to say; None where it only lives."""
        try:
            answer: tuple[bool, Any] | None = self._lines[number].recv()
        except (OSError, EOFError) as error:
            reason = str(error) or "the connection was closed"
            return False, LostTileError(number, f"the worker of tile {number} is gone: {reason}")
        return answer

    def dismiss(self) -> None:
        """Let go of all tiles."""
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.send(None)
            with contextlib.suppress(OSError):
                line.close()
        self._lines = []
        self._place.clear()


def first_cause(errors: list[BaseException]) -> BaseException:
    """The error behind others: what a tile raised by itself, before what it lost others by."""
    by_itself = [error for error in errors if not isinstance(error, LostTileError)]
    gone = [error for error in errors if "is gone" in str(error)]
    return (by_itself or gone or errors)[0]


class ThreadPlace:
    """Tiles in threads of this process, over the same sockets as between workers."""

    shared = True

    def __init__(self) -> None:
        self._tiles: list[Tile] = []
        self._threads: list[threading.Thread] = []

    def house(self, jobs: Sequence[Job]) -> list[tuple[str, int]]:
        """Make a tile of every job, each with a thread."""
        self._tiles = [Tile(job) for job in jobs]
        self._threads = [threading.Thread(target=tile.serve, daemon=True) for tile in self._tiles]
        for thread in self._threads:
            thread.start()
        return [tile.orders for tile in self._tiles]

    def map(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The results of a function, one after the other."""
        return [function(*each) for each in arguments]

    def kill(self, number: int) -> None:
        """Cut a tile off from everyone, as when its worker dies; for tests."""
        self._tiles[number].cut_off()

    def clear(self) -> None:
        """End the threads."""
        for tile, thread in zip(self._tiles, self._threads, strict=True):
            tile.cut_off()
            thread.join(timeout=60.0)
            tile.let_go()
        self._tiles, self._threads = [], []
