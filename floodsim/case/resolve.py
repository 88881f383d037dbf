"""The resolved case: every default filled in, every path absolute, and where its input came from.

Written beside the results, it runs again and says by checksums whether the input is still the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from floodsim import __version__
from floodsim.case.faults import key_path
from floodsim.case.schema import Case

LIBRARIES = (
    "numpy",
    "numba",
    "xarray",
    "netCDF4",
    "pydantic",
    "PyYAML",
    "rasterio",
    "pyogrio",
    "geopandas",
    "shapely",
    "pyproj",
)

# Files that belong to another and change what it says: attributes, index, reference system, encoding.
SIBLINGS = {".shp": (".dbf", ".shx", ".prj", ".cpg"), ".asc": (".prj",), ".tif": (".tfw", ".prj")}


def resolved(case: Case) -> dict[str, Any]:
    """The whole case as plain data that JSON can hold; `floodsim.case.load.parse_case` makes an equal case of it."""
    return case.model_dump(mode="json")


def write_resolved(case: Case, path: Path, extra: Mapping[str, Any] | None = None) -> None:
    """Write the resolved case as JSON that runs again, with `provenance` and ``extra`` under the key ``provenance``.

    ``extra`` must be plain data. The file appears whole or not at all. Raises OSError where it cannot be written.
    """
    data = {**resolved(case), "provenance": {**provenance(case), **(extra or {})}}
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def provenance(case: Case) -> dict[str, Any]:
    """What a result was made from: versions of floodsim, Python and libraries, and a checksum of every input file."""
    return {
        "floodsim": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "inputs": {
            key: {"path": str(path), "sha256": {part.name: checksum(part) for part in with_siblings(path)}}
            for key, path in input_files(case).items()
        },
    }


def input_files(case: Case) -> dict[str, Path]:
    """Every file the case names, by its key: ``{"grid.terrain": Path(...), "boundaries[0].level.file": ...}``."""
    return {key_path(location): path for location, path in _paths(case, ())}


def with_siblings(path: Path) -> list[Path]:
    """A file and the files that belong to it, as far as they exist: a shapefile has four or five parts."""
    parts = [path]
    for suffix in SIBLINGS.get(path.suffix.lower(), ()):
        for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
            if candidate.is_file():
                parts.append(candidate)
                break
    return parts


def checksum(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal text; of a folder, of the names and contents of all files in it."""
    if path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.is_file())
        lines = [f"{part.relative_to(path).as_posix()} {checksum(part)}" for part in parts]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _paths(value: Any, location: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Path]]:
    if isinstance(value, Path):
        yield location, value
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from _paths(getattr(value, key), (*location, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _paths(item, (*location, number))


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
