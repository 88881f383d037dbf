"""Text tables as engineers keep them: CSV, tab or blank separated, with or without a header, UTF-8 or GB 18030.

Every row remembers its line number, so that a fault can name it. Knows no rain and no boundaries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import nan
from pathlib import Path

import numpy as np

from floodsim.case.units import UNITS
from floodsim.errors import CaseError, Fault, Faults

_DATE = re.compile(
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_DAY = re.compile(r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}$")
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?$")


@dataclass(frozen=True)
class Table:
    """Rows of text fields with their line numbers; ``header`` is empty where the file has none."""

    file: Path
    header: list[str]
    rows: list[list[str]]
    lines: np.ndarray

    def index(self, name: str | None, default: int, key: str) -> int:
        """Position of a column by its name or its number from 1; ``default`` (from 0) where no name is given."""
        width = len(self.header) or min(len(row) for row in self.rows)
        if name is None and default < width:
            return default
        if name in self.header:
            return self.header.index(name)
        if name is not None and name.isdigit() and 1 <= int(name) <= width:
            return int(name) - 1
        allowed = ", ".join(self.header) if self.header else f"1 to {width}"
        message = f"there is no column {name!r}" if name is not None else f"there is no column {default + 1}"
        raise CaseError(Fault(message, str(self.file), key, allowed=allowed, remedy="name a column of the file"))


def read_table(path: Path, key: str, skip_rows: int = 0) -> Table:
    """Read a text table; ``key`` is the case key that named it. Lines that are empty or begin with # or ; are left out.

    Raises CaseError where the file cannot be read, holds no data, or has rows of unequal length (with line numbers).
    """
    numbered = [
        (number, line.strip())
        for number, line in enumerate(read_lines(path, key), start=1)
        if number > skip_rows and line.strip() and line.lstrip()[0] not in "#;"
    ]
    if not numbered:
        raise CaseError(Fault("the file holds no data", str(path), key, remedy="check the path and skip_rows"))
    separator = next((mark for mark in (",", "\t", ";") if mark in numbered[0][1]), None)
    rows = [_split(line, separator) for _, line in numbered]
    header = [] if is_time(rows[0][0]) else rows[0]
    first = 1 if header else 0
    rows, lines = rows[first:], np.array([number for number, _ in numbered[first:]], dtype=np.int64)
    if not rows:
        raise CaseError(Fault("the file holds a header but no data", str(path), key, remedy="add rows of data"))
    width = len(header) or len(rows[0])
    short = [int(line) for line, row in zip(lines, rows, strict=True) if len(row) < width]
    if short:
        fault = Fault(
            f"{rows_text(short)} fewer than {width} fields",
            str(path),
            key,
            remedy="complete the rows; leave a missing value out with its row, or see rainfall.gaps",
        )
        raise CaseError(fault)
    return Table(path, header, rows, lines)


def read_lines(path: Path, key: str) -> list[str]:
    """Lines of a text file in UTF-8 (with or without mark) or GB 18030. Raises CaseError where it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise CaseError(Fault(f"cannot read the file: {reason}", str(path), key, remedy="check the path")) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.splitlines()
    raise CaseError(Fault("not a text file", str(path), key, remedy="save it as CSV in UTF-8"))


def rows_text(lines: list[int] | np.ndarray) -> str:
    """``row 7 has``, or ``rows 7, 9, 12 and 40 more have``: the beginning of a sentence about lines of a file."""
    shown = ", ".join(str(int(line)) for line in lines[:5])
    if len(lines) == 1:
        return f"row {shown} has"
    return f"rows {shown} have" if len(lines) <= 5 else f"rows {shown} and {len(lines) - 5} more have"


def is_time(text: str) -> bool:
    """Whether a field is a number or a date."""
    return to_number(text) is not None or _DATE.match(text) is not None


def to_number(text: str) -> float | None:
    """The number a field holds, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def numbers(table: Table, index: int) -> np.ndarray:
    """A column as floats, shape (rows,); NaN where a field is empty or no number."""
    found = (to_number(row[index]) for row in table.rows)
    return np.array([nan if value is None else value for value in found])


def parse_start(start: str) -> datetime:
    """The instant of t = 0 out of ``clock.start``, which the case has checked."""
    return datetime.fromisoformat(start)


def times(table: Table, index: int, unit: str, start: datetime, key: str, faults: Faults) -> np.ndarray:
    """Times of a column in s from ``start``: numbers in ``unit`` from t = 0, or dates in local time, shape (rows,)."""
    scale = UNITS["time"][unit]
    found = np.full(len(table.rows), nan)
    dated = to_number(table.rows[0][index]) is None
    zoned = []
    for position, row in enumerate(table.rows):
        if not dated:
            value = to_number(row[index])
            found[position] = nan if value is None else value * scale
        elif match := _DATE.match(row[index]):
            found[position] = _seconds(match, start)
            if match.group(7):
                zoned.append(int(table.lines[position]))
    bad = table.lines[~np.isfinite(found)]
    if bad.size:
        wanted = "a date such as 2024-07-01T08:00" if dated else "a number"
        faults.add(
            f"{rows_text(bad)} a time that is not {wanted}",
            file=table.file,
            key=key,
            value=_first(table, index, bad),
            remedy="write all times the same way; skip_rows leaves out lines at the top",
        )
    if zoned:
        faults.add(
            f"{rows_text(zoned)} a time zone",
            file=table.file,
            key=key,
            value=_first(table, index, np.array(zoned)),
            remedy="write the local time of clock.start, without zone",
        )
    return found


def check_ascending(moments: np.ndarray, lines: np.ndarray, file: Path, key: str, faults: Faults) -> None:
    """Record faults where times (s) repeat or go backwards, with line numbers."""
    steps = np.diff(moments)
    same, back = lines[1:][steps == 0.0], lines[1:][steps < 0.0]
    if same.size:
        faults.add(f"{rows_text(same)} the same time as the row before", file=file, key=key, remedy="delete duplicates")
    if back.size:
        faults.add(
            f"{rows_text(back)} a time before that of the row above: time goes backwards",
            file=file,
            key=key,
            remedy="sort the rows by time",
        )


def _split(line: str, separator: str | None) -> list[str]:
    fields = [part.strip().strip('"') for part in line.split(separator)]
    if separator is None and len(fields) > 2 and _DAY.match(fields[0]) and _CLOCK.match(fields[1]):
        return [f"{fields[0]} {fields[1]}", *fields[2:]]
    return fields


def _seconds(match: re.Match[str], start: datetime) -> float:
    year, month, day, hour, minute = (int(part or 0) for part in match.groups()[:5])
    try:
        instant = datetime(year, month, day) + timedelta(hours=hour, minutes=minute, seconds=float(match.group(6) or 0))
    except ValueError:
        return nan
    return (instant - start).total_seconds()


def _first(table: Table, index: int, lines: np.ndarray) -> str:
    position = int(np.flatnonzero(table.lines == lines[0])[0])
    return repr(table.rows[position][index])
