"""The folder of a run: who may write there, what lies in it, and how it is left when a run cannot start.

Rules: a folder that does not exist or is empty is taken. A result folder that is complete, or still running, or
cannot be read, is taken only with ``force``; one that was interrupted or failed is taken at once, unless it holds a
checkpoint. A folder with other things in it is never taken, nor one that another process is writing to. Only files that
floodsim wrote are ever removed, and a finished result only when the new one is finished: until then it lies in
``previous``.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.errors import CaseError, Fault, OverwriteError, RunError
from floodsim.output.netcdf import replacing, write_fault, writing
from floodsim.output.sinks import PARTS, Parts
from floodsim.output.tiled import INDEX, strays, tile_leftovers

CASE, MAPS, ENVELOPES, SERIES, NETWORK = "case.json", "maps.nc", "envelopes.nc", "series.nc", "network.nc"
CATCHMENTS = "catchments.nc"
SUMMARY, VERDICT, LOG, CHECK, REPORT = "summary.json", "verdict.json", "run.log", "check", "report.html"
CHECKPOINT, PREVIOUS = "checkpoint", "previous"
ZONES = "zones"
"""Folder of what drainage zones bear, which `floodsim zones` makes; no run touches it."""

NETCDF = (MAPS, ENVELOPES, SERIES, NETWORK, CATCHMENTS)
FILES = (CASE, *NETCDF, SUMMARY, VERDICT, LOG, REPORT, INDEX, *(name + ".part" for name in NETCDF))
FOLDERS = (CHECK, PARTS, CHECKPOINT)
FREELY_REPLACED = ("interrupted", "failed")


class Lock:
    """A folder that no other process can lock; the system lets go of it when the process ends, however it ends.

    Raises OverwriteError where another has it. Where the file system or the system knows no such locks it does nothing.
    """

    def __init__(self, path: Path) -> None:
        self._number = -1
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        self._number = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            message = f"{path}: another run is writing there; wait for it, or choose another --out"
            raise OverwriteError(message) from None
        except OSError:
            self.release()

    def release(self) -> None:
        """Let others lock the folder."""
        if self._number >= 0:
            os.close(self._number)
            self._number = -1

    def __del__(self) -> None:
        self.release()


@dataclass
class ResultFolder:
    """A folder for a run; ``created``: folders made for it, innermost first; ``begun``: it holds files of this run.

    As long as it has a ``lock``, no other process can take the folder.
    """

    path: Path
    created: tuple[Path, ...]
    begun: bool = False
    lock: Lock | None = None

    @property
    def case(self) -> Path:
        """The resolved case."""
        return self.path / CASE

    @property
    def maps(self) -> Path:
        """Maps in time."""
        return self.path / MAPS

    @property
    def envelopes(self) -> Path:
        """Envelopes of the whole run."""
        return self.path / ENVELOPES

    @property
    def series(self) -> Path:
        """Series at points, lines and waterlogging points."""
        return self.path / SERIES

    @property
    def network(self) -> Path:
        """Series and maxima of the pipe network."""
        return self.path / NETWORK

    @property
    def catchments(self) -> Path:
        """Catchments of waterlogging points and nodes."""
        return self.path / CATCHMENTS

    @property
    def summary(self) -> Path:
        """Status, mass ledger and figures of the run."""
        return self.path / SUMMARY

    @property
    def verdict(self) -> Path:
        """The verdict."""
        return self.path / VERDICT

    @property
    def log(self) -> Path:
        """Log of the run."""
        return self.path / LOG

    @property
    def check(self) -> Path:
        """Folder of the prepared ground."""
        return self.path / CHECK

    @property
    def checkpoint(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / CHECKPOINT

    @property
    def previous(self) -> Path:
        """Folder of an older finished result, as long as the new one is not finished."""
        return self.path / PREVIOUS

    def begin(self, case: dict[str, Any], summary: dict[str, Any] | None = None) -> None:
        """Remove what an earlier run left, write the case, and a summary that says the run is under way."""
        finished = folder_status(self.path) == "complete"
        self.begun = True
        if finished:
            with writing(self.previous):
                shutil.rmtree(self.previous, ignore_errors=True)
                _move_results(self.path, self.previous)
        self._clear()
        write_json_atomic(self.case, case)
        write_json_atomic(self.summary, {**(summary or {}), "status": "running"})

    def go_on(self, parts: Iterable[Parts], index: dict[str, Any] | None = None) -> None:
        """Continue the run in this folder after the ``parts`` of its files: what came after them is removed.

        ``index`` is that of a run that goes on in tiles.
        """
        known = {self.path / name for one in parts for name, _ in one}
        later = [part for part in (self.path / PARTS).glob("*.nc") if part not in known]
        envelopes = [path for path in tile_leftovers(self.path) if path.stem.startswith(self.envelopes.stem)]
        for stale in (*later, *envelopes, self.envelopes, self.verdict, self.path / REPORT):
            with writing(stale):
                stale.unlink(missing_ok=True)
        if index is not None:
            write_json_atomic(self.path / INDEX, index)
        else:
            (self.path / INDEX).unlink(missing_ok=True)
        write_json_atomic(self.summary, {"status": "running"})

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the final summary; where the disk has no room for it, "failed" over "running", which needs none.

        After a complete run checkpoints, parts and an older result are removed.
        """
        try:
            write_json_atomic(self.summary, summary)
        except RunError:
            with contextlib.suppress(OSError), open(self.summary, "r+", encoding="utf-8") as file:
                file.write(json.dumps({"status": "failed"}))
                file.truncate()
            raise
        finally:
            self.release()
        if summary.get("status") == "complete":
            self.tidy()

    def tidy(self) -> None:
        """Remove what only a run under way needs, and fields in windows of an earlier cut."""
        for folder in (self.path / PARTS, self.checkpoint, self.previous):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError, ValueError):
            for path in list(strays(self.path)):
                path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Take back everything this run wrote, because it could not start; older finished results are as they were."""
        if self.begun:
            self._clear()
            if self.previous.is_dir():
                with writing(self.path):
                    _move_results(self.previous, self.path)
                    self.previous.rmdir()
        self.release()
        _remove(self.created)

    def release(self) -> None:
        """Let other processes write to the folder."""
        if self.lock is not None:
            self.lock.release()

    def _clear(self) -> None:
        for file in (*(self.path / name for name in FILES), *tile_leftovers(self.path)):
            with writing(file):
                file.unlink(missing_ok=True)
        for name in FOLDERS:
            if (self.path / name).is_dir():
                with writing(self.path / name):
                    shutil.rmtree(self.path / name)


def claim_folder(path: str | Path, force: bool = False, resume: bool = False) -> ResultFolder:
    """Take a folder for a run's results; nothing in it is touched before `ResultFolder.begin`.

    With ``resume`` any result folder is taken, to be continued. Raises OverwriteError where results stand in the way,
    or a run is under way there, CaseError where other things do or the folder cannot be written; folders made for it
    are then gone again.
    """
    path = Path(path)
    if path.exists():
        _refuse(path, force or resume)
    created = tuple(folder for folder in (path, *path.parents) if not folder.exists())
    try:
        path.mkdir(parents=True, exist_ok=True)
        _probe(path)
    except OSError as error:
        _remove(created)
        raise CaseError(write_fault(path, error)) from error
    return ResultFolder(path, created, lock=Lock(path))


def _move_results(source: Path, target: Path) -> None:
    """Move what floodsim wrote from one folder to another on the same disk."""
    target.mkdir(exist_ok=True)
    for name in (*FILES, *FOLDERS, *(file.name for file in tile_leftovers(source))):
        if (source / name).exists():
            os.replace(source / name, target / name)


def _remove(folders: tuple[Path, ...]) -> None:
    """Remove folders, innermost first, as far as they are empty."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def folder_status(path: Path) -> str | None:
    """Status a result folder's summary states, "damaged" where it cannot be read, None where there is no summary."""
    file = path / SUMMARY
    if not file.is_file():
        return None
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged"


