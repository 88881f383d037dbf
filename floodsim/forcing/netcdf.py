"""How a rain file in NetCDF is laid out: its variable, axes, unit, times and CRS, by the CF conventions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from floodsim.case.water import Rainfall
from floodsim.errors import CaseError, Fault, Faults
from floodsim.forcing.blocks import check_increasing
from floodsim.grid.grid import Grid

KEY = "rainfall.file"

UNITS = {
    "mm/h": ("mm/h", "mm h-1", "mm hr-1", "mm/hr", "mm hour-1", "mm/hour", "kg m-2 h-1", "mm h^-1"),
    "mm/min": ("mm/min", "mm min-1"),
    "mm/s": ("kg m-2 s-1", "kg/m2/s", "kg m^-2 s^-1", "mm/s", "mm s-1"),
    "mm/d": ("mm/d", "mm/day", "mm d-1", "mm day-1"),
    "m/s": ("m/s", "m s-1", "m s^-1"),
    "mm": ("mm", "kg m-2", "kg/m2"),
    "m": ("m", "metre", "metres"),
}
"""Spellings of the units that are read; mm and m are depths per record."""

_SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hr": 3600.0, "d": 86400.0, "day": 86400.0}
_SINCE = re.compile(r"^\s*([A-Za-z]+)\s+since\s+(.+?)\s*$")
_AXES = {
    "x": (
        {"projection_x_coordinate", "longitude", "grid_longitude"},
        {"x", "lon", "longitude", "easting", "west_east"},
    ),
    "y": (
        {"projection_y_coordinate", "latitude", "grid_latitude"},
        {"y", "lat", "latitude", "northing", "south_north"},
    ),
    "t": ({"time"}, {"time", "t", "valid_time"}),
}


@dataclass(frozen=True)
class Layout:
    """The rain variable, the order of its axes ("t", "y", "x"), its coordinates, and whether x and y are degrees."""

    variable: Any
    axes: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    time: Any
    degrees: bool


def find_layout(dataset: Any, rainfall: Rainfall, faults: Faults) -> Layout:
    """Find the rain variable and its axes. Raises CaseError where there is none over time, y and x (in any order)."""
    roles = {name: _role(dataset, name) for name in dataset.dimensions}
    fitting = [
        name
        for name, variable in dataset.variables.items()
        if len(variable.dimensions) == 3 and {roles[dimension] for dimension in variable.dimensions} == {"t", "y", "x"}
    ]
    name = rainfall.variable
    if name is None and len(fitting) == 1:
        name = fitting[0]
    if name not in fitting:
        said = "which variable is the rain?" if name is None else f"there is no variable {name!r} over time, y and x"
        faults.add(
            said,
            key="rainfall.variable",
            value=name,
            allowed=", ".join(fitting) or "none in this file",
            remedy="name a variable with dimensions time, y and x that have coordinate variables of one dimension "
            "(regrid curvilinear products first)",
        )
        faults.raise_if_any()
    variable = dataset.variables[name]
    names = {roles[dimension]: dimension for dimension in variable.dimensions}
    x, y = (np.asarray(dataset.variables[names[axis]][:], float) for axis in "xy")
    for axis, values in (("x", x), ("y", y)):
        steps = np.diff(values)
        if values.size < 2 or not (np.all(steps > 0.0) or np.all(steps < 0.0)):
            faults.add(
                f"coordinate {names[axis]} has fewer than two values, or turns round",
                key=KEY,
                remedy="give coordinates that rise or fall all the way",
            )
    faults.raise_if_any()
    unit = str(getattr(dataset.variables[names["x"]], "units", ""))
    axes = tuple(roles[dimension] for dimension in variable.dimensions)
    return Layout(variable, axes, x, y, dataset.variables[names["t"]], unit.startswith("degree"))


def _role(dataset: Any, name: str) -> str:
    """Which axis a dimension is: "t", "y", "x", or "" where its coordinate variable does not tell."""
    variable = dataset.variables.get(name)
    if variable is None or variable.ndim != 1:
        return ""
    standard, axis = getattr(variable, "standard_name", ""), str(getattr(variable, "axis", "")).lower()
    for role, (standards, names) in _AXES.items():
        if standard in standards or axis == role or name.lower() in names:
            return role
    return ""


def unit_of(variable: Any, stated: str | None, faults: Faults) -> str:
    """Unit of the values, as the case states it or the file says; scaled units are written as those of `to_rate`."""
    said = stated if stated is not None else str(getattr(variable, "units", ""))
    for unit, spellings in UNITS.items():
        if said.strip() in spellings:
            return unit
    faults.add(
        "unit of the rain is missing or unknown",
        key="rainfall.unit",
        value=said,
        allowed=", ".join(spelling[0] for spelling in UNITS.values()),
        remedy="state rainfall.unit",
    )
    return "mm/h"


def moments(layout: Layout, start: datetime, faults: Faults) -> tuple[np.ndarray, np.ndarray]:
    """Times of the records in s from ``start`` (n,), and labels (n,) to name them by in messages."""
    unit, calendar = str(getattr(layout.time, "units", "")), str(getattr(layout.time, "calendar", "standard"))
    match = _SINCE.match(unit)
    word = match.group(1).lower() if match else ""
    scale = next((value for key, value in _SECONDS.items() if word in (key, key + "s")), None)
    scale = scale or next(
        (value for key, value in {"second": 1.0, "minute": 60.0, "hour": 3600.0}.items() if word in (key, key + "s")),
        None,
    )
    origin = _origin(match.group(2)) if match else None
    if scale is None or origin is None:
        faults.add(
            "cannot read the unit of time",
            key=KEY,
            value=unit,
            allowed='"<unit> since <date>", s to days',
            remedy="correct the units of the time variable",
        )
    if calendar not in ("standard", "gregorian", "proleptic_gregorian"):
        faults.add(
            "calendar is not that of the clock",
            key=KEY,
            value=calendar,
            allowed="standard",
            remedy="convert the file to the standard calendar",
        )
    if scale is None or origin is None:
        return np.zeros(0), np.zeros(0, dtype=object)
    raw: np.ndarray = np.ma.filled(np.ma.asarray(layout.time[:], float), np.nan)
    seconds = raw * scale + (origin - start).total_seconds()
    check_increasing(seconds, faults, KEY)
    if not np.isfinite(seconds).all():
        return seconds, seconds.astype(object)
    labels = [(start + timedelta(seconds=round(value))).isoformat() for value in seconds]
    return seconds, np.array(labels, dtype=object)


def _origin(text: str) -> datetime | None:
    """The reference date of a CF time unit, in UTC where it has a zone; None where it cannot be read."""
    text = re.sub(r"\s*(UTC|Z|\+00:?00)$", "", text.strip())
    if match := re.match(r"^(\d{1,4})-(\d{1,2})-(\d{1,2})(.*)$", text):
        year, month, day, rest = match.groups()
        text = f"{int(year):04d}-{int(month):02d}-{int(day):02d}{rest}"
    text = re.sub(r"\s+(\d):", r" 0\1:", text)
    try:
        instant = datetime.fromisoformat(text.split(".")[0] if "." in text else text)
    except ValueError:
        return None
    return instant if instant.tzinfo is None else None


def transformer(dataset: Any, layout: Layout, stated: str | None, grid: Grid) -> Any:
    """Transform from the grid's CRS to the file's, or None where both are local.

    Raises CaseError where one of them has a CRS and the other has none.
    """
    from_file = _crs(dataset, layout, stated)
    if from_file is None and not grid.crs_wkt:
        return None
    if from_file is None or not grid.crs_wkt:
        side = (
            "the rain file does not say its CRS" if from_file is None else "the grid has no CRS, but the rain file has"
        )
        key, remedy = ("rainfall.crs", "state rainfall.crs") if from_file is None else ("grid.crs", "state grid.crs")
        raise CaseError(Fault(side, dataset.filepath(), key, allowed='"EPSG:4326" and so on', remedy=remedy))
    import pyproj  # heavy, and only needed here

    return pyproj.Transformer.from_crs(pyproj.CRS.from_wkt(grid.crs_wkt), from_file, always_xy=True)


def _crs(dataset: Any, layout: Layout, stated: str | None) -> Any:
    """CRS of the file as a pyproj CRS: stated in the case, in its grid mapping, or geographic degrees; else None."""
    mapping = dataset.variables.get(str(getattr(layout.variable, "grid_mapping", "")))
    attributes = {name: mapping.getncattr(name) for name in mapping.ncattrs()} if mapping is not None else {}
    if stated == "local" or not (stated or attributes or layout.degrees):
        return None
    try:
        import pyproj
    except ImportError:
        raise CaseError(
            Fault("gridded rain with a CRS needs pyproj", key=KEY, remedy="pip install floodsim[geo]")
        ) from None
    try:
        if stated:
            return pyproj.CRS.from_user_input(stated)
        if attributes:
            wkt = attributes.get("crs_wkt") or attributes.get("spatial_ref")
            return pyproj.CRS.from_wkt(wkt) if wkt else pyproj.CRS.from_cf(attributes)
        return pyproj.CRS.from_epsg(4326)
    except (pyproj.exceptions.CRSError, KeyError) as error:
        key = "rainfall.crs" if stated else KEY
        fault = Fault(
            f"cannot read the CRS: {error}",
            dataset.filepath(),
            key,
            str(stated or ""),
            remedy='state rainfall.crs, for example "EPSG:4326"',
        )
        raise CaseError(fault) from None
