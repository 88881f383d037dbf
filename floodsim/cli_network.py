"""The network commands: what is wrong with a drainage network, and the same network in another format."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from floodsim.cli_show import print_notes, print_pairs, print_table
from floodsim.errors import EXIT_BAD_INPUT, EXIT_OK, CaseError, Fault, Faults

if TYPE_CHECKING:
    from floodsim.drainage.check_network import Finding
    from floodsim.drainage.network import Network
    from floodsim.grid.grid import Grid


def check_file(
    source: Path, lines: Path | None, mapping: Path | None, terrain: Path | None, inlets: Path | None = None
) -> int:
    """Print what a network holds, what its reader assumed, and every finding; returns the exit code.

    Rows that cannot be read are findings too, and the checks then run on the rest. ``inlets``: a table as
    drainage.inlets names it, checked with the inlets of a SWMM input.
    """
    from floodsim.drainage.check_inlets import check_inlets
    from floodsim.drainage.check_network import ERROR, check_network
    from floodsim.drainage.convert import read_network
    from floodsim.drainage.inlet_rows import table_rows, usage_rows
    from floodsim.drainage.inp_inlets import read_inlets

    if mapping is not None and not mapping.is_file():
        raise CaseError(Fault("no such file", str(mapping), "--mapping", remedy="network convert writes one"))
    faults = Faults(source)
    network, _ = read_network(source, lines, mapping, faults)
    grid = None
    if terrain is not None:
        network, grid = _on_terrain(network, terrain, source)
    rows_of_inlets = [] if inlets is None else table_rows(inlets, faults, "--inlets")
    findings = check_network(network, grid)
    if source.suffix.lower() == ".inp":
        uses = usage_rows(read_inlets(source, Faults()))  # what is wrong in their rows was found with the network
        known = {name.upper() for name in network.nodes.name}
        rows_of_inlets += [row for row in uses if row.node.upper() in known]
    findings += check_inlets(rows_of_inlets, network, grid)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    print_pairs([*network_pairs(network), ("inlets", str(len(rows_of_inlets)) if rows_of_inlets else "")])
    rows = [("error", fault.key or fault.file, "", _said(fault), fault.remedy) for fault in faults.found]
    rows += [_row(finding) for finding in findings]
    if rows:
        print_table("", ("severity", "object", "place", "what", "remedy"), rows)
    print_notes(network.notes)
    errors = len(faults.found) + sum(finding.severity == ERROR for finding in findings)
    print_pairs([("found", f"{errors} errors, {len(rows) - errors} warnings")])
    return EXIT_BAD_INPUT if errors else EXIT_OK


def convert_file(source: Path, target: Path, lines: Path | None, mapping: Path | None, crs: str | None = None) -> None:
    """Write a network in another format, and CRS if named, and say what was read, assumed and written."""
    from floodsim.drainage.convert import convert_network

    saved = mapping is not None and not mapping.is_file()
    network = convert_network(source, target, lines, mapping, crs)
    print_pairs(network_pairs(network))
    print_notes([*network.notes, *(f"{one.kind} {one.name}: {one.reason}" for one in network.unsupported)])
    print_notes([f"wrote {target}", *([f"wrote the mapping {mapping}"] if saved else [])])


def network_pairs(network: Network) -> list[tuple[str, str]]:
    """What a network holds, in short."""
    import numpy as np

    nodes, conduits = network.nodes, network.conduits
    counts = (
        ("pumps", network.pumps),
        ("orifices", network.orifices),
        ("weirs", network.weirs),
        ("outlets", network.outlets),
    )
    others = ", ".join(f"{table.link.size} {name}" for name, table in counts if table.link.size)
    placed = np.isfinite(nodes.x + nodes.y)
    extent = ""
    if placed.any():
        x, y = nodes.x[placed], nodes.y[placed]
        extent = f"x {x.min():.1f} to {x.max():.1f} m, y {y.min():.1f} to {y.max():.1f} m"
    outfalls, storages = network.outfalls.node.size, network.storages.node.size
    return [
        ("nodes", f"{len(nodes.name)}, of these {outfalls} outfalls 排放口 and {storages} storages"),
        ("conduits", f"{conduits.link.size}, {float(np.nansum(conduits.length)) / 1e3:.3f} km"),
        ("other links", others),
        ("rules", str(len(network.rules)) if network.rules else ""),
        ("extent", extent),
    ]


def _said(fault: Fault) -> str:
    return fault.message + (f" ({fault.value})" if fault.value else "")


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    known = math.isfinite(finding.x) and math.isfinite(finding.y)
    place = f"{finding.x:.2f}, {finding.y:.2f}" if known else ""
    return finding.severity, finding.title, place, finding.message, finding.remedy


def _on_terrain(network: Network, file: Path, source: Path) -> tuple[Network, Grid]:
    """The network in the coordinates of a terrain, and the terrain as a grid; notes say what was assumed."""
    from dataclasses import replace

    from floodsim.case.load import parse_case
    from floodsim.drainage.reproject import to_crs
    from floodsim.grid import crs
    from floodsim.grid.prepare import prepare_grid
    from floodsim.grid.raster import open_raster

    frame = open_raster(file, "--terrain").frame
    if frame.crs_wkt and crs.parse(frame.crs_wkt).is_geographic:
        xmin, ymin, xmax, ymax = frame.bounds
        remedy = f"reproject it: gdalwarp -t_srs {crs.suggest((xmin + xmax) / 2, (ymin + ymax) / 2)}"
        message = f"the terrain is in degrees ({crs.describe(frame.crs_wkt)})"
        raise CaseError(Fault(message, str(file), "--terrain", allowed="a projected CRS in metres", remedy=remedy))
    section = {"terrain": str(file.resolve()), **({} if frame.crs_wkt else {"crs": "local"})}
    grid = prepare_grid(
        parse_case({"name": "terrain", "clock": {"duration": "1 min"}, "grid": section}, Path.cwd(), {}, "options")
    )
    if not grid.crs_wkt and network.crs_wkt:
        note = f"the terrain names no CRS; its coordinates are taken as the network's, {crs.describe(network.crs_wkt)}"
        return replace(network, notes=(*network.notes, note)), grid
    return to_crs(network, grid.crs_wkt, str(source), "the terrain"), grid
