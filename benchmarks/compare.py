"""Compare the ratios of a speed measurement with stored ones, and print the table.

    python benchmarks/speed.py --quick --json speed.json && python benchmarks/compare.py speed.json [--store]

Ratios are compared, never times: machines differ and are shared. A ratio that has fallen below LOST of the stored one
means that a loop is no longer vector code, or that work is done twice; the exit status is then 1. The stored ratios
stand in `baseline.json`; ``--store`` replaces them by the measured ones.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).with_name("baseline.json")
LOST = 0.5
"""Share of a stored ratio below which something is broken; shared machines alone move ratios by up to a third."""


def ratios(measured: dict[str, Any]) -> dict[str, float]:
    """The ratios of one measurement, by name: rates of one thread at the smallest grid over each other."""
    rows = [row for row in measured["rows"] if row["threads"] == 1]
    cells = min(row["cells"] for row in rows)
    rate = {
        (row["name"], row["scheme"], row["order"], row["precision"]): row for row in rows if row["cells"] == cells
    }  # fmt: skip
    first = rate["all wet", "hllc", 1, "double"]
    found = {
        "first order, double: over NumPy": first["numpy_ratio"],
        "first order, double: share of triad bandwidth": first["triad_share"],
    }
    for (name, scheme, order, precision), row in rate.items():
        label = f"{scheme} {order}, {precision}"
        if name == "10 % wet":
            wet = rate["all wet", scheme, order, precision]
            found[f"{label}: 10 % wet over all wet"] = row["mcells_per_s"] / wet["mcells_per_s"]
        elif row is not first:
            found[f"{label}: over first order, double"] = row["mcells_per_s"] / first["mcells_per_s"]
    for run in measured.get("whole_runs", []):
        label = f"whole run, {run['scheme']} {run['order']}, {run['precision']}"
        found[f"{label}: share of time in kernels"] = run["kernel_share"]
    return found


def table(now: dict[str, float], stored: dict[str, float]) -> tuple[list[str], bool]:
    """Lines of the comparison, and whether any ratio is lost."""
    lines, lost = [f"{'ratio':58s} {'stored':>8s} {'now':>8s} {'now/stored':>10s}"], False
    for name in sorted(stored.keys() | now.keys()):
        a, b = stored.get(name), now.get(name)
        if a is None or b is None:
            lines.append(f"{name:58s} {'-' if a is None else f'{a:8.2f}':>8s} {'-' if b is None else f'{b:8.2f}':>8s}")
            continue
        bad = b < LOST * a
        lost |= bad
        lines.append(f"{name:58s} {a:8.2f} {b:8.2f} {b / a:10.2f}{'  LOST' if bad else ''}")
    return lines, lost


def main() -> None:
    """Print the table; exit status 1 where a ratio is lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path, help="what speed.py --json wrote")
    parser.add_argument("--store", action="store_true", help="make these the stored ratios")
    options = parser.parse_args()
    now = ratios(json.loads(options.measured.read_text()))
    if options.store:
        BASELINE.write_text(json.dumps({name: round(value, 3) for name, value in now.items()}, indent=1) + "\n")
    lines, lost = table(now, json.loads(BASELINE.read_text()))
    print("\n".join(lines))
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
