"""Who works on a scenario: a lock that dies with its process, and in it how far the run has come.

The lock is the kernel's (flock), so a worker killed with SIGKILL lets go of its scenario at once, and a worker that was
only thought lost keeps it. The same file tells the table of progress, on any machine that shares the folder, the share
of the run that is done. Where the file system knows no locks, scenarios are not protected from two studies at once.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

PAUSE = 0.5
"""Seconds between two looks at a lock that another holds."""

FRESH = 120.0
"""Where there are no locks, a note older than this (s) is of a process that is gone, or of a run that stands still."""


@contextmanager
def holding(path: Path, stopped: Callable[[], bool] = lambda: False) -> Iterator[Callable[[float], None]]:
    """Hold the lock file ``path``, waiting for others; gives a function that notes the share of the run done.

    Raises KeyboardInterrupt where ``stopped`` says so while waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _open(path)
    while not _lock(handle) or not _is_same(handle, path):
        os.close(handle)
        if stopped():
            raise KeyboardInterrupt
        time.sleep(PAUSE)
        handle = _open(path)
    who = {"host": platform.node(), "pid": os.getpid(), "since": time.time()}

    def note(share: float) -> None:
        text = json.dumps({**who, "share": round(share, 4)})
        with contextlib.suppress(OSError):
            os.pwrite(handle, f"{text:<200}\n".encode(), 0)

    try:
        note(0.0)
        yield note
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def notes(folder: Path) -> dict[str, dict[str, Any]]:
    """Scenarios that somebody works on, by name: host, pid, since (s of the epoch), share done."""
    found = {}
    for file in sorted(folder.glob("*.lock")):
        with contextlib.suppress(OSError, ValueError):
            if _is_held(file):
                found[file.stem] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _is_held(path: Path) -> bool:
    """Whether a process holds a lock file; one whose process was killed is only a file.

    Without locks a note that is not renewed any more counts as one of a process that is gone.
    """
    fresh = time.time() - path.stat().st_mtime < FRESH
    if fcntl is None:
        return fresh
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return fresh
    finally:
        os.close(handle)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _lock(handle: int) -> bool:
    """Take the lock without waiting; False where another holds it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_same(handle: int, path: Path) -> bool:
    """Whether the file that was locked is still the one of that name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False
