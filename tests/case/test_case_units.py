from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.case.units import UNITS, InputError, closest, is_quantity, parse_quantity, show


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("60 mm/h", "rate", 60e-3 / 3600),
        ("60mm/h", "rate", 60e-3 / 3600),
        ("167 L/s/ha", "rate", 167 * 1e-3 / 1e4),
        ("1 mm/min", "rate", 1e-3 / 60),
        ("24 mm/d", "rate", 1e-3 / 3600),
        ("3 h", "time", 10800.0),
        ("1.5 d", "time", 129600.0),
        (" 90min ", "time", 5400.0),
        ("15 cm", "length", 0.15),
        ("-2.5e1 mm", "length", -0.025),
        (".5 km", "length", 500.0),
        ("3", "length", 3.0),
        (3, "length", 3.0),
        ("2.5 m³/s", "discharge", 2.5),
        ("40 L/s", "discharge", 0.04),
        ("7200 m3/h", "discharge", 2.0),
        ("2 1/h", "per_time", 2 / 3600),
        ("50 a", "return_period", 50.0),
        ("５０ mm", "length", 0.05),
    ],
)
def test_quantities_in_si(text: object, dimension: str, expected: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    "bad", ["", "h", "3 parsec", "3 h 5 min", "1,5 h", "--3 h", True, None, [3], 10**400, "1" * 5000]
)
def test_what_is_no_quantity_is_refused_with_the_units(bad: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity(bad, "time", "3 h")
    assert "s, min, h, d" in caught.value.allowed
    assert '"3 h"' in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "dimension", "remedy"),
    [
        ("60 mm/hr", "rate", 'did you mean "60 mm/h"?'),
        ("3 hours", "time", 'did you mean "3 h"?'),
        ("3 minutes", "time", 'did you mean "3 min"?'),
        ("2 l/s", "discharge", 'did you mean "2 L/s"?'),
        ("2 cfs", "discharge", 'write a number and a unit, for example "1 X"'),
    ],
)
def test_a_unit_nearly_right_is_recognised(text: str, dimension: str, remedy: str) -> None:
    with pytest.raises(InputError, match="unknown unit") as caught:
        parse_quantity(text, dimension, "1 X")
    assert caught.value.remedy == remedy


def test_a_file_name_is_no_quantity() -> None:
    assert is_quantity("0.2 m", "length") and is_quantity("0.2", "length") and is_quantity("2 parsec", "length")
    assert not is_quantity("2.tif", "length") and not is_quantity("depth.tif", "length")


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (60e-3 / 3600, "rate", "60 mm/h"),
        (5400.0, "time", "90 min"),
        (7200.0, "time", "2 h"),
        (45.5, "time", "45.5 s"),
        (0.0, "time", "0 s"),
        (366 * 86400.0, "time", "366 d"),
        (0.15, "length", "0.15 m"),
        (0.65, "", "0.65"),
    ],
)
def test_values_are_shown_in_the_unit_people_use(value: float, dimension: str, text: str) -> None:
    assert show(value, dimension) == text


@given(st.floats(-1e6, 1e6), st.sampled_from(sorted(UNITS)), st.data())
def test_every_unit_is_read(number: float, dimension: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS[dimension])))
    assert math.isclose(parse_quantity(f"{number!r} {unit}", dimension), number * UNITS[dimension][unit])


@given(st.floats(0, 1e7), st.sampled_from(["rate", "time", "length", "discharge", "per_time"]))
def test_what_is_shown_reads_back(value: float, dimension: str) -> None:
    assert parse_quantity(show(value, dimension), dimension) == pytest.approx(value, rel=1e-9, abs=1e-300)


def test_closest_ignores_case() -> None:
    assert closest("Terain", ["terrain", "crs"]) == "terrain"
    assert closest("zzz", ["terrain", "crs"]) == ""
