"""The process in which one model of EPA SWMM lives: it reads messages from its input and answers on its output.

Every message is a pickled tuple, a word and what belongs to it; every answer a pair of a word and a value. The process
ends where its input ends, so it never outlives the one that started it, and its files are gone once SWMM has read them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from pathlib import Path

import numpy as np

from floodsim.drainage import swmm_library as swmm
from floodsim.kernels import swmm as kernels

WATCH = 2.0
"""Seconds between two looks at whether the starter is still there."""
TOTALS = 13
"""Numbers of SWMM's own books; those of evaporation and seepage are in `LOSSES`."""
LOSSES = slice(7, 9)


@dataclass(frozen=True)
class Model:
    """What SWMM is to run, and how the tables behind it are ordered.

    ``text`` of the input; names of ``nodes`` and ``links``; ``start`` and ``end`` (links,) rows of nodes and
    ``barrels`` (links,); ``pond`` (nodes,) 1 where water over the rim stays; ``outfalls`` rows; ``longest`` step, s;
    ``folder`` for its files.
    """

    text: str
    nodes: tuple[str, ...]
    links: tuple[str, ...]
    start: np.ndarray
    end: np.ndarray
    barrels: np.ndarray
    pond: np.ndarray
    outfalls: np.ndarray
    longest: float
    folder: str


@dataclass(frozen=True)
class Look:
    """What SWMM shows: columns of ``nodes`` and ``links`` as in `kernels.swmm`, the ``clock``, and water ``lost`` to
    air and ground since the start, m3.
    """

    nodes: np.ndarray
    links: np.ndarray
    clock: np.ndarray
    lost: float


class FailedError(Exception):
    """SWMM has stopped; holds its report."""


class Running:
    """SWMM with a model that has been started."""

    def __init__(self, model: Model) -> None:
        self.model, self.library = model, swmm.load_library()
        folder = Path(model.folder)
        inp, report, out = (folder / f"model.{end}" for end in ("inp", "rpt", "out"))
        inp.write_text(model.text, encoding="utf-8")
        library = self.library
        opened = library.swmm_open(*(os.fsencode(path) for path in (inp, report, out)))
        self.report = open(report, encoding="utf-8", errors="replace")  # noqa: SIM115
        if opened or library.swmm_start(0):
            raise FailedError(self.close())
        with contextlib.suppress(OSError):  # Windows keeps open files; there the folder goes at the end
            shutil.rmtree(folder)
        self.rows = self._indices(swmm.NODE, model.nodes)
        self.columns = self._indices(swmm.LINK, model.links)
        names = ("swmm_getValue", "swmm_setValue", "swmm_getLinkResult", "swmm_step")
        self.calls = np.array([swmm.address(getattr(library, name)) for name in names], np.int64)
        count, self.clock, self.buffer = self.rows.size, np.zeros(2), np.zeros(1)
        self.nodes, self.links = np.zeros((count, kernels.NODES)), np.zeros((self.columns.size, kernels.LINKS))
        self._before = np.zeros(count)
        self._stages = np.full(model.outfalls.size, np.nan)
        for link, column in enumerate(self.columns):
            flow = library.swmm_getValue(kernels.LINK_FLOW, int(column))
            self.links[link, kernels.FLOW] = flow
            self.nodes[model.start[link], kernels.NET] -= flow
            self.nodes[model.end[link], kernels.NET] += flow
        kernels.read_state(
            self.calls, self.rows, self.columns, model.start, model.end, model.barrels, self.buffer, self.nodes,
            self.links,
        )  # fmt: skip

    def _indices(self, kind: int, names: tuple[str, ...]) -> np.ndarray:
        return np.array([self.library.swmm_getIndex(kind, name.encode()) for name in names], np.int64)

    def advance(self, t1: float, volumes: np.ndarray, stages: np.ndarray) -> None:
        """Go to ``t1`` (s) while ``volumes`` (nodes,) m3 enter; ``stages`` (outfalls,) m, NaN leaves one as it is."""
        model = self.model
        for place in np.flatnonzero(~np.isnan(stages) & (stages != self._stages)):
            row = int(self.rows[model.outfalls[place]])
            self.library.swmm_setValue(kernels.NODE_HEAD, row, float(stages[place]))
            self._stages[place] = stages[place]
        error = kernels.advance_swmm(
            t1, model.longest, self.calls, self.rows, self.columns, model.start, model.end,
            model.barrels, model.pond, np.ascontiguousarray(volumes, np.float64), self._before, self.buffer, self.clock,
            self.nodes, self.links,
        )  # fmt: skip
        if error:
            raise FailedError(self.close())

    def look(self) -> Look:
        """What SWMM shows now."""
        totals = (ctypes.c_double * TOTALS)()
        self.library.swmm_getSystemRoutingTotals(totals)
        return Look(self.nodes, self.links, self.clock, float(sum(totals[LOSSES])))

    def close(self) -> str:
        """End SWMM; its report."""
        self.library.swmm_end()
        self.library.swmm_close()  # only now the report is whole
        with self.report:
            return self.report.read()


def serve() -> None:
    """Answer messages until there are none any more. Signals are the starter's to answer."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    channel = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing that SWMM prints may fall between answers
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    with open(channel, "wb") as answers:
        _answer(sys.stdin.buffer, answers)  # type: ignore[arg-type]


def _answer(messages: BufferedReader, answers: BufferedWriter) -> None:
    running: Running | None = None
    while True:
        try:
            word, *values = pickle.load(messages)
        except (EOFError, pickle.UnpicklingError):
            return
        try:
            if word == "start":
                running = Running(*values)
                reply = ("version", running.library.swmm_getVersion())
            elif running is None:
                return
            elif word == "advance":
                running.advance(*values)
                continue
            else:
                reply = ("look", running.look())
        except FailedError as error:
            reply = ("failed", str(error))
        except Exception as error:  # the starter tells it
            reply = ("error", f"{type(error).__name__}: {error}")
        pickle.dump(reply, answers, protocol=5)
        answers.flush()
        if reply[0] in ("failed", "error"):
            return


def _watch(starter: int) -> None:
    """End this process where its starter is gone, even if another process holds the other end of the input open."""
    while os.getppid() == starter:
        time.sleep(WATCH)
    os._exit(1)
