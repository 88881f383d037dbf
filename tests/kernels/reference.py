"""The first-order scheme written as plainly as its formulas, in NumPy; slow, in double precision, without tricks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Fluxes(NamedTuple):
    """Mass, normal momentum as the left and the right cell feels it (bed included), tangential momentum."""

    mass: Array
    left: Array
    right: Array
    side: Array


def reconstructed(h_l: Array, h_r: Array, dz: Array, s_l: Array, s_r: Array) -> tuple[Array, Array, Array, Array]:
    """Depths and beds on either side of a face (Xia et al. 2017); beds are relative to the bed of the left cell."""
    ds = (s_l + s_r) / 2.0
    level_l, level_r = h_l, h_r + dz
    edge_l = level_l + np.maximum(0.0, np.minimum(ds, level_r - level_l))
    edge_r = level_r + np.maximum(0.0, np.minimum(-ds, level_l - level_r))
    bed = np.maximum(0.0, dz)
    depth_l, depth_r = np.maximum(edge_l - bed, 0.0), np.maximum(edge_r - bed, 0.0)
    # A face above the water of a cell pushes only as far as the cell's own slope rises; at dry ground not at all.
    above_l, above_r = np.maximum(0.0, bed - level_l), np.maximum(0.0, bed - level_r)
    wall_l = np.where(h_r > 0.0, np.clip(dz - s_l, 0.0, above_l), above_l)
    wall_r = np.where(h_l > 0.0, np.clip(s_r - dz, 0.0, above_r), above_r)
    return depth_l, depth_r, bed - wall_l, bed - wall_r


def face_fluxes(
    h_l: Array, h_r: Array, u_l: Array, u_r: Array, v_l: Array, v_r: Array, dz: Array, s_l: Array, s_r: Array, g: float
) -> Fluxes:
    """HLLC fluxes (Toro 2001) with the bed source of Xia et al. 2017 added on either side.

    Water that runs against a kerb higher than itself is turned round there, as at a mirror.
    """
    d_l, d_r, bed_l, bed_r = reconstructed(h_l, h_r, dz, s_l, s_r)
    c_l, c_r = np.sqrt(g * h_l), np.sqrt(g * h_r)
    right_going = np.maximum(np.maximum(u_l + c_l, u_r + c_r), 0.0)
    left_going = np.minimum(np.minimum(u_l - c_l, u_r - c_r), 0.0)
    width = right_going - left_going

    def hll(flux_l: Array, flux_r: Array, value_l: Array, value_r: Array) -> Array:
        middle = right_going * flux_l - left_going * flux_r + right_going * left_going * (value_r - value_l)
        return np.divide(middle, width, out=np.zeros_like(middle), where=width > 0.0)

    mass = hll(d_l * u_l, d_r * u_r, d_l, d_r)
    pressure_l, pressure_r = g * d_l**2 / 2.0, g * d_r**2 / 2.0
    normal = hll(d_l * u_l**2 + pressure_l, d_r * u_r**2 + pressure_r, d_l * u_l, d_r * u_r)
    source_l = g * h_l * (bed_l + d_l - h_l) - pressure_l
    source_r = g * h_r * (bed_r - dz + d_r - h_r) - pressure_r
    kerb = dz - (s_l + s_r) / 2.0
    source_l = source_l + np.where(kerb > h_l, h_l * np.maximum(u_l, 0.0) * (u_l + c_l), 0.0)
    source_r = source_r + np.where(-kerb > h_r, h_r * np.minimum(u_r, 0.0) * (u_r - c_r), 0.0)
    return Fluxes(mass, normal + source_l, normal + source_r, mass * np.where(mass > 0.0, v_l, v_r))


def after_friction(h: Array, q_x: Array, q_y: Array, manning: Array, dt: float, g: float) -> tuple[Array, Array]:
    """Velocities after implicit Manning friction: the root U of U = U* - dt g n^2 |U| U / h^(4/3)."""
    deep = np.maximum(h, 1e-6)
    u, v = q_x / deep, q_y / deep
    a = dt * g * manning**2 / deep ** (4.0 / 3.0)
    start = np.hypot(u, v)
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(a * start > 1e-12, (np.sqrt(1.0 + 4.0 * a * start) - 1.0) / (2.0 * a), start)
    ratio = np.divide(speed, start, out=np.ones_like(start), where=start > 0.0) * (h > 1e-6)
    return u * ratio, v * ratio


def reference_step(state: dict[str, Array], dt: float, dx: float, dy: float, g: float) -> dict[str, Array]:
    """One step of the cells inside the ghost ring; ``state`` holds h, u, v, z, sx, sy, manning, source, all padded.

    Returns the new h, u, v, and what was clipped and trimmed, of shape (ny, nx).
    """
    h, u, v, z, sx, sy, manning, source = (
        np.asarray(state[name], np.float64) for name in ("h", "u", "v", "z", "sx", "sy", "manning", "source")
    )
    west, east = np.s_[1:-1, :-1], np.s_[1:-1, 1:]
    south, north = np.s_[:-1, 1:-1], np.s_[1:, 1:-1]
    x = face_fluxes(h[west], h[east], u[west], u[east], v[west], v[east], z[east] - z[west], sx[west], sx[east], g)
    y = face_fluxes(
        h[south], h[north], v[south], v[north], u[south], u[north], z[north] - z[south], sy[south], sy[north], g
    )
    inside = np.s_[1:-1, 1:-1]

    def arrived(x_out: Array, x_in: Array, y_out: Array, y_in: Array) -> Array:
        return -dt / dx * (x_out[:, 1:] - x_in[:, :-1]) - dt / dy * (y_out[1:] - y_in[:-1])

    moved = h[inside] + arrived(x.mass, x.mass, y.mass, y.mass)
    filled = np.maximum(moved, 0.0) + dt * source[inside]
    depth = np.where(filled > 1e-10, filled, 0.0)
    q_x = (h * u)[inside] + arrived(x.left, x.right, y.side, y.side)
    q_y = (h * v)[inside] + arrived(x.side, x.side, y.left, y.right)
    new_u, new_v = after_friction(depth, q_x, q_y, manning[inside], dt, g)
    return {
        "h": depth,
        "u": new_u,
        "v": new_v,
        "clipped": np.maximum(-moved, 0.0),
        "trimmed": filled - depth,
    }
