"""Rules about coordinate reference systems: which one the grid gets. Always x east, y north.

CRS travel as WKT text; an empty text means a local grid.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from floodsim.errors import CaseError, Fault
from floodsim.grid.extras import need
from floodsim.grid.frame import Extent, Frame

LOCAL = "local"
METRES = {"metre", "meter", "m"}
ALLOWED = '"EPSG:4544" and so on, or "local"'


@lru_cache(maxsize=64)
def parse(text: str) -> Any:
    """A `pyproj.CRS` from WKT or "EPSG:4544"; of a compound one the horizontal part. Raises CaseError."""
    pyproj = need("pyproj", "reading a coordinate reference system")
    try:
        crs = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        shown = text if len(text) < 60 else text[:57] + "..."
        message = f"is no coordinate reference system: {error}"
        raise CaseError(Fault(message, value=shown, allowed=ALLOWED, remedy="correct the code")) from None
    return crs.sub_crs_list[0] if crs.is_compound else crs


def describe(wkt: str) -> str:
    """Short name of a CRS, such as ``EPSG:4544 (CGCS2000 / 3-degree Gauss-Kruger CM 105E)``."""
    if not wkt:
        return "local (no CRS)"
    crs = parse(wkt)
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else str(crs.name)


def same(one: str, other: str) -> bool:
    """Whether two CRS mean the same coordinates; the order in which the axes are named does not count."""
    if one == other:
        return True
    a, b = parse(one), parse(other)
    if a.equals(b, ignore_axis_order=True):
        return True
    code = a.to_epsg(min_confidence=70)
    return code is not None and code == b.to_epsg(min_confidence=70)


def suggest(longitude: float, latitude: float) -> str:
    """A projected CRS that suits a place: CGCS2000 3-degree Gauss-Kruger in China, else UTM on WGS 84."""
    if 73.5 <= longitude < 136.5 and 3.0 <= latitude <= 54.0:
        return f"EPSG:{4534 + round((longitude - 75.0) / 3.0)}"
    zone = int((longitude + 180.0) // 6.0) % 60 + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def transform_bounds(bounds: Extent, source: str, target: str) -> Extent:
    """Bounds in another CRS, with the bulge of the edges taken into account."""
    pyproj = need("pyproj", "reprojecting")
    transformer = pyproj.Transformer.from_crs(parse(source), parse(target), always_xy=True)
    xmin, ymin, xmax, ymax = transformer.transform_bounds(*bounds, densify_pts=51)
    return float(xmin), float(ymin), float(xmax), float(ymax)


def of_plane(text: str, key: str) -> str:
    """WKT of a projected CRS in metres by its code or WKT; raises CaseError that names ``key``."""
    try:
        crs = parse(text)
    except CaseError as error:
        raise CaseError([replace(fault, key=key) for fault in error.faults]) from None
    _refuse_unusable(crs, "", key, "name a projected CRS in metres, such as EPSG:4544")
    return str(crs.to_wkt())


def in_metres(wkt: str) -> bool:
    """Whether coordinates of a CRS are metres on a plane."""
    crs = parse(wkt)
    return bool(crs.is_projected) and {axis.unit_name for axis in crs.axis_info[:2]} <= METRES


def _refuse_unusable(crs: Any, file: str, key: str, remedy: str) -> None:
    """Grid coordinates have to be metres on a plane."""
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not crs.is_projected or not units <= METRES:
        message = f"{crs.name} has coordinates in {', '.join(sorted(units)) or 'unknown units'}"
        raise CaseError(Fault(message, file, key, allowed="a projected CRS in metres", remedy=remedy))


def grid_crs(asked: str | None, terrain: Frame, file: str, notes: list[str]) -> str:
    """WKT of the CRS of the grid ("" for a local grid), from ``grid.crs`` and the CRS of the terrain.

    A projected CRS of the terrain is taken over; ``local`` drops it; a terrain in degrees needs ``grid.crs``.
    """
    if asked is not None and asked.lower() == LOCAL:
        if terrain.crs_wkt and parse(terrain.crs_wkt).is_geographic:
            raise CaseError(_geographic_fault(terrain, file, 'grid.crs = "local" cannot hold degrees'))
        if terrain.crs_wkt:
            notes.append(f"terrain: its CRS {describe(terrain.crs_wkt)} is left aside because grid.crs is local")
        return ""
    if asked is None:
        return _crs_of_terrain(terrain, file)
    try:
        crs = parse(asked)
    except CaseError as error:
        fault = error.faults[0]
        raise CaseError(Fault(fault.message, "", "grid.crs", fault.value, fault.allowed, "correct grid.crs")) from None
    centre = _centre_in_degrees(terrain)
    remedy = f'write grid.crs = "{suggest(*centre)}"' if centre else "name a projected CRS, such as EPSG:4544"
    _refuse_unusable(crs, "", "grid.crs", remedy)
    if not terrain.crs_wkt:
        if _looks_like_degrees(terrain):
            message = "names no CRS, and its coordinates look like degrees"
            remedy = "give the file its CRS first (gdal_edit -a_srs EPSG:4490, or a .prj file)"
            raise CaseError(Fault(message, file, "grid.terrain", remedy=remedy))
        notes.append(f"terrain: the file names no CRS; its coordinates are taken as {describe(asked)}")
    return str(crs.to_wkt())


def _crs_of_terrain(terrain: Frame, file: str) -> str:
    if not terrain.crs_wkt:
        raise CaseError(
            Fault(
                "the file names no coordinate reference system",
                file,
                "grid.terrain",
                remedy='write grid.crs = "EPSG:4544" (or the one it is in), or grid.crs = "local" to do without',
            )
        )
    crs = parse(terrain.crs_wkt)
    if crs.is_geographic:
        raise CaseError(_geographic_fault(terrain, file, f"is in degrees ({describe(terrain.crs_wkt)})"))
    _refuse_unusable(crs, file, "grid.terrain", 'write grid.crs = "EPSG:4544" or another CRS in metres')
    return str(crs.to_wkt())


def _centre_in_degrees(terrain: Frame) -> tuple[float, float] | None:
    xmin, ymin, xmax, ymax = terrain.bounds
    if terrain.crs_wkt and parse(terrain.crs_wkt).is_geographic or _looks_like_degrees(terrain):
        return (xmin + xmax) / 2, (ymin + ymax) / 2
    return None


def _looks_like_degrees(terrain: Frame) -> bool:
    xmin, ymin, xmax, ymax = terrain.bounds
    return not terrain.crs_wkt and -180 <= xmin < xmax <= 180 and -90 <= ymin < ymax <= 90 and terrain.dx < 0.05


def _geographic_fault(terrain: Frame, file: str, message: str) -> Fault:
    xmin, ymin, xmax, ymax = terrain.bounds
    code = suggest((xmin + xmax) / 2, (ymin + ymax) / 2)
    return Fault(
        message,
        file,
        "grid.terrain",
        allowed="a projected CRS in metres",
        remedy=f'write grid.crs = "{code}" and grid.resolution; the terrain is then reprojected',
    )
