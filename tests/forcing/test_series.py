from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.case.water import Series
from floodsim.errors import CaseError
from floodsim.forcing.build import build_series, rating_table
from floodsim.forcing.series import Rain
from tests.forcing.helpers import make_case, write

KEY = "boundaries[0].level"


def test_rain_mean_is_the_exact_overlap() -> None:
    rain = Rain(np.array([100.0, 200.0, 400.0]), np.array([[1.0, 2.0], [4.0, 0.0]]))
    assert rain.mean(0.0, 1000.0) == pytest.approx([(100 + 800) / 1000, 200 / 1000])
    assert rain.mean(150.0, 250.0) == pytest.approx([2.5, 1.0])
    assert rain.mean(0.0, 100.0) == pytest.approx([0.0, 0.0])
    assert rain.mean(400.0, 500.0) == pytest.approx([0.0, 0.0])
    assert rain.mean(200.0, 200.0) == pytest.approx([4.0, 0.0])
    assert rain.mean(500.0, 500.0) == pytest.approx([0.0, 0.0])
    assert rain.end == 400.0


@given(
    lengths=st.lists(st.floats(1.0, 500.0), min_size=1, max_size=12),
    window=st.tuples(st.floats(-1000.0, 4000.0), st.floats(1.0, 3000.0)),
    seed=st.integers(0, 1000),
)
def test_rain_mean_equals_the_plain_sum_over_all_blocks(
    lengths: list[float], window: tuple[float, float], seed: int
) -> None:
    edges = np.concatenate(([0.0], np.cumsum(lengths)))
    rain = Rain(edges, np.random.default_rng(seed).random((len(lengths), 2)))
    t0, t1 = window[0], window[0] + window[1]
    overlap = np.clip(np.minimum(edges[1:], t1) - np.maximum(edges[:-1], t0), 0.0, None)
    assert rain.mean(t0, t1) == pytest.approx(overlap @ rain.rates / (t1 - t0), abs=1e-12)


def test_number_is_a_constant() -> None:
    series = build_series(3.5, make_case(), KEY)
    assert series.at(0.0) == series.at(1e9) == series.mean(0.0, 10.0) == 3.5


def test_inline_pairs_in_minutes_and_litres() -> None:
    value = Series(values=[(0, 0), (60, 500), (120, 100)], time_unit="min", unit="L/s")
    series = build_series(value, make_case(), "sources[0].discharge")
    assert series.at(1800.0) == pytest.approx(0.25)
    assert series.mean(0.0, 7200.0) == pytest.approx((0.25 + 0.3) / 2)


def test_csv_with_dates_and_named_columns_and_chinese_header(tmp_path) -> None:
    text = "时间,水位,备注\n2024/7/1 7:00,1.0,a\n2024/7/1 9:00,3.0,b\n2024/7/1 11:00,2.0,c\n"
    path = tmp_path / "gbk.csv"
    path.write_bytes(text.encode("gb18030"))
    series = build_series(Series(file=path, time_column="时间", column="水位"), make_case(), KEY)
    assert list(series.times) == [-3600.0, 3600.0, 10800.0]
    assert series.at(0.0) == pytest.approx(2.0)


def test_blank_separated_file_without_header(tmp_path) -> None:
    path = write(tmp_path / "a.txt", "# river\n0 1.0 9.0\n120 2.0 8.0\n")
    series = build_series(Series(file=path, time_unit="min", column="3"), make_case(), KEY)
    assert list(series.values) == [9.0, 8.0]


BAD = [
    ("time,level\n0,1\n3600,2\n", "does not cover the run", KEY),
    ("time,level\n0,1\n3600,x\n7200,2\n", "row 3 has a value that is no number", KEY),
    ("time,level\n0,1\n3600,nan\n7200,2\n", "row 3 has a value that is no number", KEY),
    ("time,level\n0,1\n7200,2\n3600,2\n", "row 4 has a time before that of the row above", KEY),
    ("time,level\n0,1\n3600,2\n3600,2\n7200,3\n", "row 4 has the same time", KEY),
    ("time,level\n0,1\nnoon,2\n7200,2\n", "row 3 has a time that is not a number", KEY),
    ("time,level\n0,1\n3600\n7200,2\n", "row 3 has fewer than 2 fields", f"{KEY}.file"),
    ("time,level\n", "header but no data", f"{KEY}.file"),
    ("", "holds no data", f"{KEY}.file"),
    ("time,level\n2024-07-01T08:00Z,1\n2024-07-01T12:00Z,2\n", "a time zone", KEY),
    ("time,level\n2024-07-01T08:00,1\n2024-02-30T12:00,2\n", "row 3 has a time that is not a date", KEY),
]


@pytest.mark.parametrize(("text", "message", "key"), BAD)
def test_broken_series_file_is_refused(tmp_path, text: str, message: str, key: str) -> None:
    path = write(tmp_path / "s.csv", text)
    with pytest.raises(CaseError) as caught:
        build_series(Series(file=path), make_case(), KEY)
    fault = next(fault for fault in caught.value.faults if message in fault.message)
    assert (fault.file, fault.key) == (str(path), key)
    assert fault.remedy


@pytest.mark.parametrize(
    ("value", "message", "key"),
    [
        (Series(values=[(0, 1), (60, 2)]), "does not cover the run", KEY),
        (Series(values=[(0, 1), (9000, 2), (100, 2)]), "do not ascend", f"{KEY}.values[2]"),
        (Series(values=[]), "is empty", KEY),
        (Series(), "either values or a file", KEY),
        (Series(values=[(0, 1), (9000, 2)], unit="feet"), "unknown unit", f"{KEY}.unit"),
    ],
)
def test_broken_inline_series_is_refused(value: Series, message: str, key: str) -> None:
    with pytest.raises(CaseError, match=message) as caught:
        build_series(value, make_case(), KEY)
    assert caught.value.faults[0].key == key
    assert caught.value.faults[0].remedy


def test_missing_column_names_those_there_are(tmp_path) -> None:
    path = write(tmp_path / "s.csv", "time,level\n0,1\n7200,2\n")
    with pytest.raises(CaseError, match="no column 'stage'") as caught:
        build_series(Series(file=path, column="stage"), make_case(), KEY)
    assert caught.value.faults[0].key == f"{KEY}.column"
    assert caught.value.faults[0].allowed == "time, level"


def test_rating_table(tmp_path) -> None:
    levels, discharges = rating_table(write(tmp_path / "r.csv", "discharge,level\n0,1.0\n2.5,1.5\n9,2.0\n"))
    assert list(levels) == [1.0, 1.5, 2.0]
    assert list(discharges) == [0.0, 2.5, 9.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("level,discharge\n1,0\n1,2\n", "row 3 has a level not above"),
        ("level,discharge\n1,3\n2,2\n", "row 3 has a discharge below"),
        ("level,discharge\n1,-3\n2,2\n", "negative discharge"),
        ("level,discharge\n1,0\n2,\n", "row 3 has no number"),
        ("level,discharge\n1,0\n", "fewer than two rows"),
        ("stage,discharge\n1,0\n2,1\n", "no column 'level'"),
    ],
)
def test_broken_rating_table(tmp_path, text: str, message: str) -> None:
    path = write(tmp_path / "r.csv", text)
    with pytest.raises(CaseError, match=message) as caught:
        rating_table(path)
    assert caught.value.faults[0].file == str(path)
