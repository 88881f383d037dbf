"""Control rules at work: premises read the engine, actions set targets; priorities settle who is heard."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from floodsim.drainage.formulas import evaluate
from floodsim.drainage.network import LinkKind, Network
from floodsim.drainage.rules import Action, Operand, Premise, Rule, Watched

if TYPE_CHECKING:
    from floodsim.drainage.engine import Engine

TIMES = {Watched.TIME, Watched.CLOCK_TIME, Watched.DATE, Watched.LINK_TIME_OPEN, Watched.LINK_TIME_CLOSED}


class Controls:
    """The rules of a network and what they remember: since when links stand so, and the errors of controllers."""

    def __init__(self, network: Network, engine: Engine) -> None:
        self.network, self.engine = network, engine
        self.rules = network.rules
        self.changed = np.zeros(len(network.links.name))
        self.was_open = engine.target > 0.0
        self.errors = np.zeros((sum(len(rule.then) + len(rule.otherwise) for rule in self.rules), 2))
        self.looked = np.array([-np.inf])
        self.conduit_row = {int(link): row for row, link in enumerate(network.conduits.link)}

    def apply(self, now: float, span: float, target: np.ndarray) -> None:
        """Set ``target`` (links,) by the rules at time ``now`` (s), looked at every rule step of the options."""
        is_open = target > 0.0
        switched = is_open != self.was_open
        self.changed[switched], self.was_open = now, is_open
        step = self.network.options.rule_step
        if not self.rules or now - self.looked[0] < step - 1e-6:
            return
        since = max(now - self.looked[0], span) if np.isfinite(self.looked[0]) else span
        self.looked[0] = now
        wanted: dict[int, tuple[float, float]] = {}
        place = 0
        for rule in self.rules:
            holds, value = self._evaluate(rule, now, span)
            for actions, heard in ((rule.then, holds), (rule.otherwise, not holds)):
                for action in actions:
                    if heard:
                        setting = self._setting(action, rule, value, now, since, place, target)
                        best = wanted.get(action.link)
                        if best is None or rule.priority > best[0]:
                            wanted[action.link] = (rule.priority, setting)
                    place += 1
        for link, (_, setting) in wanted.items():
            target[link] = setting
        is_open = target > 0.0
        self.changed[is_open != self.was_open] = now
        self.was_open = is_open

    def _evaluate(self, rule: Rule, now: float, span: float) -> tuple[bool, float]:
        """Whether a rule's premises hold, and the value that its first premise watches."""
        result = True
        for premise in rule.premises:
            if premise.joint == "OR":
                result = result or self._holds(premise, now, span)
            elif result:
                result = self._holds(premise, now, span)
            else:
                break
        return result, self._value(rule.premises[0].left, now)

    def _holds(self, premise: Premise, now: float, span: float) -> bool:
        left, right = self._value(premise.left, now), self._value(premise.right, now)
        relation = premise.relation
        if premise.left.watched in TIMES and relation in ("=", "<>"):
            width = span / 86400.0 if premise.left.watched == Watched.DATE else span
            equal = right <= left + 1e-6 * width < right + width
            return equal if relation == "=" else not equal
        return {
            "=": left == right,
            "<>": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[relation]

    def _setting(
        self, action: Action, rule: Rule, value: float, now: float, since: float, place: int, target: np.ndarray
    ) -> float:
        if action.curve >= 0:
            curve = self.network.curves[action.curve]
            return float(np.interp(value, curve.x, curve.y))
        if action.series >= 0:
            series = self.network.series[action.series]
            return float(np.interp(now, series.times, series.values))
        if action.pid is not None:
            return self._controller(action, rule, now, since, place, target)
        return action.value

    def _controller(
        self, action: Action, rule: Rule, now: float, since: float, place: int, target: np.ndarray
    ) -> float:
        """Setting of a PID controller in its incremental form (SWMM reference manual II, section 5)."""
        gain, integral, derivative = action.pid or (0.0, 0.0, 0.0)
        premise = rule.premises[0]
        set_point, value = self._value(premise.right, now), self._value(premise.left, now)
        scale = set_point if set_point != 0.0 else 1.0
        error = (set_point - value) / scale
        last, before = self.errors[place]
        change = error - last
        if integral != 0.0:
            change += error * since / integral
        change += derivative * (error - 2.0 * last + before) / since
        self.errors[place] = error, last
        top = 1.0 if self.network.links.kind[action.link] != LinkKind.PUMP else np.inf
        return float(min(max(target[action.link] + gain * change, 0.0), top))

    def _value(self, operand: Operand, now: float) -> float:
        """The number that an operand stands for now."""
        watched, row = operand.watched, operand.row
        if watched == Watched.CONSTANT:
            return operand.value
        if watched == Watched.FORMULA:
            return evaluate(operand.formula, lambda inner: self._value(inner, now))
        if watched == Watched.GAUGE_DEPTH:
            return float(self.engine.gauges[row])
        if watched < Watched.LINK_FLOW:
            return self._node_value(watched, row)
        if watched < Watched.TIME:
            return self._link_value(watched, row, now)
        moment = self.network.options.start + timedelta(seconds=now)
        midnight = datetime(moment.year, moment.month, moment.day)
        first = self.network.options.start.replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            Watched.TIME: now,
            Watched.DATE: (moment - first).total_seconds() / 86400.0,
            Watched.CLOCK_TIME: (moment - midnight).total_seconds(),
            Watched.DAY: float((moment.weekday() + 1) % 7 + 1),
            Watched.MONTH: float(moment.month),
            Watched.DAY_OF_YEAR: float(moment.timetuple().tm_yday),
        }[watched]

    def _node_value(self, watched: Watched, row: int) -> float:
        engine = self.engine
        if watched == Watched.NODE_INFLOW:
            links, flow = self.network.links, engine.link_flow
            into = np.maximum(flow[links.end == row], 0.0).sum() + np.maximum(-flow[links.start == row], 0.0).sum()
            return float(into)
        return float(
            {
                Watched.NODE_DEPTH: engine.depth,
                Watched.NODE_MAX_DEPTH: engine.plan.full_depth,
                Watched.NODE_HEAD: engine.head,
                Watched.NODE_VOLUME: engine.volume,
            }[watched][row]
        )

    def _link_value(self, watched: Watched, row: int, now: float) -> float:
        engine, links = self.engine, self.network.links
        conduit = self.conduit_row.get(row, -1)
        if watched == Watched.LINK_STATUS:
            return float(engine.target[row] > 0.0)
        if watched == Watched.LINK_SETTING:
            return float(engine.target[row])
        if watched == Watched.LINK_FLOW:
            return float(engine.link_flow[row])
        if watched in (Watched.LINK_TIME_OPEN, Watched.LINK_TIME_CLOSED):
            asked_open = watched == Watched.LINK_TIME_OPEN
            return now - float(self.changed[row]) if bool(self.was_open[row]) == asked_open else 0.0
        if conduit < 0:
            return 0.0
        if watched == Watched.LINK_LENGTH:
            return float(self.network.conduits.length[conduit])
        if watched == Watched.LINK_VELOCITY:
            area = float(engine.water.weighted_area[row])
            return float(engine.link_flow[row]) / area if area > 0.0 else 0.0
        scale = engine.plan.scales[conduit]
        if watched == Watched.LINK_MAX_DEPTH:
            return scale.height
        head = engine.head[[links.start[row], links.end[row]]]
        bed = self.network.nodes.invert[[links.start[row], links.end[row]]] + np.array(
            [links.offset_start[row], links.offset_end[row]]
        )
        if watched == Watched.LINK_DEPTH:
            return float(np.clip(head - bed, 0.0, scale.height).mean())
        slope = float(bed[0] - bed[1]) / float(self.network.conduits.length[conduit])
        if watched == Watched.LINK_SLOPE:
            return slope
        n, barrels = self.network.conduits.roughness[conduit], self.network.conduits.barrels[conduit]
        full = np.sqrt(abs(slope)) / n * scale.area * scale.radius ** (2.0 / 3.0) * barrels
        return float(full)

    def save(self) -> dict[str, np.ndarray]:
        """What the rules remember, as arrays."""
        return {
            "rules_changed": self.changed.copy(),
            "rules_was_open": self.was_open.copy(),
            "rules_errors": self.errors.copy(),
            "rules_looked": self.looked.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `save` gave."""
        self.changed[...] = state["rules_changed"]
        self.was_open[...] = state["rules_was_open"]
        self.errors[...] = state["rules_errors"]
        self.looked[...] = state["rules_looked"]
