"""Inlet control of culverts: flow against depth over the invert of the inlet, by the equations of FHWA HDS-5.

HDS-5 (Schall et al. 2012), appendix A: unsubmerged form 1, h / D = Hc / D + K x^M + s, or form 2, h / D = K x^M;
submerged, h / D = c x^2 + Y + s; with x = Q / (A sqrt(D)) in feet, Hc the critical specific head, s = -S / 2, or 0.7 S
for mitred inlets. As in SWMM unsubmerged to 0.95 D, submerged from x = 4 on, linear in between.
"""

from __future__ import annotations

import numpy as np

FEET = 0.3048**-0.5
"""What turns Q / (A sqrt(D)) from m^0.5/s into ft^0.5/s."""
MITRED = (5, 37, 46)
INLETS: dict[int, tuple[int, float, float, float, float]] = {
    1: (1, 0.0098, 2.0, 0.0398, 0.67), 2: (1, 0.0018, 2.0, 0.0292, 0.74), 3: (1, 0.0045, 2.0, 0.0317, 0.69),
    4: (1, 0.0078, 2.0, 0.0379, 0.69), 5: (1, 0.0210, 1.33, 0.0463, 0.75), 6: (1, 0.0340, 1.50, 0.0553, 0.54),
    7: (1, 0.0018, 2.5, 0.0300, 0.74), 8: (1, 0.0018, 2.5, 0.0243, 0.83), 9: (1, 0.026, 1.0, 0.0347, 0.81),
    10: (1, 0.061, 0.75, 0.0400, 0.80), 11: (1, 0.061, 0.75, 0.0423, 0.82), 12: (2, 0.510, 0.667, 0.0309, 0.80),
    13: (2, 0.486, 0.667, 0.0249, 0.83), 14: (2, 0.515, 0.667, 0.0375, 0.79), 15: (2, 0.495, 0.667, 0.0314, 0.82),
    16: (2, 0.486, 0.667, 0.0252, 0.865), 17: (2, 0.545, 0.667, 0.04505, 0.73), 18: (2, 0.533, 0.667, 0.0425, 0.705),
    19: (2, 0.522, 0.667, 0.0402, 0.68), 20: (2, 0.498, 0.667, 0.0327, 0.75), 21: (2, 0.497, 0.667, 0.0339, 0.803),
    22: (2, 0.493, 0.667, 0.0361, 0.806), 23: (2, 0.495, 0.667, 0.0386, 0.71), 24: (2, 0.497, 0.667, 0.0302, 0.835),
    25: (2, 0.495, 0.667, 0.0252, 0.881), 26: (2, 0.493, 0.667, 0.0227, 0.887), 27: (1, 0.0083, 2.0, 0.0379, 0.69),
    28: (1, 0.0145, 1.75, 0.0419, 0.64), 29: (1, 0.0340, 1.5, 0.0496, 0.57), 30: (1, 0.0100, 2.0, 0.0398, 0.67),
    31: (1, 0.0018, 2.5, 0.0292, 0.74), 32: (1, 0.0045, 2.0, 0.0317, 0.69), 33: (1, 0.0100, 2.0, 0.0398, 0.67),
    34: (1, 0.0018, 2.5, 0.0292, 0.74), 35: (1, 0.0095, 2.0, 0.0317, 0.69), 36: (1, 0.0083, 2.0, 0.0379, 0.69),
    37: (1, 0.0300, 1.0, 0.0463, 0.75), 38: (1, 0.0340, 1.5, 0.0496, 0.57), 39: (1, 0.0300, 1.5, 0.0496, 0.57),
    40: (1, 0.0088, 2.0, 0.0368, 0.68), 41: (1, 0.0030, 2.0, 0.0269, 0.77), 42: (1, 0.0300, 1.5, 0.0496, 0.57),
    43: (1, 0.0088, 2.0, 0.0368, 0.68), 44: (1, 0.0030, 2.0, 0.0269, 0.77), 45: (1, 0.0083, 2.0, 0.0379, 0.69),
    46: (1, 0.0300, 1.0, 0.0473, 0.75), 47: (1, 0.0340, 1.5, 0.0496, 0.57), 48: (2, 0.534, 0.555, 0.0196, 0.90),
    49: (2, 0.519, 0.64, 0.0210, 0.90), 50: (2, 0.536, 0.622, 0.0368, 0.83), 51: (2, 0.5035, 0.719, 0.0478, 0.80),
    52: (2, 0.547, 0.80, 0.0598, 0.75), 53: (2, 0.475, 0.667, 0.0179, 0.97), 54: (2, 0.56, 0.667, 0.0446, 0.85),
    55: (2, 0.56, 0.667, 0.0378, 0.87), 56: (2, 0.50, 0.667, 0.0446, 0.65), 57: (2, 0.50, 0.667, 0.0378, 0.71),
}  # fmt: skip
"""By the code of a culvert (HDS-5 chart and scale, in the order SWMM counts them): form, K, M, c and Y."""
HIGHEST = 20.0
"""Depth over the height of the culvert at which a rating ends."""


def inlet_rating(
    code: int, height: float, slope: float, area: np.ndarray, width: np.ndarray, gravity: float
) -> tuple[np.ndarray, np.ndarray]:
    """Depth over the invert (m) and flow (m3/s) of one barrel with an inlet of ``code`` (1 to 57).

    ``area`` (m2) and ``width`` (m) stand at equal steps of the depth, from 0 to ``height`` (m). Raises KeyError where
    the code is not known.
    """
    form, k, m, c, y = INLETS[code]
    shift = 0.7 * slope if code in MITRED else -0.5 * slope
    unit = area[-1] * np.sqrt(height) / FEET
    if form == 1:
        usable = width > 1e-9
        critical_depth = np.linspace(0.0, height, area.size)[usable]
        flow = area[usable] * np.sqrt(gravity * area[usable] / width[usable])
        critical_head = critical_depth + 0.5 * area[usable] / width[usable]
        depth = critical_head + height * (k * (flow / unit) ** m + shift)
    else:
        flow = unit * np.linspace(0.0, 5.0, 201)
        depth = height * k * (flow / unit) ** m
    rising = np.maximum.accumulate(depth)
    keep = np.concatenate(([True], np.diff(rising) > 1e-12)) & (rising > 0.0)
    free_depth, free_flow = np.concatenate(([0.0], rising[keep])), np.concatenate(([0.0], flow[keep]))
    drowned_from = max(height * (16.0 * c + y + shift), 0.95 * height)
    low = np.linspace(0.0, 0.95, 39)[1:] * height
    high = drowned_from + height * np.linspace(0.0, np.sqrt(HIGHEST), 60) ** 2
    drowned = unit * np.sqrt(np.maximum(high / height - y - shift, 0.0) / c)
    heads = np.concatenate(([0.0], low, high))
    flows = np.concatenate(([0.0], np.interp(low, free_depth, free_flow), drowned))
    return heads, np.maximum.accumulate(flows)
