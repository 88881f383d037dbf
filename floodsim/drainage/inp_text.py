"""SWMM input files as rows of tokens that know their section and line, and the reading of single fields from them.

An own small tokenizer instead of a library, because every fault has to name section, line and object. Knows the format,
not the meaning of any section.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from floodsim.case.units import closest
from floodsim.errors import CaseError, Fault, Faults

KNOWN = (
    "TITLE", "OPTIONS", "FILES", "RAINGAGES", "EVAPORATION", "TEMPERATURE", "SUBCATCHMENTS", "SUBAREAS", "INFILTRATION",
    "AQUIFERS", "GROUNDWATER", "GWF", "SNOWPACKS", "JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS", "CONDUITS", "PUMPS",
    "ORIFICES", "WEIRS", "OUTLETS", "XSECTIONS", "TRANSECTS", "LOSSES", "CONTROLS", "POLLUTANTS", "LANDUSES",
    "COVERAGES", "BUILDUP", "WASHOFF", "TREATMENT", "INFLOWS", "DWF", "PATTERNS", "RDII", "HYDROGRAPHS", "LOADINGS",
    "CURVES", "TIMESERIES", "REPORT", "MAP", "COORDINATES", "VERTICES", "POLYGONS", "LABELS", "SYMBOLS", "BACKDROP",
    "TAGS", "PROFILES", "LID_CONTROLS", "LID_USAGE", "ADJUSTMENTS", "EVENTS", "STREETS", "INLETS", "INLET_USAGE",
)  # fmt: skip
_TOKEN = re.compile(r'"[^"]*"|[^\s";]+|;')
_HEADER = re.compile(r"^\s*\[\s*([A-Za-z_]+)\s*\]?")


@dataclass(frozen=True)
class Row:
    """One line of data: its section, line number from 1, and tokens without quotes."""

    section: str
    line: int
    tokens: tuple[str, ...]

    def place(self, name: str = "") -> str:
        """Where it stands, for people: ``[CONDUITS] line 12, C1``."""
        return f"[{self.section}] line {self.line}, {name or self.tokens[0]}"


@dataclass
class InpFile:
    """A SWMM input as rows by section, in the order of the file."""

    path: Path
    sections: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, section: str) -> list[Row]:
        """Rows of a section; empty where the file has none."""
        return self.sections.get(section, [])


def read_text(path: Path) -> str:
    """Text of a file in UTF-8 or GB 18030. Raises CaseError where it cannot be read or is no text."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise CaseError(Fault(f"cannot read the file: {reason}", str(path), remedy="check the path")) from None
    for encoding in ("utf-8-sig", "gb18030", "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CaseError(Fault("is no text file", str(path), remedy="save it as text (SWMM: Save As .inp)"))


def lines_of(text: str) -> list[str]:
    """Lines as SWMM takes them: a lone carriage return within a line is a blank, unless there are no other ends."""
    return text.split("\n" if "\n" in text else "\r")


def tokens_of(line: str) -> tuple[str, ...]:
    """Tokens of a line up to its comment; a quoted text is one token."""
    found: list[str] = []
    for token in _TOKEN.findall(line):
        if token == ";":
            break
        found.append(token[1:-1] if token[0] == '"' and len(token) > 1 else token)
    return tuple(found)


def read_inp_text(path: Path, faults: Faults) -> InpFile:
    """Split a SWMM input into sections and rows; unknown sections and lines before the first are faults."""
    inp, section = InpFile(path), ""
    for number, line in enumerate(lines_of(read_text(path)), start=1):
        header = _HEADER.match(line)
        if header:
            section = _section(header.group(1), number, faults)
            inp.sections.setdefault(section, [])
            continue
        tokens = tokens_of(line)
        if not tokens:
            continue
        if not section:
            remedy = "begin every part of a SWMM input with its [SECTION]"
            faults.add("stands before the first section", key=f"line {number}", value=line.strip()[:60], remedy=remedy)
            break
        inp.sections[section].append(Row(section, number, tokens))
    if not inp.sections:
        faults.add("holds no section of a SWMM input", remedy="name a SWMM .inp file")
    return inp


def _section(word: str, line: int, faults: Faults) -> str:
    """Full name of a section; SWMM takes any beginning of four letters or more."""
    upper = word.upper()
    if upper in KNOWN:
        return upper
    fits = [name for name in KNOWN if len(upper) >= 4 and name.startswith(upper)]
    if fits:
        return fits[0]
    near = closest(upper, KNOWN)
    remedy = f"did you mean [{near}]?" if near else "correct or delete the section"
    faults.add("is no section of SWMM", key=f"line {line}", value=f"[{word}]", remedy=remedy)
    return upper


def to_float(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class Fields:
    """Reads the fields of one row by position and records what is wrong with them."""

    def __init__(self, row: Row, faults: Faults, name: str = "") -> None:
        self.row, self.faults, self.name = row, faults, name or row.tokens[0]

    def fault(self, message: str, value: object = "", allowed: str = "", remedy: str = "") -> None:
        """Record a fault at this row."""
        self.faults.add(message, key=self.row.place(self.name), value=value, allowed=allowed, remedy=remedy)

    def has(self, index: int) -> bool:
        """Whether the row has a field there."""
        return index < len(self.row.tokens)

    def text(self, index: int, label: str, default: str | None = None) -> str:
        """A text; a fault where it is missing and there is no default."""
        if self.has(index) and self.row.tokens[index]:
            return self.row.tokens[index]
        if default is None:
            self.fault(f"has no {label}", remedy=f"write the {label} as field {index + 1} of the row")
        return default or ""

    def number(
        self,
        index: int,
        label: str,
        default: float | None = None,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        """A number in the units of the file, within [low, high] and above ``above``; NaN where it is wrong."""
        if not self.has(index) or self.row.tokens[index] in ("", "*"):
            if default is None:
                self.fault(f"has no {label}", remedy=f"write a number as field {index + 1} of the row")
            return math.nan if default is None else default
        value = to_float(self.row.tokens[index])
        if value is None:
            self.fault(f"{label} is no number", self.row.tokens[index], remedy="write a number")
            return math.nan
        if value < low or value > high or value <= above:
            self.fault(f"{label} is out of range", value, _range(low, high, above), "correct the value")
            return math.nan
        return value

    def word(self, index: int, label: str, options: Iterable[str], default: str | None = None) -> str:
        """One of some words, any case."""
        options = list(options)
        found = self.text(index, label, default).upper()
        if not found or found in options:
            return found
        near = closest(found, options)
        remedy = f"did you mean {near}?" if near else "use one of those allowed"
        self.fault(f"unknown {label}", self.row.tokens[index], ", ".join(options), remedy)
        return ""

    def flag(self, index: int, label: str) -> bool:
        """YES or NO; no where it is missing."""
        return self.word(index, label, ("YES", "NO"), "NO") == "YES"


def _range(low: float, high: float, above: float) -> str:
    parts = []
    if above > -math.inf:
        parts.append(f"above {above:g}")
    if low > -math.inf:
        parts.append(f"at least {low:g}")
    if high < math.inf:
        parts.append(f"at most {high:g}")
    return ", ".join(parts)


def pairs(values: Sequence[str], fields: Fields, label: str) -> list[tuple[float, float]]:
    """Numbers taken two by two; a fault where one is missing or no number."""
    numbers = [to_float(text) for text in values]
    wrong = [text for text, value in zip(values, numbers, strict=True) if value is None]
    if wrong:
        fields.fault(f"{label} holds something that is no number", wrong[0], remedy="write pairs of numbers")
        return []
    if len(numbers) % 2:
        fields.fault(f"{label} has an odd count of numbers", " ".join(values), remedy="write pairs of numbers")
        return []
    found = [value for value in numbers if value is not None]
    return list(zip(found[::2], found[1::2], strict=True))
