"""Plan of the storm sewers of the old town: manholes along the streets and which way each street drains.

Local metres as in layout.py. Knows streets and ground levels, no pipe sizes and no files.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from layout import (
    CARRIAGEWAY,
    COLUMNS,
    RAIL_NORTH,
    RAIL_SOUTH,
    ROWS,
    SIZE,
    STREET_TILT,
    UNDERPASS,
    Town,
    Vertex,
    rail_y,
    stream_y,
)

Key = tuple[int, int]
SPACING = 48.0
"""Manholes of a street are at most this far apart, m."""
EDGE = 15.0
"""No manhole is nearer than this to the edge of the town, m."""
RAIL_CROSSINGS = (3, 6)
"""Columns in which a main is jacked below the railway."""
BUS_STOP: Key = (0, 0)
"""The place on Riverside Road between columns 7 and 8 where the eastern main turns to the stream."""
BUS_STOP_SHARE = 0.35
SINKS: dict[Key, str] = {(0, 4): "OUT-W", BUS_STOP: "OUT-E"}
RAMP_END = 88.0
"""Distance of the first ordinary manholes from the middle of the underpass, m."""
COMPOUND_GATE = (781.0, 293.0)
"""Low end of the compound's own drain."""
BAY_ASIDE = 2.0
"""How far the bay's manhole lies from the middle of Riverside Road, m."""
TRUNK: set[Key] = {(2, 6), (1, 6), (0, 6), (0, 7)}
"""The eastern main: Fangzhi Road south of Renmin Road, then Riverside Road."""
UNDERSIZED = ("K73", "K63", 0.5)
"""The pipe below Zhengxing Street that was never renewed: from, to, diameter in m."""
COMPOUND_YARD = (772.0, 322.0)
ADVERSE_COST = 250.0
"""Metres of way that one metre of rising ground counts for when the way of the water is chosen."""


@dataclass
class Manhole:
    """A manhole: place, ground level (m), direction and kind of its street, side of the railway."""

    name: str
    x: float
    y: float
    ground: float
    direction: Vertex
    street: str
    crossing: bool = False
    side: str = "south"


@dataclass
class Pipe:
    """A pipe between two manholes; ``box`` where the box culvert runs, ``old`` the diameter (m) if never renewed."""

    start: str
    end: str
    length: float
    box: bool = False
    old: float = 0.0


@dataclass
class Plan:
    """Manholes by name and the pipes between them; every manhole but the outfalls has one pipe that leaves it."""

    manholes: dict[str, Manhole] = field(default_factory=dict)
    pipes: list[Pipe] = field(default_factory=list)


def make_plan(town: Town, level: np.ndarray) -> Plan:
    """Lay manholes and pipes; ``level`` (1000, 1000) ground of 1 m cells from south to north."""
    places = _places(town)
    edges = _edges(places)
    onward = _ways(places, edges, level)
    plan = Plan()
    for key, place in sorted(places.items()):
        kind = _street_kind(key, onward.get(key, key))
        to = places.get(onward.get(key, (0, 3) if key == (0, 4) else (0, 7)), place)
        _add(plan, level, _name(key), place, _unit(place, to), kind, crossing=key[0] not in (RAIL_SOUTH, RAIL_NORTH))
    for a, b in edges:
        if onward.get(a) == b or onward.get(b) == a:
            high, low = (a, b) if onward.get(a) == b else (b, a)
            _lay_street(plan, level, places[high], places[low], _street_kind(high, low), _name(high), _name(low))
        else:
            a, b = (a, b) if _ground(level, places[a]) >= _ground(level, places[b]) else (b, a)
            _lay_street(plan, level, places[a], places[b], _street_kind(a, b), "", _name(b))
    _lay_stubs(plan, level, town, places)
    _lay_outfalls(plan, level, places)
    _lay_underpass(plan, level)
    _lay_compound(plan, level)
    _lay_bay(plan, level, town)
    for pipe in pipes_below(plan, "K24"):
        pipe.box = True
    for pipe in pipes_below(plan, *UNDERSIZED[:2]):
        pipe.old = UNDERSIZED[2]
    return plan


def _name(key: Key) -> str:
    return "BUS" if key == BUS_STOP else f"K{key[0]}{key[1]}"


