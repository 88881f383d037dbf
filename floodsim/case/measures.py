"""Case sections about what could be built: candidate measures 工程措施, named sets of them, and which ones are applied.

A measure is a small change of the case. It is applied where its subject is made: the ground, the losses, the rain on
roofs, the network and its inlets; the case itself only says which measures hold.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floodsim.case.drainage import Share, Size
from floodsim.case.ground import Coordinate, Name, Section
from floodsim.case.paths import InputFile
from floodsim.case.units import Discharge, Length, PerTime, Rate

MeasureKind = Literal[
    "pipe",
    "new_pipe",
    "pump",
    "tank",
    "inlets",
    "flap",
    "rule",
    "permeable",
    "green_roof",
    "channel",
    "wall",
]
Level = Annotated[Length, Field(ge=-500, le=9000)]


class Measure(Section):
    """One candidate measure. Which keys it takes depends on its kind; keys of other kinds are refused.

    pipe 管道扩径: ``conduits`` get ``diameter`` (or ``height`` and ``width``), or go ``sizes_up`` standard sizes up.
    new_pipe 新建管道: from ``start`` to ``end``, or to an outfall made at ``outfall``.
    pump 泵组: ``units`` more at a ``station``, or a new station from ``start`` to ``end``.
    tank 调蓄池: ``volume`` beside ``node``, filled over a weir at ``crest``, emptied by ``drain_flow`` of a pump or
    through ``drain_diameter``.
    inlets 雨水口: ``count`` more of ``inlet_class`` at ``nodes``, at ``places``, or along ``coordinates``.
    flap 拍门: at ``outfalls``. rule 调度规则: ``text`` of a rule, as [CONTROLS] of SWMM has it.
    permeable 透水铺装: infiltration inside a polygon. green_roof 绿色屋顶: the first ``retention`` of rain stays on the
    roofs, and of the rest ``runoff_share`` runs off.
    channel 行泄通道: the ground along a line lowered ``by``. wall 挡墙、路缘: raised ``by``, or to ``level``.
    """

    name: Name
    kind: MeasureKind
    title: str = Field("", description="what is built, for the report; default the name")
    cost: Annotated[float, Field(ge=0, le=1e15)] = Field(description="in plan.currency")
    phase: Literal["near", "mid", "long", 1, 2, 3, 4, 5, 6, 7, 8, 9] = Field(
        "near", description="建设时序: near, mid or long term, or a number"
    )
    requires: list[Name] = Field([], description="measures without which this one makes no sense")
    excludes: list[Name] = Field([], description="measures that cannot be built together with this one")

    conduits: list[Name] | None = Field(None, description="pipe: conduits of the network")
    diameter: Size | None = Field(None, description="pipe, new_pipe: of a circular pipe")
    height: Size | None = Field(None, description="pipe, new_pipe: of a box")
    width: Annotated[Length, Field(gt=0, le=1000)] | None = Field(
        None, description="pipe, new_pipe: of a box; channel, wall: of the strip along the line, default one cell"
    )
    sizes_up: Annotated[int, Field(ge=1, le=10)] | None = Field(
        None, description="pipe: standard sizes above the present one"
    )
    keep: Literal["crown", "invert"] | None = Field(
        None, description="pipe: which level stays, as far as the nodes allow; default crown 管顶"
    )

    start: Name | None = Field(None, description="new_pipe, pump: node from which water is taken")
    end: Name | None = Field(None, description="new_pipe, pump: node to which it goes")
    outfall: Coordinate | None = Field(None, description="new_pipe: place of a new free outfall, instead of end")
    invert_start: Level | None = Field(None, description="new_pipe: default the invert of the node")
    invert_end: Level | None = Field(None, description="new_pipe: default the invert of the node")
    length: Annotated[Length, Field(gt=0, le=1e5)] | None = Field(
        None, description="new_pipe: default the distance of its ends"
    )
    roughness: Annotated[float, Field(ge=0.005, le=0.1)] | None = Field(
        None, description="new_pipe: Manning n, default 0.013"
    )

    station: Name | None = Field(None, description="pump: station of the case that gets more units")
    units: Annotated[int, Field(ge=1, le=20)] | None = Field(None, description="pump: number of units, default 1")
    flow: Annotated[Discharge, Field(gt=0, le=1000)] | None = Field(
        None, description="pump: of one unit; default as the first unit of the station"
    )
    start_level: Level | None = Field(None, description="pump: default as the station, else 0.6 m above the invert")
    stop_level: Level | None = Field(None, description="pump: default as the station, else 0.3 m above the invert")

    node: Name | None = Field(None, description="tank: node beside which it lies")
    volume: Annotated[float, Field(gt=0, le=1e7)] | None = Field(None, description="tank: m3")
    depth: Annotated[Length, Field(gt=0, le=50)] | None = Field(None, description="tank: of its water when full")
    crest: Level | None = Field(None, description="tank: level over which it fills; default half the node's depth")
    weir_length: Size | None = Field(None, description="tank: of that weir, default 3 m")
    drain_to: Name | None = Field(None, description="tank: node into which it empties; default node")
    drain_flow: Annotated[Discharge, Field(gt=0, le=100)] | None = Field(
        None, description="tank: of the pump that empties it once the node is half empty"
    )
    drain_diameter: Size | None = Field(None, description="tank: of the flapped pipe that empties it by gravity")

    inlet_class: Name | None = Field(None, description="inlets: class of drainage.inlet_classes")
    nodes: list[Name] | None = Field(None, description="inlets: nodes that get them")
    places: list[Coordinate] | None = Field(None, description="inlets: where they lie; each drains to the nearest node")
    count: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="inlets: at each place, default 1")
    spacing: Annotated[Length, Field(gt=0, le=1000)] | None = Field(
        None, description="inlets: between places along the line, default 20 m"
    )
    reach: Annotated[Length, Field(gt=0, le=1000)] | None = Field(
        None, description="inlets: farthest node that a place may drain to, default 60 m"
    )
    outfalls: list[Name] | None = Field(None, description="flap: outfalls of the network")
    text: str | None = Field(None, description="rule: its clauses; a rule of the network with its name is replaced")

    coordinates: list[Coordinate] | None = Field(
        None, description="channel, wall, inlets: line; permeable, green_roof: polygon; in grid coordinates"
    )
    file: InputFile | None = Field(None, description="channel, wall: lines; permeable, green_roof: polygons")
    layer: str | None = None
    by: Annotated[Length, Field(gt=0, le=200)] | None = Field(None, description="channel: depth; wall: height")
    level: Level | None = Field(None, description="wall: of its crest, instead of by")

    rate: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="permeable, losses constant")
    soil: str | None = Field(None, description="permeable, losses green_ampt: name of a soil texture")
    conductivity: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="permeable, green_ampt: K")
    suction: Annotated[Length, Field(ge=0, le=5)] | None = Field(None, description="permeable, green_ampt")
    deficit: Annotated[float, Field(ge=0, le=0.7)] | None = Field(None, description="permeable, green_ampt")
    initial_rate: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="permeable, horton: f0")
    final_rate: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="permeable, horton: fc")
    decay: Annotated[PerTime, Field(ge=0, le=1)] | None = Field(None, description="permeable, horton: k")
    curve_number: Annotated[float, Field(ge=1, le=100)] | None = Field(None, description="permeable, curve_number")
    retention: Annotated[Length, Field(ge=0, le=1)] | None = Field(
        None, description="green_roof: rain that stays on the roof"
    )
    runoff_share: Share | None = Field(None, description="green_roof: of the rain after that, default 1")


class MeasureSet(Section):
    """A named set of measures 方案."""

    name: Name
    measures: Annotated[list[Name], Field(min_length=1)]


class Plan(Section):
    """Which measures are applied in a run, and what measures cost."""

    currency: Annotated[str, Field(max_length=20)] = Field("万元", description="unit of every cost")
    applied: list[Name] = Field([], description="measures that hold in this run; --measures sets them")
    sets: list[MeasureSet] = []
