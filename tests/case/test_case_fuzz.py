"""Whatever a case file holds, it is read or refused with faults; nothing else ever comes out."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from floodsim.case.describe import note_at
from floodsim.case.load import load_case, parse_case, resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError

SUFFIXES = [".toml", ".yaml", ".json"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "dem.asc").write_text("x")
    return folder


def check_refusal(error: CaseError) -> None:
    assert error.faults
    for fault in error.faults:
        assert fault.message and fault.file and fault.remedy
        str(fault).encode("utf-8")


def read_or_refuse(path: Path, content: bytes, overrides: list[str] | None = None) -> None:
    path.write_bytes(content)
    try:
        load_case(path, overrides or [])
    except CaseError as error:
        check_refusal(error)


WORDS = r"""
name clock grid points duration = : [ ] [[ ]] { } " ' . , - &a *a << !!int !!float !!timestamp !!binary !!set ? | #
1 1e999 nan null ~ 2020-01-01 99:99 \u \ud800 0x true % ---
"""
SYNTAX = st.lists(st.sampled_from([*WORDS.split(), "\n", " ", "\t", "3 h"])).map("".join)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8")) | SYNTAX.map(str.encode))
@example(content=b"a: &a [*a]\nname: *a\npoints: *a\n")
@example(content=b"? [a]\n: 1\n")
@example(content=b"1: 2\nnull: 3\n")
@example(content=b"x: !!timestamp y")
@example(content=b"x: !!bool y")
@example(content=b"x = " + b"9" * 5000)
@example(content=b'{"x": ' + b"9" * 5000 + b"}")
@example(content=b'{"name": "\\ud800", "\\ud800": 1, "grid": {"terrain": "\\ud800"}}')
@example(content=b"a0: &a0 [1]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60)))
@example(content=b"x = " + b"[" * 90 + b"]" * 90)
@example(content=b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}")
def test_any_bytes(place: Path, suffix: str, content: bytes) -> None:
    read_or_refuse(place / f"case{suffix}", content)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["3 h", "60 mm/h", "-1 m", "1e999 m", "dem.asc", "none", "${A}", "..", "\0", "0.5"])
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def near_cases(draw: st.DrawFn, location: tuple[str | int, ...] = ()) -> Any:
    """A case with the right keys, more or less, and values that are right now and then."""
    note = note_at(location)
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if note.keys and location[-1:] != (0,) and note.is_list is False:
        keys = draw(st.lists(st.sampled_from(note.keys), max_size=6, unique=True))
        return {key: draw(near_cases((*location, key))) for key in keys}
    if note.is_list:
        return draw(st.lists(near_cases((*location, 0)), max_size=2))
    if note.keys:
        return {key: draw(near_cases((*location, key))) for key in note.keys if draw(st.booleans())}
    if draw(st.booleans()) and note.choices:
        return draw(st.sampled_from(note.choices))
    if note.tuple_size:
        return draw(st.lists(st.floats(-10, 10), min_size=note.tuple_size, max_size=note.tuple_size))
    return draw(SCALARS)


FREE_SECTIONS = ("buildings", "roughness", "losses", "standard", "rainfall")


@st.composite
def sound_sections(draw: st.DrawFn) -> dict[str, Any]:
    """Sections without rules between their keys, with any values that the schema allows, as numbers or as text."""
    data: dict[str, Any] = {}
    for section in FREE_SECTIONS:
        for key in note_at((section,)).keys:
            note = note_at((section, key))
            low, high = note.bounds.get("ge", note.bounds.get("gt", 0.0)), note.bounds.get("le")
            if key == "kind" or draw(st.booleans()):
                continue
            if note.choices:
                data.setdefault(section, {})[key] = draw(st.sampled_from(note.choices))
            elif note.quantity and high is not None:
                number = draw(st.floats(low, high, exclude_min="gt" in note.bounds))
                data.setdefault(section, {})[key] = draw(st.sampled_from([number, repr(number)]))
    return data


@given(data=sound_sections())
def test_sound_cases_are_read_and_come_back_equal(data: dict[str, Any]) -> None:
    case = parse_case({**data, "name": "a", "clock": {"duration": 60}})
    for section, keys in data.items():
        for key, value in keys.items():
            read = getattr(getattr(case, section), key)
            assert read == (float(value) if note_at((section, key)).quantity else value)
    again = json.loads(json.dumps(resolved(case), allow_nan=False))
    assert parse_case(again, Path("/")) == case


@given(
    data=near_cases(),
    overrides=st.lists(st.text(max_size=8) | st.builds("{}={}".format, st.text(), st.text()), max_size=2),
)
def test_any_dictionary(place: Path, data: Any, overrides: list[str]) -> None:
    try:
        parse_case(data, place, overrides=overrides)
    except CaseError as error:
        check_refusal(error)


@given(data=near_cases().filter(lambda data: isinstance(data, dict)))
def test_any_yaml_and_json(place: Path, data: dict[str, Any]) -> None:
    plain = json.dumps(
        data, default=lambda value: value.isoformat() if isinstance(value, datetime.date) else str(value)
    )
    read_or_refuse(place / "case.json", plain.encode())
    read_or_refuse(place / "case.yaml", yaml.safe_dump(json.loads(plain)).encode())


@given(
    parts=st.lists(
        st.sampled_from([*Case.model_fields, "0", "7", "x", "level", "values", "", "[0]", "kind"]), max_size=4
    ),
    value=st.text() | st.sampled_from(["[1, 2]", "{a = 1}", "3 h", "line", "nan"]),
)
def test_any_override(place: Path, parts: list[str], value: str) -> None:
    content = b'name = "a"\nclock.duration = "1 h"\ngrid.terrain = "dem.asc"\npoints = [{name = "p", x = 1, y = 1}]\n'
    read_or_refuse(place / "case.toml", content, [f"{'.'.join(parts)}={value}"])
