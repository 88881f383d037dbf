"""From a case to the parts of a run: boundaries find their faces, roofs stay dry below."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from floodsim.case.load import parse_case
from floodsim.errors import CaseError
from floodsim.grid.grid import make_grid
from floodsim.simulate.setup import make_losses, make_setup, place_boundaries


def case(**sections: Any) -> Any:
    return parse_case({"name": "c", "clock": {"duration": 60}, **sections})


def test_span_and_first_claim() -> None:
    grid = make_grid(np.zeros((10, 8)), 5.0, x0=100.0, y0=200.0)
    sections = [
        {"name": "shut", "kind": "closed", "edge": "west", "span": [200.0, 210.0]},
        {"name": "river", "kind": "level", "edge": "west", "span": [200.0, 225.0], "level": "1 m"},
        {"name": "rest", "kind": "open", "edge": "west"},
    ]
    river, rest = place_boundaries(case(boundaries=sections), grid)
    assert sorted(river.faces[:, 2]) == [3, 4, 5]  # padded rows; 1 and 2 are shut
    assert sorted(rest.faces[:, 2]) == [6, 7, 8, 9, 10]
    assert (river.faces[:, 1] == 0).all() and (river.faces[:, 5] == -1).all()


def test_polygon_takes_faces_of_inner_edges() -> None:
    active = np.ones((10, 10), bool)
    active[:, 7:] = False
    grid = make_grid(np.zeros((10, 10)), 1.0, active=active)
    section = {"name": "cut", "kind": "open", "polygon": [[6.5, 2.0], [7.5, 2.0], [7.5, 5.0], [6.5, 5.0]]}
    (cut,) = place_boundaries(case(boundaries=[section]), grid)
    assert sorted(map(tuple, cut.faces[:, 2:4].tolist())) == [(3, 7), (4, 7), (5, 7)]


def test_boundary_without_a_face_is_refused() -> None:
    grid = make_grid(np.zeros((4, 4)), 1.0)
    sections = [{"name": "a", "kind": "open", "edge": "west"}, {"name": "b", "kind": "open", "edge": "west"}]
    with pytest.raises(CaseError, match=r"boundaries\[1\]") as caught:
        place_boundaries(case(boundaries=sections), grid)
    assert "remedy" in str(caught.value)


def test_roofs_do_not_infiltrate_unless_told() -> None:
    building = np.zeros((3, 3), np.uint8)
    building[1, 1] = 1
    grid = make_grid(np.zeros((3, 3)), 1.0, building=building)
    tight = make_losses(case(losses={"kind": "constant", "rate": "12 mm/h"}), grid)
    assert tight.table[tight.classes[1, 1], 0] == 0.0
    assert tight.table[tight.classes[0, 0], 0] > 0.0
    open_roofs = make_losses(case(losses={"kind": "constant", "rate": "12 mm/h", "roofs": True}), grid)
    assert open_roofs.classes.shape == (1, 1)


def test_initial_depth_is_spread_over_the_grid() -> None:
    setup = make_setup(case(initial={"depth": "0.2 m"}), make_grid(np.zeros((3, 4)), 1.0))
    assert setup.depth is not None and setup.depth.shape == (3, 4)
    assert (setup.depth == 0.2).all()
