"""Weights from a shop's own last orders: examples, and a logistic regression with a prior."""

from typing import NamedTuple

import numpy as np

from app.recommend.arrays import Flags, Floats, Ints, Longs
from app.recommend.chances import LEAST_PULL, LEAST_SHARE, Habits, Weights
from app.recommend.fame import Offer
from app.recommend.kernel import kernel
from app.recommend.ledger import RECENT, Ledger
from app.recommend.near import PRODUCTS, Near
from app.recommend.notes import Notes
from app.recommend.rank import pulls, rebuys, remember, rising
from app.recommend.sequence import sequence

NEW_ONES = 60  # new products of a customer that are examples: the most by pull and share
PRIOR = 1.0  # what a squared step away from the prior weights costs, in log likelihood
STEPS = 30
LEAST_SAY = 0.05  # of the pull: what few examples say against it is chance


class Examples(NamedTuple):
    """Rows of one formula, whether they came true, and whose they are (a place in the sample)."""

    row: Floats
    came: Flags
    of: Longs


@kernel
def examples(
    book: Ledger, near: Near, offer: Offer, notes: Notes, customers: Ints, first: Longs, truth: Ints
) -> tuple[Examples, Examples]:
    """What was known of each customer's products before the order that came, which had
    `truth[first[i] : first[i + 1]]`: of those bought before, and of new ones."""
    again = _blank(len(customers) * PRODUCTS, 7)
    new = _blank(len(customers) * NEW_ONES, 5)
    a = n = 0
    for i in range(len(customers)):
        have, who = remember(book, notes, customers[i])
        for j in range(first[i], first[i + 1]):
            notes.out[truth[j]] = notes.token[0]
        for product in notes.have[: min(have, PRODUCTS)]:
            _again_row(book, notes, product, who, again.row[a])
            again.came[a], again.of[a] = notes.out[product] == notes.token[0], i
            a += 1
        count = _likely(book, near, offer, notes, have)
        for j in range(count):
            product = notes.product[j]
            _new_row(book, product, notes.pulled[product], who, new.row[n])
            new.came[n], new.of[n] = notes.out[product] == notes.token[0], i
            n += 1
        notes.pulled[:] = 0.0
    return (
        Examples(again.row[:a], again.came[:a], again.of[:a]),
        Examples(new.row[:n], new.came[:n], new.of[:n]),
    )


@kernel
def _blank(rows: int, columns: int) -> Examples:
    return Examples(np.empty((rows, columns)), np.zeros(rows, np.uint8), np.empty(rows, np.int64))


@kernel
def _again_row(book: Ledger, notes: Notes, product: int, who: Habits, row: Floats) -> None:
    row[0], row[1] = np.log(notes.long[product] + 1e-3), np.log(notes.short[product] + 1e-3)
    row[2], row[3] = rebuys(book, product), rising(book, product)
    row[4], row[5], row[6] = who.orders, who.repetition, 1.0


@kernel
def _new_row(book: Ledger, product: int, pull: float, who: Habits, row: Floats) -> None:
    totals = book.totals
    row[0] = np.log(pull + LEAST_PULL)
    row[1] = np.log(book.recent[product] / max(totals[RECENT], 1) + LEAST_SHARE)
    row[2] = rising(book, product)
    row[3], row[4] = who.size, 1.0


@kernel
def _likely(book: Ledger, near: Near, offer: Offer, notes: Notes, have: int) -> int:
    """Put the new products with the most pull and share into `notes.product`; how many.

    Leaves shares of pull in `notes.pulled`, to be wiped by the caller."""
    token, count, all_recent = notes.token[0], 0, max(book.totals[RECENT], 1)
    touched, total = pulls(book, near, notes, have)
    for i in range(touched):
        notes.pulled[notes.touched[i]] = notes.strong[i] / total
    popular = offer.order[:NEW_ONES]
    for i in range(touched + len(popular)):
        product = notes.touched[i] if i < touched else popular[i - touched]
        counted = i >= touched and notes.pulled[product] > 0.0
        if notes.held[product] != token and not counted:
            notes.product[count] = product
            notes.score[count] = notes.pulled[product] + book.recent[product] / all_recent
            count += 1
    best = sequence(notes.product, notes.score, count, book.product_key, NEW_ONES, notes.places)
    notes.product[:best] = notes.product[notes.places[:best]]
    return best


def fitted(prior: Floats, told: Examples) -> Floats:
    """Maximum a posteriori by Newton's method; the prior itself where there is nothing to learn."""
    weights = prior.copy()
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-(told.row @ weights)))
        slope = told.row.T @ (chance - told.came) + 2.0 * PRIOR * (weights - prior)
        bend = told.row.T @ (told.row * (chance * (1.0 - chance))[:, None])
        step = np.linalg.solve(bend + 2.0 * PRIOR * np.eye(len(prior)), slope)
        size = float(np.abs(step).max())
        weights -= step / max(size, 1.0)  # never further than one at once
        if size < 1e-6:
            break
    return weights


def learnt(prior: Weights, again: Examples, new: Examples) -> Weights:
    weights = Weights(fitted(prior.again, again), fitted(prior.new, new))
    weights.new[0] = max(weights.new[0], LEAST_SAY)
    return weights


def only(told: Examples, half: int) -> Examples:
    """Those of every second customer."""
    mine = told.of % 2 == half
    return Examples(told.row[mine], told.came[mine], told.of[mine])
