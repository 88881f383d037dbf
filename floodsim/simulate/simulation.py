"""The loop: a clock that lands on every beat, macro steps of equal time steps between, and observers that watch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import RunError
from floodsim.output.view import Observer, Status
from floodsim.simulate.coupling import Coupling, coupling_spans
from floodsim.simulate.froude import Froude
from floodsim.simulate.interrupt import SafeInterrupt
from floodsim.simulate.march import March
from floodsim.simulate.setup import Setup
from floodsim.simulate.view import LiveView
from floodsim.surface.bands import Bands
from floodsim.surface.edges import make_edges
from floodsim.surface.ledger import Ledger
from floodsim.surface.memory import recall_surface, surface_memory
from floodsim.surface.schemes import CFL_MARGIN, SCHEMES
from floodsim.surface.state import make_state
from floodsim.surface.step import Surface, renew_forcing, settle_ledger

CALM_COURANT = 0.5
"""Of still water the Courant numbers along x and y must not sum to more than 1, or its shortest waves grow."""

PART_REMEDIES = {
    "surface": "lower solver.cfl, or look at the terrain and the boundaries",
    "transfer": "shorten drainage.coupling_step; summary.json names what nodes owe to the street",
    "network": "look at the notes on the network; shorten drainage.coupling_step",
}


class Progress(Protocol):
    """Where a run tells how far it is."""

    def start(self, total_seconds: float) -> None:
        """The run begins and will simulate this long."""

    def update(self, time_s: float, stats: Mapping[str, Any]) -> None:
        """The run stands at ``time_s``."""

    def finish(self, status: str) -> None:
        """The run ended."""


class Keeper(Protocol):
    """Who writes checkpoints, and when."""

    def due(self) -> bool:
        """Whether it is time for the next one."""

    def keep(self, simulation: Simulation, status: Status) -> None:
        """Write one of a simulation that stands between two beats; ``status`` is what results so far say."""


class Simulation:
    """One run of a case: advances the water beat by beat and shows it to the observers.

    `run` goes to the end of the case. Everything it needs was made by `make_setup`; `surface` holds the water.
    """

    def __init__(self, case: Case, setup: Setup, bands: Bands) -> None:
        scheme = SCHEMES[case.solver.scheme, case.solver.order]
        state = make_state(setup.grid, case.solver.precision, setup.depth, staggered=scheme.staggered)
        setup.depth = None
        cfl = min(case.solver.cfl, scheme.courant)
        self.case = case
        self.notes = setup.notes
        if cfl * CFL_MARGIN > CALM_COURANT:
            self.notes.append(
                f"solver.cfl = {cfl:g}: above {CALM_COURANT / CFL_MARGIN:.2f} ponds can grow a checkerboard "
                "of waves; check their depths, or lower it"
            )
        self.surface = Surface(
            state, make_edges(state, setup.boundaries), setup.rain, setup.losses, setup.sources, scheme, bands
        )
        self.view = LiveView(self.surface)
        self.march = March(self.surface, self.view, cfl)
        self.limiter, self.counters = self.march.limiter, self.march.counters
        self.froude = Froude()
        self.interrupt = SafeInterrupt()
        self.coupling = None if setup.drainage is None else Coupling(setup.drainage, self.surface)
        if self.coupling is not None:
            self.march.before_step = self.coupling.before_step
        self.beat = case.solver.sync_interval
        self.beats = round(case.clock.duration / self.beat)
        self.done = 0

    def run(self, observers: list[Observer], progress: Progress | None = None, keeper: Keeper | None = None) -> Status:
        """Advance to the end; "interrupted" after Ctrl-C. Raises RunError where the run must stop.

        Observers are closed in every case, with the status that fits. ``keeper`` writes checkpoints on the way.
        """
        with self.interrupt:
            return self._run(observers, progress, keeper)

    def memory(self) -> dict[str, Any]:
        """All that later beats depend on, between two beats: live arrays, plain values and dictionaries of them."""
        return {
            "done": self.done,
            "time": self.view.time,
            "surface": self._surface_memory(),
            "limiter": self.limiter.memory(),
            "froude": asdict(self.froude),
            "counters": self.counters.memory(),
            "coupling": {} if self.coupling is None else self.coupling.memory(),
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Take up what `memory` gave in a simulation of the same case; the run continues from there, to the bit."""
        self.done, self.view.time = memory["done"], memory["time"]
        self._recall_surface(memory["surface"])
        self.limiter.recall(memory["limiter"])
        self.froude = Froude(**memory["froude"])
        self.counters.recall(memory["counters"], self.view.time)
        if self.coupling is not None:
            self.coupling.recall(memory["coupling"])

    def _surface_memory(self) -> dict[str, Any]:
        return surface_memory(self.surface)

    def _recall_surface(self, memory: dict[str, Any]) -> None:
        recall_surface(self.surface, memory)
        self.view.refresh()

    def _run(self, observers: list[Observer], progress: Progress | None, keeper: Keeper | None) -> Status:
        status: Status = "failed"
        try:
            self._start(observers, progress)
            for number in range(self.done, self.beats):
                self._pause(keeper)  # between beats only: what a beat brings is booked as a whole
                self._advance(number, observers)
                self.done = number + 1
                self._check_mass()
                self._book_froude()
                for observer in observers:
                    observer.sync(self.view)
                if progress is not None:
                    self._tell(progress)
            status = "complete"
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            self._settle()
            status = self._close(observers, status)
            if progress is not None:
                progress.finish(status)
        return status

    def _close(self, observers: list[Observer], status: Status) -> Status:
        """Close every observer, also where one of them cannot write any more; the run has then failed."""
        first: Exception | None = None
        for observer in observers:
            try:
                observer.close(self.view, status if first is None else "failed")
            except Exception as error:  # raised below, once the others are closed
                first = first or error
        if first is not None:
            raise first
        return status

    def _tell(self, progress: Progress) -> None:
        """Show how far the run is; a KeyboardInterrupt of the display asks the run to end, in good order."""
        try:
            progress.update(self.view.time, self.stats())
        except KeyboardInterrupt:
            self.interrupt.asked = True

    def _pause(self, keeper: Keeper | None) -> None:
        """Write a checkpoint if one is due or the run must end, and end it if it must."""
        asked = self.interrupt.asked
        if keeper is not None and self.done and (asked or keeper.due()):
            keeper.keep(self, "interrupted" if asked else "running")
        self.interrupt.check()

    def _start(self, observers: list[Observer], progress: Progress | None) -> None:
        if not self.done:
            self._renew(0.0, self.beat)
            for observer in observers:
                observer.start(self.view)
        self.counters.began = time.perf_counter()
        if progress is not None:
            progress.start(self.case.clock.duration)

    def _advance(self, number: int, observers: list[Observer]) -> None:
        """Go through one beat, coupling step by coupling step where there is a network."""
        begin, end = number * self.beat, (number + 1) * self.beat
        if number > 0:
            self._renew(begin, end)
        spans = 1
        if self.coupling is not None:
            spans = coupling_spans(self.beat, self.coupling.drainage.step, self.march.longest_step())
        for span in range(spans):
            t0 = begin + span * self.beat / spans
            t1 = end if span == spans - 1 else begin + (span + 1) * self.beat / spans
            if self.coupling is not None:
                self.coupling.open(t0, t1)
            self.march.cross(self.beat / spans, t1, observers)
            if self.coupling is not None:
                self.coupling.close(t0, t1)

    def _renew(self, t0: float, t1: float) -> None:
        """Renew what drives the surface over the beat [t0, t1] (s)."""
        renew_forcing(self.surface, t0, t1)
        if self.coupling is not None:
            self.coupling.renew(t0, t1)

    def _settle(self) -> Ledger:
        """Bring the ledger up to the present state."""
        if self.coupling is not None:
            self.coupling.settle(self.surface.ledger)
        return settle_ledger(self.surface)

    def _book_froude(self) -> None:
        self.froude.book(self.view)

    def _check_mass(self) -> None:
        ledger = self._settle()
        if self.coupling is not None:
            self._check_parts(self.coupling.errors(ledger))
        error = ledger.relative_error
        if not abs(error) <= self.case.solver.mass_limit:
            raise RunError(
                f"the mass error reached {error:.3g} of all water handled at t = {self.view.time:.0f} s, "
                f"more than solver.mass_limit = {self.case.solver.mass_limit:.3g}\n"
                f"    created by clipping negative depths: {ledger.clipped:.3g} m3; the run has become unstable\n"
                f"    limited at: {self.limiter.describe(self.surface.state)}\n"
                f"    remedy: lower solver.cfl, or look at the terrain and the boundaries there"
            )

    def _check_parts(self, errors: dict[str, float]) -> None:
        """Stop where surface, transfer or network alone has lost or made too much water."""
        for part, error in errors.items():
            limit = self.case.solver.mass_limit
            if part == "network" and self.coupling is not None:
                error, limit = self.coupling.network_check(error, limit)
            if not abs(error) <= limit:
                raise RunError(
                    f"the mass error of the {part} reached {error:.3g} of the rain "
                    "(without rain, or by EPA SWMM, of all water handled) "
                    f"at t = {self.view.time:.0f} s, more than {limit:.3g} (solver.mass_limit, or that of EPA SWMM)\n"
                    f"    remedy: {PART_REMEDIES[part]}"
                )

    def wet_cells(self) -> int:
        """Number of cells deeper than 1 mm."""
        return int(np.count_nonzero(self.view.depth > 1e-3))

    def stats(self) -> dict[str, Any]:
        """Figures for the progress display."""
        wall = max(time.perf_counter() - self.counters.began, 1e-9)
        rate = (self.view.time - max(self.counters.resumed, default=0.0)) / wall
        return {
            "steps": self.counters.steps,
            "dt": self.counters.last_dt,
            "mass_error": self.surface.ledger.relative_error,
            "wet_cells": self.wet_cells(),
            "sim_per_wall": rate,
            "eta_s": (self.case.clock.duration - self.view.time) / max(rate, 1e-9),
        }
