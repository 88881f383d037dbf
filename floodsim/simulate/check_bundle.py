"""What the run really used, as rasters and layers for a GIS."""

from __future__ import annotations

from pathlib import Path

from floodsim.case.schema import Case
from floodsim.grid.check import write_check_bundle
from floodsim.simulate.setup import Setup


def write_bundle(folder: Path, case: Case, setup: Setup) -> None:
    """Write the prepared ground and the cells of boundaries and sources into ``folder``."""
    boundaries = [(b.name, b.kind, b.faces[:, 2:4] - 1) for b in setup.boundaries]
    sources = [(s.name, "source", s.cells) for s in setup.sources]
    write_check_bundle(folder, setup.grid, case, boundaries, sources)
