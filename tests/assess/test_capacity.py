"""Pipe capacity by return period, against answers worked out by hand here."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from floodsim.assess.capacity import Capacity, capacity_record
from floodsim.assess.capacity_inputs import capacity_of_case
from floodsim.assess.capacity_rules import load_capacity_rules
from floodsim.case.load import parse_case
from floodsim.cli import main
from floodsim.drainage.full_flow import full_flows
from floodsim.drainage.read_inp import read_inp
from floodsim.errors import EXIT_OK, CaseError
from tests.simulate.networks import write_inp

PAVED, GREEN = 0.90, 0.15


def manning(diameter: float, slope: float, n: float = 0.013) -> tuple[float, float]:
    """Velocity and flow of a full pipe."""
    velocity = (diameter / 4) ** (2 / 3) * math.sqrt(slope) / n
    return velocity, velocity * math.pi * diameter**2 / 4


def period_of(flow: float, runoff_ha: float, minutes: float) -> float:
    """Return period (a) at which Shanghai's q = 1600 (1 + 0.846 lgP) / (t + 7)^0.656 L/(s ha) fills a pipe."""
    q = 1000.0 * flow / runoff_ha
    return 10 ** ((q * (minutes + 7.0) ** 0.656 / 1600.0 - 1.0) / 0.846)


def tree(path: Path, more: str = "") -> Path:
    """Two branches that meet at M, a third that joins at N, and a trunk to the outfall.

    A --C1-- M --C3-- N --C5-- O
    B --C2-- M        D --C4-- N
    """
    falls = {"C1": ("A", "M", 200, 0.6, 0.003), "C2": ("B", "M", 300, 1.0, 0.002), "C3": ("M", "N", 250, 1.0, 0.002),
             "C4": ("D", "N", 100, 0.3, 0.003), "C5": ("N", "O", 400, 1.5, 0.0015)}  # fmt: skip
    invert = {"O": 0.0, "N": 0.6, "M": 1.1, "A": 1.7, "B": 1.7, "D": 0.9}
    subcatchments = ["SA * A 1.0 100 100 1", "SB * B 2.5 100 100 1", "SD * D 0.4 100 100 1", "SM * SA 0.1 0 100 1"]
    return write_inp(
        path,
        junctions=[f"{name} {level} 4 0 0 0" for name, level in invert.items() if name != "O"],
        outfalls=["O 0 FREE NO"],
        conduits=[f"{name} {a} {b} {length} 0.013 0 0" for name, (a, b, length, _, _) in falls.items()],
        sections=[f"{name} CIRCULAR {size} 0 0 0 1" for name, (_, _, _, size, _) in falls.items()],
        more="[SUBCATCHMENTS]\n" + "\n".join(subcatchments) + "\n" + more,
    )


def check(path: Path, **options: object) -> Capacity:
    case = parse_case(
        {
            "name": "tree",
            "clock": {"duration": "1 h"},
            "rainfall": {"kind": "chicago", "formula": "shanghai", "return_period": 2, "duration": "1 h"},
            "drainage": {"network": str(path)},
        }
    )
    return capacity_of_case(case, **options)  # type: ignore[arg-type]


def test_branching_network_against_hand_calculation(tmp_path: Path) -> None:
    found = check(tree(tmp_path / "n.inp"))
    v1, q1 = manning(0.6, 0.003)
    v2, q2 = manning(1.0, 0.002)
    v3, q3 = manning(1.0, 0.002)
    v4, q4 = manning(0.3, 0.003)
    _, q5 = manning(1.5, 0.0015)
    a, b, d = PAVED * 1.0 + GREEN * 0.1, PAVED * 2.5, PAVED * 0.4  # SM drains over SA to A
    at_m = 10 + max(200 / v1, 300 / v2) / 60
    at_n = max(at_m + 250 / v3 / 60, 10 + 100 / v4 / 60)
    by_hand = {
        "C1": period_of(q1, a, 10), "C2": period_of(q2, b, 10), "C3": period_of(q3, a + b, at_m),
        "C4": period_of(q4, d, 10), "C5": period_of(q5, a + b + d, at_n),
    }  # fmt: skip
    assert by_hand["C1"] == pytest.approx(3.6, abs=0.2) and by_hand["C4"] < 2 and by_hand["C5"] > 100
    record = capacity_record(found, "GB50014-2021", "medium")
    rows = {row["name"]: row for row in record["conduits"]}
    for name, period in by_hand.items():
        if period < 2:
            assert rows[name]["period_a"] is None and rows[name]["class"] == "<2"
        elif period > 100:
            assert rows[name]["more"] and rows[name]["class"] == ">10"
        else:
            assert rows[name]["period_a"] == pytest.approx(period, rel=0.03), name
    assert [rows[name]["class"] for name in by_hand] == ["3-5", ">10", "3-5", "<2", ">10"]
    assert {row["class"]: row["length_m"] for row in record["classes"]} == pytest.approx(
        {"<2": 100, "2-3": 0, "3-5": 450, "5-10": 0, ">10": 700}
    )
    assert sum(row["share"] for row in record["classes"]) == pytest.approx(1.0)
    assert record["required_a"] == [2.0, 3.0] and record["below_required_m"] == pytest.approx(100)
    assert record["areas_from"] == "subcatchments" and record["area_m2"] == pytest.approx(4.0e4)
    assert rows["C3"]["time_s"] == pytest.approx(60 * at_m) and rows["C5"]["time_s"] == pytest.approx(60 * at_n)


