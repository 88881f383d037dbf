"""Checkpoints on disk: numbered folders of arrays with a manifest, whole or absent, each checked before it is used.

A checkpoint knows nothing of what it holds: a tree of dictionaries whose leaves are arrays and plain values. Arrays
over `PACKED` bytes are files of their own (``.npy``), which can be written by windows; the others share one file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.errors import RunError
from floodsim.output.netcdf import writing

FORMAT = 1
"""Changes where older checkpoints can no longer be read."""
MANIFEST, SMALL, PART = "manifest.json", "small.npz", ".part"
PACKED = 1 << 16
"""Arrays up to this many bytes are packed into one file."""
PIECE = 1 << 24
"""Bytes that are written or summed at a time."""
KEPT = 2
"""Checkpoints that stay: the last one, and the one before in case the last is damaged."""

Memory = dict[str, Any]
"""Names to arrays, plain values that JSON can hold, and further memories."""


class BadCheckpointError(Exception):
    """A checkpoint cannot be used; says why."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and found whole; ``marks`` says what it belongs to. Arrays are mapped, not loaded."""

    path: Path
    number: int
    marks: dict[str, Any]
    memory: Memory


class Writer:
    """One checkpoint being written, under a temporary name until `commit`; leave it in a ``with`` block.

    Nothing of it stays where the block is left without `commit`. Raises RunError where the disk does not take it.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.path = folder / f"{number:08d}"
        self.part = folder / f"{number:08d}{PART}"
        self.number = number
        self._entries: dict[str, dict[str, Any]] = {}
        self._small: dict[str, np.ndarray] = {}
        with writing(folder):
            shutil.rmtree(self.part, ignore_errors=True)
            self.part.mkdir(parents=True)

    def put(self, name: str, array: np.ndarray) -> None:
        """Write an array, in pieces; a small one waits for `commit`."""
        if array.nbytes <= PACKED:
            self._small[name] = np.array(array)
            self._entries[name] = {"file": SMALL}
            return
        file = self.window(name, array.shape, array.dtype)
        rows = max(1, PIECE * len(array) // array.nbytes)
        with writing(file), open(file, "r+b") as stream:
            stream.seek(0, os.SEEK_END)
            for first in range(0, len(array), rows):
                stream.write(np.ascontiguousarray(array[first : first + rows]).data)

    def window(self, name: str, shape: tuple[int, ...], dtype: Any) -> Path:
        """Begin an array that others fill by `write_window`; gives its file, which holds only its header so far."""
        file = self.part / f"{name}.npy"
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        with writing(file), open(file, "wb") as stream:
            np.lib.format.write_array_header_1_0(stream, header)
        self._entries[name] = {"file": file.name}
        return file

    def commit(self, values: Memory, marks: dict[str, Any]) -> Path:
        """Finish with the plain values and the marks: sums of all files, to the disk, and the final name at once."""
        if self._small:
            with writing(self.part / SMALL):
                np.savez(self.part / SMALL, **self._small)  # type: ignore[arg-type]
        files = sorted({entry["file"] for entry in self._entries.values()})
        content = {
            "format": FORMAT,
            "number": self.number,
            "marks": marks,
            "values": values,
            "arrays": {name: entry["file"] for name, entry in self._entries.items()},
            "files": {file: {"bytes": (self.part / file).stat().st_size, "sha256": _sum(self.part / file)}
                      for file in files},
        }  # fmt: skip
        text = json.dumps(content, ensure_ascii=False)
        whole = json.dumps({"sha256": _hash(text), "content": text}, ensure_ascii=False)
        with writing(self.part / MANIFEST):
            (self.part / MANIFEST).write_text(whole, encoding="utf-8")
            for file in (*files, MANIFEST):
                _to_disk(self.part / file)
            _to_disk(self.part)
            if self.path.exists():
                shutil.rmtree(self.path)
            os.replace(self.part, self.path)
            _to_disk(self.path.parent)
        return self.path

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.part, ignore_errors=True)


def write_window(file: Path, corner: tuple[int, int], values: np.ndarray) -> None:
    """Write rows and columns (..., ny, nx) of an array that `Writer.window` began, at ``corner`` (row, column).

    Touches no byte outside of them, so that several processes can fill one file: without a buffer, which would write
    back what lay between two rows when it was read. Leading dims are written whole.
    """
    with writing(file), open(file, "r+b", buffering=0) as stream:
        version = np.lib.format.read_magic(stream)
        assert version == (1, 0)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        begin = stream.tell()
        layers = values.reshape(-1, *values.shape[-2:]).astype(dtype, copy=False)
        for number, layer in enumerate(layers):
            for row, line in enumerate(layer):
                at = (number * shape[-2] + corner[0] + row) * shape[-1] + corner[1]
                stream.seek(begin + at * dtype.itemsize)
                content = memoryview(np.ascontiguousarray(line).tobytes())
                while content:
                    content = content[stream.write(content) :]


def write_checkpoint(folder: Path, number: int, memory: Memory, marks: dict[str, Any]) -> Path:
    """Write a memory as checkpoint ``number`` into a folder, then remove all but the last `KEPT` there."""
    values, arrays = split(memory)
    with Writer(folder, number) as writer:
        for name, array in arrays.items():
            writer.put(name, array)
        path = writer.commit(values, marks)
    prune(folder)
    return path


def prune(folder: Path) -> None:
    """Remove all but the last `KEPT` checkpoints of a folder, and what was left half-written."""
    for path in [*_numbered(folder)[:-KEPT], *folder.glob(f"*{PART}")]:
        shutil.rmtree(path, ignore_errors=True)


def drop_later(folder: Path, number: int) -> None:
    """Remove the checkpoints after ``number``, which a run that continues from that one will write again."""
    for path in _numbered(folder):
        if int(path.name) > number:
            shutil.rmtree(path, ignore_errors=True)


def checkpoints(folder: Path) -> Iterator[Path]:
    """The checkpoints in a folder, the last one first; whether they are whole is not known."""
    yield from reversed(_numbered(folder))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and check every byte of it. Raises `BadCheckpointError` with the reason it cannot be used."""
    content = read_manifest(path)
    for name, file in content["files"].items():
        if not (path / name).is_file():
            raise BadCheckpointError(f"{name} is missing")
        if (path / name).stat().st_size != file["bytes"] or _sum(path / name) != file["sha256"]:
            raise BadCheckpointError(f"{name} is damaged: its checksum is wrong")
    memory: Memory = content["values"]
    small: dict[str, np.ndarray] = {}
    if SMALL in content["files"]:
        with np.load(path / SMALL) as packed:
            small = dict(packed)
    for name, file in content["arrays"].items():
        *groups, leaf = name.split(".")
        place = memory
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = small[name] if file == SMALL else np.load(path / file, mmap_mode="r")
    return Checkpoint(path, content["number"], content["marks"], memory)


