"""The client's side of a run in tiles: the clock, the network, the series and the books; no field of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.drainage.roofs import RoofCells
from floodsim.forcing.series import Rain
from floodsim.grid.grid import Grid
from floodsim.output.view import Observer, Status
from floodsim.simulate.coupling import Coupling, Drainage
from floodsim.simulate.froude import Froude
from floodsim.simulate.interrupt import SafeInterrupt
from floodsim.simulate.limiter import Limiter
from floodsim.simulate.march import Counters
from floodsim.simulate.simulation import Progress, Simulation
from floodsim.simulate.tiles.crew import Crew
from floodsim.simulate.tiles.inputs import Shared
from floodsim.simulate.tiles.memory import Layout, fields_of
from floodsim.simulate.tiles.plan import Plan
from floodsim.simulate.tiles.sparse import SparseView
from floodsim.simulate.tiles.worker import Job
from floodsim.surface.edges import Stretch, discharges, is_shared
from floodsim.surface.ledger import BOOKS, Ledger
from floodsim.surface.part import BLOCK_COLUMNS, BLOCK_ROWS
from floodsim.surface.schemes import SCHEMES


@dataclass
class Census:
    """What belongs to which tile, by number of the tile: boundary faces, probes, ports and their cells, roof cells."""

    faces: list[np.ndarray]
    probes: list[np.ndarray]
    ports: list[np.ndarray]
    cells: list[np.ndarray]
    roofs: list[np.ndarray]
    followed: list[np.ndarray] = field(default_factory=list)

    @staticmethod
    def of(reports: list[dict[str, Any]]) -> Census:
        """The census that the tiles' reports come to."""
        names = ("faces", "probes", "ports", "cells", "roofs")
        return Census(*([report[name] for report in reports] for name in names))


