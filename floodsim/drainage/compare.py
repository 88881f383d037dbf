"""Our engine beside EPA SWMM on one input file: deviations by node and link from the band of SWMM's own answers.

The band at an instant is the envelope of four SWMM runs of the dynamic wave: full pipes by EXTRAN and by SLOT, each at
the step of the file and at a step of half a second. An object is within where the root mean square in time of what
lies outside the band, and the distance of its peak from the peaks of the band, are at most 1 cm of head or 1 % of its
peak flow (of links that carry less than 1 % of the network's greatest peak: 1 % of that 1 %). Lateral inflows
are those that SWMM reports where it has hydrology, street inlets or rain-derived inflow, else those of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from floodsim.drainage.dummies import with_dummies_as_pumps
from floodsim.drainage.engine import Engine
from floodsim.drainage.inp_text import read_inp_text
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.run_swmm import Answer, run_swmm
from floodsim.errors import CaseError, Faults, RunError

HEAD, FLOW = 0.01, 0.01
"""What counts as equal: m of head, part of the peak flow."""
SMALL = 0.01
"""Part of the network's greatest peak flow under which a link's own peak no longer is the measure."""
FROM_OUTSIDE = ("SUBCATCHMENTS", "RDII", "INLET_USAGE", "GROUNDWATER", "FILES")
"""Sections whose water reaches the network as lateral inflow that only SWMM knows."""
PERIODS = 1500
"""About how many instants are compared."""


class Deviation(NamedTuple):
    """How far nodes or links (n,) lie outside the band: m, or a part of the peak flow.

    ``rms`` and ``worst`` in time, ``peak`` of the greatest value; ``band`` the mean width of the band; ``within``.
    """

    name: tuple[str, ...]
    rms: np.ndarray
    worst: np.ndarray
    peak: np.ndarray
    band: np.ndarray
    within: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """One input compared, or ``reason`` why not. Errors are parts of the water handled: ours, and SWMM's by run."""

    file: str
    reason: str
    nodes: Deviation
    links: Deviation
    error: float
    swmm_errors: dict[str, float]
    hours: float

    @property
    def covered(self) -> bool:
        """Whether the engine ran this input."""
        return not self.reason

    @property
    def row(self) -> str:
        """One row of a table in Markdown: input, covered, nodes and links within, the worst of each, errors, notes."""
        cells = [self.file, "yes" if self.covered else "no"]
        for table, unit, scale in ((self.nodes, "m", 1.0), (self.links, "%", 100.0)):
            count = len(table.name)
            cells.append(f"{int(table.within.sum())}/{count}" if count else "-")
            at = int(np.argmax(np.maximum(table.rms, table.peak))) if count else -1
            cells.append(f"{scale * max(table.rms[at], table.peak[at]):.3g} {unit} {table.name[at]}" if count else "-")
        swmm = max((abs(value) for value in self.swmm_errors.values()), default=0.0)
        cells += [f"{self.error:.0e}", f"{100 * swmm:.2g} %", self.reason]
        return "| " + " | ".join(cells) + " |"


def outside(ours: np.ndarray, band: np.ndarray) -> np.ndarray:
    """How far ``ours`` lies outside the envelope of ``band`` (runs first)."""
    return np.maximum(np.maximum(ours - band.max(axis=0), band.min(axis=0) - ours), 0.0)


def deviation(names: tuple[str, ...], ours: np.ndarray, band: np.ndarray, unit: np.ndarray, limit: float) -> Deviation:
    """Deviation of series ``ours`` (n, times) from ``band`` (runs, n, times), in ``unit`` (n,)."""
    far = outside(ours, band) / unit[:, None]
    size, sizes = (ours, band) if unit.max(initial=1.0) == 1.0 == unit.min(initial=1.0) else (abs(ours), abs(band))
    peak = outside(size.max(axis=1, initial=-np.inf), sizes.max(axis=2, initial=-np.inf)) / unit
    rms = np.sqrt((far**2).mean(axis=1))
    width = np.ptp(band, axis=0).mean(axis=1) / unit
    return Deviation(names, rms, far.max(axis=1), peak, width, (rms <= limit) & (peak <= limit))


