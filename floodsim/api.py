"""floodsim from Python: one call from a case to results with their verdict."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from floodsim.assess.lifelines import check_lifelines
from floodsim.assess.standard import load_standard
from floodsim.assess.verdict import judge
from floodsim.case.load import load_case, parse_case
from floodsim.case.schema import Case
from floodsim.grid.grid import Grid
from floodsim.output.reader import Results
from floodsim.simulate.run_case import run_case
from floodsim.simulate.simulation import Progress


def run(
    case: Case | str | Path | dict[str, Any],
    out: str | Path | None = None,
    *,
    grid: Grid | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a case, judge it, and give the results; see `floodsim.run`."""
    if isinstance(case, dict):
        case = parse_case(case, Path.cwd(), os.environ)
    elif not isinstance(case, Case):
        case = load_case(case, (), os.environ)
    load_standard(case.standard.name, case.standard.overrides)  # so that a wrong threshold is known before the run
    check_lifelines(case.lifelines)
    results = run_case(case, None if out is None else Path(out), grid=grid, force=force, progress=progress)
    return dataclasses.replace(results, verdict=judge(results))
