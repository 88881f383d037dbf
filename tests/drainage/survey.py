"""A small surveyed network as files of every kind: five manholes in a row, a branch and an outfall."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

X0, Y0 = 500_000.0, 3_390_000.0
POINT_COLUMNS = ("管点编号", "X", "Y", "地面高程(m)", "井底高程", "附属物", "管线种类")
LINE_COLUMNS = ("起点", "终点", "管径(mm)", "材质", "起点管底高程", "终点管底高程", "管线种类")
POINTS: dict[str, list[Any]] = {
    name: [name, X0 + 50.0 * at, Y0, 500.0 - 0.05 * at, round(498.0 - 0.1 * at, 3), "检查井", "雨水"]
    for at, name in enumerate(("Y1", "Y2", "Y3", "Y4", "Y5"))
}
POINTS["Y6"] = ["Y6", X0 + 100.0, Y0 + 40.0, 500.2, 498.0, "雨水口", "雨水"]
POINTS["OUT"] = ["OUT", X0 + 250.0, Y0, 499.5, 497.5, "出水口", "雨水"]
LINES: dict[str, list[Any]] = {
    f"{a}-{b}": [a, b, size, "钢筋混凝土", POINTS[a][4], POINTS[b][4], "雨水"]
    for a, b, size in (
        ("Y1", "Y2", "DN600"), ("Y2", "Y3", "800"), ("Y3", "Y4", "800"), ("Y4", "Y5", "1000x800"),
        ("Y5", "OUT", "1200×1000"), ("Y6", "Y3", "400"),
    )
}  # fmt: skip
LINES["Y6-Y3"][3] = "HDPE"


def tables() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Copies of both tables, to change."""
    return {name: list(row) for name, row in POINTS.items()}, {name: list(row) for name, row in LINES.items()}


def write_csv(
    folder: Path,
    points: dict[str, list[Any]],
    lines: dict[str, list[Any]],
    encoding: str = "utf-8",
    point_columns: tuple[str, ...] = POINT_COLUMNS,
    line_columns: tuple[str, ...] = LINE_COLUMNS,
) -> tuple[Path, Path]:
    """Write both tables as CSV; returns their paths."""
    paths = folder / "points.csv", folder / "pipes.csv"
    for path, header, rows in zip(paths, (point_columns, line_columns), (points, lines), strict=True):
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *rows.values()])
    return paths


def frames(points: dict[str, list[Any]], lines: dict[str, list[Any]]) -> tuple[Any, Any]:
    """Both tables as layers with shapes; the pipes do not name their ends."""
    import geopandas
    import shapely

    place = {name: (row[1], row[2]) for name, row in points.items()}
    point_rows = [[*row[:1], *row[3:]] for row in points.values()]
    point_frame = geopandas.GeoDataFrame(
        point_rows, columns=[POINT_COLUMNS[0], *POINT_COLUMNS[3:]],
        geometry=[shapely.Point(xy) for xy in place.values()], crs="EPSG:4544",
    )  # fmt: skip
    line_frame = geopandas.GeoDataFrame(
        [row[2:] for row in lines.values()], columns=list(LINE_COLUMNS[2:]),
        geometry=[shapely.LineString([place[row[0]], place[row[1]]]) for row in lines.values()], crs="EPSG:4544",
    )  # fmt: skip
    return point_frame, line_frame


def write_gpkg(path: Path, points: Any, lines: Any) -> Path:
    """Write two layers."""
    points.to_file(path, layer="管点", driver="GPKG")
    lines.to_file(path, layer="管线", driver="GPKG")
    return path


def write_excel(path: Path, points: dict[str, list[Any]], lines: dict[str, list[Any]]) -> Path:
    """Write a workbook of two sheets, the first with a title above its header."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "点表"
    for row in (["某某片区排水管网普查成果表"], POINT_COLUMNS, *points.values()):
        book.active.append(list(row))
    sheet = book.create_sheet("线表")
    for row in (LINE_COLUMNS, *lines.values()):
        sheet.append(list(row))
    book.save(path)
    return path
