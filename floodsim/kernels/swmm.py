"""EPA SWMM's library called in bulk: its C functions by their addresses, over all nodes and links, step by step.

A call from here costs some nanoseconds, one through ctypes some hundred: 20,000 nodes are read faster than routed.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import config, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from floodsim.kernels.jit import kernel

# places of the addresses of swmm_getValue, swmm_setValue, swmm_getLinkResult and swmm_step
GET, SET, RESULT, STEP = range(4)
# codes of values in SWMM's interface, and of results of links
ROUTING_STEP = 3
NODE_DEPTH, NODE_HEAD, NODE_VOLUME, NODE_LATERAL, NODE_OVERFLOW = 303, 304, 305, 306, 308
LINK_FLOW, LINK_VELOCITY = 410, 412
RESULT_VOLUME, RESULT_SURFACE_START, RESULT_SURFACE_END = 2, 3, 4
# columns of nodes: inflow set and own inflow at the last step (m3/s), volume handed over and not yet taken (m3), own
# volume, volume flooded and volume passed out (m3); depth, head (m), volume (m3), surface (m2) and net flow (m3/s)
NODES = 11
GIVEN, OWN, DUE, OWN_VOLUME, FLOODED, PASSED, DEPTH, HEAD, VOLUME, SURFACE, NET = range(NODES)
# columns of links: flow (m3/s), volume passed (m3), velocity (m/s), volume (m3)
LINKS = 4
FLOW, THROUGH, VELOCITY, WATER = range(LINKS)
# places of a clock: time reached (s), steps taken
TIME, STEPS = range(2)
LEAST_FLOW = 4e-7
"""Inflow (m3/s) under which nothing is set: SWMM takes less than 1e-5 cfs for none."""
NEAR = 1e-6
"""A time (s) this near is reached."""
DAY = 86400.0


def _plain_value(address: Any, code: Any, index: Any) -> Any:
    """Give swmm_getValue(code, index)."""
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.c_int)(int(address))(int(code), int(index))


def _plain_set(address: Any, code: Any, index: Any, value: Any) -> Any:
    """Call swmm_setValue(code, index, value)."""
    ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_int, ctypes.c_double)(int(address))(int(code), int(index), value)
    return 0


def _plain_result(address: Any, index: Any, kind: Any, result: Any) -> Any:
    """Call swmm_getLinkResult(index, kind, result)."""
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(int(address))
    return call(int(index), int(kind), result.ctypes.data)


def _plain_step(address: Any, result: Any) -> Any:
    """Call swmm_step(result)."""
    return ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(int(address))(result.ctypes.data)


def _call(context: Any, builder: Any, signature: Any, values: Any, back: Any, wanted: list[Any]) -> Any:
    """Code that calls the C function at the address ``values[0]`` with the others, cast to what is ``wanted``."""
    real, arguments = ir.DoubleType(), []
    for value, kind, want in zip(values[1:], signature.args[1:], wanted, strict=True):
        if isinstance(kind, types.Array):
            arguments.append(builder.bitcast(make_array(kind)(context, builder, value).data, real.as_pointer()))
        else:
            arguments.append(context.cast(builder, value, kind, want))
    function = ir.FunctionType(back, [argument.type for argument in arguments])
    address = context.cast(builder, values[0], signature.args[0], types.intp)
    return builder.call(builder.inttoptr(address, function.as_pointer()), arguments)


@intrinsic
def _bare_value(typing: Any, address: Any, code: Any, index: Any) -> Any:
    """Give swmm_getValue(code, index)."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _call(context, builder, signature, values, ir.DoubleType(), [types.int32, types.int32])

    return types.float64(address, code, index), build


@intrinsic
def _bare_set(typing: Any, address: Any, code: Any, index: Any, value: Any) -> Any:
    """Call swmm_setValue(code, index, value)."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _call(context, builder, signature, values, ir.VoidType(), [types.int32, types.int32, types.float64])
        return context.get_constant(types.int64, 0)

    return types.int64(address, code, index, value), build


@intrinsic
def _bare_result(typing: Any, address: Any, index: Any, kind: Any, result: Any) -> Any:
    """Call swmm_getLinkResult(index, kind, result)."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        wanted = [types.int32, types.int32, None]
        return _call(context, builder, signature, values, ir.IntType(32), wanted)

    return types.int32(address, index, kind, result), build


