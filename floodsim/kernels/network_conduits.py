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
    """Friction slope over q for a full force main: Hazen-Williams (factor 1.318 C in SI form) or Darcy-Weisbach.

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


@kernel
def conduit_flows(
    dt, last_dt, head, entering, setting, numbers, wholes, table, critical, normal, g,
    flow, mid_area, growth, through, weighted_area, stiffness,
):  # fmt: skip
    """Advance the flow (m3/s) in every conduit by dt.

    ``entering`` (nodes, 2): momentum (m4/s2) and flow (m3/s) that links bring into each node. ``mid_area`` (conduits,)
    is the area in the middle and ``growth`` its rise (m2/s), of the last step on entry; ``weighted_area`` (links,) what the flow passes through;
    ``stiffness`` (nodes,) takes the sum of g A (1 + Fr)^2 / L, which limits the next step.

    The equation is that of SWMM's dynamic wave (Rossman 2017, eq. 3-14): dQ/dt = 2 u dA/dt + u2 dA/dx - g A (dH/dx + S),
    where the flow is subcritical, with dA/dt by Adams and Bashforth's second order (Euler's would grow); towards supercritical flow it passes over to upstream areas and the upwind momentum
    balance of Stelling and Duinmeijer (2003). Friction is implicit: the positive root of a quadratic.
    """
    for c in range(wholes.shape[0]):
        i, j, link, shape = wholes[c, START], wholes[c, END], wholes[c, LINK], wholes[c, SHAPE]
        q, height, length = flow[link], numbers[c, HEIGHT], numbers[c, LENGTH]
        z1, z2 = numbers[c, BED_START], numbers[c, BED_END]
        y1, y2 = head[i] - z1, head[j] - z2
        if (y1 <= DRY and y2 <= DRY) or setting[link] <= 0.0:
            flow[link] = mid_area[c] = growth[c] = through[c] = weighted_area[link] = 0.0
            continue
        full = y1 >= height and y2 >= height
        free1, free2 = y1, y2
        above1, above2 = max(y1 - height, 0.0), max(y2 - height, 0.0)
        area, width = numbers[c, AREA], numbers[c, WIDTH]
        if not full:
            fall = numbers[c, NORMAL_FLOW]
            critical_flow = numbers[c, CRITICAL_FLOW]
            y1 = end_depth(y1, -q, height, area, width, critical_flow, -fall, table, critical, normal, shape, g)
            y2 = end_depth(y2, q, height, area, width, critical_flow, fall, table, critical, normal, shape, g)
        else:
            y1 = y2 = height
        drop = z1 + y1 + above1 - z2 - y2 - above2
        if (y1 <= DRY and drop > 0.0) or (y2 <= DRY and drop < 0.0):
            flow[link] = mid_area[c] = growth[c] = through[c] = weighted_area[link] = 0.0
            continue
        mass = dt / numbers[c, MASS]
        start, resist, gain, froude, limit = q, 0.0, 0.0, 0.0, numbers[c, MAX_FLOW]
        if full:
            a_w = a1 = a2 = a_m = mid_area[c] = area
            r_w, growth[c] = 1.0, 0.0
        else:
            up, lip = (i, LIP_START) if q > 0.0 else (j, LIP_END)
            a1, _, r1 = section_at(table, shape, y1 / height)
            a2, _, r2 = section_at(table, shape, y2 / height)
            a_m, w_m, r_w = section_at(table, shape, 0.5 * (y1 + y2) / height)
            a1, a2, a_m = max(a1 * area, 1e-9), max(a2 * area, 1e-9), max(a_m * area, 1e-9)
            a_up, r_up, y_up = (a1, r1, y1) if q > 0.0 else (a2, r2, y2)
            a_w, u = a_m, q / a_m
            c2 = g * a_m / max(w_m * width, 1e-3 * width)
            arriving = 0.0
            if entering[up, 1] > 0.0 and wholes[c, lip] == 0:
                arriving = entering[up, 0] / max(entering[up, 1], abs(q))
            froude = abs(u) / np.sqrt(c2)
            upwind = min(max((froude - CALM) / (SHOOTING - CALM), 0.0), 1.0)
            slender = length / (y1 + y2) * 2.0
            if slender < SLENDER:
                upwind = max(upwind, min(2.0 * (1.0 - slender / SLENDER), 1.0))
            if upwind > 0.0:
                a_w += upwind * (a_up - a_w)
                if through[c] > 0.0:
                    start += upwind * (min(max(a_w / through[c], 0.5), 2.0) - 1.0) * q
                r_w += upwind * (r_up - r_w)
                if arriving > 0.0:
                    resist = upwind * abs(q) / (a_w * length)
                    gain = resist * arriving * a_w if q > 0.0 else -resist * arriving * a_w
            # where an end stands at critical depth its area follows the flow, and its growth would feed back on it
            drawn = y1 > max(free1, 0.0) or y2 > max(free2, 0.0)
            rise = (a_m - mid_area[c]) / last_dt if mid_area[c] > 0.0 and not drawn else 0.0
            gain += (1.0 - upwind) * (u * (3.0 * rise - growth[c]) + u * u * (a2 - a1) / length)
            growth[c] = rise
            conveyance = numbers[c, CONVEYANCE]
            if (y2 - y1) * conveyance > 0.0 and q * conveyance > 0.0 and y_up < height:
                limit = min(limit, abs(conveyance) * a_up * np.sqrt(r_up))
            mid_area[c] = 0.0 if drawn else a_m
        # a jet that falls into its node brings no momentum to the next conduit
        falls = not full and (free2 < 0.5 * y2 if q > 0.0 else free1 < 0.5 * y1)
        weighted_area[link] = 0.0 if falls else a_w
        through[c] = a_w
        friction = numbers[c, FRICTION] / (a_w * max(r_w, 1e-6) * numbers[c, RADIUS43])
        if full and wholes[c, PRESSURE_LAW] != MANNING:
            slope = pressure_friction(
                wholes[c, PRESSURE_LAW], numbers[c, PRESSURE_FACTOR], q, area, numbers[c, RADIUS43]
            )
            friction = g * area * slope / max(abs(q), 1e-6 * area)
        losses = numbers[c, LOSS_ENTRY] / max(a1, 1e-9) + numbers[c, LOSS_EXIT] / max(a2, 1e-9)
        friction += 0.5 * (losses + numbers[c, LOSS_AVERAGE] / a_m) / length
        b = 1.0 + mass * resist
        rhs = start + mass * (g * a_w * drop / length + gain)
        new = 2.0 * rhs / (b + np.sqrt(b * b + 4.0 * mass * friction * abs(rhs)))
        if (new > 0.0 and y1 <= DRY) or (new < 0.0 and (y2 <= DRY or wholes[c, FLAP] != 0)):
            new = 0.0
        flow[link] = min(max(new, -limit), limit)
        k = g * a_w / (length * numbers[c, MASS]) * (1.0 + froude) ** 2
        stiffness[i] += k
        stiffness[j] += k
