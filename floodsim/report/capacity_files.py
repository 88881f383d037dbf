"""The capacity of pipes in files: JSON with everything, a CSV row per conduit, a layer with its QGIS style."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from floodsim.grid.extras import need
from floodsim.output.folder import write_json_atomic
from floodsim.report.files import write_layer, write_text, writing
from floodsim.report.qml import line_style

COLUMNS = (
    "name", "from", "to", "shape", "height_m", "barrels", "length_m", "slope", "full_flow_m3_s", "full_velocity_m_s",
    "area_m2", "runoff_area_m2", "time_s", "design_period_a", "design_flow_m3_s", "period_a", "more", "class",
)  # fmt: skip


def write_capacity(record: dict[str, Any], folder: Path, crs_wkt: str) -> list[Path]:
    """Write capacity.json, .csv and, where conduits have places, .gpkg with its style; gives what was written.

    Raises CaseError where the folder cannot be written or the geo extra is missing.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_json_atomic(folder / "capacity.json", record)
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(record["conduits"])
    write_text(folder / "capacity.csv", "\ufeff" + text.getvalue())  # the mark makes spreadsheets read UTF-8
    written = [folder / "capacity.json", folder / "capacity.csv"]
    rows = conduit_rows(record)
    if rows:
        write_layer(folder / "capacity.gpkg", "conduits", rows, crs_wkt)
        write_text(folder / "conduits.qml", class_style_of(record))
        written += [folder / "capacity.gpkg", folder / "conduits.qml"]
    return written


def conduit_rows(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Conduits with a place as rows of a layer."""
    if not any(len(conduit["line"]) > 1 for conduit in record.get("conduits", [])):
        return []
    shapely = need("shapely", "writing layers")
    return [
        {**{name: conduit[name] for name in COLUMNS}, "geometry": shapely.LineString(conduit["line"])}
        for conduit in record["conduits"]
        if len(conduit["line"]) > 1
    ]


def class_style_of(record: dict[str, Any]) -> str:
    """QGIS style of the layer: a colour per class."""
    return line_style("class", [(row["class"], f"{row['class']} a", row["color"]) for row in record["classes"]])
