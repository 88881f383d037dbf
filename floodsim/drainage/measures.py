"""Measures on a network, applied to the frozen tables after they were read; pure but for the faults they record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from floodsim.case.drainage import Drainage
from floodsim.case.measures import Measure
from floodsim.case.plan import applied_measures
from floodsim.case.schema import Case
from floodsim.drainage.alter import Work
from floodsim.drainage.dummies import with_dummies_as_pumps
from floodsim.drainage.measure_inlets import more_inlets
from floodsim.drainage.measure_pipes import flap_gates, larger_pipe, new_pipe
from floodsim.drainage.measure_structures import control_rule, pump_units, storage_tank
from floodsim.drainage.network import Network
from floodsim.drainage.read_inp import read_inp
from floodsim.errors import Faults

KINDS: dict[str, Callable[[Work, Measure], None]] = {
    "pipe": larger_pipe,
    "new_pipe": new_pipe,
    "pump": pump_units,
    "tank": storage_tank,
    "inlets": more_inlets,
    "flap": flap_gates,
    "rule": control_rule,
}


def network_of(case: Case) -> Work:
    """The network of a case as it was read, DUMMY conduits as ideal pumps, with the measures that hold in it applied.

    Raises CaseError with every fault of the file, or of the measures. The case has a section [drainage].
    """
    section = case.drainage
    assert section is not None
    faults = Faults()
    read = with_dummies_as_pumps(read_inp(section.network))
    work = alter_network(read, section, applied_measures(case), faults)
    faults.raise_if_any()
    return work


def alter_network(network: Network, section: Drainage, measures: Sequence[tuple[str, Measure]], faults: Faults) -> Work:
    """The network, its section of the case and further inlets, as the measures (key, measure) leave them.

    Measures on the ground are passed over. What a measure builds is named ``M``, the first number in its key plus one,
    and the part: ``M3-PIPE``. Measures are applied in the order given; faults name the key of the measure.
    """
    work = Work(network, section, faults)
    for key, measure in measures:
        apply = KINDS.get(measure.kind)
        if apply is not None:
            work.key, work.code = key, f"M{int(key.split('[')[1].split(']')[0]) + 1}"
            apply(work, measure)
    return work
