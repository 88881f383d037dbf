"""Roads that are overtopped: coefficients by head, width and surface, beside EPA SWMM and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage.check_network import check_network
from floodsim.drainage.engine import Engine
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import run_swmm
from floodsim.drainage.validate import refuse_for_swmm, refuse_unsupported
from floodsim.drainage.write_inp import write_inp
from floodsim.errors import CaseError
from floodsim.kernels.roadway import GRAVEL, PAVED, drowning, road_coefficient
from tests.drainage.helpers import options

INP = (
    options()
    + """\
[STORAGE]
A 10 3 0 FUNCTIONAL 0 0 100 0 0
[OUTFALLS]
O 9.5 {stage} NO
[WEIRS]
W A O ROADWAY 1 {coefficient} NO 0 0 YES {road}
[XSECTIONS]
W RECT_OPEN 1 6 0 0
[INFLOWS]
A FLOW "" FLOW 1 1 {inflow}
[REPORT]
NODES ALL
LINKS ALL
"""
)


def written(folder: Path, road: str, stage: str = "FREE", coefficient: float = 1.7, inflow: float = 2.0) -> Path:
    path = folder / "road.inp"
    path.write_text(INP.format(stage=stage, road=road, coefficient=coefficient, inflow=inflow), encoding="utf-8")
    return path


@pytest.mark.parametrize("coefficient", [0.0, 1.7])
@pytest.mark.parametrize(
    ("road", "stage"),
    [
        ("8 PAVED", "FREE"), ("8 GRAVEL", "FREE"), ("2 PAVED", "FREE"), ("2 GRAVEL", "FREE"),
        ("8 PAVED", "FIXED 11.35"), ("8 GRAVEL", "FIXED 11.35"), ("2 GRAVEL", "FIXED 11.33"),
    ],
)  # fmt: skip
def test_the_head_over_a_road_is_that_of_swmm(tmp_path: Path, road: str, stage: str, coefficient: float) -> None:
    """Free and drowned, narrow and wide; what coefficient stands beside width and surface is no matter in either."""
    path = written(tmp_path, road, stage, coefficient)
    network = read_inp(path)
    refuse_for_swmm(network)
    engine = Engine(network)
    engine.advance(3600.0)
    answer = run_swmm(path, tmp_path)
    head = float(engine.head[network.nodes.name.index("A")])
    assert head == pytest.approx(answer.head[answer.nodes.index("A"), -1], abs=1e-3)
    assert 11.3 < head < 11.5
    assert engine.water.flow[0] == pytest.approx(2.0, rel=1e-6)
    assert abs(engine.ledger.relative_error) < 1e-12
    write_inp(network, tmp_path / "again.inp")
    again = Engine(read_inp(tmp_path / "again.inp"))
    again.advance(3600.0)
    assert float(again.head[network.nodes.name.index("A")]) == pytest.approx(head, abs=1e-9)


def test_water_runs_back_over_a_road_until_both_sides_are_level(tmp_path: Path) -> None:
    network = read_inp(written(tmp_path, "8 PAVED", "FIXED 11.3", inflow=0.0))
    engine = Engine(network)
    heads = []
    for minute in range(1, 121):
        engine.advance(60.0 * minute)
        heads.append(float(engine.head[network.nodes.name.index("A")]))
    assert np.abs(np.array(heads[1:]) - 11.3).max() < 5e-3
    assert heads[-1] == pytest.approx(11.3, abs=1e-9)
    assert abs(engine.water.flow[0]) < 1e-9


def test_coefficients_by_hand() -> None:
    """Figures of FHWA/RD-86/108 in feet, turned to metres; the factor of a drowned road has no step anywhere."""
    root = 0.3048**0.5
    assert road_coefficient(PAVED, 8.0, 0.7 * 0.3048, 0.0) == pytest.approx(3.03 * root)
    assert road_coefficient(GRAVEL, 8.0, 1.25 * 0.3048, 0.0) == pytest.approx(2.85 * root)
    assert road_coefficient(PAVED, 1.0, 0.2, -1.0) == pytest.approx(3.075 * root)
    assert road_coefficient(GRAVEL, 1.0, 2.0, 1.9) == pytest.approx(3.10 * 0.65 * root)
    for surface in (PAVED, GRAVEL):
        factors = np.array([drowning(surface, ratio) for ratio in np.linspace(0.0, 1.0, 20001)])
        assert factors[0] == 1.0 and factors[-1] == 0.0
        assert np.all(np.diff(factors) <= 0.0) and np.diff(factors).min() > -0.05


def test_a_road_without_any_figure_is_refused(tmp_path: Path) -> None:
    network = read_inp(written(tmp_path, "8 *", coefficient=0.0))
    with pytest.raises(CaseError, match=r"\[WEIRS\] line \d+, W: weir W cannot be run: neither a coeff") as caught:
        refuse_unsupported(network)
    assert "width and surface" in caught.value.faults[0].remedy
    (finding,) = check_network(network)
    assert (finding.severity, finding.title) == ("error", "weir W ([WEIRS] line 14)")
    refuse_unsupported(read_inp(written(tmp_path, "8 *")))
    assert check_network(read_inp(written(tmp_path, "8 PAVED", coefficient=0.0))) == []
