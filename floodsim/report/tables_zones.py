"""The table of drainage zones 排水分区 and the rain they bear, as `floodsim zones` left it beside the results."""

from __future__ import annotations

from floodsim.report.run import Run
from floodsim.report.tables import Column, Table
from floodsim.report.texts import Texts
from floodsim.study.zones import read_zones

STATES = {True: "pass", False: "fail", None: "undetermined"}


def zones_table(run: Run, t: Texts) -> Table:
    """A row per drainage zone: the heaviest rain it bears, its return period and class, what gives way beyond it."""
    columns = [
        Column(t("zone")), Column(t("bears_mm"), "{:.1f}"), Column(t("return_period_a"), "{:.1f}"),
        Column(t("class_a")), Column(t("not_borne_mm"), "{:.1f}"), Column(t("gives_way")),
        Column(t("asked_a"), "{:g}"), Column(t("verdict"), kind="verdict"),
    ]  # fmt: skip
    read = read_zones(run.results)
    if read is None:
        return Table("zones", t("table_zones"), columns, [])
    found, stale = read
    rows = [
        [
            zone["zone"], zone["mm"], zone["return_period"], zone["klass"] or None, zone["next_mm"],
            ", ".join(t("gives_way_area") if why == "area" else why for why in zone["why"]) or None, zone["required"],
            STATES[zone["passed"]],
        ]
        for zone in found["zones"]
    ]  # fmt: skip
    rain = found["rain"]
    note = t("zones_note", minutes=f"{rain['duration_s'] / 60:g}", formula=rain["formula"] or rain["kind"])
    notes = [t("zones_stale", made=found["made"])] if stale else []
    notes += [f"{zone['zone']}: {text}" for zone in found["zones"] for text in zone["notes"]]
    return Table("zones", t("table_zones"), columns, rows, note, notes)
