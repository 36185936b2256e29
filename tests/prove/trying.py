"""Shops made up by chance, whose true effect is known; many of them at once.

People differ in how often they buy, as in the NBD model of repeat buying (Ehrenberg 1959), and in
what they spend; so the past tells something (CUPED). One order in a hundred is a café's. Everything
comes of one seed.
"""

from dataclasses import dataclass

import numpy as np

from app.proof import planning, sequences
from app.proof.difference import Difference, difference
from app.proof.findings import known_before
from app.proof.peeking import Course, course
from app.proof.planning import Analysis
from app.proof.sums import Floats, Sums

SHAPE = 0.6
"""Of the gamma distribution of how often people buy."""
PAST = 180 / 14
"""Spans as long as the test's that the past is looked at for."""
SEED = 20260302
HO_6 = [
    (0.03, 0.02, 0.10, 6_750), (0.03, 0.02, 0.20, 4_020), (0.03, 0.02, 0.50, 3_010),
    (0.05, 0.01, 0.10, 42_200), (0.05, 0.01, 0.20, 24_200), (0.05, 0.01, 0.50, 16_300),
    (0.05, 0.02, 0.10, 10_740), (0.05, 0.02, 0.20, 6_260), (0.05, 0.02, 0.50, 4_420),
    (0.10, 0.02, 0.10, 20_000), (0.10, 0.02, 0.20, 11_400), (0.10, 0.02, 0.50, 7_680),
    (0.10, 0.03, 0.10, 8_950), (0.10, 0.03, 0.20, 5_160), (0.10, 0.03, 0.50, 3_540),
]  # fmt: skip
"""Its table: conversion, lift, share held back, people in all."""


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
    x = known_before(past, orders)
    ends = np.cumsum(_arrivals(dice, Shops(1, n, shops.days))[0])
    return course(y, x, bought, treated, ends, cuped=cuped)


KNOWN = 200_000
"""People of whom every shop's are drawn where a test is looked at once."""


def looked_at_once(shops: Shops) -> tuple[Course, Course]:
    """Bought or not, on the day that was agreed: plain, and with what was known before (AB-5)."""
    rate, x = _known(shops)
    found = [_once(shops, at, rate, x) for at in range(shops.shops)]
    plain, less = zip(*found, strict=True)
    return _stacked(list(plain)), _stacked(list(less))


def _known(shops: Shops) -> tuple[Floats, Floats]:
    """How likely each buys if left alone, on average as in `base`, and her past."""
    dice = np.random.default_rng([shops.seed, 4])
    rate = np.minimum(shops.base * dice.gamma(SHAPE, 1.0 / SHAPE, KNOWN), 0.9)
    rate *= shops.base / rate.mean()
    orders = dice.poisson(rate * PAST)
    past = _spend(dice, dice.standard_normal(KNOWN)) * orders
    return rate, known_before(np.minimum(past, np.quantile(past, 0.99)), orders)


def _once(shops: Shops, at: int, rate: Floats, x: Floats) -> tuple[Course, Course]:
    dice = np.random.default_rng([shops.seed, 5, at])
    held = int(dice.binomial(shops.people, shops.share))
    arms = [
        _arm(dice, n, rate, x, lift=lift)
        for n, lift in ((held, 0.0), (shops.people - held, shops.lift))
    ]
    seen = arms[0].y + arms[1].y, np.minimum(arms[0].n, arms[1].n)
    plain, less = (
        Course(_last(difference(*arms, cuped=cuped)), *map(np.atleast_1d, seen))
        for cuped in (False, True)
    )
    return plain, less


def _arm(dice: np.random.Generator, n: int, rate: Floats, x: Floats, *, lift: float) -> Sums:
    who = dice.integers(0, KNOWN, n)
    return Sums.of((dice.random(n) < rate[who] + lift).astype(float), x[who])


def _last(found: Difference) -> Difference:
    """A course of one day."""
    columns = (found.estimate, found.error, found.n, found.spared)
    return Difference(*map(np.atleast_1d, columns))


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
