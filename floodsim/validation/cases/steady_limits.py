"""Limits of the steady channels on 100 cells, and what is known to miss them."""

from __future__ import annotations

from floodsim.validation.case import FIRST, INERTIAL, MASS_LIMIT, SECOND, Limit, Scheme, at_least

SETTLED = 2e-5
"""Largest change of depth (m) in the last tenth of a run that counts as steady."""


def limits(depth: float, flow: float, largest: float, order: float | None) -> dict[str, Limit | float]:
    """Mean error of depth and of discharge over their mean, largest error of depth (m), least order.

    No order is held where the mean error has come down to that of beds rounded to 0.12 mm.
    """
    return ({} if order is None else {"order of depth": at_least(order)}) | {
        "depth L1/mean": depth,
        "discharge L1/mean": flow,
        "depth Linf (m)": largest,
        "still moves (m)": SETTLED,
        "x less y (m)": 1e-12,
        "mass": MASS_LIMIT,
    }


FIRST_ORDER = {
    "bump_subcritical": limits(0.0016, 0.0012, 0.026, 0.95),
    "bump_transcritical": limits(0.006, 0.0011, 0.023, 0.93),
    "bump_shock": limits(0.01, 0.0094, 0.062, 1.19),
    "long_subcritical": limits(0.0036, 0.002, 0.0056, 0.94),
    "long_supercritical": limits(0.0023, 1e-06, 0.0041, 0.95),
    "long_sub_to_super": limits(0.002, 0.00059, 0.0044, 0.93),
    "long_super_to_sub": limits(0.0044, 0.0019, 0.12, 0.78),
    "short_shock": limits(0.0067, 0.0076, 0.21, 0.98),
    "short_supercritical": limits(0.0019, 1e-06, 0.0021, 0.94),
    "short_sub_to_super": limits(0.0027, 0.0007, 0.0035, 0.95),
    "undulating": limits(0.023, 0.022, 0.053, 0.99),
    "rain_subcritical": limits(0.0035, 0.0039, 0.0071, 0.89),
    "rain_supercritical": limits(0.0036, 0.0018, 0.0073, 1.06),
}
SECOND_ORDER = {
    "bump_subcritical": limits(0.00014, 0.00012, 0.0044, 1.9),
    "bump_transcritical": limits(0.0018, 0.00024, 0.02, 1.8),
    "bump_shock": limits(0.0053, 0.0063, 0.092, 1.75),
    "long_subcritical": limits(0.00014, 5.4e-05, 0.00072, None),
    "long_supercritical": limits(0.00014, 0.00016, 0.00032, 1.85),
    "long_sub_to_super": limits(8.8e-05, 3.6e-05, 0.0007, None),
    "long_super_to_sub": limits(0.00084, 0.00052, 0.036, 0.54),
    "short_shock": limits(0.0028, 0.0024, 0.23, 1.16),
    "short_supercritical": limits(0.00018, 4.2e-05, 0.0016, None),
    "short_sub_to_super": limits(0.00018, 5.5e-05, 0.0026, None),
    "undulating": limits(0.0027, 0.0024, 0.011, 1.95),
    "rain_subcritical": limits(0.00024, 7.1e-05, 0.0017, None),
    "rain_supercritical": limits(0.00035, 0.00028, 0.0042, 1.9),
}
LIMITS = {FIRST: FIRST_ORDER, SECOND: SECOND_ORDER}
"""The largest error of depth sits at the jump where there is one, and says little there; where the jump lies among the
cells also decides the order on 50 to 200 of them."""

ADVECTION = (
    "flow over its own wave speed, or a jump: local inertial carries no momentum along (see kernels/inertial.py)"
)
OUTSIDE: dict[Scheme, dict[str, str]] = {INERTIAL: dict.fromkeys(FIRST_ORDER, ADVECTION)}

KNOWN: dict[tuple[Scheme, str, str], str] = {
    (FIRST, "long_super_to_sub", "still moves (m)"): "depth swings by 11 mm: where depth grows downstream on a falling "
    "bed, the surface reconstruction leaves no jump of depth at a face and so no damping, and at the largest time "
    "steps short waves live on there (not with solver.cfl = 0.3)",
}
