"""How likely a product is in a customer's next order: two short formulas and their weights.

Of a product bought before: its orders, forgotten by 0.9 and by 0.6 an order (the customer's own
orders are the clock, so that dates need not be true), how often buyers of it buy it again, whether
it sells more than it used to, how many orders the customer has and how much of them was repetition.

Of a new one: how much of the pull of the customer's products goes to it, its share of recent
sales, its trend, and how large the customer's orders are.

Each is a logistic regression. `replay` learns the weights from a shop's own last orders, with the
ones below as a prior; they were learnt from the validation orders of three public data sets
(`docs/recommend.md`).
"""

from typing import NamedTuple

import numpy as np

from app.recommend.arrays import Floats
from app.recommend.kernel import kernel

LONG, SHORT = 0.9, 0.6  # what an order is worth per order that came after it
FADES = 0.6 ** np.arange(64)  # the same for a product's say on new ones
REBUYS_PRIOR = 20.0  # chances to buy again that a product starts with, at the shop's own rate
LEAST_PULL, LEAST_SHARE = 1e-4, 1e-5  # added to shares before the logarithm
STEADY = 3.0  # a trend is held within 1/3 … 3


class Weights(NamedTuple):
    again: Floats  # long, short, rebuy rate, trend, orders, repetition, constant
    new: Floats  # pull, share, trend, size, constant


DEFAULT = Weights(
    np.array([0.89, 0.131, 0.597, 0.183, -0.621, 2.06, 0.175]),
    np.array([1.333, -0.061, 0.524, 0.944, 1.193]),
)


class Habits(NamedTuple):
    """What a chance needs to know of the customer."""

    orders: float  # log(1 + orders)
    repetition: float  # share of his lines that were repetition, drawn to a tenth
    size: float  # log of the mean order


@kernel
def habits(orders: int, lines: int, different: int) -> Habits:
    repeated = (lines - different + 1.0) / (lines + 10.0)
    return Habits(np.log(1.0 + orders), repeated, np.log(max(lines, 1) / max(orders, 1)))


@kernel
def stay(w: Floats, rebuys: float, rising: float) -> float:
    """What a product has for anybody who bought it before; both as logarithms."""
    return float(w[2] * rebuys + w[3] * rising + w[6])


@kernel
def again(w: Floats, long: float, short: float, stay: float, who: Habits) -> float:
    """Log odds of a product bought before."""
    return float(
        w[0] * np.log(long + 1e-3)
        + w[1] * np.log(short + 1e-3)
        + stay
        + w[4] * who.orders
        + w[5] * who.repetition
    )


@kernel
def say(since: int) -> float:
    """How much a product says so many orders after it was bought."""
    return float(FADES[min(since, len(FADES) - 1)])


@kernel
def charm(w: Floats, share: float, trend: float) -> float:
    """What a new product has for anybody: the part of its odds without the customer.

    A factor of its pull, so that new products are compared without a logarithm each."""
    odds = (w[1] * np.log(share + LEAST_SHARE) + w[2] * trend + w[4]) / w[0]
    return float(np.exp(min(max(odds, -80.0), 80.0)))


@kernel
def drawn(pull: float, charmed: float) -> float:
    """Grows with the odds of a new product; `pull` is its share of all pulls."""
    return (pull + LEAST_PULL) * charmed


@kernel
def new(w: Floats, drawn: float, who: Habits) -> float:
    """Log odds of a new product that is pulled by what he has."""
    return float(w[0] * np.log(drawn) + w[3] * who.size)


@kernel
def fame(share: float) -> float:
    """Of a product that sells that share of all, as odds count it."""
    return float(np.log(share + LEAST_SHARE))


@kernel
def unrelated(w: Floats, fame: float, who: Habits) -> float:
    """Log odds of a new product that nothing pulls: the more popular, the better.

    Where the pull already leans to the popular, shops learn a weight of share below zero. Without
    a pull that would bring up what nobody buys.
    """
    return float(w[0] * np.log(LEAST_PULL) + fame + w[4] + w[3] * who.size)
