"""Permeable ground: areas of measures that infiltrate with parameters of their own."""

from __future__ import annotations

import numpy as np

from floodsim.case.measures import Measure
from floodsim.case.plan import applied_measures
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid.grid import Grid
from floodsim.grid.measures import measure_area
from floodsim.surface.loss_table import Row, single_row

MOST_CLASSES = 254
"""Classes of losses that fit beside that of roofs."""
PARAMETERS = ("rate", "soil", "conductivity", "suction", "deficit", "initial_rate", "final_rate", "decay",
              "curve_number")  # fmt: skip


def permeable_ground(case: Case, grid: Grid, classes: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes (ny, nx) uint8 and their parameters (classes, 3) with a class more for each permeable measure that holds.

    Where areas overlap, the last measure counts. Raises CaseError where an area covers no open ground.
    """
    faults = Faults()
    measures = [(key, one) for key, one in applied_measures(case) if one.kind == "permeable"]
    if not measures:
        return classes, table
    classes = np.broadcast_to(classes, grid.shape).astype(np.uint8)
    open_ground = grid.array("active") & (grid.array("building") == 0)
    for key, measure in measures:
        try:
            area = measure_area(measure, grid, key) & open_ground
            if not area.any():
                faults.add("covers no open ground", key=key, value=measure.name, remedy="draw it over streets or yards")
            if len(table) >= MOST_CLASSES:
                allowed, remedy = f"at most {MOST_CLASSES}", "merge classes of the table, or permeable measures"
                raise CaseError(Fault("too many classes of losses", key=key, allowed=allowed, remedy=remedy))
            row = _row(case, measure)
        except CaseError as error:
            faults.take(error)
            continue
        classes = np.where(area, np.uint8(len(table)), classes)
        table = np.vstack([table, row])
    faults.raise_if_any()
    return classes, table


def _row(case: Case, measure: Measure) -> Row:
    """The parameters of a measure as a row of the loss model of the case."""
    own = {key: getattr(measure, key) for key in PARAMETERS}
    if own["rate"] is None:
        own["rate"] = case.losses.rate
    return single_row(case.losses.model_copy(update={**own, "table": None}))
