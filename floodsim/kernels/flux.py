"""The flux through one face, and small functions that every scheme shares. Scalars only, free of branches.

Depths and beds enter relative to the bed of the left cell, so no absolute level is ever rounded.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import fma, inline

DRY = 1e-6
"""Below this depth (m) water does not move."""
FILM = 1e-10
"""Below this depth (m) a cell is dry; what is left is taken off and counted."""


@inline
def inverse_cube_root(x):
    """Inverse cube root of x > 0 in single precision: a guess out of the exponent bits, then a cubic and a Newton step.

    Relative error 3e-7. Written out because ``**`` would be a call per cell, which no compiler vectorises.
    """
    y = np.float32(x)
    guess = np.int32(np.float32(1419910000) - np.float32(y.view(np.int32)) * np.float32(1.0 / 3.0)).view(np.float32)
    off = fma(-(y * guess), guess * guess, np.float32(1.0))
    guess = fma(guess * off, fma(off, np.float32(2.0 / 9.0), np.float32(1.0 / 3.0)), guess)
    off = fma(-(y * guess), guess * guess, np.float32(1.0))
    return fma(guess * off, np.float32(1.0 / 3.0), guess)


@inline
def wave_speed(h, g):
    """Wave speed c = sqrt(g h) in m/s. Single precision is enough: it only bounds the fan of waves."""
    return np.sqrt(np.float32(g * h))


@inline
def reconstruct(h_l, h_r, dz, s_l, s_r):
    """Depths of both sides of a face by surface reconstruction, and how far the bed holds the water back there.

    Xia et al. 2017, first order. ``dz`` is the bed step from left to right, ``s_l`` and ``s_r`` the bed increments of
    either cell: half of each is a continuous slope towards the face, the rest of the step is a wall or a kerb. Returns
    the depth left and right, and the height (m) by which the bed pushes back on the left and on the right cell: g h
    times it is the source. For still water both heights are exactly zero. A cell is pushed along its own slope only: a
    puddle at the foot of a steep bank would otherwise feel the bank's.
    """
    zero, far = h_l * np.float32(0.0), h_l * np.float32(0.0) + np.float32(1e30)
    ds = (s_l + s_r) * np.float32(0.5)
    rise = (h_r - h_l) + dz
    gain_l, gain_r = max(min(ds, rise), zero), min(max(ds, rise), zero)
    below, above = max(dz, zero) - h_l, min(dz, zero) + h_r
    kerb_l, kerb_r = dz - s_l if h_r > zero else far, dz - s_r if h_l > zero else -far
    push_l = max(gain_l, below) - max(min(kerb_l, below), zero)
    push_r = min(max(kerb_r, above), zero) - min(gain_r, above)
    return max(gain_l - below, zero), max(above - gain_r, zero), push_l, push_r


@inline
def face_flux(h_l, h_r, un_l, un_r, ut_l, ut_r, c_l, c_r, dz, s_l, s_r, g):
    """HLLC flux through one face, with the bed's push on either cell already added (Xia et al. 2017; Toro 2001).

    Depths h (m), velocities normal un and tangential ut (m/s), wave speeds c = sqrt(g h), bed step dz and bed
    increments s of the cells (m). Returns mass flux (m2/s), normal momentum flux as the left and the right cell feels
    it, and tangential momentum flux (m3/s2), each per unit width. The pressure g h^2 / 2 of the own cell is left out on
    either side: it cancels over the four faces of a cell. Water that runs against a kerb higher than itself is stopped
    as at a mirror.
    """
    zero = g * np.float32(0.0)
    face_l, face_r, push_l, push_r = reconstruct(h_l, h_r, dz, s_l, s_r)
    fast = max(max(un_l + c_l, un_r + c_r), g * np.float32(1e-30))
    slow = min(min(un_l - c_l, un_r - c_r), zero)
    weight = fast / (fast - slow)
    spread = weight * slow
    q_l, q_r = face_l * un_l, face_r * un_r
    rise, drop = face_r - face_l, q_l - q_r
    mean = g * np.float32(0.5) * (face_l + face_r)
    mass = fma(weight, drop, fma(spread, rise, q_r))
    momentum = q_r * un_r
    excess = fma(-mean, rise, fma(q_l, un_l, -momentum))
    normal = fma(weight, excess, fma(-spread, drop, momentum))
    kerb = dz - np.float32(0.5) * (s_l + s_r)
    hit_l = (un_l + c_l) * max(un_l, zero) if kerb > h_l else zero
    hit_r = (un_r - c_r) * min(un_r, zero) if -kerb > h_r else zero
    left = fma(h_l, fma(g, push_l, hit_l), fma(mean, rise, normal))
    right = fma(h_r, fma(g, push_r, hit_r), normal)
    return mass, left, right, mass * (ut_l if mass > zero else ut_r)
