"""The profile of every shape of conduit: width over height at each fraction of the height."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from floodsim.drainage.network import Curve, Transect

Profile = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """A family of sections: its ``proportions`` from the four sizes, and the profile that they define."""

    family: str
    proportions: Callable[[np.ndarray], tuple[float, ...]]
    profile: Callable[..., Profile]


def _none(size: np.ndarray) -> tuple[float, ...]:
    return ()


def _width_ratio(size: np.ndarray) -> tuple[float, ...]:
    return (size[1] / size[0],)


def circle() -> Profile:
    """A circle of diameter 1."""
    return lambda y: 2.0 * np.sqrt(np.maximum(y * (1.0 - y), 0.0))


def filled_circle(sediment: float) -> Profile:
    """A circle whose bottom is filled; ``sediment`` is its depth over the remaining height."""
    diameter = 1.0 + sediment
    return lambda y: 2.0 * np.sqrt(np.maximum((y + sediment) * (diameter - y - sediment), 0.0))


def rectangle(width: float) -> Profile:
    """A rectangle."""
    return lambda y: np.full_like(y, width)


def trapezoid(width: float, left: float, right: float) -> Profile:
    """A trapezoid: bottom width, side slopes horizontal to vertical."""
    return lambda y: width + (left + right) * y


def power(width: float, exponent: float) -> Profile:
    """Top width times y^(1/exponent); a parabola has exponent 2, a triangle 1."""
    return lambda y: width * y ** (1.0 / exponent)


def ellipse(width: float) -> Profile:
    """An ellipse of height 1."""
    return lambda y: 2.0 * width * np.sqrt(np.maximum(y * (1.0 - y), 0.0))


def egg() -> Profile:
    """The standard egg 3 : 2: crown radius H/3, flanks of radius H, invert radius H/6."""

    def widths(y: np.ndarray) -> np.ndarray:
        # crown circle about 2/3; flanks centred at that level, H - H/3 = 2/3 beyond the axis; invert about 1/6
        crown = np.sqrt(np.maximum(1.0 / 9.0 - (y - 2.0 / 3.0) ** 2, 0.0))
        flank = np.sqrt(np.maximum(1.0 - (y - 2.0 / 3.0) ** 2, 0.0)) - 2.0 / 3.0
        invert = np.sqrt(np.maximum(1.0 / 36.0 - (y - 1.0 / 6.0) ** 2, 0.0))
        # invert and flank touch on the line through their centres: slope 3/4, 1/6 below the invert's centre times 3/5
        touch = 1.0 / 6.0 - 0.6 / 6.0
        return 2.0 * np.where(y >= 2.0 / 3.0, crown, np.where(y > touch, flank, invert))

    return widths


def horseshoe() -> Profile:
    """The standard horseshoe: crown radius H/2, flanks and invert of radius H."""
    touch = 1.0 - _horseshoe_corner()

    def widths(y: np.ndarray) -> np.ndarray:
        crown = np.sqrt(np.maximum(0.25 - (y - 0.5) ** 2, 0.0))
        flank = np.sqrt(np.maximum(1.0 - (y - 0.5) ** 2, 0.0)) - 0.5
        invert = np.sqrt(np.maximum(1.0 - (1.0 - y) ** 2, 0.0))
        return 2.0 * np.where(y >= 0.5, crown, np.where(y > touch, flank, invert))

    return widths


def _horseshoe_corner() -> float:
    """Distance below the crown of the corner between invert and flank: (x + 1/2)^2 + (d - 1/2)^2 = 1, x2 + d2 = 1."""
    # subtracting gives x - d = -1/2, so 2 d^2 - d - 3/4 = 0
    return (1.0 + np.sqrt(7.0)) / 4.0


def rectangle_on_triangle(width: float, triangle: float) -> Profile:
    """A rectangle over a triangular bottom of height ``triangle``."""
    return lambda y: width * np.minimum(y / triangle, 1.0)


def rectangle_on_arc(width: float, radius: float) -> Profile:
    """A rectangle over a circular bottom of ``radius`` (at least half the width)."""
    radius = max(radius, 0.5 * width)
    rise = radius - np.sqrt(max(radius**2 - 0.25 * width**2, 0.0))
    return lambda y: np.where(y >= rise, width, 2.0 * np.sqrt(np.maximum(y * (2.0 * radius - y), 0.0)))


def basket(width: float, radius: float) -> Profile:
    """A rectangle under a circular top of ``radius`` (at least half the width)."""
    upside_down = rectangle_on_arc(width, radius)
    return lambda y: upside_down(1.0 - y)


def listed(name: str) -> Callable[..., Profile]:
    """A shape known by its widths at equal steps of its height, `WIDTHS`; ``width`` is the greatest."""
    parts = np.array(WIDTHS[name])
    steps = np.linspace(0.0, 1.0, parts.size)
    return lambda width: lambda y: width * np.sqrt(np.interp(y, steps, parts**2))  # round at the ends, as a circle is


def _fixed(ratio: float) -> Callable[[np.ndarray], tuple[float, ...]]:
    """Proportions of a shape whose greatest width is always the same part of its height."""
    return lambda size: (ratio,)


def _slopes(size: np.ndarray) -> tuple[float, ...]:
    return (size[1] / size[0], size[2], size[3])


def _two_ratios(size: np.ndarray) -> tuple[float, ...]:
    return (size[1] / size[0], size[2] / size[0])


WIDTHS: dict[str, tuple[float, ...]] = {
    "ARCH": (0, .6272, .8521, .9243, .9645, .9846, .9964, .9988, .9917, .9811, .968, .9515, .9314, .9101, .8864, .8592,
             .8284, .7917, .7527, .7065, .6544, .5953, .5231, .4355, .3195, 0),
    "BASKETHANDLE": (0, .49, .667, .82, .93, 1, 1, 1, .997, .994, .988, .982, .967, .948, .928, .904, .874, .842, .798,
                     .75, .697, .637, .567, .467, .342, 0),
    "CATENARY": (0, .6667, .8222, .9111, .9778, 1, 1, .9889, .9778, .9556, .9333, .8889, .8444, .8, .7556, .7, .6333,
                 .5556, .4444, .3333, 0),
    "GOTHIC": (0, .286, .643, .762, .833, .905, .952, .976, .976, 1, 1, .976, .976, .952, .905, .833, .762, .667, .524,
               .357, 0),
    "SEMICIRCULAR": (0, .5488, .8537, 1, 1, .9939, .9878, .9756, .9634, .9451, .9207, .8902, .8537, .8171, .7683, .7073,
                     .6463, .5732, .4756, .3354, 0),
    "SEMIELLIPTICAL": (0, .7, .98, 1, 1, 1, .99, .98, .96, .94, .91, .88, .84, .8, .75, .7, .64, .56, .46, .34, 0),
}  # fmt: skip
"""Widths over the greatest width, of standard sewer shapes: SWMM reference manual II (public domain)."""

PROFILES: dict[str, Shape] = {
    "CIRCULAR": Shape("circle", _none, circle),
    "FORCE_MAIN": Shape("circle", _none, circle),
    "FILLED_CIRCULAR": Shape("filled", lambda size: (size[1] / (size[0] - size[1]),), filled_circle),
    "RECT_CLOSED": Shape("box", _width_ratio, rectangle),
    "RECT_OPEN": Shape("channel", _width_ratio, rectangle),
    "TRAPEZOIDAL": Shape("trapezoid", _slopes, trapezoid),
    "TRIANGULAR": Shape("power", lambda size: (size[1] / size[0], 1.0), power),
    "PARABOLIC": Shape("power", lambda size: (size[1] / size[0], 2.0), power),
    "POWER": Shape("power", lambda size: (size[1] / size[0], size[2]), power),
    "EGG": Shape("egg", _none, egg),
    "HORSESHOE": Shape("horseshoe", _none, horseshoe),
    "HORIZ_ELLIPSE": Shape("ellipse", _width_ratio, ellipse),
    "VERT_ELLIPSE": Shape("ellipse", _width_ratio, ellipse),
    "RECT_TRIANGULAR": Shape("rectangle_on_triangle", _two_ratios, rectangle_on_triangle),
    "RECT_ROUND": Shape("rectangle_on_arc", _two_ratios, rectangle_on_arc),
    "MODBASKETHANDLE": Shape("basket", _two_ratios, basket),
    "ARCH": Shape("arch", _width_ratio, listed("ARCH")),
    "BASKETHANDLE": Shape("baskethandle", _fixed(0.944), listed("BASKETHANDLE")),
    "CATENARY": Shape("catenary", _fixed(0.9), listed("CATENARY")),
    "GOTHIC": Shape("gothic", _fixed(0.84), listed("GOTHIC")),
    "SEMICIRCULAR": Shape("semicircular", _fixed(1.64), listed("SEMICIRCULAR")),
    "SEMIELLIPTICAL": Shape("semielliptical", _fixed(1.0), listed("SEMIELLIPTICAL")),
}
"""Shapes that the engine knows besides CUSTOM, IRREGULAR and STREET."""


def custom_profile(curve: Curve) -> Profile:
    """A shape curve: width over the full height at fractions of the full height."""
    return lambda y: np.interp(y, curve.x, curve.y)


def transect_geometry(transect: Transect, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fractions, area, width and the radius that gives the conveyance with the channel's n, all for height 1.

    The conveyance is summed over left bank, channel and right bank, each with its own n, as SWMM and HEC-2 do.
    """
    height = float(transect.level.max() - transect.level.min())
    bed = (transect.level - transect.level.min()) / height
    station = transect.station / height
    left, right = transect.left_bank / height, transect.right_bank / height
    area, width, conveyance = (np.zeros((3, y.size)) for _ in range(3))
    perimeter = np.zeros((3, y.size))
    for k in range(station.size - 1):
        zone = 0 if station[k + 1] <= left + 1e-9 else 2 if station[k] >= right - 1e-9 else 1
        _add_panel(y, station[k], station[k + 1], bed[k], bed[k + 1], area[zone], width[zone], perimeter[zone])
    perimeter[0] += np.maximum(y - bed[0], 0.0)
    perimeter[2] += np.maximum(y - bed[-1], 0.0)
    roughness = (transect.roughness_left, transect.roughness_channel, transect.roughness_right)
    channel = transect.roughness_channel
    for zone, n in enumerate(roughness):
        wet = perimeter[zone] > 0.0
        radius = np.divide(area[zone], perimeter[zone], out=np.zeros_like(y), where=wet)
        conveyance[zone] = area[zone] * radius ** (2.0 / 3.0) * channel / (n if n > 0.0 else channel)
    whole = area.sum(axis=0)
    factor = np.divide(conveyance.sum(axis=0), whole, out=np.zeros_like(y), where=whole > 0.0)
    return y, whole, width.sum(axis=0), factor**1.5


def _add_panel(
    y: np.ndarray,
    x0: float,
    x1: float,
    z0: float,
    z1: float,
    area: np.ndarray,
    width: np.ndarray,
    perimeter: np.ndarray,
) -> None:
    """Add the water over one straight piece of a transect's bed, at every depth y."""
    low, high, run = min(z0, z1), max(z0, z1), x1 - x0
    if high - low < 1e-12:
        wet = np.where(y > low, 1.0, 0.0)
        area += run * np.maximum(y - low, 0.0)
    else:
        wet = np.clip((y - low) / (high - low), 0.0, 1.0)
        area += np.where(y >= high, run * (y - 0.5 * (low + high)), 0.5 * wet * run * np.maximum(y - low, 0.0))
    width += wet * run
    perimeter += wet * np.hypot(run, high - low)
