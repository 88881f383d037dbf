"""Colours of the layers as data (palettes.toml), and fields of numbers turned into numbers of colours."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

STEPS = 14
"""Colours between two stops of a ramp; up to 17 stops fit one palette."""


@dataclass(frozen=True)
class Ramp:
    """A field's colours: ``stops`` (n,) in the ``unit`` shown, colours ``hexes``, and what one ``unit`` is in SI.

    Values below the first stop are not drawn. ``edges`` (m,) are the lower limits of the colours 1 to m, in the unit
    shown; ``colors`` (m+1, 4) uint8 starts with a transparent one. All colours differ, so that a page can read a
    value back from a pixel.
    """

    key: str
    unit: str
    scale: float
    stops: np.ndarray
    hexes: tuple[str, ...]
    edges: np.ndarray
    colors: np.ndarray

    def index(self, field: np.ndarray) -> np.ndarray:
        """Numbers of colours for a field (ny, nx) in SI, uint8; missing values are 0."""
        return np.searchsorted(self.edges * self.scale, np.nan_to_num(field, nan=-np.inf), side="right").astype(
            np.uint8
        )

    def values(self) -> list[float | None]:
        """Value in the middle of each colour, in the unit shown; None for the transparent one."""
        upper = np.append(self.edges[1:], self.edges[-1])
        return [None, *np.round((self.edges + upper) / 2, 4).tolist()]

    def legend(self) -> list[dict[str, Any]]:
        """Colour and label at every stop: from this value to the next."""
        labels = [f"{a:g} – {b:g}" for a, b in zip(self.stops, self.stops[1:], strict=False)] + [
            f"> {self.stops[-1]:g}"
        ]
        return [{"color": color, "label": label} for color, label in zip(self.hexes, labels, strict=True)]


@cache
def ramp(key: str) -> Ramp:
    """The ramp of a layer by name; KeyError where palettes.toml has none."""
    row = _palettes()[key]
    stops, hexes = np.array([stop for stop, _ in row["stops"]], float), tuple(color for _, color in row["stops"])
    parts = [np.linspace(a, b, STEPS, endpoint=False) for a, b in zip(stops, stops[1:], strict=False)]
    edges = np.concatenate([*parts, stops[-1:]])
    rgb = np.array([rgb_of(color) for color in hexes], float)
    mixed = np.stack([np.interp(edges, stops, rgb[:, band]) for band in range(3)], axis=1)
    return Ramp(key, row["unit"], float(row["scale"]), stops, hexes, edges, with_transparent(_distinct(mixed)))


def class_colors(hexes: list[str]) -> np.ndarray:
    """Palette (n+1, 4) uint8 of classes 1 to n, with 0 transparent; equal colours are told apart by one step."""
    return with_transparent(_distinct(np.array([rgb_of(color) for color in hexes], float)))


def rgb_of(color: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def with_transparent(rgb: np.ndarray) -> np.ndarray:
    """Colours (n, 3) as a palette (n+1, 4) that starts with a transparent one."""
    palette = np.zeros((len(rgb) + 1, 4), np.uint8)
    palette[1:, :3], palette[1:, 3] = rgb, 255
    return palette


def _distinct(rgb: np.ndarray) -> np.ndarray:
    """Colours rounded to whole numbers, moved by single steps of blue until all differ."""
    used: set[tuple[int, ...]] = set()
    found = []
    for color in np.rint(rgb).astype(int).tolist():
        step = 1 if color[2] < 128 else -1
        while tuple(color) in used:
            color[2] += step
        used.add(tuple(color))
        found.append(color)
    return np.array(found, np.uint8)


@cache
def _palettes() -> dict[str, Any]:
    text = (resources.files("floodsim.report") / "palettes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
