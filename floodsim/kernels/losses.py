"""Rain on the ground and what sinks into it, renewed on every beat of the clock.

All models keep one number per cell, the infiltrated depth F, and are integrated over the beat, not sampled.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import kernel

NONE, CONSTANT, GREEN_AMPT, HORTON, CURVE_NUMBER = 0, 1, 2, 3, 4


@kernel
def rain_rows(j0, j1, rates, zones, share, block_rows, block_columns, source, rain):
    """Set the source (m/s) of rows j0..j1 to the rain that lands there.

    ``rates`` (zones,) in m/s, ``zones`` (ny, nx) or (1, 1) where all is zone 0, ``share`` (ny, nx) part of the rain
    that a cell receives. ``source`` is padded; the sum over the cells of each block is added to ``rain`` (rows,
    columns), row by row, so it is the same wherever the rows are cut.
    """
    uniform = zones.size == 1
    for j in range(j0, j1):
        for b in range(rain.shape[1]):
            total = np.float64(0.0)
            for i in range(b * block_columns, min((b + 1) * block_columns, share.shape[1])):
                zone = zones[0, 0] if uniform else zones[j, i]
                value = np.float32(rates[zone] * share[j, i])
                source[j + 1, i + 1] = value
                total += value
            rain[j // block_rows, b] += total


@kernel
def loss_rows(j0, j1, kind, classes, table, h, share, infiltrated, beat, block_rows, block_columns, source, net):
    """Take infiltration over a beat (s) from the source of rows j0..j1, never more than rain and standing water.

    ``classes`` (ny, nx) or (1, 1) index the rows of ``table`` (classes, 3), whose columns are: constant rate (m/s);
    Green-Ampt K (m/s), suction (m), deficit; Horton f0, fc (m/s), k (1/s); curve number S, Ia (m).
    ``infiltrated`` (ny, nx) is F in m; the sum of the source that is left is added to ``net`` as in `rain_rows`.
    """
    single = classes.size == 1
    for j in range(j0, j1):
        for b in range(net.shape[1]):
            total = np.float64(0.0)
            for i in range(b * block_columns, min((b + 1) * block_columns, share.shape[1])):
                c = classes[0, 0] if single else classes[j, i]
                rain = np.float64(source[j + 1, i + 1])
                water = np.float64(h[j + 1, i + 1])
                if share[j, i] > 0 and (rain > 0.0 or water > 0.0):
                    soaked = np.float64(infiltrated[j, i])
                    wanted = _uptake(kind, table[c, 0], table[c, 1], table[c, 2], soaked, rain, water, beat)
                    taken = min(wanted, water + rain * beat)
                    infiltrated[j, i] = soaked + taken
                    source[j + 1, i + 1] = rain - taken / beat
                total += source[j + 1, i + 1]
            net[j // block_rows, b] += total


@kernel
def _uptake(kind, p0, p1, p2, soaked, rain, water, beat):
    """Depth (m) the ground can take during a beat."""
    if kind == CONSTANT:
        return p0 * beat
    if kind == GREEN_AMPT:
        return green_ampt(p0, (p1 + water) * p2, soaked, beat)
    if kind == HORTON:
        return horton(p0, p1, p2, soaked, beat)
    if kind == CURVE_NUMBER:
        return curve_number(p0, p1, soaked, rain * beat)
    return 0.0


@kernel
def green_ampt(conductivity, head, soaked, beat):
    """Capacity over a beat (m) by Green and Ampt (1911), implicit: F1 - F0 = K t + psi ln((F1 + psi) / (F0 + psi)).

    ``head`` psi = (suction + ponded depth) x moisture deficit, m. Newton's method from above, where it is monotone.
    """
    supply = conductivity * beat
    if head <= 0.0 or supply <= 0.0:
        return supply
    grown = supply + np.sqrt(supply * supply + 2.0 * supply * (head + soaked))
    for _ in range(20):
        residual = grown - supply - head * np.log((soaked + grown + head) / (soaked + head))
        step = residual / (1.0 - head / (soaked + grown + head))
        grown -= step
        if abs(step) < 1e-12:
            break
    return grown


@kernel
def horton(start, end, decay, soaked, beat):
    """Capacity over a beat (m) by Horton (1940), on the depth infiltrated instead of the time since rain began."""
    if decay <= 0.0 or start <= end:
        return end * beat
    fall = start - end
    limit = fall / decay
    t = max(soaked / start, (soaked - limit) / end if end > 0.0 else 0.0)
    left = np.exp(-decay * t)
    for _ in range(30):  # Newton's method from below, where it is monotone: the depth is concave in time
        step = (soaked - end * t - limit * (1.0 - left)) / (end + fall * left + 1e-30)
        t += step
        x = decay * step
        if abs(x) < 1e-5:
            left *= 1.0 - x + 0.5 * x * x  # exp(-x), exact to rounding
            break
        left = np.exp(-decay * t)
    return end * beat + limit * left * (1.0 - np.exp(-decay * beat))


@kernel
def curve_number(retention, abstraction, soaked, rain):
    """What a depth of rain (m) loses by the SCS curve number method (TR-55), given the loss so far.

    With P the rain so far the loss is P up to Ia and Ia + S (P - Ia) / (P - Ia + S) after; P follows from the loss.
    """
    if soaked < abstraction:
        fallen = soaked
    else:
        beyond = soaked - abstraction
        if beyond >= retention * (1.0 - 1e-9):
            return 0.0
        fallen = abstraction + retention * beyond / (retention - beyond)
    fallen += rain
    if fallen <= abstraction:
        return fallen - soaked
    beyond = fallen - abstraction
    return max(abstraction + retention * beyond / (beyond + retention) - soaked, 0.0)
