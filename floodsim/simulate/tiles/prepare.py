"""The ground of a large case, prepared by the workers: each reads its own windows of the terrain and writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from floodsim.case.schema import Case
from floodsim.grid import windows
from floodsim.grid.grid import Grid
from floodsim.grid.raster import find_terrain
from floodsim.memory import peak_memory_mb

LARGE = 20_000_000
"""Cells from which on the ground is prepared by windows, where that can be."""


class Pool(Protocol):
    """Who runs functions side by side."""

    def map(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The results of a function for every set of arguments."""
        ...


def prepare_by_windows(
    case: Case, folder: Path, pool: Pool, notes: list[str], least: int = LARGE
) -> tuple[Grid, list[float]] | None:
    """Prepare the ground of a case into a folder; the grid, mapped, and the peak memory (MB) after each window.

    None where the grid is smaller than ``least`` cells or needs to be whole; a large one gets a note that says why.
    Raises CaseError as `prepare_grid` does.
    """
    reason = windows.whole_because(case)
    if reason:
        if case.grid.terrain is not None and find_terrain(case, []).frame.size >= least:
            notes.append(f"the ground was prepared whole, not by windows: {reason}")
        return None
    found: list[str] = []
    terrain = windows.plain_terrain(case, found)
    if terrain is None or terrain.frame.size < least:
        return None
    notes += found
    frame = terrain.frame
    parts = list(windows.strips(frame))
    seen = reduce(windows.Look.joined, pool.map(windows.look, [(case, part) for part in parts]))
    windows.check(case, frame, seen, notes)
    windows.begin(folder, frame, seen)
    peaks = pool.map(_fill, [(case, folder.absolute(), part, seen) for part in parts])
    return windows.mapped_grid(folder, frame), peaks


def _fill(case: Case, folder: Path, window: windows.Window, seen: windows.Look) -> float:
    windows.fill(case, folder, window, seen)
    return peak_memory_mb() or 0.0
