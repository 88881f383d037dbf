"""Control rules of a SWMM input: IF, AND, OR, THEN, ELSE and PRIORITY clauses as `Rule` values, by index and in SI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from floodsim.case.units import closest
from floodsim.drainage.draft import Draft, LinkRow
from floodsim.drainage.formulas import FormulaError, Postfix, parse_formula
from floodsim.drainage.inp_options import Units, parse_date, parse_hours
from floodsim.drainage.inp_tables import SeriesReader, control_curve
from floodsim.drainage.inp_text import InpFile, Row, to_float
from floodsim.drainage.network import LinkKind, Unsupported
from floodsim.drainage.rules import RELATIONS, Action, Operand, Premise, Rule, Watched

NODE_WATCHED = {
    "DEPTH": Watched.NODE_DEPTH, "MAXDEPTH": Watched.NODE_MAX_DEPTH, "HEAD": Watched.NODE_HEAD,
    "VOLUME": Watched.NODE_VOLUME, "INFLOW": Watched.NODE_INFLOW,
}  # fmt: skip
LINK_WATCHED = {
    "FLOW": Watched.LINK_FLOW, "FULLFLOW": Watched.LINK_FULL_FLOW, "DEPTH": Watched.LINK_DEPTH,
    "MAXDEPTH": Watched.LINK_MAX_DEPTH, "VELOCITY": Watched.LINK_VELOCITY, "LENGTH": Watched.LINK_LENGTH,
    "SLOPE": Watched.LINK_SLOPE, "STATUS": Watched.LINK_STATUS, "SETTING": Watched.LINK_SETTING,
    "TIMEOPEN": Watched.LINK_TIME_OPEN, "TIMECLOSED": Watched.LINK_TIME_CLOSED,
}  # fmt: skip
CLOCK_WATCHED = {
    "TIME": Watched.TIME, "DATE": Watched.DATE, "CLOCKTIME": Watched.CLOCK_TIME, "DAY": Watched.DAY,
    "MONTH": Watched.MONTH, "DAYOFYEAR": Watched.DAY_OF_YEAR,
}  # fmt: skip
LINK_WORDS = {
    "LINK": None, "CONDUIT": LinkKind.CONDUIT, "PIPE": LinkKind.CONDUIT, "PUMP": LinkKind.PUMP,
    "ORIFICE": LinkKind.ORIFICE, "WEIR": LinkKind.WEIR, "OUTLET": LinkKind.OUTLET,
}  # fmt: skip
TIMES = (Watched.TIME, Watched.CLOCK_TIME, Watched.LINK_TIME_OPEN, Watched.LINK_TIME_CLOSED)
STATUS = {"ON": 1.0, "OPEN": 1.0, "OFF": 0.0, "CLOSED": 0.0}
CLAUSES = ("RULE", "IF", "AND", "OR", "THEN", "ELSE", "PRIORITY", "VARIABLE", "EXPRESSION")
START_OF_SECONDS = 3600.0  # CONTROL curves of times are written in hours


class RuleError(Exception):
    """A clause cannot be read; carries message and remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class UnsupportedRuleError(Exception):
    """A rule is sound but says something that a `Rule` cannot hold."""


@dataclass
class _Open:
    """A rule while its clauses come in."""

    name: str
    row: Row
    premises: list[Premise]
    then: list[Action]
    otherwise: list[Action]
    priority: float = 0.0
    part: str = ""
    broken: bool = False


def read_rules(inp: InpFile, draft: Draft, units: Units, series: SeriesReader) -> None:
    """Read [CONTROLS] into the draft; rules that name nothing are faults, those that look at rain unsupported."""
    RuleReader(draft, units, series).read(inp.rows("CONTROLS"))


