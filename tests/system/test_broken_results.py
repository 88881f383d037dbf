"""Result folders in the way, folders and disks that cannot be written.

No good result is lost, and no half one looks whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import netCDF4
import pytest

from floodsim import cli, errors
from tests.system.conftest import ROOT, call_floodsim
from tests.system.yard import edit, make_yard, snapshot, write

pytest.importorskip("rasterio")
Shown = pytest.CaptureFixture[str]
DISK = 480 * 1024
"""Size of the small disk: the prepared ground fits, the maps do not, bytes."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sound case and its finished result in ``out``."""
    folder = tmp_path_factory.mktemp("done")
    case = make_yard(folder)
    assert cli.main(["run", str(case), "--out", str(folder / "out"), "--quiet"]) == errors.EXIT_OK
    return folder


@pytest.fixture
def yard(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own copy of the sound case and its result, which is also the current folder."""
    folder = tmp_path / "yard"
    shutil.copytree(done, folder)
    monkeypatch.chdir(folder)
    return folder


def stopped(folder: Path, capsys: Shown, code: int, *options: str) -> str:
    """Run the case, which must end with this exit code and leave everything as it was; returns what it said."""
    before = snapshot(folder)
    assert cli.main(["run", "case.toml", "--quiet", *options]) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert snapshot(folder) == before
    return shown.err


def test_sound_case_runs(done: Path) -> None:
    """All the mistakes of these tests are mistakes: the case they are made in has none."""
    assert json.loads((done / "out" / "summary.json").read_text(encoding="utf-8"))["status"] == "complete"
    assert not list(done.rglob("*.part"))
    with netCDF4.Dataset(done / "out" / "envelopes.nc") as file:
        assert 0.02 < float(file["max_depth"][:].max()) < 1.0


def test_finished_result_without_force(yard: Path, capsys: Shown) -> None:
    shown = stopped(yard, capsys, errors.EXIT_WOULD_OVERWRITE, "--out", "out")
    assert "out: holds a finished result; use --force" in shown


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_folder_with_other_things(yard: Path, force: tuple[str, ...], capsys: Shown) -> None:
    (yard / "mine").mkdir()
    (yard / "mine" / "thesis.txt").write_text("years of work")
    shown = stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "mine", *force)
    assert "mine: the folder is not empty" in shown
    assert "remedy: choose another --out" in shown


def test_broken_case_keeps_an_older_result_even_with_force(yard: Path, capsys: Shown) -> None:
    write("rain.csv", "time,intensity\n0,30\n2,-60\n")(yard)
    shown = stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "out", "--force")
    assert "rain.csv: rainfall.file: negative rain" in shown


def test_broken_case_leaves_no_folders(yard: Path, capsys: Shown) -> None:
    """Not even those above the result folder, whether named or not."""
    write("rain.csv", "")(yard)
    stopped(yard, capsys, errors.EXIT_BAD_INPUT)
    stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "of/many/levels")


@pytest.mark.parametrize("stage", ["make_setup", "write_bundle", "warm_up"])
def test_ctrl_c_before_the_first_step(yard: Path, stage: str, monkeypatch: pytest.MonkeyPatch, capsys: Shown) -> None:
    """While the ground is prepared, written, or the solver compiled: nothing is left of a run that did not begin."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"floodsim.simulate.run_case.{stage}", stop)
    assert "interrupted" in stopped(yard, capsys, errors.EXIT_INTERRUPTED, "--out", "new/one")


def test_result_folder_below_a_file(yard: Path, capsys: Shown) -> None:
    shown = stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "rain.csv/out")
    assert "rain.csv/out: cannot write" in shown
    assert "remedy: " in shown


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc")
def test_result_folder_where_nothing_can_be_written(yard: Path, capsys: Shown) -> None:
    shown = stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "/proc/floodsim/out")
    assert "/proc/floodsim/out: cannot write" in shown
    assert "another result folder" in shown


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_read_only_folder(yard: Path, capsys: Shown) -> None:
    (yard / "locked").mkdir(mode=0o500)
    shown = stopped(yard, capsys, errors.EXIT_BAD_INPUT, "--out", "locked/out")
    assert "read-only" in shown


