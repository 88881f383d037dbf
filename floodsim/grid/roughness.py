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
        check_number(given)
        return np.full(frame.shape, given, np.float32)
    raster = open_raster(given, "grid.roughness")
    values, missing, classes = read_layer(raster, frame)
    seen = survey(values, missing, classes, active)
    return manning_law(case, given, classes, seen, notes).on(values, missing)


@dataclass(frozen=True)
class Survey:
    """What lies on cells of a layer, or on those of several windows of it.

    ``counts``: active cells by class code, of all codes that occur; ``lacking``: active cells without data, and the
    ``first`` of them; ``absurd``: numbers that are no Manning n, and the ``worst`` one.
    """

    counts: dict[int, int]
    lacking: int
    first: tuple[int, int] | None
    absurd: int = 0
    worst: float = 0.0

    def joined(self, other: Survey) -> Survey:
        """Two windows together, this one first."""
        codes = sorted({*self.counts, *other.counts})
        return Survey(
            {code: self.counts.get(code, 0) + other.counts.get(code, 0) for code in codes},
            self.lacking + other.lacking, self.first or other.first,
            self.absurd + other.absurd, self.worst if self.absurd else other.worst,
        )  # fmt: skip


def survey(values: np.ndarray, missing: np.ndarray, classes: bool, active: np.ndarray, row: int = 0) -> Survey:
    """Look at a layer on cells that begin at a ``row`` of the grid."""
    lacking, counts = missing & active, {}
    for code in codes_in(values, missing) if classes else ():
        counts[int(code)] = int(np.count_nonzero((values == code) & ~missing & active))
    j, i = divmod(int(np.argmax(lacking)), lacking.shape[1])
    first = (j + row, i) if lacking.any() else None
    count = int(np.count_nonzero(lacking))
    if classes:
        return Survey(counts, count, first)
    wrong = _absurd(values.astype(np.float32)) & ~missing
    worst = float(np.float32(values[wrong].flat[0])) if wrong.any() else 0.0
    return Survey(counts, count, first, int(np.count_nonzero(wrong)), worst)


