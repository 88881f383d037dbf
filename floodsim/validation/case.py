"""What a validation case is: a question to the model, a reference, and limits for every scheme that must meet it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np


class Scheme(NamedTuple):
    """A numerical scheme by the solver keys of a case."""

    scheme: str
    order: int

    def __str__(self) -> str:
        return f"{self.scheme}{self.order}"


FIRST, SECOND, INERTIAL = Scheme("hllc", 1), Scheme("hllc", 2), Scheme("inertial", 1)
SCHEMES = (FIRST, SECOND, INERTIAL)
TITLES = {FIRST: "first order", SECOND: "second order", INERTIAL: "local inertial"}

QUICK_S = 10.0
"""A scheme of a case that takes longer than this (s, on two cores) runs in the whole suite only."""
MASS_LIMIT = 1e-11
"""Largest relative mass error that any case may show in double precision."""


class Limit(NamedTuple):
    """What a figure is held to: it must not lie above ``value``, or not below it where ``least``."""

    value: float
    least: bool = False

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps within the limit; nan never does."""
        return figure >= self.value if self.least else figure <= self.value


class Curve(NamedTuple):
    """A line of a picture: points x, y (n,), and whether it is the ground, the reference or a result of the model."""

    label: str
    x: np.ndarray
    y: np.ndarray
    kind: Literal["ground", "reference", "result"]


@dataclass(frozen=True)
class Picture:
    """Result against reference along a line, or in time."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Outcome:
    """Figures of a case by name, pictures, and the seconds that the solver took by the clock and of the processor."""

    figures: Mapping[str, float]
    pictures: tuple[Picture, ...] = ()
    wall_s: float = math.nan
    cpu_s: float = math.nan


Evaluate = Callable[[Scheme, Path | None], Outcome]
Limits = Mapping[str, Limit | float]


@dataclass(frozen=True)
class ValidationCase:
    """One case. ``evaluate(scheme, data)`` runs the model; ``data`` is the folder of published data, if there is one.

    ``limits`` hold the figures of each scheme; ``outside`` says of a scheme why it is not held to the reference, though
    it runs. ``known`` gives the cause of a figure that misses its limit. ``peers`` is what other published codes reach
    and where that stands. ``needs`` is the folder of the data that it reads, ``checkout`` a file of a source checkout;
    ``seconds`` is about how long it takes.
    """

    name: str
    title: str
    group: Literal["analytic", "laboratory", "intercomparison", "drainage", "own"]
    source: str
    peers: str
    evaluate: Evaluate
    limits: Mapping[Scheme, Limits]
    seconds: Mapping[Scheme, float]
    outside: Mapping[Scheme, str] = field(default_factory=dict)
    known: Mapping[tuple[Scheme, str], str] = field(default_factory=dict)
    needs: str = ""
    checkout: str = ""
    package: str = ""

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """Schemes that the case runs with."""
        return tuple(scheme for scheme in SCHEMES if scheme in self.limits or scheme in self.outside)

    def quick(self, scheme: Scheme) -> bool:
        """Whether the case belongs to the quick part with this scheme."""
        return self.seconds[scheme] <= QUICK_S

    def verdicts(self, scheme: Scheme, outcome: Outcome) -> dict[str, Verdict]:
        """Every figure of an outcome held to its limit; a limit without a figure counts as missed."""
        limits = {
            name: limit if isinstance(limit, Limit) else Limit(limit)
            for name, limit in self.limits.get(scheme, {}).items()
        }
        found = {}
        for name in [*outcome.figures, *(name for name in limits if name not in outcome.figures)]:
            value, limit = float(outcome.figures.get(name, math.nan)), limits.get(name)
            cause = self.known.get((scheme, name), "")
            if limit is None:
                found[name] = Verdict(value, None, "info")
            elif limit.holds(value):
                found[name] = Verdict(value, limit, "mended" if cause else "pass", cause)
            else:
                found[name] = Verdict(value, limit, "known" if cause else "fail", cause)
        return found


class Verdict(NamedTuple):
    """A figure beside its limit. ``state`` is pass or fail; known: over the limit for the stated cause; mended: within
    it although a cause is stated; info: held to nothing.
    """

    value: float
    limit: Limit | None
    state: Literal["pass", "fail", "known", "mended", "info"]
    cause: str = ""


def at_least(value: float) -> Limit:
    """A limit from below."""
    return Limit(value, least=True)
