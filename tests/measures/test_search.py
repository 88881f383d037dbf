"""The search against brute force on made-up towns: exact where it says so, and never worse than what is simple."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from floodsim.measures.search import EMPTY, Found, Item, Outcome, Set, find_plan

POINTS = ("p", "q", "r")


class Town:
    """Points with a badness that measures lessen; two measures together may do more than both alone."""

    def __init__(
        self, items: list[Item], need: dict[str, float], gain: dict[str, dict[str, float]], harm: float
    ) -> None:
        self.items, self.need, self.gain, self.harm = items, need, gain, harm
        self.runs: list[Set] = []

    def outcome(self, names: Set) -> Outcome:
        excess = {}
        for point in POINTS:
            helped = sum(self.gain[name].get(point, 0.0) for name in sorted(names))
            if point == "r" and len(names) > 3:
                helped -= self.harm  # what is drained faster arrives together below
            excess[point] = max(self.need[point] - helped, 0.0)
        return Outcome(excess)

    def __call__(self, sets: Sequence[Set]) -> dict[Set, Outcome]:
        assert not set(sets) & set(self.runs), "a set was valued twice"
        self.runs += sets
        return {names: self.outcome(names) for names in sets}

    def buildable(self) -> list[Set]:
        by_name = {item.name: item for item in self.items}
        names = sorted(by_name)
        every = [frozenset(some) for size in range(len(names) + 1) for some in itertools.combinations(names, size)]
        return [one for one in every if all(by_name[n].requires <= one and not by_name[n].excludes & one for n in one)]

    def rank(self, names: Set) -> tuple[int, float]:
        cost = sum(item.cost for item in sorted(self.items, key=lambda item: item.name) if item.name in names)
        return len(POINTS) - len(self.outcome(names).passed), cost


@st.composite
def towns(draw: st.DrawFn, harm: float = 0.0, most: int = 6) -> Town:
    names = [f"m{k}" for k in range(draw(st.integers(1, most)))]
    amount = st.integers(0, 4).map(float)
    items = []
    for k, name in enumerate(names):
        requires = draw(st.sets(st.sampled_from(names[:k]), max_size=1)) if k else set()
        excludes = draw(st.sets(st.sampled_from(names[:k]), max_size=1)) - requires if k else set()
        items.append(Item(name, float(draw(st.integers(0, 9))), frozenset(requires), frozenset(excludes)))
    gain = {name: {point: draw(amount) for point in POINTS} for name in names}
    return Town(items, {point: draw(st.integers(0, 6).map(float)) for point in POINTS}, gain, harm)


def rank_of(town: Town, found: Found) -> tuple[int, float]:
    return town.rank(found.best)


@given(towns())
def test_the_cheapest_set_is_found_where_no_measure_harms(town: Town) -> None:
    found = find_plan(town.items, town, most=1000)
    assert found.proof in ("exhaustive", "monotone")
    assert rank_of(town, found) == min(town.rank(one) for one in town.buildable())
    assert found.best in town.buildable()


@given(towns(harm=3.0), st.integers(1, 12))
def test_never_worse_than_the_present_a_seed_or_any_single_measure(town: Town, most: int) -> None:
    """With a budget for singles at least; measures may harm each other, and the budget may end anywhere after that."""
    seeds = [town.buildable()[-1]]
    found = find_plan(town.items, town, most=2 + len(town.items) + most, seeds=seeds)
    assert len(town.runs) <= 2 + len(town.items) + most
    singles = [one for one in town.buildable() if one in set(town.runs)]
    assert rank_of(town, found) == min(town.rank(one) for one in singles)
    alone = [frozenset([item.name]) for item in town.items if not item.requires]
    assert all(rank_of(town, found) <= town.rank(one) for one in (EMPTY, *seeds, *alone))


@given(towns(harm=3.0))
def test_an_exhaustive_proof_holds_even_where_measures_harm(town: Town) -> None:
    found = find_plan(town.items, town, most=1000)
    if found.proof == "exhaustive":
        assert rank_of(town, found) == min(town.rank(one) for one in town.buildable())


@given(towns())
def test_no_measure_of_the_plan_can_be_left_out(town: Town) -> None:
    found = find_plan(town.items, town, most=1000)
    by_name = {item.name: item for item in town.items}
    for name in found.best:
        smaller = found.best - {name}
        if smaller in town.buildable() and by_name[name].cost > 0:
            assert town.outcome(smaller).passed != town.outcome(found.best).passed


def test_four_points_with_a_cure_each_need_few_runs() -> None:
    """Eight measures are 256 sets; with one cure for each of three points and decoys, some 20 runs prove the plan."""
    costs = {"p1": 5, "p2": 9, "q1": 3, "q2": 2, "r1": 7, "r2": 30, "x": 20, "y": 1}
    gain = {
        "p1": {"p": 1},
        "p2": {"p": 1},
        "q1": {"q": 1},
        "q2": {"q": 0.5},
        "r1": {"r": 1},
        "r2": {"r": 1},
        "x": {},
        "y": {},
    }
    items = [Item(name, float(cost)) for name, cost in costs.items()]
    town = Town(items, dict.fromkeys(POINTS, 1.0), gain, 0.0)  # type: ignore[arg-type]
    found = find_plan(items, town)
    assert found.best == {"p1", "q1", "r1"}
    assert found.proof == "monotone"
    assert len(town.runs) < 32


def test_a_set_that_cannot_be_valued_is_left_out() -> None:
    items = [Item("a", 1.0), Item("b", 2.0)]
    good = {"a": Outcome({"p": 1.0}), "b": Outcome({"p": 0.0})}

    def evaluate(sets: Sequence[Set]) -> dict[Set, Outcome]:
        known = {frozenset([name]): outcome for name, outcome in good.items()}
        return {one: known[one] for one in sets if one in known}

    found = find_plan(items, evaluate)
    assert found.best == {"b"}
    assert find_plan(items, lambda sets: {}).best == EMPTY