@dataclass(frozen=True)
class ManningLaw:
    """Manning n by class code, or None where the layer holds n itself; ``fallback`` where there is nothing."""

    by_class: dict[int, float] | None
    fallback: np.float32

    def on(self, values: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Manning n of cells of the layer, float32."""
        if self.by_class is None:
            n = values.astype(np.float32)
            n[missing] = self.fallback
            return n
        n = np.full(values.shape, self.fallback)
        for code in codes_in(values, missing):
            if int(code) in self.by_class:
                n[(values == code) & ~missing] = self.by_class[int(code)]
        return n


def manning_law(case: Case, file: Path, classes: bool, seen: Survey, notes: list[str]) -> ManningLaw:
    """How a layer of the whole grid becomes Manning n; raises CaseError with what is wrong with it."""
    default = case.roughness.default
    by_class = None
    if classes:
        by_class = _by_class(case, file, seen, notes)
    else:
        notes.append(f"roughness: {file.name} holds Manning n (area average)")
    if seen.first is not None and default is None:
        j, i = seen.first
        raise CaseError(
            Fault(
                f"has no data on {seen.lacking} cells of the grid, the first at row {j}, column {i}",
                str(file),
                "grid.roughness",
                remedy="give roughness.default, or a raster that covers the grid",
            )
        )
    fallback = np.float32(0.03 if default is None else default)
    if seen.lacking:
        notes.append(f"roughness: {seen.lacking} cells without data got roughness.default = {fallback:g}")
    if seen.absurd:
        raise CaseError(_absurd_fault(seen.absurd, seen.worst, str(file), "grid.roughness"))
    return ManningLaw(by_class, fallback)


def _by_class(case: Case, file: Path, seen: Survey, notes: list[str]) -> dict[int, float]:
    """Manning n by class; those the table lacks get the default or are refused."""
    path = case.roughness.table or built_in_table()
    table = read_table(path)
    notes.append(f"roughness: {file.name} holds land-cover classes (majority of area), n from {path.name}")
    n: dict[int, float] = {}
    faults = Faults(file)
    for code, count in seen.counts.items():
        entry = table.get(code)
        if entry is not None:
            n[code] = entry.manning
        elif case.roughness.default is not None:
            n[code] = case.roughness.default
            notes.append(f"roughness: class {code} ({count} cells) got roughness.default = {case.roughness.default:g}")
        elif count:
            faults.add(
                f"class {code} ({count} cells) is not in the table {path.name}",
                key="grid.roughness",
                value=code,
                allowed=", ".join(map(str, sorted(table))),
                remedy="add it to a table of your own (roughness.table), or give roughness.default",
            )
    faults.raise_if_any()
    return n


def check_number(given: float) -> None:
    """Raise CaseError where a number cannot be a Manning n."""
    if _absurd(np.asarray(given)).any():
        raise CaseError(_absurd_fault(1, given, "", "grid.roughness"))


def _absurd(n: np.ndarray) -> np.ndarray:
    return np.asarray(~((n >= np.float32(LOWEST_N)) & (n <= np.float32(HIGHEST_N))))


def _absurd_fault(count: int, first: float, file: str, key: str) -> Fault:
    return Fault(
        f"Manning n out of range on {count} cells",
        file,
        key,
        f"{first:g}",
        f"{LOWEST_N} .. {HIGHEST_N} s m^-1/3",
        "if the raster holds Strickler k = 1/n or classes, convert it",
    )


def loss_classes(case: Case, geometry: Cells, active: np.ndarray | None = None) -> tuple[np.ndarray, list[int]]:
    """Class of infiltration parameters per cell: uint8 (ny, nx) index into the returned list of class codes.

    The classes come from ``losses.land_cover``, else from ``grid.roughness``. Cells that are not ``active`` may lack
    data and get index 0; active ones may where ``roughness.default`` is given, and get the class NO_CLASS, which does
    not infiltrate. Raises CaseError where there is no class raster, an active cell has no class and there is no
    default, or there are more than 254 classes.
    """
    given, key = class_raster(case)
    frame = frame_of(geometry)
    active = np.ones(frame.shape, bool) if active is None else active
    values, missing, classes = read_layer(open_raster(given, key), frame)
    codes = loss_codes(case, classes, survey(values, missing, classes, active))
    return loss_index(values, missing, active, codes), codes


def class_raster(case: Case) -> tuple[Path, str]:
    """The raster of the classes that infiltrate, and the key that names it; raises CaseError where there is none."""
    given = case.losses.land_cover or case.grid.roughness
    key = "losses.land_cover" if case.losses.land_cover else "grid.roughness"
    if not isinstance(given, Path):
        remedy = "name a raster of whole numbers with losses.land_cover"
        raise CaseError(Fault("losses.table needs a land-cover raster", key=key, value=repr(given), remedy=remedy))
    return given, key


def loss_codes(case: Case, classes: bool, seen: Survey) -> list[int]:
    """Codes of the classes that occur on the whole grid, in the order of their indices; raises CaseError."""
    given, key = class_raster(case)
    if not classes:
        remedy = "name a raster of whole numbers with losses.land_cover"
        raise CaseError(Fault("holds Manning n, no land-cover classes", str(given), key, remedy=remedy))
    if seen.first is not None and case.roughness.default is None:
        j, i = seen.first
        message = f"has no class on {seen.lacking} cells, the first at row {j}, column {i}"
        remedy = "give a raster that covers the grid, or roughness.default (such cells then do not infiltrate)"
        raise CaseError(Fault(message, str(given), key, remedy=remedy))
    codes = sorted(seen.counts)
    if len(codes) > 254:
        message, remedy = f"has {len(codes)} classes", "join classes that infiltrate alike"
        raise CaseError(Fault(message, str(given), key, allowed="at most 254", remedy=remedy))
    return codes + [NO_CLASS] * (seen.lacking > 0)


def loss_index(values: np.ndarray, missing: np.ndarray, active: np.ndarray, codes: list[int]) -> np.ndarray:
    """Index into ``codes`` of every cell of a layer, uint8."""
    known = np.array(codes[:-1] if codes and codes[-1] == NO_CLASS else codes, np.int64)
    index = np.searchsorted(known, values).astype(np.uint8)
    index[missing] = 0
    index[missing & active] = len(known)
    return index
