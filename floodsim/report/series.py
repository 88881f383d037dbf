"""Series and places of a run for the page: gauges, waterlogging points, discharge lines, lifelines."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.report.drains import CAUSE_COLORS, catchment_rings, cause_of
from floodsim.report.outline import rings
from floodsim.report.run import Run


def rain(run: Run) -> dict[str, list[float]]:
    """Times (min) and rainfall (mm/h); a rate holds for the interval that ends at its time."""
    series = run.results.series
    if series is None:
        return {"minutes": [], "rain": []}
    return {"minutes": rounded(run.seconds() / 60, 2), "rain": rounded(series["rainfall"].values * 3.6e6, 2)}


def places(run: Run) -> list[dict[str, Any]]:
    """Everything on the map that can be clicked: kind, name, place, series by name and which sheet tells more."""
    series = run.results.series
    if series is None:
        return _lifelines(run)
    return [*_waterlogging(run), *_gauges(run), *_lines(run), *_lifelines(run)]


def rounded(values: Any, digits: int) -> list[Any]:
    """Numbers for a page: rounded, None where missing."""
    return [None if value != value else round(float(value), digits) for value in np.asarray(values)]


def _waterlogging(run: Run) -> list[dict[str, Any]]:
    series, verdicts = run.results.series, {point["name"]: point for point in run.points}
    assert series is not None
    found = []
    for number, area in enumerate(run.areas):
        outline = rings(area.rows, area.columns, run.grid)
        x, y = run.grid.x[area.columns], run.grid.y[area.rows]
        verdict = verdicts.get(area.name)
        found.append(
            {
                "kind": "waterlogging",
                "name": area.name,
                "rings": [[[round(px, 2), round(py, 2)] for px, py in ring] for ring in outline],
                "x": float(x.mean()),
                "y": float(y.mean()),
                "state": state_of(verdict),
                "color": CAUSE_COLORS.get(str(cause_of(verdict or {}).get("kind"))),
                "catchment": catchment_rings(run, number),
                "sheet": f"sheet-{run.number}-{number}",
                "limit": run.standard.lane_depth,
                "series": {
                    "depth": rounded(series["waterlogging_depth"].values[:, number], 3),
                    "volume": rounded(series["waterlogging_volume"].values[:, number], 1),
                },
            }
        )
    return found


def state_of(verdict: dict[str, Any] | None) -> str:
    """pass, fail, undetermined, or none where nothing was judged."""
    if verdict is None:
        return "none"
    return "pass" if verdict["passed"] else "undetermined" if verdict["undetermined"] else "fail"


def _gauges(run: Run) -> list[dict[str, Any]]:
    series = run.results.series
    assert series is not None
    return [
        {
            "kind": "gauge",
            "name": str(series["point_name"].values[number]),
            "x": float(series["point_x"].values[number]),
            "y": float(series["point_y"].values[number]),
            "series": {
                "depth": rounded(series["depth"].values[:, number], 3),
                "speed": rounded(series["speed"].values[:, number], 3),
            },
        }
        for number in range(series.sizes.get("point", 0))
    ]


def _lines(run: Run) -> list[dict[str, Any]]:
    series, given = run.results.series, run.results.case.get("lines") or []
    assert series is not None
    coordinates = {line["name"]: line["coordinates"] for line in given}
    found = []
    for number in range(series.sizes.get("line", 0)):
        name = str(series["line_name"].values[number])
        flow = {"discharge": rounded(series["discharge"].values[:, number], 4)}
        found.append({"kind": "line", "name": name, "line": coordinates.get(name, []), "series": flow})
    return found


def _lifelines(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "kind": "lifeline",
            "name": facility["name"],
            "what": facility["kind"],
            "x": facility["x"],
            "y": facility["y"],
            "state": "fail" if facility["reached"] else "pass",
            "series": {},
        }
        for facility in run.verdict.get("lifelines") or []
        if facility["in_domain"]
    ]
