"""What a storm amounts to: its table of blocks and the few numbers an engineer checks first."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.case.units import MM_PER_HOUR
from floodsim.case.water import Rainfall
from floodsim.forcing.design import formula_of
from floodsim.forcing.series import Rain

COLUMNS = ("time_min", "intensity_mm_h", "depth_mm")


def zone_weights(rain: Rain) -> np.ndarray:
    """Share of the grid's cells in each zone, shape (zones,)."""
    count = rain.rates.shape[1]
    if rain.zones is None:
        return np.full(count, 1.0 / count)
    cells = np.bincount(rain.zones.ravel(), minlength=count)
    return cells / cells.sum()


def mean_rates(rain: Rain) -> np.ndarray:
    """Mean intensity over the grid of each block, shape (n,), m/s."""
    return rain.rates @ zone_weights(rain)


def storm_table(rain: Rain) -> list[tuple[float, float, float]]:
    """Rows of `COLUMNS`, one per block: its start in min, mean intensity over the grid in mm/h, depth in mm."""
    rates, lengths = mean_rates(rain), np.diff(rain.edges)
    columns = (rain.edges[:-1] / 60.0, rates / MM_PER_HOUR, rates * lengths * 1e3)
    return [(float(time), float(rate), float(depth)) for time, rate, depth in zip(*columns, strict=True)]


def storm_summary(rain: Rain, rainfall: Rainfall | None = None, warnings: list[str] | None = None) -> dict[str, Any]:
    """Total and peak of a storm, and its greatest block beside the formula's depth of the same duration.

    Lengths in mm, times in min, intensities in mm/h. With several zones the totals of the least and most rained-on zone
    are given too; the others are means over the grid. ``formula`` parts are None where the case names no formula.
    """
    lengths, rates = np.diff(rain.edges), mean_rates(rain)
    depths = rates * lengths * 1e3
    top = int(np.argmax(rates))
    zone_totals = lengths @ rain.rates * 1e3
    found: dict[str, Any] = {
        "total_mm": float(depths.sum()),
        "least_zone_mm": float(zone_totals.min()),
        "greatest_zone_mm": float(zone_totals.max()),
        "zones": int(rain.rates.shape[1]),
        "blocks": int(lengths.size),
        "begin_min": float(rain.edges[0] / 60.0),
        "end_min": float(rain.edges[-1] / 60.0),
        "peak_mm_h": float(rates[top] / MM_PER_HOUR),
        "peak_block_begin_min": float(rain.edges[top] / 60.0),
        "peak_block_minutes": float(lengths[top] / 60.0),
        "peak_block_mm": float(depths[top]),
        "formula": None,
        "return_period_a": None,
        "formula_block_mm": None,
        "block_over_formula": None,
        "warnings": list(warnings or []),
    }
    formula = formula_of(rainfall) if rainfall is not None else None
    if formula is not None and rainfall is not None and rainfall.return_period is not None:
        same = float(formula.depth(rainfall.return_period, float(lengths[top]))) * 1e3
        found |= {
            "formula": f"{formula.name} ({formula.title})",
            "return_period_a": rainfall.return_period,
            "formula_block_mm": same,
            "block_over_formula": found["peak_block_mm"] / same,
        }
    return found
