"""The loop: a clock that lands on every beat, macro steps of equal time steps between, and observers that watch."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from floodsim.case.schema import Case
from floodsim.errors import RunError
from floodsim.output.view import Observer, Status
from floodsim.simulate.coupling import Coupling, coupling_spans
from floodsim.simulate.froude import Froude
from floodsim.simulate.interrupt import SafeInterrupt
from floodsim.simulate.limiter import Limiter
from floodsim.simulate.setup import Setup
from floodsim.simulate.view import LiveView
from floodsim.surface.bands import Bands
from floodsim.surface.edges import make_edges
from floodsim.surface.ledger import Ledger
from floodsim.surface.schemes import CFL_MARGIN, SCHEMES
from floodsim.surface.state import GRAVITY, make_state
from floodsim.surface.step import Surface, renew_forcing, settle_ledger, take_step

MACRO_STEPS = 8
"""Time steps of equal length between two looks at the wave speed; fewer where the water speeds up."""
CALM_COURANT = 0.5
"""Of still water the Courant numbers along x and y must not sum to more than 1, or its shortest waves grow."""
SHORTEST_STEP = 1e-7
"""A time step below this (s) means that the solution has blown up."""

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


@dataclass
class Counters:
    """What a run has cost so far."""

    steps: int = 0
    cells: int = 0
    last_dt: float = 0.0
    began: float = field(default_factory=time.perf_counter)


class Simulation:
    """One run of a case: advances the water beat by beat and shows it to the observers.

    `run` goes to the end of the case. Everything it needs was made by `make_setup`; `surface` holds the water.
    """

    def __init__(self, case: Case, setup: Setup, bands: Bands) -> None:
        state = make_state(setup.grid, case.solver.precision, setup.depth)
        setup.depth = None
        scheme = SCHEMES[case.solver.scheme, case.solver.order]
        self.cfl = min(case.solver.cfl, scheme.courant)
        self.case = case
        self.notes = setup.notes
        if self.cfl * CFL_MARGIN > CALM_COURANT:
            self.notes.append(
                f"solver.cfl = {self.cfl:g}: above {CALM_COURANT / CFL_MARGIN:.2f} ponds can grow a checkerboard "
                "of waves; check their depths, or lower it"
            )
        self.surface = Surface(
            state, make_edges(state, setup.boundaries), setup.rain, setup.losses, setup.sources, scheme, bands
        )
        self.view = LiveView(self.surface)
        self.limiter = Limiter(scheme.staggered)
        self.froude = Froude()
        self.counters = Counters()
        self.interrupt = SafeInterrupt()
        self.coupling = None if setup.drainage is None else Coupling(setup.drainage, self.surface)
        self.beat = case.solver.sync_interval
        self.beats = round(case.clock.duration / self.beat)
        self.width = min(state.grid.dx, state.grid.dy)

    def run(self, observers: list[Observer], progress: Progress | None = None) -> Status:
        """Advance to the end; "interrupted" after Ctrl-C. Raises RunError where the run must stop.

        Observers are closed in every case, with the status that fits.
        """
        with self.interrupt:
            return self._run(observers, progress)

    def _run(self, observers: list[Observer], progress: Progress | None) -> Status:
        status: Status = "failed"
        try:
            self._renew(0.0, self.beat)
            self._start(observers, progress)
            for number in range(self.beats):
                self.interrupt.check()  # between beats only: what a beat brings is booked as a whole
                self._advance(number, observers)
                self._check_mass()
                self.froude.book(self.view)
                for observer in observers:
                    observer.sync(self.view)
                if progress is not None:
                    progress.update(self.view.time, self.stats())
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

    def _start(self, observers: list[Observer], progress: Progress | None) -> None:
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
            spans = coupling_spans(self.beat, self.coupling.drainage.step, self._longest_step())
        for span in range(spans):
            t0 = begin + span * self.beat / spans
            t1 = end if span == spans - 1 else begin + (span + 1) * self.beat / spans
            if self.coupling is not None:
                self.coupling.open(t0, t1)
            self._cross(self.beat / spans, t1, observers)
            if self.coupling is not None:
                self.coupling.close(t0, t1)

    def _renew(self, t0: float, t1: float) -> None:
        """Renew what drives the surface over the beat [t0, t1] (s)."""
        renew_forcing(self.surface, t0, t1)
        if self.coupling is not None:
            self.coupling.renew(t0, t1)

    def _cross(self, left: float, end: float, observers: list[Observer]) -> None:
        """Go through the ``left`` seconds up to time ``end`` in macro steps."""
        while left > 0.0:
            dt, count = self._choose_step(left)
            taken = self._macro(dt, count)
            left = 0.0 if taken * dt >= left * (1.0 - 1e-12) else left - taken * dt
            self.view.time = end - left
            self.view.refresh()
            for observer in observers:
                observer.macro(self.view, taken * dt)

    def _choose_step(self, left: float) -> tuple[float, int]:
        """Length (s) of the next time steps, so that whole steps fill what is ``left`` of the beat, and how many."""
        whole = max(math.ceil(left / self._longest_step() * (1.0 - 1e-12)), 1)
        return left / whole, min(whole, MACRO_STEPS)

    def _longest_step(self) -> float:
        """The step (s) that the CFL number allows for the present water, and for what rain and sources will add."""
        cfl, surface = self.cfl, self.surface
        rate = max(float(surface.state.blocks.fastest.max()), surface.edge_speed / self.width)
        longest = surface.scheme.longest_step(surface.state)
        longest = min(longest, cfl / rate) if rate > 0.0 else longest
        rise = float(surface.state.source.max())
        if rise > 0.0:  # a film that grows from nothing: its wave speed after dt is sqrt(g rise dt)
            longest = min(longest, (cfl * self.width / math.sqrt(GRAVITY * rise)) ** (2.0 / 3.0))
        return longest

    def _macro(self, dt: float, count: int) -> int:
        """Take up to ``count`` steps of dt (s); stops early where the water has become too fast for dt."""
        if not dt > SHORTEST_STEP:
            raise RunError(
                f"the time step fell to {dt:.3g} s at t = {self.view.time:.1f} s: the solution has become unstable\n"
                f"    limited at: {self.limiter.describe(self.surface.state)}\n"
                f"    remedy: look at the terrain and the boundaries there; lower solver.cfl"
            )
        state, taken = self.surface.state, 0
        self.limiter.book(state, dt, dt * count)
        self.view.begin_macro()
        while taken < count:
            if self.view.tracks and not self.surface.scheme.staggered:
                self.view.follow(dt)
            self.counters.cells += sum(int(((w[:, 1] - w[:, 0]) * (w[:, 3] - w[:, 2])).sum()) for w in state.windows)
            if self.coupling is not None:
                self.coupling.before_step(dt)
            take_step(self.surface, dt)
            if self.view.tracks and self.surface.scheme.staggered:  # the state holds the discharges of the step taken
                self.view.follow(dt)
            taken += 1
            fastest = float(state.blocks.fastest.max())
            if dt * fastest > self.cfl * CFL_MARGIN or not math.isfinite(fastest):
                break
        self.counters.steps += taken
        self.counters.last_dt = dt
        return taken

    def _settle(self) -> Ledger:
        """Bring the ledger up to the present state."""
        if self.coupling is not None:
            self.coupling.settle(self.surface.ledger)
        return settle_ledger(self.surface)

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
            if not abs(error) <= self.case.solver.mass_limit:
                raise RunError(
                    f"the mass error of the {part} reached {error:.3g} of the rain (of all water handled without rain) "
                    f"at t = {self.view.time:.0f} s, more than solver.mass_limit = {self.case.solver.mass_limit:.3g}\n"
                    f"    remedy: {PART_REMEDIES[part]}"
                )

    def stats(self) -> dict[str, Any]:
        """Figures for the progress display."""
        wall = max(time.perf_counter() - self.counters.began, 1e-9)
        rate = self.view.time / wall
        return {
            "steps": self.counters.steps,
            "dt": self.counters.last_dt,
            "mass_error": self.surface.ledger.relative_error,
            "wet_cells": int(np.count_nonzero(self.view.depth > 1e-3)),
            "sim_per_wall": rate,
            "eta_s": (self.case.clock.duration - self.view.time) / max(rate, 1e-9),
        }
