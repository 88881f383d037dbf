"""Tables of a network that do not hold together: each fault names object, value, allowed range and remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from floodsim.drainage.network import Network, Unsupported
from floodsim.drainage.read_inp import read_inp
from floodsim.drainage.validate import refuse_unsupported, validate_network
from floodsim.errors import CaseError
from tests.drainage.test_broken_networks import INP

Change = Callable[[Network], Network]


def put(table: str, column: str, row: int | tuple[int, int], value: Any) -> Change:
    """Set one number of a column."""

    def change(network: Network) -> Network:
        old = getattr(network, table)
        values = getattr(old, column)
        if isinstance(values, tuple):
            values = (*values[:row], value, *values[row + 1 :])  # type: ignore[operator]
        else:
            values = values.copy()
            values[row] = value
        return replace(network, **{table: replace(old, **{column: values})})

    return change


def shorten(table: str, column: str) -> Change:
    """Take the last row out of one column."""

    def change(network: Network) -> Network:
        old = getattr(network, table)
        return replace(network, **{table: replace(old, **{column: getattr(old, column)[:-1]})})

    return change


def bend(network: Network) -> Network:
    """A curve that goes back."""
    curve = network.curves[0]
    return replace(network, curves=(replace(curve, x=curve.x[::-1].copy()), *network.curves[1:]))


BROKEN: dict[str, tuple[Change, str, str]] = {
    "short_column": (shorten("nodes", "invert"), "table nodes", "invert 4"),
    "node_row": (put("links", "end", 0, 99), "table links.end", "0 to 4"),
    "curve_row": (put("pumps", "curve", 0, 7), "table pumps.curve", "-1 to 1"),
    "wrong_table": (put("conduits", "link", 0, 1), "table conduits", "each of the 4 links"),
    "node_twice": (put("nodes", "name", 1, "J1"), "node J1", "every name once"),
    "link_twice": (put("links", "name", 1, "C1"), "link C1", "every name once"),
    "invert": (put("nodes", "invert", 1, np.nan), "junction J2", "m above datum"),
    "full_depth": (put("nodes", "full_depth", 1, -1.0), "junction J2", "0 m or more"),
    "surcharge_depth": (put("nodes", "surcharge_depth", 1, np.inf), "junction J2", "0 m or more"),
    "ponded_area": (put("nodes", "ponded_area", 1, -2.0), "junction J2", "0 m2 or more"),
    "initial_depth": (put("nodes", "initial_depth", 4, np.nan), "storage S1", "0 m or more"),
    "loop": (put("links", "end", 0, 0), "conduit C1", "two different nodes"),
    "length": (put("conduits", "length", 0, 0.0), "[CONDUITS] C1", "more than 0 m"),
    "roughness": (put("conduits", "roughness", 1, np.nan), "[CONDUITS] C2", "0.009 to 0.03"),
    "barrels": (put("conduits", "barrels", 2, 0), "[CONDUITS] C3", "1 or more"),
    "no_section": (put("links", "section", 0, -1), "[CONDUITS] C1", "[XSECTIONS]"),
    "shape": (put("sections", "shape", 0, "CIRCULER"), "[XSECTIONS] C1", "did you mean CIRCULAR?"),
    "height": (put("sections", "size", (0, 0), 0.0), "[XSECTIONS] C1", "more than 0 m"),
    "custom": (put("sections", "shape", 0, "CUSTOM"), "[XSECTIONS] C1", "SHAPE curve"),
    "transect": (put("sections", "transect", 2, -1), "[XSECTIONS] C3", "[TRANSECTS]"),
    "storage_curve": (put("storages", "curve", 0, -1), "[STORAGE] S1", "FUNCTIONAL"),
    "tide": (put("outfalls", "kind", 0, 3), "[OUTFALLS] O1", "make the outfall FREE"),
    "pump_curve": (put("pumps", "curve", 0, -1), "[PUMPS] P1", "ideal pump"),
    "bent_curve": (bend, "[CURVES] AREA", "x never falling"),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Network:
    path = tmp_path_factory.mktemp("net") / "net.inp"
    path.write_text(INP, encoding="utf-8")
    network = read_inp(path)
    validate_network(network)
    refuse_unsupported(network)
    return network


@pytest.mark.parametrize("name", BROKEN)
def test_every_fault_has_place_range_and_remedy(name: str, sound: Network) -> None:
    change, key, words = BROKEN[name]
    with pytest.raises(CaseError) as caught:
        validate_network(change(sound), "net.inp")
    faults = caught.value.faults
    assert all(fault.file == "net.inp" and fault.key and fault.allowed and fault.remedy for fault in faults), faults
    assert any(fault.key.startswith(place_of(key)) and words in str(fault) for fault in faults), str(caught.value)


SECTIONS = {"junction": "[JUNCTIONS]", "storage": "[STORAGE]", "conduit": "[CONDUITS]"}


def place_of(key: str) -> str:
    """The key with the line of ``INP``, where the object has one: ``[CONDUITS] line 15, C1``."""
    kind, _, name = key.partition(" ")
    section, lines = SECTIONS.get(kind, kind), INP.splitlines()
    if not section.startswith("[") or not name:
        return key
    first = lines.index(section)
    line = next(at for at in range(first + 1, len(lines)) if lines[at].split()[0] == name)
    return f"{section} line {line + 1}, {name}"


def test_what_cannot_be_run_is_refused_by_name(sound: Network) -> None:
    odd = replace(sound, unsupported=(Unsupported("storage", "S1", "loses water into the ground"),))
    with pytest.raises(CaseError) as caught:
        refuse_unsupported(odd, "net.inp")
    (fault,) = caught.value.faults
    assert fault.key == place_of("storage S1") and fault.file == "net.inp" and fault.allowed and fault.remedy


def test_a_run_names_the_file_of_a_faulty_network(tmp_path: Path) -> None:
    import floodsim
    from floodsim.grid.grid import make_grid
    from tests.simulate.networks import street_drain

    network = street_drain(tmp_path / "drain.inp", "[TIDES]\n")
    sections = {"name": "x", "clock": {"duration": 10}, "drainage": {"network": str(network)}}
    with pytest.raises(CaseError, match=r"drain\.inp"):
        floodsim.run(sections, tmp_path / "out", grid=make_grid(np.full((20, 50), 10.0), 2.0))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["drain.inp"]
