"""Memory of this process: the most it has held, and giving back what it no longer needs."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Return to the system what has been freed; glibc would keep up to 20 bytes per cell after setting up a run."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
