"""Water over a road that dams a channel: coefficients by the head, the width of the road and its surface.

Numbers read from the curves of FHWA/RD-86/108 (Bridge Waterways Analysis Model, 1986, figure 10), which HDS-5 (FHWA,
chapter on roadway overtopping) and EPA SWMM use: Q = k C L h^1.5 with h the head over the crown upstream.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import kernel
from floodsim.kernels.network_sections import curve_at

PAVED, GRAVEL = 1, 2
FOOT = 0.3048
NARROW = 0.15
"""Head over road width from which the coefficient goes by that ratio instead of by the head."""
# head (ft), coefficient (ft^0.5/s)
LOW_PAVED = np.array([[0.0, 2.85], [0.2, 2.95], [0.7, 3.03], [4.0, 3.05]])
LOW_GRAVEL = np.array(
    [[0.0, 2.5], [0.5, 2.7], [1.0, 2.8], [1.5, 2.9], [2.0, 2.98], [2.5, 3.02], [3.0, 3.03], [4.0, 3.05]]
)
# head over road width, coefficient (ft^0.5/s)
HIGH_PAVED = np.array([[0.15, 3.05], [0.25, 3.1]])
HIGH_GRAVEL = np.array([[0.15, 2.95], [0.3, 3.1]])
# head downstream over head upstream, factor
DROWNED_PAVED = np.array(
    [[0.8, 1.0], [0.85, 0.98], [0.9, 0.92], [0.93, 0.85], [0.95, 0.8], [0.97, 0.7], [0.98, 0.6], [0.99, 0.5]]
)
DROWNED_GRAVEL = np.array(
    [[0.75, 1.0], [0.8, 0.985], [0.83, 0.97], [0.86, 0.93], [0.89, 0.9], [0.9, 0.87], [0.92, 0.8], [0.94, 0.7],
     [0.96, 0.6], [0.98, 0.5], [0.99, 0.4]]
)  # fmt: skip


@kernel
def drowning(surface, ratio):
    """Factor of the flow by the tailwater, ``ratio`` of its head to that upstream.

    The curves end at 0.4 and 0.24 where both are equal. From 0.99 on the factor falls to none in a line, because level
    water does not flow.
    """
    table = DROWNED_PAVED if surface == PAVED else DROWNED_GRAVEL
    factor, _ = curve_at(table, 0, table.shape[0] - 1, ratio)
    return factor * min((1.0 - min(ratio, 1.0)) / 0.01, 1.0)


@kernel
def road_coefficient(surface, width, over, under):
    """Discharge coefficient k C (m^0.5/s) of a road ``width`` (m) wide along the flow.

    ``over`` and ``under`` (m) are the heads over its crown upstream, above 0, and downstream; ``surface`` is PAVED or
    GRAVEL.
    """
    if over <= NARROW * width:
        x, table = over / FOOT, LOW_PAVED if surface == PAVED else LOW_GRAVEL
    else:
        x, table = over / width, HIGH_PAVED if surface == PAVED else HIGH_GRAVEL
    free, _ = curve_at(table, 0, table.shape[0] - 1, x)
    return free * np.sqrt(FOOT) * drowning(surface, under / over)
