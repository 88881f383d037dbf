"""Who may write to a result folder, and what is left of one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from floodsim.errors import CaseError, OverwriteError, RunError
from floodsim.output.folder import claim_folder, folder_status, write_json_atomic


def results(path: Path, status: str) -> Path:
    folder = claim_folder(path)
    folder.begin({"name": "old"})
    folder.maps.write_bytes(b"old maps")
    folder.check.mkdir()
    (folder.check / "bed.tif").write_bytes(b"old bed")
    write_json_atomic(folder.summary, {"status": status})
    return path


def test_a_new_folder_is_made_and_begun(tmp_path: Path) -> None:
    folder = claim_folder(tmp_path / "a" / "b")
    assert folder.created and list(folder.path.iterdir()) == []
    folder.begin({"name": "下穿"}, {"cells": np.int64(12)})
    assert json.loads(folder.case.read_text(encoding="utf-8")) == {"name": "下穿"}
    assert json.loads(folder.summary.read_text(encoding="utf-8")) == {"cells": 12, "status": "running"}
    assert {file.name for file in folder.path.iterdir()} == {"case.json", "summary.json"}


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert not claim_folder(tmp_path).created


@pytest.mark.parametrize("status", ["complete", "running", "damaged"])
def test_results_are_kept_without_force(tmp_path: Path, status: str) -> None:
    path = results(tmp_path / "r", status)
    if status == "damaged":
        (path / "summary.json").write_text("{")
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(OverwriteError, match="--force"):
        claim_folder(path)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert claim_folder(path, force=True).path == path


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_partial_results_are_replaced(tmp_path: Path, status: str) -> None:
    path = results(tmp_path / "r", status)
    (path / "my notes.txt").write_text("keep me")
    folder = claim_folder(path)
    assert folder.maps.exists(), "nothing goes before the run begins"
    folder.begin({"name": "new"})
    assert not folder.maps.exists() and not folder.check.exists()
    assert (path / "my notes.txt").read_text() == "keep me"
    assert folder_status(path) == "running"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, force: bool) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(CaseError, match=r"holds no results(.|\n)*remedy: choose another --out"):
        claim_folder(tmp_path, force)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("")
    with pytest.raises(CaseError, match="is a file"):
        claim_folder(tmp_path / "r")
    with pytest.raises(CaseError, match="cannot write"):
        claim_folder(tmp_path / "r" / "below")


def test_a_run_that_cannot_start_leaves_nothing(tmp_path: Path) -> None:
    folder = claim_folder(tmp_path / "r")
    folder.begin({})
    folder.maps.write_bytes(b"half")
    folder.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_never_began_leaves_older_results(tmp_path: Path) -> None:
    path = results(tmp_path / "r", "interrupted")
    claim_folder(path).abandon()
    assert (path / "maps.nc").read_bytes() == b"old maps"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CaseError, match=r"cannot write(.|\n)*read-only"):
            claim_folder(tmp_path / "r")
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(CaseError, match="No space left"):
        claim_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_json_is_whole_or_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.json"
    write_json_atomic(
        path, {"a": np.float32(0.5), "b": float("nan"), "c": np.arange(2), "d": tmp_path, "e": (1, np.bool_(True))}
    )
    whole = {"a": 0.5, "b": None, "c": [0, 1], "d": str(tmp_path), "e": [1, True]}
    assert json.loads(path.read_text(encoding="utf-8")) == whole

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(RunError, match=r"summary\.json"):
        write_json_atomic(path, {"a": 1})
    assert json.loads(path.read_text(encoding="utf-8")) == whole
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]
