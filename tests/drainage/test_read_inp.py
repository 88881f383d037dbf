"""SWMM inputs: units, offsets, every kind of element, and the published examples."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage import network as nw
from floodsim.drainage.formulas import FormulaError, evaluate, parse_formula, written_out
from floodsim.drainage.inp_inlets import read_inlets
from floodsim.drainage.inp_text import tokens_of
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.rules import Operand, Watched

FOOT = 0.3048
HEAD = """\
[OPTIONS]
FLOW_UNITS {unit}
LINK_OFFSETS {offsets}
START_DATE 07/03/2025
START_TIME 08:00:00
END_DATE 07/03/2025
END_TIME 10:00:00
ROUTING_STEP 0:00:05
[JUNCTIONS]
J1 10 4 0.5 1 20
J2 9 4
"""
BODY = """\
[OUTFALLS]
O1 8 FREE NO
[CONDUITS]
C1 J1 J2 100 0.013 {z1} {z2} 2 5
C2 J2 O1 200 0.015 * *
[XSECTIONS]
C1 CIRCULAR 2 0 0 0
C2 TRAPEZOIDAL 2 3 1 1.5 2
"""


def read(folder: Path, text: str) -> nw.Network:
    path = folder / "net.inp"
    path.write_text(text, encoding="utf-8")
    return read_inp(path)


def plain(folder: Path, more: str = "", unit: str = "CMS") -> nw.Network:
    return read(folder, HEAD.format(unit=unit, offsets="DEPTH") + BODY.format(z1=0, z2=0) + more)


@pytest.mark.parametrize(
    ("unit", "length", "flow"),
    [
        ("CFS", FOOT, 0.028316846592),
        ("GPM", FOOT, 6.30901964e-5),
        ("MGD", FOOT, 0.0438126364),
        ("CMS", 1.0, 1.0),
        ("LPS", 1.0, 1e-3),
        ("MLD", 1.0, 0.0115740741),
    ],
)
def test_units_become_si(tmp_path: Path, unit: str, length: float, flow: float) -> None:
    network = read(tmp_path, HEAD.format(unit=unit, offsets="DEPTH") + BODY.format(z1=0.5, z2=0))
    np.testing.assert_allclose(network.nodes.invert, np.array([10.0, 9.0, 8.0]) * length)
    assert network.nodes.ponded_area[0] == pytest.approx(20.0 * length**2)
    assert network.conduits.length[0] == pytest.approx(100.0 * length)
    assert network.links.offset_start[0] == pytest.approx(0.5 * length)
    assert network.conduits.initial_flow[0] == pytest.approx(2.0 * flow, rel=1e-8)
    assert network.conduits.max_flow[0] == pytest.approx(5.0 * flow, rel=1e-8)
    np.testing.assert_allclose(network.sections.size[1], [2.0 * length, 3.0 * length, 1.0, 1.5])
    assert network.conduits.barrels.tolist() == [1.0, 2.0]
    assert network.options.routing_step == 5.0


def test_offsets_as_elevations(tmp_path: Path) -> None:
    text = HEAD.format(unit="CMS", offsets="ELEVATION") + BODY.format(z1=10.25, z2=8.9)
    network = read(tmp_path, text)
    assert network.links.offset_start.tolist() == [0.25, 0.0]
    assert network.links.offset_end.tolist() == [0.0, 0.0], "a negative offset is taken as 0, as SWMM does"
    assert any("C1 at J2 by 0.1 m" in note for note in network.notes)


def test_rims_reach_the_crowns(tmp_path: Path) -> None:
    network = plain(
        tmp_path, "[JUNCTIONS]\nJ3 7 1\nJ4 7\n[CONDUITS]\nC3 J3 J4 10 0.01 0.5 0\n[XSECTIONS]\nC3 CIRCULAR 1\n"
    )
    depth = dict(zip(network.nodes.name, network.nodes.full_depth, strict=True))
    assert depth["J3"] == pytest.approx(1.5) and depth["J4"] == pytest.approx(1.0) and depth["O1"] == pytest.approx(2.0)
    assert any("J3 by 0.5 m" in note for note in network.notes)


def test_storages_have_the_area_of_their_solid(tmp_path: Path) -> None:
    """Against the cross-sections of the solids, worked out from their axes."""
    network = plain(
        tmp_path,
        "[STORAGE]\nF 0 5 0 FUNCTIONAL 3 0.5 10 0 0\nT 0 5 0 TABULAR ST\nCY 0 5 0 CYLINDRICAL 4 2 0\n"
        "CO 0 5 0 CONICAL 4 2 3\nPA 0 5 0 PARABOLIC 4 2 5\nPY 0 5 0 PYRAMIDAL 4 2 3\n[CURVES]\nST STORAGE 0 1 2 3\n",
    )
    storages, names = network.storages, network.nodes.name
    assert network.curves[storages.curve[1]].y.tolist() == [1.0, 3.0]

    def area(name: str, d: float) -> float:
        at = [names[row] for row in storages.node].index(name)
        c = storages.coefficient[at]
        return (
            c[0]
            + c[1] * (d ** c[2] if storages.kind[at] == nw.StorageKind.POWER else d)
            + (c[2] * d * d if storages.kind[at] == nw.StorageKind.QUADRATIC else 0.0)
        )

    d = 1.5
    assert area("F", d) == pytest.approx(10.0 + 3.0 * math.sqrt(d))
    assert area("CY", d) == pytest.approx(math.pi * 2.0 * 1.0)
    assert area("CO", d) == pytest.approx(math.pi * (2.0 + 3.0 * d) * (1.0 + 1.5 * d))
    assert area("PA", 5.0) == pytest.approx(math.pi * 2.0 * 1.0) and area("PA", 0.0) == 0.0
    assert area("PY", d) == pytest.approx((4.0 + 6.0 * d) * (2.0 + 6.0 * d))


def test_functional_storage_in_feet(tmp_path: Path) -> None:
    network = plain(tmp_path, "[STORAGE]\nF 0 5 0 FUNCTIONAL 30 0.5 100 0 0\n", "CFS")
    c0, c1, c2 = network.storages.coefficient[0]
    feet = 100.0 + 30.0 * math.sqrt(2.0 / FOOT)
    assert c0 + c1 * 2.0**c2 == pytest.approx(feet * FOOT**2)


def test_regulators_and_pumps(tmp_path: Path) -> None:
    network = plain(
        tmp_path,
        "[PUMPS]\nP1 J1 J2 PC OFF 2 1\nP2 J1 J2 *\n[ORIFICES]\nR1 J1 J2 BOTTOM 0.5 0.65 YES 0.1\n"
        "[WEIRS]\nW1 J1 J2 TRANSVERSE 1 3.33 NO 1 0 YES\nW2 J1 J2 V-NOTCH 1 2.5\n"
        "[OUTLETS]\nU1 J1 J2 0.5 TABULAR/HEAD RC\nU2 J1 J2 0.5 FUNCTIONAL/DEPTH 10 0.5 YES\n"
        "[CURVES]\nPC PUMP3 0 10\nPC 5 0\nRC RATING 0 0 2 8\n"
        "[XSECTIONS]\nR1 RECT_CLOSED 1 2\nW1 RECT_OPEN 1 2\nW2 TRIANGULAR 1 2\n",
        "CFS",
    )
    cfs = FOOT**3
    pumps = network.pumps
    assert pumps.kind.tolist() == [nw.PumpKind.HEAD, nw.PumpKind.IDEAL] and pumps.initial_on.tolist() == [False, True]
    np.testing.assert_allclose([pumps.start_depth[0], pumps.stop_depth[0]], [2 * FOOT, FOOT])
    np.testing.assert_allclose(network.curves[0].x, [0.0, 5 * FOOT])
    np.testing.assert_allclose(network.curves[0].y, [10 * cfs, 0.0])
    assert network.orifices.gate_time[0] == pytest.approx(360.0)
    assert network.links.flap[list(network.links.name).index("R1")]
    assert network.weirs.coefficient[0] == pytest.approx(1.838, abs=0.001), "3.33 ft^0.5/s is 1.84 m^0.5/s"
    head_ft = 1.7
    assert network.outlets.coefficient[1] * (head_ft * FOOT) ** 0.5 == pytest.approx(10.0 * head_ft**0.5 * cfs)
    np.testing.assert_allclose(network.curves[1].y, [0.0, 8 * cfs])


def test_transects_and_streets(tmp_path: Path) -> None:
    network = plain(
        tmp_path,
        "[TRANSECTS]\nNC 0.05 0.06 0.03\nX1 T1 5 10 20 0 0 1.2 2 100\nGR 5 0 3 10 0 15 3 20\nGR 5 30\n"
        "[STREETS]\nS1 6 0.15 2 0.016 0.05 0.6 1\nS2 6 0.15 2 0.016 0 0 2 2 3 0.02\n"
        "[CONDUITS]\nT J1 J2 50 0\nS J1 J2 50 0.02\n[XSECTIONS]\nT IRREGULAR T1\nS STREET S1\n",
    )
    surveyed, one, two = network.transects
    assert surveyed.station.tolist() == [0, 20, 30, 40, 60] and surveyed.level.tolist() == [105, 103, 100, 103, 105]
    assert (surveyed.left_bank, surveyed.right_bank, surveyed.length_factor) == (20.0, 40.0, 1.2)
    crown = 0.05 + 0.02 * 6.0
    np.testing.assert_allclose(one.station, [0, 0, 0.6, 6, 6])
    np.testing.assert_allclose(one.level, [0.2, 0, 0.062, crown, 0.2])
    np.testing.assert_allclose(two.station, [0, 2, 2, 8, 14, 14, 16])
    np.testing.assert_allclose(two.level, [0.21, 0.15, 0, 0.12, 0, 0.15, 0.21])
    assert network.conduits.roughness.tolist() == [0.013, 0.015, 0.03, 0.016]
    at = network.links.section[list(network.links.name).index("T")]
    assert network.sections.size[at, :2].tolist() == [5.0, 60.0]


def test_standard_sizes(tmp_path: Path) -> None:
    """Codes of the User's Manual: 34 x 53 inch ellipse (8), 22.5 x 36.25 inch concrete arch (5)."""
    network = plain(
        tmp_path, "[CONDUITS]\nE J1 J2 9 0.01\nA J1 J2 9 0.01\n[XSECTIONS]\nE HORIZ_ELLIPSE 8\nA ARCH 5 0\n"
    )
    np.testing.assert_allclose(network.sections.size[2:, :2] / 0.0254, [[34, 53], [22.5, 36.25]])


