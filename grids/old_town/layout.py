"""Plan of the synthetic old town: streets, blocks, buildings, named low spots. Knows plan geometry, no levels or files.

Coordinates are local metres, x east and y north, 0 to 1000. Only + - * / and sqrt are used, and one seeded bit stream,
so the plan is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SIZE = 1000.0
"""Length of a side of the town, m."""
SEED = 20250703
RAIL_HALF = 28.0
"""Half width of the railway land, m: embankment and the green strips at its foot."""
UNDERPASS = (430.0, 640.0)
"""Where the main street passes below the railway."""
STREET_TILT = -0.06
"""Deviation dx/dy of the north-south streets from north."""

CARRIAGEWAY = {"main": 11.0, "secondary": 6.0, "lane": 2.75}
"""Half widths between kerbs, m."""
FOOTWAY = {"main": 4.0, "secondary": 2.0, "lane": 0.75}
"""Width between the kerb and the plots, m."""

PLOT_GAP = 2.2
"""Distance of a building from the edge of its plot, m: passages between buildings are twice as wide."""
FRONT = 1.7
"""How far plots reach onto the footway, m, so that houses stand closer to the street than to each other."""

COLUMNS = [
    (-70.0, "secondary", "", ""),
    (50.0, "secondary", "西城街", "Xicheng Street"),
    (175.0, "secondary", "文庙街", "Wenmiao Street"),
    (300.0, "secondary", "正兴街", "Zhengxing Street"),
    (430.0, "main", "中华路", "Zhonghua Road"),
    (560.0, "secondary", "东升街", "Dongsheng Street"),
    (685.0, "secondary", "纺织路", "Fangzhi Road"),
    (810.0, "secondary", "学府街", "Xuefu Street"),
    (935.0, "secondary", "东城街", "Dongcheng Street"),
    (1070.0, "secondary", "", ""),
]
"""North-south streets: x at the level of the railway, kind, names."""

ROWS = [
    (130.0, "secondary", "滨河路", "Riverside Road"),
    (265.0, "secondary", "菜市街", "Market Street"),
    (385.0, "main", "人民路", "Renmin Road"),
    (510.0, "secondary", "南站街", "South Station Street"),
    (612.0, "rail", "", ""),
    (668.0, "rail", "", ""),
    (742.0, "secondary", "北站街", "North Station Street"),
    (850.0, "main", "建设路", "Jianshe Road"),
    (955.0, "secondary", "北园街", "Beiyuan Street"),
    (1075.0, "secondary", "", ""),
]
"""East-west streets from south to north: y at x = 430, kind, names. "rail" is an edge of the railway land."""
RAIL_SOUTH, RAIL_NORTH = 4, 5

USES = {
    (0, 2): "park",
    (6, 1): "park",
    (7, 6): "park",
    (2, 4): "square",
    (1, 6): "compound",
    (6, 7): "school",
    (0, 1): "market",
    (7, 8): "park",
}
"""Blocks with a special use, by (row, column) of their south-west corner."""

Vertex = tuple[float, float]
Quad = tuple[Vertex, Vertex, Vertex, Vertex]


@dataclass(frozen=True)
class Street:
    """A street: its centre line and kind ("main", "secondary" or "lane")."""

    kind: str
    points: tuple[Vertex, ...]
    name_zh: str = ""
    name: str = ""


@dataclass(frozen=True)
class Building:
    """A building: outline without the closing vertex, floors, use."""

    outline: tuple[Vertex, ...]
    floors: int
    use: str


@dataclass(frozen=True)
class Patch:
    """A piece of ground with one surface, a convex quadrilateral."""

    quad: Quad
    surface: str


@dataclass
class Town:
    """The whole plan. ``nodes`` are the street crossings by row and column."""

    nodes: list[list[Vertex]] = field(default_factory=list)

    streets: list[Street] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    compound: Quad | None = None


def rail_y(x: np.ndarray | float) -> np.ndarray | float:
    """Centre line of the railway: y at x."""
    d = x - UNDERPASS[0]
    return UNDERPASS[1] + 0.06 * d - 6e-5 * d * d


def stream_y(x: np.ndarray | float) -> np.ndarray | float:
    """Centre line of the stream: y at x; two bends made of cubics, so that no library function is needed."""
    u = x / 1000.0
    return 60.0 + 52.0 * u + 420.0 * u * (u - 0.5) * (u - 1.0)


def make_town() -> Town:
    """Draw the plan: always the same one."""
    random = np.random.Generator(np.random.PCG64(SEED))
    nodes = _nodes(random)
    town = Town(nodes)
    town.streets = _street_lattice(nodes)
    for row in range(len(ROWS) - 1):
        for column in range(len(COLUMNS) - 1):
            if row != RAIL_SOUTH:
                _fill_block(town, random, _block(nodes, row, column), USES.get((row, column), "housing"))
    town.buildings = [b for b in town.buildings if all(1.0 < c < SIZE - 1.0 for v in b.outline for c in v)]
    return town


def _nodes(random: np.random.Generator) -> list[list[Vertex]]:
    """Street crossings, by row and column; the main street stays straight, the railway edges follow the railway."""
    nodes = []
    for row, (y_nominal, kind, _, _) in enumerate(ROWS):
        line: list[Vertex] = []
        for x_nominal, column_kind, _, _ in COLUMNS:
            shift_x, shift_y = ((random.random() - 0.5) * 16.0 for _ in range(2))
            if column_kind == "main" or kind == "rail":
                shift_x = 0.0
            x = x_nominal + STREET_TILT * (y_nominal - UNDERPASS[1]) + shift_x
            if row == 0:
                y = float(stream_y(x)) + 30.0
            elif kind == "rail":
                y = float(rail_y(x)) + (RAIL_HALF if row == RAIL_NORTH else -RAIL_HALF)
            else:
                y = y_nominal + 0.05 * (x - UNDERPASS[0]) + (0.5 * shift_y if kind == "main" else shift_y)
            line.append((x_nominal + STREET_TILT * (y - UNDERPASS[1]) + shift_x, y))
        nodes.append(line)
    return nodes


def _street_lattice(nodes: list[list[Vertex]]) -> list[Street]:
    """Main and secondary streets, main streets first: an earlier street keeps its surface where two of them cross."""
    streets = []
    for row, (_, kind, name_zh, name) in enumerate(ROWS):
        if kind != "rail":
            streets.append(Street(kind, tuple(nodes[row]), name_zh, name))
    for column, (_, kind, name_zh, name) in enumerate(COLUMNS):
        line = [nodes[row][column] for row in range(len(ROWS))]
        if kind == "main":
            streets.append(Street(kind, tuple(line), name_zh, name))
            continue
        streets.append(Street(kind, tuple(line[: RAIL_SOUTH + 1]), name_zh, f"{name} South".strip()))
        streets.append(Street(kind, tuple(line[RAIL_NORTH:]), name_zh, f"{name} North".strip()))
    return sorted(streets, key=lambda street: street.kind != "main")


def _block(nodes: list[list[Vertex]], row: int, column: int) -> Quad:
    """Land between four streets, inside their footways; corners counter-clockwise from the south-west."""

    def half(kind: str) -> float:
        return 0.0 if kind == "rail" else CARRIAGEWAY[kind] + FOOTWAY[kind]

    corners = (nodes[row][column], nodes[row][column + 1], nodes[row + 1][column + 1], nodes[row + 1][column])
    kinds = (ROWS[row][1], COLUMNS[column + 1][1], ROWS[row + 1][1], COLUMNS[column][1])
    return inset(corners, [half(kind) for kind in kinds])


def inset(quad: Quad, margins: list[float]) -> Quad:
    """Move the four sides of a convex counter-clockwise quadrilateral inwards by one margin (m) each."""
    lines = []
    for k in range(4):
        (x0, y0), (x1, y1) = quad[k], quad[(k + 1) % 4]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        normal = (-(y1 - y0) / length, (x1 - x0) / length)
        lines.append((normal, normal[0] * x0 + normal[1] * y0 + margins[k]))
    corners = []
    for k in range(4):
        (a, p), (b, q) = lines[k - 1], lines[k]
        det = a[0] * b[1] - a[1] * b[0]
        corners.append(((p * b[1] - q * a[1]) / det, (a[0] * q - b[0] * p) / det))
    return corners[0], corners[1], corners[2], corners[3]


def at(quad: Quad, u: float, v: float) -> Vertex:
    """Point of a quadrilateral at bilinear coordinates u (along its first side) and v, each 0 to 1."""
    a, b, c, d = quad
    weights = ((1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v)
    return sum(w * p[0] for w, p in zip(weights, quad, strict=True)), sum(
        w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)
    )


def part(quad: Quad, u0: float, v0: float, u1: float, v1: float) -> Quad:
    """Part of a quadrilateral between bilinear coordinates."""
    return at(quad, u0, v0), at(quad, u1, v0), at(quad, u1, v1), at(quad, u0, v1)


def sides(quad: Quad) -> tuple[float, float]:
    """Mean lengths of a quadrilateral along u and along v, m."""
    lengths = []
    for k in range(4):
        (x0, y0), (x1, y1) = quad[k], quad[(k + 1) % 4]
        lengths.append(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
    return (lengths[0] + lengths[2]) / 2, (lengths[1] + lengths[3]) / 2


def _fill_block(town: Town, random: np.random.Generator, block: Quad, use: str) -> None:
    if use == "housing":
        _fill_housing(town, random, block)
    elif use == "school":
        _fill_school(town, block)
    elif use == "market":
        _fill_market(town, block)
    elif use == "compound":
        _fill_compound(town, block)
    else:
        town.patches.append(Patch(block, "park" if use == "park" else "square"))


def _fill_housing(town: Town, random: np.random.Generator, block: Quad) -> None:
    """Cut a block by old lanes until no side is over 68 m, then into plots with a building each."""
    length_u, length_v = sides(block)
    if max(length_u, length_v) < 68.0:
        _fill_plots(town, random, inset(block, [-FRONT] * 4))
        return
    halves, cut = _cut(random, block, (CARRIAGEWAY["lane"] + FOOTWAY["lane"]))
    town.streets.append(Street("lane", cut))
    for half in halves:
        _fill_housing(town, random, half)


def _cut(random: np.random.Generator, quad: Quad, gap: float) -> tuple[list[Quad], tuple[Vertex, Vertex]]:
    """Cut across the longer sides somewhere near the middle; returns both parts, ``gap`` off the cut, and the cut.

    The cut reaches 8 m further at both ends, across the footway of the street it opens into.
    """
    middle = 0.43 + 0.14 * random.random()
    first, second = middle + 0.05 * (random.random() - 0.5), middle + 0.05 * (random.random() - 0.5)
    length_u, length_v = sides(quad)
    a, b, c, d = quad
    if length_u >= length_v:
        p, q = at(quad, first, 0.0), at(quad, second, 1.0)
        parts = [inset((a, p, q, d), [0, gap, 0, 0]), inset((p, b, c, q), [0, 0, 0, gap])]
    else:
        p, q = at(quad, 0.0, first), at(quad, 1.0, second)
        parts = [inset((a, b, q, p), [0, 0, gap, 0]), inset((p, q, c, d), [gap, 0, 0, 0])]
    length = ((q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2) ** 0.5
    step = (8.0 * (q[0] - p[0]) / length, 8.0 * (q[1] - p[1]) / length)
    return parts, ((p[0] - step[0], p[1] - step[1]), (q[0] + step[0], q[1] + step[1]))


def _fill_plots(town: Town, random: np.random.Generator, land: Quad) -> None:
    """Halve land into plots of at most 40 m and put a building, a courtyard house or a garden on each."""
    if max(sides(land)) > 40.0:
        parts, _ = _cut(random, land, 0.0)
        for half in parts:
            _fill_plots(town, random, half)
        return
    choice, floors = random.random(), 2 + int(random.random() * 6)
    turn = int(random.random() * 4)
    if choice > 0.93:
        town.patches.append(Patch(land, "garden"))
        return
    length_u, length_v = sides(land)
    if min(length_u, length_v) < 13.0:
        return
    core = inset(land, [PLOT_GAP] * 4)
    core = (core[turn], core[turn - 3], core[turn - 2], core[turn - 1])  # the front looks to any side
    if choice < 0.62 or min(sides(core)) < 20.0:
        shape: list[Vertex] = [(0, 0), (1, 0), (1, 1), (0, 1)]
    else:
        arm_u, arm_v = (min(0.5, 7.0 / length) for length in sides(core))
        if choice < 0.80:  # courtyard house, open to the front
            shape = [
                (0, 0),
                (arm_u, 0),
                (arm_u, 1 - arm_v),
                (1 - arm_u, 1 - arm_v),
                (1 - arm_u, 0),
                (1, 0),
                (1, 1),
                (0, 1),
            ]
        else:
            shape = [(0, 0), (arm_u * 1.3, 0), (arm_u * 1.3, 1 - arm_v * 1.3), (1, 1 - arm_v * 1.3), (1, 1), (0, 1)]
    use = "shop-house" if choice < 0.30 else "housing"
    town.buildings.append(Building(tuple(at(core, u, v) for u, v in shape), floors, use))


def _rows_of_buildings(
    town: Town, land: Quad, boxes: list[tuple[float, float, float, float]], floors: int, use: str
) -> None:
    for box in boxes:
        town.buildings.append(Building(part(land, *box), floors, use))


def _fill_school(town: Town, block: Quad) -> None:
    """Two teaching buildings, a canteen and a playground; the gate opens south."""
    town.patches.append(Patch(block, "square"))
    town.patches.append(Patch(part(block, 0.06, 0.46, 0.60, 0.95), "playground"))
    boxes = [(0.05, 0.12, 0.42, 0.28), (0.58, 0.12, 0.95, 0.28), (0.68, 0.50, 0.94, 0.70), (0.68, 0.80, 0.94, 0.94)]
    _rows_of_buildings(town, block, boxes, 4, "school")


def _fill_market(town: Town, block: Quad) -> None:
    """Long market halls with alleys between them."""
    town.patches.append(Patch(block, "square"))
    boxes = [(0.04, v, 0.47, v + 0.13) for v in (0.04, 0.24, 0.44, 0.64, 0.84)]
    boxes += [(0.55, v, 0.96, v + 0.13) for v in (0.04, 0.24, 0.44, 0.64, 0.84)]
    _rows_of_buildings(town, block, boxes, 2, "market")


def _fill_compound(town: Town, block: Quad) -> None:
    """Dwellings of a former mill around one low yard; the only gate is in the south."""
    town.patches.append(Patch(block, "square"))
    boxes = [(0.02, 0.02, 0.44, 0.17), (0.55, 0.02, 0.98, 0.17), (0.02, 0.83, 0.98, 0.98), (0.02, 0.21, 0.15, 0.80)]
    boxes += [(0.85, 0.21, 0.98, 0.80), (0.30, 0.42, 0.70, 0.54)]
    _rows_of_buildings(town, block, boxes, 6, "housing")
    town.compound = part(block, 0.17, 0.19, 0.83, 0.81)
