"""Networks of EPA's SWMM regression suite through our reader and engine, beside SWMM run on the same file."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from floodsim.drainage.compare import compare_with_swmm
from floodsim.errors import RunError
from floodsim.validation.case import FIRST, Curve, Outcome, Picture, Scheme, ValidationCase, at_least
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


UNCOVERED = 4
"""Inputs of the suite that use what the engine does not have; docs/network_against_swmm.md names them."""
WITHIN = {"nodes": 0.575, "links": 0.485}
"""Least share of all nodes and links of the suite within the band over the first hours, as measured."""
HOURS = 6.0


def evaluate_all(_scheme: Scheme, data: Path | None) -> Outcome:
    """All inputs of the suite over their first hours: how many are covered, what lies within the band, the books."""
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(data_folder(data, "epa_swmm").rglob("*.inp"))
        found = [compare_with_swmm(file, Path(folder), hours=HOURS, fine=False) for file in files]
    covered = [one for one in found if one.covered]
    figures = {"inputs": float(len(found)), "inputs not covered": float(len(found) - len(covered))}
    curves = []
    for kind in ("nodes", "links"):
        parts = [(float(getattr(one, kind).within.sum()), len(getattr(one, kind).name)) for one in covered]
        good, number = sum(part[0] for part in parts), sum(part[1] for part in parts)
        figures |= {f"{kind}, share within": good / number, f"{kind} compared": float(number)}
        shares = np.sort([a / n for a, n in parts if n])[::-1]
        curves.append(Curve(kind, np.arange(1.0, shares.size + 1.0), shares, "result"))
    figures["mass"] = max(abs(one.error) for one in covered)
    picture = Picture("share of each input within the band, best first", "input", "share", tuple(curves))
    return Outcome(figures, (picture,), time.perf_counter() - began, time.process_time() - cpu)


WHOLE = ValidationCase(
    name="epa_all",
    title="EPA SWMM regression suite, all inputs, first six hours",
    group="drainage",
    source="USEPA/swmm-nrtestsuite; EPA SWMM 5.2 by swmm-toolkit, EXTRAN and SLOT",
    peers="the two ways in which SWMM itself surcharges pipes differ by the band",
    evaluate=evaluate_all,
    limits={
        FIRST: {
            "inputs not covered": UNCOVERED,
            **{f"{kind}, share within": at_least(share) for kind, share in WITHIN.items()},
            "mass": 1e-12,
        }
    },
    seconds={FIRST: 45.0},
    needs="epa_swmm",
    package="swmm",
)
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
) + (WHOLE,)
