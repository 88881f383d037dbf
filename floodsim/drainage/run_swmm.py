"""EPA SWMM on a copy of an input file, in a process of its own: series in SI, for comparison with our engine.

It hides no fault: where SWMM fails, its own words are raised.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from floodsim.drainage.inp_options import FLOW_UNITS, FOOT, US
from floodsim.drainage.swmm_library import ERROR, LINK, NODE, child_command, library_file, load_library
from floodsim.errors import RunError

HEAD, LATERAL, FLOODING, FLOW = 304, 306, 308, 410
NODE_TOLD, LINK_TOLD, REPORT_STEP, PERIODS = 309, 414, 5, 6
"""Codes in SWMM's interface: values saved, whether an object is reported, and what the reports amount to."""


@dataclass(frozen=True)
class Answer:
    """What SWMM says: ``times`` (s); heads (m), lateral inflows and overflows (m3/s) of nodes, flows (m3/s) of
    links, all (objects, times); ``continuity`` its own error of flow routing, a part of the water handled.
    """

    times: np.ndarray
    nodes: list[str]
    links: list[str]
    head: np.ndarray
    lateral: np.ndarray
    flooding: np.ndarray
    flow: np.ndarray
    continuity: float


def with_options(text: str, **options: object) -> str:
    """The text of an input file with some of its options replaced."""
    for key in options:
        text = re.sub(rf"(?im)^\s*{key}\s+.*\n", "", text)
    lines = "".join(f"{key} {value}\n" for key, value in options.items())
    return re.sub(r"(?im)^\s*\[OPTIONS\]\s*\n", lambda match: match.group(0) + lines, text, count=1)


def run_swmm(inp: Path, folder: Path, name: str = "run", seconds: float = 600.0, **options: object) -> Answer:
    """Run SWMM on a copy of ``inp`` with ``options`` replaced, working in ``folder``.

    Raises `CaseError` where swmm-toolkit is not installed, `RunError` where SWMM fails or takes more than ``seconds``.
    """
    text = with_options(inp.read_text(encoding="utf-8", errors="replace"), **options)
    copy = folder / f"{name}.inp"
    copy.write_text(text, encoding="utf-8")
    files = [copy, *(folder / f"{name}.{end}" for end in ("rpt", "out", "npz"))]
    library_file()
    command = [*child_command("run_swmm", "run_and_save"), *map(str, files)]
    try:
        done = subprocess.run(command, cwd=inp.parent, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"SWMM takes more than {seconds:g} s on {inp.name}") from error
    report = files[1].read_text(errors="replace") if files[1].exists() else ""
    if done.returncode:
        said = [f"{code}: {words}" for code, words in ERROR.findall(report)] or [done.stderr.strip()[-300:]]
        raise RunError(f"SWMM fails on {inp.name}: {'; '.join(said[:3])}")
    units = re.search(r"(?im)^\s*FLOW_UNITS\s+(\w+)", text)
    unit = units.group(1).upper() if units else "CFS"
    data = np.load(files[3])
    return Answer(
        (np.arange(data["head"].shape[1]) + 1.0) * float(data["step"]),
        [str(name) for name in data["nodes"]],
        [str(name) for name in data["links"]],
        data["head"] * (FOOT if unit in US else 1.0),
        data["lateral"] * FLOW_UNITS[unit],
        data["flood"] * FLOW_UNITS[unit],
        data["flow"] * FLOW_UNITS[unit],
        _continuity(report),
    )


def run_and_save() -> None:
    """Run SWMM on the input named first on the command line, and save what it reports in the file named last."""
    inp, report, out, npz = sys.argv[2:]
    library, elapsed = load_library(), ctypes.c_double(1.0)
    failed = library.swmm_open(*map(os.fsencode, (inp, report, out))) or library.swmm_start(1)
    while not failed and elapsed.value > 0.0:
        failed = library.swmm_step(ctypes.byref(elapsed))
    failed = library.swmm_end() or failed
    if not failed:
        _save(library, npz)
        library.swmm_report()
    library.swmm_close()
    sys.exit(1 if failed else 0)


def _save(library: ctypes.CDLL, npz: str) -> None:
    """Save names and series of what SWMM, which has ended but is not closed, reports."""
    count = int(library.swmm_getValue(PERIODS, 0))

    def told(kind: int, flag: int) -> list[int]:
        return [index for index in range(library.swmm_getCount(kind)) if library.swmm_getValue(flag, index) > 0.0]

    def names(kind: int, rows: list[int]) -> np.ndarray:
        text, found = ctypes.create_string_buffer(200), []
        for row in rows:
            library.swmm_getName(kind, row, text, 199)
            found.append(text.value.decode())
        return np.array(found, str)

    def series(code: int, rows: list[int]) -> np.ndarray:
        values = [[library.swmm_getSavedValue(code, row, k + 1) for k in range(count)] for row in rows]
        return np.array(values, float).reshape(-1, count)

    nodes, links = told(NODE, NODE_TOLD), told(LINK, LINK_TOLD)
    np.savez(
        npz, step=library.swmm_getValue(REPORT_STEP, 0), nodes=names(NODE, nodes), links=names(LINK, links),
        head=series(HEAD, nodes), lateral=series(LATERAL, nodes), flood=series(FLOODING, nodes),
        flow=series(FLOW, links),
    )  # fmt: skip


def _continuity(report: str) -> float:
    """Error of flow routing that SWMM reports, a part; 0 where it reports none."""
    part = report.partition("Flow Routing Continuity")[2]
    found = re.search(r"Continuity Error \(%\)\s*\.+\s*(-?[\d.]+)", part)
    return float(found.group(1)) / 100.0 if found else 0.0