def scale_of(watched: Watched, units: Units) -> float:
    """SI value of one unit in which SWMM writes what is watched."""
    if watched in (Watched.NODE_DEPTH, Watched.NODE_MAX_DEPTH, Watched.NODE_HEAD, Watched.LINK_DEPTH):
        return units.length
    if watched in (Watched.LINK_MAX_DEPTH, Watched.LINK_VELOCITY, Watched.LINK_LENGTH, Watched.GAUGE_DEPTH):
        return units.length
    if watched in (Watched.NODE_INFLOW, Watched.LINK_FLOW, Watched.LINK_FULL_FLOW):
        return units.flow
    return units.volume if watched == Watched.NODE_VOLUME else 1.0


class RuleReader:
    """Reads clause after clause; names are resolved against the links in the order `freeze` gives them."""

    def __init__(self, draft: Draft, units: Units, series: SeriesReader) -> None:
        self.draft, self.units, self.series = draft, units, series
        self.node_rows = {key: row for row, key in enumerate(draft.nodes)}
        sound = [
            link for link in draft.links.values()
            if draft.node(link.start) and draft.node(link.end) and link.start.upper() != link.end.upper()
        ]  # fmt: skip
        self.link_rows = {link.name.upper(): row for row, link in enumerate(sound)}
        self.variables: dict[str, list[str]] = {}
        self.formulas: dict[str, Postfix] = {}
        self.open: _Open | None = None

    def read(self, rows: list[Row]) -> None:
        """All clauses of a section."""
        for row in rows:
            tokens = list(row.tokens)
            word = tokens[0].upper()
            try:
                self._clause(word, tokens[1:], row)
            except RuleError as error:
                rule = self.open
                where = f"[CONTROLS] line {row.line}" + (f", rule {rule.name}" if rule else "")
                self.draft.faults.add(error.message, key=where, value=" ".join(tokens), remedy=error.remedy)
                if rule:
                    rule.broken = True
            except UnsupportedRuleError as error:
                if self.open:
                    self.draft.unsupported.append(Unsupported("CONTROLS", f"rule {self.open.name}", str(error)))
                    self.open.broken = True
        self._close()

    def _clause(self, word: str, tokens: list[str], row: Row) -> None:
        if word == "RULE":
            self._close()
            if not tokens:
                raise RuleError("a rule has no name", "write RULE and a name")
            self.open = _Open(tokens[0], row, [], [], [])
            self.draft.places["rule", tokens[0].upper()] = f"[CONTROLS] line {row.line}, rule {tokens[0]}"
        elif word == "VARIABLE":
            self._variable(tokens)
        elif word == "EXPRESSION":
            self._expression(tokens)
        elif self.open is None:
            raise RuleError("a clause stands before the first RULE", "begin the rule with RULE and its name")
        elif word in CLAUSES:
            self._part(word, tokens, self.open)
        else:
            raise RuleError(f"a rule has no clause {word}", f"use one of {', '.join(CLAUSES[1:7])}")

    def _part(self, word: str, tokens: list[str], rule: _Open) -> None:
        if word == "PRIORITY":
            value = to_float(tokens[0]) if tokens else None
            if value is None:
                raise RuleError("the priority is no number", "write PRIORITY and a number")
            rule.priority = value
            return
        part = rule.part if word in ("AND", "OR") else word
        if word == "OR" and part != "IF":
            raise RuleError("OR belongs between premises only", "split the rule in two")
        rule.part = part
        if part == "IF":
            rule.premises.append(self._premise(word, tokens))
        elif part in ("THEN", "ELSE"):
            (rule.then if part == "THEN" else rule.otherwise).append(self._action(tokens, rule))
        else:
            raise RuleError(f"{word} stands before IF", "write IF first")

    def _close(self) -> None:
        rule, self.open = self.open, None
        if rule is None or rule.broken:
            return
        if not rule.premises or not rule.then:
            what = "no IF" if not rule.premises else "no THEN"
            place = f"[CONTROLS] line {rule.row.line}, rule {rule.name}"
            self.draft.faults.add(f"the rule has {what}", key=place, remedy="complete or delete the rule")
            return
        self.draft.rules.append(
            Rule(rule.name, tuple(rule.premises), tuple(rule.then), tuple(rule.otherwise), rule.priority)
        )

    def _variable(self, tokens: list[str]) -> None:
        """``VARIABLE Q1 = LINK 1 FLOW``: written out wherever the name is used."""
        if len(tokens) < 4 or tokens[1] != "=":
            raise RuleError("the variable cannot be read", "write VARIABLE name = LINK name FLOW")
        self.variables[tokens[0].upper()] = tokens[2:]

    def _expression(self, tokens: list[str]) -> None:
        """``EXPRESSION E = (Q1 + Q2) / 2``: variables count in the units of the file."""
        if len(tokens) < 3 or tokens[1] != "=":
            raise RuleError("the expression cannot be read", "write EXPRESSION name = formula")
        known: dict[str, Postfix] = {}
        for name, parts in self.variables.items():
            operand = self._watched(parts)
            factor = Operand(Watched.CONSTANT, value=1.0 / scale_of(operand.watched, self.units))
            known[name] = (operand,) if factor.value == 1.0 else (operand, factor, "*")
        try:
            self.formulas[tokens[0].upper()] = parse_formula(" ".join(tokens[2:]), known)
        except FormulaError as error:
            raise RuleError(error.message, "correct the expression") from error

    def _premise(self, joint: str, tokens: list[str]) -> Premise:
        if not tokens:
            raise RuleError("the premise is empty", "write for example IF NODE N1 DEPTH > 2")
        tokens = self._written_out(tokens)
        at = next((i for i, token in enumerate(tokens) if token in RELATIONS), None)
        if at is None:
            raise RuleError("the premise has no relation", f"use one of {', '.join(RELATIONS)}")
        left = self._watched(tokens[:at])
        right = self._right(tokens[at + 1 :], left.watched)
        return Premise(joint, left, tokens[at], right)

    def _written_out(self, tokens: list[str]) -> list[str]:
        return [part for token in tokens for part in self.variables.get(token.upper(), [token])]

    def _watched(self, tokens: list[str]) -> Operand:
        """``NODE name DEPTH``, ``LINK name FLOW`` or ``SIMULATION TIME``."""
        word = tokens[0].upper() if tokens else ""
        if word in self.formulas and len(tokens) == 1:
            return Operand(Watched.FORMULA, formula=self.formulas[word])
        if word == "GAGE":
            raise UnsupportedRuleError("looks at a rain gage")
        if word == "SIMULATION" and len(tokens) == 2:
            return Operand(_attribute(tokens[1], CLOCK_WATCHED))
        if word == "GAUGE" and len(tokens) == 3 and tokens[2].upper() == "DEPTH":
            if tokens[1] not in self.draft.gauges:
                self.draft.gauges.append(tokens[1])
            return Operand(Watched.GAUGE_DEPTH, self.draft.gauges.index(tokens[1]))
        if len(tokens) != 3 or (word != "NODE" and word not in LINK_WORDS):
            raise RuleError("what the premise looks at cannot be read", "write NODE, LINK or SIMULATION with a name")
        if word == "NODE":
            row = self.node_rows.get(tokens[1].upper())
            if row is None:
                raise _nameless("node", tokens[1], [node.name for node in self.draft.nodes.values()])
            return Operand(_attribute(tokens[2], NODE_WATCHED), row)
        return Operand(_attribute(tokens[2], LINK_WATCHED), self._link(word, tokens[1]))

    def _link(self, word: str, name: str) -> int:
        link: LinkRow | None = self.draft.link(name)
        kind = LINK_WORDS[word]
        if link is None or name.upper() not in self.link_rows:
            names = [one.name for one in self.draft.links.values() if kind is None or one.kind == kind]
            raise _nameless(word.lower(), name, names)
        if kind is not None and link.kind != kind:
            is_a = link.kind.name.lower()
            raise RuleError(f"calls {name} a {word.lower()}, but it is a {is_a}", f"write {is_a.upper()} {name}")
        return self.link_rows[name.upper()]

    def _right(self, tokens: list[str], watched: Watched) -> Operand:
        if len(tokens) > 1 or (tokens and tokens[0].upper() in self.formulas):
            return self._watched(tokens)
        if not tokens:
            raise RuleError("the premise has no value to compare with", "add a value")
        return Operand(Watched.CONSTANT, value=self._value(tokens[0], watched))

    def _value(self, text: str, watched: Watched) -> float:
        """A constant of a premise in SI."""
        value: float | None
        if watched == Watched.LINK_STATUS:
            value = STATUS.get(text.upper())
        elif watched in TIMES:
            value = parse_hours(text)
        elif watched == Watched.DATE:
            day, first = parse_date(text), datetime.combine(self.draft.options.start.date(), time())
            value = None if day is None else float((day - first).days)
        elif watched == Watched.DAY_OF_YEAR and "/" in text:
            day = parse_date(f"{text}/2001")
            value = None if day is None else float(day.timetuple().tm_yday)
        else:
            number = to_float(text)
            value = None if number is None else number * scale_of(watched, self.units)
        if value is None:
            raise RuleError(f"{text} is no value for {watched.name.lower()}", "correct the value")
        return value

    def _action(self, tokens: list[str], rule: _Open) -> Action:
        """``PUMP name STATUS = ON``, ``ORIFICE name SETTING = 0.5`` or ``= CURVE name``, SERIES, PID."""
        word = tokens[0].upper() if tokens else ""
        if word not in LINK_WORDS or len(tokens) < 5 or tokens[3] != "=":
            raise RuleError("the action cannot be read", "write for example THEN PUMP P1 STATUS = ON")
        link, what, value = self._link(word, tokens[1]), tokens[2].upper(), tokens[4].upper()
        if what == "STATUS" and value in STATUS:
            return Action(link, STATUS[value])
        if what != "SETTING":
            raise RuleError(f"{tokens[2]} = {tokens[4]} is no action", "write STATUS = ON or OFF, or SETTING = 0.5")
        place = f"[CONTROLS] line {rule.row.line}, rule {rule.name}"
        if value == "CURVE" and len(tokens) > 5:
            return Action(link, curve=control_curve(self.draft, tokens[5], self._controller_scale(rule), place))
        if value == "TIMESERIES" and len(tokens) > 5:
            return Action(link, series=self.series.row_of(tokens[5], 1.0, place))
        if value == "PID":
            return Action(link, pid=_pid(tokens[5:]))
        number = to_float(value)
        if number is None:
            raise RuleError(f"{tokens[4]} is no setting", "write a number, CURVE name, TIMESERIES name or PID p i d")
        return Action(link, number)

    def _controller_scale(self, rule: _Open) -> float:
        """SI value of one unit of x of a CONTROL curve: that of the last premise, whose left side SWMM looks at."""
        watched = {premise.left.watched for premise in rule.premises}
        scales = {scale_of(one, self.units) if one not in TIMES else START_OF_SECONDS for one in watched}
        if any(a != b for a, b in pairwise(sorted(scales))):
            raise UnsupportedRuleError("modulates by a curve under premises of different units")
        return next(iter(scales), 1.0)


def _nameless(what: str, name: str, known: list[str]) -> RuleError:
    near = closest(name, known)
    remedy = f"did you mean {near}?" if near else f"correct the name of the {what}, or delete the rule"
    return RuleError(f"names the {what} {name}, which does not exist", remedy)


def _attribute(text: str, known: dict[str, Watched]) -> Watched:
    if text.upper() not in known:
        raise RuleError(f"{text} cannot be looked at", f"use one of {', '.join(known)}")
    return known[text.upper()]


def _pid(tokens: list[str]) -> tuple[float, float, float]:
    """Gain, integral and derivative time; SWMM writes the times in minutes."""
    values = [to_float(token) for token in tokens]
    if len(values) != 3 or any(value is None for value in values):
        raise RuleError("PID needs three numbers", "write PID gain integral-time derivative-time")
    gain, integral, derivative = (value or 0.0 for value in values)
    return gain, integral * 60.0, derivative * 60.0
