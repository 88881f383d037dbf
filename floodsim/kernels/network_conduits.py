"""Momentum in conduits: local inertia, pressure, convection and implicit friction, from the heads at both ends."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel
from floodsim.kernels.network_sections import depth_of_flow, section_at

# columns of the integers and of the numbers of a conduit
LINK, START, END, SHAPE, FLAP, PRESSURE_LAW, LIP_START, LIP_END = range(8)
(BED_START, BED_END, HEIGHT, AREA, WIDTH, RADIUS43, LENGTH, MASS, FRICTION, LOSS_ENTRY, LOSS_EXIT, LOSS_AVERAGE,
 MAX_FLOW, CRITICAL_FLOW, NORMAL_FLOW, PRESSURE_FACTOR, CONVEYANCE) = range(17)  # fmt: skip
MANNING, HAZEN_WILLIAMS, DARCY_WEISBACH = 0, 1, 2
"""Friction law of a full conduit; a partly full one follows Manning."""
CALM, SHOOTING = 0.9, 1.1
"""Froude numbers between which a conduit passes over to upstream areas and upwind momentum."""
SLENDER = 20.0
"""Length over depth below which upwind convection takes over (wholly at half of it): in explicit steps the central one
grows by (2 u dt / L)^4 / 4, which friction damps only over longer reaches."""
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
def upwind_part(froude, length, y1, y2):
    """How far convection is taken from upstream, 0 to 1: towards supercritical flow, and in short reaches."""
    part = min(max((froude - CALM) / (SHOOTING - CALM), 0.0), 1.0)
    slender = 2.0 * length / (y1 + y2)
    if slender < SLENDER:
        part = max(part, min(2.0 * (1.0 - slender / SLENDER), 1.0))
    return part


@inline
def partly_full(q, y1, y2, above, drawn, arriving, mid_area, growth, through, last_dt, numbers, c, table, shape, g):
    """Areas and convection of conduit ``c`` with a free surface, from the depths in its mouths.

    ``above`` (m) is the head over the crown at the fuller mouth; ``drawn``: a mouth stands at critical depth;
    ``arriving`` speed (m/s) of the water that enters; ``mid_area``, ``growth``, ``through`` are those of the last step.
    Returns the area and R^(4/3) (relative) that the flow passes, areas at start, end and middle, the flow to start
    from, the resistance (1/s) and gain (m3/s2) of convection, the Froude number, the greatest flow and the growth of
    the middle area (m2/s).
    """
    height, length, area, width = numbers[c, HEIGHT], numbers[c, LENGTH], numbers[c, AREA], numbers[c, WIDTH]
    a1, _, r1 = section_at(table, shape, y1 / height)
    a2, _, r2 = section_at(table, shape, y2 / height)
    a_m, w_m, r_w = section_at(table, shape, 0.5 * (y1 + y2) / height)
    # where the line between the heads crosses the crown, the conduit is full up to there
    filled = above / (above + height - min(y1, y2) + 1e-9)
    a_m, r_w = a_m + filled * (1.0 - a_m), r_w + filled * (1.0 - r_w)
    a1, a2, a_m = max(a1 * area, 1e-9), max(a2 * area, 1e-9), max(a_m * area, 1e-9)
    a_up, r_up, y_up = (a1, r1, y1) if q > 0.0 else (a2, r2, y2)
    u = q / a_m
    froude = abs(u) / np.sqrt(g * a_m / (max(w_m, 1e-3) * width))
    upwind = upwind_part(froude, length, y1, y2)
    a_w, start, resist, gain = a_m, q, 0.0, 0.0
    if upwind > 0.0:
        a_w += upwind * (a_up - a_w)
        r_w += upwind * (r_up - r_w)
        if through > 0.0:
            start += upwind * (min(max(a_w / through, 0.5), 2.0) - 1.0) * q
        if arriving > 0.0:
            resist = upwind * abs(q) / (a_w * length)
            gain = resist * arriving * a_w if q > 0.0 else -resist * arriving * a_w
    # where a mouth stands at critical depth the area follows the flow, and its growth would feed back on it
    rise = (a_m - mid_area) / last_dt if mid_area > 0.0 and not drawn else 0.0
    gain += (1.0 - upwind) * (u * (3.0 * rise - growth) + u * u * (a2 - a1) / length)
    limit, conveyance = numbers[c, MAX_FLOW], numbers[c, CONVEYANCE]
    if (y2 - y1) * conveyance > 0.0 and q * conveyance > 0.0 and y_up < height:
        limit = min(limit, abs(conveyance) * a_up * np.sqrt(r_up))
    return a_w, r_w, a1, a2, a_m, start, resist, gain, froude, limit, rise


@inline
def resistance(full, q, a_w, r_w, a1, a2, a_m, numbers, wholes, c, g):
    """Friction and local losses over the flow squared (1/m3): their part of dQ/dt is this times Q |Q|."""
    friction = numbers[c, FRICTION] / (a_w * max(r_w, 1e-6) * numbers[c, RADIUS43])
    if full and wholes[c, PRESSURE_LAW] != MANNING:
        slope = pressure_friction(wholes[c, PRESSURE_LAW], numbers[c, PRESSURE_FACTOR], q, a_w, numbers[c, RADIUS43])
        friction = g * a_w * slope / max(abs(q), 1e-6 * a_w)
    losses = numbers[c, LOSS_ENTRY] / a1 + numbers[c, LOSS_EXIT] / a2 + numbers[c, LOSS_AVERAGE] / a_m
    return friction + 0.5 * losses / numbers[c, LENGTH]


@kernel
def conduit_flows(
    dt, last_dt, head, entering, setting, numbers, wholes, table, critical, normal, g,
    flow, mid_area, growth, through, weighted_area, stiffness,
):  # fmt: skip
    """Advance the flow (m3/s) in every conduit by dt.

    ``entering`` (nodes, 2): momentum (m4/s2) and flow (m3/s) that links bring into each node. Of the last step, on
    entry: ``mid_area`` (m2) in the middle of each conduit, its ``growth`` (m2/s) and the area ``through`` it flowed.
    ``weighted_area`` (links,) the same for those that pass momentum on, else 0. ``stiffness`` (nodes,) takes the sum of
    g A (1 + Fr)^2 / L, which limits the next step.

    The equation is that of SWMM's dynamic wave (Rossman 2017, eq. 3-14): dQ/dt = 2 u dA/dt + u2 dA/dx - g A (dH/dx +
    S), with dA/dt by Adams and Bashforth's second order (Euler's would grow). Towards supercritical flow and in short
    reaches it passes over to upstream areas and the upwind momentum balance of Stelling and Duinmeijer (2003). As in
    SWMM, a flow whose depth grows downstream is at most the normal flow of its upstream end. Friction is implicit: the
    positive root of a quadratic.
    """
    for c in range(wholes.shape[0]):
        i, j, link, shape = wholes[c, START], wholes[c, END], wholes[c, LINK], wholes[c, SHAPE]
        q, height, length = flow[link], numbers[c, HEIGHT], numbers[c, LENGTH]
        z1, z2, area, width = numbers[c, BED_START], numbers[c, BED_END], numbers[c, AREA], numbers[c, WIDTH]
        free1, free2 = head[i] - z1, head[j] - z2
        full = free1 >= height and free2 >= height
        y1 = y2 = height
        if not full:
            fall, top = numbers[c, NORMAL_FLOW], numbers[c, CRITICAL_FLOW]
            y1 = end_depth(free1, -q, height, area, width, top, -fall, table, critical, normal, shape, g)
            y2 = end_depth(free2, q, height, area, width, top, fall, table, critical, normal, shape, g)
        drop = z1 + max(free1, y1) - z2 - max(free2, y2)
        dry = (free1 <= DRY and free2 <= DRY) or (y1 <= DRY and drop > 0.0) or (y2 <= DRY and drop < 0.0)
        if dry or setting[link] <= 0.0:
            flow[link] = mid_area[c] = growth[c] = through[c] = weighted_area[link] = 0.0
            continue
        if full:
            a_w = a1 = a2 = a_m = area
            r_w, start, resist, gain, froude, limit, rise = 1.0, q, 0.0, 0.0, 0.0, numbers[c, MAX_FLOW], 0.0
            drawn = falls = False
        else:
            up, lip = (i, LIP_START) if q > 0.0 else (j, LIP_END)
            arriving = 0.0
            if entering[up, 1] > 0.0 and wholes[c, lip] == 0:
                arriving = entering[up, 0] / max(entering[up, 1], abs(q))
            drawn = y1 > max(free1, 0.0) or y2 > max(free2, 0.0)
            above = max(free1 - height, free2 - height, 0.0)
            a_w, r_w, a1, a2, a_m, start, resist, gain, froude, limit, rise = partly_full(
                q, y1, y2, above, drawn, arriving, mid_area[c], growth[c], through[c], last_dt, numbers, c, table,
                shape, g,
            )  # fmt: skip
            # a jet that falls into its node brings no momentum to the next conduit
            falls = free2 < 0.5 * y2 if q > 0.0 else free1 < 0.5 * y1
        mid_area[c], growth[c], through[c] = 0.0 if drawn else a_m, rise, a_w
        weighted_area[link] = 0.0 if falls else a_w
        mass = dt / numbers[c, MASS]
        friction = resistance(full, q, a_w, r_w, a1, a2, a_m, numbers, wholes, c, g)
        b = 1.0 + mass * resist
        rhs = start + mass * (g * a_w * drop / length + gain)
        new = 2.0 * rhs / (b + np.sqrt(b * b + 4.0 * mass * friction * abs(rhs)))
        if (new > 0.0 and y1 <= DRY) or (new < 0.0 and (y2 <= DRY or wholes[c, FLAP] != 0)):
            new = 0.0
        flow[link] = min(max(new, -limit), limit)
        k = g * a_w / (length * numbers[c, MASS]) * (1.0 + froude) ** 2
        stiffness[i] += k
        stiffness[j] += k
