"""Ground levels and land cover of the synthetic old town, from its plan. Knows no files.

Everything is evaluated at cell centres by plain arithmetic; levels are rounded by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from layout import CARRIAGEWAY, RAIL_HALF, STREET_TILT, UNDERPASS, Quad, Street, Town, Vertex, rail_y, stream_y

GUTTER = -0.20
"""Gutter level relative to the grade of the town, m; kerbs are 0.15 m high."""
KERB = 0.15
CROSS_FALL = 0.018
CREST_HALF = 4.0
CREST_HEIGHT = 4.6
"""Height of the railway above the ground at the underpass, m."""
CREST_SLOPE = 0.001
UNDERPASS_HALF_WIDTH = 8.0
UNDERPASS_DIP = 3.0
UNDERPASS_FLAT = 16.0
UNDERPASS_RAMP = 66.0
STREAM_HALF_BED = 3.0
STREAM_BANK = 1.6
"""Bank slope, horizontal to vertical."""
STREAM_BED = (481.75, 0.0015)
"""Bed level of the stream at the west edge (m) and its slope."""

COVER = {
    "asphalt": 1,
    "footway": 2,
    "lane": 2,
    "yard": 2,
    "roof": 3,
    "garden": 4,
    "park": 4,
    "verge": 5,
    "water": 7,
    "playground": 8,
    "ballast": 9,
    "field": 11,
}
"""Classes of floodsim's built-in land-cover table."""


@dataclass(frozen=True)
class Sag:
    """A low spot: centre, depth of the dip (m), half lengths along and across its street, direction of the street."""

    name: str
    centre: Vertex
    depth: float
    along: float
    across: float
    direction: Vertex


