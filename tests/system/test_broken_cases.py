"""Cases with one mistake each, run as a user runs them: the message names file, key, value and remedy, nothing is left.

The tables of mistakes stand in ``broken_inputs.py`` and ``broken_keys.py``; the sound case in ``yard.py``.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from floodsim import cli, errors
from tests.grid.makers import write_tif
from tests.system import broken_inputs, broken_keys
from tests.system.yard import (
    PLACE,
    Broken,
    assert_well_said,
    cut,
    edit,
    faults_in,
    ground,
    make_yard,
    params,
    snapshot,
    untouched,
    write,
)

pytest.importorskip("rasterio")

INSIDE = [
    *broken_inputs.RASTERS, *broken_inputs.LAYERS, *broken_inputs.SERIES, *broken_keys.UNITS, *broken_keys.KEYS,
    *broken_keys.PLACES, *broken_keys.STORMS, *broken_keys.OPTIONS,
]  # fmt: skip

FOUND_LATE = (
    "unknown standard", "area kind misspelt in a layer", "brook on blocked cells", "losses table without class",
)  # fmt: skip
"""Mistakes that only show when everything for a run is at hand."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the sound case."""
    folder = tmp_path_factory.mktemp("sound")
    make_yard(folder)
    return folder


@pytest.fixture
def yard(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own copy of the sound case, which is also the current folder."""
    folder = tmp_path / "yard"
    shutil.copytree(sound, folder)
    monkeypatch.chdir(folder)
    return folder


def refused(folder: Path, broken: Broken, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a broken case; it must end with the exit code for bad input and leave everything as it was."""
    before = snapshot(folder)
    code = cli.main(["run", broken.case, "--out", "out", "--quiet", *broken.options])
    shown = capsys.readouterr()
    assert code == errors.EXIT_BAD_INPUT, shown
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert snapshot(folder) == before
    return shown.err


@pytest.mark.parametrize("broken", params(INSIDE))
def test_one_mistake_is_explained(yard: Path, broken: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    broken.make(yard)
    faults = faults_in(refused(yard, broken, capsys))
    assert len(faults) == 1, faults
    first = faults[0].splitlines()[0]
    assert Path(first.split(": ")[0]).name == broken.file, first
    assert broken.key in first
    for words in broken.shows:
        assert words in faults[0]
    assert_well_said(faults)


@pytest.mark.parametrize("broken", params(broken_keys.SYNTAX))
def test_what_is_no_case_is_explained(yard: Path, broken: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the file as a whole cannot be read there is no key to name, but a place in the file."""
    broken.make(yard)
    (fault,) = faults_in(refused(yard, broken, capsys))
    assert fault.startswith(f"{broken.file}: ")
    assert "    remedy: " in fault
    for words in broken.shows:
        assert words in fault


def test_several_mistakes_are_told_at_once(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three in the case file; once these are mended, five in what it names, from the terrain to the point."""
    case = yard / "case.toml"
    sound_text = case.read_text(encoding="utf-8")
    edit("terrain = ", "terain = ", '"10 min"', '"10 mins"', "threads = 1", "threads = 1\ncfl = 0.9")(yard)
    faults = faults_in(refused(yard, Broken("", untouched, "", ()), capsys))
    assert_well_said(faults)
    assert {key for key in ("grid.terain", "clock.duration", "solver.cfl") if any(key in one for one in faults)} == {
        "grid.terain", "clock.duration", "solver.cfl",
    }  # fmt: skip
    case.write_text(sound_text, encoding="utf-8")

    write("rain.csv", "time,intensity\n0,30\n2,-60\n4,wet\n")(yard)
    write("river.csv", "time,level\n0,499.5\n5,499.7\n")(yard)
    edit("x = 400130.0", "x = 500130.0", 'edge = "west"\nspan = [3400040.0', 'edge = "west"\nspan = [3200000.0')(yard)
    edit("3400060.0]", "3200060.0]")(yard)
    faults = faults_in(refused(yard, Broken("", untouched, "", ()), capsys))
    assert_well_said(faults)
    assert [fault.splitlines()[0].split(": ")[1] for fault in faults] == [
        "points[0]", "boundaries[1]", "rainfall.file", "rainfall.file", "boundaries[0].level",
    ]  # fmt: skip


def test_broken_ground_does_not_hide_broken_series(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut("dem.tif")(yard)
    write("houses.gpkg", b"")(yard)
    write("rain.csv", "time,intensity\n0,30\n2,-60\n")(yard)
    edit('discharge = "0.05 m3/s"', "discharge = {values = [[0.0, 0.05], [300.0, 0.05]]}")(yard)
    faults = faults_in(refused(yard, Broken("", untouched, "", ()), capsys))
    assert_well_said(faults)
    keys = [fault.splitlines()[0].split(": ")[1] for fault in faults]
    assert keys == ["grid.terrain", "rainfall.file", "sources[0].discharge"]


@pytest.mark.parametrize("command", ["check", "info"])
def test_other_commands_refuse_it_too(yard: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    edit("terrain = ", "terain = ")(yard)
    before = snapshot(yard)
    assert cli.main([command, "case.toml"]) == errors.EXIT_BAD_INPUT
    assert 'did you mean "terrain"?' in capsys.readouterr().err
    assert snapshot(yard) == before


@pytest.mark.parametrize("broken", params([broken for broken in INSIDE if broken.name in FOUND_LATE]))
def test_check_finds_what_run_finds(yard: Path, broken: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard, waterlogging points, boundaries and losses are looked at although nothing is run."""
    broken.make(yard)
    assert cli.main(["check", "case.toml", "--out", "ground"]) == errors.EXIT_BAD_INPUT
    assert broken.key in capsys.readouterr().err
    assert not (yard / "ground").exists()


def notes_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``floodsim check`` says of a case that can be run."""
    assert cli.main(["check", str(folder / "case.toml")]) == errors.EXIT_OK, capsys.readouterr().err
    shown = capsys.readouterr()
    assert shown.err == ""
    return " ".join(line for line in shown.out.splitlines() if line.startswith("note: "))


def test_sound_case_has_nothing_to_note(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = notes_of(yard, capsys)
    assert "note: " not in notes.replace("note: roughness: cover.tif holds land-cover classes", "")


def test_pond_without_outlet_is_a_note(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pond may be meant; that its water stays is said all the same."""
    levels = ground().copy()
    levels[4:8, 22:26] -= 1.5
    write_tif(yard / "dem.tif", levels, **PLACE)  # type: ignore[arg-type]
    notes = notes_of(yard, capsys)
    assert "closed depression" in notes and "x = 4001" in notes and "water stays there" in notes


def test_return_period_beyond_the_formula_is_a_warning(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken_keys.chicago("chengdu", "500 a")(yard)
    assert "return period 500 a is outside the 2 to 100 a that chengdu covers" in notes_of(yard, capsys)


def test_rain_that_begins_late_is_a_warning(yard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("rain.csv", "time,intensity\n4,90\n6,30\n8,0\n")(yard)
    notes = notes_of(yard, capsys)
    assert "begin 240 s after the start of the run" in notes
    assert "no rain before" in notes


def calls_with_faults() -> list[tuple[str, ast.Call]]:
    """Every place of the source where a fault is made, as file:line and call.

    Left out is the check of drainage networks, whose faults are about tables that programs made.
    """
    found = []
    for path in sorted(Path(errors.__file__).parent.rglob("*.py")):
        if path.parts[-2:] == ("drainage", "validate.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Fault", "faults.add", "refuse"):
                found.append((f"{path.name}:{node.lineno}", node))
    return found


def test_every_fault_says_what_to_do() -> None:
    calls = calls_with_faults()
    assert len(calls) > 150
    position = list(errors.Fault.__dataclass_fields__).index("remedy")
    silent = [
        place
        for place, call in calls
        if not any(word.arg == "remedy" for word in call.keywords)
        and not (ast.unparse(call.func) == "Fault" and len(call.args) > position)
    ]
    assert silent == []
