"""Control rules in parsed form: premises, actions and priorities, all in SI and by index."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Watched(IntEnum):
    """What a premise looks at. Depth, head, volume and inflow belong to a node, the others to a link or the clock.

    Times are seconds: since the start, since midnight, or since the link opened or closed. ``DATE`` is days since the
    start of the run's first day, ``DAY`` 1 = Sunday to 7, ``MONTH`` 1 to 12, ``DAY_OF_YEAR`` 1 to 366. ``STATUS`` is
    1 or 0, ``SETTING`` the current one. ``GAUGE_DEPTH`` is the depth of water on the street at a gauge, a name outside
    the network. ``CONSTANT`` stands for the value of the premise itself, ``FORMULA`` for what the operand reckons.
    """

    CONSTANT = 0
    NODE_DEPTH = 1
    NODE_MAX_DEPTH = 2
    NODE_HEAD = 3
    NODE_VOLUME = 4
    NODE_INFLOW = 5
    GAUGE_DEPTH = 6
    LINK_FLOW = 10
    LINK_FULL_FLOW = 11
    LINK_DEPTH = 12
    LINK_MAX_DEPTH = 13
    LINK_VELOCITY = 14
    LINK_LENGTH = 15
    LINK_SLOPE = 16
    LINK_STATUS = 17
    LINK_SETTING = 18
    LINK_TIME_OPEN = 19
    LINK_TIME_CLOSED = 20
    TIME = 30
    DATE = 31
    CLOCK_TIME = 32
    DAY = 33
    MONTH = 34
    DAY_OF_YEAR = 35
    FORMULA = 40


RELATIONS = ("=", "<>", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Operand:
    """One side of a premise: what is watched, at which node or link row (-1: the clock), or a constant value in SI.

    ``formula`` is one in postfix form: operands, and the signs and functions of `formulas`.
    """

    watched: Watched
    row: int = -1
    value: float = 0.0
    formula: tuple[Operand | str, ...] = ()


@dataclass(frozen=True)
class Premise:
    """``left relation right``, joined to the result so far by ``joint``: IF, AND or OR, left to right."""

    joint: str
    left: Operand
    relation: str
    right: Operand


@dataclass(frozen=True)
class Action:
    """Sets link row ``link``: to ``value`` (status 1 or 0, or a setting), from a ``curve`` row at the value of the
    first premise's left side, from a ``series`` row, or by ``pid`` (gain; integral and derivative time in s).
    """

    link: int
    value: float = 0.0
    curve: int = -1
    series: int = -1
    pid: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Rule:
    """A control rule: where several want the same link, the highest ``priority`` wins, and the first of equals."""

    name: str
    premises: tuple[Premise, ...]
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()
    priority: float = 0.0
