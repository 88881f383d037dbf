"""Closed depressions of the ground: where water stays when nothing takes it away. Only for a note to the user."""

from __future__ import annotations

import numpy as np

from floodsim.grid.frame import Frame
from floodsim.grid.holes import components

NOTED_DEPTH = 0.5
"""Depressions deeper than this are worth a note, m."""
MOST_CELLS, MOST_PASSES = 1_000_000, 60


def note_pits(bed: np.ndarray, outside: np.ndarray, blocked: np.ndarray, frame: Frame, notes: list[str]) -> None:
    """Append a note about closed depressions deeper than `NOTED_DEPTH`; grids that are too large are not searched."""
    if bed.size > MOST_CELLS:
        return
    depth = depression_depth(np.where(blocked, np.inf, np.where(outside, -np.inf, bed)))
    if depth is None or not (deep := depth > NOTED_DEPTH).any():
        return
    _, _, label = components(deep)
    j, i = divmod(int(np.argmax(depth)), frame.nx)
    x, y = frame.x0 + (i + 0.5) * frame.dx, frame.y0 + (j + 0.5) * frame.dy
    notes.append(
        f"terrain: closed depressions deeper than {NOTED_DEPTH:g} m: {label.max() + 1}, "
        f"the deepest {depth.max():.2f} m "
        f"at x = {x:.10g}, y = {y:.10g}; water stays there unless drains or a breach take it away"
    )


def depression_depth(ground: np.ndarray) -> np.ndarray | None:
    """Depth below the lowest rim over which water would leave the grid, (ny, nx) in m; None if it does not settle.

    ``ground`` is -inf where water can leave and inf where none can stand; it leaves over every outer edge as well.
    Sweeps in four directions after Planchon and Darboux, Catena 46 (2002), with no slope kept on the filled surface.
    """
    padded = np.pad(ground.astype(np.float64), 1, constant_values=-np.inf)
    level = np.where(np.isneginf(padded), -np.inf, np.inf)
    for _ in range(MOST_PASSES):
        before = level.copy()
        for surface, floor in (
            (level, padded),
            (level[::-1], padded[::-1]),
            (level.T, padded.T),
            (level.T[::-1], padded.T[::-1]),
        ):
            for row in range(1, len(surface)):
                np.minimum(surface[row], surface[row - 1], out=surface[row])
                np.maximum(surface[row], floor[row], out=surface[row])
        if np.array_equal(before, level):
            with np.errstate(invalid="ignore"):
                return np.nan_to_num(level - padded, nan=0.0, posinf=0.0, neginf=0.0)[1:-1, 1:-1]
    return None
