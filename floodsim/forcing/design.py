"""Design storms of a case: which depth, which curve, which formula, and what to warn of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing import storms
from floodsim.forcing.coefficients import Coefficients
from floodsim.forcing.formula import Formula
from floodsim.forcing.formula_file import load_formula
from floodsim.forcing.series import Rain
from floodsim.forcing.table import Table, numbers, read_table, rows_text

DAY = 86400.0
SCS_FILE = Path(__file__).parent / "scs_24h.csv"
LISTED = "`floodsim storm --list` names the formulas there are"


def design_storm(rainfall: Rainfall) -> tuple[Rain, list[str]]:
    """Blocks of a design storm (kinds uniform, chicago, triangular, alternating_block, scs, pattern) and its warnings.

    Applies ``start`` and ``factor``. Raises CaseError where the keys do not make up a storm.
    """
    rain = STORMS[rainfall.kind](rainfall)
    return storms.shifted(rain, rainfall.start, rainfall.factor), _warnings(rainfall)


def formula_of(rainfall: Rainfall) -> Formula | None:
    """The formula that a case names, or None. Raises CaseError where it names two."""
    if rainfall.formula and rainfall.formula_file:
        raise _fault("formula and formula_file are both given", "formula_file", "keep one of them")
    if rainfall.formula_file:
        return load_formula(rainfall.formula_file)
    return load_formula(rainfall.formula) if rainfall.formula else None


def law_of(rainfall: Rainfall) -> Coefficients:
    """Coefficients of the case's formula at its return period; CaseError where they cannot carry the duration."""
    faults = Faults()
    if not (rainfall.formula or rainfall.formula_file):
        faults.add(f'kind "{rainfall.kind}" needs an intensity formula', key="rainfall.formula", remedy=LISTED)
    if rainfall.return_period is None:
        faults.add("no return period", key="rainfall.return_period", remedy='for example return_period = "50 a"')
    faults.raise_if_any()
    formula = formula_of(rainfall)
    assert formula is not None and rainfall.return_period is not None
    law = formula.coefficients(rainfall.return_period)
    if rainfall.duration > law.longest:
        raise _fault(
            f"formula {formula.name} gives falling depths at this duration",
            "duration",
            "choose a shorter storm",
            f"{rainfall.duration / 60:g} min",
            f"up to {law.longest / 60:.0f} min",
        )
    return law


def given_depth(rainfall: Rainfall) -> float | None:
    """Total depth in m that the case states, as a depth or as a mean intensity; None where it states neither."""
    if rainfall.depth is not None and rainfall.intensity is not None:
        raise _fault("depth and intensity are both given", "intensity", "keep one of them")
    if rainfall.intensity is not None:
        return rainfall.intensity * rainfall.duration
    return rainfall.depth


def _depth(rainfall: Rainfall) -> float:
    """Stated depth in m, else that of the formula for the storm's duration."""
    depth = given_depth(rainfall)
    if depth is not None:
        return depth
    if not (rainfall.formula or rainfall.formula_file):
        raise _fault(
            f'kind "{rainfall.kind}" needs depth, intensity, or formula and return_period',
            "depth",
            'for example depth = "60 mm"',
        )
    return float(law_of(rainfall).depth(rainfall.duration))


def _uniform(rainfall: Rainfall) -> Rain:
    return storms.uniform(_depth(rainfall), rainfall.duration)


def _triangular(rainfall: Rainfall) -> Rain:
    return storms.triangular(_depth(rainfall), rainfall.duration, rainfall.step, rainfall.peak_ratio)


def _chicago(rainfall: Rainfall) -> Rain:
    law = law_of(rainfall)
    rain = storms.chicago(law, rainfall.duration, rainfall.step, rainfall.peak_ratio)
    return _scaled(rain, law, rainfall)


def _alternating_block(rainfall: Rainfall) -> Rain:
    law = law_of(rainfall)
    try:
        rain = storms.alternating_block(law, rainfall.duration, rainfall.step, rainfall.peak_ratio)
    except ValueError as error:
        raise _fault(str(error), "step", "choose a step that divides the duration", f"{rainfall.step:g} s") from None
    return _scaled(rain, law, rainfall)