def test_series_patterns_and_inflows(tmp_path: Path) -> None:
    (tmp_path / "tide.dat").write_text("; sea level\n07/03/2025 08:00 1.0\n07/03/2025 09:30 2.0\n", encoding="utf-8")
    network = plain(
        tmp_path,
        '[INFLOWS]\nJ1 FLOW Q FLOW 1.0 2.0 0.5 DAILY\nJ2 FLOW "" FLOW 1 1 0.25\nJ1 TSS Q\n[DWF]\nJ2 FLOW 0.1 DAILY\n'
        "[OUTFALLS]\nO2 5 TIMESERIES SEA YES\n[PATTERNS]\nDAILY DAILY 1 2 3 4 5 6 7\n"
        '[TIMESERIES]\nQ 0:00 1 0:30 3\nQ 1.5 0\nSEA FILE "tide.dat"\n',
        "CFS",
    )
    tide, inflow = network.series
    assert tide.times.tolist() == [0.0, 5400.0]
    np.testing.assert_allclose(tide.values, [FOOT, 2 * FOOT])
    assert inflow.times.tolist() == [0.0, 1800.0, 5400.0]
    np.testing.assert_allclose(inflow.values, np.array([1.0, 3.0, 0.0]) * FOOT**3)
    assert network.inflows.scale.tolist() == [2.0, 1.0] and network.inflows.series.tolist() == [1, nw.NONE]
    assert network.inflows.baseline[1] == pytest.approx(0.25 * FOOT**3)
    assert network.dry_weather.patterns.tolist() == [[0, -1, -1, -1]]
    assert network.outfalls.flap.tolist() == [False, True]
    assert any("pollutants" in note and "J1" in note for note in network.notes)


