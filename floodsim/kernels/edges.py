"""Ghost cells: what the water meets at the edge of the domain, and how much of it crosses."""

from __future__ import annotations

import numpy as np

from floodsim.kernels.flux import face_flux, wave_speed
from floodsim.kernels.jit import kernel

OPEN, NORMAL, LEVEL, DISCHARGE = 0, 1, 2, 3
"""Kinds of boundary face: free outflow, normal flow at a given slope, given level, given unit discharge."""


@kernel
def mirror_ring(h, u, v):
    """Close the whole rim: ghost cells mirror the cells inside, so nothing crosses."""
    top, right = h.shape[0] - 1, h.shape[1] - 1
    for i in range(h.shape[1]):  # loops, because slices on either side would compile for seconds
        h[0, i], u[0, i], v[0, i] = h[1, i], u[1, i], -v[1, i]
        h[top, i], u[top, i], v[top, i] = h[top - 1, i], u[top - 1, i], -v[top - 1, i]
    for j in range(h.shape[0]):
        h[j, 0], u[j, 0], v[j, 0] = h[j, 1], -u[j, 1], v[j, 1]
        h[j, right], u[j, right], v[j, right] = h[j, right - 1], -u[j, right - 1], v[j, right - 1]


@kernel
def _run_on(h, z, gj, gi, j, i, level):
    """How much farther (m) the surface falls or rises from a given level at the edge to the middle of the ghost cell.

    Where the bed falls away outside, the surface keeps the slope that it has between the cell inside and the edge, but
    no more than that between the cells inside; elsewhere it is level.
    """
    jf, i_f = 2 * j - gj, 2 * i - gi
    if h[j, i] <= 0.0 or h[jf, i_f] <= 0.0 or z[gj, gi] >= z[j, i]:
        return 0.0
    surface = np.float64(h[j, i]) + np.float64(z[j, i])
    here, before = level - surface, 0.5 * (surface - np.float64(h[jf, i_f]) - np.float64(z[jf, i_f]))
    return max(min(here, before), 0.0) + min(max(here, before), 0.0)


@kernel
def fill_ghosts(h, u, v, z, faces, kind, value, manning, mine, g):
    """Set the ghost cell of every boundary face; returns the largest wave speed (m/s) at those that are ``mine`` (n,).

    ``faces`` (n, 6): ghost j, i, inner cell j, i, axis (0 x, 1 y) and outward sign. ``value`` (n,) is 1 where
    the ground falls away outside and 0 where the water meets a free overfall (OPEN), the slope (NORMAL), the level
    above the datum of z in m (LEVEL) or the unit discharge into the grid in m2/s (DISCHARGE).
    """
    fastest = 0.0
    for k in range(faces.shape[0]):
        gj, gi, j, i = faces[k, 0], faces[k, 1], faces[k, 2], faces[k, 3]
        along_x, sign = faces[k, 4] == 0, faces[k, 5]
        depth = np.float64(h[j, i])
        out = np.float64(u[j, i] if along_x else v[j, i]) * sign
        side = np.float64(v[j, i] if along_x else u[j, i])
        ghost, speed = depth, max(out, 0.0)
        if kind[k] == OPEN:
            falls_away = value[k] > 0.0
            ghost = depth if falls_away or out >= np.sqrt(g * depth) else 0.0
        elif kind[k] == NORMAL:
            speed = depth ** (2.0 / 3.0) * np.sqrt(value[k]) / manning[k]
        elif kind[k] == LEVEL:
            if out < np.sqrt(g * depth) or depth == 0.0:
                # The invariant u + 2 c joins the depths over the bed at the edge, half way between both cells. Where
                # the bed falls, the discharge is otherwise that of the cell inside.
                on, outside = _run_on(h, z, gj, gi, j, i, value[k]), np.float64(z[gj, gi])
                rise = 0.5 * (outside - np.float64(z[j, i]))
                ghost = max(value[k] + on - outside, 0.0)
                here, there = max(depth + on - rise, 0.0), max(value[k] - outside + rise, 0.0)
                same = min(max(depth / ghost, 0.5), 2.0) if rise < 0.0 and ghost > 0.0 else 1.0
                speed = out * same + 2.0 * (np.sqrt(g * here) - np.sqrt(g * there))
        elif kind[k] == DISCHARGE:
            # The bed goes on outside and the surface with it: between level (a lake) and parallel to the bed (a river).
            unit, bed, far = value[k], np.float64(z[j, i]), np.float64(z[2 * j - gj, 2 * i - gi])
            rise = np.float64(z[gj, gi]) - bed
            slope = depth + bed - np.float64(h[2 * j - gj, 2 * i - gi]) - far
            ghost = max(depth - rise + min(max(slope, min(rise, 0.0)), max(rise, 0.0)), 0.0)
            if unit > 0.0:
                ghost = max(ghost, (unit * unit / g) ** (1.0 / 3.0))
            speed = -unit / ghost if ghost > 1e-6 else 0.0
            side = 0.0
        h[gj, gi] = ghost
        u[gj, gi] = speed * sign if along_x else side
        v[gj, gi] = side if along_x else speed * sign
        if mine[k]:
            fastest = max(fastest, abs(speed) + np.sqrt(g * ghost))
    return fastest


