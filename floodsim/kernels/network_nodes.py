"""Water balance of nodes: sharing out what is there, new volumes, overflow, and the depth that a volume stands at."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel

# columns of a knot of a node's storage table
DEPTH, SURFACE, VOLUME, WIDENING = range(4)


@inline
def depth_and_area(knots, first, last, at, volume):
    """Depth (m), water surface (m2) and knot of a node that holds ``volume``, searched from knot ``at``.

    Between knots the surface is linear in depth, so that V = V0 + S0 d + s d2 / 2; beyond the last it is constant.
    """
    while at < last and volume >= knots[at + 1, VOLUME]:
        at += 1
    while at > first and volume < knots[at, VOLUME]:
        at -= 1
    more = max(volume - knots[at, VOLUME], 0.0)
    surface = np.sqrt(knots[at, SURFACE] ** 2 + 2.0 * knots[at, WIDENING] * more)
    return knots[at, DEPTH] + 2.0 * more / (knots[at, SURFACE] + surface), surface, at


@kernel
def share_out(dt, start, end, wanted, volume, boundless, flow, weighted_area, entering, net, share):
    """Cut outflows that a node cannot feed and sum the flows of each node.

    ``share`` (nodes,) scratch: the part of its outflows that a node can give; ``net`` (nodes,) sum of link flows, m3/s;
    ``wanted`` (nodes,) lateral inflow, its negative part competes with links; ``boundless`` (nodes,) marks outfalls.
    """
    for i in range(net.size):
        share[i] = max(-wanted[i], 0.0)
        net[i] = entering[i, 0] = entering[i, 1] = 0.0
    for k in range(flow.size):
        q = flow[k]
        if q > 0.0:
            share[start[k]] += q
        elif q < 0.0:
            share[end[k]] -= q
    for i in range(net.size):
        out = share[i] * dt
        share[i] = 1.0 if boundless[i] != 0 or out <= volume[i] else volume[i] / out
    for k in range(flow.size):
        q = flow[k]
        if q == 0.0:
            continue
        i, j = (start[k], end[k]) if q > 0.0 else (end[k], start[k])
        if share[i] < 1.0:
            q *= share[i]
            flow[k] = q
        size = abs(q)
        net[i] -= size
        net[j] += size
        if weighted_area[k] > 0.0:
            entering[j, 0] += size * size / weighted_area[k]
            entering[j, 1] += size


@kernel
def update_nodes(
    dt, wanted, share, net, invert, first, most, boundless, knots, at, volume, depth, head, surface,
    taken, flooded, passed,
):  # fmt: skip
    """New volume, depth and head of every node after dt.

    ``first`` (nodes + 1,) where each node's knots begin; ``most`` (nodes,) m3 above which water is lost. Sums in m3:
    ``taken`` lateral inflow that really entered, ``flooded`` lost over the rim, ``passed`` received by outfalls.
    """
    for i in range(net.size):
        lateral = wanted[i] if wanted[i] > 0.0 else wanted[i] * share[i]
        taken[i] += lateral * dt
        if boundless[i] != 0:
            passed[i] += (net[i] + lateral) * dt
            continue
        v = max(volume[i] + (net[i] + lateral) * dt, 0.0)
        if v > most[i]:
            flooded[i] += v - most[i]
            v = most[i]
        volume[i] = v
        depth[i], surface[i], at[i] = depth_and_area(knots, first[i], first[i + 1] - 1, at[i], v)
        head[i] = invert[i] + depth[i]


@kernel
def stable_step(safety, stiffness, surface, boundless):
    """Largest stable step (s) of the waves between nodes, from the sum of g A / L over the water surface of each node.

    A chain of equal reaches gives 2 / sqrt(4 g A / (L S)), with S = L W the Courant condition L / c.
    """
    fastest = 1e-12
    for i in range(stiffness.size):
        if boundless[i] == 0:
            fastest = max(fastest, 2.0 * stiffness[i] / surface[i])
    return safety * 2.0 / np.sqrt(fastest)
