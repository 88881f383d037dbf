"""The exchange of a run: what flows between the cells of a surface and the nodes of a network, and the books of it.

It knows arrays of both sides, and neither the surface nor the engine itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.drainage.inlets import ClassTable, Inlets, class_table
from floodsim.kernels import exchange as kernels

GRAVITY = 9.81
SHORT = 1e-9
"""Volumes (m3) below this are rounding, not water that a node could not give."""
STILL = 1e-6
"""Flows (m3/s) below this are rounding and do not count as turning."""
SLIGHT = 0.01
"""Share of the largest flow so far below which a flow does not count as turning: manholes whose inlets pass water from
one side of the street to the other stand in balance for an hour, and the sum of their inlets crosses zero with every
ripple of the street."""
KEPT = ("flow", "mean_flow", "owed", "pending", "passed", "turns", "node_turns", "sign", "node_sign", "peak",
        "node_peak")  # fmt: skip
"""Arrays of an exchange that steps to come depend on."""
WET_OUTFALL = 1e-3
"""Depth (m) from which the street is the stage of an outfall on the grid; below it the outfall is as in the network."""


@dataclass
class Water:
    """The cells' side: padded depth h (m), velocities u, v (m/s) and source (m/s), which the exchange changes."""

    h: np.ndarray
    u: np.ndarray
    v: np.ndarray
    source: np.ndarray


@dataclass
class Pipes:
    """The network's side (nodes,): head m, water surface m2, volume m3, and what arrives besides the inlets, m3/s."""

    head: np.ndarray
    surface: np.ndarray
    volume: np.ndarray
    arriving: np.ndarray


