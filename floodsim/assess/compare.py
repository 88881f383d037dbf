"""Two results side by side: equality to the bit, differences on the map, points, verdicts that changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.errors import CaseError, Fault
from floodsim.output import folder as names
from floodsim.output.reader import Results
from floodsim.output.tiled import Stored, there

FIELDS = ("max_depth", "max_speed", "arrival_time", "recession_time", "max_hazard")
"""Envelopes that are compared."""

SUMMED = ("status", "simulated_s", "mass", "drainage", "limiter", "froude")
"""Parts of summary.json that `exact_differences` looks at."""

NOTABLE = 0.01
"""Depths (m) that differ by more than this count as changed."""


@dataclass(frozen=True)
class Comparison:
    """What changed from A to B. ``fields`` (ny, nx) by envelope: B less A, missing values counted as 0.

    ``statistics`` per envelope (least, greatest, mean of the absolute, root mean square, in the unit of the envelope);
    ``areas`` in m2; ``points`` a row per waterlogging point with both figures and the change of its verdict.
    """

    fields: dict[str, np.ndarray]
    statistics: dict[str, dict[str, float]]
    areas: dict[str, float]
    points: list[dict[str, Any]]
    eliminated: tuple[dict[str, int], dict[str, int]]


def compare(a: Results, b: Results) -> Comparison:
    """Compare two results on the same grid. Raises CaseError where their grids differ or one has no envelopes."""
    first, second = _envelopes(a), _envelopes(b)
    _same_grid(a, b)
    inside = a.grid.array("active").astype(bool)
    fields, statistics = {}, {}
    for name in FIELDS:
        if name in first and name in second:
            change = np.nan_to_num(second[name].values) - np.nan_to_num(first[name].values)
            fields[name] = np.where(inside, change, 0).astype(np.float32)
            statistics[name] = _statistics(change[inside])
    depth_a, depth_b = (np.nan_to_num(d["max_depth"].values) for d in (first, second))
    return Comparison(
        fields,
        statistics,
        _areas(depth_a, depth_b, inside & (a.grid.array("building") == 0), a.grid.cell_area),
        compare_points(a.verdict or {}, b.verdict or {}),
        (_eliminated(a), _eliminated(b)),
    )


def compare_points(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of both verdicts by name of the point, in the order of A, then what only B has.

    ``change`` is "same", "eliminated" (failed before, passes now), "new failure", "other" (undetermined), "only A" or
    "only B".
    """
    first = {point["name"]: point for point in a.get("points", [])}
    second = {point["name"]: point for point in b.get("points", [])}
    rows = []
    for name in dict.fromkeys([*first, *second]):
        before, after = first.get(name), second.get(name)
        rows.append({"name": name, "a": before, "b": after, "change": _change(before, after)})
    return rows


def exact_differences(a: Path, b: Path) -> list[str]:
    """What differs between the arrays of two result folders, to the bit, as sentences; empty where nothing does.

    Looks at every variable of every NetCDF file as it is stored, in one file or in tiles: its dims, type and bytes;
    then at every number of the mass ledger, the network and the limiter in summary.json. Attributes, times of writing
    and the cost of the run do not count. Raises CaseError where a folder holds no results.
    """
    found = []
    for folder in (a, b):
        if names.folder_status(folder) is None:
            remedy = "give the folder that `floodsim run --out` wrote"
            raise CaseError(Fault("not a result folder: it holds no summary.json", file=str(folder), remedy=remedy))
    for name in names.NETCDF:
        present = [there(folder / name) for folder in (a, b)]
        if all(present):
            found += [f"{name}: {text}" for text in _file_differences(a / name, b / name)]
        elif any(present):
            found.append(f"{name}: only in {a if present[0] else b}")
    return found + _summary_differences(a, b)


def _summary_differences(a: Path, b: Path) -> list[str]:
    """Figures of two summaries that differ, by name; JSON holds every digit of a float."""
    first, second = (dict(_leaves(json.loads((folder / names.SUMMARY).read_text("utf-8")))) for folder in (a, b))
    return [
        f"{names.SUMMARY}: {key}: {first.get(key, 'absent')} and {second.get(key, 'absent')}"
        for key in dict.fromkeys([*first, *second])
        if key.split(".")[0] in SUMMED and first.get(key) != second.get(key)
    ]


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield key, value
        return
    for name, item in items:
        yield from _leaves(item, f"{key}.{name}" if key else str(name))


