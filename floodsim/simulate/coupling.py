"""Surface and pipe network together: at every coupling instant the exchange is set anew, and the network catches up.

Within a coupling step the surface goes first. What it really lost is what the network gets, so nothing is lost between.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from floodsim.drainage.exchange import Exchange, Pipes, Water
from floodsim.drainage.network_engine import NetworkEngine
from floodsim.drainage.pump_report import PumpStations
from floodsim.drainage.roofs import RoofCells
from floodsim.simulate.network_record import NetworkRecord
from floodsim.simulate.pace import Pace
from floodsim.surface.ledger import Ledger
from floodsim.surface.schemes import velocities_at_centres
from floodsim.surface.state import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.step import Surface, wake


@dataclass
class Drainage:
    """The ready-made parts of the network's side of a run; ``gauges`` (k, 2) padded cells whose depth rules read."""

    engine: NetworkEngine
    exchange: Exchange
    stations: PumpStations
    roofs: RoofCells | None
    gauges: np.ndarray
    pace: Pace
    notes: list[str]

    @property
    def step(self) -> float:
        """Longest coupling step (s) that is allowed now."""
        return self.pace.step


@dataclass
class Balance:
    """Volumes in m3 since the start that no ledger of one side knows: own inflows of the network and roof rain."""

    own: float = 0.0
    roofs: float = 0.0
    lateral: float = 0.0
    outfalls: float = 0.0


def coupling_spans(beat: float, longest: float, dt: float) -> int:
    """Number of equal coupling steps, none over ``longest`` (s), that fill a beat (s) where dt (s) is stable.

    Steps of exactly ``longest``, unless shorter ones that fit the time steps of the surface spare it some of them.
    """
    fixed = math.ceil(beat / longest * (1.0 - 1e-9))
    if dt >= longest:
        return fixed
    each = math.floor(longest / dt)
    fitting = math.ceil(beat / (each * dt))
    return fitting if fitting * each < fixed * math.ceil(longest / dt) else fixed


