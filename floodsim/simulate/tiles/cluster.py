"""Workers for tiles: processes of this machine, or those of a Dask cluster that stands already. Dask places the tiles
and replaces workers that die; what the tiles have to say to each other and to the client does not pass through it.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from floodsim.errors import CaseError, Fault, OutsideError
from floodsim.grid.extras import need
from floodsim.simulate.tiles.crew import LostCrewError
from floodsim.simulate.tiles.worker import Job, Tile

PATIENCE = 15.0
"""Seconds in which a scheduler has to answer."""
ANSWER = 5.0
"""Seconds in which a worker has to do a little task."""
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
        import dask

        with dask.config.set(scheduler="threads"):  # or xarray asks the scheduler for a lock on every file
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
            stations = [future.result(timeout=self._patience) for future in futures]
            orders = [station.orders() for station in stations]
            addresses = [order.result(timeout=self._patience) for order in orders]
            served = [station.serve() for station in stations]
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise LostCrewError(f"a worker was lost while the tiles were placed: {error}") from error
        self._held = [futures, stations, served]
        return addresses

    def map(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The results of a function for every set of arguments, over all workers; raises what it raises."""
        futures = self.client.map(_call, [function] * len(arguments), arguments, pure=False)
        return list(self.client.gather(futures))

    def _workers(self, count: int) -> list[str]:
        """Addresses of so many workers that answer; gives dead ones time to come back, and then asks for others."""
        until, self._asked = time.monotonic() + self._patience, max(self._asked, count)
        answering: list[str] = []
        while True:
            try:
                with contextlib.suppress(TimeoutError):
                    self.client.wait_for_workers(count, timeout=min(COMING_BACK, self._patience))
                answering = self._answering()
            except (OSError, TimeoutError, RuntimeError, ValueError) as error:
                raise OutsideError(self._scheduler_lost(str(error))) from error
            if len(answering) >= count:
                return answering[:count]
            if self.client.status != "running":
                raise OutsideError(self._scheduler_lost(""))
            if self._scale is not None and self._asked < 2 * count + SPARE:
                self._asked += 1
                self._scale(self._asked)
            elif time.monotonic() > until:
                raise OutsideError(
                    f"{len(answering)} workers answer, {count} are needed, after {self._patience:.0f} s\n"
                    "    remedy: start more workers at the scheduler, or run with fewer"
                )

    def _answering(self) -> list[str]:
        """Addresses of the workers that do a task at once: one that hangs is still known to the scheduler."""
        present: list[str] = sorted(self.client.scheduler_info(n_workers=-1)["workers"])
        tasks = {one: self.client.submit(os.getpid, workers=[one], pure=False) for one in present}
        until = time.monotonic() + ANSWER
        while time.monotonic() < until and not all(task.done() for task in tasks.values()):
            time.sleep(0.02)
        answering = [one for one, task in tasks.items() if task.status == "finished"]
        self.client.cancel([task for task in tasks.values() if task.status != "finished"])
        return answering

    def _scheduler_lost(self, reason: str) -> str:
        return (
            f"the Dask scheduler is lost ({self.client.status}){': ' * bool(reason)}{reason}\n"
            "    remedy: look at its log, and start it and its workers anew"
        )

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
        # A client makes itself the scheduler of all arrays; then xarray asks it for a lock on every file.
        stack.enter_context(dask.config.set(scheduler="threads"))
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
