"""Writing files of the report: whole or not at all, and with an error that says what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from floodsim.errors import CaseError
from floodsim.output.netcdf import write_fault


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the file system into a CaseError that names ``path`` and the remedy."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise CaseError(write_fault(path, error)) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path`` and put it in place when it is complete. Raises CaseError."""
    temporary = path.with_name(path.name + ".part")
    try:
        with writing(path):
            write(temporary)
            os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8, whole or not at all. Raises CaseError."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
