"""A street of 40 x 20 cells of 2 m with three manholes, a wet well with a pump, and candidate measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.grid.grid import Grid, make_grid
from tests.simulate.networks import write_inp

GRATE = {"name": "grate", "kind": "grate", "length": 0.75, "width": 0.45}


def network(folder: Path) -> Path:
    """A - B - C - O along y = 20 m (DN300, 30 m each, crowns at one line), and a well W that pumps to R."""
    return write_inp(
        folder / "street.inp",
        junctions=["A 7.0 3 0 0 0", "B 6.9 3.1 0 0 0", "C 6.5 3.5 0 0 0", "S 9 1 0 0 0"],
        storages=["W 4 6 0.5 FUNCTIONAL 0 0 30"],
        outfalls=["O 6.2 FREE NO", "R 8.9 FIXED 9 NO"],
        conduits=["C1 A B 30 0.013 0 0", "C2 B C 30 0.013 0 0.3", "C3 C O 30 0.013 0 0", "C4 S W 10 0.013 0 4"],
        sections=["C1 CIRCULAR 0.3", "C2 CIRCULAR 0.3", "C3 CIRCULAR 0.6", "C4 CIRCULAR 0.3"],
        pumps=["P1 W R Q OFF 1 0.4"],
        places=["A 11 20", "B 41 20", "C 71 20", "O 500 20", "W 61 10", "R 500 10", "S 51 10"],
        more="[CURVES]\nQ PUMP3 0 0.1\nQ 10 0.1\n[CONTROLS]\nRULE OLD\nIF NODE W DEPTH > 5\nTHEN PUMP P1 STATUS = ON\n",
    )


def street(building: bool = False) -> Grid:
    """A plain at 10 m; with ``building`` a raised roof of 4 x 5 cells (80 m2) in its corner."""
    roof = np.zeros((20, 40), np.uint8)
    bed = np.full((20, 40), 10.0)
    if building:
        roof[2:6, 2:7], bed[2:6, 2:7] = 1, 15.0
    return make_grid(bed, 2.0, roughness=0.02, building=roof)


def make_case(folder: Path, measures: list[dict[str, Any]], applied: list[str] | None = None, **more: Any) -> Case:
    """A case on the street with the measures; all of them hold unless ``applied`` says otherwise."""
    named = [{"cost": 1.0, **measure} for measure in measures]
    holds = [measure["name"] for measure in named] if applied is None else applied
    sections: dict[str, Any] = {
        "name": "street",
        "clock": {"duration": "10 min"},
        "drainage": {
            "network": str(network(folder)),
            "inlet_classes": [GRATE],
            "stations": [{"name": "PS", "units": [{"pump": "P1", "efficiency": 0.8}]}],
        },
        "solver": {"threads": 1},
        "measures": named,
        "plan": {"applied": holds},
    }
    return parse_case({**sections, **more}, folder)
