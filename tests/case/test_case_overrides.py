from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from floodsim.case.load import load_case
from floodsim.case.overrides import parse_value
from floodsim.errors import Fault

FaultsOf = Callable[..., list[Fault]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.5", 3.5),
        ("true", True),
        ('"3"', "3"),
        ("'3'", "3"),
        ("[1, 2.5]", [1, 2.5]),
        ('{ file = "a.csv" }', {"file": "a.csv"}),
        ("60 mm/h", "60 mm/h"),
        (" hllc ", "hllc"),
        ("a=b", "a=b"),
        ("", ""),
        ("1\nname = 2", "1\nname = 2"),
        ("[1, 2", "[1, 2"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert parse_value(text) == value


def test_overrides_replace_create_and_append(good: Path) -> None:
    case = load_case(
        good,
        [
            "rainfall.intensity=30 mm/h",
            "points.0.x=3",
            "points[0].y=4",
            "solver.order=2",  # a section the file does not have
            "points.1={ name = 'mill', x = 1, y = 2 }",
            "lines.0.name=weir",
            "lines.0.coordinates=[[0, 0], [1, 1]]",
            "output.thresholds=[0.3]",
            "clock.duration=1 h",
            "clock.duration=2 h",
            'title="a = b"',
        ],
    )
    assert case.rainfall.intensity == pytest.approx(30e-3 / 3600)
    assert [(point.name, point.x, point.y) for point in case.points] == [("gate", 3.0, 4.0), ("mill", 1.0, 2.0)]
    assert case.solver.order == 2
    assert case.lines[0].coordinates == [(0.0, 0.0), (1.0, 1.0)]
    assert case.output.thresholds == [0.3]
    assert case.clock.duration == 7200.0
    assert case.title == "a = b"


@pytest.mark.parametrize(
    ("override", "key", "message", "remedy"),
    [
        ("grid.terain=dem.asc", "grid.terain", "unknown key", 'did you mean "terrain"?'),
        ("gird.crs=local", "gird", "unknown key", 'did you mean "grid"?'),
        ("points.0.z=1", "points[0].z", "unknown key", "take the key out"),
        ("duration=1 h", "duration", "unknown key", "this key belongs in [clock] or [rainfall]"),
        ("solver.cfl=2", "solver.cfl", "out of range", "in that range"),
        ("solver.scheme=hlc", "solver.scheme", "not one of the choices", 'did you mean "hllc"?'),
        ("clock.duration=3 hours", "clock.duration", "unknown unit 'hours'", 'did you mean "3 h"?'),
        ("points.x=1", "points.x", "not an index", "points.0.name"),
        ("points.9.x=1", "points.9", "not an index", "points.0.name"),
        ("name.first=a", "name", "has no keys below it", "set name as a whole"),
        ("solver.cfl", "", "not key=value", "--set key=value"),
        ("=3", "", "not key=value", "--set key=value"),
        ("a..b=3", "", "not key=value", "--set key=value"),
    ],
)
def test_bad_overrides_are_blamed_on_the_option(
    good: Path, faults_of_file: FaultsOf, override: str, key: str, message: str, remedy: str
) -> None:
    (fault,) = faults_of_file(good, override)
    assert fault.file == "--set"
    assert fault.key == key
    assert message in fault.message and remedy in fault.remedy


def test_faults_of_the_file_stay_with_the_file(good: Path, faults_of_file: FaultsOf) -> None:
    good.write_text(good.read_text().replace('"60 mm/h"', "60"))
    found = {fault.key: fault for fault in faults_of_file(good, "solver.cfl=2")}
    assert found["solver.cfl"].file == "--set"
    assert found["rainfall.intensity"].file == str(good)
