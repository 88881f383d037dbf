"""Vector files: GeoPackage, GeoJSON, shapefile. Encodings, CRS and broken polygons are dealt with here."""

from __future__ import annotations

import codecs
import struct
from pathlib import Path
from typing import Any

import numpy as np

from floodsim.case.water import Boundary
from floodsim.errors import CaseError, Fault
from floodsim.grid import crs
from floodsim.grid.extras import need

SUFFIXES = (".gpkg", ".geojson", ".json", ".shp")


def read_vectors(
    file: Path,
    layer: str | None = None,
    encoding: str | None = None,
    *,
    key: str = "",
    crs_wkt: str | None = None,
    notes: list[str] | None = None,
) -> Any:
    """Read a vector layer into a GeoDataFrame indexed by feature id; features without geometry are dropped.

    ``encoding`` is that of shapefile attributes; without it the .cpg file counts, else UTF-8 if the bytes are, else
    GBK. With ``crs_wkt`` the layer is brought into that CRS; an empty text (local grid) or a layer without CRS leaves
    the coordinates as they are. Raises CaseError.
    """
    file, notes = Path(file), [] if notes is None else notes
    if not file.is_file():
        raise CaseError(
            Fault("no such file", str(file), key, remedy="check the path; it counts from the case file's folder")
        )
    if file.suffix.lower() not in SUFFIXES:
        raise CaseError(
            Fault(
                "is no vector file that can be read",
                str(file),
                key,
                file.suffix,
                ", ".join(SUFFIXES),
                "convert it (ogr2ogr)",
            )
        )
    frame = _read(file, _layer_name(file, layer, key), _encoding(file, encoding, key), key)
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.any():
        notes.append(f"{file.name}: {int(empty.sum())} features without geometry were left out")
        frame = frame[~empty]
    bad = ~np.isfinite(frame.geometry.bounds.to_numpy()).all(axis=1)
    if bad.any():
        message = f"{int(bad.sum())} features have coordinates that are no numbers: {show_ids(frame.index[bad])}"
        raise CaseError(Fault(message, str(file), key, remedy="delete or redraw these features"))
    return frame if crs_wkt is None else _to_crs(frame, crs_wkt, file, key, notes)


def read_polygons(
    file: Path,
    layer: str | None = None,
    encoding: str | None = None,
    *,
    key: str = "",
    crs_wkt: str | None = None,
    notes: list[str] | None = None,
) -> Any:
    """Read a layer of polygons as `read_vectors` does, repair invalid ones and drop the third dimension.

    Raises CaseError where a feature is no polygon.
    """
    shapely = need("shapely", f"reading {Path(file).name}")
    told = [] if notes is None else notes
    frame = read_vectors(file, layer, encoding, key=key, crs_wkt=crs_wkt, notes=told)
    kinds = frame.geometry.geom_type
    other = ~kinds.isin(["Polygon", "MultiPolygon"])
    if other.any():
        raise CaseError(
            Fault(
                f"{int(other.sum())} features are no polygons: {show_ids(frame.index[other])}",
                str(file),
                key,
                ", ".join(sorted(set(kinds[other]))),
                "Polygon or MultiPolygon",
                "choose another layer, or close the lines to polygons",
            )
        )
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes[broken] = [_only_polygons(shapely, shape) for shape in shapely.make_valid(shapes[broken])]
        told.append(
            f"{Path(file).name}: {int(broken.sum())} invalid polygons were repaired: {show_ids(frame.index[broken])}"
        )
    frame = frame.set_geometry(
        need("geopandas", "reading polygons").GeoSeries(shapes, index=frame.index, crs=frame.crs)
    )
    return frame[~frame.geometry.is_empty]


def boundary_polygons(boundary: Boundary, grid: Any, key: str = "boundaries") -> list[np.ndarray]:
    """Outer rings (n, 2) of the polygons that a boundary names, in the coordinates of the grid; raises CaseError."""
    polygons = [np.asarray(boundary.polygon, np.float64)] if boundary.polygon is not None else []
    if boundary.file is not None:
        layer = read_polygons(boundary.file, boundary.layer, key=f"{key}.file", crs_wkt=grid.crs_wkt)
        polygons += [np.asarray(part.exterior.coords) for part in layer.geometry.explode()]
    return polygons


