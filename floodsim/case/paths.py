"""Files that a case names: ``${NAME}`` expanded, made absolute against the case's folder, and looked for.

All of it happens while pydantic reads the model, so that a missing file is reported beside every other fault.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from floodsim.case.units import InputError, closest

FOLDERS = (".zarr",)
"""Suffixes of formats whose files are folders."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Place:
    """Where a case stands: the folder its relative paths start from, and the variables they may use."""

    base: Path
    env: Mapping[str, str]


def locate(value: Any, info: ValidationInfo) -> Any:
    """Absolute path of an existing, readable file; values that are no path are left for pydantic to refuse.

    Without a `Place` as validation context (a model built in Python) the path is taken as it stands.
    """
    place = info.context
    if not isinstance(place, Place) or not isinstance(value, str | Path):
        return value
    text = expand(str(value), place.env)
    if not text.strip():
        raise InputError("empty file name", "path of a file", "name a file, or leave the key out")
    if not is_printable(text):
        raise InputError("file name with characters that cannot be shown", "path of a file", "rename the file")
    path = place.base / text
    tidy = Path(os.path.normpath(path))
    try:
        if not path.exists():
            raise InputError(f"no such file: {tidy}", "path of a file that exists", _remedy(path))
        if not path.is_file() and not (path.is_dir() and path.suffix.lower() in FOLDERS):
            raise InputError(f"not a file: {tidy}", "path of a file", "name the file inside the folder")
        readable = os.access(path, os.R_OK)
        # ".." after a symbolic link is not the parent one sees, so tidy up only where it changes nothing.
        same = tidy.exists() and tidy.samefile(path)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"not a usable path: {error}", "path of a file that exists") from None
    if not readable:
        raise InputError(f"file may not be read: {tidy}", "path of a readable file", "give read permission (chmod +r)")
    return tidy if same else path


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace every ``${NAME}`` of a path; raises InputError for names that are not set."""

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in env:
            raise InputError(
                f"variable ${{{name}}} is not set",
                "variables of the environment",
                f"export {name}=... before running (in Python: pass env=os.environ)",
            )
        return env[name]

    return _VARIABLE.sub(value_of, text)


def is_printable(text: str) -> bool:
    """Whether a file name is free of control characters and of halves of characters, which break messages and calls."""
    return not any(ord(letter) < 32 or 0xD800 <= ord(letter) <= 0xDFFF for letter in text)


def _remedy(path: Path) -> str:
    """What to do about a file that is missing: the most similar name beside it, or the folder that is not there."""
    if not path.parent.is_dir():
        return (
            f"the folder {os.path.normpath(path.parent)} does not exist; relative paths start at the case file's folder"
        )
    near = closest(path.name, (entry.name for entry in path.parent.iterdir()), cutoff=0.75)
    return f"did you mean {near}?" if near else "check the name; relative paths start at the case file's folder"


InputFile = Annotated[Path, BeforeValidator(locate)]
