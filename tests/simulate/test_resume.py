"""Which checkpoint a run may be continued from, and what happens to older results."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.schema import Case
from floodsim.errors import CaseError, OverwriteError, RunError
from floodsim.grid.grid import Grid, make_grid
from floodsim.output.folder import claim_folder, folder_status
from floodsim.simulate import resume as module
from floodsim.simulate.checkpoint import checkpoints
from floodsim.simulate.resume import resumable_time
from tests.simulate.test_checkpoint import StopAt


def basin(shift: float = 0.0) -> Grid:
    return make_grid(10.0 + shift + 0.1 * np.random.default_rng(1).random((12, 15)), 2.0)


def rain(folder: Path, depth: float = 20.0) -> Path:
    file = folder / "rain.csv"
    file.write_text(f"time,rain\n0,{depth}\n10,{depth / 2}\n20,0\n")
    return file


def case(folder: Path, **more: Any) -> dict[str, Any]:
    sections: dict[str, Any] = {
        "name": "basin",
        "clock": {"duration": "2 min"},
        "rainfall": {"kind": "series", "file": str(rain(folder)), "time_unit": "min", "unit": "mm/h"},
        "boundaries": [{"name": "out", "kind": "open", "edge": "east"}],
        "output": {"interval": "30 s", "series_interval": "10 s"},
        "solver": {"threads": 1, "sync_interval": "10 s"},
    }
    for section, keys in more.items():
        sections[section] = {**sections.get(section, {}), **keys} if isinstance(keys, dict) else keys
    return sections


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints at 40 s and 80 s, stopped at 80 s."""
    folder = tmp_path_factory.mktemp("stopped")
    for stop in (40.0, 80.0):
        floodsim.run(case(folder), folder / "out", grid=basin(), resume=stop > 40.0, progress=StopAt(stop)).close()
    floodsim.run(case(folder), folder / "whole", grid=basin()).close()
    return folder


@pytest.fixture
def stopped(stopped_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped_run, tmp_path, dirs_exist_ok=True)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "a number": ({"solver": {"cfl": 0.4}}, r"solver\.cfl = 0\.45 then, 0\.4 now"),
    "the length": ({"clock": {"duration": "3 min"}}, r"clock\.duration = 120\.0 then, 180\.0 now"),
    "a scheme": ({"solver": {"scheme": "inertial"}}, r"solver\.scheme = 'hllc' then, 'inertial' now"),
    "an item of a list": (
        {"boundaries": [{"name": "out", "kind": "open", "edge": "west"}]},
        r"boundaries\[0\]\.edge = 'east' then, 'west' now",
    ),
    "one more item": (
        {"points": [{"name": "p", "x": 5.0, "y": 5.0}]},
        r"points = \[\] then, absent now; points\[0\]\.name = absent then, 'p' now",
    ),
    "what is written": ({"output": {"interval": "20 s"}}, r"output\.interval = 30\.0 then, 20\.0 now"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_case_is_refused_and_its_keys_are_named(stopped: Path, change: str) -> None:
    sections, reason = CHANGES[change]
    before = contents(stopped / "out")
    with pytest.raises(CaseError, match=reason) as caught:
        floodsim.run(case(stopped, **sections), stopped / "out", grid=basin(), resume=True)
    assert len(caught.value.faults) == 2 and "--force" in caught.value.faults[0].remedy
    assert contents(stopped / "out") == before


def test_changed_input_and_ground_are_refused(stopped: Path) -> None:
    sections = case(stopped)
    with pytest.raises(CaseError, match="the prepared grid differs"):
        floodsim.run(sections, stopped / "out", grid=basin(shift=0.25), resume=True)
    rain(stopped, 25.0)
    with pytest.raises(CaseError, match=r"rainfall\.file: the content of the file has changed"):
        floodsim.run(sections, stopped / "out", grid=basin(), resume=True)


@pytest.mark.parametrize(("name", "text"), [("__version__", "floodsim 0.1.0 then, 9.9.9 now"), ("source", "source")])
def test_another_floodsim_is_refused(stopped: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    if name == "source":
        monkeypatch.setattr(module, "_source_sum", lambda: "other")
    else:
        monkeypatch.setattr(floodsim, "__version__", "9.9.9")
    with pytest.raises(CaseError, match=text):
        floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True)


def test_threads_places_and_intervals_may_change(stopped: Path) -> None:
    (stopped / "out").rename(stopped / "moved")
    (stopped / "files").mkdir()
    sections = case(stopped / "files", solver={"threads": 2}, output={"checkpoint_interval": "1 s"})
    floodsim.run(sections, stopped / "moved", grid=basin(), resume=True).close()
    assert exact_differences(stopped / "moved", stopped / "whole") == []


def test_the_one_before_is_used_where_the_last_is_damaged(stopped: Path) -> None:
    last, before = checkpoints(stopped / "out" / "checkpoint")
    assert resumable_time(stopped / "out") == 80.0
    os.truncate(last / "small.npz", 100)
    with floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True) as results:
        assert results.summary["resumed_at_s"] == [40.0]
        assert any(f"checkpoint {last.name} was not used: small.npz is damaged" in n for n in results.summary["notes"])
        assert before.name == "00000004"
    assert exact_differences(stopped / "out", stopped / "whole") == []


