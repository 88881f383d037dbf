from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.errors import CaseError
from floodsim.forcing.build import build_rain, rain_and_warnings
from floodsim.forcing.formula_file import load_formula
from tests.forcing.helpers import depths_mm, make_case, write

SHANGHAI: dict[str, Any] = {"formula": "shanghai", "return_period": 5}


def build(run: float = 7200.0, **rainfall: Any):
    return build_rain(make_case(run, **rainfall), None)


def test_none_is_no_rain() -> None:
    rain = build()
    assert rain.end == 0.0
    assert rain.mean(0.0, 100.0) == pytest.approx([0.0])


@pytest.mark.parametrize(
    ("keys", "total"),
    [
        ({"kind": "uniform", "intensity": "60 mm/h", "duration": "1 h"}, 60.0),
        ({"kind": "uniform", "depth": "35 mm"}, 35.0),
        ({"kind": "uniform", **SHANGHAI}, 76.404),
        ({"kind": "triangular", "depth": "35 mm", "peak_ratio": 0.0}, 35.0),
        ({"kind": "triangular", "intensity": "30 mm/h"}, 60.0),
        ({"kind": "triangular", **SHANGHAI, "peak_ratio": 1.0}, 76.404),
        ({"kind": "chicago", **SHANGHAI, "peak_ratio": 0.405}, 76.404),
        ({"kind": "chicago", **SHANGHAI, "depth": "100 mm"}, 100.0),
        ({"kind": "chicago", **SHANGHAI, "factor": 1.5}, 114.606),
        ({"kind": "alternating_block", **SHANGHAI}, 76.404),
        ({"kind": "alternating_block", **SHANGHAI, "depth": "50 mm"}, 50.0),
        ({"kind": "scs", "depth": "200 mm", "duration": "24 h", "scs_type": "III"}, 200.0),
    ],
)
def test_every_kind_of_design_storm_has_its_depth(keys: dict[str, Any], total: float) -> None:
    assert depths_mm(build(86400.0, **keys)).sum() == pytest.approx(total, abs=0.0006)


def test_scaled_chicago_keeps_its_shape() -> None:
    plain, scaled = (build(kind="chicago", **SHANGHAI, **extra) for extra in ({}, {"depth": "38.2021 mm"}))
    assert scaled.rates / plain.rates == pytest.approx(0.5, rel=1e-5)


def test_start_moves_the_storm() -> None:
    plain, late = (build(kind="chicago", **SHANGHAI, start=start) for start in (0, "10 min"))
    assert late.edges == pytest.approx(plain.edges + 600.0)
    assert np.array_equal(late.rates, plain.rates)


def test_scs_storm_falls_as_its_table_says() -> None:
    rain = build(86400.0, kind="scs", depth="100 mm", duration="24 h", step="30 min")
    assert depths_mm(rain)[:24].sum() == pytest.approx(66.3)
    assert depths_mm(rain)[23] == pytest.approx(66.3 - 28.3)


def test_pattern_in_percent(tmp_path) -> None:
    path = write(tmp_path / "p.csv", "time,depth\n0,0\n50,80\n100,100\n")
    rain = build(kind="pattern", pattern=path, depth="50 mm", duration="2 h", step="30 min")
    assert depths_mm(rain) == pytest.approx([20.0, 20.0, 5.0, 5.0])


