"""A question that is the same for many customers, and what is noted while one list is made."""

from typing import NamedTuple

import numpy as np

from app.recommend.arrays import Flags, Floats, Halves, Ints, Longs
from app.recommend.kernel import kernel

AGAIN, NEW, MIXED = 0, 1, 2  # slots: of what he bought, of what he did not, of both
LEARNT, FREQUENT, POPULAR = 0, 1, 2  # methods: by chances; by how often he bought; the same for all
DEEP = 64  # up to so many wanted, what cannot be among them is not even scored


class Asking(NamedTuple):
    """One question, the same for many customers."""

    slot: int
    method: int
    want: int
    pins: Ints  # first of all, in this sequence
    without: Ints  # never: what is in the cart, or stands elsewhere on the page
    within: Flags  # by category: only these; empty for all


@kernel
def within(asking: Flags, category: int) -> bool:
    return len(asking) == 0 or (category >= 0 and asking[category] == 1)


class Notes(NamedTuple):
    """Of one list in the making; by product, but for those that say otherwise."""

    token: Longs  # (1)
    held: Longs  # last token: the customer bought it
    out: Longs  # last token: may not stand in the list
    times: Ints
    since: Ints  # his orders after the last with it
    long: Floats
    short: Floats
    pulled: Halves  # how strongly what he has pulls it; zero between lists
    of: Halves  # two a product, side by side because they are wanted together; see below
    stay: Halves  # see `chances.stay`; NaN until worked out
    pull: Floats  # of baskets, for `together`; zero between lists
    top: Floats  # the best of what pulls say so far, the best first
    have: Ints  # what he bought, the latest first …
    had: Longs  # (1) … and how many that are
    touched: Ints  # what that pulls; a cell more than products
    strong: Halves  # and how strongly, its fame discounted
    product: Ints  # what may stand in the list …
    score: Floats  # … and its log odds
    places: Ints  # of the two above, the best first
    place: Ints  # in the list that is being explained, -1 for none
    family: Longs  # by family: token × 4 + how many stand in the list
    liked: Floats  # by category: his share of purchases in it; zero between lists


LIFT = 0  # the ledger's
CHARM = 1  # see `chances.charm`; NaN until worked out, 0 for what is not sold


def notes(products: int, families: int, categories: int) -> Notes:
    def longs(count: int) -> Longs:
        return np.zeros(count, np.int64)

    def ints() -> Ints:
        return np.zeros(products, np.int32)

    def floats(count: int) -> Floats:
        return np.zeros(count, np.float64)

    def halves(*shape: int) -> Halves:
        return np.zeros(shape, np.float32)

    return Notes(
        token=longs(1), held=longs(products), out=longs(products), times=ints(), since=ints(),
        long=floats(products), short=floats(products), pulled=halves(products),
        of=halves(products, 2), stay=halves(products), pull=floats(products), top=floats(DEEP),
        have=ints(), had=longs(1), touched=np.zeros(products + 1, np.int32),
        strong=halves(products), product=ints(), score=floats(products), places=ints(),
        place=np.full(products, -1, np.int32), family=longs(families), liked=floats(categories),
    )  # fmt: skip
