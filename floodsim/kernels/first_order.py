"""First-order finite volumes: one sweep over the rows moves the water by one time step.

Each face is computed once. A row keeps its x-fluxes and the y-fluxes of its southern edge in buffers that stay in the
cache, and rain, losses, friction and the wave speeds for the next step are part of the same pass.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.flux import DRY, FILM, face_flux, inverse_cube_root
from floodsim.kernels.jit import inline, kernel, row_kernel

SCRATCH_ROWS = 12
"""Row buffers that one sweep needs."""


@row_kernel
def wave_speeds(h, c, g):
    """c = sqrt(g h) of one row."""
    for i in range(c.size):
        c[i] = np.sqrt(g * h[i])


@row_kernel
def x_faces(h, u, v, z, s, c, mass, left, right, side, g):
    """Fluxes through the faces between neighbours of one row; face i lies between cell i and cell i + 1."""
    h_r, u_r, v_r, z_r, s_r, c_r = h[1:], u[1:], v[1:], z[1:], s[1:], c[1:]
    half = np.float32(0.5)
    for i in range(mass.size):
        mass[i], left[i], right[i], side[i] = face_flux(
            h[i], h_r[i], u[i], u_r[i], v[i], v_r[i], c[i], c_r[i], z_r[i] - z[i], (s[i] + s_r[i]) * half, g
        )


@row_kernel
def y_faces(h, u, v, z, s, c, h_n, u_n, v_n, z_n, s_n, c_n, mass, north, side, g):
    """Fluxes through the faces between a row and its northern neighbour, as the northern cell feels them."""
    half = np.float32(0.5)
    for i in range(mass.size):
        mass[i], _, north[i], side[i] = face_flux(
            h[i], h_n[i], v[i], v_n[i], u[i], u_n[i], c[i], c_n[i], z_n[i] - z[i], (s[i] + s_n[i]) * half, g
        )


@inline
def settle(depth, q_x, q_y, drag, dt):
    """Velocities out of unit discharges after implicit Manning friction (Xia and Liang 2018).

    ``drag`` is 4 g n^2. U = U* - dt g n^2 |U| U / h^(4/3) has the exact root 2 U* / (1 + sqrt(1 + x)).
    """
    zero, one, two = dt * 0, np.float32(1.0) + dt * 0, np.float32(2.0)
    safe = max(depth, zero + np.float32(DRY))
    root = inverse_cube_root(safe)
    cube = root * root * root
    x = dt * drag * np.sqrt(q_x * q_x + q_y * q_y) * (cube * cube * root)
    scale = two / (safe * (one + np.sqrt(one + x)))
    scale = scale if depth > np.float32(DRY) else zero
    return q_x * scale, q_y * scale


@row_kernel
def update_row(h, u, v, z, s, c, h_n, u_n, v_n, z_n, s_n, c_n, xm, xl, xr, xt, ym, yn, yt, drag, source,
               h_new, u_new, v_new, lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """New state of one row; the y-fluxes of its southern edge are replaced by those of its northern edge."""
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    half, zero, film = np.float32(0.5), g * 0, g * 0 + np.float32(FILM)
    rx, ry = dt * rdx, dt * rdy
    for i in range(h_new.size):
        mass, south, north, side = face_flux(
            h[i], h_n[i], v[i], v_n[i], u[i], u_n[i], c[i], c_n[i], z_n[i] - z[i], (s[i] + s_n[i]) * half, g
        )
        moved = h[i] - (rx * (xm_e[i] - xm[i]) + ry * (mass - ym[i]))
        kept = max(moved, zero)
        filled = kept + dt * source[i]
        depth = filled if filled > film else zero
        q_x = h[i] * u[i] - (rx * (xl_e[i] - xr[i]) + ry * (side - yt[i]))
        q_y = h[i] * v[i] - (rx * (xt_e[i] - xt[i]) + ry * (south - yn[i]))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i] = depth, u_0, v_0
        ym[i], yn[i], yt[i] = mass, north, side
        speed = np.sqrt(g * depth)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        clip[i] += kept - moved
        trim[i] += filled - depth


@row_kernel
def update_row_compensated(h, u, v, z, s, c, h_n, u_n, v_n, z_n, s_n, c_n, xm, xl, xr, xt, ym, yn, yt, drag, source,
                           low, h_new, u_new, v_new, lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """As `update_row`, for single precision: ``low`` carries what rounding added to the depth (Kahan 1965)."""
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    half, zero, film = np.float32(0.5), g * 0, g * 0 + np.float32(FILM)
    rx, ry = dt * rdx, dt * rdy
    for i in range(h_new.size):
        mass, south, north, side = face_flux(
            h[i], h_n[i], v[i], v_n[i], u[i], u_n[i], c[i], c_n[i], z_n[i] - z[i], (s[i] + s_n[i]) * half, g
        )
        change = dt * source[i] - (rx * (xm_e[i] - xm[i]) + ry * (mass - ym[i])) - low[i]
        filled = h[i] + change
        rest = (filled - h[i]) - change
        wet = filled > film
        depth = filled if wet else zero
        rest = rest if wet else zero
        q_x = h[i] * u[i] - (rx * (xl_e[i] - xr[i]) + ry * (side - yt[i]))
        q_y = h[i] * v[i] - (rx * (xt_e[i] - xt[i]) + ry * (south - yn[i]))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i], low[i] = depth, u_0, v_0, rest
        ym[i], yn[i], yt[i] = mass, north, side
        speed = np.sqrt(g * depth)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        lost = (h[i] - depth) + change + rest
        clip[i] += max(-lost, zero) if source[i] >= 0 else zero
        trim[i] += max(lost, zero) if source[i] >= 0 else lost


@kernel
def sweep_double(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
                 block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """Advance every window by dt (s).

    State h (m), u, v (m/s) and ground z, sx, sy (m; m per cell), drag (4 g n^2), source (m/s) are padded by one ghost
    cell: shape (ny + 2, nx + 2). ``low`` is not used. ``windows`` (n, 4) holds j0, j1, i0, i1 in padded indices,
    aligned to blocks of ``block_rows`` x ``block_columns``. Written: the new state, and per block ``fastest`` (1/s,
    largest (speed + c) / cell), ``clipped`` (m, depth made by cutting negative depths) and ``trimmed`` (m, taken by
    drying films, positive, and by sinks that found no water, negative), the last two added to what stands there.
    ``scratch`` (SCRATCH_ROWS, widest window + 2) is working space.
    """
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n = i1 - i0
        c, c_n = scratch[0, : n + 2], scratch[1, : n + 2]
        xm, xl, xr, xt = scratch[2, : n + 1], scratch[3, : n + 1], scratch[4, : n + 1], scratch[5, : n + 1]
        ym, yn, yt = scratch[6, :n], scratch[7, :n], scratch[8, :n]
        lam, clip, trim = scratch[9, :n], scratch[10, :n], scratch[11, :n]
        scratch[9:12, :n] = 0
        wave_speeds(h[j0 - 1, i0 - 1 : i1 + 1], c_n, g)
        wave_speeds(h[j0, i0 - 1 : i1 + 1], c, g)
        y_faces(h[j0 - 1, i0:i1], u[j0 - 1, i0:i1], v[j0 - 1, i0:i1], z[j0 - 1, i0:i1], sy[j0 - 1, i0:i1], c_n[1:],
                h[j0, i0:i1], u[j0, i0:i1], v[j0, i0:i1], z[j0, i0:i1], sy[j0, i0:i1], c[1:], ym, yn, yt, g)  # fmt: skip
        for j in range(j0, j1):
            w = slice(i0 - 1, i1 + 1)
            x_faces(h[j, w], u[j, w], v[j, w], z[j, w], sx[j, w], c, xm, xl, xr, xt, g)
            wave_speeds(h[j + 1, w], c_n, g)
            update_row(
                h[j, i0:i1], u[j, i0:i1], v[j, i0:i1], z[j, i0:i1], sy[j, i0:i1], c[1:],
                h[j + 1, i0:i1], u[j + 1, i0:i1], v[j + 1, i0:i1], z[j + 1, i0:i1], sy[j + 1, i0:i1], c_n[1:],
                xm, xl, xr, xt, ym, yn, yt, drag[j, i0:i1], source[j, i0:i1],
                h_new[j, i0:i1], u_new[j, i0:i1], v_new[j, i0:i1], lam, clip, trim, dt, rdx, rdy, g,
            )  # fmt: skip
            c, c_n = c_n, c
            if j % block_rows == 0 or j == j1 - 1:
                gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                       fastest, clipped, trimmed)  # fmt: skip


@kernel
def sweep_single(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
                 block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """As `sweep_double`, in single precision; ``low`` (ny + 2, nx + 2) is what rounding added to the depth, in m."""
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n = i1 - i0
        c, c_n = scratch[0, : n + 2], scratch[1, : n + 2]
        xm, xl, xr, xt = scratch[2, : n + 1], scratch[3, : n + 1], scratch[4, : n + 1], scratch[5, : n + 1]
        ym, yn, yt = scratch[6, :n], scratch[7, :n], scratch[8, :n]
        lam, clip, trim = scratch[9, :n], scratch[10, :n], scratch[11, :n]
        scratch[9:12, :n] = 0
        wave_speeds(h[j0 - 1, i0 - 1 : i1 + 1], c_n, g)
        wave_speeds(h[j0, i0 - 1 : i1 + 1], c, g)
        y_faces(h[j0 - 1, i0:i1], u[j0 - 1, i0:i1], v[j0 - 1, i0:i1], z[j0 - 1, i0:i1], sy[j0 - 1, i0:i1], c_n[1:],
                h[j0, i0:i1], u[j0, i0:i1], v[j0, i0:i1], z[j0, i0:i1], sy[j0, i0:i1], c[1:], ym, yn, yt, g)  # fmt: skip
        for j in range(j0, j1):
            w = slice(i0 - 1, i1 + 1)
            x_faces(h[j, w], u[j, w], v[j, w], z[j, w], sx[j, w], c, xm, xl, xr, xt, g)
            wave_speeds(h[j + 1, w], c_n, g)
            update_row_compensated(
                h[j, i0:i1], u[j, i0:i1], v[j, i0:i1], z[j, i0:i1], sy[j, i0:i1], c[1:],
                h[j + 1, i0:i1], u[j + 1, i0:i1], v[j + 1, i0:i1], z[j + 1, i0:i1], sy[j + 1, i0:i1], c_n[1:],
                xm, xl, xr, xt, ym, yn, yt, drag[j, i0:i1], source[j, i0:i1], low[j, i0:i1],
                h_new[j, i0:i1], u_new[j, i0:i1], v_new[j, i0:i1], lam, clip, trim, dt, rdx, rdy, g,
            )  # fmt: skip
            c, c_n = c_n, c
            if j % block_rows == 0 or j == j1 - 1:
                gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                       fastest, clipped, trimmed)  # fmt: skip


@row_kernel
def gather(lam, clip, trim, block_row, block_column, block_columns, fastest, clipped, trimmed):
    """Fold the row buffers into the blocks they lie over, and clear them."""
    for first in range(0, lam.size, block_columns):
        top = fastest[block_row, block_column]
        cut, off = clipped[block_row, block_column], trimmed[block_row, block_column]
        for i in range(first, min(first + block_columns, lam.size)):
            top = max(top, lam[i])
            cut += clip[i]
            off += trim[i]
            lam[i], clip[i], trim[i] = 0, 0, 0
        fastest[block_row, block_column] = top
        clipped[block_row, block_column] = cut
        trimmed[block_row, block_column] = off
        block_column += 1
