"""What the next order of a customer is worth, net of returns.

Two opinions, multiplied and rooted: Gamma-Gamma, which trusts a customer's own mean as much as
orders of one customer are alike in proportion, and credibility (Bühlmann 1967), which knows only
variances and so distrusts a single huge order. Their geometric mean was steadier than either.

Both take it that how often and how much have nothing to do with each other. Where they have
(`tilt`), order values are first brought to what they would be at one order, by a power of n.
Only upwards: where frequent buyers have smaller baskets, as at a grocer's, forecasts in rolling
backtests were better left alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.ltv import gammagamma
from app.ltv.arrays import Floats
from app.ltv.statistics import Statistics


@dataclass(frozen=True)
class Spending:
    """`mean` net value of an order over customers, in minor units; `patience` orders after which
    a customer's own mean counts as much as the shop's; `spread` coefficient of variation of one
    order around its customer's mean; Gamma-Gamma where it is usable; `tilt` by how many percent
    an order is worth more where orders are a percent more."""

    tilt: float
    mean: float
    patience: float
    spread: float
    gamma: gammagamma.GammaGamma

    @classmethod
    def learn(cls, statistics: Statistics) -> "Spending":
        n, own = statistics.purchases, own_mean(statistics)
        tilt = _tilt(n, own)
        own = own * n**-tilt
        mean = float(own.mean()) if len(own) else 0.0
        within = _within(statistics, tilt)
        between = _between(n, own, within)
        patience = within / between if between > 0.02 * within else 50.0
        spread = math.sqrt(within) / mean if mean > 0.0 else 0.0
        return cls(tilt, mean, min(max(patience, 0.02), 50.0), spread, gammagamma.fit(n, own))

    def expected(self, statistics: Statistics) -> Floats:
        """Net value of each customer's next order, minor units, ≥ 0."""
        n = statistics.purchases
        usual = n**self.tilt
        own = own_mean(statistics) / usual
        credible = (n * own + self.patience * self.mean) / (n + self.patience)
        if not self.gamma.usable:
            return np.asarray(credible * usual)
        modelled = self.gamma.parameters.expected(n, own)
        return np.asarray(np.sqrt(np.maximum(modelled, 0.0) * credible) * usual)

    def doubt(self, statistics: Statistics) -> tuple[float, Floats]:
        """Squared coefficients of variation: of one order around its customer's mean, and of
        what we believe her mean to be."""
        n = statistics.purchases
        if self.gamma.usable:
            p = self.gamma.parameters
            return 1.0 / p.p, 1.0 / np.maximum(p.p * n + p.q - 2.0, 0.5)
        own = self.spread**2
        return own, own / (n + self.patience)


def own_mean(statistics: Statistics) -> Floats:
    """Net value per purchase so far; nobody's is below zero."""
    return np.asarray(np.maximum(statistics.net, 0) / statistics.purchases)


def _tilt(n: Floats, own: Floats) -> float:
    """c of E[own] = e^k n^c by quasi-likelihood (gamma), drawn to nought by a prior of 0.2: means
    of logarithms would lean upwards with n by themselves."""
    say = own > 0.0
    if int(say.sum()) < 50 or float(n[say].std()) == 0.0:
        return 0.0
    logs, value = np.log(n[say]), own[say]
    logs = logs - logs.mean()
    k, c = float(np.log(value.mean())), 0.0
    for _ in range(25):
        ratio = value * np.exp(-k - c * logs)
        noise = max(float(ratio.var()), 1e-3)
        slope = float(((ratio - 1.0) * logs).sum()) / noise - c / 0.04
        step = slope / (float((ratio * logs**2).sum()) / noise + 1.0 / 0.04)
        c = float(np.clip(c + step, -1.0, 1.0))
        k = float(np.log((value * np.exp(-c * logs)).mean()))
        if abs(step) < 1e-9:
            break
    return max(c, 0.0)


def _within(statistics: Statistics, tilt: float) -> float:
    """Variance of orders around their customer's mean, from the first order against the rest."""
    x = statistics.x.astype(np.float64)
    again = x > 0
    if not again.any():
        return float(own_mean(statistics).var()) * 0.5 if len(x) else 0.0
    rest = (statistics.value[again] - statistics.first_value[again]) / x[again]
    usual = (x[again] + 1.0) ** tilt
    gaps = ((statistics.first_value[again] - rest) / usual) ** 2 / (1.0 + 1.0 / x[again])
    return float(gaps.mean())


def _between(n: Floats, own: Floats, within: float) -> float:
    """Variance of customers' own means around the shop's (one-way analysis of variance)."""
    total = float(n.sum())
    room = total - float((n**2).sum()) / total if total else 0.0
    if room <= 0.0:
        return 0.0
    shop = float(n @ own) / total
    return (float(n @ (own - shop) ** 2) - (len(n) - 1) * within) / room
