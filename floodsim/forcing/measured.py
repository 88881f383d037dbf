"""Measured rain out of text files: CSV and the like, and SWMM rain files (station, date and time in fields, value)."""

from __future__ import annotations

from datetime import datetime
from math import nan
from pathlib import Path

import numpy as np

from floodsim.case.units import MM_PER_HOUR
from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing import blocks as lay
from floodsim.forcing import table as text
from floodsim.forcing.series import Rain

INTENSITY = {"mm/h": MM_PER_HOUR, "mm/min": 60.0 * MM_PER_HOUR, "mm/s": 1e-3, "mm/d": MM_PER_HOUR / 24.0, "m/s": 1.0}
DEPTH = {"mm": 1e-3, "m": 1.0}
KEY = "rainfall.file"

# times in s, values in the unit of the file, line numbers, and the values as they stand there
Records = tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]


def measured_rain(rainfall: Rainfall, start: datetime, duration: float) -> tuple[Rain, list[str]]:
    """Rain of a measured series within the run [0, duration] (s), and warnings. ``start`` is the instant of t = 0.

    Raises CaseError with every fault of the file: rows that cannot be read, time that repeats or goes backwards,
    missing records, missing or negative values, no overlap with the run.
    """
    path = rainfall.file
    if path is None:
        raise CaseError(Fault("a measured series needs a file", key=KEY, remedy="name a CSV or SWMM rain file"))
    faults = Faults(path)
    if rainfall.unit not in INTENSITY and rainfall.unit not in DEPTH:
        faults.add(
            "unit of the values is missing or unknown",
            key="rainfall.unit",
            value=rainfall.unit,
            allowed=", ".join([*INTENSITY, *DEPTH]),
            remedy='"mm/h" for intensities, "mm" for depths per record',
        )
    reader = read_swmm if is_swmm(path, rainfall.skip_rows) else read_series
    moments, values, lines, written = reader(rainfall, start, faults)
    text.check_ascending(moments, lines, path, KEY, faults)
    if moments.size == 1 and rainfall.record is None:
        faults.add("one record says nothing of its length", key="rainfall.record", remedy="give the length of a record")
    faults.raise_if_any()
    blocks = lay.lay_blocks(moments + rainfall.start, rainfall.stamp, rainfall.gaps, rainfall.record)
    kept = lay.check_cover(blocks, duration, faults, KEY, lines, "row")
    starts, ends = blocks.starts[kept], blocks.ends[kept]
    rates = to_rate(values[kept], str(rainfall.unit), ends - starts)
    lay.check_values(values[kept], rates, lines[kept], faults, KEY, "row", written[kept])
    faults.raise_if_any()
    return lay.to_rain(starts, ends, rates[:, None]), cover_warnings(starts, ends, duration)


def to_rate(values: np.ndarray, unit: str, lengths: np.ndarray) -> np.ndarray:
    """Rates in m/s of values (n, ...) in ``unit``; depths are spread over the ``lengths`` (n,) of their blocks in s."""
    if unit in INTENSITY:
        return values * INTENSITY[unit]
    return values * DEPTH[unit] / lengths.reshape((-1,) + (1,) * (values.ndim - 1))


def cover_warnings(starts: np.ndarray, ends: np.ndarray, duration: float) -> list[str]:
    """Warnings where records begin after, or end before, the run does."""
    found = []
    if starts[0] > 0.0:
        found.append(f"rain records begin {starts[0]:g} s after the start of the run; no rain before")
    if ends[-1] < duration:
        found.append(f"rain records end {duration - ends[-1]:g} s before the end of the run; no rain after")
    return found


def read_series(rainfall: Rainfall, start: datetime, faults: Faults) -> Records:
    """Records of a table with a column of times and a column of values."""
    assert rainfall.file is not None
    table = text.read_table(rainfall.file, KEY, rainfall.skip_rows)
    time_index = table.index(rainfall.time_column, 0, "rainfall.time_column")
    value_index = table.index(rainfall.column, 1, "rainfall.column")
    moments = text.times(table, time_index, rainfall.time_unit, start, KEY, faults)
    written = [row[value_index] for row in table.rows]
    return moments, text.numbers(table, value_index), table.lines, written


def is_swmm(path: Path, skip_rows: int) -> bool:
    """Whether the first record of a file looks like one of a SWMM rain file."""
    for line in text.read_lines(path, KEY)[skip_rows:]:
        fields = line.split()
        if fields and fields[0][0] not in "#;":
            return len(fields) == 7 and len(fields[1]) == 4 and all(part.isdigit() for part in fields[1:6])
    return False


def read_swmm(rainfall: Rainfall, start: datetime, faults: Faults) -> Records:
    """Records of one station of a SWMM rain file. A file with several stations needs ``rainfall.station``."""
    assert rainfall.file is not None
    rows, broken, stations = [], [], dict[str, None]()
    for number, line in enumerate(text.read_lines(rainfall.file, KEY), start=1):
        fields = line.split()
        if number <= rainfall.skip_rows or not fields or fields[0][0] in "#;":
            continue
        instant = _instant(fields)
        if len(fields) != 7 or instant is None:
            broken.append(number)
            continue
        stations[fields[0]] = None
        if rainfall.station in (None, fields[0]):
            value = text.to_number(fields[6])
            rows.append(((instant - start).total_seconds(), nan if value is None else value, number, fields[6]))
    if broken:
        faults.add(
            f"{text.rows_text(broken)} no station, year, month, day, hour, minute and value",
            key=KEY,
            remedy="write the seven fields of a SWMM rain file, separated by blanks",
        )
    if (rainfall.station is None and len(stations) > 1) or not rows:
        faults.add(
            "which station?" if not rainfall.station else "there is no such station",
            key="rainfall.station",
            value=rainfall.station,
            allowed=", ".join(stations),
            remedy="name a station of the file",
        )
    faults.raise_if_any()
    moments, values, lines, written = zip(*rows, strict=True)
    return np.array(moments), np.array(values), np.array(lines, dtype=np.int64), list(written)


def _instant(fields: list[str]) -> datetime | None:
    try:
        year, month, day, hour, minute = (int(part) for part in fields[1:6])
        return datetime(year, month, day, hour, minute)
    except ValueError:
        return None
