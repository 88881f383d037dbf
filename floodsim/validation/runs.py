"""Ways to run a case in memory through `floodsim.run`, channels along either axis, and columns of published data."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import floodsim
from floodsim.errors import RunError
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results, seconds_from_start
from floodsim.validation.case import Scheme


@dataclass(frozen=True)
class Run:
    """What a run left: its results, the seconds of the solver (clock, processor) without compiling, its mass error."""

    results: Results
    wall_s: float
    cpu_s: float
    mass_error: float

    def last(self, name: str) -> np.ndarray:
        """A map variable at the end of the run, float64 (ny, nx)."""
        maps = self.results.maps
        if maps is None:
            raise RunError("the run left no maps")
        return maps[name].values[-1].astype(float)

    def series(self, name: str, gauge: str, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Times (s) and values of a series at the point or line called ``label``."""
        series = self.results.series
        if series is None:
            raise RunError("the run left no series")
        return seconds_from_start(series), series[name].sel({gauge: label}).values.astype(float)

    def entered(self) -> float:
        """Net volume (m3) that came in through the boundaries."""
        return float(self.results.summary["mass"]["terms"]["boundaries"]["m3"])


def run(case: Mapping[str, Any], grid: Grid, scheme: Scheme, depth: np.ndarray | None = None) -> Run:
    """Run a case, given by its keys, on a grid through `floodsim.run`; ``depth`` (ny, nx), m, stands there at first.

    One thread each: the suite runs cases side by side.
    """
    solver = {"scheme": scheme.scheme, "order": scheme.order, "threads": 1, **case.get("solver", {})}
    keys: dict[str, Any] = {"name": "validation", **case, "solver": solver}
    with tempfile.TemporaryDirectory() as folder:
        if depth is not None:
            raster = Path(folder) / "depth.asc"
            write_raster(raster, depth, grid)
            keys["initial"] = {"depth": str(raster)}
        meter = Meter()
        results = floodsim.run(keys, grid=grid, progress=meter)
    if results.status != "complete":
        raise KeyboardInterrupt
    performance = results.summary["performance"]
    mass = abs(float(results.summary["mass"]["relative_error"]))
    return Run(results, float(performance["wall_s"]), meter.cpu_s, mass)


class Meter:
    """Progress that counts the seconds of the processor from the first step to the last, all threads together."""

    def __init__(self) -> None:
        self.began = self.cpu_s = 0.0

    def start(self, total_seconds: float) -> None:
        """The first step comes next."""
        self.began = time.process_time()

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """Nothing to tell."""

    def finish(self, status: str) -> None:
        """The last step is done."""
        self.cpu_s = time.process_time() - self.began


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
    if done.last("velocity_y" if axis == "x" else "velocity_x").any():
        raise RunError("water moves across a straight channel")
    return Profile(h, h * u, done)


def _whole(keys: Mapping[str, Any], width: float) -> dict[str, Any]:
    """Boundary keys with the unit discharge turned into that of the whole width."""
    whole = dict(keys)
    if "discharge" in whole:
        whole["discharge"] = whole["discharge"] * width
    return whole


def at_end(duration: float, beat: float | None = None, maps: float | None = None) -> dict[str, Any]:
    """Keys of a run of ``duration`` (s) of which only the end matters; ``beat`` is its sync interval."""
    return {
        "clock": {"duration": duration},
        "solver": {"sync_interval": beat or duration},
        "output": {"interval": maps or duration, "series_interval": duration},
    }


def checkout() -> Path:
    """The folder that holds the package: in a source checkout also the example cases."""
    return Path(floodsim.__file__).parents[1]


def data_folder(data: Path | None, *parts: str) -> Path:
    """A folder of the published data; raises RunError without them."""
    if data is None:
        raise RunError("this case needs the folder of published validation data")
    return data.joinpath(*parts)


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Columns of a CSV file with a header; lines that begin with # are left out."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
