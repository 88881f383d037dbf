"""The case: what an engineer states. The only place, with its neighbours, that knows pydantic."""

from __future__ import annotations

from pydantic import Field

from floodsim.case.answer import Lifelines, Line, Output, Point, Solver, Standard, WaterloggingFile, WaterloggingPoint
from floodsim.case.drainage import Drainage
from floodsim.case.ground import Buildings, Clock, GridSection, Initial, Losses, Roughness, Section
from floodsim.case.measures import Measure, Plan
from floodsim.case.water import Boundary, Rainfall, Source
from floodsim.case.zones import Zone, ZoneFile, ZoneRule


class Case(Section):
    """A whole case file. Quantities are SI once read; paths are absolute once loaded."""

    name: str = Field(pattern=r"^\w[\w\-.]*$", max_length=100, description="short name; names the result folder")
    title: str = ""
    description: str = ""
    clock: Clock
    grid: GridSection = GridSection()
    buildings: Buildings = Buildings()
    roughness: Roughness = Roughness()
    rainfall: Rainfall = Rainfall()
    losses: Losses = Losses()
    initial: Initial = Initial()
    boundaries: list[Boundary] = []
    sources: list[Source] = []
    drainage: Drainage | None = None
    points: list[Point] = []
    lines: list[Line] = []
    waterlogging_points: list[WaterloggingPoint] = []
    waterlogging_file: WaterloggingFile | None = None
    zones: list[Zone] = []
    zone_file: ZoneFile | None = None
    zone_rule: ZoneRule = ZoneRule()
    lifelines: Lifelines | None = None
    measures: list[Measure] = []
    plan: Plan = Plan()
    standard: Standard = Standard()
    solver: Solver = Solver()
    output: Output = Output()