def test_rules_in_si(tmp_path: Path) -> None:
    network = plain(
        tmp_path,
        "[PUMPS]\nP1 J1 J2 *\n[ORIFICES]\nR1 J1 J2 SIDE 0 0.65\n[XSECTIONS]\nR1 CIRCULAR 1\n"
        "[CURVES]\nG CONTROL 0 0 5 1\n"
        "[CONTROLS]\nVARIABLE Q1 = LINK C1 FLOW\nRULE A\nIF NODE J1 DEPTH >= 3\nAND Q1 > 10\n"
        "OR SIMULATION TIME > 1:30\n"
        "THEN PUMP P1 STATUS = ON\nAND ORIFICE R1 SETTING = 0.5\nELSE PUMP P1 STATUS = OFF\nPRIORITY 3\n"
        "RULE B\nIF NODE J1 DEPTH > NODE J2 DEPTH\nTHEN ORIFICE R1 SETTING = CURVE G\n"
        "RULE C\nIF NODE J1 HEAD < 5\nTHEN ORIFICE R1 SETTING = PID 1 2 3\n"
        "EXPRESSION E1 = Q1 * 2\nRULE D\nIF E1 > 2\nTHEN PUMP P1 STATUS = OFF\n",
        "CFS",
    )
    a, b, c, d = network.rules
    assert [premise.joint for premise in a.premises] == ["IF", "AND", "OR"]
    assert a.premises[0].right.value == pytest.approx(3 * FOOT)
    assert a.premises[1].left.watched == Watched.LINK_FLOW and a.premises[1].right.value == pytest.approx(10 * FOOT**3)
    assert a.premises[2].right.value == 5400.0 and a.priority == 3.0
    assert [action.value for action in a.then] == [1.0, 0.5] and a.otherwise[0].value == 0.0
    assert network.links.name[a.then[1].link] == "R1"
    assert b.premises[0].right.watched == Watched.NODE_DEPTH
    np.testing.assert_allclose(network.curves[b.then[0].curve].x, [0.0, 5 * FOOT])
    assert c.then[0].pid == (1.0, 120.0, 180.0)
    flow, factor, twice = d.premises[0].left.formula[:3]
    assert (flow.watched, twice) == (Watched.LINK_FLOW, "*") and factor.value == pytest.approx(1 / FOOT**3)
    assert evaluate(d.premises[0].left.formula, lambda one: one.value if one.row < 0 else FOOT**3) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 + 2 * 3", 7.0), ("-2 ^ 2", -4.0), ("(1 - 4) / 2", -1.5), ("2 ^ 3 ^ 2", 512.0), ("abs(x - 9) * step(x)", 5.0),
     ("sqrt(x) / 0", 0.0), ("8 - 3 - 2", 3.0), ("1.5e1 / x", 3.75)],
)  # fmt: skip
def test_formulas_of_rules(text: str, value: float) -> None:
    postfix = parse_formula(text, {"X": (Operand(Watched.LINK_FLOW, 0),)})
    assert evaluate(postfix, lambda one: 4.0 if one.row == 0 else one.value) == pytest.approx(value)
    again = parse_formula(written_out(postfix, lambda one: "x"), {"X": (Operand(Watched.LINK_FLOW, 0),)})
    assert evaluate(again, lambda one: 4.0 if one.row == 0 else one.value) == pytest.approx(value)


