"""Fields that several processes wrote side by side: which files hold which window of the grid, and all as one dataset.

The folder of such a run has ``tiles.json`` and, instead of ``maps.nc``, files such as ``maps.tile-0-63-64-127.nc``:
rows 0 to 63 from the south, columns 64 to 127 from the west.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

INDEX = "tiles.json"
FIELDS = ("maps.nc", "envelopes.nc")
"""Files whose fields tiles write; all others are written by one process."""

Window = tuple[int, int, int, int]
"""First and last + 1 row, first and last + 1 column of the grid."""


@dataclass(frozen=True)
class TileFile:
    """A file with a window of the fields."""

    path: Path
    window: Window


def tile_file(path: Path, label: str) -> Path:
    """The file of one tile that holds its part of ``path``."""
    return path.with_name(f"{path.stem}.tile-{label}{path.suffix}")


def label_of(window: Window) -> str:
    """The label of a tile: first and last row, first and last column of its window."""
    j0, j1, i0, i1 = window
    return f"{j0}-{j1 - 1}-{i0}-{i1 - 1}"


def window_of(label: str) -> Window | None:
    """The window of a tile by its label; the empty one stands for the whole grid, as one process writes it: None."""
    if not label:
        return None
    j0, j1, i0, i1 = (int(number) for number in label.split("-"))
    return j0, j1 + 1, i0, i1 + 1


def index_of(bands: Sequence[Sequence[Window]]) -> dict[str, Any]:
    """The content of ``tiles.json`` for the windows of bands of tiles, south to north and west to east."""
    return {"bands": [[{"tile": label_of(window), "window": list(window)} for window in band] for band in bands]}


def tile_files(path: Path) -> list[list[TileFile]]:
    """The files that hold the parts of ``path``, band by band; empty where it is a file of its own.

    What a folder with an index holds as one file was left by a run that went on in tiles, and does not count.

    Raises ValueError where the index is damaged.
    """
    index = path.with_name(INDEX)
    if path.name not in FIELDS or not index.is_file():
        return []
    try:
        bands = json.loads(index.read_text(encoding="utf-8"))["bands"]
        return [[TileFile(tile_file(path, tile["tile"]), tuple(tile["window"])) for tile in band] for band in bands]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{INDEX} is damaged: {error!r}") from error


def open_tiled(bands: list[list[TileFile]], open_one: Callable[[Path], xr.Dataset]) -> xr.Dataset:
    """One dataset of all parts, as Dask arrays in the chunks of the files; nothing is loaded.

    Where the run ended early, only the records that all parts have are in it. Raises what ``open_one`` raises.
    """
    opened = [[open_one(tile.path) for tile in band] for band in bands]
    parts = [part for band in opened for part in band]
    if "time" in parts[0].sizes:
        common = min(part.sizes["time"] for part in parts)
        opened = [[part.isel(time=slice(common)) for part in band] for band in opened]
    rows = [_side_by_side(band, "x") for band in opened]
    whole = _side_by_side(rows, "y").copy(deep=False)  # a new object, for it is closed in its own way

    def close() -> None:
        for part in parts:
            part.close()

    whole.set_close(close)
    return whole


def _side_by_side(parts: list[xr.Dataset], dim: str) -> xr.Dataset:
    if len(parts) == 1:
        return parts[0]
    spread = [name for name in parts[0].data_vars if dim in parts[0][name].dims]
    joined = xr.concat(
        [part[spread] for part in parts], dim, coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )  # fmt: skip
    alone = parts[0].drop_vars(spread).drop_dims(dim, errors="ignore")
    whole = xr.merge([joined, alone], compat="override", join="override", combine_attrs="override")
    return whole[list(parts[0].data_vars)].assign_attrs(parts[0].attrs)


class Stored:
    """Variables of a result file as they are stored, whether it is one file or lies in tiles; for comparing bits."""

    def __init__(self, path: Path) -> None:
        import netCDF4

        bands = tile_files(path)
        self._tiles = [tile for band in bands for tile in band] or [TileFile(path, (0, 0, 0, 0))]
        self._files = [netCDF4.Dataset(tile.path) for tile in self._tiles]
        self._tiled = bool(bands)
        for file in self._files:
            file.set_auto_maskandscale(False)
            for variable in file.variables.values():
                variable.set_auto_chartostring(False)

    @property
    def names(self) -> list[str]:
        """Names of the variables."""
        return list(self._files[0].variables)

    def dims(self, name: str) -> tuple[str, ...]:
        """Dims of a variable."""
        dims: tuple[str, ...] = self._files[0][name].dimensions
        return dims

    def dtype(self, name: str) -> Any:
        """Stored type of a variable."""
        return self._files[0][name].dtype

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a variable over the whole grid."""
        sizes = dict(zip(self.dims(name), self._files[0][name].shape, strict=True))
        if self._tiled:
            ends = {"y": max(tile.window[1] for tile in self._tiles), "x": max(tile.window[3] for tile in self._tiles)}
            sizes |= {dim: ends[dim] for dim in sizes if dim in ends}
        return tuple(sizes.values())

    def read(self, name: str, part: Any) -> np.ndarray:
        """Values of a variable, all of them (...) or those of one index of its first dim."""
        dims = self.dims(name)
        if not self._tiled or not {"x", "y"} & set(dims):
            return np.asarray(self._files[0][name][part])
        left = dims if part is ... else dims[1:]
        shape = self.shape(name) if part is ... else self.shape(name)[1:]
        whole = np.zeros(shape, self.dtype(name))
        for tile, file in zip(self._tiles, self._files, strict=True):
            sides = {"y": slice(*tile.window[:2]), "x": slice(*tile.window[2:])}
            whole[tuple(sides.get(dim, slice(None)) for dim in left)] = file[name][part]
        return whole

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Stored:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def there(path: Path) -> bool:
    """Whether a result file is there, as one or in tiles."""
    return path.is_file() or (bool(found := tile_files(path)) and all(tile.path.is_file() for b in found for tile in b))


def strays(folder: Path) -> Iterator[Path]:
    """Files of fields in a folder that belong to an earlier cut of the grid."""
    tiles = {path: tile_files(folder / path) for path in FIELDS}
    known = {tile.path for bands in tiles.values() for band in bands for tile in band}
    yield from (path for path in tile_leftovers(folder) if path not in known)
    yield from (folder / name for name, bands in tiles.items() if bands and (folder / name).is_file())


def tile_leftovers(folder: Path) -> Iterator[Path]:
    """All files of tiles in a folder."""
    yield from folder.glob("*.tile-[0-9]*-[0-9]*-[0-9]*-[0-9]*.nc*")
