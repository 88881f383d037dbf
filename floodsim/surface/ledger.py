"""Where every cubic metre went: the mass ledger of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

BOOKS = ("rained", "soaked", "sourced", "trimmed", "clipped", "stored")
"""What is booked block by block; see `surface.state.Blocks`."""

TERMS = {
    "initial": "water on the grid at the start",
    "rain": "rain that reached the ground",
    "sources": "point and line sources, net",
    "boundaries": "through the edges of the domain, net inflow",
    "infiltration": "infiltrated, and films that dried",
    "to_pipes": "into the pipe network, roofs included",
    "from_pipes": "out of the pipe network",
    "storage": "water on the grid now",
}


@dataclass
class Ledger:
    """Volumes in m3 since the start; ``boundaries`` holds the net inflow of each boundary by name.

    ``coupled`` says that there is a pipe network; only then do its two terms appear.
    """

    initial: float = 0.0
    rain: float = 0.0
    sources: float = 0.0
    infiltration: float = 0.0
    to_pipes: float = 0.0
    from_pipes: float = 0.0
    clipped: float = 0.0
    storage: float = 0.0
    coupled: bool = False
    boundaries: dict[str, float] = field(default_factory=dict)

    def settle(self, books: Mapping[str, np.ndarray], boundaries: dict[str, float], cell_area: float) -> None:
        """Take over the ``books`` of all blocks (m of depth, see `Blocks`), summed in the order of the blocks."""
        total = {name: float(books[name].sum()) * cell_area for name in BOOKS}
        self.rain, self.sources, self.storage = total["rained"], total["sourced"], total["stored"]
        self.infiltration = total["soaked"] + total["trimmed"]
        self.clipped = total["clipped"]
        self.boundaries = boundaries

    @property
    def handled(self) -> float:
        """Water that the run has dealt with: what was there and all that came in, m3."""
        inflow = sum(volume for volume in self.boundaries.values() if volume > 0.0)
        return self.initial + self.rain + max(self.sources, 0.0) + inflow + self.from_pipes

    @property
    def error(self) -> float:
        """Water in storage that the ledger cannot explain, m3."""
        entered = self.initial + self.rain + self.sources + sum(self.boundaries.values())
        return self.storage - (entered - self.infiltration - self.to_pipes + self.from_pipes)

    @property
    def relative_error(self) -> float:
        """The error over all the water handled."""
        return self.error / self.handled if self.handled > 0.0 else 0.0

    def terms(self) -> dict[str, float]:
        """The terms of the balance in m3, and what numerical clipping created."""
        pipes = {"to_pipes": self.to_pipes, "from_pipes": self.from_pipes} if self.coupled else {}
        return {
            "initial": self.initial,
            "rain": self.rain,
            "sources": self.sources,
            "boundaries": sum(self.boundaries.values()),
            "infiltration": self.infiltration,
            **pipes,
            "storage": self.storage,
            "error": self.error,
            "created_by_clipping": self.clipped,
        }