@intrinsic
def _bare_step(typing: Any, address: Any, result: Any) -> Any:
    """Call swmm_step(result)."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _call(context, builder, signature, values, ir.IntType(32), [None])

    return types.int32(address, result), build


get_value, set_value, get_result, take_step = (
    (_plain_value, _plain_set, _plain_result, _plain_step)
    if config.DISABLE_JIT
    else (_bare_value, _bare_set, _bare_result, _bare_step)
)


@kernel
def advance_swmm(
    t1, longest, calls, rows, columns, start, end, barrels, pond, volumes, before, buffer, clock, nodes, links
):  # fmt: skip
    """Take SWMM to time t1 (s) while ``volumes`` (nodes,) m3 enter, in equal steps up to ``longest`` (s); its error.

    ``rows``, ``columns`` are SWMM's numbers of nodes and links, ``start``, ``end`` the nodes of links and ``barrels``
    (links,) how many they are; ``pond`` (nodes,) is 1 where water over the rim stays. ``before`` (nodes,) and
    ``buffer`` (1,) are scratch.

    SWMM takes half of the old and half of the new inflow over a step. What it has not taken is ``DUE`` and enters with
    what follows: an excess over the half that is always under way is spread over the longest step, so that the inflow
    does not swing where steps change in length.
    """
    begin = clock[TIME]
    for k in range(rows.size):
        nodes[k, DUE] += volumes[k]
    while clock[TIME] < t1 - NEAR:
        left = t1 - clock[TIME]
        dt = left / np.ceil(left / longest * (1.0 - 1e-12))
        set_value(calls[SET], ROUTING_STEP, 0, dt)
        for k in range(rows.size):
            rate = volumes[k] / (t1 - begin)
            excess = nodes[k, DUE] - rate * left - 0.5 * nodes[k, GIVEN] * dt
            q = rate + excess / max(dt, longest)
            if abs(q) < LEAST_FLOW:
                q = 0.0
            before[k] = nodes[k, GIVEN]
            if q != before[k]:
                set_value(calls[SET], NODE_LATERAL, rows[k], q)
                nodes[k, GIVEN] = q
        error = take_step(calls[STEP], buffer)
        if error != 0:
            return error
        dt = buffer[0] * DAY - clock[TIME]
        clock[TIME] = buffer[0] * DAY
        clock[STEPS] += 1.0
        book_step(dt, calls, rows, columns, start, end, pond, before, nodes, links)
    read_state(calls, rows, columns, start, end, barrels, buffer, nodes, links)
    return 0


@kernel
def book_step(dt, calls, rows, columns, start, end, pond, before, nodes, links):
    """Book what flowed in SWMM's last step of dt (s): half of the old flows and half of the new ones, as it does."""
    for k in range(rows.size):
        nodes[k, PASSED] += 0.5 * dt * (nodes[k, NET] + before[k] + nodes[k, OWN])
        nodes[k, NET] = 0.0
    for m in range(columns.size):
        q = get_value(calls[GET], LINK_FLOW, columns[m])
        links[m, THROUGH] += 0.5 * dt * (links[m, FLOW] + q)
        links[m, FLOW] = q
        nodes[start[m], NET] -= q
        nodes[end[m], NET] += q
    for k in range(rows.size):
        given = nodes[k, GIVEN]
        own = get_value(calls[GET], NODE_LATERAL, rows[k]) - given
        if abs(own) <= 1e-13 * abs(given):
            own = 0.0
        nodes[k, DUE] -= 0.5 * dt * (before[k] + given)
        nodes[k, OWN_VOLUME] += 0.5 * dt * (nodes[k, OWN] + own)
        nodes[k, OWN] = own
        nodes[k, PASSED] += 0.5 * dt * (nodes[k, NET] + given + own)
        if pond[k] == 0:
            nodes[k, FLOODED] += dt * get_value(calls[GET], NODE_OVERFLOW, rows[k])


@kernel
def read_state(calls, rows, columns, start, end, barrels, buffer, nodes, links):
    """Read levels, volumes and water surfaces of all nodes, and velocities and volumes of all links, as they are."""
    for k in range(rows.size):
        nodes[k, DEPTH] = get_value(calls[GET], NODE_DEPTH, rows[k])
        nodes[k, HEAD] = get_value(calls[GET], NODE_HEAD, rows[k])
        nodes[k, VOLUME] = get_value(calls[GET], NODE_VOLUME, rows[k])
        nodes[k, SURFACE] = 0.0
    for m in range(columns.size):
        speed = get_value(calls[GET], LINK_VELOCITY, columns[m])
        links[m, VELOCITY] = speed if links[m, FLOW] >= 0.0 else -speed
        get_result(calls[RESULT], columns[m], RESULT_VOLUME, buffer)
        links[m, WATER] = buffer[0]
        get_result(calls[RESULT], columns[m], RESULT_SURFACE_START, buffer)
        nodes[start[m], SURFACE] += buffer[0] * barrels[m]
        get_result(calls[RESULT], columns[m], RESULT_SURFACE_END, buffer)
        nodes[end[m], SURFACE] += buffer[0] * barrels[m]
