"""Case sections about the ground: grid, terrain edits, buildings, roughness, losses, initial water."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from floodsim.case.choices import FILE, NUMBER, WORD, length_or_file, none_or_file, number_or_file
from floodsim.case.paths import InputFile
from floodsim.case.units import Duration, InputError, Length, PerTime, Rate


class Section(BaseModel):
    """Base of every section of a case: frozen, and it refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


Coordinate = tuple[float, float]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class TerrainEdit(Section):
    """One change of the terrain along lines or inside polygons; edits are applied in the order given.

    ``raise`` and ``lower`` add or subtract ``by``; ``set`` puts ``level``; ``breach`` cuts a continuous channel of
    ``width`` no higher than the level along a line; ``wall`` lifts every cell a line crosses so that water cannot slip
    through diagonally, even where the wall is thinner than a cell.
    """

    name: str = ""
    kind: Literal["raise", "lower", "set", "breach", "wall"]
    file: InputFile | None = None
    layer: str | None = None
    coordinates: list[Coordinate] | None = Field(
        None, description="inline line, or closed polygon, in grid coordinates"
    )
    by: Annotated[Length, Field(ge=0, le=200)] | None = Field(None, description="height change for raise, lower, wall")
    level: Annotated[Length, Field(ge=-500, le=9000)] | None = Field(
        None, description="absolute level for set, breach, wall"
    )
    level_field: str | None = Field(None, description="attribute of the layer that holds level (or height change)")
    width: Annotated[Length, Field(ge=0, le=1000)] | None = Field(
        None, description="full width of a line; default one cell"
    )
    encoding: str | None = None


class GridSection(Section):
    """Terrain and extent of the computational grid."""

    terrain: InputFile | None = Field(None, description="GeoTIFF, Arc/Info ASCII, NetCDF or Zarr of ground levels in m")
    terrain_variable: str | None = Field(
        None, description="variable of a NetCDF (Zarr) terrain; default the only 2D one"
    )
    crs: str | None = Field(
        None, description='"EPSG:4544" and so on, or "local" for a grid without CRS; default the terrain\'s'
    )
    resolution: Annotated[Length, Field(gt=0, le=1000)] | None = Field(
        None, description="cell size; default the terrain's"
    )
    extent: tuple[float, float, float, float] | None = Field(None, description="xmin, ymin, xmax, ymax to crop to")
    resampling: Literal["average", "bilinear", "nearest", "min", "max"] = "average"
    nodata: Literal["refuse", "fill", "outside"] = Field(
        "refuse", description="cells without terrain: refuse the case, fill from neighbours, or leave out of the domain"
    )
    nodata_value: float | None = Field(None, description="value that means no data, where the file does not say")
    max_fill_cells: int = Field(10_000, ge=0, description="largest hole that nodata = fill may close")
    roughness: Annotated[
        Annotated[float, Field(ge=0, le=2), Tag(NUMBER)] | Annotated[InputFile, Tag(FILE)],
        Discriminator(number_or_file),
    ] = Field(0.03, description="Manning n in s m^-1/3, or a raster of n or of land-cover classes")
    buildings: Annotated[
        Annotated[InputFile, Tag(FILE)] | Annotated[Literal["none"], Tag(WORD)], Discriminator(none_or_file)
    ] = Field("none", description="building polygons: GeoPackage, GeoJSON or shapefile")
    edits: list[TerrainEdit] = []


class Buildings(Section):
    """How building polygons enter the grid."""

    mode: Literal["raised", "blocked"] = "raised"
    height: Annotated[Length, Field(gt=0, le=100)] = Field(
        5.0, description="lift of the roof above the highest ground below it"
    )
    height_field: str | None = None
    sill: Annotated[Length, Field(ge=0, le=5)] = Field(0.15, description="height of the ground floor above the street")
    layer: str | None = None
    encoding: str | None = Field(None, description="of shapefile attributes; default: .cpg file, else UTF-8, else GBK")
    overlap: Literal["warn", "refuse"] = "warn"


class Roughness(Section):
    """How a land-cover raster becomes Manning n."""

    table: InputFile | None = Field(None, description="CSV with columns class,name,manning; default the built-in table")
    default: Annotated[float, Field(ge=0.005, le=2.0)] | None = Field(
        None, description="n for classes not in the table"
    )
    building: Annotated[float, Field(ge=0.005, le=2.0)] = Field(0.02, description="n of roofs of raised buildings")


class Losses(Section):
    """Infiltration. One set of parameters, or one per land-cover class out of ``table``."""

    kind: Literal["none", "constant", "green_ampt", "horton", "curve_number"] = "none"
    rate: Annotated[Rate, Field(ge=0, le=1e-3)] = Field(0.0, description="constant: loss rate where water stands")
    soil: str | None = Field(None, description="green_ampt: name of a soil texture of the built-in table")
    conductivity: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="green_ampt: saturated K")
    suction: Annotated[Length, Field(ge=0, le=5)] | None = Field(
        None, description="green_ampt: suction head at the front"
    )
    deficit: Annotated[float, Field(ge=0, le=0.7)] | None = Field(
        None, description="green_ampt: initial moisture deficit"
    )
    initial_rate: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="horton: f0")
    final_rate: Annotated[Rate, Field(ge=0, le=1e-3)] | None = Field(None, description="horton: fc")
    decay: Annotated[PerTime, Field(ge=0, le=1)] | None = Field(None, description="horton: k")
    curve_number: Annotated[float, Field(ge=1, le=100)] | None = None
    initial_abstraction: Annotated[float, Field(ge=0, le=0.5)] = Field(0.2, description="curve_number: share of S")
    table: InputFile | None = Field(
        None, description="CSV with column class and the parameters above, in the units of its header"
    )
    land_cover: InputFile | None = Field(
        None, description="class raster for the table; default grid.roughness if that is one"
    )
    roofs: bool = Field(False, description="whether building cells infiltrate")


class Initial(Section):
    """Water on the grid at the start."""

    level: Annotated[Length, Field(ge=-500, le=9000)] | None = Field(
        None, description="still water level wherever above ground"
    )
    depth: (
        Annotated[
            Annotated[Length, Field(ge=0, le=500), Tag(NUMBER)] | Annotated[InputFile, Tag(FILE)],
            Discriminator(length_or_file),
        ]
        | None
    ) = Field(None, description="uniform depth, or raster of depth")


class Clock(Section):
    """When the run starts and how long it lasts."""

    start: str = Field("2000-01-01T00:00:00", description="ISO 8601 time of t = 0, without zone")
    duration: Annotated[Duration, Field(gt=0, le=366 * 86400.0)]

    @field_validator("start", mode="before")
    @classmethod
    def _iso(cls, value: Any) -> Any:
        """Accept a TOML or YAML time as well as text; keep it as ``YYYY-MM-DDTHH:MM:SS``."""
        allowed, remedy = "ISO 8601 time without zone", 'write for example "2025-07-03T07:00:00"'
        if isinstance(value, date):
            time = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        elif isinstance(value, str):
            try:
                time = datetime.fromisoformat(value)
            except ValueError:
                raise InputError("not a time", allowed, remedy) from None
        else:
            raise InputError("not a time", allowed, remedy)
        if time.tzinfo is not None:
            raise InputError("a time with a zone", allowed, "write local time and leave the zone out")
        return time.isoformat()
