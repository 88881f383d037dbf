"""Lines brought onto points: ends within a tolerance belong to the nearest point, and points on a line split it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from floodsim.drainage.table_rows import PipeRow, PointRow
from floodsim.errors import Faults
from floodsim.grid.extras import need


def snap_pipes(
    pipes: list[PipeRow], points: list[PointRow], tolerance: float, faults: Faults, notes: list[str]
) -> list[PipeRow]:
    """Name the ends of pipes that have a shape but no names, and split pipes at the points they pass through.

    An end with no point within ``tolerance`` (m) is a fault. A point splits a pipe where it lies on it, is of the same
    system, and both ends are further than the tolerance away. Each snap beyond 1 cm and each split is noted.
    """
    shaped = [pipe for pipe in pipes if pipe.line is not None]
    placed = [point for point in points if math.isfinite(point.x + point.y)]
    if not shaped or not placed:
        return pipes
    shapely = need("shapely", "joining pipes and manholes")
    places = shapely.points([point.x for point in placed], [point.y for point in placed])
    tree = shapely.STRtree(places)
    snapped: list[float] = []
    made: list[PipeRow] = []
    for pipe in pipes:
        if pipe.line is None:
            made.append(pipe)
            continue
        ends = _ends(shapely, pipe, placed, tree, tolerance, snapped, faults)
        if ends is not None:
            named = replace(pipe, start=ends[0], end=ends[1])
            made += _split(shapely, named, placed, places, tree, tolerance, notes)
    if snapped:
        notes.append(f"{len(snapped)} ends of lines were snapped to points, the farthest by {max(snapped):.3f} m")
    return made


def _ends(
    shapely: Any,
    pipe: PipeRow,
    points: list[PointRow],
    tree: Any,
    tolerance: float,
    snapped: list[float],
    faults: Faults,
) -> tuple[str, str] | None:
    """Names of both ends, from the row where it states them, else the nearest point."""
    found = []
    for name, corner, which in ((pipe.start, 0, "start"), (pipe.end, -1, "end")):
        if name:
            found.append(name)
            continue
        x, y = pipe.line.coords[corner][:2]
        end = shapely.points(x, y)
        nearest = int(tree.nearest(end))
        distance = math.hypot(points[nearest].x - x, points[nearest].y - y)
        if distance > tolerance:
            faults.add(
                f"its {which} at ({x:.2f}, {y:.2f}) is {distance:.2f} m from the nearest point {points[nearest].name}",
                key=pipe.place,
                allowed=f"{tolerance:g} m",
                remedy="add the missing point, move the line, or raise snap in the mapping file",
            )
            return None
        if distance > 0.01:
            snapped.append(distance)
        found.append(points[nearest].name)
    return found[0], found[1]


def _split(
    shapely: Any,
    pipe: PipeRow,
    points: list[PointRow],
    places: np.ndarray,
    tree: Any,
    tolerance: float,
    notes: list[str],
) -> list[PipeRow]:
    """The pieces of a pipe between the points on it; inverts in between are linear where both ends have one."""
    line, cuts = pipe.line, []
    for at in tree.query(line, predicate="dwithin", distance=tolerance).tolist():
        point, along = points[at], float(line.project(places[at]))
        inside = tolerance < along < line.length - tolerance
        same = not point.system or not pipe.system or point.system == pipe.system
        if inside and same and point.name not in (pipe.start, pipe.end):
            cuts.append((along, point.name))
    if not cuts:
        return [pipe]
    cuts.sort()
    notes.append(f"pipe {pipe.name} was split at {', '.join(name for _, name in cuts)}")
    stops = [(0.0, pipe.start), *cuts, (line.length, pipe.end)]
    pieces = []
    for number, ((a, start), (b, end)) in enumerate(zip(stops, stops[1:], strict=False), start=1):
        share = (b - a) / line.length
        first, last = number == 1, number == len(stops) - 1
        slope = (pipe.invert[1] - pipe.invert[0]) / line.length
        pieces.append(
            replace(
                pipe,
                name=f"{pipe.name}-{number}",
                start=start,
                end=end,
                length=pipe.length * share,
                invert=[pipe.invert[0] + slope * a if a else pipe.invert[0], pipe.invert[0] + slope * b],
                depth=[pipe.depth[0] if first else math.nan, pipe.depth[1] if last else math.nan],
                offset=[math.nan, math.nan],
                line=shapely.ops.substring(line, a, b),
            )
        )
    if math.isnan(pipe.invert[0]) or math.isnan(pipe.invert[1]):
        pieces[0].invert[0], pieces[-1].invert[1] = pipe.invert
    return pieces