def compare_with_swmm(inp: str | Path, folder: Path, hours: float = 0.0, fine: bool = True) -> Comparison:
    """Compare the engine with SWMM on ``inp``, working in ``folder``; what keeps it from being covered is its reason.

    ``hours``: only the first of them (0: all); ``fine`` adds SWMM at steps of half a second to the band. Raises
    `CaseError` where the file is faulty or SWMM is not installed.
    """
    inp = Path(inp)
    empty = Deviation((), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, bool))
    network = with_dummies_as_pumps(read_inp(inp))
    length = (network.options.end - network.options.start).total_seconds() / 3600.0
    hours = min(hours, length) if hours else length
    nothing = Comparison(inp.name, "", empty, empty, 0.0, {}, hours)
    if not network.nodes.name:
        return replace(nothing, reason="holds no node: there is no drainage network in it")
    text = read_inp_text(inp, Faults(inp))
    by_swmm = any(text.rows(section) for section in FROM_OUTSIDE)
    try:
        answers = swmm_answers(inp, network, folder, hours, fine)
        if by_swmm:  # what an outfall gives to a subcatchment comes back as lateral inflow
            network = replace(network, unsupported=tuple(u for u in network.unsupported if u.kind != "OUTFALLS"))
        engine = Engine(network, own_inflows=not by_swmm)
    except RunError as error:
        return replace(nothing, reason=str(error))
    except CaseError as error:
        return replace(nothing, reason="; ".join(fault.message for fault in error.faults))
    first = next(iter(answers.values()))
    nodes = [first.nodes.index(name) for name in network.nodes.name]
    links = [first.links.index(name) for name in network.links.name]
    heads, flows = drive(engine, first, nodes, by_swmm)
    band_flow = np.array([answer.flow[links] for answer in answers.values()])
    peak = np.abs(band_flow).max(axis=(0, 2), initial=0.0)
    unit = np.maximum(peak, SMALL * peak.max(initial=0.0)) + 1e-9
    return Comparison(
        inp.name,
        "",
        deviation(network.nodes.name, heads, np.array([a.head[nodes] for a in answers.values()]),
                  np.ones(len(nodes)), HEAD),
        deviation(network.links.name, flows, band_flow, unit, FLOW),
        engine.ledger.relative_error,
        {name: answer.continuity for name, answer in answers.items()},
        hours,
    )  # fmt: skip


def swmm_answers(inp: Path, network: Network, folder: Path, hours: float, fine: bool) -> dict[str, Answer]:
    """What SWMM says to the first ``hours`` of an input, by run."""
    least = max(network.options.routing_step, 1.0)
    step = np.ceil(max(hours * 3600.0 / PERIODS, 10.0) / least) * least
    end = network.options.start.timestamp() + hours * 3600.0
    last = type(network.options.start).fromtimestamp(end)
    copy = with_whole_paths(inp, folder)
    options: dict[str, Any] = {
        "FLOW_ROUTING": "DYNWAVE", "THREADS": 1, "REPORT_STEP": clock(step), "IGNORE_QUALITY": "YES",
        "END_DATE": f"{last:%m/%d/%Y}", "END_TIME": f"{last:%H:%M:%S}", "REPORT_START_DATE":
        f"{network.options.start:%m/%d/%Y}", "REPORT_START_TIME": f"{network.options.start:%H:%M:%S}",
    }  # fmt: skip
    steps: dict[str, dict[str, Any]] = {"": {}}
    if fine and network.links.name:
        half = min(0.5, network.options.routing_step)
        steps[" fine"] = {"ROUTING_STEP": half, "VARIABLE_STEP": 0, "LENGTHENING_STEP": 0, "MAX_TRIALS": 20}
    answers = {}
    for method in ("EXTRAN", "SLOT"):
        for which, more in steps.items():
            name = method + which
            answers[name] = run_swmm(copy, folder, name.replace(" ", "-"), SURCHARGE_METHOD=method, **options, **more)
    return answers


def with_whole_paths(inp: Path, folder: Path) -> Path:
    """A copy of the input in ``folder`` whose rain and series files are named by their whole paths."""

    def whole(match: re.Match[str]) -> str:
        file = inp.parent / match.group(2).strip('"').replace("\\", "/")
        return f'{match.group(1)}"{file}"' if file.is_file() else match.group(0)

    text = inp.read_text(encoding="utf-8", errors="replace")
    copy = folder / f"{inp.stem}-own.inp"
    copy.write_text(re.sub(r'(?im)^([^;\n]*\sFILE\s+)("[^"]*"|\S+)', whole, text), encoding="utf-8")
    return copy


def clock(seconds: float) -> str:
    """H:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def drive(engine: Engine, answer: Answer, rows: list[int], by_swmm: bool) -> tuple[np.ndarray, np.ndarray]:
    """Heads (nodes, times) and flows (links, times) of the engine at SWMM's report times.

    It is driven by its own inflows, or by those that SWMM reports, linear between reports.
    """
    heads, flows, last = [], [], 0.0
    for k, t in enumerate(answer.times):
        if not by_swmm:
            engine.advance(float(t))
        else:
            before, after = answer.lateral[rows, max(k - 1, 0)], answer.lateral[rows, k]
            for part in (0.125, 0.375, 0.625, 0.875):
                engine.advance(last + (t - last) * (part + 0.125), before + part * (after - before))
        last = float(t)
        heads.append(engine.head.copy())
        flows.append(engine.link_flow.copy())
    return np.array(heads).T, np.array(flows).reshape(len(flows), -1).T
