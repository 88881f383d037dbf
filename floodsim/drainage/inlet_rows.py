"""Inlets before their cells are known: rows of a table (CSV) with their lines, read and checked one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from floodsim.drainage.inp_inlets import Inlets
from floodsim.errors import Faults
from floodsim.forcing.table import Table, read_table
from floodsim.kernels import exchange as kernels

PLACEMENTS = {"AUTOMATIC": kernels.AUTOMATIC, "ON_GRADE": kernels.ON_GRADE, "ON_SAG": kernels.ON_SAG}


@dataclass
class Row:
    """An inlet before its cell is known; ``place`` says where it stands, ``own_place`` if x, y are not its node's."""

    name: str
    node: str
    kind: str
    place: str
    x: float = math.nan
    y: float = math.nan
    count: int = 1
    clogging: float = math.nan
    crest: float = math.nan
    placement: int = kernels.AUTOMATIC
    own_place: bool = False


def table_rows(path: Path, faults: Faults, key: str = "drainage.inlets") -> list[Row]:
    """Rows of a CSV of inlets with the columns node and class, and maybe others; records faults with their lines.

    Raises CaseError where the file cannot be read at all.
    """
    table = read_table(path, key)
    for column in ("node", "class"):
        if column not in table.header:
            faults.add(
                f"has no column {column}", file=path, key=key, allowed="node, class, name, x, y, count, clogging, "
                "crest, placement", remedy="name the columns in the first line",
            )  # fmt: skip
            return []
    reader = _Reader(table, faults, key)
    rows = []
    for number, fields in enumerate(table.rows):
        text = dict(zip(table.header, fields, strict=False))
        place = f"line {table.lines[number]}"
        x, y = reader.number(text, "x", place), reader.number(text, "y", place)
        reader.both(text, place)
        rows.append(
            Row(
                text.get("name") or f"{text['node']}-{number + 1}",
                text["node"],
                text["class"],
                place,
                x,
                y,
                int(reader.number(text, "count", place, 1.0, low=1.0)),
                reader.number(text, "clogging", place, low=0.0, high=1.0),
                reader.number(text, "crest", place),
                reader.placement(text, place),
                own_place=not math.isnan(x),
            )
        )
    return rows


def usage_rows(inlets: Inlets) -> list[Row]:
    """Rows out of [INLET_USAGE]; their class is the name of their design."""
    return [
        Row(
            f"{use.conduit}-{use.node}",
            use.node,
            use.design,
            use.place or f"[INLET_USAGE] {use.conduit}",
            count=use.count,
            clogging=use.clogged,
            placement=PLACEMENTS[use.placement or "AUTOMATIC"],
        )
        for use in inlets.uses
    ]


@dataclass
class _Reader:
    """Reads optional fields of a table and records what is no number or out of range."""

    table: Table
    faults: Faults
    key: str

    def number(
        self,
        text: dict[str, str],
        column: str,
        place: str,
        default: float = math.nan,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> float:
        """A number, or the default where the field is empty."""
        raw = text.get(column, "").strip()
        if not raw:
            return default
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not low <= value <= high or math.isinf(value):
            allowed = f"a number from {low:g} to {high:g}" if low > -math.inf else "a number"
            self.faults.add(
                f"{column} is no number or out of range ({place})", file=self.table.file, key=self.key, value=raw,
                allowed=allowed, remedy="correct the value, or leave the field empty",
            )  # fmt: skip
            return default if not math.isnan(default) else 0.0
        return value

    def both(self, text: dict[str, str], place: str) -> None:
        """A place has x and y, or neither: then it is that of the node."""
        given = [column for column in ("x", "y") if text.get(column, "").strip()]
        if len(given) == 1:
            self.faults.add(
                f"has {given[0]} alone ({place})", file=self.table.file, key=self.key, value=text[given[0]],
                allowed="both x and y, or neither", remedy="complete the place, or leave both empty: that of the node",
            )  # fmt: skip

    def placement(self, text: dict[str, str], place: str) -> int:
        """Where the inlet lies: on grade, in a sag, or found out by the flow."""
        raw = text.get("placement", "").strip().upper() or "AUTOMATIC"
        if raw not in PLACEMENTS:
            self.faults.add(
                f"unknown placement ({place})", file=self.table.file, key=self.key, value=raw,
                allowed=", ".join(PLACEMENTS).lower(), remedy="use one of these words",
            )  # fmt: skip
        return PLACEMENTS.get(raw, kernels.AUTOMATIC)
