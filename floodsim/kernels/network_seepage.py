"""Water that tanks lose to the ground through their bottom and banks."""

from __future__ import annotations

from floodsim.kernels.jit import kernel
from floodsim.kernels.losses import green_ampt
from floodsim.kernels.network_sections import curve_at

# columns of the integers and of the numbers of a seeping tank
NODE, FIRST, LAST = range(3)
SUCTION, CONDUCTIVITY, DEFICIT = range(3)
BOTTOM, BANKS = range(2)
"""Columns of the depth soaked in so far."""


@kernel
def soak(dt, tanks, numbers, points, depth, soaked, volume, seeped):
    """Let water soak into the ground from every seeping tank, no more than it has.

    ``soaked`` (tanks, 2) m so far through bottom and banks, which stand half as deep in the water on average;
    ``volume`` and ``seeped`` (nodes,) m3. As in SWMM's storage units, but the ground does not dry out again while a
    tank is empty.
    """
    for t in range(tanks.shape[0]):
        i, first, last = tanks[t, NODE], tanks[t, FIRST], tanks[t, LAST]
        if depth[i] <= 0.0 or volume[i] <= 0.0:
            continue
        suction, conductivity, deficit = numbers[t, SUCTION], numbers[t, CONDUCTIVITY], numbers[t, DEFICIT]
        bottom = points[first, 1]
        banks = max(curve_at(points, first, last, depth[i])[0] - bottom, 0.0)
        down = green_ampt(conductivity, deficit * (suction + depth[i]), soaked[t, BOTTOM], dt)
        aside = green_ampt(conductivity, deficit * (suction + 0.5 * depth[i]), soaked[t, BANKS], dt)
        wanted = bottom * down + banks * aside
        if wanted <= 0.0:
            continue
        lost = min(wanted, volume[i])
        volume[i] -= lost
        seeped[i] += lost
        soaked[t, BOTTOM] += lost / wanted * down
        if banks > 0.0:
            soaked[t, BANKS] += lost / wanted * aside