def test_own_formula_file(tmp_path) -> None:
    text = (Path(__file__).parents[2] / "floodsim/forcing/formulas/shanghai.toml").read_text(encoding="utf-8")
    path = write(tmp_path / "own.toml", text)
    rain = build(kind="uniform", formula_file=path, return_period=30, duration="1 h")
    assert depths_mm(rain).sum() == pytest.approx(82.15, abs=0.005)


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"kind": "chicago", "depth": "50 mm"}, "rainfall.formula", "needs an intensity formula"),
        ({"kind": "chicago", "formula": "shanghai"}, "rainfall.return_period", "no return period"),
        ({"kind": "chicago", "formula": "atlantis", "return_period": 5}, "rainfall.formula", "no formula named"),
        ({"kind": "chicago", "formula": "chengdu", "return_period": 1}, "rainfall.return_period", "not defined"),
        ({"kind": "uniform"}, "rainfall.depth", "needs depth, intensity, or formula"),
        ({"kind": "uniform", "depth": 0.1, "intensity": 1e-5}, "rainfall.intensity", "both given"),
        ({"kind": "scs", "depth": "100 mm"}, "rainfall.duration", "defined over 24 h"),
        ({"kind": "scs", "duration": "24 h", **SHANGHAI}, "rainfall.depth", "needs the 24 h depth"),
        ({"kind": "pattern", "depth": "100 mm"}, "rainfall.pattern", "needs a file"),
        ({"kind": "alternating_block", **SHANGHAI, "step": "7 min"}, "rainfall.step", "not a multiple"),
        ({"kind": "uniform", **SHANGHAI, "formula_file": "a.toml"}, "rainfall.formula_file", "both given"),
        ({"kind": "uniform", "depth": 0.1, "start": "3 h"}, "rainfall.start", "after the end of the run"),
        ({"kind": "series", "unit": "mm"}, "rainfall.file", "needs a file"),
        ({"kind": "gridded"}, "rainfall.kind", "needs the grid"),
        (
            {"kind": "chicago", "formula": "shenzhen_west", "return_period": 1, "duration": "48 h"},
            "rainfall.duration",
            "falling depths",
        ),
    ],
)
def test_keys_that_make_no_storm(keys: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(CaseError, match=message) as caught:
        build(**keys)
    assert caught.value.faults[0].key == key
    assert caught.value.faults[0].remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,0\n0.5,0.6\n1,0.9\n", "depth share does not run from 0 to 1"),
        ("0,0\n0.5,0.6\n0.4,0.7\n1,1\n", "row 3 has a time share below"),
        ("0,0\n0.5,0.6\n0.6,0.5\n1,1\n", "row 3 has a depth share below"),
        ("0,0\n0.5,0.4\n0.5,0.6\n1,1\n", "row 3 has the same time share"),
        ("0,0\n0.5,x\n1,1\n", "row 2 has a depth share that is no number"),
        ("0\n1\n", "no column 2"),
    ],
)
def test_broken_pattern(tmp_path, text: str, message: str) -> None:
    path = write(tmp_path / "p.csv", text)
    with pytest.raises(CaseError, match=message) as caught:
        build(kind="pattern", pattern=path, depth="50 mm")
    assert (caught.value.faults[0].file, caught.value.faults[0].key) == (str(path), "rainfall.pattern")


def test_warnings_of_design_storms() -> None:
    def warned(run: float = 86400.0, **keys: Any) -> str:
        return " | ".join(rain_and_warnings(make_case(run, **keys), None)[1])

    assert "unverified" in warned(kind="chicago", formula="chengdu", return_period=5)
    assert "360 min is outside" in warned(kind="chicago", **SHANGHAI, duration="6 h")
    assert warned(kind="triangular", depth="50 mm", **SHANGHAI) == ""
    assert "longer than 24 h" in warned(2e5, kind="uniform", depth="50 mm", duration="30 h")
    assert "ends 3600 s after the end of the run" in warned(3600.0, kind="chicago", **SHANGHAI)
    assert "TR-55" in warned(kind="scs", depth="50 mm", duration="24 h")


SERIES: dict[str, Any] = {"kind": "series", "unit": "mm"}


def rain_of(path: Path, run: float = 7200.0, **keys: Any):
    return build(run, **({**SERIES, "file": path} | keys))


def test_depths_per_record_from_dates(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "time,rain\n2024-07-01 08:00,3\n2024-07-01 08:10,6\n2024-07-01 08:20,0\n")
    rain = rain_of(path)
    assert list(rain.edges) == [0.0, 600.0, 1200.0, 1800.0]
    assert depths_mm(rain) == pytest.approx([3.0, 6.0, 0.0])
    assert rain.end == 1200.0