def test_tampered_case_of_a_result(yard: Path, capsys: Shown) -> None:
    """The case.json of a run is a case like any other; where it was changed by hand its faults are found."""
    file = yard / "out" / "case.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"cfl": 0.45', '"cfl": 6').replace('"duration": 600.0', '"duratoin": 600.0', 1))
    before = snapshot(yard)
    assert cli.main(["run", "out/case.json", "--out", "again"]) == errors.EXIT_BAD_INPUT
    shown = capsys.readouterr().err
    assert "out/case.json: solver.cfl: out of range" in shown
    assert 'did you mean "duration"?' in shown
    file.write_text(text[: len(text) // 2], encoding="utf-8")
    assert cli.main(["run", "out/case.json", "--out", "again"]) == errors.EXIT_BAD_INPUT
    assert re.search(r"out/case.json: cannot be read as JSON: .* \(at line \d+, column \d+\)", capsys.readouterr().err)
    shutil.rmtree(yard / "again", ignore_errors=True)
    assert {name for name in snapshot(yard) if name not in before} == set()


@pytest.mark.parametrize("name", ["summary.json", "maps.nc", "envelopes.nc"])
def test_damaged_result_is_named(yard: Path, name: str, capsys: Shown) -> None:
    file = yard / "out" / name
    file.write_bytes(file.read_bytes()[:200])
    assert cli.main(["info", "out"]) == errors.EXIT_BAD_INPUT
    shown = capsys.readouterr().err
    assert f"out/{name}: damaged" in shown
    assert "remedy: " in shown and "Traceback" not in shown


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory with room for little; skipped where none may be mounted."""
    with small_disk(tmp_path, DISK) as folder:
        yield folder


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A folder in ``place`` that is a file system in memory of ``size`` bytes; skips where none may be mounted."""
    folder = place / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk_that_fills_up_during_the_run(yard: Path, disk: Path, capsys: Shown) -> None:
    """The run stops with an error; what it left says so to every reader, and may be replaced at once."""
    edit('interval = "5 min"', 'interval = "10 s"\ncompression = 0')(yard)
    result = call_floodsim(yard, "run", "case.toml", "--quiet", "--out", disk / "out")
    assert result.returncode == errors.EXIT_RUN_FAILED, result.stderr
    assert "Traceback" not in result.stderr
    assert "cannot write" in result.stderr and "the disk is full: free space" in result.stderr
    assert result.stdout == ""
    assert json.loads((disk / "out" / "summary.json").read_text(encoding="utf-8"))["status"] == "failed"
    assert not (disk / "out" / "verdict.json").exists()
    assert not list(disk.rglob("*.part"))
    with netCDF4.Dataset(disk / "out" / "maps.nc") as file:
        assert file.floodsim_status in ("running", "failed")
    assert cli.main(["info", str(disk / "out")]) != errors.EXIT_UNEXPECTED
    assert "complete" not in capsys.readouterr().out
    stderr = call_floodsim(yard, "run", "case.toml", "--quiet", "--out", disk / "out").stderr
    assert "--force" not in stderr


@pytest.mark.parametrize("free", [3_000, 60_000])
def test_disk_that_is_full_before_the_run(yard: Path, disk: Path, free: int) -> None:
    """Not even the folder, the case or the prepared ground fit: nothing is left of the run that could not start."""
    (disk / "films").write_bytes(b"0" * (DISK - free))
    result = call_floodsim(yard, "run", "case.toml", "--quiet", "--out", disk / "new" / "out")
    assert result.returncode in (errors.EXIT_BAD_INPUT, errors.EXIT_RUN_FAILED), result.stderr
    assert "Traceback" not in result.stderr and "fault of floodsim" not in result.stderr
    assert "cannot " in result.stderr and "free space" in result.stderr
    assert [entry.name for entry in disk.iterdir()] == ["films"]


@pytest.mark.skipif(os.name == "nt", reason="limits of a process")
def test_file_that_may_not_grow(yard: Path) -> None:
    """In a process of its own whose files may not grow beyond 150 kB, as with a quota."""
    edit('interval = "5 min"', 'interval = "10 s"\ncompression = 0')(yard)
    code = (
        "import resource, sys\n"
        "from floodsim.case.load import load_case\n"
        "from floodsim.simulate.warm_up import warm_up\n"
        "warm_up(load_case('case.toml'))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))\n"
        "from floodsim.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "run", "case.toml", "--quiet", "--out", "limited"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == errors.EXIT_RUN_FAILED, result.stderr
    assert "cannot write" in result.stderr and "maps.nc" in result.stderr
    assert "Traceback" not in result.stderr
    assert json.loads((yard / "limited" / "summary.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_whole_program_refuses_a_broken_case(yard: Path) -> None:
    """Once through the real program, as a shell script sees it."""
    edit("terrain = ", "terain = ", "threads = 1", "threads = 1\ncfl = 0.9")(yard)
    before = snapshot(yard)
    result = subprocess.run(
        [sys.executable, "-m", "floodsim", "run", "case.toml", "--out", "new"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert result.stdout == ""
    assert result.stderr.startswith("2 faults; nothing was run or written\n")
    assert 'did you mean "terrain"?' in result.stderr and "solver.cfl" in result.stderr
    assert snapshot(yard) == before
