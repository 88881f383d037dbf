"""Disks, networks and schedulers that fail in mid-run: a clear error, a checkpoint that goes on to the same bits."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.errors import OutsideError, RunError
from floodsim.simulate.tiles.cluster import DaskPlace, workers_for
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.simulate.tiles.test_bits import ground, storm


class At:
    """Progress that does something once, at a simulated time (s)."""

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when, self.action = when, action

    def start(self, total_seconds: float) -> None:
        pass

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        if time_s >= self.when:
            self.when = float("inf")
            self.action()

    def finish(self, status: str) -> None:
        pass


@pytest.fixture
def stormy(tmp_path: Path) -> Case:
    """The storm with a checkpoint at every beat, run in one piece into ``one``."""
    case = parse_case(storm(output={"interval": "10 s"}, solver={"sync_interval": "10 s"}), tmp_path, {})
    case = case.model_copy(update={"output": case.output.model_copy(update={"checkpoint_interval": 1e-3})})
    floodsim.run(case, tmp_path / "one", grid=ground()).close()
    return case


def goes_on(case: Case, folder: Path, error: pytest.ExceptionInfo[OutsideError]) -> None:
    """The error names a checkpoint, results so far can be read, and the run goes on in one process to the same bits."""
    assert error.value.exit_code == RunError.exit_code
    text = str(error.value)
    assert "the checkpoint at t = " in text and "--resume" in text and "remedy" in text
    with floodsim.open_results(folder / "two") as broken:
        assert broken.status == "failed" and broken.maps is not None and broken.maps.sizes["time"] >= 3
    with floodsim.run(case, folder / "two", grid=ground(), resume=True) as results:
        assert results.status == "complete"
    assert exact_differences(folder / "one", folder / "two") == []


def fill_disk(limit: int) -> None:
    """Let no file of this process grow beyond so many bytes, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@pytest.mark.slow
def test_a_disk_that_is_full_for_the_tiles(stormy: Case, tmp_path: Path) -> None:
    with workers_for(2, None, lambda text: None) as place:
        progress = At(40.0, lambda: place.client.run(fill_disk, 20_000))
        with pytest.raises(OutsideError, match="cannot write") as error:
            run_tiled(stormy, tmp_path / "two", place, Cut(2, "2x1"), grid=ground(), progress=progress)
    goes_on(stormy, tmp_path, error)


def stop(place: DaskPlace, stopped: list[int]) -> None:
    """Let a worker hang."""
    pid = max(place.client.run(os.getpid).values())
    os.kill(pid, signal.SIGSTOP)
    stopped.append(pid)


@pytest.mark.slow
@pytest.mark.parametrize("replaced", [True, False])
def test_a_worker_that_hangs(replaced: bool, stormy: Case, tmp_path: Path) -> None:
    """Workers of our own are replaced; of a cluster that has no other the run ends."""
    stopped: list[int] = []
    cut = Cut(2, "2x1", patience=6.0)
    with workers_for(2, None, lambda text: None) as place:
        if not replaced:
            place = DaskPlace(place.client, patience=6.0)
        try:
            progress = At(40.0, lambda: stop(place, stopped))
            if replaced:
                with run_tiled(stormy, tmp_path / "two", place, cut, grid=ground(), progress=progress) as results:
                    assert results.summary["tiles"]["workers_lost"] >= 1
                assert exact_differences(tmp_path / "one", tmp_path / "two") == []
            else:
                with pytest.raises(OutsideError, match="1 workers answer, 2 are needed") as error:
                    run_tiled(stormy, tmp_path / "two", place, cut, grid=ground(), progress=progress)
                goes_on(stormy, tmp_path, error)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers as processes of their own: its address, and the processes, the scheduler first."""
    file = folder / "scheduler.json"
    log = (folder / "cluster.log").open("wb")
    start = [sys.executable, "-m", "distributed.cli."]
    ours = ["--scheduler-file", str(file), "--no-dashboard"]
    commands = [["dask_scheduler", "--port", "0", "--host", "127.0.0.1", *ours]]
    commands += [["dask_worker", *ours, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]] * 2
    processes = []
    try:
        for name, *options in commands:
            processes.append(
                subprocess.Popen([*start[:2], start[2] + name, *options], stdout=log, stderr=log, cwd=folder)
            )
            while not file.exists() or not file.read_text():
                time.sleep(0.1)
        yield json.loads(file.read_text())["address"], processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log.close()


@pytest.mark.slow
def test_a_scheduler_that_dies(stormy: Case, tmp_path: Path) -> None:
    """The tiles do without it; once a worker is lost too, nobody can replace it."""
    with cluster(tmp_path) as (address, processes), workers_for(2, address, lambda text: None) as found:
        place = DaskPlace(found.client, patience=20.0)

        def die() -> None:
            processes[0].kill()
            time.sleep(1.0)
            processes[1].kill()

        with pytest.raises(OutsideError, match="scheduler is lost") as error:
            run_tiled(stormy, tmp_path / "two", place, Cut(2, "2x1"), grid=ground(), progress=At(40.0, die))
    goes_on(stormy, tmp_path, error)
