"""Studies over worker processes: the same records as one process gives, also where workers are killed or stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.api import plan_study
from floodsim.errors import EXIT_INTERRUPTED, EXIT_OK, CaseError
from floodsim.study.hold import notes
from floodsim.study.pool import Workers, open_pool
from floodsim.study.work import Task
from tests.study.yard import write_bowl, write_study

pytest.importorskip("distributed")
ROOT = Path(__file__).resolve().parents[2]
TIMES = ("wall_s", "total_s", "finished", "host", "peak_memory_mb")


def axis(count: int) -> str:
    values = ", ".join(f"{0.02 + 0.0001 * k:.4f}" for k in range(count))
    return f'[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [{values}]\n'


def start(file: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """`floodsim batch` in a process group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "floodsim", "batch", str(file), "--out", str(out), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell in the background ignores it
    )  # fmt: skip


def kill_one_worker(out: Path, process: subprocess.Popen[str], after: int) -> str:
    """Kill the worker that runs a scenario once ``after`` scenarios are finished; returns the name of its scenario."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        running = notes(out / "scenarios")
        if len(list((out / "scenarios").glob("*.json"))) >= after and running:
            name, note = next(iter(running.items()))
            os.kill(note["pid"], signal.SIGKILL)
            return name
        time.sleep(0.005)
    raise AssertionError(f"no scenario was seen running: {process.communicate(timeout=60)}")


def records(out: Path) -> dict[str, dict[str, Any]]:
    found = (json.loads(file.read_text(encoding="utf-8")) for file in (out / "scenarios").glob("*.json"))
    return {record["name"]: {k: v for k, v in record.items() if k not in TIMES} for record in found}


def check_none_lost_none_twice(out: Path, count: int, process: subprocess.Popen[str]) -> list[str]:
    """Every scenario is there once, complete; returns the lines that told of their ends."""
    shown, told = process.communicate(timeout=300)
    assert process.returncode == EXIT_OK, (shown, told)
    with floodsim.open_study(out) as data:
        names = [str(name) for name in data["scenario"].values]
        assert len(names) == len(set(names)) == count
        assert (data["status"] == "complete").all()
    assert set(records(out)) == set(names)
    assert not list((out / "scenarios").glob("*.lock"))
    lines = [line for line in told.splitlines() if "  complete" in line]
    assert len(lines) == count
    assert len({line.split()[1] for line in lines}) == count, "a scenario was told of twice"
    return lines


def test_a_killed_worker_is_replaced_and_nothing_is_lost_or_twice(tmp_path: Path) -> None:
    file = write_study(tmp_path, axis(12), keep='"figures"')
    alone = tmp_path / "alone"
    floodsim.run_study(file, alone, threads=1).close()
    out = tmp_path / "out"
    process = start(file, out, "--workers", "2", "--log")
    killed = kill_one_worker(out, process, after=2)
    check_none_lost_none_twice(out, 12, process)
    assert killed in records(out)
    assert records(out) == records(alone)


@pytest.mark.slow
def test_two_hundred_scenarios_with_a_worker_killed(tmp_path: Path) -> None:
    file, out = write_study(tmp_path, axis(200), keep='"figures"'), tmp_path / "out"
    process = start(file, out, "--workers", "2", "--log")
    kill_one_worker(out, process, after=50)
    check_none_lost_none_twice(out, 200, process)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_study_that_is_stopped_goes_on_from_its_checkpoints(tmp_path: Path, number: int) -> None:
    floodsim.run(write_bowl(tmp_path))  # kernels are compiled before the time counts
    file, out = write_study(tmp_path, axis(2), set='{clock.duration = "16 h"}'), tmp_path / "out"
    process = start(file, out, "--workers", "2", "--log")
    until = time.monotonic() + 120
    while time.monotonic() < until and not any(note["share"] > 0 for note in notes(out / "scenarios").values()):
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does, workers included
    else:
        process.send_signal(number)
    shown, told = process.communicate(timeout=120)
    assert process.returncode == EXIT_INTERRUPTED, (shown, told)
    assert not list((out / "scenarios").glob(".stop*")) + list((out / "scenarios").glob("*.lock"))
    broken_off = [folder for folder in (out / "scenarios").iterdir() if folder.is_dir()]
    assert {floodsim.open_results(folder).status for folder in broken_off} == {"interrupted"}
    assert not records(out), "a scenario that was stopped is not finished"
    floodsim.run_study(file, out).close()
    assert {record["status"] for record in records(out).values()} == {"complete"}
    assert any("continued from t" in (folder / "run.log").read_text(encoding="utf-8") for folder in broken_off)


class Bomb:
    """In place of a stop file: whoever looks at it is killed."""

    def exists(self) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    def touch(self) -> None:
        """Nothing."""


@pytest.mark.slow
def test_a_scenario_that_kills_its_workers_is_told_and_the_others_run(tmp_path: Path) -> None:
    _, plan = plan_study(write_study(tmp_path, axis(3)))
    tasks = [
        Task(
            one.name, one.axes, one.case, one.fingerprint, tmp_path, "figures", Bomb() if k == 1 else tmp_path / "stop"
        )  # type: ignore[arg-type]
        for k, one in enumerate(plan)
    ]
    with open_pool(Workers(2), 3, lambda text: None) as run:
        found = {record["name"]: record for record in run(tasks)}
    assert [found[one.name]["status"] for one in plan] == ["complete", "failed", "complete"]
    assert "its worker died 3 times" in found[plan[1].name]["reason"]


@pytest.mark.slow
def test_the_workers_of_a_cluster_that_stands_already(tmp_path: Path) -> None:
    from distributed import LocalCluster

    file = write_study(tmp_path, axis(3), keep='"figures"')
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        with floodsim.run_study(file, tmp_path / "out", workers=4, scheduler=cluster.scheduler_address) as data:
            assert (data["status"] == "complete").all() and data.sizes["scenario"] == 3
        assert cluster.workers, "the cluster of others is left standing"
    with pytest.raises(CaseError, match="no Dask scheduler answers"):
        floodsim.run_study(file, tmp_path / "other", scheduler="tcp://127.0.0.1:9")
