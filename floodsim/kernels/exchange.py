"""Water between street and pipe: what each inlet wants, what cells and nodes can give, and taking it out of the cells.

Signs: positive into the drain. Rows: inlets; each has a cell (its place in a list of cells), a node and a class.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel

# columns of the numbers of an inlet class
(PERIMETER, AREA, WEIR, ORIFICE, OUT_AREA, OUT_ORIFICE, LIFT, LENGTH, WIDTH, SPLASH, CROSS_SLOPE, KERB_FREE,
 KERB_HIDDEN, KERB_HEIGHT, KERB_WEIR, KERB_ORIFICE, MAX_FLOW) = range(17)  # fmt: skip
COLUMNS = 17
# columns of the integers of an inlet class, and ways of capture
METHOD, FIRST, LAST = range(3)
BY_DEPTH, HEC22, CURVE, SEALED = range(4)
# where an inlet lies
AUTOMATIC, ON_GRADE, ON_SAG = range(3)
# columns of the integers of an inlet
CELL, NODE, CLASS, COUNT, PLACEMENT = range(5)
# columns of what an inlet could pass
CAPTURE, INWARD, OUTWARD, TOP = range(4)
DRY = 1e-8
"""Depth in m below which a cell from which water was taken is brought to rest."""


@inline
def gutter(h, width, slope):
    """Spread (m) and depth at the kerb (m) of the flow area h x width, reshaped to a gutter of a cross slope."""
    if slope <= 0.0:
        return width, h
    spread = np.sqrt(2.0 * h * width / slope)
    if spread < width:
        return spread, slope * spread
    return width, h + 0.5 * slope * width


@kernel
def capture_on_sag(c, depth, g):
    """Capture (m3/s) of one clean inlet with still water ``depth`` (m) deep at the kerb; ``c`` (17,) its class.

    Horizontal openings: the lesser of a weir 2/3 Cw P sqrt(2 g) d^1.5 and an orifice Co A sqrt(2 g d), d over the
    middle of the grate. Kerb openings: a weir up to their height, then the lesser of weir and orifice with its head
    over the middle of the opening; what a grate stands before counts only where the water is deep (HEC-22, 4th ed.,
    section 7.3).
    """
    d = max(depth - 0.5 * c[CROSS_SLOPE] * c[WIDTH], 0.5 * depth)
    root = np.sqrt(2.0 * g * d)
    flow = min(2.0 / 3.0 * c[WEIR] * c[PERIMETER] * root * d, c[ORIFICE] * c[AREA] * root)
    height = c[KERB_HEIGHT]
    if height > 0.0:
        per_metre = 2.0 / 3.0 * c[KERB_WEIR] * np.sqrt(2.0 * g * depth) * depth
        if depth > height:
            per_metre = min(per_metre, c[KERB_ORIFICE] * height * np.sqrt(2.0 * g * (depth - 0.5 * height)))
        hidden = min(max((depth - height) / (0.4 * height), 0.0), 1.0)
        flow += (c[KERB_FREE] + hidden * c[KERB_HIDDEN]) * per_metre
    return flow


@kernel
def grate_efficiency(c, speed, spread):
    """Share of a gutter flow that a grate on grade takes: E = Rf Eo + Rs (1 - Eo) (HEC-22, 4th ed., eq. 7.3 to 7.8).

    ``speed`` m/s and ``spread`` m of the flow; the metric constants are 0.295 (frontal) and 0.0828 (side).
    """
    slope = max(c[CROSS_SLOPE], 1e-3)
    frontal = 1.0 - (1.0 - min(c[WIDTH] / spread, 1.0)) ** 2.67
    kept = min(max(1.0 - 0.295 * max(speed - c[SPLASH], 0.0), 0.0), 1.0)
    side = 1.0 / (1.0 + 0.0828 * speed**1.8 / (slope * c[LENGTH] ** 2.3))
    return kept * frontal + side * (1.0 - frontal)


@kernel
def kerb_efficiency(length, flow, speed, spread, slope):
    """Share of a gutter flow (m3/s) that a kerb opening or slot of a ``length`` (m) takes: E = 1 - (1 - L / LT)^1.8.

    LT = 0.817 Q^0.42 SL^0.3 (1 / (n Sx))^0.6 (HEC-22, 4th ed., eq. 7.10 and 7.13). Street slope and roughness are those
    that give the gutter its ``speed``: V = 0.752 / n SL^0.5 Sx^0.67 T^0.67 (eq. 5.3).
    """
    slope = max(slope, 1e-3)
    if speed <= 0.0 or flow <= 0.0:
        return 1.0
    conveying = speed / (0.752 * (slope * spread) ** 0.67)
    full = 0.817 * flow**0.42 * conveying**0.6 * slope**-0.6
    return 1.0 if length >= full else 1.0 - (1.0 - length / full) ** 1.8


@kernel
def efficiency_on_grade(c, flow, speed, spread):
    """Share of a gutter flow (m3/s) that an inlet on grade takes; a kerb opening before its grate takes first."""
    taken = 0.0
    if c[KERB_FREE] > 0.0:
        taken = kerb_efficiency(c[KERB_FREE], flow, speed, spread, c[CROSS_SLOPE])
    if c[LENGTH] > 0.0 and taken < 1.0:
        left = (1.0 - taken) ** 0.375
        taken += (1.0 - taken) * grate_efficiency(c, speed * left**0.67, spread * left)
    return taken


@kernel
def curve_value(points, first, last, x):
    """Value at x of the curve in rows first..last of ``points`` (x, y): 0 below it, constant beyond it."""
    if x <= points[first, 0]:
        return points[first, 1] if x == points[first, 0] else 0.0
    for k in range(first + 1, last + 1):
        if x < points[k, 0]:
            part = (x - points[k - 1, 0]) / (points[k, 0] - points[k - 1, 0])
            return points[k - 1, 1] + part * (points[k, 1] - points[k - 1, 1])
    return points[last, 1]


@kernel
def free_capture(c, method, first, last, points, placement, count, clean, h, speed, width, g):
    """Capture (m3/s) of ``count`` inlets of a class by the depth h (m) and speed (m/s) in a cell ``width`` m wide.

    ``clean`` is the share that is not clogged. Capture by HEC-22 is that of a sag in still water, that of an inlet on
    grade where the flow is supercritical, and between the two the inlet draws in what the speed leaves: at most
    E (V h b + (1 - Fr) Qsag). The gutter carries the flow area of the cell; b is the cell's width.
    """
    if h <= 0.0 or method == SEALED:
        return 0.0
    if method == CURVE:
        still = curve_value(points, first, last, h) * clean
        return count * (min(still, c[MAX_FLOW]) if c[MAX_FLOW] > 0.0 else still)
    spread, depth = gutter(h, width, c[CROSS_SLOPE] if method == HEC22 else 0.0)
    still = capture_on_sag(c, depth, g) * clean
    if c[MAX_FLOW] > 0.0:
        still = min(still, c[MAX_FLOW])
    still *= count
    if method == BY_DEPTH or placement == ON_SAG:
        return still
    passing = speed * h * width
    share = 1.0 - (1.0 - clean * efficiency_on_grade(c, passing, speed, spread)) ** count
    if placement == ON_GRADE:
        return min(share * passing, still)
    drawn = max(1.0 - speed / np.sqrt(g * h), 0.0) * still
    return min(share * passing + drawn, still)


@inline
def root_of(drop, slack, opening):
    """Root of the discharge equation of an opening, by which `drawn_flow` and its derivative go."""
    return np.sqrt(slack * slack + 4.0 * drop / opening)


@inline
def port_flow(head, capture, inward, outward, crest, top, lift, slack):
    """Flow (m3/s, positive into the drain) of an inlet at the end of a step, and how it falls with the node's head.

    Continuous in ``head`` (m) and falling. Into the drain: an orifice on what the street (``top``, m) is above head or
    ``crest``, whichever is higher, at most the ``capture``. Out of it: an orifice on what the head is above the street
    and the ``lift`` of a sealed lid. ``inward``, ``outward`` are (C A)^2 2 g (m5/s2), 0 where nothing passes. The
    street moves with the flow by ``slack`` (s/m2, time over area), so that Q = 2 d / (slack + sqrt(slack^2 + 4 d / K)).
    """
    if head <= top:
        if capture <= 0.0:
            return 0.0, 0.0
        d = top - max(head, crest)
        root = root_of(d, slack, inward)
        q = 2.0 * d / (slack + root)
        if q >= capture:
            return capture, 0.0
        return q, 1.0 / root if head > crest else 0.0
    over = head - top - lift
    if over <= 0.0 or outward <= 0.0:
        return 0.0, 0.0
    root = root_of(over, slack, outward)
    return -2.0 * over / (slack + root), 1.0 / root


@kernel
def weigh_ports(h, u, v, rows, columns, bed, inlets, clean, crest, numbers, wholes, points, width, g, ports):
    """What every inlet could pass now: ``ports`` (n, 4) takes capture m3/s, inward and outward (m5/s2), and level m.

    The orifice of the drowned inlet is that of its openings, or the larger one that passes what it captures freely, so
    that nothing jumps where the head reaches the crest.
    """
    for k in range(inlets.shape[0]):
        cell, kind, count = inlets[k, CELL], inlets[k, CLASS], inlets[k, COUNT]
        c, w = numbers[kind], wholes[kind]
        j, i = rows[cell], columns[cell]
        depth = max(bed[cell] + np.float64(h[j, i]) - crest[k], 0.0)
        speed = np.sqrt(np.float64(u[j, i]) ** 2 + np.float64(v[j, i]) ** 2)
        capture = free_capture(
            c, w[METHOD], w[FIRST], w[LAST], points, inlets[k, PLACEMENT], count, clean[k], depth, speed, width, g
        )
        opening = 0.0
        if w[METHOD] != CURVE:
            opening = c[ORIFICE] * c[AREA] + c[KERB_ORIFICE] * c[KERB_HEIGHT] * (c[KERB_FREE] + c[KERB_HIDDEN])
            opening = 2.0 * g * (count * clean[k] * opening) ** 2
        if capture > 0.0:
            opening = max(opening, capture * capture / depth)
        ports[k, CAPTURE], ports[k, INWARD], ports[k, TOP] = capture, opening, crest[k] + depth
        ports[k, OUTWARD] = 2.0 * g * (count * clean[k] * c[OUT_ORIFICE] * c[OUT_AREA]) ** 2


@kernel
def settle_node(rows, inlets, crest, numbers, ports, slack, head, stiffness, arriving, flow):
    """Flows (m3/s) of the inlets ``rows`` of one node over a step, so that they fit the head at its end.

    ``stiffness`` m2/s is the node's surface over the step, ``arriving`` m3/s what it gets besides. Newton's method on
    the balance stiffness (H' - H) = arriving + sum Q(H'), kept in a bracket: its left side rises and its right falls.
    """
    brought, lowest = arriving, np.inf
    for k in rows:
        q, _ = port_flow(-np.inf, ports[k, CAPTURE], ports[k, INWARD], 0.0, crest[k], ports[k, TOP], 0.0, slack[k])
        brought += q
        lowest = min(lowest, crest[k])
    high = head + brought / stiffness
    low = min(lowest, high)
    at = min(max(head, low), high)
    for _ in range(60):
        left, steep = stiffness * (at - head) - arriving, stiffness
        for k in rows:
            flow[k], falls = port_flow(
                at, ports[k, CAPTURE], ports[k, INWARD], ports[k, OUTWARD], crest[k], ports[k, TOP],
                numbers[inlets[k, CLASS], LIFT], slack[k],
            )  # fmt: skip
            left -= flow[k]
            steep += falls
        if abs(left) <= 1e-9 * stiffness:
            break
        if left > 0.0:
            high = at
        else:
            low = at
        at -= left / steep
        if not low < at < high:
            at = 0.5 * (low + high)


@kernel
def plan_exchange(
    dt, g, width, cell_area, h, u, v, rows, columns, bed, inlets, clean, crest, numbers, wholes, points, order, first,
    head, surface, volume, arriving, inertia, owed, node_sum, ports, slack, flow,
):  # fmt: skip
    """Flow (m3/s, positive into the drain) of every inlet over a coupling step of dt (s), written to ``flow``.

    h, u, v are padded; ``rows``, ``columns`` (cells,) padded places and ``bed`` (cells,) m; ``inlets`` (n, 5) whole
    numbers, ``clean`` (n,), ``crest`` (n,) m; ``numbers`` (classes, 17), ``wholes`` (classes, 3), ``points`` of curves.
    ``order`` (n,) lists the inlets node by node, ``first`` where each node with inlets begins. Nodes: ``head`` m, water
    ``surface`` m2, ``volume`` m3, ``arriving`` m3/s from links and other inflows, ``inertia`` (m2/s2) the sum of
    g A / L of its conduits, ``owed`` m3 already promised. ``slack`` (n,) is the time over area by which each inlet
    moves its cell. Scratch: ``node_sum`` (nodes,), ``ports`` (n, 4).

    Implicit in the node's head and in the level of each cell (backward Euler): the levels of street and node approach
    each other and never change places by the exchange, however many inlets share a node. Conduits yield to a rising
    head by g A / L times half the step. The surcharge of a node never exceeds its volume: all its inlets are scaled
    alike.
    """
    weigh_ports(h, u, v, rows, columns, bed, inlets, clean, crest, numbers, wholes, points, width, g, ports)
    for p in range(first.size - 1):
        these = order[first[p] : first[p + 1]]
        node = inlets[these[0], NODE]
        stiffness = surface[node] / dt + 0.5 * inertia[node] * dt
        settle_node(
            these, inlets, crest, numbers, ports, slack, head[node], stiffness, arriving[node], flow
        )  # fmt: skip
    for k in range(node_sum.size):
        node_sum[k] = 0.0
    for k in range(inlets.shape[0]):
        if flow[k] < 0.0:
            node_sum[inlets[k, NODE]] -= flow[k] * dt
    for k in range(inlets.shape[0]):
        node = inlets[k, NODE]
        if flow[k] < 0.0:
            flow[k] *= min(1.0, max(volume[node] - owed[node], 0.0) / node_sum[node])


@kernel
def add_to_source(dt, cell_area, rows, columns, cells, flow, source, given):
    """Put the flows that leave the drain (negative ``flow``, m3/s) into the source of their cells.

    ``cells`` (n,) place of each flow in ``rows``, ``columns``; ``source`` is padded, m/s, in single precision.
    ``given`` (n,) takes the volume (m3) that this really is over dt (s), after rounding.
    """
    for k in range(flow.size):
        given[k] = 0.0
        if flow[k] < 0.0:
            j, i = rows[cells[k]], columns[cells[k]]
            before = np.float64(source[j, i])
            source[j, i] = np.float32(before - flow[k] / cell_area)
            given[k] = (np.float64(source[j, i]) - before) * cell_area * dt


@kernel
def take_from_cells(dt, cell_area, rows, columns, cells, flow, h, u, v, share, taken):
    """Take what flows into the drain (positive ``flow``, m3/s) over one time step of dt (s) out of the cells' depths.

    Where a cell holds less than is asked, all that share it are scaled alike. ``share`` (cells,) is scratch; ``taken``
    (n,) m3 is added to, and sums up to exactly what the depths lost.
    """
    for k in range(share.size):
        share[k] = 0.0
    for k in range(flow.size):
        if flow[k] > 0.0:
            share[cells[k]] += flow[k] * dt / cell_area
    for k in range(share.size):
        asked = share[k]
        if asked <= 0.0:
            continue
        j, i = rows[k], columns[k]
        before = np.float64(h[j, i])
        h[j, i] = max(before - asked, 0.0)
        share[k] = (before - np.float64(h[j, i])) / asked
        if h[j, i] <= DRY:
            u[j, i] = v[j, i] = 0.0
    for k in range(flow.size):
        if flow[k] > 0.0:
            taken[k] += flow[k] * dt * share[cells[k]]


@kernel
def take_roof_rain(beat, cell_area, rows, columns, rate, weight, cap, source, taken):
    """Take rain from the source of roof cells into their downpipes, up to ``cap`` (m/s) of what falls.

    ``rate`` (n,) m/s of rain at each cell, ``weight`` (n,) the part of it that falls on a roof. ``taken`` (n,) m3 over
    the beat (s) is what the source really lost, after rounding, never more than the losses left of the rain.
    """
    for k in range(rows.size):
        j, i = rows[k], columns[k]
        before = np.float64(source[j, i])
        wanted = min(weight[k] * min(rate[k], cap), before)
        taken[k] = 0.0
        if wanted > 0.0:
            source[j, i] = max(np.float32(before - wanted), np.float32(0.0))
            taken[k] = (before - np.float64(source[j, i])) * cell_area * beat
