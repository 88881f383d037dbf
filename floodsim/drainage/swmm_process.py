"""The handle on the process of one SWMM model: starts it, sends it messages, turns its end into errors of ours."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import subprocess
import tempfile
import weakref
from dataclasses import replace
from typing import Any

import numpy as np

from floodsim.drainage.swmm_library import child_command, library_file, said_faults, version_text
from floodsim.drainage.swmm_worker import Look, Model
from floodsim.errors import CaseError, RunError

PATIENCE = 5.0
"""Seconds that a process has to end by itself."""


class SwmmProcess:
    """SWMM running ``model`` in a process of its own; ``file`` is the engineer's input, named where it is at fault.

    Raises CaseError where SWMM is not installed or refuses the model, RunError where it fails later.
    """

    def __init__(self, model: Model, file: str) -> None:
        library_file()
        folder = tempfile.mkdtemp(prefix="floodsim-swmm-")
        self._text, self._file = model.text, file
        self._child = subprocess.Popen(
            child_command("swmm_worker", "serve"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.close = weakref.finalize(self, _end, self._child, folder)
        self._send("start", replace(model, folder=folder))
        self.version = version_text(self._receive("version"))

    def advance(self, t1: float, volumes: np.ndarray, stages: np.ndarray) -> None:
        """Have SWMM go to ``t1`` (s) while ``volumes`` (nodes,) m3 enter, at ``stages`` (outfalls,) m; NaN: as before.

        Does not wait; `look` does.
        """
        self._send("advance", t1, volumes, stages)

    def look(self) -> Look:
        """What SWMM shows after all that it was asked to do."""
        self._send("look")
        look: Look = self._receive("look")
        return look

    def _send(self, *message: Any) -> None:
        assert self._child.stdin is not None
        try:
            pickle.dump(message, self._child.stdin, protocol=5)
            self._child.stdin.flush()
        except OSError:
            self._receive("look")  # says why it has ended

    def _receive(self, wanted: str) -> Any:
        assert self._child.stdout is not None
        try:
            word, value = pickle.load(self._child.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close()
            raise RunError(f"the process of EPA SWMM ended with code {self._child.returncode}") from error
        if word == wanted:
            return value
        self.close()
        if word == "failed":
            faults = said_faults(value, self._text, self._file)
            if faults and wanted == "version":
                raise CaseError(faults)
            raise RunError("EPA SWMM stopped: " + ("; ".join(fault.message for fault in faults) or "without a reason"))
        raise RunError(f"the process of EPA SWMM failed: {value}")


def _end(child: subprocess.Popen[bytes], folder: str) -> None:
    """Close the pipes, at which the process ends, and leave nothing of it behind."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was still to be sent has no reader any more
                stream.close()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)
