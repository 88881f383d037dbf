"""floodsim: urban flood simulation, from a case file to a verdict per waterlogging point.

In Python: ``results = floodsim.run("cases/old_town/case.toml")`` gives maps, envelopes and series as xarray Datasets.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from floodsim.case.schema import Case
    from floodsim.grid.grid import Grid
    from floodsim.output.reader import Results
    from floodsim.simulate.simulation import Progress

__version__ = "0.1.0"


def run(
    case: Case | str | Path | dict[str, Any],
    out: str | Path | None = None,
    *,
    grid: Grid | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    tiles: str | None = None,
    scheduler: str | None = None,
) -> Results:
    """Run a case and judge it; without ``out`` nothing is written and the results stay in memory.

    ``case`` is a loaded case, the path of a case file, or a dict with its keys. ``grid`` (see `floodsim.make_grid`)
    replaces the terrain of the case. With ``resume`` the run in ``out`` is continued from its last checkpoint, to the
    bit, or begun where it has none. With ``workers`` the grid is cut into as many tiles (or as ``tiles`` says, such as
    "2x1"), each in a process of its own here or at the Dask ``scheduler``; the bits are the same. A script then needs
    ``if __name__ == "__main__":``. Raises CaseError with all faults, OverwriteError, RunError.
    """
    from floodsim.api import run as run_and_judge

    return run_and_judge(
        case, out, grid=grid, force=force, resume=resume, progress=progress,
        workers=workers, tiles=tiles, scheduler=scheduler,
    )  # fmt: skip


def open_results(folder: str | Path, *, dask: bool = False) -> Results:
    """Open the results of a run; datasets stay on disk until they are used, as Dask arrays where ``dask`` is true."""
    from floodsim.output.reader import open_results as open_folder

    return open_folder(folder, dask=dask)


def run_study(
    study: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    threads: int | None = None,
    force: bool = False,
) -> xr.Dataset:
    """Run what is left of a study file into the folder ``out``; its Dataset has dims scenario and point.

    ``workers`` scenarios run at the same time, here or on the Dask ``scheduler``. A scenario that failed says so in
    ``status``. Raises CaseError with the faults of every case, OverwriteError where finished scenarios have changed.
    """
    from floodsim.api import run_study as run_and_collect

    return run_and_collect(study, out, workers=workers, scheduler=scheduler, threads=threads, force=force)


def open_study(folder: str | Path) -> xr.Dataset:
    """Open what a study left, lazily: figures and verdicts of every scenario at every waterlogging point."""
    from floodsim.study.collect import open_study as open_folder

    return open_folder(folder)


def open_study_maps(folder: str | Path, variables: Sequence[str] = ("max_depth",)) -> xr.Dataset:
    """Open envelopes of every finished scenario of a study side by side, lazily: dims (scenario, y, x)."""
    from floodsim.study.collect import open_study_maps as open_maps

    return open_maps(folder, variables)


def make_grid(*args: Any, **kwargs: Any) -> Grid:
    """Make a grid from arrays; see `floodsim.grid.grid.make_grid`."""
    from floodsim.grid.grid import make_grid as make

    return make(*args, **kwargs)
