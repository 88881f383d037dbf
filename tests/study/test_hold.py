"""The lock on a scenario: one at a time, free again at once when its process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from floodsim.study.hold import holding, notes

ROOT = Path(__file__).resolve().parents[2]
HOLD = "import sys, time; from pathlib import Path; from floodsim.study.hold import holding\n"
HOLD += "with holding(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    lock, order = tmp_path / "one.lock", []

    def second() -> None:
        with holding(lock):
            order.append("second")

    with holding(lock) as note:
        note(0.25)
        assert notes(tmp_path)["one"]["share"] == 0.25
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.7)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert not lock.exists()


def test_a_stop_ends_the_waiting(tmp_path: Path) -> None:
    lock = tmp_path / "one.lock"
    with holding(lock), pytest.raises(KeyboardInterrupt), holding(lock, stopped=lambda: True):
        pass


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / "one.lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert notes(tmp_path)["one"]["pid"] == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait()
    began = time.monotonic()
    with holding(lock):
        assert time.monotonic() - began < 5.0
