"""Case files as text: TOML, YAML and JSON into one plain dictionary. Knows nothing of what the keys mean."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from floodsim.case.paths import is_printable
from floodsim.case.units import closest
from floodsim.errors import CaseError, Fault

_CUT = 200  # characters of a parser's message that are passed on


def read_data(path: Path) -> dict[str, Any]:
    """The content of a case file; raises CaseError with line and column where its syntax is wrong."""
    file = str(path)
    if not is_printable(file):
        raise CaseError(Fault("file name with characters that cannot be shown", ascii(file), remedy="rename the file"))
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise CaseError(
            Fault(
                "not a case file",
                file,
                value=path.suffix,
                allowed=", ".join(PARSERS),
                remedy="give a TOML, YAML or JSON file with that suffix",
            )
        )
    text = _read_text(path)
    try:
        data = parse(text)
    except RecursionError:
        raise CaseError(
            Fault("nested too deeply to be a case", file, remedy="flatten the lists and sections")
        ) from None
    except (ValueError, yaml.YAMLError, OverflowError) as error:
        raise CaseError(_syntax_fault(error, file)) from None
    if not isinstance(data, dict):
        raise CaseError(
            Fault("not a case: the file holds no keys", file, remedy='begin with name = "..." and a section [clock]')
        )
    return data


def _read_text(path: Path) -> str:
    file = str(path)
    try:
        if not path.exists():
            raise CaseError(Fault("no such file", file, remedy=_like(path)))
        if path.is_dir():
            raise CaseError(Fault("a folder, not a case file", file, remedy="name the case file inside the folder"))
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise CaseError(Fault(f"cannot be read: {error}", file, remedy="check path and permission")) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError(_encoding_fault(raw, error.start, file)) from None


def _like(path: Path) -> str:
    """The most similar case file beside one that is missing."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist"
    near = closest(path.name, (entry.name for entry in path.parent.iterdir()), cutoff=0.75)
    return f"did you mean {path.parent / near}?" if near else "check the path"


def _encoding_fault(raw: bytes, position: int, file: str) -> Fault:
    line = raw.count(b"\n", 0, position) + 1
    try:
        raw.decode("gb18030")
        guess = "; it looks like GBK"
    except UnicodeDecodeError:
        guess = ""
    return Fault(
        f"not UTF-8 text (line {line}){guess}",
        file,
        allowed="UTF-8",
        remedy="save as UTF-8 (另存为 UTF-8 编码); quantities, names and comments may then be in any language",
    )


def _syntax_fault(error: Exception, file: str) -> Fault:
    """Where the parser stopped, and why, in one line."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, json.JSONDecodeError):
        reason = f"{error.msg} (at line {error.lineno}, column {error.colno})"
    elif mark is not None:
        reason = (
            f"{getattr(error, 'problem', '') or 'syntax error'} (at line {mark.line + 1}, column {mark.column + 1})"
        )
    else:
        reason = " ".join(str(error).split())
    return Fault(f"cannot be read as {_format(file)}: {reason[:_CUT]}", file, remedy=_hint(reason))


def _format(file: str) -> str:
    suffix = Path(file).suffix.lower()
    return "YAML" if suffix in (".yaml", ".yml") else suffix[1:].upper()


def _hint(reason: str) -> str:
    """The remedy of the mistakes people make most."""
    low = reason.lower()
    if "overwrite" in low or "twice" in low or "declare" in low:
        return "a key or section may stand only once; use [[name]] for lists of sections"
    if "invalid value" in low or "expected newline or end of document" in low:
        return 'put text and quantities in quotes, for example "60 mm/h"'
    if "escape" in low:
        return "write paths with / or in single quotes"
    return "mend the text at that place"


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a key that stands twice is refused, not overwritten."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"key {key!r} stands twice")
        result[key] = value
    return result


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader that refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key.value!r} stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except (LookupError, AttributeError, TypeError):  # PyYAML's constructors trip over values such as !!int ""
        raise ValueError("a tag (!!...) does not fit its value") from None


def _json(text: str) -> Any:
    data = json.loads(text, object_pairs_hook=_pairs_once)
    if isinstance(data, dict):
        data.pop("provenance", None)  # what a run wrote into its resolved case about itself
    return data


PARSERS: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".yaml": _yaml, ".yml": _yaml, ".json": _json}
