"""Which products are in the same hands: neighbours, looked up again only where something moved.

A pair of products gains 1/√(products held) from each customer who has both, so that somebody with
three products says more than somebody with a hundred. Only the latest holders of a product are
asked, and only about their latest products; the strongest pairs are kept, at 8 bytes a pair.
"""

from typing import NamedTuple

import numpy as np

from app.recommend.arrays import Floats, Halves, Ints, Longs
from app.recommend.kernel import grown, kernel
from app.recommend.ledger import Ledger, teaches

HOLDERS = 300  # the latest customers of a product who are asked
SCANNED = 4_096  # and at most so many of its orders are looked through for them
PRODUCTS = 100  # of a customer, the latest
DOUBT = 0.5  # a pair's strength v is discounted to v²/(v + DOUBT)
PAIRS = 5_000_000  # kept in all; 50 to 400 a product


class Near(NamedTuple):
    """Row i: products near product i (-1 ends it) and how near.

    A negative strength: only one customer has both; its size still counts.
    """

    product: Ints
    strength: Halves


class Asked(NamedTuple):
    """Notes of a look-up."""

    seen: Ints  # by customer: last look-up
    mark: Longs  # by product: last token
    strength: Floats  # by product, zero between look-ups
    hands: Ints  # by product, zero between look-ups
    token: Longs  # (1)
    look_ups: Longs  # (1)


def rows(products: int) -> Near:
    """No neighbours yet, for that many products."""
    width = min(max(PAIRS // max(products, 1), 50), 400)
    return Near(np.full((products, width), -1, np.int32), np.zeros((products, width), np.float32))


def lengthened(near: Near, products: int) -> Near:
    return Near(grown(near.product, products, -1), grown(near.strength, products))


def notes(customers: int, products: int) -> Asked:
    return Asked(
        np.zeros(customers, np.int32),
        np.zeros(products, np.int64),
        np.zeros(products, np.float64),
        np.zeros(products, np.int32),
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
    )


@kernel
def freshen(book: Ledger, near: Near, asked: Asked, products: Ints) -> int:
    """Look the neighbours of these products up again where something moved; says how many."""
    changed = 0
    for product in products:
        if book.moved[product]:
            _look_up(book, near, asked, product)
            book.moved[product] = 0
            changed += 1
    return changed


@kernel
def latest(book: Ledger, asked: Asked, customer: int, out: Ints) -> int:
    """The customer's latest different products, of orders that teach; says how many."""
    asked.token[0] += 1
    token, count = asked.token[0], 0
    start = book.bought.start[customer]
    for k in range(book.bought.size[customer] - 1, -1, -1):
        order = book.bought.data[start + k]
        if not teaches(book, order):
            continue
        for j in range(book.first[order], book.first[order] + book.size[order]):
            product = book.line[j]
            if asked.mark[product] != token:
                asked.mark[product] = token
                out[count] = product
                count += 1
                if count == len(out):
                    return count
    return count


@kernel
def _look_up(book: Ledger, near: Near, asked: Asked, product: int) -> None:
    touched = np.empty(HOLDERS * PRODUCTS, np.int32)
    basket = np.empty(PRODUCTS, np.int32)
    count = holders = 0
    asked.look_ups[0] += 1
    mine = asked.look_ups[0]
    start, size = book.sales.start[product], book.sales.size[product]
    for k in range(size - 1, max(size - 1 - SCANNED, -1), -1):
        order = book.sales.data[start + k]
        customer = book.who[order]
        if asked.seen[customer] == mine or not teaches(book, order):
            continue
        asked.seen[customer] = mine
        held = latest(book, asked, customer, basket)
        for j in range(held):
            other = basket[j]
            if other != product:
                if asked.hands[other] == 0:
                    touched[count] = other
                    count += 1
                asked.hands[other] += 1
                asked.strength[other] += 1.0 / np.sqrt(held)
        holders += 1
        if holders == HOLDERS:
            break
    _keep(book, near, asked, product, touched[:count])


@kernel
def _keep(book: Ledger, near: Near, asked: Asked, product: int, touched: Ints) -> None:
    """The strongest pairs; of equals those with the lower key."""
    width = near.product.shape[1]
    kept = touched
    if len(touched) > width:
        strength = np.empty(len(touched))
        for j in range(len(touched)):
            strength[j] = asked.strength[touched[j]]
        least = np.partition(strength, len(touched) - width)[len(touched) - width]
        kept = touched[strength > least]
        equals = touched[strength == least]
        ranked = equals[np.argsort(book.product_key[equals])]
        kept = np.append(kept, ranked[: width - len(kept)])
    near.product[product, :] = -1
    for j in range(len(kept)):
        other = kept[j]
        v = asked.strength[other]
        near.product[product, j] = other
        near.strength[product, j] = v * v / (v + DOUBT) * (1 if asked.hands[other] > 1 else -1)
    for other in touched:
        asked.strength[other] = 0.0
        asked.hands[other] = 0
