"""Where records go: into a NetCDF file, part by part, or into memory; both begin with a template dataset.

A template is an xarray Dataset whose ``time`` has length zero. A part that has been sealed is never opened for writing
again, because a process that is killed while HDF5 changes a file can take the whole file with it. What was sealed thus
outlives any kill; when the run is over, parts become one file. Knows nothing of what is recorded.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import netCDF4
import numpy as np
import xarray as xr

from floodsim.errors import RunError
from floodsim.output.netcdf import CHUNK, GROUND, decode, replacing, writing

PARTS = "parts"
"""Folder, beside the file, of all parts but the first, which is the file itself."""
CHUNK_CACHE = 1 << 20
"""Bytes that HDF5 keeps of a variable; whole chunks are written, so keeping more (16 MiB by default) gains nothing."""
COPIED = 1 << 26
"""Bytes of records that are copied at a time when parts are joined."""

Parts = list[tuple[str, int]]
"""Names of parts, from the folder of the file, and the number of records that count in each."""


class Sink(Protocol):
    """Where records go."""

    def append(self, times: np.ndarray, records: Mapping[str, np.ndarray]) -> None:
        """Add records at ``times`` (k,) s; every array has k as its first length."""
        ...

    def put(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables that have no time."""
        ...

    def seal(self, status: str) -> Parts:
        """Make safe what was recorded so far, and say where it lies."""
        ...

    def close(self, status: str) -> None:
        """Finish, and say how the run ended."""
        ...


