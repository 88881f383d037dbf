"""Files that appear complete or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from floodsim.errors import CaseError, Fault


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name first, then put it in place. Raises CaseError where the folder is missing."""
    if not path.parent.is_dir():
        raise CaseError(Fault("the folder does not exist", str(path), remedy=f"make the folder {path.parent}"))
    handle, name = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
