"""A run goes on with another cut of the grid, or in one process, and every file is the same to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import floodsim
from floodsim.assess.compare import exact_differences
from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.output.tiled import label_of, window_of
from floodsim.simulate.tiles.crew import ThreadPlace
from floodsim.simulate.tiles.run import Cut, run_tiled
from tests.simulate.tiles.test_bits import SIZES, drained, ground, network_below
from tests.simulate.tiles.test_faults import Killer

ONE = "one process"


def go(case: Case, folder: Path, tiling: str, end: float = 1e9, resume: bool = False) -> str:
    """Run or continue in tiles or in one process, up to a time (s); the status it ends with."""
    place = ThreadPlace()
    killer = Killer(place, {}, end)
    if tiling == ONE:
        with floodsim.run(case, folder, grid=ground(), resume=resume, progress=killer) as results:
            return results.status
    cut = Cut(SIZES[tiling], tiling)
    with run_tiled(case, folder, place, cut, grid=ground(), resume=resume, progress=killer) as results:
        assert results.maps is not None
        seconds = (results.maps["time"].values - results.maps["time"].values[0]) / np.timedelta64(1, "s")
        assert (np.diff(seconds) > 0).all()
        return results.status


def in_one(folder: Path, **output: object) -> tuple[Case, Path]:
    """The drained storm, and its results in one piece."""
    output = {"interval": "10 s", "series_interval": "10 s", "checkpoint_interval": "1 h", **output}
    case = parse_case(drained(network_below(folder / "drain.inp"), output=output), folder, {})
    floodsim.run(case, folder / "out", grid=ground()).close()
    return case, folder / "out"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path]:
    """The drained storm, and its results in one piece."""
    return in_one(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    "cuts",
    [
        (ONE, "2x1"),
        ("3x2", "1x2"),
        ("2x1", ONE),
        pytest.param(("2x1", "1x2", "2x1"), marks=pytest.mark.slow),
        pytest.param((ONE, "1+2x2+1", ONE), marks=pytest.mark.slow),
    ],
    ids=" then ".join,
)
def test_a_run_goes_on_with_another_cut(cuts: tuple[str, ...], whole: tuple[Case, Path], tmp_path: Path) -> None:
    case, expected = whole
    folder = tmp_path / "out"
    for number, tiling in enumerate(cuts[:-1]):
        assert go(case, folder, tiling, 30.0 * (number + 1), resume=number > 0) == "interrupted"
    assert go(case, folder, cuts[-1], resume=True) == "complete"
    assert exact_differences(expected, folder) == []
    with floodsim.open_results(folder) as results, floodsim.open_results(expected) as one:
        assert results.maps is not None and one.maps is not None
        assert results.maps.sizes == one.maps.sizes and (results.maps.chunks != {}) == (cuts[-1] != ONE)
        assert results.summary["mass"] == one.summary["mass"]
    fields = sorted(path.name for path in folder.glob("*maps*"))
    assert fields == (["maps.nc"] if cuts[-1] == ONE else sorted(fields)) and not (folder / "parts").exists()
    assert len(fields) == SIZES.get(cuts[-1], 1) and (folder / "tiles.json").exists() == (cuts[-1] != ONE)


@pytest.mark.slow
def test_a_run_without_thresholds_goes_on_in_one_process(tmp_path: Path) -> None:
    case, expected = in_one(tmp_path, thresholds=[])
    assert go(case, tmp_path / "cut", "2x1", 40.0) == "interrupted"
    assert go(case, tmp_path / "cut", ONE, resume=True) == "complete"
    assert exact_differences(expected, tmp_path / "cut") == []


@pytest.mark.slow
def test_a_damaged_checkpoint_of_another_cut_leaves_the_one_before(whole: tuple[Case, Path], tmp_path: Path) -> None:
    case, expected = whole
    folder = tmp_path / "out"
    for number, tiling in enumerate(("2x1", "1x2", "2x1")):
        assert go(case, folder, tiling, 20.0 * (number + 1), resume=number > 0) == "interrupted"
    last = sorted((folder / "checkpoint").iterdir())[-1]
    field = last / "run.surface.h.npy"
    field.write_bytes(field.read_bytes()[:-8] + b"damaged!")
    assert go(case, folder, ONE, resume=True) == "complete"
    assert exact_differences(expected, folder) == []


def test_labels_name_windows() -> None:
    assert window_of(label_of((32, 64, 0, 128))) == (32, 64, 0, 128)
    assert window_of("") is None
