"""Pump stations: which units may run (standby, failed units, power), and what they did: starts, volume, energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from floodsim.case.drainage import PumpStation, PumpUnit
from floodsim.case.units import closest
from floodsim.drainage.network import LinkKind, Network
from floodsim.errors import Faults

WATER_WEIGHT = 9810.0
"""N/m3."""
JOULES_PER_KWH = 3.6e6
RUNNING = 1e-6
"""Flow (m3/s) from which a pump counts as running."""
HOUR = 3600.0
BOOKS = ("level", "flow", "units_running", "volume", "energy", "starts")
UNIT_BOOKS = ("running", "run_time", "volume", "energy", "started")


class PumpedNetwork(Protocol):
    """What the report needs of an engine: heads (nodes,) m, flows (links,) m3/s and passed volumes (links,) m3."""

    @property
    def head(self) -> np.ndarray: ...  # noqa: D102

    @property
    def link_flow(self) -> np.ndarray: ...  # noqa: D102

    @property
    def link_volume(self) -> np.ndarray: ...  # noqa: D102


@dataclass
class Unit:
    """A unit with its link row, the nodes it lifts from and to, and its record."""

    section: PumpUnit
    link: int
    well: int
    target: int
    running: bool = False
    run_time: float = 0.0
    volume: float = 0.0
    energy: float = 0.0
    started: list[float] = field(default_factory=list)

    def failed(self, t: float) -> bool:
        """Whether the unit is out of order at time t (s)."""
        return _between(t, self.section.fails_at, self.section.repaired_at)

    @property
    def most_starts_per_hour(self) -> int:
        """Most starts within any 3600 s."""
        times = np.array(self.started)
        return int((np.searchsorted(times, times + HOUR) - np.arange(times.size)).max()) if times.size else 0


@dataclass
class Station:
    """A station and its units."""

    section: PumpStation
    units: list[Unit]

    def dark(self, t: float) -> bool:
        """Whether it has no power at time t (s)."""
        return _between(t, self.section.power_lost_at, self.section.power_back_at)


def _between(t: float, begin: float | None, end: float | None) -> bool:
    return begin is not None and t >= begin - 1e-6 and (end is None or t < end - 1e-6)


class PumpStations:
    """All stations of a run.

    Arrays (stations,): ``volume`` m3, ``energy`` kWh, ``starts`` so far; ``flow`` m3/s, ``level`` m and
    ``units_running`` of the last coupling step.
    """

    def __init__(self, stations: list[Station], links: int) -> None:
        self.stations = stations
        self.names = tuple(station.section.name for station in stations)
        self.links = links
        self._passed = np.zeros(links)
        count = len(stations)
        self.level, self.flow, self.units_running = np.zeros(count), np.zeros(count), np.zeros(count)
        self.volume, self.energy, self.starts = np.zeros(count), np.zeros(count), np.zeros(count)

    def held(self, t: float) -> np.ndarray:
        """Which links (links,) bool must stand at t (s), whatever rules and levels say."""
        held = np.zeros(self.links, bool)
        for station in self.stations:
            lost = sum(unit.failed(t) for unit in station.units if not unit.section.standby)
            for unit in station.units:
                stands = station.dark(t) or unit.failed(t)
                if unit.section.standby and not stands:
                    stands = lost <= 0
                    lost -= 1
                held[unit.link] = stands
        return held

    def record(self, t: float, dt: float, engine: PumpedNetwork) -> None:
        """Book the coupling step of dt (s) that ended at time t (s)."""
        for k, station in enumerate(self.stations):
            flow, running = 0.0, 0
            for unit in station.units:
                volume = float(engine.link_volume[unit.link] - self._passed[unit.link])
                self._passed[unit.link] = engine.link_volume[unit.link]
                runs = volume > RUNNING * dt
                if runs and not unit.running:
                    unit.started.append(t - dt)
                    self.starts[k] += 1
                unit.running = runs
                lift = max(float(engine.head[unit.target] - engine.head[unit.well]), 0.0)
                energy = WATER_WEIGHT * max(volume, 0.0) * lift / unit.section.efficiency / JOULES_PER_KWH
                unit.run_time += dt if runs else 0.0
                unit.volume += volume
                unit.energy += energy
                self.energy[k] += energy
                self.volume[k] += volume
                flow += volume / dt
                running += runs
            self.level[k] = engine.head[station.units[0].well]
            self.flow[k], self.units_running[k] = flow, running

    def memory(self) -> dict[str, Any]:
        """What was booked so far, station by station and unit by unit."""
        return {
            **{name: getattr(self, name) for name in BOOKS},
            "passed": self._passed,
            "units": [[{name: getattr(unit, name) for name in UNIT_BOOKS} for unit in station.units]
                      for station in self.stations],
        }  # fmt: skip

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave."""
        for name in BOOKS:
            getattr(self, name)[...] = memory[name]
        self._passed[...] = memory["passed"]
        for station, books in zip(self.stations, memory["units"], strict=True):
            for unit, book in zip(station.units, books, strict=True):
                for name in UNIT_BOOKS:
                    setattr(unit, name, book[name])

    def summary(self) -> list[dict[str, Any]]:
        """What every station did, unit by unit: hours run, starts, most starts in an hour, volume and energy."""
        return [
            {
                "name": station.section.name,
                "volume_m3": float(self.volume[k]),
                "energy_kwh": float(self.energy[k]),
                "units": [
                    {
                        "pump": unit.section.pump,
                        "standby": unit.section.standby,
                        "hours": unit.run_time / HOUR,
                        "starts": len(unit.started),
                        "most_starts_per_hour": unit.most_starts_per_hour,
                        "volume_m3": unit.volume,
                        "energy_kwh": unit.energy,
                    }
                    for unit in station.units
                ],
            }
            for k, station in enumerate(self.stations)
        ]