def _file_differences(a: Path, b: Path) -> list[str]:
    try:
        with Stored(a) as first, Stored(b) as second:
            lone = [f"{name}: only in {a.parent}" for name in first.names if name not in second.names]
            lone += [f"{name}: only in {b.parent}" for name in second.names if name not in first.names]
            shared = [name for name in first.names if name in second.names]
            texts = ((name, _array_difference(first, second, name)) for name in shared)
            return lone + [f"{name}: {text}" for name, text in texts if text]
    except (OSError, ValueError) as error:
        raise CaseError(
            Fault("damaged, or not a NetCDF file", file=f"{a} or {b}", value=str(error), remedy="run the case again")
        ) from error


def _array_difference(a: Stored, b: Stored, name: str) -> str:
    """How two stored variables differ; empty where they are equal to the bit."""
    shape = a.shape(name)
    if a.dims(name) != b.dims(name) or shape != b.shape(name):
        return f"dims {a.dims(name)} {shape} and {b.dims(name)} {b.shape(name)}"
    if a.dtype(name) != b.dtype(name):
        return f"types {a.dtype(name)} and {b.dtype(name)}"
    count, most = 0, 0.0
    for part in range(shape[0]) if len(shape) > 2 else (...,):  # maps one at a time: they may exceed the memory
        one, two = a.read(name, part), b.read(name, part)
        unequal = one != two if one.dtype == object else _bits(one) != _bits(two)
        count += int(np.count_nonzero(unequal))
        if unequal.any() and one.dtype.kind in "fiu":
            gap = np.abs(two[unequal].astype(float) - one[unequal].astype(float))
            most = max(most, float(np.nanmax(gap, initial=0.0)))
    return f"{count} values differ, by up to {most:.3g}" if count else ""


def _bits(values: np.ndarray) -> np.ndarray:
    """Numbers as the integers of their bits, so that -0 differs from 0 and a NaN equals itself."""
    if values.dtype.kind != "f":
        return values
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}").reshape(values.shape)


def _envelopes(results: Results) -> Any:
    if results.envelopes is None:
        raise CaseError(
            Fault("the results hold no envelopes", file=str(results.folder or ""), remedy="run the case again")
        )
    return results.envelopes


def _same_grid(a: Results, b: Results) -> None:
    one, two = a.grid, b.grid
    if one.shape != two.shape or not np.allclose(one.bounds, two.bounds, rtol=0, atol=1e-6):
        shown = [f"{g.shape[1]} x {g.shape[0]} cells of {g.dx:g} m from {g.bounds[:2]}" for g in (one, two)]
        raise CaseError(
            Fault(
                "the results stand on different grids", file=f"{a.folder} and {b.folder}", value=" and ".join(shown),
                remedy="run both cases with the same terrain, extent and grid.resolution",
            )
        )  # fmt: skip


def _statistics(change: np.ndarray) -> dict[str, float]:
    if not change.size:
        return {"least": 0.0, "greatest": 0.0, "mean_absolute": 0.0, "rms": 0.0}
    wide = change.astype(float)
    return {
        "least": float(wide.min()),
        "greatest": float(wide.max()),
        "mean_absolute": float(np.abs(wide).mean()),
        "rms": float(np.sqrt((wide**2).mean())),
    }


def _areas(a: np.ndarray, b: np.ndarray, ground: np.ndarray, cell_area: float) -> dict[str, float]:
    """Open ground (m2) that got deeper, shallower, newly deeper than 0.15 m, no longer so."""
    limit = np.float32(0.15)
    parts = {
        "deeper": b - a > NOTABLE,
        "shallower": a - b > NOTABLE,
        "newly_flooded": (a <= limit) & (b > limit),
        "no_longer_flooded": (a > limit) & (b <= limit),
        "flooded_a": a > limit,
        "flooded_b": b > limit,
    }
    return {name: float(np.count_nonzero(part & ground) * cell_area) for name, part in parts.items()}


def _change(a: dict[str, Any] | None, b: dict[str, Any] | None) -> str:
    if a is None or b is None:
        return "only B" if a is None else "only A"
    if (a["passed"], a["undetermined"]) == (b["passed"], b["undetermined"]):
        return "same"
    if b["passed"]:
        return "eliminated"
    return "new failure" if a["passed"] and not b["undetermined"] else "other"


def _eliminated(results: Results) -> dict[str, int]:
    return (results.verdict or {}).get("eliminated", {"n": 0, "of": 0})
