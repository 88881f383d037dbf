"""Cases with one mistake each, run as a user runs them: the message names file, key, value and remedy, nothing is left.

The tables of mistakes stand in ``broken_inputs.py`` and ``broken_keys.py``; the sound case in ``yard.py``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from floodsim import cli, errors
from tests.system import broken_inputs, broken_keys
from tests.system.yard import Broken, assert_well_said, faults_in, make_yard, params, snapshot

pytest.importorskip("rasterio")

INSIDE = [
    *broken_inputs.RASTERS, *broken_inputs.LAYERS, *broken_inputs.SERIES, *broken_keys.UNITS, *broken_keys.KEYS,
    *broken_keys.PLACES, *broken_keys.STORMS, *broken_keys.OPTIONS,
]  # fmt: skip


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
    code = cli.main(["run", broken.case, "--out", "out", *broken.options])
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