def test_one_that_was_not_used_goes_and_does_not_crowd_out_good_ones(stopped: Path) -> None:
    last, _ = checkpoints(stopped / "out" / "checkpoint")
    os.truncate(last / "small.npz", 100)
    floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True, progress=StopAt(60.0)).close()
    assert [path.name for path in checkpoints(stopped / "out" / "checkpoint")] == ["00000006", "00000004"]


def test_the_summary_counts_all_pieces(stopped: Path) -> None:
    earlier = json.loads((stopped / "out" / "summary.json").read_text())["performance"]["wall_s"]
    with floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True) as results:
        done = results.summary
    whole = json.loads((stopped / "whole" / "summary.json").read_text())
    assert done["resumed_at_s"] == [40.0, 80.0] and whole["resumed_at_s"] == []
    assert done["performance"]["steps"] == whole["performance"]["steps"]
    assert done["performance"]["wall_s"] > 0.5 * earlier > 0.0


def test_results_that_are_gone_make_a_checkpoint_useless(stopped: Path) -> None:
    (stopped / "out" / "parts" / "series-0002.nc").unlink()
    with floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True) as results:
        assert results.summary["resumed_at_s"] == [40.0]
        assert "parts/series-0002.nc" in "".join(results.summary["notes"])
    assert exact_differences(stopped / "out", stopped / "whole") == []


def test_none_that_can_be_used_is_an_error_with_every_reason(stopped: Path) -> None:
    last, before = checkpoints(stopped / "out" / "checkpoint")
    (last / "manifest.json").unlink()
    os.truncate(before / "small.npz", 100)
    files = contents(stopped / "out")
    with pytest.raises(CaseError, match=r"manifest\.json cannot be read(.|\n)*small\.npz is damaged"):
        floodsim.run(case(stopped), stopped / "out", grid=basin(), resume=True)
    assert contents(stopped / "out") == files


def test_a_run_that_can_be_continued_is_not_overwritten_by_oversight(stopped: Path) -> None:
    with pytest.raises(OverwriteError, match="--resume"):
        floodsim.run(case(stopped), stopped / "out", grid=basin())
    floodsim.run(case(stopped), stopped / "out", grid=basin(), force=True).close()
    assert exact_differences(stopped / "out", stopped / "whole") == []
    assert not (stopped / "out" / "checkpoint").exists() and not (stopped / "out" / "parts").exists()


