"""A little town with everything that a run can have: what restart, and whoever cuts a run in pieces, must get right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.grid.grid import Grid, make_grid
from tests.simulate.networks import write_inp

MORE = """\
[ORIFICES]
G P T SIDE 0.2 0.65 NO 0.01
[PUMPS]
[WEIRS]
V B T TRANSVERSE 0.05 1.8 NO
[XSECTIONS]
G RECT_CLOSED 0.4 0.4 0 0
V RECT_OPEN 0.5 1.0 0 0
[CURVES]
Q PUMP3 0 0.12
Q 10 0.02
[INFLOWS]
A FLOW TS FLOW 1 1
[TIMESERIES]
TS 0:00 0.05
TS 0:02 0.35
TS 0:10 0.01
[CONTROLS]
RULE gate
IF NODE P DEPTH <> 0.7
THEN ORIFICE G SETTING = PID -0.4 1.5 0.1
RULE rest
IF PUMP P2 TIMEOPEN > 0:01
THEN PUMP P2 STATUS = OFF
PRIORITY 5
RULE street
IF GAUGE well DEPTH > 0.001
AND SIMULATION TIME > 0:01
THEN PUMP P2 STATUS = ON
ELSE PUMP P2 STATUS = OFF
"""


def town() -> Grid:
    """66 x 130 cells of 2 m, nine blocks of the solver: rough ground that falls to the east, houses, a hole."""
    rng = np.random.default_rng(7)
    j, i = np.mgrid[0:66, 0:130]
    bed = 10.0 - 0.01 * i + 0.12 * rng.random((66, 130)) - 0.5 * np.exp(-((i - 70) ** 2 + (j - 30) ** 2) / 120.0)
    building = np.zeros((66, 130), np.uint8)
    building[10:16, 20:30], building[40:46, 80:96] = 1, 2
    bed[building == 1] += 3.0
    active = building != 2
    active[:3, 120:] = False
    return make_grid(bed, 2.0, roughness=0.02 + 0.02 * rng.random((66, 130)), active=active, building=building)


def network(path: Path) -> Path:
    """Three manholes, a tank with a gate, a weir and two pumps into a river; an outfall on the street."""
    return write_inp(
        path,
        junctions=["A 7.2 3 0 0 0", "B 7.0 3 0 0 0", "P 6.8 3.2 0 0 0"],
        storages=["T 6.0 4.0 0.1 FUNCTIONAL 0 0 25"],
        outfalls=["R 8.5 FIXED 8.6 NO", "O 6.5 FREE NO"],
        conduits=["C1 A B 60 0.013 0 0", "C2 B P 40 0.013 0 0", "C3 P O 50 0.013 0.3 0"],
        sections=["C1 CIRCULAR 0.5 0 0 0 1", "C2 CIRCULAR 0.5 0 0 0 1", "C3 CIRCULAR 0.3 0 0 0 1"],
        pumps=["P1 T R Q ON 0.5 0.2", "P2 T R Q OFF"],
        places=["A 60 60", "B 141 61", "P 180 60", "T 150 90", "R 250 90", "O 255 20"],
        more=MORE,
    )


def case(folder: Path, **more: Any) -> dict[str, Any]:
    """The case of the town over 4 min, its network written into ``folder``; sections in ``more`` add to its own."""
    sections: dict[str, Any] = {
        "name": "town",
        "clock": {"duration": "4 min", "start": "2025-07-05T23:58:00"},
        "rainfall": {"kind": "chicago", "formula": "chengdu", "return_period": "20 a", "duration": "30 min"},
        "losses": {"kind": "green_ampt", "conductivity": "10 mm/h", "suction": "0.1 m", "deficit": 0.2},
        "boundaries": [
            {"name": "brook", "kind": "discharge", "edge": "west", "span": [40.0, 60.0], "discharge": "0.5 m3/s"},
            {"name": "way out", "kind": "open", "edge": "east", "slope": 0.005},
            {"name": "lake", "kind": "level", "edge": "south", "span": [130.0, 150.0], "level": 9.3},
        ],
        "sources": [{"name": "spring", "x": 30.0, "y": 100.0, "discharge": "0.1 m3/s"}],
        "points": [{"name": "sag", "x": 141.0, "y": 61.0}, {"name": "well", "x": 31.0, "y": 101.0}],
        "lines": [{"name": "cut", "coordinates": [[100.0, 0.0], [100.0, 132.0]]}],
        "waterlogging_points": [{"name": "hollow", "x": 141.0, "y": 61.0, "radius": 12.0}],
        "drainage": {
            "network": str(network(folder / "town.inp")),
            "coupling_step": "2.5 s",
            "roofs": {"capacity": "100 mm/h", "distance": "150 m"},
            "stations": [
                {"name": "PS", "units": [{"pump": "P1", "fails_at": "100 s", "repaired_at": "150 s"}, {"pump": "P2"}]}
            ],
        },
        "output": {"interval": "40 s", "series_interval": "10 s"},
        "solver": {"threads": 1, "sync_interval": "5 s", "mass_limit": 1e-4},
    }
    for section, keys in more.items():
        sections[section] = {**sections.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return {name: keys for name, keys in sections.items() if keys is not None}
