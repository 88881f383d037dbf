"""What the command line shows: tables, faults, notes. Colours and rules on a terminal, plain text anywhere else."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from floodsim.errors import CaseError

if TYPE_CHECKING:
    from floodsim.case.schema import Case
    from floodsim.forcing.series import Rain
    from floodsim.grid.grid import Grid
    from floodsim.simulate.setup import Setup

PLAIN_WIDTH = 200
"""Columns assumed where the output is no terminal, so that tables in a log are not folded."""


def console(*, error: bool = False) -> Console:
    """Console on stdout (or stderr) that adds no colours of its own."""
    probe = Console(stderr=error, highlight=False, soft_wrap=True)
    return probe if probe.is_terminal else Console(stderr=error, highlight=False, soft_wrap=True, width=PLAIN_WIDTH)


def show_faults(error: CaseError) -> None:
    """Every fault of a case on stderr; the text is that of the error itself."""
    out = console(error=True)
    count = len(error.faults)
    out.print(Text(f"{count} fault{'s' if count > 1 else ''}; nothing was run or written", style="bold red"))
    for fault in error.faults:
        first, *rest = str(fault).splitlines()
        out.print(Text(first, style="bold"))
        for line in rest:
            out.print(Text(line, style="green" if line.lstrip().startswith("remedy") else ""))


def show_error(message: str) -> None:
    """One line on stderr."""
    console(error=True).print(Text.assemble(("floodsim: ", "bold red"), message))


def show_unexpected(error: BaseException) -> None:
    """One line for an error that nobody foresaw, and how to report it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "floodsim" in Path(frame.filename).parts]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = " ".join(str(error).split()) or "no message"
    show_error(
        f"unexpected {type(error).__name__}{place}: {text}. This is a fault of floodsim, not of your case: "
        "please send the maintainers the case and what the same command prints with --debug."
    )


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()
) -> None:
    """Table on stdout; ``right`` numbers the columns that are aligned to the right.

    Cells that read as a verdict are coloured on a terminal.
    """
    out = console()
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD if out.is_terminal else None, pad_edge=False)
    right = set(right)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=VERDICT_STYLES.get(cell.split(" ")[0].lower(), "")) for cell in row))
    out.print(table, soft_wrap=False)


VERDICT_STYLES = {"pass": "green", "fail": "bold red", "undetermined": "yellow"}


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Aligned lines of name and value on stdout; pairs without a value are left out."""
    kept = [(name, value) for name, value in pairs if value]
    width = max((cell_len(name) for name, _ in kept), default=0)
    out = console()
    for name, value in kept:
        out.print(Text.assemble((set_cell_size(name, width + 2), "dim"), value))


def print_notes(notes: Iterable[str]) -> None:
    """Notes on stdout, one a line."""
    out = console()
    for note in notes:
        out.print(Text.assemble(("note: ", "yellow"), note))


def case_pairs(case: Case) -> list[tuple[str, str]]:
    """What a case states, in short."""
    from floodsim.case.units import show

    rain, losses, solver = case.rainfall, case.losses.kind, case.solver
    years = "" if rain.return_period is None else f"P = {rain.return_period:g} a"
    storm = (rain.kind, rain.formula or "", years, "" if rain.file is None else rain.file.name)
    points = len(case.waterlogging_points)
    from_file = "" if case.waterlogging_file is None else f" and those of {case.waterlogging_file.file.name}"
    return [
        ("case", f"{case.name}: {case.title}" if case.title else case.name),
        ("clock", f"{show(case.clock.duration, 'time')} from {case.clock.start}"),
        ("terrain", str(case.grid.terrain or "")),
        ("rainfall", " ".join(part for part in storm if part)),
        ("losses", losses),
        ("boundaries", ", ".join(f"{boundary.name} ({boundary.kind})" for boundary in case.boundaries)),
        ("sources", ", ".join(source.name for source in case.sources)),
        ("points", ", ".join(point.name for point in case.points)),
        ("lines", ", ".join(line.name for line in case.lines)),
        ("waterlogging points", f"{points}{from_file}" if points or from_file else ""),
        ("standard", case.standard.name),
        ("solver", f"{solver.scheme}, order {solver.order}, {solver.precision} precision"),
    ]


def show_case(case: Case) -> None:
    """What a case states, on stdout."""
    print_pairs(case_pairs(case))


def show_check(case: Case, setup: Setup) -> None:
    """The case, its prepared ground and its water on stdout, then the notes."""
    still = 0.0 if setup.depth is None else float(setup.depth.sum()) * setup.grid.cell_area
    start = ("water at the start", f"{still:.6g} m3" if still else "")
    print_pairs([*case_pairs(case), *_ground_pairs(setup.grid), start, *_rain_pairs(setup.rain)])
    print_notes(setup.notes)


def _ground_pairs(grid: Grid) -> list[tuple[str, str]]:
    active = grid.array("active")
    bed, roughness = grid.array("bed")[active], grid.array("roughness")[active]
    buildings = int(((grid.array("building") > 0) & active).sum())
    (ny, nx), count = grid.shape, int(active.sum())
    crs = grid.crs_wkt.split('"')[1] if '"' in grid.crs_wkt else "local"
    return [
        ("grid", f"{nx} columns x {ny} rows of {grid.dx:g} m x {grid.dy:g} m, {crs}"),
        ("extent", "x {0:.1f} to {2:.1f} m, y {1:.1f} to {3:.1f} m".format(*grid.bounds)),
        (
            "domain",
            f"{count} cells, {count * grid.cell_area / 1e6:.4g} km2 ({100 * count / (ny * nx):.1f} % of the grid)",
        ),
        ("buildings", f"{buildings} cells ({100 * buildings / max(count, 1):.1f} % of the domain)"),
        ("bed", f"{bed.min():.2f} to {bed.max():.2f} m"),
        ("roughness", f"{roughness.min():.3f} to {roughness.max():.3f} s/m^(1/3)"),
    ]


def _rain_pairs(rain: Rain) -> list[tuple[str, str]]:
    from floodsim.forcing.summary import mean_rates

    rates = mean_rates(rain)
    depth = float(rates @ (rain.edges[1:] - rain.edges[:-1]))
    wet = f"{depth * 1e3:.1f} mm, peak {rates.max() * 3.6e6:.1f} mm/h, ends after {rain.end / 60:g} min"
    return [("rain", wet if depth else "none")]
