"""Small SWMM inputs for coupled runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_inp(
    path: Path,
    *,
    junctions: Sequence[str] = (),
    storages: Sequence[str] = (),
    outfalls: Sequence[str] = (),
    conduits: Sequence[str] = (),
    pumps: Sequence[str] = (),
    sections: Sequence[str] = (),
    places: Sequence[str] = (),
    more: str = "",
) -> Path:
    """Write a SWMM input out of the rows of its sections, in m and m3/s."""
    named = {
        "JUNCTIONS": junctions, "STORAGE": storages, "OUTFALLS": outfalls, "CONDUITS": conduits, "PUMPS": pumps,
        "XSECTIONS": sections, "COORDINATES": places,
    }  # fmt: skip
    text = "[OPTIONS]\nFLOW_UNITS CMS\nFLOW_ROUTING DYNWAVE\nMIN_SURFAREA 2\nALLOW_PONDING NO\n"
    for name, rows in named.items():
        if rows:
            text += f"[{name}]\n" + "\n".join(rows) + "\n"
    path.write_text(text + more, encoding="utf-8")
    return path


def tank(path: Path, *, area: float = 20.0, start: float = 0.0, more: str = "") -> Path:
    """A tank of constant area below the middle of a basin of 20 m x 20 m: floor 5 m, rim 10 m."""
    return write_inp(
        path, storages=[f"T 5 5 {start} FUNCTIONAL 0 0 {area}"], places=["T 9 9"], more=more
    )  # fmt: skip


def street_drain(path: Path, more: str = "") -> Path:
    """Three manholes along y = 20 m that drain to a free outfall outside the grid."""
    return write_inp(
        path,
        junctions=["A 7.0 3 0 0 0", "B 6.9 3 0 0 0", "C 6.8 3 0 0 0"],
        outfalls=["O 6.7 FREE NO"],
        conduits=["C1 A B 30 0.013 0 0", "C2 B C 30 0.013 0 0", "C3 C O 30 0.013 0 0"],
        sections=[f"C{k} CIRCULAR 0.3 0 0 0 1" for k in (1, 2, 3)],
        places=["A 11 20", "B 41 20", "C 71 20", "O 500 20"],
        more=more,
    )
