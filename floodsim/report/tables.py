"""The tables of the report: made once, shown in the page and written to Excel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from floodsim.report.run import DEPTH_CLASSES, DURATION_CLASSES, Run
from floodsim.report.series import state_of
from floodsim.report.texts import Texts, number


@dataclass(frozen=True)
class Column:
    """A column: its head, how numbers are written, and whether cells are verdicts or states of knowledge."""

    head: str
    form: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A table: short key, title, columns, rows of plain values, and a note under it."""

    key: str
    title: str
    columns: list[Column]
    rows: list[list[Any]]
    note: str = ""
    notes: list[str] = field(default_factory=list)

    def shown(self) -> list[list[str]]:
        """The rows as a reader sees them."""
        return [[number(v, c.form) for v, c in zip(row, self.columns, strict=True)] for row in self.rows]


def all_tables(run: Run, t: Texts) -> list[Table]:
    """Every table of a run that has rows, in the order of the report."""
    from floodsim.report import tables_drains as drains
    from floodsim.report import tables_quality as quality
    from floodsim.report.tables_measures import before_after_table, frontier_table, measures_table
    from floodsim.report.tables_zones import zones_table

    makers = (
        points_table, drains.causes_table, drains.catchments_table, clauses_table, rain_table, land_table,
        drains.classes_table, drains.conduits_table, drains.stations_table, drains.outlets_table,
        *(_hazard(key) for key in run.tables.schemes), depth_duration_table, buildings_table, damage_table,
        lifelines_table, gauges_table, lines_table, quality.balance_table, quality.boundaries_table,
        quality.quality_table, quality.limiter_table, quality.inputs_table, quality.sources_table,
    )  # fmt: skip
    planning = (zones_table, measures_table, before_after_table, frontier_table)
    return [table for table in (make(run, t) for make in (*makers, *planning)) if table.rows]


def points_table(run: Run, t: Texts) -> Table:
    """The verdict, a row per waterlogging point."""
    columns = [
        Column(t("point")), Column(t("area_kind")), Column(t("verdict"), kind="verdict"),
        Column(t("max_depth_m"), "{:.2f}"), Column(t("lane_depth_m"), "{:.2f}"),
        Column(t("flooded_area_m2"), "{:.0f}"), Column(t("volume_m3"), "{:.0f}"),
        Column(t("above_limit_min"), "{:.0f}"), Column(t("drain_min")), Column(t("drain_limit_min"), "{:.0f}"),
    ]  # fmt: skip
    rows = [
        [
            p["name"], t.pick(p["area_kind_name"]), state_of(p), p["max_depth_m"], p["max_lane_depth_m"],
            p["area_above_limit_m2"], p["max_volume_m3"], _minutes(p["duration_above_limit_s"]), drained(p),
            _minutes(p["recession_limit_s"]),
        ]
        for p in run.points
    ]  # fmt: skip
    clauses = [
        f"{t(rule)}: {run.standard.clauses[rule].clause} ({t.confidence(run.standard.clauses[rule].confidence)})"
        for rule in ("lane_depth", "ground_floor", "recession")
    ]
    return Table("points", t("table_points"), columns, rows, f"{run.standard.name}: " + "; ".join(clauses))


def drained(point: dict[str, Any]) -> str:
    """Recession time in min as text, with > where water still stands when the run ends."""
    if point["drain_time_s"] is None:
        return "–"
    return f"{'> ' if point['drain_time_is_lower_bound'] else ''}{point['drain_time_s'] / 60:.0f}"


