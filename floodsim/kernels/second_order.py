"""Second-order finite volumes in one sweep: MUSCL-Hancock (van Leer 1984; Toro 2001) on the first-order surface scheme.

Every cell gets limited increments of surface, velocities and bed from its centre to its faces, is moved on by half a
step with its own slopes and friction, and its faces then go through the same flux as in the first-order scheme. The
momentum that the slope of the surface inside the cell gives is g H de, so water at rest feels exactly nothing. Where a
cell is a film, shallower than about half of what the bed rises over half of it, its increments are zero, and what is
left is the first-order scheme itself; with depth they grow to their full size. A face of the domain's edge whose ghost
cell mirrors the cell inside is a wall: the ghost takes the mirrored increments, so that nothing crosses. Other ghost
cells keep their plain values.

Stable up to a Courant number of CFL_LIMIT (of the largest speed + c over dx, dy). Results do not depend on windows or
threads.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.edges import DISCHARGE
from floodsim.kernels.first_order import balance_row, gather
from floodsim.kernels.flux import DRY, face_flux, inverse_cube_root, wave_speed
from floodsim.kernels.jit import inline, kernel, row, row_kernel

SCRATCH_ROWS = 43
"""Row buffers that one sweep needs."""
CFL_LIMIT = 0.45
"""Largest Courant number of a step. From 0.5 on depths may have to be cut at zero, from 0.55 on smooth flow ripples."""
STEEP = 1.5
"""Sharpness of the limiter: 1 is minmod, 2 the monotonised central one."""
GRADES = 256.0
"""Steps from a film to a cell with all of its increments: a power of two, so that beds stay exact and lakes at rest."""
THIN, FULL = 0.4, 1.4
"""Depth over the rise of the bed in half a cell, up to which a cell is a film, and from which on it is none."""
SHORE = 0.25
"""A shallow cell lies at a shore where a neighbour holds less than this share of its depth, and is a film otherwise."""


@inline
def limit(a, b):
    """Half of the limited increment per cell, out of the increments to either neighbour (generalised minmod)."""
    zero, quarter, sharp = a * np.float32(0), np.float32(0.25), np.float32(0.5 * STEEP)
    middle, a_s, b_s = (a + b) * quarter, a * sharp, b * sharp
    return max(min(min(a_s, b_s), middle), zero) + min(max(max(a_s, b_s), middle), zero)


@inline
def slopes(h_w, h, h_e, z_w, z, z_e, n_w, n, n_e, t_w, t, t_e, s, drag, r):
    """Increments from the centre to the eastern (northern) face: surface and bed (m), velocities n along and t (m/s).

    Fifth comes the rise of the bed that is left to the face (of ``s`` / 2 in a film), and last the share of the
    increments that the cell has: none in a film, shallower than THIN of the bed's rise over half of it, and all from
    FULL of that on or at a shore, where the bed is cut at the surface. Between the two it grows in GRADES, since a film
    that meets full increments at a face runs off too fast.
    Cells outside the domain (``drag`` < 0) are treated like films. The nearer the water comes to leaving its cell
    within the step, ``r`` = dt / dx, the less its depths at both faces may differ, lest it run out through one.
    """
    zero, one, half = h * np.float32(0), np.float32(1), np.float32(0.5)
    slope = limit(z - z_w, z_e - z)
    steep = max(abs(slope), np.float32(DRY))
    share = min(max((h / steep - np.float32(THIN)) * np.float32(1 / (FULL - THIN)), zero), one)
    share = np.floor(share * np.float32(GRADES)) * np.float32(1 / GRADES)
    share = share if min(h_w, h_e) > h * np.float32(SHORE) else one
    share = share if (h > np.float32(DRY)) & (drag >= np.float32(0)) else zero
    surface = limit((h - h_w) + (z - z_w), (h_e - h) + (z_e - z))
    d_n, d_t = limit(n - n_w, n_e - n), limit(t - t_w, t_e - t)
    left = np.float32(2.1) - np.float32(4.4) * ((abs(n) + abs(d_n)) * r)
    room = h * min(max(left, zero), one)
    bed = min(max(slope, surface - room), surface + room) * share
    rest = slope - bed if share > zero else s * half
    return surface * share, bed, d_n * share, d_t * share, rest, share


@inline
def half_step(h, u, v, ex, bx, ux, vx, share_x, ey, by, uy, vy, share_y, drag, dt, rx, ry, g):
    """Depth and velocities of a cell after half a step dt, by its own slopes and implicit friction, and sqrt(g h).

    Friction acts along either axis by the share with which the slope of the surface does, since the two must balance.
    """
    zero, one, half, two = h * np.float32(0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
    depth = max(h - (rx * (u * (ex - bx) + h * ux) + ry * (v * (ey - by) + h * vy)), zero)
    u_h = u - (rx * (u * ux + g * ex) + ry * (v * uy))
    v_h = v - (ry * (v * vy + g * ey) + rx * (u * vx))
    root = inverse_cube_root(max(np.float32(h), np.float32(DRY)))
    square = root * root
    speed = np.sqrt(np.float32(u_h * u_h + v_h * v_h))
    x = np.float32(dt) * half * max(drag, np.float32(0)) * speed * (square * square)
    keep = two / (one + np.sqrt(one + x))
    lost = one - keep
    return depth, u_h - u_h * (lost * share_x), v_h - v_h * (lost * share_y), wave_speed(depth, g)


@row_kernel
def predict(h_s, h_w, h, h_e, h_n, u_s, u_w, u, u_e, u_n, v_s, v_w, v, v_e, v_n, z_s, z_w, z, z_e, z_n, sx, sy, drag,
            p_h, p_u, p_v, p_c, ex, bx, ux, vx, tx, ey, by, uy, vy, ty, dt, rx, ry, g):  # fmt: skip
    """Half-step state and increments of a stretch of a row, from its cells and their four neighbours."""
    for i in range(p_h.size):
        ex_0, bx_0, ux_0, vx_0, tx[i], share_x = slopes(
            h_w[i], h[i], h_e[i], z_w[i], z[i], z_e[i], u_w[i], u[i], u_e[i], v_w[i], v[i], v_e[i],
            sx[i], drag[i], rx,
        )  # fmt: skip
        ey_0, by_0, vy_0, uy_0, ty[i], share_y = slopes(
            h_s[i], h[i], h_n[i], z_s[i], z[i], z_n[i], v_s[i], v[i], v_n[i], u_s[i], u[i], u_n[i],
            sy[i], drag[i], ry,
        )  # fmt: skip
        p_h[i], p_u[i], p_v[i], p_c[i] = half_step(
            h[i], u[i], v[i], ex_0, bx_0, ux_0, vx_0, share_x, ey_0, by_0, uy_0, vy_0, share_y, drag[i],
            dt, rx, ry, g,
        )  # fmt: skip
        ex[i], bx[i], ux[i], vx[i] = ex_0, bx_0, ux_0, vx_0
        ey[i], by[i], uy[i], vy[i] = ey_0, by_0, uy_0, vy_0


@inline
def sided_flux(h_l, h_r, un_l, un_r, ut_l, ut_r, c_l, c_r, e_l, e_r, b_l, b_r, dn_l, dn_r, dt_l, dt_r, t_l, t_r, dz, g):
    """Flux through a face from half-step states h, un, ut, c and increments e, b, t (m), dn, dt (m/s) of both cells.

    What the surface inside the cells pushes, g h e for the half towards the face, is in the momentum of either.
    """
    zero = h_l * np.float32(0)
    depth_l, depth_r = max(h_l + (e_l - b_l), zero), max(h_r - (e_r - b_r), zero)
    step = dz - (b_l + b_r)
    down, up = min(step, zero), max(step, zero)  # no slope is steeper than the step that is left of the bed
    s_l, s_r = min(max(t_l + t_l, down), up), min(max(t_r + t_r, down), up)
    mass, left, right, side = face_flux(
        depth_l, depth_r, un_l + dn_l, un_r - dn_r, ut_l + dt_l, ut_r - dt_r, c_l, c_r, step, s_l, s_r, g
    )
    return mass, left + g * h_l * e_l, right - g * h_r * e_r, side


@row_kernel
def face_fluxes(h_l, un_l, ut_l, c_l, e_l, b_l, dn_l, dt_l, t_l, z_l,
                h_r, un_r, ut_r, c_r, e_r, b_r, dn_r, dt_r, t_r, z_r, mass, left, right, side, g):  # fmt: skip
    """Fluxes through a row of faces, from the cells on their left (or south) and on their right (or north)."""
    for i in range(mass.size):
        mass[i], left[i], right[i], side[i] = sided_flux(
            h_l[i], h_r[i], un_l[i], un_r[i], ut_l[i], ut_r[i], c_l[i], c_r[i], e_l[i], e_r[i], b_l[i], b_r[i],
            dn_l[i], dn_r[i], dt_l[i], dt_r[i], t_l[i], t_r[i], z_r[i] - z_l[i], g,
        )  # fmt: skip


@inline
def turn_ghost(h, u, v, z, sx, sy, j, i, j_in, i_in, rows, first, column, first_in, column_in, g):
    """Half-step state and increments of ghost cell j, i: those of the cell inside, turned round, where it mirrors it.

    ``rows`` holds the rows of `predict`, p_h to ty: from ``first`` on those of the ghost, from ``first_in`` on those of
    the cell inside. Turned are the signs of what points, or grows, across the edge. Where the bed goes on outside
    (discharge, normal flow) a ghost that is no film gets the increments between the cell inside and itself, and that of
    velocity by which its discharge is the same at its face.
    """
    along_x, half = i != i_in, np.float32(0.5)
    wall = h[j, i] == h[j_in, i_in] and z[j, i] == z[j_in, i_in]
    wall = wall and u[j, i] == (-u[j_in, i_in] if along_x else u[j_in, i_in])
    wall = wall and v[j, i] == (v[j_in, i_in] if along_x else -v[j_in, i_in])
    for k in range(14):
        across = k == 1 or k == 4 or k == 5 or k == 7 or k == 8
        if not along_x:
            across = k == 2 or k == 9 or k == 10 or k == 11 or k == 13
        value = rows[first_in + k, column_in] if wall else g * np.float32(0)
        rows[first + k, column] = -value if across else value
    if not wall:
        depth, speed = h[j, i], u[j, i] if along_x else v[j, i]
        rows[first, column], rows[first + 1, column], rows[first + 2, column] = depth, u[j, i], v[j, i]
        rows[first + 3, column] = wave_speed(depth, g)
        rows[first + 8, column], rows[first + 13, column] = sx[j, i] * half, sy[j, i] * half
        rise = half * (z[j, i] - z[j_in, i_in])
        grow = half * (depth - h[j_in, i_in])
        if rise != g * np.float32(0) and depth > max(abs(rise), half * np.float32(DRY)) and grow < depth:
            k, sign = 4 if along_x else 9, h.dtype.type(i - i_in if along_x else j - j_in)
            rows[first + k, column], rows[first + k + 1, column] = sign * (grow + rise), sign * rise
            rows[first + k + 4, column] = g * np.float32(0)
            rows[first + (6 if along_x else 12), column] = sign * speed * (np.float32(1) - depth / (depth - grow))


@kernel
def predict_row(h, u, v, z, sx, sy, drag, j, i0, i1, r, p, other, dt, rdx, rdy, g):
    """`predict` over the columns i0 - 1 to i1 of row j into the rows p to p + 13 of ``r``, ghost cells included.

    For a ghost row the rows from ``other`` on must hold the row inside it.
    """
    last_j, last_i = h.shape[0] - 1, h.shape[1] - 1
    a, b = max(i0 - 1, 1), min(i1 + 1, last_i)
    if j == 0 or j == last_j:
        for i in range(a, b):
            turn_ghost(h, u, v, z, sx, sy, j, i, 1 if j == 0 else j - 1, i, r, p, i - i0 + 1, other, i - i0 + 1, g)
        return
    n, w, o = b - a, a - 1, a - i0 + 1
    predict(
        row(h, j - 1, a, n), row(h, j, w, n), row(h, j, a, n), row(h, j, a + 1, n), row(h, j + 1, a, n),
        row(u, j - 1, a, n), row(u, j, w, n), row(u, j, a, n), row(u, j, a + 1, n), row(u, j + 1, a, n),
        row(v, j - 1, a, n), row(v, j, w, n), row(v, j, a, n), row(v, j, a + 1, n), row(v, j + 1, a, n),
        row(z, j - 1, a, n), row(z, j, w, n), row(z, j, a, n), row(z, j, a + 1, n), row(z, j + 1, a, n),
        row(sx, j, a, n), row(sy, j, a, n), row(drag, j, a, n),
        row(r, p, o, n), row(r, p + 1, o, n), row(r, p + 2, o, n), row(r, p + 3, o, n), row(r, p + 4, o, n),
        row(r, p + 5, o, n), row(r, p + 6, o, n), row(r, p + 7, o, n), row(r, p + 8, o, n), row(r, p + 9, o, n),
        row(r, p + 10, o, n), row(r, p + 11, o, n), row(r, p + 12, o, n), row(r, p + 13, o, n),
        dt, dt * rdx, dt * rdy, g,
    )  # fmt: skip
    if i0 == 1:
        turn_ghost(h, u, v, z, sx, sy, j, i0 - 1, j, i0, r, p, a - i0, p, a - i0 + 1, g)
    if i1 == last_i:
        turn_ghost(h, u, v, z, sx, sy, j, i1, j, i1 - 1, r, p, i1 - i0 + 1, p, i1 - i0, g)


@kernel
def x_fluxes(z, j, i0, i1, r, p, f, g):
    """Fluxes of row j from its prediction (rows p on) into the rows f to f + 3: mass, left, right, side."""
    n = i1 - i0 + 1
    face_fluxes(
        row(r, p, 0, n), row(r, p + 1, 0, n), row(r, p + 2, 0, n), row(r, p + 3, 0, n), row(r, p + 4, 0, n),
        row(r, p + 5, 0, n), row(r, p + 6, 0, n), row(r, p + 7, 0, n), row(r, p + 8, 0, n), row(z, j, i0 - 1, n),
        row(r, p, 1, n), row(r, p + 1, 1, n), row(r, p + 2, 1, n), row(r, p + 3, 1, n), row(r, p + 4, 1, n),
        row(r, p + 5, 1, n), row(r, p + 6, 1, n), row(r, p + 7, 1, n), row(r, p + 8, 1, n), row(z, j, i0, n),
        row(r, f, 0, n), row(r, f + 1, 0, n), row(r, f + 2, 0, n), row(r, f + 3, 0, n), g,
    )  # fmt: skip


@kernel
def y_fluxes(z, j, i0, i1, r, p, q, f, g):
    """Fluxes between rows j and j + 1 (predictions p and q) into the rows f to f + 3: mass, south, north, side."""
    n = i1 - i0
    face_fluxes(
        row(r, p, 1, n), row(r, p + 2, 1, n), row(r, p + 1, 1, n), row(r, p + 3, 1, n), row(r, p + 9, 1, n),
        row(r, p + 10, 1, n), row(r, p + 12, 1, n), row(r, p + 11, 1, n), row(r, p + 13, 1, n), row(z, j, i0, n),
        row(r, q, 1, n), row(r, q + 2, 1, n), row(r, q + 1, 1, n), row(r, q + 3, 1, n), row(r, q + 9, 1, n),
        row(r, q + 10, 1, n), row(r, q + 12, 1, n), row(r, q + 11, 1, n), row(r, q + 13, 1, n), row(z, j + 1, i0, n),
        row(r, f, 0, n), row(r, f + 1, 0, n), row(r, f + 2, 0, n), row(r, f + 3, 0, n), g,
    )  # fmt: skip


@kernel
def sweep(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
          block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """Advance every window by dt (s); arguments as in `first_order.sweep`."""
    r, fx = scratch, 28
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n = i1 - i0
        lam, clip, trim = row(r, 40, 0, n), row(r, 41, 0, n), row(r, 42, 0, n)
        r[40:43, :n] = 0
        p, q, fs, fn = 0, 14, 32, 36
        for j in range(j0 - 1, j1):
            predict_row(h, u, v, z, sx, sy, drag, j + 1, i0, i1, r, q, p, dt, rdx, rdy, g)
            if j < j0:
                predict_row(h, u, v, z, sx, sy, drag, j, i0, i1, r, p, q, dt, rdx, rdy, g)
            y_fluxes(z, j, i0, i1, r, p, q, fn, g)
            if j >= j0:
                x_fluxes(z, j, i0, i1, r, p, fx, g)
                balance_row(h, u, v, low, drag, source, h_new, u_new, v_new, j, i0, n, r, fx, fs, fn, 40,
                            dt, rdx, rdy, g)  # fmt: skip
                if j % block_rows == 0 or j == j1 - 1:
                    gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip
            p, q, fs, fn = q, p, fn, fs


@kernel
def predict_cell(h, u, v, z, sx, sy, drag, j, i, dt, rdx, rdy, g):
    """What `predict_row` finds for one cell, ghost or not: the fourteen rows of `predict`."""
    j_in, i_in = min(max(j, 1), h.shape[0] - 2), min(max(i, 1), h.shape[1] - 2)
    ex, bx, ux, vx, tx, share_x = slopes(
        h[j_in, i_in - 1], h[j_in, i_in], h[j_in, i_in + 1], z[j_in, i_in - 1], z[j_in, i_in], z[j_in, i_in + 1],
        u[j_in, i_in - 1], u[j_in, i_in], u[j_in, i_in + 1], v[j_in, i_in - 1], v[j_in, i_in], v[j_in, i_in + 1],
        sx[j_in, i_in], drag[j_in, i_in], dt * rdx,
    )  # fmt: skip
    ey, by, vy, uy, ty, share_y = slopes(
        h[j_in - 1, i_in], h[j_in, i_in], h[j_in + 1, i_in], z[j_in - 1, i_in], z[j_in, i_in], z[j_in + 1, i_in],
        v[j_in - 1, i_in], v[j_in, i_in], v[j_in + 1, i_in], u[j_in - 1, i_in], u[j_in, i_in], u[j_in + 1, i_in],
        sy[j_in, i_in], drag[j_in, i_in], dt * rdy,
    )  # fmt: skip
    p_h, p_u, p_v, p_c = half_step(
        h[j_in, i_in], u[j_in, i_in], v[j_in, i_in], ex, bx, ux, vx, share_x, ey, by, uy, vy, share_y, drag[j_in, i_in],
        dt, dt * rdx, dt * rdy, g,
    )  # fmt: skip
    rows = np.empty((28, 1), h.dtype)
    rows[0, 0], rows[1, 0], rows[2, 0], rows[3, 0] = p_h, p_u, p_v, p_c
    rows[4, 0], rows[5, 0], rows[6, 0], rows[7, 0], rows[8, 0] = ex, bx, ux, vx, tx
    rows[9, 0], rows[10, 0], rows[11, 0], rows[12, 0], rows[13, 0] = ey, by, uy, vy, ty
    if j != j_in or i != i_in:
        turn_ghost(h, u, v, z, sx, sy, j, i, j_in, i_in, rows, 14, 0, 0, 0, g)
        rows[:14] = rows[14:]
    return rows[:14, 0]


@kernel
def flux_between(h, u, v, z, sx, sy, drag, jl, il, jr, ir, dt, rdx, rdy, g):
    """Mass flux (m2/s) through the face between two neighbours, left (lower) first: the number that a sweep uses."""
    p = predict_cell(h, u, v, z, sx, sy, drag, jl, il, dt, rdx, rdy, g)
    q = predict_cell(h, u, v, z, sx, sy, drag, jr, ir, dt, rdx, rdy, g)
    dz = z[jr, ir] - z[jl, il]
    if jl == jr:
        mass, _, _, _ = sided_flux(p[0], q[0], p[1], q[1], p[2], q[2], p[3], q[3], p[4], q[4], p[5], q[5],
                                   p[6], q[6], p[7], q[7], p[8], q[8], dz, g)  # fmt: skip
    else:
        mass, _, _, _ = sided_flux(p[0], q[0], p[2], q[2], p[1], q[1], p[3], q[3], p[9], q[9], p[10], q[10],
                                   p[12], q[12], p[11], q[11], p[13], q[13], dz, g)  # fmt: skip
    return mass


@kernel
def cross_edges(h, u, v, z, sx, sy, drag, h_new, faces, kind, value, dt, rdx, rdy, g, passed):
    """As `edges.cross_edges`, with the fluxes of this scheme, which also need ``drag``."""
    for k in range(faces.shape[0]):
        gj, gi, j, i = faces[k, 0], faces[k, 1], faces[k, 2], faces[k, 3]
        jl, il, jr, ir = (j, i, gj, gi) if faces[k, 5] > 0 else (gj, gi, j, i)
        mass = flux_between(h, u, v, z, sx, sy, drag, jl, il, jr, ir, dt, rdx, rdy, g)
        per_cell = dt * (rdx if faces[k, 4] == 0 else rdy)
        inflow = -np.float64(mass) * faces[k, 5] * np.float64(per_cell)
        if kind[k] == DISCHARGE:
            before = h_new[j, i]
            h_new[j, i] = max(np.float64(before) + value[k] * np.float64(per_cell) - inflow, 0.0)
            inflow += np.float64(h_new[j, i]) - np.float64(before)
        passed[k] += inflow


@kernel
def face_discharge(h, u, v, z, sx, sy, drag, faces, dt, rdx, rdy, dx, dy, g, flow):
    """As `edges.face_discharge`, for a step of dt (s): the flux of this scheme is that at its middle."""
    for k in range(faces.shape[0]):
        j, i = faces[k, 0], faces[k, 1]
        jl, il = (j, i - 1) if faces[k, 2] == 0 else (j - 1, i)
        mass = flux_between(h, u, v, z, sx, sy, drag, jl, il, j, i, dt, rdx, rdy, g)
        flow[k] = np.float64(mass) * faces[k, 3] * (dy if faces[k, 2] == 0 else dx)
