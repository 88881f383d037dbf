"""Curves, time series and patterns of a SWMM input, in SI."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from floodsim.drainage.draft import Draft
from floodsim.drainage.inp_options import Units, parse_date, parse_hours
from floodsim.drainage.inp_text import Fields, InpFile, Row, lines_of, pairs, read_text, to_float, tokens_of
from floodsim.drainage.network import NONE, Curve, Pattern, PatternKind, Series
from floodsim.errors import CaseError

CURVE_KINDS = (
    "STORAGE", "SHAPE", "DIVERSION", "TIDAL", "PUMP1", "PUMP2", "PUMP3", "PUMP4", "PUMP5", "RATING", "CONTROL", "WEIR",
)  # fmt: skip
PATTERN_LENGTH = {"MONTHLY": 12, "DAILY": 7, "HOURLY": 24, "WEEKEND": 24}


def curve_scales(kind: str, units: Units) -> tuple[float, float]:
    """SI value of one unit of x and of y of a curve. Those of CONTROL follow from the rule that uses it."""
    scales = {
        "STORAGE": (units.length, units.area),
        "DIVERSION": (units.flow, units.flow),
        "TIDAL": (3600.0, units.length),
        "PUMP1": (units.volume, units.flow),
        "RATING": (units.length, units.flow),
        "WEIR": (units.length, units.weir),
    }
    if kind.startswith("PUMP") and kind != "PUMP1":
        return units.length, units.flow
    return scales.get(kind, (1.0, 1.0))


def read_curves(inp: InpFile, draft: Draft, units: Units) -> None:
    """Read [CURVES] into the draft: x has to ascend."""
    found: dict[str, tuple[str, str, Row, list[tuple[float, float]]]] = {}
    for row in inp.rows("CURVES"):
        fields, name = Fields(row, draft.faults), row.tokens[0]
        entry = found.get(name.upper())
        values = row.tokens[1:]
        if values and to_float(values[0]) is None:
            kind = fields.word(1, "type of curve", CURVE_KINDS)
            values = values[1:]
            if entry is None:
                entry = found[name.upper()] = (name, kind, row, [])
        if entry is None:
            fields.fault("the first row of a curve has no type", allowed=", ".join(CURVE_KINDS), remedy="name its type")
            entry = found[name.upper()] = (name, "", row, [])
        entry[3].extend(pairs(values, fields, "the curve"))
    for name, kind, row, points in found.values():
        draft.places["curve", name.upper()] = row.place()
        draft.curves.append(_curve(name, kind, row, points, draft, units))


def _curve(name: str, kind: str, row: Row, points: list[tuple[float, float]], draft: Draft, units: Units) -> Curve:
    x_scale, y_scale = curve_scales(kind, units)
    x, y = np.array([p[0] for p in points], float), np.array([p[1] for p in points], float)
    if x.size == 0:
        Fields(row, draft.faults).fault("the curve holds no points", remedy="add pairs of x and y")
    back = np.flatnonzero(np.diff(x) <= 0.0)
    if back.size:
        Fields(row, draft.faults).fault(
            "x of the curve does not ascend", f"{x[back[0] + 1]:g} after {x[back[0]]:g}", remedy="sort its points by x"
        )
    return Curve(name, kind, x * x_scale, y * y_scale)


def control_curve(draft: Draft, name: str, scale: float, place: str) -> int:
    """Row of a CONTROL curve with x in SI. A curve used under two units of x is stored a second time."""
    row = draft.row_of("curve", name, draft.curves, place, ("CONTROL",))
    if row == NONE:
        return row
    curve, used = draft.curves[row], draft.control_scales.get(row)
    if used is None:
        draft.control_scales[row] = scale
        draft.curves[row] = Curve(curve.name, "CONTROL", curve.x * scale, curve.y)
    elif used != scale:
        scaled = f"{curve.name}~{scale:.6g}"
        known = [at for at, other in enumerate(draft.curves) if other.name == scaled]
        if not known:
            draft.curves.append(Curve(scaled, "CONTROL", curve.x * (scale / used), curve.y))
            draft.control_scales[len(draft.curves) - 1] = scale
        return known[0] if known else len(draft.curves) - 1
    return row


def read_patterns(inp: InpFile, draft: Draft) -> None:
    """Read [PATTERNS] into the draft: 12, 7 or 24 factors, 1 where there are fewer."""
    found: dict[str, tuple[str, str, list[float]]] = {}
    for row in inp.rows("PATTERNS"):
        fields, values = Fields(row, draft.faults), row.tokens[1:]
        key = row.tokens[0].upper()
        if values and to_float(values[0]) is None:
            kind = fields.word(1, "type of pattern", PATTERN_LENGTH) or "HOURLY"
            found.setdefault(key, (row.tokens[0], kind, []))
            values = values[1:]
        if key not in found:
            fields.fault("the first row of a pattern has no type", allowed=", ".join(PATTERN_LENGTH))
            found[key] = (row.tokens[0], "HOURLY", [])
        found[key][2].extend(_factor(text, fields) for text in values)
    for name, kind, factors in found.values():
        count = PATTERN_LENGTH[kind]
        padded = (factors + [1.0] * count)[:count]
        draft.patterns.append(Pattern(name, PatternKind[kind], np.array(padded, float)))


def _factor(text: str, fields: Fields) -> float:
    value = to_float(text)
    if value is None:
        fields.fault("a factor of the pattern is no number", text, remedy="write a number")
    return math.nan if value is None else value


class SeriesReader:
    """The [TIMESERIES] of an input. What uses a series gives it its unit, so it is converted when asked for."""

    def __init__(self, inp: InpFile, draft: Draft) -> None:
        self.draft, self.folder = draft, inp.path.parent
        self.rows: dict[str, list[Row]] = {}
        self.made: dict[str, dict[float, int]] = {}
        for row in inp.rows("TIMESERIES"):
            self.rows.setdefault(row.tokens[0].upper(), []).append(row)

    def row_of(self, name: str, scale: float, place: str) -> int:
        """Row of a series whose values are times ``scale`` in SI; NONE and a fault where there is none."""
        key = name.upper()
        if key not in self.rows:
            self.draft.missing("time series", name, place, (rows[0].tokens[0] for rows in self.rows.values()))
            return NONE
        made = self.made.setdefault(key, {})
        if scale not in made:
            shown = self.rows[key][0].tokens[0]
            times, values = self._points(self.rows[key])
            title = f"{shown}~{scale:.6g}" if made else shown
            made[scale] = len(self.draft.series)
            self.draft.series.append(Series(title, times, values * scale))
        return made[scale]

    def _points(self, rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
        points: list[tuple[float, float]] = []
        day: datetime | None = None
        for row in rows:
            if len(row.tokens) > 2 and row.tokens[1].upper() == "FILE":
                points += self._file(row)
            else:
                day = self._take(row, day, points)
        times = np.array([time for time, _ in points], float)
        values = np.array([value for _, value in points], float)
        back = np.flatnonzero(np.diff(times) <= 0.0)
        if back.size:
            message = "time does not go forward in the time series"
            shown = f"{times[back[0] + 1]:g} s after {times[back[0]]:g} s from the start of the run"
            Fields(rows[0], self.draft.faults).fault(message, shown, remedy="sort its rows by time, without repeats")
        if not times.size:
            Fields(rows[0], self.draft.faults).fault("the time series holds no values", remedy="add times and values")
        return times, values

    def _take(self, row: Row, day: datetime | None, points: list[tuple[float, float]]) -> datetime | None:
        """Add the points of one row; returns the date that holds from here on."""
        fields, texts = Fields(row, self.draft.faults), list(row.tokens[1:])
        while texts:
            if (read := parse_date(texts[0])) is not None:
                day = read
                texts.pop(0)
            if len(texts) < 2:
                fields.fault("has a time without a value", " ".join(row.tokens), remedy="write [date] time value")
                break
            seconds, value = parse_hours(texts[0]), to_float(texts[1])
            if seconds is None or value is None:
                what = "time" if seconds is None else "value"
                wrong = texts[0] if seconds is None else texts[1]
                fields.fault(f"the {what} of the series cannot be read", wrong, remedy="write [date] H:MM value")
                break
            start = self.draft.options.start
            offset = 0.0 if day is None else (day - start) / timedelta(seconds=1)
            points.append((offset + seconds, value))
            texts = texts[2:]
        return day

    def _file(self, row: Row) -> list[tuple[float, float]]:
        path = Path(row.tokens[2].replace("\\", "/"))
        path = path if path.is_absolute() else self.folder / path
        fields = Fields(row, self.draft.faults)
        try:
            text = read_text(path)
        except CaseError as error:
            message = f"the file of the time series: {error.faults[0].message}"
            fields.fault(message, str(path), remedy="paths count from the folder of the input")
            return []
        points: list[tuple[float, float]] = []
        day: datetime | None = None
        for number, line in enumerate(lines_of(text), start=1):
            tokens = tokens_of(line)
            if tokens:
                inner = Row(f"{path.name}", number, (row.tokens[0], *tokens))
                day = self._take(inner, day, points)
        return points
