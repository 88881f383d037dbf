"""What return period each conduit carries full under gravity: rational method against Manning, pipe by pipe.

GB 50014-2021, 4.1.3 (gravity, full), 4.1.7 (Qs = q psi F), 4.1.9 (intensity), 4.1.11 (t = t1 + t2). Knows a network,
what drains to its nodes and an intensity formula; where these come from stands in `capacity_inputs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from floodsim.assess.capacity_rules import CapacityRules
from floodsim.drainage.full_flow import FullFlow, full_flows
from floodsim.drainage.network import Network
from floodsim.drainage.pump_flow import installed_flows
from floodsim.drainage.tributary import Tributary, gather
from floodsim.errors import CaseError
from floodsim.forcing.formula import Formula

STEPS = 200
"""Return periods that are tried between the least and the greatest that a formula covers, evenly in lg P."""


@dataclass(frozen=True)
class Ground:
    """What drains to the nodes: ``area`` (nodes,) m2, ``runoff`` m2 (area times its coefficient), and how it is known.

    ``source`` is subcatchments or surface; ``lost`` m2 that drains to no node; ``notes`` for the user.
    """

    area: np.ndarray
    runoff: np.ndarray
    source: str
    lost: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capacity:
    """The check of a network. Per conduit (n,): ``period`` years that it carries (0: not the least of ``periods``),
    ``number`` of its class. ``periods`` are those that were tried; ``lifted`` (links,) m3/s of pumps.
    """

    network: Network
    full: FullFlow
    ground: Ground
    tributary: Tributary
    formula: Formula
    rules: CapacityRules
    periods: np.ndarray
    period: np.ndarray
    number: np.ndarray
    lifted: np.ndarray

    def design_flow(self, period: float, link: int | None = None) -> Any:
        """Design flow (m3/s) at a return period (years) of every link, or of one."""
        flows = flow_at(self.formula, period, self.tributary.time, self.tributary.runoff, self.tributary.base)
        return flows if link is None else float(flows[link])

    def node_flow(self, period: float, node: int) -> float:
        """Design flow (m3/s) that reaches a node at a return period (years)."""
        found = self.tributary
        one = slice(node, node + 1)
        flow = flow_at(self.formula, period, found.node_time[one], found.node_runoff[one], found.node_base[one])
        return float(flow[0])


def flow_at(formula: Formula, period: float, time: np.ndarray, runoff: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Design flow q psi F + base in m3/s, for times of concentration (s) and runoff areas (m2)."""
    return np.asarray(formula.intensity(period, np.maximum(time, 60.0)) * runoff + base)


def check_capacity(network: Network, ground: Ground, formula: Formula, rules: CapacityRules) -> Capacity:
    """Find the return period that every conduit carries full under gravity."""
    full = full_flows(network)
    base = _base_flows(network)
    lifted = installed_flows(network)
    found = gather(network, full, ground.area, ground.runoff, base, lifted, rules.inlet_time)
    links = network.conduits.link
    periods = tried_periods(formula, rules)
    period = np.zeros(links.size)
    carried = np.ones(links.size, bool)
    for years in periods:
        flow = flow_at(formula, years, found.time[links], found.runoff[links], found.base[links])
        carried &= flow <= full.flow
        period[carried] = years
    number = np.array([rules.class_of(years) for years in period], int)
    return Capacity(network, full, ground, found, formula, rules, periods, period, number, lifted)


def tried_periods(formula: Formula, rules: CapacityRules) -> np.ndarray:
    """Return periods (years, rising) that a formula covers: evenly in lg P, and the bounds of the classes."""
    if formula.variant == "table":
        return np.array(sorted(row["P"] for row in formula.parameters["rows"]), float)
    low, high = formula.return_periods
    low = max(low, formula.least_return_period)
    tried = np.geomspace(low, high, STEPS)
    inside = [bound for bound in rules.bounds if low <= bound <= high]
    periods = np.unique(np.round(np.concatenate([tried, inside]), 6))
    return np.array([years for years in periods if _defined(formula, float(years))])


def _defined(formula: Formula, period: float) -> bool:
    try:
        formula.coefficients(period)
    except CaseError:
        return False
    return True


def _base_flows(network: Network) -> np.ndarray:
    """Constant inflow (nodes,) m3/s: mean dry-weather flow and baselines."""
    base = np.zeros(len(network.nodes.name))
    np.add.at(base, network.dry_weather.node, network.dry_weather.mean)
    np.add.at(base, network.inflows.node, np.nan_to_num(network.inflows.baseline))
    return base


