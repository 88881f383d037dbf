"""What a run's part of the page says: target, verdicts, sheets, figures, tables; and the data its script needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.report import drains, layers, series
from floodsim.report.chart import Curve, hydrograph
from floodsim.report.run import Run
from floodsim.report.tables import Table, all_tables, drained
from floodsim.report.tables_measures import built_here
from floodsim.report.texts import Texts, clock, number

STILLS = ("max_depth", "recession_time", "risk", "arr")
"""Layers that also stand in the text, for print."""


def page_content(run: Run, t: Texts, map_data: dict[str, Any]) -> dict[str, Any]:
    """Everything the templates show of one run."""
    tables: dict[str, Table] = {table.key: table for table in all_tables(run, t)}
    verdict = run.verdict
    measures = verdict.get("measures") or []
    return {
        "number": run.number,
        "name": run.name,
        "title": run.title,
        "description": str(run.results.case.get("description") or "").strip(),
        "statement": run.results.statement if run.results.status != "complete" else "",
        "target": _target(run, t),
        "target_state": _target_state(run),
        "standard_line": _standard_line(run, t),
        "verdict_notes": [t.pick(note) for note in verdict.get("notes", [])],
        "points": [_point(run, k, point, t) for k, point in enumerate(run.points)],
        "measures": measures,
        "built": _built(run, t),
        "drains": drains.page_parts(run, t),
        "has_catchments": any(point.get("catchment") for point in run.points),
        "has_causes": any(drains.cause_of(point) for point in run.points),
        "figures": _figures(run, t),
        "figures_of": [layer for layer in map_data["layers"] if layer["key"] in STILLS],
        "extent": map_data["extent"],
        "block": map_data["extent"]["block"],
        "notes": run.results.summary.get("notes", []),
        "tables": tables,
    }


def script_data(run: Run, t: Texts) -> dict[str, Any]:
    """What the page's script needs of one run: pictures, places and series."""
    frames = layers.frames(run, t)
    return {
        "extent": layers.extent(run),
        "base": layers.ground_picture(run),
        "layers": layers.map_layers(run, t),
        "frames": frames,
        "places": series.places(run),
        "start": "max_depth",
        "drains": drains.map_data(run, t),
        **series.rain(run),
    }


def words(t: Texts) -> dict[str, str]:
    """The texts that the page's script uses."""
    keys = ("play", "pause", "time", "about", "none", "sheet", "close", "here", "causes", "pipe_legend")
    found = {key: t(f"map_{key}") for key in keys}
    found |= {f"series_{key}": text for key, text in t.some("series_").items()}
    found |= {f"kind_{key}": text for key, text in t.some("kind_").items()}
    return found | {"rain": t("series_rain"), "minutes": t("time_min")}


def overview(runs: list[Run], t: Texts) -> Table:
    """All runs of a report side by side: the target, and the verdict and depth of every point."""
    from floodsim.report.tables import Column

    names = list(dict.fromkeys(point["name"] for run in runs for point in run.points))
    rows: list[list[Any]] = [[t("historical_only"), *(_count(run) for run in runs)]]
    for name in names:
        found = [next((p for p in run.points if p["name"] == name), None) for run in runs]
        rows.append([name, *(_short(point, t) for point in found)])
    built = [built_here(run) for run in runs]
    if any(titles for titles, _, _ in built):
        rows.append([t("measures_built"), *("; ".join(titles) or t("present_state") for titles, _, _ in built)])
        rows.append([t("cost"), *(f"{cost:g} {money}".strip() for _, cost, money in built)])
    return Table("overview", t("compare_runs"), [Column(t("point")), *(Column(run.name) for run in runs)], rows)


def _built(run: Run, t: Texts) -> str:
    """What the run has built and what it costs; empty in the present state."""
    titles, cost, money = built_here(run)
    if not titles:
        return ""
    return f"{t('built_cost', n=len(titles), cost=f'{cost:g} {money}')} {'; '.join(titles)}"


def _short(point: dict[str, Any] | None, t: Texts) -> str:
    if point is None:
        return "–"
    return f"{t(series.state_of(point))}, {point['max_depth_m']:.2f} m, {drained(point)} min"


def _count(run: Run) -> str:
    eliminated = run.verdict.get("eliminated")
    return f"{eliminated['n']} / {eliminated['of']}" if eliminated else "–"


def _target(run: Run, t: Texts) -> str:
    verdict = run.verdict
    if not run.points and verdict.get("judged", True):
        return t("no_points")
    return str(verdict.get("target_zh" if t.lang == "zh" else "target", ""))


def _target_state(run: Run) -> str:
    eliminated = run.verdict.get("eliminated")
    if not run.points or not eliminated:
        return "none"
    failing = (run.verdict.get("new_districts") or {}).get("failing", 0)
    return "pass" if eliminated["n"] == eliminated["of"] and not failing else "fail"


def _standard_line(run: Run, t: Texts) -> str:
    periods = run.verdict.get("return_period_a") or {}
    if not run.points:
        return ""
    lower, upper = periods.get("lower"), periods.get("upper")
    asked = f"{lower:g} a" if lower == upper else f"{number(lower, '{:g}')} – {number(upper, '{:g}')} a"
    clause = run.standard.clauses["return_period"].clause
    storm = number(periods.get("storm"), "{:g} a")
    return t("standard_line", standard=run.standard.name, storm=storm, asked=f"{asked} ({clause})")


