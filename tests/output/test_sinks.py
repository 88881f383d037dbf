"""Records in parts: sealed parts are never touched again, and in the end one file holds them all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from floodsim.errors import RunError
from floodsim.grid.grid import make_grid
from floodsim.names import VARIABLES
from floodsim.output.netcdf import ground_dataset, map_variable, time_coordinate
from floodsim.output.sinks import FileSink, later_parts, missing_parts, open_parts

GRID = make_grid(np.arange(30.0).reshape(5, 6), 2.0)


def template() -> xr.Dataset:
    dataset = ground_dataset(GRID, 1).assign_coords(time=time_coordinate("2025-07-03T08:00:00"))
    dataset["depth"] = map_variable(VARIABLES["depth"], ("time", "y", "x"), np.zeros((0, 5, 6), np.float32), GRID, 1)
    dataset["most"] = xr.Variable(("y",), np.zeros(5))
    return dataset.assign_attrs(floodsim_status="running")


def record(sink: FileSink, *numbers: int) -> None:
    for k in numbers:
        depth = np.random.default_rng(k).random((1, 5, 6)).astype(np.float32)
        sink.append(np.array([10.0 * k]), {"depth": depth})


def bits(path: Path) -> dict[str, bytes]:
    with xr.open_dataset(path, decode_times=False, mask_and_scale=False) as found:
        return {str(name): found[name].values.tobytes() for name in found.variables}


def test_parts_become_the_file_that_one_piece_would_have_been(tmp_path: Path) -> None:
    whole = FileSink(tmp_path / "whole.nc", template())
    record(whole, *range(6))
    whole.put({"most": np.arange(5.0)})
    whole.close("complete")

    path = tmp_path / "maps.nc"
    first = FileSink(path, template())
    record(first, 0, 1)
    parts = first.seal("running")
    assert parts == [("maps.nc", 2)] and first.seal("running") == parts
    record(first, 2)
    assert first.seal("running") == [("maps.nc", 2), ("parts/maps-0002.nc", 1)]
    sealed = {name: (tmp_path / name).read_bytes() for name, _ in first.seal("running")}
    record(first, 7, 8)  # after the last checkpoint: lost with the process
    del first
    second = FileSink(path, template(), [("maps.nc", 2), ("parts/maps-0002.nc", 1)])
    record(second, 3, 4)
    assert {name: (tmp_path / name).read_bytes() for name in sealed} == sealed
    second.seal("running")
    record(second, 5)
    second.put({"most": np.arange(5.0)})
    second.close("complete")
    assert bits(path) == bits(tmp_path / "whole.nc")
    with xr.open_dataset(path) as found:
        assert found.floodsim_status == "complete"


def test_a_first_part_that_was_joined_already_counts_as_far_as_it_did(tmp_path: Path) -> None:
    """A process killed after the join but before the end of the run leaves a first part with more records."""
    path = tmp_path / "maps.nc"
    sink = FileSink(path, template())
    record(sink, 0, 1)
    known = sink.seal("running")
    record(sink, 2)
    known = sink.seal("running")
    record(sink, 3)
    sink.close("complete")
    joined = bits(path)
    assert missing_parts(tmp_path, known) == ""
    again = FileSink(path, template(), known)
    record(again, 3)
    again.close("complete")
    assert bits(path) == joined


def test_a_run_in_parts_opens_as_one_dataset(tmp_path: Path) -> None:
    path = tmp_path / "maps.nc"
    sink = FileSink(path, template())
    record(sink, 0, 1)
    sink.seal("running")
    record(sink, 2, 3)
    sink.seal("interrupted")
    sink.put({"most": np.arange(5.0)})
    sink.close("interrupted")
    assert [part.name for part in later_parts(path)] == ["maps-0002.nc", "maps-0003.nc"]
    with open_parts(path, dask=False) as found:
        assert found.floodsim_status == "interrupted" and found.sizes["time"] == 4
        np.testing.assert_array_equal(found.most, np.arange(5.0))
        np.testing.assert_array_equal(found.bed, GRID.array("bed"))
        assert found.depth.chunks is not None
        for k in range(4):
            expected = np.random.default_rng(k).random((5, 6))
            np.testing.assert_allclose(found.depth[k], expected, atol=1e-3)
    later_parts(path)[-1].write_bytes(b"cut off by a kill")
    with open_parts(path, dask=False) as found:
        assert found.sizes["time"] == 4
    later_parts(path)[0].write_bytes(b"damaged")
    with pytest.raises((OSError, ValueError)):
        open_parts(path, dask=False)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "maps.nc", template())
    record(sink, 0, 1)
    parts = sink.seal("running")
    assert missing_parts(tmp_path, parts) == ""
    assert "2 records, fewer than 3" in missing_parts(tmp_path, [("maps.nc", 3)])
    assert "parts/maps-0002.nc" in missing_parts(tmp_path, [*parts, ("parts/maps-0002.nc", 1)])
    (tmp_path / "maps.nc").write_bytes(b"damaged")
    assert missing_parts(tmp_path, parts).startswith("maps.nc: ")


def test_a_full_disk_while_parts_are_joined_leaves_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "maps.nc"
    sink = FileSink(path, template())
    record(sink, 0, 1)
    sink.seal("running")
    record(sink, 2)
    parts = sink.seal("running")
    before = {name: (tmp_path / name).read_bytes() for name, _ in parts}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(RunError, match="No space left"):
        patch.setattr("floodsim.output.sinks._copy_records", full)
        sink.close("complete")
    assert {name: (tmp_path / name).read_bytes() for name, _ in parts} == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["maps.nc", "parts"]
