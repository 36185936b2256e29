"""LV-5: what one more unit of money for winning customers would bring: a saturating curve through
weeks of spend and of the value that came, with wide priors, and a word of advice or none.

Value of the new buyers of a week = a + b · s / (s + h) with spend s: a comes without spend, b is
what all the money of the world would add, h the spend that brings half of that. For a given h the
rest is a linear regression with normal-inverse-gamma priors, so its posterior is exact; h itself is
averaged over a grid, weighed by the evidence and a log-normal prior. b is not negative.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, stdtr, stdtrit

Floats = NDArray[np.float64]

WEEKS = 12
"""Fewer say nothing."""
VARIED = 0.30
"""Standard deviation over mean of weekly spend: with less nobody can tell what it does."""
SURE = 0.80
STEP = 0.15
"""A move of more than that in a week is never advised."""
REHEARSAL = (1.3, 0.7, 1.3, 0.7, 1.3, 0.7)
"""How to vary spend for six weeks to find out."""
HALVES = np.geomspace(0.1, 10.0, 25)
"""h, in mean weekly spends."""
PRIOR = np.log(4.0)
"""Standard deviation of log h: between a sixteenth and sixteen times is nothing unheard of."""
POINTS = (np.arange(200) + 0.5) / 200


class Word(StrEnum):
    RAISE = "raise"
    LOWER = "lower"
    KEEP = "keep"
    """Neither is likely enough."""
    VARY = "vary"
    """Spend was too even to tell."""
    FEW = "few"
    """Too few weeks."""
    NO_BETTER = "no_better"
    """On the last weeks the curve foretold no better than an average week."""


@dataclass(frozen=True)
class Advice:
    """Money in minor units a week; `marginal` is value per unit of spend, with its 80 % range."""

    word: Word
    weeks: int
    variation: float
    spend: float
    """A week, on average."""
    marginal: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    """P(one more unit brings more than itself)."""
    error: float | None = None
    """Mean miss on weeks held back, and that of an average week."""
    usual_error: float | None = None
    next_week: float | None = None
    rehearsal: tuple[float, ...] = ()


def advise(spend: ArrayLike, value: ArrayLike) -> Advice:
    """Weekly spend and the value of that week's new buyers, oldest first."""
    s, y = np.asarray(spend, np.float64), np.asarray(value, np.float64)
    mean = float(s.mean()) if len(s) else 0.0
    variation = float(s.std()) / mean if mean > 0 else 0.0
    told = Advice(Word.FEW, len(s), variation, mean)
    if len(s) < WEEKS or mean <= 0:
        return told
    fit = _Fit(s, y)
    low, high = fit.range(0.1, 0.9)
    error, usual = _rehearsed(s, y)
    chance = fit.above(1.0)
    word = _word(variation, chance, better=error < usual)
    moves = {Word.RAISE: 1 + STEP, Word.LOWER: 1 - STEP}
    unsure = word in (Word.VARY, Word.NO_BETTER)
    return Advice(
        word, len(s), variation, mean, marginal=fit.mean(), low=low, high=high, chance=chance,
        error=error, usual_error=usual,
        next_week=float(s[-1]) * moves[word] if word in moves else None,
        rehearsal=tuple(mean * part for part in REHEARSAL) if unsure else (),
    )  # fmt: skip


def _word(variation: float, chance: float, *, better: bool) -> Word:
    if variation < VARIED:
        return Word.VARY
    if not better:
        return Word.NO_BETTER
    if chance >= SURE:
        return Word.RAISE
    return Word.LOWER if chance <= 1 - SURE else Word.KEEP


def _rehearsed(s: Floats, y: Floats) -> tuple[float, float]:
    """Learnt without the last quarter of the weeks: the mean miss on those, beside the mean's."""
    cut = len(s) - max(3, len(s) // 4)
    if s[:cut].mean() <= 0:
        return float("inf"), 0.0
    thought = _Fit(s[:cut], y[:cut]).curve(s[cut:])
    usual = np.abs(y[cut:] - y[:cut].mean()).mean()
    return float(np.abs(y[cut:] - thought).mean()), float(usual)


class _Fit:
    """Everything of a posterior that is asked for, in the units of the data."""

    def __init__(self, spend: Floats, value: Floats) -> None:
        self._unit_s, self._unit_y = float(spend.mean()), max(float(np.abs(value).mean()), 1.0)
        parts = [_given(spend / self._unit_s, value / self._unit_y, h) for h in HALVES]
        self._means = np.array([mean for mean, *_ in parts])
        logs = np.array([log for *_, log in parts]) - 0.5 * (np.log(HALVES) / PRIOR) ** 2
        slopes, kept = zip(*(_slopes(*part[:3], h) for part, h in zip(parts, HALVES, strict=True)),
                           strict=True)  # fmt: skip
        weights = np.exp(logs - logs.max()) * np.array(kept)
        self._weights = weights / weights.sum()
        order = np.argsort(np.concatenate(slopes))
        self._slopes = np.concatenate(slopes)[order] * (self._unit_y / self._unit_s)
        self._mass = np.repeat(self._weights / len(POINTS), len(POINTS))[order]

    def mean(self) -> float:
        return float((self._slopes * self._mass).sum())

    def range(self, low: float, high: float) -> tuple[float, float]:
        upto = np.cumsum(self._mass)
        at = np.minimum(np.searchsorted(upto, (low, high)), len(upto) - 1)
        return float(self._slopes[at[0]]), float(self._slopes[at[1]])

    def above(self, bar: float) -> float:
        return float(self._mass[self._slopes > bar].sum())

    def curve(self, spend: Floats) -> Floats:
        s = spend[:, None] / self._unit_s
        shapes = self._means[:, 0] + self._means[:, 1] * s / (s + HALVES)
        return np.asarray(shapes @ self._weights * self._unit_y)


def _given(s: Floats, y: Floats, half: float) -> tuple[Floats, Floats, float, float]:
    """For one h: posterior mean and scale of (a, b), degrees of freedom, log evidence."""
    x = np.column_stack((np.ones_like(s), s / (s + half)))
    before, precision = np.array([0.5, 0.5]), np.diag([1e-3, 1e-3])  # in units of the noise
    a0, b0 = 1.0, 0.05
    inverse = precision + x.T @ x
    spread = np.linalg.inv(inverse)
    mean = spread @ (precision @ before + x.T @ y)
    a = a0 + len(s) / 2
    rest = y @ y + before @ precision @ before - mean @ inverse @ mean
    b = b0 + 0.5 * max(float(rest), 0.0)
    evidence = 0.5 * float(np.linalg.slogdet(spread)[1]) - a * np.log(b) + float(gammaln(a))
    return np.asarray(mean), np.asarray(spread * (b / a)), 2 * a, float(evidence)


def _slopes(mean: Floats, spread: Floats, freedom: float, half: float) -> tuple[Floats, float]:
    """Points of the posterior of dy/ds at mean spend with b ≥ 0, and how much of it that is."""
    sd = float(np.sqrt(spread[1, 1]))
    below = float(stdtr(freedom, -mean[1] / sd))
    kept = max(1.0 - below, 1e-9)
    b = mean[1] + sd * stdtrit(freedom, np.minimum(below + kept * POINTS, 1 - 1e-12))
    return np.maximum(b, 0.0) * half / (1.0 + half) ** 2, kept
