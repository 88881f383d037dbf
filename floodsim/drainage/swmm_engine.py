"""EPA SWMM 5.2 as the engine of a coupled run, with the interface of `network_engine.NetworkEngine`.

SWMM runs in a process of its own (`swmm_process`). Its state cannot be stored, so all that it was given is kept
(`swmm_history`), and a restart gives it again. It knows nothing of streets.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from floodsim.drainage.forcing import NetworkForcing
from floodsim.drainage.layout import plan_network
from floodsim.drainage.network import Network, NodeKind, OutfallKind
from floodsim.drainage.network_engine import NetworkLedger
from floodsim.drainage.run_swmm import with_options
from floodsim.drainage.sections import GRAVITY
from floodsim.drainage.swmm_history import History
from floodsim.drainage.swmm_process import SwmmProcess
from floodsim.drainage.swmm_worker import Look, Model
from floodsim.drainage.validate import refuse_for_swmm, validate_network
from floodsim.drainage.write_inp import inp_text
from floodsim.errors import RunError
from floodsim.kernels import network_conduits as cc
from floodsim.kernels import swmm as columns

ANY_HEAD = 100.0
"""Surcharge depth (m) of a node open to a street: its head may rise as far as the street's water stands."""
LONGEST_STEP = 1.0
"""Routing step (s) that is not passed: beyond it SWMM's mass error grows from tenths to tens of percent."""
FOR_EVER = timedelta(days=3650)
"""A run of SWMM lasts until it is no longer asked; this is later."""
ERROR_LIMIT = 0.1
"""Part of all water handled from which SWMM itself calls its error of flow routing poor."""
OPTIONS = {"SURCHARGE_METHOD": "SLOT", "VARIABLE_STEP": 0, "MINIMUM_STEP": 0.001, "THREADS": 1}
"""EXTRAN keeps no water in a manhole under pressure: what such a node and its street exchange comes out of nothing."""


