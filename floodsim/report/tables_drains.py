"""Tables of the drains: causes and catchments of points, capacity of pipes, pump stations, outlets."""

from __future__ import annotations

from typing import Any

from floodsim.report.drains import capacity_of, carried, cause_of
from floodsim.report.run import Run
from floodsim.report.tables import Column, Table
from floodsim.report.texts import Texts, number

WEAKEST = 40
"""Conduits that are listed one by one, the weakest first."""


def causes_table(run: Run, t: Texts) -> Table:
    """The cause of every failing point, with the second where it is close."""
    columns = [
        Column(t("point")), Column(t("cause")), Column(t("elements")), Column(t("share"), "{:.0f}"),
        Column(t("evidence")), Column(t("runner_up")),
    ]  # fmt: skip
    rows = []
    for point in run.points:
        cause = cause_of(point)
        if not cause.get("kind"):
            continue
        second = cause.get("runner_up") or {}
        row = [point["name"], t.pick(cause.get("name")), ", ".join(cause["elements"]) or "–", 100 * cause["share"]]
        rows.append([*row, t.pick(cause.get("says")), t.pick(second.get("name")) or "–"])
    return Table("causes", t("table_causes"), columns, rows, t("causes_note"))


def catchments_table(run: Run, t: Texts) -> Table:
    """The catchment of every point."""
    columns = [
        Column(t("point")), Column(t("area_ha"), "{:.2f}"), Column(t("roof_ha"), "{:.2f}"),
        Column(t("paved_ha"), "{:.2f}"), Column(t("unpaved_ha"), "{:.2f}"), Column(t("rain_mm"), "{:.1f}"),
        Column(t("rain_m3"), "{:.0f}"), Column(t("entered_m3"), "{:.0f}"), Column(t("left_m3"), "{:.0f}"),
        Column(t("inlets_inside"), "{:.0f}"),
    ]  # fmt: skip
    rows = [
        [
            point["name"], c["area_m2"] / 1e4, c["roof_m2"] / 1e4, c["paved_m2"] / 1e4, c["unpaved_m2"] / 1e4,
            c["rain_mm"], c["rain_m3"], c["inflow_m3"], c["outflow_m3"], c["inlets"],
        ]
        for point in run.points
        if (c := point.get("catchment"))
    ]  # fmt: skip
    return Table("catchments", t("table_catchments"), columns, rows, t("catchments_note"))


def classes_table(run: Run, t: Texts) -> Table:
    """Length and share of pipes by class of capacity."""
    record = capacity_of(run)
    columns = [
        Column(t("capacity_class")), Column(t("conduits"), "{:.0f}"), Column(t("length_m"), "{:.0f}"),
        Column("%", "{:.1f}"),
    ]  # fmt: skip
    rows = [
        [f"P {row['class']} a", row["conduits"], row["length_m"], 100 * row["share"]]
        for row in record.get("classes", [])
    ]
    notes = [t.pick(note) for note in record.get("notes", [])]
    return Table("capacity", t("table_capacity"), columns, rows, t("capacity_note"), notes)


def conduits_table(run: Run, t: Texts) -> Table:
    """The weakest conduits."""
    record = capacity_of(run)
    columns = [
        Column(t("conduit")), Column(t("from_node")), Column(t("to_node")), Column(t("section_size")),
        Column(t("length_m"), "{:.0f}"), Column(t("full_flow"), "{:.3f}"), Column(t("design_flow"), "{:.3f}"),
        Column(t("at_period"), "{:g}"), Column(t("carries")), Column(t("capacity_class")),
    ]  # fmt: skip
    gravity = [c for c in record.get("conduits", []) if c["class"] is not None]
    weakest = sorted(gravity, key=_strength)
    rows = [
        [
            c["name"], c["from"], c["to"], f"{c['shape'].lower()} {c['height_m']:g} m", c["length_m"],
            c["full_flow_m3_s"], c["design_flow_m3_s"], c["design_period_a"], f"{carried(c, record)} a", c["class"],
        ]
        for c in weakest[:WEAKEST]
    ]  # fmt: skip
    note = t("conduits_note", n=WEAKEST, of=len(gravity)) if len(gravity) > WEAKEST else ""
    return Table("conduits", t("table_conduits"), columns, rows, note)


