"""How good the lists are, on the shop's own last orders; what is learnt from them; what is served.

A list is judged by customers that its weights were not learnt from. Where a simpler list (what he
bought most often; what sells best) is not worse, that one is served.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from app.recommend.adviser import Adviser
from app.recommend.arrays import Floats, Longs
from app.recommend.chances import DEFAULT, Weights
from app.recommend.learn import Examples, learnt, only
from app.recommend.notes import AGAIN, FREQUENT, LEARNT, MIXED, NEW, POPULAR
from app.recommend.picks import Picks, Wish
from app.recommend.purchases import NOBODY
from app.recommend.replay import CUSTOMERS, Taken, clock, without_last_orders
from app.recommend.shelf import Shelf

METHODS = {AGAIN: (LEARNT, FREQUENT), NEW: (LEARNT, POPULAR), MIXED: (LEARNT, FREQUENT, POPULAR)}
SIMPLEST_FIRST = (POPULAR, FREQUENT, LEARNT)
FEW = 300  # customers: by fewer than these no list is called better than another
PROOF = 0.5  # standard errors: a simpler list that is behind by more is worse
ALL = 2**31
N = 10  # products of a list that is judged
NOTHING = NOBODY  # no product's key


@dataclass(frozen=True)
class Score:
    """Of lists of ten against the orders that came; means over customers with such products."""

    hit_rate: float
    recall: float
    coverage: float  # of the products that were ever sold
    recalls: Floats


@dataclass(frozen=True)
class Quality:
    customers: int
    scores: Mapping[int, Mapping[int, Score]]  # by slot and method
    methods: Mapping[int, int]  # by slot: the one to serve


def tune(adviser: Adviser, *, now: int | None = None, customers: int = CUSTOMERS) -> Quality:
    """Learn the shop's weights from its last orders, judge every list, serve what is best.

    `now`: seconds since 1970; without it the time of the latest orders. The book is as before
    afterwards, but for sales being weighed from `now` on.
    """
    time = clock(adviser.book, now)
    adviser.book.weigh(time.now, time.half_life)
    return lesson(adviser, customers)


def lesson(adviser: Adviser, customers: int = CUSTOMERS) -> Quality:
    """What `tune` does once sales are weighed."""
    with without_last_orders(adviser.book, customers) as taken:
        shelf = _all_of(adviser)
        truth = taken.truth(adviser.book)
        again, new = adviser.desk.examples(taken.customers, taken.first, truth, shelf)
        quality = _judged(adviser, shelf, taken, again, new)
    adviser.weights = learnt(DEFAULT, again, new)
    adviser.methods = dict(quality.methods)
    return quality


def evaluate(adviser: Adviser, *, customers: int = ALL) -> Quality:
    """Take last orders out, tune on what is left as on any night, and judge the lists by them.

    Slower than what `tune` says of its own lists, and fairer still: nothing at all was learnt from
    the orders that are foretold. The book is as before afterwards; weights and methods are those
    of the tuning.
    """
    with without_last_orders(adviser.book, customers) as taken:
        tune(adviser)
        shelf = _all_of(adviser)
        return _compared(
            adviser,
            taken,
            lambda slot, method: _rows(adviser, shelf, taken.customers, slot, method),
        )


def _all_of(adviser: Adviser) -> Shelf:
    names = adviser.book.products
    return adviser.shelf(names.keys[: names.count].copy())


def _judged(
    adviser: Adviser, shelf: Shelf, taken: Taken, again: Examples, new: Examples
) -> Quality:
    halves = [learnt(DEFAULT, only(again, half), only(new, half)) for half in (1, 0)]
    return _compared(
        adviser, taken,
        lambda slot, method: _lists(adviser, shelf, taken.customers, slot, method, halves),
    )  # fmt: skip


def _compared(adviser: Adviser, taken: Taken, rows: Callable[[int, int], Longs]) -> Quality:
    """Every list of every method against what came: all of it, and of it what was had or new."""
    bought = [set(_had(adviser, customer)) for customer in taken.customers]
    came = [set(purchase.products) for purchase in taken.purchases]
    truths = {
        MIXED: came,
        AGAIN: [c & b for c, b in zip(came, bought, strict=True)],
        NEW: [c - b for c, b in zip(came, bought, strict=True)],
    }
    sold = int((adviser.book.ledger.sales.size > 0).sum())
    scores = {
        slot: {method: score(rows(slot, method), truth, sold) for method in METHODS[slot]}
        for slot, truth in truths.items()
    }
    served = {slot: best(by_method) for slot, by_method in scores.items()}
    return Quality(len(taken.customers), scores, served)


def _had(adviser: Adviser, customer: int) -> list[int]:
    book = adviser.book
    orders, _ = book.history(int(customer))
    return [int(key) for o in orders for key in book.products.keys[book.products_of(int(o))]]


def _lists(
    adviser: Adviser, shelf: Shelf, customers: Longs, slot: int, method: int,
    halves: list[Weights],
) -> Longs:  # fmt: skip
    """A row of ten products a customer, each by the other half's weights."""
    rows: Longs = np.zeros((len(customers), N), np.int64)
    kept = adviser.weights
    for half, weights in enumerate(halves):
        adviser.weights = weights
        rows[half::2] = _rows(adviser, shelf, customers[half::2], slot, method)
    adviser.weights = kept
    return rows


def _rows(adviser: Adviser, shelf: Shelf, customers: Longs, slot: int, method: int) -> Longs:
    """A row of ten products a customer, NOTHING beyond the end."""
    picks = adviser.every(shelf, Wish(N), slot=slot, method=method, customers=customers)
    return stacked(picks)


def stacked(picks: Iterable[Picks]) -> Longs:
    places = np.arange(N)
    rows = [np.where(places < p.length[:, None], p.product, NOTHING) for p in picks]
    return np.concatenate([np.zeros((0, N), np.int64), *rows])


def score(rows: Longs, truth: list[set[int]], sold: int) -> Score:
    asked = [i for i, products in enumerate(truth) if products]
    hits = np.array([len(truth[i].intersection(rows[i].tolist())) for i in asked])
    recalls = hits / np.array([len(truth[i]) for i in asked])
    shown = len(np.unique(rows[rows != NOTHING]))
    hit_rate, recall = (float(x.mean()) if len(x) else 0.0 for x in (hits > 0, recalls))
    return Score(hit_rate, recall, shown / max(sold, 1), recalls)


def best(scores: Mapping[int, Score]) -> int:
    """The simplest method that no other beats by more than half a standard error of the difference.

    Too few customers prove nothing: then what has held in other shops is trusted."""
    if len(scores[LEARNT].recalls) < FEW:
        return LEARNT
    return next(
        method
        for method in SIMPLEST_FIRST
        if method in scores
        and not any(_beats(other.recalls, scores[method].recalls) for other in scores.values())
    )


def _beats(one: Floats, other: Floats) -> bool:
    gain = one - other
    return bool(gain.mean() > PROOF * gain.std() / len(gain) ** 0.5)