def grade(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Smooth grade of the town, m: it falls to the south, to the valley of the main street, and by the stream east."""
    off = (x - UNDERPASS[0]) - STREET_TILT * (y - UNDERPASS[1])
    smooth = np.sqrt(off * off + 3600.0) - 60.0
    valley = np.where(off < 0.0, 0.0026, 0.0016) * smooth - 0.43
    share = np.clip((y - 130.0) / 520.0, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    return 484.6 + 0.0030 * (y - 110.0) - (1.0 - share) * 0.0010 * x + share * valley


def _bump(x: np.ndarray, y: np.ndarray, sag: Sag) -> np.ndarray:
    """Smooth bump of height 1 at the centre of a sag, 0 outside its ellipse."""
    tx, ty = sag.direction
    dx, dy = x - sag.centre[0], y - sag.centre[1]
    r2 = ((dx * tx + dy * ty) / sag.along) ** 2 + ((dy * tx - dx * ty) / sag.across) ** 2
    inside = np.clip(1.0 - r2, 0.0, None)
    return inside * inside


def _segment_distance(x: np.ndarray, y: np.ndarray, a: Vertex, b: Vertex) -> np.ndarray:
    """Distance of points to a segment, m."""
    ux, uy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((x - a[0]) * ux + (y - a[1]) * uy) / (ux * ux + uy * uy), 0.0, 1.0)
    dx, dy = x - a[0] - t * ux, y - a[1] - t * uy
    return np.sqrt(dx * dx + dy * dy)


def _window(x: np.ndarray, y: np.ndarray, points: tuple[Vertex, ...], margin: float) -> tuple[slice, slice]:
    """Rows and columns of the cells that may be within ``margin`` of the points; rows run from south to north."""
    low_x, high_x = min(p[0] for p in points) - margin, max(p[0] for p in points) + margin
    low_y, high_y = min(p[1] for p in points) - margin, max(p[1] for p in points) + margin
    columns = np.searchsorted(x[0], (low_x, high_x))
    rows = np.searchsorted(y[:, 0], (low_y, high_y))
    return slice(*rows.tolist()), slice(*columns.tolist())


def inside_polygon(x: np.ndarray, y: np.ndarray, outline: tuple[Vertex, ...]) -> np.ndarray:
    """Whether points lie inside a polygon, by counting the edges to the east of them."""
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1], strict=True):
        if y0 != y1:
            inside ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def street_distances(
    x: np.ndarray, y: np.ndarray, street: Street, reach: float
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Distance to the centre line of a street, m, in the window of cells that may be within ``reach``."""
    window = _window(x, y, street.points, reach)
    near = np.full(x[window].shape, 1e9)
    for a, b in zip(street.points[:-1], street.points[1:], strict=True):
        near = np.minimum(near, _segment_distance(x[window], y[window], a, b))
    return window, near


def make_ground(x: np.ndarray, y: np.ndarray, town: Town, sags: list[Sag]) -> tuple[np.ndarray, np.ndarray]:
    """Levels (m, float64) and land-cover classes (uint8) at cell centres ``x, y`` of shape (ny, nx), south to north."""
    smooth = grade(x, y)
    base = smooth.copy()
    for sag in sags:
        base -= sag.depth * _bump(x, y, sag)
    level = np.full(x.shape, np.nan)
    cover = np.full(x.shape, COVER["yard"], np.uint8)
    _lay_patches(x, y, town, cover)
    edge = _lay_streets(x, y, town, base, level, cover)
    plots = np.isnan(level)
    ripple = _ripple(x, y)
    level[plots] = (base + GUTTER + KERB + 0.015 * np.minimum(edge, 10.0) + ripple)[plots]
    cover[plots & (edge < 2.5)] = COVER["footway"]
    if town.compound is not None:
        _lower_compound(x, y, town.compound, base, level)
    for building in town.buildings:
        window = _window(x, y, building.outline, 1.0)
        cover[window][inside_polygon(x[window], y[window], building.outline)] = COVER["roof"]
    _lay_riverside(x, y, smooth, ripple, level, cover)
    _lay_railway(x, y, base, level, cover)
    return level, cover


def _ripple(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Small unevenness of unpaved ground, within 15 mm, made of parabolic waves."""

    def wave(phase: np.ndarray) -> np.ndarray:
        u = phase - np.floor(phase)
        return 16.0 * u * (1.0 - u) * (0.5 - u) * 1.3

    return 0.008 * wave((x + 0.3 * y) / 23.0) + 0.007 * wave((y - 0.4 * x) / 31.0)


def _lay_patches(x: np.ndarray, y: np.ndarray, town: Town, cover: np.ndarray) -> None:
    classes = {"park": "park", "garden": "garden", "square": "footway", "playground": "playground"}
    for patch in town.patches:
        window = _window(x, y, patch.quad, 1.0)
        cover[window][inside_polygon(x[window], y[window], patch.quad)] = COVER[classes[patch.surface]]


def _lay_streets(
    x: np.ndarray, y: np.ndarray, town: Town, base: np.ndarray, level: np.ndarray, cover: np.ndarray
) -> np.ndarray:
    """Lay the streets in their order; the first keeps its surface. Returns the distance to the nearest kerb, m."""
    edge = np.full(x.shape, 1e9)
    for street in town.streets:
        half = CARRIAGEWAY[street.kind]
        window, distance = street_distances(x, y, street, half + 12.0)
        free = np.isnan(level[window]) & (distance <= half)
        if street.kind == "lane":  # no kerb: paved slabs that fall to the middle
            surface = base[window] - 0.17 + 0.015 * distance
        else:
            surface = base[window] + GUTTER + CROSS_FALL * (half - distance)
        level[window][free] = surface[free]
        cover[window][free] = COVER["lane" if street.kind == "lane" else "asphalt"]
        edge[window] = np.minimum(edge[window], np.maximum(distance - half, 0.0))
    return edge


def _lower_compound(x: np.ndarray, y: np.ndarray, yard: Quad, base: np.ndarray, level: np.ndarray) -> None:
    """Sink the yard of the compound by 0.55 m with soft edges 6 m wide."""
    window = _window(x, y, yard, 1.0)
    depth = np.full(x[window].shape, 1e9)
    for (x0, y0), (x1, y1) in zip(yard, yard[1:] + yard[:1], strict=True):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        depth = np.minimum(depth, ((x1 - x0) * (y[window] - y0) - (y1 - y0) * (x[window] - x0)) / length)
    share = np.clip(depth / 6.0, 0.0, 1.0)
    level[window] -= 0.55 * share * share * (3.0 - 2.0 * share)


def _lay_riverside(
    x: np.ndarray, y: np.ndarray, base: np.ndarray, ripple: np.ndarray, level: np.ndarray, cover: np.ndarray
) -> None:
    """The stream, its banks, the green strip up to Riverside Road and the open land south of it."""
    slope = (stream_y(x + 0.5) - stream_y(x - 0.5)) / 1.0
    across = (y - stream_y(x)) / np.sqrt(1.0 + slope * slope)
    strip = (y < stream_y(x) + 30.0) & ((cover != COVER["asphalt"]) | (across < 20.0))
    to_road = np.clip(30.0 - CARRIAGEWAY["secondary"] - across, 0.0, None)
    north_bank = base + GUTTER - 0.015 * np.minimum(to_road, 20.0)
    away = np.clip(-across - 8.0, 0.0, None)
    crest = 484.15 - 0.0010 * x
    south_bank = crest + 0.02 * np.minimum(away, 20.0) + 0.012 * np.clip(away - 20.0, 0.0, None) + ripple
    level[strip] = np.where(across > 0.0, north_bank, south_bank)[strip]
    cover[strip] = np.where(across > 0.0, COVER["park"], COVER["field"])[strip]
    bed = STREAM_BED[0] - STREAM_BED[1] * x
    channel = bed + np.clip(np.abs(across) - STREAM_HALF_BED, 0.0, None) / STREAM_BANK
    wet = strip & (channel < level)
    level[wet] = channel[wet]
    cover[wet & (np.abs(across) < STREAM_HALF_BED + 1.5)] = COVER["water"]


def _lay_railway(x: np.ndarray, y: np.ndarray, base: np.ndarray, level: np.ndarray, cover: np.ndarray) -> None:
    """The embankment with green strips at its foot, cut by the trough of the underpass."""
    slope = (rail_y(x + 0.5) - rail_y(x - 0.5)) / 1.0
    across = np.abs(y - rail_y(x)) / np.sqrt(1.0 + slope * slope)
    land = across < RAIL_HALF
    crest = crest_level(x)
    bank = crest - np.clip(across - CREST_HALF, 0.0, None) / 1.5
    level[land] = np.maximum(base + GUTTER, bank)[land]
    cover[land] = np.where(across < CREST_HALF + 1.0, COVER["ballast"], COVER["verge"])[land]
    along, aside = underpass_coordinates(x, y)
    trough = (np.abs(aside) <= UNDERPASS_HALF_WIDTH) & (np.abs(along) <= UNDERPASS_FLAT + UNDERPASS_RAMP)
    level[trough] = trough_level(x, y, base)[trough]
    cover[trough] = COVER["asphalt"]


def crest_level(x: np.ndarray | float) -> np.ndarray:
    """Level of the top of the railway embankment, m."""
    here = grade(np.asarray(UNDERPASS[0]), np.asarray(UNDERPASS[1]))
    return here + CREST_HEIGHT + CREST_SLOPE * (np.asarray(x) - UNDERPASS[0])


def underpass_coordinates(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance along the main street from the railway (north positive) and aside from its centre line, m."""
    norm = (1.0 + STREET_TILT * STREET_TILT) ** 0.5
    dx, dy = x - UNDERPASS[0], y - UNDERPASS[1]
    return (dx * STREET_TILT + dy) / norm, (dx - dy * STREET_TILT) / norm


def trough_level(x: np.ndarray, y: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Road level in the underpass: flat below the railway, ramps with soft ends, cross-fall to both sides."""
    along, aside = underpass_coordinates(x, y)
    share = np.clip(1.0 - (np.abs(along) - UNDERPASS_FLAT) / UNDERPASS_RAMP, 0.0, 1.0)
    soft = share * share * (3.0 - 2.0 * share)
    dip = UNDERPASS_DIP * (0.65 * share + 0.35 * soft)
    return base - dip - CROSS_FALL * np.abs(aside)
