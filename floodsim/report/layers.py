"""Layers of the map as pictures: envelopes, classes, depth in time, and the ground under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from floodsim.assess.hazard import Scheme
from floodsim.output.reader import seconds_from_start
from floodsim.report.png import data_uri, palette_png
from floodsim.report.ramps import Ramp, class_colors, ramp, rgb_of, with_transparent
from floodsim.report.run import Run
from floodsim.report.texts import Texts

MAX_CELLS = 1_000_000
"""Larger grids are shown in blocks of cells, with the worst value of each block."""

MAX_FRAME_CELLS = 30_000_000
"""Cells of all frames together; above it every second, third ... map is shown."""

BUILDING, OUTSIDE = "#8d8a86", "#ffffff"
GREYS = 48

ENVELOPES = (
    ("max_depth", "depth", None),
    ("duration_above", "duration", 0.15),
    ("recession_time", "duration", None),
    ("arrival_time", "arrival", None),
    ("max_speed", "speed", None),
)
"""Envelope, ramp and threshold (m) of the layers, in the order of the menu."""


def block_size(shape: tuple[int, int]) -> int:
    """How many cells along a side share a pixel."""
    return max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / MAX_CELLS))))


def pooled(field: np.ndarray, size: int, worst: Callable[..., np.ndarray] = np.nanmax) -> np.ndarray:
    """The worst value of every block of ``size`` cells; the last blocks may be incomplete."""
    if size == 1:
        return field
    ny, nx = field.shape
    fill = np.nan if field.dtype.kind == "f" else 0
    padded = np.pad(field, ((0, -ny % size), (0, -nx % size)), constant_values=fill)
    blocks = padded.reshape(padded.shape[0] // size, size, padded.shape[1] // size, size)
    if field.dtype.kind != "f":
        return blocks.max(axis=(1, 3))
    least = np.inf if worst is np.nanmin else -np.inf
    kept = np.where(np.isnan(blocks), least, blocks)
    result = kept.min(axis=(1, 3)) if worst is np.nanmin else kept.max(axis=(1, 3))
    return np.where(np.isinf(result), np.nan, result)


def map_layers(run: Run, t: Texts) -> list[dict[str, Any]]:
    """All layers of a run but depth in time, each with key, title, legend, picture and how pixels become values."""
    envelopes = run.results.envelopes
    assert envelopes is not None
    size, layers = block_size(run.grid.shape), []
    for name, palette, threshold in ENVELOPES:
        field = envelope(run, name, threshold)
        if field is None:
            continue
        worst = np.nanmin if name == "arrival_time" else np.nanmax
        layers.append(_ramp_layer(name, t(f"layer_{name}"), ramp(palette), pooled(field, size, worst)))
    for key, scheme in run.tables.schemes.items():
        layers.append(_class_layer(key, scheme, pooled(run.hazard[key], size), t))
    return layers


def envelope(run: Run, name: str, threshold: float | None) -> np.ndarray | None:
    """An envelope on open ground, missing elsewhere, float; None where the run did not keep it."""
    envelopes = run.results.envelopes
    if envelopes is None or name not in envelopes:
        return None
    field = envelopes[name]
    if threshold is not None:
        match = np.flatnonzero(np.abs(envelopes["threshold"].values - threshold) < 1e-6)
        if not match.size:
            return None
        field = field.isel(threshold=int(match[0]))
    return np.where(run.open_ground, field.values, np.nan)


def frames(run: Run, t: Texts) -> dict[str, Any] | None:
    """Depth in time: a picture per map, thinned where there are very many; None where the run kept no depth."""
    maps = run.results.maps
    if maps is None or "depth" not in maps or not maps.sizes["time"]:
        return None
    size, depth, seconds = block_size(run.grid.shape), ramp("depth"), seconds_from_start(maps)
    cells = run.grid.shape[0] * run.grid.shape[1] / size**2
    stride = max(1, int(np.ceil(seconds.size * cells / MAX_FRAME_CELLS)))
    ground, pictures = run.open_ground, []
    for number in range(0, seconds.size, stride):
        field = np.where(ground, maps["depth"].isel(time=number).values, np.nan)
        pictures.append(data_uri(palette_png(depth.index(pooled(field, size)), depth.colors)))
    return {
        "key": "depth",
        "title": t("layer_depth"),
        "unit": depth.unit,
        "legend": depth.legend(),
        "times": seconds[::stride].tolist(),
        "images": pictures,
        **reading(depth),
    }


def ground_picture(run: Run) -> str:
    """Shaded relief with buildings, as a data URI: light from the north-west, heights stretched to what there is."""
    grid, size = run.grid, block_size(run.grid.shape)
    active, building = grid.array("active").astype(bool), grid.array("building") > 0
    bed = np.where(building | ~active, np.nan, grid.array("bed")).astype(float)
    bed = np.where(np.isnan(bed), np.nanmedian(bed) if np.isfinite(bed).any() else 0.0, bed)
    north, east = np.gradient(bed, grid.dy, grid.dx) if min(grid.shape) > 1 else (np.zeros_like(bed),) * 2
    shade = np.clip(0.5 + 4.0 * (north - east) / 2, 0, 1)
    index = (1 + np.rint(shade * (GREYS - 1))).astype(np.uint8)
    index[building], index[~active & ~building] = GREYS + 1, GREYS + 2
    greys = np.linspace(205, 250, GREYS)[:, None].repeat(3, axis=1)
    rgb = np.concatenate([np.rint(greys), [rgb_of(BUILDING)], [rgb_of(OUTSIDE)]])
    return data_uri(palette_png(index[size // 2 :: size, size // 2 :: size], with_transparent(rgb)))


def extent(run: Run) -> dict[str, Any]:
    """Where the pictures lie: corner (m), width and height in m, and how many cells share a pixel."""
    grid, size = run.grid, block_size(run.grid.shape)
    ny, nx = grid.shape
    xmin, ymin, _, _ = grid.bounds
    width, height = -(-nx // size) * size * grid.dx, -(-ny // size) * size * grid.dy
    return {"x": xmin, "y": ymin, "width": width, "height": height, "block": size, "nx": nx, "ny": ny}


def _ramp_layer(key: str, title: str, colors: Ramp, field: np.ndarray) -> dict[str, Any]:
    image = data_uri(palette_png(colors.index(field), colors.colors))
    legend = colors.legend()
    head = {"key": key, "title": title, "note": "", "unit": colors.unit}
    return {**head, "legend": legend, "image": image, **reading(colors)}


def reading(colors: Ramp) -> dict[str, Any]:
    """What a page needs to read a value from a pixel: colours as numbers 0xrrggbb, and the value in each."""
    return {"colors": _packed(colors.colors), "values": colors.values()}


def _class_layer(key: str, scheme: Scheme, classes: np.ndarray, t: Texts) -> dict[str, Any]:
    palette = class_colors([level.color for level in scheme.levels])
    names = [f"{level.name}: {t.pick(level)}" if key == "arr" else t.pick(level) for level in scheme.levels]
    return {
        "key": key,
        "title": f"{t.pick(scheme)}",
        "note": t.confidence(scheme.confidence) if scheme.confidence != "verified" else "",
        "unit": "",
        "legend": [{"color": level.color, "label": name} for level, name in zip(scheme.levels, names, strict=True)],
        "image": data_uri(palette_png(classes, palette)),
        "colors": _packed(palette),
        "values": [None, *names],
    }


def _packed(palette: np.ndarray) -> list[int]:
    return [int(r) << 16 | int(g) << 8 | int(b) for r, g, b, _ in palette]
