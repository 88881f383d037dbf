"""The hot loops are vector code: packed divisions and square roots, and no call to pow."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernels.fields import PLAIN

PACKED = {
    "x86_64": {"divide": r"\bv?divp[sd]\b", "root": r"\bv?sqrtp[sd]\b"},
    "aarch64": {"divide": r"\bfdiv\s+v\d+\.", "root": r"\bfsqrt\s+v\d+\."},
}
PACKED["amd64"], PACKED["arm64"] = PACKED["x86_64"], PACKED["aarch64"]

SCRIPT = """
import importlib, json, sys
import numpy as np
from tests.kernels import test_inertial, test_second_order
from tests.kernels.fields import random_water
name = sys.argv[1]
scheme = importlib.import_module("floodsim.kernels." + name)
for dtype in (np.float64, np.float32):
    water = random_water((3, 4), 0, dtype)
    if name == "inertial":
        test_inertial._step(water, 0.01)
    else:
        test_second_order._step(water, 0.01, scheme=scheme)
json.dump({str(key[0].dtype): text for key, text in scheme.sweep.inspect_asm().items()}, sys.stdout)
"""


@pytest.mark.skipif(PLAIN, reason="kernels are not compiled")
@pytest.mark.skipif(platform.machine().lower() not in PACKED, reason="vector instructions of this machine not listed")
@pytest.mark.parametrize(
    ("scheme", "divisions", "roots"),
    [
        ("first_order", 2, 4),  # fluxes, friction; wave speed before and after, two of friction
        ("second_order", 3, 5),  # slopes, fluxes, friction; the same, and friction of the half step
        ("inertial", 2, 3),  # friction, shares of scarce water; two of friction, wave speed
    ],
)
def test_sweeps_are_vector_code(tmp_path: Path, scheme: str, divisions: int, roots: int) -> None:
    """Compiled afresh, because Numba shows no assembly of what it has read from its cache."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, scheme], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listings = json.loads(done.stdout)
    assert sorted(listings) == ["float32", "float64"]
    patterns = PACKED[platform.machine().lower()]
    for text in listings.values():
        assert len(re.findall(patterns["divide"], text)) >= divisions
        assert len(re.findall(patterns["root"], text)) >= roots
        assert not re.search(r"\bcallq?\s+\S*\bpowf?\b", text)
        assert not re.search(r"\$powf?\b|\bbl\s+_?powf?\b|\bmovabsq\s+\$(pow|fma)", text)
