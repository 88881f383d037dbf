"""A bowl of one hectare with its drains below: one deficiency at a time floods its middle.

The bowl falls at 2 % to its middle at (50, 50), level 10 m, where inlets lead to node A; A - B - C - O run out of the
grid at 0.5 %. 60 mm/h for half an hour bring 0.167 m3/s. As it stands everything is large enough and the point passes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.reader import Results
from tests.simulate.networks import write_inp

CELL, SIDE = 5.0, 20
GRATE = {"name": "grate", "kind": "grate", "length": 0.75, "width": 0.45, "open_share": 0.45}


def bowl() -> Grid:
    x = (np.arange(SIDE) + 0.5) * CELL - 50.0
    return make_grid(10.0 + 0.02 * np.hypot(x, x[:, None]), CELL, roughness=0.015)


def network(
    path: Path, *, sizes: tuple[float, float, float] = (0.8, 0.8, 0.8), outfall: str = "FREE NO", pump: float = 0.0,
    more: str = "",
) -> Path:  # fmt: skip
    """The drain; with a ``pump`` (m3/s) it leads to a wet well C that is pumped out instead."""
    well = pump > 0.0
    conduits = ["C1 A B 50 0.013 0 0", "C2 B C 50 0.013 0 0", *([] if well else ["C3 C O 50 0.013 0 0"])]
    return write_inp(
        path,
        junctions=["A 7.5 2.5 0 0 0", "B 7.25 5 0 0 0", *([] if well else ["C 7.0 5 0 0 0"])],
        storages=["C 5.0 7 0 FUNCTIONAL 0 0 10"] if well else [],
        outfalls=[f"O {9.0 if well else 6.75} {outfall}"],
        conduits=[line.replace(" 0 0", " 0 2.0") if well and "B C" in line else line for line in conduits],
        pumps=["P1 C O Q ON 1.0 0.5"] if well else [],
        sections=[f"C{k} CIRCULAR {size} 0 0 0 1" for k, size in enumerate(sizes, 1) if not (well and k == 3)],
        places=["A 50 50", "B 50 150", "C 50 200", "O 50 250"],
        more=(f"[CURVES]\nQ PUMP3 0 {pump}\nQ 20 {pump}\n" if well else "") + more,
    )


def inlets(path: Path, count: int = 12, x: float = 52.0, y: float = 52.0, clogging: float = 0.0) -> Path:
    path.write_text(f"node,class,x,y,count,clogging\nA,grate,{x},{y},{count},{clogging}\n", encoding="utf-8")
    return path


def run(network: Path, inlets: Path, out: Path | None = None, **sections: Any) -> Results:
    stations = sections.pop("stations", [])
    case = {
        "name": "bowl",
        "clock": {"duration": "36 min"},
        "rainfall": {"kind": "uniform", "intensity": "60 mm/h", "duration": "30 min"},
        "drainage": {
            "network": str(network), "inlets": str(inlets), "inlet_classes": [GRATE], "manholes": "sealed",
            "stations": stations,
        },
        "waterlogging_points": [{"name": "sag 低点", "x": 50, "y": 50, "radius": 15, "area_kind": "hub"}],
        "solver": {"threads": 1},
        "output": {"interval": "10 min", "series_interval": "1 min"},
        **sections,
    }  # fmt: skip
    return floodsim.run(case, out, grid=bowl())