def _only_polygons(shapely: Any, shape: Any) -> Any:
    """The polygons of a repaired shape; the lines and points that a repair may leave have no area."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts)


def show_ids(ids: Any, most: int = 8) -> str:
    """Feature ids as a short list."""
    listed = [str(one) for one in list(ids)[:most]]
    return "feature " + ", ".join(listed) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def _layer_name(file: Path, layer: str | None, key: str) -> str | None:
    pyogrio = need("pyogrio", f"reading {file.name}")
    try:
        names = [str(row[0]) for row in pyogrio.list_layers(file)]
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        reason = str(error).split(";")[0]  # what follows is advice for programmers
        raise CaseError(
            Fault(f"cannot be read: {reason}", str(file), key, remedy="check that the file is complete")
        ) from None
    if layer is not None and layer not in names:
        remedy = "name a layer of the file"
        raise CaseError(Fault(f"has no layer {layer!r}", str(file), key, layer, ", ".join(names), remedy))
    if layer is None and len(names) > 1:
        raise CaseError(
            Fault("has several layers", str(file), key, ", ".join(names), remedy="name one with the key layer")
        )
    if not names:
        raise CaseError(Fault("holds no layer", str(file), key, remedy="export the layer again"))
    return layer


def _read(file: Path, layer: str | None, encoding: str | None, key: str) -> Any:
    pyogrio = need("pyogrio", f"reading {file.name}")
    need("geopandas", f"reading {file.name}")
    try:
        frame = pyogrio.read_dataframe(file, layer=layer, encoding=encoding, fid_as_index=True)
    except UnicodeDecodeError as error:
        remedy = 'write encoding = "GBK" (or the one it was saved in)'
        raise CaseError(Fault(f"attributes are not in {error.encoding}", str(file), key, remedy=remedy)) from None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        raise CaseError(
            Fault(f"cannot be read: {error}", str(file), key, remedy="check that the file is complete")
        ) from None
    if not hasattr(frame, "geometry") or frame.geometry.isna().all():
        remedy = "name another layer or file, or leave the key out"
        raise CaseError(Fault("holds no features with geometry", str(file), key, remedy=remedy))
    return frame


def _encoding(file: Path, asked: str | None, key: str) -> str | None:
    """Encoding to read attributes in; None leaves it to the file (.cpg, or formats that are always UTF-8)."""
    if asked is not None:
        try:
            return codecs.lookup(asked).name
        except LookupError:
            remedy = "UTF-8, GBK and GB18030 are common"
            raise CaseError(Fault("unknown encoding", str(file), key, asked, remedy=remedy)) from None
    if file.suffix.lower() != ".shp" or any(file.with_suffix(end).is_file() for end in (".cpg", ".CPG")):
        return None
    table = next((file.with_suffix(end) for end in (".dbf", ".DBF") if file.with_suffix(end).is_file()), None)
    return None if table is None else _guess(table.read_bytes())


def _guess(table: bytes) -> str:
    """UTF-8 if every text of a dBASE table reads as such (cut characters at the end of a field allowed), else GBK."""
    if len(table) < 33:
        return "utf-8"
    head, width = struct.unpack("<HH", table[8:12])
    start = 1
    for at in range(32, head - 1, 32):
        descriptor = table[at : at + 32]
        if len(descriptor) < 32 or descriptor[0] == 0x0D:
            break
        size = descriptor[16]
        if descriptor[11:12] == b"C":
            for record in range(head, len(table) - width + 1, width):
                if not _is_utf8(table[record + start : record + start + size].rstrip(b" \0")):
                    return "gb18030"
        start += size
    return "utf-8"


def _is_utf8(text: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _to_crs(frame: Any, wkt: str, file: Path, key: str, notes: list[str]) -> Any:
    if not wkt:
        return frame
    if frame.crs is None:
        notes.append(f"{file.name}: names no CRS; its coordinates are taken as the grid's")
        return frame.set_crs(wkt)
    if crs.same(frame.crs.to_wkt(), wkt):
        return frame
    xmin, ymin, xmax, ymax = frame.total_bounds
    if frame.crs.is_geographic and (max(abs(xmin), abs(xmax)) > 361 or max(abs(ymin), abs(ymax)) > 91):
        notes.append(f"{file.name}: coordinates are no degrees although its CRS says so; they are taken as the grid's")
        return frame.set_crs(wkt, allow_override=True)
    moved = frame.to_crs(wkt)
    if not np.isfinite(moved.total_bounds).all():
        message = f"cannot be brought from {frame.crs.name} into {crs.describe(wkt)}"
        raise CaseError(Fault(message, str(file), key, remedy="check the coordinate reference systems of both"))
    notes.append(f"{file.name}: reprojected from {crs.describe(frame.crs.to_wkt())}")
    return moved
