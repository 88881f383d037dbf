"""Lifelines 生命线设施: facilities of a vector layer, and when, how deep and how long water stands at them.

Judged on the maps and envelopes of a run. A facility is reached when the open cells of it and beside its building
are deeper than the threshold of the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.case.answer import Lifelines
from floodsim.errors import Faults
from floodsim.grid.geometry import cells_in_polygon, cells_on_line
from floodsim.grid.grid import Grid
from floodsim.grid.vector import read_vectors
from floodsim.output.reader import Results, seconds_from_start

SHAPES = ("Point", "MultiPoint", "Polygon", "MultiPolygon")
SAME_DEPTH = 1e-6


@dataclass(frozen=True)
class Facility:
    """A facility on the grid: ``rows`` and ``columns`` (n,) of the open cells where water is looked for."""

    name: str
    kind: str
    rows: np.ndarray
    columns: np.ndarray
    x: float
    y: float


def check_lifelines(section: Lifelines | None) -> None:
    """Read the layer of the facilities before a run. Raises CaseError with every fault of layer and attributes."""
    if section is not None:
        _rows(section, None)


def facilities_of(section: Lifelines, grid: Grid) -> list[Facility]:
    """The facilities of a layer on a grid; those outside the domain have no cells. Raises CaseError."""
    closed = grid.array("building") > 0
    still_open = grid.array("active").astype(bool) & ~closed
    found = []
    for name, kind, shape in _rows(section, grid.crs_wkt):
        inside = _cells(shape, grid)
        rows, columns = np.nonzero(_with_surroundings(inside, closed) & still_open)
        centre = shape.representative_point()
        found.append(Facility(name, kind, rows, columns, float(centre.x), float(centre.y)))
    return found


def judge_lifelines(results: Results) -> list[dict[str, Any]]:
    """What water did to every facility that the case of a run names: times in s from the start, depths in m.

    ``reached_s`` is the time of the first map that is deeper than the threshold, so it is late by up to the interval of
    the maps; ``duration_s`` comes from the envelopes where they kept this threshold, else from the maps. Empty where
    the case names no lifelines, or the run left no maps. Raises CaseError where the layer cannot be read.
    """
    data = results.case.get("lifelines")
    if not data or results.envelopes is None or results.maps is None or "depth" not in results.maps:
        return []
    section = Lifelines.model_validate(data)
    facilities = facilities_of(section, results.grid)
    depths = _series(results, facilities)
    return [
        _judged(facility, series, section.threshold, results)
        for facility, series in zip(facilities, depths, strict=True)
    ]


def _judged(facility: Facility, depths: np.ndarray, threshold: float, results: Results) -> dict[str, Any]:
    """One facility; ``depths`` (times,) is the deepest of its cells in every map."""
    told: dict[str, Any] = {
        "name": facility.name, "kind": facility.kind, "x": facility.x, "y": facility.y, "threshold_m": threshold,
        "in_domain": bool(facility.rows.size), "reached": None, "max_depth_m": None, "time_of_max_depth_s": None,
        "reached_s": None, "duration_s": None, "duration_from": None, "still_flooded": None,
    }  # fmt: skip
    if not facility.rows.size:
        return told
    envelopes, cells = results.envelopes, (facility.rows, facility.columns)
    assert envelopes is not None and results.maps is not None
    depth = np.nan_to_num(envelopes["max_depth"].values[cells])
    at = int(np.argmax(depth))
    times, above = seconds_from_start(results.maps), depths > threshold
    told |= {
        "reached": bool(depth[at] > np.float32(threshold)),
        "max_depth_m": float(depth[at]),
        "time_of_max_depth_s": float(envelopes["time_of_max_depth"].values[cells][at]) if depth[at] > 0 else None,
        "reached_s": float(times[above][0]) if above.any() else None,
        "still_flooded": bool(above[-1]) if above.size else None,
    }
    kept = envelopes["threshold"].values if "threshold" in envelopes.sizes else np.zeros(0)
    match = np.flatnonzero(np.abs(kept - threshold) < SAME_DEPTH)
    if match.size:
        durations = envelopes["duration_above"].isel(threshold=int(match[0])).values[cells]
        told |= {"duration_s": float(np.nan_to_num(durations).max()), "duration_from": "envelopes"}
    elif times.size > 1:
        told |= {"duration_s": float(np.diff(times) @ above[:-1]), "duration_from": "maps"}
    return told


def _series(results: Results, facilities: list[Facility]) -> list[np.ndarray]:
    """Deepest water of each facility in every map, m; one map in memory at a time."""
    assert results.maps is not None
    found: list[list[float]] = [[] for _ in facilities]
    for number in range(results.maps.sizes["time"]):
        depth = np.nan_to_num(results.maps["depth"].isel(time=number).values)
        for series, facility in zip(found, facilities, strict=True):
            series.append(float(depth[facility.rows, facility.columns].max(initial=0.0)))
    return [np.array(series) for series in found]


def _rows(section: Lifelines, crs_wkt: str | None) -> list[tuple[str, str, Any]]:
    """Name, kind and shape of every feature. Raises CaseError with all faults."""
    table = read_vectors(section.file, section.layer, section.encoding, key="lifelines", crs_wkt=crs_wkt)
    faults = Faults(section.file)
    columns = [str(column) for column in table.columns if column != "geometry"]
    for key in ("name_field", "kind_field"):
        field, stated = getattr(section, key), key in section.model_fields_set
        if field not in columns and (stated or key == "name_field"):
            faults.add(
                "the layer has no such attribute", key=f"lifelines.{key}", value=field, allowed=", ".join(columns),
                remedy="name one that it has",
            )  # fmt: skip
    found = []
    for number, row in enumerate(table.to_dict("records"), 1):
        shape = row["geometry"]
        if shape.geom_type not in SHAPES:
            faults.add(
                "a facility must be a point or a polygon", key=f"lifelines feature {number}", value=shape.geom_type,
                allowed=", ".join(SHAPES), remedy="choose another layer, or redraw it",
            )  # fmt: skip
        found.append((_text(row.get(section.name_field)) or str(number), _text(row.get(section.kind_field)), shape))
    faults.raise_if_any()
    return found


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _cells(shape: Any, grid: Grid) -> np.ndarray:
    """Cells of a point or polygon, bool (ny, nx)."""
    inside = np.zeros(grid.shape, bool)
    for part in getattr(shape, "geoms", (shape,)):
        if part.geom_type == "Polygon":
            inside |= cells_in_polygon(grid, list(part.exterior.coords))
            for hole in part.interiors:
                inside &= ~cells_in_polygon(grid, list(hole.coords))
        centre = part.representative_point()
        for j, i in cells_on_line(grid, [(centre.x, centre.y)] * 2):
            inside[j, i] = True
    return inside


def _with_surroundings(inside: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """The cells, and those around a building that the facility stands in: a point often lies on its own roof."""
    from scipy import ndimage

    roofs = inside & closed
    if roofs.any():
        label, _ = ndimage.label(closed)
        whole = np.isin(label, np.unique(label[roofs]))
        return inside | ndimage.binary_dilation(whole)
    return inside
