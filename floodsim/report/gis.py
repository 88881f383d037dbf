"""Layers for a GIS: GeoTIFF per field, a GeoPackage of points, lines and buildings, and QGIS styles beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.grid.check import write_geotiff
from floodsim.grid.extras import need
from floodsim.report import layers, qml
from floodsim.report.capacity_files import class_style_of, conduit_rows
from floodsim.report.drains import capacity_of, catchment_rings, cause_of
from floodsim.report.files import write_layer, write_text, writing
from floodsim.report.outline import rings
from floodsim.report.ramps import ramp
from floodsim.report.run import Run
from floodsim.report.series import places, state_of
from floodsim.report.texts import Texts

GEOPACKAGE = "report.gpkg"


def write_layers(run: Run, folder: Path, t: Texts) -> None:
    """Write every layer of a run into a folder: NAME.tif with NAME.qml, report.gpkg with a style per layer.

    Raises CaseError without the geo extra or where the folder cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, palette, threshold in layers.ENVELOPES:
        field = layers.envelope(run, name, threshold)
        if field is not None:
            write_geotiff(folder / f"{name}.tif", field.astype(np.float32), run.grid, float("nan"))
            write_text(folder / f"{name}.qml", qml.ramp_style(ramp(palette)))
    for key, scheme in run.tables.schemes.items():
        write_geotiff(folder / f"{key}.tif", run.hazard[key], run.grid, 0)
        write_text(folder / f"{key}.qml", qml.class_style([(level.color, t.pick(level)) for level in scheme.levels]))
    _write_geopackage(run, folder, t)


def _write_geopackage(run: Run, folder: Path, t: Texts) -> None:
    path = folder / GEOPACKAGE
    with writing(path):
        path.unlink(missing_ok=True)
    states = {state: t(state) for state in ("pass", "fail", "undetermined", "none")}
    tables = {
        "waterlogging_points": (_areas(run), qml.verdict_style(states)),
        "gauges": (_gauges(run), ""),
        "lines": (_lines(run), ""),
        "lifelines": (_lifelines(run), ""),
        **_drains(run),
    }
    for name, (rows, style) in tables.items():
        if not rows:
            continue
        write_layer(path, name, rows, run.grid.crs_wkt)
        if style:
            write_text(folder / f"{name}.qml", style)


def _areas(run: Run) -> list[dict[str, Any]]:
    shapely = need("shapely", f"writing {GEOPACKAGE}")
    verdicts = {point["name"]: point for point in run.points}
    keys = (
        "max_depth_m", "max_lane_depth_m", "area_above_limit_m2", "max_volume_m3", "duration_above_limit_s",
        "drain_time_s", "drain_time_is_lower_bound", "recession_limit_s", "area_kind",
    )  # fmt: skip
    rows = []
    for area in run.areas:
        shape = shapely.Polygon()
        for ring in rings(area.rows, area.columns, run.grid):
            shape = shape.symmetric_difference(shapely.Polygon(ring))
        point = verdicts.get(area.name, {})
        reasons = "; ".join(reason["en"] for reason in point.get("reasons", []))
        cause = cause_of(point)
        told = {"name": area.name, "verdict": state_of(point or None), **{key: point.get(key) for key in keys}}
        told |= {"cause": cause.get("kind"), "elements": ", ".join(cause.get("elements", [])), "why": cause.get("en")}
        rows.append({**told, "reasons": reasons, "geometry": shape})
    return rows


def _drains(run: Run) -> dict[str, tuple[list[dict[str, Any]], str]]:
    """Catchments of points, pipes by capacity, pump stations and outlets, each with its style."""
    shapely = need("shapely", f"writing {GEOPACKAGE}")
    record, catchments = capacity_of(run), []
    for number, point in enumerate(run.points):
        shape = shapely.Polygon()
        for ring in catchment_rings(run, number):
            shape = shape.symmetric_difference(shapely.Polygon(ring))
        figures = point.get("catchment")
        if figures and not shape.is_empty:
            cause = str(cause_of(point).get("kind") or "")
            catchments.append({"name": point["name"], "cause": cause, **figures, "geometry": shape})
    marks: dict[str, list[dict[str, Any]]] = {
        key: [
            {**{k: v for k, v in row.items() if isinstance(v, str | int | float | None)},
             "geometry": shapely.Point(row["x"], row["y"])}
            for row in run.verdict.get(key) or []
            if row["x"] is not None
        ]
        for key in ("stations", "outlets")
    }  # fmt: skip
    return {
        "catchments": (catchments, ""),
        "conduits": (conduit_rows(record), class_style_of(record) if record else ""),
        **{key: (rows, "") for key, rows in marks.items()},
    }


def _gauges(run: Run) -> list[dict[str, Any]]:
    shapely = need("shapely", f"writing {GEOPACKAGE}")
    found = [place for place in places(run) if place["kind"] == "gauge"]
    return [
        {
            "name": place["name"],
            "max_depth_m": max((v for v in place["series"]["depth"] if v is not None), default=None),
            "geometry": shapely.Point(place["x"], place["y"]),
        }
        for place in found
    ]


def _lines(run: Run) -> list[dict[str, Any]]:
    shapely = need("shapely", f"writing {GEOPACKAGE}")
    return [
        {
            "name": place["name"],
            "max_discharge_m3_s": max((v for v in place["series"]["discharge"] if v is not None), default=None),
            "geometry": shapely.LineString(place["line"]),
        }
        for place in places(run)
        if place["kind"] == "line" and len(place["line"]) > 1
    ]


def _lifelines(run: Run) -> list[dict[str, Any]]:
    shapely = need("shapely", f"writing {GEOPACKAGE}")
    return [
        {
            **{k: v for k, v in facility.items() if k not in ("x", "y")},
            "geometry": shapely.Point(facility["x"], facility["y"]),
        }
        for facility in run.verdict.get("lifelines") or []
    ]
