"""The loop of the pipe network: as many steps as stability asks for, up to a given instant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from floodsim.kernels.jit import kernel
from floodsim.kernels.network_conduits import conduit_flows
from floodsim.kernels.network_nodes import share_out, stable_step, update_nodes
from floodsim.kernels.network_seepage import soak
from floodsim.kernels.network_structures import orifice_flows, outlet_flows, pump_flows, weir_flows

LONGEST = 5.0
"""Longest step in s: structures between tanks have no stability limit, but a first-order error."""


class Layout(NamedTuple):
    """What does not change in a run: the numbers of nodes, links and structures, tables and curves."""

    invert: np.ndarray
    boundless: np.ndarray
    first: np.ndarray
    knots: np.ndarray
    most: np.ndarray
    rim: np.ndarray
    start: np.ndarray
    end: np.ndarray
    table: np.ndarray
    critical: np.ndarray
    normal: np.ndarray
    conduit_numbers: np.ndarray
    conduit_wholes: np.ndarray
    pump_numbers: np.ndarray
    pump_wholes: np.ndarray
    orifice_numbers: np.ndarray
    orifice_wholes: np.ndarray
    weir_numbers: np.ndarray
    weir_wholes: np.ndarray
    outlet_numbers: np.ndarray
    outlet_wholes: np.ndarray
    tank_numbers: np.ndarray
    tank_wholes: np.ndarray
    points: np.ndarray


class Water(NamedTuple):
    """What changes: nodes, links, and in ``step`` the last step and the next stable one (s) and the steps taken."""

    volume: np.ndarray
    depth: np.ndarray
    head: np.ndarray
    before: np.ndarray
    surface: np.ndarray
    mid_volume: np.ndarray
    mid_surface: np.ndarray
    at: np.ndarray
    piece: np.ndarray
    flow: np.ndarray
    mid_area: np.ndarray
    growth: np.ndarray
    through: np.ndarray
    weighted_area: np.ndarray
    middle: np.ndarray
    setting: np.ndarray
    entering: np.ndarray
    net: np.ndarray
    taken: np.ndarray
    flooded: np.ndarray
    seeped: np.ndarray
    soaked: np.ndarray
    passed: np.ndarray
    passed_link: np.ndarray
    step: np.ndarray


@kernel
def gate_settings(dt, target, per_second, setting):
    """Move every link's setting towards its target, no faster than its gate: ``per_second`` (links,), 0 at once."""
    for k in range(setting.size):
        gap = target[k] - setting[k]
        if per_second[k] > 0.0:
            reach = per_second[k] * dt
            gap = min(max(gap, -reach), reach)
        setting[k] += gap


@kernel
def advance(span, safety, lateral, target, per_second, g, layout, water, share, stiffness):
    """Advance the network by ``span`` seconds in equal steps no longer than is stable.

    ``lateral`` (nodes,) m3/s, constant; heads of outfalls in ``water.head`` are given (very low where free); ``target``
    (links,) settings and ``per_second`` how fast gates move; ``share`` and ``stiffness`` (nodes,) scratch.
    """
    left = span
    while left > 1e-9 * span:
        steps = np.ceil(left / max(water.step[1], 1e-3) - 1e-9)
        dt = left / max(steps, 1.0)
        gate_settings(dt, target, per_second, water.setting)
        stiffness[:] = 0.0
        water.mid_volume[:] = 0.0
        water.mid_surface[:] = 0.0
        conduit_flows(
            dt, water.step[0], water.head, water.before, water.entering, water.setting,
            layout.conduit_numbers, layout.conduit_wholes, layout.table, layout.critical, layout.normal,
            layout.points, g, water.flow, water.mid_area, water.growth, water.through,
            water.weighted_area, water.middle, water.volume, water.passed, water.seeped, water.mid_volume,
            water.mid_surface, stiffness,
        )  # fmt: skip
        soak(
            dt, layout.tank_wholes, layout.tank_numbers, layout.points, water.depth, water.soaked, water.volume,
            water.seeped,
        )  # fmt: skip
        orifice_flows(
            dt, layout.orifice_wholes, layout.orifice_numbers, water.head, water.surface, water.setting, g, water.flow
        )
        weir_flows(
            dt, layout.weir_wholes, layout.weir_numbers, layout.points, water.head, water.surface, water.setting,
            water.flow,
        )  # fmt: skip
        outlet_flows(
            dt, layout.outlet_wholes, layout.outlet_numbers, layout.points, water.head, water.surface, water.setting,
            water.flow,
        )  # fmt: skip
        if layout.pump_wholes.shape[0] > 0:
            arriving_flows(lateral, layout.start, layout.end, layout.pump_wholes, water.flow, water.net)
            pump_flows(
                dt, layout.pump_wholes, layout.pump_numbers, layout.points, water.head, water.depth, water.surface,
                water.volume, water.net, target, water.flow,
            )  # fmt: skip
        share_out(
            dt, layout.start, layout.end, lateral, water.volume, layout.boundless, water.flow, water.weighted_area,
            water.entering, water.net, share,
        )  # fmt: skip
        update_nodes(
            dt, lateral, share, water.net, layout.invert, layout.first, layout.most, layout.rim, layout.boundless,
            layout.knots, water.mid_volume, water.mid_surface, water.at, water.piece, water.volume, water.depth,
            water.head, water.before, water.surface, water.taken, water.flooded, water.passed,
        )  # fmt: skip
        for k in range(water.flow.size):
            water.passed_link[k] += water.flow[k] * dt
        water.step[0] = dt
        water.step[1] = min(stable_step(safety, stiffness, water.surface, layout.boundless), LONGEST)
        water.step[2] += 1.0
        left -= dt


@kernel
def arriving_flows(lateral, start, end, pumps, flow, arriving):
    """Flow into every node from outside and through links, less what leaves by links other than pumps, m3/s."""
    for i in range(arriving.size):
        arriving[i] = lateral[i]
    for k in range(flow.size):
        arriving[start[k]] -= flow[k]
        arriving[end[k]] += flow[k]
    for p in range(pumps.shape[0]):
        arriving[pumps[p, 1]] += flow[pumps[p, 0]]
