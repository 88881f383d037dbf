"""Flow through pumps, orifices, weirs and outlets, from the heads at both ends.

Every static relation Q = f(heads) is approached by Q += (f - Q) / (1 + K dt (1/S1 + 1/S2)), K = df/dh, S the water
surfaces of the two nodes: exact when steady, stable for any step. Formulas: SWMM reference manual II (Rossman 2017),
chapter 6.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline, kernel
from floodsim.kernels.network_sections import curve_at
from floodsim.kernels.roadway import road_coefficient

# columns shared by all structures
LINK, START, END, KIND, FIRST, LAST, FLAP, FLAG = range(8)
# kinds and columns of numbers; crest is a level in m
PUMP_IDEAL, PUMP_STEPS, PUMP_HEAD, PUMP_DEPTH, PUMP_AFFINITY = range(5)
START_DEPTH, STOP_DEPTH = 0, 1
SIDE, BOTTOM = 0, 1
CREST, HEIGHT, COEFFICIENT, ROUND, WIDTH, ENDS, SLOPE, CONTRACTIONS, EXPONENT, ROAD_WIDTH, ROAD_SURFACE = range(11)
COLUMNS = 11
TRANSVERSE, SIDEFLOW, V_NOTCH, TRAPEZOIDAL, ROADWAY = range(5)
HEAD_EPS = 1e-6


@inline
def relax(old, wanted, rate, dt, surface1, surface2):
    """The flow after dt, on its way from ``old`` to ``wanted``; ``rate`` is dQ/dh in m2/s."""
    return old + (wanted - old) / (1.0 + rate * dt * (1.0 / surface1 + 1.0 / surface2))


@kernel
def steps_at(points, first, last, x):
    """Value of a curve read in steps: that of the first point beyond x, of the last where there is none."""
    k = first
    while k < last and x >= points[k, 0]:
        k += 1
    return points[k, 1]


@kernel
def pump_flows(dt, wholes, numbers, points, head, depth, surface, volume, arriving, setting, flow):
    """Flow of every pump, with its own start and stop depths; they change ``setting``.

    ``wholes`` (n, 8), ``numbers`` (n, 2); ``arriving`` (nodes,) flow into each node without the pumps (ideal pumps).
    A pump never runs backwards nor on a dry well.
    """
    for p in range(wholes.shape[0]):
        link, i, j, kind = wholes[p, LINK], wholes[p, START], wholes[p, END], wholes[p, KIND]
        y = depth[i]
        if numbers[p, STOP_DEPTH] > 0.0 and y < numbers[p, STOP_DEPTH]:
            setting[link] = 0.0
        elif numbers[p, START_DEPTH] > 0.0 and y > numbers[p, START_DEPTH] and setting[link] <= 0.0:
            setting[link] = 1.0
        s = setting[link]
        if s <= 0.0 or y <= HEAD_EPS:
            flow[link] = 0.0
            continue
        wanted, rate = 0.0, 0.0
        if kind == PUMP_IDEAL:
            wanted = s * arriving[i] + 0.1 * volume[i] / dt
        elif kind == PUMP_STEPS:
            wanted = s * steps_at(points, wholes[p, FIRST], wholes[p, LAST], y)
        elif kind == PUMP_DEPTH:
            wanted, rate = curve_at(points, wholes[p, FIRST], wholes[p, LAST], y)
            wanted, rate = s * wanted, s * rate
        else:
            speed = s if kind == PUMP_AFFINITY else 1.0
            lift = max(head[j] - head[i], 0.0) / (speed * speed)
            wanted, rate = curve_at(points, wholes[p, FIRST], wholes[p, LAST], lift)
            wanted, rate = s * wanted, s * rate / (speed * speed)
        flow[link] = (
            max(relax(flow[link], wanted, abs(rate), dt, surface[i], surface[j]), 0.0) if rate != 0.0 else wanted
        )


@inline
def villemonte(over, under, exponent):
    """Reduction of a weir's flow by the tailwater: (1 - (h2 / h1)^p)^0.385 (Villemonte 1947)."""
    if under <= 0.0:
        return 1.0
    return (1.0 - min(under / over, 1.0) ** exponent) ** 0.385


@inline
def opening(round_, height, width, open_height):
    """Area and perimeter of an opening of which ``open_height`` is free: a circle or a rectangle."""
    if not round_:
        return width * open_height, 2.0 * (width + open_height)
    part = min(max(open_height / height, 0.0), 1.0)
    angle = 2.0 * np.arccos(1.0 - 2.0 * part)
    return height * height / 8.0 * (angle - np.sin(angle)), np.pi * height * np.sqrt(max(part, 1e-9))


@kernel
def orifice_flow(kind, crest, height, width, coefficient, round_, open_part, h1, h2, g):
    """Flow (m3/s) and dQ/dh (m2/s) through an orifice from the higher head h1 to the lower h2.

    It acts as a weir until the water stands over its crown (side) or over Cd A / (0.414 P) (bottom).
    """
    area, perimeter = opening(round_, height, width, height * open_part)
    full = coefficient * area * np.sqrt(2.0 * g)
    over = h1 - crest
    if over <= HEAD_EPS or area <= 0.0:
        return 0.0, 0.0
    if kind == SIDE:
        limit = height * open_part
        at_limit = full * np.sqrt(0.5 * limit)
        driving = h1 - max(crest + 0.5 * limit, h2)
    else:
        limit = coefficient * area / (perimeter * 0.414)
        at_limit = full * np.sqrt(limit)
        driving = h1 - max(crest, h2)
    if over < limit:
        q = at_limit * (over / limit) ** 1.5 * villemonte(over, h2 - crest, 1.5)
        return q, 1.5 * q / max(over - max(h2 - crest, 0.0), 1e-3)
    driving = max(driving, 0.0)
    q = full * np.sqrt(driving)
    return q, 0.5 * q / max(driving, 1e-3)


