"""What the schema says about one key: its keys below, range, choices, unit and example. Used for faults and editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from floodsim.case.choices import TAGS
from floodsim.case.schema import Case
from floodsim.case.units import Quantity, show

_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}

_Candidate = tuple[Any, tuple[Any, ...]]  # a plain type and everything annotated onto it


@dataclass(frozen=True)
class Note:
    """What is allowed at one place of a case. Empty fields say nothing."""

    bounds: dict[str, float] = field(default_factory=dict)
    choices: tuple[Any, ...] = ()
    quantity: Quantity | None = None
    keys: tuple[str, ...] = ()
    is_list: bool = False
    tuple_size: int = 0

    @property
    def dimension(self) -> str:
        """Dimension of a quantity; empty for plain numbers and text."""
        return self.quantity.dimension if self.quantity else ""

    def range_text(self) -> str:
        """The range in the unit people use: ``more than 0 s, at most 7 d``; empty where there is none."""
        return ", ".join(f"{_WORDS[name]} {show(bound, self.dimension)}" for name, bound in self.bounds.items())


def note_at(location: Sequence[str | int], root: type[BaseModel] = Case) -> Note:
    """What the schema says about the key at a location such as ``("points", 0, "x")``; empty where it knows none.

    ``root`` is the model of the whole file.
    """
    candidates: list[_Candidate] = [(root, ())]
    for part in location:
        if part in TAGS:
            candidates = [one for one in candidates if any(isinstance(m, Tag) and m.tag == part for m in one[1])]
        else:
            candidates = [below for one in candidates for below in _below(one[0], part)]
    return _note(candidates)


def sections_with(key: str, root: type[BaseModel] = Case) -> list[str]:
    """Top-level sections that have a key of this name, as the file heads them: ``["[clock]", "[rainfall]"]``."""
    found = []
    for name, info in root.model_fields.items():
        for kind, _ in _flatten(info.annotation):
            origin: Any = get_origin(kind)
            item = get_args(kind)[0] if origin is list else kind
            if isinstance(item, type) and issubclass(item, BaseModel) and key in item.model_fields:
                found.append(f"[[{name}]]" if origin is list else f"[{name}]")
    return found


def _below(kind: Any, part: str | int) -> Iterator[_Candidate]:
    """The types that ``part`` of a ``kind`` may have."""
    origin: Any = get_origin(kind)
    arguments = get_args(kind)
    if isinstance(part, int):
        if origin is list or (origin is tuple and part < len(arguments)):
            yield from _flatten(arguments[part if origin is tuple else 0])
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if part in kind.model_fields:
            info = kind.model_fields[part]
            yield from _flatten(info.annotation, tuple(info.metadata))
    elif origin is dict:
        yield from _flatten(arguments[1])


def _flatten(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[_Candidate]:
    """Take unions and annotations apart; ``None`` says nothing and is left out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        plain: list[Any] = []
        for one in extra:
            plain.extend(one.metadata if isinstance(one, FieldInfo) else [one])
        yield from _flatten(inner, (*metadata, *plain))
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _flatten(member, metadata)
    elif annotation is not type(None):
        yield annotation, metadata


def _note(candidates: list[_Candidate]) -> Note:
    bounds: dict[str, float] = {}
    choices: list[Any] = []
    keys: list[str] = []
    quantity: Quantity | None = None
    is_list, tuple_size = False, 0
    for kind, metadata in candidates:
        for mark in metadata:
            for name, mark_type in (("gt", Gt), ("ge", Ge), ("lt", Lt), ("le", Le)):
                if isinstance(mark, mark_type):
                    bounds[name] = getattr(mark, name)
            quantity = mark if isinstance(mark, Quantity) else quantity
        origin: Any = get_origin(kind)
        is_list = is_list or origin is list
        if origin is Literal:
            choices.extend(get_args(kind))
        elif origin is tuple:
            tuple_size = len(get_args(kind))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            keys.extend(kind.model_fields)
    return Note(bounds, tuple(choices), quantity, tuple(keys), is_list, tuple_size)


def json_schema(root: type[BaseModel] = Case) -> dict[str, Any]:
    """JSON Schema of a case (or study) file, for editors: descriptions, defaults, choices, units, ranges, examples."""
    schema = root.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"floodsim {root.__name__.lower()}"
    models = {model.__name__: model for model in _models(root)}
    for name, part in [(root.__name__, schema), *schema["$defs"].items()]:
        for key, entry in part.get("properties", {}).items():
            info = models[name].model_fields[key]
            _loosen(entry)
            _complete(entry, _note(list(_flatten(info.annotation, tuple(info.metadata)))))
    return schema


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and every model reachable from it."""
    yield model
    pending: list[Any] = [info.annotation for info in model.model_fields.values()]
    while pending:
        for kind, _ in _flatten(pending.pop()):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _models(kind)
            pending.extend(get_args(kind))


def _loosen(part: Any) -> None:
    """``oneOf`` to ``anyOf``: the text "0.2 m" and the path of a raster are both text, which ``oneOf`` refuses."""
    if isinstance(part, dict):
        if "oneOf" in part:
            part["anyOf"] = part.pop("oneOf")
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            _loosen(item)


def _complete(entry: dict[str, Any], note: Note) -> None:
    """Add range, units and an example to a property; pydantic leaves them out beside a quantity."""
    said = [entry["description"]] if "description" in entry else []
    if note.bounds:
        said.append(note.range_text())
    if note.quantity:
        entry.setdefault("examples", [note.quantity.example])
    if said:
        entry["description"] = "; ".join(said)
