"""What is said of a cause, in English and Chinese, with the figures that show it and the names of the elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from floodsim.assess.capacity import Capacity
from floodsim.assess.head_line import Part, Walk
from floodsim.assess.scene import Scene
from floodsim.drainage.pump_flow import installed_flows

if TYPE_CHECKING:
    from floodsim.assess.causes import Blame

NAMES = {
    "inlets": ("too few inlets", "雨水口泄水能力不足"),
    "pipe": ("pipe too small", "管渠排水能力不足"),
    "pumps": ("pumps too small", "泵站排水能力不足"),
    "backwater": ("backwater from the outlet", "排口受纳水体顶托"),
    "no_outlet": ("no outlet", "局部低洼，无排水出路"),
    "outside": ("inflow from outside", "客水汇入"),
}
"""Short names of the causes."""
Told = tuple[list[str], str, str, dict[str, Any]]


def told(
    kind: str, share: float, blame: Blame, seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None
) -> dict[str, Any]:
    """A cause as it stands in verdict.json: kind, name, elements, share, sentences and evidence."""
    elements, en, zh, evidence = TELLERS[kind](blame.named(kind), seen, scene, capacity)
    name_en, name_zh = NAMES[kind]
    minutes = round(seen["time_s"] / 60.0)
    time = f"{minutes // 60}:{minutes % 60:02d}"
    return {
        "kind": kind,
        "name": {"en": name_en, "zh": name_zh},
        "elements": elements,
        "share": share,
        "time_s": seen["time_s"],
        "says": {"en": f"{en} (at the peak, {time})", "zh": f"{zh}（峰现时刻{time}）"},
        "en": f"{name_en}: {en} (at the peak, {time})",
        "zh": f"{name_zh}：{zh}（峰现时刻{time}）",
        "evidence": evidence,
    }


def _inlets(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    assert scene is not None
    names = [scene.network.nodes.name[row] for row in rows]
    evidence = {k: seen.get(k) for k in ("inlets_in_water", "taken_m3_s", "depth_over_inlets_m", "street_over_head_m")}
    count, taken = seen.get("inlets_in_water", 0), seen.get("taken_m3_s", 0.0)
    depth, gap = seen.get("depth_over_inlets_m", 0.0), seen.get("street_over_head_m", 0.0)
    who = "the only inlet in the pond stands" if count == 1 else f"the {count} inlets in the pond stand"
    en = (
        f"{who} {depth:.2f} m under water, {taken:.3f} m3/s flow in, while the head in the drain below lies "
        f"{gap:.2f} m under the water on the street: the pipes could take more"
    )
    zh = (
        f"积水区{count}个雨水口淹没{depth:.2f} m，共泄流{taken:.3f} m³/s，而管内水位比地面水位低{gap:.2f} m，"
        "管渠尚有余量"
    )
    return names, en, zh, evidence


def _pipe(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    assert scene is not None
    names = [scene.network.links.name[row] for row in rows]
    part, below = _part_of(rows[0], seen["walks"].values())
    place = np.flatnonzero(scene.network.conduits.link == rows[0])
    evidence: dict[str, Any] = {"flow_m3_s": part.flow, "full_flow_m3_s": part.full_flow, "adds_m": part.surcharge,
                                "head_up_m": part.head_up, "head_down_m": part.head_down}  # fmt: skip
    if not place.size:
        lost = part.head_up - part.head_down
        en = f"{names[0]} passes {part.flow:.3f} m3/s and takes {lost:.2f} m of head"
        return names, en, f"{names[0]}过流{part.flow:.3f} m³/s，水头损失{lost:.2f} m", evidence
    row = int(place[0])
    fall = float(scene.full.bed_start[row] - scene.full.bed_end[row])
    size = f"{1e3 * float(scene.full.height[row]):.0f}"
    lost = part.head_up - part.head_down
    evidence |= {"height_m": float(scene.full.height[row]), "bed_falls_m": fall, "head_falls_m": lost}
    en = (
        f"{names[0]} ({size} mm high) carries {part.flow:.3f} m3/s, full it carries "
        f"{part.full_flow:.3f}; the head falls {lost:.2f} m along it, its bed {fall:.2f} m"
    )
    zh = (
        f"{names[0]}（断面高{size} mm）过流{part.flow:.3f} m³/s，"
        f"满流能力{part.full_flow:.3f} m³/s，沿程水头降落{lost:.2f} m，管底落差{fall:.2f} m"
    )
    if len(names) > 1:
        en, zh = f"{en}; likewise {', '.join(names[1:])}", f"{zh}，{'、'.join(names[1:])}同样不足"
    if below:
        en, zh = en + "; below it the drain runs free", zh + "，其下游未壅水"
    if capacity is not None:
        period = float(capacity.period[row])
        least = float(capacity.periods[0])
        evidence["period_a"] = period or None
        shown = f"P = {period:.1f} a" if period else f"P < {least:g} a"
        en, zh = f"{en}; by design flow it carries {shown}", f"{zh}；按设计流量可承受{shown}"
    return names, en, zh, evidence


def _part_of(link: int, walks: Any) -> tuple[Part, bool]:
    """The part of a link on the walks, and whether the drain runs free right below it."""
    for walk in walks:
        for k, part in enumerate(walk.parts):
            if part.link == link:
                return part, walk.end == "free" and k == len(walk.parts) - 1
    raise KeyError(link)


def _pumps(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    assert scene is not None and scene.case.drainage is not None
    well = rows[0]
    links = scene.network.links
    own = [int(link) for link in scene.network.pumps.link if links.start[link] == well]
    names = [links.name[link] for link in own]
    stations = scene.case.drainage.stations
    standing = [s for s in stations if any(unit.pump.upper() in {n.upper() for n in names} for unit in s.units)]
    spare = {unit.pump.upper() for station in standing for unit in station.units if unit.standby}
    called = standing[0].name if standing else ", ".join(names)
    near = scene.around(seen["time_s"])
    lifted = float(scene.flow[near][:, own].mean(axis=0).sum())
    running = int((scene.flow[near][:, own].mean(axis=0) > 1e-4).sum())
    duty = [link for link in own if links.name[link].upper() not in spare]
    installed = float(installed_flows(scene.network)[duty].sum())
    level = float(scene.head[near][:, well].mean())
    drowned = _drowned(well, seen["walks"].values())
    name = scene.network.nodes.name[well]
    evidence = {"station": called, "well": name, "lifted_m3_s": lifted, "installed_m3_s": installed, "level_m": level,
                "over_trunk_crown_m": drowned, "units_running": running, "units": len(own)}  # fmt: skip
    en = f"station {called} lifts {lifted:.3f} m3/s with {running} of {len(own)} units"
    zh = f"{called}，{len(own)}台机组运行{running}台，抽排{lifted:.3f} m³/s"
    if installed > 0.0:
        en, zh = (
            f"{en}, {installed:.3f} are installed (at the lift where they start)",
            f"{zh}（装机{installed:.3f} m³/s，按启泵扬程计）",
        )
    en, zh = f"{en}; its wet well {name} stands at {level:.2f} m", f"{zh}，集水池{name}水位{level:.2f} m"
    if drowned > 0.0:
        en += f", {drowned:.2f} m over the crown of the pipe that feeds it"
        zh += f"，高出进水管管顶{drowned:.2f} m"
    return [called, *(n for n in names if n != called)], en, zh, evidence


def _drowned(node: int, walks: Any) -> float:
    return max((walk.drowned for walk in walks if walk.node == node and walk.parts), default=0.0)


def _backwater(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    assert scene is not None
    name = scene.network.nodes.name[rows[0]]
    walk: Walk = max((w for w in seen["walks"].values() if w.node == rows[0]), key=lambda w: w.drowned)
    level = walk.parts[-1].head_down if walk.parts else float("nan")
    pipes = [scene.network.links.name[part.link] for part in walk.parts]
    upper = walk.parts[0].head_up if walk.parts else level
    length = sum(
        float(scene.network.conduits.length[place[0]])
        for part in walk.parts
        if (place := np.flatnonzero(scene.network.conduits.link == part.link)).size
    )
    evidence = {"outfall": name, "stage_m": level, "over_crown_m": walk.drowned, "head_at_point_m": upper,
                "reach_m": length, "pipes": pipes}  # fmt: skip
    en = (
        f"outfall {name} stands {walk.drowned:.2f} m under water (stage {level:.2f} m), and the head at the point, "
        f"{length:.0f} m of pipe above it, is {upper:.2f} m"
    )
    zh = (
        f"排口{name}外水位{level:.2f} m，高出管顶{walk.drowned:.2f} m，回水至上游{length:.0f} m管段处，"
        f"该处管内水位{upper:.2f} m"
    )
    return [name], en, zh, evidence


def _no_outlet(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    evidence = {"pond_m2": seen.get("pond_m2"), "inlets": seen.get("inlets")}
    if rows and scene is not None:
        names = [scene.network.nodes.name[row] for row in rows]
        en = f"the drain of the pond ends at {names[0]} without a way to an outfall"
        return names, en, f"积水区排水管在{names[0]}中断，未接入排口", evidence
    area = seen.get("pond_m2", 0.0)
    return [], f"no inlet lies in its pond of {area:.0f} m2", f"{area:.0f} m²积水范围内无雨水口", evidence


def _outside(rows: list[int], seen: dict[str, Any], scene: Scene | None, capacity: Capacity | None) -> Told:
    keys = ("own_runoff_m3", "entered_m3", "net_inflow_m3", "outside_share")
    own, net, share = seen["own_runoff_m3"], seen["net_inflow_m3"], 100 * seen["outside_share"]
    en = (
        f"{net:.0f} m3 came over the rim of its catchment and stayed, {own:.0f} m3 ran off from the catchment itself: "
        f"{share:.0f} % of the water is foreign"
    )
    zh = f"越过汇水区边界净流入{net:.0f} m³，本汇水区产流{own:.0f} m³，客水占{share:.0f}%"
    return [], en, zh, {key: seen[key] for key in keys}


TELLERS: dict[str, Callable[[list[int], dict[str, Any], Scene | None, Capacity | None], Told]] = {
    "inlets": _inlets,
    "pipe": _pipe,
    "pumps": _pumps,
    "backwater": _backwater,
    "no_outlet": _no_outlet,
    "outside": _outside,
}
