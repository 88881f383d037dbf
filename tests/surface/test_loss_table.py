"""Infiltration parameters out of a case: units, soils, tables, and clear faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from floodsim.case.ground import Losses as LossesSection
from floodsim.errors import CaseError
from floodsim.surface.loss_table import single_row, soil_parameters, table_rows

MM_H = 1e-3 / 3600.0


def section(tmp_path: Path, text: str, kind: str = "constant") -> LossesSection:
    file = tmp_path / "losses.csv"
    file.write_text(text, encoding="utf-8")
    return LossesSection.model_construct(**{**LossesSection().model_dump(), "kind": kind, "table": file})


def test_table_with_units_and_tight_ground(tmp_path: Path) -> None:
    given = section(tmp_path, "class,name,rate [mm/h]\n1,road,\n4,grass,12\n7,park,0.000001\n")
    rows = table_rows(given, [4, 1])
    assert rows[0] == pytest.approx([12 * MM_H, 0.0, 0.0])
    assert rows[1] == pytest.approx([0.0, 0.0, 0.0])


def test_horton_table(tmp_path: Path) -> None:
    text = "class,initial_rate [mm/h],final_rate [mm/h],decay [1/h]\n4,125,6,2\n"
    assert table_rows(section(tmp_path, text, "horton"), [4])[0] == pytest.approx([125 * MM_H, 6 * MM_H, 2 / 3600])


def test_all_faults_of_a_table_at_once(tmp_path: Path) -> None:
    given = section(tmp_path, "class,rate [mm/h]\nroad,1\n4,quick\n5,99999999\n")
    with pytest.raises(CaseError) as caught:
        table_rows(given, [4, 9])
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    for part in ("losses.csv", "losses.table", "line 2", "line 3", "line 4", "out of range", "remedy"):
        assert part in text


def test_every_class_needs_a_row(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="class 9 of the land cover"):
        table_rows(section(tmp_path, "class,rate [mm/h]\n4,12\n"), [4, 9])


def test_missing_columns(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="conductivity, suction, deficit"):
        table_rows(section(tmp_path, "class,rate\n1,2\n", "green_ampt"), [1])


def test_soils_by_name() -> None:
    loam = soil_parameters("loam")
    assert loam["conductivity"] == pytest.approx(3.3 * MM_H)
    assert loam["deficit"] == pytest.approx(0.463 - 0.232)
    with pytest.raises(CaseError, match="clay loam"):
        soil_parameters("cheese")


def test_own_values_win_over_the_soil() -> None:
    given = LossesSection(kind="green_ampt", soil="loam", deficit=0.1)
    assert single_row(given) == pytest.approx((3.3 * MM_H, 0.089, 0.1))
