"""Case sections about the water that enters and leaves: rainfall, boundaries, sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from floodsim.case.choices import NUMBER, SERIES, number_or_series
from floodsim.case.ground import Coordinate, Name, Section
from floodsim.case.paths import InputFile
from floodsim.case.units import Discharge, Duration, Length, Rate, ReturnPeriod


class Series(Section):
    """A time series: inline pairs or a CSV file; linear between points, and it must cover the run."""

    values: list[tuple[float, float]] | None = Field(None, description="[[time, value], ...]")
    file: InputFile | None = Field(None, description="CSV with a header")
    time_column: str | None = Field(None, description="default the first column")
    column: str | None = Field(None, description="default the second column")
    time_unit: Literal["s", "min", "h", "d"] = Field("s", description="of numeric times; ISO dates are read as such")
    unit: str | None = Field(None, description="of the values; default SI")


LevelSeries = Annotated[
    Annotated[Length, Field(ge=-500, le=9000), Tag(NUMBER)] | Annotated[Series, Tag(SERIES)],
    Discriminator(number_or_series),
]
DischargeSeries = Annotated[
    Annotated[Discharge, Tag(NUMBER)] | Annotated[Series, Tag(SERIES)], Discriminator(number_or_series)
]


class Rainfall(Section):
    """Rain: a design storm, a measured series or a gridded product. Keys that ``kind`` does not use are left alone."""

    kind: Literal[
        "none", "uniform", "chicago", "triangular", "alternating_block", "scs", "pattern", "series", "gridded"
    ] = "none"
    formula: str | None = Field(None, description="name of an intensity formula (see `floodsim storm --list`)")
    formula_file: InputFile | None = Field(None, description="a formula data file of your own")
    return_period: Annotated[ReturnPeriod, Field(gt=0, le=10_000)] | None = None
    duration: Annotated[Duration, Field(gt=0, le=7 * 86400.0)] = 7200.0
    step: Annotated[Duration, Field(gt=0, le=86400.0)] = Field(300.0, description="length of the rain blocks")
    start: Annotated[Duration, Field(ge=0, le=366 * 86400.0)] = Field(
        0.0,
        description="when the storm begins; series and gridded: added to the times of the file (8 h: UTC to Beijing)",
    )
    peak_ratio: Annotated[float, Field(ge=0, le=1)] = Field(0.4, description="position of the peak, r")
    depth: Annotated[Length, Field(ge=0, le=5)] | None = Field(
        None, description="total depth; default from the formula"
    )
    intensity: Annotated[Rate, Field(ge=0, le=3e-4)] | None = Field(
        None, description="mean intensity over the duration, instead of depth"
    )
    scs_type: Literal["I", "IA", "II", "III"] = "II"
    pattern: InputFile | None = Field(None, description="pattern: CSV of time share and cumulative depth share")
    file: InputFile | None = Field(None, description="series: CSV; gridded: NetCDF")
    time_column: str | None = None
    column: str | None = None
    time_unit: Literal["s", "min", "h", "d"] = "s"
    unit: str | None = Field(None, description='series and gridded: "mm/h" (intensity) or "mm" (depth per step)')
    stamp: Literal["start", "end"] = Field(
        "start", description="whether a time marks the start or the end of its block"
    )
    record: Annotated[Duration, Field(gt=0, le=31 * 86400.0)] | None = Field(
        None, description="series and gridded: length of a record; default the most common distance of records"
    )
    gaps: Literal["refuse", "dry", "hold"] = Field(
        "refuse", description="missing records: refuse the case, take as dry (SWMM rain files), or hold the last value"
    )
    station: str | None = Field(None, description="series: station of a SWMM rain file that holds several")
    skip_rows: Annotated[int, Field(ge=0)] = 0
    variable: str | None = Field(
        None, description="gridded: variable of the NetCDF file; default the only one with time"
    )
    crs: str | None = Field(None, description='gridded: "EPSG:4326" and so on where the file does not say')
    factor: Annotated[float, Field(ge=0, le=10)] = Field(1.0, description="multiplies every intensity")


class Boundary(Section):
    """What happens along a stretch of the edge. Every other edge is closed."""

    name: Name
    kind: Literal["closed", "open", "level", "discharge", "rating"]
    edge: Literal["west", "east", "south", "north"] | None = None
    span: tuple[float, float] | None = Field(
        None, description="from, to in grid coordinates along the edge; default all of it"
    )
    file: InputFile | None = Field(None, description="polygons: every edge face inside is part of the boundary")
    layer: str | None = None
    polygon: list[Coordinate] | None = None
    level: LevelSeries | None = Field(None, description="level: water level outside, a number or a series")
    discharge: DischargeSeries | None = Field(None, description="total inflow over the stretch, positive into the grid")
    slope: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="open: normal flow at this slope; default free outflow"
    )
    table: InputFile | None = Field(None, description="rating: CSV with columns level,discharge (out of the grid)")


class Source(Section):
    """Water added at a point or along a line (negative takes water away, as far as there is any)."""

    name: Name
    kind: Literal["point", "line"] = "point"
    x: float | None = None
    y: float | None = None
    coordinates: list[Coordinate] | None = None
    discharge: DischargeSeries = Field(description="a number or a series; negative takes water away")
