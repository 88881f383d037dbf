"""Every check finds its fault, names the object and its place, and is silent on a sound network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from floodsim.drainage import network as nw
from floodsim.drainage.check_network import ERROR, WARNING, check_network
from floodsim.drainage.paths import parts_of, reaches
from floodsim.drainage.read_inp import read_inp
from floodsim.grid.grid import make_grid

SOUND = """\
[OPTIONS]
FLOW_UNITS CMS
[JUNCTIONS]
J1 10.0 2
J2 9.8 2.2
J3 9.6 2.4
[OUTFALLS]
O1 9.4 FREE NO
[CONDUITS]
C1 J1 J2 50 0.013
C2 J2 J3 50 0.013
C3 J3 O1 50 0.013
[XSECTIONS]
C1 CIRCULAR 0.6
C2 CIRCULAR 0.8
C3 CIRCULAR 0.8
[COORDINATES]
J1 10 10
J2 60 10
J3 110 10
O1 160 10
"""


def network_of(folder: Path, *changes: tuple[str, str], more: str = "") -> nw.Network:
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "net.inp"
    path.write_text(text + more, encoding="utf-8")
    return read_inp(path)


def test_a_sound_network_has_no_findings(tmp_path: Path) -> None:
    terrain = make_grid(np.full((10, 20), 12.0), 10.0)
    assert check_network(network_of(tmp_path), terrain) == []


CASES = {
    "missing_invert": ([("J2 9.8 2.2", "J2 *")], "", "junction J2", ERROR, (60, 10)),
    "adverse_slope": ([("J2 9.8", "J2 10.3")], "", "conduit C1", WARNING, (35, 10)),
    "shrinking": ([("C2 CIRCULAR 0.8", "C2 CIRCULAR 0.5")], "", "conduit C2", WARNING, (85, 10)),
    "no_path": ([("C3 J3 O1", "C3 J1 J3")], "", "junction J1", ERROR, (10, 10)),
    "against_flow": ([("C1 J1 J2", "C1 J2 J1")], "", "junction J1", WARNING, (10, 10)),
    "part": ([], "[JUNCTIONS]\nK1 10 2\n[OUTFALLS]\nK2 9 FREE\n[CONDUITS]\nD J1 J2 9 0.01\nE K1 K2 99 0.01\n"
             "[XSECTIONS]\nD CIRCULAR 0.6\nE CIRCULAR 0.6\n[COORDINATES]\nK1 5 50\n", "junction K1", WARNING, (5, 50)),
    "alone": ([], "[OUTFALLS]\nLOST 9 FREE\n[COORDINATES]\nLOST 7 8\n", "outfall LOST", WARNING, (7, 8)),
    "pump_curve": ([], "[PUMPS]\nP1 J1 J3 *\n", "pump P1", WARNING, (60, 10)),
    "pump_depths": ([], "[PUMPS]\nP1 J1 J3 PC ON 1 1.5\n[CURVES]\nPC PUMP4 0 0 2 1\n", "pump P1", ERROR, (60, 10)),
    "initial_depth": ([("J1 10.0 2", "J1 10.0 2 2.5")], "", "junction J1", WARNING, (10, 10)),
    "roughness": ([("C1 J1 J2 50 0.013", "C1 J1 J2 50 0.0013")], "", "conduit C1", WARNING, (35, 10)),
    "steep": ([("C1 J1 J2 50", "C1 J1 J2 0.1")], "", "conduit C1", WARNING, (35, 10)),
    "no_outfall": ([("O1 9.4 FREE NO", ""), ("[OUTFALLS]", "O1 9.4 2")], "", "network", ERROR, None),
    "dummy": ([("C2 CIRCULAR 0.8", "C2 DUMMY")], "[CONDUITS]\nD J2 J3 9 0.01\n[XSECTIONS]\nD CIRCULAR 1\n",
              "conduit C2", WARNING, (85, 10)),
    "unsupported": ([], "[STORAGE]\nS 9 2 0 FUNCTIONAL 0 0 9 0 1\n[EVAPORATION]\nCONSTANT 3\n",
                    "STORAGE S", WARNING, None),
}  # fmt: skip


@pytest.mark.parametrize("check", CASES)
def test_each_check(tmp_path: Path, check: str) -> None:
    changes, more, name, severity, place = CASES[check]
    found = [one for one in check_network(network_of(tmp_path, *changes, more=more)) if one.check == check]
    hit = next((one for one in found if one.object == name), None)
    assert hit is not None, found
    assert hit.severity == severity and hit.message and hit.remedy
    assert name.split()[-1] in str(hit)
    if place is not None:
        assert (hit.x, hit.y) == place and f"({place[0]:.2f}, {place[1]:.2f})" in str(hit)


def test_findings_say_where_the_file_has_the_object(tmp_path: Path) -> None:
    """Section and line of a SWMM input; networks made in code have neither."""
    network = network_of(tmp_path, ("C1 J1 J2 50 0.013", "C1 J1 J2 50 0.5"), more=CASES["unsupported"][1])
    told = {one.title for one in check_network(network)}
    assert told >= {"conduit C1 ([CONDUITS] line 10)", "STORAGE S ([STORAGE] line 23)"}
    assert {one.title for one in check_network(replace(network, places={}))} >= {"conduit C1", "STORAGE S"}


def test_numbers_are_told(tmp_path: Path) -> None:
    network = network_of(tmp_path, ("J2 9.8", "J2 10.3"), ("C2 CIRCULAR 0.8", "C2 CIRCULAR 0.5"))
    texts = {one.check: one.message for one in check_network(network)}
    assert "0.300 m over 50.0 m" in texts["adverse_slope"]
    assert "0.50 m" in texts["shrinking"] and "0.60 m of C1" in texts["shrinking"]


def test_a_pump_without_curve_is_an_error(tmp_path: Path) -> None:
    """A reader refuses it; a network made in code may have one."""
    network = network_of(tmp_path, more="[PUMPS]\nP1 J1 J3 PC\n[CURVES]\nPC PUMP4 0 0 2 1\n")
    broken = replace(network, pumps=replace(network.pumps, curve=np.array([nw.NONE])))
    assert [(one.severity, one.object) for one in check_network(broken)] == [(ERROR, "pump P1")]


@pytest.mark.parametrize(("level", "words"), [(12.6, "below"), (11.4, "above"), (12.4, ""), (11.6, "")])
def test_rims_and_terrain(tmp_path: Path, level: float, words: str) -> None:
    """Rims stand at 12.0; half a metre is allowed, outfalls are not compared."""
    terrain = make_grid(np.full((10, 20), level), 10.0)
    found = check_network(network_of(tmp_path), terrain)
    assert [one.object for one in found] == (["junction J1", "junction J2", "junction J3"] if words else [])
    assert all(one.check == "rim" and f"0.60 m {words}" in one.message for one in found)


def test_nodes_off_the_terrain(tmp_path: Path) -> None:
    found = check_network(network_of(tmp_path), make_grid(np.full((10, 10), 12.0), 10.0))
    assert [(one.check, one.object) for one in found] == [("off_terrain", "junction J3")]


def test_errors_stand_first(tmp_path: Path) -> None:
    network = network_of(tmp_path, ("C1 J1 J2 50 0.013", "C1 J1 J2 50 0.5"), ("J3 9.6 2.4", "J3"))
    severities = [one.severity for one in check_network(network)]
    assert severities == sorted(severities) and set(severities) == {ERROR, WARNING}


@pytest.mark.parametrize("seed", range(5))
def test_ways_against_networkx_free_reference(tmp_path: Path, seed: int) -> None:
    """Reachability and parts of random graphs against powers of the adjacency matrix."""
    rng = np.random.default_rng(seed)
    count = 14
    ends = rng.integers(0, count, (12, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    base = network_of(tmp_path)
    network = replace(
        base,
        nodes=replace(base.nodes, name=tuple(map(str, range(count)))),
        links=replace(base.links, start=ends[:, 0], end=ends[:, 1]),
    )
    goals = rng.random(count) < 0.15
    step = np.eye(count, dtype=int)
    step[ends[:, 0], ends[:, 1]] = 1
    way: Callable[[np.ndarray], np.ndarray] = lambda matrix: np.linalg.matrix_power(matrix, count) > 0  # noqa: E731
    np.testing.assert_array_equal(reaches(network, goals), (way(step) & goals).any(axis=1))
    both = way(np.maximum(step, step.T))
    np.testing.assert_array_equal(reaches(network, goals, both_ways=True), (both & goals).any(axis=1))
    parts = parts_of(network)
    np.testing.assert_array_equal(parts[:, None] == parts[None, :], both)
