"""Workers for tiles: processes of this machine, or those of a Dask cluster that stands already. Dask places the tiles
and replaces workers that die; what the tiles have to say to each other and to the client does not pass through it.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from floodsim.errors import CaseError, Fault, RunError
from floodsim.grid.extras import need
from floodsim.simulate.tiles.worker import Job, Tile

PATIENCE = 15.0
"""Seconds in which a scheduler has to answer."""
COMING_BACK = 15.0
"""Seconds in which a worker of our own that died should be back."""
SPARE = 8
"""Workers beyond twice the number of tiles that are asked for in place of dead ones."""
SETTINGS = {
    "distributed.worker.memory.terminate": False,  # a tile's arrays are not Dask's to spill or to end for
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.admin.tick.limit": "60s",  # compiling a kernel holds a worker's loop for some seconds
}


class Station:
    """The Dask actor of a tile: makes it, and lets it serve the client until that has no more orders."""

    def __init__(self, job: Job) -> None:
        self._tile = Tile(job)

    def orders(self) -> tuple[str, int]:
        """Where the tile waits for orders."""
        return self._tile.orders

    def serve(self) -> None:
        """Carry out orders until there are no more."""
        self._tile.serve()
        self._tile.let_go()


class DaskPlace:
    """Tiles on the workers of a Dask client, one each. ``patience`` s are given to workers to come (back).

    ``scale(n)``, of a cluster of our own, asks for n workers: now and then a dead one does not come back by itself.
    """

    shared = False

    def __init__(self, client: Any, patience: float = 120.0, scale: Callable[[int], Any] | None = None) -> None:
        self.client, self._patience, self._scale, self._asked = client, patience, scale, 0
        self._held: list[Any] = []

    def house(self, jobs: Sequence[Job]) -> list[tuple[str, int]]:
        """Make a tile of every job on a worker of its own. Raises RunError where there are too few workers."""
        self.clear()
        workers = self._workers(len(jobs))
        try:
            futures = [
                self.client.submit(Station, replace(job, host=_host(worker)), actor=True, workers=[worker], pure=False)
                for job, worker in zip(jobs, workers, strict=True)
            ]
            stations = self.client.gather(futures)
            orders = [station.orders() for station in stations]
            addresses = [order.result(timeout=self._patience) for order in orders]
            served = [station.serve() for station in stations]
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise RunError(f"a worker was lost while the tiles were placed: {error}") from error
        self._held = [futures, stations, served]
        return addresses

    def map(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The results of a function for every set of arguments, over all workers; raises what it raises."""
        futures = self.client.map(_call, [function] * len(arguments), arguments, pure=False)
        return list(self.client.gather(futures))

    def _workers(self, count: int) -> list[str]:
        """Addresses of so many workers; waits for those that are being replaced."""
        try:
            if self._scale is not None:
                self._call_up(count, self._scale)
            self.client.wait_for_workers(count, timeout=self._patience)
            present: list[str] = sorted(self.client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, TimeoutError) as error:
            status = getattr(self.client, "status", "")
            if status != "running":
                raise RunError(f"the Dask scheduler is lost ({status}): {error}") from error
            raise RunError(
                f"there are not {count} workers after {self._patience:.0f} s\n"
                "    remedy: start more workers at the scheduler, or run with fewer"
            ) from error
        return present[:count]

    def _call_up(self, count: int, scale: Callable[[int], Any]) -> None:
        """Give workers that died some time to come back, and then ask for others."""
        self._asked = max(self._asked, count)
        while self._asked < 2 * count + SPARE:
            try:
                self.client.wait_for_workers(count, timeout=COMING_BACK)
                return
            except TimeoutError:
                self._asked += 1
                scale(self._asked)

    def clear(self) -> None:
        """Let go of the actors."""
        self._held = []


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


def _host(worker: str) -> str:
    return urlsplit(worker).hostname or "127.0.0.1"


@contextlib.contextmanager
def workers_for(count: int, scheduler: str | None, tell: Callable[[str], None]) -> Iterator[DaskPlace]:
    """Workers for ``count`` tiles: of this machine, or at the address of a Dask ``scheduler``; ends what it started.

    ``tell`` takes what the user should know (the dashboard). Raises CaseError where they cannot be had.
    """
    distributed = need("distributed", "running on several workers", extra="cluster")
    import dask

    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        if scheduler is None:
            cluster = distributed.LocalCluster(
                n_workers=count,
                threads_per_worker=1,  # of Dask; the threads of a tile are its own
                processes=True,
                memory_limit=0,
                dashboard_address=_dashboard(),
                silence_logs=logging.CRITICAL,
            )
            client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        else:
            try:
                client = stack.enter_context(distributed.Client(scheduler, timeout=PATIENCE))
            except (OSError, ValueError) as error:
                remedy = "start `dask scheduler` and its workers, or leave --scheduler out for workers of this machine"
                fault = Fault("no Dask scheduler answers", key="--scheduler", value=scheduler, remedy=remedy)
                raise CaseError(fault) from error
        if _dashboard() is not None:
            tell(f"dashboard {client.dashboard_link}")
        yield DaskPlace(client, scale=None if scheduler is not None else cluster.scale)


def _dashboard() -> str | None:
    """Address for the dashboard (any free port), or None where bokeh, which draws it, is not installed."""
    try:
        importlib.import_module("bokeh")
    except ImportError:
        return None
    return ":0"
