from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from floodsim.case.load import load_case, parse_case
from floodsim.case.water import Series
from floodsim.errors import CaseError, Fault

FaultsOf = Callable[..., list[Fault]]

SMALL = {"name": "small", "clock": {"duration": "1 h"}, "grid": {"terrain": "dem.asc"}}


def test_a_good_file_is_read_in_si(good: Path) -> None:
    case = load_case(good)
    assert case.clock.duration == 10800.0
    assert case.clock.start == "2025-07-03T07:00:00"
    assert case.rainfall.intensity == pytest.approx(60e-3 / 3600)
    assert case.grid.terrain == good.parent / "dem.asc"
    assert case.grid.roughness == 0.02
    assert case.grid.buildings == "none"
    assert isinstance(case.boundaries[0].level, Series)
    assert case.boundaries[0].level.values == [(0.0, 3.5), (60.0, 4.0)]
    assert case.points[0].y == 20.0
    assert case.solver.cfl == 0.45  # a default


def test_toml_yaml_and_json_mean_the_same(folder: Path) -> None:
    (folder / "a.toml").write_text('name = "small"\nclock.duration = "1 h"\ngrid.terrain = "dem.asc"\n')
    (folder / "a.YAML").write_text(yaml.safe_dump(SMALL))
    (folder / "a.yml").write_text(yaml.safe_dump(SMALL))
    (folder / "a.json").write_text(json.dumps(SMALL))
    cases = [load_case(folder / name) for name in ("a.toml", "a.YAML", "a.yml", "a.json")]
    assert all(case == cases[0] for case in cases)


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_on_windows(good: Path) -> None:
    expected = load_case(good)
    good.write_bytes(b"\xef\xbb\xbf" + good.read_bytes().replace(b"\n", b"\r\n"))
    assert load_case(good) == expected


def test_an_empty_path_of_folders_is_the_current_one(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good.parent)
    assert load_case("case.toml").grid.terrain == good.parent / "dem.asc"


@pytest.mark.parametrize(
    ("name", "content", "message", "remedy"),
    [
        ("a.toml", b'name = "x"\n[clock\n', "line 2, column 7", "mend"),
        ("a.toml", b"name = 60 mm/h\n", "line 1", "in quotes"),
        ("a.toml", b"name = mm\n", "Invalid value (at line 1, column 8)", "in quotes"),
        ("a.toml", b'name = "x"\nname = "y"\n', "line 2", "only once"),
        ("a.toml", b'x = "C:\\data"\n', "line 1", "single quotes"),
        (
            "a.toml",
            '# 内涝\nname = "成都"\n'.encode("gbk"),
            "not UTF-8 text (line 1); it looks like GBK",
            "save as UTF-8",
        ),
        ("a.toml", b"\xff\xfe\xff\xff", "not UTF-8", "save as UTF-8"),
        ("a.toml", b"x = " + b"[" * 5000, "nested too deeply", "flatten"),
        ("a.yaml", b"name: a\n  b: c\n", "line 2, column 4", "mend"),
        ("a.yaml", b"name: a\nname: b\n", "'name' stands twice (at line 2, column 1)", "only once"),
        ("a.yaml", b"x: !!int ''\n", "YAML", "mend"),
        ("a.yaml", b"x: 2020-99-99\n", "YAML", "mend"),
        ("a.yaml", b"- a\n- b\n", "holds no keys", "[clock]"),
        ("a.yaml", b"", "holds no keys", "[clock]"),
        ("a.json", b'{"name": "x",\n "clock": }', "line 2, column 11", "mend"),
        ("a.json", b'{"a": 1, "a": 2}', "'a' stands twice", "only once"),
        ("a.json", b"[" * 100000, "nested too deeply", "flatten"),
        ("a.ini", b"name = x", "not a case file", "TOML"),
        ("a", b"name = x", "not a case file", "TOML"),
    ],
)
def test_unreadable_files(
    folder: Path, faults_of_file: FaultsOf, name: str, content: bytes, message: str, remedy: str
) -> None:
    path = folder / name
    path.write_bytes(content)
    (fault,) = faults_of_file(path)
    assert fault.file == str(path)
    assert message in fault.message
    assert remedy in fault.remedy


def test_missing_files_get_the_nearest_name(good: Path, faults_of_file: FaultsOf) -> None:
    (fault,) = faults_of_file(good.parent / "cse.toml")
    assert "no such file" in fault.message and "case.toml" in fault.remedy
    (fault,) = faults_of_file(good.parent / "nowhere" / "case.toml")
    assert "does not exist" in fault.remedy
    (good.parent / "dir.toml").mkdir()
    (fault,) = faults_of_file(good.parent / "dir.toml")
    assert "folder" in fault.message
    (fault,) = faults_of_file(Path("\0.toml"))
    assert "cannot be shown" in fault.message