def read_manifest(path: Path) -> dict[str, Any]:
    """What a checkpoint says of itself: ``number, marks, values, arrays, files``; the files are not looked at."""
    try:
        whole = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        text = whole["content"]
        if _hash(text) != whole["sha256"]:
            raise BadCheckpointError(f"{MANIFEST} is damaged: its checksum is wrong")
        content: dict[str, Any] = json.loads(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCheckpointError(f"{MANIFEST} cannot be read: {error}") from error
    if content.get("format") != FORMAT:
        raise BadCheckpointError(f"it has format {content.get('format')}, this floodsim reads format {FORMAT}")
    return content


def split(memory: Memory, prefix: str = "") -> tuple[Memory, dict[str, np.ndarray]]:
    """The plain values of a memory, and its arrays by the names of the groups they lie in, joined with dots."""
    values: Memory = {}
    arrays: dict[str, np.ndarray] = {}
    for name, item in memory.items():
        if isinstance(item, np.ndarray):
            arrays[prefix + name] = item
        elif isinstance(item, dict):
            values[name], below = split(item, f"{prefix}{name}.")
            arrays |= below
        else:
            values[name] = item
    return values, arrays


def _numbered(folder: Path) -> list[Path]:
    """Folders of checkpoints, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name.isdigit())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sum(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error}") from error


def _to_disk(path: Path) -> None:
    """Wait until a file or the entries of a folder are on the disk, where the system can tell."""
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR
    with contextlib.suppress(PermissionError):  # Windows opens no folders
        number = os.open(path, flags)
        try:
            os.fsync(number)
        finally:
            os.close(number)
