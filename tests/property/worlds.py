"""Small worlds for properties of the whole program: random ground, holes in it, rain, an open edge, any scheme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

import floodsim
from floodsim.grid.grid import BED_QUANTUM, Grid

CELL, DURATION, BEAT = 5.0, 240.0, 20.0
SCHEMES = [("hllc", 1), ("hllc", 2), ("inertial", 1)]


@dataclass(frozen=True)
class World:
    """Bed (m), active cells and roughness (ny, nx); rain (m/s) from ``start`` (s) on; edges that are open."""

    bed: np.ndarray
    active: np.ndarray
    roughness: np.ndarray
    rate: float
    start: float
    open_edges: tuple[str, ...]
    scheme: tuple[str, int]
    origin: tuple[float, float] = (0.0, 0.0)
    level: float | None = None

    def grid(self) -> Grid:
        """The ground as a grid."""
        x0, y0 = self.origin
        return floodsim.make_grid(self.bed, CELL, x0=x0, y0=y0, roughness=self.roughness, active=self.active)

    def case(self, **sections: Any) -> dict[str, Any]:
        """Keys of the case; ``sections`` replace or add keys within theirs."""
        scheme, order = self.scheme
        keys: dict[str, Any] = {
            "name": "world",
            "clock": {"duration": DURATION},
            "rainfall": {
                "kind": "uniform", "intensity": self.rate, "duration": DURATION - BEAT - self.start,
                "step": BEAT, "start": self.start,
            },
            "solver": {"scheme": scheme, "order": order, "sync_interval": BEAT, "threads": 1},
            "output": {"interval": DURATION, "series_interval": DURATION},
            "boundaries": [{"name": edge, "edge": edge, "kind": "open"} for edge in self.open_edges],
        }  # fmt: skip
        if self.level is not None:
            keys["initial"] = {"level": self.level}
        for name, section in sections.items():
            keys[name] = {**keys.get(name, {}), **section}
        return keys

    def run(self, **sections: Any) -> floodsim.Results:
        """Results in memory."""
        return floodsim.run(self.case(**sections), grid=self.grid())

    def but(self, **changes: Any) -> World:
        """The same world with some things changed."""
        return replace(self, **changes)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Hilly ground of 6 to 11 by 7 to 12 cells, a fifth of which may be missing; steps and puddles included."""
    ny, nx = draw(st.integers(6, 11)), draw(st.integers(7, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    relief = draw(st.sampled_from([0.02, 0.2, 1.5]))
    slope = draw(st.sampled_from([0.0, 0.01]))
    bed = relief * rng.random((ny, nx)) + slope * CELL * np.arange(nx)
    bed = np.round(bed / BED_QUANTUM) * BED_QUANTUM
    active = rng.random((ny, nx)) >= draw(st.sampled_from([0.0, 0.2]))
    active[ny // 2, nx // 2] = active[0, 0] = active[-1, -1] = active[0, -1] = active[-1, 0] = True
    edges = tuple(draw(st.sets(st.sampled_from(["west", "east", "south", "north"]), max_size=2)))
    return World(
        bed=bed, active=active, roughness=(0.015 + 0.05 * rng.random((ny, nx))).astype(np.float32),
        rate=draw(st.floats(20.0, 150.0)) / 3.6e6, start=draw(st.sampled_from([0.0, 60.0])),
        open_edges=tuple(sorted(edges)), scheme=draw(st.sampled_from(SCHEMES)),
    )  # fmt: skip


def depth(results: floodsim.Results) -> np.ndarray:
    """Depth at the end, m, 0 outside the domain."""
    assert results.maps is not None
    return np.nan_to_num(results.maps["depth"].values[-1].astype(float))


def highest(results: floodsim.Results) -> np.ndarray:
    """Maximum depth, m, 0 outside the domain."""
    assert results.envelopes is not None
    return np.nan_to_num(results.envelopes["max_depth"].values.astype(float))