@kernel
def weir_flow(kind, numbers, coefficient, open_part, surcharges, backwards, h1, h2):
    """Flow (m3/s) and dQ/dh (m2/s) over a weir from the higher head h1 to the lower h2; ``numbers`` (11,) its row.

    A weir under water up to its crown becomes an orifice of the same flow, or stays as it is at the crown; a road has
    no crown.
    """
    crown = numbers[CREST] + numbers[HEIGHT]
    crest = numbers[CREST] + (1.0 - open_part) * numbers[HEIGHT]
    over = h1 - crest
    if over <= HEAD_EPS or crown <= crest:
        return 0.0, 0.0
    under = h2 - crest
    if kind == ROADWAY:
        q = road_coefficient(numbers[ROAD_SURFACE], numbers[ROAD_WIDTH], over, under) * numbers[WIDTH] * over**1.5
        return q, 1.5 * q / max(over - max(under, 0.0), 1e-12)  # linear where both sides come level: no floor
    drowned = h1 > crown
    h = crown - crest if drowned else over
    width = max(numbers[WIDTH] - 0.1 * numbers[CONTRACTIONS] * h, 0.0)
    power = 1.5
    ends = 0.0
    if kind == V_NOTCH:
        main, power = coefficient * numbers[SLOPE] * h**2.5, 2.5
    elif kind == SIDEFLOW and not backwards:
        main = coefficient * width**0.83 * h**1.67
    else:
        if kind == TRAPEZOIDAL:
            width += 2.0 * numbers[SLOPE] * (1.0 - open_part) * numbers[HEIGHT]
            ends = numbers[ENDS] * numbers[SLOPE] * h**2.5
        main = coefficient * width * h**1.5
    if drowned and surcharges:
        driving = max(h1 - max(0.5 * (crest + crown), h2), 0.0)
        q = (main + ends) * np.sqrt(driving / (0.5 * h))
        return q, 0.5 * q / max(driving, 1e-3)
    q = main * villemonte(over, under, power) + ends * villemonte(over, under, 2.5)
    return q, power * q / max(over - max(under, 0.0), 1e-3)


@kernel
def orifice_flows(dt, wholes, numbers, head, surface, setting, g, flow):
    """Flow of every orifice; ``wholes`` (n, 8), ``numbers`` (n, 11)."""
    for p in range(wholes.shape[0]):
        link, i, j = wholes[p, LINK], wholes[p, START], wholes[p, END]
        forward = head[i] >= head[j]
        h1, h2 = (head[i], head[j]) if forward else (head[j], head[i])
        if setting[link] <= 0.0 or (not forward and wholes[p, FLAP] != 0):
            flow[link] = 0.0
            continue
        q, rate = orifice_flow(
            wholes[p, KIND], numbers[p, CREST], numbers[p, HEIGHT], numbers[p, WIDTH], numbers[p, COEFFICIENT],
            numbers[p, ROUND] > 0.0, setting[link], h1, h2, g,
        )  # fmt: skip
        q = q if forward else -q
        flow[link] = relax(flow[link], q, rate, dt, surface[i], surface[j]) if q != 0.0 else 0.0


@kernel
def weir_flows(dt, wholes, numbers, points, head, surface, setting, flow):
    """Flow of every weir; ``wholes`` (n, 8) with FLAG whether it surcharges, ``numbers`` (n, 11)."""
    for p in range(wholes.shape[0]):
        link, i, j = wholes[p, LINK], wholes[p, START], wholes[p, END]
        forward = head[i] >= head[j]
        h1, h2 = (head[i], head[j]) if forward else (head[j], head[i])
        if setting[link] <= 0.0 or (not forward and wholes[p, FLAP] != 0):
            flow[link] = 0.0
            continue
        coefficient = numbers[p, COEFFICIENT]
        if wholes[p, FIRST] >= 0:
            coefficient, _ = curve_at(points, wholes[p, FIRST], wholes[p, LAST], h1 - numbers[p, CREST])
        q, rate = weir_flow(
            wholes[p, KIND], numbers[p], coefficient, setting[link], wholes[p, FLAG] != 0, not forward, h1, h2
        )
        q = q if forward else -q
        flow[link] = relax(flow[link], q, rate, dt, surface[i], surface[j]) if q != 0.0 else 0.0


@kernel
def outlet_flows(dt, wholes, numbers, points, head, surface, setting, flow):
    """Flow of every outlet, a rating of depth over its crest or (FLAG) of the head across it."""
    for p in range(wholes.shape[0]):
        link, i, j = wholes[p, LINK], wholes[p, START], wholes[p, END]
        crest = numbers[p, CREST]
        forward = head[i] >= head[j]
        h1, h2 = (head[i], head[j]) if forward else (head[j], head[i])
        x = h1 - max(crest, h2) if wholes[p, FLAG] != 0 else h1 - crest
        if setting[link] <= 0.0 or x <= HEAD_EPS or h1 <= h2 or (not forward and wholes[p, FLAP] != 0):
            flow[link] = 0.0
            continue
        if wholes[p, FIRST] >= 0:
            q, rate = curve_at(points, wholes[p, FIRST], wholes[p, LAST], x)
        else:
            q = numbers[p, COEFFICIENT] * x ** numbers[p, EXPONENT]
            rate = numbers[p, EXPONENT] * q / x
        q, rate = setting[link] * q, setting[link] * rate
        flow[link] = relax(flow[link], q if forward else -q, abs(rate), dt, surface[i], surface[j])