class FileSink:
    """Appends records to NetCDF files, each readable after each append.

    The first part is ``path`` itself. With ``parts`` it goes on after them, and never touches them again.
    """

    def __init__(self, path: Path, template: xr.Dataset, parts: Sequence[tuple[str, int]] = ()) -> None:
        self.path = path
        self._template = template
        self._sealed: Parts = [(name, count) for name, count in parts]
        self._file: Any = None
        self._open = path
        self._fixed: dict[str, np.ndarray] = {}
        self._length = 0
        self._broken = False
        if not parts:
            self._begin()

    def append(self, times: np.ndarray, records: Mapping[str, np.ndarray]) -> None:
        """Write records at ``times`` (k,) s and flush; what an interrupted call left half-written is written over."""
        try:
            self._begin()
            end = self._length + len(times)
            with writing(self._open):
                for name, values in chain([("time", times)], records.items()):
                    for rows in _slabs(values):
                        self._file[name][(slice(self._length, end), *rows)] = values[(slice(None), *rows)]
                self._file.sync()
        except RunError:
            self._broken = True
            raise
        self._length = end

    def put(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables that have no time."""
        self._begin()
        self._fixed |= values
        with writing(self._open):
            for name, array in values.items():
                self._file[name][...] = array

    def seal(self, status: str) -> Parts:
        """Close the present part for good; the next record begins another. Gives all parts so far."""
        if self._file is not None:
            self._shut(status)
            self._sealed.append((self._open.relative_to(self.path.parent).as_posix(), self._length))
        return list(self._sealed)

    def close(self, status: str) -> None:
        """Write the status and close; when the run is complete parts become one file.

        A file that could not be written before is let go without another error.
        """
        if self._file is not None:
            if not self._sealed:
                self._shut(status)
                return
            self.seal(status)
        if status == "complete" and not self._broken:
            with writing(self.path):
                join_parts(self.path, self._template, self._sealed, self._fixed, status)

    def _begin(self) -> None:
        """Open the present part, if it is not."""
        if self._file is not None:
            return
        self._length, template = 0, self._template
        if self._sealed:
            with writing(self.path):
                (self.path.parent / PARTS).mkdir(exist_ok=True)
            self._open = _next_part(self.path, len(self._sealed) + 1)
            template = template.drop_vars([name for name in (*GROUND, "crs") if name in template])
        with writing(self._open):
            self._open.unlink(missing_ok=True)
            template.to_netcdf(self._open, engine="netcdf4", format="NETCDF4", unlimited_dims=["time"])
            self._file = netCDF4.Dataset(self._open, "a")
            for variable in self._file.variables.values():
                variable.set_var_chunk_cache(CHUNK_CACHE)

    def _shut(self, status: str) -> None:
        file, self._file = self._file, None
        with contextlib.suppress(RunError) if self._broken else contextlib.nullcontext(), writing(self._open):
            file.setncattr("floodsim_status", status)
            file.close()
            with open(self._open, "rb") as stream:
                os.fsync(stream.fileno())


class MemorySink:
    """Keeps records in memory; `dataset` gives what `FileSink` would have written, decoded."""

    def __init__(self, template: xr.Dataset) -> None:
        self._template = template
        self._parts: list[xr.Dataset] = []

    def append(self, times: np.ndarray, records: Mapping[str, np.ndarray]) -> None:
        """Keep copies of records at ``times`` (k,) s."""
        variables = {
            name: (self._template[name].dims, np.array(values, self._template[name].dtype))
            for name, values in {"time": times, **records}.items()
        }
        self._parts.append(xr.Dataset(variables))

    def put(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables that have no time."""
        for name, array in values.items():
            self._template[name] = self._template[name].copy(data=np.asarray(array, self._template[name].dtype))

    def seal(self, status: str) -> Parts:
        """Nothing: memory goes with the process."""
        return []

    def close(self, status: str) -> None:
        """Note the status."""
        self._template = self._template.assign_attrs(floodsim_status=status)

    def dataset(self) -> xr.Dataset:
        """All records as one dataset with decoded times."""
        if not self._parts:
            return decode(self._template)
        joined = xr.concat(self._parts, "time", data_vars="all", coords="minimal", compat="override", join="override")
        for name in joined.variables:
            joined[name].attrs.update(self._template[name].attrs)
        fixed = self._template.drop_vars(list(joined.variables))
        return decode(fixed.merge(joined, join="override").assign_attrs(self._template.attrs))


def open_sink(path: Path | None, template: xr.Dataset, parts: Sequence[tuple[str, int]] = ()) -> FileSink | MemorySink:
    """A file where there is a path, memory where there is none; ``parts`` are those of a file that is continued."""
    return MemorySink(template) if path is None else FileSink(path, template, parts)


def join_parts(path: Path, template: xr.Dataset, parts: Parts, fixed: Mapping[str, np.ndarray], status: str) -> None:
    """Make one file of parts, under a temporary name first; ``fixed`` are values without time. The parts stay."""
    with new_file(path, template) as target:
        first = 0
        for name, count in parts:
            with netCDF4.Dataset(path.parent / name) as source:
                _copy_records(source, target, count, first)
            first += count
        for name, values in fixed.items():
            target[name][...] = values
        target.setncattr("floodsim_status", status)


@contextlib.contextmanager
def new_file(path: Path, template: xr.Dataset) -> Iterator[Any]:
    """An open NetCDF file that begins with a template; it takes the place of ``path`` when it is complete."""
    with replacing(path) as temporary:
        template.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", unlimited_dims=["time"])
        with netCDF4.Dataset(temporary, "a") as file:
            yield file


def _copy_records(source: Any, target: Any, count: int, first: int) -> None:
    """Copy the first ``count`` records of every variable over time, as they are stored, to record ``first`` on."""
    for name, variable in source.variables.items():
        if variable.dimensions[:1] != ("time",):
            continue
        to = target[name]
        for one in (variable, to):
            one.set_auto_maskandscale(False)
        size = variable.dtype.itemsize * int(np.prod(variable.shape[1:], dtype=np.int64))
        many = max(1, COPIED // max(size, 1))
        for k in range(0, count, many):
            last = min(k + many, count)
            to[first + k : first + last] = variable[k:last]


def _slabs(values: np.ndarray) -> list[tuple[slice, ...]]:
    """Rows of fields (k, ny, nx) to write at a time, in whole chunks of a file; the library makes copies of them."""
    if values.ndim < 3 or values.nbytes <= COPIED:
        return [()]
    return [(slice(first, first + CHUNK),) for first in range(0, values.shape[-2], CHUNK)]


def _next_part(path: Path, number: int) -> Path:
    """The file of the next part: after ``number`` - 1, and after all that are there, which older checkpoints name."""
    numbers = [int(part.stem.rpartition("-")[2]) for part in later_parts(path)]
    return path.parent / PARTS / f"{path.stem}-{max([number, *(last + 1 for last in numbers)]):04d}.nc"


def later_parts(path: Path) -> list[Path]:
    """The parts of a file besides itself, in order."""
    return sorted((path.parent / PARTS).glob(f"{path.stem}-[0-9][0-9][0-9][0-9]*.nc"))


def missing_parts(folder: Path, parts: Iterable[tuple[str, int]]) -> str:
    """What is wrong with the parts of a file in a folder; empty where all have the records that count."""
    for name, count in parts:
        try:
            with netCDF4.Dataset(folder / name) as file:
                found = len(file.dimensions["time"])
        except (OSError, RuntimeError, KeyError) as error:
            return f"{name}: {error}"
        if found < count:
            return f"{name}: {found} records, fewer than {count}"
    return ""


def open_parts(path: Path, dask: bool) -> xr.Dataset:
    """Open a file of results with all its parts as one dataset; a last part that was cut off by a kill is left out.

    With more than one part the variables are Dask arrays, whatever ``dask`` says. Raises OSError, RuntimeError or
    ValueError where the file cannot be read.
    """
    later = later_parts(path)
    if not later:
        return xr.open_dataset(path, engine="netcdf4", decode_timedelta=False, chunks={} if dask else None)
    found = []
    for part in (path, *later):
        try:
            found.append(xr.open_dataset(part, engine="netcdf4", decode_timedelta=False, chunks={}))
        except (OSError, RuntimeError, ValueError):
            if part is not later[-1]:
                raise
    files = list(found)
    if not {name for name in found[0].variables if "time" in found[0][name].dims} <= set(found[-1].variables):
        found.pop()  # begun on a disk that was full
    _drop_known(found)
    over_time = [name for name in found[0].data_vars if "time" in found[0][name].dims]
    joined = xr.concat(
        [part[over_time] for part in found], "time", coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )  # fmt: skip
    fixed = [found[-1].drop_vars(over_time).drop_dims("time", errors="ignore"), found[0].drop_dims("time")]
    whole = xr.merge([joined, *fixed], compat="override", join="override", combine_attrs="override")
    whole.attrs = found[-1].attrs | {"floodsim_status": found[-1].attrs["floodsim_status"]}

    def close() -> None:
        for part in files:
            part.close()

    whole.set_close(close)
    return whole


def _drop_known(parts: list[xr.Dataset]) -> None:
    """Leave out records that an earlier part has: a run that went back, or went on in other windows, wrote them too."""
    last = None
    for k, part in enumerate(parts):
        times = part["time"].values
        if last is not None and times.size and times[0] <= last:
            parts[k] = part.isel(time=slice(int(np.searchsorted(times, last, side="right")), None))
        last = times[-1] if times.size and (last is None or times[-1] > last) else last
