"""Damage to buildings: the curve of the source, floors, money only where a value was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from floodsim.assess import damage as module
from floodsim.assess.damage import assess_damage, load_damage
from floodsim.errors import CaseError

FILE = Path(module.__file__).parent / "tables" / "damage.toml"


def test_curve_of_jrc_2017() -> None:
    """Huizinga et al. (2017), Asia, residential buildings; half way between its points is linear."""
    curve = load_damage().curve
    depth = np.array([-1.0, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0])
    expected = [0.0, 0.0, 0.165, 0.33, 0.49, 0.62, 0.72, 0.87, 0.93, 0.98, 1.0, 1.0]
    np.testing.assert_allclose(curve.lost(depth), expected, rtol=1e-12)
    assert curve.confidence == "secondary" and load_damage().value_per_m2 is None


def test_damage_counts_from_the_floor() -> None:
    found = assess_damage(np.array([0.1, 0.15, 0.65, 1.15]), np.array([100.0, 100.0, 200.0, 50.0]), 0.15, load_damage())
    assert found["entered"] == 2 and found["entered_area_m2"] == 250.0
    assert found["deepest_above_floor_m"] == pytest.approx(1.0)
    assert found["lost_area_m2"] == pytest.approx(0.33 * 200 + 0.49 * 50)
    assert found["loss"] is None


def test_no_buildings() -> None:
    found = assess_damage(np.zeros(0), np.zeros(0), 0.15, load_damage())
    assert found["entered"] == 0 and found["lost_area_m2"] == 0.0


def test_a_users_own_value_and_curve(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("# value_per_m2 = 2000.0", "value_per_m2 = 1500")
    text = text.replace('curve = "jrc_asia_residential"', 'curve = "jrc_asia_industry"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    table = load_damage(tmp_path / "mine.toml")
    found = assess_damage(np.array([0.65]), np.array([100.0]), 0.15, table)
    assert found["loss"] == pytest.approx(0.28 * 100 * 1500) and table.curve.confidence == "recalled"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('curve = "jrc_asia_residential"', 'curve = "jrc_asia_residental"', 'did you mean "jrc_asia_residential"'),
        ("# value_per_m2 = 2000.0", "value_per_m2 = -5", "value_per_m2"),
        ("0.93, 0.98, 1.0]", "0.93, 0.98]", "same length"),
        ("[0.0, 0.33,", "[0.0, 33.0,", "no share"),
        ("depth = [0.0, 0.5,", "depth = [0.5, 0.0,", "rise"),
        ('confidence = "secondary"', "", "curves.jrc_asia_residential.confidence"),
        ("depth = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0]", "depth = 5", "same length"),
    ],
)
def test_a_file_with_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_damage(tmp_path / "mine.toml")
    assert message in str(caught.value) and "mine.toml" in str(caught.value)
