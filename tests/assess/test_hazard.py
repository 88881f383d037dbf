"""Hazard classes: limits of the sources, exactness of envelopes, files of a user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodsim.assess import hazard as module
from floodsim.assess.hazard import arr_class, defra_class, load_schemes, risk_class
from floodsim.errors import CaseError

FILE = Path(module.__file__).parent / "tables" / "hazard.toml"


@pytest.mark.parametrize(
    ("depth", "speed", "expected"),
    [
        (0.0, 0.0, 0), (np.nan, 1.0, 0), (0.1, 0.5, 1), (0.3, 1.0, 1), (0.3, 1.5, 2), (0.45, 0.2, 2), (0.2, 2.5, 5),
        (0.6, 0.9, 3), (1.2, 0.5, 3), (1.2, 0.6, 4), (1.9, 0.1, 4), (0.6, 1.5, 4), (0.8, 1.9, 5), (3.0, 0.1, 5),
        (4.5, 0.0, 6), (0.5, 4.5, 6), (2.0, 2.5, 6),
    ],
)  # fmt: skip
def test_arr_classes(depth: float, speed: float, expected: int) -> None:
    assert arr_class(np.array([depth]), np.array([speed]))[0] == expected


def test_limits_hold_in_single_precision() -> None:
    """Envelopes are float32, whose 0.3 is a little more than 0.3."""
    third = np.array([0.3], np.float32)
    assert arr_class(third, np.array([0.0], np.float32))[0] == 1
    assert risk_class(third, np.zeros(1), np.inf, np.zeros(1))[0] == 2


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 5.0)), min_size=1, max_size=6))
def test_maxima_give_the_worst_class_of_a_run(history: list[tuple[float, float]]) -> None:
    depth, speed = (np.array(column) for column in zip(*history, strict=True))
    worst = arr_class(depth, speed).max()
    of_maxima = arr_class(depth.max(keepdims=True), speed.max(keepdims=True), (depth * speed).max(keepdims=True))
    if depth.min() > 0:  # a dry instant has no class, whatever its speed
        assert of_maxima[0] == worst


def test_defra_classes() -> None:
    rating = np.array([[0.0, 0.1, 0.74], [0.75, 1.24, 1.3], [1.99, 2.5, np.nan]])
    np.testing.assert_array_equal(defra_class(rating), [[0, 1, 1], [2, 2, 3], [3, 4, 0]])


def test_the_last_limit_of_defra_can_be_changed(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(FILE.read_text(encoding="utf-8").replace("rating = 2.0", "rating = 2.5"))
    schemes = load_schemes(tmp_path / "mine.toml")
    np.testing.assert_array_equal(defra_class(np.array([2.3, 2.5]), schemes["defra"]), [3, 4])


@pytest.mark.parametrize(
    ("depth", "drained_h", "speed", "expected"),
    [
        (0.14, 9.0, 9.0, 0), (0.15, 1.0, 0.0, 1), (0.29, 3.0, 0.0, 1), (0.2, 3.1, 0.0, 3), (0.2, 1.0, 2.0, 2),
        (0.3, 1.0, 1.9, 2), (0.4, 1.0, 2.5, 3), (0.5, 0.0, 0.0, 3), (2.0, 9.0, 5.0, 3), (np.nan, np.nan, np.nan, 0),
    ],
)  # fmt: skip
def test_risk_classes(depth: float, drained_h: float, speed: float, expected: int) -> None:
    """Against a limit of 3 h; a recession time of nothing is missing or 0."""
    given = (np.array([depth]), np.array([drained_h * 3600]), 3 * 3600.0, np.array([speed]))
    assert risk_class(*given)[0] == expected


def test_numbers_and_where_they_come_from() -> None:
    """Smith, Davey and Cox (2014), table of combined hazard curves; Defra/EA hazard rating, edition of 2008."""
    schemes = load_schemes()
    assert schemes["arr"].limits == {
        "depth": (0.3, 0.5, 1.2, 2.0, 4.0), "speed": (2.0, 2.0, 2.0, 2.0, 4.0), "product": (0.3, 0.6, 0.6, 1.0, 4.0),
    }  # fmt: skip
    assert schemes["defra"].limits == {"rating": (0.0, 0.75, 1.25, 2.0)}
    assert schemes["risk"].confidence == "ours"
    assert all(s.source and s.en and s.zh and s.confidence != "verified" for s in schemes.values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("depth = 0.5, speed = 2.0", "depth = 0.2, speed = 2.0", "arr.classes: depth"),
        ("rating = 1.25", 'rating = "much"', "defra.classes: rating"),
        ('confidence = "ours"', 'confidence = "sure"', "risk.confidence"),
        ("fast = 2.0", "", "risk.fast"),
        ("[arr]", "[arr", "cannot read the table"),
        ('color = "#c6e6b4", en = "generally', 'color = "", en = "generally', "arr.classes[0]"),
        ('color = "#c6e6b4", en = "generally', 'color = "green", en = "generally', "arr.classes[0]"),
    ],
)
def test_a_file_with_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_schemes(tmp_path / "mine.toml")
    assert message in str(caught.value) and "mine.toml" in str(caught.value)