def clauses_table(run: Run, t: Texts) -> Table:
    """What the standard asks for, with clause and confidence."""
    columns = [
        Column(t("clause")), Column(t("requirement")), Column(t("value")), Column(t("confidence"), kind="confidence"),
    ]  # fmt: skip
    standard = run.standard
    city = run.verdict.get("city_class", "medium")
    lower, upper = standard.return_period[city]
    values = {
        "lane_depth": f"{standard.lane_depth:.3g} m",
        "ground_floor": t("sill_value", sill=f"{run.damage['sill_m']:.2f}"),
        "return_period": f"{lower:g} a" if lower == upper else f"{lower:g} – {upper:g} a",
        "recession": "; ".join(_recession_text(standard, kind, t) for kind in standard.recession),
        "judgement": "",
    }
    rows = [
        [clause.clause, clause.text_en if t.lang == "en" else clause.text_zh, values[rule], clause.confidence]
        for rule, clause in standard.clauses.items()
    ]
    replaced = ", ".join(
        f"{name} {number(before, '{:g}')} → {after:g}" for name, (before, after) in (standard.overridden or {}).items()
    )
    note = t("overridden", what=replaced) if replaced else ""
    title = f"{standard.name} {standard.title_en if t.lang == 'en' else standard.title_zh}"
    return Table("standard", title, columns, rows, note, [standard.source])


def _recession_text(standard: Any, kind: str, t: Texts) -> str:
    lower, upper = standard.recession[kind]
    if not np.isfinite(upper):
        return f"{t.pick(standard.area_names[kind])} –"
    shown = f"{lower / 3600:g}" if lower == upper else f"{lower / 3600:g} – {upper / 3600:g}"
    return f"{t.pick(standard.area_names[kind])} {shown} h"


def rain_table(run: Run, t: Texts) -> Table:
    """The storm in short."""
    rain, series = run.results.case.get("rainfall") or {}, run.results.series
    rows: list[list[Any]] = [[t("rain_kind"), rain.get("kind", "")]]
    if rain.get("formula"):
        rows.append([t("rain_formula"), _formula_text(str(rain["formula"]), t)])
    if rain.get("return_period"):
        rows.append([t("return_period_a"), f"{rain['return_period']:g} a"])
    if series is not None and series.sizes["time"] > 1:
        rate, seconds = series["rainfall"].values[1:], np.diff(run.seconds())
        total = float(np.nansum(rate * seconds))
        rows.append([t("rain_total"), f"{total * 1e3:.1f} mm"])
        rows.append([t("rain_peak"), f"{float(np.nanmax(rate)) * 3.6e6:.1f} mm/h"])
    end = run.results.summary.get("rain_end_s")
    if end is not None:
        rows.append([t("rain_end"), f"{end / 60:.0f} min"])
    return Table("rain", t("table_rain"), [Column(t("item")), Column(t("value"))], rows)


def _formula_text(name: str, t: Texts) -> str:
    """A formula's name and how its coefficients are known."""
    from floodsim.forcing.formula_file import list_formulas, load_formula

    if name not in list_formulas():
        return name
    formula = load_formula(name)
    return f"{formula.title} ({name}), {t.confidence(formula.confidence.replace('second-hand', 'secondary'))}"


def land_table(run: Run, t: Texts) -> Table:
    """Land cover as the run knew it: buildings, and shares of Manning's n."""
    active, roofs = run.grid.array("active").astype(bool), run.grid.array("building") > 0
    whole = max(int((active | roofs).sum()), 1)
    hectare = run.grid.cell_area / 1e4
    rows: list[list[Any]] = [[t("buildings"), int(roofs.sum()) * hectare, 100 * int(roofs.sum()) / whole]]
    n, count = np.unique(np.round(run.grid.array("roughness")[active & ~roofs], 4), return_counts=True)
    order = np.argsort(count)[::-1]
    rows += [[t("open_n", n=f"{n[k]:g}"), count[k] * hectare, 100 * count[k] / whole] for k in order[:8]]
    if order.size > 8:
        rest = int(count[order[8:]].sum())
        rows.append([t("open_rest"), rest * hectare, 100 * rest / whole])
    columns = [Column(t("land")), Column(t("area_ha"), "{:.2f}"), Column("%", "{:.1f}")]
    return Table("land", t("table_land"), columns, rows)