def _places(town: Town) -> dict[Key, Vertex]:
    """Crossings by row and column, ends of streets at the railway, and the turn at the bus stop."""
    places: dict[Key, Vertex] = {}
    for row in range(len(ROWS) - 1):
        for column in range(1, len(COLUMNS) - 1):
            places[row, column] = town.nodes[row][column]
    for row, step in ((RAIL_SOUTH, -5.0), (RAIL_NORTH, 5.0)):
        for column in range(1, len(COLUMNS) - 1):
            x, y = places[row, column]
            places[row, column] = (x + STREET_TILT * step, y + step)
        norm = (1.0 + STREET_TILT**2) ** 0.5
        shift = RAMP_END if row == RAIL_NORTH else -RAMP_END
        places[row, 4] = (UNDERPASS[0] + shift * STREET_TILT / norm, UNDERPASS[1] + shift / norm)
    (x0, y0), (x1, y1) = places[0, 7], places[0, 8]
    places[BUS_STOP] = (x0 + BUS_STOP_SHARE * (x1 - x0), y0 + BUS_STOP_SHARE * (y1 - y0))
    return places


def _edges(places: dict[Key, Vertex]) -> list[tuple[Key, Key]]:
    edges: list[tuple[Key, Key]] = []
    for row, column in sorted(places):
        if (row, column) == BUS_STOP:
            edges += [((0, 7), BUS_STOP), (BUS_STOP, (0, 8))]
            continue
        east, north = (row, column + 1), (row + 1, column)
        if ROWS[row][1] != "rail" and east in places and (row, column) != (0, 7):
            edges.append(((row, column), east))
        if north in places and (row != RAIL_SOUTH or column in RAIL_CROSSINGS):
            edges.append(((row, column), north))
    return edges


def _ways(places: dict[Key, Vertex], edges: list[tuple[Key, Key]], level: np.ndarray) -> dict[Key, Key]:
    """Where the main of each crossing goes: the shortest way to an outfall, main streets and falling ground first."""
    beside: dict[Key, list[Key]] = {key: [] for key in places}
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
    cost = dict.fromkeys(SINKS, 0.0)
    onward: dict[Key, Key] = {}
    queue = [(0.0, key) for key in sorted(SINKS)]
    done: set[Key] = set()
    while queue:
        spent, key = heapq.heappop(queue)
        if key in done:
            continue
        done.add(key)
        for other in beside[key]:
            rise = max(_ground(level, places[key]) - _ground(level, places[other]), 0.0)
            factor = 0.35 if {key, other} <= TRUNK else 0.7 if _street_kind(key, other) == "main" else 1.0
            total = spent + factor * _length(places[key], places[other]) + ADVERSE_COST * rise
            if other not in done and total < cost.get(other, 1e9):
                cost[other], onward[other] = total, key
                heapq.heappush(queue, (total, other))
    return onward


def _street_kind(a: Key, b: Key) -> str:
    """Kind of the street from one crossing to the next; of a crossing's own row where both are the same."""
    if a[0] == b[0]:
        return ROWS[a[0]][1] if ROWS[a[0]][1] != "rail" else COLUMNS[a[1]][1]
    return COLUMNS[max(a[1], b[1])][1]


def _ground(level: np.ndarray, place: Vertex) -> float:
    return float(level[int(place[1]), int(place[0])])


def _length(a: Vertex, b: Vertex) -> float:
    return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5


def _unit(a: Vertex, b: Vertex) -> Vertex:
    length = _length(a, b)
    return ((b[0] - a[0]) / length, (b[1] - a[1]) / length)


def _add(
    plan: Plan, level: np.ndarray, name: str, place: Vertex, direction: Vertex, street: str, crossing: bool = False
) -> str:
    x, y = round(place[0], 2), round(place[1], 2)
    side = "north" if y > rail_y(x) else "south"
    plan.manholes[name] = Manhole(name, x, y, _ground(level, (x, y)), direction, street, crossing, side)
    return name


def _join(plan: Plan, start: str, end: str) -> None:
    a, b = plan.manholes[start], plan.manholes[end]
    plan.pipes.append(Pipe(start, end, round(_length((a.x, a.y), (b.x, b.y)), 2)))


