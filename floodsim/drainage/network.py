"""A drainage network as frozen tables of arrays: nodes, links, curves, series, inflows and rules.

Everything is SI and refers to rows by index; names are kept for people. Readers fill it, `validate.validate_network`
proves it, the engine runs it. It knows no files and no water in motion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

import numpy as np

from floodsim.drainage.rules import Rule

NONE = -1
"""Index that means: there is no such row."""


class NodeKind(IntEnum):
    """What a node is. A divider routes like a junction where flow is dynamic, as it does in SWMM."""

    JUNCTION = 0
    STORAGE = 1
    OUTFALL = 2
    DIVIDER = 3


class StorageKind(IntEnum):
    """How the area of a storage follows from its depth d (m): curve; c0 + c1 d^c2; c0 + c1 d + c2 d2."""

    TABULAR = 0
    POWER = 1
    QUADRATIC = 2


class OutfallKind(IntEnum):
    """Stage outside an outfall: lower of critical and normal depth; normal depth; level; tide by hour; time series."""

    FREE = 0
    NORMAL = 1
    FIXED = 2
    TIDAL = 3
    SERIES = 4


class DividerKind(IntEnum):
    """How a divider would split a steady flow."""

    OVERFLOW = 0
    CUTOFF = 1
    TABULAR = 2
    WEIR = 3


class LinkKind(IntEnum):
    """What a link is."""

    CONDUIT = 0
    PUMP = 1
    ORIFICE = 2
    WEIR = 3
    OUTLET = 4


class PumpKind(IntEnum):
    """Meaning of a pump's curve: flow by volume, by depth in steps, by head, by depth, by head with affinity laws."""

    IDEAL = 0
    VOLUME = 1
    DEPTH_STEPS = 2
    HEAD = 3
    DEPTH = 4
    HEAD_AFFINITY = 5


class OrificeKind(IntEnum):
    """Whether an opening stands in the side or lies in the bottom of its node."""

    SIDE = 0
    BOTTOM = 1


class WeirKind(IntEnum):
    """Shape and position of a weir."""

    TRANSVERSE = 0
    SIDEFLOW = 1
    V_NOTCH = 2
    TRAPEZOIDAL = 3
    ROADWAY = 4


class PatternKind(IntEnum):
    """What the factors of a pattern stand for: 12 months, 7 days from Sunday, 24 hours, 24 weekend hours."""

    MONTHLY = 0
    DAILY = 1
    HOURLY = 2
    WEEKEND = 3


@dataclass(frozen=True)
class Nodes:
    """All nodes (n,). ``kind`` is a `NodeKind`; levels in m above datum, depths in m above the invert.

    ``full_depth`` is rim above invert (0 in the input has been replaced by the crown of the highest link);
    ``surcharge_depth`` how far the head may rise above the rim before water is lost; ``ponded_area`` m2 that floods
    above the rim, 0 where overflow is lost; ``x``, ``y`` NaN where unknown.
    """

    name: tuple[str, ...]
    kind: np.ndarray
    x: np.ndarray
    y: np.ndarray
    invert: np.ndarray
    full_depth: np.ndarray
    surcharge_depth: np.ndarray
    ponded_area: np.ndarray
    initial_depth: np.ndarray


@dataclass(frozen=True)
class Storages:
    """Storages by `StorageKind`; ``curve`` of (depth m, area m2); ``seepage``: suction m, conductivity m/s, deficit."""

    node: np.ndarray
    kind: np.ndarray
    coefficient: np.ndarray
    curve: np.ndarray
    seepage: np.ndarray


@dataclass(frozen=True)
class Outfalls:
    """Outfall nodes: ``node`` row, `OutfallKind`, fixed ``level`` m, ``curve`` row (hour of day in s, stage m),
    ``series`` row (stage m), ``flap`` gate that lets nothing back in.
    """

    node: np.ndarray
    kind: np.ndarray
    level: np.ndarray
    curve: np.ndarray
    series: np.ndarray
    flap: np.ndarray


