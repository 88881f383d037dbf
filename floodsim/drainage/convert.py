"""Networks by file name: read whatever format a file has, write whatever format another asks for."""

from __future__ import annotations

from pathlib import Path

from floodsim.drainage.mapping import Mapping, load_mapping, save_mapping
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.read_tables import read_tables
from floodsim.drainage.reproject import to_crs
from floodsim.drainage.write_inp import write_inp
from floodsim.drainage.write_layers import write_layers
from floodsim.errors import CaseError, Fault, Faults
from floodsim.grid import crs

WRITERS = {".inp": write_inp, ".gpkg": write_layers}


def read_network(
    source: str | Path,
    lines: str | Path | None = None,
    mapping_file: str | Path | None = None,
    faults: Faults | None = None,
) -> tuple[Network, Mapping | None]:
    """Read a network from a SWMM input or from tables; returns it and, for tables, the mapping used.

    A ``mapping_file`` that exists is used. Raises CaseError with every fault, unless ``faults`` collects them.
    """
    source = Path(source)
    if source.suffix.lower() == ".inp":
        for option, given in (("--mapping", mapping_file), ("--lines", lines)):
            if given is not None:
                message = f"{option} is for tables; a SWMM input needs none"
                raise CaseError(Fault(message, str(source), remedy=f"leave {option} out"))
        return read_inp(source, faults), None
    known = mapping_file is not None and Path(mapping_file).is_file()
    mapping = load_mapping(Path(str(mapping_file))) if known else None
    return read_tables(source, lines, mapping, faults)


def convert_network(
    source: str | Path,
    target: str | Path,
    lines: str | Path | None = None,
    mapping_file: str | Path | None = None,
    to: str | None = None,
) -> Network:
    """Read a network and write it as ``.inp`` or ``.gpkg``; returns it.

    ``to`` names a projected CRS in metres, such as EPSG:4544, that its coordinates are brought into; a network that
    names none is taken to be in it already.

    A ``mapping_file`` that does not exist is written with the columns and rules that were found, to be edited and used
    again. Nothing is written where anything is wrong.
    """
    target = Path(target)
    if target.suffix.lower() not in WRITERS:
        allowed = ", ".join(WRITERS)
        message = "is no format that networks are written in"
        raise CaseError(Fault(message, str(target), value=target.suffix, allowed=allowed, remedy="name the target so"))
    folders = [target.parent] + ([] if mapping_file is None else [Path(mapping_file).parent])
    for folder in folders:  # seen to before anything is written, so that nothing half done is left
        if not folder.is_dir():
            raise CaseError(Fault("the folder does not exist", str(folder), remedy=f"make the folder {folder}"))
    wkt = "" if to is None else crs.of_plane(to, "--crs")
    network, mapping = read_network(source, lines, mapping_file)
    network = to_crs(network, wkt, str(source))
    WRITERS[target.suffix.lower()](network, target)
    if mapping is not None and mapping_file is not None and not Path(mapping_file).is_file():
        save_mapping(mapping, Path(mapping_file))
    return network
