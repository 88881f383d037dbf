"""What the page shows of the drains: pipes by class of capacity, catchments, pump stations, outlets, and causes."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from floodsim.output.reader import seconds_from_start
from floodsim.report.chart import Curve, hydrograph
from floodsim.report.layers import extent
from floodsim.report.outline import Ring, rings
from floodsim.report.run import Run
from floodsim.report.texts import Texts, number

CAUSE_COLORS = {
    "inlets": "#c75b12",
    "pipe": "#a61b5b",
    "pumps": "#6f4bb2",
    "backwater": "#1565a7",
    "no_outlet": "#7a5c10",
    "outside": "#0c7f79",
}
"""Colours of the causes, apart from the green and red of verdicts."""


def cause_of(point: dict[str, Any]) -> dict[str, Any]:
    """The cause of a point as plain parts; empty where none was found."""
    cause = point.get("cause")
    return cause if isinstance(cause, dict) else {}


def cause_parts(run: Run, point: dict[str, Any], t: Texts) -> dict[str, Any]:
    """What templates show of a cause: its name, elements, colour, sentence and runner-up."""
    unknown = t("cause_unknown") if run.results.network is None else t("cause_open")
    cause = cause_of(point)
    second = cause.get("runner_up") or {}
    return {
        "cause": t.pick(cause) or ("" if point["passed"] else unknown),
        "cause_name": t.pick(cause.get("name")),
        "cause_color": CAUSE_COLORS.get(str(cause.get("kind")), "#5b6670"),
        "cause_elements": ", ".join(cause.get("elements", [])[:3]),
        "runner_up": t.pick(second),
    }


def catchment_rings(run: Run, number: int) -> list[Ring]:
    """Outline of the catchment of a waterlogging point; empty where the run did not trace it."""
    found = run.results.catchments
    if found is None or "catchment_cell_point" not in found:
        return []
    own = found["catchment_cell_point"].values == number
    rows, columns = found["catchment_cell_row"].values[own], found["catchment_cell_column"].values[own]
    return [straight(ring) for ring in rings(rows, columns, run.grid)]


def straight(ring: Ring) -> Ring:
    """A ring rounded to what a page needs."""
    return [(round(x, 1), round(y, 1)) for x, y in ring]


def capacity_of(run: Run) -> dict[str, Any]:
    """The capacity check of a run; empty where there is none."""
    found = run.verdict.get("capacity") or {}
    return found if found.get("conduits") else {}


def map_data(run: Run, t: Texts) -> dict[str, Any]:
    """Pipes, outlets and stations for the page's map, and the legends of pipes and causes."""
    record = capacity_of(run)
    pipes = [
        {"line": c["line"], "color": c["color"] or "#5b6670", "text": conduit_text(c, record, t)}
        for c in record.get("conduits", [])
        if len(c["line"]) > 1
    ]
    legend = [{"color": row["color"], "label": f"{row['class']} a"} for row in record.get("classes", [])]
    kinds = dict.fromkeys(str(cause_of(p).get("kind")) for p in run.points if cause_of(p))
    named = {str(cause_of(p)["kind"]): t.pick(cause_of(p).get("name")) for p in run.points if "kind" in cause_of(p)}
    causes = [{"color": CAUSE_COLORS[k], "label": named[k]} for k in kinds if k in CAUSE_COLORS]
    return {"pipes": pipes, "pipe_legend": legend, "cause_legend": causes, "marks": _marks(run, t)}


def conduit_text(conduit: dict[str, Any], record: dict[str, Any], t: Texts) -> str:
    """A conduit in a line: name, size, flows and what it carries."""
    return t(
        "conduit_text", name=conduit["name"], height=f"{1e3 * conduit['height_m']:.0f}",
        full=f"{conduit['full_flow_m3_s']:.3f}", design=f"{conduit['design_flow_m3_s']:.3f}",
        period=f"{conduit['design_period_a']:g}", carried=carried(conduit, record),
    )  # fmt: skip


def carried(conduit: dict[str, Any], record: dict[str, Any]) -> str:
    """The return period a conduit carries, as text."""
    if conduit["class"] is None:
        return "–"
    if conduit["period_a"] is None:
        return f"< {record['least_period_a']:g}"
    return f"> {record['greatest_period_a']:g}" if conduit["more"] else f"{conduit['period_a']:.1f}"


