"""What a search leaves behind: measures.json, tables, and the results of the present state and of the plan."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from floodsim.assess.verdict import judge
from floodsim.case.plan import apply_measures
from floodsim.case.resolve import resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, OverwriteError, RunError
from floodsim.measures.evaluate import set_fingerprint
from floodsim.output.folder import CASE, VERDICT, folder_status, write_json_atomic
from floodsim.output.netcdf import write_fault, writing
from floodsim.output.workbook import write_workbook
from floodsim.simulate.run_case import run_case
from floodsim.study.record import SCENARIOS

REPORT, TABLE, EXCEL = "measures.json", "measures.csv", "measures.xlsx"
PRESENT, PLAN = "present", "plan"
Rows = list[list[Any]]


def take_folder(folder: Path, case: Case, force: bool) -> None:
    """Make the folder of a search, or take one that an earlier search of the same case has begun.

    Raises CaseError where it holds other things, OverwriteError where it holds the search of another case and ``force``
    was not given.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            known = {REPORT, TABLE, EXCEL, PRESENT, PLAN, SCENARIOS, "screening", "report.html"}
            strangers = sorted(entry.name for entry in folder.iterdir() if entry.name not in known)
            if strangers or not ((folder / SCENARIOS).is_dir() or (folder / "screening").is_dir()):
                message = "the folder holds other things than a search for measures; it is left alone"
                shown = (strangers or sorted(entry.name for entry in folder.iterdir()))[0]
                raise CaseError(Fault(message, str(folder), "--out", shown, remedy="choose another --out"))
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaseError(write_fault(folder, error)) from error
    before = _report(folder)
    if before is not None and before.get("fingerprint") != set_fingerprint(apply_measures(case, [])) and not force:
        raise OverwriteError(
            f"{folder} holds a search for another case, or for one that has changed since; use --force to search anew, "
            "or another --out"
        )


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_search(folder: Path, report: dict[str, Any]) -> list[str]:
    """Write measures.json, measures.csv and, where openpyxl is installed, measures.xlsx; returns notes for the user."""
    write_json_atomic(folder / REPORT, report)
    sheets = tables(report)
    text = io.StringIO()
    csv.writer(text).writerows(sheets["measures"])
    with writing(folder / TABLE):  # the mark at the beginning tells Excel that the text is UTF-8
        (folder / TABLE).write_text("\ufeff" + text.getvalue(), encoding="utf-8")
    return write_workbook(folder / EXCEL, sheets)


def tables(report: dict[str, Any]) -> dict[str, Rows]:
    """The sheets of a search, heads first: measures, points before and after, frontier, every set that was run."""
    money = report["currency"]
    measures: Rows = [["measure", "title", "kind", "phase", f"cost {money}", "in the plan", "alone it eliminates",
                       "alone it spoils"]]  # fmt: skip
    for one in report["measures"]:
        alone = one["alone"]
        measures.append([
            one["name"], one["title"], one["kind"], str(one["phase"]), one["cost"], "yes" if one["in_plan"] else "no",
            _listed(alone["gains"]), _listed(alone["loses"]),
        ])  # fmt: skip
    points: Rows = [["point", "before", "after", "depth before m", "depth after m", "min above limit before",
                     "min above limit after", "because of"]]  # fmt: skip
    for one in report["before_after"]:
        before, after = one["before"], one["after"]
        points.append([
            one["point"], _verdict(before), _verdict(after), before["max_depth_m"], after["max_depth_m"],
            _minutes(before["duration_above_limit_s"]), _minutes(after["duration_above_limit_s"]),
            ", ".join(one["measures"]),
        ])  # fmt: skip
    head = ["measures", f"cost {money}", "eliminated", "of", "points that pass", "flooded area m2"]
    return {
        "measures": measures,
        "points": points,
        "frontier": [head, *(_set_row(one) for one in report["frontier"])],
        "sets": [head, *(_set_row(one) for one in report["sets"])],
    }


def _set_row(one: dict[str, Any]) -> list[Any]:
    names = " + ".join(one["measures"]) or "present state"
    return [names, one["cost"], one["n"], one["of"], ", ".join(one["passed"]), one["flooded_area_m2"]]


def _listed(names: list[str] | None) -> str:
    return "not run" if names is None else ", ".join(names)


def _verdict(point: dict[str, Any]) -> str:
    return "passes" if point["passed"] else "undetermined" if point["undetermined"] else "fails"


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60.0, 1)


def write_results(
    folder: Path, case: Case, report: dict[str, Any], tell: Callable[[str], None], force: bool = False
) -> None:
    """Full results of the present state and of the plan, each with a verdict that says what is built and why.

    A folder that holds the complete result of the very same case is kept. Raises KeyboardInterrupt and RunError where
    a run ended early, OverwriteError where the complete result of another plan stands in the way.
    """
    for name, names in ((PRESENT, []), (PLAN, report["plan"]["measures"])):
        built, out = apply_measures(case, names), folder / name
        if not _is_there(out, built):
            tell(f"{name}: full results")
            results = run_case(built, out, force=force)
            try:
                if results.status == "interrupted":
                    raise KeyboardInterrupt
                if results.status != "complete":
                    raise RunError(f"{out}: {results.statement}")
                judge(results)
            finally:
                results.close()
        verdict = json.loads((out / VERDICT).read_text(encoding="utf-8"))
        verdict |= {"measures": rows_by_point(report), "plan": report}
        write_json_atomic(out / VERDICT, verdict)


def _is_there(out: Path, case: Case) -> bool:
    try:
        stored = json.loads((out / CASE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    stored.pop("provenance", None)
    same = stored == json.loads(json.dumps(resolved(case)))
    return same and folder_status(out) == "complete" and (out / VERDICT).is_file()


def rows_by_point(report: dict[str, Any]) -> list[dict[str, Any]]:
    """For each point that the plan eliminates: what is built for it and what that costs, in both languages."""
    known = {one["name"]: one for one in report["measures"]}
    rows = []
    for change in report["before_after"]:
        needed = [known[name] for name in change["measures"]]
        if change["before"]["passed"] or not needed:
            continue
        titles = "; ".join(one["title"] for one in needed)
        cost = f"{sum(one['cost'] for one in needed):g} {report['currency']}"
        rows.append({
            "point": change["point"],
            "measures": change["measures"],
            "text": {"en": titles, "zh": titles},
            "cost_text": {"en": cost, "zh": cost},
        })  # fmt: skip
    return rows
