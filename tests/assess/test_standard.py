"""Standards as data: the numbers of the tables, checks, overrides."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from floodsim.assess import standard as module
from floodsim.assess.standard import load_standard
from floodsim.case.answer import AreaKind, Standard
from floodsim.errors import CaseError

FILE = Path(module.__file__).parent / "standards" / "gb50014_2021.toml"


def test_numbers_of_gb50014() -> None:
    """Tables 4.1.4 and 4.1.5 of GB 50014-2021, in hours and years."""
    standard = load_standard("GB50014-2021")
    assert standard.lane_depth == 0.15
    hours = {kind: (low / 3600, high / 3600) for kind, (low, high) in standard.recession.items()}
    assert hours == {"central": (1, 3), "non_central": (1.5, 4), "important": (0.5, 2), "hub": (0.5, 0.5)}
    assert standard.return_period == {
        "super": (100, 100), "mega": (50, 100), "large": (30, 50), "medium": (20, 30), "small": (20, 30),
    }  # fmt: skip
    assert standard.limit == "upper" and standard.recession_limit("central") == 10800.0
    assert load_standard("GB50014-2021", limit="lower").recession_limit("central") == 3600.0
    for clause in standard.clauses.values():
        assert clause.confidence in ("verified", "recalled") and clause.text_en and clause.text_zh
    assert {key: clause.clause for key, clause in standard.clauses.items()}["recession"] == "4.1.5"


def test_kinds_agree_with_the_case() -> None:
    assert set(module.AREA_KINDS) == set(get_args(AreaKind))
    assert set(module.CITY_CLASSES) == set(get_args(Standard.model_fields["city_class"].annotation))
    assert Standard().name in module.FILES


def test_overrides_are_recorded() -> None:
    standard = load_standard("GB50014-2021", {"lane_depth": 0.2, "recession_central": 7200.0, "building_sill": 0.3})
    assert standard.lane_depth == 0.2 and standard.building_sill == 0.3
    assert standard.recession["central"] == (7200.0, 7200.0) and standard.recession["hub"] == (1800.0, 1800.0)
    expected = {"lane_depth": (0.15, 0.2), "recession_central": (10800.0, 7200.0), "building_sill": (None, 0.3)}
    assert standard.overridden == expected


def test_wrong_names_and_numbers() -> None:
    with pytest.raises(CaseError, match=r"unknown standard(.|\n)*GB50014-2021"):
        load_standard("BS1234")
    with pytest.raises(CaseError) as caught:
        load_standard("GB50014-2021", {"lane_dept": 0.2, "lane_depth": 15.0, "recession_hub": 0.5})
    assert len(caught.value.faults) == 3
    assert "0.01 to 1 m" in str(caught.value) and "building_sill" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value = 0.15", "value = 15.0", "lane_depth.value"),
        ("hub = [1800.0, 1800.0]", "hub = [1800.0]", "recession.hub"),
        ("central = [3600.0, 10800.0]", "central = [10800.0, 3600.0]", "recession.central"),
        ('limit = "upper"', 'limit = "middle"', "recession.limit"),
        ('confidence = "verified"\nvalue', 'confidence = "sure"\nvalue', "lane_depth.confidence"),
        ('clause = "4.1.5"\n', "", "recession: a rule needs"),
        ("[lane_depth]", "[lane_depth", "cannot read the standard"),
    ],
)
def test_a_file_with_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_standard("mine", file=tmp_path / "mine.toml")
    assert message in str(caught.value) and "mine.toml" in str(caught.value)


def test_a_standard_of_another_country() -> None:
    """City of Albuquerque, '74 Code 7-9-7: half a foot on streets in the 10-year storm, no recession time."""
    standard = load_standard("US-Albuquerque")
    assert standard.lane_depth == pytest.approx(0.5 * 0.3048)
    assert standard.return_period["medium"] == (10.0, 100.0)
    assert all(limits == (float("inf"), float("inf")) for limits in standard.recession.values())
    assert standard.clauses["lane_depth"].clause == "7-9-7 (C)"
    assert load_standard("US-Albuquerque", {"recession_central": 3600.0}).recession_limit("central") == 3600.0
