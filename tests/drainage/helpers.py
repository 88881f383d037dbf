"""Small networks in code, for tests: lists of plain dictionaries become the frozen tables."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import numpy as np

from floodsim.drainage import network as nw
from floodsim.drainage.draft import columns

NODE = {"kind": 0, "x": np.nan, "y": np.nan, "invert": 0.0, "full_depth": 100.0, "surcharge_depth": 0.0,
        "ponded_area": 0.0, "initial_depth": 0.0}  # fmt: skip
CONDUIT = {"roughness": 0.013, "barrels": 1, "loss_entry": 0.0, "loss_exit": 0.0, "loss_average": 0.0,
           "initial_flow": 0.0, "max_flow": 0.0, "seepage": 0.0, "culvert": 0}  # fmt: skip
WEIR = {"kind": 0, "coefficient": 1.84, "end_coefficient": 0.0, "end_contractions": 0.0, "surcharges": True,
        "curve": -1, "road_width": 0.0, "road_paved": 0}  # fmt: skip
PUMP = {"kind": 0, "curve": -1, "initial_on": True, "start_depth": 0.0, "stop_depth": 0.0}
ORIFICE = {"kind": 0, "coefficient": 0.65, "gate_time": 0.0}
OUTLET = {"by_head": False, "coefficient": 1.0, "exponent": 0.5, "curve": -1}


def options(units: str = "CMS", hours: int = 1, **more: object) -> str:
    """The options of a SWMM input that runs for some hours in steps of a second."""
    rows = {
        "FLOW_UNITS": units, "FLOW_ROUTING": "DYNWAVE", "START_DATE": "01/01/2026", "END_DATE": "01/01/2026",
        "END_TIME": f"{hours:02d}:00:00", "ROUTING_STEP": 1, "REPORT_STEP": "00:01:00", **more,
    }  # fmt: skip
    return "[OPTIONS]\n" + "".join(f"{key} {value}\n" for key, value in rows.items())


def table(kind: type, rows: list[dict[str, Any]]) -> Any:
    """A table of the network from rows that name every column."""
    columns: dict[str, Any] = {}
    for field in fields(kind):
        values = [row[field.name] for row in rows]
        if field.name in ("name", "shape", "vertices"):
            columns[field.name] = tuple(values)
        else:
            empty = np.zeros((0, 4)) if field.name in ("size", "patterns") else np.zeros(0, int)
            columns[field.name] = np.array(values) if rows else empty
    return kind(**columns)


class Sketch:
    """A network being drawn; `network` freezes it."""

    def __init__(self, **options: Any) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.sections: list[dict[str, Any]] = []
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in ("storages", "outfalls", "conduits", "pumps", "orifices", "weirs", "outlets", "inflows")
        }
        self.curves: list[nw.Curve] = []
        self.series: list[nw.Series] = []
        self.rules: list[Any] = []
        self.options = replace(nw.Options(start=datetime(2026, 1, 1), routing_step=5.0), **options)

    def junction(self, name: str, invert: float, **more: Any) -> int:
        self.nodes.append({**NODE, "name": name, "invert": invert, **more})
        return len(self.nodes) - 1

    def storage(
        self, name: str, invert: float, area: float = 0.0, curve: int = -1,
        seepage: tuple[float, float, float] = (0.0, 0.0, 0.0), **more: Any,
    ) -> int:  # fmt: skip
        node = self.junction(name, invert, kind=1, **more)
        kind = nw.StorageKind.TABULAR if curve >= 0 else nw.StorageKind.QUADRATIC
        form = {"kind": kind, "coefficient": (area, 0.0, 0.0), "curve": curve}
        self.rows["storages"].append({"node": node, "seepage": seepage, **form})
        return node

    def outfall(
        self, name: str, invert: float, kind: int = 0, level: float = 0.0, curve: int = -1, series: int = -1,
        flap: bool = False,
    ) -> int:  # fmt: skip
        node = self.junction(name, invert, kind=2, full_depth=0.0)
        self.rows["outfalls"].append(
            {"node": node, "kind": kind, "level": level, "curve": curve, "series": series, "flap": flap}
        )
        return node

    def _link(self, name: str, kind: int, start: int, end: int, section: int, **more: Any) -> int:
        row = {"name": name, "kind": kind, "start": start, "end": end, "offset_start": 0.0, "offset_end": 0.0,
               "section": section, "flap": False, "vertices": np.zeros((0, 2))}  # fmt: skip
        self.links.append({**row, **{key: value for key, value in more.items() if key in row}})
        return len(self.links) - 1

    def section(self, shape: str, *size: float, curve: int = -1, transect: int = -1) -> int:
        padded = (*size, 0.0, 0.0, 0.0, 0.0)[:4]
        self.sections.append({"shape": shape, "size": padded, "curve": curve, "transect": transect})
        return len(self.sections) - 1

    def _add(self, rows: str, base: dict[str, Any], link: int, more: dict[str, Any]) -> int:
        self.rows[rows].append({**base, "link": link, **{key: more[key] for key in base if key in more}})
        return link

    def conduit(self, name: str, start: int, end: int, length: float, shape: tuple[Any, ...], **more: Any) -> int:
        link = self._link(name, 0, start, end, self.section(*shape), **more)
        return self._add("conduits", {**CONDUIT, "length": length}, link, more)

    def pump(self, name: str, start: int, end: int, **more: Any) -> int:
        return self._add("pumps", PUMP, self._link(name, 1, start, end, -1), more)

    def orifice(self, name: str, start: int, end: int, shape: tuple[Any, ...], **more: Any) -> int:
        link = self._link(name, 2, start, end, self.section(*shape), **{k: v for k, v in more.items() if k != "kind"})
        return self._add("orifices", ORIFICE, link, more)

    def weir(self, name: str, start: int, end: int, shape: tuple[Any, ...], **more: Any) -> int:
        link = self._link(name, 3, start, end, self.section(*shape), **{k: v for k, v in more.items() if k != "kind"})
        return self._add("weirs", WEIR, link, more)

    def outlet(self, name: str, start: int, end: int, **more: Any) -> int:
        link = self._link(name, 4, start, end, -1, **more)
        return self._add("outlets", OUTLET, link, more)

    def inflow(self, node: int, times: list[float], values: list[float]) -> None:
        self.series.append(nw.Series(f"inflow_{node}", np.array(times, float), np.array(values, float)))
        self.rows["inflows"].append(
            {"node": node, "series": len(self.series) - 1, "scale": 1.0, "baseline": 0.0, "pattern": -1}
        )

    def curve(self, kind: str, x: list[float], y: list[float]) -> int:
        self.curves.append(nw.Curve(f"curve_{len(self.curves)}", kind, np.array(x, float), np.array(y, float)))
        return len(self.curves) - 1

    def network(self) -> nw.Network:
        return nw.Network(
            nodes=table(nw.Nodes, self.nodes),
            links=table(nw.Links, self.links),
            sections=table(nw.Sections, self.sections),
            dividers=table(nw.Dividers, []),
            dry_weather=table(nw.DryWeather, []),
            storages=columns(nw.Storages, self.rows["storages"], 3),
            outfalls=table(nw.Outfalls, self.rows["outfalls"]),
            conduits=table(nw.Conduits, self.rows["conduits"]),
            pumps=table(nw.Pumps, self.rows["pumps"]),
            orifices=table(nw.Orifices, self.rows["orifices"]),
            weirs=table(nw.Weirs, self.rows["weirs"]),
            outlets=table(nw.Outlets, self.rows["outlets"]),
            inflows=table(nw.Inflows, self.rows["inflows"]),
            curves=tuple(self.curves),
            series=tuple(self.series),
            rules=tuple(self.rules),
            options=self.options,
        )


def chain(
    reaches: int, length: float, shape: tuple[Any, ...], slope: float, roughness: float, top: float = 0.0, **more: Any
) -> tuple[Sketch, list[int]]:
    """A straight channel in ``reaches`` pieces to an outfall; ``more`` goes to the outfall. Nodes come in order."""
    sketch = Sketch()
    dx = length / reaches
    nodes = [sketch.junction(f"n{k}", top - slope * dx * k) for k in range(reaches)]
    nodes.append(sketch.outfall("out", top - slope * length, **more))
    for k in range(reaches):
        sketch.conduit(f"c{k}", nodes[k], nodes[k + 1], dx, shape, roughness=roughness)
    return sketch, nodes