def _marks(run: Run, t: Texts) -> list[dict[str, Any]]:
    """Pump stations and outlets as marks on the map."""
    found = []
    for station in run.verdict.get("stations") or []:
        short = t("mark_station", name=station["name"], installed=f"{station['installed_m3_s']:.3f}",
                  need=number(station["storm_flow_m3_s"], "{:.3f}"))  # fmt: skip
        found.append({"kind": "station", "x": station["x"], "y": station["y"], "text": short})
    for outlet in run.verdict.get("outlets") or []:
        short = t("mark_outlet", name=outlet["name"], stage=f"{outlet['max_stage_m']:.2f}",
                  over=f"{outlet['over_crown_m']:.2f}")  # fmt: skip
        found.append({"kind": "outlet", "x": outlet["x"], "y": outlet["y"], "text": short})
    return [mark for mark in found if mark["x"] is not None and mark["y"] is not None]


def page_parts(run: Run, t: Texts) -> dict[str, Any]:
    """What section 2.2 of the page says before its tables: a sentence and the map of capacity."""
    record = run.verdict.get("capacity") or {}
    if run.results.network is None:
        return {"sentence": t("no_network"), "svg": "", "legend": [], "stations": []}
    if not record.get("conduits"):
        why = t.pick(record.get("statement")) or t("no_capacity")
        return {"sentence": why, "svg": "", "legend": [], "stations": station_charts(run, t)}
    asked, whole = record["required_a"], max(record["length_m"], 1e-9)
    source = t("areas_surface") if record["areas_from"] == "surface" else t("areas_subcatchments")
    sentence = t(
        "capacity_sentence", formula=record["formula_title"], source=source,
        area=f"{record['area_m2'] / 1e4:.1f}", coefficient=number(record["runoff_coefficient"]),
        time=f"{record['inlet_time_s'] / 60:g}",
    )  # fmt: skip
    if asked:
        share = f"{100 * record['below_required_m'] / whole:.0f}"
        sentence += " " + t("capacity_asked", p=f"{asked[0]:g}", clause=record["clause"], share=share,
                            length=f"{record['below_required_m']:.0f}")  # fmt: skip
    legend = [{"color": row["color"], "label": f"{row['class']} a"} for row in record["classes"]]
    svg = _capacity_svg(run, record, t)
    return {"sentence": sentence, "svg": svg, "legend": legend, "stations": station_charts(run, t)}


def station_charts(run: Run, t: Texts) -> list[dict[str, Any]]:
    """Running curves of every station: what it lifts against what is installed, and the depth in its well."""
    network, series = run.results.network, run.results.series
    if network is None or series is None or "station" not in network.sizes:
        return []
    minutes = seconds_from_start(network) / 60
    rate = series["rainfall"].values * 3.6e6 if series.sizes["time"] == minutes.size else np.zeros(minutes.size)
    found = []
    for k, station in enumerate(run.verdict.get("stations") or []):
        level = network["station_level"].values[:, k].astype(float)
        if level.size > 1:
            level[0] = level[1]  # no level is known before the first coupling step
        low, crown = float(level.min(initial=np.inf)), station["inlet_crown_m"]
        flow = Curve(t("lifted"), CAUSE_COLORS["pumps"], network["station_flow"].values[:, k])
        depth = Curve(t("well_depth", level=f"{low:.2f}"), "#1f6bb0", level - low)
        limit = None if crown is None or crown <= low else crown - low
        charts = [
            hydrograph(minutes, rate, [flow], "m³/s", station["installed_m3_s"] or None, t, t("installed_line")),
            hydrograph(minutes, rate, [depth], "m", limit, t, t("crown_line")),
        ]
        found.append({"name": station["name"], "charts": charts})
    return found


def _capacity_svg(run: Run, record: dict[str, Any], t: Texts) -> str:
    """Pipes by class as an SVG that lies over the picture of the ground."""
    box = extent(run)
    width = max(box["width"], box["height"]) / 260
    lines = []
    for conduit in sorted(record["conduits"], key=lambda c: -(c["period_a"] or 0.0)):
        if len(conduit["line"]) < 2:
            continue
        xy = np.array(conduit["line"]) - [box["x"], box["y"]]
        places = " ".join(f"{x:.1f},{box['height'] - y:.1f}" for x, y in xy)
        lines.append(
            f'<polyline points="{places}" stroke="{conduit["color"] or "#5b6670"}">'
            f"<title>{escape(conduit_text(conduit, record, t))}</title></polyline>"
        )
    if not lines:
        return ""
    view = f"0 0 {box['width']:g} {box['height']:g}"
    style = f'fill="none" stroke-width="{width:.2f}" stroke-linecap="round" preserveAspectRatio="none"'
    return f'<svg viewBox="{view}" {style}>{"".join(lines)}</svg>'
