"""The storm command: one storm as a table, a picture or a file for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floodsim.cli_show import print_notes, print_pairs, print_table

if TYPE_CHECKING:
    from floodsim.case.schema import Case
    from floodsim.forcing.series import Rain
    from floodsim.grid.grid import Grid


def list_formulas() -> None:
    """Print the intensity formulas that come with floodsim, with year, confidence and sampling of each."""
    from floodsim.forcing import formula_file
    from floodsim.forcing.formula import SAMPLING

    rows = [
        (formula.name, formula.title, str(formula.year or ""), formula.confidence, SAMPLING[formula.sampling])
        for formula in (formula_file.load_formula(name) for name in formula_file.list_formulas())
    ]
    print_table("", ("name", "place", "year", "confidence", "sampling"), rows)


def case_of(keys: Mapping[str, str], overrides: Sequence[str], env: Mapping[str, str]) -> Case:
    """A case that has nothing but a storm; ``keys`` are those of the section [rainfall], as text."""
    from floodsim.case.load import parse_case

    data = {
        "name": "storm",
        "clock": {"duration": keys.get("duration", "2 h")},
        "rainfall": {"kind": "chicago", **keys},
    }
    return parse_case(data, Path.cwd(), env, "options", overrides)


def show_storm(case: Case, exports: Mapping[str, Path | None], force: bool) -> None:
    """Print the blocks of a case's storm (mean over the grid) and what it amounts to; write the files asked for.

    ``exports`` maps csv, png, swmm and netcdf to files. Only gridded rain needs the terrain of the case.
    """
    from floodsim.forcing.build import rain_and_warnings
    from floodsim.forcing.summary import storm_summary, storm_table

    notes: list[str] = []
    rain, warnings = rain_and_warnings(case, _grid(case, notes))
    fallen, rows = 0.0, []
    for minutes, rate, depth in storm_table(rain):
        fallen += depth
        rows.append((f"{minutes:g}", f"{rate:.2f}", f"{depth:.2f}", f"{fallen:.2f}"))
    print_table("", ("from min", "mm/h", "mm", "sum mm"), rows, right=range(4))
    print_pairs(_summary_pairs(storm_summary(rain, case.rainfall, warnings)))
    for kind, file in exports.items():
        if file is not None:
            _write(kind, rain, case, file, force)
            notes.append(f"wrote {file}")
    print_notes([*warnings, *notes])


def _grid(case: Case, notes: list[str]) -> Grid | None:
    if case.rainfall.kind != "gridded":
        return None
    from floodsim.grid.prepare import prepare_grid

    return prepare_grid(case, notes=notes)


def _summary_pairs(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    peak = (
        f"{summary['peak_mm_h']:.1f} mm/h for {summary['peak_block_minutes']:g} min "
        f"from {summary['peak_block_begin_min']:g} min on"
    )
    zones = f"{summary['least_zone_mm']:.1f} to {summary['greatest_zone_mm']:.1f} mm in {summary['zones']} zones"
    block, ratio = summary["formula_block_mm"], summary["block_over_formula"]
    return [
        ("depth 总雨量", f"{summary['total_mm']:.1f} mm"),
        ("zones", zones if summary["zones"] > 1 else ""),
        ("peak 峰值雨强", peak),
        ("formula 暴雨强度公式", summary["formula"] or ""),
        ("return period 重现期", "" if summary["formula"] is None else f"{summary['return_period_a']:g} a"),
        ("formula's depth of that block", "" if block is None else f"{block:.1f} mm; the storm has {ratio:.3f} of it"),
    ]


def _write(kind: str, rain: Rain, case: Case, file: Path, force: bool) -> None:
    from floodsim.forcing import export, plot
    from floodsim.forcing.table import parse_start

    if kind == "csv":
        export.write_csv(rain, file, force)
    elif kind == "png":
        plot.plot_storm(rain, file, case.title or case.name, force)
    elif kind == "swmm":
        export.write_swmm(rain, file, parse_start(case.clock.start), case.name, force)
    else:
        export.write_netcdf(rain, file, parse_start(case.clock.start), force)
