"""The search for the cheapest set of measures that eliminates most waterlogging points. Knows sets and verdicts only.

Every set is valued by an evaluator (a run of the case, or a stand-in in tests). The search looks at the present state,
at single measures, at all of them together, then puts sets together, repairs and prunes them, and at last proves the
result, as far as the budget of evaluations goes, by looking at every cheaper set that could still be better.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

MOST_LISTED = 200_000
"""Sets that are listed for the proof; with more candidates than this allows there is none."""

Set = frozenset[str]
EMPTY: Set = frozenset()


@dataclass(frozen=True)
class Item:
    """A candidate: name, cost, the measures it requires and those it excludes."""

    name: str
    cost: float
    requires: frozenset[str] = EMPTY
    excludes: frozenset[str] = EMPTY


@dataclass(frozen=True)
class Outcome:
    """What a set does: for every point how far it is from passing (0: it passes), in any one measure of badness."""

    excess: dict[str, float]

    @property
    def passed(self) -> frozenset[str]:
        """Points that pass."""
        return frozenset(name for name, value in self.excess.items() if value <= 0.0)


Evaluate = Callable[[Sequence[Set]], dict[Set, Outcome]]
"""Values sets, many at once where it can; a set that could not be valued is left out."""


@dataclass
class Found:
    """What a search found: every set that was valued, the best one, and how far that is proved.

    ``proof`` is "exhaustive": every cheaper set was valued; "monotone": every cheaper set was valued or has a valued
    superset that fails a point which the best set passes, so it could only be better if a measure did harm; "none".
    """

    outcomes: dict[Set, Outcome]
    best: Set
    proof: str
    costs: dict[str, float] = field(default_factory=dict)

    def cost(self, names: Iterable[str]) -> float:
        """Cost of a set."""
        return total(self.costs, names)


def total(costs: dict[str, float], names: Iterable[str]) -> float:
    """Cost of a set, summed in one order."""
    return sum(costs[name] for name in sorted(names))


class Search:
    """One search: the candidates, what was valued so far, and how many evaluations are left."""

    def __init__(self, items: Sequence[Item], evaluate: Evaluate, most: int) -> None:
        self.items = {item.name: item for item in items}
        self.costs = {item.name: item.cost for item in items}
        self._evaluate = evaluate
        self.left = most
        self.outcomes: dict[Set, Outcome] = {}
        self.tried: set[Set] = set()

    def value(self, sets: Iterable[Set]) -> None:
        """Value sets that can be built and were not valued before, as far as the budget goes."""
        new = [one for one in dict.fromkeys(sets) if one not in self.tried and self.buildable(one)]
        new = new[: max(self.left, 0)]
        self.left -= len(new)
        self.tried.update(new)
        if new:
            self.outcomes |= self._evaluate(new)

    def buildable(self, names: Set) -> bool:
        """Whether the measures of a set go together."""
        return all(self.items[name].requires <= names and not (self.items[name].excludes & names) for name in names)

    def closed(self, names: Iterable[str]) -> Set:
        """A set with all that its measures require."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.items[name].requires
        return frozenset(found)

    def rank(self, names: Set) -> tuple[float, ...]:
        """What makes a set better, smaller first: points that fail, cost, badness of those, number of measures."""
        outcome = self.outcomes[names]
        failing = len(outcome.excess) - len(outcome.passed)
        return failing, total(self.costs, names), sum(outcome.excess.values()), len(names)

    def best(self) -> Set:
        """The best set valued so far; ties go to the first name."""
        return min(self.outcomes, key=lambda names: (*self.rank(names), sorted(names)))

    def singles(self) -> list[Set]:
        """Each measure with what it requires."""
        return [self.closed([name]) for name in self.items]

    def fullest(self) -> list[Set]:
        """Largest sets that can be built: for each measure, with everything that goes along with it, dearest first."""
        order = sorted(self.items, key=lambda name: (-self.costs[name], name))
        found: dict[Set, None] = {}
        for first in order:
            grown = self.closed([first])
            if not self.buildable(grown):
                continue
            for name in order:
                wider = grown | self.closed([name])
                if self.buildable(wider):
                    grown = wider
            found[grown] = None
        return list(found)

    def widest_without(self, best: Set, name: str) -> Set:
        """A set without a measure, otherwise with all of another set and with what else goes along, dearest first."""
        grown = frozenset(one for one in best if name not in self.closed([one]))
        for other in sorted(self.items, key=lambda one: (-self.costs[one], one)):
            wider = grown | self.closed([other])
            if name not in wider and self.buildable(wider):
                grown = wider
        return grown

    def helpers(self, point: str) -> list[Set]:
        """Single measures that help a point, by what they do alone: those that pass it by cost, then by badness."""
        present = self.outcomes.get(EMPTY)
        known = [one for one in self.singles() if one in self.outcomes]
        helping = [one for one in known if present is None or self.outcomes[one].excess[point] < present.excess[point]]
        return sorted(helping, key=lambda one: (self.outcomes[one].excess[point], total(self.costs, one), sorted(one)))


