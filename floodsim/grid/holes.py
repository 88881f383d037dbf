"""Cells without terrain: refuse them, fill them from their neighbours, or leave them out of the domain."""

from __future__ import annotations

import numpy as np

from floodsim.case.ground import GridSection
from floodsim.errors import CaseError, Fault
from floodsim.grid.frame import Frame

NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def treat_holes(bed: np.ndarray, frame: Frame, section: GridSection, notes: list[str]) -> np.ndarray:
    """Apply ``grid.nodata`` to the NaN cells of ``bed`` (changed in place) and return the active cells (ny, nx).

    ``fill`` weights the cells on the rim of a hole by the inverse square of their distance. Raises CaseError.
    """
    missing = np.isnan(bed)
    count = int(np.count_nonzero(missing))
    if count == bed.size:
        raise CaseError(
            Fault("holds no data at all", str(section.terrain), "grid.terrain", remedy="check grid.nodata_value")
        )
    if count == 0:
        return ~missing
    if section.nodata == "refuse":
        _refuse(missing, count, frame, section)
    if section.nodata == "outside":
        notes.append(f"terrain: {count} of {bed.size} cells have no data and are outside the domain")
        return ~missing
    holes = fill_holes(bed, missing, frame, section)
    notes.append(f"terrain: {count} cells without data in {holes} holes were filled from their rims")
    return np.ones(bed.shape, bool)


def _refuse(missing: np.ndarray, count: int, frame: Frame, section: GridSection) -> None:
    j, i = divmod(int(np.argmax(missing)), missing.shape[1])
    x, y = frame.x0 + (i + 0.5) * frame.dx, frame.y0 + (j + 0.5) * frame.dy
    raise CaseError(
        Fault(
            f"{count} of {missing.size} cells of the grid have no data; the first (from the south-west) is at "
            f"row {j}, column {i}, x = {x:.10g}, y = {y:.10g}",
            str(section.terrain),
            "grid.nodata",
            section.nodata,
            remedy='nodata = "outside" leaves them out of the domain, "fill" closes them, grid.extent can avoid them',
        )
    )


def fill_holes(bed: np.ndarray, missing: np.ndarray, frame: Frame, section: GridSection) -> int:
    """Fill every 4-connected hole of ``bed`` in place; returns how many; larger than ``max_fill_cells`` are refused."""
    rows, cols, label = components(missing)
    sizes = np.bincount(label)
    if sizes.max() > section.max_fill_cells:
        first = int(np.argmax(label == np.argmax(sizes)))
        x, y = frame.x0 + (cols[first] + 0.5) * frame.dx, frame.y0 + (rows[first] + 0.5) * frame.dy
        raise CaseError(
            Fault(
                f"a hole of {sizes.max()} cells around x = {x:.10g}, y = {y:.10g} is too large to be filled",
                str(section.terrain),
                "grid.max_fill_cells",
                str(section.max_fill_cells),
                remedy='nodata = "outside", or a larger grid.max_fill_cells if the levels there do not matter',
            )
        )
    order = np.argsort(label, kind="stable")
    filled = np.empty(len(rows))
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        filled[members] = _from_rim(bed, missing, rows[members], cols[members], frame)
    bed[rows, cols] = filled
    return len(sizes)


def _from_rim(bed: np.ndarray, missing: np.ndarray, rows: np.ndarray, cols: np.ndarray, frame: Frame) -> np.ndarray:
    """Levels of one hole from the known cells that touch it by a side or corner."""
    ny, nx = bed.shape
    j = np.concatenate([rows + dj for dj, _ in NEIGHBOURS])
    i = np.concatenate([cols + di for _, di in NEIGHBOURS])
    inside = (j >= 0) & (j < ny) & (i >= 0) & (i < nx)
    rim = np.unique(j[inside].astype(np.int64) * nx + i[inside])
    j, i = np.divmod(rim[~missing.ravel()[rim]], nx)
    levels = bed[j, i]
    out = np.empty(len(rows))
    step = max(1_000_000 // max(len(j), 1), 1)
    for a in range(0, len(rows), step):
        here = slice(a, a + step)
        squares = ((rows[here, None] - j) * frame.dy) ** 2 + ((cols[here, None] - i) * frame.dx) ** 2
        weights = 1.0 / squares
        out[here] = (weights @ levels) / weights.sum(axis=1)
    return out


def components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """4-connected components of the true cells: rows, columns and labels 0.. in row-major order, each (n,)."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    rows, cols = np.nonzero(mask)
    return rows, cols, labels[rows, cols] - 1
