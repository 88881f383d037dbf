"""First-order finite volumes: one sweep over the rows moves the water by one time step.

Each face is computed once. A row goes through a few short loops, each free of branches, so that it becomes vector code:
fluxes, balance, friction. What they hand on lies in row buffers that stay in the cache.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.flux import DRY, FILM, face_flux, inverse_cube_root, wave_speed
from floodsim.kernels.jit import fma, inline, kernel, row_kernel

SCRATCH_ROWS = 17
"""Row buffers that one sweep needs."""


@row_kernel
def clear(rows):
    """Set all of a few rows to zero."""
    for j in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            rows[j, i] = 0


@row_kernel
def wave_speeds(h, c, g):
    """Wave speeds c = sqrt(g h) of one row."""
    for i in range(c.size):
        c[i] = wave_speed(h[i], g)


@row_kernel
def x_faces(h, u, v, z, s, c, mass, left, right, side, g):
    """Fluxes through the faces between neighbours of one row; face i lies between cell i and cell i + 1."""
    h_r, u_r, v_r, z_r, s_r, c_r = h[1:], u[1:], v[1:], z[1:], s[1:], c[1:]
    real = h.dtype.type
    for i in range(mass.size):
        mass[i], left[i], right[i], side[i] = face_flux(
            h[i], h_r[i], u[i], u_r[i], v[i], v_r[i], c[i], c_r[i],
            real(z_r[i] - z[i]), real(s[i]), real(s_r[i]), g,
        )  # fmt: skip


@row_kernel
def y_faces(h, u, v, z, s, c, h_n, u_n, v_n, z_n, s_n, c_n, mass, south, north, side, g):
    """Fluxes through the faces between a row and its northern neighbour."""
    real = h.dtype.type
    for i in range(mass.size):
        mass[i], south[i], north[i], side[i] = face_flux(
            h[i], h_n[i], v[i], v_n[i], u[i], u_n[i], c[i], c_n[i],
            real(z_n[i] - z[i]), real(s[i]), real(s_n[i]), g,
        )  # fmt: skip


@row_kernel
def balance(h, u, v, xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n, drag, source, h_new, q_x, q_y,
            clip, trim, dt, rx, ry):  # fmt: skip
    """New depths and unit discharges of one row: what the four faces and the source bring.

    Cells outside the domain (drag < 0), ghost cells of inner edges among them, stay dry and count for nothing.
    """
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    zero, film = dt * np.float32(0.0), dt * np.float32(0.0) + np.float32(FILM)
    for i in range(h_new.size):
        moved = h[i] - fma(rx, xm_e[i] - xm[i], ry * (ym_n[i] - ym[i]))
        moved = moved if drag[i] >= 0 else zero
        kept = max(moved, zero)
        filled = fma(dt, source[i], kept)
        depth = filled if filled > film else zero
        q_x[i] = fma(h[i], u[i], -fma(rx, xl_e[i] - xr[i], ry * (yt_n[i] - yt[i])))
        q_y[i] = fma(h[i], v[i], -fma(rx, xt_e[i] - xt[i], ry * (ys_n[i] - yn[i])))
        h_new[i] = depth
        clip[i] += kept - moved
        trim[i] += filled - depth


@row_kernel
def balance_compensated(h, u, v, xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n, drag, source, low, h_new, q_x, q_y,
                        clip, trim, dt, rx, ry):  # fmt: skip
    """As `balance`, for single precision: ``low`` carries what rounding added to the depth (Kahan 1965)."""
    xm_e, xl_e, xt_e = xm[1:], xl[1:], xt[1:]
    zero, film = dt * np.float32(0.0), dt * np.float32(0.0) + np.float32(FILM)
    for i in range(h_new.size):
        change = fma(dt, source[i], -fma(rx, xm_e[i] - xm[i], ry * (ym_n[i] - ym[i]))) - low[i]
        filled = h[i] + change
        rest = (filled - h[i]) - change
        wet = filled > film if drag[i] >= 0 else False
        depth = filled if wet else zero
        rest = rest if wet else zero
        q_x[i] = fma(h[i], u[i], -fma(rx, xl_e[i] - xr[i], ry * (yt_n[i] - yt[i])))
        q_y[i] = fma(h[i], v[i], -fma(rx, xt_e[i] - xt[i], ry * (ys_n[i] - yn[i])))
        h_new[i], low[i] = depth, rest
        lost = (h[i] - depth) + change + rest if drag[i] >= 0 else zero
        clip[i] += max(-lost, zero) if source[i] >= 0 else zero
        trim[i] += max(lost, zero) if source[i] >= 0 else lost


@inline
def settle(depth, q_x, q_y, drag, dt):
    """Velocities out of unit discharges after implicit Manning friction (Xia and Liang 2018).

    ``drag`` is 4 g n^2. U = U* - dt g n^2 |U| U / h^(4/3) has the exact root 2 U* / (1 + sqrt(1 + x)). The root is
    taken in single precision, at half the time; where there is no friction it is exactly 1.
    """
    zero, dry, one, two = dt * np.float32(0.0), dt * np.float32(0.0) + np.float32(DRY), np.float32(1.0), np.float32(2.0)
    safe = max(depth, dry)
    root = inverse_cube_root(safe)
    square = root * root
    a, b = np.float32(q_x), np.float32(q_y)
    x = (np.float32(dt) * drag * np.sqrt(fma(a, a, b * b))) * ((square * square) * (square * root))
    scale = two / (safe * (one + np.sqrt(one + x)))
    scale = scale if depth > dry else zero
    return q_x * scale, q_y * scale


@row_kernel
def settle_row(h, u, v, drag, lam, dt, rdx, rdy, g):
    """Turn the unit discharges in ``u`` and ``v`` into velocities; ``lam`` keeps the largest wave speed (1/s)."""
    for i in range(h.size):
        u_0, v_0 = settle(h[i], u[i], v[i], drag[i], dt)
        u[i], v[i] = u_0, v_0
        speed = wave_speed(h[i], g)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))


@kernel
def sweep(h, u, v, h_new, u_new, v_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
          block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """Advance every window by dt (s).

    State h (m), u, v (m/s) and ground z, sx, sy (m; m per cell), drag (4 g n^2, negative outside the domain), source
    (m/s) are padded by one ghost cell: shape (ny + 2, nx + 2). ``low`` is empty in double precision; in single it has
    their shape and holds what rounding added to the depth (m). ``windows`` (n, 4) holds j0, j1, i0, i1 in padded
    indices, aligned to blocks of ``block_rows`` x ``block_columns``. Written: the new state, and per block ``fastest``
    (1/s, largest (speed + c) / cell), ``clipped`` (m, depth made by cutting negative depths) and ``trimmed`` (m, taken
    by drying films, positive, and by sinks that found no water, negative), the last two added to what stands there.
    ``scratch`` (SCRATCH_ROWS, widest window + 2) is working space.
    """
    rx, ry = dt * rdx, dt * rdy
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n = i1 - i0
        c, c_n = scratch[0, : n + 2], scratch[1, : n + 2]
        xm, xl, xr, xt = scratch[2, : n + 1], scratch[3, : n + 1], scratch[4, : n + 1], scratch[5, : n + 1]
        ym, ys, yn, yt = scratch[6, :n], scratch[7, :n], scratch[8, :n], scratch[9, :n]
        ym_n, ys_n, yn_n, yt_n = scratch[10, :n], scratch[11, :n], scratch[12, :n], scratch[13, :n]
        lam, clip, trim = scratch[14, :n], scratch[15, :n], scratch[16, :n]
        clear(scratch[14:17, :n])
        wide = slice(i0 - 1, i1 + 1)
        wave_speeds(h[j0 - 1, wide], c, g)
        for j in range(j0 - 1, j1):
            wave_speeds(h[j + 1, wide], c_n, g)
            y_faces(h[j, i0:i1], u[j, i0:i1], v[j, i0:i1], z[j, i0:i1], sy[j, i0:i1], c[1:],
                    h[j + 1, i0:i1], u[j + 1, i0:i1], v[j + 1, i0:i1], z[j + 1, i0:i1], sy[j + 1, i0:i1], c_n[1:],
                    ym_n, ys_n, yn_n, yt_n, g)  # fmt: skip
            if j >= j0:
                x_faces(h[j, wide], u[j, wide], v[j, wide], z[j, wide], sx[j, wide], c, xm, xl, xr, xt, g)
                if low.size:
                    balance_compensated(
                        h[j, i0:i1], u[j, i0:i1], v[j, i0:i1], xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n,
                        drag[j, i0:i1], source[j, i0:i1], low[j, i0:i1],
                        h_new[j, i0:i1], u_new[j, i0:i1], v_new[j, i0:i1], clip, trim, dt, rx, ry,
                    )  # fmt: skip
                else:
                    balance(
                        h[j, i0:i1], u[j, i0:i1], v[j, i0:i1], xm, xl, xr, xt, ym, yn, yt, ym_n, ys_n, yt_n,
                        drag[j, i0:i1], source[j, i0:i1], h_new[j, i0:i1], u_new[j, i0:i1], v_new[j, i0:i1],
                        clip, trim, dt, rx, ry,
                    )  # fmt: skip
                settle_row(h_new[j, i0:i1], u_new[j, i0:i1], v_new[j, i0:i1], drag[j, i0:i1], lam, dt, rdx, rdy, g)
                if j % block_rows == 0 or j == j1 - 1:
                    gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip
            c, c_n = c_n, c
            ym, ym_n, ys, ys_n, yn, yn_n, yt, yt_n = ym_n, ym, ys_n, ys, yn_n, yn, yt_n, yt


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
