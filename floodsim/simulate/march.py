"""How the surface crosses a span of time: macro steps of equal time steps, each as long as the water allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from floodsim.errors import RunError
from floodsim.simulate.limiter import Limiter
from floodsim.simulate.view import LiveView
from floodsim.surface.schemes import CFL_MARGIN
from floodsim.surface.state import GRAVITY
from floodsim.surface.step import Surface, set_ghosts, take_step

MACRO_STEPS = 8
"""Time steps of equal length between two looks at the wave speed; fewer where the water speeds up."""
SHORTEST_STEP = 1e-7
"""A time step below this (s) means that the solution has blown up."""


@dataclass
class Counters:
    """What a run has cost so far; ``earlier_wall`` s in processes before this one, ``resumed`` s when it took over."""

    steps: int = 0
    cells: int = 0
    last_dt: float = 0.0
    earlier_wall: float = 0.0
    resumed: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    @property
    def wall(self) -> float:
        """Wall time (s) of all processes of the run; what came after the last checkpoint of a killed one is not in."""
        return self.earlier_wall + time.perf_counter() - self.began

    def memory(self) -> dict[str, Any]:
        """What `recall` needs."""
        counts = {name: getattr(self, name) for name in ("steps", "cells", "last_dt", "resumed")}
        return {**counts, "earlier_wall": self.wall}

    def recall(self, memory: dict[str, Any], time: float) -> None:
        """Go on counting in a process that takes over at ``time`` (s of the run)."""
        for name, value in memory.items():
            setattr(self, name, value)
        self.resumed = [*self.resumed, time]


class Watcher(Protocol):
    """Who sees every macro step."""

    def macro(self, view: Any, dt: float) -> None:
        """The water after a macro step of dt (s)."""


class March:
    """Takes the water of a surface through spans of time. ``before_step(dt)``, if given, is called before every step.

    ``cfl`` is the Courant number of a new step; it may grow by CFL_MARGIN before the macro step is cut short.
    """

    def __init__(self, surface: Surface, view: LiveView, cfl: float) -> None:
        self.surface, self.view, self.cfl = surface, view, cfl
        self.limiter = Limiter(surface.scheme.staggered)
        self.counters = Counters()
        self.width = min(surface.state.grid.dx, surface.state.grid.dy)
        self.before_step: Callable[[float], None] | None = None

    def cross(self, left: float, end: float, observers: Sequence[Watcher]) -> None:
        """Go through the ``left`` seconds up to time ``end`` (s) in macro steps."""
        while left > 0.0:
            dt, count = self.choose_step(left)
            if not dt > SHORTEST_STEP:
                raise RunError(blown_up(dt, self.view.time, self.limiter.describe(self.surface.state)))
            self.limiter.book(self.surface.state, dt, dt * count)
            taken = self.macro(dt, count)
            self.counters.steps += taken
            self.counters.last_dt = dt
            left = 0.0 if taken * dt >= left * (1.0 - 1e-12) else left - taken * dt
            self.view.time = end - left
            self.view.refresh()
            for observer in observers:
                observer.macro(self.view, taken * dt)

    def choose_step(self, left: float) -> tuple[float, int]:
        """Length (s) of the next time steps, so that whole steps fill what is ``left`` of the beat, and how many."""
        whole = max(math.ceil(left / self.longest_step() * (1.0 - 1e-12)), 1)
        return left / whole, min(whole, MACRO_STEPS)

    def longest_step(self) -> float:
        """The step (s) that the CFL number allows for the present water, and for what rain and sources will add."""
        surface = self.surface
        fastest, rise = float(surface.state.blocks.fastest.max()), float(surface.state.source.max())
        return self.allowed(max(fastest, surface.edge_speed / self.width), rise)

    def allowed(self, rate: float, rise: float) -> float:
        """The step (s) for waves that cross ``rate`` cells per second and a source of up to ``rise`` (m/s)."""
        longest = self.surface.scheme.longest_step(self.surface.state)
        longest = min(longest, self.cfl / rate) if rate > 0.0 else longest
        if rise > 0.0:  # a film that grows from nothing: its wave speed after dt is sqrt(g rise dt)
            longest = min(longest, (self.cfl * self.width / math.sqrt(GRAVITY * rise)) ** (2.0 / 3.0))
        return longest

    def macro(self, dt: float, count: int) -> int:
        """Take up to ``count`` steps of dt (s); stops early where the water has become too fast for dt."""
        taken = 0
        self.view.begin_macro()
        while taken < count:
            self.step(dt)
            taken += 1
            if self.too_fast(dt, float(self.surface.state.blocks.fastest.max())):
                break
        return taken

    def too_fast(self, dt: float, rate: float) -> bool:
        """Whether a macro step of dt (s) must end where waves cross ``rate`` cells per second."""
        return dt * rate > self.cfl * CFL_MARGIN or not math.isfinite(rate)

    def step(self, dt: float) -> None:
        """One step of dt (s), and what must be done and watched around it."""
        surface, view = self.surface, self.view
        staggered = surface.scheme.staggered
        self.counters.cells += sum(
            int(((w[:, 1] - w[:, 0]) * (w[:, 3] - w[:, 2])).sum()) for w in surface.state.windows
        )
        if self.before_step is not None:
            self.before_step(dt)
        if view.tracks and not staggered:
            set_ghosts(surface)
            view.follow(dt)
        take_step(surface, dt)
        if view.tracks and staggered:  # the state holds the discharges of the step taken
            view.follow(dt)


def blown_up(dt: float, t: float, place: str) -> str:
    """What to say where the time step dt (s) has become too short at time t (s), limited at ``place``."""
    return (
        f"the time step fell to {dt:.3g} s at t = {t:.1f} s: the solution has become unstable\n"
        f"    limited at: {place}\n"
        f"    remedy: look at the terrain and the boundaries there; lower solver.cfl"
    )
