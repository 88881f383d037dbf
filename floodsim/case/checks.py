"""What one field alone cannot tell: names used once, numbers that fit together, times on the solver's beat.

Each check is a plain function of the read case that records faults; `CHECKS` says which sections it looks at, so that
it is left out while one of those is broken. What each ``kind`` needs stands in `required.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from floodsim.case import drainage_checks, measure_checks, required
from floodsim.case.schema import Case
from floodsim.case.units import UNITS, nearest_unit, show
from floodsim.case.water import Series
from floodsim.errors import Faults

Check = Callable[[Case, Faults], None]


def run_checks(case: Case, faults: Faults, broken: Collection[str] = ()) -> None:
    """Record every fault between the fields of a case, leaving out checks that need a broken top-level key."""
    for check, sections in CHECKS:
        if not any(section in broken for section in sections):
            check(case, faults)


def _is_multiple(value: float, beat: float) -> bool:
    """Whether ``value`` is a whole number (at least one) of ``beat``, to 1e-9 relative."""
    count = round(value / beat)
    return count >= 1 and abs(value - count * beat) <= 1e-9 * value


def _nearest(value: float, beat: float) -> str:
    """The allowed times next to ``value``."""
    below = math.floor(value / beat)
    return " or ".join(show(count * beat, "time") for count in (below, below + 1) if count >= 1)


def check_beat(case: Case, faults: Faults, key: str, value: float) -> None:
    """A time has to be a whole number of solver.sync_interval."""
    beat = case.solver.sync_interval
    if not _is_multiple(value, beat):
        faults.add(
            "not a multiple of solver.sync_interval",
            key=key,
            value=show(value, "time"),
            allowed=f"whole multiples of {show(beat, 'time')}",
            remedy=f"nearest allowed: {_nearest(value, beat)}; or change solver.sync_interval",
        )


def check_output_times(case: Case, faults: Faults) -> None:
    """Maps and series are written on the solver's beat."""
    check_beat(case, faults, "output.interval", case.output.interval)
    check_beat(case, faults, "output.series_interval", case.output.series_interval)


def check_duration(case: Case, faults: Faults) -> None:
    """The run ends on the solver's beat."""
    check_beat(case, faults, "clock.duration", case.clock.duration)


def check_rain_step(case: Case, faults: Faults) -> None:
    """A design storm is cut into whole blocks."""
    rain = case.rainfall
    if rain.kind in required.DESIGN_STORMS and not _is_multiple(rain.duration, rain.step):
        blocks = max(1, round(rain.duration / rain.step))
        faults.add(
            "does not divide rainfall.duration into whole blocks",
            key="rainfall.step",
            value=show(rain.step, "time"),
            allowed=f"{show(rain.duration, 'time')} divided by a whole number",
            remedy=f'for example step = "{show(rain.duration / blocks, "time")}", '
            f'or duration = "{show(blocks * rain.step, "time")}"',
        )


def check_extent(case: Case, faults: Faults) -> None:
    """The extent is a rectangle with an area."""
    extent = case.grid.extent
    if extent and not (extent[0] < extent[2] and extent[1] < extent[3]):
        faults.add(
            "empty or turned round",
            key="grid.extent",
            value=list(extent),
            allowed="xmin < xmax and ymin < ymax",
            remedy="write [xmin, ymin, xmax, ymax]",
        )


def check_spans(case: Case, faults: Faults) -> None:
    """A span runs from its smaller to its larger coordinate."""
    for number, boundary in enumerate(case.boundaries):
        if boundary.span and not boundary.span[0] < boundary.span[1]:
            faults.add(
                "empty or turned round",
                key=f"boundaries[{number}].span",
                value=list(boundary.span),
                allowed="from < to",
                remedy="write the smaller coordinate first",
            )


def check_scheme(case: Case, faults: Faults) -> None:
    """The inertial scheme exists in first order only."""
    if case.solver.scheme == "inertial" and case.solver.order == 2:
        faults.add(
            'the scheme "inertial" has no second order',
            key="solver.order",
            value=2,
            allowed="1",
            remedy='set order = 1, or scheme = "hllc"',
        )


