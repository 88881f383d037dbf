"""What the validation cases share: schemes, one way to run a case in memory, channels along either axis, error norms.

Every case module has an ``evaluate`` that runs the model and returns its figures as a plain dict, and tests that hold
the figures against stated limits.
"""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import floodsim
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results, seconds_from_start

MASS_LIMIT = 1e-11
"""Largest relative mass error that any case may show in double precision."""


class Scheme(NamedTuple):
    """A numerical scheme by the solver keys of a case."""

    scheme: str
    order: int

    def __str__(self) -> str:
        return f"{self.scheme}{self.order}"


HLLC1, HLLC2, INERTIAL = Scheme("hllc", 1), Scheme("hllc", 2), Scheme("inertial", 1)
SCHEMES = [HLLC1]
"""The schemes whose limits have been measured in a run of this suite. The tables hold provisional ones for the others;
a scheme joins here once its figures are measured."""


def every(limits: Mapping[Scheme, Any], *more: pytest.MarkDecorator) -> pytest.MarkDecorator:
    """Run a test for every scheme that this version has and the table of limits speaks of."""
    found = [pytest.param(scheme, id=str(scheme), marks=more) for scheme in SCHEMES if scheme in limits]
    return pytest.mark.parametrize("scheme", found)


class Figure(NamedTuple):
    """A figure that a case is judged by; it must not lie above its limit."""

    value: float
    limit: float


@dataclass(frozen=True)
class Outcome:
    """Figures of a case by what they are called, and how long the solver took (s, without compiling)."""

    figures: dict[str, Figure]
    wall_s: float

    def check(self, *names: str) -> None:
        """Fail where a figure (of ``names``; none: any) lies above its limit, and say what all of them are."""
        rows = {name: f"{name}: {f.value:.4g}, limit {f.limit:.4g}" for name, f in self.figures.items()}
        looked_at = names or tuple(self.figures)
        missed = [rows[name] for name in looked_at if not self.figures[name].value <= self.figures[name].limit]
        assert not missed, "\n".join(
            ["over the limit:", *missed, f"all figures ({self.wall_s:.1f} s):", *rows.values()]
        )


class Errors(NamedTuple):
    """Norms of an error: mean, root mean square, largest; and the mean over the mean of the reference."""

    l1: float
    l2: float
    linf: float
    relative: float


def errors(found: np.ndarray, wanted: np.ndarray) -> Errors:
    """Norms of ``found - wanted``, arrays of one shape."""
    off = np.abs(np.asarray(found, float) - wanted)
    mean = float(np.abs(wanted).mean())
    l1 = float(off.mean())
    return Errors(l1, float(np.sqrt((off**2).mean())), float(off.max()), l1 / mean if mean > 0.0 else math.nan)


def measured_order(cells: Sequence[int], norms: Sequence[float]) -> float:
    """Order of convergence: the slope of log(error) over log(1 / cells), by least squares."""
    return float(-np.polyfit(np.log(cells), np.log(norms), 1)[0])


@dataclass(frozen=True)
class Run:
    """What a run left: its results, how long the solver took (s, without compiling), and its mass error."""

    results: Results
    wall_s: float
    mass_error: float

    def last(self, name: str) -> np.ndarray:
        """A map variable at the end of the run, float64 (ny, nx)."""
        assert self.results.maps is not None
        return self.results.maps[name].values[-1].astype(float)

    def series(self, name: str, gauge: str, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Times (s) and values of a series at the point or line called ``label``."""
        assert self.results.series is not None
        return seconds_from_start(self.results.series), self.results.series[name].sel({gauge: label}).values.astype(
            float
        )


def run(case: Mapping[str, Any], grid: Grid, scheme: Scheme, depth: np.ndarray | None = None, threads: int = 1) -> Run:
    """Run a case, given by its keys, on a grid through `floodsim.run`; ``depth`` (ny, nx), m, stands there at first."""
    solver = {**case.get("solver", {}), "scheme": scheme.scheme, "order": scheme.order, "threads": threads}
    keys: dict[str, Any] = {"name": "validation", **case, "solver": solver}
    with tempfile.TemporaryDirectory() as folder:
        if depth is not None:
            raster = Path(folder) / "depth.asc"
            write_raster(raster, depth, grid)
            keys["initial"] = {"depth": str(raster)}
        results = floodsim.run(keys, grid=grid)
    assert results.status == "complete"
    summary = results.summary
    return Run(results, float(summary["performance"]["wall_s"]), abs(float(summary["mass"]["relative_error"])))


def write_raster(path: Path, values: np.ndarray, grid: Grid) -> None:
    """Write values (ny, nx), rows from south to north, as an Arc/Info ASCII grid with all their digits."""
    xmin, ymin, _, _ = grid.bounds
    ny, nx = values.shape
    head = f"ncols {nx}\nnrows {ny}\nxllcorner {xmin!r}\nyllcorner {ymin!r}\ncellsize {grid.dx!r}\nNODATA_value -9999\n"
    rows = (" ".join(f"{value:.17g}" for value in row) for row in values[::-1])
    path.write_text(head + "\n".join(rows) + "\n", encoding="ascii")


@dataclass(frozen=True)
class Channel:
    """A straight channel one cell wide. ``bed`` (n,) in m from upstream to downstream, cells of ``dx`` (m).

    ``depth`` (n,) in m stands there at first, ``rain_share`` (n,) of the rain lands on the cells. ``first`` and
    ``last`` are the keys of the boundary at its two ends (none: closed), discharges per metre of width.
    """

    bed: np.ndarray
    dx: float
    roughness: float = 0.0
    depth: np.ndarray | None = None
    rain_share: np.ndarray | None = None
    first: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """Depth (m) and unit discharge (m2/s) along a channel, (n,) each, at the end of a run."""

    depth: np.ndarray
    flow: np.ndarray
    run: Run


def run_channel(channel: Channel, scheme: Scheme, axis: str, case: Mapping[str, Any]) -> Profile:
    """Run a channel that lies along the axis "x" or "y"; ``case`` holds the other keys (clock, rainfall, solver)."""

    def lay(values: np.ndarray) -> np.ndarray:
        return values[np.newaxis, :] if axis == "x" else values[:, np.newaxis]

    extra = {} if channel.rain_share is None else {"rain_share": lay(channel.rain_share)}
    grid = floodsim.make_grid(lay(channel.bed), channel.dx, roughness=channel.roughness, **extra)
    ends = zip(("west", "east") if axis == "x" else ("south", "north"), (channel.first, channel.last), strict=True)
    boundaries = [{"name": edge, "edge": edge, **_whole(keys, channel.dx)} for edge, keys in ends if keys]
    depth = None if channel.depth is None else lay(channel.depth)
    done = run({**case, "boundaries": boundaries}, grid, scheme, depth)
    h, u = done.last("depth").ravel(), done.last(f"velocity_{axis}").ravel()
    across = done.last("velocity_y" if axis == "x" else "velocity_x")
    assert not across.any(), "water moves across a straight channel"
    return Profile(h, h * u, done)


def _whole(keys: Mapping[str, Any], width: float) -> dict[str, Any]:
    """Boundary keys with the unit discharge turned into that of the whole width."""
    whole = dict(keys)
    if "discharge" in whole:
        whole["discharge"] = whole["discharge"] * width
    return whole


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Columns of a CSV file with a header; lines that begin with # are left out."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
