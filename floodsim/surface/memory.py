"""What of a surface must outlive the process, so that a run continues to the bit: taken and given back as plain arrays.

All arrays are those of the whole grid. What is set anew on every beat, sources and forcing among it, is left out.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from floodsim.kernels.blocks import ASLEEP
from floodsim.surface.ledger import BOOKS, Ledger
from floodsim.surface.step import Surface
from floodsim.surface.windows import deal_windows


def surface_arrays(surface: Surface) -> dict[str, np.ndarray]:
    """The arrays (live, not copied) that later steps depend on.

    Over the padded grid (ny + 2, nx + 2) ``h, u, v, low``, over the grid (ny, nx) ``infiltrated``; per block
    ``fastest, awake`` and the books of its water; ``passed`` per boundary face. ``low``, ``infiltrated`` may be empty.
    """
    state, blocks = surface.state, surface.state.blocks
    return {
        "h": state.h,
        "u": state.u,
        "v": state.v,
        "low": state.low,
        "infiltrated": surface.losses.infiltrated,
        "fastest": blocks.fastest,
        **{name: getattr(blocks, name) for name in BOOKS},
        "awake": blocks.awake,
        "passed": surface.edges.passed,
    }


def surface_memory(surface: Surface) -> dict[str, Any]:
    """Arrays (live) and numbers of a surface between two beats."""
    return {
        **surface_arrays(surface),
        "edge_speed": surface.edge_speed,
        "mean_rain": surface.mean_rain,
        "ledger": asdict(surface.ledger),
    }


def recall_surface(surface: Surface, memory: dict[str, Any]) -> None:
    """Put a surface of the same case back to what `surface_memory` gave; arrays may be mapped from a file."""
    for name, array in surface_arrays(surface).items():
        array[...] = memory[name]
    for name in ("edge_speed", "mean_rain"):
        setattr(surface, name, memory[name])
    surface.ledger = Ledger(**memory["ledger"])
    state = surface.state
    state.windows = deal_windows(state.blocks.awake != ASLEEP, state.grid.shape, surface.bands.threads)
