"""Envelopes in one pass: maxima, first and last times, durations. Serial over windows, so that bands share the work.

State arrays come flat with a pitch (elements from one row to the next), because the live state is a window of a padded
array: a flat contiguous view of it vectorises, a strided two-dimensional one does not.
"""

from __future__ import annotations

import math

import numpy as np

from floodsim.kernels.jit import kernel


@kernel
def update_envelopes(
    windows: np.ndarray,
    depth: np.ndarray,
    depth_pitch: int,
    velocity_x: np.ndarray,
    velocity_y: np.ndarray,
    velocity_pitch: int,
    t: np.float32,
    dt: np.float32,
    speed_depth: np.float32,
    debris: np.ndarray,
    arrival_depth: np.float32,
    recession_depth: np.float32,
    thresholds: np.ndarray,
    max_depth: np.ndarray,
    time_of_max_depth: np.ndarray,
    max_speed: np.ndarray,
    max_unit_discharge: np.ndarray,
    max_hazard: np.ndarray,
    arrival_time: np.ndarray,
    last_time_above: np.ndarray,
    duration_above: np.ndarray,
) -> None:
    """Take the state at time ``t`` (s), which held for the last ``dt`` (s), into the envelopes of some windows.

    ``windows`` (m, 4) int64: j0, j1, i0, i1 (half open), which must not overlap. ``depth`` (m) and ``velocity_*``
    (m/s): flat, either precision. Speed counts where depth > ``speed_depth``. ``debris`` (4,) float32: debris factor
    of shallow water, of deep or fast water, depth (m) and speed (m/s) above which the second holds; hazard is the
    rating d (v + 0.5) + DF of Defra/EA FD2320/FD2321. ``thresholds`` (n,) float32 in m. The rest are outputs, float32
    (ny, nx) and ``duration_above`` (n, ny, nx): depths m, times s (``arrival_time`` is +inf until water arrives, and
    ``last_time_above`` negative).
    """
    zero = np.float32(0.0)
    half = np.float32(0.5)
    factor_shallow, factor_deep, factor_depth, factor_speed = debris[0], debris[1], debris[2], debris[3]
    for m in range(windows.shape[0]):
        i0, i1 = windows[m, 2], windows[m, 3]
        n = i1 - i0
        for j in range(windows[m, 0], windows[m, 1]):
            h = depth[j * depth_pitch + i0 : j * depth_pitch + i1]
            u = velocity_x[j * velocity_pitch + i0 : j * velocity_pitch + i1]
            v = velocity_y[j * velocity_pitch + i0 : j * velocity_pitch + i1]
            deepest, deepest_at = max_depth[j, i0:i1], time_of_max_depth[j, i0:i1]
            arrival, last = arrival_time[j, i0:i1], last_time_above[j, i0:i1]
            for i in range(n):
                d = np.float32(h[i])
                deepest_at[i] = t if d > deepest[i] else deepest_at[i]
                deepest[i] = d if d > deepest[i] else deepest[i]
            for i in range(n):
                d = np.float32(h[i])
                first = t if d > arrival_depth else np.float32(np.inf)
                arrival[i] = first if first < arrival[i] else arrival[i]
                last[i] = t if d > recession_depth else last[i]
            fastest, strongest, worst = max_speed[j, i0:i1], max_unit_discharge[j, i0:i1], max_hazard[j, i0:i1]
            for i in range(n):
                d, a, b = np.float32(h[i]), np.float32(u[i]), np.float32(v[i])
                raw = math.sqrt(a * a + b * b)
                speed = raw if d > speed_depth else zero
                fastest[i] = speed if speed > fastest[i] else fastest[i]
                strongest[i] = d * raw if d * raw > strongest[i] else strongest[i]
                factor = factor_deep if (d > factor_depth) | (speed > factor_speed) else factor_shallow
                hazard = d * (speed + half) + (factor if d > speed_depth else zero)
                worst[i] = hazard if hazard > worst[i] else worst[i]
            for k in range(thresholds.shape[0]):
                threshold = thresholds[k]
                duration = duration_above[k, j, i0:i1]
                for i in range(n):
                    duration[i] = duration[i] + (dt if np.float32(h[i]) > threshold else zero)
