"""The prepared ground: one frozen Grid of plain arrays on an xarray Dataset. Knows no files and no water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

BED_QUANTUM = 2.0**-13
"""Bed levels are rounded to this step (0.12 mm), so that their differences are exact in single precision."""


@dataclass(frozen=True)
class Grid:
    """Uniform rectangular cells, rows from south to north.

    ``dataset`` has dims ``(y, x)`` with y ascending, cell centres as coordinates, and the variables ``bed`` (m),
    ``roughness`` (Manning n), ``active`` (bool) and ``building`` (uint8: 0 none, 1 raised, 2 blocked), and where they
    are needed ``rain_share`` and ``loss_class``. ``crs_wkt`` is empty for a local grid.
    """

    dataset: xr.Dataset
    dx: float
    dy: float
    crs_wkt: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.dataset.sizes["y"], self.dataset.sizes["x"]

    @property
    def cell_area(self) -> float:
        """Area of a cell in m2."""
        return self.dx * self.dy

    @property
    def x(self) -> np.ndarray:
        """Cell centres along x, ascending, m."""
        return self.dataset["x"].values

    @property
    def y(self) -> np.ndarray:
        """Cell centres along y, ascending, m."""
        return self.dataset["y"].values

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer edges: xmin, ymin, xmax, ymax in m."""
        x, y = self.x, self.y
        return (
            float(x[0] - self.dx / 2),
            float(y[0] - self.dy / 2),
            float(x[-1] + self.dx / 2),
            float(y[-1] + self.dy / 2),
        )

    def array(self, name: str) -> np.ndarray:
        """Values of a ground variable, shape (ny, nx)."""
        return self.dataset[name].values

    def has(self, name: str) -> bool:
        """Whether the grid carries an optional variable."""
        return name in self.dataset

    def cell_of(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell that holds a point, or None outside the grid."""
        xmin, ymin, xmax, ymax = self.bounds
        if not (xmin <= x <= xmax and ymin <= y <= ymax):
            return None
        ny, nx = self.shape
        return min(int((y - ymin) / self.dy), ny - 1), min(int((x - xmin) / self.dx), nx - 1)


def make_grid(
    bed: np.ndarray,
    dx: float,
    dy: float | None = None,
    *,
    x0: float = 0.0,
    y0: float = 0.0,
    roughness: float | np.ndarray = 0.03,
    active: np.ndarray | None = None,
    building: np.ndarray | None = None,
    crs_wkt: str = "",
    **extra: Any,
) -> Grid:
    """Make a Grid from arrays of shape (ny, nx), rows from south to north; x0, y0 is the outer south-west corner in m.

    ``extra`` takes further ground variables by name (``rain_share``, ``loss_class``).
    """
    bed = np.asarray(bed)
    dy = dx if dy is None else dy
    ny, nx = bed.shape
    fields = {
        "bed": quantise_bed(bed),
        "roughness": np.broadcast_to(np.asarray(roughness, np.float32), bed.shape),
        "active": np.ones(bed.shape, bool) if active is None else np.asarray(active, bool),
        "building": np.zeros(bed.shape, np.uint8) if building is None else np.asarray(building, np.uint8),
        **{name: np.asarray(values) for name, values in extra.items()},
    }
    coords = {"y": y0 + (np.arange(ny) + 0.5) * dy, "x": x0 + (np.arange(nx) + 0.5) * dx}
    dataset = xr.Dataset({name: (("y", "x"), values) for name, values in fields.items()}, coords=coords)
    return Grid(dataset, float(dx), float(dy), crs_wkt)


def quantise_bed(bed: np.ndarray) -> np.ndarray:
    """Round bed levels to `BED_QUANTUM`; single precision where that holds them exactly, else double."""
    quantised = np.round(np.asarray(bed, np.float64) / BED_QUANTUM) * BED_QUANTUM
    fits = np.nanmax(np.abs(quantised), initial=0.0) < 2048.0
    return quantised.astype(np.float32) if fits else quantised
