"""The pipe network in motion: dynamic flow in pipes, from free surface to pressure, with its structures and rules.

It knows nothing of the street: what crosses is given as a lateral flow per node and a stage per outfall.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.drainage.controls import Controls
from floodsim.drainage.forcing import NetworkForcing
from floodsim.drainage.layout import plan_network
from floodsim.drainage.network import Network, NodeKind
from floodsim.drainage.network_engine import NetworkLedger
from floodsim.drainage.sections import GRAVITY
from floodsim.drainage.validate import refuse_unsupported, validate_network
from floodsim.errors import RunError
from floodsim.kernels import network_conduits as cc
from floodsim.kernels.network_conduits import resting_storage
from floodsim.kernels.network_ends import show_mouths
from floodsim.kernels.network_nodes import take_piece
from floodsim.kernels.network_step import Layout, Water, advance
from floodsim.kernels.network_structures import START_DEPTH

THIN = 1e-4
"""Area of flow (m2) below which no velocity is told."""
FAR = 1e12
"""Water surface (m2) given to outfalls: what flows there does not move their level."""


class Engine:
    """One network and its water.

    ``coupled`` (nodes,) bool marks nodes open to a street: they take any head and lose no water by themselves.
    ``safety`` is the part of the stable step that is used; links that would need steps under ``least_step`` s are
    given more inertia and listed in ``notes``. ``own_inflows`` False leaves out what the network's input brings.
    ``gauges`` holds the depths (m) at ``network.gauges`` that rules look at; who knows them sets them.
    Raises `CaseError` where the network is faulty or has parts that cannot be represented.

    The primary state is the volume of each node, which holds the adjacent halves of its conduits; all sums run in a
    fixed order, so results do not depend on threads. Conduits follow Rossman (2017), SWMM reference manual II, ch. 3,
    with upwind momentum (Stelling and Duinmeijer 2003) where the flow is supercritical.
    """

    def __init__(
        self,
        network: Network,
        coupled: np.ndarray | None = None,
        safety: float = 0.8,
        least_step: float = 0.2,
        own_inflows: bool = True,
    ) -> None:
        validate_network(network)
        refuse_unsupported(network)
        self.network = network
        nodes, links = len(network.nodes.name), len(network.links.name)
        coupled = np.zeros(nodes, bool) if coupled is None else coupled.astype(bool)
        self.plan = plan_network(network, coupled, safety, least_step)
        self.notes = [*network.notes, *self.plan.notes]
        self.safety = safety
        self.forcing = NetworkForcing(network)
        self.own_inflows = own_inflows
        self.time = 0.0
        self.water = _initial_water(nodes, links, len(self.plan.layout.tank_wholes))
        self.target = np.ones(links)
        self.target[network.pumps.link] = network.pumps.initial_on
        self._share, self._stiffness = np.empty(nodes), np.empty(nodes)
        self._set_initial_state()
        self.controls = Controls(network, self)
        self.gauges = np.zeros(len(network.gauges))
        self._held = np.zeros(links, bool)
        self._before_hold = self.target.copy()
        self._start_depths = self.plan.layout.pump_numbers[:, START_DEPTH].copy()
        self.own_volume = np.zeros(nodes)

    def _set_initial_state(self) -> None:
        network, water, layout = self.network, self.water, self.plan.layout
        water.setting[:] = self.target
        depth = np.minimum(_initial_depths(network, layout), self.plan.full_depth + network.nodes.surcharge_depth)
        water.at[:] = layout.first[:-1]
        water.depth[:] = depth
        for i in range(depth.size):
            rows = layout.knots[layout.first[i] : layout.first[i + 1]]
            take_piece(layout.knots, int(layout.first[i + 1]) - 1, int(layout.first[i]), i, water.piece)
            water.surface[i] = FAR if layout.boundless[i] else np.interp(depth[i], rows[:, 0], rows[:, 1])
        water.head[:] = layout.invert + water.depth
        water.flow[network.conduits.link] = network.conduits.initial_flow
        self._set_stages(self.forcing.stages(0.0))
        water.before[:] = water.head
        resting_storage(
            water.head, layout.conduit_numbers, layout.conduit_wholes, layout.table, layout.critical, layout.normal,
            GRAVITY, water.flow, water.middle, water.mid_volume, water.mid_surface,
        )  # fmt: skip
        water.volume[:] = np.where(layout.boundless != 0, 0.0, self.plan.tables.volume_at(depth) + water.mid_volume)
        water.surface[:] += water.mid_surface
        water.step[0] = water.step[1] = 0.1
        self.initial_volume = float(water.volume.sum())

    def _set_stages(self, stages: np.ndarray) -> None:
        rows = self.network.outfalls.node
        self.water.head[rows] = stages
        self.water.depth[rows] = np.maximum(stages - self.plan.layout.invert[rows], 0.0)

    def advance(
        self, t1: float, lateral_inflow: np.ndarray | None = None, outfall_stage: np.ndarray | None = None
    ) -> None:
        """Advance to ``t1`` (s) with ``lateral_inflow`` (nodes,) m3/s, constant until then, besides own inflows.

        ``outfall_stage`` (outfalls,) m overrules the stages of the input where it is not NaN. Own inflows and rules are
        renewed at least every routing step of the options. A negative inflow is cut where a node has no more water;
        ``lateral_volume`` says what really entered. Raises `RunError` where the state stops being finite.
        """
        while self.time < t1 - 1e-9:
            span = min(t1 - self.time, max(self.network.options.routing_step, 0.1))
            end = t1 if t1 - self.time - span < 1e-9 else self.time + span
            lateral = self.forcing.inflow(self.time, end) if self.own_inflows else np.zeros(self._share.size)
            self.own_volume += lateral * (end - self.time)
            if lateral_inflow is not None:
                lateral = lateral + lateral_inflow
            stages = self.forcing.stages(0.5 * (self.time + end))
            if outfall_stage is not None:
                stages = np.where(np.isnan(outfall_stage), stages, outfall_stage)
            self._set_stages(stages)
            self.controls.apply(self.time, end - self.time, self.target)
            self.target[self._held] = 0.0
            advance(
                end - self.time, self.safety, lateral, self.target, self.plan.per_second, GRAVITY,
                self.plan.layout, self.water, self._share, self._stiffness,
            )  # fmt: skip
            self.time = end
        # the next step starts from the stages again
        layout, water = self.plan.layout, self.water
        show_mouths(
            self.plan.mouths, layout.conduit_numbers, layout.conduit_wholes, layout.critical, layout.normal,
            layout.invert, water.flow, water.head, water.depth,
        )  # fmt: skip
        if not np.isfinite(self.water.volume.sum()):
            bad = np.flatnonzero(~np.isfinite(self.water.volume))[0]
            raise RunError(f"network: the volume of node {self.network.nodes.name[bad]} is no number at t = {t1:.0f} s")

    def hold(self, held: np.ndarray) -> None:
        """Keep the links ``held`` (links,) bool shut from now on, whatever rules and levels say; let go of all others.

        A link that is let go gets back the setting it had before.
        """
        self._before_hold[held & ~self._held] = self.target[held & ~self._held]
        free = self._held & ~held
        self.target[free] = self._before_hold[free]
        self._held = held.copy()
        still = held[self.network.pumps.link]
        self.plan.layout.pump_numbers[:, START_DEPTH] = np.where(still, 0.0, self._start_depths)

    @property
    def depth(self) -> np.ndarray:
        """Depth over the invert of every node (nodes,), m."""
        return self.water.depth

    @property
    def head(self) -> np.ndarray:
        """Head at every node (nodes,), m above datum; at outfalls the stage outside."""
        return self.water.head

    @property
    def surface(self) -> np.ndarray:
        """Free water surface of every node with its half conduits (nodes,), m2."""
        return self.water.surface

    @property
    def volume(self) -> np.ndarray:
        """Water held by every node and its half conduits (nodes,), m3."""
        return self.water.volume

    @property
    def arriving(self) -> np.ndarray:
        """Net flow of all links into every node (nodes,), m3/s."""
        return self.water.net

    @property
    def inertia(self) -> np.ndarray:
        """Sum of g A / L of the full conduits at every node (nodes,), m2/s2: how fast they yield to its head."""
        numbers, wholes = self.plan.layout.conduit_numbers, self.plan.layout.conduit_wholes
        each = GRAVITY * numbers[:, cc.AREA] / (numbers[:, cc.LENGTH] * numbers[:, cc.MASS])
        ends = np.concatenate((wholes[:, cc.START], wholes[:, cc.END]))
        return np.bincount(ends, np.concatenate((each, each)), self._share.size)

    @property
    def link_flow(self) -> np.ndarray:
        """Flow in every link, positive from start to end (links,), m3/s."""
        return self.water.flow

    @property
    def link_volume(self) -> np.ndarray:
        """Volume passed through every link since the start, positive from start to end (links,), m3."""
        return self.water.passed_link

    @property
    def lateral_volume(self) -> np.ndarray:
        """Net lateral inflow of every node since the start (nodes,), m3."""
        return self.water.taken

    @property
    def flooding(self) -> np.ndarray:
        """Volume lost over the rim of every node since the start (nodes,), m3."""
        return self.water.flooded

    @property
    def outfall_volume(self) -> np.ndarray:
        """Net volume out through every outfall since the start (outfalls,), m3."""
        return self.water.passed[self.network.outfalls.node]

    def expected_inflow(self, t0: float, t1: float) -> np.ndarray:
        """Mean own inflow of every node between two times (s) (nodes,), m3/s."""
        return self.forcing.inflow(t0, t1) if self.own_inflows else np.zeros(self._share.size)

    @property
    def link_velocity(self) -> np.ndarray:
        """Velocity in every conduit, positive from start to end; 0 in other links and thin films (links,), m/s."""
        area = self.water.weighted_area
        return np.where(area > THIN, self.water.flow / np.maximum(area, THIN), 0.0)

    @property
    def conduit_height(self) -> np.ndarray:
        """Full height of every conduit (conduits,), m."""
        return np.array([scale.height for scale in self.plan.scales])

    @property
    def steps(self) -> int:
        """Steps taken so far."""
        return int(self.water.step[2])

    @property
    def allowed_error(self) -> None:
        """Its error is rounding; the case says how much of it."""
        return None

    @property
    def ledger(self) -> NetworkLedger:
        """Where all the water is."""
        taken, passed = self.water.taken, self.water.passed
        entered = taken[taken > 0.0].sum() - passed[passed < 0.0].sum()
        return NetworkLedger(
            self.initial_volume,
            float(taken.sum()),
            float(passed.sum()),
            float(self.water.flooded.sum()),
            float(self.water.volume.sum()),
            float(self.initial_volume + entered),
            float(self.water.seeped.sum()),
        )

    def save(self) -> dict[str, np.ndarray]:
        """The whole state as arrays; `restore` on an engine of the same network continues bit for bit."""
        state = {name: array.copy() for name, array in self.water._asdict().items()}
        state["target"] = self.target.copy()
        state["clock"] = np.array([self.time, self.initial_volume])
        state["own_volume"] = self.own_volume.copy()
        state["held"], state["before_hold"] = self._held.copy(), self._before_hold.copy()
        state.update(self.controls.save())
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take over a state that `save` gave. Raises KeyError or ValueError where it is of another network."""
        for name, array in self.water._asdict().items():
            array[...] = state[name]
        self.target[...] = state["target"]
        self.time, self.initial_volume = (float(value) for value in state["clock"])
        self.own_volume[...] = state["own_volume"]
        self.hold(state["held"])
        self.target[...] = state["target"]
        self._before_hold[...] = state["before_hold"]
        self.controls.restore(state)

    def warm_up(self) -> None:
        """Compile its kernels; the state is the same afterwards."""
        state = self.save()
        self.advance(1e-3)
        self.restore(state)

    def summary(self) -> dict[str, Any]:
        """Its part of the summary of a run."""
        return {"engine": "floodsim"}

    def close(self) -> None:
        """Nothing is left to end."""