def test_files_named_by_the_case(good: Path, faults_of_file: FaultsOf) -> None:
    keys = ["grid.terrain=den.asc", "rainfall.file=data/rain.csv", "grid.buildings=.", "losses.table="]
    found = {fault.key: fault for fault in faults_of_file(good, *keys)}
    assert set(found) == {"grid.terrain", "rainfall.file", "grid.buildings", "losses.table"}
    assert str(good.parent / "den.asc") in found["grid.terrain"].message
    assert found["grid.terrain"].remedy == "did you mean dem.asc?"
    assert str(good.parent / "data") in found["rainfall.file"].remedy
    assert "not a file" in found["grid.buildings"].message
    assert "empty" in found["losses.table"].message
    odd = {fault.key: fault for fault in faults_of_file(good, "grid.terrain=a\0b", f"rainfall.file={'x' * 5000}")}
    assert "cannot be shown" in odd["grid.terrain"].message
    assert "not a usable path" in odd["rainfall.file"].message


def test_unreadable_file(good: Path, faults_of_file: FaultsOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("floodsim.case.paths.os.access", lambda path, mode: False)
    (fault,) = faults_of_file(good)
    assert fault.key == "grid.terrain" and "may not be read" in fault.message and "chmod" in fault.remedy


def test_variables_in_paths(good: Path) -> None:
    case = load_case(good, ["grid.terrain=${DATA}/dem.${KIND}"], {"DATA": str(good.parent), "KIND": "asc"})
    assert case.grid.terrain == good.parent / "dem.asc"
    with pytest.raises(CaseError) as caught:
        load_case(good, ["grid.terrain=${DATA}/dem.asc"])
    (fault,) = caught.value.faults
    assert (fault.key, fault.message) == ("grid.terrain", "variable ${DATA} is not set")
    assert "export DATA=" in fault.remedy


def test_paths_are_tidied_only_where_that_changes_nothing(good: Path, tmp_path: Path) -> None:
    (good.parent / "sub").mkdir()
    assert load_case(good, ["grid.terrain=sub/../dem.asc"]).grid.terrain == good.parent / "dem.asc"
    elsewhere = tmp_path / "far" / "away"
    elsewhere.mkdir(parents=True)
    (tmp_path / "far" / "dem2.asc").write_text("x")
    (good.parent / "link").symlink_to(elsewhere)
    terrain = load_case(good, ["grid.terrain=link/../dem2.asc"]).grid.terrain
    assert terrain is not None and terrain.samefile(tmp_path / "far" / "dem2.asc")


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("grid.roughness", "0.05", float),
        ("grid.roughness", "dem.asc", Path),
        ("initial.depth", "20 cm", float),
        ("initial.depth", "0.2", float),
        ("initial.depth", "dem.asc", Path),
        ("initial.depth", "2.tif", Path),
        ("grid.buildings", "none", str),
        ("grid.buildings", "dem.asc", Path),
    ],
)
def test_keys_that_take_a_number_or_a_file(good: Path, key: str, value: str, kind: type) -> None:
    (good.parent / "2.tif").write_text("")
    section, name = key.split(".")
    case = load_case(good, [f'{key}="{value}"'])
    assert isinstance(getattr(getattr(case, section), name), kind)


def test_a_file_needs_a_terrain_and_a_dictionary_does_not(folder: Path, faults_of_file: FaultsOf) -> None:
    data = {"name": "bare", "clock": {"duration": 60}}
    assert parse_case(data).grid.terrain is None
    path = folder / "bare.json"
    path.write_text(json.dumps(data))
    (fault,) = faults_of_file(path)
    assert (fault.file, fault.key) == (str(path), "grid.terrain")
    assert "[grid]" in fault.remedy


def test_parse_case_reads_from_its_base_and_leaves_its_input_alone(folder: Path) -> None:
    data = {"name": "a", "clock": {"duration": 60}, "grid": {"terrain": "dem.asc"}}
    case = parse_case(data, folder, overrides=["clock.duration=2 min"])
    assert case.grid.terrain == folder / "dem.asc" and case.clock.duration == 120.0
    assert data == {"name": "a", "clock": {"duration": 60}, "grid": {"terrain": "dem.asc"}}


def test_what_is_no_dictionary_is_refused() -> None:
    with pytest.raises(CaseError, match="<dict>: not a case"):
        parse_case([1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize("start", ["2025-07-03", "2025-07-03T07:00", "2025-07-03 07:00:00", "20250703T070000"])
def test_start_is_kept_in_one_form(start: str) -> None:
    case = parse_case({"name": "a", "clock": {"start": start, "duration": 60}})
    assert case.clock.start == ("2025-07-03T00:00:00" if start == "2025-07-03" else "2025-07-03T07:00:00")


def test_an_unlike_yaml_time_with_zone_is_refused(folder: Path, faults_of_file: FaultsOf) -> None:
    path = folder / "a.yaml"
    path.write_text("name: a\nclock: {start: 2025-07-03T07:00:00+08:00, duration: 1 h}\ngrid: {terrain: dem.asc}\n")
    (fault,) = faults_of_file(path)
    assert fault.key == "clock.start" and "zone" in fault.message and "local time" in fault.remedy
