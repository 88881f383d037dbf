"""The command validate: runs the validation suite, says what came of every case, writes the page and the JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from floodsim.cli_options import DEBUG, EPILOG, FILE, FOLDER, FORCE, refuse_overwrite
from floodsim.errors import EXIT_NOT_VALID, EXIT_OK

if TYPE_CHECKING:
    from floodsim.validation.suite import Finding, Job


@click.command("validate", short_help="Run the validation suite against published references.", epilog=EPILOG)
@click.option("--quick", is_flag=True, help="Only cases of some seconds; the whole suite takes up to an hour.")
@click.option(
    "--case", "names", multiple=True, metavar="NAME", help="Only this case, or all that begin so. Repeatable."
)
@click.option("--list", "listing", is_flag=True, help="List the cases, and end.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Cases that run side by side, each in a process of its own with one thread; default as many as cores.",
)
@click.option(
    "--data", type=FOLDER, envvar="FLOODSIM_VALIDATION_DATA", metavar="DIR",
    help="Folder of the published data; default FLOODSIM_VALIDATION_DATA.",
)  # fmt: skip
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write figures, limits and times as JSON.")
@click.option("--report", "page", type=FILE, metavar="FILE.html", help="Write one page with pictures and tables.")
@FORCE
@DEBUG
def validate_command(
    quick: bool,
    names: tuple[str, ...],
    listing: bool,
    workers: int | None,
    data: Path | None,
    json_file: Path | None,
    page: Path | None,
    force: bool,
) -> int:
    """Run the model against analytic, laboratory and intercomparison references, and hold it to stated limits.

    Cases whose data or packages are missing are skipped, and said to be. The exit code is 6 where a figure misses its
    limit without a cause being stated for it.
    """
    from floodsim.validation.suite import choose

    jobs = choose(names, quick=quick)
    if listing:
        list_cases(jobs)
        return EXIT_OK
    for path in (json_file, page):
        refuse_overwrite(path, force)
    return run_jobs(jobs, data, quick, json_file, page, workers)


def list_cases(jobs: Sequence[Job]) -> None:
    """Show the cases on the terminal."""
    from floodsim.cli_show import print_table

    rows = {
        case.name: [
            case.title,
            case.group,
            ", ".join(str(s) + ("" if case.quick(s) else " (slow)") for s in case.schemes),
        ]
        for case, _ in jobs
    }
    print_table("validation cases", ["name", "title", "group", "schemes"], [[k, *v] for k, v in rows.items()])


def run_jobs(
    jobs: Sequence[Job], data: Path | None, quick: bool, json_file: Path | None, page: Path | None, workers: int | None
) -> int:
    """Run, show progress, write what was asked for, sum up; the exit code."""
    from floodsim.cli_show import print_notes, print_pairs
    from floodsim.report.files import write_text
    from floodsim.report.validation import write_validation_page
    from floodsim.surface.bands import usable_cores
    from floodsim.validation.case import TITLES
    from floodsim.validation.suite import as_json, run_suite

    told = Teller(jobs)
    found = run_suite(jobs, data, told.tell, min(workers or usable_cores(), len(jobs)))
    facts = as_json(found, quick=quick)
    if json_file is not None:
        write_text(json_file, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    if page is not None:
        titles = {str(scheme): title for scheme, title in TITLES.items()}
        write_validation_page(page, facts, charts_of(found), titles)
    counts: dict[str, int] = facts["counts"]
    print_notes(
        f"{f.case.name}, {TITLES[f.scheme]}: SKIPPED, proves nothing: {f.reason}" for f in found if f.state == "skipped"
    )
    print_pairs([
        ("result", ", ".join(f"{count} {state}" for state, count in counts.items() if count)),
        ("json", str(json_file or "")),
        ("page", str(page or "")),
    ])  # fmt: skip
    return EXIT_NOT_VALID if counts["fail"] + counts["error"] else EXIT_OK


class Teller:
    """Says after every case how it ended, how many are left and about how long they will take."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.left = sum(case.seconds[scheme] for case, scheme in jobs)
        self.expected = 0.0
        self.count, self.done = len(jobs), 0
        self.began = time.monotonic()

    def tell(self, finding: Finding) -> None:
        """One line on stderr, and one for each figure over its limit."""
        from floodsim.cli_progress import duration_text
        from floodsim.validation.case import TITLES

        passed = time.monotonic() - self.began
        expected = finding.case.seconds[finding.scheme]
        self.left -= expected
        self.done += 1
        if finding.state != "skipped":
            self.expected += expected
        left = duration_text(self.left * (passed / self.expected if self.expected else 1.0))
        lines = [
            f"{self.done}/{self.count} {finding.case.name}, {TITLES[finding.scheme]}: {finding.state.upper()}"
            f" {finding.reason} ({duration_text(passed)} gone; about {left} left)"
        ]
        lines += [
            f"      {name}: {v.value:.4g}, limit {'at least ' if v.limit.least else ''}{v.limit.value:.4g}: {v.state}"
            + (f": {v.cause}" if v.cause else "")
            for name, v in finding.verdicts.items()
            if v.limit is not None and v.state != "pass"
        ]
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


def charts_of(found: Sequence[Finding]) -> dict[str, list[str]]:
    """The charts of every case as SVG: ground and reference once, and the result of each scheme over them."""
    from floodsim.report.validation import COLORS, RESULTS, Line, xy_chart
    from floodsim.validation.case import SCHEMES, TITLES

    charts: dict[str, list[str]] = {}
    for name in dict.fromkeys(finding.case.name for finding in found):
        mine = [f for f in found if f.case.name == name and f.outcome.pictures]
        for number, picture in enumerate(mine[0].outcome.pictures if mine else ()):
            lines: list[Any] = [
                Line(c.label, COLORS[c.kind], c.x, c.y, 2.6) for c in picture.curves if c.kind != "result"
            ]
            for finding in mine:
                color = RESULTS[SCHEMES.index(finding.scheme)]
                results = [c for c in finding.outcome.pictures[number].curves if c.kind == "result"]
                lines += [Line(f"{c.label}, {TITLES[finding.scheme]}", color, c.x, c.y) for c in results]
            charts.setdefault(name, []).append(xy_chart(picture.title, picture.x_label, picture.y_label, lines))
    return charts