def _hazard(key: str) -> Any:
    """Maker of the table of one hazard scheme."""

    def make(run: Run, t: Texts) -> Table:
        scheme, classes = run.tables.schemes[key], run.hazard[key]
        counts = np.bincount(classes[run.open_ground], minlength=len(scheme.levels) + 1)
        beside = np.bincount(run.building_hazard[key], minlength=len(scheme.levels) + 1)
        whole, hectare = max(int(run.open_ground.sum()), 1), run.grid.cell_area / 1e4
        rows = [
            [level.name, t.pick(level), counts[k] * hectare, 100 * counts[k] / whole, int(beside[k])]
            for k, level in enumerate(scheme.levels, 1)
        ]
        columns = [
            Column(t("class")), Column(t("meaning")), Column(t("area_ha"), "{:.2f}"), Column("%", "{:.2f}"),
            Column(t("exposed_buildings"), "{:.0f}"),
        ]  # fmt: skip
        origin = f"{scheme.source}. {t('confidence')}: {t.confidence(scheme.confidence)}. {t.pick(scheme.note)}"
        return Table(f"hazard_{key}", t.pick(scheme), columns, rows, origin)

    return make


def depth_duration_table(run: Run, t: Texts) -> Table:
    """Open ground by depth and by time above 0.15 m, ha."""
    from floodsim.report.layers import envelope

    depth, duration = envelope(run, "max_depth", None), envelope(run, "duration_above", DEPTH_CLASSES[0])
    heads = [Column(t("depth_class"))] + [Column(text, "{:.2f}") for text in _duration_heads(t)]
    if depth is None or duration is None:
        return Table("depth_duration", t("table_depth_duration"), heads, [])
    deep = np.searchsorted(np.array(DEPTH_CLASSES, np.float32), np.nan_to_num(depth), side="right")
    long = np.searchsorted(DURATION_CLASSES, np.nan_to_num(duration), side="right")
    hectare = run.grid.cell_area / 1e4
    rows: list[list[Any]] = []
    for k, name in enumerate(depth_heads(t)[1:], 1):
        cells = [int(((deep == k) & (long == m)).sum()) * hectare for m in range(len(DURATION_CLASSES) + 1)]
        rows.append([name, *cells])
    return Table("depth_duration", t("table_depth_duration"), heads, rows, t("ours_note"))


def depth_heads(t: Texts) -> list[str]:
    """Names of the depth classes, from "shallower than the first" on."""
    pairs = zip(DEPTH_CLASSES, DEPTH_CLASSES[1:], strict=False)
    between = [f"{a:.2f} – {b:.2f} m" for a, b in pairs]
    return [t("shallower", depth=f"{DEPTH_CLASSES[0]:.2f}"), *between, f"> {DEPTH_CLASSES[-1]:.2f} m"]


def _duration_heads(t: Texts) -> list[str]:
    minutes = [s / 60 for s in DURATION_CLASSES]
    between = [f"{a:g} – {b:g} min" for a, b in zip(minutes, minutes[1:], strict=False)]
    return [f"< {minutes[0]:g} min", *between, f"> {minutes[-1]:g} min"]


def buildings_table(run: Run, t: Texts) -> Table:
    """Buildings by the deepest water beside them."""
    k = np.searchsorted(np.array(DEPTH_CLASSES, np.float32), run.beside.astype(np.float32), side="left")
    rows: list[list[Any]] = [
        [name, int((k == n).sum()), float(run.buildings.area[k == n].sum())] for n, name in enumerate(depth_heads(t))
    ]
    columns = [Column(t("depth_beside")), Column(t("buildings"), "{:.0f}"), Column(t("footprint_m2"), "{:.0f}")]
    note = t("buildings_file" if run.buildings.source == "file" else "buildings_cells")
    if run.buildings.unresolved:
        note += " " + t("buildings_unresolved", n=run.buildings.unresolved)
    return Table("buildings", t("table_buildings"), columns, rows if run.buildings.count else [], note)