@pytest.mark.parametrize("text", ["1 +", "(1", "y * 2", "1 2", "* 3", "sqrt()", "2 # 3"])
def test_a_formula_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text, {})


def test_text_in_any_form(tmp_path: Path) -> None:
    """Names in quotes, comments, GBK, names found whatever their case, sections cut short."""
    assert tokens_of('"井 1" 2 ;; 3') == ("井 1", "2")
    text = HEAD.format(unit="CMS", offsets="DEPTH").replace("[JUNCTIONS]", "[JUNC]").replace("J1 10", '"井 1" 10')
    body = BODY.format(z1=0, z2=0).replace("J1", '"井 1"').replace("J2 O1", "j2 o1")
    path = tmp_path / "net.inp"
    path.write_bytes((text + body + '[COORDINATES]\n"井 1" 3 4 ; manhole\nJ9 1 1\n').encode("gbk"))
    network = read_inp(path)
    assert network.nodes.name[0] == "井 1" and network.links.end.tolist() == [1, 2]
    assert (network.nodes.x[0], network.nodes.y[0]) == (3.0, 4.0) and math.isnan(network.nodes.x[1])
    assert any("J9" in note for note in network.notes)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_ends_of_lines(tmp_path: Path, ends: str) -> None:
    """Of Unix, Windows and old Macintosh; a stray return within a line is a blank, as it is to SWMM."""
    text = HEAD.format(unit="CMS", offsets="DEPTH") + BODY.format(z1=0, z2="0.5")
    if ends != "\r":
        text = text.replace("0.5 2 5", "0.5\r2 5")
    path = tmp_path / "net.inp"
    path.write_bytes(text.replace("\n", ends).encode())
    network = read_inp(path)
    assert network.links.offset_end[0] == 0.5 and network.conduits.initial_flow[0] == 2.0