def make_stations(sections: Sequence[PumpStation], network: Network, faults: Faults) -> PumpStations:
    """Stations with the pumps they name; a fault for each name that is no pump of the network."""
    rows = {name.upper(): row for row, name in enumerate(network.links.name)}
    pumps = [network.links.name[row] for row in network.pumps.link]
    stations = []
    for number, section in enumerate(sections):
        units = []
        for place, unit in enumerate(section.units):
            row = rows.get(unit.pump.upper(), -1)
            if row < 0 or network.links.kind[row] != LinkKind.PUMP:
                near = closest(unit.pump, pumps)
                faults.add(
                    "is no pump of the network",
                    key=f"drainage.stations[{number}].units[{place}].pump",
                    value=unit.pump,
                    allowed=", ".join(pumps[:20]),
                    remedy=f"did you mean {near}?" if near else "name a link of [PUMPS]",
                )
                continue
            units.append(Unit(unit, row, int(network.links.start[row]), int(network.links.end[row])))
        if units:
            stations.append(Station(section, units))
    return PumpStations(stations, len(network.links.name))


def with_levels(network: Network, sections: Sequence[PumpStation]) -> Network:
    """The network with the start and stop levels that the case gives to pumps, as depths in their wet wells."""
    pumps = network.pumps
    start, stop = pumps.start_depth.copy(), pumps.stop_depth.copy()
    place = {network.links.name[link].upper(): row for row, link in enumerate(pumps.link)}
    for section in sections:
        for unit in section.units:
            row = place.get(unit.pump.upper())
            if row is None:
                continue  # `make_stations` records the fault
            invert = float(network.nodes.invert[network.links.start[pumps.link[row]]])
            if unit.start_level is not None:
                start[row] = unit.start_level - invert
            if unit.stop_level is not None:
                stop[row] = unit.stop_level - invert
    return replace(network, pumps=replace(pumps, start_depth=start, stop_depth=stop))
