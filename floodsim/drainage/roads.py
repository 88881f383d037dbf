"""Roadway weirs: which of them run by the tables of roads, and which say nothing that they could run by."""

from __future__ import annotations

import numpy as np

from floodsim.drainage.network import WeirKind, Weirs

ROAD_FIGURES = "neither a coefficient nor width and surface of the road say what it passes"
ROAD_REMEDY = "give the weir width and surface (PAVED, GRAVEL) of its road, or a discharge coefficient"


def by_road_tables(weirs: Weirs) -> np.ndarray:
    """Which weirs (n,) are roads whose coefficients follow from width and surface, whatever coefficient they state."""
    return (weirs.kind == WeirKind.ROADWAY) & (weirs.road_width > 0.0) & (weirs.road_paved > 0)


def without_figures(weirs: Weirs) -> np.ndarray:
    """Which weirs (n,) are roads that have neither a coefficient nor width and surface."""
    return (weirs.kind == WeirKind.ROADWAY) & ~by_road_tables(weirs) & ~(weirs.coefficient > 0.0)
