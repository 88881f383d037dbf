"""Infiltration parameters out of a case: one set, a soil of the built-in table, or one set per land-cover class."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from floodsim.case.ground import Losses as LossesSection
from floodsim.case.units import InputError, parse_quantity
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.table import read_lines
from floodsim.grid.roughness import NO_CLASS
from floodsim.surface.losses import retention


@dataclass(frozen=True)
class Column:
    """A parameter: its dimension ("" for a plain number) and the range that is believed, in SI."""

    dimension: str
    low: float
    high: float


COLUMNS = {
    "rate": Column("rate", 0.0, 1e-3),
    "conductivity": Column("rate", 0.0, 1e-3),
    "suction": Column("length", 0.0, 5.0),
    "deficit": Column("", 0.0, 0.7),
    "initial_rate": Column("rate", 0.0, 1e-3),
    "final_rate": Column("rate", 0.0, 1e-3),
    "decay": Column("per_time", 0.0, 1.0),
    "curve_number": Column("", 1.0, 100.0),
}
EXAMPLES = {"rate": "mm/h", "length": "mm", "per_time": "1/h"}
NEEDED = {
    "constant": ("rate",),
    "green_ampt": ("conductivity", "suction", "deficit"),
    "horton": ("initial_rate", "final_rate", "decay"),
    "curve_number": ("curve_number",),
}
Row = tuple[float, float, float]


def soils() -> dict[str, dict[str, str]]:
    """The built-in soil textures by name, with conductivity, suction, porosity, field capacity and source."""
    text = files("floodsim.surface").joinpath("soils.csv").read_text(encoding="utf-8")
    return {row["soil"]: row for row in csv.DictReader(text.splitlines())}


def soil_parameters(name: str) -> dict[str, float]:
    """Green-Ampt parameters (SI) of a soil; the deficit is porosity less field capacity, a wet season's start."""
    known = soils()
    if name not in known:
        raise CaseError(
            Fault(
                "unknown soil", key="losses.soil", value=name, allowed=", ".join(known), remedy="use one of these names"
            )
        )
    row = known[name]
    return {
        "conductivity": parse_quantity(row["conductivity_mm_h"] + " mm/h", "rate"),
        "suction": parse_quantity(row["suction_mm"] + " mm", "length"),
        "deficit": float(row["porosity"]) - float(row["field_capacity"]),
    }


def single_row(section: LossesSection) -> Row:
    """The parameters of a case without a table."""
    given = {name: getattr(section, name) for name in COLUMNS if getattr(section, name) is not None}
    if section.kind == "green_ampt" and section.soil is not None:
        given = soil_parameters(section.soil) | given
    return _row(section, given)


def _row(section: LossesSection, given: dict[str, float]) -> Row:
    values = [given[name] for name in NEEDED[section.kind]]
    if section.kind == "curve_number":
        storage = retention(values[0])
        values = [storage, section.initial_abstraction * storage]
    padded = [*values, 0.0, 0.0][:3]
    return padded[0], padded[1], padded[2]


def table_rows(section: LossesSection, codes: list[int]) -> np.ndarray:
    """Parameters (classes, 3) of the land-cover classes ``codes``, out of the CSV that the case names.

    The header gives the unit of a column in brackets, such as ``rate [mm/h]``. A row whose cells are empty does not
    infiltrate, nor does NO_CLASS. Raises CaseError with all faults.
    """
    assert section.table is not None
    faults = Faults(section.table)
    rows = {NO_CLASS: (0.0, 0.0, 0.0)} | _read_rows(section, section.table, faults)
    for code in codes if not faults.found else ():  # rows that could not be read are not missing
        if code not in rows:
            faults.add(f"has no row for class {code} of the land cover", key="losses.table",
                       remedy="add a row; leave its parameters empty for ground that does not infiltrate")  # fmt: skip
    faults.raise_if_any()
    return np.array([rows[code] for code in codes], float).reshape(-1, 3)


def _read_rows(section: LossesSection, file: Path, faults: Faults) -> dict[int, Row]:
    reader = csv.reader(read_lines(file, "losses.table"), skipinitialspace=True)
    header = [cell.strip() for cell in next(reader, [])]
    names = [cell.split("[")[0].strip().lower() for cell in header]
    units = [cell.partition("[")[2].rstrip("] ").strip() for cell in header]
    lacking = [name for name in ("class", *NEEDED[section.kind]) if name not in names]
    if lacking:
        faults.add(f"has no column {', '.join(lacking)}", key="losses.table", value=",".join(header),
                   remedy=f"losses.kind = {section.kind!r} needs class, {', '.join(NEEDED[section.kind])}")  # fmt: skip
        return {}
    rows: dict[int, Row] = {}
    for line, cells in enumerate(reader, start=2):
        if cells:
            _read_row(section, dict(zip(names, zip(cells, units, strict=False), strict=False)), line, rows, faults)
    return rows


def _read_row(
    section: LossesSection, cells: dict[str, tuple[str, str]], line: int, rows: dict[int, Row], faults: Faults
) -> None:
    key = "losses.table"
    try:
        code = int(cells["class"][0])
    except (ValueError, KeyError):
        code_text = str(cells.get("class", ("", ""))[0])
        remedy = "write the code of the land cover, such as 3"
        faults.add(f"line {line}: class is not a whole number", key=key, value=code_text, remedy=remedy)
        return
    if code in rows:
        message, remedy = f"line {line} names class {code} a second time", "delete one of the lines"
        faults.add(message, key=key, value=str(code), remedy=remedy)
    wanted = {name: cells.get(name, ("", "")) for name in NEEDED[section.kind]}
    if not any(text.strip() for text, _ in wanted.values()):
        rows[code] = (0.0, 0.0, 0.0)
        return
    given: dict[str, float] = {}
    for name, (text, unit) in wanted.items():
        column = COLUMNS[name]
        try:
            given[name] = parse_quantity(f"{text} {unit}", column.dimension) if column.dimension else float(text)
        except InputError as error:
            remedy = error.remedy or f"write the unit in the header, such as {name} [{EXAMPLES[column.dimension]}]"
            faults.add(f"line {line}, {name}: {error}", key=key, value=text, allowed=error.allowed, remedy=remedy)
            continue
        except ValueError:
            faults.add(f"line {line}, {name} is no number", key=key, value=text, remedy="write a plain number")
            continue
        if not column.low <= given[name] <= column.high:
            faults.add(
                f"line {line}, {name} is out of range",
                key=key,
                value=text,
                allowed=f"{column.low} .. {column.high} in SI",
                remedy="check the value, and the unit in the header",
            )
    if len(given) == len(wanted):
        rows[code] = _row(section, given)
