"""Formula data files: reading, checking and finding them. One TOML file per city or zone.

The files of the package lie in ``formulas/``; an engineer may give a file of the same layout.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

from floodsim.case.units import closest
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.coefficients import MINUTE
from floodsim.forcing.formula import CONFIDENCE, LITRES, SAMPLING, VARIANTS, Formula

FOLDER = Path(__file__).parent / "formulas"

NO_CITABLE_FORMULA = {
    "mianyang": "绵阳",
    "deyang": "德阳",
    "nanchong": "南充",
    "dazhou": "达州",
    "suining": "遂宁",
    "guangan": "广安",
    "bazhong": "巴中",
    "meishan": "眉山",
    "ziyang": "资阳",
    "guangyuan": "广元",
    "xichang": "西昌",
}
"""Cities of Sichuan whose formula was looked for and not found in any text that can be named."""

TOP = {
    "name",
    "city",
    "city_zh",
    "zone",
    "zone_zh",
    "source",
    "year",
    "confidence",
    "sampling",
    "convention",
    "note",
    "valid",
    "formula",
}
VALID = {"duration_min", "return_period", "least_return_period"}
STANDARD = {"A", "C", "b", "n", "b_exponent", "n_exponent"}


def list_formulas() -> list[str]:
    """Names of the formulas that come with floodsim, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_formula(name_or_path: str | Path) -> Formula:
    """Read a formula by its name in the package, or from a file of your own (anything with a suffix or a folder).

    Raises CaseError with every fault of the file, or with the names there are.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return _read(Path(name_or_path))
    if text in list_formulas():
        return _read(FOLDER / f"{text}.toml")
    message = f"there is no formula named {text!r}"
    remedy = "give the local formula as a file of your own: rainfall.formula_file"
    near = closest(text, list_formulas())
    if text.lower() in NO_CITABLE_FORMULA or text in NO_CITABLE_FORMULA.values():
        message = f"no formula for {text!r} was found in a source that can be named, so none is given"
    raise CaseError(
        Fault(
            message,
            key="rainfall.formula",
            value=repr(text),
            allowed=", ".join(list_formulas()),
            remedy=f"did you mean {near!r}? Or {remedy}" if near else remedy,
        )
    )


def _read(path: Path) -> Formula:
    faults = Faults(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.add(f"cannot read the file: {error.strerror}", key="rainfall.formula_file", remedy="check the path")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.add(f"not a TOML file in UTF-8: {error}", key="rainfall.formula_file", remedy="correct the file")
    faults.raise_if_any()
    formula = _build(data, path, faults)
    faults.raise_if_any()
    assert formula is not None
    return formula


def _build(data: dict[str, Any], path: Path, faults: Faults) -> Formula | None:
    """The formula in a data file, or None where faults were found."""
    _known(data, TOP, "", faults)
    texts = {key: _text(data, key, faults) for key in ("name", "city", "source")}
    extra = {key: _text(data, key, faults, "") for key in ("city_zh", "zone", "zone_zh", "note")}
    kinds = {
        "confidence": _choice(data, "confidence", CONFIDENCE, faults, "recalled"),
        "sampling": _choice(data, "sampling", SAMPLING, faults, "unknown"),
        "convention": _choice(data, "convention", LITRES, faults, "exact"),
    }
    valid = _section(data, "valid", faults)
    _known(valid, VALID, "valid.", faults)
    durations = _numbers(valid, "duration_min", "valid.", 2, faults, (5.0, 180.0))
    periods = _numbers(valid, "return_period", "valid.", 2, faults, (2.0, 100.0))
    least = _number(valid, "least_return_period", "valid.", faults, 0.0)
    for key, pair in (("valid.duration_min", durations), ("valid.return_period", periods)):
        if not 0.0 < pair[0] <= pair[1]:
            faults.add(
                "range is not ascending and positive", key=key, value=list(pair), remedy="write [least, greatest]"
            )
    law = _section(data, "formula", faults)
    variant = _choice(law, "variant", VARIANTS, faults, None, "formula.")
    unit = _choice(law, "unit", ("L/s/ha", "mm/min"), faults, None, "formula.")
    parameters = READERS[variant](law, faults, least) if variant in READERS else {}
    year = data.get("year")
    if year is not None and (not isinstance(year, int) or not 1900 <= year <= 2200):
        faults.add("not a year", key="year", value=year, allowed="1900 to 2200", remedy="write for example 2024")
    if faults.found:
        return None
    return Formula(
        **texts,
        **extra,
        **kinds,
        variant=variant,
        unit=unit,
        parameters=parameters,
        year=year,
        durations=(durations[0] * MINUTE, durations[1] * MINUTE),
        return_periods=(periods[0], periods[1]),
        least_return_period=least,
    )


def _read_standard(law: dict[str, Any], faults: Faults, least: float) -> dict[str, Any]:
    _known(law, STANDARD | {"variant", "unit"}, "formula.", faults)
    found = {key: _number(law, key, "formula.", faults) for key in ("A", "C", "b", "n")}
    found |= {key: _number(law, key, "formula.", faults, 0.0) for key in ("b_exponent", "n_exponent")}
    _in_bounds(found, "formula.", faults)
    if found["n_exponent"] and least <= 1.0:
        remedy = "set valid.least_return_period above 1: lg P is 0 at P = 1"
        faults.add(
            "n_exponent needs a least return period", key="valid.least_return_period", value=least, remedy=remedy
        )
    return found


def _read_interval(law: dict[str, Any], faults: Faults, least: float) -> dict[str, Any]:
    _known(law, {"variant", "unit", "ranges"}, "formula.", faults)
    ranges: list[dict[str, Any]] = []
    for index, row in enumerate(_rows(law, "ranges", faults)):
        where = f"formula.ranges[{index}]."
        _known(row, {"P", "A", "b", "n"}, where, faults)
        period = _numbers(row, "P", where, 2, faults)
        found = {key: _numbers(row, key, where, 3, faults) for key in ("A", "b", "n")}
        if not 0.0 < period[0] < period[1]:
            faults.add(
                "range of P is not ascending", key=where + "P", value=list(period), remedy="write [least, greatest]"
            )
        for key, (_, _, shift) in found.items():
            if shift >= period[0]:
                faults.add(
                    "p3 reaches into the range of P: ln(P - p3) is not defined",
                    key=where + key,
                    value=shift,
                    allowed=f"below {period[0]:g}",
                    remedy="check p3 (the third number), or the range P, against the source",
                )
        if ranges and period[0] < ranges[-1]["P"][1]:
            remedy = "sort the ranges; each begins where the one before ends"
            faults.add("ranges of P overlap or are not ascending", key=where + "P", value=list(period), remedy=remedy)
        ranges.append({"P": period, **found})
    return {"ranges": ranges}


def _read_table(law: dict[str, Any], faults: Faults, least: float) -> dict[str, Any]:
    _known(law, {"variant", "unit", "rows"}, "formula.", faults)
    rows: list[dict[str, float]] = []
    for index, row in enumerate(_rows(law, "rows", faults)):
        where = f"formula.rows[{index}]."
        _known(row, {"P", "A", "b", "n"}, where, faults)
        found = {key: _number(row, key, where, faults) for key in ("P", "A", "b", "n")}
        _in_bounds(found, where, faults)
        if found["P"] <= (rows[-1]["P"] if rows else 0.0):
            faults.add("return periods are not ascending", key=where + "P", value=found["P"], remedy="sort the rows")
        rows.append(found)
    return {"rows": rows}


READERS: dict[str, Callable[[dict[str, Any], Faults, float], dict[str, Any]]] = {
    "standard": _read_standard,
    "interval": _read_interval,
    "table": _read_table,
}


def _in_bounds(found: dict[str, float], where: str, faults: Faults) -> None:
    bounds = {"A": (0.0, 1e6), "C": (-1.0, 10.0), "b": (0.0, 1000.0), "n": (0.0, 3.0)}
    for key, (low, high) in bounds.items():
        if key in found and not low <= found[key] <= high:
            faults.add(
                "coefficient out of bounds",
                key=where + key,
                value=found[key],
                allowed=f"{low:g} to {high:g}",
                remedy="check the unit and the digits against the print",
            )


def _known(data: dict[str, Any], keys: set[str], where: str, faults: Faults) -> None:
    for key in data.keys() - keys:
        faults.add("unknown key", key=where + key, allowed=", ".join(sorted(keys)), remedy="correct or delete the key")


def _section(data: dict[str, Any], key: str, faults: Faults) -> dict[str, Any]:
    value = data.get(key, {})
    if isinstance(value, dict):
        return value
    faults.add("not a section", key=key, remedy=f"write [{key}]")
    return {}


def _rows(law: dict[str, Any], key: str, faults: Faults) -> list[dict[str, Any]]:
    rows = law.get(key)
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return rows
    faults.add("no rows", key=f"formula.{key}", remedy=f"write one [[formula.{key}]] section each")
    return []


def _text(data: dict[str, Any], key: str, faults: Faults, default: str | None = None) -> str:
    value = data.get(key, default)
    if isinstance(value, str) and (value or default is not None):
        return value
    faults.add("missing text", key=key, value=value, remedy="write a short text in quotes")
    return ""


def _choice(data: dict[str, Any], key: str, among: Any, faults: Faults, default: str | None, where: str = "") -> str:
    value = data.get(key, default)
    if isinstance(value, str) and value in among:
        return value
    faults.add("not one of the choices", key=where + key, value=value, allowed=", ".join(among), remedy="choose one")
    return ""


def _number(data: dict[str, Any], key: str, where: str, faults: Faults, default: float | None = None) -> float:
    value = data.get(key, default)
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    message = "missing number" if value is None else "not a finite number"
    faults.add(message, key=where + key, value=value, remedy=f"write {key} = a number without quotes")
    return 1.0


def _numbers(
    data: dict[str, Any], key: str, where: str, count: int, faults: Faults, default: tuple[float, ...] | None = None
) -> tuple[float, ...]:
    value = data.get(key, default)
    if isinstance(value, list | tuple) and len(value) == count:
        return tuple(_number({key: item}, key, where, faults) for item in value)
    remedy = f"write {count} numbers in square brackets"
    faults.add(f"not a list of {count} numbers", key=where + key, value=value, remedy=remedy)
    return tuple(float(index + 1) for index in range(count))
