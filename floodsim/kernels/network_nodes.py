"""Water balance of nodes: sharing out what is there, new volumes, overflow, and the depth that a volume stands at."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel

# columns of a knot of a node's storage table
DEPTH, SURFACE, VOLUME, WIDENING = range(4)


# columns of the piece of a node's table between two knots, in which its water stands
LOW_VOLUME, LOW_DEPTH, HIGH_VOLUME, HIGH_DEPTH, LOW_SURFACE, OPENING = range(6)


@kernel
def take_piece(knots, last, at, i, piece):
    """Copy what a depth follows from between the knots ``at`` and ``at + 1`` of node ``i`` to ``piece`` (nodes, 6).

    The tables of a large network do not fit the cache, the pieces in use do.
    """
    piece[i, LOW_VOLUME], piece[i, LOW_DEPTH] = knots[at, VOLUME], knots[at, DEPTH]
    piece[i, LOW_SURFACE], piece[i, OPENING] = knots[at, SURFACE], knots[at, WIDENING]
    piece[i, HIGH_VOLUME], piece[i, HIGH_DEPTH] = np.inf, 0.0
    if at < last:
        piece[i, HIGH_VOLUME], piece[i, HIGH_DEPTH] = knots[at + 1, VOLUME], knots[at + 1, DEPTH]


@inline
def depth_and_area(knots, first, last, at, volume, more, i, piece):
    """Depth (m), water surface (m2) and knot of a node whose table and ``more`` (m2) times its depth make ``volume``.

    Searched from knot ``at``, whose ``piece`` is at hand. Between knots the surface is linear in depth, so that
    V = V0 + S0 d + s d2 / 2; beyond the last it is constant.
    """
    low = piece[i, LOW_VOLUME] + more * piece[i, LOW_DEPTH]
    if volume >= piece[i, HIGH_VOLUME] + more * piece[i, HIGH_DEPTH] or (volume < low and at > first):
        while at < last and volume >= knots[at + 1, VOLUME] + more * knots[at + 1, DEPTH]:
            at += 1
        while at > first and volume < knots[at, VOLUME] + more * knots[at, DEPTH]:
            at -= 1
        take_piece(knots, last, at, i, piece)
    over = max(volume - piece[i, LOW_VOLUME] - more * piece[i, LOW_DEPTH], 0.0)
    base = piece[i, LOW_SURFACE] + more
    surface = np.sqrt(base**2 + 2.0 * piece[i, OPENING] * over)
    return piece[i, LOW_DEPTH] + 2.0 * over / (base + surface), surface, at


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
    dt, wanted, share, net, invert, first, most, rim, boundless, knots, mid_volume, mid_surface, at,
    piece, volume, depth, head, before, surface, taken, flooded, passed,
):  # fmt: skip
    """New volume, depth and head of every node after dt.

    ``first`` (nodes + 1,) where each node's knots begin; ``most`` (nodes,) m3 of its table at the depth ``rim`` above
    which water is lost. ``mid_volume`` and ``mid_surface`` (nodes,): what conduits hold for it besides (m3), and how
    that grows with its depth (m2). Sums in m3: ``taken`` lateral inflow that really entered, ``flooded`` lost over the
    rim, ``passed`` received by outfalls.
    """
    for i in range(net.size):
        lateral = wanted[i] if wanted[i] > 0.0 else wanted[i] * share[i]
        taken[i] += lateral * dt
        before[i] = head[i]
        if boundless[i] != 0:
            passed[i] += (net[i] + lateral) * dt
            continue
        v = max(volume[i] + (net[i] + lateral) * dt, 0.0)
        rest = mid_volume[i] - mid_surface[i] * depth[i]
        if v - rest > most[i] + mid_surface[i] * rim[i]:
            top = max(most[i] + mid_surface[i] * rim[i] + rest, 0.0)
            flooded[i] += v - top
            v = top
        volume[i] = v
        depth[i], surface[i], at[i] = depth_and_area(
            knots, first[i], first[i + 1] - 1, at[i], max(v - rest, 0.0), mid_surface[i], i, piece
        )
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
