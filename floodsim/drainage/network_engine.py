"""What a run asks of an engine for the pipe network, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from floodsim.drainage.network import Network


@dataclass(frozen=True)
class NetworkLedger:
    """Volumes in m3 since the start. ``inflow`` is the net lateral inflow, ``outfall`` the net outflow to outside,
    ``seepage`` what conduits and tanks lost to the ground.
    """

    initial: float
    inflow: float
    outfall: float
    flooding: float
    storage: float
    handled: float
    seepage: float = 0.0

    @property
    def error(self) -> float:
        """Water in storage that the ledger cannot explain, m3."""
        return self.storage - (self.initial + self.inflow - self.outfall - self.flooding - self.seepage)

    @property
    def relative_error(self) -> float:
        """The error over all the water handled."""
        return self.error / self.handled if self.handled > 0.0 else 0.0


class NetworkEngine(Protocol):
    """One network and its water. Arrays are (nodes,), (links,) or (outfalls,), in the order of the network's tables.

    ``head`` and ``depth`` m, ``surface`` m2 and ``volume`` m3 of nodes with what belongs to them; ``inertia`` m2/s2 is
    the sum of g A / L of the conduits at a node; ``arriving`` m3/s the net flow of links into it. ``link_flow`` m3/s,
    ``link_velocity`` m/s, ``link_volume`` m3 passed; ``conduit_height`` (conduits,) m. Since the start, m3:
    ``lateral_volume`` that entered a node, ``own_volume`` of it by the network's own input, ``outfall_volume`` that
    left, ``flooding`` lost over a rim. ``gauges`` (gauges,) m are set by who knows them. ``allowed_error`` is the error
    of its ledger, m3, over which a run must stop; None leaves that to the case.

    `expected_inflow` is the mean of what will enter besides links and laterals between two times (s), as far as known.
    `advance` goes to a time (s) with constant ``lateral_inflow`` (nodes,) m3/s besides own inflows, and stages
    (outfalls,) m that overrule those of the input where they are not NaN. `hold` keeps links shut. `save` gives all
    that later bits depend on, `restore` takes it up in an engine of the same network; `warm_up` compiles what is
    needed; `summary` is the engine's own part of the summary. `close` ends what it has running.
    """

    network: Network
    notes: list[str]
    gauges: np.ndarray

    @property
    def head(self) -> np.ndarray: ...  # noqa: D102
    @property
    def depth(self) -> np.ndarray: ...  # noqa: D102
    @property
    def surface(self) -> np.ndarray: ...  # noqa: D102
    @property
    def volume(self) -> np.ndarray: ...  # noqa: D102
    @property
    def inertia(self) -> np.ndarray: ...  # noqa: D102
    @property
    def arriving(self) -> np.ndarray: ...  # noqa: D102
    @property
    def link_flow(self) -> np.ndarray: ...  # noqa: D102
    @property
    def link_velocity(self) -> np.ndarray: ...  # noqa: D102
    @property
    def link_volume(self) -> np.ndarray: ...  # noqa: D102
    @property
    def conduit_height(self) -> np.ndarray: ...  # noqa: D102
    @property
    def lateral_volume(self) -> np.ndarray: ...  # noqa: D102
    @property
    def own_volume(self) -> np.ndarray: ...  # noqa: D102
    @property
    def outfall_volume(self) -> np.ndarray: ...  # noqa: D102
    @property
    def flooding(self) -> np.ndarray: ...  # noqa: D102
    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def allowed_error(self) -> float | None: ...  # noqa: D102
    @property
    def ledger(self) -> NetworkLedger: ...  # noqa: D102
    def expected_inflow(self, t0: float, t1: float) -> np.ndarray: ...  # noqa: D102
    def advance(  # noqa: D102
        self, t1: float, lateral_inflow: np.ndarray | None = None, outfall_stage: np.ndarray | None = None
    ) -> None: ...
    def hold(self, held: np.ndarray) -> None: ...  # noqa: D102
    def save(self) -> dict[str, Any]: ...  # noqa: D102
    def restore(self, state: dict[str, Any]) -> None: ...  # noqa: D102
    def warm_up(self) -> None: ...  # noqa: D102
    def summary(self) -> dict[str, Any]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