def _scs(rainfall: Rainfall) -> Rain:
    if abs(rainfall.duration - DAY) > 1.0:
        raise _fault(
            "SCS storms are defined over 24 h",
            "duration",
            'set duration = "24 h" (or use another kind)',
            f"{rainfall.duration / 3600:g} h",
            "24 h",
        )
    depth = given_depth(rainfall)
    if depth is None:
        raise _fault(
            "an SCS storm needs the 24 h depth",
            "depth",
            "give depth from rainfall statistics: intensity formulas reach 180 min and do not give 24 h depths",
        )
    hours, shares = scs_curve(rainfall.scs_type)
    return storms.pattern(hours / 24.0, shares, depth, rainfall.duration, rainfall.step)


def _pattern(rainfall: Rainfall) -> Rain:
    if rainfall.pattern is None:
        raise _fault('kind "pattern" needs a file of the pattern', "pattern", "CSV: time share, cumulative depth share")
    times, shares = read_pattern(rainfall.pattern)
    return storms.pattern(times, shares, _depth(rainfall), rainfall.duration, rainfall.step)


STORMS: dict[str, Callable[[Rainfall], Rain]] = {
    "uniform": _uniform,
    "triangular": _triangular,
    "chicago": _chicago,
    "alternating_block": _alternating_block,
    "scs": _scs,
    "pattern": _pattern,
}


def _scaled(rain: Rain, law: Coefficients, rainfall: Rainfall) -> Rain:
    """The storm of the formula, scaled to the depth that the case states, if it does."""
    depth = given_depth(rainfall)
    return rain if depth is None else storms.shifted(rain, 0.0, depth / float(law.depth(rainfall.duration)))


def scs_curve(scs_type: str) -> tuple[np.ndarray, np.ndarray]:
    """Hours (m,) and share of the 24 h depth fallen (m,) of SCS type I, IA, II or III; source in the data file."""
    table = read_table(SCS_FILE, "rainfall.scs_type")
    return numbers(table, 0), numbers(table, table.index(scs_type, 1, "rainfall.scs_type"))


def read_pattern(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time shares and cumulative depth shares (m,), both from 0 to 1, of a CSV in shares or in percent.

    Raises CaseError with every fault of the file.
    """
    key = "rainfall.pattern"
    table = read_table(path, key)
    faults = Faults(path)
    columns = [numbers(table, table.index(None, index, key)) for index in (0, 1)]
    for name, values in zip(("time share", "depth share"), columns, strict=True):
        _check_share(name, values, table, faults)
    faults.raise_if_any()
    if np.any(np.diff(columns[0]) == 0.0):
        lines = table.lines[1:][np.diff(columns[0]) == 0.0]
        faults.add(f"{rows_text(lines)} the same time share as the row before", key=key, remedy="delete duplicates")
    faults.raise_if_any()
    times, shares = (values / values[-1] for values in columns)
    return times, shares


def _check_share(name: str, values: np.ndarray, table: Table, faults: Faults) -> None:
    key = "rainfall.pattern"
    bad = table.lines[~np.isfinite(values)]
    if bad.size:
        faults.add(f"{rows_text(bad)} a {name} that is no number", key=key, remedy="write numbers from 0 to 1")
        return
    falling = table.lines[1:][np.diff(values) < 0.0]
    if falling.size:
        faults.add(
            f"{rows_text(falling)} a {name} below that of the row above",
            key=key,
            remedy="write cumulative shares, which never fall",
        )
    if values[0] != 0.0 or not (abs(values[-1] - 1.0) < 1e-6 or abs(values[-1] - 100.0) < 1e-4):
        faults.add(
            f"{name} does not run from 0 to 1",
            key=key,
            value=f"{values[0]:g} to {values[-1]:g}",
            allowed="0 to 1, or 0 to 100 in percent",
            remedy="add the first and last point of the curve",
        )


def _warnings(rainfall: Rainfall) -> list[str]:
    found = []
    formula = formula_of(rainfall)
    own_depth = given_depth(rainfall) is not None
    shaped = rainfall.kind in ("chicago", "alternating_block")
    if formula is not None and rainfall.return_period is not None and (shaped or not own_depth):
        found += formula.warnings(rainfall.return_period, None if own_depth else rainfall.duration)
    if rainfall.kind == "scs":
        found.append("SCS distributions come from a second-hand copy of TR-55 and were made for the United States")
    if rainfall.duration > DAY:
        found.append("GB 50014-2021 (commentary) leaves storms longer than 24 h out of design")
    return found


def _fault(message: str, key: str, remedy: str, value: str = "", allowed: str = "") -> CaseError:
    return CaseError(Fault(message, key=f"rainfall.{key}", value=value, allowed=allowed, remedy=remedy))