def capacity_record(found: Capacity, standard: str, city_class: str) -> dict[str, Any]:
    """The check as plain data for verdict.json: classes with length and share, every conduit, and what was assumed."""
    rules, network = found.rules, found.network
    asked = rules.design_period(standard, city_class)
    gravity = ~found.full.pressure
    length = network.conduits.length
    whole = float(length[gravity].sum())
    table = []
    for k, name in enumerate(rules.names):
        own = gravity & (found.number == k)
        share = float(length[own].sum()) / whole if whole else 0.0
        table.append(
            {"class": name, "conduits": int(own.sum()), "length_m": float(length[own].sum()), "share": share}
            | {"color": rules.colors[k]}
        )
    short = gravity & (found.period < asked[0]) if asked else np.zeros(length.size, bool)
    return {
        "formula": found.formula.name,
        "formula_title": found.formula.title,
        "least_period_a": float(found.periods[0]),
        "greatest_period_a": float(found.periods[-1]),
        "areas_from": found.ground.source,
        "area_m2": float(found.ground.area.sum()),
        "runoff_coefficient": _mean_coefficient(found.ground),
        "undrained_area_m2": found.ground.lost,
        "inlet_time_s": rules.inlet_time,
        "bounds_a": list(rules.bounds),
        "classes": table,
        "length_m": whole,
        "required_a": None if asked is None else list(asked),
        "clause": rules.origins["pipe_return_period"].get("clause", ""),
        "below_required_m": float(length[short].sum()),
        "conduits": [_conduit(found, k, asked) for k in range(length.size)],
        "notes": _notes(found),
    }


def _mean_coefficient(ground: Ground) -> float | None:
    whole = float(ground.area.sum())
    return float(ground.runoff.sum()) / whole if whole > 0.0 else None


def _conduit(found: Capacity, k: int, asked: tuple[float, float] | None) -> dict[str, Any]:
    network, full = found.network, found.full
    link = int(network.conduits.link[k])
    links, names = network.links, network.nodes.name
    section = int(links.section[link])
    at = asked[0] if asked else found.rules.bounds[0]
    at = float(min(max(at, found.periods[0]), found.periods[-1]))
    return {
        "name": links.name[link],
        "from": names[links.start[link]],
        "to": names[links.end[link]],
        "length_m": float(network.conduits.length[k]),
        "shape": network.sections.shape[section],
        "height_m": float(full.height[k]),
        "barrels": int(network.conduits.barrels[k]),
        "slope": float(full.slope[k]),
        "full_flow_m3_s": float(full.flow[k]),
        "full_velocity_m_s": float(full.velocity[k]),
        "area_m2": float(found.tributary.area[link]),
        "runoff_area_m2": float(found.tributary.runoff[link]),
        "time_s": float(found.tributary.time[link]),
        "design_flow_m3_s": float(found.design_flow(at, link)),
        "design_period_a": at,
        "period_a": float(found.period[k]) or None,
        "more": bool(found.period[k] >= found.periods[-1]),
        "class": None if full.pressure[k] else found.rules.names[found.number[k]],
        "color": None if full.pressure[k] else found.rules.colors[found.number[k]],
        "line": line_of(network, link),
    }


def line_of(network: Network, link: int) -> list[list[float]]:
    """Places [x, y] (m) that a link runs through; empty where an end has none."""
    nodes, links = network.nodes, network.links
    ends = [(float(nodes.x[row]), float(nodes.y[row])) for row in (links.start[link], links.end[link])]
    if not np.isfinite(ends).all():
        return []
    places = [ends[0], *((float(x), float(y)) for x, y in links.vertices[link]), ends[1]]
    return [[round(x, 2), round(y, 2)] for x, y in places]


def _notes(found: Capacity) -> list[dict[str, str]]:
    """What a reader has to know, in both languages."""
    rules, notes = found.rules, [{"en": note, "zh": note} for note in (*found.ground.notes, *found.formula.warnings())]
    largest = float(found.tributary.area.max(initial=0.0))
    clause = rules.origins["rational"].get("clause", "")
    if largest > rules.largest_area:
        area, limit = largest / 1e6, rules.largest_area / 1e6
        notes.append({
            "en": f"up to {area:.1f} km2 drain to one pipe: the rational method holds to {limit:g} km2 ({clause})",
            "zh": f"单管汇水面积达{area:.1f} km²，超过第{clause}条推理公式适用的{limit:g} km²",
        })  # fmt: skip
    if found.tributary.forks:
        notes.append({
            "en": f"{found.tributary.forks} nodes with several conduits out of them share their flow by full capacity",
            "zh": f"{found.tributary.forks}个分流节点按各出管满流能力分配流量",
        })  # fmt: skip
    if found.tributary.cut:
        names = ", ".join(found.tributary.cut[:5])
        notes.append({"en": f"loops were cut at {names}", "zh": f"环状管网在节点{names}处断开计算"})
    level = int((found.full.slope <= 0.0).sum())
    if level:
        notes.append({
            "en": f"{level} conduits do not fall towards their end and carry nothing under gravity: lowest class",
            "zh": f"{level}条管渠平坡或逆坡，重力满流能力为零，列入最低一级",
        })  # fmt: skip
    return notes
