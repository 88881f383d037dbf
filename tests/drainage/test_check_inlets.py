"""Inlets are checked with object and place: by `network check`, and in a case before its run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from floodsim.cli import cli
from floodsim.drainage.check_inlets import check_inlets, in_short
from floodsim.drainage.check_network import ERROR, WARNING, Finding
from floodsim.drainage.inlet_rows import Row, table_rows
from floodsim.drainage.read_inp import read_inp
from floodsim.errors import CaseError, Faults
from floodsim.grid.grid import Grid, make_grid
from tests.simulate.networks import street_drain

DESIGN = "[INLETS]\nWide GRATE 0.9 0.6 P_BAR-50\n[INLET_USAGE]\n"


def ground() -> Grid:
    """100 m x 40 m at 10 m, with a house at x 52 to 64 m, y 0 to 12 m."""
    building = np.zeros((20, 50), np.uint8)
    building[:6, 26:32] = 1
    return make_grid(10.0 + 5.0 * building, 2.0, building=building)


def findings(folder: Path, *rows: Row) -> list[Finding]:
    return check_inlets(rows, read_inp(street_drain(folder / "d.inp")), ground())


def inlet(name: str, node: str, x: float, y: float, crest: float = float("nan")) -> Row:
    return Row(name, node, "grate", "line 2", x, y, crest=crest, own_place=True)


SOUND = inlet("good", "A", 12, 21)
CASES = {
    "inlet_node": (inlet("g", "AA", 12, 21), ERROR, "node AA", "did you mean A?"),
    "inlet_off_terrain": (inlet("g", "A", 12, 41), ERROR, "outside the terrain", "coordinates"),
    "inlet_closed": (inlet("g", "B", 58, 3), WARNING, "on a building", "move it"),
    "inlet_far": (inlet("g", "A", 99, 90), WARNING, "112 m from its node A", "coordinate systems"),
    "inlet_crest": (inlet("g", "A", 12, 21, 0.2), WARNING, "9.80 m off the street (10.00 m)", "not a depth"),
    "inlet_outfall": (inlet("g", "O", 480, 20), WARNING, "outfall O", "manhole"),
    "inlet_name": (inlet("GOOD", "A", 14, 21), WARNING, "name of another (line 2)", "twice"),
    "inlet_double": (inlet("g", "A", 12.001, 21), WARNING, "stands at the place of good", "count"),
}


@pytest.mark.parametrize("check", CASES)
def test_each_check(tmp_path: Path, check: str) -> None:
    row, severity, said, remedy = CASES[check]
    assert findings(tmp_path, SOUND) == []
    hit = next(one for one in findings(tmp_path, SOUND, row) if one.check == check)
    assert hit.severity == severity and said in hit.message and remedy in hit.remedy
    assert hit.title == f"inlet {row.name} (line 2)" and (hit.x, hit.y) == (row.x, row.y)


@pytest.mark.parametrize(("level", "words"), [(11.3, "below the street"), (8.7, "above the street"), (10.6, "")])
def test_the_rim_of_the_node_against_the_ground_of_the_inlet(tmp_path: Path, level: float, words: str) -> None:
    """Rim at 10 m, the inlet 10 m away: 0.5 m and a fall of 5 % of the street are allowed."""
    network = read_inp(street_drain(tmp_path / "d.inp"))
    found = check_inlets([inlet("g", "A", 11, 30)], network, make_grid(np.full((20, 50), level), 2.0))
    assert [one.check for one in found] == (["inlet_rim"] if words else [])
    assert all(words in one.message and "1.30 m" in one.message for one in found)


def test_notes_tell_a_few_of_a_kind_and_count_the_rest(tmp_path: Path) -> None:
    rows = [inlet(f"g{k}", "B", 56 + 0.1 * k, 3) for k in range(5)]
    notes = in_short(findings(tmp_path, *rows))
    assert len(notes) == 1
    assert "g2" in notes[0] and "g3" not in notes[0] and "and 2 more" in notes[0] and "(56.00, 3.00)" in notes[0]


def test_a_place_has_two_numbers(tmp_path: Path) -> None:
    table, faults = tmp_path / "i.csv", Faults()
    table.write_text("node,class,x,y,count\nA,grate,3,,1\nA,grate,3,4,inf\n")
    table_rows(table, faults)
    assert [(fault.message, fault.value) for fault in faults.found] == [
        ("has x alone (line 2)", "3"), ("count is no number or out of range (line 3)", "inf"),
    ]  # fmt: skip


def test_uses_of_a_swmm_input_name_conduit_and_node(tmp_path: Path) -> None:
    """None of these was seen before the run; a count out of range ended in a traceback."""
    uses = "C9 Wide B\nC1 Wide Q\nC2 Wide C 0\nC2 Wide C 1 120\n"
    with pytest.raises(CaseError) as caught:
        read_inp(street_drain(tmp_path / "d.inp", DESIGN + uses))
    told = [(fault.key, fault.message) for fault in caught.value.faults]
    assert [key.split("] ")[1].split()[-1] for key, _ in told] == ["C2", "C2", "C9", "C1"]
    for (key, message), part in zip(
        told, ("number of inlets is out", "share clogged is out", "the conduit C9", "the node Q"), strict=True
    ):
        assert key.startswith("[INLET_USAGE] line") and part in message


def test_the_command_tells_inlets_of_both_files(tmp_path: Path) -> None:
    inp = street_drain(tmp_path / "d.inp", DESIGN + "C1 Wide B\nC1 Wide B\n")
    table = tmp_path / "i.csv"
    table.write_text("node,class,x,y,clogging\nB,grate,,,\nZ,grate,,,1.5\n")
    run = CliRunner(env={"COLUMNS": "400"}).invoke(cli, ["network", "check", str(inp), "--inlets", str(table)])
    assert "clogging is no number or out of range (line 3)" in run.output
    assert "Z-2 (line 3)" in run.output and "name of another" in run.output
    assert "2 errors, 1 warnings" in run.output
