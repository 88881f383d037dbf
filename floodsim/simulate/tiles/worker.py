"""One tile at work: holds the water of its cells and a halo around them, and does what the client orders.

A Dask actor in a worker of its own, or an object of a thread in tests. It talks to the other tiles over `Links`; to the
client it gives only small things: sums of blocks, depths at single cells, flows through lines.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.schema import Case
from floodsim.memory import peak_memory_mb
from floodsim.output.envelopes import Envelopes
from floodsim.output.maps import Maps
from floodsim.output.view import Observer, Status
from floodsim.simulate.checkpoint import write_window
from floodsim.simulate.froude import count_froude
from floodsim.simulate.limiter import Ruler, find_ruler
from floodsim.simulate.march import MACRO_STEPS
from floodsim.simulate.tiles.halo import Halo
from floodsim.simulate.tiles.inlets import TileInlets
from floodsim.simulate.tiles.inputs import Shared, load_shared, load_window, owned, shares_ghosts
from floodsim.simulate.tiles.links import Links, keep_alive, shut
from floodsim.simulate.tiles.march import TileMarch
from floodsim.simulate.tiles.memory import block_memory, own_fields, recall_tile
from floodsim.simulate.tiles.plan import Plan
from floodsim.simulate.tiles.view import TileView
from floodsim.simulate.view import Track
from floodsim.surface.bands import Bands
from floodsim.surface.edges import inner_depth, make_edges
from floodsim.surface.schemes import SCHEMES, Scheme
from floodsim.surface.state import State, make_state
from floodsim.surface.step import Surface, books_of, count_stored, renew_forcing

Report = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What a tile needs to begin: its number, the plan, the case, where inputs lie and where parts of results go.

    ``key`` is what all tiles of a run know of each other; without ``watch`` nothing is recorded, for benchmarks.
    """

    number: int
    plan: Plan
    case: Case
    inputs: Path
    outputs: dict[str, Path]
    rain_end: float
    threads: int
    host: str = "127.0.0.1"
    patience: float = 120.0
    key: bytes = b""
    watch: bool = True


