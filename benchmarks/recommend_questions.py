"""Open questions of the method, answered on validation baskets (never on the test baskets).

    python -m benchmarks.recommend_questions [dates|half-life|neighbours|weights] [tafeng …]

dates        what imported timestamps do
half-life    sales weighed with 30 … 240 days, against what the shop's own night chooses
weights      the prior as it is, against what the night learns from last orders
neighbours   whether a say of similar customers (as in V-SkNN and STAN) betters new products
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from app.recommend import quality
from app.recommend.adviser import Adviser
from app.recommend.chances import DEFAULT
from app.recommend.learn import Examples, fitted
from app.recommend.notes import NEW
from app.recommend.picks import Wish
from app.recommend.replay import clock
from benchmarks.recommend import SETS, asked
from benchmarks.recommend_baskets import Baskets, N, Rows, Split, load, only_new, score, split

DAY = 86_400
CANDIDATES = 100
NEIGHBOURS = 200


def read(at: Split) -> Adviser:
    adviser = Adviser()
    adviser.book.read([at.baskets.some(at.train)])
    return adviser


def recalls(adviser: Adviser, at: Split) -> tuple[float, float]:
    """R@10 of the mixed list, and of new products."""
    places, fresh = only_new(at)
    mixed = score(asked(adviser, at), at.truth(), at.baskets.items).recall
    new = score(asked(adviser, at, slot=NEW)[places], fresh, at.baskets.items).recall
    return mixed, new


def told(words: str, adviser: Adviser, at: Split) -> None:
    mixed, new = recalls(adviser, at)
    print(f"  {words:52s} R@10 mixed {mixed:.4f}, new {new:.4f}", flush=True)


def dates(at: Split) -> None:
    """Dates lost on the way: all of them, those of the older half; numbers instead of dates."""
    baskets, place = at.baskets, np.arange(len(at.baskets.when))
    middle = int(np.median(baskets.when))
    changed: dict[str, Callable[[Baskets], Rows]] = {
        "true dates": lambda b: b.when,
        "all at the second of the import": lambda b: np.full_like(b.when, middle),
        "the older half at the second of the import": lambda b: np.maximum(b.when, middle),
        "a new shop imported a year of orders in one hour": lambda _: middle + place % 3600,
        "order numbers instead of dates": lambda _: place.astype(np.int64),
        "any half at the last second": lambda b: np.where(
            np.random.default_rng(0).random(len(b.when)) < 0.5, b.when.max(), b.when
        ),
        "dates shuffled": lambda b: np.random.default_rng(0).permutation(b.when),
    }
    for words, when in changed.items():
        adviser = read(replace(at, baskets=replace(baskets, when=when(baskets))))
        quality.tune(adviser)
        told(words, adviser, at)


def half_life(at: Split) -> None:
    adviser = read(at)
    time = clock(adviser.book)
    for days in (15.0, 30.0, 60.0, 120.0, 240.0):
        adviser.book.weigh(time.now, days)
        adviser.weights = DEFAULT
        quality.lesson(adviser)
        told(f"{days:.0f} days, weights learnt", adviser, at)
    quality.tune(adviser)
    told(f"{time.half_life:.0f} days, as the night has it", adviser, at)


def weights(at: Split) -> None:
    adviser = read(at)
    time = clock(adviser.book)
    adviser.book.weigh(time.now, time.half_life)
    told("weights of other shops", adviser, at)
    for customers in (100, 300, 1_000, 3_000, 10_000):
        adviser.weights = DEFAULT
        quality.tune(adviser, customers=customers)
        told(f"learnt from {customers:,} last orders", adviser, at)


# A say of similar customers


def neighbours(at: Split) -> None:
    """New products by log odds; by similar customers; by both, weighed on the other half."""
    adviser = read(at)
    quality.tune(adviser)
    places, fresh = only_new(at)
    some = replace(at, users=at.users[places], tests=at.tests[places])
    shelf = adviser.shelf(np.arange(at.baskets.items))
    wish = Wish(CANDIDATES)
    picks = list(adviser.every(shelf, wish, slot=NEW, customers=some.users))
    product = np.concatenate([p.product for p in picks])
    odds = np.concatenate([p.odds for p in picks])
    said, alone = say(some, product)
    came = np.array([np.isin(row, truth) for row, truth in zip(product, fresh, strict=True)])
    rows = np.stack((odds, np.log(said + 1e-4), np.ones_like(odds)), -1)
    both = np.zeros_like(odds)
    for half in (0, 1):
        learnt_from, used_on = slice(half, None, 2), slice(1 - half, None, 2)
        told_rows = rows[learnt_from].reshape(-1, 3)
        examples = Examples(
            told_rows, came[learnt_from].ravel().astype(np.uint8), np.zeros(len(told_rows), int)
        )
        weight = fitted(np.array([1.0, 0.0, 0.0]), examples)
        both[used_on] = rows[used_on] @ weight
    ours = score(product[:, :N], fresh, at.baskets.items)
    order = np.argsort(-both, axis=1, kind="stable")[:, :N]
    mixed = score(np.take_along_axis(product, order, axis=1), fresh, at.baskets.items)
    theirs = score(alone, fresh, at.baskets.items)
    more = mixed.recalls - ours.recalls
    off = 1.96 * more.std() / len(more) ** 0.5
    print(f"  new products: the engine's R@10 {ours.recall:.4f}, similar customers alone"
          f" {theirs.recall:.4f}, both {mixed.recall:.4f} ({more.mean():+.4f} ± {off:.4f});"
          f" {CANDIDATES} candidates", flush=True)  # fmt: skip


def say(at: Split, product: Rows) -> tuple[Rows, Rows]:
    """The share that similar customers give to each product of each row, and their own ten.

    Similarity: products in common, the latest and the rarest most, by the root of how many the
    other has, fading with 90 days; of the 200 most similar each gives his products a share.
    """
    baskets = at.baskets
    latest, seen = histories(at)
    held = np.maximum(np.diff(latest.indptr), 1)
    rare = 1.0 / np.sqrt(np.maximum(np.bincount(latest.indices, minlength=baskets.items), 1))
    newest = int(baskets.when[at.train].max())
    worth = 2.0 ** (-(newest - seen) / DAY / 90.0) / np.sqrt(held)
    binary = latest.copy()
    binary.data[:] = 1.0
    asking = latest[at.users].multiply(rare).tocsr()
    out = np.zeros(product.shape)
    ten = np.zeros((len(product), N), np.int64)
    for start in range(0, len(at.users), 400):
        mine = slice(start, start + 400)
        alike = (asking[mine] @ binary.T).toarray() * worth
        alike[np.arange(len(alike)), at.users[mine]] = 0.0
        best = np.argpartition(-alike, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        value = np.take_along_axis(alike, best, axis=1)
        ends = np.arange(0, best.size + 1, NEIGHBOURS)
        chosen = sparse.csr_matrix((value.ravel(), best.ravel(), ends), shape=alike.shape)
        shares = (chosen @ latest).toarray()
        shares /= np.maximum(shares.sum(1, keepdims=True), 1e-12)
        out[mine] = np.take_along_axis(shares, product[mine], axis=1)
        shares[binary[at.users[mine]].nonzero()] = -1.0
        ten[mine] = np.argsort(-shares, axis=1)[:, :N]
    return out, ten


def histories(at: Split) -> tuple[Any, Rows]:
    """Customers (then guests' baskets) × items, 0.8 for each order after the item's last one; and
    when each was seen last. Guests' baskets of more than 30 items say nothing."""
    baskets = at.baskets
    row = baskets.user[at.train].copy()
    guest = row < 0
    row[guest] = baskets.users + np.arange(int(guest.sum()))
    sizes = np.diff(baskets.first)[at.train]
    after = np.zeros(len(row))
    counted: dict[int, int] = {}
    for place in range(len(row) - 1, -1, -1):
        after[place] = counted.get(int(row[place]), 0)
        counted[int(row[place])] = int(after[place]) + 1
    kept = ~guest | (sizes <= 30)
    item = np.concatenate([baskets.of(int(b)) for b in at.train[kept]])
    value = np.repeat(0.8 ** after[kept], sizes[kept])
    line = np.repeat(row[kept], sizes[kept])
    best = np.lexsort((-value, item, line))
    first = np.append(True, (np.diff(line[best]) != 0) | (np.diff(item[best]) != 0))
    keep = best[first]
    shape = (int(row.max()) + 1, baskets.items)
    seen = np.zeros(shape[0])
    np.maximum.at(seen, row, baskets.when[at.train])
    return sparse.csr_matrix((value[keep], (line[keep], item[keep])), shape=shape), seen


QUESTIONS = {
    "dates": dates, "half-life": half_life, "weights": weights, "neighbours": neighbours,
}  # fmt: skip


def main(words: list[str]) -> None:
    for question in [word for word in words if word in QUESTIONS] or QUESTIONS:
        for name in [word for word in words if word in SETS] or SETS:
            print(f"{question}, {name}, validation baskets")
            QUESTIONS[question](split(load(name), validation=True))


if __name__ == "__main__":
    main(sys.argv[1:])
