"""Small input files and cases for the tests of the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine

from floodsim.case.schema import Case


def make_case(**sections: Any) -> Case:
    """A case of one hour with the sections given."""
    return Case.model_validate({"name": "test", "clock": {"duration": 3600}, **sections})


def write_tif(
    path: Path,
    values: np.ndarray,
    *,
    x0: float = 0.0,
    y0: float = 0.0,
    dx: float = 1.0,
    dy: float | None = None,
    crs: str | None = None,
    nodata: float | None = None,
    south_up: bool = False,
    **more: Any,
) -> Path:
    """Write values (rows from south to north) as a GeoTIFF with outer south-west corner x0, y0."""
    dy = dx if dy is None else dy
    bands = np.atleast_3d(values) if values.ndim == 2 else np.moveaxis(values, 0, -1)
    ny, nx, count = bands.shape
    transform = Affine(dx, 0, x0, 0, dy, y0) if south_up else Affine(dx, 0, x0, 0, -dy, y0 + ny * dy)
    profile = {
        "driver": "GTiff",
        "width": nx,
        "height": ny,
        "count": count,
        "dtype": values.dtype.name,
        "crs": crs,
        "nodata": nodata,
        "transform": transform,
        **more,
    }
    with rasterio.open(path, "w", **profile) as file:
        for band in range(count):
            file.write(bands[:, :, band] if south_up else bands[::-1, :, band], band + 1)
    return path


def write_asc(path: Path, values: np.ndarray, *, x0: float = 0.0, y0: float = 0.0, dx: float = 1.0) -> Path:
    """Write values (rows from south to north, NaN as -9999) as an Arc/Info ASCII grid."""
    ny, nx = values.shape
    head = f"ncols {nx}\nnrows {ny}\nxllcorner {x0}\nyllcorner {y0}\ncellsize {dx}\nNODATA_value -9999\n"
    rows = [" ".join(f"{value!r}" for value in row.tolist()) for row in np.nan_to_num(values[::-1], nan=-9999.0)]
    path.write_text(head + "\n".join(rows) + "\n")
    return path
