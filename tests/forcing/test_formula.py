from __future__ import annotations

import numpy as np
import pytest

from floodsim.errors import CaseError
from floodsim.forcing.formula_file import list_formulas, load_formula
from tests.forcing.helpers import write

MM = 1e3
TO_MM_H = 3.6e6


@pytest.mark.parametrize(("period", "printed"), [(3, 51.3), (5, 58.1), (30, 82.2)])
def test_shanghai_one_hour_as_printed_in_gb50014(period: float, printed: float) -> None:
    assert load_formula("shanghai").intensity(period, 3600.0) * TO_MM_H == pytest.approx(printed, abs=0.051)


@pytest.mark.parametrize(
    ("zone", "period", "minutes", "official"),
    [
        ("west", 2, 5, 11.426),
        ("west", 5, 30, 55.182),
        ("west", 20, 60, 99.719),
        ("west", 100, 180, 220.739),
        ("central", 2, 5, 12.475),
        ("central", 10, 30, 58.706),
        ("central", 100, 60, 110.095),
        ("east", 5, 30, 50.807),
        ("east", 100, 120, 176.409),
        ("shenshan", 5, 30, 50.423),
        ("shenshan", 20, 120, 136.770),
    ],
)
def test_shenzhen_depths_as_in_the_official_table(zone: str, period: float, minutes: float, official: float) -> None:
    depth = load_formula(f"shenzhen_{zone}").depth(period, minutes * 60.0)
    assert depth * MM == pytest.approx(official, abs=0.002)


COMPUTED = {  # q(2 a, 60 min) L/(s ha); mm/h of 60 min at 2, 5, 30, 100 a; mm at (2 a, 120 min) and (50 a, 180 min)
    "chengdu": (115.00, 41.40, 53.58, 76.25, 91.45, 49.79, 109.65),
    "chengdu_old": (126.46, 45.53, 55.25, 70.86, 78.38, 57.98, 117.28),
    "chongqing_shapingba": (121.23, 43.64, 56.55, 81.81, 98.77, 59.25, 143.65),
    "chongqing_rongchang": (124.41, 44.79, 56.75, 80.14, 95.85, 62.27, 145.62),
    "yibin": (139.31, 50.15, 61.90, 80.71, 88.67, 69.77, 154.03),
    "shanghai": (127.28, 45.82, 58.11, 82.15, 98.31, 60.24, 136.19),
    "beijing_classic": (123.94, 44.62, 56.19, 78.82, 94.03, 56.91, 124.15),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_independently_computed_table(name: str) -> None:
    formula = load_formula(name)
    q, *expected = COMPUTED[name]
    found = [float(formula.intensity(period, 3600.0)) * TO_MM_H for period in (2, 5, 30, 100)]
    found += [float(formula.depth(2, 7200.0)) * MM, float(formula.depth(50, 10800.0)) * MM]
    assert found == pytest.approx(expected, abs=0.0051)
    assert float(formula.intensity(2, 3600.0)) * 1e7 == pytest.approx(q, abs=0.0051)


@pytest.mark.parametrize(("name", "q"), [("chengdu", 473.5), ("shanghai", 561.1)])
def test_ten_minute_intensity_at_30_years(name: str, q: float) -> None:
    assert float(load_formula(name).intensity(30, 600.0)) * 1e7 == pytest.approx(q, abs=0.051)


def test_interval_form_takes_the_upper_range_at_its_shared_bound() -> None:
    formula = load_formula("shenzhen_central_interval")
    assert float(formula.depth(10, 1800.0)) * MM == pytest.approx(58.70, abs=0.0051)
    assert float(formula.depth(9.999999, 1800.0)) * MM == pytest.approx(60.28, abs=0.0051)
    with pytest.raises(CaseError, match=r"1 to 10 a, 10 to 100 a"):
        formula.depth(101, 1800.0)


def test_table_is_not_read_between_its_rows() -> None:
    with pytest.raises(CaseError, match=r"no row for P = 7") as caught:
        load_formula("shenzhen_west").depth(7, 3600.0)
    assert "1, 2, 3, 5, 10, 20, 30, 50, 100 a" in caught.value.faults[0].allowed
    assert "interval" in caught.value.faults[0].remedy


@pytest.mark.parametrize("period", [1, 1.9, 0.5])
def test_chengdu_is_refused_where_its_exponent_is_not_defined(period: float) -> None:
    with pytest.raises(CaseError, match="not defined") as caught:
        load_formula("chengdu").depth(period, 3600.0)
    fault = caught.value.faults[0]
    assert fault.key == "rainfall.return_period"
    assert "2 years or more" in fault.allowed
    assert fault.remedy


def test_conventions_differ_by_two_per_mille(tmp_path) -> None:
    text = STANDARD.replace('convention = "exact"', 'convention = "167"')
    exact = load_formula(write(tmp_path / "a.toml", STANDARD)).depth(5, 3600.0)
    rounded = load_formula(write(tmp_path / "b.toml", text)).depth(5, 3600.0)
    assert exact / rounded == pytest.approx(167.0 * 60.0 / 1e4, rel=1e-12)


def test_every_file_of_the_package_gives_growing_depths() -> None:
    names = list_formulas()
    assert len(names) == 28
    minutes = np.arange(1.0, 181.0) * 60.0
    for name in names:
        formula = load_formula(name)
        assert formula.name == name
        for period in (2, 5, 10, 20, 50, 100):
            depths = formula.depth(period, minutes)
            assert np.all(np.diff(depths) > 0.0), (name, period)
            assert 0.008 < depths[59] < 0.2, (name, period)


def test_no_formula_is_called_verified_and_none_is_given_for_cities_without_a_source() -> None:
    assert {load_formula(name).confidence for name in list_formulas()} == {"second-hand", "recalled"}
    for city in ("mianyang", "绵阳", "suining"):
        with pytest.raises(CaseError, match="no formula for") as caught:
            load_formula(city)
        assert "rainfall.formula_file" in caught.value.faults[0].remedy


def test_warnings_are_values() -> None:
    assert load_formula("chengdu").warnings(5, 3600.0) == [
        "coefficients of chengdu are unverified (given from memory): check the official print"
    ]
    old = " | ".join(load_formula("yibin").warnings(200, 86400.0))
    for part in ("unverified", "年多个样法", "table 4.1.3 of GB 50014-2021", "200 a is outside", "1440 min is outside"):
        assert part in old
    assert any("sampling unknown" in text for text in load_formula("shanghai").warnings())


def test_falling_depths_are_known() -> None:
    law = load_formula("shenzhen_west").coefficients(1)  # n = 1.016
    assert law.longest == pytest.approx(33.494 / 0.016 * 60.0)
    assert law.depth(law.longest) > law.depth(law.longest * 1.1)
    assert load_formula("shanghai").coefficients(5).longest == np.inf


STANDARD = """
name = "mine"
city = "Mine"
source = "report"
confidence = "verified"
sampling = "annual_maxima"
convention = "exact"
[formula]
variant = "standard"
unit = "L/s/ha"
A = 1600
C = 0.846
b = 7.0
n = 0.656
"""


def test_own_file_verified_by_annual_maxima_warns_of_nothing(tmp_path) -> None:
    formula = load_formula(write(tmp_path / "mine.toml", STANDARD))
    assert formula.depth(5, 3600.0) == load_formula("shanghai").depth(5, 3600.0)
    assert formula.warnings(5, 3600.0) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("A = 1600", "", "formula.A", "missing number"),
        ("b = 7.0", "b = -7.0", "formula.b", "out of bounds"),
        ("n = 0.656", 'n = "0.656"', "formula.n", "not a finite number"),
        ("n = 0.656", "n = 0.656\nd = 3", "formula.d", "unknown key"),
        ("n = 0.656", "n = 0.656\nn_exponent = -0.017", "valid.least_return_period", "least return period"),
        ('"standard"', '"polynomial"', "formula.variant", "not one of the choices"),
        ('"verified"', '"sure"', "confidence", "not one of the choices"),
        ('"L/s/ha"', '"mm/h"', "formula.unit", "not one of the choices"),
        ('source = "report"', "", "source", "missing text"),
        ("[formula]", "[valid]\nduration_min = [180, 5]\n[formula]", "valid.duration_min", "not ascending"),
        ("C = 0.846", "C = nan", "formula.C", "not a finite number"),
    ],
)
def test_broken_formula_file_is_refused_with_its_key(tmp_path, old: str, new: str, key: str, message: str) -> None:
    path = write(tmp_path / "broken.toml", STANDARD.replace(old, new))
    with pytest.raises(CaseError, match=message) as caught:
        load_formula(path)
    assert [(fault.file, fault.key) for fault in caught.value.faults] == [(str(path), key)]


