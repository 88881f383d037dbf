"""Networks of EPA's SWMM regression suite through our reader and engine, beside SWMM run on the same file."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

from floodsim.drainage.compare import compare_with_swmm
from floodsim.errors import RunError
from floodsim.validation.case import FIRST, Outcome, Scheme, ValidationCase, at_least
from floodsim.validation.runs import data_folder

FILES = {
    "routing/test3.inp": (1, 12),
    "routing/test5.inp": (10, 10),
    "extran/extran4.inp": (7, 9),
    "extran/extran9.inp": (2, 1),
    "update_v52/Storage_Shape_Test.inp": (8, 4),
    "update_v52/Type5_Pump_Test.inp": (6, 3),
    "update_v52/control_rules_test.inp": (4, 3),
}
"""Input, and how many of its nodes and links lie within the band of SWMM's own answers, as measured."""


def evaluate(file: str, _scheme: Scheme, data: Path | None) -> Outcome:
    """Nodes and links within the band (see `drainage.compare`), the worst of each, and the error of our ledger."""
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = compare_with_swmm(data_folder(data, "epa_swmm") / file, Path(folder))
    if not found.covered:
        raise RunError(found.reason)
    figures = {
        "nodes within": float(found.nodes.within.sum()),
        "nodes": float(len(found.nodes.name)),
        "links within": float(found.links.within.sum()),
        "links": float(len(found.links.name)),
        "worst head, rms (m)": float(found.nodes.rms.max(initial=0.0)),
        "worst flow, rms/peak": float(found.links.rms.max(initial=0.0)),
        "mass": abs(found.error),
    }
    return Outcome(figures, (), time.perf_counter() - began, time.process_time() - cpu)


CASES = tuple(
    ValidationCase(
        name="epa_" + Path(file).stem.lower(),
        title=f"EPA SWMM regression suite, {file}",
        group="drainage",
        source="USEPA/swmm-nrtestsuite; EPA SWMM 5.2 by swmm-toolkit, EXTRAN and SLOT, at two steps",
        peers="the two ways in which SWMM itself surcharges pipes differ by the band",
        evaluate=partial(evaluate, file),
        limits={FIRST: {"nodes within": at_least(nodes), "links within": at_least(links), "mass": 1e-12}},
        seconds={FIRST: 5.0},
        needs="epa_swmm",
        package="swmm",
    )
    for file, (nodes, links) in FILES.items()
)
