"""Two results side by side: equal to the bit or not, and what changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from floodsim.assess.compare import compare, compare_points, exact_differences
from floodsim.errors import CaseError
from floodsim.grid.grid import make_grid
from floodsim.output import folder as names
from floodsim.output.reader import open_results
from tests.assess.yard import CELL, COLUMNS, HOLLOW, ROWS, make_run
from tests.output.fake import case
from tests.output.results import write_results


def test_equal_to_the_bit(tmp_path: Path) -> None:
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    assert exact_differences(a, b) == []


@pytest.mark.parametrize(
    ("file", "variable", "said"),
    [
        ("envelopes.nc", "max_depth", "envelopes.nc: max_depth: 1 values differ"),
        ("maps.nc", "depth", "maps.nc: depth: 1 values differ"),
        ("series.nc", "waterlogging_volume", "series.nc: waterlogging_volume: 1 values differ"),
    ],
)
def test_one_bit_is_found(tmp_path: Path, file: str, variable: str, said: str) -> None:
    a = make_run(tmp_path / "a")
    b = Path(shutil.copytree(a, tmp_path / "b"))
    with netCDF4.Dataset(b / file, "r+") as dataset:
        dataset.set_auto_maskandscale(False)
        values = dataset[variable][:]
        at = tuple(np.argwhere(np.nan_to_num(values) > 0)[-1])
        flipped = values[at].view(f"u{values.dtype.itemsize}") ^ (
            1 << 20
        )  # a low bit would be rounded off again by the file
        values[at] = flipped.view(values.dtype)
        dataset[variable][:] = values
    (found,) = exact_differences(a, b)
    assert found.startswith(said)


@pytest.mark.parametrize("file", [name for name in names.NETCDF if name != names.ENVELOPES])
def test_every_file_of_a_result_is_looked_at(tmp_path: Path, file: str) -> None:
    a = make_run(tmp_path / "a")
    xr.Dataset({"flow": ("link", np.arange(3.0))}).to_netcdf(a / file)
    b = Path(shutil.copytree(a, tmp_path / "b"))
    assert exact_differences(a, b) == []
    xr.Dataset({"flow": ("link", np.nextafter(np.arange(3.0), 9.0))}).to_netcdf(b / file)
    (found,) = exact_differences(a, b)
    assert found.startswith(f"{file}: flow: 3 values differ")


def test_the_books_count_but_not_the_cost(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a")
    summary = {
        "status": "complete",
        "mass": {"terms": {"rain": {"m3": 0.1}, "storage": {"m3": 2.0}}, "boundaries_m3": {"west": 1.0}},
        "drainage": {"stations": [{"name": "PS", "units": [{"starts": 3}]}]},
        "performance": {"wall_s": 7.0},
    }
    (a / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    b = Path(shutil.copytree(a, tmp_path / "b"))
    summary["performance"] = {"wall_s": 8.0}
    (b / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert exact_differences(a, b) == []
    summary["mass"] = {"terms": {"rain": {"m3": 0.1 + 2e-17}}, "boundaries_m3": {"west": 1.0}}
    summary["drainage"] = {"stations": [{"name": "PS", "units": [{"starts": 4}]}]}
    (b / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert exact_differences(a, b) == [
        "summary.json: mass.terms.rain.m3: 0.1 and 0.10000000000000002",
        "summary.json: mass.terms.storage.m3: 2.0 and absent",
        "summary.json: drainage.stations.0.units.0.starts: 3 and 4",
    ]


def test_minus_zero_is_not_zero_and_nan_is_nan() -> None:
    from floodsim.assess.compare import _bits

    one, two = np.array([0.0, np.nan], np.float32), np.array([-0.0, np.nan], np.float32)
    np.testing.assert_array_equal(_bits(one) != _bits(two), [True, False])


def test_what_is_missing_differs(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a")
    b = Path(shutil.copytree(a, tmp_path / "b"))
    (b / "maps.nc").unlink()
    assert exact_differences(a, b) == [f"maps.nc: only in {a}"]
    with pytest.raises(CaseError, match="not a result folder"):
        exact_differences(a, tmp_path)


def test_what_changed(tmp_path: Path) -> None:
    with open_results(make_run(tmp_path / "a", 0.4)) as a, open_results(make_run(tmp_path / "b", 0.6)) as b:
        found = compare(a, b)
        change = found.fields["max_depth"]
    expected = np.zeros((ROWS, COLUMNS))
    expected[HOLLOW] = 0.2
    np.testing.assert_allclose(change, expected, atol=2e-4)
    assert found.areas["deeper"] == 6 * CELL**2 and found.areas["shallower"] == 0
    assert found.areas["newly_flooded"] == 0 and found.areas["flooded_a"] == found.areas["flooded_b"] == 600.0
    statistics = found.statistics["max_depth"]
    assert statistics["greatest"] == pytest.approx(0.2, abs=2e-4) and statistics["least"] == 0.0
    assert statistics["mean_absolute"] == pytest.approx(0.2 * 6 / (ROWS * COLUMNS), rel=1e-2)
    assert statistics["rms"] == pytest.approx(np.sqrt(0.04 * 6 / (ROWS * COLUMNS)), rel=1e-2)
    assert [row["change"] for row in found.points] == ["same", "same"]


def test_changes_of_verdicts() -> None:
    def verdict(**points: str) -> dict[str, list[dict[str, object]]]:
        return {
            "points": [
                {"name": name, "passed": state == "pass", "undetermined": state == "undetermined"}
                for name, state in points.items()
            ]
        }

    before = verdict(a="fail", b="pass", c="pass", d="fail", e="undetermined", gone="fail")
    after = verdict(a="pass", b="fail", c="undetermined", d="fail", e="fail", new="pass")
    changes = {row["name"]: row["change"] for row in compare_points(before, after)}
    assert changes == {
        "a": "eliminated", "b": "new failure", "c": "other", "d": "same", "e": "other", "gone": "only A",
        "new": "only B",
    }  # fmt: skip


def test_other_grids_are_refused(tmp_path: Path) -> None:
    other = write_results(tmp_path / "b", case(), make_grid(np.zeros((3, 3)), 5.0), [(600.0, {"depth": 0.1})])
    with (
        open_results(make_run(tmp_path / "a")) as a,
        open_results(other) as b,
        pytest.raises(CaseError, match="different grids"),
    ):
        compare(a, b)
