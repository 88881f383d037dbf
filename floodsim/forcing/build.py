"""From the case to what drives the run: rain, series of levels and discharges, rating tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from floodsim.case.schema import Case
from floodsim.case.units import UNITS
from floodsim.case.water import Rainfall, Series
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.design import STORMS, design_storm
from floodsim.forcing.gridded import gridded_rain
from floodsim.forcing.measured import measured_rain
from floodsim.forcing.series import Rain, TimeSeries
from floodsim.forcing.storms import shifted
from floodsim.forcing.table import check_ascending, numbers, parse_start, read_table, rows_text, times
from floodsim.grid.grid import Grid

DIMENSIONS = {"level": "length", "discharge": "discharge"}
LEVELS = (-500.0, 9000.0)
"""Water levels that are believed, m."""


def build_rain(case: Case, grid: Grid | None) -> Rain:
    """Rain of a case; ``grid`` is needed for gridded rain only. Raises CaseError with every fault found."""
    return rain_and_warnings(case, grid)[0]


def rain_and_warnings(case: Case, grid: Grid | None) -> tuple[Rain, list[str]]:
    """Rain of a case, and what the user should know about it (formula, sampling, cover), one sentence each."""
    rainfall, duration = case.rainfall, case.clock.duration
    if rainfall.kind == "none":
        return Rain.none(), []
    if rainfall.kind in STORMS:
        rain, warnings = design_storm(rainfall)
        return rain, warnings + _cut_off(rainfall, rain, duration)
    start = parse_start(case.clock.start)
    if rainfall.kind == "series":
        rain, warnings = measured_rain(rainfall, start, duration)
    elif grid is None:
        raise CaseError(Fault("gridded rain needs the grid of the case", key="rainfall.kind", remedy="give a case"))
    else:
        rain, warnings = gridded_rain(rainfall, start, duration, grid)
    return shifted(rain, 0.0, rainfall.factor), warnings


def _cut_off(rainfall: Rainfall, rain: Rain, duration: float) -> list[str]:
    """A warning where the run ends before the storm does; CaseError where it ends before the storm begins."""
    if rainfall.start >= duration:
        raise CaseError(
            Fault(
                "the storm begins after the end of the run",
                key="rainfall.start",
                value=f"{rainfall.start:g} s",
                allowed=f"below clock.duration = {duration:g} s",
                remedy="start the storm earlier, or lengthen the run",
            )
        )
    if rain.end <= duration:
        return []
    return [f"the storm ends {rain.end - duration:g} s after the end of the run: its last part does not fall"]


def build_series(value: float | Series, case: Case, key: str) -> TimeSeries:
    """A boundary or source value over time in SI: a number, inline pairs, or a CSV file.

    ``key`` is the case key of the value; its last part (``level`` or ``discharge``) says what it measures. Raises
    CaseError with every fault: unit, rows without numbers, time that repeats or goes back, a run that is not covered.
    """
    if not isinstance(value, Series):
        return TimeSeries.constant(value)
    dimension = DIMENSIONS[key.rsplit(".", 1)[-1]]
    faults = Faults(value.file or "")
    if (value.values is None) == (value.file is None):
        faults.add("a series needs either values or a file", key=key, remedy="give one of them")
    units = UNITS[dimension]
    if value.unit is not None and value.unit not in units:
        faults.add(
            "unknown unit", key=f"{key}.unit", value=value.unit, allowed=", ".join(units), remedy="use one of them"
        )
    faults.raise_if_any()
    if value.values is not None:
        moments, readings = np.array(value.values, float).reshape(-1, 2).T
        moments = moments * UNITS["time"][value.time_unit]
        lines = np.arange(1, moments.size + 1)
    else:
        moments, readings, lines = _read_file(value, parse_start(case.clock.start), key, faults)
    if np.isfinite(moments).all():
        if value.file is not None:
            check_ascending(moments, lines, value.file, key, faults)
        else:
            _inline_order(moments, key, faults)
    _check_covers(moments, case.clock.duration, key, faults)
    readings = readings * (units[value.unit] if value.unit else 1.0)
    if dimension == "length":
        _check_levels(readings, lines, key, faults)
    faults.raise_if_any()
    return TimeSeries(moments, readings)


def _check_levels(levels: np.ndarray, lines: np.ndarray, key: str, faults: Faults) -> None:
    """Levels (m) have the range that the schema gives to a single one."""
    low, high = LEVELS
    wrong = (levels < low) | (levels > high)
    if wrong.any():
        faults.add(
            f"{rows_text(lines[wrong])} a level that cannot be",
            key=key,
            value=f"{levels[wrong][0]:g} m",
            allowed=f"{low:g} to {high:g} m",
            remedy=f"check {key}.unit, and replace markers of missing values",
        )


def _read_file(value: Series, start: datetime, key: str, faults: Faults) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    assert value.file is not None
    table = read_table(value.file, f"{key}.file")
    time_index = table.index(value.time_column, 0, f"{key}.time_column")
    value_index = table.index(value.column, 1, f"{key}.column")
    readings = numbers(table, value_index)
    bad = ~np.isfinite(readings)
    if bad.any():
        faults.add(
            f"{rows_text(table.lines[bad])} a value that is no number",
            file=value.file,
            key=key,
            value=repr(table.rows[int(np.argmax(bad))][value_index]),
            remedy="fill the gap, or delete the row: values are linear in between",
        )
    return times(table, time_index, value.time_unit, start, key, faults), readings, table.lines


def _inline_order(moments: np.ndarray, key: str, faults: Faults) -> None:
    wrong = np.flatnonzero(np.diff(moments) <= 0.0)
    if wrong.size:
        faults.add(
            "times do not ascend",
            key=f"{key}.values[{wrong[0] + 1}]",
            value=f"{moments[wrong[0] + 1]:g} s",
            allowed=f"above {moments[wrong[0]]:g} s",
            remedy="sort the pairs by time, without duplicates",
        )


def _check_covers(moments: np.ndarray, duration: float, key: str, faults: Faults) -> None:
    """A series has to reach from the start of the run to its end."""
    if not moments.size:
        faults.add("the series is empty", key=key, remedy="give at least the values at the start and end of the run")
    elif np.isfinite(moments).all() and (moments.min() > 1e-6 or moments.max() < duration - 1e-6):
        faults.add(
            "the series does not cover the run",
            key=key,
            value=f"{moments.min():g} s to {moments.max():g} s",
            allowed=f"from 0 s or before to {duration:g} s or after",
            remedy="add values at both ends, or check time_unit and clock.start",
        )


def rating_table(path: Path, key: str = "boundaries.table") -> tuple[np.ndarray, np.ndarray]:
    """Levels (m) and discharges (m3/s) out of the grid, both (n,), of a CSV with columns ``level`` and ``discharge``.

    Raises CaseError with every fault: columns, numbers, levels that do not ascend, discharges that fall or are below 0.
    """
    table = read_table(Path(path), key)
    levels, discharges = (
        numbers(table, table.index(name if table.header else None, index, key))
        for index, name in enumerate(("level", "discharge"))
    )
    faults = Faults(path)
    bad = table.lines[~(np.isfinite(levels) & np.isfinite(discharges))]
    if bad.size:
        faults.add(f"{rows_text(bad)} no number", key=key, remedy="write a level in m and a discharge in m3/s")
    faults.raise_if_any()
    low, falling = table.lines[1:][np.diff(levels) <= 0.0], table.lines[1:][np.diff(discharges) < 0.0]
    if low.size:
        faults.add(f"{rows_text(low)} a level not above that of the row before", key=key, remedy="sort by level")
    if falling.size:
        faults.add(
            f"{rows_text(falling)} a discharge below that of the row before",
            key=key,
            remedy="a rating curve rises with the level",
        )
    if discharges.min() < 0.0:
        faults.add(
            "negative discharge",
            key=key,
            value=f"{discharges.min():g}",
            allowed="0 or more",
            remedy="count the discharge out of the grid as positive",
        )
    if levels.size < 2:
        faults.add("fewer than two rows", key=key, remedy="give at least two levels")
    faults.raise_if_any()
    return levels, discharges