@dataclass(frozen=True)
class Dividers:
    """Divider nodes: ``node`` row, `DividerKind`, row of the diverted ``link``, ``value`` (cut-off m3/s or weir
    coefficient), ``curve`` row. Kept for writing the network back; dynamic flow treats them as junctions.
    """

    node: np.ndarray
    kind: np.ndarray
    link: np.ndarray
    value: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class Sections:
    """Cross-sections, one row per conduit, orifice or weir that has one.

    ``shape`` is the SWMM name (CIRCULAR, RECT_CLOSED, IRREGULAR, ...). ``size`` (n, 4) holds SWMM's four numbers in SI:
    [0] full height m, [1] width m (FORCE_MAIN: C or roughness m; FILLED_CIRCULAR: sediment depth m), [2], [3] side
    slopes (horizontal to vertical) or further sizes in m. ``curve`` is the row of a CUSTOM shape curve
    (depth / full height, width / full height); ``transect`` the row of an IRREGULAR or STREET section.
    """

    shape: tuple[str, ...]
    size: np.ndarray
    curve: np.ndarray
    transect: np.ndarray


@dataclass(frozen=True)
class Transect:
    """A surveyed section: ``station`` m across (ascending) and ``level`` m; Manning n left, right and in the channel
    between ``left_bank`` and ``right_bank`` (stations, m); ``length_factor`` of a meandering channel (SWMM's Lfactor).
    """

    name: str
    station: np.ndarray
    level: np.ndarray
    roughness_left: float
    roughness_right: float
    roughness_channel: float
    left_bank: float
    right_bank: float
    length_factor: float = 1.0


@dataclass(frozen=True)
class Links:
    """All links (m,). ``kind`` is a `LinkKind`; flow is positive from ``start`` to ``end`` (node rows).

    ``offset_start``, ``offset_end`` m above the invert of the node (crest of an orifice, weir or outlet:
    ``offset_start``); ``section`` row or NONE; ``flap`` gate; ``vertices`` (k, 2) points between the two nodes.
    """

    name: tuple[str, ...]
    kind: np.ndarray
    start: np.ndarray
    end: np.ndarray
    offset_start: np.ndarray
    offset_end: np.ndarray
    section: np.ndarray
    flap: np.ndarray
    vertices: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Conduits:
    """Conduits: ``link`` row, ``length`` m, Manning ``roughness``, ``barrels``, loss coefficients, ``initial_flow`` and
    ``max_flow`` m3/s of all barrels together (0: no limit), ``seepage`` m/s, ``culvert`` code (0: none).
    """

    link: np.ndarray
    length: np.ndarray
    roughness: np.ndarray
    barrels: np.ndarray
    loss_entry: np.ndarray
    loss_exit: np.ndarray
    loss_average: np.ndarray
    initial_flow: np.ndarray
    max_flow: np.ndarray
    seepage: np.ndarray
    culvert: np.ndarray


@dataclass(frozen=True)
class Pumps:
    """Pumps: ``link`` row, `PumpKind`, ``curve`` row, ``initial_on``, start and stop depth m at the inlet (0: none)."""

    link: np.ndarray
    kind: np.ndarray
    curve: np.ndarray
    initial_on: np.ndarray
    start_depth: np.ndarray
    stop_depth: np.ndarray


@dataclass(frozen=True)
class Orifices:
    """Orifices: ``link`` row, `OrificeKind`, ``coefficient`` of discharge, ``gate_time`` s to open (0: at once)."""

    link: np.ndarray
    kind: np.ndarray
    coefficient: np.ndarray
    gate_time: np.ndarray


@dataclass(frozen=True)
class Weirs:
    """Weirs: ``link`` row, `WeirKind`, ``coefficient`` and ``end_coefficient`` (the triangular ends) in SI
    (Q = C L H^1.5 or C S H^2.5, m and s), ``end_contractions``, whether it ``surcharges`` like an orifice, ``curve``
    row of (head m, SI coefficient) or NONE, road width m and ``road_paved`` (1 paved, 2 gravel, 0 none).
    """

    link: np.ndarray
    kind: np.ndarray
    coefficient: np.ndarray
    end_coefficient: np.ndarray
    end_contractions: np.ndarray
    surcharges: np.ndarray
    curve: np.ndarray
    road_width: np.ndarray
    road_paved: np.ndarray


