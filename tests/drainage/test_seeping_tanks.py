"""Tanks that lose water to the ground: against the law of Green and Ampt, and beside EPA SWMM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from floodsim.drainage.engine import Engine
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.write_inp import write_inp
from floodsim.errors import CaseError
from tests.drainage.helpers import Sketch, options

INP = (
    options(hours=6)
    + """\
[REPORT]
NODES ALL
[OUTFALLS]
OUT 98 FREE
[STORAGE]
BASIN 100 2 0 {shape} 0 0 {ground}
[WEIRS]
SPILL BASIN OUT TRANSVERSE 1.0 1.7 NO
[XSECTIONS]
SPILL RECT_OPEN 1 2 0 0
[CURVES]
AREAS STORAGE 0 300
AREAS 0.5 300
AREAS 1.5 700
[INFLOWS]
BASIN FLOW IN
[TIMESERIES]
IN 0:00 0
IN 1:00 0.3
IN 2:00 0
IN 6:00 0
"""
)
UPRIGHT_FEET = (
    options("CFS", hours=6, VARIABLE_STEP=0)
    + """\
[REPORT]
NODES ALL
[OUTFALLS]
OUT 290 FREE
[STORAGE]
BASIN 300 7 3 FUNCTIONAL 0 0 4000 0 0 2.4 0.6 0.3
[WEIRS]
SPILL BASIN OUT TRANSVERSE 5 3.3 NO
[XSECTIONS]
SPILL RECT_OPEN 1 2 0 0
"""
)
SHAPES = {"walls": "FUNCTIONAL 0 0 400", "slopes": "PYRAMIDAL 30 10 3", "curve": "TABULAR AREAS"}


def written(folder: Path, shape: str, ground: str) -> Path:
    path = folder / "basin.inp"
    path.write_text(INP.format(shape=SHAPES[shape], ground=ground), encoding="utf-8")
    return path


def off_swmm(path: Path, folder: Path) -> float:
    """Largest distance of the basin's level from SWMM's, m."""
    answer = run_swmm(path, folder, "swmm", SURCHARGE_METHOD="EXTRAN")
    network = read_inp(path)
    engine = Engine(network)
    heads = []
    for time in answer.times:
        engine.advance(float(time))
        heads.append(engine.head[network.nodes.name.index("BASIN")])
    assert engine.ledger.seepage > 50.0
    assert abs(engine.ledger.relative_error) < 1e-12
    return float(np.abs(np.array(heads) - answer.head[answer.nodes.index("BASIN")]).max())


@pytest.mark.parametrize("deficit", [0.0, 0.25])
def test_a_basin_drains_by_the_law_of_green_and_ampt(deficit: float) -> None:
    suction, conductivity, start, end = 0.11, 2e-5, 1.0, 3600.0
    sketch = Sketch()
    sketch.storage("basin", 0.0, area=50.0, initial_depth=start, seepage=(suction, conductivity, deficit))
    engine = Engine(sketch.network())
    engine.advance(end)
    if deficit > 0.0:
        # t over F: dt/dF = F / (K (F + S)) has no singular start
        law = solve_ivp(
            lambda f, _t: f / (conductivity * (f + deficit * (suction + start - f))), (0.0, 0.9), [0.0], rtol=1e-10,
            dense_output=True, events=lambda _f, t: t[0] - end,
        )  # fmt: skip
        soaked = float(law.t_events[0][0])
    else:
        soaked = conductivity * end
    assert start - engine.depth[0] == pytest.approx(soaked, rel=1e-3)
    assert engine.ledger.seepage == pytest.approx(50.0 * (start - engine.depth[0]), rel=1e-12)
    assert abs(engine.ledger.relative_error) < 1e-13


def test_a_basin_loses_no_more_than_it_has() -> None:
    sketch = Sketch()
    sketch.storage("basin", 0.0, area=50.0, initial_depth=0.1, seepage=(0.0, 1e-3, 0.0))
    engine = Engine(sketch.network())
    engine.advance(300.0)
    assert (engine.volume[0], engine.ledger.seepage) == (0.0, pytest.approx(5.0, rel=1e-14))


@pytest.mark.parametrize(
    ("shape", "ground"), [*((shape, "40") for shape in SHAPES), ("curve", "60 15 0.3"), ("curve", "0 15 0.3")]
)
def test_a_basin_in_a_storm_is_that_of_swmm(tmp_path: Path, shape: str, ground: str) -> None:
    """SWMM 5.2.4 takes the square metres of a formula's bottom for square feet: there the law is kept for curves."""
    assert off_swmm(written(tmp_path, shape, ground), tmp_path) < 0.01


def test_an_upright_basin_in_feet_is_that_of_swmm(tmp_path: Path) -> None:
    path = tmp_path / "feet.inp"
    path.write_text(UPRIGHT_FEET, encoding="utf-8")
    assert off_swmm(path, tmp_path) < 0.001


def test_a_basin_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    network = read_inp(written(tmp_path, "slopes", "60 15 0.3"))
    whole, first, second = Engine(network), Engine(network), Engine(network)
    whole.advance(3000.0)
    whole.advance(6000.0)
    first.advance(3000.0)
    second.restore(first.save())
    second.advance(6000.0)
    assert second.depth.tobytes() == whole.depth.tobytes() and second.ledger == whole.ledger


@pytest.mark.parametrize("ground", ["40", "60 15 0.3"])
def test_what_the_ground_takes_is_read_and_written(tmp_path: Path, ground: str) -> None:
    network = read_inp(written(tmp_path, "curve", ground))
    write_inp(network, tmp_path / "again.inp")
    again = read_inp(tmp_path / "again.inp")
    np.testing.assert_allclose(again.storages.seepage, network.storages.seepage, rtol=1e-9)
    expected = (0.0, 40.0 / 3.6e6, 0.0) if ground == "40" else (0.06, 15.0 / 3.6e6, 0.3)
    np.testing.assert_allclose(network.storages.seepage[0], expected, rtol=1e-12)


@pytest.mark.parametrize(("ground", "said"), [("60 -1 0.3", "conductivity"), ("60 15", "moisture deficit")])
def test_a_faulty_ground_is_named(tmp_path: Path, ground: str, said: str) -> None:
    with pytest.raises(CaseError, match=rf"\[STORAGE\] line \d+.*{said}"):
        read_inp(written(tmp_path, "walls", ground))
