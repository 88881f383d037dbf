"""Green roofs: rain that stays on them, as zones of rain of their own. The ledger counts what runs off as rain."""

from __future__ import annotations

import numpy as np

from floodsim.case.plan import applied_measures
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.build import rain_and_warnings
from floodsim.forcing.series import Rain
from floodsim.grid.grid import Grid
from floodsim.grid.measures import measure_area


def rain_on_ground(case: Case, grid: Grid) -> tuple[Rain, list[str]]:
    """Rain of a case as it runs off roofs and falls elsewhere, and what the user should know about it.

    Raises CaseError with every fault of the rain and of green roofs.
    """
    rain, notes = rain_and_warnings(case, grid)
    faults = Faults()
    free = grid.array("active") & (grid.array("building") > 0)
    for key, measure in applied_measures(case):
        if measure.kind != "green_roof":
            continue
        try:
            roofs = measure_area(measure, grid, key) & free
        except CaseError as error:
            faults.take(error)
            continue
        if not roofs.any():
            faults.found.append(_no_roofs(case, key, measure.name))
            continue
        share = 1.0 if measure.runoff_share is None else measure.runoff_share
        before = rain
        rain = retained(rain, roofs, measure.retention or 0.0, share)
        free &= ~roofs
        kept = _depth(before, roofs, case.clock.duration) - _depth(rain, roofs, case.clock.duration)
        area = int(roofs.sum()) * grid.cell_area
        notes = [*notes, f"{measure.name}: {area:.0f} m2 of green roofs keep {kept * area:.0f} m3 of rain"]
    faults.raise_if_any()
    return rain, notes


def _no_roofs(case: Case, key: str, name: str) -> Fault:
    if case.buildings.mode == "blocked" and case.grid.buildings != "none":
        remedy = 'set buildings.mode = "raised": the rain of blocked buildings falls beside them'
        return Fault("green roofs need roofs that carry their own rain", key=key, value=name, remedy=remedy)
    remedy = "draw the polygon over buildings that no other green roof covers"
    return Fault("covers no roof of the grid", key=key, value=name, remedy=remedy)


def _depth(rain: Rain, cells: np.ndarray, end: float) -> float:
    """Mean depth of rain (m) on cells until ``end`` (s)."""
    fallen = rain.mean(0.0, end) * end
    zones = np.zeros(cells.shape, np.int64) if rain.zones is None else rain.zones
    return float(fallen[zones[cells]].mean())


def retained(rain: Rain, cells: np.ndarray, retention: float, share: float) -> Rain:
    """Rain of which ``cells`` (ny, nx) bool pass on nothing until ``retention`` (m) has fallen, then ``share`` of it.

    Each zone that has such cells gets a second one for them; its blocks are cut where the retention is used up, so the
    passed volume is exact.
    """
    base = np.zeros(cells.shape, np.int64) if rain.zones is None else rain.zones.astype(np.int64)
    touched = np.unique(base[cells])
    lengths = np.diff(rain.edges)
    fallen = np.vstack([np.zeros(rain.rates.shape[1]), np.cumsum(rain.rates * lengths[:, None], axis=0)])
    full = np.array([_time_of(fallen[:, zone], rain, zone, retention) for zone in touched])
    edges = np.union1d(rain.edges, full[np.isfinite(full)])
    block = np.clip(np.searchsorted(rain.edges, edges[:-1], side="right") - 1, 0, len(lengths) - 1)
    rates = rain.rates[block]
    passed = np.where(edges[:-1, None] >= full - 1e-9, share, 0.0)
    number = np.zeros(rain.rates.shape[1], np.int64)
    number[touched] = rain.rates.shape[1] + np.arange(touched.size)
    zones = np.where(cells, number[base], base)
    kind = np.uint16 if zones.max(initial=0) <= 65535 else np.int32
    return Rain(edges, np.hstack([rates, rates[:, touched] * passed]), zones.astype(kind))


def _time_of(fallen: np.ndarray, rain: Rain, zone: int, depth: float) -> float:
    """Time (s) at which ``depth`` (m) has fallen in a zone; infinite where it never does."""
    if depth <= 0.0:
        return float(rain.edges[0])
    after = int(np.searchsorted(fallen, depth))
    if after >= fallen.size:
        return float("inf")
    rate = float(rain.rates[after - 1, zone])
    return float(rain.edges[after - 1]) + (depth - float(fallen[after - 1])) / rate
