"""How kernels are compiled and cached: one decorator for kernels, one for the helpers that must be inlined.

Numba's cache looks only at the file of the function itself. A kernel here calls helpers of other files, so the cache
folder carries a hash of every kernel file: an edit anywhere starts a fresh folder, and no stale binary is ever used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core import config, types
from numba.core.cgutils import pointer_add
from numba.core.compiler import Compiler
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _source_hash() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> str:
    """The user's cache folder (or NUMBA_CACHE_DIR), or a private temporary one where that cannot be written."""
    home = config.CACHE_DIR or os.path.join(os.path.expanduser("~"), ".cache", "floodsim")
    for base in (
        home,
        os.path.join(tempfile.gettempdir(), f"floodsim-{os.getuid() if hasattr(os, 'getuid') else 'u'}"),
    ):
        folder = os.path.join(base, _source_hash())
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return ""


def _prefer_full_vectors() -> None:
    """Ask for 512-bit vectors where the host has them but LLVM would choose 256 (9 to 14 % on the sweep)."""
    if config.CPU_NAME or config.CPU_FEATURES or config.DISABLE_JIT:
        return
    features = llvm.get_host_cpu_features()
    if features.get("prefer-256-bit"):
        features["prefer-256-bit"] = False
        config.CPU_NAME = llvm.get_host_cpu_name()
        config.CPU_FEATURES = features.flatten()


CACHE_FOLDER = _cache_folder()
_prefer_full_vectors()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel: releases the GIL, strict IEEE arithmetic, no zero-division checks, cached."""
    saved, config.CACHE_DIR = config.CACHE_DIR, CACHE_FOLDER or config.CACHE_DIR
    try:
        return numba.njit(nogil=True, cache=bool(CACHE_FOLDER), error_model="numpy")(function)
    finally:
        config.CACHE_DIR = saved


def inline(function: Callable[..., Any]) -> Any:
    """Compile a helper that is always merged into its caller, so that the caller's loop can be vectorised."""
    return numba.njit(error_model="numpy", forceinline=True)(function)


class _DistinctArguments(Compiler):  # type: ignore[misc]
    """Numba's pipeline with the promise that array arguments do not overlap where one of them is written."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.state.flags.noalias = True


def row_kernel(function: Callable[..., Any]) -> Any:
    """Compile a loop over one row. Its arguments are promised not to overlap where one of them is written.

    Without the promise the compiler would have to compare every pair of rows first, gives up, and stays scalar.
    """
    return numba.njit(nogil=True, error_model="numpy", pipeline_class=_DistinctArguments)(function)


def _plain_row(array: Any, j: Any, i: Any, n: Any) -> Any:
    """Give n values of row j from column i on."""
    return array[j, i : i + n]


@intrinsic
def _bare_row(typing: Any, array: Any, j: Any, i: Any, n: Any) -> Any:
    """Give n values of row j from column i on, as a view that keeps no count of its owners."""
    view = types.Array(array.dtype, 1, "C")

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        whole = make_array(array)(context, builder, values[0])
        line, column, count = (
            context.cast(builder, value, kind, types.intp)
            for value, kind in zip(values[1:], signature.args[1:], strict=True)
        )
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array.dtype)))
        width = builder.extract_value(whole.strides, 0)
        offset = builder.add(builder.mul(line, width), builder.mul(column, size))
        result = make_array(view)(context, builder)
        populate_array(
            result, data=pointer_add(builder, whole.data, offset), shape=[count], strides=[size], itemsize=size,
            meminfo=None,
        )  # fmt: skip
        return result._getvalue()

    return view(array, j, i, n), build


row = _plain_row if config.DISABLE_JIT else _bare_row
"""n values of row j of a 2D array from column i on, unchecked: no wrapping of negative indices, no count of owners.

A slice costs some 15 ns for its checks and counts, and a sweep cuts fifty of them per row."""


def _plain_fma(a: Any, b: Any, c: Any) -> Any:
    """Give a b + c, rounded twice; for hosts without the fused instruction, and for plain Python."""
    return a * b + c


@intrinsic
def _fused_fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Give a b + c, rounded once."""
    real = typing.unify_types(a, b, c)
    return real(real, real, real), lambda context, builder, signature, values: builder.fma(*values)


def _host_fuses() -> bool:
    """Whether the code is compiled for a CPU that has fused multiply-add; elsewhere it would be a call per number."""
    if config.DISABLE_JIT or config.CPU_NAME == "generic" or "-fma" in (config.CPU_FEATURES or "").split(","):
        return False
    return platform.machine().lower() in ("arm64", "aarch64") or bool(llvm.get_host_cpu_features().get("fma"))


fma = _fused_fma if _host_fuses() else inline(_plain_fma)
"""a b + c in one instruction. Asked for by name and never left to the compiler, which would fuse in one place and not
in another, so that a cell's bits would depend on where in a vector it stands."""
