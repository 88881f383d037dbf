"""Mistakes in the files that a case names: rasters, vector layers, series, tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.grid.makers import write_asc, write_tif
from tests.system.yard import (
    CELL,
    COLUMNS,
    HOUSES,
    PLACE,
    ROWS,
    TEXTS,
    X0,
    Y0,
    Break,
    Broken,
    both,
    cut,
    edit,
    ground,
    write,
    write_houses,
)


def terrain(**more: object) -> Break:
    """Write the terrain with other settings of the file."""

    def change(folder: Path) -> None:
        write_tif(folder / "dem.tif", ground(), **{**PLACE, **more})  # type: ignore[arg-type]

    return change


def hole(size: int) -> Break:
    """Cut a square out of the terrain."""

    def change(folder: Path) -> None:
        levels = ground().copy()
        levels[3 : 3 + size, 20 : 20 + size] = -9999.0
        write_tif(folder / "dem.tif", levels, **PLACE, nodata=-9999.0)  # type: ignore[arg-type]

    return change


def renamed(folder: Path) -> None:
    (folder / "dem.tif").rename(folder / "dem1.tif")


def undeclared(folder: Path) -> None:
    """No-data cells written as -9999 without saying so."""
    levels = np.where(ground() < 500.01, np.float32(-9999), ground())
    write_tif(folder / "dem.tif", levels, **PLACE)  # type: ignore[arg-type]


def compressed(folder: Path) -> None:
    """A larger terrain in compressed strips, which a cut leaves unreadable in the middle."""
    levels = np.random.default_rng(0).normal(500.0, 1.0, (200, 300)).astype(np.float32)
    write_tif(folder / "dem.tif", levels, **{**PLACE, "dx": 0.5}, compress="deflate")  # type: ignore[arg-type]


def netcdf(folder: Path) -> None:
    import xarray as xr

    axes = {"y": Y0 + CELL * (np.arange(ROWS) + 0.5), "x": X0 + CELL * (np.arange(COLUMNS) + 0.5)}
    xr.Dataset({"z": (("y", "x"), ground())}, axes).to_netcdf(folder / "dem.nc")
    edit('"dem.tif"', '"dem.nc"\ncrs = "EPSG:4544"')(folder)


def short_row(folder: Path) -> None:
    """An ASCII grid whose last row lost its last numbers."""
    path = write_asc(folder / "dem.asc", ground(), x0=400_000, y0=3_400_000, dx=5.0)
    lines = path.read_text().splitlines()
    lines[-1] = " ".join(lines[-1].split()[:-3])
    path.write_text("\n".join(lines) + "\n")
    edit('"dem.tif"', '"dem.asc"\ncrs = "EPSG:4544"')(folder)


def gbk_shapefile(folder: Path) -> None:
    """A shapefile in GBK without .cpg file, as older drawing programs leave it."""
    write_houses(folder / "houses.shp", {"门诊楼": HOUSES["tower"], "商店": HOUSES["shop"]}, encoding="GBK")
    (folder / "houses.cpg").unlink()
    edit('"houses.gpkg"', '"houses.shp"', 'mode = "blocked"', 'mode = "blocked"\nencoding = "UTF-8"')(folder)


def overlapping(folder: Path) -> None:
    write_houses(folder / "houses.gpkg", {**HOUSES, "annex": (400050.0, 3400030.0, 400070.0, 3400050.0)})


def elsewhere(folder: Path) -> None:
    """Buildings of another town."""
    write_houses(folder / "houses.gpkg", {"far": (500040.0, 3500020.0, 500060.0, 3500040.0)})


def lines_for_houses(folder: Path) -> None:
    import geopandas
    import shapely

    outline = shapely.LineString([(400040, 3400020), (400060, 3400020), (400060, 3400040)])
    geopandas.GeoDataFrame(geometry=[outline], crs="EPSG:4544").to_file(folder / "houses.gpkg")


def new_class(folder: Path) -> None:
    cover = np.ones((20, 30), np.uint8)
    cover[5:8] = 2
    cover[0, :4] = 7
    write_tif(folder / "cover.tif", cover, **PLACE)  # type: ignore[arg-type]


def waterlogging_layer(folder: Path) -> None:
    """Waterlogging points out of a layer in which one kind of area is misspelt."""
    import geopandas
    import shapely

    table = {"name": ["north", "south"], "area_kind": ["central", "centre"]}
    places = [shapely.Point(400020, 3400090), shapely.Point(400020, 3400010)]
    geopandas.GeoDataFrame(table, geometry=places, crs="EPSG:4544").to_file(folder / "spots.gpkg")
    file = folder / "case.toml"
    file.write_text(file.read_text(encoding="utf-8") + '\n[waterlogging_file]\nfile = "spots.gpkg"\n', encoding="utf-8")


def blocked_west(folder: Path) -> None:
    """A wall of houses where the brook enters."""
    write_houses(folder / "houses.gpkg", {**HOUSES, "wall": (400000.0, 3400030.0, 400010.0, 3400070.0)})


def rain(text: str | bytes) -> Break:
    return write("rain.csv", text)


RAIN, RIVER = TEXTS["rain.csv"], TEXTS["river.csv"]
RASTERS = [
    Broken("missing terrain", renamed, "grid.terrain",
           ("no such file", "dem.tif", "did you mean dem1.tif?")),
    Broken("terrain without crs", terrain(crs=None), "grid.terrain",
           ("names no coordinate reference system", 'grid.crs = "EPSG:4544"'), "dem.tif"),
    Broken("terrain in degrees", terrain(x0=104.06, y0=30.6, dx=0.00005, crs="EPSG:4490"), "grid.terrain",
           ("in degrees", "EPSG:4490", 'grid.crs = "EPSG:4544" and grid.resolution'), "dem.tif"),
    Broken("terrain with a hole", hole(2), "grid.nodata",
           ("4 of 600 cells", "row 3, column 20", "x = 400102.5", 'nodata = "outside"'), "dem.tif"),
    Broken("hole too large", both(hole(6), edit('"dem.tif"', '"dem.tif"\nnodata = "fill"\nmax_fill_cells = 20')),
           "grid.max_fill_cells", ("a hole of 36 cells", "20", 'nodata = "outside"'), "dem.tif"),
    Broken("undeclared no-data value", undeclared, "grid.terrain",
           ("-9999 m", "grid.nodata_value = -9999.0"), "dem.tif"),
    Broken("terrain cut short", both(compressed, cut("dem.tif")), "grid.terrain", ("cut short",), "dem.tif"),
    Broken("netcdf cut short", both(netcdf, cut("dem.nc")), "grid.terrain", ("cannot be read as NetCDF",), "dem.nc"),
    Broken("ascii grid with a short row", short_row, "grid.terrain",
           ("20 rows x 30 columns = 600 numbers",), "dem.asc"),
    Broken("no such crs", edit('"dem.tif"', '"dem.tif"\ncrs = "EPSG:45444"'), "grid.crs", ("EPSG:45444",)),
    Broken("cells larger than the town", edit('"dem.tif"', '"dem.tif"\nresolution = "1 km"'), "grid.resolution",
           ("1000 m", "at most 100 m")),
    Broken("land cover without manning", new_class, "grid.roughness",
           ("class 7 (4 cells)", "manning.csv", "1, 2", "roughness.default"), "cover.tif",
           ("--set", "losses.kind=none")),
    Broken("manning table without column", write("manning.csv", "class,name,n\n1,asphalt,0.016\n2,lawn,0.05\n"),
           "roughness.table", ("no column manning", "class,name,manning"), "manning.csv"),
    Broken("losses table without class", write("losses.csv", "class,rate [mm/h]\n1,\n"), "losses.table",
           ("no row for class 2", "add a row"), "losses.csv"),
    Broken("losses table in an unknown unit", write("losses.csv", "class,rate [in/h]\n1,\n2,0.4\n"), "losses.table",
           ("line 3", "in/h", "mm/h"), "losses.csv"),
    Broken("losses table with a class twice", write("losses.csv", "class,rate [mm/h]\n1,\n2,10\n2,20\n"),
           "losses.table", ("line 4 names class 2 a second time", "delete one"), "losses.csv"),
    Broken("losses table in GBK",
           write("losses.csv", "class,名称,rate [mm/h]\n1,沥青,\n2,草地,x\n".encode("gbk")),
           "losses.table", ("line 3", "x"), "losses.csv"),
]  # fmt: skip

LAYERS = [
    Broken("buildings overlap", overlapping, "buildings.overlap",
           ("feature 1 and 3", 'overlap = "warn"'), "houses.gpkg"),
    Broken("buildings file is no vector file", write("houses.gpkg", b"PK\x03\x04 not a GeoPackage" * 50),
           "grid.buildings", ("cannot be read", "complete"), "houses.gpkg"),
    Broken("buildings are lines", lines_for_houses, "grid.buildings",
           ("feature 1", "LineString", "Polygon or MultiPolygon"), "houses.gpkg"),
    Broken("buildings of another town", elsewhere, "grid.buildings",
           ("no building covers a cell", "500040"), "houses.gpkg"),
    Broken("GBK shapefile read as UTF-8", gbk_shapefile, "grid.buildings", ("utf-8", 'encoding = "GBK"'), "houses.shp"),
    Broken("no such height field", edit('mode = "blocked"', 'mode = "blocked"\nheight_field = "hoehe"'),
           "buildings.height_field", ("hoehe", "name"), "houses.gpkg"),
    Broken("area kind misspelt in a layer", waterlogging_layer, "waterlogging_file feature 2: area_kind",
           ("centre", "central, non_central, important, hub"), "spots.gpkg"),
    Broken("brook on blocked cells", blocked_west, "boundaries[1]",
           ("'brook'", "wholly on blocked buildings", "where water can pass")),
]  # fmt: skip

SERIES = [
    Broken("rain with a gap", rain("time,intensity\n0,30\n2,60\n6,30\n8,0\n"), "rainfall.file",
           ("missing after row 3", "every 120 s", 'rainfall.gaps = "dry"'), "rain.csv"),
    Broken("rain going back in time", rain("time,intensity\n0,30\n2,60\n1,90\n6,30\n"), "rainfall.file",
           ("row 4", "goes backwards", "sort"), "rain.csv"),
    Broken("rain with a time twice", rain("time,intensity\n0,30\n2,60\n2,90\n4,30\n"), "rainfall.file",
           ("row 4", "same time", "delete duplicates"), "rain.csv"),
    Broken("rain NaN", rain(RAIN.replace("4,90", "4,NaN")), "rainfall.file", ("row 4", "'NaN'", "finite"), "rain.csv"),
    Broken("rain negative", rain(RAIN.replace("4,90", "4,-99.9")), "rainfall.file",
           ("negative rain at row 4", "-99.9", "markers of missing values"), "rain.csv"),
    Broken("rain text", rain(RAIN.replace("4,90", "4,trace")), "rainfall.file", ("row 4", "'trace'"), "rain.csv"),
    Broken("rain absurd", rain(RAIN.replace("4,90", "4,9000")), "rainfall.file",
           ("row 4", "9000", "rainfall.unit"), "rain.csv"),
    Broken("rain empty", rain(""), "rainfall.file", ("no data", "check the path"), "rain.csv"),
    Broken("rain is a spreadsheet", rain(b"PK\x03\x04\0\0\0\x08\0" * 40), "rainfall.file",
           ("not a text file", "save it as CSV"), "rain.csv"),
    Broken("rain wrong column", edit('unit = "mm/h"', 'unit = "mm/h"\ncolumn = "rain"'), "rainfall.column",
           ("'rain'", "time, intensity", "name a column"), "rain.csv"),
    Broken("rain of another day", rain("time,rain\n2025-07-04 08:00,30\n2025-07-04 08:02,60\n"), "rainfall.file",
           ("does not overlap the run", "clock.start"), "rain.csv"),
    Broken("rain date nonsense", rain("time,rain\n2025-07-03 08:00,30\n2025-13-03 08:02,60\n"), "rainfall.file",
           ("row 3", "2025-13-03 08:02", "2024-07-01T08:00"), "rain.csv"),
    Broken("river series too short", write("river.csv", RIVER.replace("\n10,", "\n5,")), "boundaries[0].level",
           ("does not cover the run", "0 s to 300 s", "600 s", "add values at both ends"), "river.csv"),
    Broken("river series starts late", write("river.csv", RIVER.replace("\n0,", "\n1,")), "boundaries[0].level",
           ("does not cover the run", "60 s to 600 s"), "river.csv"),
    Broken("river series with a word", write("river.csv", RIVER.replace("499.7", "high")), "boundaries[0].level",
           ("row 3", "'high'", "no number"), "river.csv"),
    Broken("river series with a marker", write("river.csv", RIVER.replace("499.7", "-9999")), "boundaries[0].level",
           ("row 3", "-9999 m", "-500 to 9000 m", "boundaries[0].level.unit"), "river.csv"),
    Broken("rain with decimal commas", rain("time;intensity\n0;30,5\n2;60\n"), "rainfall.file",
           ("row 2", "'30,5'", "decimals need a point"), "rain.csv"),
    Broken("river series lacks a field", write("river.csv", RIVER.replace("10,499.7", "10")),
           "boundaries[0].level.file",
           ("row 3", "fewer than 2 fields"), "river.csv"),
]  # fmt: skip
