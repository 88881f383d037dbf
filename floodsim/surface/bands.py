"""Threads: our own small pool that runs serial kernels side by side, one band of the grid each.

Kernels release the GIL; the caller works on the first band itself. Results do not depend on the number of threads,
because bands never write the same cells.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Bands:
    """A pool of ``threads`` (0: all usable cores); use it as a context manager."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or usable_cores()
        self._inboxes: list[queue.SimpleQueue[Callable[[], None] | None]] = []
        self._done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        for number in range(1, self.threads):
            inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
            worker = threading.Thread(target=self._serve, args=(inbox,), name=f"band-{number}", daemon=True)
            worker.start()
            self._inboxes.append(inbox)

    def _serve(self, inbox: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while (job := inbox.get()) is not None:
            try:
                job()
            except BaseException as error:  # handed to the caller, who raises it
                self._done.put(error)
            else:
                self._done.put(None)

    def run(self, jobs: list[Callable[[], None]]) -> None:
        """Run at most one job per thread at the same time and wait for all of them; raises the first error."""
        others = jobs[1:]
        for inbox, job in zip(self._inboxes, others, strict=False):
            inbox.put(job)
        first: BaseException | None = None
        try:
            for job in jobs[:1] + others[len(self._inboxes) :]:
                job()
        except Exception as error:  # the other bands must end before it is raised
            first = error
        for _ in others[: len(self._inboxes)]:
            first = self._done.get() or first
        if first is not None:
            raise first

    def split(self, function: Callable[[int, int], None], n: int) -> None:
        """Run ``function(start, stop)`` over n items, cut into one piece per thread."""
        cuts = [n * k // self.threads for k in range(self.threads + 1)]
        self.run([partial(function, a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if b > a])

    def close(self) -> None:
        """End the worker threads."""
        for inbox in self._inboxes:
            inbox.put(None)
        self._inboxes = []

    def __enter__(self) -> Bands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
