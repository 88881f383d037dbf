"""First-order finite volumes: one sweep over the rows moves the water by one time step.

Each face is computed once. A row goes through a few short loops, each free of branches, so that it becomes vector code:
fluxes, balance, friction. What they hand on lies in row buffers that stay in the cache.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.flux import DRY, FILM, face_flux, inverse_cube_root, wave_speed
from floodsim.kernels.jit import fma, inline, kernel, row, row_kernel

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
def face_fluxes(h_l, un_l, ut_l, z_l, s_l, c_l, h_r, un_r, ut_r, z_r, s_r, c_r, mass, left, right, side, g):
    """Fluxes through a row of faces, from the cells on their left (or south) and on their right (or north).

    ``un`` and ``ut`` are the velocities normal and tangential to the faces, ``s`` the bed increments across them.
    """
    real = h_l.dtype.type
    for i in range(mass.size):
        mass[i], left[i], right[i], side[i] = face_flux(
            h_l[i], h_r[i], un_l[i], un_r[i], ut_l[i], ut_r[i], c_l[i], c_r[i],
            real(z_r[i] - z_l[i]), real(s_l[i]), real(s_r[i]), g,
        )  # fmt: skip


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
def balance(h, u, v, xm, xr, xt, xm_e, xl_e, xt_e, ym, yn, yt, ym_n, ys_n, yt_n, drag, source, h_new, u_new, v_new,
            lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """New depths and velocities of one row: what the four faces and the source bring, and friction takes.

    Cells outside the domain (drag < 0), ghost cells of inner edges among them, stay dry and count for nothing. ``lam``
    keeps the largest wave speed (1/s), ``clip`` and ``trim`` what was clipped and trimmed.
    """
    zero, film, rx, ry = dt * np.float32(0.0), dt * np.float32(0.0) + np.float32(FILM), dt * rdx, dt * rdy
    for i in range(h_new.size):
        moved = h[i] - fma(rx, xm_e[i] - xm[i], ry * (ym_n[i] - ym[i]))
        moved = moved if drag[i] >= 0 else zero
        kept = max(moved, zero)
        filled = fma(dt, source[i], kept)
        depth = filled if filled > film else zero
        q_x = fma(h[i], u[i], -fma(rx, xl_e[i] - xr[i], ry * (yt_n[i] - yt[i])))
        q_y = fma(h[i], v[i], -fma(rx, xt_e[i] - xt[i], ry * (ys_n[i] - yn[i])))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i] = depth, u_0, v_0
        speed = wave_speed(depth, g)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        clip[i] += kept - moved
        trim[i] += filled - depth


@row_kernel
def balance_compensated(h, u, v, xm, xr, xt, xm_e, xl_e, xt_e, ym, yn, yt, ym_n, ys_n, yt_n, drag, source, low,
                        h_new, u_new, v_new, lam, clip, trim, dt, rdx, rdy, g):  # fmt: skip
    """As `balance`, for single precision: ``low`` carries what rounding added to the depth (Kahan 1965)."""
    zero, film, rx, ry = dt * np.float32(0.0), dt * np.float32(0.0) + np.float32(FILM), dt * rdx, dt * rdy
    for i in range(h_new.size):
        change = fma(dt, source[i], -fma(rx, xm_e[i] - xm[i], ry * (ym_n[i] - ym[i]))) - low[i]
        filled = h[i] + change
        rest = (filled - h[i]) - change
        wet = filled > film if drag[i] >= 0 else False
        depth = filled if wet else zero
        rest = rest if wet else zero
        q_x = fma(h[i], u[i], -fma(rx, xl_e[i] - xr[i], ry * (yt_n[i] - yt[i])))
        q_y = fma(h[i], v[i], -fma(rx, xt_e[i] - xt[i], ry * (ys_n[i] - yn[i])))
        u_0, v_0 = settle(depth, q_x, q_y, drag[i], dt)
        h_new[i], u_new[i], v_new[i], low[i] = depth, u_0, v_0, rest
        speed = wave_speed(depth, g)
        lam[i] = max(lam[i], max((abs(u_0) + speed) * rdx, (abs(v_0) + speed) * rdy))
        lost = (h[i] - depth) + change + rest if drag[i] >= 0 else zero
        gone = max(lost, zero)
        clip[i] += gone - lost if source[i] >= 0 else zero
        trim[i] += gone if source[i] >= 0 else lost


@kernel
def balance_row(h, u, v, low, drag, source, h_new, u_new, v_new, j, i0, n, r, x, y, y_n, kept, dt, rdx, rdy, g):
    """`balance` of row j, compensated where ``low`` has anything.

    ``r`` holds the fluxes (mass, left, right, side) of the x-faces from row ``x`` on, of the southern faces from ``y``,
    of the northern ones from ``y_n``; from row ``kept`` on wave speeds and what is clipped and trimmed.
    """
    if low.size:
        balance_compensated(
            row(h, j, i0, n), row(u, j, i0, n), row(v, j, i0, n),
            row(r, x, 0, n), row(r, x + 2, 0, n), row(r, x + 3, 0, n),
            row(r, x, 1, n), row(r, x + 1, 1, n), row(r, x + 3, 1, n),
            row(r, y, 0, n), row(r, y + 2, 0, n), row(r, y + 3, 0, n),
            row(r, y_n, 0, n), row(r, y_n + 1, 0, n), row(r, y_n + 3, 0, n),
            row(drag, j, i0, n), row(source, j, i0, n), row(low, j, i0, n),
            row(h_new, j, i0, n), row(u_new, j, i0, n), row(v_new, j, i0, n),
            row(r, kept, 0, n), row(r, kept + 1, 0, n), row(r, kept + 2, 0, n), dt, rdx, rdy, g,
        )  # fmt: skip
    else:
        balance(
            row(h, j, i0, n), row(u, j, i0, n), row(v, j, i0, n),
            row(r, x, 0, n), row(r, x + 2, 0, n), row(r, x + 3, 0, n),
            row(r, x, 1, n), row(r, x + 1, 1, n), row(r, x + 3, 1, n),
            row(r, y, 0, n), row(r, y + 2, 0, n), row(r, y + 3, 0, n),
            row(r, y_n, 0, n), row(r, y_n + 1, 0, n), row(r, y_n + 3, 0, n),
            row(drag, j, i0, n), row(source, j, i0, n),
            row(h_new, j, i0, n), row(u_new, j, i0, n), row(v_new, j, i0, n),
            row(r, kept, 0, n), row(r, kept + 1, 0, n), row(r, kept + 2, 0, n), dt, rdx, rdy, g,
        )  # fmt: skip


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
    r = scratch
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n, w, m, e = i1 - i0, i0 - 1, i1 - i0 + 1, 1
        lam, clip, trim = row(r, 14, 0, n), row(r, 15, 0, n), row(r, 16, 0, n)
        clear(r[14:17, :n])
        c, c_n, y, y_n, x = 0, 1, 6, 10, 2
        wave_speeds(row(h, j0 - 1, w, n + 2), row(r, c, 0, n + 2), g)
        for j in range(j0 - 1, j1):
            wave_speeds(row(h, j + 1, w, n + 2), row(r, c_n, 0, n + 2), g)
            face_fluxes(
                row(h, j, i0, n), row(v, j, i0, n), row(u, j, i0, n), row(z, j, i0, n), row(sy, j, i0, n),
                row(r, c, e, n), row(h, j + 1, i0, n), row(v, j + 1, i0, n), row(u, j + 1, i0, n),
                row(z, j + 1, i0, n), row(sy, j + 1, i0, n), row(r, c_n, e, n),
                row(r, y_n, 0, n), row(r, y_n + 1, 0, n), row(r, y_n + 2, 0, n), row(r, y_n + 3, 0, n), g,
            )  # fmt: skip
            if j >= j0:
                face_fluxes(
                    row(h, j, w, m), row(u, j, w, m), row(v, j, w, m), row(z, j, w, m), row(sx, j, w, m),
                    row(r, c, 0, m), row(h, j, i0, m), row(u, j, i0, m), row(v, j, i0, m),
                    row(z, j, i0, m), row(sx, j, i0, m), row(r, c, e, m),
                    row(r, x, 0, m), row(r, x + 1, 0, m), row(r, x + 2, 0, m), row(r, x + 3, 0, m), g,
                )  # fmt: skip
                balance_row(h, u, v, low, drag, source, h_new, u_new, v_new, j, i0, n, r, x, y, y_n, 14,
                            dt, rdx, rdy, g)  # fmt: skip
                if j % block_rows == 0 or j == j1 - 1:
                    gather(lam, clip, trim, (j - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip
            c, c_n, y, y_n = c_n, c, y_n, y


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
