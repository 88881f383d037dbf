"""Make the synthetic old town: terrain, land cover, buildings, waterlogging points, lines for terrain edits.

Run ``python grids/old_town/recipe.py [--resolution 1] [--out DIR]``; the result is the same on every machine.
Nothing in it was surveyed: the town does not exist.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from ground import STREAM_BED, UNDERPASS_FLAT, UNDERPASS_RAMP, Sag, crest_level, grade, make_ground, trough_level
from layout import CARRIAGEWAY, ROWS, SIZE, STREET_TILT, UNDERPASS, Quad, Town, Vertex, make_town, rail_y, stream_y

ORIGIN = (475_000.0, 3_482_000.0)
"""South-west corner in EPSG:4544, m: near Mianyang, for plausible coordinates only."""
EPSG = 4544
QUANTUM = 2.0**-10
"""Levels are rounded to this step (0.98 mm); single precision holds them exactly."""
FLOOR_HEIGHT = 3.0

SAG_PLACES = [
    # name, Chinese name, area kind, row, column, share of the way to the next column,
    # depth of the dip, half length along and across the street (m), cause
    (
        "Jianshe Road crossing",
        "建设路正兴街口",
        "central",
        7,
        3,
        0.0,
        0.62,
        70.0,
        60.0,
        "sag of a street crossing",
    ),
    ("School gate", "学府街小学校门", "important", 6, 7, 0.45, 0.12, 42.0, 26.0, "shallow dip of the street"),
    ("Market Street", "菜市街", "central", 1, 1, 0.55, 0.42, 52.0, 34.0, "sag of a market street"),
    ("Riverside bus stop", "滨河路公交站", "central", 0, 7, 0.35, 0.19, 45.0, 19.0, "settled road beside the stream"),
]
"""Street sags; the underpass and the yard of the compound are made by the plan itself."""


def street_sags(town: Town) -> list[Sag]:
    """Low spots of the streets, placed on the street lattice of the town."""
    sags = []
    for name, _, _, row, column, share, depth, along, across, _ in SAG_PLACES:
        (x0, y0), (x1, y1) = town.nodes[row][column], town.nodes[row][column + 1]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        centre = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        sags.append(Sag(name, centre, depth, along, across, ((x1 - x0) / length, (y1 - y0) / length)))
    return sags


def rasters(town: Town, resolution: float) -> tuple[np.ndarray, np.ndarray]:
    """Levels (float32, m, rounded) and land-cover classes (uint8), rows from south to north."""
    count = round(SIZE / resolution)
    centres = (np.arange(count) + 0.5) * (SIZE / count)
    x, y = np.meshgrid(centres, centres)
    level, cover = make_ground(x, y, town, street_sags(town))
    return (np.round(level / QUANTUM) * QUANTUM).astype(np.float32), cover


def write_raster(path: Path, values: np.ndarray, resolution: float, note: str) -> None:
    """Write an array of rows from south to north as a north-up GeoTIFF."""
    import rasterio

    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype.name,
        "crs": rasterio.crs.CRS.from_epsg(EPSG),
        "transform": rasterio.transform.from_origin(ORIGIN[0], ORIGIN[1] + SIZE, resolution, resolution),
        "compress": "deflate",
        "zlevel": 9,
        "predictor": 3 if values.dtype.kind == "f" else 1,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(values[::-1], 1)
        file.update_tags(TIFFTAG_IMAGEDESCRIPTION=note)


def ring(outline: tuple[Vertex, ...] | Quad) -> list[list[list[float]]]:
    """GeoJSON coordinates of a polygon, closed, in cm."""
    return [[position(vertex) for vertex in (*outline, outline[0])]]


def position(vertex: Vertex) -> list[float]:
    """A local vertex as map coordinates rounded to cm."""
    return [round(ORIGIN[0] + vertex[0], 2), round(ORIGIN[1] + vertex[1], 2)]


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def _polygon(outline: tuple[Vertex, ...] | Quad, **properties: Any) -> dict[str, Any]:
    return feature("Polygon", ring(outline), **properties)


def write_features(path: Path, features: list[dict[str, Any]]) -> None:
    """Write features as GeoJSON with a named CRS, one feature a line."""
    head = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{EPSG}"}}
    lines = [json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in features]
    text = f'{{"type":"FeatureCollection","name":"{path.stem}","crs":{json.dumps(head)},"features":[\n'
    path.write_text(text + ",\n".join(lines) + "\n]}\n", encoding="utf-8", newline="\n")


def building_features(town: Town) -> list[dict[str, Any]]:
    """Building outlines with floors, height and use."""
    return [
        feature(
            "Polygon", ring(b.outline), id=k, floors=b.floors, height=b.floors * FLOOR_HEIGHT, use=b.use, synthetic=1
        )
        for k, b in enumerate(town.buildings, start=1)
    ]


def box_along(centre: Vertex, direction: Vertex, half_length: float, half_width: float) -> Quad:
    """Rectangle around a centre, its long side along a unit direction."""
    (x, y), (tx, ty) = centre, direction

    def corner(a: float, b: float) -> Vertex:
        return x + a * half_length * tx - b * half_width * ty, y + a * half_length * ty + b * half_width * tx

    return corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)


def point_features(town: Town) -> list[dict[str, Any]]:
    """The six waterlogging points 易涝积水点 as polygons."""
    norm = (1.0 + STREET_TILT**2) ** 0.5
    underpass = box_along(UNDERPASS, (STREET_TILT / norm, 1.0 / norm), 75.0, 8.0)
    assert town.compound is not None
    rows = [
        ("Railway underpass", "中华路铁路下穿", "important", underpass, "road dips below the railway"),
        ("Textile mill compound", "纺织厂家属院", "central", town.compound, "yard lower than the streets around it"),
    ]
    for place, sag in zip(SAG_PLACES, street_sags(town), strict=True):
        half_width = CARRIAGEWAY[ROWS[place[3]][1]] + 2.0
        area = box_along(sag.centre, sag.direction, 0.6 * sag.along, half_width)
        rows.append((place[0], place[1], place[2], area, place[-1]))
    return [
        feature(
            "Polygon", ring(area), name=name, name_zh=name_zh, area_kind=kind, cause=cause, historical=1, synthetic=1
        )
        for name, name_zh, kind, area, cause in rows
    ]


def breach_features() -> list[dict[str, Any]]:
    """Lines that must stay open on coarse cells: the thalweg of the stream and the road through the underpass.

    Each piece carries the highest level of the fine terrain along it, so that it changes nothing at 1 m.
    """
    pieces = []
    stations = np.linspace(0.5, SIZE - 0.5, 26)
    for x0, x1 in zip(stations[:-1].tolist(), stations[1:].tolist(), strict=True):
        level = STREAM_BED[0] - STREAM_BED[1] * x0
        line = [position((x, float(stream_y(x)))) for x in (x0, (x0 + x1) / 2, x1)]
        pieces.append(feature("LineString", line, level=round(level, 3), what="stream", synthetic=1))
    norm = (1.0 + STREET_TILT**2) ** 0.5
    end = UNDERPASS_FLAT + UNDERPASS_RAMP
    steps = np.linspace(-end, end, 21)
    for s0, s1 in zip(steps[:-1].tolist(), steps[1:].tolist(), strict=True):
        ends = [(UNDERPASS[0] + s * STREET_TILT / norm, UNDERPASS[1] + s / norm) for s in (s0, s1)]
        x, y = (np.array(values) for values in zip(*ends, strict=True))
        level = float(trough_level(x, y, grade(x, y)).max())
        line = [position(vertex) for vertex in ends]
        pieces.append(feature("LineString", line, level=round(level, 3), what="underpass", synthetic=1))
    return pieces


def wall_features() -> list[dict[str, Any]]:
    """Crest of the railway embankment on both sides of the underpass, so that coarse cells cannot lose it."""
    pieces = []
    for start, stop in ((0.5, UNDERPASS[0] - 12.0), (UNDERPASS[0] + 12.0, SIZE - 0.5)):
        stations = np.linspace(start, stop, 11)
        for x0, x1 in zip(stations[:-1].tolist(), stations[1:].tolist(), strict=True):
            line = [position((x, float(rail_y(x)))) for x in (x0, (x0 + x1) / 2, x1)]
            level = round(float(crest_level(x0)), 3)
            pieces.append(feature("LineString", line, level=level, what="railway embankment", synthetic=1))
    return pieces


def make_all(folder: Path, resolution: float = 1.0) -> None:
    """Write every file of the old town into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    town = make_town()
    level, cover = rasters(town, resolution)
    write_raster(folder / "terrain.tif", level, resolution, "SYNTHETIC ground levels in m; the town does not exist")
    write_raster(folder / "land_cover.tif", cover, resolution, "SYNTHETIC land cover; classes in land_cover.csv")
    write_features(folder / "buildings.geojson", building_features(town))
    write_features(folder / "waterlogging_points.geojson", point_features(town))
    write_features(folder / "breaches.geojson", breach_features())
    write_features(folder / "walls.geojson", wall_features())


def main() -> None:
    """Read the options and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", type=float, default=1.0, help="cell size in m; it must divide 1000 m")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    arguments = parser.parse_args()
    count = SIZE / arguments.resolution if arguments.resolution > 0 else 0.0
    if count < 10 or abs(count - round(count)) > 1e-9:
        parser.error(f"--resolution {arguments.resolution:g}: give at most 100 m that divides {SIZE:g} m")
    make_all(arguments.out, arguments.resolution)


if __name__ == "__main__":
    main()
