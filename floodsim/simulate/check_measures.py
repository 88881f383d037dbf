"""Every candidate measure tried on its own, so that faults of all of them are known before the first run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from floodsim.case.plan import applied_measures, with_required
from floodsim.case.schema import Case
from floodsim.drainage.measures import alter_network
from floodsim.drainage.read_inp import read_inp
from floodsim.errors import CaseError, Faults
from floodsim.forcing.green_roofs import rain_on_ground
from floodsim.grid.grid import Grid
from floodsim.grid.prepare import prepare_grid
from floodsim.simulate.setup import make_losses


def check_candidates(case: Case, grid: Grid) -> None:
    """Try each measure of a case (with those it requires) on its network and its prepared present ground.

    Raises CaseError with the faults of all of them, each once.
    """
    faults = Faults()
    network = None if case.drainage is None else read_inp(case.drainage.network)
    for measure in case.measures:
        alone = _with(case, with_required(case, [measure.name]))
        if case.drainage is not None and network is not None:
            alter_network(network, case.drainage, applied_measures(alone), faults)
        if measure.kind == "permeable":
            _try(faults, make_losses, alone, grid)
        elif measure.kind == "green_roof":
            _try(faults, rain_on_ground, alone, grid)
    lines = [measure.name for measure in case.measures if measure.kind in ("channel", "wall")]
    if lines:
        _try(faults, prepare_grid, _with(case, lines))
    if faults.found:
        raise CaseError(faults.found)


def _try(faults: Faults, build: Callable[..., Any], *arguments: Any) -> None:
    """Build something; only its faults are of interest."""
    try:
        build(*arguments)
    except CaseError as error:
        faults.take(error)


def _with(case: Case, names: list[str]) -> Case:
    """The case with measures applied, whether or not they go together."""
    return case.model_copy(update={"plan": case.plan.model_copy(update={"applied": names})})
