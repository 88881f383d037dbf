"""Where every cubic metre went: the mass ledger of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

TERMS = {
    "initial": "water on the grid at the start",
    "rain": "rain that reached the ground",
    "sources": "point and line sources, net",
    "boundaries": "through the edges of the domain, net inflow",
    "infiltration": "infiltrated, and films that dried",
    "storage": "water on the grid now",
}


@dataclass
class Ledger:
    """Volumes in m3 since the start; ``boundaries`` holds the net inflow of each boundary by name."""

    initial: float = 0.0
    rain: float = 0.0
    sources: float = 0.0
    infiltration: float = 0.0
    clipped: float = 0.0
    storage: float = 0.0
    boundaries: dict[str, float] = field(default_factory=dict)

    @property
    def handled(self) -> float:
        """Water that the run has dealt with: what was there and all that came in, m3."""
        inflow = sum(volume for volume in self.boundaries.values() if volume > 0.0)
        return self.initial + self.rain + max(self.sources, 0.0) + inflow

    @property
    def error(self) -> float:
        """Water in storage that the ledger cannot explain, m3."""
        entered = self.initial + self.rain + self.sources + sum(self.boundaries.values())
        return self.storage - (entered - self.infiltration)

    @property
    def relative_error(self) -> float:
        """The error over all the water handled."""
        return self.error / self.handled if self.handled > 0.0 else 0.0

    def terms(self) -> dict[str, float]:
        """The terms of the balance in m3, and what numerical clipping created."""
        return {
            "initial": self.initial,
            "rain": self.rain,
            "sources": self.sources,
            "boundaries": sum(self.boundaries.values()),
            "infiltration": self.infiltration,
            "storage": self.storage,
            "error": self.error,
            "created_by_clipping": self.clipped,
        }