def test_inlets(tmp_path: Path) -> None:
    path = tmp_path / "net.inp"
    path.write_text(
        HEAD.format(unit="CFS", offsets="DEPTH") + "[INLETS]\nA GRATE 2 1 CURVED_VANE\nA CURB 5 0.5 INCLINED\n"
        "[INLET_USAGE]\nC1 A J2 2 25 1.5 0.1 2 ON_SAG\n",
        encoding="utf-8",
    )
    inlets = read_inlets(path)
    assert [design.kind for design in inlets.designs] == ["GRATE", "CURB"]
    assert inlets.designs[0].length == pytest.approx(2 * FOOT)
    use = inlets.uses[0]
    assert (use.count, use.clogged, use.placement) == (2, 0.25, "ON_SAG")
    assert use.max_flow == pytest.approx(1.5 * FOOT**3)


UNSUPPORTED = {
    "catchment_as_outfall.inp": {"O-1"},
}


def test_the_published_examples(validation_data: Path) -> None:
    """All inputs of EPA's own test suite; what they hold beyond these tables is named."""
    files = sorted((validation_data / "epa_swmm").rglob("*.inp"))
    assert len(files) == 73
    unsupported = {}
    for file in files:
        network = read_inp(file)
        if network.unsupported:
            unsupported[file.name] = {item.name for item in network.unsupported}
    assert unsupported == UNSUPPORTED


def test_counts_of_a_large_example(validation_data: Path) -> None:
    """Rows counted by eye of the editor's search: 1 line per object in its section."""
    file = validation_data / "epa_swmm" / "user" / "user5.inp"
    lines: dict[str, int] = {}
    section = ""
    for line in file.read_text().splitlines():
        if line.startswith("["):
            section = line.strip()
        elif line.strip() and not line.strip().startswith(";"):
            lines[section] = lines.get(section, 0) + 1
    network = read_inp(file)
    assert network.conduits.link.size == lines["[CONDUITS]"] > 100
    assert len(network.nodes.name) == sum(
        lines.get(f"[{name}]", 0) for name in ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS")
    )
