"""A SWMM 5.2 input file as a `Network`: everything that hydraulics needs, in SI.

Read by an own tokenizer, since libraries for the format drop line numbers, and a fault has to name section, line and
object. Hydrology, quality and what only a picture needs are recognised and listed in the notes.
"""

from __future__ import annotations

from pathlib import Path

from floodsim.drainage.draft import Draft, freeze
from floodsim.drainage.inp_inlets import Inlets, inlets_of
from floodsim.drainage.inp_links import LinkReader
from floodsim.drainage.inp_nodes import read_inflows, read_nodes, read_places
from floodsim.drainage.inp_options import InpOptions, read_options
from floodsim.drainage.inp_rules import read_rules
from floodsim.drainage.inp_sections import read_sections
from floodsim.drainage.inp_tables import SeriesReader, read_curves, read_patterns
from floodsim.drainage.inp_text import InpFile, read_inp_text, to_float
from floodsim.drainage.network import LinkKind, Network
from floodsim.errors import CaseError, Faults

NOT_HYDRAULIC = {
    "hydrology (rain falls on the grid instead)": (
        "RAINGAGES", "EVAPORATION", "TEMPERATURE", "SUBCATCHMENTS", "SUBAREAS", "INFILTRATION", "SNOWPACKS",
        "LID_CONTROLS", "LID_USAGE", "ADJUSTMENTS",
    ),
    "groundwater": ("AQUIFERS", "GROUNDWATER", "GWF"),
    "rain-derived inflow into sewers": ("RDII", "HYDROGRAPHS"),
    "water quality": ("POLLUTANTS", "LANDUSES", "COVERAGES", "BUILDUP", "WASHOFF", "TREATMENT", "LOADINGS"),
    "interface and hot start files": ("FILES",),
    "routing events": ("EVENTS",),
}  # fmt: skip


def read_inp(path: str | Path, faults: Faults | None = None) -> Network:
    """Read a SWMM input file of any flow unit into a `Network`, in SI.

    Faults name section, line and object. Without ``faults`` they are all raised as one CaseError; with it they are
    recorded there and the network holds what could be read. ``Network.unsupported`` lists by name what hydraulics
    would need but the tables cannot hold, ``Network.notes`` what was assumed or left aside.
    """
    path = Path(path)
    found = Faults(path) if faults is None else faults
    if not path.is_file():
        found.add("no such file", key="", file=path, remedy="check the path")
        raise CaseError(found.found)
    found.file = str(path)
    inp = read_inp_text(path, found)
    if not inp.sections:
        raise CaseError(found.found)
    network = _read(inp, found)
    if faults is None:
        found.raise_if_any()
    return network


def _read(inp: InpFile, faults: Faults) -> Network:
    options = read_options(inp, faults)
    units = options.units
    draft = Draft(faults, options.options, evaporates=_evaporates(inp))
    read_curves(inp, draft, units)
    read_patterns(inp, draft)
    series = SeriesReader(inp, draft)
    read_nodes(inp, draft, units, series)
    LinkReader(draft, options).read(inp)
    read_sections(inp, draft, units)
    read_places(inp, draft)
    read_inflows(inp, draft, units, series)
    read_rules(inp, draft, units, series)
    _check_uses(inlets_of(inp, units, faults), draft)
    _note(inp, options, draft)
    return freeze(draft)


def _evaporates(inp: InpFile) -> bool:
    """Whether any rate of [EVAPORATION] is above 0 or may be; SWMM's own editor always writes CONSTANT 0."""
    rates = (row.tokens for row in inp.rows("EVAPORATION") if row.tokens[0].upper() not in ("DRY_ONLY", "RECOVERY"))
    return any(not all(to_float(text) == 0.0 for text in tokens[1:]) for tokens in rates)


def _check_uses(inlets: Inlets, draft: Draft) -> None:
    """An inlet lies along a conduit and drains to a node that exist."""
    conduits = [link.name for link in draft.links.values() if link.kind == LinkKind.CONDUIT]
    known = {name.upper() for name in conduits}
    for use in inlets.uses:
        if use.conduit.upper() not in known:
            draft.missing("conduit", use.conduit, use.place, conduits)
        if use.node and draft.node(use.node) is None:
            draft.missing("node", use.node, use.place, (node.name for node in draft.nodes.values()))


def _note(inp: InpFile, options: InpOptions, draft: Draft) -> None:
    """Say what was converted and what was recognised but is no part of a drainage network."""
    units = options.units
    if units.flow_name != "CMS":
        kind = "US customary" if units.us else "metric"
        draft.notes.append(f"units {units.flow_name} ({kind}) were converted to SI")
    if options.elevations:
        draft.notes.append("offsets of links are elevations in the file and were turned into heights above the invert")
    if options.routing != "DYNWAVE":
        draft.notes.append(f"the file asks for {options.routing} routing; the network is always routed dynamically")
    for what, sections in NOT_HYDRAULIC.items():
        used = [f"[{name}]" for name in sections if inp.rows(name)]
        if used:
            draft.notes.append(f"{what}: {', '.join(used)} not used")
    if inp.rows("INLETS"):
        draft.notes.append(f"{len(inp.rows('INLET_USAGE'))} street inlets belong to the exchange, not to the network")
    if not draft.nodes:
        draft.notes.append("the file holds no nodes: there is no drainage network in it")
