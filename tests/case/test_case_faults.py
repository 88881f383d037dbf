"""Broken cases, one fault each unless said otherwise: the key blamed, what is said, what is allowed, what to do."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from floodsim.case.load import load_case, parse_case
from floodsim.errors import CaseError, Fault

GOOD: dict[str, Any] = {
    "name": "good",
    "clock": {"duration": "3 h"},
    "grid": {"terrain": "dem.asc"},
    "boundaries": [{"name": "out", "kind": "open", "edge": "east"}],
    "points": [{"name": "gate", "x": 1, "y": 2}],
}


class Bad(NamedTuple):
    key: str
    change: dict[str, Any]
    message: str
    allowed: str = ""
    remedy: str = ""


def boundary(**keys: Any) -> dict[str, Any]:
    return {"boundaries": [{"name": "b", **keys}]}


def edit(**keys: Any) -> dict[str, Any]:
    return {"grid": {"terrain": "dem.asc", "edits": [keys]}}


LINE = [[0, 0], [1, 1]]
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 0]]

FIELDS = [
    Bad("name", {"name": None}, "not text", "text", "quotes"),
    Bad("name", {"name": 7}, "not text", "text", "quotes"),
    Bad("name", {"name": ".."}, "characters that are not allowed", "letters, digits", "rename"),
    Bad("name", {"name": "old town"}, "characters that are not allowed", "no blanks", "rename"),
    Bad("clock.duration", {"clock": {}}, "required key is missing", "more than 0 s, at most 366 d", 'duration = "3 h"'),
    Bad("clock.duration", {"clock": {"duration": 0}}, "out of range", "more than 0 s", "a bare number is in s"),
    Bad("clock.duration", {"clock": {"duration": "400 d"}}, "out of range", "at most 366 d", "in that range"),
    Bad(
        "clock.duration", {"clock": {"duration": "3 hrs"}}, "unknown unit 'hrs'", "s, min, h, d", 'did you mean "3 h"?'
    ),
    Bad("clock.duration", {"clock": {"duration": [1]}}, "not a time", "s, min, h, d", '"3 h"'),
    Bad("clock.start", {"clock": {"duration": 60, "start": "noon"}}, "not a time", "ISO 8601", "2025-07-03"),
    Bad("clock.start", {"clock": {"duration": 60, "start": 7}}, "not a time", "ISO 8601", "2025-07-03"),
    Bad("clock", {"clock": 3}, "not a section", "start, duration", "section"),
    Bad("grdi", {"grdi": {}}, "unknown key", "grid", 'did you mean "grid"?'),
    Bad("terrain", {"terrain": "dem.asc"}, "unknown key", "grid", "belongs in [grid]"),
    Bad("grid.terain", {"grid": {"terrain": "dem.asc", "terain": 1}}, "unknown key", "terrain", '"terrain"'),
    Bad(
        "grid.max_fill_cells",
        {"grid": {"terrain": "dem.asc", "max_fill_cells": 1.5}},
        "not a whole number",
        "at least 0",
    ),
    Bad(
        "grid.extent", {"grid": {"terrain": "dem.asc", "extent": [0, 0, 1]}}, "needs 4 numbers", "4 numbers", "brackets"
    ),
    Bad("grid.extent", {"grid": {"terrain": "dem.asc", "extent": 3}}, "needs 4 numbers", "4 numbers", "brackets"),
    Bad("grid.roughness", {"grid": {"terrain": "dem.asc", "roughness": -1}}, "out of range", "at least 0, at most 2"),
    Bad("grid.roughness", {"grid": {"terrain": "dem.asc", "roughness": "n.tif"}}, "no such file", "exists", "relative"),
    Bad("grid.buildings", {"grid": {"terrain": "dem.asc", "buildings": 3}}, "not a file name", "path", "quotes"),
    Bad("grid.terrain", {"grid": {"terrain": ["a"]}}, "not a file name", "path", "quotes"),
    Bad("rainfall.kind", {"rainfall": {"kind": "chigaco"}}, "not one of the choices", "uniform, chicago", '"chicago"'),
    Bad(
        "rainfall.intensity", {"rainfall": {"kind": "uniform", "intensity": 60}}, "out of range", "1080 mm/h", "60 mm/h"
    ),
    Bad("rainfall.intensity", {"rainfall": {"intensity": "60 mm/hr"}}, "unknown unit", "mm/h", '"60 mm/h"'),
    Bad("losses.roofs", {"losses": {"roofs": "perhaps"}}, "neither true nor false", "true, false", "true or false"),
    Bad("initial.depth", {"initial": {"depth": "3 parsec"}}, "unknown unit 'parsec'", "mm", "0.15 m"),
    Bad("initial.depth", {"initial": {"depth": -1}}, "out of range", "at least 0 m, at most 500 m"),
    Bad("points[0].x", {"points": [{"name": "a", "x": "east", "y": 1}]}, "not a number", "a number", "plain number"),
    Bad("points[0].x", {"points": [{"name": "a", "x": float("nan"), "y": 1}]}, "not a finite number", "finite"),
    Bad("points[0].x", {"points": [{"name": "a", "y": 1}]}, "required key is missing", "", "add x"),
    Bad("points[0].name", {"points": [{"name": "", "x": 0, "y": 1}]}, "at least 1 characters", "1 characters", "name"),
    Bad("points", {"points": {"name": "a"}}, "not a list", "a list", "[[name]]"),
    Bad(
        "lines[0].coordinates",
        {"lines": [{"name": "a", "coordinates": [[0, 0]]}]},
        "at least 2",
        "at least 2",
        "lengthen",
    ),
    Bad(
        "lines[0].coordinates[1]",
        {"lines": [{"name": "a", "coordinates": [[0, 0], [1, 2, 3]]}]},
        "needs 2 numbers",
        "2 numbers",
        "brackets",
    ),
    Bad("boundaries[0].level", boundary(kind="level", edge="east", level="3 parsec"), "unknown unit", "at most 9000 m"),
    Bad(
        "boundaries[0].level",
        boundary(kind="level", edge="east", level=[3]),
        "not a section",
        "values, file",
        "section",
    ),
    Bad(
        "boundaries[0].level.fil",
        boundary(kind="level", edge="east", level={"fil": 1}),
        "unknown key",
        "file",
        '"file"',
    ),
    Bad(
        "boundaries[0].level.file",
        boundary(kind="level", edge="east", level={"file": "h.csv"}),
        "no such file",
        "exists",
        "relative",
    ),
    Bad("boundaries[0].edge", boundary(kind="open", edge="West"), "not one of the choices", "west", '"west"'),
    Bad("solver.order", {"solver": {"order": 3}}, "not one of the choices", "1, 2", "allowed"),
    Bad("solver.threads", {"solver": {"threads": 1.5}}, "not a whole number", "at most 1024", "plain number"),
    Bad(
        "output.thresholds",
        {"output": {"thresholds": [1, 2, 3, 4, 5]}},
        "at most 4 values, got 5",
        "at most 4",
        "shorten",
    ),
    Bad("output.thresholds[1]", {"output": {"thresholds": [1, "x"]}}, "cannot be read as a length", "mm", "0.15 m"),
    Bad("standard.overrides.slope", {"standard": {"overrides": {"slope": "x"}}}, "not a number", "a number", "plain"),
]

ACROSS = [
    Bad("clock.duration", {"clock": {"duration": "125 s"}}, "not a multiple", "multiples of 10 s", "2 min or 130 s"),
    Bad(
        "clock.duration",
        {"clock": {"duration": "4 s"}},
        "not a multiple",
        "multiples of 10 s",
        "nearest allowed: 10 s;",
    ),
    Bad("output.interval", {"output": {"interval": 61}}, "not a multiple", "multiples of 10 s", "1 min or 70 s"),
    Bad("output.series_interval", {"output": {"series_interval": 5}}, "not a multiple", "10 s", "10 s"),
    Bad("solver.order", {"solver": {"scheme": "inertial", "order": 2}}, "no second order", "1", 'scheme = "hllc"'),
    Bad("output.maps", {"output": {"maps": ["depth", "depth"]}}, "stands twice", "", "take one"),
    Bad("grid.extent", {"grid": {"terrain": "dem.asc", "extent": [5, 0, 1, 9]}}, "turned round", "xmin < xmax", "xmin"),
    Bad("points[1].name", {"points": [{"name": "a", "x": 1, "y": 1}] * 2}, "stands twice", "once in points", "rename"),
    Bad(
        "rainfall.formula",
        {"rainfall": {"kind": "chicago"}},
        "needs formula",
        "return_period",
        "add formula and return",
    ),
    Bad(
        "rainfall.return_period",
        {"rainfall": {"kind": "chicago", "formula": "x"}},
        "needs return_period",
        "",
        "add return",
    ),
    Bad(
        "rainfall.formula",
        {"rainfall": {"kind": "scs", "return_period": 5}},
        "needs formula",
        "depth | formula",
        "formula",
    ),
    Bad("rainfall.intensity", {"rainfall": {"kind": "uniform"}}, "needs intensity", "depth", "add intensity"),
    Bad("rainfall.pattern", {"rainfall": {"kind": "pattern", "depth": 0.1}}, "needs pattern", "pattern", "add pattern"),
    Bad("rainfall.file", {"rainfall": {"kind": "series", "unit": "mm"}}, "needs file", "file", "add file"),
    Bad("rainfall.unit", {"rainfall": {"kind": "series", "file": "rain.csv"}}, "needs unit", "unit", "add unit"),
    Bad("rainfall.file", {"rainfall": {"kind": "gridded"}}, "needs file", "file", "add file"),
    Bad(
        "rainfall.step",
        {"rainfall": {"kind": "triangular", "depth": "50 mm", "duration": "1 h", "step": "7 min"}},
        "does not divide",
        "1 h divided by",
        "63 min",
    ),
    Bad("losses.rate", {"losses": {"kind": "constant"}}, "needs rate", "rate | table", "add rate"),
    Bad(
        "losses.suction",
        {"losses": {"kind": "green_ampt", "conductivity": 1e-6, "deficit": 0.3}},
        "needs suction",
        "soil",
    ),
    Bad(
        "losses.soil", {"losses": {"kind": "green_ampt"}}, "needs soil", "conductivity and suction and deficit", "soil"
    ),
    Bad(
        "losses.decay",
        {"losses": {"kind": "horton", "initial_rate": "9 mm/h", "final_rate": 0}},
        "needs decay",
        "table",
    ),
    Bad(
        "losses.final_rate",
        {"losses": {"kind": "horton", "initial_rate": "9 mm/h", "final_rate": "10 mm/h", "decay": "2 1/h"}},
        "larger than losses.initial_rate",
        "at most 9 mm/h",
        "exchange",
    ),
    Bad("losses.curve_number", {"losses": {"kind": "curve_number"}}, "needs curve_number", "table", "add curve_number"),
    Bad("losses.land_cover", {"losses": {"kind": "constant", "table": "rain.csv"}}, "needs a raster", "", "land_cover"),
    Bad("initial.depth", {"initial": {"level": 1, "depth": 1}}, "at once", "exactly one", "keep one"),
    Bad("grid.edits[0].file", edit(kind="raise", by=1), "does not say where", "file, coordinates", "add file or coord"),
    Bad("grid.edits[0].by", edit(kind="raise", coordinates=LINE), "needs by", "by | level_field", "add by"),
    Bad("grid.edits[0].level", edit(kind="set", coordinates=LINE), "needs level", "level", "add level"),
    Bad("grid.edits[0].level", edit(kind="raise", coordinates=LINE, by=1, level=5), "no effect", "", "take level out"),
    Bad(
        "grid.edits[0].coordinates", edit(kind="wall", coordinates=LINE[:1], by=1), "too few points", "at least 2", "["
    ),
    Bad(
        "grid.edits[0].level_field",
        edit(kind="wall", coordinates=LINE, by=1, level_field="h"),
        "no effect without file",
        "",
        "add file",
    ),
    Bad("boundaries[0].edge", boundary(kind="open"), "does not say where", "edge, polygon, file", "add edge"),
    Bad(
        "boundaries[0].polygon",
        boundary(kind="open", edge="east", polygon=SQUARE),
        "at once",
        "exactly one",
        "keep one",
    ),
    Bad(
        "boundaries[0].polygon", boundary(kind="open", polygon=LINE), "too few points for a polygon", "at least 3", "["
    ),
    Bad("boundaries[0].span", boundary(kind="open", polygon=SQUARE, span=[0, 1]), "without edge", "", "add edge"),
    Bad("boundaries[0].span", boundary(kind="open", edge="east", span=[2, 1]), "turned round", "from < to", "smaller"),
    Bad("boundaries[0].level", boundary(kind="level", edge="east"), "needs level", "level", "add level"),
    Bad("boundaries[0].discharge", boundary(kind="discharge", edge="east"), "needs discharge", "discharge", "add dis"),
    Bad("boundaries[0].table", boundary(kind="rating", edge="east"), "needs table", "table", "add table"),
    Bad(
        "boundaries[0].level", boundary(kind="open", edge="east", level=3), 'no effect for kind "open"', "", "level out"
    ),
    Bad(
        "boundaries[0].level", boundary(kind="level", edge="east", level={}), "either values or a file", "[[time", "one"
    ),
    Bad(
        "boundaries[0].level.values[2]",
        boundary(kind="level", edge="east", level={"values": [[0, 1], [60, 1], [60, 2]]}),
        "time stands twice",
        "larger than the one before",
        "sort",
    ),
    Bad(
        "boundaries[0].level.values[1]",
        boundary(kind="level", edge="east", level={"values": [[60, 1], [0, 1]]}),
        "do not ascend",
        "larger",
        "sort",
    ),
    Bad(
        "boundaries[0].level.values", boundary(kind="level", edge="east", level={"values": []}), "no values", "", "add"
    ),
    Bad(
        "boundaries[0].discharge.unit",
        boundary(kind="discharge", edge="east", discharge={"values": [[0, 1]], "unit": "l/s"}),
        "unknown unit",
        "L/s",
        '"L/s"',
    ),
    Bad("sources[0].y", {"sources": [{"name": "s", "x": 1, "discharge": 1}]}, "needs y", "x and y", "add y"),
    Bad("sources[0].coordinates", {"sources": [{"name": "s", "kind": "line", "discharge": 1}]}, "needs coordinates"),
    Bad(
        "sources[0].x",
        {"sources": [{"name": "s", "kind": "line", "discharge": 1, "coordinates": LINE, "x": 1}]},
        "no effect",
        "",
        "take x out",
    ),
    Bad("waterlogging_points[0].x", {"waterlogging_points": [{"name": "w"}]}, "does not say where", "polygon", "add x"),
    Bad("waterlogging_points[0].y", {"waterlogging_points": [{"name": "w", "x": 1}]}, "needs y", "x and y", "add y"),
    Bad(
        "waterlogging_points[0].polygon",
        {"waterlogging_points": [{"name": "w", "x": 1, "y": 1, "polygon": SQUARE}]},
        "at once",
        "x and y",
        "keep one",
    ),
    Bad(
        "waterlogging_points[0].lane",
        {"waterlogging_points": [{"name": "w", "x": 1, "y": 1, "lane": LINE}]},
        "too few points for a polygon",
        "at least 3",
    ),
]


def faults_of(data: dict[str, Any], base: Path) -> list[Fault]:
    with pytest.raises(CaseError) as caught:
        parse_case(data, base, source_name="case.toml")
    return caught.value.faults


def test_the_case_that_is_broken_below_is_good(folder: Path) -> None:
    parse_case(GOOD, folder)


@pytest.mark.parametrize("bad", FIELDS + ACROSS, ids=lambda bad: f"{bad.key}: {bad.message}")
def test_one_broken_key_is_one_fault(folder: Path, bad: Bad) -> None:
    data = {**deepcopy(GOOD), **bad.change}
    (fault,) = faults_of(data, folder)
    assert fault.file == "case.toml"
    assert fault.key == bad.key
    assert bad.message in fault.message
    assert bad.allowed in fault.allowed
    assert fault.remedy and bad.remedy in fault.remedy


def test_everything_is_reported_at_once(folder: Path) -> None:
    """Fields, files and what does not fit together, each section on its own."""
    data = {
        "name": "old town",
        "clock": {"duration": "125 s"},
        "grid": {"terrain": "none.asc", "roughness": 9},
        "rainfall": {"kind": "chicago"},
        "solver": {"order": 2, "scheme": "inertial"},
        "points": [{"name": "a", "x": 1, "y": 1}, {"name": "a", "x": 1, "y": 2}],
        "boundaries": [{"name": "b", "kind": "level", "edge": "east"}],
        "losses": {"table": "soil.csv", "kind": "constant"},
        "extra": 1,
    }
    keys = [fault.key for fault in faults_of(data, folder)]
    assert len(keys) == len(set(keys))
    assert set(keys) == {
        "name", "clock.duration", "grid.terrain", "grid.roughness", "rainfall.formula", "solver.order",
        "points[1].name", "boundaries[0].level", "losses.table", "extra",
    }  # fmt: skip


def test_a_broken_section_brings_no_faults_that_depend_on_it(folder: Path) -> None:
    """The beat is unknown, so nothing is said about multiples of it; the terrain is broken, not missing."""
    data = {**GOOD, "solver": {"sync_interval": "x"}, "output": {"interval": 61}, "grid": {"crs": 1}}
    path = folder / "case.json"
    path.write_text(json.dumps(data))
    with pytest.raises(CaseError) as caught:
        load_case(path)
    assert {fault.key for fault in caught.value.faults} == {"grid.crs", "solver.sync_interval"}


def test_keys_that_the_kind_of_rain_does_not_use_are_left_alone(folder: Path) -> None:
    rain = {"kind": "none", "formula": "chengdu", "step": "7 min", "depth": "10 mm"}
    assert parse_case({**GOOD, "rainfall": rain}, folder).rainfall.step == 420.0


def test_beats_are_compared_with_tolerance(folder: Path) -> None:
    data = {**GOOD, "clock": {"duration": 0.3}, "solver": {"sync_interval": 0.1}, "output": {"interval": 0.7}}
    parse_case({**data, "output": {"interval": 0.7, "series_interval": 0.1}}, folder)


def test_alternatives_are_enough(folder: Path) -> None:
    for rain in (
        {"kind": "uniform", "depth": "50 mm"},
        {"kind": "uniform", "formula": "x", "return_period": 5},
        {"kind": "chicago", "formula_file": "rain.csv", "return_period": 5},
        {"kind": "pattern", "pattern": "rain.csv", "depth": "50 mm"},
        {"kind": "series", "file": "rain.csv", "unit": "mm/h"},
    ):
        parse_case({**GOOD, "rainfall": rain}, folder)
    for losses in (
        {"kind": "constant", "rate": 0},
        {"kind": "green_ampt", "soil": "loam"},
        {"kind": "horton", "table": "rain.csv", "land_cover": "dem.asc"},
    ):
        parse_case({**GOOD, "losses": losses}, folder)


def test_messages_are_short_whatever_the_value(folder: Path) -> None:
    for value in ("x" * 100_000, [[1] * 1000] * 1000, {str(n): n for n in range(1000)}, 10**5000, "\ud800", b"\xff"):
        for fault in faults_of({**GOOD, "points": value, "name": value, "losses": {"kind": value}}, folder):
            assert len(str(fault)) < 1000
            str(fault).encode("utf-8")


def test_keys_that_are_no_text(folder: Path) -> None:
    (fault,) = faults_of({**GOOD, 3: 1}, folder)  # type: ignore[dict-item]
    assert "not text" in fault.message