class Team:
    """All tiles of a run as one surface: what is asked of it goes to the tiles, what they answer is put together.

    Stands where `Simulation` and `Coupling` have a Surface. ``state`` holds the water at the probes only, as columns of
    one cell (h, u, v at cell centres, source), and the grid. ``place`` are the probes at the cells of the network.
    """

    def __init__(
        self, case: Case, shared: Shared, grid: Grid, rain: Rain, plan: Plan, crew: Crew, place: np.ndarray
    ) -> None:
        self.case, self.shared, self.plan, self.crew, self.rain = case, shared, plan, crew, rain
        real = np.float64 if case.solver.precision == "double" else np.float32
        shape = (len(shared.probes), 1)
        water = {name: np.zeros(shape, real) for name in ("h", "u", "v")}
        self.state = SimpleNamespace(grid=grid, source=np.zeros(shape, np.float32), windows=[], **water)
        self.scheme = SimpleNamespace(staggered=False)
        self.bands = SimpleNamespace(threads=0)
        self.ledger = Ledger()
        self.mean_rain = self.longest = 0.0
        self.cells = len(grid.dataset.x) * len(grid.dataset.y)
        faces = sum(len(boundary.faces) for boundary in shared.boundaries)
        self._passed, self._depths = np.zeros(faces), np.zeros(faces)
        self._owner = np.repeat(np.arange(len(shared.boundaries)), [len(b.faces) for b in shared.boundaries])
        ports, roofs = (0, 0) if shared.ports is None else (len(shared.ports.port_cells), 0)
        if shared.ports is not None and shared.ports.roofs is not None:
            roofs = shared.ports.roofs.node.size
        self.taken, self.roof_taken = np.zeros(ports), np.zeros(roofs)
        self.place = place
        self.checkpoint: Path | None = None
        self.wet = 0
        self.froude: tuple[float, int, int] | None = None
        self.peaks: list[float | None] = []

    def begin(self, jobs: list[Job]) -> None:
        """Make the tiles, let them find each other and fill them with water."""
        self.crew.enlist(jobs)
        self.bands.threads = sum(job.threads for job in jobs)
        reports = self.crew.ask("begin", self.crew.ask("listen"))
        self.census = Census.of(reports)
        self._stretches = self._stretches_of(reports)
        self.bed = np.zeros(len(self.shared.probes))
        for own, report in zip(self.census.probes, reports, strict=True):
            self.bed[own] = report["bed"]
        self._take_depths(reports)
        self.halo_cells = sum(report["halo_cells"] for report in reports)
        stored = self._joined([report["books"]["stored"] for report in reports])
        self.ledger.initial = self.ledger.storage = float(stored.sum()) * self.state.grid.cell_area

    def renew(self, t0: float, t1: float) -> None:
        """Renew what drives the water over the beat [t0, t1] (s)."""
        given = {}
        for number, boundary in enumerate(self.shared.boundaries):
            if is_shared(boundary):
                depth = self._depths[self._owner == number]
                datum = self.shared.relief.datum
                given[number] = discharges(boundary, self._stretches[number], depth, datum, t0, t1)
        reports = self.crew.ask("renew", t0, t1, given)
        self.mean_rain = float(self._joined([report["rain"] for report in reports]).sum()) / self.cells
        for own, roofs, report in zip(self.census.cells, self.census.roofs, reports, strict=True):
            self.state.source[self.place[own], 0] = report["source"]
            self.roof_taken[roofs] = report["roofs"]
        self._take_water(reports)

    def cross(self, left: float, end: float) -> list[dict[str, Any]]:
        """Let the tiles march through ``left`` seconds up to time ``end`` (s); their reports."""
        reports = self.crew.ask("cross", left, end)
        for own, report in zip(self.census.ports, reports, strict=True):
            self.taken[own] = report["taken"]
        self._take_water(reports)
        return reports

    def settle(self) -> Ledger:
        """Bring the ledger up to the present state."""
        reports = self.crew.ask("books")
        books = {name: self._joined([report["books"][name] for report in reports]) for name in BOOKS}
        for own, report in zip(self.census.faces, reports, strict=True):
            self._passed[own] = report["passed"]
        area, boundaries = self.state.grid.cell_area, self.shared.boundaries
        volumes = np.bincount(self._owner, self._passed, minlength=len(boundaries)) * area
        self.ledger.settle(books, {b.name: float(v) for b, v in zip(boundaries, volumes, strict=True)}, area)
        self.wet = sum(report["wet"] for report in reports)
        counts = [report["froude"] for report in reports]
        self.froude = None if counts[0] is None else (
            max(count[0] for count in counts), sum(count[1] for count in counts), sum(count[2] for count in counts)
        )  # fmt: skip
        return self.ledger

    def fields(self) -> Layout:
        """Shape and type of the fields that tiles write to a checkpoint."""
        thresholds = len(self.case.output.thresholds)
        real = self.state.h.dtype.type
        return fields_of(self.plan.shape, real, bool(self.shared.losses[0]), thresholds)

    def memory(self) -> dict[str, Any]:
        """What blocks, faces and books hold, as `surface.memory.surface_memory` gives it, without the fields."""
        reports = self.crew.ask("blocks")
        blocks = {name: self._joined([report[name] for report in reports], reports[0][name].dtype)
                  for name in reports[0] if name != "passed"}  # fmt: skip
        for own, report in zip(self.census.faces, reports, strict=True):
            self._passed[own] = report["passed"]
        none = np.zeros((0, 0), np.float32)
        absent = {name: none for name in ("low", "infiltrated") if f"run.surface.{name}" not in self.fields()}
        numbers = {"edge_speed": 0.0, "mean_rain": self.mean_rain, "ledger": asdict(self.ledger)}
        return {**blocks, "passed": self._passed, **absent, **numbers}

    def recall(self, memory: dict[str, Any], time: float) -> None:
        """Let all tiles take up the checkpoint that ``checkpoint`` names; ``memory`` is its part without fields."""
        assert self.checkpoint is not None
        reports = self.crew.ask("recall", self.checkpoint.absolute(), time)
        self.ledger = Ledger(**memory["ledger"])
        self.mean_rain = memory["mean_rain"]
        self._take_depths(reports)

    def _take_water(self, reports: list[dict[str, Any]]) -> None:
        self.longest = reports[0]["longest"]
        for own, report in zip(self.census.probes, reports, strict=True):
            for name in ("h", "u", "v"):
                getattr(self.state, name)[own, 0] = report[f"probe_{name}"]
        self._take_depths(reports)

    def _take_depths(self, reports: list[dict[str, Any]]) -> None:
        for own, report in zip(self.census.faces, reports, strict=True):
            self._depths[own] = report["depths"]

    def _joined(self, pieces: list[np.ndarray], dtype: Any = np.float64) -> np.ndarray:
        """One array over all blocks of the pieces of the tiles."""
        ny, nx = self.plan.shape
        whole = np.zeros((-(-ny // BLOCK_ROWS), -(-nx // BLOCK_COLUMNS)), dtype)
        for (j0, _, i0, _), piece in zip(self.plan.tiles, pieces, strict=True):
            j, i = j0 // BLOCK_ROWS, i0 // BLOCK_COLUMNS
            whole[j : j + piece.shape[0], i : i + piece.shape[1]] = piece
        return whole

    def _stretches_of(self, reports: list[dict[str, Any]]) -> list[Stretch]:
        values = np.zeros((3, self._owner.size))
        for own, report in zip(self.census.faces, reports, strict=True):
            values[:, own] = report["stretch"]
        return [Stretch(*values[:, self._owner == number]) for number in range(len(self.shared.boundaries))]


class TeamMarch:
    """Stands where `Simulation` has its March: lets the tiles march, and shows observers what they report."""

    def __init__(self, team: Team, view: SparseView, staggered: bool) -> None:
        self.team = team
        self.view: Any = view  # fields of it are known at single cells only
        self.limiter, self.counters = Limiter(staggered), Counters()
        self.rewound = 0

    def longest_step(self) -> float:
        """The step (s) that all tiles allow at present."""
        return self.team.longest

    def cross(self, left: float, end: float, observers: Sequence[Observer]) -> None:
        """Go through the ``left`` seconds up to time ``end`` (s)."""
        reports = self.team.cross(left, end)
        show(self.view, self.team)
        for entries in zip(*(report["rulers"] for report in reports), strict=True):
            found = [ruler for ruler, _, _ in entries if ruler is not None]
            if found:
                best = max(found, key=lambda ruler: (ruler.rate, -ruler.block))
                self.limiter.credit(best, *entries[0][1:])
        self.counters.steps += reports[0]["steps"]
        self.counters.cells += sum(report["cells"] for report in reports)
        self.counters.last_dt = reports[0]["last_dt"]
        self.rewound += max(report["rewound"] for report in reports)
        flows = np.zeros((len(reports[0]["macros"]), self.view.flows.size))
        for own, report in zip(self.team.census.followed, reports, strict=False):
            if own.size:
                flows[:, own] = report["flows"]
        self.view.rainfall = self.team.mean_rain
        for (time, dt), flow in zip(reports[0]["macros"], flows, strict=True):
            self.view.time, self.view.flows = time, flow
            for observer in observers:
                observer.macro(self.view, dt)


class TiledCoupling(Coupling):
    """A network coupled to tiles: planned and settled here, on the water at the probes; taken from cells there."""

    surface: Any

    def _take_roof_rain(self, roofs: RoofCells, t0: float, t1: float) -> None:
        roofs.taken[:] = self.surface.roof_taken

    def _hand_over(self) -> None:
        team, exchange = self.surface, self.drainage.exchange
        source = team.state.source[exchange.inlets.cell_j, 0]
        team.crew.ask("open", exchange.port_flow, source)

    def close(self, t0: float, t1: float) -> None:
        """Let the network follow over the coupling step [t0, t1] (s), after what the tiles have taken."""
        self.drainage.exchange.taken[:] = self.surface.taken
        super().close(t0, t1)


class TileOutputs:
    """Observer that passes on to the tiles, which write the fields."""

    def __init__(self, team: Team, limiter: Limiter) -> None:
        self.team, self.limiter = team, limiter

    def start(self, view: Any) -> None:
        """Let the tiles open their parts."""
        self.team.crew.ask("start_outputs")

    def macro(self, view: Any, dt: float) -> None:
        """The tiles have seen it."""

    def sync(self, view: Any) -> None:
        """Let the tiles record what is due."""
        self.team.crew.ask("sync")

    def memory(self, status: Status) -> dict[str, Any]:
        """Where the records so far lie: ``parts`` of all tiles, and by the label of each tile."""
        reports = self.team.crew.ask("seal", status)
        maps = [report["maps"] for report in reports]
        tiles = dict(zip(self.team.plan.labels, (one["parts"] for one in maps), strict=True))
        return {
            "parts": [part for one in maps for part in one["parts"]],
            "written": maps[0]["written"],
            "tiles": tiles,
            "envelopes_at": reports[0]["envelopes"],
        }

    def recall(self, view: Any, memory: dict[str, Any]) -> None:
        """Let the tiles go on after the records that a checkpoint knows of."""
        self.team.crew.ask("go_on", memory)

    def close(self, view: Any, status: Status) -> None:
        """Let the tiles finish their parts, with the cells that set the time step."""
        if self.team.crew.lost:
            return
        total = sum(self.limiter.seconds.values()) or 1.0
        limits = [(j, i, seconds / total) for (j, i), seconds in self.limiter.seconds.items()]
        reports = self.team.crew.ask("finish", status, view.time, limits)
        self.team.peaks = [report["peak_memory_mb"] for report in reports]


class TiledSimulation(Simulation):
    """A run of a case whose water is in tiles; see `Simulation`, which has the loop."""

    def __init__(self, case: Case, team: Team, jobs: list[Job], drainage: Drainage | None, notes: list[str]) -> None:
        scheme = SCHEMES[case.solver.scheme, case.solver.order]
        self.case, self.notes, self.team = case, notes, team
        team.begin(jobs)
        self.surface: Any = team
        self.view: Any = SparseView(team.state.grid, team.shared.probes, team.state.h.dtype.type)
        self.view.bed.values[:] = team.bed
        show(self.view, team)
        self.march: Any = TeamMarch(team, self.view, scheme.staggered)
        self.limiter, self.counters = self.march.limiter, self.march.counters
        self.froude = Froude()
        self.interrupt = SafeInterrupt()
        self.coupling = None if drainage is None else TiledCoupling(drainage, team)  # type: ignore[arg-type]
        self.beat = case.solver.sync_interval
        self.beats = round(case.clock.duration / self.beat)
        self.done = 0

    def _surface_memory(self) -> dict[str, Any]:
        return self.team.memory()

    def _recall_surface(self, memory: dict[str, Any]) -> None:
        self.team.recall(memory, self.view.time)

    def wet_cells(self) -> int:
        """Number of cells deeper than 1 mm at the last beat."""
        return self.team.wet

    def _renew(self, t0: float, t1: float) -> None:
        self.team.renew(t0, t1)
        show(self.view, self.team)
        self.view.rainfall = self.team.mean_rain
        if self.coupling is not None:
            self.coupling.renew(t0, t1)

    def _start(self, observers: list[Observer], progress: Progress | None) -> None:
        super()._start(observers, progress)
        if self.view.new_faces:
            self.team.census.followed = self.team.crew.ask("follow", self.view.faces)
            self.view.new_faces = False

    def _settle(self) -> Ledger:
        if self.team.crew.lost:
            return self.team.ledger
        if self.coupling is not None:
            self.coupling.settle(self.team.ledger)
        return self.team.settle()

    def _book_froude(self) -> None:
        if self.team.froude is not None:
            self.froude.take(*self.team.froude)


def show(view: SparseView, team: Team) -> None:
    """Put the water at the probes into the view."""
    state = team.state
    for field_, values in ((view.depth, state.h), (view.velocity_x, state.u), (view.velocity_y, state.v)):
        field_.values[:] = values[:, 0]


def compact(drainage: Drainage, place: np.ndarray, gauges: np.ndarray) -> Drainage:
    """A drainage whose cells are numbered by their ``place`` among the probes, and its ``gauges`` likewise."""
    exchange = drainage.exchange
    exchange.inlets = replace(exchange.inlets, cell_j=place, cell_i=np.zeros_like(place))
    return replace(drainage, gauges=np.stack([gauges, np.zeros_like(gauges)], axis=1))
