"""What is kept of a scenario: its axes, figures, verdict per point and per zone, in one JSON file that seals it.

The record is written last and whole, so a scenario is finished exactly where a record says "complete".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.standard import load_standard
from floodsim.output.folder import write_json_atomic
from floodsim.output.reader import Results

FORMAT = 1
SCENARIOS = "scenarios"

POINT_FIGURES = (
    "max_depth_m",
    "max_lane_depth_m",
    "ground_floor_depth_m",
    "area_above_limit_m2",
    "max_volume_m3",
    "duration_above_limit_s",
    "drain_time_s",
    "still_flooded",
    "passed",
    "undetermined",
    "historical",
    "area_kind",
)
"""What is kept of the verdict on each waterlogging point."""

Record = dict[str, Any]


def record_file(folder: Path, name: str) -> Path:
    """Where the record of a scenario lies in the folder of its study."""
    return folder / SCENARIOS / f"{name}.json"


def read_record(folder: Path, name: str) -> Record | None:
    """The record of a scenario; None where there is none, or where it is damaged and the scenario must run again."""
    try:
        record = json.loads(record_file(folder, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("format") == FORMAT else None


def write_record(folder: Path, name: str, record: Record) -> None:
    """Write the record of a scenario, whole or not at all. Raises RunError where the disk is full."""
    write_json_atomic(record_file(folder, name), record)


def is_complete(record: Record | None, fingerprint: str) -> bool:
    """Whether a record is that of a finished run of exactly this case."""
    return record is not None and record["status"] == "complete" and record["fingerprint"] == fingerprint


def head(name: str, axes: Mapping[str, Any], fingerprint: str) -> Record:
    """The part of a record that is known before the run."""
    return {"format": FORMAT, "name": name, "axes": dict(axes), "fingerprint": fingerprint}


def figures(results: Results) -> Record:
    """What a record says of finished results and their verdict; volumes in m3, areas in m2, depths in m, times in s."""
    summary, verdict = results.summary, results.verdict or {}
    mass, cost = summary["mass"], summary["performance"]
    rain = mass["terms"].get("rain", {})
    return {
        "status": results.status,
        "reason": "",
        "mass_error": mass["relative_error"],
        "rain_m3": rain.get("m3", 0.0),
        "rain_mm": rain.get("mm", 0.0),
        "wall_s": cost["wall_s"],
        "steps": cost["steps"],
        "threads": summary["solver"]["threads"],
        "peak_memory_mb": cost["peak_memory_mb"],
        "active_cells": summary["grid"]["active_cells"],
        "flooded_area_m2": flooded_area(results),
        "eliminated": verdict.get("eliminated", {"n": 0, "of": 0}),
        "points": {point["name"]: {key: point[key] for key in POINT_FIGURES} for point in verdict.get("points", [])},
    }


def flooded_area(results: Results) -> float | None:
    """Open ground (m2) that was deeper than the depth limit of the case's standard; None without envelopes."""
    if results.envelopes is None:
        return None
    section = results.case.get("standard", {})
    limit = np.float32(load_standard(section.get("name", "GB50014-2021"), section.get("overrides")).lane_depth)
    grid = results.grid
    open_ground = grid.array("active").astype(bool) & (grid.array("building") == 0)
    deep = np.nan_to_num(results.envelopes["max_depth"].values) > limit
    return float(np.count_nonzero(deep & open_ground) * grid.cell_area)
