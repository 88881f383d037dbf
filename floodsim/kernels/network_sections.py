"""Looking up cross-sections: area, width and friction radius against depth, critical and normal depth against flow.

Every shape is tabulated once in normalised form, so that thousands of circular pipes share one small table. A row of
the table holds one cell: area a + b f + c f2, width w + dw f, R^(4/3) r + dr f, with f the part of the cell below.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel

CELLS = 100
"""Cells over the full height of a section."""
FLOW_CELLS = 64
"""Cells of the tables of critical and normal depth, uniform in the square root of the flow."""


@inline
def section_at(table, shape, fraction):
    """Area, width and R^(4/3), each over its full (or greatest) value, at ``fraction`` of the full height."""
    x = min(fraction, 1.0) * CELLS
    k = min(int(x), CELLS - 1)
    f = x - k
    area = table[shape, k, 0] + f * (table[shape, k, 1] + f * table[shape, k, 2])
    width = table[shape, k, 3] + f * table[shape, k, 4]
    radius = table[shape, k, 5] + f * table[shape, k, 6]
    return area, width, radius


@inline
def depth_of_flow(curve, shape, relative):
    """Fraction of the full height at which a section carries ``relative`` of the flow its table ends with."""
    x = np.sqrt(relative) * FLOW_CELLS
    if x >= FLOW_CELLS:
        return curve[shape, FLOW_CELLS]
    k = int(x)
    return curve[shape, k] + (x - k) * (curve[shape, k + 1] - curve[shape, k])


@kernel
def curve_at(points, first, last, x):
    """Value and slope of the curve in rows first..last of ``points`` (x, y), constant outside."""
    if x <= points[first, 0]:
        return points[first, 1], 0.0
    if x >= points[last, 0]:
        return points[last, 1], 0.0
    k = first
    while points[k + 1, 0] < x:
        k += 1
    slope = (points[k + 1, 1] - points[k, 1]) / max(points[k + 1, 0] - points[k, 0], 1e-12)
    return points[k, 1] + slope * (x - points[k, 0]), slope
