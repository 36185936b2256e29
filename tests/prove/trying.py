"""Shops made up by chance, whose true effect is known; many of them at once.

People differ in how often they buy, as in the NBD model of repeat buying (Ehrenberg 1959), and in
what they spend; so the past tells something (CUPED). One order in a hundred is a café's. Everything
comes of one seed.
"""

from dataclasses import dataclass

import numpy as np

from app.proof import planning, sequences
from app.proof.difference import Difference, difference
from app.proof.peeking import Course, course
from app.proof.planning import Analysis
from app.proof.sums import Floats, Sums

SHAPE = 0.6
"""Of the gamma distribution of how often people buy."""
PAST = 180 / 14
"""Spans as long as the test's that the past is looked at for."""
SEED = 20260302


@dataclass(frozen=True)
class Shops:
    """`shops` of them try the same for `days`, with `people` in all and `share` held back."""

    shops: int
    people: int
    days: int
    share: float = 0.5
    base: float = 0.05
    lift: float = 0.0
    seed: int = SEED

    @property
    def planned(self) -> float:
        return float(self.people)


def conversions(shops: Shops) -> Course:
    """Bought or not: days are binomial draws, so a thousand shops take no time."""
    dice = np.random.default_rng(shops.seed)
    size = (shops.shops, shops.days)
    daily = _arrivals(dice, shops)
    held = dice.binomial(daily, shops.share)
    went = daily - held
    y = [
        np.cumsum(dice.binomial(n, p), axis=1).astype(float)
        for n, p in ((held, shops.base), (went, shops.base + shops.lift))
    ]
    n = [np.cumsum(one, axis=1).astype(float) for one in (held, went)]
    none = np.zeros((*size, 0))
    square = np.zeros((*size, 0, 0))
    arms = [Sums(a, b, b, none, square, none) for a, b in zip(n, y, strict=True)]
    return Course(difference(*arms), y[0] + y[1], np.minimum(*n))


def _arrivals(dice: np.random.Generator, shops: Shops) -> Floats:
    """As many in all as planned, a little more or less each day."""
    even = np.full(shops.days, 1.0 / shops.days)
    return dice.multinomial(shops.people, even, size=shops.shops)


def margins(shops: Shops, *, cuped: bool) -> tuple[Course, float]:
    """Money a person, with the past of each; and the true effect of the same, winsorised."""
    cap = winsor(shops)
    parts = [_one(shops, at, cap=cap, cuped=cuped) for at in range(shops.shops)]
    return _stacked(parts), truth(shops, cap)


def _spend(dice: np.random.Generator, taste: Floats) -> Floats:
    """What an order brings: like the person's others, and now and then a café's."""
    cafe = np.where(dice.random(taste.shape) < 0.01, 8.0, 1.0)
    return np.exp(3.0 + 0.5 * taste + 0.4 * dice.standard_normal(taste.shape)) * cafe


def winsor(shops: Shops) -> float:
    """AB-5: the 99th percentile of what people brought, of another time than the test's."""
    dice = np.random.default_rng([shops.seed, 1])
    return float(np.quantile(_spend(dice, dice.standard_normal(200_000)), 0.99))


def truth(shops: Shops, cap: float) -> float:
    """What a person more or less brings: the lift is the same for everybody."""
    dice = np.random.default_rng([shops.seed, 2])
    mean = np.minimum(_spend(dice, dice.standard_normal(2_000_000)), cap).mean()
    return float(shops.lift * mean)


def _one(shops: Shops, at: int, *, cap: float, cuped: bool) -> Course:
    dice = np.random.default_rng([shops.seed, 3, at])
    n = shops.people
    taste = dice.standard_normal(n)
    rate = np.minimum(shops.base * dice.gamma(SHAPE, 1.0 / SHAPE, n), 0.9)
    orders = dice.poisson(rate * PAST)
    past = np.minimum(_spend(dice, taste) * orders, 4 * cap)
    treated = dice.random(n) >= shops.share
    chance = rate + shops.lift * treated
    bought = dice.random(n) < chance
    y = np.where(bought, np.minimum(_spend(dice, taste), cap), 0.0)
    x = np.stack([past, (orders == 0).astype(float)], axis=1)
    ends = np.cumsum(_arrivals(dice, Shops(1, n, shops.days))[0])
    return course(y, x, bought, treated, ends, cuped=cuped)


def _stacked(parts: list[Course]) -> Course:
    found = [part.difference for part in parts]
    names = ("estimate", "error", "n", "spared")
    columns = {name: np.stack([getattr(one, name) for one in found]) for name in names}
    return Course(
        Difference(**columns),
        np.stack([part.conversions for part in parts]),
        np.stack([part.fewest for part in parts]),
    )


def reach(seen: Course, mode: Analysis, *, planned: float) -> Floats:
    """Half the width of the interval, each day."""
    found = seen.difference
    if mode is Analysis.FIXED:
        return found.error * sequences.fixed()
    return found.error * sequences.stretch(np.maximum(found.n, 1.0), planned)


def alarms(seen: Course, *, planned: float) -> float:
    """Share of shops in which, on any day on which something may be said, nought is excluded."""
    return float(seen.alarms(planned=planned).mean())


def holds(seen: Course, mode: Analysis, true: float, *, planned: float) -> float:
    """Share of shops whose last interval holds the truth."""
    off = np.abs(seen.difference.estimate - true) <= reach(seen, mode, planned=planned)
    return float(off[:, -1].mean())


def holds_always(seen: Course, true: float, *, planned: float) -> float:
    """Share of shops whose interval held the truth each day on which something was said."""
    off = np.abs(seen.difference.estimate - true) > reach(seen, Analysis.ALWAYS, planned=planned)
    return float(1.0 - (off & seen.may_speak()).any(axis=1).mean())


def power(seen: Course, mode: Analysis, *, planned: float) -> float:
    """Share of shops in which the effect is found: by the last day, or on it."""
    above = seen.difference.estimate > reach(seen, mode, planned=planned)
    if mode is Analysis.FIXED:
        return float(above[:, -1].mean())
    return float((above & seen.may_speak()).any(axis=1).mean())


__all__ = ["Analysis", "Course", "Shops", "planning"]
