"""Make land_cover.tif of this case: the study's land cover, its rim cells without a class filled from neighbours.

Run ``FLOODSIM_VALIDATION_DATA=... python cases/gistoswmm5_block/make_land_cover.py [--out FILE]``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np


def filled(classes: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, int]:
    """Classes (ny, nx) with every ``wanted`` cell of class 0 filled from its west, east, north or south neighbour.

    Fills in rounds until no wanted cell is left; returns the classes and how many cells were filled.
    """
    result = classes.copy()
    holes = wanted & (result == 0)
    count = int(holes.sum())
    while holes.any():
        framed = np.pad(result, 1)
        before = int(holes.sum())
        for neighbour in (framed[1:-1, :-2], framed[1:-1, 2:], framed[:-2, 1:-1], framed[2:, 1:-1]):
            take = holes & (result == 0) & (neighbour > 0)
            result[take] = neighbour[take]
        holes = wanted & (result == 0)
        if int(holes.sum()) == before:
            raise SystemExit("some cells of the terrain lie far from any land cover; are these the right files?")
    return result, count


def make(data: Path, out: Path) -> int:
    """Write the land cover of the block; returns the number of cells filled."""
    import rasterio

    with rasterio.open(data / "gistoswmm5" / "raster_landuse.tif") as source:
        classes, transform = source.read(1).astype(np.uint8), source.transform
    with rasterio.open(data / "gistoswmm5" / "raster_dem.tif") as source:
        ground = source.read(1) > 0.0
    classes, count = filled(classes, ground)
    classes[~ground] = 0
    profile = {"driver": "GTiff", "height": classes.shape[0], "width": classes.shape[1], "count": 1, "dtype": "uint8"}
    with rasterio.open(out, "w", **profile, transform=transform, nodata=0, compress="deflate", zlevel=9) as file:
        file.write(classes, 1)
        note = "GisToSWMM5 demonstration catchment, AaltoUrbanWater, MIT licence; rim cells filled from neighbours"
        file.update_tags(TIFFTAG_IMAGEDESCRIPTION=note)
    return count


def main() -> None:
    """Read the options and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("land_cover.tif"), help="file to write")
    arguments = parser.parse_args()
    data = os.environ.get("FLOODSIM_VALIDATION_DATA")
    if not data or not (Path(data) / "gistoswmm5" / "raster_landuse.tif").is_file():
        parser.error("FLOODSIM_VALIDATION_DATA must name the folder that holds gistoswmm5/")
    print(f"{make(Path(data), arguments.out)} cells filled; wrote {arguments.out}")


if __name__ == "__main__":
    main()
