"""The comparison of two results: its tables, its page, its GeoTIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from floodsim.assess.compare import Comparison
from floodsim.grid.check import write_geotiff
from floodsim.report import layers, qml, series
from floodsim.report.content import words
from floodsim.report.files import write_text, writing
from floodsim.report.page import render
from floodsim.report.png import data_uri, palette_png
from floodsim.report.ramps import ramp
from floodsim.report.run import Run
from floodsim.report.tables import Column, Table, drained
from floodsim.report.texts import Texts

UNCHANGED = 0.01
"""Changes of depth (m) smaller than this are not drawn."""


def write_comparison(a: Run, b: Run, comparison: Comparison, page: Path | None, gis: Path | None, lang: str) -> None:
    """Write what is asked for: a page with the map of differences, a folder of GeoTIFFs. Raises CaseError."""
    t = Texts(lang)
    if page is not None:
        write_text(page, comparison_page(a, b, comparison, t))
    if gis is not None:
        with writing(gis):
            gis.mkdir(parents=True, exist_ok=True)
        for name, field in comparison.fields.items():
            write_geotiff(gis / f"change_of_{name}.tif", field, a.grid, float("nan"))
        write_text(gis / "change_of_max_depth.qml", qml.ramp_style(ramp("change")))


def comparison_page(a: Run, b: Run, comparison: Comparison, t: Texts) -> str:
    """The page of a comparison: points, areas, statistics; a map of the change and of both maximum depths."""
    tables = comparison_tables(comparison, t)
    shown = [_change_layer(a, comparison, t), *_depths((a, b), t)]
    data = {
        "extent": layers.extent(a),
        "base": layers.ground_picture(a),
        "layers": shown,
        "frames": None,
        "places": [place for place in series.places(b) if place["kind"] == "waterlogging"],
        "start": shown[0]["key"],
        **series.rain(b),
    }
    for place in data["places"]:
        place["sheet"] = ""
    return render(
        "compare.html",
        t,
        {"runs": [data], "words": words(t)},
        title=t("compare_title"),
        a=_named(a),
        b=_named(b),
        target=target(comparison, t),
        tables=[table for table in tables if table.rows],
        layers=shown,
        extent=data["extent"],
    )


def target(comparison: Comparison, t: Texts) -> str:
    """How many historical points each result eliminates."""
    one, two = comparison.eliminated
    return t("compare_target", an=one["n"], ao=one["of"], bn=two["n"], bo=two["of"])


def comparison_tables(comparison: Comparison, t: Texts) -> list[Table]:
    """Points, areas and statistics of a comparison."""
    columns = [
        Column(t("point")), Column("A", kind="verdict"), Column("B", kind="verdict"), Column(t("compare_change")),
        Column(f"A {t('compare_depth')}", "{:.3f}"), Column(f"B {t('compare_depth')}", "{:.3f}"),
        Column(f"A {t('compare_drain')}"), Column(f"B {t('compare_drain')}"),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for row in comparison.points:
        pair = (row["a"], row["b"])
        change = t(f"change_{row['change'].replace(' ', '_')}")
        depths = [None if point is None else point["max_depth_m"] for point in pair]
        drains = ["–" if point is None else drained(point) for point in pair]
        rows.append([row["name"], *(series.state_of(point) for point in pair), change, *depths, *drains])
    points = Table("points", t("table_points"), columns, rows)
    areas = Table(
        "areas", t("compare_areas"), [Column(t("item")), Column("m²", "{:.0f}")],
        [[t(f"area_{name}"), area] for name, area in comparison.areas.items()],
    )  # fmt: skip
    heads = [Column(t(f"stat_{name}"), "{:.4g}") for name in ("least", "greatest", "mean", "rms")]
    statistics = Table(
        "statistics", t("compare_statistics"), [Column(t("stat_field")), *heads],
        [[name, *values.values()] for name, values in comparison.statistics.items()],
    )  # fmt: skip
    return [points, areas, statistics]


def _named(run: Run) -> str:
    return f"{run.results.folder or ''} {run.title}".strip()


def _change_layer(run: Run, comparison: Comparison, t: Texts) -> dict[str, Any]:
    """Change of depth: the greatest in size of every block of cells, on open ground only."""
    colors, size = ramp("change"), layers.block_size(run.grid.shape)
    change = np.where(run.open_ground, comparison.fields["max_depth"], np.nan)
    most, least = layers.pooled(change, size), layers.pooled(change, size, np.nanmin)
    worst = np.where(-least > most, least, most)
    worst = np.clip(np.where(np.abs(worst) < UNCHANGED, np.nan, worst), colors.stops[0], None)
    neutral = f"{-UNCHANGED:g} – {UNCHANGED:g}"
    return {
        "key": "change",
        "title": t("compare_layer"),
        "note": "",
        "unit": colors.unit,
        "legend": [item for item in colors.legend() if item["label"] != neutral],
        "image": data_uri(palette_png(colors.index(worst), colors.colors)),
        **layers.reading(colors),
    }


def _depths(runs: tuple[Run, Run], t: Texts) -> list[dict[str, Any]]:
    found = []
    for letter, run in zip("AB", runs, strict=True):
        layer = next(layer for layer in layers.map_layers(run, t) if layer["key"] == "max_depth")
        found.append({**layer, "key": f"max_depth_{letter}", "title": f"{letter}: {layer['title']}"})
    return found
