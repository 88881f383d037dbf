"""Single values of a case replaced: ``--set key=value`` from the command line, keys and values from a study."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from floodsim.case.faults import key_path, show_value
from floodsim.errors import Fault

OPTION = "--set"

_INDEX = re.compile(r"\[(\d+)\]")

Location = tuple[str | int, ...]
Override = str | tuple[str, Any]
"""``key=value`` as text, or key and value."""


def apply_overrides(
    data: dict[str, Any], overrides: Sequence[Override]
) -> tuple[dict[str, Any], list[str], list[Fault]]:
    """A copy of ``data`` with overrides applied in order, the key paths set, and what is wrong with them."""
    result, keys, faults = deepcopy(data), [], []
    for override in overrides:
        key, equals, text = override.partition("=") if isinstance(override, str) else (override[0], "=", "")
        value = parse_value(text) if isinstance(override, str) else deepcopy(override[1])
        parts = _INDEX.sub(r".\1", key.strip()).split(".")
        if not equals or not all(part.strip() for part in parts):
            example = 'write --set key=value, for example --set rainfall.intensity="60 mm/h"'
            faults.append(Fault("not key=value", OPTION, value=show_value(override), remedy=example))
            continue
        location, fault = _put(result, [part.strip() for part in parts], value)
        keys.append(key_path(location))
        if fault:
            faults.append(fault)
    return result, keys, faults


def parse_value(text: str) -> Any:
    """A TOML value (number, true, "text", [list], {table}); anything else is taken as text: ``60 mm/h``."""
    text = text.strip()
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    # A text with a line break could smuggle in further keys; then it was no value but text.
    return parsed["value"] if list(parsed) == ["value"] else text


def _put(data: dict[str, Any], parts: list[str], value: Any) -> tuple[Location, Fault | None]:
    """Set one value in place, with the sections and list entries that lead to it. Returns its location."""
    here: Any = data
    location: Location = ()
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        fresh: Any = value if last else ([] if parts[position + 1].isdecimal() else {})
        if isinstance(here, list):
            index = int(part) if part.isdecimal() and len(part) < 10 else -1
            if not 0 <= index <= len(here):
                return (*location, part), _bad_index(location, part, len(here))
            location = (*location, index)
            if index == len(here):
                here.append(fresh)
            elif last:
                here[index] = value
            here = here[index]
        elif isinstance(here, dict):
            location = (*location, part)
            if last or here.get(part) is None:
                here[part] = fresh
            here = here[part]
        else:
            key = key_path(location)
            remedy = f"set {key} as a whole, or make it a section in the case file"
            return location, Fault(
                f"{key} is a value and has no keys below it", OPTION, key, show_value(here), "", remedy
            )
    return location, None


def _bad_index(location: Location, part: str, length: int) -> Fault:
    allowed = f"0 to {length} ({length} appends)" if length else "0 (appends the first)"
    remedy = f"write for example {key_path(location)}.0.name=..."
    return Fault("not an index of this list", OPTION, key_path((*location, part)), show_value(part), allowed, remedy)
