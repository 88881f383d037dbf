"""The flux through one face, and small functions that every scheme shares. Scalars only, free of branches.

Depths and beds enter relative to the bed of the left cell, so no absolute level is ever rounded.
"""

from __future__ import annotations

import numpy as np

from floodsim.kernels.jit import inline

DRY = 1e-6
"""Below this depth (m) water does not move."""
FILM = 1e-10
"""Below this depth (m) a cell is dry; what is left is taken off and counted."""


@inline
def inverse_cube_root(x):
    """x ** (-1/3) for x > 0 in single precision: a guess out of the exponent bits, then three Newton steps.

    Relative error 2e-7. Written out because ``**`` would be a call per cell, which no compiler vectorises.
    """
    y = np.float32(x)
    guess = np.int32(np.float32(1420470954) - np.float32(y.view(np.int32)) * np.float32(1.0 / 3.0)).view(np.float32)
    third, four = np.float32(1.0 / 3.0), np.float32(4.0)
    guess = guess * (four - y * guess * guess * guess) * third
    guess = guess * (four - y * guess * guess * guess) * third
    return guess * (four - y * guess * guess * guess) * third


@inline
def reconstruct(h_l, h_r, dz, ds):
    """Depths and bed of both sides of a face by surface reconstruction (Xia et al. 2017, first order).

    ``dz`` is the bed step from left to right, ``ds`` the part of it that is a continuous slope; the rest is a wall or
    a kerb. Returns the depth left and right, and the bed of each side relative to its own cell, all in m.
    """
    zero = dz * 0
    up, down = max(dz, zero), max(-dz, zero)
    dw = (h_r - h_l) + dz
    face_l = max(h_l - up + max(zero, min(ds, dw)), zero)
    face_r = max(h_r - down + max(zero, min(-ds, -dw)), zero)
    step = dz - ds
    bed_l = up - max(zero, min(step, up - h_l)) if h_r > 0 else up - max(zero, up - h_l)
    bed_r = down - max(zero, min(-step, down - h_r)) if h_l > 0 else down - max(zero, down - h_r)
    return face_l, face_r, bed_l, bed_r


@inline
def face_flux(h_l, h_r, un_l, un_r, ut_l, ut_r, c_l, c_r, dz, ds, g):
    """HLLC flux through one face, with the bed's push on either cell already added (Xia et al. 2017; Toro 2001).

    Depths h (m), velocities normal un and tangential ut (m/s), wave speeds c = sqrt(g h), bed step dz and slope part ds
    (m). Returns mass flux (m2/s), normal momentum flux as the left and as the right cell feels it, and tangential
    momentum flux (m3/s2), each per unit width. The pressure g h^2 / 2 of the own cell is left out on either side: it
    cancels over the four faces of a cell.
    """
    zero, half = g * 0, g * np.float32(0.5)
    face_l, face_r, bed_l, bed_r = reconstruct(h_l, h_r, dz, ds)
    push_l = g * h_l * (bed_l - h_l + face_l) - half * face_l * face_l
    push_r = g * h_r * (bed_r - h_r + face_r) - half * face_r * face_r
    fast = max(max(un_l + c_l, un_r + c_r), zero)
    slow = min(min(un_l - c_l, un_r - c_r), zero)
    weight = fast / max(fast - slow, g * np.float32(1e-30))
    spread = weight * slow
    q_l, q_r = face_l * un_l, face_r * un_r
    f_l = q_l * un_l + half * face_l * face_l
    f_r = q_r * un_r + half * face_r * face_r
    mass = q_r + weight * (q_l - q_r) + spread * (face_r - face_l)
    normal = f_r + weight * (f_l - f_r) + spread * (q_r - q_l)
    tangential = mass * (ut_l if mass > zero else ut_r)
    return mass, normal + push_l, normal + push_r, tangential
