"""EPA SWMM on a copy of an input file, in a process of its own: series in SI, for comparison with our engine.

It hides no fault: where SWMM fails, its own words are raised.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from floodsim.drainage.inp_options import FLOW_UNITS, FOOT, US
from floodsim.errors import CaseError, Fault, RunError

RUNNER = """
import sys
import numpy as np
from swmm.toolkit import output, shared_enum as e, solver
inp, rpt, out, npz = sys.argv[1:]
solver.swmm_run(inp, rpt, out)
h = output.init()
output.open(h, out)
sizes = output.get_proj_size(h)
n = output.get_times(h, e.Time.NUM_PERIODS)
nodes = [output.get_elem_name(h, e.ElementType.NODE, i) for i in range(sizes[1])]
links = [output.get_elem_name(h, e.ElementType.LINK, i) for i in range(sizes[2])]
def node(attribute):
    return np.array([output.get_node_series(h, i, attribute, 0, n - 1) for i in range(len(nodes))]).reshape(-1, n)
def link(attribute):
    return np.array([output.get_link_series(h, i, attribute, 0, n - 1) for i in range(len(links))]).reshape(-1, n)
np.savez(npz, step=output.get_times(h, e.Time.REPORT_STEP), nodes=np.array(nodes, str), links=np.array(links, str),
    head=node(e.NodeAttribute.HYDRAULIC_HEAD), lateral=node(e.NodeAttribute.LATERAL_INFLOW),
    flood=node(e.NodeAttribute.FLOODING_LOSSES), flow=link(e.LinkAttribute.FLOW_RATE))
"""


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
    command = [sys.executable, "-c", RUNNER, *map(str, files)]
    try:
        done = subprocess.run(command, cwd=inp.parent, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"SWMM takes more than {seconds:g} s on {inp.name}") from error
    report = files[1].read_text(errors="replace") if files[1].exists() else ""
    if done.returncode:
        if "No module named 'swmm" in done.stderr:
            raise CaseError([Fault("EPA SWMM is not installed", remedy="pip install swmm-toolkit")])
        said = re.findall(r"(?m)^\s*(ERROR \d+:.*)$", report) or [done.stderr.strip()[-300:]]
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


def _continuity(report: str) -> float:
    """Error of flow routing that SWMM reports, a part; 0 where it reports none."""
    part = report.partition("Flow Routing Continuity")[2]
    found = re.search(r"Continuity Error \(%\)\s*\.+\s*(-?[\d.]+)", part)
    return float(found.group(1)) / 100.0 if found else 0.0
