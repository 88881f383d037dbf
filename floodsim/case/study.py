"""The study file: one case, and the axes along which it is varied. Read and checked once, like a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from floodsim.case.faults import faults_of, show_value
from floodsim.case.ground import Section
from floodsim.case.paths import InputFile, Place
from floodsim.case.read import read_data
from floodsim.case.units import Duration, Length, ReturnPeriod, closest
from floodsim.errors import CaseError, Faults

Word = Annotated[str, Field(pattern=r"^\w[\w\-.]*$", max_length=60)]
Period = Annotated[ReturnPeriod, Field(gt=0, le=10_000)]
Storm = Annotated[Duration, Field(gt=0, le=7 * 86400.0)]
Factor = Annotated[float, Field(ge=0, le=10)]
Cell = Annotated[Length, Field(gt=0, le=1000)]
Scheme = Literal["hllc", "inertial"]
Order = Literal[1, 2]
Precision = Literal["double", "single"]


def dotted(values: dict[str, Any]) -> dict[str, Any]:
    """Keys of tables put into one another (``grid.resolution`` without quotes in TOML) as dotted keys.

    What stands under a key that is dotted already is a value, also where it is a table.
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and "." not in key:
            found |= {f"{key}.{below}": one for below, one in dotted(value).items()}
        else:
            found[key] = value
    return found


Values = Annotated[dict[str, Any], AfterValidator(dotted)]
"""Keys of the case, dotted, with their values."""


class Matrix(Section):
    """The axes that most studies have; every combination of their values is a scenario."""

    variant: list[Word] | None = Field(None, description="names of [[variants]]; default all of them")
    measures: list[list[str]] | None = Field(
        None,
        min_length=1,
        description="which [[measures]] are built, by name or name of a set; [] is the present state",
    )
    return_period: list[Period] | None = Field(None, min_length=1, description="rainfall.return_period 重现期")
    duration: list[Storm] | None = Field(None, min_length=1, description="rainfall.duration 降雨历时")
    climate_factor: list[Factor] | None = Field(None, min_length=1, description="rainfall.factor, on every intensity")
    resolution: list[Cell] | None = Field(None, min_length=1, description="grid.resolution")
    scheme: list[Scheme] | None = Field(None, min_length=1, description="solver.scheme")
    order: list[Order] | None = Field(None, min_length=1, description="solver.order")
    precision: list[Precision] | None = Field(None, min_length=1, description="solver.precision")


class Axis(Section):
    """An axis of your own: one key of the case, and the values it takes."""

    name: Word
    key: str = Field(min_length=1, description='dotted key of the case, such as "grid.roughness"')
    values: list[Any] = Field(min_length=1)


class Variant(Section):
    """A named state of the case: keys replaced together."""

    name: Word
    title: str = ""
    set: Values = Field({}, description='keys of the case, such as {"drainage.inlets" = "more_inlets.csv"}')


class LeftOut(Section):
    """Combinations that are not run: those that have every value given here."""

    variant: Word | None = None
    measures: list[str] | None = None
    return_period: Period | None = None
    duration: Storm | None = None
    climate_factor: Factor | None = None
    resolution: Cell | None = None
    scheme: Scheme | None = None
    order: Order | None = None
    precision: Precision | None = None
    axes: dict[str, Any] = Field({}, description="values of the axes of your own, by name")


class Study(Section):
    """A whole study file. Paths are absolute once loaded; the keys of ``set`` and variants are those of the case."""

    name: str = Field(pattern=r"^\w[\w\-.]*$", max_length=100, description="short name; names the folder of the study")
    title: str = ""
    description: str = ""
    case: InputFile = Field(description="the case file that is varied")
    set: Values = Field({}, description="keys of the case replaced in every scenario")
    drain_time: Annotated[Duration, Field(ge=0, le=31 * 86400.0)] | None = Field(
        None, description="clock.duration ends this long after the storm; default the clock of the case"
    )
    keep: Literal["all", "figures"] = Field(
        "all", description="all: a result folder for each scenario; figures: only what goes into the tables"
    )
    matrix: Matrix = Matrix()
    axes: list[Axis] = []
    variants: list[Variant] = []
    leave_out: list[LeftOut] = []


def load_study(path: str | Path, env: Mapping[str, str] | None = None) -> Study:
    """Read and check a study file (TOML, YAML or JSON); relative paths start at its folder.

    Raises CaseError with every fault found. The cases it makes are checked by `floodsim.study.plan.make_plan`.
    """
    path = Path(path)
    data = read_data(path)
    try:
        study = Study.model_validate(data, context=Place(path.absolute().parent, env or {}))
    except ValidationError as error:
        raise CaseError(faults_of(error, str(path), Study)) from None
    faults = Faults(path)
    for check in (_names, _known_names, _twice):
        check(study, faults)
    faults.raise_if_any()
    return study


def _names(study: Study, faults: Faults) -> None:
    """Names are used once, and an axis has no name that the matrix uses."""
    for key, named in (("axes", study.axes), ("variants", study.variants)):
        for name, count in Counter(one.name for one in named).items():
            if count > 1:
                faults.add("name stands twice", key=f"{key}.name", value=name, remedy="rename one of them")
    for number, axis in enumerate(study.axes):
        if axis.name in Matrix.model_fields or axis.name in RESERVED:
            faults.add(
                "name of an axis that studies have already",
                key=f"axes[{number}].name",
                value=axis.name,
                remedy="give it another name, or use the key of [matrix]",
            )


def _known_names(study: Study, faults: Faults) -> None:
    """Variants and axes that are spoken of exist."""
    variants, axes = [one.name for one in study.variants], [one.name for one in study.axes]
    spoken = [("matrix.variant", name, variants) for name in study.matrix.variant or []]
    for number, left in enumerate(study.leave_out):
        key = f"leave_out[{number}]"
        spoken += [(f"{key}.variant", left.variant, variants)] if left.variant is not None else []
        spoken += [(f"{key}.axes", name, axes) for name in left.axes]
    for key, name, known in spoken:
        if name not in known:
            near = closest(name, known)
            remedy = f'did you mean "{near}"?' if near else "add it, or take the name out"
            faults.add("no such name in the study", key=key, value=name, allowed=", ".join(known), remedy=remedy)


def _twice(study: Study, faults: Faults) -> None:
    """No axis takes a value twice, which would run a scenario twice."""
    for key, values in axes_of(study):
        seen: list[Any] = []
        for value in values:
            if value in seen:
                faults.add("stands twice", key=key, value=show_value(value), remedy="take one of them out")
            seen.append(value)


def axes_of(study: Study) -> Iterator[tuple[str, list[Any]]]:
    """Key in the study file and values of every axis that has any, in the order in which they are nested."""
    for name in Matrix.model_fields:
        values = getattr(study.matrix, name)
        if values is None and name == "variant" and study.variants:
            values = [one.name for one in study.variants]
        if values:
            yield f"matrix.{name}", list(values)
        if name == "climate_factor":  # what says how it is computed comes last
            yield from ((f"axes[{number}].values", list(axis.values)) for number, axis in enumerate(study.axes))


RESERVED = ("scenario", "point", "zone", "status", "reason")
"""Words that the tables of a study use themselves."""
