"""The last order of some customers, taken out of the book for a while so that it can be foretold,
and how the shop's sales should be weighed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from app.recommend.arrays import Ints, Longs
from app.recommend.book import EPOCH, Book
from app.recommend.purchases import Purchase

CUSTOMERS = 3_000
LEAST_DAYS = 30.0  # the half-life of a sale's weight is this …
LEAST_ORDERS = 1_000  # … or as long as it takes to see so many orders


@dataclass(frozen=True)
class Taken:
    """Last orders that are out of the book for a while, and what was in them."""

    customers: Longs
    purchases: list[Purchase]

    @property
    def first(self) -> Longs:
        sizes = [len(purchase.products) for purchase in self.purchases]
        return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64)

    def truth(self, book: Book) -> Ints:
        keys = [key for purchase in self.purchases for key in purchase.products]
        return book.products.numbers(np.array(keys, np.int64))


@contextmanager
def without_last_orders(book: Book, most: int = CUSTOMERS) -> Iterator[Taken]:
    """Take the last order out of up to `most` customers with two or more; it comes back after."""
    customers = sample(book, most)
    purchases = []
    for customer in customers:
        last = int(book.history(int(customer))[0][-1])
        purchases.append(
            Purchase(
                int(book.orders.keys[last]),
                int(customer),
                book.time_of(last),
                book.products.keys[book.products_of(last)].tolist(),
            )
        )
    for purchase in purchases:
        book.drop(purchase.order)
    try:
        yield Taken(customers, purchases)
    finally:
        for purchase in purchases:
            book.put(purchase)


def sample(book: Book, most: int) -> Longs:
    """Customers with two orders or more; which of them, their keys decide."""
    count = book.customers.count
    known = book.ledger.guest[:count] == 0
    keys = book.customers.keys[:count][known & (book.ledger.bought.size[:count] > 1)]
    scattered = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    chosen: Longs = keys[np.argsort(scattered, kind="stable")][:most]
    return chosen


@dataclass(frozen=True)
class Clock:
    """From when on sales fade (seconds since 1970), and days to half."""

    now: int
    half_life: float


def clock(book: Book, now: int | None = None) -> Clock:
    """How the shop's sales should be weighed.

    Without `now` it is the time of the latest orders, but for the last thousandth: one order with
    a date far ahead must not make all others old.
    """
    live = book.ledger.who[: book.orders.count] >= 0
    when = np.sort(book.ledger.when[: book.orders.count][live].astype(np.int64) + EPOCH)
    if not len(when):
        return Clock(now or 0, LEAST_DAYS)
    latest = int(when[int(len(when) * 0.999)]) if now is None else now
    behind = int(when[max(len(when) - LEAST_ORDERS, 0)])
    half_life = max(LEAST_DAYS, (latest - behind) / 86_400)
    return Clock(latest, float(np.ceil(half_life)))
