"""Checkpoints on disk: what is read is what was written, and nothing damaged or cut short is ever used."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.errors import RunError
from floodsim.simulate import checkpoint as files
from floodsim.simulate.checkpoint import (
    BadCheckpointError,
    Writer,
    checkpoints,
    read_checkpoint,
    write_checkpoint,
    write_window,
)

MARKS = {"case": {"name": "x"}}


def memory(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    depth = rng.random((130, 140))
    depth[0, :4] = np.nan, -0.0, np.inf, 5e-324
    return {
        "depth": depth,
        "groups": {"few": rng.random((3, 2)).astype(np.float32), "none": np.zeros((0, 0), np.float32), "inner": {}},
        "layers": rng.random((2, 100, 90)).astype(np.float32)[:, ::2],
        "flags": np.array([True, False]),
        "time": 0.1 + 0.2,
        "last": None,
        "parts": [("maps.nc", 3)],
    }


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and np.ascontiguousarray(a).tobytes() == b.tobytes()


def test_what_is_read_is_what_was_written_to_the_bit(tmp_path: Path) -> None:
    given = memory()
    path = write_checkpoint(tmp_path / "c", 7, given, MARKS)
    assert path.name == "00000007"
    assert {file.name for file in path.iterdir()} == {"manifest.json", "small.npz", "depth.npy"}
    found = read_checkpoint(path)
    assert (found.number, found.marks) == (7, MARKS)
    for name in ("depth", "layers", "flags"):
        assert same_bits(given[name], found.memory[name]), name
    assert same_bits(given["groups"]["few"], found.memory["groups"]["few"])
    assert found.memory["groups"]["none"].shape == (0, 0) and found.memory["groups"]["inner"] == {}
    assert found.memory["time"] == 0.1 + 0.2 and found.memory["last"] is None
    assert found.memory["parts"] == [["maps.nc", 3]]
    assert isinstance(found.memory["depth"], np.memmap)


def test_pieces_and_windows_make_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However an array comes to the disk, whole, in pieces or window by window in any order, its bytes are the same."""
    depth, layers = memory()["depth"], np.random.default_rng(1).random((3, 120, 140)).astype(np.float32)
    whole = write_checkpoint(tmp_path / "a", 1, {"depth": depth, "layers": layers}, MARKS)
    monkeypatch.setattr(files, "PIECE", 5000)
    pieces = write_checkpoint(tmp_path / "b", 1, {"depth": depth, "layers": layers}, MARKS)
    with Writer(tmp_path / "c", 1) as writer:
        one, two = (writer.window(name, a.shape, a.dtype) for name, a in (("depth", depth), ("layers", layers)))
        for rows, columns in (
            (slice(64, 130), slice(0, 50)),
            (slice(0, 64), slice(0, 50)),
            (slice(0, 130), slice(50, 140)),
        ):
            write_window(one, (rows.start, columns.start), depth[rows, columns])
            write_window(two, (rows.start, columns.start), layers[:, rows, columns])
        windows = writer.commit({}, MARKS)
    for name in ("depth.npy", "layers.npy", "manifest.json"):
        assert (whole / name).read_bytes() == (pieces / name).read_bytes() == (windows / name).read_bytes(), name


def test_the_last_two_stay(tmp_path: Path) -> None:
    (tmp_path / "00000009.part").mkdir()
    for number in (1, 5, 30):
        write_checkpoint(tmp_path, number, memory(number), MARKS)
    assert [path.name for path in checkpoints(tmp_path)] == ["00000030", "00000005"]
    assert len(list(tmp_path.iterdir())) == 2
    assert list(checkpoints(tmp_path / "nowhere")) == []


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def other_format(path: Path) -> None:
    content = json.loads(json.loads((path / "manifest.json").read_text())["content"])
    text = json.dumps(content | {"format": 99})
    (path / "manifest.json").write_text(json.dumps({"sha256": files._hash(text), "content": text}))


DAMAGE = {
    "one bit of an array": (lambda path: flip(path / "depth.npy", -3), "depth.npy is damaged: its checksum"),
    "one bit of the small arrays": (lambda path: flip(path / "small.npz", 200), "small.npz is damaged: its checksum"),
    "a short array": (lambda path: os.truncate(path / "depth.npy", 1000), "depth.npy is damaged"),
    "no array": (lambda path: (path / "depth.npy").unlink(), "depth.npy is missing"),
    "no manifest": (lambda path: (path / "manifest.json").unlink(), "manifest.json cannot be read"),
    "an empty manifest": (lambda path: os.truncate(path / "manifest.json", 0), "manifest.json cannot be read"),
    "a manifest of something else": (lambda path: (path / "manifest.json").write_text("[]"), "cannot be read"),
    "one bit of the manifest": (lambda path: flip(path / "manifest.json", 120), "manifest.json"),
    "another format": (other_format, "it has format 99, this floodsim reads format 1"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_refused_with_the_reason(tmp_path: Path, damage: str) -> None:
    path = write_checkpoint(tmp_path, 1, memory(), MARKS)
    read_checkpoint(path)
    harm, reason = DAMAGE[damage]
    harm(path)
    with pytest.raises(BadCheckpointError, match=reason):
        read_checkpoint(path)


def test_every_byte_counts(tmp_path: Path) -> None:
    """A bit anywhere in any file, in headers and in the manifest too, makes the checkpoint unusable."""
    path = write_checkpoint(tmp_path / "good", 1, {"small": np.arange(5.0), "depth": memory()["depth"]}, MARKS)
    rng = np.random.default_rng(5)
    for file in sorted(path.iterdir()):
        for at in (0, file.stat().st_size - 1, *rng.integers(0, file.stat().st_size, 20)):
            bad = tmp_path / "bad"
            shutil.copytree(path, bad)
            flip(bad / file.name, int(at))
            with pytest.raises(BadCheckpointError):
                read_checkpoint(bad)
            shutil.rmtree(bad)


@pytest.mark.parametrize("cut", ["depth.npy", "small.npz", "manifest.json", "rename"])
def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str) -> None:
    before = write_checkpoint(tmp_path, 1, memory(1), MARKS)
    whole = {file.name: file.read_bytes() for file in before.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if cut == "depth.npy":
            patch.setattr(np.lib.format, "write_array_header_1_0", full)
        elif cut == "small.npz":
            patch.setattr(np, "savez", full)
        elif cut == "manifest.json":
            patch.setattr(Path, "write_text", full)
        else:
            patch.setattr(os, "replace", full)
        with pytest.raises(RunError, match=r"No space left(.|\n)*remedy: the disk is full"):
            write_checkpoint(tmp_path, 2, memory(2), MARKS)
    assert [path.name for path in tmp_path.iterdir()] == ["00000001"]
    assert {file.name: file.read_bytes() for file in before.iterdir()} == whole
    assert read_checkpoint(before).number == 1


def test_windows_written_side_by_side_leave_each_other_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The east is written between two rows of the west, by another process so to speak."""
    whole, given = np.random.default_rng(1).random((8, 90)), np.ascontiguousarray
    with Writer(tmp_path, 1) as writer:
        file = writer.window("h", whole.shape, whole.dtype)
        write_window(file, (7, 0), whole[7:])
        rows = 0

        def meanwhile(line: np.ndarray) -> np.ndarray:
            nonlocal rows
            rows += 1
            if rows == 3:
                write_window(file, (0, 41), whole[:, 41:])
            return given(line)

        monkeypatch.setattr(np, "ascontiguousarray", meanwhile)
        write_window(file, (0, 0), whole[:, :41])
        monkeypatch.undo()
        np.testing.assert_array_equal(np.load(file), whole)
