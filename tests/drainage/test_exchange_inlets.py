"""Where inlets lie, which class they have, how high they stand; and what is said of bad tables and classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.case.drainage import Drainage
from floodsim.case.load import parse_case
from floodsim.drainage.inlets import ClassTable, Inlets, splash_speed
from floodsim.drainage.inp_inlets import read_inlets
from floodsim.drainage.place_inlets import place_inlets
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.roofs import nearest, roof_cells
from floodsim.errors import CaseError
from floodsim.grid.grid import Grid, make_grid
from floodsim.kernels import exchange as kernels
from tests.simulate.networks import street_drain, write_inp

GRATE = {"name": "grate", "kind": "grate", "length": 0.75, "width": 0.45, "clogging": 0.2}
STREET_INLETS = """[INLETS]
Wide GRATE 0.9 0.6 P_BAR-50x100
Wide CURB 1.8 0.15 VERTICAL
Gap SLOTTED 3 0.05
[INLET_USAGE]
C1 Wide B 2 25 0.05 0 0 ON_SAG
C2 Gap C 1 0 0 0 0
"""


def street(**more: Any) -> Grid:
    """100 m x 40 m at 10 m, with a house over the manhole B."""
    building = np.zeros((20, 50), np.uint8)
    building[9:12, 19:22] = 1
    return make_grid(10.0 + 5.0 * building, 2.0, building=building, **more)


def place(network: Path, grid: Grid | None = None, **keys: Any) -> tuple[Inlets, ClassTable, list[str]]:
    notes: list[str] = []
    section = Drainage.model_validate({"network": network, **keys})
    grid = street() if grid is None else grid
    inlets, table = place_inlets(section, read_inp(network), read_inlets(network), grid, notes)
    return inlets, table, notes


def test_every_junction_is_a_manhole_where_nothing_else_is_said(tmp_path: Path) -> None:
    inlets, table, notes = place(street_drain(tmp_path / "d.inp"))
    assert inlets.names == ("A", "B", "C")
    assert [table.names[row] for row in inlets.rows[:, kernels.CLASS]] == ["manhole"] * 3
    cells = inlets.rows[:, kernels.CELL]
    assert list(inlets.cell_j[cells]) == [11, 9, 11]  # B stands outside its house, in the nearest open cell
    assert list(inlets.cell_i[cells]) == [6, 21, 36]
    np.testing.assert_array_equal(inlets.crest, 10.0)  # rims of B and C lie 0.1 and 0.2 m under the street
    assert inlets.outfall_rows.size == 0
    assert notes == []
    assert place(street_drain(tmp_path / "d.inp"), manholes="none")[0].names == ()


def test_a_rim_off_the_street_is_told_and_the_higher_one_is_the_crest(tmp_path: Path) -> None:
    low = make_grid(np.full((20, 50), 9.2), 2.0)
    inlets, _, notes = place(street_drain(tmp_path / "d.inp"), low)
    np.testing.assert_allclose(inlets.crest, [10.0, 9.9, 9.8])
    assert "A (+0.80 m)" in notes[0]


def test_inlets_out_of_a_table(tmp_path: Path) -> None:
    table = tmp_path / "inlets.csv"
    table.write_text(
        "name,node,x,y,class,count,clogging,crest,placement\n"
        "g1,a,5,5,grate,2,,,on_grade\ng2,A,5.9,5.9,grate,1,0.5,9.9,\n,B,61,31,manhole,,,,on_sag\n"
    )
    inlets, classes, _ = place(street_drain(tmp_path / "d.inp"), inlets=table, inlet_classes=[GRATE])
    assert inlets.names == ("g1", "g2", "B-3", "C")  # C keeps its manhole: it has no inlet of its own
    assert inlets.rows[0, kernels.CELL] == inlets.rows[1, kernels.CELL]
    assert list(inlets.rows[:, kernels.NODE]) == [0, 0, 1, 2]
    assert list(inlets.rows[:, kernels.COUNT]) == [2, 1, 1, 1]
    assert list(inlets.rows[:, kernels.PLACEMENT]) == [kernels.ON_GRADE, kernels.AUTOMATIC, kernels.ON_SAG, 0]
    np.testing.assert_allclose(inlets.clean, [0.8, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(inlets.crest[:3], [10.0, 9.9, 10.0])
    assert classes.names[inlets.rows[0, kernels.CLASS]] == "grate"


def test_inlets_out_of_a_swmm_input(tmp_path: Path) -> None:
    inlets, classes, _ = place(street_drain(tmp_path / "d.inp", STREET_INLETS), street())
    assert inlets.names == ("C1-B", "C2-C", "A")
    wide = classes.numbers[classes.names.index("Wide at most 0.05 m3/s")]
    assert wide[kernels.MAX_FLOW] == 0.05
    assert wide[kernels.AREA] == pytest.approx(0.8 * 0.9 * 0.6)
    assert wide[kernels.KERB_FREE] == pytest.approx(0.9)
    assert wide[kernels.KERB_HIDDEN] == pytest.approx(0.9)
    assert wide[kernels.SPLASH] == pytest.approx(splash_speed("P_BAR-50x100", 0.9))
    assert inlets.rows[0, kernels.COUNT] == 2
    assert inlets.rows[0, kernels.PLACEMENT] == kernels.ON_SAG
    assert inlets.clean[0] == pytest.approx(0.75)
    own, own_classes, _ = place(
        street_drain(tmp_path / "d.inp", STREET_INLETS), inlet_classes=[{**GRATE, "name": "Gap"}]
    )
    gap = own_classes.numbers[own.rows[1, kernels.CLASS]]
    assert gap[kernels.AREA] == pytest.approx(0.5 * 0.75 * 0.45)  # a class of the case replaces the one of the file


def test_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    table = tmp_path / "inlets.csv"
    table.write_text("node,class,x,y,count,clogging\nA,grat,1,1,0,2\nZ,grate,1,x,1,0\nB,grate,900,1,1,0\n")
    with pytest.raises(CaseError) as caught:
        place(street_drain(tmp_path / "d.inp"), inlets=table, inlet_classes=[GRATE])
    text = str(caught.value)
    for part in ("inlet class grat", "did you mean grate?", "count is no number", "clogging is no number", "(line 2)",
                 "names the node Z", "y is no number", "(line 3)"):  # fmt: skip
        assert part in text
    table.write_text("node,class,x,y\nB,grate,900,1\n")
    with pytest.raises(CaseError, match="lies outside the grid"):
        place(street_drain(tmp_path / "d.inp"), inlets=table, inlet_classes=[GRATE])
    table.write_text("node,kind\nB,grate\n")
    with pytest.raises(CaseError, match="has no column class"):
        place(street_drain(tmp_path / "d.inp"), inlets=table, inlet_classes=[GRATE])


def test_outfalls_on_the_grid(tmp_path: Path) -> None:
    network = write_inp(
        tmp_path / "o.inp", junctions=["A 7 3 0 0 0"], outfalls=["I 6 FREE NO", "O 6 FREE NO"],
        conduits=["C1 A I 30 0.013 0 0", "C2 A O 30 0.013 0 0"],
        sections=["C1 CIRCULAR 0.3 0 0 0 1", "C2 CIRCULAR 0.3 0 0 0 1"],
        places=["A 11 20", "I 31 20", "O 500 20"],
    )  # fmt: skip
    inlets, _, _ = place(network)
    assert list(inlets.outfall_rows) == [0]
    assert inlets.cell_i[inlets.outfall_cells[0]] == 16
    assert place(network, outfalls="none")[0].outfall_rows.size == 0


def test_a_network_elsewhere_is_refused(tmp_path: Path) -> None:
    from floodsim.simulate.drainage import make_drainage

    far = make_grid(np.full((5, 5), 10.0), 2.0, x0=5e5)
    case = parse_case(
        {"name": "x", "clock": {"duration": 10}, "drainage": {"network": str(street_drain(tmp_path / "d.inp"))}}
    )
    with pytest.raises(CaseError, match="no node of the network lies on the grid"):
        make_drainage(case, far)


def test_the_nearest_node_is_found_like_by_looking_at_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    px, py, x, y = (rng.uniform(-50.0, 300.0, n) for n in (400, 400, 60, 60))
    away = np.hypot(px[:, None] - x, py[:, None] - y)
    found, near = nearest(px, py, x, y, 40.0)
    np.testing.assert_array_equal(near, away.min(axis=1) <= 40.0)
    np.testing.assert_array_equal(found[near], away.argmin(axis=1)[near])


def test_roofs_of_raised_and_of_blocked_buildings() -> None:
    building = np.zeros((6, 10), np.uint8)
    building[2, 2:4], building[2, 7] = 1, 2
    share = np.ones(building.shape, np.float32)
    share[2, 7], share[2, 6], share[2, 8] = 0.0, 1.25, 1.75
    grid = make_grid(np.zeros(building.shape), 2.0, building=building, active=building != 2, rain_share=share)
    roofs = roof_cells(grid, np.array([5.0, 17.0]), np.array([5.0, 5.0]), np.array([4, 9]), 1e-5, 8.0)
    assert list(zip(roofs.cell_i, roofs.weight, roofs.node, strict=True)) == [
        (3, 1.0, 4), (4, 1.0, 4), (7, 0.25, 9), (9, 0.75, 9)
    ]  # fmt: skip
    assert roof_cells(grid, np.zeros(0), np.zeros(0), np.zeros(0, int), 1e-5, 8.0).node.size == 0


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"engine": "swmm6"}, "drainage.engine"),
        ({"coupling_step": "3 s"}, "drainage.coupling_step"),
        ({"coupling_step": "20 s"}, "drainage.coupling_step"),
        ({"manholes": "grat", "inlet_classes": [GRATE]}, "did you mean grate?"),
        ({"inlet_classes": [GRATE, GRATE]}, "name stands twice"),
        ({"inlet_classes": [{"name": "k", "kind": "kerb"}]}, "drainage.inlet_classes[0].kerb_height"),
        ({"inlet_classes": [{"name": "c", "kind": "curve", "curve": [[0.1, 1], [0.0, 0]]}]}, "is no capture curve"),
        ({"stations": [{"name": "s", "units": [{"pump": "p", "standby": True}]}]}, "has standby units only"),
        ({"stations": [{"name": "s", "units": [{"pump": "p", "repaired_at": "1 h"}]}]}, "not after fails_at"),
        (
            {"stations": [{"name": "s", "units": [{"pump": "p", "start_level": 1, "stop_level": 2}]}]},
            "not below start_level",
        ),
    ],
)
def test_bad_keys_are_told(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    network = street_drain(tmp_path / "d.inp")
    with pytest.raises(CaseError) as caught:
        parse_case({"name": "x", "clock": {"duration": 60}, "drainage": {"network": str(network), **keys}})
    assert told in str(caught.value)