def _figures(run: Run, t: Texts) -> list[dict[str, str]]:
    """Key figures of the first screen."""
    depth = layers.envelope(run, "max_depth", None)
    found = []
    if depth is not None:
        wet = np.count_nonzero(np.nan_to_num(depth) > np.float32(0.15)) * run.grid.cell_area / 1e4
        found.append({"value": f"{wet:.2f} ha", "label": t("fig_flooded")})
    if run.buildings.count:
        found.append({"value": f"{run.damage['entered']} / {run.buildings.count}", "label": t("fig_buildings")})
    lifelines = run.verdict.get("lifelines") or []
    if lifelines:
        reached = sum(bool(f["reached"]) for f in lifelines)
        found.append({"value": f"{reached} / {len(lifelines)}", "label": t("fig_lifelines")})
    mass = run.results.summary.get("mass") or {}
    rain = (mass.get("terms") or {}).get("rain")
    if rain:
        found.append({"value": f"{rain['mm']:.1f} mm", "label": t("fig_rain")})
    if "relative_error" in mass:
        found.append({"value": f"{mass['relative_error']:.0e}", "label": t("fig_mass")})
    return found


def _point(run: Run, k: int, point: dict[str, Any], t: Texts) -> dict[str, Any]:
    """Sheet and summary row of one waterlogging point."""
    measure: dict[str, Any] = next(
        (m for m in run.verdict.get("measures") or [] if m.get("point") == point["name"]), {}
    )
    why = "; ".join(t.pick(reason) for reason in point["reasons"]) or t("keeps")
    return {
        "name": point["name"],
        "state": series.state_of(point),
        "sheet": f"sheet-{run.number}-{k}",
        "why": why,
        "short": _short_why(point, t) or why,
        **drains.cause_parts(run, point, t),
        "measure": t.pick(measure.get("text")),
        "cost": t.pick(measure.get("cost_text")),
        "facts": _facts(point, t),
        "rules": [_rule(clause, t) for clause in point["clauses"]],
        "chart": _chart(run, k, t),
    }


def _facts(point: dict[str, Any], t: Texts) -> list[tuple[str, str]]:
    duration = point["duration_above_limit_s"]
    return [
        (t("area_kind"), t.pick(point["area_kind_name"])),
        (t("max_depth_m"), number(point["max_depth_m"])),
        (t("time_of_peak"), clock(point["time_of_max_depth_s"])),
        (t("lane_depth_m"), number(point["max_lane_depth_m"])),
        (t("flooded_area_m2"), number(point["area_above_limit_m2"], "{:.0f}")),
        (t("volume_m3"), number(point["max_volume_m3"], "{:.0f}")),
        (t("above_limit_min"), number(None if duration is None else duration / 60, "{:.0f}")),
        (t("drain_min"), drained(point)),
        *_catchment_facts(point, t),
    ]


def _catchment_facts(point: dict[str, Any], t: Texts) -> list[tuple[str, str]]:
    catchment = point.get("catchment")
    if not catchment:
        return []
    return [
        (t("catchment_area"), number(catchment["area_m2"] / 1e4)),
        (t("catchment_rain"), number(catchment["rain_mm"], "{:.1f}")),
        (t("inlets_inside"), number(catchment["inlets"], "{:.0f}")),
    ]


def _short_why(point: dict[str, Any], t: Texts) -> str:
    """What speaks against a point in few words; empty where it passes or something could not be judged."""
    if point["passed"] or point["undetermined"]:
        return ""
    failed = [clause for clause in point["clauses"] if clause["passed"] is False]
    return "; ".join(
        f"{t(c['rule'])} {_amount(c, 'value', 2)} > {_amount(c, 'limit', 2)} ({c['clause']})"
        if c["value"] > c["limit"]
        else f"{t('never_drained')} {_amount(c, 'value', 2)} ({c['clause']})"
        for c in failed
    )


def _amount(clause: dict[str, Any], which: str, digits: int = 3) -> str:
    """Value or limit of a clause: hours for times, metres for depths; enough digits to tell them apart."""
    value = clause[which]
    if clause["rule"] == "recession":
        return number(None if value is None else value / 3600, "{:.2f} h")
    other = clause["limit" if which == "value" else "value"]
    close = value is not None and other is not None and abs(value - other) < 0.01
    return number(value, f"{{:.{3 if close else digits}f}} m")


def _rule(clause: dict[str, Any], t: Texts) -> dict[str, str]:
    state = {True: "pass", False: "fail", None: "undetermined"}[clause["passed"]]
    return {
        "rule": t(clause["rule"]),
        "clause": clause["clause"],
        "value": _amount(clause, "value"),
        "limit": _amount(clause, "limit"),
        "state": state,
        "confidence": clause["confidence"],
    }


def _chart(run: Run, k: int, t: Texts) -> str:
    data = run.results.series
    if data is None or k >= len(run.areas):
        return ""
    curve = Curve(t("depth_in_time"), "#1f6bb0", data["waterlogging_depth"].values[:, k])
    rate = data["rainfall"].values * 3.6e6
    return hydrograph(run.seconds() / 60, rate, [curve], "m", run.standard.lane_depth, t)
