"""What goes with these products: from whole baskets, counted at the moment of asking.

Each of the latest baskets with a product gives 1/√(its products) to the others in it; the sum is
shared out by the baskets asked and divided by (sales of the other) ** 0.1. Products that never met
are filled up with what is popular in the same category, then in the shop.
"""

import numpy as np

from app.recommend.arrays import Floats, Ints
from app.recommend.choose import choose, pin
from app.recommend.fame import Offer
from app.recommend.kernel import kernel
from app.recommend.ledger import RECENT, Ledger, teaches
from app.recommend.notes import Asking, Notes, within
from app.recommend.sequence import sequence
from app.recommend.why import OFTEN_WITH, PINNED, of_the_shop

BASKETS = 500  # the latest of a product that are asked
FAME = 0.1  # the exponent that takes fame out
OF_ALL = 0.3  # of a product's share of sales, added to what the baskets say
SEEN = 1.0  # a basket more in the denominator: one basket proves little
MET, KIN, PLACE = 2.0, 1.0, 1e-7  # what met, what is of the same category, and the rest


@kernel
def meet(book: Ledger, notes: Notes, product: int, touched: int) -> int:
    """Add what stood in baskets with `product` to `notes.pull`; says how many are touched in all.

    Beside it `notes.since` keeps whom a product met most, `notes.times` how often.
    """
    token, start, size = notes.token[0], book.sales.start[product], book.sales.size[product]
    oldest = max(size - BASKETS, 0)
    asked = SEEN
    for k in range(oldest, size):
        asked += teaches(book, book.sales.data[start + k])
    for k in range(oldest, size):
        order = book.sales.data[start + k]
        if not teaches(book, order):
            continue
        for j in range(book.first[order], book.first[order] + book.size[order]):
            other = book.line[j]
            if notes.held[other] != token:
                notes.held[other] = token
                notes.since[other] = -1
                notes.times[other] = 0
                notes.touched[touched] = other
                touched += 1
            if notes.since[other] == -1:
                notes.short[other] = 0.0
                notes.since[other] = 0
            notes.short[other] += 1.0
            notes.pull[other] += 1.0 / np.sqrt(book.size[order]) / asked
    for i in range(touched):
        other = notes.touched[i]
        if notes.since[other] == 0:
            notes.since[other] = -1
            if notes.short[other] > notes.times[other]:
                notes.times[other] = int(notes.short[other])
                notes.have[other] = product
    return touched


@kernel
def rank_together(
    book: Ledger, offer: Offer, notes: Notes, asking: Asking, asked: Ints, deep: int,
    products: Ints, scores: Floats,
) -> int:  # fmt: skip
    """Fill `products` and `scores`; how many, or -1 if it takes the whole offer to tell."""
    notes.token[0] += 1
    touched = count = 0
    all_recent = max(book.totals[RECENT], 1)
    for product in asked:
        touched = meet(book, notes, product, touched)
    picked = pin(offer, notes, asking, products, scores)
    for i in range(touched):
        other = notes.touched[i]
        fame = max(book.sales.size[other], 1) ** FAME
        here = offer.sold[other] and within(asking.within, offer.category[other])
        if here and notes.out[other] != notes.token[0]:
            notes.product[count] = other
            notes.score[count] = (
                MET + (notes.pull[other] + OF_ALL * book.recent[other] / all_recent) / fame
            )
            notes.out[other] = notes.token[0]
            count += 1
        notes.pull[other] = 0.0
    if count < deep:
        if not offer.whole:
            return -1
        count = _fill(offer, notes, asking, asked, count)
    ranked = sequence(notes.product, notes.score, count, book.product_key, deep, notes.places)
    return choose(
        offer, notes, asking, ranked, picked, count <= deep and offer.whole, products, scores
    )


@kernel
def _fill(offer: Offer, notes: Notes, asking: Asking, asked: Ints, count: int) -> int:
    token = notes.token[0]
    for rank in range(len(offer.order)):
        product = offer.order[rank]
        if notes.out[product] != token and within(asking.within, offer.category[product]):
            kin = False
            for other in asked:
                kin = kin or (
                    offer.category[other] >= 0 and offer.category[other] == offer.category[product]
                )
            notes.product[count] = product
            notes.score[count] = (KIN if kin else 0.0) - rank * PLACE
            count += 1
    return count


@kernel
def explain_together(
    book: Ledger, offer: Offer, notes: Notes, products: Ints, pinned: int, why: Ints, detail: Ints
) -> None:
    """Fill `why` and `detail` for a list that was ranked just now."""
    for i in range(len(products)):
        product = products[i]
        if i < pinned:
            why[i], detail[i] = PINNED, -1
        elif notes.held[product] == notes.token[0] and notes.times[product] > 1:
            why[i], detail[i] = OFTEN_WITH, notes.have[product]
        else:
            why[i], detail[i] = of_the_shop(book, offer, product)
