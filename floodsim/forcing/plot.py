"""A picture of a storm: blocks of intensity and the depth fallen so far. The only matplotlib of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.units import MM_PER_HOUR
from floodsim.errors import CaseError, Fault
from floodsim.forcing.export import place
from floodsim.forcing.series import Rain
from floodsim.forcing.summary import mean_rates

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "PingFang SC",
)


def plot_storm(rain: Rain, path: Path, title: str = "", force: bool = False) -> None:
    """Draw the hyetograph (mean over the grid, mm/h) with the cumulative depth (mm) over minutes as a PNG file.

    Raises CaseError where matplotlib is missing, OverwriteError where the file exists and ``force`` is not set.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        fault = Fault("drawing needs matplotlib", str(path), remedy="pip install floodsim[report]")
        raise CaseError(fault) from None
    minutes, lengths, rates = rain.edges / 60.0, np.diff(rain.edges), mean_rates(rain)
    fallen = np.concatenate(([0.0], np.cumsum(rates * lengths))) * 1e3
    figure = Figure(figsize=(8.0, 4.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    family = _font()
    left = figure.add_subplot()
    left.bar(
        minutes[:-1],
        rates / MM_PER_HOUR,
        width=lengths / 60.0,
        align="edge",
        color="#4a90c2",
        edgecolor="white",
        linewidth=0.4,
    )
    left.set_xlabel(_label("time", "时间", "min", family), fontfamily=family)
    left.set_ylabel(_label("intensity", "雨强", "mm/h", family), fontfamily=family)
    left.set_xlim(minutes[0], minutes[-1])
    left.set_ylim(bottom=0.0)
    right = left.twinx()
    right.plot(minutes, fallen, color="#b03a2e", linewidth=1.5)
    right.set_ylabel(_label("fallen depth", "累计雨量", "mm", family), color="#b03a2e", fontfamily=family)
    right.set_ylim(0.0, max(float(fallen[-1]) * 1.05, 1e-3))
    left.set_title(f"{title}  ({fallen[-1]:.1f} mm)" if title else f"{fallen[-1]:.1f} mm", fontfamily=family)
    place(path, force, lambda target: _save(figure, target))


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, format="png")


def _font() -> str | None:
    """The first font on this machine that has Chinese characters, or None."""
    from matplotlib import font_manager

    present = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in present), None)


def _label(english: str, chinese: str, unit: str, family: str | None) -> str:
    """Chinese stands beside English where there is a font for it."""
    return f"{english} {chinese} ({unit})" if family else f"{english} ({unit})"
