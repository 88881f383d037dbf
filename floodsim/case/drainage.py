"""Case section about the pipe network: its file, inlets and their classes, roofs, outfalls and pump stations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floodsim.case.ground import Name, Section
from floodsim.case.paths import InputFile
from floodsim.case.units import Discharge, Duration, Length, Rate, Speed

Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[Length, Field(gt=0, le=100)]
Grate = Literal[
    "P_BAR-50", "P_BAR-50x100", "P_BAR-30", "CURVED_VANE", "TILT_BAR-45", "TILT_BAR-30", "RETICULINE", "GENERIC"
]


class InletClass(Section):
    """A class of inlets. Weir: Q = 2/3 Cw P sqrt(2 g) d^1.5; orifice: Q = Co A sqrt(2 g d).

    Published coefficients: open manholes Cw 0.49 to 0.59 and Co 0.16 to 0.17, grated circular lids Cw 0.115 to 0.372
    and Co 0.349 to 2.038 (Rubinato et al. 2018), rectangular grates Cw 0.555 and Co 0.67 (HEC-22).
    """

    name: Name
    kind: Literal["manhole", "grate", "kerb", "combination", "slotted", "curve", "sealed"] = Field(
        description="检查井 manhole, 平箅式 grate, 立箅式 kerb, 联合式 combination, slotted, curve, sealed lid"
    )
    diameter: Size = Field(0.7, description="manhole, sealed: of the opening")
    length: Size | None = Field(None, description="grate, slotted: along the kerb")
    width: Size | None = Field(None, description="grate, slotted: across the kerb")
    grate: Grate = Field("GENERIC", description="bars of the grate: gives open share and splash-over speed (HEC-22)")
    open_share: Annotated[float, Field(gt=0, le=1)] = Field(0.5, description="GENERIC grate: clear part of its area")
    splash_speed: Annotated[Speed, Field(gt=0, le=20)] = Field(
        1.5, description="GENERIC grate: speed from which water jumps over it"
    )
    kerb_length: Size | None = Field(None, description="kerb, combination: length of the kerb opening")
    kerb_height: Annotated[Length, Field(gt=0, le=2)] | None = Field(None, description="kerb, combination: its height")
    cross_slope: Annotated[float, Field(ge=0, le=0.3)] = Field(
        0.02, description="of the street towards the kerb, which the cells do not show; 0: they do"
    )
    capture: Literal["depth", "hec22"] | None = Field(
        None, description="by depth alone, or HEC-22 by depth and speed; default depth for manholes, else hec22"
    )
    weir: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="Cw; default by kind")
    orifice: Annotated[float, Field(gt=0, le=3)] | None = Field(None, description="Co; default by kind")
    surcharge_orifice: Annotated[float, Field(gt=0, le=3)] | None = Field(
        None, description="Co of what comes out; default as orifice"
    )
    curve: list[tuple[float, float]] | None = Field(None, description="curve: [[depth in m, m3/s], ...]")
    lift_head: Annotated[Length, Field(ge=0, le=10)] = Field(
        0.0, description="head above the street at which a sealed lid lifts: its weight over its area and water's"
    )
    clogging: Share = Field(0.0, description="share of the opening that is clogged 堵塞率")
    max_flow: Annotated[Discharge, Field(gt=0, le=100)] | None = Field(None, description="largest capture of one inlet")


class Roofs(Section):
    """Rain on roofs that goes into the drain by downpipes 雨落管; what is over the capacity falls to the street."""

    capacity: Annotated[Rate, Field(gt=0, le=3e-3)] = Field(description="rain that the downpipes can take")
    distance: Annotated[Length, Field(gt=0, le=2000)] = Field(
        60.0, description="a roof cell without a node this near drains to the street"
    )


class PumpUnit(Section):
    """A unit of a pump station: a pump of the network."""

    pump: Name = Field(description="name of the pump link in the network")
    standby: bool = Field(False, description="runs only in place of a unit that has failed 备用泵")
    efficiency: Annotated[float, Field(gt=0, le=1)] = Field(0.75, description="of pump and motor together")
    start_level: Annotated[Length, Field(ge=-500, le=9000)] | None = Field(
        None, description="level in the wet well at which it starts; default as in the network"
    )
    stop_level: Annotated[Length, Field(ge=-500, le=9000)] | None = None
    fails_at: Annotated[Duration, Field(ge=0)] | None = Field(None, description="time at which it fails")
    repaired_at: Annotated[Duration, Field(gt=0)] | None = None


class PumpStation(Section):
    """A pump station 泵站: units that lift out of one wet well."""

    name: Name
    units: Annotated[list[PumpUnit], Field(min_length=1)]
    power_lost_at: Annotated[Duration, Field(ge=0)] | None = Field(None, description="time of a power failure 断电")
    power_back_at: Annotated[Duration, Field(gt=0)] | None = None


class Drainage(Section):
    """The pipe network and how it exchanges water with the street."""

    network: InputFile = Field(description="SWMM input (.inp)")
    engine: Literal["floodsim", "swmm"] = Field(
        "floodsim",
        description="floodsim: its own engine, closes to rounding; swmm: EPA SWMM 5.2 (extra swmm) with SLOT and steps "
        "up to 1 s, runs weir dividers too; no rules on street depths, no failing pumps",
    )
    coupling_step: Annotated[Duration, Field(gt=0, le=60)] = Field(
        1.0, description="longest time the exchange stays constant; divides solver.sync_interval"
    )
    adaptive: bool = Field(
        False, description="halve and double the coupling step, down to a 16th, by the error of the exchange"
    )
    tolerance: Annotated[float, Field(gt=0, le=1)] = Field(
        0.05, description="adaptive: part of the exchanged volume that may be misplaced within a beat"
    )
    inlet_classes: list[InletClass] = []
    inlets: InputFile | None = Field(
        None, description="CSV with columns node, class and maybe name, x, y, count, clogging, crest, placement"
    )
    manholes: str = Field(
        "manhole",
        description="class of every junction on the grid that has no inlet; none: they are closed",
    )
    outfalls: Literal["grid", "none"] = Field(
        "grid", description="grid: outfalls on the grid discharge into its cells, whose level is their stage"
    )
    roofs: Roofs | None = None
    stations: list[PumpStation] = []
