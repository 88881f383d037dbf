"""Pipe networks: EA Test 8B's alone beside SWMM, and two coupled ones whose end follows from the balance of water."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import floodsim
from floodsim.drainage.compare import drive, outside
from floodsim.drainage.engine import Engine
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.output.reader import Results
from floodsim.validation.case import FIRST, MASS_LIMIT, SCHEMES, Curve, Outcome, Picture, Scheme, ValidationCase
from floodsim.validation.pictures import in_time
from floodsim.validation.runs import run

INVERTS = (39.17, 29.46, 27.70, 26.37, 25.70, 24.64, 24.29)
LENGTHS = (467.0, 104.0, 106.0, 200.0, 114.0, 154.0, 195.0)
MOUTH, RIM, MANHOLE, SEALED = 23.49, 31.46, 4, 50.0
"""Outfall invert and rim (m), the number of the open manhole, surcharge (m) that the lids of the others hold."""
INFLOW = ((0.0, 1.6), (0.97, 1.6), (1.97, 6.281), (3.87, 1.6), (5.0, 1.6))
"""Hours and m3/s at the upper end."""
OPTIONS = {"VARIABLE_STEP": 0.5, "ROUTING_STEP": 5, "THREADS": 1, "MINIMUM_STEP": 0.2}


def inp(sections: dict[str, Sequence[str]], options: str = "") -> str:
    """A SWMM input in m and m3/s out of the rows of its sections."""
    text = f"[OPTIONS]\nFLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\nALLOW_PONDING NO\n{options}"
    return text + "".join(f"[{name}]\n" + "\n".join(rows) + "\n" for name, rows in sections.items())


def test_8b() -> str:
    """The network of EA Test 8B as SWMM input: seven pipes of 1.4 m, one open manhole of 1 m2."""
    depths = [RIM - z if k == MANHOLE else 20.0 for k, z in enumerate(INVERTS)]
    lids = [0.0 if k == MANHOLE else SEALED for k in range(len(INVERTS))]
    ends = [*(f"n{k}" for k in range(len(INVERTS))), "out"]
    return inp(
        {
            "JUNCTIONS": [f"n{k} {z} {depths[k]} 0 {lids[k]} 0" for k, z in enumerate(INVERTS)],
            "OUTFALLS": [f"out {MOUTH} FREE NO"],
            "CONDUITS": [f"c{k} {ends[k]} {ends[k + 1]} {length} 0.017 0 0" for k, length in enumerate(LENGTHS)],
            "XSECTIONS": [f"c{k} CIRCULAR 1.4 0 0 0 1" for k in range(len(LENGTHS))],
            "INFLOWS": ["n0 FLOW inflow FLOW 1 1"],
            "TIMESERIES": [f"inflow {hours} {flow}" for hours, flow in INFLOW],
            "REPORT": ["NODES ALL", "LINKS ALL"],
        },
        "MIN_SURFAREA 1\nSTART_DATE 01/01/2026\nEND_DATE 01/01/2026\nEND_TIME 05:00:00\n"
        "REPORT_STEP 00:01:00\nROUTING_STEP 2\n",
    )


def evaluate_8b(_scheme: Scheme, _data: Path | None) -> Outcome:
    """What spills from the open manhole over what spills in SWMM, and heads outside of SWMM's two ways to surcharge."""
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "ea8b.inp"
        file.write_text(test_8b(), encoding="utf-8")
        answers = [run_swmm(file, folder, way, SURCHARGE_METHOD=way, **OPTIONS) for way in ("EXTRAN", "SLOT")]
        engine = Engine(read_inp(file))
        heads, _ = drive(engine, answers[0], [], False)
    seconds = float(answers[0].times[1] - answers[0].times[0])
    spilt = [float(answer.flooding.sum() * seconds) for answer in answers]
    off = np.sqrt((outside(heads, np.array([answer.head for answer in answers])) ** 2).mean(axis=1))
    figures = {
        "spilt, over SWMM (EXTRAN)": abs(engine.ledger.flooding / spilt[0] - 1.0),
        "spilt (m3)": float(engine.ledger.flooding),
        "SWMM (EXTRAN) spills (m3)": spilt[0],
        "SWMM (SLOT) spills (m3)": spilt[1],
        "head outside of SWMM's, median of nodes (m)": float(np.median(off)),
        "mass": abs(engine.ledger.relative_error),
    }
    times, row = np.asarray(answers[0].times, float), np.asarray(answers[0].head)[MANHOLE]
    picture = in_time("head in the open manhole (reference: SWMM, EXTRAN)", "m", (times, row), (times, heads[MANHOLE]))
    return Outcome(figures, (picture,), time.perf_counter() - began, time.process_time() - cpu)


def errors(results: Results) -> dict[str, float]:
    """The three errors of the ledger of a coupled run."""
    return {f"mass, {name}": abs(float(value)) for name, value in results.summary["mass"]["errors"].items()}


