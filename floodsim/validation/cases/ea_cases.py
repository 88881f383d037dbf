"""Limits of the UK Environment Agency's tests, and what misses them."""

from __future__ import annotations

from functools import partial

from floodsim.validation.case import FIRST, INERTIAL, MASS_LIMIT, SCHEMES, ValidationCase, at_least
from floodsim.validation.cases.ea import evaluate_depressions, evaluate_disconnected, evaluate_plain, evaluate_refined

REPORT = "UK Environment Agency 2D benchmark SC120002 (Neelz and Pender 2013)"
LEVELS = {f"point {n}, {when} (m)": 0.01 for n in (1, 2) for when in ("4 to 11 h", "20 h")} | {"mass": MASS_LIMIT}
PITS = {
    "pits above their sills (m)": 0.03,
    "depth at point 15 (m)": 0.001,
    "depth at point 16 (m)": 0.001,
    "inflow": 1e-6,
    "mass": MASS_LIMIT,
}
"""What counts as dry, 1 mm: the reference run of ANUGA leaves a film of 0.6 mm on point 15."""
WAVE = {"peak": 0.014, "rmse (m)": 0.004, "arrival": 0.05, "inflow": 1e-6, "mass": MASS_LIMIT}
SPREADING = (
    "thin sheets spread sideways in first order: the scheme's own diffusion c/2 is as large as that of the flow, "
    "h^(5/3) / (n S^(1/2) dx), on cells of 20 m, and some of what runs down from point 11 crosses the divide to "
    "point 15 (0.019 m on cells of 10 m)"
)
LEAK = "7 mm, about the depth of the sheet that runs down from point 11; central differences across it leave none"
DIFFUSIVE = (
    "first order: its diffusion, about sqrt(g h) dx / 2, is a sixth of that of the flood wave itself on this plain; "
    "the errors shrink with the cell (case ea_test4_refined), and second order meets the limits"
)
JET = (
    "point 1, 50 m from the inflow, is reached 16 % off: the jet there lives by the momentum that local inertial does "
    "not carry along; 2 % on average at points 2 to 5"
)

CASES = (
    ValidationCase(
        name="ea_test1", title="EA Test 1: flooding of a disconnected water body", group="intercomparison",
        source=REPORT, peers="ANUGA 4.1.0: 0.0017 m from 4 h to 11 h, 0.0061 m at 20 h",
        evaluate=evaluate_disconnected, limits=dict.fromkeys(SCHEMES, LEVELS),
        seconds=dict(zip(SCHEMES, (5.0, 9.0, 5.0), strict=True)), needs="ea/test1",
    ),
    ValidationCase(
        name="ea_test2", title="EA Test 2: filling of depressions", group="intercomparison", source=REPORT,
        peers="every published model leaves points 15 and 16 dry; ANUGA 4.1.0 a film of 0.6 mm on 15",
        evaluate=evaluate_depressions, limits=dict.fromkeys(SCHEMES, PITS),
        known={(FIRST, "depth at point 15 (m)"): SPREADING, (INERTIAL, "depth at point 15 (m)"): LEAK},
        seconds=dict(zip(SCHEMES, (18.0, 48.0, 17.0), strict=True)), needs="ea/test2",
    ),
    ValidationCase(
        name="ea_test4", title="EA Test 4: flood propagation over a plain", group="intercomparison",
        source=REPORT + "; reference: LISFLOOD-FP 8 DG2 (Shaw et al. 2021, doi:10.5281/zenodo.4066824)",
        peers="another finite-volume code against the same reference: peaks within 1.4 %, RMSE 0.6 to 4 mm, arrival "
        "within 60 s",
        evaluate=partial(evaluate_plain, 5.0), limits=dict.fromkeys(SCHEMES, WAVE),
        known={(FIRST, name): DIFFUSIVE for name in ("peak", "rmse (m)", "arrival")} | {(INERTIAL, "arrival"): JET},
        seconds=dict(zip(SCHEMES, (34.0, 83.0, 24.0), strict=True)), needs="ea/test4",
    ),
    ValidationCase(
        name="ea_test4_refined", title="EA Test 4 on cells of 20 m and 10 m", group="intercomparison", source=REPORT,
        peers="first-order errors shrink in proportion to the cell", evaluate=evaluate_refined,
        limits={FIRST: {"order of rmse": at_least(0.45), "order of arrival": at_least(0.45)}},
        seconds={FIRST: 9.0}, needs="ea/test4",
    ),
)  # fmt: skip
