"""EPA SWMM as the oracle: runs an input file in a process of its own and gives back series in SI."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOOT = 0.3048
FLOW_UNITS = {
    "CFS": FOOT**3, "GPM": 3.785411784e-3 / 60, "MGD": 3785.411784 / 86400,
    "CMS": 1.0, "LPS": 1e-3, "MLD": 1000 / 86400,
}  # fmt: skip
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
    return np.array([output.get_node_series(h, i, attribute, 0, n - 1) for i in range(len(nodes))])
def link(attribute):
    return np.array([output.get_link_series(h, i, attribute, 0, n - 1) for i in range(len(links))])
np.savez(npz, step=output.get_times(h, e.Time.REPORT_STEP), nodes=np.array(nodes), links=np.array(links),
    head=node(e.NodeAttribute.HYDRAULIC_HEAD), lateral=node(e.NodeAttribute.LATERAL_INFLOW),
    flood=node(e.NodeAttribute.FLOODING_LOSSES), flow=link(e.LinkAttribute.FLOW_RATE))
"""


@dataclass(frozen=True)
class Answer:
    """What SWMM says: times (s), heads (m) and lateral inflows and overflows (m3/s) of nodes, flows of links (m3/s)."""

    times: np.ndarray
    nodes: list[str]
    links: list[str]
    head: np.ndarray
    lateral: np.ndarray
    flooding: np.ndarray
    flow: np.ndarray


def with_options(text: str, **options: object) -> str:
    """The text of an input file with some of its options replaced."""
    for key in options:
        text = re.sub(rf"(?im)^\s*{key}\s+.*\n", "", text)
    lines = "".join(f"{key} {value}\n" for key, value in options.items())
    return re.sub(r"(?im)^\s*\[OPTIONS\]\s*\n", lambda match: match.group(0) + lines, text, count=1)


def run_swmm(inp: Path, folder: Path, name: str = "run", **options: object) -> Answer:
    """Run SWMM on a copy of ``inp`` with ``options`` replaced, working in ``folder``; raises where SWMM fails."""
    text = with_options(inp.read_text(encoding="utf-8", errors="replace"), **options)
    copy = folder / f"{name}.inp"
    copy.write_text(text, encoding="utf-8")
    files = [copy, *(folder / f"{name}.{end}" for end in ("rpt", "out", "npz"))]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *map(str, files)], cwd=inp.parent, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    if done.returncode:
        report = files[1].read_text(errors="replace")[-2000:] if files[1].exists() else ""
        raise RuntimeError(f"SWMM failed on {inp.name}: {done.stderr[-1000:]}\n{report}")
    units = re.search(r"(?im)^\s*FLOW_UNITS\s+(\w+)", text)
    flow_unit = FLOW_UNITS[units.group(1).upper() if units else "CFS"]
    length = FOOT if units is None or units.group(1).upper() in ("CFS", "GPM", "MGD") else 1.0
    data = np.load(files[3])
    return Answer(
        (np.arange(data["head"].shape[1]) + 1.0) * float(data["step"]),
        [str(name) for name in data["nodes"]],
        [str(name) for name in data["links"]],
        data["head"] * length,
        data["lateral"] * flow_unit,
        data["flood"] * flow_unit,
        data["flow"] * flow_unit,
    )
