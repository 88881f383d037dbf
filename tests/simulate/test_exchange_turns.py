"""The exchange does not swing: how often flows turn between street and drain, counted at every coupling step."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.case.load import load_case
from floodsim.grid.grid import make_grid
from floodsim.simulate.run_case import run_case
from tests.simulate.networks import write_inp

ROOT = Path(__file__).parents[2]


def test_a_surcharging_street_turns_once_out_and_once_in(tmp_path: Path) -> None:
    """Wide short pipes at the crown, chambers of 2 m2, two inlets at every manhole, a hydrograph over all capacity."""
    inflow = (
        "[INFLOWS]\nM0 FLOW TS FLOW 1 1\n[TIMESERIES]\nTS 0:00 0.2\nTS 0:05 0.5\nTS 0:10 4.5\nTS 0:20 4.5\n"
        "TS 0:30 0.4\nTS 9:00 0.4\n"
    )
    count = 6
    network = write_inp(
        tmp_path / "street.inp",
        junctions=[f"M{k} {7.0 - 0.03 * k:.2f} 3 {1.4 + 0.03 * k:.2f} 0 0" for k in range(count)],
        outfalls=["O 6.82 FIXED 8.4 NO"],
        conduits=[f"C{k} M{k} {f'M{k + 1}' if k + 1 < count else 'O'} 38 0.013 0 0" for k in range(count)],
        sections=[f"C{k} CIRCULAR 1.2 0 0 0 1" for k in range(count)],
        places=[*(f"M{k} {20 + 38 * k} 21" for k in range(count)), "O 900 21"],
        more=inflow,
    )
    inlets = tmp_path / "inlets.csv"
    rows = [f"M{k},{20 + 38 * k},{y},grate,2" for k in range(count) for y in (17, 25)]
    inlets.write_text("node,x,y,class,count\n" + "\n".join(rows) + "\n")
    along = np.arange(62) * 4.0
    bed = 10.0 - 0.0005 * along[None, :] + 0.02 * np.abs(np.arange(11) - 5.0)[:, None]
    results = floodsim.run(
        {
            "name": "street",
            "clock": {"duration": "60 min"},
            "drainage": {
                "network": str(network),
                "inlets": str(inlets),
                "inlet_classes": [{"name": "grate", "kind": "grate", "length": 0.75, "width": 0.45}],
            },
            "rainfall": {"kind": "uniform", "intensity": "60 mm/h", "duration": "20 min", "step": "5 min"},
            "solver": {"threads": 1, "sync_interval": "10 s"},
        },
        grid=make_grid(bed, 4.0, roughness=0.02),
    )
    drainage = results.summary["drainage"]
    assert drainage["volumes_m3"]["to_street"] > 20.0 and drainage["volumes_m3"]["from_street"] > 20.0
    turns = drainage["turns"]
    assert turns["manholes"]["most"] <= 2, turns
    assert turns["inlets"]["most"] <= 5, turns
    assert all(abs(error) < 1e-11 for error in results.summary["mass"]["errors"].values())


@pytest.mark.slow
def test_three_hours_of_the_old_town() -> None:
    """No manhole turns more than five times; single inlets may, where water passes a manhole from kerb to kerb."""
    case = load_case(ROOT / "cases/old_town_drained/case.toml", ["clock.duration=3 h"], os.environ)
    results = run_case(case)
    turns = results.summary["drainage"]["turns"]
    assert turns["manholes"]["most"] <= 5, turns
    assert turns["inlets"]["over_5"] <= 5, turns
    assert all(abs(error) < 1e-12 for error in results.summary["mass"]["errors"].values())
