"""All finished scenarios of a study as one Dataset (study.nc) and one table (CSV, Excel)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import floodsim
from floodsim.case.plan import applied_measures
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault
from floodsim.output.folder import ENVELOPES
from floodsim.output.netcdf import replacing, write_whole, writing
from floodsim.output.workbook import write_workbook
from floodsim.study.plan import PRESENT, Scenario, label
from floodsim.study.record import SCENARIOS, Record

DATASET, TABLE, EXCEL = "study.nc", "comparison.csv", "comparison.xlsx"

POINT_VARIABLES = {
    "max_depth": ("max_depth_m", "m", "greatest depth in the waterlogging point"),
    "max_lane_depth": ("max_lane_depth_m", "m", "greatest depth on its lane"),
    "flooded_area": ("area_above_limit_m2", "m2", "area deeper than the limit of the standard"),
    "max_volume": ("max_volume_m3", "m3", "greatest volume of water"),
    "duration_above_limit": ("duration_above_limit_s", "s", "longest time above the limit of the standard"),
    "recession_time": ("drain_time_s", "s", "time from the end of rain until drained"),
}
SCENARIO_VARIABLES = {
    "mass_error": ("1", "mass error over all water handled"),
    "rain_mm": ("mm", "rain over the domain"),
    "flooded_area_m2": ("m2", "open ground deeper than the limit of the standard"),
    "wall_s": ("s", "wall time of the run"),
    "steps": ("1", "time steps"),
    "peak_memory_mb": ("MB", "greatest memory of the worker so far"),
}
VERDICTS = {"pass": 1, "fail": 0, "undetermined": -1, "not run": -2}


def dataset_of(plan: Sequence[Scenario], records: dict[str, Record], title: str = "") -> xr.Dataset:
    """Scenarios x points: what `SCENARIO_VARIABLES` and `POINT_VARIABLES` name, verdicts, and the axes as coordinates.

    Scenarios that are not complete have missing values and say so in ``status``. ``records`` are by name.
    """
    names = [scenario.name for scenario in plan]
    found = [records.get(name) for name in names]
    points = list(dict.fromkeys(point for record in found for point in (record or {}).get("points", {})))
    data = xr.Dataset(coords={"scenario": _text("scenario", names, "name of the scenario")})
    data = data.assign_coords(_coordinates(plan)).assign_attrs(
        title=title, source=f"floodsim {floodsim.__version__}", Conventions="CF-1.11"
    )
    data["status"] = _text("scenario", [_status(record) for record in found], "how the run of the scenario ended")
    for name, (unit, long_name) in SCENARIO_VARIABLES.items():
        data[name] = _number(("scenario",), [_value(record, name) for record in found], unit, long_name)
    if points:
        data = data.assign_coords(point=_text("point", points, "waterlogging point 易涝积水点"))
        rows = [[(record or {}).get("points", {}).get(point, {}) for point in points] for record in found]
        for name, (key, unit, long_name) in POINT_VARIABLES.items():
            data[name] = _number(
                ("scenario", "point"), [[_value(p, key) for p in row] for row in rows], unit, long_name
            )
        codes = np.array([[VERDICTS[verdict_of(p)] for p in row] for row in rows], np.int8)
        flags = {
            "flag_values": np.array(list(VERDICTS.values()), np.int8),
            "flag_meanings": "pass fail undetermined not_run",
        }
        data["verdict"] = xr.Variable(("scenario", "point"), codes, {"long_name": "verdict by the standard", **flags})
    return data


def verdict_of(point: Record) -> str:
    """The verdict on a point in one word; "not run" where there is none."""
    if not point:
        return "not run"
    return "pass" if point["passed"] else "undetermined" if point["undetermined"] else "fail"


def _coordinates(plan: Sequence[Scenario]) -> dict[str, xr.Variable]:
    """What tells the scenarios apart: always storm, solver and cell size, and every other axis of the study."""
    cases = [scenario.case for scenario in plan]
    nan = float("nan")
    rain = [case.rainfall for case in cases]
    found = {
        "return_period": _number(("scenario",), [r.return_period for r in rain], "year", "return period of the storm"),
        "rain_duration": _number(("scenario",), [r.duration for r in rain], "s", "duration of the storm"),
        "climate_factor": _number(("scenario",), [r.factor for r in rain], "1", "factor on every intensity"),
        "resolution": _number(("scenario",), [c.grid.resolution or nan for c in cases], "m", "cell size asked for"),
        "scheme": _text("scenario", [c.solver.scheme for c in cases], "scheme of the surface"),
        "order": xr.Variable(("scenario",), np.array([c.solver.order for c in cases], np.int8), {"long_name": "order"}),
        "precision": _text("scenario", [c.solver.precision for c in cases], "precision of the surface"),
        "measures": _text("scenario", ["+".join(built_in(c)) or PRESENT for c in cases], "measures 工程措施 built"),
        "measures_cost": _number(("scenario",), [cost_of_measures(c) for c in cases], cases[0].plan.currency, "cost"),
        "variant": _text("scenario", [str(s.axes.get("variant", "")) for s in plan], "variant of the case"),
    }
    for axis in dict.fromkeys(axis for scenario in plan for axis in scenario.axes):
        if axis not in found and axis != "duration":
            values = [scenario.axes.get(axis) for scenario in plan]
            plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
            made = _number(("scenario",), values, "", axis) if plain else _text("scenario", map(str, values), axis)
            found[axis] = made
    return found


def built_in(case: Case) -> list[str]:
    """Names of the measures that hold in a case, in its order."""
    return [measure.name for _, measure in applied_measures(case)]


def cost_of_measures(case: Case) -> float:
    """What the measures that hold in a case cost together, in plan.currency."""
    return float(sum(measure.cost for _, measure in applied_measures(case)))


def _number(dims: tuple[str, ...], values: Any, unit: str, long_name: str) -> xr.Variable:
    array = np.array(values, np.float64)  # None becomes NaN
    shape = array.shape if array.ndim == len(dims) else (len(values), 0)
    return xr.Variable(dims, array.reshape(shape), {"long_name": long_name, **({"units": unit} if unit else {})})


def _text(dim: str, values: Any, long_name: str) -> xr.Variable:
    return xr.Variable((dim,), np.array([str(value) for value in values], object), {"long_name": long_name})


def _value(record: Record | None, key: str) -> float | None:
    value = (record or {}).get(key)
    return None if value is None else float(value)


def _status(record: Record | None) -> str:
    return "not run" if record is None else str(record["status"])


def comparison(plan: Sequence[Scenario], records: dict[str, Record]) -> tuple[list[str], list[list[Any]]]:
    """Heads and rows of the table that sets the scenarios side by side, a row for each, in the order of the plan."""
    axes = list(dict.fromkeys(axis for scenario in plan for axis in scenario.axes))
    cost = f"cost {plan[0].case.plan.currency}"
    heads = [
        "scenario",
        *axes,
        "status",
        cost,
        "rain mm",
        "eliminated",
        "of",
        "points that fail",
        "worst point",
        "depth m",
    ]
    heads += ["volume m3", "flooded area m2", "mass error", "wall s", "reason"]
    rows = []
    for scenario in plan:
        record = records.get(scenario.name)
        labels = [label(axis, scenario.axes[axis]) if axis in scenario.axes else "" for axis in axes]
        rows.append([scenario.name, *labels, _status(record), cost_of_measures(scenario.case), *_figures(record or {})])
    return heads, rows


def _figures(record: Record) -> list[Any]:
    points = record.get("points", {})
    failing = [name for name, point in points.items() if verdict_of(point) != "pass"]
    worst = max(points, key=lambda name: points[name]["max_depth_m"], default="")
    gone = record.get("eliminated", {})
    volumes = [point["max_volume_m3"] for point in points.values() if point["max_volume_m3"] is not None]
    return [
        record.get("rain_mm"),
        gone.get("n"),
        gone.get("of"),
        "; ".join(failing),
        worst,
        points[worst]["max_depth_m"] if worst else None,
        sum(volumes) if volumes else None,
        record.get("flooded_area_m2"),
        record.get("mass_error"),
        record.get("wall_s"),
        record.get("reason", ""),
    ]


def write_collection(folder: Path, plan: Sequence[Scenario], records: dict[str, Record], title: str) -> list[str]:
    """Write study.nc, comparison.csv and comparison.xlsx, each whole or not at all; returns what the user should know.

    Raises RunError where the disk is full.
    """
    data = dataset_of(plan, records, title)
    write_whole(folder / DATASET, data)
    heads, rows = comparison(plan, records)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heads, *([_cell(v) for v in row] for row in rows)])
    with writing(folder / TABLE), replacing(folder / TABLE) as part:
        part.write_text("\ufeff" + text.getvalue(), encoding="utf-8")  # the mark tells Excel that the text is UTF-8
    return write_workbook(folder / EXCEL, _sheets([heads, *rows], data))


def _cell(value: Any) -> Any:
    return "" if value is None else value


def _sheets(scenarios: list[list[Any]], data: xr.Dataset) -> dict[str, list[list[Any]]]:
    """A sheet of the scenarios, and one of scenarios x points for every figure of the points."""
    sheets = {"scenarios": scenarios}
    if "point" not in data.sizes:
        return sheets
    points = [str(point) for point in data["point"].values]
    names = [str(name) for name in data["scenario"].values]
    words = {code: word for word, code in VERDICTS.items()}
    for variable in ("verdict", *POINT_VARIABLES):
        values = data[variable].values
        shown = [[words[int(v)] if variable == "verdict" else _finite(v) for v in row] for row in values]
        unit = f" {data[variable].attrs['units']}" if "units" in data[variable].attrs else ""
        body = [[name, *row] for name, row in zip(names, shown, strict=True)]
        sheets[f"{variable}{unit}"] = [["scenario", *points], *body]
    return sheets


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def open_study_maps(folder: str | Path, variables: Sequence[str] = ("max_depth",)) -> xr.Dataset:
    """Envelopes of every finished scenario of a study side by side, dims (scenario, y, x), as Dask arrays.

    Nothing is read before it is used. Raises CaseError where the study kept no maps, its scenarios stand on different
    grids, or an envelope does not exist.
    """
    folder = Path(folder)
    remedy = 'let the study keep = "all", and set grid.resolution for all scenarios alike'
    with open_study(folder) as table:
        finished = [str(name) for name, how in zip(table["scenario"].values, table["status"].values, strict=True)
                    if how == "complete" and (folder / SCENARIOS / str(name) / ENVELOPES).is_file()]  # fmt: skip
        axes = table.set_index(scenario="scenario").sel(scenario=finished).load()
    if not finished:
        raise CaseError(Fault("no finished scenario of the study kept its maps", str(folder), remedy=remedy))
    parts = [xr.open_dataset(folder / SCENARIOS / name / ENVELOPES, chunks={}) for name in finished]
    wrong = [variable for variable in variables if {"y", "x"} != set(parts[0].get(variable, axes).dims)]
    if wrong:
        allowed = ", ".join(str(name) for name in parts[0].data_vars if set(parts[0][name].dims) == {"y", "x"})
        raise CaseError(
            Fault(
                "no such map in the scenarios",
                str(folder),
                value=", ".join(wrong),
                allowed=allowed,
                remedy="name one of these",
            )
        )
    try:
        joined = xr.concat([part[list(variables)] for part in parts], dim="scenario", join="exact", coords="minimal")
    except ValueError as error:
        fault = Fault("the scenarios of the study stand on different grids", str(folder), remedy=remedy)
        raise CaseError(fault) from error
    return joined.assign_coords({name: axes[name] for name in axes.coords if axes[name].dims == ("scenario",)})


def open_study(folder: str | Path) -> xr.Dataset:
    """The Dataset of a study, lazily; raises CaseError where the folder holds none."""
    path = Path(folder) / DATASET
    if not path.is_file():
        remedy = "give the folder that `floodsim batch --out` wrote, once scenarios of it are finished"
        raise CaseError(Fault(f"not the folder of a study: it holds no {DATASET}", file=str(folder), remedy=remedy))
    try:
        return xr.open_dataset(path, engine="netcdf4", decode_timedelta=False)
    except (OSError, ValueError) as error:
        remedy = "run `floodsim batch` on the study again: finished scenarios are only collected"
        raise CaseError(Fault("damaged, or not a NetCDF file", str(path), value=str(error), remedy=remedy)) from error
