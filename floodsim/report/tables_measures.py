"""The tables of measures 工程措施: what could be built and its cost, points before and after, cost of each step."""

from __future__ import annotations

from typing import Any

from floodsim.report.run import Run
from floodsim.report.tables import Column, Table
from floodsim.report.texts import Texts


def built_here(run: Run) -> tuple[list[str], float, str]:
    """Titles of the measures that a run has built, what they cost together, and the currency."""
    section = run.results.case.get("plan") or {}
    names = set(section.get("applied") or [])
    built = [one for one in run.results.case.get("measures") or [] if one["name"] in names]
    titles = [one.get("title") or one["name"] for one in built]
    return titles, sum(float(one["cost"]) for one in built), section.get("currency") or ""


def measures_table(run: Run, t: Texts) -> Table:
    """Every candidate: kind, phase, cost, whether this run and whether the plan has it built, what it does alone."""
    found = run.verdict.get("plan") or {}
    section = run.results.case.get("plan") or {}
    built = set(section.get("applied") or [])
    told = {one["name"]: one for one in found.get("measures", [])}
    rows = [
        [
            one.get("title") or one["name"], t(f"measure_{one['kind']}"), _phase(one.get("phase"), t), one["cost"],
            t("yes") if one["name"] in built else t("no"), *_in_search(told.get(one["name"]), t),
        ]
        for one in run.results.case.get("measures") or []
    ]  # fmt: skip
    money = section.get("currency") or ""
    columns = [
        Column(t("measure")), Column(t("kind")), Column(t("phase")), Column(f"{t('cost')} {money}", "{:,.1f}"),
        Column(t("built_here")), Column(t("in_plan")), Column(t("alone_gains")),
    ]  # fmt: skip
    titles, cost, _ = built_here(run)
    notes = [t("built_cost", n=len(titles), cost=f"{cost:g} {money}")]
    if found:
        plan = found["plan"]
        notes.append(t("plan_line", n=plan["n"], of=plan["of"], cost=f"{plan['cost']:g} {money}"))
        notes.append(t(f"proof_{found['proof']}"))
        if found["never_passed"]:
            notes.append(t("never_passed", points="; ".join(found["never_passed"])))
    return Table("measures", t("table_measures"), columns, rows, t("costs_note"), notes)


def _in_search(one: dict[str, Any] | None, t: Texts) -> list[str]:
    """Whether the plan has a measure, and which points it eliminates alone; dashes where there was no search."""
    if one is None:
        return ["–", "–"]
    gains = one["alone"]["gains"]
    shown = "–" if gains is None else "; ".join(gains) or t("no_point")
    return [t("yes") if one["in_plan"] else t("no"), shown]


def _phase(phase: Any, t: Texts) -> str:
    return t(f"phase_{phase}") if phase in ("near", "mid", "long") else str(phase or "")


def before_after_table(run: Run, t: Texts) -> Table:
    """Every point in the present state and with the plan built, and the measures without which it fails."""
    found = run.verdict.get("plan") or {}
    columns = [
        Column(t("point")), Column(t("before"), kind="verdict"), Column(t("after"), kind="verdict"),
        Column(t("depth_before"), "{:.2f}"), Column(t("depth_after"), "{:.2f}"), Column(t("because")),
    ]  # fmt: skip
    titles = {one["name"]: one["title"] for one in found.get("measures", [])}
    rows = [
        [
            one["point"], _state(one["before"]), _state(one["after"]), one["before"]["max_depth_m"],
            one["after"]["max_depth_m"], "; ".join(titles[name] for name in one["measures"]) or "–",
        ]
        for one in found.get("before_after", [])
    ]  # fmt: skip
    return Table("measures_points", t("table_before_after"), columns, rows)


def _state(point: dict[str, Any]) -> str:
    return "pass" if point["passed"] else "undetermined" if point["undetermined"] else "fail"


def frontier_table(run: Run, t: Texts) -> Table:
    """The cheapest sets by number of points eliminated."""
    found = run.verdict.get("plan") or {}
    money = found.get("currency", "")
    columns = [
        Column(t("eliminated"), "{:.0f}"), Column(t("of"), "{:.0f}"), Column(f"{t('cost')} {money}", "{:,.1f}"),
        Column(t("measures_built")),
    ]  # fmt: skip
    titles = {one["name"]: one["title"] for one in found.get("measures", [])}
    rows = [
        [one["n"], one["of"], one["cost"], "; ".join(titles[name] for name in one["measures"]) or t("present_state")]
        for one in found.get("frontier", [])
    ]
    return Table("measures_frontier", t("table_frontier"), columns, rows)
