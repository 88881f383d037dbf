"""Mistakes in networks, one at a time: each is refused with file, object, place and remedy; nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from floodsim import errors
from floodsim.cli import main
from tests.drainage.survey import POINT_COLUMNS, X0, Y0, frames, tables, write_csv, write_excel, write_gpkg

INP = """\
[OPTIONS]
FLOW_UNITS CMS
START_DATE 07/03/2025
END_DATE 07/04/2025
[JUNCTIONS]
J1 10.0 2
J2 9.8 2.2
J3 9.6 2.4
[OUTFALLS]
O1 9.4 FREE NO
[STORAGE]
S1 9.0 3 0 TABULAR AREA
[CONDUITS]
C1 J1 J2 50 0.013
C2 J2 J3 50 0.013
C3 J3 O1 50 0.013
C4 S1 J3 30 0.013
[PUMPS]
P1 J1 S1 LIFT ON 1.5 0.5
[ORIFICES]
R1 S1 J2 SIDE 0 0.65
[XSECTIONS]
C1 CIRCULAR 0.6
C2 CIRCULAR 0.8
C3 IRREGULAR BROOK
C4 CIRCULAR 0.8
R1 CIRCULAR 0.3
[TRANSECTS]
NC 0.04 0.04 0.03
X1 BROOK 4 0 6 0 0 0 0 0
GR 12 0 9 2 9 4 12 6
[CURVES]
AREA STORAGE 0 10 3 20
LIFT PUMP4 0 0 1 0.1
[INFLOWS]
J1 FLOW STORM
[TIMESERIES]
STORM 0:00 0
STORM 1:00 0.5
[CONTROLS]
RULE LOW
IF NODE S1 DEPTH < 0.3
THEN PUMP P1 STATUS = OFF
[COORDINATES]
J1 10 10
"""


@dataclass(frozen=True)
class Broken:
    """A line of the sound input replaced, and what the message says: place (section and line, or row) and words."""

    name: str
    old: str
    new: str
    place: str
    says: tuple[str, ...]


INPUTS = [
    Broken("unknown_section", "[INFLOWS]", "[INFLOWZ]", "line 35", ("no section", "did you mean [INFLOWS]?")),
    Broken("flow_units", "FLOW_UNITS CMS", "FLOW_UNITS CFM", "[OPTIONS] line 2, FLOW_UNITS", ("CFS, GPM", "did you")),
    Broken("date", "07/03/2025", "31.07.2025", "[OPTIONS] line 3, START_DATE", ("no date", "07/03/2025")),
    Broken("end_before_start", "07/04/2025", "07/02/2025", "[OPTIONS] line 4, END_DATE", ("ends before it starts",)),
    Broken("letters_for_invert", "J2 9.8 2.2", "J2 9,8 2.2", "[JUNCTIONS] line 7, J2", ("no number", "9,8")),
    Broken("negative_depth", "J2 9.8 2.2", "J2 9.8 -2.2", "[JUNCTIONS] line 7, J2", ("maximum depth", "at least 0")),
    Broken("node_twice", "J3 9.6 2.4", "j2 9.6 2.4", "[JUNCTIONS] line 8, j2", ("twice", "[JUNCTIONS] line 7, J2")),
    Broken("link_twice", "C2 J2 J3 50", "C1 J2 J3 50", "[CONDUITS] line 15, C1", ("twice", "line 14")),
    Broken("unknown_node", "C2 J2 J3 50", "C2 J2 J33 50", "[CONDUITS] line 15, C2", ("J33", "did you mean J3?")),
    Broken("same_node", "C2 J2 J3 50", "C2 J2 J2 50", "[CONDUITS] line 15, C2", ("starts and ends at J2",)),
    Broken("no_end_node", "C2 J2 J3 50 0.013", "C2 J2", "[CONDUITS] line 15, C2", ("has no end node",)),
    Broken("zero_length", "C2 J2 J3 50", "C2 J2 J3 0", "[CONDUITS] line 15, C2", ("length is out of range", "above 0")),
    Broken("no_roughness", "C2 J2 J3 50 0.013", "C2 J2 J3 50", "[CONDUITS] line 15, C2", ("Manning's n", "field 5")),
    Broken("zero_roughness", "C2 J2 J3 50 0.013", "C2 J2 J3 50 0", "[CONDUITS] line 15, C2", ("Manning's n is 0",)),
    Broken("no_section", "C2 CIRCULAR 0.8", "", "[CONDUITS] line 15, C2", ("no cross-section", "[XSECTIONS]")),
    Broken("shape", "C2 CIRCULAR 0.8", "C2 CIRCULER 0.8", "[XSECTIONS] line 24, C2", ("did you mean CIRCULAR?",)),
    Broken("zero_diameter", "C2 CIRCULAR 0.8", "C2 CIRCULAR 0", "[XSECTIONS] line 24, C2", ("full height", "above 0")),
    Broken("no_width", "C2 CIRCULAR 0.8", "C2 RECT_CLOSED 1", "[XSECTIONS] line 24, C2", ("has no width",)),
    Broken("section_of_nothing", "C2 CIRCULAR", "C9 CIRCULAR", "[XSECTIONS] line 24, C9", ("C9, which does not",)),
    Broken("orifice_shape", "R1 CIRCULAR 0.3", "R1 EGG 0.3", "[XSECTIONS] line 27, R1", ("CIRCULAR, RECT_CLOSED",)),
    Broken("transect", "IRREGULAR BROOK", "IRREGULAR BROOM", "[XSECTIONS] line 25, C3", ("did you mean BROOK?",)),
    Broken("stations", "GR 12 0 9 2 9 4", "GR 12 0 9 4 9 2", "[TRANSECTS] line 30, BROOK", ("ascending stations",)),
    Broken("odd_points", "GR 12 0 9 2", "GR 12 0 9", "[TRANSECTS] line 31, GR", ("odd count",)),
    Broken("pump_curve", "J1 S1 LIFT ON", "J1 S1 LEFT ON", "[PUMPS] line 19, P1", ("curve LEFT", "did you mean LIFT?")),
    Broken("no_pump_curve", "P1 J1 S1 LIFT ON 1.5 0.5", "P1 J1 S1", "[PUMPS] line 19, P1", ("has no curve",)),
    Broken("kind_of_curve", "J1 S1 LIFT ON", "J1 S1 AREA ON", "[PUMPS] line 19, P1", ("another kind", "PUMP1, PUMP2")),
    Broken("storage_curve", "TABULAR AREA", "TABULAR", "[STORAGE] line 12, S1", ("has no storage curve",)),
    Broken("curve_order", "AREA STORAGE 0 10 3", "AREA STORAGE 3 10 3", "[CURVES] line 33, AREA", ("does not ascend",)),
    Broken("kind_of_outfall", "O1 9.4 FREE", "O1 9.4 FIXD", "[OUTFALLS] line 10, O1", ("did you mean FIXED?",)),
    Broken("stage", "O1 9.4 FREE NO", "O1 9.4 FIXED", "[OUTFALLS] line 10, O1", ("has no stage", "field 4")),
    Broken("series", "J1 FLOW STORM", "J1 FLOW STORMY", "[INFLOWS] line 36, J1", ("STORMY", "did you mean STORM?")),
    Broken("inflow_to_nothing", "J1 FLOW STORM", "J7 FLOW STORM", "[INFLOWS] line 36, J7", ("inflow would be lost",)),
    Broken("backward_time", "STORM 1:00 0.5", "STORM 0:00 0.5", "[TIMESERIES] line 38, STORM", ("not go forward",)),
    Broken("series_file", "STORM 1:00 0.5", "STORM FILE gone.dat", "[TIMESERIES] line 39", ("No such file", "folder")),
    Broken("rule_pump", "PUMP P1 STATUS", "PUMP P2 STATUS", "[CONTROLS] line 43, rule LOW", ("names the pump P2",)),
    Broken("rule_node", "IF NODE S1", "IF NODE S9", "[CONTROLS] line 42, rule LOW", ("names the node S9",)),
    Broken("rule_kind", "THEN PUMP P1 STATUS", "THEN WEIR P1 STATUS", "line 43, rule LOW", ("it is a pump", "PUMP P1")),
    Broken("rule_without_then", "THEN PUMP P1 STATUS = OFF", "", "[CONTROLS] line 41, rule LOW", ("has no THEN",)),
    Broken("rule_value", "DEPTH < 0.3", "DEPTH < low", "[CONTROLS] line 42, rule LOW", ("low is no value",)),
]  # fmt: skip


def refused(folder: Path, source: Path, *options: str, says: tuple[str, ...], capture: Any) -> str:
    """Convert ``source`` and see that it is refused, aloud, and leaves the folder as it was; returns the message."""
    before = sorted(entry.name for entry in folder.iterdir())
    for target in ("out.inp", "out.gpkg"):
        command = ["network", "convert", str(source), str(folder / target), *options]
        assert main(command) == errors.EXIT_BAD_INPUT
        text = str(capture.readouterr().err)
        for words in says:
            assert words in text, text
        assert "remedy: " in text and "Traceback" not in text
        assert sorted(entry.name for entry in folder.iterdir()) == before
    return text


def test_the_sound_input(tmp_path: Path) -> None:
    source = tmp_path / "net.inp"
    source.write_text(INP, encoding="utf-8")
    assert main(["network", "convert", str(source), str(tmp_path / "out.inp")]) == errors.EXIT_OK
    assert main(["network", "check", str(source)]) == errors.EXIT_OK


@pytest.mark.parametrize("broken", [pytest.param(one, id=one.name) for one in INPUTS])
def test_broken_inputs(broken: Broken, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert INP.count(broken.old) >= 1
    source = tmp_path / "net.inp"
    source.write_text(INP.replace(broken.old, broken.new, 1), encoding="utf-8")
    text = refused(tmp_path, source, says=(broken.place, *broken.says), capture=capsys)
    assert f"{source}: " in text
    assert main(["network", "check", str(source)]) == errors.EXIT_BAD_INPUT, "the check reports it as well"
    shown = capsys.readouterr()
    assert broken.place in shown.out + shown.err and not shown.err.startswith("floodsim: unexpected")


def test_all_faults_of_an_input_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = INP
    chosen = [one for one in INPUTS if one.name in ("negative_depth", "unknown_node", "zero_diameter", "rule_pump")]
    for one in chosen:
        text = text.replace(one.old, one.new, 1)
    source = tmp_path / "net.inp"
    source.write_text(text, encoding="utf-8")
    refused(tmp_path, source, says=tuple(one.place for one in chosen), capture=capsys)


Change = Callable[[dict[str, list[Any]], dict[str, list[Any]]], None]


def cell(table: int, row: str, column: int, value: object) -> Change:
    """Set one cell of the points (0) or the pipes (1)."""

    def change(points: dict[str, list[Any]], lines: dict[str, list[Any]]) -> None:
        (points, lines)[table][row][column] = value

    return change


def drop(row: str) -> Change:
    """Leave out a point."""

    def change(points: dict[str, list[Any]], _lines: dict[str, list[Any]]) -> None:
        del points[row]

    return change


TABLES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "no_name": (cell(0, "Y2", 0, ""), ("points.csv: row 3: has no name",)),
    "name_twice": (cell(0, "Y2", 0, "Y1"), ("row 3, Y1", "stands twice, first in row 2, Y1")),
    "no_place": (cell(0, "Y2", 1, ""), ("row 3, Y2: has no coordinates", "fill in X and Y")),
    "letters": (cell(0, "Y2", 3, "五百"), ("row 3, Y2: 地面高程(m) is no number", "五百")),
    "rim_below_invert": (cell(0, "Y2", 3, 497.0), ("row 3, Y2: its rim lies below its invert", "497 and 497.9")),
    "unknown_end": (cell(1, "Y2-Y3", 1, "Y33"), ("row 3, Y2-Y33", "point Y33, which does not exist", "mean Y3?")),
    "no_end": (cell(1, "Y2-Y3", 1, ""), ("row 3: has no end node",)),
    "loop": (cell(1, "Y2-Y3", 1, "Y2"), ("row 3, Y2-Y2", "starts and ends at Y2")),
    "no_size": (cell(1, "Y2-Y3", 2, ""), ("row 3, Y2-Y3: has no size", "1000x800")),
    "size_of_words": (cell(1, "Y2-Y3", 2, "大"), ("row 3, Y2-Y3: its size cannot be read", "大")),
    "size_in_metres": (cell(1, "Y2-Y3", 2, 0.8), ("row 3, Y2-Y3: its size is implausible", "size_unit")),
    "point_missing": (drop("Y3"), ("names the point Y3", "row 3, Y2-Y3", "row 4, Y3-Y4")),
    "storage": (cell(0, "Y2", 5, "调蓄池"), ("row 3, Y2: a 调蓄池 cannot be read from a table",)),
    "same_place": (cell(0, "Y2", 1, X0), ("row 2, Y1-Y2: has no length",)),
}


OF_PIPES = {
    "unknown_end",
    "no_end",
    "loop",
    "no_size",
    "size_of_words",
    "size_in_metres",
    "point_missing",
    "same_place",
}


@pytest.mark.parametrize("name", TABLES)
def test_broken_tables(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, says = TABLES[name]
    points, lines = tables()
    change(points, lines)
    source, pipes = write_csv(tmp_path, points, lines, "gbk")
    options = ("--lines", str(pipes), "--mapping", str(tmp_path / "map.toml"))
    text = refused(tmp_path, source, *options, says=says, capture=capsys)
    first = text.splitlines()[1]
    assert ("pipes.csv: row" if name in OF_PIPES else "points.csv: row") in first


def test_a_missing_invert_is_not_written_as_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, lines = tables()
    points["Y6"][4] = lines["Y6-Y3"][4] = ""
    source, pipes = write_csv(tmp_path, points, lines)
    target = tmp_path / "out.inp"
    assert main(["network", "convert", str(source), str(target), "--lines", str(pipes)]) == errors.EXIT_BAD_INPUT
    assert "nodes without invert: Y6" in capsys.readouterr().err and not target.exists()
    assert main(["network", "check", str(source), "--lines", str(pipes)]) == errors.EXIT_BAD_INPUT
    assert "junction Y6" in capsys.readouterr().out


def test_files_that_are_no_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, pipes = write_csv(tmp_path, *tables())
    (tmp_path / "net.inp").write_bytes(b"\0\1\2" * 50)
    (tmp_path / "notes.inp").write_text("my network\n", encoding="utf-8")
    (tmp_path / "head.csv").write_text(",".join(POINT_COLUMNS) + "\n", encoding="utf-8")
    (tmp_path / "net.xls").write_bytes(b"xls")
    (tmp_path / "net.xlsx").write_bytes(b"no zip")
    (tmp_path / "net.gpkg").write_bytes(b"no database")
    (tmp_path / "map.toml").write_text("[points\n", encoding="utf-8")
    for name, options, words in (
        ("gone.inp", (), "no such file"),
        ("gone.csv", (), "no such file"),
        ("net.inp", (), "is no text file"),
        ("notes.inp", (), "before the first section"),
        ("head.csv", (), "holds no rows"),
        ("net.xls", (), "no table that can be read"),
        ("net.xlsx", (), "cannot be read as Excel"),
        ("net.gpkg", (), "cannot be read"),
        (source.name, (), "no tables of lines"),
        (source.name, ("--lines", str(tmp_path / "gone.csv")), "no such file"),
        (source.name, ("--lines", str(source)), "no tables of lines"),
        (source.name, ("--mapping", str(tmp_path / "map.toml")), "is no TOML file"),
    ):
        assert main(["network", "check", str(tmp_path / name), *options]) == errors.EXIT_BAD_INPUT
        shown = capsys.readouterr().err
        assert words in shown and "remedy: " in shown, shown


def test_broken_mappings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, pipes = write_csv(tmp_path, *tables())
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        'size_units = "mm"\nsize_unit = "inch"\nsnap = -1\n[points]\nlevels = "deep"\n[points.columns]\nnam = "管点"\n'
        '[materials]\n"竹" = 3\n',
        encoding="utf-8",
    )
    options = ("--lines", str(pipes), "--mapping", str(mapping))
    assert main(["network", "check", str(source), *options]) == errors.EXIT_BAD_INPUT
    shown = capsys.readouterr().err
    for words in ("size_units", "did you mean size_unit?", "mm, cm, m", "0 to 100 m", "elevation, depth",
                  "did you mean points.columns.name?", "materials.竹"):  # fmt: skip
        assert words in shown, shown
    mapping.write_text(
        '[points.columns]\nname = "井名"\nx = "X"\ny = "Y"\n[lines.columns]\nstart = "起点"\nend = "终点"\n', "utf-8"
    )
    assert main(["network", "check", str(source), *options]) == errors.EXIT_BAD_INPUT
    shown = capsys.readouterr().err
    assert "has no column 井名" in shown and "管点编号" in shown and "points.columns.name" in shown


def test_lines_that_end_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import shapely

    points, lines = frames(*tables())
    shapes = list(lines.geometry)
    shapes[1] = shapely.LineString([(X0 + 50, Y0), (X0 + 95, Y0)])
    source = write_gpkg(tmp_path / "s.gpkg", points, lines.set_geometry(shapes, crs=lines.crs))
    says = ("layer 管线 feature 2", "(500095.00, 3390000.00) is 5.00 m from the nearest point Y3", "raise snap")
    refused(tmp_path, source, says=says, capture=capsys)


def test_a_place_in_a_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, lines = tables()
    lines["Y3-Y4"][2] = "?"
    source = write_excel(tmp_path / "survey.xlsx", points, lines)
    refused(tmp_path, source, says=("sheet 线表 row 4, Y3-Y4",), capture=capsys)


def test_unknown_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, pipes = write_csv(tmp_path, *tables())
    for target, words in (
        ("net.dxf", ".inp, .gpkg"),
        ("deep/net.inp", "make the folder"),
        ("deep/net.gpkg", "make the"),
    ):
        command = ["network", "convert", str(source), str(tmp_path / target), "--lines", str(pipes)]
        assert main(command) == errors.EXIT_BAD_INPUT
        assert words in capsys.readouterr().err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["pipes.csv", "points.csv"]


def test_pumps_are_not_dropped_from_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A network with a pump can be drawn, but not read back from its layers as if it had none."""
    source = tmp_path / "net.inp"
    places = "".join(f"{name} {at} 0\n" for at, name in enumerate(("J2", "J3", "O1", "S1")))
    source.write_text(INP + places, encoding="utf-8")
    layers = tmp_path / "net.gpkg"
    assert main(["network", "convert", str(source), str(layers)]) == errors.EXIT_OK
    capsys.readouterr()
    refused(tmp_path, layers, says=("P1: a pump cannot be read", "S1: a storage cannot be read"), capture=capsys)
