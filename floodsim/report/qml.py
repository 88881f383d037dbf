"""QGIS layer styles (.qml) in the colours of the report; QGIS takes the one that is named like the layer by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from floodsim.report.ramps import Ramp, rgb_of

VERDICT_COLORS = {"pass": "#1e7a44", "fail": "#b3261e", "undetermined": "#9a6700", "none": "#5b6670"}
HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def ramp_style(colors: Ramp) -> str:
    """Style of a raster of numbers in SI: classes between the stops, labelled in the unit shown."""
    scaled = [*(colors.stops[1:] * colors.scale), float("inf")]
    items = "".join(
        f'<item alpha="255" value="{"inf" if upper == float("inf") else f"{upper:g}"}" color="{part["color"]}" '
        f"label={quoteattr(part['label'] + ' ' + colors.unit)}/>"
        for upper, part in zip(scaled, colors.legend(), strict=True)
    )
    lowest = colors.stops[0] * colors.scale
    hidden = f'<item alpha="0" value="{lowest:g}" color="#ffffff" label={quoteattr(f"< {colors.stops[0]:g}")}/>'
    shader = (
        f'<colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0">{hidden}{items}</colorrampshader>'
    )
    return _raster(f'type="singlebandpseudocolor" band="1" opacity="1"><rastershader>{shader}</rastershader>')


def class_style(levels: Sequence[tuple[str, str]]) -> str:
    """Style of a raster of classes 1, 2, ...: colours and labels."""
    entries = "".join(
        f'<paletteEntry value="{k}" color="{color}" alpha="255" label={quoteattr(label)}/>'
        for k, (color, label) in enumerate(levels, 1)
    )
    return _raster(f'type="paletted" band="1" opacity="1"><colorPalette>{entries}</colorPalette>')


def verdict_style(labels: Mapping[str, str]) -> str:
    """Style of the waterlogging points: outlines by the attribute ``verdict``, labelled with the name."""
    categories, symbols = "", ""
    for k, (state, label) in enumerate(labels.items()):
        rgb = ",".join(map(str, rgb_of(VERDICT_COLORS[state])))
        categories += f'<category value="{state}" symbol="{k}" label={quoteattr(label)} render="true"/>'
        symbols += (
            f'<symbol name="{k}" type="fill" alpha="1"><layer class="SimpleFill" enabled="1"><Option type="Map">'
            f'<Option name="color" type="QString" value="{rgb},30"/>'
            f'<Option name="outline_color" type="QString" value="{rgb},255"/>'
            '<Option name="outline_width" type="QString" value="0.6"/></Option></layer></symbol>'
        )
    renderer = (
        f'<renderer-v2 type="categorizedSymbol" attr="verdict"><categories>{categories}</categories>'
        f"<symbols>{symbols}</symbols></renderer-v2>"
    )
    labeling = (
        '<labeling type="simple"><settings><text-style fieldName="name" fontSize="9"/>'
        '<placement placement="1"/></settings></labeling>'
    )
    style = 'version="3.22" styleCategories="Symbology|Labeling" labelsEnabled="1"'
    return f"{HEAD}<qgis {style}>{renderer}{labeling}</qgis>\n"


def line_style(attribute: str, classes: Sequence[tuple[str, str, str]]) -> str:
    """Style of lines by an attribute: (value, label, colour) of each class."""
    categories, symbols = "", ""
    for k, (value, label, color) in enumerate(classes):
        rgb = ",".join(map(str, rgb_of(color)))
        categories += f'<category value={quoteattr(value)} symbol="{k}" label={quoteattr(label)} render="true"/>'
        symbols += (
            f'<symbol name="{k}" type="line" alpha="1"><layer class="SimpleLine" enabled="1"><Option type="Map">'
            f'<Option name="line_color" type="QString" value="{rgb},255"/>'
            '<Option name="line_width" type="QString" value="0.8"/></Option></layer></symbol>'
        )
    return (
        f'{HEAD}<qgis version="3.22" styleCategories="Symbology"><renderer-v2 type="categorizedSymbol" '
        f'attr="{attribute}"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2></qgis>\n'
    )


def _raster(renderer: str) -> str:
    return (
        f'{HEAD}<qgis version="3.22" styleCategories="Symbology"><pipe><rasterrenderer {renderer}'
        "</rasterrenderer></pipe></qgis>\n"
    )
