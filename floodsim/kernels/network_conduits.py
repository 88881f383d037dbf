"""Momentum in conduits: local inertia, pressure, convection and implicit friction, from the heads at both ends."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel
from floodsim.kernels.network_sections import curve_at, depth_of_flow, section_at

# columns of the integers and of the numbers of a conduit
(LINK, START, END, SHAPE, FLAP, PRESSURE_LAW, LIP_START, LIP_END, DROP_START, DROP_END, LIMIT,
 DAMPING, AT_START, AT_END, INLET_FIRST, INLET_LAST, LOSSES) = range(17)  # fmt: skip
(BED_START, BED_END, HEIGHT, AREA, WIDTH, RADIUS43, LENGTH, MASS, FRICTION, LOSS_ENTRY, LOSS_EXIT, LOSS_AVERAGE,
 MAX_FLOW, CRITICAL_FLOW, NORMAL_FLOW, PRESSURE_FACTOR, CONVEYANCE, SLOT_WIDTH,
 SEEPAGE) = range(19)  # fmt: skip
MANNING, HAZEN_WILLIAMS, DARCY_WEISBACH = 0, 1, 2
"""Friction law of a full conduit; a partly full one follows Manning."""
BY_SLOPE, BY_FROUDE = 1, 2
"""Where the flow is at most the normal flow of its upstream end: the depth grows downstream, or it is supercritical."""
UNDAMPED, PARTIAL, FULL = 0, 1, 2
"""Damping of inertia: none, as the flow nears critical, wholly."""
ONSET = 0.02
"""Rise of depth downstream, over the depth upstream, from which the flow is at most the normal one; it may be the more
over it the less the depth rises.
"""
CALM, SHOOTING = 0.9, 1.1
"""Froude numbers between which a conduit passes over to upstream areas and upwind momentum."""
SLENDER, MOST = 40.0, 0.5
"""Length over depth below which convection is taken from upstream in part, and the most of it (from 3/4 of that length
on): in explicit steps the central one feeds swings of the level, which friction damps only over longer reaches, and the
upstream one alone is of first order.
"""
CALMING = 0.1
"""Part of a step by which the heads that drive a conduit under pressure are looked ahead: it calms the swing between
two nodes, by w^2 / 20 of its size in a step of w radians, and leaves steady flow as it is.
"""
SHALLOW = 0.1
"""Least area in a mouth that local losses take, over that in the middle of the conduit."""
DRY = 1e-6
"""Depth in m below which a conduit end counts as dry."""


@inline
def end_depth(depth, flow_out, height, area, width, critical_flow, normal_flow, table, critical, normal, shape, g):
    """Depth in the mouth of a conduit from which ``flow_out`` leaves: at least the lower of critical and normal depth.

    ``normal_flow`` is 0 where the bed does not fall in the direction of the flow: normal depth does not exist.
    """
    y = min(max(depth, 0.0), height)
    if flow_out <= 0.0 or y >= height:
        return y
    a, w, _ = section_at(table, shape, y / height)
    a *= area
    if y > DRY and flow_out * flow_out * w * width <= g * a * a * a:
        return y
    least = depth_of_flow(critical, shape, flow_out / critical_flow)
    if normal_flow > 0.0:
        least = min(least, depth_of_flow(normal, shape, flow_out / normal_flow))
    return max(y, least * height)


@inline
def pressure_friction(law, factor, q, area, radius43):
    """Friction slope over q for a full force main: Hazen-Williams or Darcy-Weisbach.

    Hazen-Williams: S = (V / (0.849 C R^0.63))^1.852, ``factor`` = 0.849 C. Darcy-Weisbach: S = f V2 / (8 g R), f by
    Swamee and Jain (1976), ``factor`` = roughness height in m; water at 20 C.
    """
    radius = radius43**0.75
    speed = max(abs(q) / area, 1e-6)
    if law == HAZEN_WILLIAMS:
        return (speed / (factor * radius**0.63)) ** 1.852 / (speed * area)
    reynolds = max(4.0 * radius * speed / 1.0e-6, 10.0)
    if reynolds < 2000.0:
        f = 64.0 / reynolds
    else:
        f = 0.25 / np.log10(factor / (3.7 * 4.0 * radius) + 5.74 / max(reynolds, 4000.0) ** 0.9) ** 2
    return f * speed / (8.0 * 9.81 * radius * area)


@inline
def shortness(length, y1, y2):
    """How far convection is taken from upstream, 0 to 1, because a reach is short."""
    return min(max(2.0 - 4.0 * length / ((y1 + y2) * SLENDER), 0.0), MOST)


@inline
def upwind_momentum(q, part, area, a_up, shooting, length, entering, wholes, c):
    """Resistance (1/s) and gain (m3/s2) of the upwind momentum balance in conduit ``c``, times its ``part``.

    ``entering`` (nodes, 2): momentum and flow that come into each node; what enters here comes with their mean speed,
    or at rest where the node is at rest or the mouth lies high over it (Stelling and Duinmeijer 2003). Short of
    ``shooting`` flow (0 to 1) it is drawn from there towards the own speed, up to what the flow would have in the own
    section a reach upstream (``a_up`` m2 in the mouth): a change of section would else cost a head of speed.
    """
    resist = gain = 0.0
    up, lip = (wholes[c, START], LIP_START) if q > 0.0 else (wholes[c, END], LIP_END)
    if entering[up, 0] > 0.0 and entering[up, 1] > 0.0 and wholes[c, lip] == 0:
        resist = part * abs(q) / (area * length)
        speed, own = entering[up, 0] / max(entering[up, 1], abs(q)), abs(q) / area
        alike = min(max(entering[up, 1] * area / (a_up * a_up), min(speed, own)), max(speed, own))
        gain = resist * (alike + shooting * (speed - alike)) * area
    return resist, (gain if q > 0.0 else -gain)


@inline
def middle_storage(y1, y2, free1, free2, a1, w1, a2, w2, a_m, w_m, numbers, wholes, c, table):
    """Water of conduit ``c`` that its nodes do not hold by their own level alone: parts of start and end node (m3), and
    how they grow with the level of each (m2).

    A conduit holds L / 4 (A1 + 2 Am + A2), of which the nodes' tables have L A / 4 at their own depth. The rest is
    shared, unless one end falls freely: then the other node has all of it. The half at an outfall is outside.
    """
    height, quarter = numbers[c, HEIGHT], 0.25 * numbers[c, LENGTH]
    growth = slot = 0.0
    above = max(free1, free2) - height
    if above >= 0.0:
        below = height - min(y1, y2) + 1e-9
        growth = 2.0 * below / (above + below) ** 2 * (numbers[c, AREA] - a_m)
        filled = above / (above + below)
        a_m += filled * (numbers[c, AREA] - a_m)
        w_m *= 1.0 - filled
        if free1 >= height and free2 >= height:
            slot = numbers[c, SLOT_WIDTH]
            a_m += slot * (0.5 * (free1 + free2) - height)
    s1 = growth if free1 > height and free1 >= free2 else (w_m if 0.0 < free1 < height else 0.0)
    s2 = growth if free2 > height and free2 > free1 else (w_m if 0.0 < free2 < height else 0.0)
    s1, s2 = s1 + slot, s2 + slot
    if wholes[c, AT_END] != 0:
        return quarter * a_m, 0.0, quarter * s1, 0.0
    if wholes[c, AT_START] != 0:
        return 0.0, quarter * a_m, 0.0, quarter * s2
    if y2 > free2 and y2 > DRY:
        own, _, _ = section_at(table, wholes[c, SHAPE], max(free2, 0.0) / height)
        own = own * numbers[c, AREA] if free2 > 0.0 else 0.0
        return quarter * (2.0 * a_m + a2 - own), 0.0, quarter * (2.0 * s1 + (w1 if y1 < height else 0.0)), 0.0
    if y1 > free1 and y1 > DRY:
        own, _, _ = section_at(table, wholes[c, SHAPE], max(free1, 0.0) / height)
        own = own * numbers[c, AREA] if free1 > 0.0 else 0.0
        return 0.0, quarter * (2.0 * a_m + a1 - own), 0.0, quarter * (2.0 * s2 + (w2 if y2 < height else 0.0))
    return quarter * a_m, quarter * a_m, quarter * s1, quarter * s2


@inline
def partly_full(
    q, y1, y2, a1, a2, a_m, w1, w2, w_m, r1, r2, r_w, free1, drawn, entering, drop, mid_area, growth, through, last_dt,
    numbers, wholes, c, points, g,
):  # fmt: skip
    """Areas and convection of conduit ``c`` with a free surface, from depth ``y``, area ``a`` (m2), width ``w`` (m) and
    relative R^(4/3) ``r`` in its mouths and its middle.

    ``free1`` is the depth over the invert of its inlet, for the rating of a culvert in ``points``; ``drawn``: a mouth
    stands at critical depth; ``entering`` (nodes, 2) momentum and flow that enter each node; ``mid_area``, ``growth``,
    ``through`` are those of the last step. Returns the area and R^(4/3) (relative) that the flow passes, the area that
    friction takes, the flow to start from, the resistance (1/s) and gain (m3/s2) of convection, the Froude number, the
    greatest flow and the growth of the middle area (m2/s).
    """
    height, length, fall = numbers[c, HEIGHT], numbers[c, LENGTH], numbers[c, CONVEYANCE]
    a_up, r_up, y_up, w_up = (a1, r1, y1, w1) if q > 0.0 else (a2, r2, y2, w2)
    u = q / a_m
    froude = abs(u) / np.sqrt(g * a_m / w_m)
    shooting = min(max((froude - CALM) / (SHOOTING - CALM), 0.0), 1.0)
    a_w, start, resist, gain = a_m, q, 0.0, 0.0
    # where a mouth stands at critical depth the area follows the flow, and its growth would feed back on it
    rise = (a_m - mid_area) / last_dt if mid_area > 0.0 and not drawn else 0.0
    swelling, stretching = u * (3.0 * rise - growth), u * u * (a2 - a1) / length
    a_f, limit = a_m, numbers[c, MAX_FLOW]
    mouth = wholes[c, AT_START] + wholes[c, AT_END] != 0
    if wholes[c, LIMIT] & BY_FROUDE:
        calm = min(max(2.0 - 2.0 * froude, 0.0), 1.0)
        if q * fall > 0.0 and q * drop > 0.0:
            a_w += (1.0 - calm) * (a_up - a_w)
            r_w += (1.0 - calm) * (r_up - r_w)
        damping, keep, short = wholes[c, DAMPING], 1.0 - shooting, shortness(length, y1, y2)
        # in supercritical flow the explicit growth of the area would feed on itself, and so would a mouth that follows
        central = 1.0 - short
        gain = central * (keep * swelling + (keep * stretching if mouth else stretching))
        if short > 0.0:
            resist, more = upwind_momentum(q, keep * short, a_w, a_up, shooting, length, entering, wholes, c)
            gain += more
        if damping != UNDAMPED:
            calming = calm if damping == PARTIAL else 0.0
            gain, resist = calming * gain, calming * resist
    else:
        upwind = max(shooting, shortness(length, y1, y2))
        if shooting > 0.0:
            a_w += shooting * (a_up - a_w)
            r_w += shooting * (r_up - r_w)
            if through > 0.0:
                start += shooting * (min(max(a_w / through, 0.5), 2.0) - 1.0) * q
        if upwind > 0.0:
            resist, gain = upwind_momentum(q, upwind, a_w, a_up, shooting, length, entering, wholes, c)
        gain += (1.0 - upwind) * (swelling + stretching)
        a_f = a_w
    if wholes[c, INLET_FIRST] >= 0:
        if q > 0.0:
            limit = min(limit, max(curve_at(points, wholes[c, INLET_FIRST], wholes[c, INLET_LAST], free1)[0], 0.0))
    elif q * fall > 0.0 and y_up < height and not drawn:
        by_slope = wholes[c, LIMIT] & BY_SLOPE and (y2 - y1) * fall > 0.0
        by_froude = wholes[c, LIMIT] & BY_FROUDE and not mouth
        if by_slope or by_froude:
            normal = abs(fall) * a_up * np.sqrt(r_up)
            if by_slope:  # gradually: a flow cut all at once would strike the nodes on either side
                limit = min(limit, normal / min(abs(y2 - y1) / (ONSET * y_up), 1.0))
            if by_froude:
                limit = min(limit, max(normal, a_up * np.sqrt(g * a_up / w_up)))
    return a_w, r_w, a_f, start, resist, gain, froude, limit, rise


@inline
def resistance(full, q, a_f, r_w, a1, a2, a_m, numbers, wholes, c, g):
    """Friction and local losses over the flow squared (1/m3): their part of dQ/dt is this times Q |Q|."""
    friction = numbers[c, FRICTION] / (a_f * max(r_w, 1e-6) * numbers[c, RADIUS43])
    if full and wholes[c, PRESSURE_LAW] != MANNING:
        slope = pressure_friction(wholes[c, PRESSURE_LAW], numbers[c, PRESSURE_FACTOR], q, a_f, numbers[c, RADIUS43])
        friction = g * a_f * slope / max(abs(q), 1e-6 * a_f)
    if wholes[c, LOSSES] == 0:
        return friction
    # a mouth that runs nearly dry would shut the conduit by its loss
    least = SHALLOW * a_m
    losses = numbers[c, LOSS_ENTRY] / max(a1, least) + numbers[c, LOSS_EXIT] / max(a2, least)
    losses += numbers[c, LOSS_AVERAGE] / a_m
    return friction + 0.5 * losses / numbers[c, LENGTH]


@inline
def sections(free1, free2, q, numbers, wholes, c, table, critical, normal, g):
    """Depths in both mouths of conduit ``c``, and area, width and relative R^(4/3) there and at the mean depth."""
    height, area, width, shape = numbers[c, HEIGHT], numbers[c, AREA], numbers[c, WIDTH], wholes[c, SHAPE]
    if free1 >= height and free2 >= height:
        return height, height, area, area, area, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0
    y1, y2 = min(max(free1, 0.0), height), min(max(free2, 0.0), height)
    fall, top = numbers[c, NORMAL_FLOW], numbers[c, CRITICAL_FLOW]
    if wholes[c, DROP_START] != 0:
        y1 = end_depth(free1, -q, height, area, width, top, -fall, table, critical, normal, shape, g)
    if wholes[c, DROP_END] != 0:
        y2 = end_depth(free2, q, height, area, width, top, fall, table, critical, normal, shape, g)
    a1, w1, r1 = section_at(table, shape, y1 / height)
    a2, w2, r2 = section_at(table, shape, y2 / height)
    a_m, w_m, r_m = section_at(table, shape, 0.5 * (y1 + y2) / height)
    least = 1e-3 * width
    return (
        y1, y2, max(a1 * area, 1e-9), max(a2 * area, 1e-9), max(a_m * area, 1e-9),
        max(w1 * width, least), max(w2 * width, least), max(w_m * width, least), r1, r2, r_m,
    )  # fmt: skip


@inline
def hand_over(c, i, j, m1, m2, s1, s2, head, before, wholes, middle, volume, passed):
    """Give the nodes what conduit ``c`` now holds beside their own levels, and even out what the last step foretold.

    ``middle`` (conduits, 4) has the last volumes and surfaces. Where the split between the two nodes came out other
    than by their own levels, water is handed from one to the other; what the sum is off is left to their next balance.
    An outfall fills and drains its half of the conduit, which is booked in ``passed``.
    """
    e1 = m1 - middle[c, 0] - middle[c, 2] * (head[i] - before[i])
    e2 = m2 - middle[c, 1] - middle[c, 3] * (head[j] - before[j])
    if wholes[c, AT_END] != 0:
        handed = max(e1, -volume[i])
        volume[i] += handed
        passed[j] -= handed
    elif wholes[c, AT_START] != 0:
        handed = max(e2, -volume[j])
        volume[j] += handed
        passed[i] -= handed
    else:
        handed = min(max(0.5 * (e1 - e2), -volume[i]), volume[j])
        volume[i] += handed
        volume[j] -= handed
    middle[c, 0], middle[c, 1], middle[c, 2], middle[c, 3] = m1, m2, s1, s2


@inline
def add_storage(i, j, m1, m2, s1, s2, mid_volume, mid_surface):
    """Add the volumes and surfaces of a conduit to those of its two nodes."""
    mid_volume[i] += m1
    mid_volume[j] += m2
    mid_surface[i] += s1
    mid_surface[j] += s2


@inline
def seep(dt, c, i, j, free1, free2, w_m, numbers, wholes, volume, seeped):
    """Let water soak through the surface of conduit ``c`` into the ground, half from each node that is inside."""
    width = w_m if max(free1, free2) < 0.5 * numbers[c, HEIGHT] else numbers[c, WIDTH]
    lost = 0.5 * dt * numbers[c, SEEPAGE] * width * numbers[c, LENGTH]
    if wholes[c, AT_START] == 0:
        part = min(lost, volume[i])
        volume[i] -= part
        seeped[i] += part
    if wholes[c, AT_END] == 0:
        part = min(lost, volume[j])
        volume[j] -= part
        seeped[j] += part


@inline
def next_flow(
    dt, q, full, y1, y2, a1, a2, a_m, a_w, r_w, a_f, start, resist, gain, limit, drop, numbers, wholes, c, g
):  # fmt: skip
    """The flow after dt from the momentum balance, with friction implicit: the root of a quadratic."""
    mass = dt / numbers[c, MASS]
    friction = resistance(full, q, a_f, r_w, a1, a2, a_m, numbers, wholes, c, g)
    b = 1.0 + mass * resist
    rhs = start + mass * (g * a_w * drop / numbers[c, LENGTH] + gain)
    new = 2.0 * rhs / (b + np.sqrt(b * b + 4.0 * mass * friction * abs(rhs)))
    if (new > 0.0 and y1 <= DRY) or (new < 0.0 and (y2 <= DRY or wholes[c, FLAP] != 0)):
        new = 0.0
    return min(max(new, -limit), limit)


@kernel
def conduit_flows(
    dt, last_dt, head, before, entering, setting, numbers, wholes, table, critical, normal, points, g,
    flow, mid_area, growth, through, weighted_area, middle, volume, passed, seeped, mid_volume, mid_surface, stiffness,
):  # fmt: skip
    """Advance the flow (m3/s) in every conduit by dt, and give the nodes what conduits hold beside their own levels.

    ``entering`` (nodes, 2): momentum (m4/s2) and flow (m3/s) that links bring into each node. Of the last step, on
    entry: ``mid_area`` (m2) in the middle of each conduit, its ``growth`` (m2/s) and the area ``through`` it flowed.
    ``weighted_area`` (links,) the same for those that pass momentum on, else 0. ``before`` (nodes,) the last heads;
    ``mid_volume`` and ``mid_surface`` (nodes,) take what conduits hold beside the nodes' tables (m3) and how it grows
    with the head (m2); ``seeped`` (nodes,) m3 lost to the ground. ``stiffness`` (nodes,) takes the sum of
    g A (1 + Fr)^2 / L, which limits the next step.

    The equation is that of SWMM's dynamic wave (Rossman 2017, eq. 3-14): dQ/dt = 2 u dA/dt + u2 dA/dx - g A (dH/dx +
    S), with dA/dt by Adams and Bashforth's second order (Euler's would grow). Towards supercritical flow and in short
    reaches it passes over to upstream areas and the upwind momentum balance of Stelling and Duinmeijer (2003), or,
    where the input limits flows by their Froude number, follows SWMM: upstream areas from Fr 0.5 on, inertia damped as
    the input says, and at most the normal flow of the upstream end. A culvert takes in what its inlet lets through.
    """
    for c in range(wholes.shape[0]):
        i, j, link = wholes[c, START], wholes[c, END], wholes[c, LINK]
        q, height, length = flow[link], numbers[c, HEIGHT], numbers[c, LENGTH]
        z1, z2, area = numbers[c, BED_START], numbers[c, BED_END], numbers[c, AREA]
        free1, free2 = head[i] - z1, head[j] - z2
        # water outside that stands higher brakes what still flows, and then holds the flap
        shut = wholes[c, FLAP] != 0 and head[j] > head[i] and q <= 0.0
        if wholes[c, FLAP] != 0 and wholes[c, AT_END] != 0 and q <= 0.0:
            free2 = min(free2, head[i] - z2 if free1 > DRY else 0.0)
        if free1 <= DRY and free2 <= DRY:
            hand_over(c, i, j, 0.0, 0.0, 0.0, 0.0, head, before, wholes, middle, volume, passed)
            flow[link] = mid_area[c] = growth[c] = through[c] = weighted_area[link] = 0.0
            continue
        full = free1 >= height and free2 >= height
        y1, y2, a1, a2, a_m, w1, w2, w_m, r1, r2, r_w = sections(
            free1, free2, q, numbers, wholes, c, table, critical, normal, g
        )
        m1, m2, s1, s2 = middle_storage(y1, y2, free1, free2, a1, w1, a2, w2, a_m, w_m, numbers, wholes, c, table)
        hand_over(c, i, j, m1, m2, s1, s2, head, before, wholes, middle, volume, passed)
        add_storage(i, j, m1, m2, s1, s2, mid_volume, mid_surface)
        if numbers[c, SEEPAGE] > 0.0:
            seep(dt, c, i, j, free1, free2, w_m, numbers, wholes, volume, seeped)
        drop = z1 + max(free1, y1) - z2 - max(free2, y2)
        if free1 > height or free2 > height:
            drop += CALMING * ((head[i] - before[i]) - (head[j] - before[j]))
        if (y1 <= DRY and drop > 0.0) or (y2 <= DRY and drop < 0.0) or setting[link] <= 0.0 or shut:
            flow[link] = mid_area[c] = growth[c] = through[c] = weighted_area[link] = 0.0
            continue
        a_w, a_f, start, resist, gain, froude, limit, rise = area, area, q, 0.0, 0.0, 0.0, numbers[c, MAX_FLOW], 0.0
        drawn = falls = False
        if not full:
            drawn = y1 > max(free1, 0.0) or y2 > max(free2, 0.0)
            # where the line between the heads crosses the crown, the conduit is full up to there
            above = max(free1, free2) - height
            if above > 0.0:
                filled = above / (above + height - min(y1, y2) + 1e-9)
                a_m, r_w = a_m + filled * (area - a_m), r_w + filled * (1.0 - r_w)
            a_w, r_w, a_f, start, resist, gain, froude, limit, rise = partly_full(
                q, y1, y2, a1, a2, a_m, w1, w2, w_m, r1, r2, r_w, free1, drawn, entering, drop, mid_area[c], growth[c],
                through[c], last_dt, numbers, wholes, c, points, g,
            )  # fmt: skip
            # a jet that falls into its node brings no momentum to the next conduit
            falls = free2 < 0.5 * y2 if q > 0.0 else free1 < 0.5 * y1
        mid_area[c], growth[c], through[c] = 0.0 if drawn else a_m, rise, a_w
        weighted_area[link] = 0.0 if falls else a_w
        flow[link] = next_flow(
            dt, q, full, y1, y2, a1, a2, a_m, a_w, r_w, a_f, start, resist, gain, limit, drop, numbers, wholes, c, g
        )
        k = g * a_w / (length * numbers[c, MASS]) * (1.0 + froude) ** 2
        stiffness[i] += k
        stiffness[j] += k


@kernel
def resting_storage(head, numbers, wholes, table, critical, normal, g, flow, middle, mid_volume, mid_surface):
    """What conduits hold beside the nodes' tables at the start, as `conduit_flows` reckons it; ``flow`` (links,)."""
    for c in range(wholes.shape[0]):
        i, j, z2 = wholes[c, START], wholes[c, END], numbers[c, BED_END]
        free1, free2 = head[i] - numbers[c, BED_START], head[j] - z2
        if wholes[c, FLAP] != 0 and wholes[c, AT_END] != 0:
            free2 = min(free2, head[i] - z2 if free1 > DRY else 0.0)
        if free1 <= DRY and free2 <= DRY:
            continue
        y1, y2, a1, a2, a_m, w1, w2, w_m, _, _, _ = sections(
            free1, free2, flow[wholes[c, LINK]], numbers, wholes, c, table, critical, normal, g
        )
        m1, m2, s1, s2 = middle_storage(y1, y2, free1, free2, a1, w1, a2, w2, a_m, w_m, numbers, wholes, c, table)
        middle[c, 0], middle[c, 1], middle[c, 2], middle[c, 3] = m1, m2, s1, s2
        add_storage(i, j, m1, m2, s1, s2, mid_volume, mid_surface)
