"""Charts as SVG, sharp in print and without a script: hydrograph of a point under its hyetograph, storm alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from floodsim.report.texts import Texts

WIDTH, RAIN_HEIGHT, HEIGHT, LEFT, RIGHT, GAP = 640, 70, 190, 52, 14, 14
MAX_POINTS = 600


@dataclass(frozen=True)
class Curve:
    """A line of a chart: ``values`` (n,) over the times of the chart."""

    label: str
    color: str
    values: np.ndarray


def hydrograph(
    minutes: np.ndarray, rain: np.ndarray, curves: Sequence[Curve], unit: str, limit: float | None, t: Texts,
    limit_name: str = "",
) -> str:  # fmt: skip
    """An SVG of rainfall (mm/h, hanging down) over curves (``unit``) in time (min); ``limit`` is a dashed line."""
    if minutes.size < 2:
        return ""
    end = float(minutes[-1]) or 1.0
    top = max([float(np.nanmax(curve.values, initial=0.0)) for curve in curves] + [limit or 0.0, 1e-9]) * 1.08
    most = max(float(np.nanmax(rain, initial=0.0)), 1e-9)
    base = RAIN_HEIGHT + GAP + HEIGHT
    parts = [_axes(end, top, most, unit, t, base)]
    scale = (WIDTH - LEFT - RIGHT) / end
    for a, b, rate in _blocks(minutes, rain):
        height, x = RAIN_HEIGHT * rate / most, LEFT + a * scale
        parts.append(f'<rect x="{x:.1f}" y="0" width="{(b - a) * scale:.1f}" height="{height:.1f}" fill="#5a8fbf"/>')
    keep = np.unique(np.linspace(0, minutes.size - 1, min(minutes.size, MAX_POINTS)).astype(int))
    for number, curve in enumerate(curves):
        points = [
            f"{LEFT + minutes[k] * scale:.1f},{base - HEIGHT * curve.values[k] / top:.1f}"
            for k in keep
            if np.isfinite(curve.values[k])
        ]
        parts.append(f'<polyline fill="none" stroke="{curve.color}" stroke-width="1.8" points="{" ".join(points)}"/>')
        parts.append(_text(WIDTH - RIGHT, RAIN_HEIGHT + GAP + 12 + 13 * number, curve.label, curve.color, "end"))
    if limit is not None:
        y = base - HEIGHT * limit / top
        ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line {ends} stroke="#b3261e" stroke-dasharray="6 4"/>')
        parts.append(_text(WIDTH - RIGHT, y - 4, f"{limit_name or t('limit')} {limit:.3g} {unit}", "#b3261e", "end"))
    return _svg(base + 34, parts)


def _axes(end: float, top: float, most: float, unit: str, t: Texts, base: int) -> str:
    parts = []
    scale = (WIDTH - LEFT - RIGHT) / end
    for value in ticks(end / 60.0 if end > 180 else end):
        minutes = value * 60.0 if end > 180 else value
        x = LEFT + minutes * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{base}" stroke="#e4e4e0"/>')
        parts.append(_text(x, base + 14, f"{value:g}", anchor="middle"))
    for value in ticks(top):
        y = base - HEIGHT * value / top
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e0"/>')
        parts.append(_text(LEFT - 5, y + 4, f"{value:g}", anchor="end"))
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}" stroke="#555"/>')
    parts.append(_text(LEFT - 5, 11, f"{most:.0f}", "#3c6e9c", "end"))
    parts.append(_text(LEFT - 5, 26, "mm/h", "#3c6e9c", "end"))
    parts.append(_text(8, RAIN_HEIGHT + GAP + 4, unit))
    parts.append(_text(WIDTH / 2, base + 30, t("time_h" if end > 180 else "time_min"), anchor="middle"))
    return "".join(parts)


def _blocks(minutes: np.ndarray, rain: np.ndarray) -> list[tuple[float, float, float]]:
    """Begin, end (min) and rate of the blocks of rain; neighbours of the same rate are one."""
    found: list[tuple[float, float, float]] = []
    for a, b, rate in zip(minutes[:-1].tolist(), minutes[1:].tolist(), rain[1:].tolist(), strict=True):
        if found and found[-1][1] == a and abs(found[-1][2] - rate) <= 1e-6 * rate:
            found[-1] = (found[-1][0], b, rate)
        elif rate > 0:
            found.append((a, b, rate))
    return found


def ticks(top: float) -> list[float]:
    """Round numbers from 0 to ``top``, four to nine of them."""
    raw = top / 6
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw)
    return [float(round(k * step, 10)) for k in range(int(top / step) + 1)]


def _text(x: float, y: float, text: str, color: str = "#444", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" font-size="11" '
        f'font-family="sans-serif">{"".join(parts)}</svg>'
    )
