from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from floodsim import __version__
from floodsim.case.load import input_files, json_schema, load_case, parse_case, provenance, resolved, write_resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError

FULL: dict[str, Any] = {
    "name": "成都-1",
    "title": "内涝",
    "clock": {"start": "2025-07-03T07:00:00", "duration": "3 h"},
    "grid": {
        "terrain": "dem.asc",
        "extent": [0, 0.1, 1, 2],
        "roughness": "dem.asc",
        "buildings": "houses.shp",
        "edits": [{"kind": "wall", "coordinates": [[0, 0], [1, 1]], "by": "30 cm"}],
    },
    "rainfall": {"kind": "series", "file": "rain.csv", "unit": "mm/h"},
    "losses": {"kind": "horton", "initial_rate": "70 mm/h", "final_rate": "7 mm/h", "decay": "2 1/h"},
    "initial": {"depth": "1 cm"},
    "boundaries": [
        {"name": "a", "kind": "level", "edge": "east", "span": [0, 0.7], "level": {"file": "rain.csv"}},
        {"name": "b", "kind": "level", "polygon": [[0, 0], [1, 0], [1, 1]], "level": 3.1},
        {"name": "c", "kind": "discharge", "edge": "west", "discharge": {"values": [[0, 1], [1, 2]], "time_unit": "h"}},
    ],
    "sources": [{"name": "s", "x": 0.3, "y": 1, "discharge": "40 L/s"}],
    "waterlogging_points": [{"name": "w", "x": 1, "y": 1}],
    "waterlogging_file": {"file": "houses.shp"},
    "standard": {"overrides": {"depth": 0.15}},
}


@pytest.fixture
def full(folder: Path) -> Case:
    for suffix in ("shp", "dbf", "SHX"):
        (folder / f"houses.{suffix}").write_text(suffix)
    return parse_case(FULL, folder)


def test_the_resolved_case_runs_again(full: Case, tmp_path: Path) -> None:
    data = resolved(full)
    assert data["solver"]["cfl"] == 0.45 and data["rainfall"]["peak_ratio"] == 0.4  # defaults are filled in
    assert parse_case(data, Path("/")) == full
    path = tmp_path / "elsewhere" / "case.json"
    path.parent.mkdir()
    write_resolved(full, path, {"started": "now"})
    again = load_case(path)
    assert again == full
    assert resolved(again) == data
    assert [entry.name for entry in path.parent.iterdir()] == ["case.json"]


def test_the_resolved_case_of_a_file(good: Path, tmp_path: Path) -> None:
    case = load_case(good)
    write_resolved(case, tmp_path / "out.json")
    assert load_case(tmp_path / "out.json") == case


def test_provenance_is_stored_and_ignored_on_reading(full: Case, tmp_path: Path) -> None:
    write_resolved(full, tmp_path / "case.json", {"host": "mill"})
    stored = json.loads((tmp_path / "case.json").read_text("utf-8"))["provenance"]
    assert stored["host"] == "mill"
    assert stored["floodsim"] == __version__
    assert {"numpy", "numba", "pydantic"} <= set(stored["libraries"])
    sums = stored["inputs"]["grid.buildings"]["sha256"]
    assert sums == {f"houses.{s}": hashlib.sha256(s.encode()).hexdigest() for s in ("shp", "dbf", "SHX")}
    (tmp_path / "rain.csv").write_text("changed")
    changed = provenance(full)["inputs"]
    assert {key for key in changed if changed[key] != stored["inputs"][key]} == {
        "rainfall.file",
        "boundaries[0].level.file",
    }


def test_provenance_is_no_key_of_a_hand_written_case(good: Path) -> None:
    good.write_text(good.read_text() + "[provenance]\nfloodsim = '1'\n")
    with pytest.raises(CaseError, match="provenance: unknown key"):
        load_case(good)


def test_a_resolved_case_that_cannot_be_written_leaves_nothing(full: Case, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_resolved(full, tmp_path / "x.json", {"nan": float("nan")})
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(OSError):
        write_resolved(full, tmp_path / "taken.json")
    assert not list(tmp_path.glob(".*")) and not (tmp_path / "x.json").exists()


def test_input_files_are_named_by_key(full: Case, folder: Path) -> None:
    assert input_files(full) == {
        "grid.terrain": folder / "dem.asc",
        "grid.roughness": folder / "dem.asc",
        "grid.buildings": folder / "houses.shp",
        "rainfall.file": folder / "rain.csv",
        "boundaries[0].level.file": folder / "rain.csv",
        "waterlogging_file.file": folder / "houses.shp",
    }


def test_json_schema_tells_editors_units_ranges_and_choices() -> None:
    schema = json_schema()
    json.dumps(schema, allow_nan=False)
    assert set(schema["required"]) == {"name", "clock"}
    assert set(schema["properties"]) == set(Case.model_fields)
    rain = schema["$defs"]["Rainfall"]["properties"]
    assert rain["intensity"]["examples"] == ["60 mm/h"]
    assert "at most 1080 mm/h" in rain["intensity"]["description"]
    assert "chicago" in rain["kind"]["enum"]
    assert "units: s, min, h, d" in json.dumps(schema["$defs"]["Clock"]["properties"]["duration"])
    assert schema["$defs"]["Solver"]["additionalProperties"] is False
    assert "oneOf" not in json.dumps(schema)
