"""Restart of a run: what a checkpoint of it holds, when one is written, and which one may be taken up again.

A run continues to the bit, so a checkpoint belongs to one case, one set of input files, one prepared grid and one state
of the source. Only threads, the cut into tiles and the interval of checkpoints may differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.case.resolve import provenance, resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, OutsideError, RunError
from floodsim.grid.grid import Grid
from floodsim.output.folder import ResultFolder
from floodsim.output.sinks import Parts, missing_parts
from floodsim.output.view import Observer, Status
from floodsim.simulate.checkpoint import (
    BadCheckpointError,
    Checkpoint,
    checkpoints,
    read_checkpoint,
    read_manifest,
    write_checkpoint,
)
from floodsim.simulate.simulation import Simulation

log = logging.getLogger(__name__)

FREE_KEYS = ("solver.threads", "output.checkpoint_interval")
"""Keys of the case on which no bit of the result depends."""
BITS = ("case", "forcing", "grid", "kernels", "surface", "drainage", "simulate")
"""Packages whose source a run's bits depend on."""
GROUND = ("bed", "active", "building", "roughness", "rain_share")


class Keeper:
    """Writes checkpoints of one run into a folder, at most every ``interval`` s of wall-clock time.

    ``kept`` is the number of the checkpoint that the run was continued from.
    """

    def __init__(
        self, folder: Path, interval: float, marks: dict[str, Any], observers: Mapping[str, Observer], kept: int = 0
    ) -> None:
        self.folder, self.interval, self.marks, self.observers = folder, interval, marks, observers
        self.kept = kept
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether the interval is over."""
        return time.monotonic() - self._last >= self.interval

    def keep(self, simulation: Simulation, status: Status) -> None:
        """Make results so far safe and write the checkpoint. Raises RunError where the disk does not take them."""
        if simulation.done == self.kept:
            return
        began = time.monotonic()
        seen = {name: observer.memory(status) for name, observer in self.observers.items()}
        memory = {"run": simulation.memory(), "observers": seen}
        write_checkpoint(self.folder, simulation.done, memory, self.marks)
        self.kept, self._last = simulation.done, time.monotonic()
        log.info("checkpoint at t = %.0f s, written in %.1f s", simulation.view.time, self._last - began)


def find_checkpoint(folder: ResultFolder, marks: dict[str, Any]) -> tuple[Checkpoint | None, list[str]]:
    """The last checkpoint that can be taken up, and why later ones cannot; None where there is none at all.

    Raises CaseError with the reasons where there are some but none can be used.
    """
    faults, reasons = [], []
    for path in checkpoints(folder.checkpoint):
        try:
            checkpoint = _usable(path, folder.path, marks)
        except BadCheckpointError as error:
            faults.append(
                Fault(
                    "the checkpoint cannot be used", str(path), value=str(error),
                    remedy="continue with the same case, files and version of floodsim, or begin anew with --force",
                )
            )  # fmt: skip
            reasons.append(f"checkpoint {path.name} was not used: {error}")
            continue
        return checkpoint, reasons
    if faults:
        raise CaseError(faults)
    return None, reasons


def _usable(path: Path, results: Path, marks: dict[str, Any]) -> Checkpoint:
    """A checkpoint that is whole, belongs to this run, and whose results are there."""
    content = read_manifest(path)
    other = differences(content["marks"], marks)
    if other:
        raise BadCheckpointError("it belongs to another run: " + "; ".join(other))
    checkpoint = read_checkpoint(path)
    for memory in checkpoint.memory["observers"].values():
        missing = missing_parts(results, memory.get("parts", []))
        if missing:
            raise BadCheckpointError(f"results from before it are missing: {missing}")
    return checkpoint


def take_up(checkpoint: Checkpoint, simulation: Simulation, observers: Mapping[str, Observer]) -> None:
    """Put a simulation and its observers back to a checkpoint."""
    try:
        simulation.recall(checkpoint.memory["run"])
        for name, observer in observers.items():
            observer.recall(simulation.view, checkpoint.memory["observers"][name])
    except (KeyError, ValueError, TypeError) as error:
        raise CaseError(
            Fault(
                "the checkpoint does not fit the run", str(checkpoint.path), value=repr(error),
                remedy="begin the run anew with --force",
            )
        ) from error  # fmt: skip


def records_known(folder: ResultFolder) -> Iterator[Parts]:
    """The parts of results that the checkpoints in a folder name."""
    for path in checkpoints(folder.checkpoint):
        with contextlib.suppress(BadCheckpointError, KeyError):
            for memory in read_manifest(path)["values"]["observers"].values():
                yield memory.get("parts", [])


def resumable_time(folder: Path) -> float | None:
    """The simulated time (s) from which the run in a result folder can be continued, None where it cannot."""
    for path in checkpoints(ResultFolder(folder, ()).checkpoint):
        try:
            return float(read_manifest(path)["values"]["run"]["time"])
        except (BadCheckpointError, KeyError):
            continue
    return None


def with_way_on(error: RunError, folder: ResultFolder | None) -> RunError:
    """The error, and how to go on after it where its cause lay outside of the run and a checkpoint stands."""
    time = None if folder is None else resumable_time(folder.path)
    if time is None or not isinstance(error, OutsideError):
        return error
    return OutsideError(f"{error}\n    the checkpoint at t = {time:.0f} s is whole: continue from it with --resume")


def marks_of(case: Case, grid: Grid) -> dict[str, Any]:
    """What the bits of a run depend on: the case, its files, the prepared grid, and the source that moves the water."""
    return {
        **case_marks(resolved(case), provenance(case)),
        "grid": _grid_sum(grid),
        "floodsim": floodsim.__version__,
        "source": _source_sum(),
    }


def case_marks(case: dict[str, Any], provenance: dict[str, Any]) -> dict[str, Any]:
    """A resolved case without its provenance, and the checksums of its input files out of that."""
    return {
        "case": {key: value for key, value in case.items() if key != "provenance"},
        "inputs": {key: file["sha256"] for key, file in provenance["inputs"].items()},
    }


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs between the marks of two runs, as short sentences that name keys; empty where nothing does."""
    found = case_differences(then, now)
    if not found and then["grid"] != now["grid"]:
        found.append("the prepared grid differs")
    if then["floodsim"] != now["floodsim"]:
        found.append(f"floodsim {then['floodsim']} then, {now['floodsim']} now")
    elif then["source"] != now["source"]:
        found.append("the source of floodsim has changed")
    return found


