"""Where a raster lies: corner, cell size and count, CRS. Knows no values and no files."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from floodsim.errors import CaseError, Fault

MAX_CELLS = 2_000_000_000
SNAP = 1e-6
"""Edges closer than this share of a cell count as the same edge."""

Extent = tuple[float, float, float, float]


class Cells(Protocol):
    """What geometry needs of a grid; `Grid` and `Frame` both have it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    @property
    def bounds(self) -> Extent:
        """Outer edges: xmin, ymin, xmax, ymax."""
        ...

    @property
    def dx(self) -> float:
        """Cell size along x."""
        ...

    @property
    def dy(self) -> float:
        """Cell size along y."""
        ...


@dataclass(frozen=True)
class Frame:
    """Axis-aligned cells, rows from south to north; ``x0, y0`` is the outer south-west corner in m."""

    x0: float
    y0: float
    dx: float
    dy: float
    nx: int
    ny: int
    crs_wkt: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.ny, self.nx

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.ny * self.nx

    @property
    def bounds(self) -> Extent:
        """Outer edges: xmin, ymin, xmax, ymax."""
        return self.x0, self.y0, self.x0 + self.nx * self.dx, self.y0 + self.ny * self.dy

    def part(self, rows: slice, cols: slice) -> Frame:
        """The frame of a window of rows and columns."""
        return replace(
            self,
            x0=self.x0 + cols.start * self.dx,
            y0=self.y0 + rows.start * self.dy,
            nx=cols.stop - cols.start,
            ny=rows.stop - rows.start,
        )


def frame_of(cells: Cells, crs_wkt: str = "") -> Frame:
    """The frame of a `Grid`; a `Frame` is returned as it is."""
    if isinstance(cells, Frame):
        return cells
    xmin, ymin, _, _ = cells.bounds
    ny, nx = cells.shape
    return Frame(xmin, ymin, cells.dx, cells.dy, nx, ny, getattr(cells, "crs_wkt", crs_wkt))


def show_bounds(bounds: Extent) -> str:
    """Bounds as people read them: ``x 0 .. 100, y 0 .. 50``."""
    xmin, ymin, xmax, ymax = (f"{value:.10g}" for value in bounds)
    return f"x {xmin} .. {xmax}, y {ymin} .. {ymax}"


def cover(frame: Frame, extent: Extent) -> tuple[slice, slice] | None:
    """Rows and columns of all cells that an extent covers at least in part, or None where it covers no cell."""
    xmin, ymin, xmax, ymax = extent
    i0 = max(math.floor((xmin - frame.x0) / frame.dx + SNAP), 0)
    i1 = min(math.ceil((xmax - frame.x0) / frame.dx - SNAP), frame.nx)
    j0 = max(math.floor((ymin - frame.y0) / frame.dy + SNAP), 0)
    j1 = min(math.ceil((ymax - frame.y0) / frame.dy - SNAP), frame.ny)
    if i0 >= i1 or j0 >= j1:
        return None
    return slice(j0, j1), slice(i0, i1)


def aligned(source: Frame, target: Frame) -> tuple[slice, slice] | None:
    """Rows and columns of ``source`` that are the cells of ``target``, or None where cells differ or stick out."""
    same_size = math.isclose(source.dx, target.dx, rel_tol=1e-9) and math.isclose(source.dy, target.dy, rel_tol=1e-9)
    i = (target.x0 - source.x0) / source.dx
    j = (target.y0 - source.y0) / source.dy
    if not same_size or abs(i - round(i)) > SNAP or abs(j - round(j)) > SNAP:
        return None
    rows, cols = slice(round(j), round(j) + target.ny), slice(round(i), round(i) + target.nx)
    if rows.start < 0 or cols.start < 0 or rows.stop > source.ny or cols.stop > source.nx:
        return None
    return rows, cols


def refuse_too_many(frame: Frame, file: str, key: str) -> None:
    """Raise CaseError where a frame has more cells than floodsim can number."""
    if frame.size > MAX_CELLS:
        raise CaseError(
            Fault(
                f"too many cells: {frame.ny} rows x {frame.nx} columns = {frame.size}",
                file,
                key,
                allowed=f"at most {MAX_CELLS} cells",
                remedy="give a smaller grid.extent or a larger grid.resolution",
            )
        )
