"""What came of a run, on the terminal: status, figures, mass ledger, and the verdict per waterlogging point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from floodsim.cli_progress import duration_text
from floodsim.cli_show import print_notes, print_pairs, print_table

if TYPE_CHECKING:
    from floodsim.output.reader import Results


def show_results(results: Results) -> None:
    """Everything a person asks first of a result folder, on stdout."""
    status = f"{results.status}: {results.statement}" if results.statement else results.status
    title = results.case.get("title") or results.case.get("name", "")
    head = [("case", title), ("results", str(results.folder or "")), ("status", status)]
    print_pairs([*head, *summary_pairs(results.summary), *continued_pairs(results.summary), *resume_pairs(results)])
    show_ledger(results.summary.get("mass", {}))
    show_limiter(results.summary.get("limiter", []))
    if results.verdict:
        show_verdict(results.verdict)
    print_notes(results.summary.get("notes", []))


def resume_pairs(results: Results) -> list[tuple[str, str]]:
    """From when the run can be continued, and how; nothing where it cannot."""
    from floodsim.simulate.resume import resumable_time

    if results.folder is None or results.status == "complete":
        return []
    time = resumable_time(results.folder)
    if time is None:
        return []
    return [("resume", f"from {duration_text(time)} on, by: floodsim run {results.folder} --resume")]


def continued_pairs(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """At which simulated times the run was continued by another process; nothing where it was not."""
    times = summary.get("resumed_at_s", [])
    return [("continued", "at " + ", ".join(map(duration_text, times)))] if times else []


def summary_pairs(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a run did and cost, in lines of name and value; nothing where the summary does not say (a killed run)."""
    if "performance" not in summary:
        return []
    grid, solver, cost = summary["grid"], summary["solver"], summary["performance"]
    memory = f", {cost['peak_memory_mb']:.0f} MB" if cost["peak_memory_mb"] else ""
    return [
        ("simulated", f"{duration_text(summary['simulated_s'])} of {duration_text(summary['duration_s'])}"),
        ("grid", f"{grid['columns']} x {grid['rows']} cells of {grid['dx_m']:g} m, {grid['active_cells']} active"),
        ("solver", f"{solver['scheme']}, order {solver['order']}, {solver['precision']}, {solver['threads']} threads"),
        (
            "took",
            f"{duration_text(cost['wall_s'])}, {cost['steps']} steps of {cost['mean_dt_s']:.3g} s{memory}",
        ),
        ("speed", f"{cost['mcell_updates_per_s']:.3g} million cell updates per s"),
        ("mass error", f"{summary['mass']['relative_error']:.1e} of all water handled"),
    ]


def show_ledger(mass: Mapping[str, Any]) -> None:
    """The mass ledger 水量平衡 on stdout: every term in m3 and in mm over the domain, then each boundary."""
    meaning = mass.get("meaning", {})
    rows = []
    for name, term in mass.get("terms", {}).items():
        rows.append((name.replace("_", " "), f"{term['m3']:.6g}", f"{term['mm']:.4g}", meaning.get(name, "")))
        if name == "boundaries":
            rows += [(f"  {edge}", f"{volume:.6g}", "", "") for edge, volume in mass.get("boundaries_m3", {}).items()]
    if rows:
        print_table("Mass ledger 水量平衡", ("term", "m3", "mm", ""), rows, right=(1, 2))


def show_limiter(cells: Sequence[Mapping[str, Any]]) -> None:
    """The cells that set the time step longest, on stdout."""
    rows = [
        (
            f"{cell['x']:.1f}",
            f"{cell['y']:.1f}",
            f"{100 * cell['share']:.1f}",
            f"{cell['min_dt_s']:.3g}",
            f"{cell['depth_m']:.2f}",
            f"{cell['speed_m_s']:.2f}",
        )
        for cell in cells
    ]
    if rows:
        columns = ("x m", "y m", "% of the run", "least dt s", "depth m", "speed m/s")
        print_table("What set the time step", columns, rows, right=range(6))


def show_verdict(verdict: Mapping[str, Any]) -> None:
    """The verdict table on stdout, what speaks against a point below it, and the count of points eliminated."""
    if not verdict.get("judged", False):
        print_notes([_both(verdict.get("statement", {}))])
        return
    points = verdict.get("points", [])
    if not points:
        return
    columns = (
        "point 易涝积水点",
        "verdict 评定",
        "depth m 水深",
        "lane m",
        "above min",
        "drained min 退水",
        "limit min",
    )
    print_table(f"Verdict by {verdict.get('standard', '')}", columns, map(verdict_row, points), right=range(2, 7))
    for point in points:
        for reason in point.get("reasons", []):
            print_notes([f"{point['name']}: {_both(reason)}"])
        if point.get("cause"):
            print_notes([f"{point['name']}, cause 成因: {_both(point['cause'])}"])
    print_notes(map(_both, verdict.get("notes", [])))
    overridden = verdict.get("overridden", {})
    if overridden:
        print_notes([f"thresholds replaced by the project: {', '.join(sorted(overridden))}"])
    print_pairs([("pipes 管渠", _pipes(verdict.get("capacity", {})))])
    print_pairs([("target", f"{verdict.get('target', '')} {verdict.get('target_zh', '')}".strip())])


def _pipes(capacity: Mapping[str, Any]) -> str:
    """Shares of pipe length by the return period that they carry."""
    shares = [f"P {row['class']} a {100 * row['share']:.0f} %" for row in capacity.get("classes", [])]
    return ", ".join(shares)


def verdict_row(point: Mapping[str, Any]) -> tuple[str, ...]:
    """One line of the verdict table; times in minutes, depths in m."""
    outcome = "pass 达标" if point["passed"] else "undetermined 未定" if point["undetermined"] else "fail 不达标"
    drained = _figure(point["drain_time_s"], 60.0, "{:.0f}")
    return (
        point["name"],
        outcome,
        _figure(point["max_depth_m"], 1.0, "{:.2f}"),
        _figure(point["max_lane_depth_m"], 1.0, "{:.2f}"),
        _figure(point["duration_above_limit_s"], 60.0, "{:.0f}"),
        f"> {drained}" if point["drain_time_is_lower_bound"] else drained,
        _figure(point["recession_limit_s"], 60.0, "{:.0f}"),
    )


def _figure(value: float | None, unit: float, form: str) -> str:
    return "-" if value is None else form.format(value / unit)


def _both(texts: Mapping[str, str]) -> str:
    """English and Chinese, one after the other."""
    return " ".join(texts[language] for language in ("en", "zh") if texts.get(language))
