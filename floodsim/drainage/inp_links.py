"""Links of a SWMM input: conduits, pumps, orifices, weirs, outlets and conduit losses, in SI."""

from __future__ import annotations

import math

from floodsim.drainage.draft import Draft, LinkRow, shortened
from floodsim.drainage.inp_options import InpOptions
from floodsim.drainage.inp_text import Fields, InpFile
from floodsim.drainage.network import NONE, LinkKind, OrificeKind, PumpKind, WeirKind

WEIR_KINDS = {
    "TRANSVERSE": WeirKind.TRANSVERSE, "SIDEFLOW": WeirKind.SIDEFLOW, "V-NOTCH": WeirKind.V_NOTCH,
    "TRAPEZOIDAL": WeirKind.TRAPEZOIDAL, "ROADWAY": WeirKind.ROADWAY,
}  # fmt: skip
OUTLET_KINDS = ("TABULAR/DEPTH", "TABULAR/HEAD", "FUNCTIONAL/DEPTH", "FUNCTIONAL/HEAD", "TABULAR", "FUNCTIONAL")
SURFACES = {"": 0.0, "*": 0.0, "PAVED": 1.0, "GRAVEL": 2.0}


class LinkReader:
    """Reads the sections of links; holds what all of them need."""

    def __init__(self, draft: Draft, options: InpOptions) -> None:
        self.draft, self.units, self.elevations = draft, options.units, options.elevations
        self.lifted: list[str] = []

    def read(self, inp: InpFile) -> None:
        """Read all links into the draft, and what [LOSSES] adds to conduits."""
        makers = (
            ("CONDUITS", self._conduit),
            ("PUMPS", self._pump),
            ("ORIFICES", self._orifice),
            ("WEIRS", self._weir),
            ("OUTLETS", self._outlet),
        )
        for section, make in makers:
            for row in inp.rows(section):
                fields = Fields(row, self.draft.faults)
                start, end = fields.text(1, "start node"), fields.text(2, "end node")
                if start and end:
                    self.draft.add_link(make(fields, start, end))
        for row in inp.rows("LOSSES"):
            self._losses(Fields(row, self.draft.faults))
        if self.lifted:
            note = "offsets below the invert of their node are taken as 0, as SWMM does"
            self.draft.notes.append(f"{note}: {shortened(self.lifted)}")

    def _offset(self, fields: Fields, index: int, node_name: str, label: str) -> float:
        """Offset in m above the invert of a node, from a depth or an elevation; never below the invert."""
        value = fields.number(index, label, math.nan)
        if math.isnan(value):
            return 0.0
        offset = value * self.units.length
        node = self.draft.node(node_name)
        if self.elevations and node is not None:
            offset -= node.invert
        if offset < 0.0:
            if offset < -1e-6:
                self.lifted.append(f"{fields.name} at {node_name} by {-offset:.3g} m")
            return 0.0
        return 0.0 if math.isnan(offset) else offset

    def _conduit(self, fields: Fields, start: str, end: str) -> LinkRow:
        units = self.units
        return LinkRow(
            fields.name,
            fields.row.place(),
            LinkKind.CONDUIT,
            start,
            end,
            self._offset(fields, 5, start, "offset at the start"),
            self._offset(fields, 6, end, "offset at the end"),
            detail={
                "length": fields.number(3, "length", above=0.0) * units.length,
                "roughness": fields.number(4, "Manning's n", low=0.0),
                "initial_flow": fields.number(7, "initial flow", 0.0) * units.flow,
                "max_flow": fields.number(8, "largest flow", 0.0, low=0.0) * units.flow,
                "barrels": 1.0,
                "loss_entry": 0.0,
                "loss_exit": 0.0,
                "loss_average": 0.0,
                "seepage": 0.0,
                "culvert": 0,
            },
        )

    def _losses(self, fields: Fields) -> None:
        link = self.draft.link(fields.name)
        if link is None or link.kind != LinkKind.CONDUIT:
            names = (other.name for other in self.draft.links.values() if other.kind == LinkKind.CONDUIT)
            self.draft.missing("conduit", fields.name, fields.row.place(), names)
            return
        for at, key in enumerate(("loss_entry", "loss_exit", "loss_average"), start=1):
            link.detail[key] = fields.number(at, "loss coefficient", 0.0, low=0.0)
        link.flap = fields.flag(4, "flap gate")
        link.detail["seepage"] = fields.number(5, "seepage", 0.0, low=0.0) * self.units.rain

    def _pump(self, fields: Fields, start: str, end: str) -> LinkRow:
        place, name = fields.row.place(), fields.text(3, "curve")
        kind, curve = PumpKind.IDEAL, NONE
        if name and name != "*":
            curves = self.draft.curves
            curve = self.draft.row_of("curve", name, curves, place, ("PUMP1", "PUMP2", "PUMP3", "PUMP4", "PUMP5"))
            kind = PumpKind(int(curves[curve].kind[-1])) if curve != NONE else kind
        detail = {
            "kind": kind,
            "curve": curve,
            "initial_on": fields.word(4, "status", ("ON", "OFF"), "ON") == "ON",
            "start_depth": fields.number(5, "start depth", 0.0, low=0.0) * self.units.length,
            "stop_depth": fields.number(6, "stop depth", 0.0, low=0.0) * self.units.length,
        }
        return LinkRow(fields.name, place, LinkKind.PUMP, start, end, detail=detail)

    def _orifice(self, fields: Fields, start: str, end: str) -> LinkRow:
        return LinkRow(
            fields.name,
            fields.row.place(),
            LinkKind.ORIFICE,
            start,
            end,
            self._offset(fields, 4, start, "offset"),
            flap=fields.flag(6, "flap gate"),
            detail={
                "kind": OrificeKind[fields.word(3, "type of orifice", OrificeKind.__members__) or "SIDE"],
                "coefficient": fields.number(5, "discharge coefficient", low=0.0),
                "gate_time": fields.number(7, "gate time", 0.0, low=0.0) * 3600.0,
            },
        )

    def _weir(self, fields: Fields, start: str, end: str) -> LinkRow:
        units, name = self.units, fields.text(12, "coefficient curve", "")
        kind = WEIR_KINDS.get(fields.word(3, "type of weir", WEIR_KINDS), WeirKind.TRANSVERSE)
        surface = fields.word(11, "road surface", SURFACES, "")
        place = fields.row.place()
        return LinkRow(
            fields.name,
            place,
            LinkKind.WEIR,
            start,
            end,
            self._offset(fields, 4, start, "crest"),
            flap=fields.flag(6, "flap gate"),
            detail={
                "kind": kind,
                "coefficient": fields.number(5, "discharge coefficient", low=0.0) * units.weir,
                "end_contractions": fields.number(7, "end contractions", 0.0, low=0.0),
                "end_coefficient": fields.number(8, "coefficient of the ends", 0.0, low=0.0) * units.weir,
                "surcharges": fields.word(9, "surcharge", ("YES", "NO"), "YES") == "YES",
                "road_width": fields.number(10, "road width", 0.0, low=0.0) * units.length
                if kind == WeirKind.ROADWAY
                else 0.0,
                "road_paved": SURFACES.get(surface, 0.0) if kind == WeirKind.ROADWAY else 0.0,
                "curve": self.draft.row_of("curve", name, self.draft.curves, place, ("WEIR",)) if name else NONE,
            },
        )

    def _outlet(self, fields: Fields, start: str, end: str) -> LinkRow:
        units, place = self.units, fields.row.place()
        kind = fields.word(4, "type of outlet", OUTLET_KINDS)
        coefficient, exponent, curve = 0.0, 0.0, NONE
        if kind.startswith("TABULAR"):
            name = fields.text(5, "rating curve")
            curve = self.draft.row_of("curve", name, self.draft.curves, place, ("RATING",)) if name else NONE
        elif kind:
            exponent = fields.number(6, "exponent", low=0.0)
            coefficient = fields.number(5, "coefficient", low=0.0) * units.flow / units.length**exponent
        return LinkRow(
            fields.name,
            place,
            LinkKind.OUTLET,
            start,
            end,
            self._offset(fields, 3, start, "crest"),
            flap=fields.flag(6 if kind.startswith("TABULAR") else 7, "flap gate"),
            detail={
                "by_head": kind.endswith("HEAD"),
                "coefficient": coefficient,
                "exponent": exponent,
                "curve": curve,
            },
        )
