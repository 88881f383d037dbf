"""Runs that are stopped, killed or out of disk: the same command with --resume brings them to their end."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from floodsim import cli, errors
from floodsim.assess.compare import exact_differences
from tests.simulate.whole_town import case, town
from tests.system.conftest import ROOT, Floodsim, call_floodsim, write_terrain
from tests.system.test_broken_results import small_disk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def write_town(folder: Path, minutes: float) -> Path:
    """The little town with its network as files; everything is drained, pumped, ruled and lost as in `whole_town`."""
    write_terrain(folder / "bed.asc", town().array("bed"), cell=2.0)
    keys = case(folder, clock={"duration": f"{minutes} min"}, grid={"terrain": "bed.asc", "crs": "local"})
    (folder / "town.json").write_text(json.dumps(keys), encoding="utf-8")
    return folder / "town.json"


def begin(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start the run and wait until its clock does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "floodsim", "run", "town.json", "--out", "out", "--log", "--resume", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("start:"):
            return process
    raise AssertionError(process.communicate())


def stop(process: subprocess.Popen[str], number: signal.Signals, after: float) -> str:
    """Send a signal after some seconds and wait for the end; gives stdout."""
    try:
        time.sleep(after)
        process.send_signal(number)
        shown, said = process.communicate(timeout=120)
    finally:
        process.kill()
    if number == signal.SIGTERM:
        assert process.returncode == errors.EXIT_INTERRUPTED, said
        assert "Traceback" not in said
    return shown


def finish(folder: Path) -> dict[str, object]:
    result = call_floodsim(folder, "run", "town.json", "--out", "out", "--quiet", "--resume")
    assert result.returncode == errors.EXIT_OK, result.stderr
    assert not {"checkpoint", "parts", "previous"} & {one.name for one in (folder / "out").iterdir()}
    return json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town over 15 min, run in one piece."""
    folder = tmp_path_factory.mktemp("whole")
    write_town(folder, 15.0)
    assert call_floodsim(folder, "run", "town.json", "--out", "out", "--quiet").returncode == errors.EXIT_OK
    return folder / "out"


def test_sigterm_and_sigkill_then_resume(
    tmp_path: Path, whole: Path, floodsim: Floodsim, capsys: pytest.CaptureFixture[str]
) -> None:
    write_town(tmp_path, 15.0)
    shown = stop(begin(tmp_path), signal.SIGTERM, 0.4)
    reached = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["simulated_s"]
    assert 0.0 < reached < 900.0
    assert "floodsim run out --resume" in shown
    told = floodsim("info", "out").stdout
    assert "interrupted" in told and "floodsim run out --resume" in told
    other = floodsim("run", "town.json", "--out", "out", "--resume", "--set", "solver.cfl=0.3")
    assert other.returncode == errors.EXIT_BAD_INPUT and "solver.cfl = 0.45 then, 0.3 now" in other.stderr
    process = begin(tmp_path, "--checkpoint-every", "0.0005")
    while len(list((tmp_path / "out" / "checkpoint").iterdir())) < 2:
        time.sleep(0.01)
    stop(process, signal.SIGKILL, 0.1)
    resumed = finish(tmp_path)["resumed_at_s"]
    assert isinstance(resumed, list) and resumed[0] == reached and len(resumed) == 2
    assert exact_differences(tmp_path / "out", whole) == []
    assert cli.main(["run", str(tmp_path / "out"), "--resume"]) == errors.EXIT_OK
    assert "nothing to do" in capsys.readouterr().err


@pytest.mark.slow
def test_sigterm_five_times_gives_the_same_bits(tmp_path: Path, whole: Path) -> None:
    write_town(tmp_path, 15.0)
    for _ in range(5):
        stop(begin(tmp_path), signal.SIGTERM, 0.2)
    resumed = finish(tmp_path)["resumed_at_s"]
    assert isinstance(resumed, list) and len(resumed) == 5 and resumed == sorted(set(resumed))
    assert exact_differences(tmp_path / "out", whole) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_sigkill_at_random_moments_gives_the_same_bits(tmp_path: Path, whole: Path, seed: int) -> None:
    """Checkpoints follow each other so closely that many kills fall into the writing of one, or of a map."""
    chance = random.Random(seed)
    write_town(tmp_path, 15.0)
    for _ in range(6):
        stop(begin(tmp_path, "--checkpoint-every", "0.0005"), signal.SIGKILL, chance.uniform(0.0, 0.6))
    finish(tmp_path)
    assert exact_differences(tmp_path / "out", whole) == []


@pytest.mark.slow
def test_full_disk_ends_in_a_clear_error_and_a_whole_checkpoint(tmp_path: Path, whole: Path) -> None:
    """On a disk of 4 MB, about three checkpoints of this run with its results so far."""
    write_town(tmp_path, 15.0)
    with small_disk(tmp_path, 4_000_000) as disk:
        command = ("run", "town.json", "--quiet", "--resume", "--checkpoint-every", "0.0005", "--out", disk / "out")
        result = call_floodsim(tmp_path, *command)
        assert result.returncode == errors.EXIT_RUN_FAILED, result.stderr
        assert "Traceback" not in result.stderr and "the disk is full: free space" in result.stderr
        assert "is whole: continue from it with --resume" in result.stderr
        assert not list(disk.rglob("*.part"))
        shutil.copytree(disk / "out", tmp_path / "out")
    assert finish(tmp_path)["resumed_at_s"]
    assert exact_differences(tmp_path / "out", whole) == []
