"""A `Network` as a GeoPackage of two layers, nodes and links, for a look in a GIS; its columns read back as tables."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.drainage.network import NONE, LinkKind, Network, NodeKind, OutfallKind
from floodsim.errors import CaseError, Fault
from floodsim.grid.extras import need


def write_layers(network: Network, path: str | Path) -> None:
    """Write the layers nodes and links; the file appears complete or not at all.

    Levels, depths and sizes are in m. Curves, series and rules have no place in layers: keep the .inp beside it.
    Nodes without a place, and links that touch one, cannot be drawn: CaseError.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise CaseError(Fault("the folder does not exist", str(path), remedy=f"make the folder {path.parent}"))
    lost = np.flatnonzero(~np.isfinite(network.nodes.x + network.nodes.y)).tolist()
    if lost or not network.nodes.name:
        names = ", ".join(network.nodes.name[row] for row in lost[:8])
        message = f"nodes without coordinates: {names}" if lost else "the network holds no nodes"
        raise CaseError(Fault(message, str(path), remedy="add their places, for an .inp in [COORDINATES]"))
    nodes, links = _nodes(network), _links(network)
    folder = tempfile.mkdtemp(prefix=".layers", dir=path.parent)
    part = Path(folder) / "part.gpkg"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="'crs' was not provided")  # a network may be in local coordinates
            nodes.to_file(part, layer="nodes", driver="GPKG", engine="pyogrio")
            links.to_file(part, layer="links", driver="GPKG", engine="pyogrio")
        os.replace(part, path)
    finally:
        for left in Path(folder).iterdir():
            left.unlink()
        os.rmdir(folder)


def _nodes(network: Network) -> Any:
    geopandas, nodes = need("geopandas", "writing layers"), network.nodes
    stage = np.full(len(nodes.name), np.nan)
    flap = np.zeros(len(nodes.name), bool)
    fixed = network.outfalls.kind == OutfallKind.FIXED
    stage[network.outfalls.node[fixed]] = network.outfalls.level[fixed]
    flap[network.outfalls.node] = network.outfalls.flap
    columns = {
        "name": list(nodes.name),
        "kind": [NodeKind(int(kind)).name.lower() for kind in nodes.kind],
        "invert": nodes.invert,
        "rim": nodes.invert + nodes.full_depth,
        "full_depth": nodes.full_depth,
        "surcharge_depth": nodes.surcharge_depth,
        "ponded_area": nodes.ponded_area,
        "initial_depth": nodes.initial_depth,
        "stage": stage,
        "flap": np.where(flap, "yes", "no"),
        "tag": list(getattr(nodes, "tag", ("",) * len(nodes.name))),
    }
    shapes = geopandas.points_from_xy(nodes.x, nodes.y)
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=network.crs_wkt or None)


def _links(network: Network) -> Any:
    geopandas, shapely = need("geopandas", "writing layers"), need("shapely", "writing layers")
    nodes, links = network.nodes, network.links
    size = np.full((len(links.name), 4), np.nan)
    shape = [""] * len(links.name)
    for row in np.flatnonzero(links.section != NONE).tolist():
        size[row] = network.sections.size[links.section[row]]
        shape[row] = network.sections.shape[links.section[row]]
    of_conduit = {}
    for name in ("length", "roughness", "barrels", "loss_entry", "loss_exit"):
        of_conduit[name] = np.full(len(links.name), np.nan)
        of_conduit[name][network.conduits.link] = getattr(network.conduits, name)
    columns = {
        "name": list(links.name),
        "kind": [LinkKind(int(kind)).name.lower() for kind in links.kind],
        "start": [nodes.name[row] for row in links.start],
        "end": [nodes.name[row] for row in links.end],
        "shape": shape,
        "height": size[:, 0],
        "width": size[:, 1],
        "size3": size[:, 2],
        "size4": size[:, 3],
        **of_conduit,
        "offset_start": links.offset_start,
        "offset_end": links.offset_end,
        "invert_start": nodes.invert[links.start] + links.offset_start,
        "invert_end": nodes.invert[links.end] + links.offset_end,
        "flap": np.where(links.flap, "yes", "no"),
        "tag": list(getattr(links, "tag", ("",) * len(links.name))),
    }
    shapes = [
        shapely.LineString([(nodes.x[a], nodes.y[a]), *between, (nodes.x[b], nodes.y[b])])
        for a, b, between in zip(links.start, links.end, links.vertices, strict=True)
    ]
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=network.crs_wkt or None)
