"""Reading results: one frozen object per result folder, datasets opened lazily, errors that say what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.case.units import parse_quantity
from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output import folder as names
from floodsim.output.gauges import label
from floodsim.output.netcdf import GROUND
from floodsim.output.network import label_network
from floodsim.output.sinks import open_parts
from floodsim.output.tiled import open_tiled, there, tile_files

STATEMENTS = {
    "complete": "",
    "interrupted": "the run was interrupted: the results end early",
    "failed": "the run failed: the results end early and may be wrong near their end",
    "running": "the run is under way, or was killed: the results end early",
}


@dataclass(frozen=True)
class Results:
    """What a run left: datasets (None where the run ended before they were written), and its plain records.

    ``maps`` has dims (time, y, x), ``envelopes`` (y, x) and (threshold, y, x), ``series`` time and one dim per kind of
    gauge, labelled with names; ``network`` likewise one per nodes, links, inlets and pump stations, None where there is
    no network; ``catchments`` those of waterlogging points and nodes. ``folder`` is None for a run kept in memory.
    ``status`` is complete, interrupted, failed or running.
    Close it, or use it in a ``with`` block, to let go of the files.
    """

    folder: Path | None
    maps: xr.Dataset | None
    envelopes: xr.Dataset | None
    series: xr.Dataset | None
    summary: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] | None = None
    case: dict[str, Any] = field(default_factory=dict)
    status: str = "complete"
    network: xr.Dataset | None = None
    catchments: xr.Dataset | None = None

    @property
    def statement(self) -> str:
        """What a reader must know of results that are not complete; empty where they are."""
        return STATEMENTS.get(self.status, f"the status of the run is unknown: {self.status}")

    @property
    def grid(self) -> Grid:
        """The grid of the run, from its envelopes or maps."""
        for dataset in (self.envelopes, self.maps):
            if dataset is not None:
                return grid_of(dataset)
        message, remedy = "the results hold neither envelopes nor maps", "run the case again with --force"
        raise CaseError(Fault(message, file=str(self.folder or ""), remedy=remedy))

    def close(self) -> None:
        """Let go of the files."""
        for dataset in (self.maps, self.envelopes, self.series, self.network, self.catchments):
            if dataset is not None:
                dataset.close()

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_results(folder: str | Path, *, dask: bool = False) -> Results:
    """Open a result folder; datasets stay on disk until they are used.

    With ``dask`` every variable is a Dask array in the chunks of its file, so that reductions over results larger than
    memory run chunk by chunk and on a cluster. Raises CaseError where there is no such folder, it holds no results, or
    a file in it is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        found = "the result folder is a file" if folder.exists() else "no such result folder"
        raise CaseError(Fault(found, file=str(folder), remedy="give the folder that `floodsim run --out` wrote"))
    if names.folder_status(folder) is None:
        raise CaseError(
            Fault(
                "not a result folder: it holds no summary.json",
                file=str(folder),
                remedy="give the folder that `floodsim run --out` wrote",
            )
        )
    summary = _json(folder / names.SUMMARY)
    status = str(summary.get("status", "unknown"))
    verdict = folder / names.VERDICT
    series = _dataset(folder / names.SERIES, status, dask)
    has_network = (folder / names.NETWORK).exists()
    network = _dataset(folder / names.NETWORK, status, dask) if has_network else None
    has_catchments = (folder / names.CATCHMENTS).exists()
    catchments = _dataset(folder / names.CATCHMENTS, status, dask) if has_catchments else None
    return Results(
        folder,
        _dataset(folder / names.MAPS, status, dask),
        _dataset(folder / names.ENVELOPES, status, dask),
        None if series is None else label(series),
        summary,
        _json(verdict) if verdict.exists() else None,
        _json(folder / names.CASE),
        status,
        None if network is None else label_network(network),
        catchments,
    )


def grid_of(dataset: xr.Dataset) -> Grid:
    """The Grid a result file was made on."""
    ground = dataset[list(GROUND)].load()
    ground["active"] = ground["active"].astype(bool)
    wkt = str(dataset["crs"].attrs.get("crs_wkt", "")) if "crs" in dataset.variables else ""
    return Grid(ground.drop_vars("crs", errors="ignore"), float(dataset.attrs["dx"]), float(dataset.attrs["dy"]), wkt)


def export_envelope(
    results: Results | str | Path,
    variable: str,
    path: str | Path,
    when: str | float | None = None,
    threshold: float | None = None,
) -> None:
    """Write an envelope, or a map at a time, as a GeoTIFF.

    ``when`` picks the map: seconds from the start or a text such as "90 min"; default the last. ``threshold`` (m) picks
    one of several depths of ``duration_above``. Raises CaseError with the choices there are.
    """
    from floodsim.grid.check import write_geotiff

    if not isinstance(results, Results):
        with open_results(results) as opened:
            export_envelope(opened, variable, path, when, threshold)
        return
    values = select_field(results, variable, when, threshold)
    nodata = float("nan") if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    write_geotiff(Path(path), values, results.grid, nodata)


