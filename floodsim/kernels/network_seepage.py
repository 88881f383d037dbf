"""Water that tanks lose to the ground through their bottom and banks."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel
from floodsim.kernels.network_sections import curve_at

# columns of the integers and of the numbers of a seeping tank
NODE, FIRST, LAST = range(3)
SUCTION, CONDUCTIVITY, DEFICIT = range(3)
BOTTOM, BANKS = range(2)
"""Columns of the depth soaked in so far."""


@inline
def newly_soaked(dt, soaked, conductivity, pull):
    """Depth (m) that soaks in during dt after Green and Ampt, dF/dt = K (1 + S / F), taken at the mean of F before and
    after; ``pull`` S (m): the moisture deficit times the suction head and the water above.
    """
    free = conductivity * dt
    root = np.sqrt((2.0 * soaked + free) ** 2 + 8.0 * pull * free)
    return 0.5 * (free + root) - soaked


@kernel
def soak(dt, tanks, numbers, points, depth, soaked, volume, seeped):
    """Let water soak into the ground from every seeping tank, no more than it has.

    ``soaked`` (tanks, 2) m so far through bottom and banks, which stand half as deep in the water on average;
    ``volume`` and ``seeped`` (nodes,) m3. The law is that of SWMM's storage units (Rossman 2017, ch. 6), but the ground
    does not dry out again while a tank is empty.
    """
    for t in range(tanks.shape[0]):
        i, first, last = tanks[t, NODE], tanks[t, FIRST], tanks[t, LAST]
        if depth[i] <= 0.0 or volume[i] <= 0.0:
            continue
        suction, conductivity, deficit = numbers[t, SUCTION], numbers[t, CONDUCTIVITY], numbers[t, DEFICIT]
        bottom = points[first, 1]
        banks = max(curve_at(points, first, last, depth[i])[0] - bottom, 0.0)
        down = newly_soaked(dt, soaked[t, BOTTOM], conductivity, deficit * (suction + depth[i]))
        aside = newly_soaked(dt, soaked[t, BANKS], conductivity, deficit * (suction + 0.5 * depth[i]))
        lost = bottom * down + banks * aside
        part = min(volume[i] / lost, 1.0) if lost > 0.0 else 0.0
        volume[i] -= min(lost * part, volume[i])
        seeped[i] += lost * part
        soaked[t, BOTTOM] += part * down
        soaked[t, BANKS] += part * aside if banks > 0.0 else 0.0
