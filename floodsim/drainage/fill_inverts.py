"""Missing inverts filled from what is known: the pipes at a node, the node of a pipe, and straight lines between."""

from __future__ import annotations

import math

import numpy as np

from floodsim.drainage.draft import shortened
from floodsim.drainage.table_rows import PipeRow, PointRow


def fill_inverts(points: dict[str, PointRow], pipes: list[PipeRow], notes: list[str]) -> None:
    """Complete the inverts of points and pipe ends in place, and list every value that was not in the tables.

    Pipe ends with a depth get an elevation from the rim of their point. A point without invert takes the lowest pipe
    end; then points between others that have one are interpolated along the pipes by length. Points at dead ends stay
    without: nothing is extrapolated. A point above one of its pipes is lowered to it. A pipe end without invert lies
    on the invert of its point.
    """
    for pipe in pipes:
        for at, name in enumerate((pipe.start, pipe.end)):
            point = points[name.upper()]
            if math.isnan(pipe.invert[at]) and not math.isnan(pipe.offset[at]):
                pipe.invert[at] = point.invert + pipe.offset[at]
            if math.isnan(pipe.invert[at]):
                pipe.invert[at] = point.rim - pipe.depth[at]
    _from_pipes(points, pipes, notes)
    _between(points, pipes, notes)
    for pipe in pipes:
        for at, name in enumerate((pipe.start, pipe.end)):
            if math.isnan(pipe.invert[at]):
                pipe.invert[at] = points[name.upper()].invert


def _from_pipes(points: dict[str, PointRow], pipes: list[PipeRow], notes: list[str]) -> None:
    """The lowest end of a pipe as the invert of a point that has none, or that lies above it."""
    lowest: dict[str, float] = {}
    for pipe in pipes:
        for level, name in zip(pipe.invert, (pipe.start, pipe.end), strict=True):
            if not math.isnan(level):
                lowest[name.upper()] = min(lowest.get(name.upper(), math.inf), level)
    taken, lowered = [], []
    for key, level in lowest.items():
        point = points[key]
        if math.isnan(point.invert):
            taken.append(point.name)
            point.invert = level
        elif level < point.invert - 1e-6:
            lowered.append(f"{point.name} by {point.invert - level:.3f} m")
            point.invert = level
    if taken:
        notes.append(f"inverts taken from the lowest pipe of the point: {shortened(taken, 50)}")
    if lowered:
        notes.append(f"inverts above a pipe of the point were lowered to it: {shortened(lowered, 50)}")


def _between(points: dict[str, PointRow], pipes: list[PipeRow], notes: list[str]) -> None:
    """Interpolate: at each unknown point the slopes of its pipes balance (sum of (z - z_i) / length is 0)."""
    unknown = {key for key, point in points.items() if math.isnan(point.invert)}
    joined: dict[str, list[tuple[str, float]]] = {key: [] for key in points}
    for pipe in pipes:
        a, b = pipe.start.upper(), pipe.end.upper()
        joined[a].append((b, max(pipe.length, 0.01)))
        joined[b].append((a, max(pipe.length, 0.01)))
    ends = [key for key in unknown if len({name for name, _ in joined[key]}) < 2]
    while ends:  # dead ends lie between nothing
        key = ends.pop()
        if key in unknown:
            unknown.discard(key)
            ends += [name for name, _ in joined[key] if name in unknown and _sides(name, joined, unknown, points) < 2]
    unknown = {key for key in unknown if _bounded(key, joined, unknown, points)}
    if not unknown:
        return
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    order = sorted(unknown)
    row_of = {key: row for row, key in enumerate(order)}
    entries: list[tuple[int, int, float]] = []
    right = np.zeros(len(order))
    for key in order:
        for name, length in joined[key]:
            if name in row_of:
                entries += [(row_of[key], row_of[key], 1.0 / length), (row_of[key], row_of[name], -1.0 / length)]
            elif not math.isnan(points[name].invert):
                entries.append((row_of[key], row_of[key], 1.0 / length))
                right[row_of[key]] += points[name].invert / length
    rows, columns, values = zip(*entries, strict=True)
    levels = np.atleast_1d(spsolve(coo_matrix((values, (rows, columns)), (len(order),) * 2).tocsr(), right))
    for key, level in zip(order, levels.tolist(), strict=True):
        points[key].invert = level
    listed = [f"{points[key].name} = {points[key].invert:.3f} m" for key in order]
    notes.append(f"inverts interpolated between neighbours: {', '.join(listed)}")


def _sides(key: str, joined: dict[str, list[tuple[str, float]]], unknown: set[str], points: dict[str, PointRow]) -> int:
    """Neighbours of a point that are known or may still become so."""
    return len({name for name, _ in joined[key] if name in unknown or not math.isnan(points[name].invert)})


def _bounded(
    key: str, joined: dict[str, list[tuple[str, float]]], unknown: set[str], points: dict[str, PointRow]
) -> bool:
    """Whether the unknown points joined to this one touch at least two known ones."""
    seen, known, waiting = {key}, set(), [key]
    while waiting:
        for name, _ in joined[waiting.pop()]:
            if name in unknown and name not in seen:
                seen.add(name)
                waiting.append(name)
            elif name not in unknown and not math.isnan(points[name].invert):
                known.add(name)
    return len(known) >= 2
