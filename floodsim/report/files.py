"""Writing files of the report: whole or not at all, and with an error that says what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from floodsim.errors import CaseError
from floodsim.grid.extras import need
from floodsim.output.netcdf import replacing, write_fault


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the file system into a CaseError that names ``path`` and the remedy."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise CaseError(write_fault(path, error)) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path`` and put it in place when it is complete. Raises CaseError."""
    with writing(path), replacing(path) as temporary:
        write(temporary)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8, whole or not at all. Raises CaseError."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_layer(path: Path, layer: str, rows: list[dict[str, Any]], crs_wkt: str) -> None:
    """Add a layer of ``rows`` with a ``geometry`` each to a GeoPackage. Raises CaseError, also without the extra."""
    geopandas, pyogrio = need("geopandas", f"writing {path.name}"), need("pyogrio", f"writing {path.name}")
    frame = geopandas.GeoDataFrame(rows, geometry="geometry", crs=crs_wkt or None)
    with warnings.catch_warnings(), writing(path):
        warnings.simplefilter("ignore", UserWarning)  # a local grid has no CRS, on purpose
        pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", append=False)
