"""Keys that take one of two things (a number or a series, a number or a raster): which one is meant is decided here.

Deciding before validation means that a wrong value gets one fault, not one per alternative.
"""

from __future__ import annotations

from typing import Any

from floodsim.case.units import is_quantity

NUMBER, SERIES, FILE, WORD = "<number>", "<series>", "<file>", "<word>"
TAGS = frozenset({NUMBER, SERIES, FILE, WORD})


def number_or_series(value: Any) -> str:
    """A section (or a built `Series`) is a series; anything else has to be a number."""
    return NUMBER if value is None or isinstance(value, int | float | str) else SERIES


def length_or_file(value: Any) -> str:
    """Text such as ``"0.2 m"`` is a length, other text names a file."""
    is_text = isinstance(value, str) and not is_quantity(value, "length")
    return FILE if is_text or hasattr(value, "__fspath__") else NUMBER


def number_or_file(value: Any) -> str:
    """Text that reads as a plain number is one, other text names a file."""
    if not isinstance(value, str):
        return FILE if hasattr(value, "__fspath__") else NUMBER
    try:
        float(value)
    except ValueError:
        return FILE
    return NUMBER


def none_or_file(value: Any) -> str:
    """The word ``none`` or a file."""
    return WORD if value == "none" else FILE