def _lay_street(
    plan: Plan, level: np.ndarray, high: Vertex, low: Vertex, kind: str, first: str, last: str, head: bool = False
) -> None:
    """Manholes between two places and the pipes that fall to ``last``.

    The string begins at ``first``; where that is empty, at the first manhole on the way, or with ``head`` at ``high``.
    """
    crosses_railway = (high[1] > rail_y(high[0])) != (low[1] > rail_y(low[0]))
    count = 1 if crosses_railway else max(-int(-_length(high, low) // SPACING), 1)
    before = first
    for k in range(0 if head else 1, count):
        place = (high[0] + k / count * (low[0] - high[0]), high[1] + k / count * (low[1] - high[1]))
        name = _add(plan, level, f"Y{len(plan.manholes):03d}", place, _unit(high, low), kind)
        if before:
            _join(plan, before, name)
        before = name
    if before:
        _join(plan, before, last)


def _lay_stubs(plan: Plan, level: np.ndarray, town: Town, places: dict[Key, Vertex]) -> None:
    """Streets that go on beyond the last crossing, up to the edge of the town."""
    for row, column in sorted(places):
        if (row, column) == BUS_STOP or ROWS[row][1] == "rail":
            continue
        outer = [(row, 0 if column == 1 else len(COLUMNS) - 1)] if column in (1, len(COLUMNS) - 2) else []
        outer += [(row + 1, column)] if row == len(ROWS) - 2 else []
        for key in outer:
            inner, beyond = places[row, column], town.nodes[key[0]][key[1]]
            share = 1.0
            for k in (0, 1):
                limit = EDGE if beyond[k] < EDGE else SIZE - EDGE
                if not EDGE <= beyond[k] <= SIZE - EDGE:
                    share = min(share, (limit - inner[k]) / (beyond[k] - inner[k]))
            end = (inner[0] + share * (beyond[0] - inner[0]), inner[1] + share * (beyond[1] - inner[1]))
            if share > 0.0 and _length(inner, end) > 12.0:
                kind = _street_kind((row, column), (key[0], column) if key[0] != row else key)
                _lay_street(plan, level, end, inner, kind, "", _name((row, column)), head=True)


def _lay_outfalls(plan: Plan, level: np.ndarray, places: dict[Key, Vertex]) -> None:
    for key, name in sorted(SINKS.items()):
        x = places[key][0] + 2.0
        _add(plan, level, name, (x, float(stream_y(x))), (0.0, -1.0), "outfall")
        _join(plan, _name(key), name)


def _lay_underpass(plan: Plan, level: np.ndarray) -> None:
    """Collectors in the trough, the wet well beside it. The pumps lift to K44, the head of the street to the south."""
    norm = (1.0 + STREET_TILT**2) ** 0.5
    tx, ty = STREET_TILT / norm, 1.0 / norm

    def place(along: float, aside: float) -> Vertex:
        return UNDERPASS[0] + along * tx + aside * ty, UNDERPASS[1] + along * ty - aside * tx

    for name, along, aside in (("UP-N", 18.0, 0.0), ("UP-S", -18.0, 0.0), ("UP-WELL", -20.0, 12.0)):
        _add(plan, level, name, place(along, aside), (tx, ty), "underpass")
        plan.manholes[name].side = "underpass"
    _join(plan, "UP-N", "UP-S")
    _join(plan, "UP-S", "UP-WELL")


def _lay_compound(plan: Plan, level: np.ndarray) -> None:
    """The one drain of the textile mill's dwellings: from the low yard through the gate to the nearest manhole."""
    gate = min(
        (m for m in plan.manholes.values() if m.side == "south" and m.street == "secondary"),
        key=lambda m: (round(_length((m.x, m.y), COMPOUND_GATE), 2), m.name),
    )
    _add(plan, level, "MILL", COMPOUND_YARD, _unit(COMPOUND_YARD, (gate.x, gate.y)), "lane")
    _join(plan, "MILL", gate.name)


def _lay_bay(plan: Plan, level: np.ndarray, town: Town) -> None:
    """The bus bay's own drain: from its lowest place straight to the stream, apart from the main in the road."""
    (x0, y0), (x1, y1) = town.nodes[0][7], town.nodes[0][8]
    tx, ty = _unit((x0, y0), (x1, y1))
    place = (
        x0 + BUS_STOP_SHARE * (x1 - x0) + BAY_ASIDE * ty,
        y0 + BUS_STOP_SHARE * (y1 - y0) - BAY_ASIDE * tx,
    )
    _add(plan, level, "BAY", place, (tx, ty), "bay")
    _add(plan, level, "OUT-B", (place[0], float(stream_y(place[0]))), (0.0, -1.0), "outfall")
    _join(plan, "BAY", "OUT-B")


def pipes_below(plan: Plan, name: str, until: str = "") -> list[Pipe]:
    """The pipes from a manhole down to another, or to the outfall."""
    onward = {pipe.start: pipe for pipe in plan.pipes}
    found = []
    while name in onward and name != until:
        found.append(onward[name])
        name = onward[name].end
    return found


def half_width(street: str) -> float:
    """Half width between the kerbs of a manhole's street, m."""
    return CARRIAGEWAY.get(street, CARRIAGEWAY["lane"])