@dataclass(frozen=True)
class Outlets:
    """Outlets: ``link`` row, ``by_head`` (difference across) or by depth over the crest, ``curve`` row of (m, m3/s) or
    NONE: Q = coefficient x^exponent in m3/s with x in m.
    """

    link: np.ndarray
    by_head: np.ndarray
    coefficient: np.ndarray
    exponent: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class Curve:
    """A table y(x) in SI, x ascending. ``kind`` is SWMM's word: STORAGE, PUMP1..PUMP5, RATING, TIDAL (x in s of the
    day), SHAPE, DIVERSION, WEIR, CONTROL (x in SI of the variable that the rule watches).
    """

    name: str
    kind: str
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Series:
    """Values at ``times`` (s after the start of the run), linear in between, in SI."""

    name: str
    times: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Pattern:
    """Factors that repeat with the calendar."""

    name: str
    kind: PatternKind
    factors: np.ndarray


@dataclass(frozen=True)
class Inflows:
    """External inflows: m3/s = scale x series (0 outside it) + baseline x pattern. Rows NONE where there is none."""

    node: np.ndarray
    series: np.ndarray
    scale: np.ndarray
    baseline: np.ndarray
    pattern: np.ndarray


@dataclass(frozen=True)
class DryWeather:
    """Dry-weather flow: ``mean`` m3/s times up to four patterns, ``patterns`` (n, 4) rows or NONE."""

    node: np.ndarray
    mean: np.ndarray
    patterns: np.ndarray


@dataclass(frozen=True)
class Options:
    """What the input says about the run. ``min_surface_area`` m2 of a manhole; ``force_main`` H-W or D-W;
    ``rule_step`` s between looks at the rules (0: every step); ``ponding`` whether ponded areas count.
    """

    start: datetime = datetime(2000, 1, 1)
    end: datetime = datetime(2000, 1, 1, 6)
    routing_step: float = 1.0
    report_step: float = 60.0
    rule_step: float = 0.0
    min_surface_area: float = 1.167
    ponding: bool = False
    force_main: str = "H-W"
    surcharge: str = "EXTRAN"
    lengthening_step: float = 0.0
    normal_flow_limited: str = "SLOPE"
    inertial_damping: str = "NONE"


@dataclass(frozen=True)
class Unsupported:
    """Something in the input that the tables cannot hold: section or kind, name and why.

    ``by_swmm``: whether EPA SWMM can run it beside a street.
    """

    kind: str
    name: str
    reason: str
    by_swmm: bool = False


@dataclass(frozen=True)
class Network:
    """A whole network. ``notes`` lists what a reader changed or assumed, ``unsupported`` what it could not represent.

    ``gauges`` are the names of places on the street whose depth rules look at; ``places`` says by kind and name in
    capitals where the file has an object, as ``[CONDUITS] line 12, C1``.
    """

    nodes: Nodes
    links: Links
    storages: Storages
    outfalls: Outfalls
    dividers: Dividers
    sections: Sections
    conduits: Conduits
    pumps: Pumps
    orifices: Orifices
    weirs: Weirs
    outlets: Outlets
    inflows: Inflows
    dry_weather: DryWeather
    curves: tuple[Curve, ...] = ()
    series: tuple[Series, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    transects: tuple[Transect, ...] = ()
    rules: tuple[Rule, ...] = ()
    options: Options = field(default_factory=Options)
    unsupported: tuple[Unsupported, ...] = ()
    notes: tuple[str, ...] = ()
    crs_wkt: str = ""
    gauges: tuple[str, ...] = ()
    places: dict[tuple[str, str], str] = field(default_factory=dict)