class SwmmEngine:
    """One network and its water in EPA SWMM. Arrays and errors are those of `NetworkEngine`.

    ``coupled`` (nodes,) bool marks nodes open to a street: they take any head and lose no water by themselves. ``file``
    is the input that faults name. Raises `CaseError` where swmm-toolkit is not installed, where the network is faulty,
    where it has parts that SWMM cannot run beside a street, or where SWMM refuses it.

    SWMM takes half of the old and half of the new inflow over each of its steps. What it has not taken yet is on its
    way and counts as stored here, so that what is handed over is what enters, to rounding. Volumes go over in single
    precision; what that rounds off is kept and handed over later.
    """

    def __init__(self, network: Network, coupled: np.ndarray, file: str = "") -> None:
        validate_network(network, file)
        refuse_for_swmm(network, file)
        nodes = len(network.nodes.name)
        self.network, self._file = network, file
        self._coupled = coupled.astype(bool)
        self._plan = plan_network(network, self._coupled, 0.8, 0.2)
        self._forcing = NetworkForcing(network)
        self._model = swmm_model(network, self._coupled)
        self.gauges = np.zeros(len(network.gauges))
        self.time = 0.0
        self._handed, self._carried = np.zeros(nodes), np.zeros(nodes)
        self._stages = np.full(network.outfalls.node.size, np.nan)
        self._history = History(nodes, network.outfalls.node.size)
        self._crown = _crowns(network, self.conduit_height)
        areas = np.array([scale.area for scale in self._plan.scales])
        self._full_volume = float((areas * network.conduits.length * network.conduits.barrels).sum())
        self._shaft = ~np.isin(network.nodes.kind, (NodeKind.OUTFALL, NodeKind.STORAGE))
        self._process: SwmmProcess | None = None
        self._look: Look = self._running().look()
        self.initial_volume = self._stored()
        self.notes = [*network.notes, *self._own_notes()]

    def _own_notes(self) -> list[str]:
        """What an engineer must know of a run by SWMM."""
        options, step = self.network.options, self._model.longest
        notes = [
            f"the network is routed by EPA SWMM {self._running().version} (SLOT, steps up to {step:g} s); "
            "its mass error is SWMM's own"
        ]
        if options.surcharge != "SLOT":
            notes.append(
                f"SURCHARGE_METHOD {options.surcharge} is replaced by SLOT: nodes open to a street need storage"
            )
        if options.routing_step > step:
            notes.append(f"ROUTING_STEP {options.routing_step:g} s is cut to {step:g} s, beyond which SWMM loses water")
        normal = self.network.outfalls.node[self.network.outfalls.kind == OutfallKind.NORMAL]
        if normal.size:
            names = ", ".join(self.network.nodes.name[row] for row in normal[:5])
            notes.append(f"outfalls {names}: NORMAL only until the street first stands there, then as FREE")
        return notes

    def _running(self) -> SwmmProcess:
        """The process, made anew and brought to the present where there is none."""
        if self._process is None:
            process = SwmmProcess(self._model, self._file)
            for step in self._history.steps():
                process.advance(*step)
            self._process = process
        return self._process

    def advance(
        self, t1: float, lateral_inflow: np.ndarray | None = None, outfall_stage: np.ndarray | None = None
    ) -> None:
        """Advance to ``t1`` (s) with ``lateral_inflow`` (nodes,) m3/s, constant until then, besides own inflows.

        ``outfall_stage`` (outfalls,) m overrules the stages of the input where it is not NaN. SWMM cannot let go of a
        stage, so an outfall that once had one gets that of the input when it is NaN again. Raises `RunError` where SWMM
        stops.
        """
        sent = np.zeros(self._handed.size, np.float32)
        if lateral_inflow is not None:
            volumes = lateral_inflow * (t1 - self.time)
            self._handed += volumes
            self._carried += volumes
            sent[:] = np.where(volumes == 0.0, 0.0, self._carried)
            self._carried -= sent
        if outfall_stage is not None:
            ever = ~np.isnan(self._stages)
            given = ~np.isnan(outfall_stage)
            back = self._forcing.stages(0.5 * (self.time + t1))
            self._stages = np.where(given, outfall_stage, np.where(ever, back, np.nan))
        process = self._running()
        process.advance(t1, sent, self._stages)
        self._history.add(t1, sent, self._stages)
        self._look = process.look()
        self.time = t1
        if not np.isfinite(self._look.nodes).all():
            bad = np.flatnonzero(~np.isfinite(self._look.nodes).all(axis=1))[0]
            raise RunError(f"EPA SWMM: the water of node {self.network.nodes.name[bad]} is no number at t = {t1:.0f} s")

    def hold(self, held: np.ndarray) -> None:
        """SWMM cannot keep a pump shut against its levels and rules; cases that ask for it are refused."""
        assert not held.any()

    def expected_inflow(self, t0: float, t1: float) -> np.ndarray:
        """Own inflow of every node, and what is on its way into it, over a step between two times (nodes,), m3/s."""
        nodes = self._look.nodes
        return nodes[:, columns.OWN] + (nodes[:, columns.DUE] + self._carried) / (t1 - t0)

    @property
    def head(self) -> np.ndarray:
        """Head at every node (nodes,), m above datum; at outfalls the level in their mouth."""
        return self._look.nodes[:, columns.HEAD]

    @property
    def depth(self) -> np.ndarray:
        """Depth over the invert of every node (nodes,), m."""
        return self._look.nodes[:, columns.DEPTH]

    @property
    def surface(self) -> np.ndarray:
        """Water surface of every node (nodes,), m2: that of its conduits as SWMM has it, at least that of a manhole."""
        least = self.network.options.min_surface_area
        return np.maximum(self._look.nodes[:, columns.SURFACE] + self._tank_surface(), least)

    def _tank_surface(self) -> np.ndarray:
        """Water surface of storages (nodes,), m2; 0 elsewhere."""
        surface, tables, depth = np.zeros(self._handed.size), self._plan.tables, self.depth
        for row in self.network.storages.node:
            knots = tables.knots[tables.first[row] : tables.first[row + 1]]
            surface[row] = np.interp(depth[row], knots[:, 0], knots[:, 1])
        return surface

    @property
    def volume(self) -> np.ndarray:
        """Water of every node: its own, half of its conduits, and what is on its way into it (nodes,), m3."""
        nodes, links = self._look.nodes, self.network.links
        half = 0.5 * self._look.links[:, columns.WATER]
        ends = np.concatenate((links.start, links.end))
        water = nodes[:, columns.VOLUME] + np.bincount(ends, np.concatenate((half, half)), len(nodes))
        shaft = np.where(self._shaft, self.network.options.min_surface_area * self.depth, 0.0)
        return water + shaft + nodes[:, columns.DUE] + self._carried

    @property
    def inertia(self) -> np.ndarray:
        """Sum of g A / L of the full conduits at every node (nodes,), m2/s2: how fast they yield to its head."""
        numbers, wholes = self._plan.layout.conduit_numbers, self._plan.layout.conduit_wholes
        each = GRAVITY * numbers[:, cc.AREA] / numbers[:, cc.LENGTH]
        ends = np.concatenate((wholes[:, cc.START], wholes[:, cc.END]))
        return np.bincount(ends, np.concatenate((each, each)), self._handed.size)

    @property
    def arriving(self) -> np.ndarray:
        """Net flow of all links into every node (nodes,), m3/s."""
        return self._look.nodes[:, columns.NET]

    @property
    def link_flow(self) -> np.ndarray:
        """Flow in every link, positive from start to end (links,), m3/s."""
        return self._look.links[:, columns.FLOW]

    @property
    def link_velocity(self) -> np.ndarray:
        """Velocity in every conduit, positive from start to end (links,), m/s."""
        return self._look.links[:, columns.VELOCITY]

    @property
    def link_volume(self) -> np.ndarray:
        """Volume passed through every link since the start, positive from start to end (links,), m3."""
        return self._look.links[:, columns.THROUGH]

    @property
    def conduit_height(self) -> np.ndarray:
        """Full height of every conduit (conduits,), m."""
        return np.array([scale.height for scale in self._plan.scales])

    @property
    def lateral_volume(self) -> np.ndarray:
        """Net lateral inflow of every node since the start, with what is on its way (nodes,), m3."""
        return self._handed + self.own_volume

    @property
    def own_volume(self) -> np.ndarray:
        """What the network's own input brought to every node since the start (nodes,), m3."""
        return self._look.nodes[:, columns.OWN_VOLUME]

    @property
    def flooding(self) -> np.ndarray:
        """Volume lost over the rim of every node since the start (nodes,), m3."""
        return self._look.nodes[:, columns.FLOODED]

    @property
    def outfall_volume(self) -> np.ndarray:
        """Net volume out through every outfall since the start (outfalls,), m3."""
        return self._look.nodes[self.network.outfalls.node, columns.PASSED]

    @property
    def steps(self) -> int:
        """Steps taken so far."""
        return int(self._look.clock[columns.STEPS])

    def _stored(self) -> float:
        """All water in the network, m3.

        SWMM counts what stands in conduits and storages. A manhole with pressure holds water too, on what of its
        chamber's surface the slots of its conduits do not take.
        """
        nodes, links, depth = self._look.nodes, self._look.links, self.depth
        water = nodes[:, columns.VOLUME].sum() + links[:, columns.WATER].sum() + nodes[:, columns.DUE].sum()
        return float(water + self._carried.sum() + self._standing(depth).sum())

    def _standing(self, depth: np.ndarray) -> np.ndarray:
        """Water that stands over the crowns of conduits, and over the rims of tanks (nodes,), m3."""
        free = np.maximum(self.network.options.min_surface_area - self._look.nodes[:, columns.SURFACE], 0.0)
        over = np.where(self._shaft, np.maximum(depth - self._crown, 0.0) * free, 0.0)
        tanks = self.network.storages.node
        above = np.maximum(depth[tanks] - self.network.nodes.full_depth[tanks], 0.0)
        over[tanks] += above * self._tank_surface()[tanks]
        return over

    @property
    def allowed_error(self) -> float:
        """A tenth of all water handled and of what the conduits hold when full (m3): while they fill for the first
        time, SWMM by itself loses up to a tenth of the little that is in them.
        """
        return ERROR_LIMIT * (self.ledger.handled + self._full_volume)

    @property
    def ledger(self) -> NetworkLedger:
        """Where all the water is; its error is SWMM's own."""
        lateral, passed = self.lateral_volume, self.outfall_volume
        entered = lateral[lateral > 0.0].sum() - passed[passed < 0.0].sum()
        return NetworkLedger(
            self.initial_volume,
            float(lateral.sum()),
            float(passed.sum()),
            float(self.flooding.sum()),
            self._stored(),
            float(self.initial_volume + entered),
            self._look.lost,
        )

    def save(self) -> dict[str, Any]:
        """All that it was given since the start; `restore` gives it again and continues bit for bit."""
        return {
            "history": self._history.memory(),
            "time": self.time,
            "handed": self._handed,
            "carried": self._carried,
            "stages": self._stages,
            "heads": self.head.copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `save` gave: SWMM begins anew and takes it all. Raises ValueError where the heads differ."""
        self.close()
        self._history.recall(state["history"])
        self.time = float(state["time"])
        self._handed[...], self._carried[...] = state["handed"], state["carried"]
        self._stages[...] = state["stages"]
        self._look = self._running().look()
        if not np.array_equal(self.head, state["heads"]):
            raise ValueError("EPA SWMM does not come to the heads it had: another version, or another machine")

    def warm_up(self) -> None:
        """Nothing: SWMM was started when the engine was made."""

    def summary(self) -> dict[str, Any]:
        """Version of SWMM, and its error of flow routing, a part of all the water that the network handled."""
        return {
            "engine": "swmm",
            "swmm": {"version": self._running().version, "continuity_error": self.ledger.relative_error},
        }

    def close(self) -> None:
        """End the process of SWMM; it begins anew where it is asked again."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def __deepcopy__(self, memo: dict[int, Any]) -> SwmmEngine:
        """A copy with a process of its own, which is started when it is first asked."""
        other = object.__new__(SwmmEngine)
        memo[id(self)] = other
        other.__dict__.update({name: copy.deepcopy(value, memo) for name, value in self.__dict__.items()
                               if name != "_process"})  # fmt: skip
        other._process = None
        return other


def swmm_model(network: Network, coupled: np.ndarray) -> Model:
    """What SWMM is to run of a network whose nodes ``coupled`` (nodes,) bool are open to a street."""
    nodes, links, options = network.nodes, network.links, network.options
    rises = coupled & (nodes.kind != NodeKind.OUTFALL)
    altered = replace(
        nodes,
        surcharge_depth=np.where(rises, ANY_HEAD, nodes.surcharge_depth),
        ponded_area=np.where(rises, 0.0, nodes.ponded_area),
        x=np.full(len(nodes.name), np.nan),
    )
    bare = replace(links, vertices=tuple(points[:0] for points in links.vertices))
    end = options.start + FOR_EVER
    text = inp_text(replace(network, nodes=altered, links=bare))
    text = with_options(text, **OPTIONS, END_DATE=f"{end:%m/%d/%Y}", END_TIME=f"{end:%H:%M:%S}")
    text = re.sub(r"(?m)^\[REPORT\]\n.*\n.*\n", "[REPORT]\nDISABLED YES\n", text)
    ponds = options.ponding & (altered.ponded_area > 0.0)
    barrels = np.ones(len(links.name))
    barrels[network.conduits.link] = network.conduits.barrels
    longest = min(options.routing_step, LONGEST_STEP) or LONGEST_STEP
    return Model(
        text, nodes.name, links.name, links.start.astype(np.int64), links.end.astype(np.int64), barrels,
        ponds.astype(np.int64), network.outfalls.node.astype(np.int64), longest, "",
    )  # fmt: skip


def _crowns(network: Network, heights: np.ndarray) -> np.ndarray:
    """Height of the highest crown of a conduit over the invert of every node (nodes,), m."""
    links, link = network.links, network.conduits.link
    crown = np.zeros(len(network.nodes.name))
    np.maximum.at(crown, links.start[link], links.offset_start[link] + heights)
    np.maximum.at(crown, links.end[link], links.offset_end[link] + heights)
    return crown
