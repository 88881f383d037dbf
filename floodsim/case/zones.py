"""Case sections about drainage zones 排水分区, whose bearable rain is asked for: where, and when one is waterlogged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floodsim.case.ground import Coordinate, Name, Section
from floodsim.case.paths import InputFile
from floodsim.case.units import Duration


class Zone(Section):
    """A drainage zone 排水分区: a polygon."""

    name: Name
    polygon: Annotated[list[Coordinate], Field(min_length=3)]


class ZoneFile(Section):
    """Drainage zones out of a vector layer of polygons."""

    file: InputFile
    layer: str | None = None
    encoding: str | None = None
    name_field: str = "name"


class ZoneRule(Section):
    """When a drainage zone counts as waterlogged 内涝."""

    kind: Literal["auto", "points", "area"] = Field(
        "auto",
        description="points: a waterlogging point of the zone fails the standard; area: too much open ground stands "
        "deeper than the standard's limit; auto: points in zones that have some, area in the others",
    )
    area: Annotated[float, Field(ge=0, le=1e9)] = Field(
        1000.0,
        description="area, m2: open ground that may stand deeper, beyond what does without rain (set by floodsim)",
    )
    duration: Annotated[Duration, Field(ge=0, le=7 * 86400.0)] = Field(
        1800.0, description="area: ground counts that is deeper for longer than this (set by floodsim)"
    )
