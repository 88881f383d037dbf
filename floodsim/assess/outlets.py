"""The outlet table: every outfall with its stage, how far and how long it is drowned, and how far back that reaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from floodsim.assess.scene import Scene
from floodsim.drainage.network import OutfallKind

WORDS = {
    OutfallKind.FREE: ("free", "自由出流"),
    OutfallKind.NORMAL: ("normal depth", "正常水深"),
    OutfallKind.FIXED: ("fixed stage", "固定水位"),
    OutfallKind.TIDAL: ("tide", "潮位"),
    OutfallKind.SERIES: ("stage series", "水位过程"),
}

ON_GRID = ("water on the grid", "二维水面")
"""What an outfall on the grid drains into."""


def outlets_record(scene: Scene) -> list[dict[str, Any]]:
    """A row per outfall that a conduit leads to.

    ``max_stage_m`` is the highest stage of the run, ``over_crown_m`` how far that stands over the crown of the pipe,
    ``drowned_s`` for how long it did, ``back_m3`` what came in from outside, ``reach_m`` the longest way upstream along
    pipes whose crown lies below that stage: as far as standing water would fill them.
    """
    network, full = scene.network, scene.full
    links, conduits = network.links, network.conduits
    rows = []
    dt = np.gradient(scene.seconds) if scene.seconds.size > 1 else np.zeros(scene.seconds.size)
    for place, node in enumerate(network.outfalls.node.tolist()):
        last = [k for k, link in enumerate(conduits.link) if links.end[link] == node]
        if not last:
            continue
        k = max(last, key=lambda row: full.flow[row])
        link = int(conduits.link[k])
        crown = float(full.bed_end[k] + full.height[k])
        stage, flow = scene.head[:, node], scene.flow[:, link]
        drowned = stage > crown + 1e-3
        kind = OutfallKind(int(network.outfalls.kind[place]))
        fixed = kind == OutfallKind.FIXED
        words = ON_GRID if _on_grid(scene, node) else WORDS[kind]
        top = float(stage.max(initial=-np.inf))
        rows.append(
            {
                "name": network.nodes.name[node],
                "x": _finite(network.nodes.x[node]),
                "y": _finite(network.nodes.y[node]),
                "kind": {"en": words[0], "zh": words[1]},
                "design_stage_m": float(network.outfalls.level[place]) if fixed else None,
                "pipe": links.name[link],
                "invert_m": float(full.bed_end[k]),
                "crown_m": crown,
                "flap": bool(network.outfalls.flap[place]) or bool(links.flap[link]),
                "max_stage_m": top,
                "over_crown_m": max(top - crown, 0.0),
                "drowned_s": float(dt[drowned].sum()),
                "full_flow_m3_s": float(full.flow[k]),
                "max_flow_m3_s": float(flow.max(initial=0.0)),
                "volume_m3": float((np.maximum(flow, 0.0) * dt).sum()),
                "back_m3": float((np.maximum(-flow, 0.0) * dt).sum()),
                "reach_m": backwater_reach(scene, node, top) if top > crown else 0.0,
            }
        )
    return rows


def backwater_reach(scene: Scene, node: int, stage: float) -> float:
    """Longest way (m) upstream from a node along conduits that a level ``stage`` (m) fills to the crown throughout."""
    network, full = scene.network, scene.full
    links, conduits = network.links, network.conduits
    above: dict[int, list[int]] = {}
    for k, link in enumerate(conduits.link.tolist()):
        above.setdefault(int(links.end[link]), []).append(k)
    longest, waiting, passed = 0.0, [(node, 0.0)], set()
    while waiting:
        here, way = waiting.pop()
        longest = max(longest, way)
        for k in above.get(here, []):
            crown = max(full.bed_start[k], full.bed_end[k]) + full.height[k]
            if k in passed or crown > stage:
                continue
            passed.add(k)
            waiting.append((int(links.start[conduits.link[k]]), way + float(conduits.length[k])))
    return longest


def _on_grid(scene: Scene, node: int) -> bool:
    """Whether an outfall discharges into a cell of the grid."""
    nodes, drainage = scene.network.nodes, scene.case.drainage
    if drainage is None or drainage.outfalls != "grid" or not np.isfinite(nodes.x[node] + nodes.y[node]):
        return False
    cell = scene.grid.cell_of(float(nodes.x[node]), float(nodes.y[node]))
    return cell is not None and bool(scene.grid.array("active")[cell])


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
