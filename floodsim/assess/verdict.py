"""The verdict per waterlogging point 易涝积水点, given by a standard on nothing but the files of a run.

Rules (GB 50014-2021, 4.1.4, 4.1.5 and its commentary): the lane stays within the depth limit, the ground floors
stay dry, and what is deeper than the limit is gone within the allowed time after the rain. Exceeding one of them fails.
Depth is judged on the lane where one is given; recession on the whole point.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from floodsim.assess.explain import explain
from floodsim.assess.lifelines import judge_lifelines
from floodsim.assess.reasons import Reason, Reasons, hours
from floodsim.assess.standard import Limit, Standard, load_standard
from floodsim.case.units import parse_quantity
from floodsim.errors import CaseError, Fault
from floodsim.output.areas import Area
from floodsim.output.folder import VERDICT, write_json_atomic
from floodsim.output.reader import Results, open_results

SAME_DEPTH = 1e-6
"""Depths nearer than this (m) are the same threshold."""


@dataclass(frozen=True)
class Evidence:
    """What the verdict looks at: fields (ny, nx) of the run, and when rain and run ended (s).

    ``duration`` is the time above the lane's depth limit, None where the run did not keep it. ``beside_building`` marks
    open cells next to a building. ``recession_depth`` (m) is what recession was measured to.
    """

    max_depth: np.ndarray
    time_of_max_depth: np.ndarray
    recession_time: np.ndarray
    still_above: np.ndarray
    duration: np.ndarray | None
    beside_building: np.ndarray
    cell_area: float
    rain_end: float
    end: float
    recession_depth: float
    sill: float


def judge(results: Results | str | Path, limit: Limit | None = None) -> dict[str, Any]:
    """Give the verdict on every waterlogging point, and write it to the folder's verdict.json where there is a folder.

    ``limit`` picks the lower or upper end of the standard's range of recession times; default what its file says.
    Results that are not complete get a statement instead of a verdict. Raises CaseError where the results, the
    standard or its overrides have faults.
    """
    if not isinstance(results, Results):
        with open_results(results) as opened:
            return judge(opened, limit)
    section = results.case.get("standard", {})
    standard = load_standard(section.get("name", "GB50014-2021"), section.get("overrides"), limit)
    verdict = _head(standard, section.get("city_class", "medium"), results)
    if results.status == "complete":
        verdict |= _verdicts(standard, results)
        verdict["lifelines"] = judge_lifelines(results)
        explain(verdict, read_areas(results.series) if results.series is not None else [], results)
    else:
        text = f"no verdict: {results.statement}"
        verdict |= {"judged": False, "statement": {"en": text, "zh": "未评定：模拟未完成，结果不完整"}, "points": []}
        verdict |= {"eliminated": {"n": 0, "of": 0}, "target": text, "target_zh": "未评定：模拟未完成"}
    if results.folder is not None:
        write_json_atomic(results.folder / VERDICT, verdict)
    return verdict


def read_areas(series: xr.Dataset) -> list[Area]:
    """The waterlogging points that a run followed, out of its series."""
    if "waterlogging_point" not in series.sizes:
        return []
    owner = series["waterlogging_cell_point"].values
    rows, columns = series["waterlogging_cell_row"].values, series["waterlogging_cell_column"].values
    lane = series["waterlogging_cell_on_lane"].values.astype(bool)
    heads = zip(
        series["waterlogging_point_name"].values, series["area_kind"].values, series["historical"].values, strict=True
    )
    return [
        Area(str(name), str(kind), bool(old), rows[owner == k], columns[owner == k], lane[owner == k])
        for k, (name, kind, old) in enumerate(heads)
    ]


def _head(standard: Standard, city_class: str, results: Results) -> dict[str, Any]:
    lower, upper = standard.return_period.get(city_class, (None, None))
    storm = results.case.get("rainfall", {}).get("return_period")
    storm = None if storm is None else parse_quantity(storm, "return_period")
    notes = []
    if storm is not None and lower is not None and storm < lower:
        notes.append(
            Reason(
                f"the storm's return period, {storm:g} a, is below the {lower:g} a of clause "
                f"{standard.clauses['return_period'].clause} for this class of city: passing does not show compliance",
                f"设计暴雨重现期{storm:g}年低于该类城市内涝防治设计重现期{lower:g}年，通过不代表达标",
            ).texts()
        )
    overridden = {
        name: {"standard": before, "project": after} for name, (before, after) in (standard.overridden or {}).items()
    }
    return {
        "standard": standard.name,
        "standard_title": {"en": standard.title_en, "zh": standard.title_zh},
        "standard_source": standard.source,
        "city_class": city_class,
        "return_period_a": {"storm": storm, "lower": lower, "upper": upper},
        "recession_limit_used": standard.limit,
        "overridden": overridden,
        "notes": notes,
        "judged": True,
    }


def _verdicts(standard: Standard, results: Results) -> dict[str, Any]:
    if results.series is None:
        raise CaseError(
            Fault("the results hold no series", file=str(results.folder or ""), remedy="run the case again")
        )
    areas, evidence = read_areas(results.series), _evidence(standard, results)
    points = []
    for number, area in enumerate(areas):
        volume = results.series["waterlogging_volume"].isel(waterlogging_point=number).values
        peak = float(np.nanmax(volume)) if np.isfinite(volume).any() else None
        points.append({**judge_area(area, evidence, standard), "max_volume_m3": peak})
    listed = [point for point in points if point["historical"]]
    gone = sum(point["passed"] for point in listed)
    new = [point for point in points if not point["historical"]]
    failing = sum(not point["passed"] for point in new)
    more = f"; new districts failing: {failing} of {len(new)}" if new else ""
    more_zh = f"；新区不达标{failing}处（共{len(new)}处）" if new else ""
    return {
        "points": points,
        "eliminated": {"n": gone, "of": len(listed)},
        "new_districts": {"failing": failing, "of": len(new)},
        "target": f"{gone} of {len(listed)} historical waterlogging points eliminated{more}",
        "target_zh": f"历史易涝积水点{len(listed)}处，消除{gone}处{more_zh}",
    }


def _evidence(standard: Standard, results: Results) -> Evidence:
    envelopes, grid = results.envelopes, results.grid
    if envelopes is None:
        raise CaseError(
            Fault("the results hold no envelopes", file=str(results.folder or ""), remedy="run the case again")
        )
    sill = standard.building_sill
    if sill is None:
        sill = parse_quantity(results.case.get("buildings", {}).get("sill", 0.15), "length")
    duration = None
    if "threshold" in envelopes.sizes:
        match = np.flatnonzero(np.abs(envelopes["threshold"].values - standard.lane_depth) < SAME_DEPTH)
        duration = envelopes["duration_above"].isel(threshold=int(match[0])).values if match.size else None
    return Evidence(
        max_depth=envelopes["max_depth"].values,
        time_of_max_depth=envelopes["time_of_max_depth"].values,
        recession_time=envelopes["recession_time"].values,
        still_above=envelopes["still_above_recession_depth"].values.astype(bool),
        duration=duration,
        beside_building=beside(grid.array("building") > 0),
        cell_area=grid.cell_area,
        rain_end=float(envelopes.attrs["rain_end"]),
        end=float(envelopes.attrs["end_time"]),
        recession_depth=float(envelopes["recession_time"].attrs["recession_depth"]),
        sill=float(sill),
    )


def beside(building: np.ndarray) -> np.ndarray:
    """Cells (ny, nx) that share an edge with a building cell and are none."""
    near = np.zeros_like(building)
    near[1:] |= building[:-1]
    near[:-1] |= building[1:]
    near[:, 1:] |= building[:, :-1]
    near[:, :-1] |= building[:, 1:]
    return near & ~building


def judge_area(area: Area, evidence: Evidence, standard: Standard) -> dict[str, Any]:
    """The verdict on one waterlogging point: figures in SI, and for each rule its clause, value, limit and outcome."""
    cells = (area.rows, area.columns)
    depth = np.nan_to_num(evidence.max_depth[cells])
    lane = depth[area.on_lane]
    walls = depth[evidence.beside_building[cells]]
    limit, sill = np.float32(standard.lane_depth), np.float32(evidence.sill)  # the envelopes are in single precision
    deepest = int(np.argmax(depth)) if depth.size else None
    reasons = Reasons(standard)
    if depth.size == 0:
        reasons.no_cells()
    else:
        reasons.rule("lane_depth", _most(lane), standard.lane_depth, bool((lane <= limit).all()))
        reasons.rule("ground_floor", _most(walls), evidence.sill, bool((walls <= sill).all()))
        _recession(reasons, area, evidence, standard)
    drain = _largest(evidence.recession_time[cells])
    still = bool(evidence.still_above[cells].any())
    lower, upper = standard.recession[area.area_kind]
    return {
        "name": area.name,
        "area_kind": area.area_kind,
        "area_kind_name": standard.area_names[area.area_kind],
        "historical": area.historical,
        "passed": reasons.passed,
        "undetermined": reasons.undetermined,
        "max_depth_m": _most(depth),
        "max_lane_depth_m": _most(lane),
        "ground_floor_depth_m": _most(walls) if walls.size else None,
        "sill_m": evidence.sill,
        "time_of_max_depth_s": None if deepest is None else _finite(evidence.time_of_max_depth[cells][deepest]),
        "area_m2": depth.size * evidence.cell_area,
        "area_above_limit_m2": int((depth > limit).sum()) * evidence.cell_area,
        "duration_above_limit_s": None if evidence.duration is None else _most(np.nan_to_num(evidence.duration[cells])),
        "drain_time_s": drain,
        "drain_time_is_lower_bound": still,
        "still_flooded": still,
        "recession_limit_s": _finite(standard.recession_limit(area.area_kind)),
        "recession_limits_s": [_finite(lower), _finite(upper)],
        "within_lower_limit": reasons.passed and (drain or 0.0) <= lower,
        "reasons": reasons.texts(),
        "clauses": reasons.clauses,
    }


def _recession(reasons: Reasons, area: Area, evidence: Evidence, standard: Standard) -> None:
    """Judge recession over the whole area; water that still stands when the run ends cannot pass."""
    cells = (area.rows, area.columns)
    allowed, since = standard.recession_limit(area.area_kind), evidence.end - evidence.rain_end
    drain = _largest(evidence.recession_time[cells]) or 0.0
    if np.isinf(allowed):
        return  # the standard limits no recession time
    if evidence.recession_depth > standard.lane_depth + SAME_DEPTH:
        reasons.wrong_depth(evidence.recession_depth, standard.lane_depth)
    elif since < 0:
        reasons.ends_before_rain(evidence.end, evidence.rain_end)
    elif evidence.still_above[cells].any() and drain < allowed:
        reasons.too_short(since, allowed, evidence.rain_end + allowed)
    elif evidence.still_above[cells].any():
        reasons.never_drained(since, allowed)
    else:
        reasons.rule("recession", drain, allowed, drain <= allowed, shown=hours)


def _missing(what: str, results: Results) -> CaseError:
    return CaseError(Fault(f"the results hold no {what}", file=str(results.folder or ""), remedy="run the case again"))


def _most(values: np.ndarray) -> float:
    return float(values.max()) if values.size else 0.0


def _largest(values: np.ndarray) -> float | None:
    found = values[np.isfinite(values)]
    return float(found.max()) if found.size else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
