"""Compilation and its cache: never stale, safe for many processes, and no burden where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from floodsim.kernels import jit
from tests.kernels.fields import PLAIN

ROOT = Path(__file__).parents[2]

PROBE = '''"""A kernel that uses helpers of other files."""
import numpy as np
from floodsim.kernels.flux import face_flux, inverse_cube_root
from floodsim.kernels.jit import kernel

@kernel
def probe(out):
    g = 9.81
    zero = g * np.float32(0)
    h, u = 1.0 + zero, 0.1 + zero
    out[0], out[1], out[2], out[3] = face_flux(h, 0.3 * h, zero, u, zero, u, 3.1, 1.7, 0.2, 0.1, 0.05, g)
    out[4] = inverse_cube_root(out[5])
'''
RUN = """
import numpy as np
from floodsim.kernels.probe import probe
out = np.full(6, 0.7)
probe(out)
print(out.tobytes().hex(), sum(probe.stats.cache_hits.values()))
"""

compiled = pytest.mark.skipif(PLAIN, reason="kernels are not compiled")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the kernels, as a package of its own, with one kernel more."""
    target = tmp_path / "code" / "floodsim"
    shutil.copytree(ROOT / "floodsim" / "kernels", target / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "__init__.py").write_text("")
    (target / "kernels" / "probe.py").write_text(PROBE)
    return target


def _start(package: Path, cache: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-B", "-c", RUN]
    return subprocess.Popen(command, env=environment, cwd=package, stdout=-1, stderr=-1, text=True)


def _finish(process: subprocess.Popen[str]) -> tuple[str, int]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    bits, hits = out.split()
    return bits, int(hits)


@compiled
def test_an_edit_in_a_helper_is_never_missed(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first, hits = _finish(_start(package, cache))
    assert hits == 0
    again, hits = _finish(_start(package, cache))
    assert (again, hits) == (first, 1)  # from the cache, and the same
    helper = package / "kernels" / "flux.py"
    text = helper.read_text()
    helper.write_text(text.replace("np.float32(0.5)", "np.float32(0.25)"))
    assert helper.read_text() != text
    edited, hits = _finish(_start(package, cache))
    assert hits == 0
    assert edited != first
    helper.write_text(text)
    assert _finish(_start(package, cache)) == (first, 1)  # the old code finds its old folder


@compiled
def test_processes_that_compile_at_the_same_time_do_not_harm_each_other(package: Path, tmp_path: Path) -> None:
    started = [_start(package, tmp_path / "cache") for _ in range(4)]
    results = {_finish(process)[0] for process in started}
    assert len(results) == 1
    assert _finish(_start(package, tmp_path / "cache")) == (results.pop(), 1)


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")  # no folder can be made below a file, not even by the administrator
    monkeypatch.setattr(jit.config, "CACHE_DIR", str(blocked))
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    assert Path(jit._cache_folder()).is_relative_to(tmp_path)
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(blocked))
    assert jit._cache_folder() == ""


def test_kernels_work_without_any_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "CACHE_FOLDER", "")

    @jit.kernel
    def double(x):  # type: ignore[no-untyped-def]
        x[0] = jit_fma(x[0], 2.0, 1.0)

    x = np.array([3.0])
    double(x)
    assert x[0] == 7.0


jit_fma = jit.fma


@compiled
def test_multiply_add_is_rounded_once_where_the_host_can() -> None:
    @jit.kernel
    def residue(x):  # type: ignore[no-untyped-def]
        x[1] = jit_fma(x[0], x[0], -(x[0] * x[0]))

    x = np.array([1.0 + 2.0**-30, 0.0])
    residue(x)
    assert x[1] == (2.0**-60 if jit._host_fuses() else 0.0)
