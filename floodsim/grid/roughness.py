"""Manning n and loss classes: from a number, a raster of n, or land-cover classes with a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid.frame import Cells, Frame, frame_of
from floodsim.grid.raster import open_raster, read_layer
from floodsim.grid.resample import codes_in

LOWEST_N, HIGHEST_N = 0.005, 2.0
"""Range of Manning n that is believed, s m^-1/3."""

NO_CLASS = -1
"""Stands for the class of cells that a land-cover raster leaves out."""


@dataclass(frozen=True)
class LandCover:
    """One row of a land-cover table."""

    code: int
    name: str
    manning: float


def built_in_table() -> Path:
    """The land-cover table that comes with floodsim; it names source and confidence of each value."""
    return Path(str(files("floodsim.grid").joinpath("tables", "land_cover.csv")))


def read_table(path: Path, key: str = "roughness.table") -> dict[int, LandCover]:
    """Read a CSV with columns class, name, manning (others are left alone), UTF-8 or GBK; raises CaseError."""
    faults = Faults(path)
    if not path.is_file():
        raise CaseError(
            Fault("no such file", str(path), key, remedy="check the path; it counts from the case file's folder")
        )
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    columns = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
    if lacking := [name for name in ("class", "manning") if name not in columns]:
        head, remedy = ",".join(reader.fieldnames or []), "begin the file with the line class,name,manning"
        message = f"has no column {', '.join(lacking)}"
        raise CaseError(Fault(message, str(path), key, head, "class,name,manning", remedy))
    table: dict[int, LandCover] = {}
    for line, row in enumerate(reader, start=2):
        try:
            code, manning = int(row[columns["class"]]), float(row[columns["manning"]])
        except (TypeError, ValueError):
            shown = f"{row[columns['class']]},{row[columns['manning']]}"
            message, remedy = f"line {line} needs a whole number and a number", "write for example 3,grass,0.05"
            faults.add(message, key=key, value=shown, remedy=remedy)
            continue
        if code in table:
            faults.add(f"line {line} names class {code} a second time", key=key, remedy="delete one of the lines")
        if not LOWEST_N <= manning <= HIGHEST_N:
            message, allowed = f"n of class {code} (line {line}) is out of range", f"{LOWEST_N} .. {HIGHEST_N} s m^-1/3"
            remedy = "if the table holds Strickler k = 1/n, convert it"
            faults.add(message, key=key, value=manning, allowed=allowed, remedy=remedy)
        table[code] = LandCover(code, (row.get(columns.get("name", "")) or "").strip(), manning)
    faults.raise_if_any()
    return table


def manning(case: Case, frame: Frame, active: np.ndarray, notes: list[str]) -> np.ndarray:
    """Manning n on the cells of the grid, float32 (ny, nx) in s m^-1/3; raises CaseError."""
    given = case.grid.roughness
    if isinstance(given, int | float):
        _refuse_absurd(np.asarray(given), "", "grid.roughness")
        return np.full(frame.shape, given, np.float32)
    raster = open_raster(given, "grid.roughness")
    values, missing, classes = read_layer(raster, frame)
    default = case.roughness.default
    if classes:
        n = _from_classes(values, missing, active, case, given, notes)
    else:
        notes.append(f"roughness: {given.name} holds Manning n (area average)")
        n = values.astype(np.float32)
    lacking = active & np.isnan(n)
    count = int(np.count_nonzero(lacking))
    if count and default is None:
        j, i = divmod(int(np.argmax(lacking)), frame.nx)
        raise CaseError(
            Fault(
                f"has no data on {count} cells of the grid, the first at row {j}, column {i}",
                str(given),
                "grid.roughness",
                remedy="give roughness.default, or a raster that covers the grid",
            )
        )
    fallback = np.float32(0.03 if default is None else default)
    n[np.isnan(n)] = fallback
    if count:
        notes.append(f"roughness: {count} cells without data got roughness.default = {fallback:g}")
    _refuse_absurd(n, str(given), "grid.roughness")
    return n


def _from_classes(
    codes: np.ndarray, missing: np.ndarray, active: np.ndarray, case: Case, file: Path, notes: list[str]
) -> np.ndarray:
    """Manning n by class, NaN where the raster is missing; those the table lacks get the default or are refused."""
    path = case.roughness.table or built_in_table()
    table = read_table(path)
    notes.append(f"roughness: {file.name} holds land-cover classes (majority of area), n from {path.name}")
    n = np.full(codes.shape, np.nan, np.float32)
    faults = Faults(file)
    for code in codes_in(codes, missing):
        here = (codes == code) & ~missing
        entry = table.get(int(code))
        count = int(np.count_nonzero(here & active))
        if entry is not None:
            n[here] = entry.manning
        elif case.roughness.default is not None:
            n[here] = case.roughness.default
            notes.append(f"roughness: class {code} ({count} cells) got roughness.default = {case.roughness.default:g}")
        elif count:
            faults.add(
                f"class {code} ({count} cells) is not in the table {path.name}",
                key="grid.roughness",
                value=int(code),
                allowed=", ".join(map(str, sorted(table))),
                remedy="add it to a table of your own (roughness.table), or give roughness.default",
            )
    faults.raise_if_any()
    return n


def _refuse_absurd(n: np.ndarray, file: str, key: str) -> None:
    wrong = ~((n >= np.float32(LOWEST_N)) & (n <= np.float32(HIGHEST_N)))
    if np.any(wrong):
        first = float(np.asarray(n)[wrong].flat[0])
        raise CaseError(
            Fault(
                f"Manning n out of range on {np.count_nonzero(wrong)} cells",
                file,
                key,
                f"{first:g}",
                f"{LOWEST_N} .. {HIGHEST_N} s m^-1/3",
                "if the raster holds Strickler k = 1/n or classes, convert it",
            )
        )


def loss_classes(case: Case, geometry: Cells, active: np.ndarray | None = None) -> tuple[np.ndarray, list[int]]:
    """Class of infiltration parameters per cell: uint8 (ny, nx) index into the returned list of class codes.

    The classes come from ``losses.land_cover``, else from ``grid.roughness``. Cells that are not ``active`` may lack
    data and get index 0; active ones may where ``roughness.default`` is given, and get the class NO_CLASS, which does
    not infiltrate. Raises CaseError where there is no class raster, an active cell has no class and there is no
    default, or there are more than 254 classes.
    """
    given = case.losses.land_cover or case.grid.roughness
    key = "losses.land_cover" if case.losses.land_cover else "grid.roughness"
    remedy = "name a raster of whole numbers with losses.land_cover"
    if not isinstance(given, Path):
        raise CaseError(Fault("losses.table needs a land-cover raster", key=key, value=repr(given), remedy=remedy))
    frame = frame_of(geometry)
    values, missing, classes = read_layer(open_raster(given, key), frame)
    if not classes:
        raise CaseError(Fault("holds Manning n, no land-cover classes", str(given), key, remedy=remedy))
    lacking = missing if active is None else missing & active
    if lacking.any() and case.roughness.default is None:
        j, i = divmod(int(np.argmax(lacking)), frame.nx)
        message = f"has no class on {np.count_nonzero(lacking)} cells, the first at row {j}, column {i}"
        remedy = "give a raster that covers the grid, or roughness.default (such cells then do not infiltrate)"
        raise CaseError(Fault(message, str(given), key, remedy=remedy))
    codes = codes_in(values, missing)
    if len(codes) > 254:
        message, remedy = f"has {len(codes)} classes", "join classes that infiltrate alike"
        raise CaseError(Fault(message, str(given), key, allowed="at most 254", remedy=remedy))
    index = np.searchsorted(codes, values).astype(np.uint8)
    index[missing] = 0
    index[lacking] = len(codes)
    return index, [int(code) for code in codes] + [NO_CLASS] * bool(lacking.any())
