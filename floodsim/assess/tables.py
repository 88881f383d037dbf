"""Data tables of the assessment (hazard classes, damage curves): TOML files that say where their numbers come from."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from floodsim.errors import CaseError, Fault, Faults

CONFIDENCES = ("verified", "secondary", "recalled", "ours")
"""How a number is known: read in the source, read in other people's use of it, from memory, set by this project."""

MEND = "copy the file that comes with floodsim (floodsim/assess/tables) and change that"


def read_table(name: str, file: Path | None) -> tuple[dict[str, Any], str]:
    """The content of a table that comes with floodsim, or of a user's ``file`` instead, and the name of what was read.

    Raises CaseError where it cannot be read.
    """
    source = resources.files("floodsim.assess") / "tables" / name if file is None else file
    try:
        return tomllib.loads(source.read_text(encoding="utf-8")), str(source)
    except (OSError, ValueError) as error:
        raise CaseError(Fault("cannot read the table", file=str(source), value=str(error), remedy=MEND)) from error


def check_origin(section: dict[str, Any], key: str, faults: Faults) -> None:
    """Every section has to say in both languages what it is, where it comes from, and how sure that is."""
    for part in ("en", "zh", "source"):
        if not isinstance(section.get(part), str) or not section[part]:
            faults.add("missing text", key=f"{key}.{part}", remedy=MEND)
    if section.get("confidence") not in CONFIDENCES:
        faults.add(
            "unknown confidence",
            key=f"{key}.confidence",
            value=section.get("confidence", ""),
            allowed=", ".join(CONFIDENCES),
            remedy="say how the numbers are known",
        )


def numbers(value: Any) -> bool:
    """Whether a value is a list of plain numbers."""
    return isinstance(value, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
