"""Why a product stands in a list: the strongest reason that is true."""

from enum import IntEnum

import numpy as np

from app.recommend import chances
from app.recommend.arrays import Ints
from app.recommend.fame import Offer
from app.recommend.kernel import kernel
from app.recommend.ledger import Ledger
from app.recommend.near import PRODUCTS, Near
from app.recommend.notes import Notes


class Why(IntEnum):
    """What `detail` tells beside it stands in brackets."""

    PINNED = 0  # the merchant put it there
    BOUGHT = 1  # the customer bought it (in how many orders)
    OFTEN_WITH = 2  # at least two others had it together with something of his (that product)
    POPULAR_IN = 3  # among the ten best sellers of late (of that category)
    POPULAR = 4  # among the fifty best sellers of the shop of late
    NEW_IN = 5  # new on the shelf (in that category, or -1)
    LIKES = 6  # he bought others (of that category)
    SHELF = 7  # the shop has it


PINNED, BOUGHT, OFTEN_WITH, POPULAR_IN, POPULAR, NEW_IN, LIKES, SHELF = (int(why) for why in Why)


@kernel
def of_the_shop(book: Ledger, offer: Offer, product: int) -> tuple[int, int]:
    """The reason that holds for anybody, and its detail."""
    category, recent = offer.category[product], book.recent[product]
    if category >= 0 and recent > 0 and recent >= offer.cut[category]:
        return POPULAR_IN, category
    if recent > 0 and recent >= offer.shop_cut:
        return POPULAR, -1
    if offer.new[product]:
        return NEW_IN, category
    return SHELF, -1


@kernel
def explain(
    book: Ledger, near: Near, offer: Offer, notes: Notes, have: int, products: Ints, pinned: int,
    why: Ints, detail: Ints,
) -> None:  # fmt: skip
    """Fill `why` and `detail` for a list that was ranked just now."""
    token, new_ones = notes.token[0], 0
    for i in range(len(products)):
        if i < pinned:
            why[i], detail[i] = PINNED, -1
        elif notes.held[products[i]] == token:
            why[i], detail[i] = BOUGHT, notes.times[products[i]]
        else:
            why[i] = SHELF
            notes.place[products[i]] = i
            new_ones += 1
    if new_ones == 0:
        return
    _companions(book, near, notes, have, why, detail)
    for i in range(pinned, len(products)):
        notes.place[products[i]] = -1
        if why[i] == SHELF:
            why[i], detail[i] = of_the_shop(book, offer, products[i])
        if why[i] == SHELF and _has_of(offer, notes, have, offer.category[products[i]]):
            why[i], detail[i] = LIKES, offer.category[products[i]]


@kernel
def _companions(book: Ledger, near: Near, notes: Notes, have: int, why: Ints, detail: Ints) -> None:
    """Of each product with a place in the list, what pulls it most of what he has, if two or
    more others have both."""
    best = np.zeros(len(why))
    for i in range(min(have, PRODUCTS)):
        mine = notes.have[i]
        say = chances.say(notes.since[mine]) * book.reach[mine]
        others, strength = near.product[mine], near.strength[mine]
        for j in range(len(others)):
            if others[j] < 0:
                break
            place = notes.place[others[j]]
            if place >= 0 and strength[j] * say > best[place]:
                best[place] = strength[j] * say
                why[place], detail[place] = OFTEN_WITH, mine


@kernel
def _has_of(offer: Offer, notes: Notes, have: int, category: int) -> bool:
    found = False
    for i in range(have):
        found |= category >= 0 and offer.category[notes.have[i]] == category
    return found