def test_stamps_at_the_end_of_records(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "time,rain\n10,3\n20,6\n30,1\n")
    rain = rain_of(path, time_unit="min", stamp="end")
    assert list(rain.edges) == [0.0, 600.0, 1200.0, 1800.0]
    assert depths_mm(rain) == pytest.approx([3.0, 6.0, 1.0])


def test_intensities_with_skipped_lines_and_chosen_columns(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "station 57\nmade by hand\nno;t;mm/h\n1;0;36\n2;5;72\n")
    keys = {"unit": "mm/h", "skip_rows": 2, "time_column": "t", "column": "mm/h", "time_unit": "min"}
    assert depths_mm(rain_of(path, **keys)) == pytest.approx([3.0, 6.0])


def test_factor_and_shift_of_a_series(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "time,rain\n-8,3\n-7,6\n")
    rain = rain_of(path, time_unit="h", start="8 h", factor=2.0)
    assert list(rain.edges) == [0.0, 3600.0, 7200.0]
    assert depths_mm(rain) == pytest.approx([6.0, 12.0])


def test_only_records_of_the_run_are_kept_and_judged(tmp_path) -> None:
    text = "time,rain\n" + "".join(f"{60 * i},{-1 if i > 300 else i}\n" for i in range(-50, 400) if i != -20)
    rain = rain_of(write(tmp_path / "a.csv", text), unit="mm/h", run=3600.0)
    assert (rain.edges[0], rain.edges[-1], rain.rates.shape) == (0.0, 3600.0, (60, 1))


@pytest.mark.parametrize(("gaps", "blocks"), [("dry", [1.0, 2.0, 0.0, 4.0]), ("hold", [1.0, 2.0, 4.0])])
def test_missing_records(tmp_path, gaps: str, blocks: list[float]) -> None:
    path = write(tmp_path / "a.csv", "time,rain\n0,1\n600,2\n1800,4\n2400,0\n3000,0\n")
    rain = rain_of(path, gaps=gaps)
    assert depths_mm(rain)[: len(blocks)] == pytest.approx(blocks)
    assert rain.mean(600.0, 1800.0) == pytest.approx([2e-3 / 1200.0])


def test_swmm_rain_file_of_two_stations_leaves_dry_records_out(tmp_path) -> None:
    text = ";; gauge\n" + "".join(
        f"{name} 2024 07 01 {hour:02d} {minute:02d} {value}\n"
        for name, hour, minute, value in [("A", 8, 0, 1), ("B", 8, 0, 9), ("A", 8, 5, 2), ("A", 8, 40, 4)]
    )
    path = write(tmp_path / "rain.dat", text)
    rain = rain_of(path, station="A", gaps="dry", record="5 min")
    assert depths_mm(rain) == pytest.approx([1.0, 2.0, 0.0, 4.0])
    assert list(rain.edges) == [0.0, 300.0, 600.0, 2400.0, 2700.0]
    with pytest.raises(CaseError, match="which station") as caught:
        rain_of(path, gaps="dry")
    assert caught.value.faults[0].allowed == "A, B"
    with pytest.raises(CaseError, match="no such station"):
        rain_of(path, station="C")


def test_measured_rain_of_june_1990(validation_data) -> None:
    path = validation_data / "gistoswmm5" / "prec_mm.DAT"
    case = make_case(7 * 86400.0, "1990-06-19T00:00:00", kind="series", unit="mm", file=path)
    rain = build_rain(case, None)
    lines = [line.split() for line in path.read_text().splitlines()]
    expected = sum(float(line[6]) for line in lines if 19 <= int(line[3]) < 26)
    assert expected > 10.0
    assert rain.rates.shape == (7 * 1440, 1)
    assert depths_mm(rain).sum() == pytest.approx(expected, rel=1e-9)
    with pytest.raises(CaseError, match=r"after row 8980 \(records come every 60 s\)"):
        build_rain(make_case(7200.0, "1990-06-07T05:00:00", kind="series", unit="mm", file=path), None)


