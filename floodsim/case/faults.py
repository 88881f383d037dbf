"""From what pydantic found wrong to faults that an engineer can act on: key path, value, allowed range, remedy."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from floodsim.case.choices import TAGS
from floodsim.case.describe import Note, note_at, sections_with
from floodsim.case.schema import Case
from floodsim.case.units import UNITS, InputError, closest
from floodsim.errors import Fault

Error = Mapping[str, Any]
_Said = tuple[str, str, str]  # message, allowed, remedy

_RANGE_ERRORS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_NUMBER_ERRORS = ("float_type", "float_parsing", "int_type", "int_parsing", "int_from_float", "int_parsing_size")
_SECTION_ERRORS = ("model_type", "model_attributes_type", "dict_type")
_LIST_ERRORS = ("list_type", "tuple_type")

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 80
_shown.maxlist = _shown.maxtuple = 4
_shown.maxdict, _shown.maxlevel = 3, 2


def key_path(location: Iterable[str | int]) -> str:
    """``("boundaries", 0, "level")`` as people read it: ``boundaries[0].level``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in TAGS:
            path += ("." if path else "") + (part if part and part.isprintable() else ascii(part))
    return path


def show_value(value: Any) -> str:
    """A value as it can be shown in one line, however long or odd it is."""
    try:
        return _shown.repr(value)
    except Exception:  # repr of a foreign object, or of an integer with thousands of digits, may fail
        return f"<{type(value).__name__}>"


def faults_of(error: ValidationError, file: str, root: type[BaseModel] = Case) -> list[Fault]:
    """One fault per key out of a pydantic error, in the order of the file's schema, whose model is ``root``."""
    found: dict[str, Fault] = {}
    for one in error.errors(include_url=False):
        location = _key_location(one)
        key = key_path(location)
        if key in found:
            continue
        message, allowed, remedy = _say(one, location, root)
        value = "" if one["type"] == "missing" and location == one["loc"] else show_value(one["input"])
        found[key] = Fault(message, file, key, value, allowed, remedy)
    return list(found.values())


def bad_sections(error: ValidationError) -> set[str]:
    """Top-level keys in which something is wrong."""
    return {str(one["loc"][0]) for one in error.errors(include_url=False) if one["loc"]}


def _key_location(error: Error) -> tuple[str | int, ...]:
    """Where the fault is shown: a tuple with too few or too many values is one fault of the whole tuple."""
    location: tuple[str | int, ...] = error["loc"]
    if error["type"] == "missing" and isinstance(location[-1], int):
        return location[:-1]
    return location


def _say(error: Error, location: Sequence[str | int], root: type[BaseModel]) -> _Said:
    """Message, allowed and remedy of one pydantic error."""
    kind, note = error["type"], note_at(location, root)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return (
            cause.message,
            note.range_text() and f"{cause.allowed}; {note.range_text()}" or cause.allowed,
            cause.remedy,
        )
    if kind == "extra_forbidden":
        return _unknown_key(location, root)
    if kind == "missing" and location == error["loc"]:
        return _missing(location, note)
    if note.tuple_size and kind in ("missing", "too_long", "too_short", *_LIST_ERRORS):
        return (
            f"needs {note.tuple_size} numbers",
            f"{note.tuple_size} numbers",
            f"write {note.tuple_size} numbers in square brackets",
        )
    if kind in _RANGE_ERRORS:
        return "out of range", note.range_text(), _range_remedy(error["input"], note)
    for kinds, say in _BY_TYPE:
        if kind in kinds:
            return say(error, note)
    return str(error["msg"]), note.range_text(), ""


def _range_remedy(value: Any, note: Note) -> str:
    """A bare number out of range is mostly a forgotten unit."""
    if note.quantity and isinstance(value, int | float):
        si = next(iter(UNITS[note.dimension]))
        return f'a bare number is in {si}; write a unit, for example "{note.quantity.example}"'
    return "give a value in that range"


def _unknown_key(location: Sequence[str | int], root: type[BaseModel]) -> _Said:
    word = str(location[-1])
    keys = note_at(location[:-1], root).keys
    homes = sections_with(word, root)
    # A key that is right elsewhere is taken for one in the wrong section, unless it is all but right here.
    near = closest(word, keys, cutoff=0.8 if homes else 0.6)
    if near:
        remedy = f'did you mean "{near}"?'
    elif homes:
        remedy = f"this key belongs in {' or '.join(homes)}"
    else:
        remedy = "take the key out"
    return "unknown key", ", ".join(keys), remedy


def _missing(location: Sequence[str | int], note: Note) -> _Said:
    name = location[-1]
    if note.quantity:
        remedy = f'add {name} = "{note.quantity.example}"'
    elif note.keys:
        remedy = f"add a section [{key_path(location)}]"
    else:
        remedy = f"add {name} = ..."
    allowed = ", ".join(map(str, note.choices)) or note.range_text()
    return "required key is missing", allowed, remedy


def _choice(error: Error, note: Note) -> _Said:
    value = error["input"]
    near = closest(value, map(str, note.choices)) if isinstance(value, str) else ""
    remedy = f'did you mean "{near}"?' if near else "take one of the allowed values"
    return "not one of the choices", ", ".join(map(str, note.choices)), remedy


def _number(error: Error, note: Note) -> _Said:
    whole = "a whole number" if error["type"].startswith("int") else "a number"
    return f"not {whole}", note.range_text() or whole, "write a plain number, without unit or quotes"


def _text(error: Error, note: Note) -> _Said:
    return "not text", "text", "put the value in quotes"


def _section(error: Error, note: Note) -> _Said:
    return (
        "not a section",
        f"keys {', '.join(note.keys)}" if note.keys else "key = value pairs",
        "make it a section of keys",
    )


def _list(error: Error, note: Note) -> _Said:
    return "not a list", "a list", "write [[name]] sections in TOML, or put the values in square brackets"


def _length(error: Error, note: Note) -> _Said:
    context = error["ctx"]
    least, most = context.get("min_length"), context.get("max_length")
    rule = f"at least {least}" if least is not None else f"at most {most}"
    if error["type"].startswith("string"):
        return f"needs {rule} characters", f"{rule} characters", "write a shorter text" if most else "write a name"
    return (
        f"needs {rule} values, got {context['actual_length']}",
        f"{rule} values",
        "shorten the list" if most else "lengthen the list",
    )


def _pattern(error: Error, note: Note) -> _Said:
    return (
        "characters that are not allowed",
        "letters, digits, - _ . and no blanks; a letter or digit first",
        "rename it",
    )


_BY_TYPE: list[tuple[tuple[str, ...], Callable[[Error, Note], _Said]]] = [
    (("literal_error", "enum"), _choice),
    (_NUMBER_ERRORS, _number),
    (
        ("finite_number",),
        lambda error, note: ("not a finite number", note.range_text() or "a finite number", "write a finite number"),
    ),
    (("string_type",), _text),
    (("string_unicode",), lambda error, note: ("text with a broken character", "Unicode text", "type the text anew")),
    (("path_type",), lambda error, note: ("not a file name", "path of a file", "put the path in quotes")),
    (
        ("bool_type", "bool_parsing"),
        lambda error, note: ("neither true nor false", "true, false", "write true or false"),
    ),
    (_SECTION_ERRORS, _section),
    (_LIST_ERRORS, _list),
    (("too_long", "too_short", "string_too_short", "string_too_long"), _length),
    (("string_pattern_mismatch",), _pattern),
    (("invalid_key",), lambda error, note: ("a key that is not text", "", "write the key as a word")),
]
