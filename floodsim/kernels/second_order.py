"""Second-order finite volumes in one sweep: MUSCL-Hancock (van Leer 1984; Toro 2001) on the first-order surface scheme.

Every cell gets limited increments of surface, velocities and bed from its centre to its faces, is moved on by half a
step with its own slopes and friction, and its faces then go through the same flux as in the first-order scheme. The
momentum that the slope of the surface inside the cell gives is g H de, so water at rest feels exactly nothing. Where a
cell or a neighbour is shallower than the bed rises over one cell (films, shores) its increments are zero, and what is
left is the first-order scheme itself. A face of the domain's edge whose ghost cell mirrors the cell inside is a wall:
the ghost takes the mirrored increments, so that nothing crosses. Other ghost cells keep their plain values.

Stable up to a Courant number of CFL_LIMIT (of the largest speed + c over dx, dy); the range of results does not depend
on windows or threads.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.first_order import gather, settle
from floodsim.kernels.flux import DRY, FILM, face_flux, inverse_cube_root
from floodsim.kernels.jit import inline, kernel, row_kernel

SCRATCH_ROWS = 39
"""Row buffers that one sweep needs."""
CFL_LIMIT = 0.6
"""Largest Courant number of a step."""
STRIP = 256
"""Columns that are worked on together, so that all row buffers stay in the first-level cache."""
STEEP = 1.5
"""Sharpness of the limiter: 1 is minmod, 2 the monotonised central one."""
HOLD = 0.75
"""Largest change of depth from the centre to a face, as a share of the depth."""


@inline
def limit(a, b):
    """Half of the limited increment per cell, out of the increments to either neighbour (generalised minmod)."""
    zero, quarter, sharp = a * 0, np.float32(0.25), np.float32(0.5 * STEEP)
    middle, a_s, b_s = (a + b) * quarter, a * sharp, b * sharp
    return max(min(min(a_s, b_s), middle), zero) + min(max(max(a_s, b_s), middle), zero)


@inline
def slopes(h_w, h, h_e, z_w, z, z_e, u_w, u, u_e, v_w, v, v_e, s):
    """Increments from the centre to the eastern (northern) face: surface and bed (m), both velocities (m/s)."""
    zero, half, hold = h * 0, np.float32(0.5), np.float32(HOLD)
    deep = min(min(h_w, h_e), h) > max(abs(s), np.float32(DRY))
    bed = s * half if deep else zero
    room = h * hold
    surface = limit((h - h_w) + (z - z_w), (h_e - h) + (z_e - z))
    surface = min(max(surface, bed - room), bed + room)
    surface = surface if deep else zero
    d_u = limit(u - u_w, u_e - u)
    d_v = limit(v - v_w, v_e - v)
    return surface, bed, d_u if deep else zero, d_v if deep else zero, deep


@inline
def half_step(h, u, v, ex, bx, ux, vx, deep_x, ey, by, uy, vy, deep_y, drag, dt, rx, ry, g):
    """Depth and velocities of a cell after half a step dt, by its own slopes and implicit friction, and sqrt(g h).

    Friction acts along those axes along which the slope of the surface acts too, since the two must balance.
    """
    zero, one, half, two = h * 0, np.float32(1.0), np.float32(0.5), np.float32(2.0)
    depth = max(h - (rx * (u * (ex - bx) + h * ux) + ry * (v * (ey - by) + h * vy)), zero)
    u_h = u - (rx * (u * ux + g * ex) + ry * (v * uy))
    v_h = v - (ry * (v * vy + g * ey) + rx * (u * vx))
    root = inverse_cube_root(max(np.float32(h), np.float32(DRY)))
    square = root * root
    speed = np.sqrt(np.float32(u_h * u_h + v_h * v_h))
    x = np.float32(dt) * half * drag * speed * (square * square)
    keep = two / (one + np.sqrt(one + x))
    return depth, u_h * keep if deep_x else u_h, v_h * keep if deep_y else v_h, np.sqrt(g * depth)


@row_kernel
def predict(h_s, h, h_n, u_s, u, u_n, v_s, v, v_n, z_s, z, z_n, sx, sy, drag,
            p_h, p_u, p_v, p_c, ex, bx, ux, vx, ey, by, uy, vy, dt, rx, ry, g):  # fmt: skip
    """Half-step state and increments of a stretch of a row. ``h, u, v, z`` reach one cell beyond it at either end."""
    h_c, u_c, v_c, z_c = h[1:], u[1:], v[1:], z[1:]
    h_e, u_e, v_e, z_e = h[2:], u[2:], v[2:], z[2:]
    for i in range(p_h.size):
        ex_0, bx_0, ux_0, vx_0, deep_x = slopes(
            h[i], h_c[i], h_e[i], z[i], z_c[i], z_e[i], u[i], u_c[i], u_e[i], v[i], v_c[i], v_e[i], sx[i]
        )
        ey_0, by_0, uy_0, vy_0, deep_y = slopes(
            h_s[i], h_c[i], h_n[i], z_s[i], z_c[i], z_n[i], u_s[i], u_c[i], u_n[i], v_s[i], v_c[i], v_n[i], sy[i]
        )
        p_h[i], p_u[i], p_v[i], p_c[i] = half_step(
            h_c[i], u_c[i], v_c[i], ex_0, bx_0, ux_0, vx_0, deep_x, ey_0, by_0, uy_0, vy_0, deep_y, drag[i],
            dt, rx, ry, g,
        )  # fmt: skip
        ex[i], bx[i], ux[i], vx[i] = ex_0, bx_0, ux_0, vx_0
        ey[i], by[i], uy[i], vy[i] = ey_0, by_0, uy_0, vy_0


@inline
def sided_flux(h_l, h_r, un_l, un_r, ut_l, ut_r, c_l, c_r, e_l, e_r, b_l, b_r, dn_l, dn_r, dt_l, dt_r, dz, ds, g):
    """Flux through a face from half-step states h, un, ut, c and increments e, b (m), dn, dt (m/s) of both cells."""
    zero, turned = b_l + b_r, h_l * 0
    depth_l, depth_r = max(h_l + (e_l - b_l), turned), max(h_r - (e_r - b_r), turned)
    return face_flux(
        depth_l, depth_r, un_l + dn_l, un_r - dn_r, ut_l + dt_l, ut_r - dt_r, c_l, c_r, dz - zero, ds - zero, g
    )


@row_kernel
def x_faces(h, u, v, c, e, b, du, dv, z, s, mass, left, right, side, g):
    """Fluxes through the faces between neighbours of one row; face i lies between cell i and cell i + 1."""
    h_r, u_r, v_r, c_r, e_r, b_r, du_r, dv_r = h[1:], u[1:], v[1:], c[1:], e[1:], b[1:], du[1:], dv[1:]
    z_r, s_r = z[1:], s[1:]
    half = np.float32(0.5)
    for i in range(mass.size):
        mass[i], left[i], right[i], side[i] = sided_flux(
            h[i], h_r[i], u[i], u_r[i], v[i], v_r[i], c[i], c_r[i], e[i], e_r[i], b[i], b_r[i],
            du[i], du_r[i], dv[i], dv_r[i], z_r[i] - z[i], (s[i] + s_r[i]) * half, g,
        )  # fmt: skip


@row_kernel
def y_faces(h, u, v, c, e, b, du, dv, h_n, u_n, v_n, c_n, e_n, b_n, du_n, dv_n, z, z_n, s, s_n,
            mass, south, north, side, g):  # fmt: skip
    """Fluxes through the faces between a row and its northern neighbour, as either cell feels them."""
    half = np.float32(0.5)
    for i in range(mass.size):
        mass[i], south[i], north[i], side[i] = sided_flux(
            h[i], h_n[i], v[i], v_n[i], u[i], u_n[i], c[i], c_n[i], e[i], e_n[i], b[i], b_n[i],
            dv[i], dv_n[i], du[i], du_n[i], z_n[i] - z[i], (s[i] + s_n[i]) * half, g,
        )  # fmt: skip


@row_kernel
def update_row(h, u, v, p_h, ex, ey, xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n, drag, source,
               h_new, u_new, v_new, lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """New state of one row out of the fluxes of its four edges."""
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    zero, film, two = g * 0, g * 0 + np.float32(FILM), np.float32(2.0)
    rx, ry = dt * rdx, dt * rdy
    for i in range(h_new.size):
        moved = h[i] - (rx * (xm_e[i] - xm[i]) + ry * (ym_n[i] - ym[i]))
        kept = max(moved, zero)
        filled = kept + dt * source[i]
        depth = filled if filled > film else zero
        weight = two * g * p_h[i]
        q_x = h[i] * u[i] - (rx * (xl_e[i] - xr[i] + weight * ex[i]) + ry * (yt_n[i] - yt[i]))
        q_y = h[i] * v[i] - (rx * (xt_e[i] - xt[i]) + ry * (ys_n[i] - yn[i] + weight * ey[i]))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i] = depth, u_0, v_0
        speed = np.sqrt(g * depth)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        clip[i] += kept - moved
        trim[i] += filled - depth


@row_kernel
def update_row_compensated(h, u, v, p_h, ex, ey, xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n, drag, source,
                           low, h_new, u_new, v_new, lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """As `update_row`, for single precision: ``low`` carries what rounding added to the depth (Kahan 1965)."""
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    zero, film, two = g * 0, g * 0 + np.float32(FILM), np.float32(2.0)
    rx, ry = dt * rdx, dt * rdy
    for i in range(h_new.size):
        change = dt * source[i] - (rx * (xm_e[i] - xm[i]) + ry * (ym_n[i] - ym[i])) - low[i]
        filled = h[i] + change
        rest = (filled - h[i]) - change
        wet = filled > film
        depth = filled if wet else zero
        rest = rest if wet else zero
        weight = two * g * p_h[i]
        q_x = h[i] * u[i] - (rx * (xl_e[i] - xr[i] + weight * ex[i]) + ry * (yt_n[i] - yt[i]))
        q_y = h[i] * v[i] - (rx * (xt_e[i] - xt[i]) + ry * (ys_n[i] - yn[i] + weight * ey[i]))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i], low[i] = depth, u_0, v_0, rest
        speed = np.sqrt(g * depth)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        lost = (h[i] - depth) + change + rest
        clip[i] += max(-lost, zero) if source[i] >= 0 else zero
        trim[i] += max(lost, zero) if source[i] >= 0 else lost


@row_kernel
def turn_ghosts(h, u, v, z, h_in, u_in, v_in, z_in, along_x, here, inner, g):
    """Half-step state and increments of ghost cells: those of the cells inside, turned round, where they mirror them.

    ``here`` and ``inner`` (12, n) hold the rows of `predict`, p_h to vy, for the ghost cells and the cells inside; the
    first eight arguments are their states and beds.
    """
    for i in range(h.size):
        level = h[i] == h_in[i] and z[i] == z_in[i]
        if along_x:
            wall = level and u[i] == -u_in[i] and v[i] == v_in[i]
        else:
            wall = level and u[i] == u_in[i] and v[i] == -v_in[i]
        for k in range(12):
            here[k, i] = inner[k, i] if wall else g * 0
        if not wall:
            here[0, i], here[1, i], here[2, i], here[3, i] = h[i], u[i], v[i], np.sqrt(g * h[i])
        elif along_x:
            here[1, i], here[7, i] = -here[1, i], -here[7, i]
            here[4, i], here[5, i] = -here[4, i], -here[5, i]
        else:
            here[2, i], here[10, i] = -here[2, i], -here[10, i]
            here[8, i], here[9, i] = -here[8, i], -here[9, i]


@kernel
def predict_row(h, u, v, z, sx, sy, drag, j, i0, i1, here, other, dt, rdx, rdy, g):
    """`predict` over the columns i0 - 1 to i1 of row j, written to ``here`` (12, n + 2), ghost cells included.

    For a ghost row ``other`` must hold the row inside it.
    """
    last_j, last_i = h.shape[0] - 1, h.shape[1] - 1
    if j == 0 or j == last_j:
        k, w = 1 if j == 0 else j - 1, slice(i0 - 1, i1 + 1)
        turn_ghosts(h[j, w], u[j, w], v[j, w], z[j, w], h[k, w], u[k, w], v[k, w], z[k, w], False, here, other, g)
        return
    a, b = max(i0 - 1, 1), min(i1 + 1, last_i)
    w, x, p = slice(a - 1, b + 1), slice(a, b), slice(a - i0 + 1, b - i0 + 1)
    predict(
        h[j - 1, x], h[j, w], h[j + 1, x], u[j - 1, x], u[j, w], u[j + 1, x], v[j - 1, x], v[j, w], v[j + 1, x],
        z[j - 1, x], z[j, w], z[j + 1, x], sx[j, x], sy[j, x], drag[j, x],
        here[0, p], here[1, p], here[2, p], here[3, p], here[4, p], here[5, p], here[6, p], here[7, p],
        here[8, p], here[9, p], here[10, p], here[11, p], dt, dt * rdx, dt * rdy, g,
    )  # fmt: skip
    if i0 == 1:
        turn_ghosts(h[j, :1], u[j, :1], v[j, :1], z[j, :1], h[j, 1:2], u[j, 1:2], v[j, 1:2], z[j, 1:2], True,
                    here[:, :1], here[:, 1:2], g)  # fmt: skip
    if i1 == last_i:
        n = i1 - i0
        turn_ghosts(h[j, i1:], u[j, i1:], v[j, i1:], z[j, i1:], h[j, i1 - 1 : i1], u[j, i1 - 1 : i1],
                    v[j, i1 - 1 : i1], z[j, i1 - 1 : i1], True, here[:, n + 1 :], here[:, n : n + 1], g)  # fmt: skip


@kernel
def x_fluxes(z, sx, j, i0, i1, p, f, g):
    """`x_faces` of row j from its prediction ``p`` into ``f`` (4, n + 1): mass, left, right, side."""
    w = slice(i0 - 1, i1 + 1)
    x_faces(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], z[j, w], sx[j, w], f[0], f[1], f[2], f[3], g)


@kernel
def y_fluxes(z, sy, j, i0, i1, p, p_n, f, g):
    """`y_faces` between rows j and j + 1 from their predictions into ``f`` (4, n): mass, south, north, side."""
    w, x = slice(1, i1 - i0 + 1), slice(i0, i1)
    y_faces(
        p[0, w], p[1, w], p[2, w], p[3, w], p[8, w], p[9, w], p[10, w], p[11, w],
        p_n[0, w], p_n[1, w], p_n[2, w], p_n[3, w], p_n[8, w], p_n[9, w], p_n[10, w], p_n[11, w],
        z[j, x], z[j + 1, x], sy[j, x], sy[j + 1, x], f[0], f[1], f[2], f[3], g,
    )  # fmt: skip


@kernel
def sweep_double(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
                 block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """Advance every window by dt (s); arguments as in `first_order.sweep_double`."""
    for k in range(windows.shape[0]):
        j0, j1 = windows[k, 0], windows[k, 1]
        for i0 in range(windows[k, 2], windows[k, 3], STRIP):
            i1 = min(i0 + STRIP, windows[k, 3])
            n = i1 - i0
            p, p_n, fx = scratch[0:12, : n + 2], scratch[12:24, : n + 2], scratch[24:28, : n + 1]
            fs, fn = scratch[28:32, :n], scratch[32:36, :n]
            lam, clip, trim = scratch[36, :n], scratch[37, :n], scratch[38, :n]
            scratch[36:39, :n] = 0
            predict_row(h, u, v, z, sx, sy, drag, j0, i0, i1, p_n, p, dt, rdx, rdy, g)
            predict_row(h, u, v, z, sx, sy, drag, j0 - 1, i0, i1, p, p_n, dt, rdx, rdy, g)
            y_fluxes(z, sy, j0 - 1, i0, i1, p, p_n, fs, g)
            for j in range(j0, j1):
                p, p_n, x = p_n, p, slice(i0, i1)
                x_fluxes(z, sx, j, i0, i1, p, fx, g)
                predict_row(h, u, v, z, sx, sy, drag, j + 1, i0, i1, p_n, p, dt, rdx, rdy, g)
                y_fluxes(z, sy, j, i0, i1, p, p_n, fn, g)
                update_row(h[j, x], u[j, x], v[j, x], p[0, 1:], p[4, 1:], p[8, 1:], fx[0], fx[1], fx[2], fx[3],
                           fs[0], fs[2], fs[3], fn[0], fn[1], fn[3], drag[j, x], source[j, x],
                           h_new[j, x], u_new[j, x], v_new[j, x], lam, clip, trim, dt, rdx, rdy, g)  # fmt: skip
                fs, fn = fn, fs
                if j % block_rows == 0 or j == j1 - 1:
                    gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip


@kernel
def sweep_single(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
                 block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """As `sweep_double`, in single precision; ``low`` (ny + 2, nx + 2) is what rounding added to the depth, in m."""
    for k in range(windows.shape[0]):
        j0, j1 = windows[k, 0], windows[k, 1]
        for i0 in range(windows[k, 2], windows[k, 3], STRIP):
            i1 = min(i0 + STRIP, windows[k, 3])
            n = i1 - i0
            p, p_n, fx = scratch[0:12, : n + 2], scratch[12:24, : n + 2], scratch[24:28, : n + 1]
            fs, fn = scratch[28:32, :n], scratch[32:36, :n]
            lam, clip, trim = scratch[36, :n], scratch[37, :n], scratch[38, :n]
            scratch[36:39, :n] = 0
            predict_row(h, u, v, z, sx, sy, drag, j0, i0, i1, p_n, p, dt, rdx, rdy, g)
            predict_row(h, u, v, z, sx, sy, drag, j0 - 1, i0, i1, p, p_n, dt, rdx, rdy, g)
            y_fluxes(z, sy, j0 - 1, i0, i1, p, p_n, fs, g)
            for j in range(j0, j1):
                p, p_n, x = p_n, p, slice(i0, i1)
                x_fluxes(z, sx, j, i0, i1, p, fx, g)
                predict_row(h, u, v, z, sx, sy, drag, j + 1, i0, i1, p_n, p, dt, rdx, rdy, g)
                y_fluxes(z, sy, j, i0, i1, p, p_n, fn, g)
                update_row_compensated(
                    h[j, x], u[j, x], v[j, x], p[0, 1:], p[4, 1:], p[8, 1:], fx[0], fx[1], fx[2], fx[3],
                    fs[0], fs[2], fs[3], fn[0], fn[1], fn[3], drag[j, x], source[j, x], low[j, x],
                    h_new[j, x], u_new[j, x], v_new[j, x], lam, clip, trim, dt, rdx, rdy, g,
                )  # fmt: skip
                fs, fn = fn, fs
                if j % block_rows == 0 or j == j1 - 1:
                    gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip
