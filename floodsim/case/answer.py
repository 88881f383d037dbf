"""Case sections about the answer: points, lines, waterlogging points, standard, solver, output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floodsim.case.ground import Coordinate, Name, Section
from floodsim.case.paths import InputFile
from floodsim.case.units import Duration, Length


class Point(Section):
    """A gauge: series of depth, level and velocity."""

    name: Name
    x: float
    y: float


class Line(Section):
    """A discharge line: series and volume of what crosses it, positive to the right of its direction."""

    name: Name
    coordinates: Annotated[list[Coordinate], Field(min_length=2)]


AreaKind = Literal["central", "non_central", "important", "hub"]


class WaterloggingPoint(Section):
    """A waterlogging point 易涝积水点: a circle or a polygon that gets a verdict."""

    name: Name
    x: float | None = None
    y: float | None = None
    radius: Annotated[Length, Field(gt=0, le=2000)] = 30.0
    polygon: list[Coordinate] | None = None
    lane: list[Coordinate] | None = Field(
        None,
        description="polygon of the lane nearest the crown, on which the depth limit is judged; default the whole area",
    )
    area_kind: AreaKind = "central"
    historical: bool = True


class WaterloggingFile(Section):
    """Waterlogging points out of a vector layer: points with a radius or polygons, attributes by name."""

    file: InputFile
    layer: str | None = None
    encoding: str | None = None
    name_field: str = "name"
    area_kind_field: str = "area_kind"
    radius: Annotated[Length, Field(gt=0, le=2000)] = 30.0


class Lifelines(Section):
    """Lifeline facilities 生命线设施, points or polygons of a vector layer: when does water reach them?"""

    file: InputFile
    layer: str | None = None
    encoding: str | None = None
    name_field: str = "name"
    kind_field: str = Field(
        "kind", description="attribute that says what it is: hospital, substation, pump station ..."
    )
    threshold: Annotated[Length, Field(gt=0, le=10)] = Field(0.15, description="depth from which a facility is reached")


class Standard(Section):
    """The standard the verdict is given by."""

    name: str = "GB50014-2021"
    city_class: Literal["super", "mega", "large", "medium", "small"] = Field(
        "medium", description="超大 super, 特大 mega, 大 large, 中等 medium, 小 small city"
    )
    overrides: dict[str, float] = Field(
        {}, description="thresholds replaced by the project, in SI; every report says so"
    )


class Solver(Section):
    """How the water is moved."""

    scheme: Literal["hllc", "inertial"] = "hllc"
    order: Literal[1, 2] = 1
    precision: Literal["double", "single"] = "double"
    cfl: Annotated[float, Field(gt=0.05, le=0.65)] = Field(
        0.45, description="Courant number of the faster axis; above 0.46 still water can grow a checkerboard of waves"
    )
    threads: Annotated[int, Field(ge=0, le=1024)] = Field(0, description="0: all cores this process may use")
    sync_interval: Annotated[Duration, Field(gt=0, le=3600)] = Field(
        10.0,
        description="rain, losses and boundaries are renewed on this beat; the clock lands on every multiple of it",
    )
    mass_limit: Annotated[float, Field(gt=0, le=1)] = Field(
        1e-6, description="relative mass error at which the run stops"
    )


MapVariable = Literal["depth", "level", "velocity_x", "velocity_y", "speed"]


class Output(Section):
    """What is written, and how often."""

    interval: Annotated[Duration, Field(gt=0)] = Field(
        300.0, description="between maps; a multiple of solver.sync_interval"
    )
    series_interval: Annotated[Duration, Field(gt=0)] = Field(60.0, description="between values of series")
    maps: list[MapVariable] = ["depth", "level", "velocity_x", "velocity_y"]
    thresholds: Annotated[list[Annotated[Length, Field(gt=0, le=100)]], Field(max_length=4)] = Field(
        [0.15, 0.5], description="durations above these depths"
    )
    arrival_depth: Annotated[Length, Field(gt=0, le=100)] = Field(
        0.01, description="arrival: first time above this depth"
    )
    recession_depth: Annotated[Length, Field(gt=0, le=100)] = Field(
        0.15, description="recession: time from end of rain until below"
    )
    compression: Annotated[int, Field(ge=0, le=9)] = 1
    checkpoint_interval: Annotated[Duration, Field(ge=0, le=30 * 86400)] = Field(
        900.0, description="wall-clock time between checkpoints, from which a run can be continued; 0: never"
    )