def select_field(
    results: Results, variable: str, when: str | float | None = None, threshold: float | None = None
) -> np.ndarray:
    """One field (ny, nx) of the results by name: an envelope, or a map at the time asked for."""
    envelopes, maps = results.envelopes, results.maps
    if envelopes is not None and variable in envelopes.data_vars and {"y", "x"} <= set(envelopes[variable].dims):
        if when is not None:
            raise CaseError(
                Fault("an envelope holds for the whole run", key="time", value=str(when), remedy="leave it out")
            )
        return _envelope(envelopes[variable], threshold)
    if maps is not None and variable in maps.data_vars and "time" in maps[variable].dims:
        return maps[variable].isel(time=_time_index(maps, when)).values
    found = [str(n) for d in (envelopes, maps) if d is not None for n in d.data_vars if {"y", "x"} <= set(d[n].dims)]
    raise CaseError(
        Fault(
            "no such variable in the results",
            file=str(results.folder or ""),
            value=variable,
            allowed=", ".join(dict.fromkeys(found)),
            remedy=results.statement,
        )
    )


def _envelope(field: xr.DataArray, threshold: float | None) -> np.ndarray:
    if "threshold" not in field.dims:
        return field.values
    levels = field["threshold"].values
    choice = levels[0] if threshold is None and levels.size == 1 else threshold
    match = np.flatnonzero(np.abs(levels - (np.nan if choice is None else choice)) < 1e-6)
    if not match.size:
        allowed = ", ".join(f"{level:g} m" for level in levels)
        raise CaseError(
            Fault(
                "pick one of the thresholds",
                key="threshold",
                value=str(threshold),
                allowed=allowed,
                remedy=f"on the command line --threshold {levels[0]:g}",
            )
        )
    return field.isel(threshold=int(match[0])).values


def _time_index(maps: xr.Dataset, when: str | float | None) -> int:
    seconds = seconds_from_start(maps)
    if seconds.size == 0:
        raise CaseError(Fault("the results hold no map yet", remedy="wait until output.interval has passed"))
    if when is None:
        return seconds.size - 1
    try:
        wanted = parse_quantity(when, "time")
    except ValueError as error:
        raise CaseError(Fault(str(error), key="time", value=str(when), remedy='write for example "90 min"')) from error
    index = int(np.argmin(np.abs(seconds - wanted)))
    if abs(seconds[index] - wanted) > 0.5:
        raise CaseError(
            Fault(
                "there is no map at this time",
                key="time",
                value=f"{wanted:g} s",
                allowed=f"{seconds[0]:g} s to {seconds[-1]:g} s, one every output.interval",
                remedy=f"the nearest is at {seconds[index]:g} s",
            )
        )
    return index


def seconds_from_start(dataset: xr.Dataset) -> np.ndarray:
    """Times of a result dataset in s from the start of the run, float64 (n,)."""
    start = np.datetime64(str(dataset.attrs["floodsim_start"]), "ns")
    return (dataset["time"].values.astype("datetime64[ns]") - start) / np.timedelta64(1, "s")


def _dataset(path: Path, status: str, dask: bool) -> xr.Dataset | None:
    """Open one NetCDF file; None where a partial run did not come to write it."""
    try:
        if not there(path):
            if status == "complete":
                raise CaseError(
                    Fault("a file of the results is missing", file=str(path), remedy="run the case again with --force")
                )
            return None
        tiles = tile_files(path)
        if tiles:
            return open_tiled(tiles, lambda one: _open(one, status, True))
        return _open(path, status, dask)
    except (OSError, ValueError, RuntimeError) as error:
        message, remedy = "damaged, or not a NetCDF file", "run the case again with --force"
        if status == "running":
            message = "cannot be read: the run is under way, or was killed while it wrote this file"
            remedy = "wait for the run to end; to look into a running one set HDF5_USE_FILE_LOCKING=FALSE"
        raise CaseError(Fault(message, file=str(path), value=str(error), remedy=remedy)) from error


def _open(path: Path, status: str, dask: bool) -> xr.Dataset:
    if status == "complete":
        return xr.open_dataset(path, engine="netcdf4", decode_timedelta=False, chunks={} if dask else None)
    return open_parts(path, dask)


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        remedy = "name the folder of a run, or run the case again"
        raise CaseError(Fault("a file of the results is missing", file=str(path), remedy=remedy)) from error
    except (OSError, ValueError) as error:
        raise CaseError(
            Fault("damaged: not valid JSON", file=str(path), value=str(error), remedy="run the case again with --force")
        ) from error
    if not isinstance(data, dict):
        raise CaseError(Fault("damaged: not a JSON object", file=str(path), remedy="run the case again with --force"))
    return data
