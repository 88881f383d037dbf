"""The ground of a large case, prepared by the workers: each reads its own windows of the terrain and writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from floodsim.case.schema import Case
from floodsim.grid import window_plan, windows
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
    if case.grid.terrain is None:
        return None
    found: list[str] = []
    terrain = find_terrain(case, found)
    frame = terrain.frame
    if frame.size < least:
        return None
    reason = (
        window_plan.whole_because(case) or window_plan.uneven(case, terrain) or window_plan.uneven_layers(case, frame)
    )
    work = None if reason else window_plan.plan(case, frame, found)
    if work is not None:
        reason = window_plan.too_much(work)
    if work is None or reason:
        notes.append(f"the ground was prepared whole, not by windows: {reason}")
        return None
    notes += found
    folder = folder.absolute()
    window_plan.save(work, folder)
    each = [(folder, number) for number in range(len(work.strips))]
    if window_plan.layer_files(case):
        work = window_plan.with_layers(work, pool.map(window_plan.holds_classes, each))
        window_plan.save(work, folder)
    seen = reduce(windows.Look.joined, pool.map(windows.look, each))
    law = windows.check(work, seen, notes)
    windows.begin(work, folder, seen)
    peaks = pool.map(_fill, [(folder, number, law) for _, number in each])
    windows.finish(work, folder)
    return windows.mapped_grid(work, folder, law), peaks


def _fill(folder: Path, number: int, law: windows.Law) -> float:
    windows.fill(folder, number, law)
    return peak_memory_mb() or 0.0
