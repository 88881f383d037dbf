"""What one field of [drainage] alone cannot tell: classes with their sizes, names used once, times that fit."""

from __future__ import annotations

from collections.abc import Sequence

from floodsim.case.drainage import InletClass, PumpStation, PumpUnit
from floodsim.case.schema import Case
from floodsim.case.units import closest, show
from floodsim.errors import Faults

NEEDED: dict[str, tuple[str, ...]] = {
    "manhole": (),
    "sealed": (),
    "grate": ("length", "width"),
    "slotted": ("length", "width"),
    "kerb": ("kerb_length", "kerb_height"),
    "combination": ("length", "width", "kerb_length", "kerb_height"),
    "curve": ("curve",),
}
BUILT_IN = ("manhole", "sealed", "none")
"""Classes that need no entry of their own; ``none`` leaves a manhole closed."""


def check_engine(case: Case, faults: Faults) -> None:
    """EPA SWMM cannot keep a pump shut against its levels, so nothing may fail under it."""
    if case.drainage is None or case.drainage.engine != "swmm":
        return
    for number, station in enumerate(case.drainage.stations):
        key = f"drainage.stations[{number}]"
        wanted: list[tuple[str, object]] = []
        if station.power_lost_at is not None:
            wanted.append((f"{key}.power_lost_at", show(station.power_lost_at, "time")))
        for place, unit in enumerate(station.units):
            if unit.fails_at is not None:
                wanted.append((f"{key}.units[{place}].fails_at", show(unit.fails_at, "time")))
            if unit.standby:
                wanted.append((f"{key}.units[{place}].standby", "true"))
        for place_of, value in wanted:
            faults.add(
                f"station {station.name}: EPA SWMM cannot keep a pump shut against its levels and rules",
                key=place_of,
                value=value,
                allowed="units that run by their levels and rules",
                remedy='set drainage.engine = "floodsim", or take it out',
            )


def check_coupling_step(case: Case, faults: Faults) -> None:
    """A whole number of coupling steps fills a beat."""
    if case.drainage is None:
        return
    beat, step = case.solver.sync_interval, case.drainage.coupling_step
    count = max(round(beat / step), 1)
    if abs(beat - count * step) > 1e-9 * beat:
        faults.add(
            "does not divide solver.sync_interval into whole steps",
            key="drainage.coupling_step",
            value=show(step, "time"),
            allowed=f"{show(beat, 'time')} divided by a whole number",
            remedy=f'for example coupling_step = "{show(beat / count, "time")}"',
        )


def check_classes(case: Case, faults: Faults) -> None:
    """Every class has the sizes of its kind and a name of its own, and the manholes' class exists."""
    if case.drainage is None:
        return
    classes = case.drainage.inlet_classes
    _once(faults, "drainage.inlet_classes", [entry.name for entry in classes])
    for number, entry in enumerate(classes):
        key = f"drainage.inlet_classes[{number}]"
        for size in NEEDED[entry.kind]:
            if getattr(entry, size) is None:
                faults.add(
                    f'kind "{entry.kind}" needs {size}',
                    key=f"{key}.{size}",
                    allowed=" and ".join(NEEDED[entry.kind]),
                    remedy=f"add {size} = ... to {key}",
                )
        _check_curve(entry, key, faults)
    known = [*(entry.name for entry in classes), *BUILT_IN]
    if case.drainage.manholes not in known:
        near = closest(case.drainage.manholes, known)
        faults.add(
            "names an inlet class that does not exist",
            key="drainage.manholes",
            value=case.drainage.manholes,
            allowed=", ".join(known),
            remedy=f"did you mean {near}?" if near else "add it to [[drainage.inlet_classes]]",
        )


def _check_curve(entry: InletClass, key: str, faults: Faults) -> None:
    points = entry.curve or []
    ascending = all(a[0] < b[0] and a[1] <= b[1] for a, b in zip(points, points[1:], strict=False))
    positive = all(depth >= 0.0 and flow >= 0.0 for depth, flow in points)
    if entry.kind == "curve" and entry.curve is not None and not (len(points) >= 2 and ascending and positive):
        faults.add(
            "is no capture curve",
            key=f"{key}.curve",
            allowed="two or more [depth, flow], none negative, depths ascending, flows not falling",
            remedy="sort the points by depth and check the flows",
        )


def check_stations(case: Case, faults: Faults) -> None:
    """A pump belongs to one station, and what fails is repaired later, not before."""
    if case.drainage is None:
        return
    stations = case.drainage.stations
    _once(faults, "drainage.stations", [station.name for station in stations])
    _once(faults, "drainage.stations.units", [unit.pump for station in stations for unit in station.units])
    for number, station in enumerate(stations):
        key = f"drainage.stations[{number}]"
        _check_times(station, "power_lost_at", "power_back_at", key, faults)
        if all(unit.standby for unit in station.units):
            faults.add("has standby units only", key=key, value=station.name, remedy="leave standby out of one of them")
        for place, unit in enumerate(station.units):
            _check_times(unit, "fails_at", "repaired_at", f"{key}.units[{place}]", faults)
            start, stop = unit.start_level, unit.stop_level
            if start is not None and stop is not None and not stop < start:
                faults.add(
                    "not below start_level",
                    key=f"{key}.units[{place}].stop_level",
                    value=show(stop, "length"),
                    allowed=f"below {show(start, 'length')}",
                    remedy="exchange the two",
                )


def _check_times(section: PumpStation | PumpUnit, first: str, second: str, key: str, faults: Faults) -> None:
    begin, end = getattr(section, first), getattr(section, second)
    if end is not None and (begin is None or end <= begin):
        faults.add(
            f"not after {first}",
            key=f"{key}.{second}",
            value=show(end, "time"),
            allowed=f"after {first}" + ("" if begin is None else f" = {show(begin, 'time')}"),
            remedy=f"correct {second}, or give {first}",
        )


def _once(faults: Faults, key: str, names: Sequence[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.add("name stands twice", key=key, value=name, remedy="rename one of them, or take it out")
