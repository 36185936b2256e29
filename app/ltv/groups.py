"""Who is compared with whom: customers grouped by when they came, how big their baskets are, and
traits such as channel or country.

A window of history that begins in the middle of a shop's life (an import, a new system) sees its
old, loyal customers first and takes them for newcomers, so the first cohorts differ from the
later ones; and big baskets go with coming back. Both are seen in nearly every data set tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.statistics import Statistics

COHORTS = 12
COHORT_SIZE = 40
BASKETS = 8
BASKET_SIZE = 25
LEVELS = 8  # of a trait; the rest is "other"
LEVEL_SIZE = 30


@dataclass(frozen=True)
class Groups:
    """A recipe that puts any customer in a cell.

    `cohorts` first days at which a new cohort begins. A basket is log first basket + `weight` ·
    log expected order value (the first is chosen before anything else is known, the second
    grows more certain; neither counts as less than a fiftieth of `typical`); `centre`, `spread`,
    `edges` between bins and mean standardised `sizes` of bins are those of baskets. `levels` are
    the categories of each trait that are told apart, by code.
    """

    cohorts: Longs
    typical: float
    weight: float
    centre: float
    spread: float
    edges: Floats
    sizes: Floats
    levels: Mapping[str, Longs] = field(default_factory=dict)

    @classmethod
    def learn(
        cls, statistics: Statistics, worth: Floats, *, traits: Sequence[str] = ()
    ) -> "Groups":
        """`worth` is each customer's expected order value."""
        levels = {name: _levels(statistics.traits[name]) for name in traits}
        cohorts = _cohorts(statistics.first)
        typical = float(worth.mean()) if len(worth) else 0.0
        weight = _weight(statistics, worth, typical)
        bins = min(BASKETS, len(statistics) // BASKET_SIZE)
        if weight < 0.0 or bins < 2:
            return cls(cohorts, typical, weight, 0.0, 0.0, np.zeros(0), np.zeros(1), levels)
        logs = _baskets(statistics, worth, weight=weight, typical=typical)
        centre, spread = float(logs.mean()), float(logs.std())
        z = (logs - centre) / spread
        edges = np.unique(np.quantile(z, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
        place = np.searchsorted(edges, z, side="right")
        counts = np.bincount(place, minlength=len(edges) + 1)
        sums = np.bincount(place, weights=z, minlength=len(edges) + 1)
        return cls(
            cohorts, typical, weight, centre, spread, edges, sums / np.maximum(counts, 1), levels
        )

    @property
    def effects(self) -> int:
        """Cohorts, the slope of the basket, and two per level of each trait."""
        return len(self.cohorts) + 1 + 2 * sum(len(codes) for codes in self.levels.values())

    def place(self, statistics: Statistics, worth: Floats) -> tuple[Ints, Longs]:
        """Cell of each customer, and each cell's (cohort, basket bin, level of each trait …).

        A level that was not learnt is −1: nothing special about it.
        """
        cohort = np.searchsorted(self.cohorts, statistics.first, side="right") - 1
        columns = [np.maximum(cohort, 0), self._bin(statistics, worth)]
        for name, codes in self.levels.items():
            columns.append(_level(codes, statistics.traits[name]))
        table = np.column_stack(columns).astype(np.int64)
        sizes = table.max(axis=0, initial=0) + 2
        code = np.zeros(len(table), np.int64)
        for at, size in enumerate(sizes):
            code = code * size + table[:, at] + 1
        _, first, cell = np.unique(code, return_index=True, return_inverse=True)
        return cell.astype(np.int32), table[first]

    def _bin(self, statistics: Statistics, worth: Floats) -> Longs:
        if self.spread == 0.0:
            return np.zeros(len(statistics), np.int64)
        logs = _baskets(statistics, worth, weight=self.weight, typical=self.typical)
        return np.searchsorted(self.edges, (logs - self.centre) / self.spread, side="right")

    def design(self, cells: Longs) -> Floats:
        """How the effects move a cell's coordinates: shape `(cells, 4, effects)`.

        Cohort and level move log α (rate), the basket log r (fewer who hardly buy), and a
        second effect of each level moves how readily they leave.
        """
        out = np.zeros((len(cells), 4, self.effects))
        rows = np.arange(len(cells))
        out[rows, 1, cells[:, 0]] = 1.0
        at = len(self.cohorts)
        out[rows, 0, at] = self.sizes[cells[:, 1]]
        at += 1
        for column, codes in enumerate(self.levels.values(), start=2):
            known = cells[:, column] >= 0
            level = cells[known, column]
            out[rows[known], 1, at + level] = 1.0
            out[rows[known], 2, at + len(codes) + level] = 1.0
            at += 2 * len(codes)
        return out


def _cohorts(first: Ints) -> Longs:
    """First days at which cohorts begin: a twelfth of the span each, none too small to speak."""
    if len(first) == 0:
        return np.zeros(1, np.int64)
    start, end = int(first.min()), int(first.max())
    width = max(1, -(-(end - start + 1) // COHORTS))
    sizes = np.bincount((first - start) // width)
    begins, waiting = [start], 0
    for slot, size in enumerate(sizes):
        if waiting >= COHORT_SIZE:
            begins.append(start + slot * width)
            waiting = 0
        waiting += int(size)
    if waiting < COHORT_SIZE and len(begins) > 1:
        begins.pop()
    return np.array(begins, dtype=np.int64)


def _logs(money: Floats | Longs, typical: float) -> Floats:
    return np.asarray(np.log(np.maximum(money, 0.02 * typical)))


def _weight(statistics: Statistics, worth: Floats, typical: float) -> float:
    """So that first baskets and expected values spread alike; −1 where there is no money, or
    everybody spends the same."""
    if typical <= 0.0:
        return -1.0
    one = float(_logs(statistics.first_value, typical).std())
    two = float(_logs(worth, typical).std())
    return one / two if one > 1e-6 and two > 1e-6 else -1.0


def _baskets(statistics: Statistics, worth: Floats, *, weight: float, typical: float) -> Floats:
    return _logs(statistics.first_value, typical) + weight * _logs(worth, typical)


def _levels(codes: Ints) -> Longs:
    counts = np.bincount(codes[codes >= 0], minlength=1)
    ranked = np.argsort(-counts, kind="stable")[:LEVELS]
    return np.sort(ranked[counts[ranked] >= LEVEL_SIZE]).astype(np.int64)


def _level(known: Longs, codes: Ints) -> Longs:
    if len(known) == 0:
        return np.full(len(codes), -1, np.int64)
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, place, -1)
