"""Storms as files for other programs: CSV, SWMM rain file, SWMM time series, NetCDF.

Every file is written beside its place first and moved there when complete, so that nothing half-written is left.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from floodsim.case.units import MM_PER_HOUR
from floodsim.errors import CaseError, Fault, OverwriteError
from floodsim.forcing.series import Rain
from floodsim.forcing.summary import COLUMNS, mean_rates, storm_table
from floodsim.names import VARIABLES


def write_csv(rain: Rain, path: Path, force: bool = False) -> None:
    """Write the storm as CSV with the columns time_min (start of block), intensity_mm_h and depth_mm.

    Raises OverwriteError where the file exists and ``force`` is not set; so do the other writers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([f"{value:.10g}" for value in row] for row in storm_table(rain))
    place(path, force, lambda target: _write_text(target, text.getvalue()))


def swmm_dat(rain: Rain, start: datetime, station: str = "STA01") -> str:
    """The storm as a SWMM rain file: station, year, month, day, hour, minute, depth of the block in mm (VOLUME, MM).

    ``start`` is the instant of t = 0. Blocks have to be equally long and to lie on whole minutes, which is all this
    format can say; CaseError otherwise.
    """
    lengths, first = np.diff(rain.edges), rain.edges[0]
    whole = np.abs(rain.edges / 60.0 - np.round(rain.edges / 60.0)) < 1e-6
    if not whole.all() or start.second or np.ptp(lengths) > 1e-3:
        message = "a SWMM rain file needs equal blocks on whole minutes"
        raise CaseError(
            Fault(
                message,
                key="rainfall.step",
                value=f"{lengths[0]:g} s from {first:g} s",
                remedy="choose a step of whole minutes that divides the duration, or export a time series",
            )
        )
    lines = [f";; {int(round(lengths[0] / 60.0))} min blocks, depth in mm (VOLUME), time of the start of the block"]
    for minutes, _, depth in storm_table(rain):
        instant = start + timedelta(minutes=round(minutes))
        lines.append(f"{station} {instant:%Y %m %d %H %M} {depth:.6f}")
    return "\n".join(lines) + "\n"


def swmm_series(rain: Rain, start: datetime, name: str = "storm") -> str:
    """The storm as a [TIMESERIES] section of a SWMM input file: date, time, intensity in mm/h from then on (INTENSITY).

    The last line ends the rain. Seconds are kept; parts of a second are rounded.
    """
    lines = ["[TIMESERIES]", ";;Name           Date       Time       mm/h"]
    rates = np.append(mean_rates(rain) / MM_PER_HOUR, 0.0)
    for seconds, rate in zip(rain.edges, rates, strict=True):
        instant = start + timedelta(seconds=round(float(seconds)))
        lines.append(f"{name:<16} {instant:%m/%d/%Y} {instant:%H:%M:%S} {rate:.6f}")
    return "\n".join(lines) + "\n"


def write_swmm(rain: Rain, path: Path, start: datetime, name: str = "storm", force: bool = False) -> None:
    """Write the storm for SWMM: a rain file where ``path`` ends in .dat, else a [TIMESERIES] section."""
    text = swmm_dat(rain, start, name) if path.suffix.lower() == ".dat" else swmm_series(rain, start, name)
    place(path, force, lambda target: _write_text(target, text))


def write_netcdf(rain: Rain, path: Path, start: datetime, force: bool = False) -> None:
    """Write the storm as CF NetCDF: rainfall (time, zone) in m s-1 with the bounds of its blocks, from ``start``."""

    def write(target: Path) -> None:
        import netCDF4  # slow to load

        with netCDF4.Dataset(str(target), "w") as dataset:
            dataset.Conventions = "CF-1.11"
            dataset.title = "design or measured storm"
            dataset.createDimension("time", rain.rates.shape[0])
            dataset.createDimension("bnds", 2)
            dataset.createDimension("zone", rain.rates.shape[1])
            time = dataset.createVariable("time", "f8", ("time",))
            time.setncatts(
                {
                    "standard_name": "time",
                    "units": f"seconds since {start:%Y-%m-%d %H:%M:%S}",
                    "calendar": "standard",
                    "axis": "T",
                    "bounds": "time_bnds",
                }
            )
            time[:] = rain.edges[:-1]
            bounds = dataset.createVariable("time_bnds", "f8", ("time", "bnds"))
            bounds[:] = np.stack((rain.edges[:-1], rain.edges[1:]), axis=1)
            values = dataset.createVariable("rainfall", "f8", ("time", "zone"))
            values.setncatts(VARIABLES["rainfall"].attributes() | {"cell_methods": "time: mean"})
            values[:] = rain.rates

    place(path, force, write)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def place(path: Path, force: bool, write: Callable[[Path], None]) -> None:
    """Write beside ``path`` and move the complete file there; CaseError where the folder cannot be written to."""
    path = Path(path)
    if path.exists() and not force:
        raise OverwriteError(f"{path} exists; use --force to replace it")
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        part.replace(path)
    except OSError as error:
        fault = Fault(f"cannot write the file: {error.strerror or error}", str(path), remedy="choose another folder")
        raise CaseError(fault) from None
    finally:
        part.unlink(missing_ok=True)
