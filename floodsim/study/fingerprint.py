"""What a scenario's results depend on, as one hash: the case and the content of every file it names.

Names, titles, the number of threads and checkpoints change no result, nor does the folder in which the files lie.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from floodsim import __version__
from floodsim.case.resolve import checksum, input_files, resolved, with_siblings
from floodsim.case.schema import Case

WITHOUT_EFFECT = ("name", "title", "description")


def fingerprint(case: Case) -> str:
    """Hash (64 hexadecimal digits) of everything that the results of a case depend on."""
    data = {key: value for key, value in resolved(case).items() if key not in WITHOUT_EFFECT}
    for section, key in (("solver", "threads"), ("output", "checkpoint_interval")):
        data[section] = {name: value for name, value in data[section].items() if name != key}
    files = {str(path): _content(path) for path in input_files(case).values()}
    text = json.dumps([__version__, _without_paths(data, files)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_paths(value: Any, files: dict[str, str]) -> Any:
    """The data with the content of files in place of their paths."""
    if isinstance(value, dict):
        return {key: _without_paths(one, files) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_paths(one, files) for one in value]
    return files.get(value, value) if isinstance(value, str) else value


def _content(path: Path) -> str:
    parts = with_siblings(path)
    return "".join(_checksum(part, part.stat().st_size, part.stat().st_mtime_ns) for part in parts)


@cache
def _checksum(path: Path, _size: int, _changed: int) -> str:
    """Checksum of a file, computed once for all scenarios as long as the file stays as it is."""
    return checksum(path)
