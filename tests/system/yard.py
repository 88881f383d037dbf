"""A small, sound case on real file formats, and ways to break one thing of it as an engineer would by mistake."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from floodsim import errors

X0, Y0, CELL, ROWS, COLUMNS = 400_000.0, 3_400_000.0, 5.0, 20, 30
PLACE = {"x0": X0, "y0": Y0, "dx": CELL, "crs": "EPSG:4544"}

CASE = """\
name = "yard"
title = "Yard 大院 with two houses and a brook"

[clock]
start = "2025-07-03T08:00:00"
duration = "10 min"

[grid]
terrain = "dem.tif"
buildings = "houses.gpkg"
roughness = "cover.tif"

[buildings]
mode = "blocked"
overlap = "refuse"

[roughness]
table = "manning.csv"

[rainfall]
kind = "series"
file = "rain.csv"
time_unit = "min"
unit = "mm/h"

[losses]
kind = "constant"
table = "losses.csv"

[[boundaries]]
name = "river"
kind = "level"
edge = "east"
level = {file = "river.csv", time_unit = "min"}

[[boundaries]]
name = "brook"
kind = "discharge"
edge = "west"
span = [3400040.0, 3400060.0]
discharge = "0.2 m3/s"

[[sources]]
name = "culvert"
x = 400020.0
y = 3400080.0
discharge = "0.05 m3/s"

[[points]]
name = "gate"
x = 400130.0
y = 3400050.0

[[lines]]
name = "street"
coordinates = [[400075.0, 3400000.0], [400075.0, 3400100.0]]

[[waterlogging_points]]
name = "underpass"
x = 400120.0
y = 3400030.0
radius = "15 m"
area_kind = "central"

[solver]
threads = 1

[output]
interval = "5 min"
"""
TEXTS = {
    "case.toml": CASE,
    "rain.csv": "time,intensity\n0,30\n2,60\n4,90\n6,30\n8,0\n",
    "river.csv": "time,level\n0,499.5\n10,499.7\n",
    "manning.csv": "class,name,manning\n1,asphalt,0.016\n2,lawn,0.05\n",
    "losses.csv": "class,rate [mm/h]\n1,\n2,10\n",
}
HOUSES = {"tower": (400040.0, 3400020.0, 400060.0, 3400040.0), "shop": (400090.0, 3400060.0, 400110.0, 3400080.0)}

Break = Callable[[Path], None]


@dataclass(frozen=True)
class Broken:
    """One mistake: what is done to the folder of the case, and what the message has to say.

    ``file`` and ``key`` are where the fault is shown; ``shows`` are the value and the remedy, as the user reads them.
    """

    name: str
    make: Break
    key: str
    shows: tuple[str, ...]
    file: str = "case.toml"
    options: tuple[str, ...] = ()
    case: str = "case.toml"


def params(table: list[Broken]) -> list[object]:
    """The table as parameters of a test, named by what is broken."""
    return [pytest.param(broken, id=broken.name.replace(" ", "_")) for broken in table]


def ground() -> np.ndarray:
    """Levels (rows, columns) from south to north: a plane that falls to the east by 0.2 %."""
    x = (np.arange(COLUMNS) + 0.5) * CELL
    return np.broadcast_to(500.0 + 0.002 * (COLUMNS * CELL - x), (ROWS, COLUMNS)).astype(np.float32)


def make_yard(folder: Path) -> Path:
    """Write the sound case and everything it names into a folder; returns the case file."""
    from tests.grid.makers import write_tif

    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_tif(folder / "dem.tif", ground(), **PLACE)
    cover = np.ones((ROWS, COLUMNS), np.uint8)
    cover[: ROWS // 2] = 2
    write_tif(folder / "cover.tif", cover, **PLACE)
    write_houses(folder / "houses.gpkg", HOUSES)
    return folder / "case.toml"


def write_houses(path: Path, houses: dict[str, tuple[float, float, float, float]], **more: str) -> None:
    """Write rectangles (xmin, ymin, xmax, ymax) as a vector layer with their names."""
    import geopandas
    import shapely

    boxes = [shapely.box(*bounds) for bounds in houses.values()]
    geopandas.GeoDataFrame({"name": list(houses)}, geometry=boxes, crs="EPSG:4544").to_file(path, **more)


def untouched(_folder: Path) -> None:
    """Break nothing: the mistake is in the options."""


def edit(*pairs: str) -> Break:
    """Replace texts of the case file: old, new, old, new ... Each old text has to be there, once."""

    def change(folder: Path) -> None:
        file = folder / "case.toml"
        text = file.read_text(encoding="utf-8")
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the case"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")

    return change


def write(name: str, text: str | bytes) -> Break:
    """Replace a file that the case names."""

    def change(folder: Path) -> None:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def both(*breaks: Break) -> Break:
    """Several changes that make one mistake, or several mistakes."""

    def change(folder: Path) -> None:
        for one in breaks:
            one(folder)

    return change


def cut(name: str, share: float = 0.5) -> Break:
    """Leave only the first part of a file, as a broken copy does."""

    def change(folder: Path) -> None:
        file = folder / name
        file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    return change


def snapshot(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder (relative path) with a checksum of its content."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(root, name), folder)] = "folder"
        for name in files:
            path = os.path.join(root, name)
            with open(path, "rb") as stream:
                found[os.path.relpath(path, folder)] = hashlib.sha256(stream.read()).hexdigest()
    return found


def faults_in(shown: str) -> list[str]:
    """The faults of a message on stderr, each with its lines of value, allowed and remedy."""
    head, *lines = shown.splitlines()
    assert head.endswith("nothing was run or written"), shown
    blocks: list[str] = []
    for line in lines:
        if line.startswith("    "):
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
    assert head.split()[0] == str(len(blocks)), shown
    return blocks


def assert_well_said(blocks: list[str]) -> None:
    """Every fault begins with a file (or an option) and a key, and ends with what to do."""
    for block in blocks:
        first = block.splitlines()[0]
        assert first.count(": ") >= 2, f"no file or no key: {block}"
        assert "    remedy: " in block, f"no remedy: {block}"
        assert "Traceback" not in block


BAD_INPUT = errors.EXIT_BAD_INPUT
