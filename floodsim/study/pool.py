"""Who runs scenarios: this process, local worker processes, or the workers of a Dask cluster that stands already.

Scenarios are independent, so a pool only hands them out and takes records back. A worker that dies is replaced and its
scenario handed out again; one that kills its worker time and again is reported as failed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from floodsim.errors import CaseError, Fault
from floodsim.study.hold import notes
from floodsim.study.record import SCENARIOS, Record, head
from floodsim.study.work import Task, reason_of, run_task
from floodsim.surface.bands import usable_cores

DEATHS = 3
"""Workers that a scenario may take with it before it counts as failed."""

PATIENCE = 120.0
"""Seconds that running scenarios get to end in good order once the study was stopped."""

SLURM = "slurm"
"""The scheduler that means: start the workers as SLURM jobs, through dask-jobqueue."""


@dataclass(frozen=True)
class Workers:
    """How many workers, and where: ``scheduler`` is the address of a Dask scheduler, "slurm", or None for local ones.

    ``job`` are options of the SLURM jobs (queue, cores, memory, walltime), as `dask_jobqueue.SLURMCluster` has them.
    """

    count: int = 1
    scheduler: str | None = None
    job: dict[str, Any] | None = None

    @property
    def here(self) -> bool:
        """Whether scenarios run one after another in this very process."""
        return self.scheduler is None and self.count <= 1


def threads_each(threads: int | None, workers: Workers) -> int:
    """Threads of each scenario: as asked for, else so that local workers share the cores; 0 leaves it to the case."""
    if threads is not None:
        return threads
    return 0 if workers.here or workers.scheduler is not None else max(usable_cores() // workers.count, 1)


Runner = Callable[[Sequence[Task]], Generator[Record, None, None]]
"""Runs tasks and yields their records as they come."""


@contextmanager
def open_pool(workers: Workers, most: int, tell: Callable[[str], None]) -> Iterator[Runner]:
    """What runs tasks, ``most`` of them at the same time; ``tell`` takes what the user should know (the dashboard).

    Where the caller stops (closes the generator, Ctrl-C), running scenarios are ended in good order first. Raises
    CaseError where the workers cannot be had.
    """
    if workers.here or most < 1:
        yield _one_by_one
        return
    with ExitStack() as stack:
        client = _client(workers, most, stack, tell)
        yield partial(_over_dask, client)


def _one_by_one(tasks: Sequence[Task]) -> Generator[Record, None, None]:
    yield from map(run_task, tasks)


def _client(workers: Workers, most: int, stack: ExitStack, tell: Callable[[str], None]) -> Any:
    """A Dask client of the workers asked for; the stack closes what was started here."""
    distributed = need("distributed", "cluster")
    import dask

    settings = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.worker.memory.terminate": False,  # a run's arrays are not Dask's to spill or to end for
        "distributed.worker.memory.pause": False,
        "distributed.admin.tick.limit": "60s",  # compiling a kernel holds a worker's loop for some seconds
    }
    stack.enter_context(dask.config.set(settings))
    if workers.scheduler == SLURM:
        cluster = stack.enter_context(slurm_cluster(workers))
        cluster.scale(jobs=min(workers.count, most))
        client = stack.enter_context(distributed.Client(cluster))
    elif workers.scheduler is not None:
        try:
            client = stack.enter_context(distributed.Client(workers.scheduler, timeout=10))
        except (OSError, ValueError) as error:
            remedy = "start `dask scheduler` and its workers, or take --workers for workers of this machine"
            fault = Fault("no Dask scheduler answers", "--scheduler", value=workers.scheduler, remedy=remedy)
            raise CaseError(fault) from error
    else:
        count = min(workers.count, most)
        cluster = distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # as much as there is
            dashboard_address=":0",  # any free port
            silence_logs=logging.ERROR,
        )
        client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        client.register_plugin(_deaf_to_ctrl_c())
    if importlib.util.find_spec("bokeh") is not None:  # draws the dashboard
        tell(f"dashboard {client.dashboard_link}")
    return client


def _deaf_to_ctrl_c() -> Any:
    """A plugin that lets workers of this machine ignore Ctrl-C, which a terminal sends to all of them at once.

    Their runs are ended by the stop file instead, each with a checkpoint.
    """
    from distributed import WorkerPlugin

    class Deaf(WorkerPlugin):
        def setup(self, worker: Any) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


def slurm_cluster(workers: Workers) -> Any:
    """A Dask cluster whose workers are SLURM jobs, one process with all its cores each; nothing is submitted yet."""
    jobqueue = need("dask_jobqueue", "slurm")
    job = {"cores": 1, "memory": "4 GB", "processes": 1, **(workers.job or {})}
    return jobqueue.SLURMCluster(**job, worker_extra_args=["--nthreads", "1"])


def _over_dask(client: Any, tasks: Sequence[Task]) -> Generator[Record, None, None]:
    from distributed import as_completed

    futures = {
        client.submit(run_task, task, key=f"{task.name}-{task.fingerprint[:12]}", pure=False): task for task in tasks
    }
    try:
        for future in as_completed(list(futures), raise_errors=False):
            task = futures[future]
            if future.status == "finished":
                yield future.result()
            else:
                yield _lost(task, future.exception())
            future.release()
    finally:
        pending = [future for future in futures if not future.done()]
        if pending:
            _end(client, pending, tasks[0])


def _end(client: Any, pending: list[Any], task: Task) -> None:
    """Take back what has not begun, and wait until what runs has ended in good order (the stop file tells it to)."""
    task.stop.touch()
    with contextlib.suppress(Exception):  # a cluster that is gone already needs no telling
        client.cancel(pending)
    until = time.monotonic() + PATIENCE
    while notes(task.folder / SCENARIOS) and time.monotonic() < until:
        time.sleep(0.2)


def _lost(task: Task, error: BaseException) -> Record:
    """The record of a scenario that ended without one: its workers died, or the cluster gave it up."""
    reason = reason_of(error)
    if type(error).__name__ == "KilledWorker":
        reason = f"its worker died {DEATHS} times: out of memory, or a crash in a library; run it alone to see"
    return head(task.name, task.axes, task.fingerprint) | {"status": "failed", "reason": reason}


def need(module: str, extra: str) -> Any:
    """Import a module of an extra; raises CaseError with the remedy where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f"running scenarios side by side needs the package {module}, which is not installed"
        raise CaseError(Fault(message, remedy=f"pip install floodsim[{extra}]")) from None