def test_classes_may_be_others(tmp_path: Path) -> None:
    rules = load_capacity_rules(bounds=(1.0, 3.0, 20.0))
    record = capacity_record(check(tree(tmp_path / "n.inp"), rules=rules), "GB50014-2021", "medium")
    assert [row["class"] for row in record["classes"]] == ["<1", "1-3", "3-20", ">20"]
    with pytest.raises(CaseError, match="rising"):
        load_capacity_rules(bounds=(3.0, 2.0))


def test_forks_share_by_full_flow_and_pumps_pass_on_what_they_lift(tmp_path: Path) -> None:
    path = write_inp(
        tmp_path / "n.inp",
        junctions=["A 2 4 0 0 0", "B 1 4 0 0 0", "R 5 4 0 0 0"],
        storages=["W 0 6 0 FUNCTIONAL 0 0 20"],
        outfalls=["O 4 FREE NO"],
        conduits=["BIG A B 200 0.013 0 0", "SMALL A B 200 0.013 0 0", "IN B W 200 0.013 0 0", "OUT R O 200 0.013 0 0"],
        pumps=["P W R Q OFF 1 0.4"],
        sections=[
            "BIG CIRCULAR 1.0 0 0 0 1", "SMALL CIRCULAR 0.5 0 0 0 1", "IN CIRCULAR 1.0 0 0 0 1",
            "OUT CIRCULAR 0.6 0 0 0 1",
        ],
        more="[CURVES]\nQ PUMP3 0 0.3\nQ 10 0.2\n[SUBCATCHMENTS]\nS * A 3 100 100 1\n",
    )  # fmt: skip
    found = check(path)
    runoff = dict(zip(found.network.links.name, found.tributary.runoff, strict=True))
    share = 2 ** (8 / 3)
    assert runoff["BIG"] / runoff["SMALL"] == pytest.approx(share, rel=1e-3)
    assert runoff["IN"] == pytest.approx(3e4 * PAVED) and runoff["OUT"] == 0.0
    assert found.tributary.forks == 1
    place = found.network.links.name.index("OUT")
    assert found.tributary.base[place] == pytest.approx(0.26)  # lifts 5 - 1 = 4 m


def test_every_section_shape_has_a_full_flow(tmp_path: Path) -> None:
    shapes = {
        "RECT_CLOSED 1 2": 2.0 * (2.0 / 6.0) ** (2 / 3),
        "RECT_OPEN 1 2": 2.0 * (2.0 / 4.0) ** (2 / 3),
        "TRAPEZOIDAL 1 1 1 1": 2.0 * (2.0 / (1 + 2 * math.sqrt(2))) ** (2 / 3),
        "CIRCULAR 1 0": math.pi / 4 * 0.25 ** (2 / 3),
        "EGG 1 0": 0.5105 * 0.1931 ** (2 / 3),
    }
    path = write_inp(
        tmp_path / "n.inp",
        junctions=[f"J{k} 1 4 0 0 0" for k in range(len(shapes))],
        outfalls=["O 0 FREE NO"],
        conduits=[f"C{k} J{k} O 500 0.013 0 0" for k in range(len(shapes))],
        sections=[f"C{k} {text} {'0 0' if len(text.split()) == 3 else ''} 2" for k, text in enumerate(shapes)],
    )
    full = full_flows(read_inp(path))
    expected = 2 * np.array(list(shapes.values())) * math.sqrt(0.002) / 0.013
    assert full.flow == pytest.approx(expected, rel=5e-3)


def test_command_writes_tables_and_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("geopandas")
    inp = tree(tmp_path / "n.inp", "[COORDINATES]\nA 0 0\nB 0 50\nM 100 0\nN 200 0\nD 200 50\nO 300 0\n")
    (tmp_path / "case.toml").write_text(
        'name = "tree"\n[clock]\nduration = "1 h"\n[grid]\nterrain = "none.tif"\n'
        f'[drainage]\nnetwork = "{inp.name}"\n', encoding="utf-8"
    )  # fmt: skip
    (tmp_path / "none.tif").write_bytes(b"")
    out = tmp_path / "out"
    arguments = ["capacity", str(tmp_path / "case.toml"), "--formula", "shanghai", "--out", str(out)]
    assert main(arguments) == EXIT_OK
    shown = capsys.readouterr().out
    assert "subcatchments" in shown and "<2" in shown and "C4" in shown
    record = json.loads((out / "capacity.json").read_text(encoding="utf-8"))
    assert len(record["conduits"]) == 5
    lines = (out / "capacity.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 6 and lines[0].startswith("name,from,to")
    import geopandas

    layer = geopandas.read_file(out / "capacity.gpkg", layer="conduits")
    assert sorted(layer["class"]) == sorted(row["class"] for row in record["conduits"])
    assert main(arguments) != EXIT_OK  # nothing is overwritten without --force
    assert main([*arguments[:2], "--formula", "shanghai", "--classes", "5,3"]) != EXIT_OK