def test_resume_begins_a_run_and_leaves_a_finished_one_alone(tmp_path: Path, stopped_run: Path) -> None:
    floodsim.run(case(tmp_path), tmp_path / "new", grid=basin(), resume=True).close()
    assert exact_differences(tmp_path / "new", stopped_run / "whole") == []
    before = contents(tmp_path / "new")
    with floodsim.run(case(tmp_path), tmp_path / "new", grid=basin(), resume=True) as again:
        assert again.status == "complete"
    assert {**contents(tmp_path / "new"), "verdict.json": b""} == {**before, "verdict.json": b""}
    with pytest.raises(CaseError, match=r"finished result of another case(.|\n)*solver\.cfl"):
        floodsim.run(case(tmp_path, solver={"cfl": 0.4}), tmp_path / "new", grid=basin(), resume=True)
    with pytest.raises(CaseError, match="resume needs the folder"):
        floodsim.run(case(tmp_path), grid=basin(), resume=True)


def test_without_checkpoints_a_stopped_run_has_none(tmp_path: Path) -> None:
    sections = case(tmp_path, output={"checkpoint_interval": 0})
    floodsim.run(sections, tmp_path / "out", grid=basin(), progress=StopAt(40.0)).close()
    assert folder_status(tmp_path / "out") == "interrupted" and resumable_time(tmp_path / "out") is None
    assert not (tmp_path / "out" / "checkpoint").exists() and not (tmp_path / "out" / "parts").exists()
    with floodsim.run(sections, tmp_path / "out", grid=basin(), resume=True) as results:
        assert results.status == "complete" and results.summary["resumed_at_s"] == []


def test_checkpoints_follow_the_wall_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    write = module.write_checkpoint
    monkeypatch.setattr(module, "write_checkpoint", lambda *given: kept.append(given[1]) or write(*given))
    sections = case(tmp_path, output={"checkpoint_interval": 1e-6})
    floodsim.run(sections, tmp_path / "often", grid=basin()).close()
    assert kept == list(range(1, 12))
    floodsim.run(case(tmp_path), tmp_path / "never", grid=basin()).close()
    assert len(kept) == 11
    assert exact_differences(tmp_path / "often", tmp_path / "never") == []


def test_a_partial_result_is_readable_in_parts(stopped: Path) -> None:
    with floodsim.open_results(stopped / "out") as results:
        assert results.status == "interrupted"
        assert results.maps is not None and results.series is not None
        assert results.series.sizes["time"] == 9 and results.maps.sizes["time"] == 4
    assert json.loads((stopped / "out" / "summary.json").read_text())["simulated_s"] == 80.0


class Fails:
    """Progress that breaks at 40 s, as an observer would on a broken disk."""

    def start(self, total_seconds: float) -> None:
        pass

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        if time_s >= 40.0:
            raise RunError("broken")

    def finish(self, status: str) -> None:
        pass


def test_force_keeps_a_finished_result_until_the_new_one_is_finished(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = stopped / "whole"
    before = contents(out)

    def broken(*_: object) -> None:
        raise RuntimeError("no warm-up")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="no warm-up"):
        patch.setattr("floodsim.simulate.run_case.warm_up", broken)
        floodsim.run(case(stopped), out, grid=basin(), force=True)
    assert contents(out) == before, "a run that cannot start changes nothing"
    for _ in range(2):
        with pytest.raises(RunError, match="broken"):
            floodsim.run(case(stopped), out, grid=basin(), force=True, progress=Fails())
        assert folder_status(out) == "failed" and contents(out / "previous") == before
        assert "previous" in "".join(json.loads((out / "summary.json").read_text())["notes"])
    with floodsim.open_results(out / "previous") as old:
        assert old.status == "complete"
    floodsim.run(case(stopped), out, grid=basin(), force=True).close()
    assert not (out / "previous").exists() and folder_status(out) == "complete"


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    first = claim_folder(tmp_path / "out")
    for keys in ({}, {"force": True}, {"resume": True}):
        with pytest.raises(OverwriteError, match="another run is writing there"):
            claim_folder(tmp_path / "out", **keys)
    first.release()
    claim_folder(tmp_path / "out").release()


def test_the_interval_is_a_key_of_the_case(tmp_path: Path) -> None:
    keys = {"clock": {"duration": 60.0}, "name": "x"}
    assert Case.model_validate(keys).output.checkpoint_interval == 900.0
    assert Case.model_validate({**keys, "output": {"checkpoint_interval": "2 h"}}).output.checkpoint_interval == 7200.0
