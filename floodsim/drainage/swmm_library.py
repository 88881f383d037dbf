"""EPA SWMM's library as swmm-toolkit brings it: where it lies, its functions, and what it says where it fails."""

from __future__ import annotations

import ctypes
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import floodsim
from floodsim.errors import CaseError, Fault

SUFFIXES = (".so", ".dylib", ".dll")
NODE, LINK = 2, 3
"""Numbers of the kinds of objects."""
HEADER = re.compile(r"^\[(\w+)\]")
ERROR = re.compile(r"(?m)^\s*(ERROR \d+): (.*)$")
AT_LINE = re.compile(r"(.*) at line (\d+) of .*:$")
OBJECT = re.compile(r"\b(Node|Link|Conduit|Outfall|Storage node|Divider|Pump|Curve|Time Series|Transect) (\S+)")


def library_file() -> Path:
    """The shared library of swmm-toolkit. Raises CaseError where the package is not installed."""
    try:
        spec = find_spec("swmm.toolkit")
    except ModuleNotFoundError:
        spec = None
    for folder in [] if spec is None else spec.submodule_search_locations or []:
        for file in sorted(Path(folder).glob("*swmm5*")):
            if file.suffix in SUFFIXES:
                return file
    raise CaseError(
        Fault(
            "EPA SWMM is not installed", key="drainage.engine", value="swmm",
            remedy='pip install "floodsim[swmm]", or set engine = "floodsim"',
        )
    )  # fmt: skip


def child_command(module: str, function: str) -> list[str]:
    """Command of a process of its own that runs a function of a module beside this one; arguments come after it."""
    call = f"import sys; sys.path.insert(0, sys.argv[1]); from floodsim.drainage.{module} import {function} as go; go()"
    return [sys.executable, "-c", call, str(Path(floodsim.__file__).parents[1])]


def load_library() -> ctypes.CDLL:
    """The library with the types of the functions that are used. One process holds one model of it at a time."""
    library = ctypes.CDLL(str(library_file()))
    text, whole, number = ctypes.c_char_p, ctypes.c_int, ctypes.c_double
    results = ctypes.POINTER(number)
    for name, back, arguments in (
        ("swmm_open", whole, [text, text, text]),
        ("swmm_start", whole, [whole]),
        ("swmm_end", whole, []),
        ("swmm_report", whole, []),
        ("swmm_close", whole, []),
        ("swmm_step", whole, [results]),
        ("swmm_getVersion", whole, []),
        ("swmm_getCount", whole, [whole]),
        ("swmm_getIndex", whole, [whole, text]),
        ("swmm_getName", None, [whole, whole, text, whole]),
        ("swmm_getValue", number, [whole, whole]),
        ("swmm_setValue", None, [whole, whole, number]),
        ("swmm_getSavedValue", number, [whole, whole, whole]),
        ("swmm_getLinkResult", whole, [whole, whole, results]),
        ("swmm_getSystemRoutingTotals", whole, [results]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = back, arguments
    return library


def address(function: object) -> int:
    """Where a function of the library lies in memory."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def version_text(number: int) -> str:
    """SWMM's number of its version as text: 52004 is 5.2.4."""
    return f"{number // 10000}.{number // 1000 % 10}.{number % 1000}"


def said_faults(report: str, text: str, file: str) -> list[Fault]:
    """The errors of SWMM's report on the input ``text``, with section, object and line; ``file`` is the engineer's."""
    faults = []
    lines = text.splitlines()
    for code, words in ERROR.findall(report):
        placed = AT_LINE.match(words.strip())
        key, value, message = "", "", words.strip().rstrip(".")
        if placed is not None:
            message, number = placed.group(1), int(placed.group(2))
            value = " ".join(lines[number - 1].split()) if number <= len(lines) else ""
            key = f"[{_section(lines[:number])}] {value.split(' ')[0]}".strip()
        elif found := OBJECT.search(words):
            key = f"{found.group(1).lower()} {found.group(2).rstrip('.')}"
        faults.append(
            Fault(
                f"EPA SWMM refuses it: {message} ({code})", file, key, value,
                remedy="correct the object in the network file; `floodsim network check` may say more of it",
            )
        )  # fmt: skip
    return faults


def _section(lines: list[str]) -> str:
    """The section in which the last of the lines stands."""
    for line in reversed(lines):
        if found := HEADER.match(line):
            return found.group(1).upper()
    return ""