def damage_table(run: Run, t: Texts) -> Table:
    """Damage to buildings; money only where the user gave a value per area."""
    damage, curve = run.damage, run.tables.damage.curve
    rows: list[list[Any]] = [
        [t("damage_entered"), damage["entered"]],
        [t("damage_entered_area"), f"{damage['entered_area_m2']:.0f} m²"],
        [t("damage_deepest"), f"{damage['deepest_above_floor_m']:.2f} m"],
        [t("damage_lost_area"), f"{damage['lost_area_m2']:.0f} m²"],
        [t("damage_loss"), _money(damage, t)],
    ]
    note = f"{t('curve')}: {t.pick(curve)}. {curve.source}. {t.confidence(curve.confidence)}. {t.pick(curve.note)}"
    columns = [Column(t("item")), Column(t("value"))]
    return Table("damage", t("table_damage"), columns, rows if run.buildings.count else [], note, [t("damage_note")])


def _money(damage: dict[str, Any], t: Texts) -> str:
    if damage["loss"] is None:
        return t("no_unit_value")
    return f"{damage['loss']:,.0f} {damage['currency']} ({damage['value_per_m2']:g} {damage['currency']}/m²)"


def lifelines_table(run: Run, t: Texts) -> Table:
    """Facilities reached by water: when, how deep, how long."""
    columns = [
        Column(t("facility")), Column(t("kind")), Column(t("reached"), kind="verdict"),
        Column(t("threshold_m"), "{:.2f}"), Column(t("max_depth_m"), "{:.2f}"), Column(t("reached_min"), "{:.0f}"),
        Column(t("deepest_min"), "{:.0f}"), Column(t("flooded_min"), "{:.0f}"), Column(t("still_flooded")),
    ]  # fmt: skip
    rows = [
        [
            f["name"], f["kind"], "outside" if not f["in_domain"] else "reached" if f["reached"] else "dry",
            f["threshold_m"], f["max_depth_m"], _minutes(f["reached_s"]), _minutes(f["time_of_max_depth_s"]),
            _minutes(f["duration_s"]), {True: t("yes"), False: t("no"), None: "–"}[f["still_flooded"]],
        ]
        for f in run.verdict.get("lifelines") or []
    ]  # fmt: skip
    return Table("lifelines", t("table_lifelines"), columns, rows, t("lifelines_note"))


def gauges_table(run: Run, t: Texts) -> Table:
    """Gauges: deepest, when, fastest."""
    columns = [
        Column(t("gauge")), Column("x", "{:.1f}"), Column("y", "{:.1f}"), Column(t("max_depth_m"), "{:.2f}"),
        Column(t("deepest_min"), "{:.0f}"), Column(t("max_level_m"), "{:.2f}"), Column(t("max_speed_ms"), "{:.2f}"),
    ]  # fmt: skip
    series, rows = run.results.series, []
    for k in range(0 if series is None else series.sizes.get("point", 0)):
        assert series is not None
        depth = np.nan_to_num(series["depth"].values[:, k])
        level = series["level"].values[:, k]
        rows.append(
            [
                str(series["point_name"].values[k]), float(series["point_x"].values[k]),
                float(series["point_y"].values[k]), float(depth.max(initial=0.0)),
                float(run.seconds()[int(depth.argmax())] / 60) if depth.size and depth.max() > 0 else None,
                float(np.nanmax(level)) if np.isfinite(level).any() else None,
                float(np.nanmax(series["speed"].values[:, k], initial=0.0)),
            ]
        )  # fmt: skip
    return Table("gauges", t("table_gauges"), columns, rows)


def lines_table(run: Run, t: Texts) -> Table:
    """Discharge lines: greatest flow, volume."""
    columns = [
        Column(t("line")), Column(t("max_discharge"), "{:.3f}"), Column(t("deepest_min"), "{:.0f}"),
        Column(t("passed_m3"), "{:.0f}"),
    ]  # fmt: skip
    series, rows = run.results.series, []
    for k in range(0 if series is None else series.sizes.get("line", 0)):
        assert series is not None
        flow, passed = np.nan_to_num(series["discharge"].values[:, k]), series["volume"].values[:, k]
        at = int(np.abs(flow).argmax()) if flow.size else 0
        if flow.size:
            row = [float(flow[at]), float(run.seconds()[at] / 60), float(passed[-1])]
            rows.append([str(series["line_name"].values[k]), *row])
    return Table("lines", t("table_lines"), columns, rows)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60