class Exchange:
    """Flows of all inlets and grid outfalls, step by step; positive into the drain.

    A coupling step is `plan`, any number of `take` (one before each step of the surface), and `settle` with what the
    network made of it. Ports are the inlets and after them the outfalls. ``flow`` (inlets,) m3/s is what was planned,
    ``mean_flow`` (inlets,) what really passed in the last coupling step; ``to_pipes`` and ``from_pipes`` m3 what the
    surface lost and gained so far. A node that could not give what it had promised owes it (``owed`` m3) and pays with
    the next water; ``pending`` (outfalls,) m3 is on its way from outfalls to cells, or lent by them. ``turns``
    (inlets,) counts how often ``mean_flow`` has changed its sign, ``node_turns`` (nodes,) the same of all at a node;
    flows of less than a hundredth of the largest so far, ``peak`` (inlets,) and ``node_peak`` (nodes,), turn nothing.
    ``inertia`` (nodes,) m2/s2 is the sum of g A / L of the conduits at each node: how fast they yield to its head.
    """

    def __init__(
        self, inlets: Inlets, table: ClassTable, inertia: np.ndarray, cell_area: float, cell_width: float
    ) -> None:
        n, m, cells, nodes = len(inlets.names), len(inlets.outfall_rows), len(inlets.cell_j), inertia.size
        self.inlets, self.table, self.inertia = inlets, table, inertia
        self.cell_area, self.cell_width = cell_area, cell_width
        own = inlets.rows[:, kernels.NODE]
        self._order = np.argsort(own, kind="stable").astype(np.int64)
        self._first = np.append(np.unique(own[self._order], return_index=True)[1], n).astype(np.int64)
        sharing = np.bincount(inlets.rows[:, kernels.CELL], minlength=cells)
        self._sharing = sharing[inlets.rows[:, kernels.CELL]] / cell_area
        self.port_cells = np.concatenate([inlets.rows[:, kernels.CELL], inlets.outfall_cells]).astype(np.int64)
        self.flow, self.mean_flow = np.zeros(n), np.zeros(n)
        self.port_flow, self.given, self.taken = np.zeros(n + m), np.zeros(n + m), np.zeros(n + m)
        self.owed, self.pending = np.zeros(nodes), np.zeros(m)
        self.base = np.zeros(cells, np.float32)
        self.to_pipes = self.from_pipes = 0.0
        self.passed = np.zeros(n)
        self._node_sum, self._cell_sum = np.zeros(nodes), np.zeros(cells)
        self._ports = np.zeros((n, 4))
        self.turns, self.sign, self.peak = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
        self.node_turns, self.node_sign, self.node_peak = np.zeros(nodes, np.int64), np.zeros(nodes), np.zeros(nodes)

    def memory(self) -> dict[str, Any]:
        """What coupling steps to come depend on, and the books; between two beats."""
        return {
            **{name: getattr(self, name) for name in KEPT},
            "to_pipes": self.to_pipes,
            "from_pipes": self.from_pipes,
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        for name in KEPT:
            getattr(self, name)[...] = memory[name]
        self.to_pipes, self.from_pipes = memory["to_pipes"], memory["from_pipes"]

    def note_base(self, water: Water) -> None:
        """Remember the source of the cells without any exchange; to be called when the forcing has been renewed."""
        self.base[:] = water.source[self.inlets.cell_j, self.inlets.cell_i]

    def plan(self, dt: float, water: Water, pipes: Pipes) -> None:
        """Set the flows of the coupling step of dt (s) that begins now, and put what comes out into the source."""
        inlets, table = self.inlets, self.table
        water.source[inlets.cell_j, inlets.cell_i] = self.base
        kernels.plan_exchange(
            dt, GRAVITY, self.cell_width, self.cell_area, water.h, water.u, water.v, inlets.cell_j, inlets.cell_i,
            inlets.bed, inlets.rows, inlets.clean, inlets.crest, table.numbers, table.wholes, table.points,
            self._order, self._first, pipes.head, pipes.surface, pipes.volume, pipes.arriving, self.inertia,
            self.owed, self._node_sum, self._ports, dt * self._sharing, self.flow,
        )  # fmt: skip
        self.port_flow[: self.flow.size] = self.flow
        self.port_flow[self.flow.size :] = -self.pending / dt
        kernels.add_to_source(
            dt, self.cell_area, inlets.cell_j, inlets.cell_i, self.port_cells, self.port_flow, water.source, self.given
        )
        self.taken[:] = 0.0

    def take(self, dt: float, water: Water) -> None:
        """Take the share of one step of the surface, dt (s), out of the depths; called before the step."""
        kernels.take_from_cells(
            dt, self.cell_area, self.inlets.cell_j, self.inlets.cell_i, self.port_cells, self.port_flow,
            water.h, water.u, water.v, self._cell_sum, self.taken,
        )  # fmt: skip

    def lateral(self, dt: float) -> np.ndarray:
        """What flowed into the nodes (nodes,) over the coupling step of dt (s), m3/s, less what they still owe."""
        n = self.flow.size
        passed = self.taken[:n] - self.given[:n]
        self.mean_flow[:] = passed / dt
        self.passed += passed
        self.to_pipes += float(self.taken.sum())
        self.from_pipes += float(self.given.sum())
        self.pending += self.taken[n:] - self.given[n:]
        entered = np.bincount(self.inlets.rows[:, kernels.NODE], passed, minlength=self.owed.size)
        _count_turns(self.mean_flow, self.sign, self.turns, self.peak)
        _count_turns(entered / dt, self.node_sign, self.node_turns, self.node_peak)
        return (entered - self.owed) / dt

    def settle(self, short: np.ndarray, outflow: np.ndarray) -> None:
        """Book what the network did: ``short`` (nodes,) m3 it did not give, ``outflow`` (grid outfalls,) m3."""
        self.owed = np.where(short > SHORT, short, 0.0)
        self.pending += outflow

    def stages(self, water: Water) -> np.ndarray:
        """Stage (m) of every grid outfall by the water in its cell; NaN where the cell is dry."""
        cells = self.inlets.outfall_cells
        depth = water.h[self.inlets.cell_j[cells], self.inlets.cell_i[cells]] + self.pending / self.cell_area
        return np.where(depth > WET_OUTFALL, self.inlets.bed[cells] + depth, np.nan)

    def swinging(self, nodes: tuple[str, ...]) -> dict[str, Any]:
        """How often the flow turned, at manholes (all inlets of a node together) and at single inlets."""
        return {
            "manholes": _most_turns(self.node_turns, nodes),
            "inlets": _most_turns(self.turns, self.inlets.names),
        }

    def fed_cells(self) -> np.ndarray:
        """Places, among the cells of the inlets, that get water in this coupling step."""
        return self.port_cells[self.port_flow < 0.0]


def _count_turns(flow: np.ndarray, sign: np.ndarray, turns: np.ndarray, peak: np.ndarray) -> None:
    """Count where ``flow`` has another ``sign`` than when it last flowed; signs and peaks are brought up to date."""
    np.maximum(peak, np.abs(flow), out=peak)
    now = np.where(np.abs(flow) > np.maximum(STILL, SLIGHT * peak), np.sign(flow), sign)
    turns += now * sign < 0.0
    sign[:] = now


def _most_turns(turns: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """The most turns of any, how many turned more than five times, and the five that turned most."""
    worst = np.argsort(-turns, kind="stable")[:5]
    return {
        "most": int(turns.max(initial=0)),
        "over_5": int(np.count_nonzero(turns > 5)),
        "worst": [{"name": names[k], "turns": int(turns[k])} for k in worst if turns[k]],
    }


def warm_up_exchange(real: type) -> None:
    """Compile the kernels of the exchange for a floating point type of the surface."""
    whole, number = np.zeros(0, np.int64), np.zeros(0)
    inlets = Inlets((), np.zeros((0, 5), np.int64), number, number, whole, whole, number, number, number, whole, whole)
    exchange = Exchange(inlets, class_table([]), number, 1.0, 1.0)
    still: np.ndarray = np.zeros((3, 3), real)
    water = Water(still, still.copy(), still.copy(), np.zeros((3, 3), np.float32))
    exchange.plan(1.0, water, Pipes(number, number, number, number))
    exchange.take(1.0, water)
    kernels.take_roof_rain(1.0, 1.0, whole, whole, number, number, 1.0, water.source, np.zeros(0))