@dataclass
class Coupling:
    """One network coupled to one surface. `renew` at every beat, then `open`, `before_step` and `close` in turn."""

    drainage: Drainage
    surface: Surface
    balance: Balance = field(default_factory=Balance)

    def __post_init__(self) -> None:
        engine = self.drainage.engine
        self.nodes = len(engine.network.nodes.name)
        self.surface.ledger.coupled = True
        self._roof_inflow = np.zeros(self.nodes)
        h = self.surface.state.h
        self._velocities = (np.zeros_like(h), np.zeros_like(h)) if self.surface.scheme.staggered else None
        self._laterals, self._own = engine.lateral_volume.copy(), engine.own_volume.copy()
        self._outflows = engine.outfall_volume.copy()
        self._stage = np.full(len(engine.network.outfalls.node), np.nan)
        self._last_step = 0.0
        self.record = NetworkRecord(self.drainage.engine, self.drainage.exchange, self.drainage.stations)

    def renew(self, t0: float, t1: float) -> None:
        """Take the roofs' share of the rain of the beat [t0, t1] (s), after the surface has renewed its forcing."""
        roofs = self.drainage.roofs
        self.drainage.pace.decide()
        if roofs is not None:
            self._take_roof_rain(roofs, t0, t1)
            self._roof_inflow = roofs.inflow(t1 - t0, self.nodes)
            self.balance.roofs += float(roofs.taken.sum())
        self.drainage.exchange.note_base(self._water())

    def _take_roof_rain(self, roofs: RoofCells, t0: float, t1: float) -> None:
        surface, state = self.surface, self.surface.state
        roofs.take(t1 - t0, state.grid.cell_area, surface.rain.mean(t0, t1), surface.zones, state.source)

    def open(self, t0: float, t1: float) -> None:
        """Set the exchange for the coupling step [t0, t1] (s)."""
        engine, exchange = self.drainage.engine, self.drainage.exchange
        self._refresh_velocities()
        arriving = engine.arriving + engine.expected_inflow(t0, t1) + self._roof_inflow
        before = exchange.flow.copy()
        exchange.plan(t1 - t0, self._water(), Pipes(engine.head, engine.surface, engine.volume, arriving))
        self.drainage.pace.note(before, exchange.flow, self._last_step, t1 - t0)
        self._last_step = t1 - t0
        self._hand_over()

    def _hand_over(self) -> None:
        """Let the surface know what was planned: wake the cells that get water."""
        exchange = self.drainage.exchange
        fed = exchange.fed_cells()
        if fed.size:
            blocks, inlets = self.surface.state.blocks, exchange.inlets
            blocks.fed[(inlets.cell_j[fed] - 1) // BLOCK_ROWS, (inlets.cell_i[fed] - 1) // BLOCK_COLUMNS] = True
            wake(self.surface)

    def before_step(self, dt: float) -> None:
        """Take out of the cells what flows into the drain during the surface's next step of dt (s)."""
        self.drainage.exchange.take(dt, self._water())

    def close(self, t0: float, t1: float) -> None:
        """Let the network follow over the coupling step [t0, t1] (s) that the surface has gone through."""
        drainage, engine, dt = self.drainage, self.drainage.engine, t1 - t0
        exchange = drainage.exchange
        lateral = self._roof_inflow + exchange.lateral(dt)
        rows = exchange.inlets.outfall_rows
        self._stage[rows] = exchange.stages(self._water())
        state = self.surface.state
        engine.gauges[:] = state.h[drainage.gauges[:, 0], drainage.gauges[:, 1]]
        if drainage.stations.stations:
            engine.hold(drainage.stations.held(t0))
        engine.advance(t1, lateral, self._stage)
        entered = engine.lateral_volume - self._laterals
        own = engine.own_volume - self._own
        self._laterals += entered
        self._own += own
        outflow = (engine.outfall_volume - self._outflows)[rows]
        self._outflows[:] = engine.outfall_volume
        exchange.settle(entered - own - lateral * dt, outflow)
        self.balance.own += float(own.sum())
        self.balance.lateral += float(entered.sum())
        self.balance.outfalls += float(outflow.sum())
        drainage.stations.record(t1, dt, engine)
        self.record.note(t1, dt)

    def memory(self) -> dict[str, Any]:
        """All that coupling steps to come depend on, and the books, between two beats."""
        drainage = self.drainage
        return {
            "engine": drainage.engine.save(),
            "gauges": drainage.engine.gauges,
            "exchange": drainage.exchange.memory(),
            "stations": drainage.stations.memory(),
            "record": self.record.memory(),
            "balance": asdict(self.balance),
            "pace": drainage.pace.memory(),
            "last_step": self._last_step,
            "laterals": self._laterals,
            "own": self._own,
            "outflows": self._outflows,
            "stage": self._stage,
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        drainage = self.drainage
        drainage.engine.restore(memory["engine"])
        drainage.engine.gauges[...] = memory["gauges"]
        drainage.exchange.recall(memory["exchange"])
        drainage.stations.recall(memory["stations"])
        self.record.recall(memory["record"])
        self.balance = Balance(**memory["balance"])
        drainage.pace.recall(memory["pace"])
        self._last_step = memory["last_step"]
        for name in ("laterals", "own", "outflows", "stage"):
            getattr(self, f"_{name}")[...] = memory[name]

    def settle(self, ledger: Ledger) -> None:
        """Bring the surface's ledger up to what has passed between the two."""
        ledger.to_pipes = self.drainage.exchange.to_pipes + self.balance.roofs
        ledger.from_pipes = self.drainage.exchange.from_pipes

    def transfer_error(self) -> float:
        """Water (m3) that the network got and the surface did not lose, or the other way round with a minus.

        What is on its way from an outfall to its cell is no error; what a node still owes the street is one.
        """
        exchange, balance = self.drainage.exchange, self.balance
        lost = exchange.to_pipes + balance.roofs - exchange.from_pipes
        gained = balance.lateral - balance.own - balance.outfalls + float(exchange.pending.sum())
        return gained - lost

    def errors(self, ledger: Ledger) -> dict[str, float]:
        """The errors of surface, transfer and network, each over the rain, or over all water handled without rain."""
        network = self.drainage.engine.ledger
        scale = ledger.rain if ledger.rain > 0.0 else ledger.handled + network.handled
        scale = scale if scale > 0.0 else 1.0
        return {
            "surface": ledger.error / scale,
            "transfer": self.transfer_error() / scale,
            "network": network.error / scale,
        }

    def network_check(self, error: float, limit: float) -> tuple[float, float]:
        """The network's error and its limit, as given, or as the engine has them: both of all that was handled."""
        allowed, network = self.drainage.engine.allowed_error, self.drainage.engine.ledger
        handled = self.surface.ledger.handled + network.handled
        if allowed is None or not handled > 0.0:
            return error, limit
        return network.error / handled, allowed / handled

    def summary(self) -> dict[str, Any]:
        """The network's part of summary.json."""
        engine, exchange = self.drainage.engine, self.drainage.exchange
        ledger = engine.ledger
        names = engine.network.nodes.name
        flooded = np.argsort(-engine.flooding, kind="stable")[:10]
        return {
            **engine.summary(),
            "nodes": len(names),
            "links": len(engine.network.links.name),
            "inlets": len(exchange.inlets.names),
            "outfalls_on_grid": len(exchange.inlets.outfall_rows),
            "steps": engine.steps,
            "coupling_steps": self.drainage.pace.steps,
            "volumes_m3": {
                "initial": ledger.initial,
                "own_inflows": self.balance.own,
                "from_roofs": self.balance.roofs,
                "from_street": exchange.to_pipes,
                "to_street": exchange.from_pipes,
                "outfalls": ledger.outfall,
                "lost_over_rims": ledger.flooding,
                "storage": ledger.storage,
                "between": float(exchange.pending.sum()),
                "owed_to_street": float(exchange.owed.sum()),
            },
            "most_lost": [
                {"node": names[row], "m3": float(engine.flooding[row])} for row in flooded if engine.flooding[row] > 0.0
            ],
            "turns": exchange.swinging(names),
            "stations": self.drainage.stations.summary(),
        }

    def _water(self) -> Water:
        state = self.surface.state
        u, v = self._velocities or (state.u, state.v)
        return Water(state.h, u, v, state.source)

    def _refresh_velocities(self) -> None:
        """Bring the velocities that inlets see up to a state that holds discharges at faces."""
        if self._velocities is not None:
            for windows in self.surface.state.windows:
                velocities_at_centres(self.surface.state, windows, *self._velocities)
