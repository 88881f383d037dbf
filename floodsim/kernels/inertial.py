"""Local inertial scheme: depth at cell centres, discharge at faces, no advection of momentum.

Range of use: slow, subcritical floods on plains, and rain on built-up ground of small slope. Momentum is not carried
along by the flow, so hydraulic jumps, dam breaks near the breach and flow faster than its waves (Froude number over 1)
are not represented; `froude` finds how much of the water is outside the range. For those the finite volumes are meant.

q of a face follows de Almeida et al. (2012): the old q, smoothed along its axis by the weight THETA, pushed by the
slope of the surface over the flow depth hf = highest surface - highest bed (Bates et al. 2010), then slowed by Manning
friction, here solved implicitly for the new q (exact root of q (1 + k |q|) = q*). A cell that would give more than it
has gives its share to every face, so depths never fall below zero.

The arrays called velocities elsewhere hold discharges per unit width here, in single precision: ``qx[j, i]`` (m2/s)
flows from cell i - 1 to cell i, ``qy[j, i]`` from j - 1 to j. Rim faces are closed in the sweep; `cross_edges` moves
water over open ones after. The step is limited by CFL_LIMIT over the largest sqrt(g h) / dx, and by FILM_STEP seconds
per metre of cell width, since films on slopes move faster than their waves.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.edges import DISCHARGE, LEVEL, NORMAL
from floodsim.kernels.first_order import clear, gather
from floodsim.kernels.flux import DRY, FILM, inverse_cube_root, wave_speed
from floodsim.kernels.jit import fma, inline, kernel, row, row_kernel

SCRATCH_ROWS = 12
"""Row buffers that one sweep needs: nine in single precision, three in that of the depth."""
CFL_LIMIT = 0.7
"""Largest Courant number of a step."""
FILM_STEP = 0.5
"""Longest step, s per m of cell width."""
THETA = 0.8
"""Weight of a face's own old discharge against the mean of its neighbours'."""
MORE = np.float32(1.000001)
"""What faces want of a cell is counted by so much more, which covers rounding."""


@inline
def flow_depth(h_l, h_r, dz):
    """Depth (m) that flows through a face: highest surface less highest bed; ``dz`` is the bed step left to right."""
    zero = h_l * np.float32(0)
    return max(max(h_l, h_r + dz) - max(dz, zero), zero)


@inline
def slow_down(pushed, across, depth, drag, dt):
    """Discharge (m2/s) left of ``pushed`` after implicit friction, all in single precision.

    ``across`` is the discharge along the face.
    """
    one, two, dry = np.float32(1.0), np.float32(2.0), np.float32(DRY)
    root = inverse_cube_root(max(depth, dry))
    square = root * root
    x = dt * drag * (square * square * (square * root)) * np.sqrt(pushed * pushed + across * across)
    q = pushed * (two / (one + np.sqrt(one + x)))
    return q if depth > dry else np.float32(0)


@row_kernel
def face_depths(h_l, h_r, z_l, z_r, depth, rise):
    """Flow depth (m) of a row of faces, and rise (m) of the surface across them, from left to right.

    Taken in the precision of the depth and handed on in single, as all that follows is.
    """
    for i in range(depth.size):
        dz = z_r[i] - z_l[i]
        depth[i] = flow_depth(h_l[i], h_r[i], dz)
        rise[i] = (h_r[i] - h_l[i]) + dz


@inline
def new_discharge(depth, rise, q_b, q, q_a, across, drag_l, drag_r, dt, push):
    """New discharge of a face. ``q_b`` and ``q_a``: faces before and after it; ``push`` is g dt / cell width.

    All is single: the mass that a discharge takes from one cell it gives to the next, however it was rounded. Faces of
    cells outside the domain (drag < 0) are closed.
    """
    own, other, zero = np.float32(THETA), np.float32((1.0 - THETA) / 2.0), np.float32(0)
    depth = depth if min(drag_l, drag_r) >= zero else zero
    pushed = fma(own, q, fma(other, q_b + q_a, -(push * depth * rise)))
    drag = max((drag_l + drag_r) * np.float32(0.5), zero)
    return slow_down(pushed, across, depth, drag, dt)


@row_kernel
def new_discharges(depth, rise, drag_l, drag_r, q_b, q, q_a, side_1, side_2, side_3, side_4, out, dt, push):
    """New discharges of a row of faces, from their `face_depths` and the friction of the cells on both sides.

    ``q_b, q, q_a`` are the old ones of the face before each, of itself and after it, ``side_1`` to ``side_4`` those of
    the four faces that cross its ends. No double here: a vector holds twice as many faces, and this loop is bound by
    how many can be under way at a time.
    """
    quarter, dt, push = np.float32(0.25), np.float32(dt), np.float32(push)
    for i in range(out.size):
        across = quarter * ((side_1[i] + side_2[i]) + (side_3[i] + side_4[i]))
        out[i] = new_discharge(depth[i], rise[i], q_b[i], q[i], q_a[i], across, drag_l[i], drag_r[i], dt, push)


@inline
def wanted(qx, qx_e, qy, qy_n, rx, ry):
    """Depth (m) that the faces of a cell want to take from it, in single precision."""
    zero = np.float32(0)
    return rx * (max(qx_e, zero) - min(qx, zero)) + ry * (max(qy_n, zero) - min(qy, zero))


@row_kernel
def is_scarce(h, qx, qx_e, qy, qy_n, rx, ry):
    """Whether any cell of a row has less than its faces want to take."""
    rx, ry, scarce = np.float32(rx) * MORE, np.float32(ry) * MORE, False
    for i in range(h.size):
        scarce |= wanted(qx[i], qx_e[i], qy[i], qy_n[i], rx, ry) > np.float32(h[i])
    return scarce


@row_kernel
def shares(h, qx, qx_e, qy, qy_n, share, rx, ry):
    """Part of the wanted outflow that each cell of a row can give, 0 to 1.

    In single precision, with a millionth kept back where it is less than all, which is more than was rounded.
    """
    tiny, rx, ry = np.float32(1e-30), np.float32(rx) * MORE, np.float32(ry) * MORE
    for i in range(share.size):
        has = np.float32(h[i])
        share[i] = has / max(max(wanted(qx[i], qx_e[i], qy[i], qy_n[i], rx, ry), has), tiny)


@row_kernel
def limit(q, share_l, share_r):
    """Cut the discharges of a row of faces to the share that the cell they come from can give."""
    zero = np.float32(0)
    for i in range(q.size):
        q[i] = fma(max(q[i], zero), share_l[i], min(q[i], zero) * share_r[i])


@row_kernel
def update_row(h, west, east, south, north, source, h_new, qx_new, qy_new, deepest, clip, trim, dt, rx, ry):
    """New depths of one row from the discharges at the four faces of its cells; ``deepest`` keeps the largest."""
    zero, film = dt * np.float32(0), dt * np.float32(0) + np.float32(FILM)
    real = h.dtype.type
    for i in range(h_new.size):
        moved = h[i] - fma(rx, real(east[i]) - real(west[i]), ry * (real(north[i]) - real(south[i])))
        kept = max(moved, zero)
        filled = fma(dt, source[i], kept)
        depth = filled if filled > film else zero
        h_new[i], qx_new[i], qy_new[i] = depth, west[i], south[i]
        deepest[i] = max(deepest[i], depth)
        clip[i] += kept - moved
        trim[i] += filled - depth


@row_kernel
def update_row_compensated(h, west, east, south, north, source, low, h_new, qx_new, qy_new, deepest, clip, trim,
                           dt, rx, ry):  # fmt: skip
    """As `update_row`, for single precision: ``low`` carries what rounding added to the depth (Kahan 1965)."""
    zero, film = dt * np.float32(0), dt * np.float32(0) + np.float32(FILM)
    for i in range(h_new.size):
        change = fma(dt, source[i], -fma(rx, east[i] - west[i], ry * (north[i] - south[i]))) - low[i]
        filled = h[i] + change
        rest = (filled - h[i]) - change
        wet = filled > film
        depth = filled if wet else zero
        rest = rest if wet else zero
        h_new[i], qx_new[i], qy_new[i], low[i] = depth, west[i], south[i], rest
        deepest[i] = max(deepest[i], depth)
        lost = (h[i] - depth) + change + rest
        gone = max(lost, zero)
        clip[i] += gone - lost if source[i] >= zero else zero
        trim[i] += gone if source[i] >= zero else lost


@row_kernel
def speeds(deepest, g, fine):
    """Turn the largest depths of a row into the largest sqrt(g h) / cell width (1/s)."""
    for i in range(deepest.size):
        deepest[i] = wave_speed(deepest[i], g) * fine


@kernel
def x_row(h, qx, qy, z, drag, j, i0, i1, depth, rise, out, dt, rdx, g):
    """New x-discharges of row j at the faces i0 - 1 to i1 + 1; zero beyond the rim and on it.

    ``depth`` and ``rise`` are working space.
    """
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    a, b = max(i0 - 1, 2), min(i1 + 2, nx + 1)
    if j < 1 or j > ny or b <= a:
        out[: i1 - i0 + 3] = 0
    else:
        out[: a - i0 + 1], out[b - i0 + 1 : i1 - i0 + 3] = 0, 0
        n, w = b - a, a - 1
        face_depths(row(h, j, w, n), row(h, j, a, n), row(z, j, w, n), row(z, j, a, n), depth[:n], rise[:n])
        new_discharges(
            depth[:n], rise[:n], row(drag, j, w, n), row(drag, j, a, n),
            row(qx, j, w, n), row(qx, j, a, n), row(qx, j, a + 1, n),
            row(qy, j, w, n), row(qy, j, a, n), row(qy, j + 1, w, n), row(qy, j + 1, a, n),
            out[a - i0 + 1 : b - i0 + 1], dt, g * dt * rdx,
        )  # fmt: skip


@kernel
def y_row(h, qx, qy, z, drag, j, i0, i1, depth, rise, out, dt, rdy, g):
    """New y-discharges between the rows j - 1 and j in the columns i0 - 1 to i1; otherwise as `x_row`."""
    ny, nx = h.shape[0] - 2, h.shape[1] - 2
    a, b = max(i0 - 1, 1), min(i1 + 1, nx + 1)
    if j < 2 or j > ny:
        out[: i1 - i0 + 2] = 0
    else:
        out[: a - i0 + 1], out[b - i0 + 1 : i1 - i0 + 2] = 0, 0
        n, s = b - a, j - 1
        face_depths(row(h, s, a, n), row(h, j, a, n), row(z, s, a, n), row(z, j, a, n), depth[:n], rise[:n])
        new_discharges(
            depth[:n], rise[:n], row(drag, s, a, n), row(drag, j, a, n),
            row(qy, s, a, n), row(qy, j, a, n), row(qy, j + 1, a, n),
            row(qx, s, a, n), row(qx, s, a + 1, n), row(qx, j, a, n), row(qx, j, a + 1, n),
            out[a - i0 + 1 : b - i0 + 1], dt, g * dt * rdy,
        )  # fmt: skip


@kernel
def sweep(h, qx, qy, h_new, qx_new, qy_new, low, z, sx, sy, drag, source, windows, dt, rdx, rdy, g,
          block_rows, block_columns, fastest, clipped, trimmed, scratch):  # fmt: skip
    """Advance every window by dt (s); arguments as in `first_order.sweep`, with discharges instead of velocities.

    ``sx, sy`` are not used. Discharges are in single precision whatever the depth is in. ``fastest`` is the largest
    sqrt(g h) / cell width of a block, 1/s. ``scratch`` must be one column wider than there: (SCRATCH_ROWS, widest
    window + 3).
    """
    r, east, rx, ry = scratch[3:].view(np.float32), h.shape[1] - 1, dt * rdx, dt * rdy
    for k in range(windows.shape[0]):
        j0, j1, i0, i1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        n, x, w = i1 - i0, i0, i0 - 1
        deepest, clip, trim = row(scratch, 0, 0, n), row(scratch, 1, 0, n), row(scratch, 2, 0, n)
        clear(scratch[:3, :n])
        x_0, x_1, y_0, y_1, y_2, s_0, s_1, thin_0 = 0, 1, 2, 3, 4, 5, 6, False
        y_row(h, qx, qy, z, drag, j0 - 1, i0, i1, r[7], r[8], r[y_1], dt, rdy, g)
        for j in range(j0 - 1, j1 + 1):
            x_row(h, qx, qy, z, drag, j, i0, i1, r[7], r[8], r[x_1], dt, rdx, g)
            y_row(h, qx, qy, z, drag, j + 1, i0, i1, r[7], r[8], r[y_2], dt, rdy, g)
            thin_1 = is_scarce(row(h, j, w, n + 2), row(r, x_1, 0, n + 2), row(r, x_1, 1, n + 2),
                               row(r, y_1, 0, n + 2), row(r, y_2, 0, n + 2), rx, ry)  # fmt: skip
            if thin_0 or thin_1:  # else each cell gives all that its faces want
                if not thin_0:
                    r[s_0, : n + 2] = 1
                shares(row(h, j, w, n + 2), row(r, x_1, 0, n + 2), row(r, x_1, 1, n + 2), row(r, y_1, 0, n + 2),
                       row(r, y_2, 0, n + 2), row(r, s_1, 0, n + 2), rx, ry)  # fmt: skip
                limit(row(r, x_1, 1, n + 1), row(r, s_1, 0, n + 1), row(r, s_1, 1, n + 1))
                if j >= j0:
                    limit(row(r, y_1, 1, n), row(r, s_0, 1, n), row(r, s_1, 1, n))
            if j > j0:
                i = j - 1
                if low.size:
                    update_row_compensated(
                        row(h, i, x, n), row(r, x_0, 1, n), row(r, x_0, 2, n), row(r, y_0, 1, n), row(r, y_1, 1, n),
                        row(source, i, x, n), row(low, i, x, n),
                        row(h_new, i, x, n), row(qx_new, i, x, n), row(qy_new, i, x, n),
                        deepest, clip, trim, dt, rx, ry,
                    )  # fmt: skip
                else:
                    update_row(
                        row(h, i, x, n), row(r, x_0, 1, n), row(r, x_0, 2, n), row(r, y_0, 1, n), row(r, y_1, 1, n),
                        row(source, i, x, n), row(h_new, i, x, n), row(qx_new, i, x, n), row(qy_new, i, x, n),
                        deepest, clip, trim, dt, rx, ry,
                    )  # fmt: skip
                if i1 == east:
                    qx_new[i, east] = 0
                if i % block_rows == 0 or i == j1 - 1:
                    speeds(deepest, g, max(rdx, rdy))
                    gather(deepest, clip, trim, (i - 1) // block_rows, (i0 - 1) // block_columns, block_columns,
                           fastest, clipped, trimmed)  # fmt: skip
            x_0, x_1, y_0, y_1, y_2, s_0, s_1, thin_0 = x_1, x_0, y_1, y_2, y_0, s_1, s_0, thin_1
        if j1 == h.shape[0] - 1:
            qy_new[j1, i0:i1] = 0


@kernel
def cross_edges(h, qx, qy, z, drag, h_new, qx_new, qy_new, faces, kind, value, manning, dt, rdx, rdy, g, passed):
    """Move water over the boundary faces during dt, and add the depth of inflow (m over one cell) to ``passed`` (n,).

    Arguments as in `edges.fill_ghosts` and `edges.cross_edges`. An open face lets water out at the speed that it has at
    the next face inside, at most that of its waves, or critically where it meets an overfall; a given level acts
    through the scheme itself. The new depth of the inner cell and the new discharge of the face are changed; outflow
    takes no more than the cell holds.
    """
    for k in range(faces.shape[0]):
        j, i, along_x, sign = faces[k, 2], faces[k, 3], faces[k, 4] == 0, faces[k, 5]
        jf, jf_in = (max(j, faces[k, 0]), j + 1 if sign < 0 else j) if not along_x else (j, j)
        i_f, i_in = (max(i, faces[k, 1]), i + 1 if sign < 0 else i) if along_x else (i, i)
        q_old, q_in = (qx[jf, i_f], qx[jf_in, i_in]) if along_x else (qy[jf, i_f], qy[jf_in, i_in])
        r = rdx if along_x else rdy
        depth = np.float64(h[j, i])
        if kind[k] == DISCHARGE:
            inward = value[k]
        elif kind[k] == NORMAL:
            inward = -(depth ** (5.0 / 3.0)) * np.sqrt(value[k]) / manning[k]
        elif kind[k] == LEVEL:
            dz = np.float64(z[faces[k, 0], faces[k, 1]]) - np.float64(z[j, i])
            outside = max(value[k] - np.float64(z[faces[k, 0], faces[k, 1]]), 0.0)
            deep = np.float32(flow_depth(depth, outside, dz))
            pushed = np.float32(np.float64(q_old) * sign - g * dt * r * deep * (outside + dz - depth))
            inward = -np.float64(slow_down(pushed, np.float32(0), deep, drag[j, i], np.float32(dt)))
        else:
            inward = -_leaving(h, z, q_in, j, i, along_x, sign, value[k] > 0.0, g)
        before = np.float64(h_new[j, i])
        h_new[j, i] = max(before + inward * dt * r, 0.0)
        entered = np.float64(h_new[j, i]) - before
        passed[k] += entered
        if along_x:
            qx_new[jf, i_f] = -entered / (dt * r) * sign
        else:
            qy_new[jf, i_f] = -entered / (dt * r) * sign


@kernel
def _leaving(h, z, q_in, j, i, along_x, sign, falls_away, g):
    """Outflow (m2/s) through an open face: critical at an overfall, else at the speed of ``q_in`` on the inner face."""
    depth = np.float64(h[j, i])
    if not falls_away:
        return np.sqrt(g) * (2.0 / 3.0 * depth) ** 1.5
    jo, io = (j, i - sign) if along_x else (j - sign, i)
    inside = flow_depth(np.float64(h[jo, io]), depth, np.float64(z[j, i]) - np.float64(z[jo, io]))
    speed = max(np.float64(q_in) * sign, 0.0) / max(inside, DRY)
    return depth * min(speed, np.sqrt(g * depth))


@row_kernel
def mean_speeds(h, z, q, out):
    """Mean of the speeds at both faces of the cells of one row; ``h, z`` start one cell west of the first face."""
    h_c, z_c, h_e, z_e, q_e = h[1:], z[1:], h[2:], z[2:], q[1:]
    half, dry = np.float32(0.5), np.float32(DRY)
    for i in range(out.size):
        west = q[i] / max(flow_depth(h[i], h_c[i], z_c[i] - z[i]), dry)
        east = q_e[i] / max(flow_depth(h_c[i], h_e[i], z_e[i] - z_c[i]), dry)
        out[i] = (west + east) * half


@row_kernel
def mean_speeds_across(h_s, h, h_n, z_s, z, z_n, q, q_n, out):
    """As `mean_speeds`, between the southern and the northern face."""
    half, dry = np.float32(0.5), np.float32(DRY)
    for i in range(out.size):
        south = q[i] / max(flow_depth(h_s[i], h[i], z[i] - z_s[i]), dry)
        north = q_n[i] / max(flow_depth(h[i], h_n[i], z_n[i] - z[i]), dry)
        out[i] = (south + north) * half


@kernel
def centre_velocities(h, qx, qy, z, windows, u, v):
    """Velocities (m/s) at cell centres for output: the mean of those at opposite faces, into ``u, v`` (padded)."""
    for k in range(windows.shape[0]):
        i0, i1 = windows[k, 2], windows[k, 3]
        w, x = slice(i0 - 1, i1 + 1), slice(i0, i1)
        for j in range(windows[k, 0], windows[k, 1]):
            mean_speeds(h[j, w], z[j, w], qx[j, i0 : i1 + 1], u[j, x])
            mean_speeds_across(h[j - 1, x], h[j, x], h[j + 1, x], z[j - 1, x], z[j, x], z[j + 1, x],
                               qy[j, x], qy[j + 1, x], v[j, x])  # fmt: skip


@kernel
def froude(h, u, v, windows, g):
    """Largest Froude number among cells deeper than 1 cm, how many of those have one over 1, and how many there are."""
    largest, fast, deep = 0.0, 0, 0
    for k in range(windows.shape[0]):
        for j in range(windows[k, 0], windows[k, 1]):
            for i in range(windows[k, 2], windows[k, 3]):
                if h[j, i] > 0.01:
                    square = (u[j, i] * u[j, i] + v[j, i] * v[j, i]) / (g * h[j, i])
                    largest = max(largest, square)
                    deep += 1
                    fast += square > 1.0
    return np.sqrt(largest), fast, deep


@kernel
def face_discharge(qx, qy, faces, dx, dy, flow):
    """Discharge (m3/s) through listed inner faces, written to ``flow`` (n,); ``faces`` as in `edges.face_discharge`."""
    for k in range(faces.shape[0]):
        if faces[k, 2] == 0:
            flow[k] = np.float64(qx[faces[k, 0], faces[k, 1]]) * faces[k, 3] * dy
        else:
            flow[k] = np.float64(qy[faces[k, 0], faces[k, 1]]) * faces[k, 3] * dx
