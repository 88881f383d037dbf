"""The options of a SWMM input: units, dates, offsets, and what of the rest the network engine uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from floodsim.drainage.inp_text import Fields, InpFile, to_float
from floodsim.drainage.network import Options
from floodsim.errors import Faults

FOOT = 0.3048
GALLON = 3.785411784e-3  # m3, US
FLOW_UNITS = {
    "CFS": FOOT**3,
    "GPM": GALLON / 60.0,
    "MGD": 1e6 * GALLON / 86400.0,
    "CMS": 1.0,
    "LPS": 1e-3,
    "MLD": 1e3 / 86400.0,
}
"""m3/s in one unit of flow; the first three make all other units US customary, the last three metric."""
US = ("CFS", "GPM", "MGD")


@dataclass(frozen=True)
class Units:
    """SI value of one unit of the file: length m, area m2, volume m3, flow m3/s, rain m/s, fine (in or mm) m."""

    flow_name: str = "CFS"

    @property
    def us(self) -> bool:
        """Whether lengths are in feet."""
        return self.flow_name in US

    @property
    def length(self) -> float:
        """Length, m."""
        return FOOT if self.us else 1.0

    @property
    def area(self) -> float:
        """Area, m2."""
        return self.length**2

    @property
    def volume(self) -> float:
        """Volume, m3."""
        return self.length**3

    @property
    def flow(self) -> float:
        """Flow, m3/s."""
        return FLOW_UNITS[self.flow_name]

    @property
    def fine(self) -> float:
        """An inch or a millimetre, m."""
        return 0.0254 if self.us else 1e-3

    @property
    def rain(self) -> float:
        """Rain in in/h or mm/h, m/s."""
        return self.fine / 3600.0

    @property
    def weir(self) -> float:
        """A weir's coefficient, m^0.5/s: it follows the unit of length whatever that of flow."""
        return math.sqrt(self.length)


@dataclass(frozen=True)
class InpOptions:
    """What the other sections need to know: units, whether offsets are elevations, and the options of the network."""

    units: Units
    elevations: bool
    options: Options
    routing: str


def read_options(inp: InpFile, faults: Faults) -> InpOptions:
    """Read [OPTIONS] with SWMM's defaults for what it does not state; records faults."""
    stated = {row.tokens[0].upper(): Fields(row, faults) for row in inp.rows("OPTIONS")}

    def word(key: str, options: tuple[str, ...], default: str) -> str:
        return (stated[key].word(1, key, options, default) or default) if key in stated else default

    units = Units(word("FLOW_UNITS", tuple(FLOW_UNITS), "CFS"))
    elevations = word("LINK_OFFSETS", ("DEPTH", "ELEVATION"), "DEPTH") == "ELEVATION"
    routing = word("FLOW_ROUTING", tuple(_ROUTING), "DYNWAVE")
    surface = _number(stated, "MIN_SURFAREA", 0.0) * units.area
    start = _instant(stated, "START", datetime(2004, 1, 1))
    end = _instant(stated, "END", start)
    if end < start:
        stated["END_DATE" if "END_DATE" in stated else "END_TIME"].fault(
            "the run ends before it starts", end.isoformat(" "), f"after {start.isoformat(' ')}", "correct the dates"
        )
    defaults = Options()
    return InpOptions(
        units,
        elevations,
        Options(
            start=start,
            end=end,
            routing_step=_seconds(stated, "ROUTING_STEP", 20.0),
            report_step=_seconds(stated, "REPORT_STEP", 900.0),
            rule_step=_seconds(stated, "RULE_STEP", 0.0),
            min_surface_area=surface or defaults.min_surface_area,
            ponding=word("ALLOW_PONDING", ("YES", "NO"), "NO") == "YES",
            force_main=word("FORCE_MAIN_EQUATION", ("H-W", "D-W"), "H-W"),
            surcharge=word("SURCHARGE_METHOD", ("EXTRAN", "SLOT"), "EXTRAN"),
            lengthening_step=_seconds(stated, "LENGTHENING_STEP", 0.0),
            normal_flow_limited=word("NORMAL_FLOW_LIMITED", ("SLOPE", "FROUDE", "BOTH", "NONE"), "BOTH"),
            inertial_damping=word("INERTIAL_DAMPING", ("NONE", "PARTIAL", "FULL"), "PARTIAL"),
        ),
        _ROUTING[routing],
    )


_ROUTING = {
    "DYNWAVE": "DYNWAVE", "DW": "DYNWAVE", "EXTRAN": "DYNWAVE", "KINWAVE": "KINWAVE", "KW": "KINWAVE",
    "NF": "KINWAVE", "STEADY": "STEADY", "SF": "STEADY", "NONE": "NONE",
}  # fmt: skip


def parse_date(text: str) -> datetime | None:
    """A date as SWMM writes it, month/day/year or with dashes; also ISO year-month-day."""
    for form in ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d", "%Y/%m/%d", "%b-%d-%Y", "%b/%d/%Y"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def parse_hours(text: str) -> float | None:
    """Seconds of a time written as decimal hours or as H:MM or H:MM:SS; None where it is neither."""
    if ":" not in text:
        hours = to_float(text)
        return None if hours is None else hours * 3600.0
    parts = [to_float(part) for part in text.split(":")]
    if len(parts) > 3 or any(part is None or part < 0 for part in parts):
        return None
    return float(sum((part or 0.0) * scale for part, scale in zip(parts, (3600.0, 60.0, 1.0), strict=False)))


def _number(stated: dict[str, Fields], key: str, default: float) -> float:
    if key not in stated:
        return default
    value = stated[key].number(1, key, default, low=0.0)
    return default if math.isnan(value) else value


def _seconds(stated: dict[str, Fields], key: str, default: float) -> float:
    """A step in seconds: a number of seconds, or H:MM:SS."""
    if key not in stated:
        return default
    text = stated[key].text(1, key)
    seconds = parse_hours(text) if ":" in text else to_float(text)
    if seconds is None or seconds < 0.0:
        stated[key].fault("is no length of time", text, "seconds, or H:MM:SS", "correct the value")
        return default
    return seconds


def _instant(stated: dict[str, Fields], which: str, default: datetime) -> datetime:
    day, clock = default, default - datetime.combine(default.date(), time())
    if f"{which}_DATE" in stated:
        fields = stated[f"{which}_DATE"]
        read = parse_date(fields.text(1, "date"))
        if read is None:
            fields.fault("is no date", fields.text(1, "date"), "month/day/year", "write for example 07/03/2025")
        day, clock = read or default, timedelta()
    if f"{which}_TIME" in stated:
        fields = stated[f"{which}_TIME"]
        seconds = parse_hours(fields.text(1, "time"))
        if seconds is None:
            fields.fault("is no time of day", fields.text(1, "time"), "H:MM:SS", "write for example 08:00:00")
        clock = timedelta(seconds=seconds or 0.0)
    return datetime.combine(day.date(), time()) + clock