@kernel
def cross_edges(h, u, v, z, sx, sy, h_new, faces, kind, value, dt, rdx, rdy, g, passed):
    """Add to ``passed`` (n,) the depth of inflow (m over one cell) through every boundary face during dt.

    The flux is the very number that the sweep used. Where a discharge is given, the inner cell of the new state then
    gets the difference between the given and the computed inflow, as far as its water reaches.
    """
    real = h.dtype.type
    for k in range(faces.shape[0]):
        gj, gi, j, i = faces[k, 0], faces[k, 1], faces[k, 2], faces[k, 3]
        jl, il, jr, ir = (j, i, gj, gi) if faces[k, 5] > 0 else (gj, gi, j, i)
        along_x = faces[k, 4] == 0
        s = sx if along_x else sy
        normal, tangential = (u, v) if along_x else (v, u)
        mass, _, _, _ = face_flux(
            h[jl, il], h[jr, ir], normal[jl, il], normal[jr, ir], tangential[jl, il], tangential[jr, ir],
            wave_speed(h[jl, il], g), wave_speed(h[jr, ir], g),
            real(z[jr, ir] - z[jl, il]), real(s[jl, il]), real(s[jr, ir]), g,
        )  # fmt: skip
        per_cell = dt * (rdx if along_x else rdy)
        inflow = -np.float64(mass) * faces[k, 5] * np.float64(per_cell)
        if kind[k] == DISCHARGE:
            before = h_new[j, i]
            h_new[j, i] = max(np.float64(before) + value[k] * np.float64(per_cell) - inflow, 0.0)
            inflow += np.float64(h_new[j, i]) - np.float64(before)
        passed[k] += inflow


@kernel
def face_discharge(h, u, v, z, sx, sy, faces, dx, dy, g, flow):
    """Discharge (m3/s) through listed inner faces, written to ``flow`` (n,).

    ``faces`` (n, 4): j, i in padded indices of the right (upper) cell, axis (0 x, 1 y), sign.
    """
    real = h.dtype.type
    for k in range(faces.shape[0]):
        j, i = faces[k, 0], faces[k, 1]
        along_x = faces[k, 2] == 0
        jl, il = (j, i - 1) if along_x else (j - 1, i)
        s = sx if along_x else sy
        normal, tangential = (u, v) if along_x else (v, u)
        mass, _, _, _ = face_flux(
            h[jl, il], h[j, i], normal[jl, il], normal[j, i], tangential[jl, il], tangential[j, i],
            wave_speed(h[jl, il], g), wave_speed(h[j, i], g),
            real(z[j, i] - z[jl, il]), real(s[jl, il]), real(s[j, i]), g,
        )  # fmt: skip
        flow[k] = np.float64(mass) * faces[k, 3] * (dy if along_x else dx)