def _strength(conduit: dict[str, Any]) -> tuple[float, float]:
    """Order of the list: by return period, then by full flow over design flow."""
    return conduit["period_a"] or 0.0, conduit["full_flow_m3_s"] / max(conduit["design_flow_m3_s"], 1e-9)


def stations_table(run: Run, t: Texts) -> Table:
    """Pump stations: design flow against installed, sump, starts, shortfall."""
    columns = [
        Column(t("station")), Column(t("design_flow"), "{:.3f}"), Column(t("storm_flow"), "{:.3f}"),
        Column(t("max_inflow"), "{:.3f}"), Column(t("installed"), "{:.3f}"), Column(t("without_largest"), "{:.3f}"),
        Column(t("verdict"), kind="verdict"), Column(t("shortfall"), "{:.3f}"), Column(t("sump_s"), "{:.0f}"),
        Column(t("starts_h"), "{:.0f}"), Column(t("hours"), "{:.2f}"), Column(t("energy"), "{:.1f}"),
        Column(t("level_margin"), "{:.2f}"), Column(t("dark_min"), "{:.0f}"),
    ]  # fmt: skip
    stations: list[dict[str, Any]] = run.verdict.get("stations") or []
    rows = [
        [
            s["name"], s["design_flow_m3_s"], s["storm_flow_m3_s"], s["max_inflow_m3_s"], s["installed_m3_s"],
            s["without_largest_m3_s"], {True: "pass", False: "fail", None: "none"}[s["enough"]], s["shortfall_m3_s"],
            s["sump_s"], s["most_starts_per_hour"], s["hours"], s["energy_kwh"], s["margin_m"],
            None if s["dark_fills_in_s"] is None else s["dark_fills_in_s"] / 60,
        ]
        for s in stations
    ]  # fmt: skip
    if not stations:
        return Table("stations", t("table_stations"), columns, [])
    first = stations[0]
    note = t("stations_note", p=number(first["design_period_a"], "{:g}"), storm=number(first["storm_period_a"], "{:g}"),
             clause=first["clause"], sump=f"{first['sump_needed_s']:g}", deep=f"{first['sump_needed_underpass_s']:g}",
             starts=f"{first['starts_allowed']:g}")  # fmt: skip
    return Table("stations", t("table_stations"), columns, rows, note)


def outlets_table(run: Run, t: Texts) -> Table:
    """Outlets: stage, how far and long they are drowned, what comes back, how far it reaches."""
    columns = [
        Column(t("outlet")), Column(t("stage_kind")), Column(t("design_stage"), "{:.2f}"),
        Column(t("invert"), "{:.2f}"), Column(t("crown"), "{:.2f}"), Column(t("max_stage"), "{:.2f}"),
        Column(t("over_crown"), "{:.2f}"), Column(t("drowned_min"), "{:.0f}"), Column(t("max_discharge"), "{:.3f}"),
        Column(t("full_flow"), "{:.3f}"), Column(t("flap")), Column(t("back_m3"), "{:.0f}"),
        Column(t("reach_m"), "{:.0f}"),
    ]  # fmt: skip
    rows = [
        [
            o["name"], t.pick(o["kind"]), o["design_stage_m"], o["invert_m"], o["crown_m"], o["max_stage_m"],
            o["over_crown_m"], o["drowned_s"] / 60, o["max_flow_m3_s"], o["full_flow_m3_s"],
            t("yes") if o["flap"] else t("no"), o["back_m3"], o["reach_m"],
        ]
        for o in run.verdict.get("outlets") or []
    ]  # fmt: skip
    return Table("outlets", t("table_outlets"), columns, rows, t("outlets_note"))
