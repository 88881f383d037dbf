"""Whole runs through the command line, on cases whose answer is known beforehand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from floodsim import errors
from tests.system.conftest import ROOT, Floodsim, call_floodsim, write_pool

RAIN_DEPTH = 0.06 / 6.0  # 60 mm/h for 10 min


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run of the pool; what it printed is in the files stdout and stderr beside it."""
    home = tmp_path_factory.mktemp("finished")
    result = call_floodsim(home, "run", write_pool(home), "--threads", "2", "--set", "output.series_interval=300")
    (home / "stdout").write_text(result.stdout, encoding="utf-8")
    (home / "stderr").write_text(result.stderr, encoding="utf-8")
    assert result.returncode == errors.EXIT_OK, result.stderr
    return home / "results" / "pool"


def test_run_leaves_the_answer(finished: Path) -> None:
    assert read_json(finished / "summary.json")["status"] == "complete"
    case = read_json(finished / "case.json")
    assert case["solver"]["threads"] == 2
    assert case["output"]["series_interval"] == 300.0
    with netCDF4.Dataset(finished / "envelopes.nc") as file:
        assert file.floodsim_status == "complete"
        np.testing.assert_allclose(file["max_depth"][:], RAIN_DEPTH, rtol=1e-5)
    with netCDF4.Dataset(finished / "maps.nc") as file:
        np.testing.assert_allclose(file["time"][:], [0.0, 300.0, 600.0, 900.0])
        np.testing.assert_allclose(file["depth"][1], RAIN_DEPTH / 2.0, atol=1e-4)
    for name in ("series.nc", "verdict.json", "run.log", "check"):
        assert (finished / name).exists(), name


def test_run_says_what_came_of_it(finished: Path) -> None:
    home = finished.parents[1]
    stdout, stderr = (home / "stdout").read_text(encoding="utf-8"), (home / "stderr").read_text(encoding="utf-8")
    assert "complete" in stderr and "left" in stderr
    assert "\x1b" not in stdout + stderr
    rows = [line.split() for line in stdout.splitlines()]
    assert ["rain", "300", "10"] in [row[:3] for row in rows]  # m3 and mm on 150 m x 200 m
    assert ["gate", "pass"] in [row[:2] for row in rows]
    again = call_floodsim(home, "info", "results/pool")
    assert again.returncode == 0
    assert again.stdout == stdout


def test_finished_result_is_kept_unless_told(finished: Path, floodsim: Floodsim, pool: Path) -> None:
    shutil.copytree(finished, pool.parent / "results" / "pool")
    result = floodsim("run", pool, "--quiet")
    assert result.returncode == errors.EXIT_WOULD_OVERWRITE
    assert "--force" in result.stderr
    assert read_json(pool.parent / "results" / "pool" / "case.json")["solver"]["threads"] == 2
    forced = floodsim("run", pool, "--quiet", "--force")
    assert forced.returncode == errors.EXIT_OK
    assert forced.stderr == ""
    assert read_json(pool.parent / "results" / "pool" / "case.json")["solver"]["threads"] == 0


def test_run_repeats_from_its_own_case(finished: Path, floodsim: Floodsim, tmp_path: Path) -> None:
    result = floodsim("run", finished / "case.json", "--quiet", "--out", "second")
    assert result.returncode == errors.EXIT_OK, result.stderr
    with netCDF4.Dataset(finished / "maps.nc") as first, netCDF4.Dataset(tmp_path / "second" / "maps.nc") as second:
        assert np.array_equal(first["depth"][:], second["depth"][:])


def test_export_of_an_envelope(finished: Path, floodsim: Floodsim, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    result = floodsim("export", finished, "max_depth", "max_depth.tif")
    assert result.returncode == errors.EXIT_OK, result.stderr
    with rasterio.open(tmp_path / "max_depth.tif") as file:
        assert file.shape == (15, 20)
        assert file.bounds[:] == (0.0, 0.0, 200.0, 150.0)
        np.testing.assert_allclose(file.read(1), RAIN_DEPTH, rtol=1e-5)
    wrong = floodsim("export", finished, "max_dept", "other.tif")
    assert wrong.returncode == errors.EXIT_BAD_INPUT
    assert "max_dept" in wrong.stderr
    assert not (tmp_path / "other.tif").exists()


def test_export_of_a_map_at_a_time(finished: Path, floodsim: Floodsim, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    assert floodsim("export", finished, "depth", "half.tif", "--time", "5 min").returncode == errors.EXIT_OK
    with rasterio.open(tmp_path / "half.tif") as file:
        np.testing.assert_allclose(file.read(1), RAIN_DEPTH / 2.0, atol=1e-4)
    wrong = floodsim("export", finished, "depth", "late.tif", "--time", "2 d")
    assert wrong.returncode == errors.EXIT_BAD_INPUT
    assert "900 s" in wrong.stderr


def test_mass_error_beyond_the_limit_fails_the_run(floodsim: Floodsim, long_run: Path) -> None:
    result = floodsim("run", long_run, "--quiet", "--set", "solver.mass_limit=1e-300")
    assert result.returncode == errors.EXIT_RUN_FAILED, result.stderr
    assert "mass" in result.stderr
    assert "Traceback" not in result.stderr
    assert read_json(long_run.parent / "results" / "long" / "summary.json")["status"] == "failed"


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_run_leaves_a_readable_result(long_run: Path, stop: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "floodsim", "run", long_run.name, "--log", "--out", "partial"],
        cwd=long_run.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # A test run started in the background ignores Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("start:")
        time.sleep(2.0)
        process.send_signal(stop)
        _, shown = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == errors.EXIT_INTERRUPTED, shown
    assert "Traceback" not in shown
    folder = long_run.parent / "partial"
    assert read_json(folder / "summary.json")["status"] == "interrupted"
    with netCDF4.Dataset(folder / "maps.nc") as file:
        assert file.floodsim_status == "interrupted"
        assert len(file["time"]) >= 1
    with netCDF4.Dataset(folder / "envelopes.nc") as file:
        assert float(file["max_depth"][:].max()) >= 1.5


def test_check_writes_the_ground_and_runs_nothing(floodsim: Floodsim, pool: Path) -> None:
    result = floodsim("check", pool, "--out", "ground")
    assert result.returncode == errors.EXIT_OK, result.stderr
    assert "15" in result.stdout and "20" in result.stdout
    assert "10.0 mm" in result.stdout  # rain
    assert any((pool.parent / "ground").iterdir())
    assert not (pool.parent / "results").exists()
    assert floodsim("check", pool, "--out", "ground").returncode == errors.EXIT_WOULD_OVERWRITE
    assert floodsim("check", pool, "--out", "ground", "--force").returncode == errors.EXIT_OK


def test_check_leaves_folders_with_other_things_alone(floodsim: Floodsim, pool: Path) -> None:
    thesis = pool.parent / "mine" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    result = floodsim("check", pool, "--out", "mine", "--force")
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "thesis.txt" in result.stderr
    assert thesis.read_text() == "years of work"


def test_info_of_a_case(floodsim: Floodsim, pool: Path) -> None:
    result = floodsim("info", pool)
    assert result.returncode == errors.EXIT_OK
    assert "pool" in result.stdout and "15 min" in result.stdout


def test_info_of_a_folder_without_results(floodsim: Floodsim, tmp_path: Path) -> None:
    result = floodsim("info", tmp_path)
    assert result.returncode == errors.EXIT_BAD_INPUT
    assert "Traceback" not in result.stderr
