"""Speed of the network engine beside EPA SWMM on a generated town of pipes: CPU time of one core, in turn.

    python benchmarks/network.py [--nodes 20000] [--hours 1] [--rounds 2] [--profile] [--json FILE]

Both run the same inflows in this process, SWMM with its variable step (Courant factor 0.75) on one thread and without
reports. `make_town` is also the network of `benchmarks/coupled.py`.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from floodsim.drainage.engine import Engine  # noqa: E402
from floodsim.drainage.network import Network, OutfallKind, PumpKind, Series  # noqa: E402
from floodsim.drainage.write_inp import write_inp  # noqa: E402
from tests.drainage.helpers import Sketch  # noqa: E402

TRUNK, LATERALS, LATERAL_NODES = 20, 2, (5, 4)
"""Manholes of a trunk, laterals on either side of each, and manholes of the two of them: 200 nodes with the outfall."""
NODES_OF_DISTRICT = 200
SPACING, LATERAL_SPACING = 50.0, 40.0
FALL = 0.002
PEAK = 0.012
"""Peak inflow of a manhole, m3/s: the trunks get under pressure."""
SWMM_OPTIONS = {"THREADS": 1, "VARIABLE_STEP": 0.75, "MINIMUM_STEP": 0.5, "ROUTING_STEP": 10, "REPORT_STEP": "01:00:00",
                "SURCHARGE_METHOD": "EXTRAN", "LENGTHENING_STEP": 0}  # fmt: skip


class Town:
    """Districts of a trunk sewer with laterals on both sides, every third joined to its neighbour into a loop.

    Every fourth district ends in a wet well with two pumps, every fifth has a tank behind a weir with an orifice back;
    outfalls are free, fixed, or tidal in turn. Ground falls by `FALL` along x, inverts lie 3 to 1.5 m below.
    """

    def __init__(self, nodes: int, inflows: bool = True, columns: int = 5, hours: float = 2.0) -> None:
        start = datetime(2026, 1, 1)
        self.sketch = Sketch(
            end=start + timedelta(hours=hours), routing_step=5.0, report_step=3600.0, min_surface_area=1.5
        )
        self.inflows, self.columns = inflows, columns
        self.random = np.random.default_rng(4)
        self.third: dict[tuple[int, int, int], int] = {}
        hour = np.array([0.0, 0.2, 0.5, 0.9, 1.5, 24.0]) * 3600.0
        for name, shape in (("EARLY", (0.1, 0.3, 1.0, 0.5, 0.1, 0.1)), ("LATE", (0.1, 0.1, 0.7, 1.0, 0.2, 0.1))):
            self.sketch.series.append(Series(name, hour, np.array(shape)))
        tide = [float(3600 * h) for h in range(25)]
        self.tide = self.sketch.curve("TIDAL", [t / 3600.0 for t in tide], [np.sin(t / 7000.0) for t in tide])
        self.pump = self.sketch.curve("PUMP3", [0.0, 4.0, 8.0], [0.6, 0.5, 0.0])
        for district in range(max(round(nodes / NODES_OF_DISTRICT), 1)):
            self._district(district)

    def _place(self, district: int) -> tuple[float, float]:
        """South-western corner of a district on the ground."""
        return 60.0 + 1100.0 * (district % self.columns), 260.0 + 440.0 * (district // self.columns)

    def ground(self, x: float) -> float:
        """Level of the street, m."""
        return 30.0 - FALL * x

    def _manhole(self, name: str, x: float, y: float, cover: float) -> int:
        node = self.sketch.junction(
            name, self.ground(x) - cover, full_depth=cover, surcharge_depth=0.0, x=x, y=y, ponded_area=100.0
        )
        if self.inflows:
            series, scale = node % 2, PEAK * self.random.uniform(0.5, 1.5)
            row = {"node": node, "series": series, "scale": scale, "baseline": 0.0, "pattern": -1}
            self.sketch.rows["inflows"].append(row)
        return node

    def _district(self, d: int) -> None:
        x0, y0 = self._place(d)
        trunk = []
        for k in range(TRUNK - 1):
            x = x0 + SPACING * k
            trunk.append(self._manhole(f"D{d}T{k}", x, y0, 3.0))
            if k:
                size = 0.6 + 0.05 * k
                self.sketch.conduit(f"D{d}TC{k}", trunk[k - 1], trunk[k], SPACING, ("CIRCULAR", size))
            self._laterals(d, k, trunk[k], x, y0)
        self._laterals(d, TRUNK - 1, trunk[-1], x0 + SPACING * (TRUNK - 1), y0)
        self._end(d, trunk[-1], x0 + SPACING * (TRUNK - 2), y0)
        if d % 5 == 0:
            self._tank(d, trunk[TRUNK // 2], x0 + SPACING * (TRUNK // 2), y0)

    def _laterals(self, d: int, k: int, joint: int, x: float, y0: float) -> None:
        for side, count in enumerate(LATERAL_NODES):
            below, sign = joint, 1.0 if side == 0 else -1.0
            for n in range(count):
                node = self._manhole(f"D{d}L{k}S{side}N{n}", x, y0 + sign * LATERAL_SPACING * (n + 1), 2.2 - 0.15 * n)
                length = LATERAL_SPACING * self.random.uniform(0.3, 1.0)
                size = 0.5 if n == 0 else 0.4 if n < 3 else 0.3
                self.sketch.conduit(f"D{d}L{k}S{side}C{n}", node, below, length, ("CIRCULAR", size))
                below = node
                if n == 2:
                    self.third[d, k, side] = node
            if k % 3 == 1:
                ends = (self.third[d, k - 1, side], self.third[d, k, side])
                self.sketch.conduit(f"D{d}L{k}S{side}LOOP", *ends, SPACING, ("CIRCULAR", 0.3))

    def _end(self, d: int, last: int, x: float, y: float) -> None:
        """An outfall by gravity, or behind a wet well with two pumps; it lies outside the grid of a coupled run."""
        bed = self.sketch.nodes[last]["invert"] - FALL * SPACING
        kind = (OutfallKind.FREE, OutfallKind.FIXED, OutfallKind.TIDAL)[d % 3]
        outfall = self.sketch.outfall(f"D{d}OUT", bed if d % 4 else bed + 3.0, kind, bed + 0.5, self.tide)
        self.sketch.nodes[outfall].update(x=-1000.0, y=y)
        if d % 4:
            self.sketch.conduit(f"D{d}TC{TRUNK - 1}", last, outfall, SPACING, ("CIRCULAR", 0.6 + 0.05 * TRUNK))
            return
        well = self.sketch.storage(f"D{d}WELL", bed - 2.0, 30.0, full_depth=6.0, x=x + SPACING, y=y)
        size = ("CIRCULAR", 0.6 + 0.05 * TRUNK)
        self.sketch.conduit(f"D{d}TC{TRUNK - 1}", last, well, SPACING, size, offset_end=2.0)
        above = self.sketch.junction(f"D{d}ABOVE", bed + 3.1, full_depth=3.0, x=x + 2 * SPACING, y=y)
        self.sketch.conduit(f"D{d}AWAY", above, outfall, SPACING, size)
        for unit, on, off in (("A", 1.2, 0.5), ("B", 1.8, 0.8)):
            self.sketch.pump(
                f"D{d}P{unit}", well, above, kind=PumpKind.HEAD, curve=self.pump, start_depth=on, stop_depth=off,
                initial_on=False,
            )  # fmt: skip

    def _tank(self, d: int, beside: int, x: float, y: float) -> None:
        bed = self.sketch.nodes[beside]["invert"]
        tank = self.sketch.storage(f"D{d}TANK", bed + 0.1, 400.0, full_depth=2.9, x=x + 20.0, y=y + 15.0)
        self.sketch.weir(f"D{d}WEIR", beside, tank, ("RECT_OPEN", 1.0, 3.0), offset_start=1.2)
        self.sketch.orifice(f"D{d}BACK", tank, beside, ("CIRCULAR", 0.3), flap=True)

    def network(self) -> Network:
        """The frozen network."""
        return self.sketch.network()


def time_engine(network: Network, hours: float) -> dict[str, float]:
    """CPU seconds of our engine per hour of the town, its steps and its mass error."""
    engine = Engine(network)
    engine.advance(1.0)  # compiled by now
    start = time.process_time()
    for minute in range(1, round(60.0 * hours) + 1):
        engine.advance(60.0 * minute)
    spent = time.process_time() - start
    step = 3600.0 * hours / engine.steps
    nodes = len(network.nodes.name)
    return {"cpu_s": spent / hours, "mean_step_s": step, "ns_per_node_step": 1e9 * spent / (nodes * engine.steps),
            "mass_error": engine.ledger.relative_error}  # fmt: skip


def time_swmm(inp: Path, hours: float) -> dict[str, float]:
    """CPU seconds of SWMM per hour, its steps and its mass error."""
    from swmm.toolkit import solver

    solver.swmm_open(str(inp), str(inp.with_suffix(".rpt")), "")
    solver.swmm_start(False)
    steps, start = 0, time.process_time()
    while True:
        days = solver.swmm_step()
        steps += 1
        if days == 0.0 or days * 24.0 >= hours:
            break
    spent = time.process_time() - start
    solver.swmm_end()
    error = float(solver.swmm_get_mass_balance()[1]) / 100.0
    solver.swmm_close()
    return {"cpu_s": spent / hours, "mean_step_s": 3600.0 * hours / steps, "mass_error": error}


def main() -> None:
    """Run both in turn and print the ratio of the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=20000)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="only our engine, under Python's profiler")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    network = Town(options.nodes, hours=options.hours + 0.5).network()
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(time_engine, network, options.hours)
        pstats.Stats(profile).sort_stats("tottime").print_stats(15)
        return
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        inp = Path(folder) / "town.inp"
        write_inp(network, inp)
        from floodsim.drainage.run_swmm import with_options

        inp.write_text(with_options(inp.read_text(encoding="utf-8"), **SWMM_OPTIONS), encoding="utf-8")
        for _ in range(options.rounds):
            rounds.append({"floodsim": time_engine(network, options.hours), "swmm": time_swmm(inp, options.hours)})
            print(json.dumps(rounds[-1]), flush=True)
    best = {who: min(one[who]["cpu_s"] for one in rounds) for who in ("floodsim", "swmm")}
    result = {"nodes": len(network.nodes.name), "links": len(network.links.name), "rounds": rounds,
              "ratio": best["swmm"] / best["floodsim"]}  # fmt: skip
    print(f"{result['nodes']} nodes: floodsim {best['floodsim']:.2f}, SWMM {best['swmm']:.2f} CPU s per hour; "
          f"{result['ratio']:.2f} times as fast")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
