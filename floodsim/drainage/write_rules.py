"""Control rules written as the clauses of a SWMM input, in metric units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from floodsim.drainage.formulas import written_out
from floodsim.drainage.inp_rules import CLOCK_WATCHED, LINK_WATCHED, NODE_WATCHED, TIMES
from floodsim.drainage.network import NONE, LinkKind, Network
from floodsim.drainage.rules import Action, Operand, Rule, Watched

WORDS = {watched: word for table in (NODE_WATCHED, LINK_WATCHED, CLOCK_WATCHED) for word, watched in table.items()}


def hour_curves(network: Network) -> set[int]:
    """Rows of control curves whose x is a time: SWMM wants hours there."""
    return {
        action.curve
        for rule in network.rules
        if any(premise.left.watched in TIMES for premise in rule.premises)
        for action in (*rule.then, *rule.otherwise)
        if action.curve != NONE
    }


def rule_lines(network: Network) -> list[str]:
    """Lines of the section [CONTROLS]."""
    return [*_formulas(network), *(line for rule in network.rules for line in _rule(rule, network))]


def _operands(network: Network) -> list[Operand]:
    """Both sides of every premise of every rule."""
    return [side for rule in network.rules for premise in rule.premises for side in (premise.left, premise.right)]


def _formulas(network: Network) -> Iterator[str]:
    """A VARIABLE for whatever a formula looks at, and an EXPRESSION for each formula."""
    formulas = list(dict.fromkeys(one.formula for one in _operands(network) if one.formula))
    watched = dict.fromkeys(item for one in formulas for item in one if isinstance(item, Operand))
    names = {operand: f"V{at}" for at, operand in enumerate(watched) if operand.watched != Watched.CONSTANT}
    for operand, name in names.items():
        yield f"VARIABLE {name} = {_operand(operand, operand.watched, network)}"
    for formula in formulas:
        yield f"EXPRESSION {_formula_name(formula, network)} = {written_out(formula, names.__getitem__)}"


def _formula_name(formula: tuple[Operand | str, ...], network: Network) -> str:
    return f"E{list(dict.fromkeys(one.formula for one in _operands(network) if one.formula)).index(formula)}"


def _rule(rule: Rule, network: Network) -> Iterator[str]:
    yield f"RULE {_quoted(rule.name)}"
    for premise in rule.premises:
        left = _operand(premise.left, premise.left.watched, network)
        right = _operand(premise.right, premise.left.watched, network)
        yield f"{premise.joint} {left} {premise.relation} {right}"
    for word, actions in (("THEN", rule.then), ("ELSE", rule.otherwise)):
        for at, action in enumerate(actions):
            yield f"{word if at == 0 else 'AND'} {_action(action, network)}"
    yield f"PRIORITY {rule.priority:.15g}"
    yield ""


def _operand(operand: Operand, compared: Watched, network: Network) -> str:
    """What is watched, or the constant it is compared with, in the form that suits what is watched."""
    watched = operand.watched
    if watched == Watched.CONSTANT:
        return _constant(operand.value, compared, network.options.start)
    if watched == Watched.FORMULA:
        return _formula_name(operand.formula, network)
    if watched in NODE_WATCHED.values():
        return f"NODE {_quoted(network.nodes.name[operand.row])} {WORDS[watched]}"
    if watched == Watched.GAUGE_DEPTH:
        return f"GAUGE {_quoted(network.gauges[operand.row])} DEPTH"
    if watched in LINK_WATCHED.values():
        return f"LINK {_quoted(network.links.name[operand.row])} {WORDS[watched]}"
    return f"SIMULATION {WORDS[watched]}"


def _constant(value: float, watched: Watched, start: datetime) -> str:
    if watched == Watched.LINK_STATUS:
        return "ON" if value else "OFF"
    if watched in TIMES:
        whole = round(value)
        if abs(value - whole) < 1e-6:
            return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        return f"{value / 3600.0:.15g}"
    if watched == Watched.DATE:
        return (start + timedelta(days=value)).strftime("%m/%d/%Y")
    if watched == Watched.DAY_OF_YEAR:
        day = datetime(2001, 1, 1) + timedelta(days=value - 1)
        return f"{day.month}/{day.day}"
    return f"{value:.15g}"


def _action(action: Action, network: Network) -> str:
    kind = LinkKind(int(network.links.kind[action.link]))
    subject = f"{kind.name} {_quoted(network.links.name[action.link])}"
    if action.curve != NONE:
        return f"{subject} SETTING = CURVE {_quoted(network.curves[action.curve].name)}"
    if action.series != NONE:
        return f"{subject} SETTING = TIMESERIES {_quoted(network.series[action.series].name)}"
    if action.pid is not None:
        gain, integral, derivative = action.pid
        return f"{subject} SETTING = PID {gain:.15g} {integral / 60.0:.15g} {derivative / 60.0:.15g}"
    if kind == LinkKind.CONDUIT:
        return f"{subject} STATUS = {'OPEN' if action.value else 'CLOSED'}"
    if kind == LinkKind.PUMP and action.value in (0.0, 1.0):
        return f"{subject} STATUS = {'ON' if action.value else 'OFF'}"
    return f"{subject} SETTING = {action.value:.15g}"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name or not name else name
