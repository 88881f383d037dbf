"""The table of docs/network_against_swmm.md: our network engine beside EPA SWMM on inputs of EPA's regression suite.

    python benchmarks/swmm_table.py FOLDER [NAME ...] [--hours 72] [--swc-hours 720] [--worst 0] [--keep FOLDER]

FOLDER holds the ``.inp`` files, in any depth; NAMEs choose among them by their stems. ``--worst N`` adds the N objects
that lie farthest outside SWMM's band; ``--keep`` stores SWMM's answers, which need only be made once.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from floodsim.drainage import compare  # noqa: E402


def keeping(folder: Path) -> Any:
    """`compare.swmm_answers`, but an answer that lies in ``folder`` is taken from there."""
    make = compare.swmm_answers

    def answers(inp: Path, network: Any, work: Path, hours: float, fine: bool) -> Any:
        file = folder / f"{inp.stem}-{hours:g}-{fine}.pickle"
        if not file.exists():
            file.write_bytes(pickle.dumps(make(inp, network, work, hours, fine)))
        return pickle.loads(file.read_bytes())

    return answers


def print_worst(table: compare.Deviation, count: int, unit: str) -> None:
    """The objects farthest out, with rms, worst instant, peak and width of the band."""
    size = np.maximum(table.rms, table.peak)
    for k in np.argsort(-size, kind="stable")[:count]:
        print(f"    {table.name[k]}: rms {table.rms[k]:.4g}, worst {table.worst[k]:.4g}, peak {table.peak[k]:.4g}, "
              f"band {table.band[k]:.4g} {unit}")  # fmt: skip


def main() -> None:
    """Print one row per input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--hours", type=float, default=72.0)
    parser.add_argument("--swc-hours", type=float, default=720.0)
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_intermixed_args()
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        compare.swmm_answers = keeping(options.keep)
    for file in sorted(options.folder.rglob("*.inp")):
        if options.names and file.stem not in options.names:
            continue
        hours = options.swc_hours if file.stem.startswith("swc") else options.hours
        with tempfile.TemporaryDirectory() as work:
            found = compare.compare_with_swmm(file, Path(work), hours=hours)
        print(found.row, flush=True)
        print_worst(found.nodes, options.worst, "m")
        print_worst(found.links, options.worst, "of the peak")


if __name__ == "__main__":
    main()
