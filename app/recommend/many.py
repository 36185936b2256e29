"""Lists for many customers in one go: `rank` and `explain` in a compiled loop."""

import numpy as np

from app.recommend.arrays import Floats, Ints
from app.recommend.chances import Weights
from app.recommend.fame import Offer
from app.recommend.kernel import kernel
from app.recommend.ledger import Ledger
from app.recommend.near import PRODUCTS, Asked, Near, freshen
from app.recommend.notes import DEEP, Asking, Notes
from app.recommend.rank import rank, remember
from app.recommend.why import explain


@kernel
def shallow(offer: Offer, want: int) -> int:
    """How much is gathered at first: enough where families leave out at most two of three."""
    return want * 3 + 4 if offer.families else max(want, 1)


@kernel
def freshen_for(book: Ledger, near: Near, asked: Asked, notes: Notes, customers: Ints) -> int:
    """Look up again what their lists will need and what moved since; says how many products."""
    changed = 0
    for customer in customers:
        have, _ = remember(book, notes, customer)
        changed += freshen(book, near, asked, notes.have[: min(have, PRODUCTS)])
    return changed


@kernel
def list_all(
    book: Ledger, near: Near, offer: Offer, w: Weights, notes: Notes, asking: Asking,
    customers: Ints, products: Ints, scores: Floats, why: Ints, detail: Ints,
) -> Ints:  # fmt: skip
    """A row a customer (-1: nobody known) in each of the last four; says how many each has got,
    -1 where only the whole offer can tell."""
    lengths = np.empty(len(customers), np.int32)
    for row in range(len(customers)):
        length = -1
        if offer.whole:
            length = rank(
                book, near, offer, w, notes, asking, customers[row],
                max(len(notes.product), DEEP + 1),
                products[row], scores[row],
            )  # fmt: skip
        else:
            for deep in (shallow(offer, asking.want), asking.want * 25):
                length = rank(
                    book, near, offer, w, notes, asking, customers[row], deep,
                    products[row], scores[row],
                )  # fmt: skip
                if length >= 0:
                    break
        lengths[row] = length
        if length > 0:
            pinned = 0
            while pinned < length and scores[row, pinned] == np.inf:
                pinned += 1
            explain(
                book, near, offer, notes, int(notes.had[0]),
                products[row, :length], pinned, why[row], detail[row],
            )  # fmt: skip
    return lengths
