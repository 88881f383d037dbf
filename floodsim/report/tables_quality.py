"""Tables on which the rest can be judged: water balance, model, inputs with checksums, origin of every number."""

from __future__ import annotations

from typing import Any

from floodsim.report.run import Run
from floodsim.report.tables import Column, Table
from floodsim.report.texts import Texts


def balance_table(run: Run, t: Texts) -> Table:
    """The mass ledger, m3 and mm over the domain."""
    mass = run.results.summary.get("mass") or {}
    rows = [
        [t.some("term_").get(name, name.replace("_", " ")), term["m3"], term["mm"]]
        for name, term in (mass.get("terms") or {}).items()
    ]
    note = ""
    if "relative_error" in mass:
        note = t("mass_error", error=f"{mass['relative_error']:.1e}")
    columns = [Column(t("term")), Column("m³", "{:,.3f}"), Column("mm", "{:.3f}")]
    return Table("balance", t("table_balance"), columns, rows, note)


def boundaries_table(run: Run, t: Texts) -> Table:
    """Net inflow through each boundary."""
    volumes = (run.results.summary.get("mass") or {}).get("boundaries_m3") or {}
    columns = [Column(t("boundary")), Column("m³", "{:,.1f}")]
    return Table("boundaries", t("table_boundaries"), columns, [[k, v] for k, v in volumes.items()], t("net_inflow"))


def quality_table(run: Run, t: Texts) -> Table:
    """Model, resolution, cost."""
    summary, grid = run.results.summary, run.grid
    solver, cost = summary.get("solver") or {}, summary.get("performance") or {}
    crs = grid.crs_wkt.split('"')[1] if '"' in grid.crs_wkt else t("local_grid")
    ny, nx = grid.shape
    rows: list[list[Any]] = [
        [t("status"), t.some("status_").get(run.results.status, run.results.status)],
        [t("program"), f"floodsim {summary.get('floodsim', '')}"],
        [t("grid"), f"{nx} × {ny}, {grid.dx:g} m × {grid.dy:g} m"],
        [t("cells"), f"{int(grid.array('active').sum()):,}"],
        [t("crs"), crs],
    ]
    if solver:
        rows.append([t("solver"), t("solver_value", **{k: solver[k] for k in ("scheme", "order", "precision")})])
    if "mass" in summary:
        rows.append([t("relative_mass_error"), f"{summary['mass']['relative_error']:.2e}"])
        clipped = summary["mass"]["terms"].get("created_by_clipping")
        if clipped:
            rows.append([t("clipping"), f"{clipped['m3']:.3g} m³"])
    if cost:
        rows += [
            [t("steps"), f"{cost['steps']:,} × {cost['mean_dt_s']:.3g} s"],
            [t("wall"), f"{cost['wall_s']:.0f} s"],
        ]
    return Table("quality", t("table_quality"), [Column(t("item")), Column(t("value"))], rows)


def limiter_table(run: Run, t: Texts) -> Table:
    """Cells that set the time step longest."""
    columns = [
        Column("x", "{:.1f}"), Column("y", "{:.1f}"), Column(t("limiter_share"), "{:.1f}"),
        Column(t("least_dt"), "{:.3f}"), Column(t("depth_m"), "{:.2f}"), Column(t("speed_ms"), "{:.2f}"),
    ]  # fmt: skip
    rows = [
        [c["x"], c["y"], 100 * c["share"], c["min_dt_s"], c["depth_m"], c["speed_m_s"]]
        for c in run.results.summary.get("limiter") or []
    ]
    return Table("limiter", t("table_limiter"), columns, rows, t("limiter_note"))


def inputs_table(run: Run, t: Texts) -> Table:
    """Every input file with its checksum."""
    inputs = (run.results.case.get("provenance") or {}).get("inputs") or {}
    rows = [
        [key, name, digest] for key, entry in inputs.items() for name, digest in (entry.get("sha256") or {}).items()
    ]
    columns = [Column(t("key")), Column(t("file")), Column("SHA-256", kind="digest")]
    return Table("inputs", t("table_inputs"), columns, rows)


def sources_table(run: Run, t: Texts) -> Table:
    """Where limits, classes and curves come from, and how sure that is."""
    standard, schemes, curve = run.standard, run.tables.schemes, run.tables.damage.curve
    surest = "verified" if all(c.confidence == "verified" for c in standard.clauses.values()) else "recalled"
    rows: list[list[Any]] = [[standard.name, standard.source, surest]]
    rows += [[t.pick(scheme), scheme.source, scheme.confidence] for scheme in schemes.values()]
    rows.append([t.pick(curve), curve.source, curve.confidence])
    columns = [Column(t("item")), Column(t("source")), Column(t("confidence"), kind="confidence")]
    return Table("sources", t("table_sources"), columns, rows, t("sources_note"))