def evaluate_vessels(scheme: Scheme, _data: Path | None) -> Outcome:
    """Two walled yards joined by a drain: in the end the water stands level, and none is lost."""
    cell, floor, deep = 2.0, 10.0, 0.6
    bed = np.full((10, 21), floor)
    bed[:, 10] = floor + 3.0
    grid = floodsim.make_grid(bed, cell, roughness=0.02)
    depth = np.zeros_like(bed)
    depth[:, :10] = deep
    network = inp({
        "JUNCTIONS": ["A 8 2 0 0 0", "B 8 2 0 0 0"],
        "CONDUITS": ["P A B 22 0.013 0 0"],
        "XSECTIONS": ["P CIRCULAR 0.8 0 0 0 1"],
        "OUTFALLS": ["O 100 FREE NO"],  # SWMM's format wants one; nothing leads there
        "COORDINATES": ["A 9 9", "B 33 9", "O -500 0"],
    })  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vessels.inp"
        file.write_text(network, encoding="utf-8")
        done = run(
            {
                "clock": {"duration": "3 h"}, "drainage": {"network": str(file)},
                "points": [{"name": "left", "x": 3.0, "y": 3.0}, {"name": "right", "x": 39.0, "y": 3.0}],
                "solver": {"sync_interval": "1 s", "cfl": 0.4},
                "output": {"interval": "1 h", "series_interval": "1 min"},
            },
            grid, scheme, depth,
        )  # fmt: skip
    level, wet = bed + done.last("depth"), bed < floor + 1.0
    held = done.results.summary["drainage"]["volumes_m3"]["storage"]
    wanted = floor + (deep * depth[:, :10].size * cell**2 - held) / (wet.sum() * cell**2)
    times, left = done.series("level", "point", "left")
    figures = {
        "left, off the common level (m)": abs(float(level[:, :10].mean()) - wanted),
        "right, off the common level (m)": abs(float(level[:, 11:].mean()) - wanted),
        **errors(done.results),
    }
    right = done.series("level", "point", "right")[1]
    curves = (
        Curve("reference", times, np.full(times.size, wanted), "reference"),
        Curve("left yard", times, left, "result"), Curve("right yard", times, right, "result"),
    )  # fmt: skip
    picture = Picture("levels of two yards joined by a drain", "time, s", "level, m", curves)
    return Outcome(figures, (picture,), done.wall_s, done.cpu_s)


def evaluate_drained(scheme: Scheme, _data: Path | None) -> Outcome:
    """Rain on a walled yard with one drain: after a while the outfall carries all the rain, no more and no less."""
    cell, rate, duration = 2.0, 100e-3 / 3600.0, 7200.0
    x = np.abs((np.arange(20) + 0.5) * cell - 20.0)
    grid = floodsim.make_grid(10.0 + 0.02 * (x[np.newaxis, :] + x[:, np.newaxis]), cell, roughness=0.02)
    network = inp({
        "JUNCTIONS": ["A 8 2.04 0 0 0"], "OUTFALLS": ["O 7.8 FREE NO"], "CONDUITS": ["P A O 40 0.013 0 0"],
        "XSECTIONS": ["P CIRCULAR 0.5 0 0 0 1"], "COORDINATES": ["A 19 19", "O 500 19"],
    })  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "drained.inp"
        file.write_text(network, encoding="utf-8")
        done = run(
            {
                "clock": {"duration": duration}, "drainage": {"network": str(file)},
                "rainfall": {"kind": "uniform", "intensity": rate, "duration": duration, "step": duration},
                "solver": {"sync_interval": "5 s", "cfl": 0.4},
                "output": {"interval": "1 h", "series_interval": "1 min"},
            },
            grid, scheme,
        )  # fmt: skip
    wanted, drains = rate * grid.dx**2 * x.size**2, done.results.network
    assert drains is not None
    flow = drains.link_flow.sel(link="P").values.astype(float)
    times = 60.0 * np.arange(flow.size)
    figures = {"outflow over rain": abs(float(flow[-1]) / wanted - 1.0), **errors(done.results)}
    picture = in_time("flow to the outfall (reference: all the rain)", "m3/s",
                      (times, np.full(flow.size, wanted)), (times, flow))  # fmt: skip
    return Outcome(figures, (picture,), done.wall_s, done.cpu_s)


CLOSED = {"mass, surface": MASS_LIMIT, "mass, transfer": 1e-12, "mass, network": MASS_LIMIT}
CASES = (
    ValidationCase(
        name="ea_test8b_network", title="EA Test 8B, the pipe network alone", group="drainage",
        source="UK Environment Agency 2D benchmark SC120002, Test 8B; EPA SWMM 5.2 by swmm-toolkit, EXTRAN and SLOT",
        peers="SWMM with SLOT spills 12 % less than SWMM with EXTRAN",
        evaluate=evaluate_8b,
        limits={FIRST: {
            "spilt, over SWMM (EXTRAN)": 0.125, "head outside of SWMM's, median of nodes (m)": 0.1, "mass": 1e-12,
        }},
        seconds={FIRST: 5.0}, package="swmm",
    ),
    ValidationCase(
        name="coupled_vessels", title="Two yards joined by a drain come to one level", group="drainage",
        source="hydrostatics and the balance of water", peers="exact",
        evaluate=evaluate_vessels,
        limits=dict.fromkeys(
            SCHEMES,
            {"left, off the common level (m)": 0.002, "right, off the common level (m)": 0.002, **CLOSED},
        ),
        seconds=dict.fromkeys(SCHEMES, 8.0),
    ),
    ValidationCase(
        name="coupled_drained_yard", title="Rain on a yard leaves by its drain", group="drainage",
        source="balance of water: the outfall carries all the rain", peers="exact",
        evaluate=evaluate_drained,
        limits=dict.fromkeys(SCHEMES, {"outflow over rain": 0.002, **CLOSED}),
        seconds=dict.fromkeys(SCHEMES, 8.0),
    ),
)  # fmt: skip
