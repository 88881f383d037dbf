"""The page of the validation suite: what was asked, what came of it, and pictures of result against reference.

It is given plain rows and curves, and knows nothing of how a case is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.report.chart import ticks
from floodsim.report.files import write_text
from floodsim.report.page import STYLES, render
from floodsim.report.texts import Texts

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 260, 62, 12, 22, 40
MAX_POINTS = 500
COLORS = {"ground": "#9a8468", "reference": "#111111"}
RESULTS = ("#1f6fb4", "#c8481f", "#3c8a3f")
"""Colours of the schemes, in their order."""


@dataclass(frozen=True)
class Line:
    """A line of a picture; ``color`` is any that SVG knows, points that are not finite break it."""

    label: str
    color: str
    x: np.ndarray
    y: np.ndarray
    width: float = 1.6


def xy_chart(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """An SVG of lines over a common pair of axes."""
    x0, x1 = _span([line.x for line in lines])
    y0, y1 = _span([line.y for line in lines], margin=0.06)
    across, down = (WIDTH - LEFT - RIGHT) / (x1 - x0), (HEIGHT - TOP - BOTTOM) / (y1 - y0)
    base = HEIGHT - BOTTOM
    parts = [_text(LEFT, 14, title, weight="600")]
    for value in _ticks(x0, x1):
        x = LEFT + (value - x0) * across
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{base}" stroke="#e4e4e0"/>')
        parts.append(_text(x, base + 14, f"{value:g}", anchor="middle"))
    for value in _ticks(y0, y1):
        y = base - (value - y0) * down
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e0"/>')
        parts.append(_text(LEFT - 5, y + 4, f"{value:g}", anchor="end"))
    for line in lines:
        parts += _polylines(line, x0, y0, across, down, base)
    parts.append(_text(WIDTH / 2, HEIGHT - 8, x_label, anchor="middle"))
    parts.append(_text(4, TOP - 8, y_label))
    for number, line in enumerate(lines):
        parts.append(_text(WIDTH - RIGHT - 4, TOP + 14 + 13 * number, line.label, line.color, "end"))
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="11" font-family="sans-serif"'
    return f'<svg class="chart" {box}>{"".join(parts)}</svg>'


def _polylines(line: Line, x0: float, y0: float, across: float, down: float, base: float) -> list[str]:
    """A line as polylines, thinned to `MAX_POINTS`, one for every stretch of finite points."""
    keep = np.unique(np.linspace(0, line.x.size - 1, min(line.x.size, MAX_POINTS)).astype(int))
    found, points = [], list[str]()
    for k in [*keep.tolist(), None]:
        if k is not None and np.isfinite(line.y[k]) and np.isfinite(line.x[k]):
            points.append(f"{LEFT + (line.x[k] - x0) * across:.1f},{base - (line.y[k] - y0) * down:.1f}")
        elif points:
            style = f'fill="none" stroke="{line.color}" stroke-width="{line.width}"'
            found.append(f'<polyline {style} points="{" ".join(points)}"/>')
            points = []
    return found


def _span(arrays: Sequence[np.ndarray], margin: float = 0.0) -> tuple[float, float]:
    """Least and greatest finite value, widened by a share of their distance; never of no width."""
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    wide = (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin * wide, (high if high > low else low + wide) + margin * wide


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two bounds."""
    step = ticks(high - low)[1]
    first = int(np.ceil(low / step - 1e-9))
    return [round(k * step, 10) for k in range(first, int(np.floor(high / step + 1e-9)) + 1)]


def _text(x: float, y: float, text: str, color: str = "#444", anchor: str = "start", weight: str = "400") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place}>{escape(text)}</text>"


def write_validation_page(
    path: Path, facts: Mapping[str, Any], charts: Mapping[str, Sequence[str]], titles: Mapping[str, str]
) -> None:
    """Write the page: ``facts`` as `validation.suite.as_json` gives them, SVG ``charts`` by case, schemes' ``titles``.

    Raises CaseError without jinja2, or where the file cannot be written.
    """
    words = Texts("en")
    rows = {name: _case_rows(case, titles) for name, case in facts["cases"].items()}
    page = render(
        "validation.html", words, {}, scripts=(), styles=STYLES[-1:], title="floodsim validation", facts=facts,
        rows=rows, main={name: _main_row(found) for name, found in rows.items()}, charts=charts, titles=titles,
    )  # fmt: skip
    write_text(path, page)


def _case_rows(case: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the table of a case: a figure, and for every scheme its value, limit and state."""
    names = list(dict.fromkeys(name for entry in case["schemes"].values() for name in entry["figures"]))
    return [
        {"figure": name, "cells": [_cell(case["schemes"].get(scheme), name) for scheme in titles]} for name in names
    ]


def _main_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The figure that stands for a case in the table of all: the first that is held to a limit, or else the first."""
    held = [row for row in rows if any(cell["limit"] for cell in row["cells"])]
    return next(iter([*held, *rows]), None)


def _cell(entry: Mapping[str, Any] | None, name: str) -> dict[str, str]:
    figure = None if entry is None else entry["figures"].get(name)
    if figure is None:
        return {"value": "–", "limit": "", "state": "info", "cause": ""}
    value, limit = figure["value"], figure["limit"]
    sign = "≥" if figure["least"] else "≤"
    return {
        "value": "nan" if value is None else f"{value:.3g}",
        "limit": "" if limit is None else f"{sign} {limit:.3g}",
        "state": figure["state"],
        "cause": figure.get("cause", ""),
    }