def test_all_faults_of_a_formula_file_come_at_once(tmp_path) -> None:
    text = STANDARD.replace("A = 1600", "").replace("b = 7.0", "b = -1").replace('"verified"', '"sure"')
    with pytest.raises(CaseError) as caught:
        load_formula(write(tmp_path / "broken.toml", text))
    assert {fault.key for fault in caught.value.faults} == {"formula.A", "formula.b", "confidence"}


def test_interval_file_with_overlapping_ranges_and_undefined_logarithm(tmp_path) -> None:
    head = STANDARD.split("[formula]")[0]
    rows = "".join(
        f"[[formula.ranges]]\nP = {period}\nA = [20, 1, 0.3]\nb = [10, 0.1, {shift}]\nn = [0.7, 0.01, 0]\n"
        for period, shift in (("[1, 10]", 2), ("[5, 100]", 0))
    )
    with pytest.raises(CaseError) as caught:
        load_formula(write(tmp_path / "i.toml", head + '[formula]\nvariant = "interval"\nunit = "mm/min"\n' + rows))
    assert {fault.key for fault in caught.value.faults} == {"formula.ranges[0].b", "formula.ranges[1].P"}


def test_missing_and_unreadable_formula_files(tmp_path) -> None:
    with pytest.raises(CaseError, match="cannot read the file"):
        load_formula(tmp_path / "nowhere.toml")
    with pytest.raises(CaseError, match="not a TOML file"):
        load_formula(write(tmp_path / "bad.toml", "name = = 3"))