def check_output_lists(case: Case, faults: Faults) -> None:
    """Nothing is asked for twice."""
    for key, values in (("maps", case.output.maps), ("thresholds", case.output.thresholds)):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            faults.add("stands twice", key=f"output.{key}", value=twice[0], remedy="take one of them out")


def _check_names(faults: Faults, key: str, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in first:
            faults.add(
                f"name stands twice, first in {key}[{first[name]}]",
                key=f"{key}[{number}].name",
                value=name,
                allowed=f"a name used once in {key}",
                remedy="rename one of them",
            )
        first.setdefault(name, number)


def _check_all_names(case: Case, faults: Faults) -> None:
    for key in NAMED:
        _check_names(faults, key, [entry.name for entry in getattr(case, key)])


def _all_series(case: Case) -> Iterator[tuple[str, str, Series]]:
    """Key, dimension and content of every time series of the case."""
    for number, boundary in enumerate(case.boundaries):
        if isinstance(boundary.level, Series):
            yield f"boundaries[{number}].level", "length", boundary.level
        if isinstance(boundary.discharge, Series):
            yield f"boundaries[{number}].discharge", "discharge", boundary.discharge
    for number, source in enumerate(case.sources):
        if isinstance(source.discharge, Series):
            yield f"sources[{number}].discharge", "discharge", source.discharge


def check_series(case: Case, faults: Faults) -> None:
    """Every series has one origin, ascending times and a unit that fits what it gives."""
    for key, dimension, series in _all_series(case):
        if (series.values is None) == (series.file is None):
            faults.add(
                "needs either values or a file",
                key=key,
                allowed="values = [[time, value], ...] or file = ...",
                remedy="give exactly one of them",
            )
        if series.unit is not None and series.unit not in UNITS[dimension]:
            near = nearest_unit(series.unit, dimension)
            faults.add(
                f"unknown unit for a {dimension}",
                key=f"{key}.unit",
                value=series.unit,
                allowed=", ".join(UNITS[dimension]),
                remedy=f'did you mean "{near}"?' if near else "take one of the allowed units",
            )
        if series.values is not None:
            _check_times(faults, f"{key}.values", [time for time, _ in series.values])


def _check_times(faults: Faults, key: str, times: Sequence[float]) -> None:
    if not times:
        faults.add("no values", key=key, allowed="at least one [time, value]", remedy="add values, or give a file")
    for number, (before, after) in enumerate(zip(times, times[1:], strict=False), start=1):
        if after <= before:
            faults.add(
                "times do not ascend" if after < before else "time stands twice",
                key=f"{key}[{number}]",
                value=f"{after:g} after {before:g}",
                allowed="each time larger than the one before",
                remedy="sort the pairs by time and keep one value for each time",
            )
            return


NAMED = ("boundaries", "sources", "points", "lines", "waterlogging_points", "zones", "measures")

CHECKS: list[tuple[Check, tuple[str, ...]]] = [
    (check_extent, ("grid",)),
    (required.check_edits, ("grid",)),
    (check_duration, ("clock", "solver")),
    (required.check_rainfall, ("rainfall",)),
    (check_rain_step, ("rainfall",)),
    (required.check_losses, ("losses",)),
    (required.check_land_cover, ("losses", "grid")),
    (required.check_initial, ("initial",)),
    (required.check_boundaries, ("boundaries",)),
    (check_spans, ("boundaries",)),
    (required.check_sources, ("sources",)),
    (check_series, ("boundaries", "sources")),
    (drainage_checks.check_engine, ("drainage",)),
    (drainage_checks.check_coupling_step, ("drainage", "solver")),
    (drainage_checks.check_classes, ("drainage",)),
    (drainage_checks.check_stations, ("drainage",)),
    (measure_checks.check_measures, ("measures", "drainage", "losses")),
    (measure_checks.check_plan, ("measures", "plan")),
    (required.check_waterlogging, ("waterlogging_points",)),
    (_check_all_names, NAMED),
    (check_scheme, ("solver",)),
    (check_output_times, ("output", "solver")),
    (check_output_lists, ("output",)),
]
