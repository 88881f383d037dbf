"""Limits of the steady channels on 100 cells, and what is known to miss them."""

from __future__ import annotations

from floodsim.validation.case import FIRST, INERTIAL, MASS_LIMIT, SECOND, Limit, Scheme, at_least

SETTLED = 2e-5
"""Largest change of depth (m) in the last tenth of a run that counts as steady."""


def limits(depth: float, flow: float, largest: float, order: float) -> dict[str, Limit | float]:
    """Mean error of depth and of discharge over their mean, largest error of depth (m), least order."""
    return {
        "depth L1/mean": depth,
        "discharge L1/mean": flow,
        "depth Linf (m)": largest,
        "order of depth": at_least(order),
        "still moves (m)": SETTLED,
        "x less y (m)": 1e-12,
        "mass": MASS_LIMIT,
    }


FIRST_ORDER = {
    "bump_subcritical": limits(0.0016, 0.0012, 0.026, 0.95),
    "bump_transcritical": limits(0.006, 0.0011, 0.023, 0.93),
    "bump_shock": limits(0.01, 0.0094, 0.062, 0.95),
    "long_subcritical": limits(0.0036, 0.002, 0.0056, 0.94),
    "long_supercritical": limits(0.0023, 1e-06, 0.0041, 0.95),
    "long_sub_to_super": limits(0.002, 0.00059, 0.0044, 0.93),
    "long_super_to_sub": limits(0.005, 0.0019, 0.12, 0.92),
    "short_shock": limits(0.0067, 0.0076, 0.21, 0.95),
    "short_supercritical": limits(0.0019, 1e-06, 0.0021, 0.94),
    "short_sub_to_super": limits(0.0027, 0.0007, 0.0035, 0.95),
    "undulating": limits(0.023, 0.022, 0.08, 0.95),
    "rain_subcritical": limits(0.0035, 0.0039, 0.0071, 0.86),
    "rain_supercritical": limits(0.0036, 0.0018, 0.0085, 0.95),
}
SECOND_ORDER = {
    "bump_subcritical": limits(0.00014, 0.00012, 0.0044, 1.90),
    "bump_transcritical": limits(0.0018, 0.00024, 0.02, 1.76),
    "bump_shock": limits(0.0053, 0.0063, 0.092, 1.73),
    "long_subcritical": limits(0.0025, 0.00069, 0.0056, 1.01),
    "long_supercritical": limits(0.00014, 0.00016, 0.00032, 1.90),
    "long_sub_to_super": limits(0.00022, 9.2e-05, 0.0044, 1.13),
    "long_super_to_sub": limits(0.00089, 0.00052, 0.036, 0.61),
    "short_shock": limits(0.0028, 0.0024, 0.23, 1.14),
    "short_supercritical": limits(0.00018, 4.2e-05, 0.0016, 0.72),
    "short_sub_to_super": limits(0.00018, 5.5e-05, 0.0018, 0.26),
    "undulating": limits(0.003, 0.0027, 0.028, 1.71),
    "rain_subcritical": limits(0.0016, 0.00065, 0.0071, 1.22),
    "rain_supercritical": limits(0.0049, 0.0011, 0.0085, 1.90),
}
LIMITS = {FIRST: FIRST_ORDER, SECOND: SECOND_ORDER}
"""The largest error of depth sits at the jump where there is one, and says little there. Beds are rounded to 0.12 mm,
which bounds the order where the error has come down to as little."""

ADVECTION = (
    "flow over its own wave speed, or a jump: local inertial carries no momentum along (see kernels/inertial.py)"
)
OUTSIDE: dict[Scheme, dict[str, str]] = {INERTIAL: dict.fromkeys(FIRST_ORDER, ADVECTION)}

ENTRANCE = "ghost cells of a discharge carry no slopes, so that the bed has a step at the edge of the domain"
KNOWN: dict[tuple[Scheme, str, str], str] = {
    (FIRST, "long_super_to_sub", "still moves (m)"): "depth swings by 11 mm: where depth grows downstream on a falling "
    "bed, the surface reconstruction leaves no jump of depth at a face and so no damping, and at the largest time "
    "steps short waves live on there (not with solver.cfl = 0.3)",
    (SECOND, "long_subcritical", "depth Linf (m)"): "0.078 m in the first cell: " + ENTRANCE,
    (SECOND, "long_sub_to_super", "depth Linf (m)"): "0.009 m in the first cell: " + ENTRANCE,
    (SECOND, "rain_subcritical", "depth Linf (m)"): "0.077 m in the first cell: " + ENTRANCE,
}