def write_json_atomic(path: Path, data: Any) -> None:
    """Write JSON so that the file is whole or untouched; numbers that are not finite become null."""
    text = json.dumps(plain(data), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    with writing(path), replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def plain(data: Any) -> Any:
    """The same data in types JSON knows."""
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, np.ndarray):
        return plain(data.tolist())
    if isinstance(data, np.generic):
        return plain(data.item())
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Path):
        return str(data)
    return data


def _refuse(path: Path, force: bool) -> None:
    if not path.is_dir():
        raise CaseError(Fault("the result folder is a file", file=str(path), remedy="choose another --out"))
    status = folder_status(path)
    with writing(path):
        empty = not any(entry.name != ZONES for entry in path.iterdir())
    if status is None and not empty:
        raise CaseError(
            Fault(
                "the folder is not empty and holds no results of floodsim; it is left alone",
                file=str(path),
                remedy="choose another --out, or empty the folder yourself",
            )
        )
    saved = any((path / CHECKPOINT).glob("*"))
    if status is None or (status in FREELY_REPLACED and not saved) or force:
        return
    if saved and status != "complete":
        raise OverwriteError(
            f"{path}: holds a run that can be continued; use --resume to do so, --force to begin anew, or another --out"
        )
    reasons = {
        "complete": "holds a finished result",
        "running": "holds the result of a run that is under way, or was killed",
    }
    reason = reasons.get(status, "holds a result that cannot be read")
    raise OverwriteError(f"{path}: {reason}; use --force to overwrite it, or another --out")


def _probe(path: Path) -> None:
    """Write and remove a little file, so that a read-only folder or a full disk is known before the run."""
    handle, name = tempfile.mkstemp(prefix=".floodsim-", dir=path)
    try:
        os.write(handle, b"0" * 4096)
    finally:
        os.close(handle)
        os.unlink(name)
