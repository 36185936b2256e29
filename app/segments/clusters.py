"""S7: kinds of customers that come out again when one looks again, and how surely they do.

Lloyd's k-means (scipy), the best of several starts. How many kinds there are is asked by
prediction strength (Tibshirani and Walther 2005): the largest number at which one half of the
customers, sorted by the kinds found in the other half, is sorted as it would sort itself. How
stable a kind is says the bootstrap (Hennig 2007): its mean Jaccard similarity to the nearest kind
found among customers drawn anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2, vq
from scipy.optimize import linear_sum_assignment

from app.segments.crowd import Floats, Longs
from app.segments.rules import FEWEST_BUYERS

Chance = np.random.Generator

SMALLEST = 0.03
"""The share of customers that is still a kind."""
MOST = 7
"""Kinds: nobody keeps more of them in mind."""
ENOUGH = 0.8
"""Prediction strength, as its authors advise."""
SAMPLE = 4_000
"""Customers that kinds are learnt from; everybody is then given to the nearest one."""
STARTS, ROUNDS = 4, 40
SPLITS, DRAWS = 5, 25
SAME = 0.5
"""Jaccard from which on a kind found anew is the one that was there."""


@dataclass(frozen=True)
class Kinds:
    """`centres` has a row a kind; `stability` is the mean Jaccard of each, from 0 to 1."""

    centres: Floats
    stability: Floats
    strength: tuple[float, ...]
    """Prediction strength with 2, 3, … kinds."""

    def __len__(self) -> int:
        return len(self.centres)


def find(table: Floats, *, seed: int) -> Kinds:
    """The kinds in a table of customers. None of them (`len` is 0) where no number of kinds comes
    out again; what to do then is to say so."""
    chance = np.random.default_rng(seed)
    nothing = Kinds(np.zeros((0, table.shape[1])), np.zeros(0), ())
    if len(table) < FEWEST_BUYERS or table.shape[1] == 0:
        return nothing
    some = table
    if len(table) > SAMPLE:
        some = table[np.sort(chance.choice(len(table), SAMPLE, replace=False))]
    strength = tuple(strength_of(some, k, chance) for k in range(2, MOST + 1))
    good = [k for k, one in enumerate(strength, 2) if one >= ENOUGH]
    for k in reversed(good):
        centres, labels = sort(some, k, chance)
        if np.bincount(labels, minlength=k).min() >= SMALLEST * len(some):
            return Kinds(centres, stability(some, labels, chance), strength)
    return Kinds(nothing.centres, nothing.stability, strength)


def sort(table: Floats, k: int, chance: Chance) -> tuple[Floats, Longs]:
    """Centres and labels of the tightest of several k-means."""
    best: tuple[float, Floats, Longs] | None = None
    for _ in range(STARTS):
        try:
            with np.errstate(invalid="ignore"):  # fewer different customers than kinds
                centres, labels = kmeans2(
                    table, k, iter=ROUNDS, minit="++", missing="raise", check_finite=False,
                    rng=chance,
                )  # fmt: skip
        except ClusterError:  # a start that lost a kind
            continue
        loose = float(((table - centres[labels]) ** 2).sum())
        if best is None or loose < best[0]:
            best = loose, centres, labels.astype(np.int64)
    if best is None:
        return table.mean(axis=0, keepdims=True), np.zeros(len(table), np.int64)
    return best[1], best[2]


def nearest(table: Floats, centres: Floats) -> Longs:
    """Of each customer: the kind whose centre is nearest."""
    return np.asarray(vq(table, centres, check_finite=False)[0], dtype=np.int64)


def strength_of(table: Floats, k: int, chance: Chance) -> float:
    """Prediction strength: the mean over splits of the worst kind's share of pairs that stay
    together."""
    return float(np.mean([_once(table, k, chance) for _ in range(SPLITS)]))


def _once(table: Floats, k: int, chance: Chance) -> float:
    order = chance.permutation(len(table))
    here, there = table[order[: len(order) // 2]], table[order[len(order) // 2 :]]
    centres, _ = sort(there, k, chance)
    _, own = sort(here, k, chance)
    told = nearest(here, centres)
    both = counts(own, told, max(k, len(centres)))
    sizes = both.sum(axis=1)
    pairs = np.maximum(sizes * (sizes - 1), 1)
    together = (both * (both - 1)).sum(axis=1) / pairs
    return float(together[sizes > 1].min(initial=1.0)) if (sizes > 1).sum() == k else 0.0


def counts(one: Longs, other: Longs, k: int) -> Longs:
    """How many have label i here and label j there."""
    return np.bincount(one * k + other, minlength=k * k).reshape(k, k)


def jaccard(one: Longs, other: Longs, k: int) -> Floats:
    """|A ∩ B| / |A ∪ B| for every kind A here and B there; labels below k."""
    both = counts(one, other, k)
    union = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    return np.asarray(np.divide(both, union, out=np.zeros(both.shape), where=union > 0))


def stability(table: Floats, labels: Longs, chance: Chance) -> Floats:
    """Of each kind: how much of it is found again among customers drawn with replacement."""
    k = int(labels.max()) + 1
    return np.asarray(np.mean(list(_again(table, labels, k, chance)), axis=0))


def _again(table: Floats, labels: Longs, k: int, chance: Chance) -> Iterator[Floats]:
    for _ in range(DRAWS):
        rows = np.unique(chance.integers(0, len(table), len(table)))
        _, anew = sort(table[rows], k, chance)
        yield jaccard(labels[rows], anew, k).max(axis=1)


def named(before: Longs, now: Longs, names: Sequence[int]) -> list[int]:
    """Numbers for kinds found anew: a kind that is mostly one of those before keeps its number.

    `before` are places in `names` of the same customers (−1: was in none), `now` the new labels.
    """
    k = max(len(names), int(now.max(initial=-1)) + 1)
    kinds = int(now.max(initial=-1)) + 1
    known = before >= 0
    alike = jaccard(before[known], now[known], k) if known.any() else np.zeros((k, k))
    found = dict[int, int]()
    for old, new in zip(*linear_sum_assignment(-alike), strict=True):
        if old < len(names) and new < kinds and alike[old, new] >= SAME:
            found[int(new)] = names[int(old)]
    fresh = iter(range(max(names, default=0) + 1, max(names, default=0) + 1 + kinds))
    return [found[new] if new in found else next(fresh) for new in range(kinds)]
