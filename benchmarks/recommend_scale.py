"""A made-up shop of 1,000,000 customers and 100,000 products: how long, how large.

    python -m benchmarks.recommend_scale make million.npz     the purchases, for both sides
    python -m benchmarks.recommend_scale run million.npz      ours; the last line is JSON
    python -m benchmarks.recommend_scale warm                 compile, so that no run does

Customers buy 8 products on average over a year, three times of five of the kind they like; a few
products sell by far the most. Long runs are timed by the processor's clock: they use one thread,
and a neighbour on the machine must not count. Single calls are timed by the wall's.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np

from app.recommend.adviser import Adviser
from app.recommend.arrays import Floats, Ints, Longs
from app.recommend.chances import Weights
from app.recommend.fame import Offer
from app.recommend.kernel import kernel
from app.recommend.ledger import Ledger
from app.recommend.near import Near
from app.recommend.notes import LEARNT, NEW, Asking, Notes
from app.recommend.picks import Wish
from app.recommend.purchases import Purchase, Purchases
from app.recommend.rank import rank
from app.recommend.shelf import Shelf

CUSTOMERS, PRODUCTS, KINDS, FAMILIES = 1_000_000, 100_000, 200, 20_000
AT_ONCE = 20_000
TODAY = 1_700_000_000
FEW = 1_000  # single calls that are timed


def purchases(customers: int, products: int) -> Iterator[Purchases]:
    """The same each time, some thousand customers at once; keys begin with 0."""
    chance = np.random.default_rng(1)
    fame = np.cumsum(1.0 / (np.arange(products) + 20.0) ** 0.9)
    orders_before = 0
    for start in range(0, customers, AT_ONCE):
        some = min(AT_ONCE, customers - start)
        lines = np.minimum(chance.geometric(1 / 8, some), 80)
        orders = np.minimum(1 + chance.poisson(lines / 4.0), lines)
        who, of = np.repeat(np.arange(some), orders), np.repeat(np.arange(some), lines)
        first_order = np.cumsum(orders) - orders
        order = first_order[of] + (chance.random(len(of)) * orders[of]).astype(np.int64)
        product = np.searchsorted(fame / fame[-1], chance.random(len(of)))
        kind = chance.integers(0, KINDS, some)[of]
        liked = np.minimum(product // KINDS * KINDS + kind, products - 1)
        product = np.where(chance.random(len(of)) < 0.6, liked, product)[np.argsort(order)]
        first = np.concatenate(([0], np.cumsum(np.bincount(order, minlength=len(who)))))
        when = TODAY - (chance.random(len(who)) * 365 * 86_400).astype(np.int64)
        key = orders_before + np.arange(len(who))
        yield Purchases(key, who + start, when, first.astype(np.int64), product.astype(np.int64))
        orders_before += len(who)


def make(path: str) -> None:
    """A row and an item per line, for the peer."""
    rows, items = [], []
    for batch in purchases(CUSTOMERS, PRODUCTS):
        rows.append(np.repeat(batch.customer, np.diff(batch.first)).astype(np.int32))
        items.append(batch.product.astype(np.int32))
    shape = np.array([CUSTOMERS, PRODUCTS])
    np.savez(path, row=np.concatenate(rows), item=np.concatenate(items), shape=shape)


def shelves(adviser: Adviser, products: int) -> tuple[Shelf, Shelf]:
    """All of it; and one where a tenth is out of stock, with categories and families."""
    chance, keys = np.random.default_rng(5), np.arange(products)
    return adviser.shelf(keys), adviser.shelf(
        keys,
        sold=(chance.random(products) < 0.9).astype(np.uint8),
        family=chance.integers(0, FAMILIES, products).astype(np.int32),
        category=(keys % KINDS).astype(np.int32),
    )


def lists(adviser: Adviser, shelf: Shelf) -> float:
    """Seconds of one core for a list of ten for everybody."""
    start, count = time.process_time(), 0
    for picks in adviser.every(shelf, Wish(10)):
        if not (picks.length == 10).all():
            sys.exit("a list is short")
        count += len(picks.customer)
    spent = time.process_time() - start
    print(f"{count:,} lists in {spent:.1f} s")
    return spent


@kernel
def score_all(  # noqa: PLR0917  # a compiled loop takes arrays
    book: Ledger, near: Near, offer: Offer, weights: Weights, notes: Notes, asking: Asking,
    customers: int, products: Ints, scores: Floats,
) -> None:  # fmt: skip
    for customer in range(customers):
        row = customer % len(products)
        rank(
            book, near, offer, weights, notes, asking, customer, asking.want,
            products[row], scores[row],
        )  # fmt: skip


def scoring(adviser: Adviser, shelf: Shelf, customers: int) -> float:
    """Seconds of one core for ten new products each and their scores: no reasons, no filters."""
    desk, none = adviser.desk, np.zeros(0, np.int32)
    desk.lists(NEW, LEARNT, np.arange(1), shelf, Wish(10), adviser.weights)
    products, scores = np.zeros((AT_ONCE, 10), np.int32), np.zeros((AT_ONCE, 10))
    asking = Asking(NEW, LEARNT, 10, none, none, np.zeros(0, np.uint8))
    start = time.process_time()
    score_all(
        adviser.book.ledger, desk._near, desk._offer(shelf), adviser.weights, desk._notes,  # noqa: SLF001
        asking, customers, products, scores,
    )  # fmt: skip
    spent = time.process_time() - start
    print(f"{customers:,} customers scored in {spent:.1f} s")
    return spent


def single(adviser: Adviser, shelf: Shelf, customers: int) -> tuple[Longs, Longs]:
    """Nanoseconds of single calls: an order comes in, then somebody else asks for a list."""
    chance = np.random.default_rng(7)
    put, ask = np.zeros(FEW, np.int64), np.zeros(FEW, np.int64)
    for i in range(FEW):
        order = Purchase(
            10**9 + i, int(chance.integers(customers)), TODAY + i,
            chance.integers(0, shelf.names.count, 1 + int(chance.poisson(3))).tolist(),
        )  # fmt: skip
        start = time.perf_counter_ns()
        adviser.book.put(order)
        put[i] = time.perf_counter_ns() - start
        asking = int(chance.integers(customers))
        start = time.perf_counter_ns()
        adviser.mixed(asking, shelf)
        ask[i] = time.perf_counter_ns() - start
    return put, ask


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(customers: int = CUSTOMERS, products: int = PRODUCTS) -> dict[str, float]:
    """All figures."""
    adviser = Adviser()
    start = time.perf_counter()
    adviser.book.read(purchases(customers, products))
    adviser.book.weigh(TODAY, 30.0)
    print(f"{customers:,} customers, {products:,} products, {adviser.book.orders.count:,} orders")
    print(f"made up and read in {time.perf_counter() - start:.1f} s, {peak_mb():.0f} MB so far")
    plain, choosy = shelves(adviser, products)
    whole = lists(adviser, choosy)
    again = lists(adviser, choosy)
    scored = min(scoring(adviser, plain, customers) for _ in range(3))
    put, ask = single(adviser, choosy, customers)
    print(f"at most {peak_mb():.0f} MB")
    for words, spent in (("an order added", put), ("one list", ask)):
        p50, p95, p99 = np.percentile(spent, [50, 95, 99]) / 1e6
        print(f"{words}: p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms")
    return {
        "scoring_seconds_1m": scored,
        "batch_seconds_1m": round(whole, 1),
        "batch_again_seconds_1m": round(again, 1),
        "peak_mb_1m": round(peak_mb(), 1),
        "add_order_p95_ms": round(float(np.percentile(put, 95)) / 1e6, 3),
        "one_list_p95_ms": round(float(np.percentile(ask, 95)) / 1e6, 3),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", path]:
            make(path)
        case ["warm"]:
            run(2_000, 3_000)
        case _:
            print(json.dumps(run()))
