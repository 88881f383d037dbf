"""The pump table: what comes to each station by design and in the run, what it can lift, its sump, starts and time.

GB 50014-2021: the design flow of a storm station is that of its inlet trunk (6.2.2); its sump holds at least 30 s of
the largest pump (6.3), 60 s where it drains an underpass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.assess.capacity import Capacity
from floodsim.assess.capacity_rules import CapacityRules
from floodsim.assess.scene import Scene
from floodsim.case.drainage import PumpStation
from floodsim.drainage.network import Network, NodeKind
from floodsim.drainage.node_tables import storage_surface
from floodsim.drainage.pump_flow import installed_flows
from floodsim.output.reader import Results

SLICES = 200
"""Slices of the depth of a sump over which its surface is summed."""


def stations_record(
    results: Results, scene: Scene, capacity: Capacity | None, storm_period: float | None, rules: CapacityRules
) -> list[dict[str, Any]]:
    """A row per pump station of the case, in SI; figures that need an intensity formula are None without one.

    ``design_flow_m3_s`` at the lower design return period of the pipes, ``storm_flow_m3_s`` at that of the storm, both
    of the inlet trunk by the rational method; ``shortfall_m3_s`` is what the installed flow lacks of the storm's, or
    of what came in the run, whichever is more.
    """
    drainage = scene.case.drainage
    assert drainage is not None
    told = {one["name"]: one for one in results.summary.get("drainage", {}).get("stations", [])}
    standard = results.case.get("standard", {})
    asked = rules.design_period(standard.get("name", "GB50014-2021"), standard.get("city_class", "medium"))
    return [
        _station(station, k, results, scene, capacity, (asked or (None,))[0], storm_period, rules)
        | _work(told.get(station.name, {}), rules)
        for k, station in enumerate(drainage.stations)
    ]


def _station(
    station: PumpStation, number: int, results: Results, scene: Scene, capacity: Capacity | None,
    design: float | None, storm: float | None, rules: CapacityRules,
) -> dict[str, Any]:  # fmt: skip
    network, links = scene.network, scene.network.links
    rows = {name.upper(): row for row, name in enumerate(links.name)}
    flows = installed_flows(network)
    unit_flow = {unit.pump: float(flows[rows[unit.pump.upper()]]) for unit in station.units}
    duty = [unit_flow[unit.pump] for unit in station.units if not unit.standby]
    well = int(links.start[rows[station.units[0].pump.upper()]])
    installed, largest = sum(duty), max(unit_flow.values(), default=0.0)
    spare = sum(flow for unit, flow in zip(station.units, unit_flow.values(), strict=True) if unit.standby)
    least = installed - max(duty, default=0.0) + min(spare, max(duty, default=0.0))
    inflow = _inflow(scene, well)
    wanted = _design_flow(capacity, design, well), _design_flow(capacity, storm, well)
    sump = sump_volume(scene, well, station)
    most = max([flow for flow in (wanted[1], float(inflow.max(initial=0.0))) if flow is not None])
    series = results.network
    flow = series["station_flow"].values[:, number].astype(float) if series is not None else np.zeros(0)
    level = series["station_level"].values[:, number].astype(float) if series is not None else np.zeros(0)
    crown = inlet_crown(scene, well)
    return {
        "name": station.name,
        "well": network.nodes.name[well],
        "x": _finite(network.nodes.x[well]),
        "y": _finite(network.nodes.y[well]),
        "units": [
            {"pump": unit.pump, "standby": unit.standby, "flow_m3_s": unit_flow[unit.pump],
             "fails_at_s": unit.fails_at, "repaired_at_s": unit.repaired_at}
            for unit in station.units
        ],
        "installed_m3_s": installed,
        "without_largest_m3_s": least,
        "design_period_a": design,
        "design_flow_m3_s": wanted[0],
        "storm_period_a": storm,
        "storm_flow_m3_s": wanted[1],
        "max_inflow_m3_s": float(inflow.max(initial=0.0)),
        "max_lifted_m3_s": float(flow.max(initial=0.0)),
        "max_level_m": float(level.max()) if level.size else None,
        "inlet_crown_m": crown,
        "margin_m": None if crown is None or not level.size else crown - float(level.max()),
        "shortfall_m3_s": max(most - installed, 0.0),
        "enough": None if wanted[0] is None else installed >= wanted[0],
        "enough_without_largest": None if wanted[0] is None else least >= wanted[0],
        "sump_m3": sump,
        "sump_s": sump / largest if largest > 0.0 else None,
        "sump_needed_s": rules.sump_seconds,
        "sump_needed_underpass_s": rules.sump_seconds_underpass,
        "power_lost_at_s": station.power_lost_at,
        "dark_fills_in_s": _fill_time(scene, well, wanted[0]),
        "clause": rules.origins["pumps"].get("clause", ""),
    }  # fmt: skip


def _work(told: dict[str, Any], rules: CapacityRules) -> dict[str, Any]:
    """What the station did in the run."""
    units = told.get("units", [])
    starts = max((unit["most_starts_per_hour"] for unit in units), default=0)
    return {
        "hours": sum(unit["hours"] for unit in units),
        "starts": sum(unit["starts"] for unit in units),
        "most_starts_per_hour": starts,
        "starts_allowed": rules.starts_per_hour,
        "starts_kept": starts <= rules.starts_per_hour,
        "volume_m3": told.get("volume_m3", 0.0),
        "energy_kwh": told.get("energy_kwh", 0.0),
        "unit_hours": {unit["pump"]: unit["hours"] for unit in units},
    }


def _design_flow(capacity: Capacity | None, period: float | None, well: int) -> float | None:
    """Design flow (m3/s) that comes to a well; None without a formula, or outside what it covers."""
    if capacity is None or period is None:
        return None
    if not capacity.periods[0] - 1e-9 <= period <= capacity.periods[-1] + 1e-9:
        return None
    return capacity.node_flow(period, well)


def _inflow(scene: Scene, well: int) -> np.ndarray:
    """What came to a well in the run (t,), m3/s: by its links other than pumps, and through its own inlets."""
    links = scene.network.links
    pumps = set(scene.network.pumps.link.tolist())
    into = [k for k in range(len(links.name)) if links.end[k] == well and k not in pumps]
    out_of = [k for k in range(len(links.name)) if links.start[k] == well and k not in pumps]
    own = np.flatnonzero(scene.inlet_node == well)
    flow = scene.flow[:, into].sum(axis=1) - scene.flow[:, out_of].sum(axis=1) + scene.taken[:, own].sum(axis=1)
    return np.asarray(np.maximum(flow, 0.0))


def inlet_crown(scene: Scene, well: int) -> float | None:
    """Crown (m) of the highest conduit that feeds a well; None where none does."""
    links, full = scene.network.links, scene.full
    own = [k for k, link in enumerate(scene.network.conduits.link) if links.end[link] == well]
    return max((float(full.bed_end[k] + full.height[k]) for k in own), default=None)


def sump_volume(scene: Scene, well: int, station: PumpStation) -> float:
    """Volume (m3) of a sump between the lowest stop level of its pumps and the crown of its inlet (else its rim)."""
    network = scene.network
    named = {unit.pump.upper() for unit in station.units}
    stops = [
        float(depth)
        for link, depth in zip(network.pumps.link, network.pumps.stop_depth, strict=True)
        if network.links.name[link].upper() in named
    ]
    invert = float(network.nodes.invert[well])
    return _volume(network, well, min(stops, default=0.0), _top(scene, well) - invert)


def _top(scene: Scene, well: int) -> float:
    """Highest level (m) at which a sump serves: the crown of its inlet, else its rim."""
    nodes = scene.network.nodes
    crown = inlet_crown(scene, well)
    return float(nodes.invert[well] + nodes.full_depth[well]) if crown is None else crown


def _fill_time(scene: Scene, well: int, flow: float | None) -> float | None:
    """Time (s) in which a design flow fills an empty sump up to its rim, as it does when the power is lost."""
    if not flow:
        return None
    return _volume(scene.network, well, 0.0, float(scene.network.nodes.full_depth[well])) / flow


def _volume(network: Network, well: int, low: float, high: float) -> float:
    """Volume (m3) of a node between two depths (m)."""
    if high <= low:
        return 0.0
    if network.nodes.kind[well] != NodeKind.STORAGE:
        return network.options.min_surface_area * (high - low)
    row = int(np.flatnonzero(network.storages.node == well)[0])
    edges = np.linspace(low, high, SLICES + 1)
    return float(storage_surface(network, row, 0.5 * (edges[1:] + edges[:-1])).mean() * (high - low))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
