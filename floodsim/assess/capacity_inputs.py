"""Where the capacity check gets its network, areas and formula from: a case and its ground, or the files of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from floodsim.assess.capacity import Capacity, Ground, capacity_record, check_capacity
from floodsim.assess.capacity_rules import CapacityRules, load_capacity_rules
from floodsim.case.load import parse_case
from floodsim.case.schema import Case
from floodsim.drainage.measures import network_of as altered_network
from floodsim.drainage.network import Network
from floodsim.drainage.pump_report import with_levels
from floodsim.drainage.subcatchments import node_of, read_subcatchments
from floodsim.errors import CaseError, Fault
from floodsim.forcing.design import formula_of
from floodsim.forcing.formula import Formula
from floodsim.forcing.formula_file import load_formula
from floodsim.output.catchments import SURFACES
from floodsim.output.reader import Results

Areas = Literal["auto", "subcatchments", "surface"]


def case_of(results: Results) -> Case:
    """The case of a run. Raises CaseError where its input is no longer what or where it was."""
    data = {key: value for key, value in results.case.items() if key != "provenance"}
    return parse_case(data, results.folder, {}, str(results.folder or "the case of the run"))


def network_of(case: Case) -> Network:
    """The network of a case as its run knew it, with the levels at which the case lets pumps start and stop."""
    return drained_case(case)[1]


def drained_case(case: Case) -> tuple[Case, Network]:
    """A case and its network as its run knew them: with the measures that hold, and the levels of pumps.

    Raises CaseError where it has no network.
    """
    if case.drainage is None:
        remedy = "name a network: drainage.network"
        raise CaseError(Fault("the case has no pipe network 排水管网", key="drainage", remedy=remedy))
    altered = altered_network(case)
    network = with_levels(altered.network, altered.section.stations)
    return case.model_copy(update={"drainage": altered.section}), network


def capacity_of_case(
    case: Case, areas: Areas = "auto", formula: str | Path | None = None, rules: CapacityRules | None = None
) -> Capacity:
    """Check the pipes of a case. Its ground is prepared only where areas are traced on the surface.

    Raises CaseError with what is missing: a network, an intensity formula, subcatchments where they were asked for.
    """
    used = rules or load_capacity_rules()
    network, law = network_of(case), _formula(case, formula)
    ground = _from_subcatchments(case, network, used, needed=areas == "subcatchments") if areas != "surface" else None
    if ground is None:
        from floodsim.simulate.catchments import make_catchments
        from floodsim.simulate.setup import make_setup

        tables = make_catchments(case, make_setup(case))
        ground = _from_surface(tables.node_area, tables.undrained, used)
    return check_capacity(network, ground, law, used)


def capacity_of_results(
    results: Results, areas: Areas = "auto", formula: str | Path | None = None, rules: CapacityRules | None = None
) -> Capacity:
    """Check the pipes of a run from its files and those its case names. Raises CaseError as `capacity_of_case`."""
    used, case = rules or load_capacity_rules(), case_of(results)
    network, law = network_of(case), _formula(case, formula)
    ground = _from_subcatchments(case, network, used, needed=areas == "subcatchments") if areas != "surface" else None
    if ground is None:
        found = results.catchments
        if found is None or "node_area" not in found:
            remedy = "run the case again"
            raise CaseError(Fault("the results hold no catchments", file=str(results.folder or ""), remedy=remedy))
        refuse_other_network(network, found, results)
        ground = _from_surface(found["node_area"].values, found["undrained_area"].values, used)
    return check_capacity(network, ground, law, used)


def refuse_other_network(network: Network, found: xr.Dataset, results: Results) -> None:
    """Raise CaseError where the network file is no longer the one of the run."""
    if tuple(map(str, found["node_name"].values)) != network.nodes.name:
        raise CaseError(
            Fault(
                "the network file has changed since the run: its nodes are others",
                file=str(results.case.get("drainage", {}).get("network", "")),
                key="drainage.network",
                remedy="run the case again",
            )
        )


def capacity_statement(results: Results) -> tuple[Capacity | None, dict[str, Any]]:
    """The check of a run and its record for the verdict; where it cannot be made, None and why, in both languages."""
    try:
        found = capacity_of_results(results)
    except CaseError as error:
        why = "; ".join(fault.message for fault in error.faults)
        return None, {"statement": {"en": f"pipe capacity not checked: {why}", "zh": f"未校核管渠能力：{why}"}}
    section = results.case.get("standard", {})
    record = capacity_record(found, section.get("name", "GB50014-2021"), section.get("city_class", "medium"))
    return found, record


def _formula(case: Case, given: str | Path | None) -> Formula:
    law = load_formula(given) if given is not None else formula_of(case.rainfall)
    if law is None:
        raise CaseError(
            Fault(
                "the rain of the case has no intensity formula 暴雨强度公式, which design flows need",
                key="rainfall.formula",
                remedy="name one, for a check on the command line with --formula (`floodsim storm --list`)",
            )
        )
    return law


def _from_surface(area: np.ndarray, undrained: np.ndarray, rules: CapacityRules) -> Ground:
    """Ground by kind (3, nodes) with the runoff coefficients of the rules."""
    coefficients = np.array([rules.runoff[name] for name in SURFACES])
    return Ground(area.sum(axis=0), coefficients @ area, "surface", float(undrained.sum()))


def _from_subcatchments(case: Case, network: Network, rules: CapacityRules, needed: bool) -> Ground | None:
    """Ground by the subcatchments of the SWMM input; None where it has none and they are not ``needed``."""
    assert case.drainage is not None
    found = read_subcatchments(case.drainage.network)
    if not found:
        if needed:
            file, remedy = str(case.drainage.network), "trace areas on the surface: --areas surface"
            raise CaseError(Fault("the network has no [SUBCATCHMENTS]", file=file, remedy=remedy))
        return None
    rows = {name.upper(): row for row, name in enumerate(network.nodes.name)}
    outlets = {one.name.upper(): one.outlet.upper() for one in found}
    area, runoff = np.zeros(len(rows)), np.zeros(len(rows))
    lost, lost_names = 0.0, []
    for one in found:
        node = node_of(one.name, outlets, set(rows))
        if node is None:
            lost += one.area
            lost_names.append(one.name)
            continue
        area[rows[node]] += one.area
        share = one.impervious * rules.runoff["paved"] + (1.0 - one.impervious) * rules.runoff["unpaved"]
        runoff[rows[node]] += one.area * share
    notes = (f"subcatchments that drain to no node: {', '.join(lost_names[:10])}",) if lost_names else ()
    return replace(Ground(area, runoff, "subcatchments", lost), notes=notes)
