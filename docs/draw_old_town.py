"""Draw the picture of the README: the greatest depth in the old town over its terrain and houses.

Use::

    floodsim run cases/old_town/case.toml
    python docs/draw_old_town.py results/old_town
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LightSource

import floodsim

SHALLOW = 0.05


def draw(folder: str, picture: Path) -> None:
    """Write the picture of a result folder."""
    results = floodsim.open_results(folder)
    envelopes, verdict = results.envelopes, results.verdict
    assert envelopes is not None and verdict is not None and results.series is not None
    grid = results.grid
    xmin, ymin, xmax, ymax = grid.bounds
    west, south = xmin, ymin
    extent = (0.0, xmax - xmin, 0.0, ymax - ymin)
    figure, axes = plt.subplots(figsize=(9.6, 8.4), layout="constrained")
    houses = envelopes["building"].values > 0
    shade = LightSource(315, 45).hillshade(envelopes["bed"].values, vert_exag=2.0, dx=grid.dx, dy=grid.dy)
    axes.imshow(np.where(houses, np.nan, shade), extent=extent, origin="lower", cmap="gray", vmin=-0.6, vmax=1.1)
    axes.imshow(np.where(houses, 1.0, np.nan), extent=extent, origin="lower", cmap="copper", vmin=0.0, vmax=1.3)
    depth = envelopes["max_depth"].values
    shown = np.where((depth > SHALLOW) & ~houses, depth, np.nan)
    image = axes.imshow(shown, extent=extent, origin="lower", cmap="YlGnBu", vmin=0.0, vmax=1.0)
    figure.colorbar(image, ax=axes, label="greatest depth, m", shrink=0.8, extend="max")
    for point, name in zip(verdict["points"], results.series["waterlogging_point"].values, strict=True):
        mine = results.series["waterlogging_cell_point"].values == list(
            results.series["waterlogging_point"].values
        ).index(name)
        x = grid.x[results.series["waterlogging_cell_column"].values[mine]].mean() - west
        y = grid.y[results.series["waterlogging_cell_row"].values[mine]].mean() - south
        colour = "tab:green" if point["passed"] else "tab:red"
        axes.annotate(
            f"{name}\n{point['max_depth_m']:.2f} m, {'pass' if point['passed'] else 'fail'}",
            (x, y),
            (x + 25.0, y + 35.0),
            fontsize=8,
            color="black",
            bbox={"boxstyle": "round", "fc": "white", "ec": colour, "alpha": 0.9},
            arrowprops={"arrowstyle": "-", "color": colour},
        )
    axes.set(xlabel="m", ylabel="m", title="A synthetic old town under a ten-year storm, without drains")
    figure.savefig(picture, dpi=100)


if __name__ == "__main__":
    draw(sys.argv[1], Path(__file__).with_name("old_town.png"))
