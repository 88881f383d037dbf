"""One run as the report sees it: its results and everything that is derived from them, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.buildings import Buildings, buildings_of, worst_beside
from floodsim.assess.damage import DamageTable, assess_damage, load_damage
from floodsim.assess.hazard import Scheme, hazard_maps, load_schemes
from floodsim.assess.standard import Standard, load_standard
from floodsim.assess.verdict import read_areas
from floodsim.case.units import parse_quantity
from floodsim.errors import CaseError, Fault
from floodsim.grid.grid import Grid
from floodsim.output.areas import Area
from floodsim.output.reader import Results, open_results, seconds_from_start

DEPTH_CLASSES = (0.15, 0.30, 0.50, 1.00)
"""Depths (m) that part the classes of exposed ground and buildings; 0.15 m is the limit of GB 50014-2021, 4.1.4."""

DURATION_CLASSES = (1800.0, 3600.0, 10800.0)
"""Durations (s) that part the classes of exposed ground; set by floodsim."""


@dataclass(frozen=True)
class Tables:
    """The data tables that a report uses."""

    schemes: dict[str, Scheme]
    damage: DamageTable


@dataclass(frozen=True)
class Run:
    """A run for the report. Fields are (ny, nx); ``beside`` (n,) is the deepest water beside each building, m."""

    number: int
    results: Results
    grid: Grid
    standard: Standard
    areas: list[Area]
    hazard: dict[str, np.ndarray]
    buildings: Buildings
    beside: np.ndarray
    building_hazard: dict[str, np.ndarray]
    damage: dict[str, Any]
    tables: Tables

    @property
    def name(self) -> str:
        """What the run is called where there are several."""
        folder = self.results.folder
        return str(self.results.case.get("name", "")) if folder is None else folder.name

    @property
    def title(self) -> str:
        """Title of the case."""
        return str(self.results.case.get("title") or self.results.case.get("name") or self.name)

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict of the run; empty where none was given."""
        return self.results.verdict or {}

    @property
    def points(self) -> list[dict[str, Any]]:
        """Rows of the verdict, one per waterlogging point."""
        return list(self.verdict.get("points", []))

    @property
    def open_ground(self) -> np.ndarray:
        """Cells of the domain without roofs, bool (ny, nx)."""
        return self.grid.array("active").astype(bool) & (self.grid.array("building") == 0)

    def seconds(self) -> np.ndarray:
        """Times of the series, s from the start."""
        return np.zeros(0) if self.results.series is None else seconds_from_start(self.results.series)


def read_tables(hazard: Path | None = None, damage: Path | None = None) -> Tables:
    """The data tables, a user's own where files are named. Raises CaseError with the faults of both."""
    return Tables(load_schemes(hazard), load_damage(damage))


def open_runs(folders: Sequence[str | Path]) -> list[Results]:
    """Open result folders, all or none. Raises CaseError with the faults of every folder."""
    opened, faults = [], []
    for folder in folders:
        try:
            opened.append(open_results(folder))
        except CaseError as error:
            faults += error.faults
    if faults:
        for results in opened:
            results.close()
        raise CaseError(faults)
    return opened


def prepare(results: Results, number: int, tables: Tables) -> Run:
    """Derive everything that the report shows of one run. Raises CaseError where it left no envelopes."""
    if results.envelopes is None:
        raise CaseError(
            Fault(
                "nothing to report: the results hold no envelopes",
                file=str(results.folder or ""),
                remedy=results.statement or "run the case again",
            )
        )
    section = results.case.get("standard", {})
    limit = (results.verdict or {}).get("recession_limit_used")
    standard = load_standard(section.get("name", "GB50014-2021"), section.get("overrides"), limit)
    envelopes = results.envelopes.load()
    hazard = hazard_maps(envelopes, standard.recession_limit("central"), tables.schemes)
    buildings = buildings_of(results)
    beside = worst_beside(buildings, envelopes["max_depth"].values)
    sill = standard.building_sill
    if sill is None:
        sill = parse_quantity((results.case.get("buildings") or {}).get("sill", 0.15), "length")
    return Run(
        number,
        results,
        results.grid,
        standard,
        [] if results.series is None else read_areas(results.series),
        hazard,
        buildings,
        beside,
        {key: worst_beside(buildings, classes).astype(int) for key, classes in hazard.items()},
        assess_damage(beside, buildings.area, float(sill), tables.damage),
        tables,
    )