def find_plan(
    items: Sequence[Item], evaluate: Evaluate, *, most: int = 200, seeds: Sequence[Set] = (), singles: bool = True
) -> Found:
    """Search for the set that passes most points at the least cost, with at most ``most`` evaluations.

    ``seeds`` are sets to value first, such as the plan of an engineer; where they stand in the way of nothing else the
    result is never worse than any of them, nor than any single measure. Without ``singles`` these are not valued. What
    a set cannot do without is seen from the widest sets that lack it.
    """
    search = Search(items, evaluate, most)
    first = [EMPTY, *(search.closed(seed) for seed in seeds), *(search.singles() if singles else ())]
    search.value([*first, *search.fullest()])  # all at once, side by side
    if not search.outcomes:
        return Found({}, EMPTY, "none", search.costs)
    for _ in range(len(items) + 1):
        before = search.best()
        _put_together(search)
        _prune(search)
        search.value(search.widest_without(search.best(), name) for name in sorted(search.best()))
        _swap(search)
        if search.best() == before:
            break
    proof = _prove(search)
    return Found(search.outcomes, search.best(), proof, search.costs)


def _put_together(search: Search) -> None:
    """Sets built up point by point: the cheapest measure that passes each failing point alone; then repairs."""
    start = [EMPTY, search.best()]
    for names in start:
        grown = names
        for _ in range(len(search.items)):
            if grown not in search.outcomes:
                break
            failing = sorted(set(search.outcomes[grown].excess) - search.outcomes[grown].passed)
            wider = _widened(search, grown, failing)
            if wider == grown:
                break
            search.value([wider])
            grown = wider


def _widened(search: Search, names: Set, failing: Sequence[str]) -> Set:
    """A set with one more helper for each point that fails, the cheapest that passes it alone if there is one."""
    grown = names
    for point in failing:
        passing = [one for one in search.helpers(point) if search.outcomes[one].excess[point] <= 0.0]
        ordered = sorted(passing, key=lambda one: (total(search.costs, one), sorted(one)))
        for one in [*ordered, *search.helpers(point)]:
            if not one <= grown and search.buildable(grown | one):
                grown = grown | one
                break
    return grown


def _prune(search: Search) -> None:
    """Leave out measures, dearest first, as long as no point is lost."""
    while True:
        best = search.best()
        smaller = [best - {name} for name in sorted(best, key=lambda name: (-search.costs[name], name))]
        search.value(smaller)
        if search.best() == best:
            return


def _swap(search: Search) -> None:
    """Put a cheaper measure in place of each one."""
    best = search.best()
    swapped = []
    for name in sorted(best, key=lambda name: (-search.costs[name], name)):
        for other in sorted(search.items, key=lambda other: (search.costs[other], other)):
            new = (best - {name}) | search.closed([other])
            if other not in best and total(search.costs, new) < total(search.costs, best):
                swapped.append(new)
    search.value(one for one in dict.fromkeys(swapped) if not _hopeless(search, one, best))


def _hopeless(search: Search, names: Set, best: Set) -> bool:
    """Whether a valued superset fails a point that the best set passes: more measures, and still not enough."""
    passed = search.outcomes[best].passed
    return any(names <= other and not passed <= outcome.passed for other, outcome in search.outcomes.items())


def _prove(search: Search) -> str:
    """Value every cheaper set that could still be better; says how far the best set is then proved."""
    names = sorted(search.items)
    if 2 ** len(names) > MOST_LISTED:
        return "none"
    every = [frozenset(some) for size in range(len(names) + 1) for some in itertools.combinations(names, size)]
    every = [one for one in every if search.buildable(one)]
    while search.left > 0:
        best = search.best()
        if len(search.outcomes[best].passed) < len(search.outcomes[best].excess):
            rivals = every  # a dearer set may pass more points
        else:
            rivals = [one for one in every if total(search.costs, one) < total(search.costs, best)]
        open_sets = [one for one in rivals if one not in search.tried]
        if not open_sets:
            return "exhaustive"
        hopeful = [one for one in open_sets if not _cannot_win(search, one, best)]
        if not hopeful:
            return "monotone"
        # the largest of the cheapest kind settles most: where it fails, its subsets need no look
        search.value([max(hopeful, key=lambda one: (len(one), total(search.costs, one), sorted(one)))])
    return "none"


def _cannot_win(search: Search, names: Set, best: Set) -> bool:
    """Whether a set, no measure doing harm, passes no more points than the best, and is no cheaper at as many."""
    bound = min(
        (len(outcome.passed) for other, outcome in search.outcomes.items() if names <= other),
        default=len(search.outcomes[best].excess),
    )
    goal = len(search.outcomes[best].passed)
    cheaper = total(search.costs, names) < total(search.costs, best)
    return bound < goal or (bound == goal and not cheaper)
