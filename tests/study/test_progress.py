"""The table of progress: time left out of estimates and of how fast they proved to pass."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from floodsim.api import plan_study
from floodsim.cli_study_progress import StudyProgress
from floodsim.study.batch import survey
from floodsim.study.hold import holding
from tests.study.yard import write_study

AXIS = '[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [0.02, 0.03, 0.04, 0.05]\n'


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_lines_tell_of_every_end_and_of_the_time_left(tmp_path: Path) -> None:
    _, plan = plan_study(write_study(tmp_path, AXIS))
    out, now, stream = tmp_path / "out", Clock(), io.StringIO()
    left = survey(plan, out)
    with StudyProgress(stream, live=False, workers=2, now=now) as progress:
        progress.start(left, plan, out)
        estimate = sum(left.seconds.values())
        assert progress.left({}) == pytest.approx(max(estimate, 4e-3) / 2, rel=1e-3)
        now.time += 10.0
        progress.finished({"name": plan[0].name, "status": "complete", "total_s": 10.0})
        progress.finished({"name": plan[1].name, "status": "failed", "reason": "the disk is full"})
        assert progress.left({}) == pytest.approx(10.0), "half took ten seconds"
        halves = {plan[2].name: {"share": 0.5}, plan[3].name: {"share": 0.5}}
        assert progress.left(halves) == pytest.approx(10.0 / 3.0)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "4 scenarios: 4 new; 2 worker(s)"
    assert lines[1].split() == f"1/4 {plan[0].name} complete 10 s left 30 s".split()
    assert "failed: the disk is full" in lines[2]


def test_the_live_table_shows_who_runs(tmp_path: Path) -> None:
    _, plan = plan_study(write_study(tmp_path, AXIS))
    out = tmp_path / "out"
    progress = StudyProgress(None, live=True)
    progress.start(survey(plan, out), plan, out)
    with holding(out / "scenarios" / f"{plan[1].name}.lock") as note:
        note(0.4)
        console = Console(file=io.StringIO(), width=120)
        console.print(progress.table())
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of 4 scenarios, 0 failed" in shown
    assert plan[1].name in shown and "40 %" in shown and plan[0].name not in shown