def _initial_depths(network: Network, layout: Layout) -> np.ndarray:
    """Depth of every node (nodes,) at the start: as given, or where that is 0 the mean depth of the conduits beside it
    that start with a flow (m), which is their normal depth, as in SWMM.
    """
    links, conduits = network.links, network.conduits
    total, count = np.zeros(len(network.nodes.name)), np.zeros(len(network.nodes.name))
    for row, flow in enumerate(conduits.initial_flow):
        if flow == 0.0:
            continue
        depth = running_depth(layout, row, float(flow))
        link = conduits.link[row]
        for node, offset in ((links.start[link], links.offset_start[link]), (links.end[link], links.offset_end[link])):
            total[node] += depth + offset
            count[node] += 1
    free = (network.nodes.initial_depth == 0.0) & (network.nodes.kind != NodeKind.STORAGE) & (count > 0)
    return np.where(free, total / np.maximum(count, 1), network.nodes.initial_depth)


def running_depth(layout: Layout, row: int, flow: float) -> float:
    """Depth (m) at which conduit ``row`` runs with ``flow`` (m3/s, positive from start to end): normal depth where its
    bed falls that way, else critical depth.
    """
    numbers, shape = layout.conduit_numbers[row], layout.conduit_wholes[row, cc.SHAPE]
    fall = numbers[cc.NORMAL_FLOW] * np.sign(flow)
    table, most = (layout.normal, fall) if fall > 0.0 else (layout.critical, numbers[cc.CRITICAL_FLOW])
    cells = np.linspace(0.0, 1.0, table.shape[1])
    return float(np.interp(np.sqrt(abs(flow) / most), cells, table[shape]) * numbers[cc.HEIGHT])


def _initial_water(nodes: int, links: int, tanks: int) -> Water:
    """A dry network; ``tanks``: those that seep."""

    def node() -> np.ndarray:
        return np.zeros(nodes)

    def link() -> np.ndarray:
        return np.zeros(links)

    return Water(
        volume=node(), depth=node(), head=node(), before=node(), surface=node(), mid_volume=node(), mid_surface=node(),
        at=np.zeros(nodes, np.int64), piece=np.zeros((nodes, 6)),
        flow=link(), mid_area=link(), growth=link(), through=link(), weighted_area=link(),
        middle=np.zeros((links, 4)), setting=link(),
        entering=np.zeros((nodes, 2)), net=node(), taken=node(), flooded=node(), seeped=node(),
        soaked=np.zeros((tanks, 2)), passed=node(), passed_link=link(), step=np.zeros(3),
    )  # fmt: skip
