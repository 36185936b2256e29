"""What the next order of a customer is worth, net of returns.

Two opinions, multiplied and rooted: Gamma-Gamma, which trusts a customer's own mean as much as
orders of one customer are alike in proportion, and credibility (Bühlmann 1967), which knows only
variances and so distrusts a single huge order. Their geometric mean was steadier than either.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.ltv import gammagamma
from app.ltv.kernels import Floats
from app.ltv.statistics import Statistics


@dataclass(frozen=True)
class Spending:
    """`mean` net value of an order over customers, in minor units; `patience` orders after which
    a customer's own mean counts as much as the shop's; `spread` coefficient of variation of one
    order around its customer's mean; Gamma-Gamma where it is usable."""

    mean: float
    patience: float
    spread: float
    gamma: gammagamma.GammaGamma

    @classmethod
    def learn(cls, statistics: Statistics) -> "Spending":
        n, own = statistics.purchases, own_mean(statistics)
        mean = float(own.mean()) if len(own) else 0.0
        within = _within(statistics)
        between = _between(n, own, within)
        patience = within / between if between > 0.02 * within else 50.0
        spread = math.sqrt(within) / mean if mean > 0.0 else 0.0
        return cls(mean, min(max(patience, 0.02), 50.0), spread, gammagamma.fit(n, own))

    def expected(self, statistics: Statistics) -> Floats:
        """Net value of each customer's next order, minor units, ≥ 0."""
        n, own = statistics.purchases, own_mean(statistics)
        credible = (n * own + self.patience * self.mean) / (n + self.patience)
        if not self.gamma.usable:
            return np.asarray(credible)
        modelled = self.gamma.parameters.expected(n, own)
        return np.asarray(np.sqrt(np.maximum(modelled, 0.0) * credible))

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


def _within(statistics: Statistics) -> float:
    """Variance of orders around their customer's mean, from the first order against the rest."""
    x = statistics.x.astype(np.float64)
    again = x > 0
    if not again.any():
        return float(own_mean(statistics).var()) * 0.5 if len(x) else 0.0
    rest = (statistics.value[again] - statistics.first_value[again]) / x[again]
    gaps = (statistics.first_value[again] - rest) ** 2 / (1.0 + 1.0 / x[again])
    return float(gaps.mean())


def _between(n: Floats, own: Floats, within: float) -> float:
    """Variance of customers' own means around the shop's (one-way analysis of variance)."""
    total = float(n.sum())
    room = total - float((n**2).sum()) / total if total else 0.0
    if room <= 0.0:
        return 0.0
    shop = float(n @ own) / total
    return (float(n @ (own - shop) ** 2) - (len(n) - 1) * within) / room
