"""From a case file, or a dictionary, to a checked `Case`. Everything wrong with it is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from floodsim.case.checks import run_checks
from floodsim.case.describe import json_schema
from floodsim.case.faults import bad_sections, faults_of
from floodsim.case.overrides import OPTION, Override, apply_overrides
from floodsim.case.paths import Place
from floodsim.case.read import read_data
from floodsim.case.resolve import input_files, provenance, resolved, write_resolved
from floodsim.case.schema import Case
from floodsim.errors import CaseError, Fault, Faults

__all__ = ["input_files", "json_schema", "load_case", "parse_case", "provenance", "resolved", "write_resolved"]


def load_case(path: str | Path, overrides: Sequence[Override] = (), env: Mapping[str, str] | None = None) -> Case:
    """Read and check a case file (TOML, YAML, or JSON such as a resolved case).

    ``overrides`` are texts ``key=value`` (``"rainfall.return_period=50 a"``, ``"points.0.x=3"``), or pairs of key and
    value, applied in order before anything is checked. Relative paths start at the case file's folder; ``${NAME}`` in
    paths is taken from ``env`` (default: no variables). Quantities come out in SI, paths absolute.

    Raises CaseError with every fault found.
    """
    path = Path(path)
    data = read_data(path)
    return _build(data, Place(path.absolute().parent, env or {}), str(path), overrides, needs_terrain=True)


def parse_case(
    data: Mapping[str, Any],
    base: Path | None = None,
    env: Mapping[str, str] | None = None,
    source_name: str = "<dict>",
    overrides: Sequence[Override] = (),
) -> Case:
    """Check a case given as a dictionary, as a file would give it; its grid may come later, from Python.

    Relative paths start at ``base`` (default: the current folder). ``source_name`` stands for the file in faults.

    Raises CaseError with every fault found.
    """
    if not isinstance(data, Mapping):
        raise CaseError(
            Fault(
                "not a case",
                source_name,
                value=type(data).__name__,
                allowed="a dictionary of sections",
                remedy="for a file use load_case(path)",
            )
        )
    place = Place(Path.cwd() if base is None else Path(base).absolute(), env or {})
    return _build(dict(data), place, source_name, overrides, needs_terrain=False)


def _build(
    data: dict[str, Any], place: Place, source: str, overrides: Sequence[Override], *, needs_terrain: bool
) -> Case:
    try:
        return _check(data, place, source, overrides, needs_terrain)
    except RecursionError:
        raise CaseError(Fault("nested too deeply to be a case", source, remedy="flatten lists and sections")) from None


def _check(data: dict[str, Any], place: Place, source: str, overrides: Sequence[Override], needs_terrain: bool) -> Case:
    data, keys_set, override_faults = apply_overrides(data, overrides)
    faults = Faults(source)
    case, broken = None, set()
    try:
        case = Case.model_validate(data, context=place)
    except ValidationError as error:
        faults.found.extend(faults_of(error, source))
        broken = bad_sections(error)
    sound = case or _sound_part(data, place, broken)
    if sound:
        run_checks(sound, faults, broken)
        if needs_terrain and sound.grid.terrain is None and "grid" not in broken:
            faults.add(
                "required key is missing",
                key="grid.terrain",
                allowed="GeoTIFF, Arc/Info ASCII, NetCDF or Zarr",
                remedy='add terrain = "..." to the section [grid]',
            )
    faults.found = override_faults + [_blame(fault, keys_set) for fault in faults.found]
    faults.raise_if_any()
    assert case is not None
    return case


def _sound_part(data: dict[str, Any], place: Place, broken: set[str]) -> Case | None:
    """The case with its broken top-level keys at their defaults, so that the rest can be checked all the same.

    None where no single key can be blamed, as for text with broken characters.
    """
    stand_in: dict[str, Any] = {"name": "case", "clock": {"duration": 3600.0}}
    sound = {key: value for key, value in data.items() if str(key) not in broken}
    try:
        return Case.model_validate({**stand_in, **sound}, context=place)
    except ValidationError:
        return None


def _blame(fault: Fault, keys_set: Sequence[str]) -> Fault:
    """A fault of a value that came from an override is shown as the option's, not as the file's."""
    for key in keys_set:
        inside = fault.key == key or fault.key.startswith((f"{key}.", f"{key}["))
        # An unknown section of an override is refused as a whole, at its first unknown part.
        above = fault.message == "unknown key" and key.startswith((f"{fault.key}.", f"{fault.key}["))
        if inside or above:
            return Fault(fault.message, OPTION, fault.key, fault.value, fault.allowed, fault.remedy)
    return fault
