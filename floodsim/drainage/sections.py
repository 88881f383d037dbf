"""Cross-sections as normalised tables: area, width and friction radius by depth, critical and normal depth by flow.

Every shape is a profile of widths over the height; area and wetted perimeter follow by integration. Sections of the
same proportions share one table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from floodsim.drainage.network import Network
from floodsim.drainage.shapes import PROFILES, custom_profile, transect_geometry
from floodsim.kernels.network_sections import CELLS, FLOW_CELLS

GRAVITY = 9.81
OPEN_SHAPES = {"RECT_OPEN", "TRAPEZOIDAL", "TRIANGULAR", "PARABOLIC", "POWER", "IRREGULAR", "STREET"}
FINE = 4001
"""Points of the fine profile that is integrated; they crowd at the bottom and the crown, where circles are steep."""


@dataclass(frozen=True)
class Scale:
    """What turns the normalised numbers of a shape into those of one section (SI, of one barrel)."""

    shape: int
    height: float
    area: float
    width: float
    radius: float
    open_top: bool


@dataclass
class ShapeTables:
    """Tables of all shapes met so far: ``cells`` (CELLS, 8), ``critical`` and ``normal`` (FLOW_CELLS + 1,) of each."""

    rows: dict[tuple[object, ...], tuple[int, Scale]] = field(default_factory=dict)
    cells: list[np.ndarray] = field(default_factory=list)
    critical: list[np.ndarray] = field(default_factory=list)
    normal: list[np.ndarray] = field(default_factory=list)
    flows: list[tuple[float, float]] = field(default_factory=list)

    def add(self, key: tuple[object, ...], height: float, geometry: Callable[[], Geometry], open_top: bool) -> Scale:
        """The scale of a section of ``height`` m whose proportions ``key`` names; ``geometry`` is that of height 1."""
        if key not in self.rows:
            unit = geometry()
            row = len(self.cells)
            self.cells.append(cell_table(unit))
            critical, critical_flow = flow_table(unit.fraction, critical_flows(unit))
            normal, normal_flow = flow_table(unit.fraction, unit.area * unit.radius ** (2.0 / 3.0))
            self.critical.append(critical)
            self.normal.append(normal)
            self.flows.append((critical_flow, normal_flow))
            scale = Scale(row, 1.0, unit.area[-1], float(unit.width.max()), unit.radius[-1], open_top)
            self.rows[key] = (row, scale)
        row, unit_scale = self.rows[key]
        return Scale(
            row,
            height,
            unit_scale.area * height**2,
            unit_scale.width * height,
            unit_scale.radius * height,
            open_top,
        )

    def end_flows(self, scale: Scale) -> tuple[float, float]:
        """Critical flow (m3/s) and section factor A R^(2/3) (m^(8/3)) at which the flow tables of a section end."""
        critical, factor = self.flows[scale.shape]
        return critical * scale.height**2.5, factor * scale.height ** (8.0 / 3.0)

    def stacked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three tables of all shapes as arrays with the shape first."""
        if not self.cells:
            return np.zeros((1, CELLS, 8)), np.zeros((1, FLOW_CELLS + 1)), np.zeros((1, FLOW_CELLS + 1))
        return np.stack(self.cells), np.stack(self.critical), np.stack(self.normal)


@dataclass(frozen=True)
class Geometry:
    """A section of height 1 at rising fractions of its height: area, width and hydraulic radius."""

    fraction: np.ndarray
    area: np.ndarray
    width: np.ndarray
    radius: np.ndarray


def fine_fractions() -> np.ndarray:
    """Fractions of the height, crowding at both ends, that contain every boundary of the table's cells."""
    crowded = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, FINE)))
    return np.union1d(crowded, np.arange(CELLS + 1) / CELLS)


def integrate(profile: Callable[[np.ndarray], np.ndarray], closed: bool) -> Geometry:
    """Geometry of a symmetric section from its widths (over its height); ``closed`` adds the lid where it is full."""
    y = fine_fractions()
    w = np.maximum(profile(y), 0.0)
    dy, dw = np.diff(y), np.diff(w)
    area = np.concatenate(([0.0], np.cumsum(0.5 * (w[1:] + w[:-1]) * dy)))
    wall = np.concatenate(([0.0], np.cumsum(2.0 * np.hypot(dy, 0.5 * dw))))
    perimeter = w[0] + wall
    if closed:
        perimeter[-1] += w[-1]
    radius = np.divide(area, perimeter, out=np.zeros_like(area), where=perimeter > 0.0)
    return Geometry(y, area, w, radius)


def cell_table(geometry: Geometry) -> np.ndarray:
    """Rows of `network_sections`: coefficients of area, width and R^(4/3) in each cell, all over the full values."""
    at = np.searchsorted(geometry.fraction, np.arange(CELLS + 1) / CELLS)
    area = geometry.area[at] / geometry.area[-1]
    width = geometry.width[at] / geometry.width.max()
    radius = (geometry.radius[at] / geometry.radius[-1]) ** (4.0 / 3.0)
    rows = np.zeros((CELLS, 8))
    step = np.diff(area)
    both = width[:-1] + width[1:]
    slope = np.divide(2.0 * width[:-1] * step, both, out=step.copy(), where=both > 0.0)
    rows[:, 0], rows[:, 1], rows[:, 2] = area[:-1], slope, step - slope
    rows[:, 3], rows[:, 4] = width[:-1], np.diff(width)
    rows[:, 5], rows[:, 6] = radius[:-1], np.diff(radius)
    return rows


def critical_flows(geometry: Geometry) -> np.ndarray:
    """Critical flow sqrt(g A3 / W) at each depth."""
    return np.sqrt(GRAVITY * geometry.area**3 / np.maximum(geometry.width, 1e-12))


def flow_table(fraction: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, float]:
    """Depth fraction at (k / FLOW_CELLS)^2 of the last flow of the rising branch, and that flow."""
    usable = fraction <= 0.985
    last = int(np.argmax(np.where(usable, flow, -1.0)))
    rising = np.maximum.accumulate(flow[: last + 1])
    wanted = rising[-1] * (np.arange(FLOW_CELLS + 1) / FLOW_CELLS) ** 2
    table = np.interp(wanted, rising, fraction[: last + 1])
    table[0] = 0.0
    return table, float(rising[-1])


def scale_of(network: Network, row: int, tables: ShapeTables) -> Scale:
    """Scale of a section of the network; its table is made where it is the first of its proportions.

    Raises KeyError where the shape is not known (`validate` reports that first).
    """
    sections = network.sections
    shape, size = sections.shape[row], sections.size[row]
    height = float(size[0])
    open_top = shape in OPEN_SHAPES
    if shape in ("IRREGULAR", "STREET"):
        transect = network.transects[int(sections.transect[row])]
        height = float(transect.level.max() - transect.level.min())
        return tables.add(
            ("transect", transect.name), height, lambda: Geometry(*transect_geometry(transect, fine_fractions())), True
        )
    if shape == "CUSTOM":
        curve = network.curves[int(sections.curve[row])]
        return tables.add(("custom", curve.name), height, lambda: integrate(custom_profile(curve), True), False)
    make = PROFILES[shape]
    proportions = tuple(round(float(value), 9) for value in make.proportions(size))
    return tables.add(
        (make.family, *proportions), height, lambda: integrate(make.profile(*proportions), not open_top), open_top
    )
