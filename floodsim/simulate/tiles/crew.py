"""The tiles of a run as the client sees them: one order to all, the answers of all. Dask workers, or threads."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import Any, Protocol

from floodsim.errors import RunError
from floodsim.simulate.tiles.links import LostTileError
from floodsim.simulate.tiles.worker import Job, Tile


class LostCrewError(RunError):
    """A worker is gone, so all tiles have to begin anew from a common state."""


class Crew(Protocol):
    """A tile per worker. Every call waits for all answers and gives them by number of the tile.

    Raises LostCrewError where a worker is lost, else the first error that a tile raised.
    """

    def enlist(self, jobs: list[Job]) -> None:
        """Make a tile of every job, those of an earlier call are let go."""
        ...

    def ask(self, order: str, *arguments: Any) -> list[Any]:
        """Give the same order to all tiles."""
        ...

    def dismiss(self) -> None:
        """Let go of all tiles."""
        ...


WRITING = ("start_outputs", "sync", "finish")
"""Orders upon which tiles write files; the NetCDF library bears no two threads, and these need no other tile."""


def first_cause(errors: list[BaseException]) -> BaseException:
    """The error behind others: what a tile raised by itself, before what it lost others by."""
    for error in errors:
        if not isinstance(error, LostTileError):
            return error
    return errors[0]


class ThreadCrew:
    """Tiles in threads of this process, over the same sockets as between workers."""

    def __init__(self) -> None:
        self._tiles: list[Tile] = []
        self._inboxes: list[queue.SimpleQueue[tuple[Future[Any], str, tuple[Any, ...]] | None]] = []

    def enlist(self, jobs: list[Job]) -> None:
        """Make a tile of every job."""
        self.dismiss()
        self._tiles = [Tile(job) for job in jobs]
        for tile in self._tiles:
            inbox: queue.SimpleQueue[tuple[Future[Any], str, tuple[Any, ...]] | None] = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(tile, inbox), name=f"tile-{tile.job.number}", daemon=True).start()
            self._inboxes.append(inbox)

    def ask(self, order: str, *arguments: Any) -> list[Any]:
        """Give the same order to all tiles."""
        futures: list[Future[Any]] = [Future() for _ in self._tiles]
        for inbox, future in zip(self._inboxes, futures, strict=True):
            inbox.put((future, order, arguments))
            if order in WRITING:
                future.exception()  # one after the other
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            cause = first_cause(errors)
            raise LostCrewError(str(cause)) if isinstance(cause, LostTileError) else cause
        return [future.result() for future in futures]

    def kill(self, number: int) -> None:
        """Cut a tile off from all others, as when its worker dies; for tests."""
        self._tiles[number].links.close()

    def dismiss(self) -> None:
        """End the threads."""
        for tile, inbox in zip(self._tiles, self._inboxes, strict=True):
            tile.links.close()
            inbox.put(None)
        self._tiles, self._inboxes = [], []


def _serve(tile: Tile, inbox: queue.SimpleQueue[tuple[Future[Any], str, tuple[Any, ...]] | None]) -> None:
    while (order := inbox.get()) is not None:
        future, name, arguments = order
        try:
            future.set_result(tile.do(name, *arguments))
        except BaseException as error:  # handed to the client, who raises it
            future.set_exception(error)
