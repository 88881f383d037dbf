"""What the network shows of itself: present values, means over the coupling step, and maxima, for its observer."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.drainage.exchange import Exchange
from floodsim.drainage.network_engine import NetworkEngine
from floodsim.drainage.pump_report import PumpStations
from floodsim.kernels import exchange as kernels
from floodsim.output.network import NetworkTables


class NetworkRecord:
    """The `output.network.NetworkView` of a coupled run; `note` is called after every coupling step."""

    def __init__(self, engine: NetworkEngine, exchange: Exchange, stations: PumpStations) -> None:
        self.engine, self.exchange, self.stations = engine, exchange, stations
        network, inlets = engine.network, exchange.inlets
        nodes, links = network.nodes, network.links
        cells = inlets.rows[:, kernels.CELL]
        self.tables = NetworkTables(
            nodes.name, links.name, inlets.names, stations.names, nodes.x, nodes.y, nodes.invert,
            nodes.invert + nodes.full_depth, links.start, links.end, inlets.rows[:, kernels.NODE],
            inlets.cell_x[cells], inlets.cell_y[cells],
        )  # fmt: skip
        self.conduits = network.conduits.link
        ends = np.stack([links.start[self.conduits], links.end[self.conduits]])
        offsets = np.stack([links.offset_start[self.conduits], links.offset_end[self.conduits]])
        self._ends, self._beds = ends, nodes.invert[ends] + offsets
        self._heights = engine.conduit_height
        count, lines = len(nodes.name), len(links.name)
        self._flooded = engine.flooding.copy()
        self._overflow = np.zeros(count)
        self._maxima = {
            "max_node_depth": engine.depth.copy(),
            "max_node_head": engine.head.copy(),
            "time_of_max_node_depth": np.zeros(count),
            "overflow_volume": np.zeros(count),
            **{name: np.zeros(lines) for name in ("max_link_flow", "max_link_velocity", "surcharged_time")},
            "max_link_filling": np.full(lines, np.nan),
        }
        self._maxima["max_link_filling"][self.conduits] = 0.0

    def note(self, t: float, dt: float) -> None:
        """Take in the coupling step of dt (s) that ended at time t (s)."""
        engine, most = self.engine, self._maxima
        higher = engine.depth > most["max_node_depth"]
        most["time_of_max_node_depth"][higher] = t
        np.maximum(most["max_node_depth"], engine.depth, out=most["max_node_depth"])
        np.maximum(most["max_node_head"], engine.head, out=most["max_node_head"])
        np.maximum(most["max_link_flow"], np.abs(engine.link_flow), out=most["max_link_flow"])
        np.maximum(most["max_link_velocity"], np.abs(engine.link_velocity), out=most["max_link_velocity"])
        depths = self._end_depths()
        filling = most["max_link_filling"]
        filling[self.conduits] = np.maximum(filling[self.conduits], self._filling(depths))
        most["surcharged_time"][self.conduits[(depths >= self._heights).all(axis=0)]] += dt
        out = np.maximum(-self.exchange.mean_flow, 0.0)
        onto_street = np.bincount(self.exchange.inlets.rows[:, kernels.NODE], out, minlength=engine.depth.size)
        self._overflow = onto_street + (engine.flooding - self._flooded) / dt
        self._flooded[:] = engine.flooding
        most["overflow_volume"] += self._overflow * dt

    def values(self) -> dict[str, np.ndarray]:
        """Present values by the names of `output.network.SERIES`."""
        engine, stations = self.engine, self.stations
        filling = np.full(engine.link_flow.size, np.nan)
        filling[self.conduits] = self._filling(self._end_depths())
        return {
            "node_head": engine.head,
            "node_depth": engine.depth,
            "node_overflow": self._overflow,
            "link_flow": engine.link_flow,
            "link_velocity": engine.link_velocity,
            "link_filling": filling,
            "inlet_flow": self.exchange.mean_flow,
            "inlet_volume": self.exchange.passed,
            "station_level": stations.level,
            "station_flow": stations.flow,
            "units_running": stations.units_running,
            "station_starts": stations.starts,
            "station_energy": stations.energy,
        }

    def maxima(self) -> dict[str, np.ndarray]:
        """Greatest values and sums so far by the names of `output.network.MAXIMA`."""
        return self._maxima

    def memory(self) -> dict[str, Any]:
        """Maxima and sums so far (live arrays)."""
        return {"flooded": self._flooded, "overflow": self._overflow, "maxima": self._maxima}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        self._flooded[...] = memory["flooded"]
        self._overflow = np.array(memory["overflow"])
        for name, values in self._maxima.items():
            values[...] = memory["maxima"][name]

    def _end_depths(self) -> np.ndarray:
        """Depth of water over the bed of each conduit at its two ends (2, conduits), m."""
        return self.engine.head[self._ends] - self._beds

    def _filling(self, depths: np.ndarray) -> np.ndarray:
        return np.clip(depths / self._heights, 0.0, 1.0).mean(axis=0)
