"""Measures on the ground, on losses and on the rain of roofs, against levels and volumes worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import floodsim
from floodsim.case.plan import apply_measures
from floodsim.case.schema import Case
from floodsim.errors import CaseError
from floodsim.forcing.green_roofs import rain_on_ground, retained
from floodsim.forcing.series import Rain
from floodsim.grid.measures import on_grid
from floodsim.simulate.setup import make_losses, make_setup
from tests.measures.town import make_case, street

SQUARE = [(20.0, 10.0), (40.0, 10.0), (40.0, 30.0), (20.0, 30.0)]
"""10 x 10 cells of 2 m: 400 m2."""


def ground(folder: Path, **measure: Any) -> np.ndarray:
    return on_grid(make_case(folder, [{"name": "M", **measure}]), street()).array("bed")


def test_a_channel_is_lowered_by_its_depth_over_its_width(tmp_path: Path) -> None:
    """Along y = 21 m, a row of centres: 6 m wide is three rows of cells of 2 m, from x = 10 to 70 m."""
    bed = ground(tmp_path, kind="channel", coordinates=[[11.0, 21.0], [69.0, 21.0]], by="0.4 m", width="4.5 m")
    changed = np.argwhere(bed < 10.0)
    assert set(changed[:, 0]) == {9, 10, 11}
    assert bed[10, 20] == pytest.approx(9.6, abs=1e-4)
    row = changed[changed[:, 0] == 10, 1]
    assert (row.min(), row.max()) == (4, 35)  # half the width beyond the ends, 11 - 2.25 and 69 + 2.25 m
    assert bed.min() == bed[10, 20]


def test_a_wall_is_raised_by_its_height_or_to_its_level(tmp_path: Path) -> None:
    bed = ground(tmp_path, kind="wall", coordinates=[[11.0, 21.0], [69.0, 21.0]], by="0.3 m")
    assert np.unique(bed[10, 5:35]) == pytest.approx([10.3], abs=1e-4)
    assert (bed > 10.0).sum() == 30
    bed = ground(tmp_path, kind="wall", coordinates=[[11.0, 21.0], [69.0, 21.0]], level="10.75 m")
    assert np.unique(bed) == pytest.approx([10.0, 10.75])


def test_lines_outside_the_grid_are_faults_of_their_measure(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"measures\[0\] \(M\): touches no cell of the grid"):
        ground(tmp_path, kind="wall", coordinates=[[500.0, 21.0], [600.0, 21.0]], by="0.3 m")


def test_permeable_ground_has_losses_of_its_own(tmp_path: Path) -> None:
    """A film of 20 mm for 10 min: 400 m2 that take 60 mm/h lose 10 mm of it, 4 m3; the rest takes nothing."""
    paved = {"name": "M", "kind": "permeable", "coordinates": SQUARE, "rate": "60 mm/h"}
    volumes = []
    for applied in ([], ["M"]):
        case = make_case(tmp_path, [paved], applied, losses={"kind": "constant", "rate": 0.0}, initial={"depth": 0.02})
        still = case.model_copy(update={"drainage": None})
        volumes.append(floodsim.run(still, grid=street()).summary["mass"]["terms"]["infiltration"]["m3"])
    assert volumes[0] == pytest.approx(0.0, abs=1e-9)
    assert volumes[1] == pytest.approx(4.0, rel=1e-6)


def test_permeable_ground_spares_roofs_and_needs_open_ground(tmp_path: Path) -> None:
    everywhere = [(0.0, 0.0), (80.0, 0.0), (80.0, 40.0), (0.0, 40.0)]
    roof = [(5.0, 5.0), (13.0, 5.0), (13.0, 11.0), (5.0, 11.0)]
    losses = {"kind": "green_ampt", "soil": "clay"}
    paved = {"name": "M", "kind": "permeable", "coordinates": everywhere, "soil": "sandy loam"}
    grid = street(building=True)
    made = make_losses(make_case(tmp_path, [paved], losses=losses), grid)
    conductivity = made.table[made.classes, 0]
    assert (conductivity[grid.array("building") > 0] == 0.0).all()
    assert conductivity[grid.array("building") == 0] == pytest.approx(10.9e-3 / 3600.0)  # Rawls: 10.9 mm/h
    with pytest.raises(CaseError, match="covers no open ground"):
        make_losses(make_case(tmp_path, [{**paved, "coordinates": roof}], losses=losses), grid)
    with pytest.raises(CaseError, match="covers no cell of the grid"):
        make_losses(
            make_case(tmp_path, [{**paved, "coordinates": [(900, 0), (910, 0), (910, 9)]}], losses=losses), grid
        )


def rained(folder: Path, **measure: Any) -> Case:
    """30 mm in 10 minutes on the street, with a green roof."""
    roof = {"name": "M", "kind": "green_roof", **measure}
    return make_case(folder, [roof], rainfall={"kind": "uniform", "intensity": "180 mm/h", "duration": "10 min"})


def test_a_green_roof_keeps_its_retention_and_passes_on_a_share_of_the_rest(tmp_path: Path) -> None:
    """80 m2 keep 12 mm, and half of the 18 mm that follow: 80 * (0.012 + 0.009) = 1.68 m3 of 0.03 * 3200 m3."""
    case = rained(tmp_path, retention="12 mm", runoff_share=0.5).model_copy(update={"drainage": None})
    summary = floodsim.run(case, grid=street(building=True)).summary
    assert summary["mass"]["terms"]["rain"]["m3"] == pytest.approx(0.03 * 3200.0 - 1.68, rel=1e-6)
    assert abs(summary["mass"]["relative_error"]) < 1e-12
    assert any("80 m2 of green roofs keep 2 m3" in note for note in summary["notes"])


def test_green_roofs_need_roofs(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="covers no roof of the grid"):
        rain_on_ground(rained(tmp_path, retention="12 mm"), street())


@given(
    rates=st.lists(st.floats(0.0, 1e-4), min_size=1, max_size=8),
    retention=st.floats(0.0, 0.05),
    share=st.floats(0.0, 1.0),
    when=st.floats(1.0, 9000.0),
)
def test_what_roofs_pass_on_follows_from_what_has_fallen(
    rates: list[float], retention: float, share: float, when: float
) -> None:
    """Passed until t: the share of what fell beyond the retention; elsewhere all of it; also with zones before."""
    edges = np.arange(len(rates) + 1) * 900.0
    two = np.column_stack([rates, rates[::-1]])
    zones = np.array([[0, 1, 1]])
    made = retained(Rain(edges, two, zones), np.array([[True, False, True]]), retention, share)
    assert made.zones is not None
    fallen = Rain(edges, two).mean(0.0, when) * when
    passed = made.mean(0.0, when) * when
    left, middle, right = passed[made.zones[0]]
    assert middle == pytest.approx(fallen[1], abs=1e-12)
    assert left == pytest.approx(share * max(fallen[0] - retention, 0.0), abs=1e-9)
    assert right == pytest.approx(share * max(fallen[1] - retention, 0.0), abs=1e-9)


def test_the_ground_in_memory_is_not_touched(tmp_path: Path) -> None:
    case = make_case(tmp_path, [{"name": "M", "kind": "wall", "coordinates": [[11, 21], [69, 21]], "by": 0.3}])
    grid = street()
    raised = make_setup(case, grid).grid.array("bed")
    level = make_setup(apply_measures(case, []), grid).grid.array("bed")
    assert raised.max() > 10.2
    assert grid.array("bed").max() == level.max() == 10.0