def case_differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Keys that differ between the cases of two marks, with both values; of files the content counts, not the path."""
    files = {*then["inputs"]} & {*now["inputs"]}
    found = [
        f"{key}: the content of the file has changed"
        for key in sorted(files)
        if then["inputs"][key] != now["inputs"][key]
    ]
    old, new = dict(_leaves(then["case"])), dict(_leaves(now["case"]))
    skipped = {*FREE_KEYS, *files}
    return found + [
        f"{key} = {_shown(old, key)} then, {_shown(new, key)} now"
        for key in sorted({*old, *new})
        if key not in skipped and old.get(key, ...) != new.get(key, ...)
    ]


def _shown(leaves: dict[str, Any], key: str) -> str:
    return repr(leaves[key]) if key in leaves else "absent"


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a resolved case by its key, as faults name it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{key}[{number}]")
    else:
        yield key, value


def _grid_sum(grid: Grid) -> str:
    """SHA-256 over the prepared ground."""
    digest = hashlib.sha256(repr((grid.shape, grid.dx, grid.dy, grid.bounds)).encode())
    for name in GROUND:
        if grid.has(name):
            digest.update(name.encode())
            array = grid.array(name)
            for first in range(0, len(array), 256):
                digest.update(np.ascontiguousarray(array[first : first + 256]).data)
    return digest.hexdigest()


def _source_sum() -> str:
    """SHA-256 over the source that moves the water, and over the versions of the compiler and of NumPy."""
    digest = hashlib.sha256(repr([version(name) for name in ("numba", "llvmlite", "numpy")]).encode())
    home = Path(floodsim.__file__).parent
    for package in BITS:
        for file in sorted((home / package).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()