BROKEN = [
    ("t,r\n0,1\n600,2\n1800,3\n2400,3\n3000,1\n", {}, "missing after row 3", "rainfall.gaps"),
    ("t,r\n0,1\n600,2\n300,3\n", {}, "row 4 has a time before", "sort the rows"),
    ("t,r\n0,1\n600,2\n600,2\n1200,1\n", {}, "row 4 has the same time", "delete duplicates"),
    ("t,r\n0,1\n600,\n1200,1\n", {}, "no number at row 3", "gaps"),
    ("t,r\n0,1\n600,NaN\n1200,1\n", {}, "no number at row 3", "gaps"),
    ("t,r\n0,1\n600,-99.9\n1200,1\n", {}, "negative rain at row 3", "missing values"),
    ("t,r\n0,1\n600,600\n1200,1\n", {}, "above 3000 mm/h at row 3", "rainfall.unit"),
    ("t,r\n2024-08-01 08:00,1\n2024-08-01 08:10,2\n", {}, "does not overlap the run", "clock.start"),
    ("t,r\n2024-07-01 08:00,1\nyesterday,2\n", {}, "row 3 has a time that is not a date", "same way"),
    ("t,r\n2024-07-01 08:00+08:00,1\n2024-07-01 08:10+08:00,2\n", {}, "have a time zone", "clock.start"),
    ("t,r\n0,1\n", {}, "one record says nothing", "length of a record"),
    ("t,r\n0,1\n600,2\n", {"unit": "inch"}, "unit of the values", "mm/h"),
    ("t,r\n0,1\n600,2\n", {"unit": None}, "unit of the values", "mm/h"),
    ("t,r\n0,1\n600,2\n", {"column": "rain"}, "no column 'rain'", "name a column"),
    ("A 2024 07 01 08 00 1\nA 2024 07 01 25 00 1\n", {}, "row 2 has no station, year", "seven fields"),
    ("", {}, "holds no data", "check the path"),
]


@pytest.mark.parametrize(("text", "keys", "message", "remedy"), BROKEN)
def test_broken_rain_file_is_refused(tmp_path, text: str, keys: dict[str, Any], message: str, remedy: str) -> None:
    path = write(tmp_path / "broken.csv", text)
    with pytest.raises(CaseError) as caught:
        rain_of(path, **keys)
    fault = next(fault for fault in caught.value.faults if message in fault.message)
    assert fault.file == str(path)
    assert fault.key.startswith("rainfall.")
    assert remedy in fault.remedy


def test_missing_and_binary_rain_files(tmp_path) -> None:
    with pytest.raises(CaseError, match="cannot read the file"):
        rain_of(tmp_path / "nowhere.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\x00\x01\xff\xfe" * 9)
    with pytest.raises(CaseError, match="not a text file"):
        rain_of(path)


def test_all_faults_of_a_rain_file_come_at_once(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "t,r\n0,-1\n600,x\n1800,3\n2400,2\n3000,2\n")
    with pytest.raises(CaseError) as caught:
        rain_of(path)
    assert len(caught.value.faults) == 3


def test_partial_cover_is_a_warning(tmp_path) -> None:
    path = write(tmp_path / "a.csv", "t,r\n600,1\n1200,2\n")
    warnings = rain_and_warnings(make_case(**SERIES, file=path), None)[1]
    assert [text.split(";")[1] for text in warnings] == [" no rain before", " no rain after"]


def test_formula_and_storm_agree() -> None:
    storm = build(kind="uniform", **SHANGHAI, duration="1 h")
    assert storm.rates[0, 0] == pytest.approx(float(load_formula("shanghai").intensity(5, 3600.0)))
