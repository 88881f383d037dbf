"""One table of every variable that floodsim reads, holds or writes. All metadata in files comes from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A variable: its name in files, CF metadata, unit, where it lives on the grid and what it is for."""

    name: str
    long_name: str
    unit: str
    standard_name: str = ""
    location: str = "cell"  # cell, face, point, line, grid
    role: str = "output"  # ground, forcing, state, output, envelope, series
    cell_methods: str = ""
    decimals: int | None = None  # decimal places kept in compressed files; None keeps all
    long_name_zh: str = ""

    def attributes(self) -> dict[str, str]:
        """CF attributes for a NetCDF variable."""
        attributes = {"long_name": self.long_name, "units": self.unit}
        if self.standard_name:
            attributes["standard_name"] = self.standard_name
        if self.cell_methods:
            attributes["cell_methods"] = self.cell_methods
        return attributes


_TABLE = [
    Variable("bed", "bed level", "m", "ground_level_altitude", role="ground", long_name_zh="地面高程"),
    Variable("roughness", "Manning roughness coefficient", "s m-1/3", role="ground", long_name_zh="糙率"),
    Variable("active", "cell is part of the domain", "1", role="ground"),
    Variable("building", "cell is covered by a building", "1", role="ground", long_name_zh="建筑"),
    Variable("rain_share", "share of the rainfall rate that lands on the cell", "1", role="ground"),
    Variable("loss_class", "class of infiltration parameters", "1", role="ground"),
    Variable("rainfall", "rainfall rate", "m s-1", "rainfall_rate", role="forcing", long_name_zh="雨强"),
    Variable("infiltration", "infiltrated depth", "m", role="state", long_name_zh="下渗量"),
    Variable(
        "depth",
        "water depth",
        "m",
        "flood_water_thickness",
        role="state",
        cell_methods="time: point",
        decimals=4,
        long_name_zh="水深",
    ),
    Variable(
        "level",
        "water level",
        "m",
        "water_surface_height_above_reference_datum",
        role="state",
        cell_methods="time: point",
        decimals=4,
        long_name_zh="水位",
    ),
    Variable("velocity_x", "velocity along x", "m s-1", role="state", cell_methods="time: point", decimals=4),
    Variable("velocity_y", "velocity along y", "m s-1", role="state", cell_methods="time: point", decimals=4),
    Variable(
        "speed",
        "flow speed",
        "m s-1",
        "flood_water_speed",
        role="state",
        cell_methods="time: point",
        decimals=4,
        long_name_zh="流速",
    ),
    Variable(
        "max_depth",
        "maximum water depth",
        "m",
        "flood_water_thickness",
        role="envelope",
        cell_methods="time: maximum",
        long_name_zh="最大积水深度",
    ),
    Variable("time_of_max_depth", "time of maximum depth, from the start", "s", role="envelope"),
    Variable(
        "max_speed",
        "maximum flow speed where deeper than 1 cm",
        "m s-1",
        "flood_water_speed",
        role="envelope",
        cell_methods="time: maximum",
        long_name_zh="最大流速",
    ),
    Variable(
        "max_unit_discharge",
        "maximum discharge per unit width",
        "m2 s-1",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable(
        "max_hazard",
        "maximum flood hazard rating d (v + 0.5) + debris factor",
        "m2 s-1",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable("arrival_time", "first time deeper than the arrival depth, from the start", "s", role="envelope"),
    Variable("duration_above", "time spent deeper than the threshold", "s", role="envelope", long_name_zh="积水历时"),
    Variable("last_time_above", "last time deeper than the recession depth, from the start", "s", role="envelope"),
    Variable(
        "recession_time",
        "time from the end of rain until shallower than the recession depth",
        "s",
        role="envelope",
        long_name_zh="退水时间",
    ),
    Variable("limiter_share", "share of the run in which this cell set the time step", "1", role="envelope"),
    Variable("discharge", "discharge through a line", "m3 s-1", location="line", role="series", long_name_zh="流量"),
    Variable("volume", "volume that passed a line", "m3", location="line", role="series"),
    Variable(
        "still_above_recession_depth",
        "water is deeper than the recession depth at the end of the run",
        "1",
        role="envelope",
    ),
    Variable(
        "waterlogging_depth",
        "greatest depth within the waterlogging point",
        "m",
        location="point",
        role="series",
        long_name_zh="易涝积水点最大水深",
    ),
    Variable(
        "waterlogging_volume",
        "volume of water on the waterlogging point",
        "m3",
        location="point",
        role="series",
        long_name_zh="易涝积水点水量",
    ),
    Variable(
        "waterlogging_area",
        "area of the waterlogging point deeper than 0.15 m",
        "m2",
        location="point",
        role="series",
        long_name_zh="易涝积水点积水面积",
    ),
    Variable(
        "catchment_inflow",
        "volume that has entered the catchment over its rim since the start",
        "m3",
        location="point",
        role="series",
        long_name_zh="越界流入水量",
    ),
    Variable(
        "catchment_outflow",
        "volume that has left the catchment over its rim since the start",
        "m3",
        location="point",
        role="series",
        long_name_zh="越界流出水量",
    ),
    Variable(
        "catchment_rain",
        "volume of rain on the catchment since the start",
        "m3",
        location="point",
        role="series",
        long_name_zh="汇水区降雨量",
    ),
    Variable("node_head", "head of the node", "m", location="node", role="series", long_name_zh="节点水位"),
    Variable(
        "node_depth",
        "depth of water over the invert of the node",
        "m",
        location="node",
        role="series",
        long_name_zh="节点水深",
    ),
    Variable(
        "node_overflow",
        "flow out of the node onto the street or over its rim",
        "m3 s-1",
        location="node",
        role="series",
        cell_methods="time: mean",
        long_name_zh="节点溢流",
    ),
    Variable(
        "link_flow",
        "flow in the link, positive from its start to its end",
        "m3 s-1",
        location="link",
        role="series",
        long_name_zh="管道流量",
    ),
    Variable(
        "link_velocity",
        "flow velocity in the conduit",
        "m s-1",
        location="link",
        role="series",
        long_name_zh="管道流速",
    ),
    Variable(
        "link_filling",
        "mean depth over the height of the conduit",
        "1",
        location="link",
        role="series",
        long_name_zh="充满度",
    ),
    Variable(
        "inlet_flow",
        "flow into the drain, negative where it comes out",
        "m3 s-1",
        location="inlet",
        role="series",
        cell_methods="time: mean",
        long_name_zh="雨水口流量",
    ),
    Variable(
        "inlet_volume",
        "net volume into the drain since the start",
        "m3",
        location="inlet",
        role="series",
        long_name_zh="雨水口水量",
    ),
    Variable(
        "station_level", "level in the wet well", "m", location="station", role="series", long_name_zh="集水池水位"
    ),
    Variable(
        "station_flow",
        "flow lifted",
        "m3 s-1",
        location="station",
        role="series",
        cell_methods="time: mean",
        long_name_zh="泵站流量",
    ),
    Variable("units_running", "pumps that run", "1", location="station", role="series", long_name_zh="开泵台数"),
    Variable(
        "station_starts",
        "starts of pumps since the start of the run",
        "1",
        location="station",
        role="series",
        long_name_zh="启泵次数",
    ),
    Variable(
        "station_energy", "energy used since the start", "kW h", location="station", role="series", long_name_zh="电耗"
    ),
    Variable(
        "max_node_depth",
        "greatest depth in the node",
        "m",
        location="node",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable(
        "max_node_head",
        "greatest head of the node",
        "m",
        location="node",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable(
        "time_of_max_node_depth", "time of the greatest depth, from the start", "s", location="node", role="envelope"
    ),
    Variable(
        "overflow_volume",
        "volume that came out of the node onto the street or was lost over its rim",
        "m3",
        location="node",
        role="envelope",
        long_name_zh="溢流水量",
    ),
    Variable(
        "max_link_flow",
        "greatest size of the flow",
        "m3 s-1",
        location="link",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable(
        "max_link_velocity",
        "greatest size of the velocity",
        "m s-1",
        location="link",
        role="envelope",
        cell_methods="time: maximum",
    ),
    Variable(
        "max_link_filling", "greatest filling", "1", location="link", role="envelope", cell_methods="time: maximum"
    ),
    Variable(
        "surcharged_time",
        "time with both ends of the conduit full",
        "s",
        location="link",
        role="envelope",
        long_name_zh="满管历时",
    ),
]

VARIABLES: dict[str, Variable] = {variable.name: variable for variable in _TABLE}
