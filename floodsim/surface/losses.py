"""Infiltration: which model, which parameters where, and how much has sunk in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from floodsim.kernels import losses as kernels

KINDS = {
    "none": kernels.NONE,
    "constant": kernels.CONSTANT,
    "green_ampt": kernels.GREEN_AMPT,
    "horton": kernels.HORTON,
    "curve_number": kernels.CURVE_NUMBER,
}


@dataclass
class Losses:
    """Model and parameters of infiltration, and what has sunk in.

    ``table`` (classes, 3) of parameters in SI as `kernels.losses.loss_rows` reads them, ``classes`` (ny, nx) or (1, 1)
    the row of each cell, ``infiltrated`` (ny, nx) the depth infiltrated so far, m.
    """

    kind: int
    classes: np.ndarray
    table: np.ndarray
    infiltrated: np.ndarray

    @staticmethod
    def none() -> Losses:
        """No infiltration."""
        return Losses(kernels.NONE, np.zeros((1, 1), np.uint8), np.zeros((1, 3)), np.zeros((0, 0), np.float32))


def retention(curve_number: float) -> float:
    """Potential maximum retention S in m of an SCS curve number (TR-55: S = 25.4 (1000 / CN - 10) mm)."""
    return 0.0254 * (1000.0 / curve_number - 10.0)
