"""The command capacity: what return period each pipe carries, as a table on the screen and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from floodsim.cli_options import DEBUG, FILE, FOLDER, FORCE, SET, Settings, refuse_overwrite

if TYPE_CHECKING:
    from floodsim.assess.capacity import Capacity

MOST_ROWS = 30


@click.command("capacity", short_help="The return period each pipe carries 管渠排水能力校核.")
@click.argument("source", metavar="CASE|RESULTS", type=click.Path(path_type=Path))
@click.option(
    "--areas",
    type=click.Choice(["auto", "subcatchments", "surface"]),
    default="auto",
    show_default=True,
    help="What drains to each node: subcatchments of the .inp, or traced on the surface to its inlets.",
)
@click.option("--formula", metavar="NAME|FILE", help="Intensity formula; default that of the case.")
@click.option("--classes", metavar="P,P,...", help="Return periods that part the classes; default 2,3,5,10.")
@click.option("--rules", type=FILE, metavar="FILE.toml", help="Runoff coefficients, times and classes of your own.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write capacity.json, .csv and .gpkg there.")
@SET
@FORCE
@DEBUG
def capacity_command(
    source: Path,
    areas: str,
    formula: str | None,
    classes: str | None,
    rules: Path | None,
    out: Path | None,
    overrides: tuple[str, ...],
    force: bool,
) -> None:
    """Say for every conduit the largest return period that it carries full under gravity, without surcharge.

    Design flows by the rational method (GB 50014-2021, 4.1.7 to 4.1.11) against Manning's full flow.
    """
    refuse_overwrite(out, force)
    from floodsim.assess.capacity import capacity_record
    from floodsim.assess.capacity_rules import load_capacity_rules

    used = load_capacity_rules(rules, None if classes is None else _bounds(classes))
    found, standard, city = _checked(source, areas, formula, used, overrides)
    record = capacity_record(found, standard, city)
    show_capacity(record)
    if out is not None:
        from floodsim.cli_show import print_notes
        from floodsim.report.capacity_files import write_capacity

        written = write_capacity(record, out, found.network.crs_wkt)
        print_notes([f"wrote {path}" for path in written])


def _bounds(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise click.UsageError("--classes takes return periods with commas between, such as 2,3,5,10.") from None


def _checked(
    source: Path, areas: Any, formula: str | None, rules: Any, overrides: tuple[str, ...]
) -> tuple[Capacity, str, str]:
    """The check, the standard and the class of city of a case file or a result folder."""
    from floodsim.assess.capacity_inputs import capacity_of_case, capacity_of_results

    if source.is_dir():
        from floodsim.output.reader import open_results

        with open_results(source) as results:
            section = results.case.get("standard", {})
            found = capacity_of_results(results, areas, formula, rules)
            return found, section.get("name", "GB50014-2021"), section.get("city_class", "medium")
    from floodsim.case.load import load_case

    settings = click.get_current_context().ensure_object(Settings)
    case = load_case(source, overrides, settings.environment)
    settings.case_file = source
    return capacity_of_case(case, areas, formula, rules), case.standard.name, case.standard.city_class


def show_capacity(record: dict[str, Any]) -> None:
    """Print the classes, the weakest conduits and what was assumed."""
    from floodsim.cli_show import print_notes, print_pairs, print_table

    asked = record["required_a"]
    print_pairs(
        [
            ("formula", f"{record['formula_title']} ({record['formula']})"),
            ("areas from", f"{record['areas_from']}, {record['area_m2'] / 1e4:.2f} ha, mean runoff coefficient "
             f"{record['runoff_coefficient'] or 0:.2f}; {record['undrained_area_m2'] / 1e4:.2f} ha drain to no inlet"),
            ("time to the inlet", f"{record['inlet_time_s'] / 60:g} min"),
            ("asked for", "" if asked is None else f"P = {asked[0]:g} to {asked[1]:g} a (clause {record['clause']}); "
             f"{record['below_required_m']:.0f} m of {record['length_m']:.0f} m carry less"),
        ]
    )  # fmt: skip
    rows = [
        (row["class"], str(row["conduits"]), f"{row['length_m']:.0f}", f"{100 * row['share']:.1f}")
        for row in record["classes"]
    ]
    print_table("capacity by return period 排水能力分级", ("P a", "conduits", "length m", "%"), rows, right=(1, 2, 3))
    weak = sorted((c for c in record["conduits"] if c["class"] is not None), key=lambda c: c["period_a"] or 0.0)
    print_table(
        "weakest conduits" if len(weak) > MOST_ROWS else "conduits",
        ("conduit", "from", "to", "section", "full m3/s", "design m3/s", "at P a", "carries P a", "class"),
        [_row(conduit, record) for conduit in weak[:MOST_ROWS]],
        right=(4, 5, 6, 7),
    )
    print_notes(note["en"] for note in record["notes"])


def _row(conduit: dict[str, Any], record: dict[str, Any]) -> tuple[str, ...]:
    least, most = record["least_period_a"], record["greatest_period_a"]
    carried = conduit["period_a"]
    shown = f"< {least:g}" if carried is None else f"> {most:g}" if conduit["more"] else f"{carried:.1f}"
    return (
        conduit["name"], conduit["from"], conduit["to"], f"{conduit['shape'].lower()} {conduit['height_m']:g} m",
        f"{conduit['full_flow_m3_s']:.3f}", f"{conduit['design_flow_m3_s']:.3f}", f"{conduit['design_period_a']:g}",
        shown, conduit["class"],
    )  # fmt: skip