class Tile:
    """One tile. `serve` waits for the client at ``orders`` and carries out what it says: the methods below it.

    Where an order fails the links are closed, so that no other tile waits for this one.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.links = Links(job.number, job.host, job.patience, job.key)
        self._listener = Listener((job.host, 0), authkey=job.key)
        self._line: Connection[Any, Any] | None = None
        self.observers: list[Observer] = []
        self.finished = False
        address: Any = self._listener.address
        self.orders: tuple[str, int] = address

    def serve(self) -> None:
        """Carry out orders until the client has no more, or is gone."""
        try:
            self._line = self._listener.accept()
            keep_alive(self._line.fileno())
            while (message := self._line.recv()) is not None:
                order, arguments = message
                with Pulse(self._line, self.job.patience / 4.0):
                    try:
                        answer = True, getattr(self, order)(*arguments)
                    except Exception as error:  # handed to the client, who raises it
                        self.links.close()
                        answer = False, error
                self._line.send(answer)
        except (OSError, EOFError, AuthenticationError):
            pass
        finally:
            self.cut_off()

    def cut_off(self) -> None:
        """Close all that leads to the client and to other tiles; may be called from another thread."""
        self.links.close()
        if self._line is not None:
            with contextlib.suppress(OSError):
                shut(self._line.fileno())
        with contextlib.suppress(OSError):
            self._listener.close()

    def let_go(self) -> None:
        """After `serve`: close the files of a run that was broken off; what is in them is not to be relied on."""
        for observer in self.observers if not self.finished else ():
            with contextlib.suppress(Exception):
                observer.close(self.view, "failed")
        if self._line is not None:
            self._line.close()

    def listen(self) -> tuple[str, int]:
        """Where the other tiles find this one."""
        return self.links.address

    def begin(self, addresses: list[tuple[str, int]]) -> Report:
        """Take the window of the grid, fill it with water and join the other tiles; says what belongs to this tile."""
        job = self.job
        self.shared = load_shared(job.inputs)
        scheme = SCHEMES[job.case.solver.scheme, job.case.solver.order]
        halo = halo_of(scheme, self.shared, job.plan.shape[1])
        part, window = job.plan.part(job.number, halo)
        self.setup = load_window(job.inputs, self.shared, window)
        self.bands = Bands(job.threads)
        precision, relief = job.case.solver.precision, self.shared.relief
        state = make_state(self.setup.grid, precision, self.setup.depth, part, relief, scheme.staggered)
        self.setup.depth = None
        edges = make_edges(state, self.setup.boundaries)
        setup = self.setup
        self.surface = Surface(state, edges, setup.rain, setup.losses, setup.sources, scheme, self.bands)
        self.view = TileView(self.surface)
        self.inlets = TileInlets(self.shared.ports, part, window, self.surface)
        parts = [job.plan.part(number, halo)[0] for number in range(len(job.plan.tiles))]
        self.halo = Halo(self.links, parts)
        self.links.connect(addresses, self.halo.neighbours)
        team, inlets = (self.links, self.halo), self.inlets
        cfl = min(job.case.solver.cfl, scheme.courant)
        self.march = TileMarch(self.surface, self.view, cfl, team, (inlets.cell_j, inlets.cell_i), inlets.taken)
        self.march.before_step = inlets.take if inlets.port_ids.size else None
        self.rulers = Rulers(scheme.staggered)
        self.march.limiter = self.rulers  # type: ignore[assignment]
        self.diary = Diary()
        self.observers = self._outputs() if job.watch else []
        self.probes = owned(part, self.shared.probes)
        self._place = tuple((self.shared.probes[self.probes] - np.array(part.origin)).T + 1)
        return self._census(state)

    def _outputs(self) -> list[Observer]:
        """The observers of fields; the client has those of series."""
        job, grid = self.job, self.view.grid
        self.envelopes = Envelopes(job.case, grid, job.rain_end, job.outputs["envelopes"])
        self.maps = Maps(job.case, grid, job.outputs["maps"], job.plan.tiles[job.number])
        return [self.maps, self.envelopes]

    def _census(self, state: State) -> Report:
        """Numbers of what is this tile's own, and what the client must know of the ground there."""
        edges, faces = self.surface.edges, self.setup.faces
        stretches = edges.stretches
        ground = [np.concatenate([np.zeros(0), *(getattr(s, name) for s in stretches)]) for name in
                  ("bed", "width", "roughness")]  # fmt: skip
        return {
            "faces": faces[edges.mine],
            "stretch": [values[edges.mine] for values in ground],
            "probes": self.probes,
            "bed": self.view.surface.state.grid.array("bed")[self._place[0] - 1, self._place[1] - 1],
            "ports": self.inlets.own_ports,
            "cells": self.inlets.own_cells,
            "roofs": self.inlets.own_roofs,
            "books": self.books()["books"],
            "depths": inner_depth(state, edges.faces[edges.mine]),
            "halo_cells": self.halo.cells,
        }

    def renew(self, t0: float, t1: float, given: dict[int, np.ndarray]) -> Report:
        """Renew what drives the water over the beat [t0, t1] (s); ``given`` discharges of all faces of boundaries."""
        renew_forcing(self.surface, t0, t1, self._mine_of(given))
        roofs = self.inlets.roofs_take(t0, t1)
        self.march.agree()
        self.view.refresh()
        state = self.surface.state
        return {
            "rain": np.ascontiguousarray(self.surface.rain_rate[state.part.own_blocks]),
            "roofs": roofs,
            "source": self.inlets.own_source(),
            "longest": self.march.longest_step(),
            **self._water(),
        }

    def _mine_of(self, given: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Discharges of the faces that this tile holds, by its own numbers of boundaries."""
        firsts = np.cumsum([0, *(len(boundary.faces) for boundary in self.shared.boundaries)])
        owner, faces = self.surface.edges.owner, self.setup.faces
        return {
            own: given[number][faces[owner == own] - firsts[number]]
            for own, number in enumerate(self.setup.owners)
            if number in given
        }

    def open(self, port_flow: np.ndarray, source: np.ndarray) -> None:
        """Take over the flows (m3/s) of all ports for a coupling step, and the source (m/s) of all their cells."""
        self.inlets.open(port_flow, source)
        self.march.agree()

    def follow(self, faces: np.ndarray) -> np.ndarray:
        """Sum up the flow through those faces (n, 4) that are this tile's, from now on; gives their numbers."""
        part = self.surface.state.part
        last = np.array(part.whole) - 1
        mine = owned(part, np.minimum(faces[:, :2], last))
        padded = faces[mine] + np.array([1 - part.origin[0], 1 - part.origin[1], 0, 0])
        self.view.tracks = [Track(faces[mine], padded, np.zeros(mine.size), np.zeros(mine.size))] if mine.size else []
        return mine

    def cross(self, left: float, end: float) -> Report:
        """March through the ``left`` seconds up to time ``end`` (s)."""
        counters = self.march.counters
        cells, steps, rewound = counters.cells, counters.steps, self.march.rewound
        cpu, waited = time.process_time(), self.links.waited
        self.march.cross(left, end, [self.diary, *self.observers])
        return {
            **self.diary.give(),
            "rulers": self.rulers.give(),
            "taken": self.inlets.own_taken(),
            "longest": self.march.longest_step(),
            "cells": counters.cells - cells,
            "steps": counters.steps - steps,
            "rewound": self.march.rewound - rewound,
            "last_dt": counters.last_dt,
            "cpu_s": time.process_time() - cpu,
            "waiting_s": self.links.waited - waited,
            **self._water(),
        }

    def books(self) -> Report:
        """Sums of the own blocks, inflow through own faces, Froude numbers, and how many cells are wet."""
        state, edges = self.surface.state, self.surface.edges
        count_stored(state, state.windows) if state.windows else None
        return {
            "books": books_of(state),
            "passed": edges.passed[edges.mine],
            "froude": count_froude(self.view) if self.view.centres is not None else None,
            "wet": int(np.count_nonzero(self.view.depth > 1e-3)),
        }

    def start_outputs(self) -> None:
        """Open the parts of fields and record the initial state."""
        for observer in self.observers:
            observer.start(self.view)

    def sync(self) -> None:
        """Let the observers see a beat."""
        for observer in self.observers:
            observer.sync(self.view)

    def seal(self, status: Status) -> Report:
        """Make the records so far safe; what the observers' memories hold besides fields."""
        return {"maps": self.maps.memory(status), "envelopes": self.envelopes.memory(status)["time"]}

    def blocks(self) -> Report:
        """What the own blocks and boundary faces hold."""
        return block_memory(self.surface)

    def save(self, files: dict[str, Path]) -> None:
        """Write this tile's windows of all fields into the files of a checkpoint."""
        fields = own_fields(self.surface, self.envelopes)
        for name, file in files.items():
            corner, values = fields[name]
            write_window(file, corner, values)

    def recall(self, checkpoint: Path, t: float) -> Report:
        """Take up the water, the blocks and the envelopes of a checkpoint at t (s)."""
        recall_tile(self.surface, self.envelopes, checkpoint, self.setup.faces, self.view)
        self.view.time = t
        self.view.refresh()
        return self._water()

    def go_on(self, memory: dict[str, Any]) -> None:
        """Go on with the maps after those that a checkpoint knows of."""
        self.maps.recall(self.view, memory)

    def finish(self, status: Status, t: float, limits: list[tuple[int, int, float]]) -> Report:
        """Close the parts of fields; ``limits`` are cells and the shares of the run (0 to 1) that they ruled."""
        part = self.surface.state.part
        shares = np.zeros(self.view.grid.shape, np.float32)
        corner = part.origin[0] + part.own[0], part.origin[1] + part.own[2]
        for j, i, share in limits:
            if part.holds(np.array(j - part.origin[0]), np.array(i - part.origin[1])):
                shares[j - corner[0], i - corner[1]] = share
        self.envelopes.extra = {"limiter_share": lambda: shares}
        self.view.time, self.finished = t, True
        first: Exception | None = None
        for observer in self.observers:
            try:
                observer.close(self.view, status if first is None else "failed")
            except Exception as error:  # raised once the others are closed
                first = first or error
        self.bands.close()
        if first is not None:
            raise first
        return {"peak_memory_mb": peak_memory_mb(), "sent": self.links.sent}

    def _water(self) -> Report:
        """Water at the own probes and inside the own boundary faces."""
        view, edges = self.surface.state, self.surface.edges
        u, v = self.view.centres or (view.u, view.v)
        return {
            "probe_h": view.h[self._place],
            "probe_u": u[self._place],
            "probe_v": v[self._place],
            "depths": inner_depth(view, edges.faces[edges.mine]),
        }


class Pulse:
    """Tells the client every ``interval`` s that this process lives, as long as it is entered."""

    def __init__(self, line: Connection[Any, Any], interval: float) -> None:
        self._line, self._interval, self._over = line, interval, threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over.wait(self._interval):
                self._line.send(None)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class Rulers:
    """Stands in for the limiter in a tile: keeps the tile's fastest cell at the start of every macro step."""

    def __init__(self, staggered: bool) -> None:
        self.staggered = staggered
        self._found: list[tuple[Ruler | None, float, float]] = []

    def book(self, state: State, dt: float, lasted: float) -> None:
        """Note the fastest of the own cells, the time step (s) and how long it is to rule (s)."""
        self._found.append((find_ruler(state, self.staggered), dt, lasted))

    def describe(self, state: State) -> str:
        """The client knows better."""
        return "see the summary"

    def give(self) -> list[tuple[Ruler | None, float, float]]:
        """What was noted since the last call."""
        found, self._found = self._found, []
        return found


class Diary:
    """Notes the length of every macro step and the flows through followed faces; one of the observers of a march."""

    def __init__(self) -> None:
        self._times: list[tuple[float, float]] = []
        self._flows: list[np.ndarray] = []

    def macro(self, view: Any, dt: float) -> None:
        """Note a macro step."""
        self._times.append((view.time, dt))
        for track in view.tracks:
            self._flows.append(track.passed / track.elapsed if track.elapsed > 0.0 else track.passed)

    def give(self) -> Report:
        """Times and lengths of macro steps (n, 2), and flows (n, faces) or nothing, since the last call."""
        times, flows, self._times, self._flows = self._times, self._flows, [], []
        return {"macros": times, "flows": np.array(flows)}


def halo_of(scheme: Scheme, shared: Shared, columns: int) -> int:
    """Cells of a halo that lasts for a macro step: as far as water is felt in its steps, further across ghosts."""
    return MACRO_STEPS * (scheme.reach + 2 * shares_ghosts(shared.boundaries, columns))
